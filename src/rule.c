#include "rule.h"

#include "mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool rule_is_elsewhere(const struct rule *rule)
{
    return rule->outside || ip_is_set(&rule->fixed);
}

bool rule_is_auto(const struct rule *rule)
{
    return !rule->interfaces[0][0];
}

bool rule_is_interface(const char *name)
{
    if (!*name || strlen(name) >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (; *name; name++)
        if (!isgraph((unsigned char)*name) || strchr("/:", *name))
            return false;
    return true;
}

bool rule_is_pattern(const char *interface)
{
    return strpbrk(interface, "*?[") != NULL;
}

static bool same_outside(const struct rule_outside *a, const struct rule_outside *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->service_count != b->service_count || !mem_same(a->program, b->program))
        return false;
    for (size_t i = 0; i < a->service_count; i++)
        if (strcmp(a->services[i].url, b->services[i].url) != 0 ||
            !mem_same(a->services[i].member, b->services[i].member))
            return false;
    return true;
}

static bool same_prefixes(const struct ip_prefix *a, const struct ip_prefix *b)
{
    for (size_t i = 0; i < RULE_PREFIXES; i++)
        if (a[i].length != b[i].length || !ip_equal(&a[i].ip, &b[i].ip))
            return false;
    return true;
}

bool rule_equal(const struct rule *a, const struct rule *b)
{
    for (size_t i = 0; i < RULE_INTERFACES; i++)
        if (strcmp(a->interfaces[i], b->interfaces[i]) != 0)
            return false;
    return a->family == b->family && a->all == b->all && a->temporary == b->temporary &&
           a->allow_private == b->allow_private && a->bind == b->bind && a->interval_ms == b->interval_ms &&
           a->failback_ms == b->failback_ms && a->withdraw_ms == b->withdraw_ms &&
           a->prefix_length == b->prefix_length && ip_equal(&a->fixed, &b->fixed) &&
           same_prefixes(a->prefer, b->prefer) && same_prefixes(a->match, b->match) &&
           same_outside(a->outside, b->outside);
}

const char *rule_name(const struct rule *rule, char *buffer)
{
    if (!rule_is_elsewhere(rule))
        return rule_interfaces(rule, buffer);
    snprintf(buffer, RULE_NAME_SIZE, "%s", !rule->outside ? "static" : rule->outside->program ? "exec" : "echo");
    return buffer;
}

bool rule_asked(const struct rule *rule, size_t index, struct buf *asked)
{
    const struct rule_outside *outside = rule->outside;
    const char *url;

    if (!outside || index >= (outside->program ? 1 : outside->service_count))
        return false;
    if (outside->program) {
        buf_add(asked, outside->program);
    } else {
        url = outside->services[index].url;
        buf_addf(asked, "https://%.*s", (int)strcspn(url + strlen("https://"), "/?#"), url + strlen("https://"));
    }
    return true;
}

const char *rule_interfaces(const struct rule *rule, char *buffer)
{
    size_t used = (size_t)snprintf(buffer, RULE_NAME_SIZE, "%s", rule_is_auto(rule) ? "auto" : rule->interfaces[0]);
    for (size_t i = 1; i < RULE_INTERFACES && rule->interfaces[i][0]; i++)
        used += (size_t)snprintf(buffer + used, RULE_NAME_SIZE - used, ",%s", rule->interfaces[i]);
    return buffer;
}
