#include "place.h"

#include "ipset.h"
#include "loader.h"
#include "mem.h"
#include "parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const uint64_t check_interval_ms = UINT64_C(15) * 60 * 1000;
static const uint64_t withdraw_after_ms = UINT64_C(60) * 60 * 1000;
/* Echo services belong to others, and are asked by all the world. */
static const uint64_t least_interval_ms = UINT64_C(10) * 60 * 1000;
static const uint64_t least_program_interval_ms = UINT64_C(10) * 1000;

/* ---- Families and interfaces. ---- */

static void read_families(struct faults *faults, const struct tree_node *section, enum ip_families *families)
{
    const struct tree_value *value = tree_value(section, "family");

    if (!value)
        return;
    if (strcmp(value->text, "ipv4") == 0)
        *families = IP_V4;
    else if (strcmp(value->text, "ipv6") == 0)
        *families = IP_V6;
    else if (strcmp(value->text, "both") == 0)
        *families = IP_BOTH;
    else
        fault_at(faults, value->line, "family: '%s' is not ipv4, ipv6 or both", value->text);
}

void place_narrow(struct faults *faults, const struct tree_node *section, struct place *place, enum ip_families given,
                  const char *what)
{
    const struct tree_value *family = tree_value(section, "family");

    if (family && place->families & ~given)
        fault_at(faults, family->line, "family: %s gives %s only", what, given == IP_V4 ? "ipv4" : "ipv6");
    place->families = given;
}

/* auto, NAME, { NAME, NAME }, or { all, NAME, NAME }. */
static void read_interface(struct faults *faults, const struct tree_node *section, struct rule *rule)
{
    const struct tree_node *node = tree_find(section, "interface");
    size_t used = 0;

    if (!node)
        return;
    memset(rule->interfaces, 0, sizeof rule->interfaces);
    rule->all = strcmp(node->values[0].text, "all") == 0;
    for (size_t i = rule->all ? 1 : 0; i < node->value_count; i++) {
        const struct tree_value *value = &node->values[i];
        bool is_auto = strcmp(value->text, "auto") == 0;

        if (strcmp(value->text, "all") == 0)
            fault_at(faults, value->line, "interface: all stands first in a list");
        else if (!rule_is_interface(value->text))
            fault_at(faults, value->line, "interface: '%s' is neither auto nor a name of at most 15 characters",
                     value->text);
        else if (is_auto && node->value_count > 1)
            fault_at(faults, value->line, "interface: auto stands alone, not in a list");
        else if (used == RULE_INTERFACES)
            fault_at(faults, value->line, "interface: more than %d in a list", RULE_INTERFACES);
        else if (!is_auto)
            memcpy(rule->interfaces[used++], value->text, strlen(value->text) + 1);
    }
    if (rule->all && used > IP_SET_MAX)
        fault_at(faults, node->line, "interface: all of more than %d", IP_SET_MAX);
    if (rule->all && node->value_count == 1)
        fault_at(faults, node->line, "interface: all of which? such as { all, wan0, wan1 }");
}

static void read_prefixes(struct faults *faults, const struct tree_node *section, const char *key,
                          struct ip_prefix *prefixes)
{
    const struct tree_node *node = tree_find(section, key);

    if (!node)
        return;
    memset(prefixes, 0, RULE_PREFIXES * sizeof *prefixes);
    for (size_t i = 0; i < node->value_count; i++) {
        struct ip_prefix prefix;

        if (!ip_prefix_parse(node->values[i].text, &prefix))
            fault_at(faults, node->values[i].line, "%s: '%s' is no prefix, such as 2001:db8::/32", key,
                     node->values[i].text);
        else if (i == RULE_PREFIXES)
            fault_at(faults, node->values[i].line, "%s: more than %d in a list", key, RULE_PREFIXES);
        else if (i < RULE_PREFIXES)
            prefixes[i] = prefix;
    }
}

/* ---- Sources other than the kernel. ---- */

static void add_service(struct faults *faults, struct rule_outside *outside, const struct tree_value *value, char *url,
                        const char *member)
{
    if (outside->service_count == RULE_SERVICES) {
        fault_at(faults, value->line, "source: more than %d services", RULE_SERVICES);
        free(url);
        return;
    }
    if (outside->service_count && strcmp(outside->services[0].url, url) == 0)
        fault_at(faults, value->line, "source: the same service twice: two that agree must be two");
    outside->services[outside->service_count].url = url;
    outside->services[outside->service_count].member = mem_string(member);
    outside->service_count++;
}

static void add_definition(struct faults *faults, struct rule_outside *outside, const struct tree_value *value)
{
    const char *name = value->text + strlen("echo:");
    struct definition *definition = loader_find(name, faults, value->line);
    const struct definition_step *step = definition ? definition_step(definition, "address") : NULL;
    struct buf url = {0};

    if (step) {
        buf_addf(&url, "%s%s", definition->server, step->url + strlen("{server}"));
        add_service(faults, outside, value, buf_take(&url),
                    definition_text(step->get.count ? step->get.list[0] : NULL));
    } else if (definition) {
        fault_at(faults, value->line, "source: %s is no address echo service", name);
    }
    definition_free(definition);
}

static void set_program(struct faults *faults, struct rule_outside *outside, const struct tree_value *value)
{
    const char *path = value->text + strlen("exec:");

    fault_check_program(faults, value->line, "source", path);
    free(outside->program);
    outside->program = mem_string(path);
}

/* Of what stands behind https://. */
static const char *url_fault(const char *text)
{
    if (!isalnum((unsigned char)*text) && *text != '[')
        return "has no host";
    if (memchr(text, '@', strcspn(text, "/?#")))
        return "has a user name in it, which an echo service does not need";
    return parse_is_url(text) ? NULL : "has a character that a URL cannot have";
}

static void add_outside(struct faults *faults, struct place *place, const struct tree_value *value)
{
    if (!place->outside)
        place->outside = mem_alloc(sizeof *place->outside);
    place->rule.outside = place->outside;
    if (strncmp(value->text, "exec:", 5) == 0)
        set_program(faults, place->outside, value);
    else if (strncmp(value->text, "echo:", 5) == 0)
        add_definition(faults, place->outside, value);
    else if (strncmp(value->text, "https://", 8) == 0 && url_fault(value->text + 8))
        fault_at(faults, value->line, "source: it %s", url_fault(value->text + 8));
    else if (strncmp(value->text, "https://", 8) == 0)
        add_service(faults, place->outside, value, mem_string(value->text), NULL);
    else if (strncmp(value->text, "http://", 7) == 0)
        fault_at(faults, value->line, "source: over plain http everybody on the way can change the address: https");
    else
        fault_at(faults, value->line,
                 "source: '%s' is not kernel, static:ADDRESS, exec:/PROGRAM, echo:NAME or https://...", value->text);
}

static void set_static(struct faults *faults, struct place *place, const struct tree_value *value)
{
    const char *text = value->text + strlen("static:");
    struct ip *fixed = &place->rule.fixed;

    if (!ip_parse(text, fixed) || !ip_is_host(fixed))
        fault_at(faults, value->line, "source: '%s' is no address of a host", text);
}

/* What lets a private address through may be taken back in an inner section. */
static void check_static(struct faults *faults, const struct tree_node *section, const struct rule *rule)
{
    const struct tree_value *source = tree_value(section, "source");
    const struct tree_value *value = source ? source : tree_value(section, "allow-private");
    char text[IP_TEXT_SIZE];

    if (value && ip_is_host(&rule->fixed) && ip_kind(&rule->fixed) != IP_PUBLIC && !rule->allow_private)
        fault_at(faults, value->line,
                 "source: %s is not reachable from the Internet; allow-private = yes lets it through",
                 ip_text(&rule->fixed, text));
}

/* The value of a list that only stands alone, or NULL. */
static const char *find_loner(const struct tree_node *node)
{
    for (size_t i = 0; node->value_count > 1 && i < node->value_count; i++) {
        const char *text = node->values[i].text;

        if (strcmp(text, "kernel") == 0 || strncmp(text, "static:", 7) == 0 || strncmp(text, "exec:", 5) == 0)
            return text;
    }
    return NULL;
}

static void read_source(struct faults *faults, const struct tree_node *section, struct place *place)
{
    const struct tree_node *node = tree_find(section, "source");
    const struct tree_value *first = node ? &node->values[0] : NULL;

    if (!node)
        return;
    place->rule.outside = NULL;
    place->rule.fixed = (struct ip){0};
    if (find_loner(node))
        fault_at(faults, first->line, "source: '%s' stands alone, not in a list", find_loner(node));
    else if (strncmp(first->text, "static:", 7) == 0)
        set_static(faults, place, first);
    else if (strcmp(first->text, "kernel") != 0)
        for (size_t i = 0; i < node->value_count; i++)
            add_outside(faults, place, &node->values[i]);
}

static void read_interval(struct faults *faults, const struct tree_node *section, struct rule *rule)
{
    bool is_program = rule->outside && rule->outside->program;
    uint64_t least_ms = is_program ? least_program_interval_ms : least_interval_ms;

    if (rule->interval_ms < least_ms)
        rule->interval_ms = least_ms; /* what was said of a program may be too often for a service */
    if (fault_read_duration(faults, section, "check-interval", &rule->interval_ms) && rule->interval_ms < least_ms)
        fault_at(faults, tree_value(section, "check-interval")->line, "check-interval: less than %s",
                 is_program ? "10s" : "10m: echo services are asked no more often");
}

/* ---- The rest. ---- */

static void read_prefix_length(struct faults *faults, const struct tree_node *section, struct rule *rule)
{
    const struct tree_value *value = tree_value(section, "prefix-length");
    unsigned long number = 0;

    if (value && !parse_number(value->text, 1, 127, &number))
        fault_at(faults, value->line, "prefix-length: '%s' is no number from 1 to 127", value->text);
    if (value)
        rule->prefix_length = (unsigned char)number;
}

static void read_when_lost(struct faults *faults, const struct tree_node *section, struct rule *rule)
{
    const struct tree_value *value = tree_value(section, "when-lost");
    uint64_t after_ms;

    if (value && strcmp(value->text, "keep") == 0)
        rule->withdraw_ms = 0;
    else if (value && strcmp(value->text, "withdraw") == 0)
        rule->withdraw_ms = rule->withdraw_ms ? rule->withdraw_ms : withdraw_after_ms;
    else if (value)
        fault_at(faults, value->line, "when-lost: '%s' is neither keep nor withdraw", value->text);
    if (!fault_read_duration(faults, section, "withdraw-after", &after_ms))
        return;
    if (!rule->withdraw_ms || after_ms < 1000)
        fault_at(faults, tree_value(section, "withdraw-after")->line, "withdraw-after: %s",
                 rule->withdraw_ms ? "less than 1s" : "only goes with when-lost = withdraw");
    else
        rule->withdraw_ms = after_ms;
}

static void read_on_change(struct faults *faults, const struct tree_node *section, struct place *place)
{
    const struct tree_value *value = tree_value(section, "on-change");

    if (!value)
        return;
    place->on_change = NULL;
    if (strcmp(value->text, "none") == 0)
        return;
    fault_check_program(faults, value->line, "on-change", value->text);
    place->on_change = place->program = mem_string(value->text);
}

/* Of one of the two keys that do not go together. */
static int line_of(const struct tree_node *section)
{
    const struct tree_node *bind = tree_find(section, "bind"), *interface = tree_find(section, "interface");

    return bind ? bind->line : interface ? interface->line : section->line;
}

void place_read(struct faults *faults, const struct tree_node *section, const struct place *inherited,
                struct place *place)
{
    struct rule *rule = &place->rule;

    if (inherited)
        place_copy(inherited, place);
    else
        *place = (struct place){.wanted = IP_BOTH, .rule = {.interval_ms = check_interval_ms}};
    place->line = section->line;
    read_families(faults, section, &place->wanted);
    place->families = place->wanted;
    read_interface(faults, section, rule);
    read_prefixes(faults, section, "prefer", rule->prefer);
    read_prefixes(faults, section, "match", rule->match);
    fault_read_flag(faults, section, "temporary", &rule->temporary);
    fault_read_flag(faults, section, "allow-private", &rule->allow_private);
    fault_read_flag(faults, section, "bind", &rule->bind);
    read_source(faults, section, place);
    check_static(faults, section, rule);
    read_interval(faults, section, rule);
    fault_read_duration(faults, section, "failback-delay", &rule->failback_ms);
    read_prefix_length(faults, section, rule);
    read_when_lost(faults, section, rule);
    read_on_change(faults, section, place);
    if (ip_is_set(&rule->fixed))
        place_narrow(faults, section, place, rule->fixed.family == AF_INET ? IP_V4 : IP_V6, "this source");
    if (rule->all && rule_is_elsewhere(rule))
        fault_at(faults, line_of(section), "interface: all goes with source = kernel, others give one address");
    if (rule->bind && rule->all)
        fault_at(faults, line_of(section), "bind: with interface = { all, ... } there is no one interface to bind to");
}

void place_copy(const struct place *inherited, struct place *place)
{
    *place = *inherited;
    place->outside = NULL;
    place->program = NULL;
}

void place_clear(struct place *place)
{
    free(place->program);
    if (!place->outside)
        return;
    for (size_t i = 0; i < place->outside->service_count; i++) {
        free(place->outside->services[i].url);
        free(place->outside->services[i].member);
    }
    free(place->outside->program);
    free(place->outside);
}
