#include "source.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Somewhere on the Internet for which no gateway has a route of its own: a.root-servers.net. Nothing is sent to it. */
static const char *const far_away4 = "198.41.0.4";
static const char *const far_away6 = "2001:503:ba3e::2:30";

/* What each means for a whole source; the name of the interface stands between before and after. */
static const struct {
    const char *word;
    const char *before;
    const char *after;
} reasons[] = {
    [SOURCE_NO_ROUTE] = {"no-route", "there is no route to the Internet", ""},
    [SOURCE_NO_INTERFACE] = {"no-interface", "there is no interface ", ""},
    [SOURCE_LINK_DOWN] = {"link-down", "", " is down"},
    [SOURCE_NO_ADDRESS] = {"no-address", "", " has no address"},
    [SOURCE_LINK_LOCAL] = {"link-local", "", " has only a link-local address"},
    [SOURCE_SPECIAL] = {"special", "", " has only an address of a special range"},
    [SOURCE_ULA] = {"ula", "", " has only a unique local address"},
    [SOURCE_PRIVATE] = {"private", "", " has only a private address: it is behind another router's NAT"},
    [SOURCE_CARRIER_NAT] = {"carrier-nat", "", " has only a shared address: it is behind the carrier's NAT"},
    [SOURCE_NOT_GLOBAL] = {"not-global", "", " has only an address whose scope is not global"},
    [SOURCE_DAD_FAILED] = {"dad-failed", "another host has the address of ", ""},
    [SOURCE_TENTATIVE] = {"tentative", "the address is still being checked for duplicates on ", ""},
    [SOURCE_DEPRECATED] = {"deprecated", "", " has only a deprecated address"},
    [SOURCE_TEMPORARY] = {"temporary", "", " has only a temporary address"},
    [SOURCE_OTHER] = {"other", "another address comes first on ", ""},
    [SOURCE_CHOSEN] = {"chosen", "on ", ""},
};

const char *source_reason_word(enum source_reason reason)
{
    return reasons[reason].word;
}

static bool is_auto(const struct source_rule *rule)
{
    return !rule->interfaces[0][0];
}

bool source_rule_equal(const struct source_rule *a, const struct source_rule *b)
{
    for (size_t i = 0; i < SOURCE_INTERFACES; i++)
        if (strcmp(a->interfaces[i], b->interfaces[i]) != 0)
            return false;
    return a->family == b->family;
}

const char *source_rule_name(const struct source_rule *rule, char *buffer)
{
    size_t used = (size_t)snprintf(buffer, SOURCE_NAME_SIZE, "%s", is_auto(rule) ? "auto" : rule->interfaces[0]);

    for (size_t i = 1; i < SOURCE_INTERFACES && rule->interfaces[i][0]; i++)
        used += (size_t)snprintf(buffer + used, SOURCE_NAME_SIZE - used, ",%s", rule->interfaces[i]);
    return buffer;
}

static enum source_reason judge_kind(enum ip_kind kind)
{
    switch (kind) {
    case IP_PUBLIC:
        return SOURCE_CHOSEN;
    case IP_PRIVATE:
        return SOURCE_PRIVATE;
    case IP_CARRIER_NAT:
        return SOURCE_CARRIER_NAT;
    case IP_LINK_LOCAL:
        return SOURCE_LINK_LOCAL;
    case IP_ULA:
        return SOURCE_ULA;
    case IP_SPECIAL:
        break;
    }
    return SOURCE_SPECIAL;
}

enum source_reason source_judge(const struct kernel_address *address)
{
    enum source_reason reason = judge_kind(ip_kind(&address->ip));

    if (reason != SOURCE_CHOSEN)
        return reason;
    if (address->scope != RT_SCOPE_UNIVERSE)
        return SOURCE_NOT_GLOBAL;
    if (address->flags & IFA_F_DADFAILED)
        return SOURCE_DAD_FAILED;
    /* An optimistic address (RFC 4429) is tentative too, and others may still own it. */
    if (address->flags & IFA_F_TENTATIVE)
        return SOURCE_TENTATIVE;
    if (address->flags & IFA_F_DEPRECATED || address->preferred_s == 0)
        return SOURCE_DEPRECATED;
    /* One bit with two meanings: IFA_F_SECONDARY for IPv4, IFA_F_TEMPORARY for IPv6. */
    if (address->ip.family == AF_INET6 && address->flags & IFA_F_TEMPORARY)
        return SOURCE_TEMPORARY;
    return SOURCE_CHOSEN;
}

static bool is_secondary(const struct kernel_address *address)
{
    return address->ip.family == AF_INET && address->flags & IFA_F_SECONDARY;
}

/* The stable address of a prefix for which privacy extensions make temporary ones. */
static bool has_privacy(const struct kernel_address *address)
{
    return address->ip.family == AF_INET6 && address->flags & IFA_F_MANAGETEMPADDR;
}

/* Does a stand before b? The order is total, as no address is twice on a link. */
static bool stands_before(const struct kernel_address *a, const struct kernel_address *b,
                          const struct source_ties *ties)
{
    if (is_secondary(a) != is_secondary(b))
        return is_secondary(b);
    if (ip_equal(&a->ip, &ties->before) != ip_equal(&b->ip, &ties->before))
        return ip_equal(&a->ip, &ties->before);
    if (has_privacy(a) != has_privacy(b))
        return has_privacy(b);
    if (a->ip.family == AF_INET6 && a->preferred_s != b->preferred_s)
        return a->preferred_s > b->preferred_s;
    if (ip_equal(&a->ip, &ties->own) != ip_equal(&b->ip, &ties->own))
        return ip_equal(&a->ip, &ties->own);
    return memcmp(a->ip.bytes, b->ip.bytes, sizeof a->ip.bytes) < 0;
}

size_t source_choose(const struct kernel_address *list, size_t count, const struct source_ties *ties,
                     enum source_reason *each, enum source_reason *reason)
{
    size_t chosen = count;

    *reason = SOURCE_NO_ADDRESS;
    for (size_t i = 0; i < count; i++) {
        enum source_reason this_one = source_judge(&list[i]);

        if (this_one == SOURCE_CHOSEN && (chosen == count || stands_before(&list[i], &list[chosen], ties)))
            chosen = i;
        if (this_one > *reason)
            *reason = this_one;
        if (each)
            each[i] = this_one == SOURCE_CHOSEN ? SOURCE_OTHER : this_one;
    }
    if (each && chosen < count)
        each[chosen] = SOURCE_CHOSEN;
    return chosen;
}

static void give_reason(const struct source_rule *rule, struct source_answer *answer, enum source_reason reason)
{
    char buffer[SOURCE_NAME_SIZE];
    const char *name = answer->link.index ? answer->link.name : is_auto(rule) ? "" : source_rule_name(rule, buffer);

    answer->reason = reason;
    snprintf(answer->text, sizeof answer->text, "%s: %s%s%s", reasons[reason].word, reasons[reason].before, name,
             reasons[reason].after);
}

static struct ip far_away(int family)
{
    struct ip ip;

    ip_parse(family == AF_INET ? far_away4 : far_away6, &ip);
    return ip;
}

/* The kernel's own choice of an address on the link; unset when it has no route there. */
static struct ip ask_own(struct kernel *kernel, int family, int index)
{
    struct ip destination = far_away(family);
    struct kernel_route route;

    return kernel_route(kernel, &destination, index, &route) ? (struct ip){0} : route.source;
}

/* Looks at one link. 0 with the reason in *reason, and the address in *ip where that is SOURCE_CHOSEN; or -EAGAIN. */
static int read_link(struct kernel *kernel, const struct source_rule *rule, const struct ip *before,
                     const struct kernel_link *link, enum source_reason *reason, struct ip *ip)
{
    struct source_ties ties = {.before = *before};
    struct kernel_address *list;
    size_t count, chosen;
    int error;

    *reason = SOURCE_LINK_DOWN;
    if (!link->up)
        return 0;
    error = kernel_addresses(kernel, link->index, rule->family, &list, &count);
    if (error == -EAGAIN)
        return error;
    *reason = SOURCE_NO_INTERFACE; /* it went away since it was found */
    if (error)
        return 0;
    if (count > 1)
        ties.own = ask_own(kernel, rule->family, link->index);
    chosen = source_choose(list, count, &ties, NULL, reason);
    if (chosen < count)
        *ip = list[chosen].ip;
    free(list);
    return 0;
}

/* Looks at the next link in order, unless one before it was fit, and keeps the one that came nearest. */
static int try_link(struct kernel *kernel, const struct source_rule *rule, const struct ip *before,
                    const struct kernel_link *link, struct source_answer *answer)
{
    enum source_reason reason;
    int error;

    if (answer->link_count++ < SOURCE_LINKS)
        answer->links[answer->link_count - 1] = link->index;
    if (answer->reason == SOURCE_CHOSEN)
        return 0;
    error = read_link(kernel, rule, before, link, &reason, &answer->ip);
    if (error || (answer->link.index && reason <= answer->reason))
        return error;
    answer->link = *link;
    answer->reason = reason;
    return 0;
}

static int try_auto(struct kernel *kernel, const struct source_rule *rule, const struct ip *before,
                    struct source_answer *answer)
{
    struct ip destination = far_away(rule->family);
    struct kernel_route route;
    struct kernel_link link;
    int error = kernel_route(kernel, &destination, 0, &route);

    if (!error)
        error = kernel_link_by_index(kernel, route.index, &link);
    if (!error)
        error = try_link(kernel, rule, before, &link, answer);
    return error;
}

static int try_pattern(struct kernel *kernel, const struct source_rule *rule, const struct ip *before,
                       const char *pattern, struct source_answer *answer)
{
    int *indexes;
    size_t count;
    int error = kernel_match(kernel, pattern, &indexes, &count);

    for (size_t i = 0; i < count && error != -EAGAIN; i++) {
        struct kernel_link link;

        error = kernel_link_by_index(kernel, indexes[i], &link);
        if (!error)
            error = try_link(kernel, rule, before, &link, answer);
    }
    free(indexes);
    return error;
}

static int try_name(struct kernel *kernel, const struct source_rule *rule, const struct ip *before, const char *name,
                    struct source_answer *answer)
{
    struct kernel_link link;
    int error = kernel_link_by_name(kernel, name, &link);

    return error ? error : try_link(kernel, rule, before, &link, answer);
}

static bool is_pattern(const char *interface)
{
    return strpbrk(interface, "*?[") != NULL;
}

int source_read(struct kernel *kernel, const struct source_rule *rule, const struct ip *before,
                struct source_answer *answer)
{
    int error = 0;

    *answer = (struct source_answer){.reason = is_auto(rule) ? SOURCE_NO_ROUTE : SOURCE_NO_INTERFACE};
    if (is_auto(rule))
        error = try_auto(kernel, rule, before, answer);
    for (size_t i = 0; i < SOURCE_INTERFACES && rule->interfaces[i][0] && error != -EAGAIN; i++)
        error = is_pattern(rule->interfaces[i]) ? try_pattern(kernel, rule, before, rule->interfaces[i], answer)
                                                : try_name(kernel, rule, before, rule->interfaces[i], answer);
    if (error == -EAGAIN)
        return error;
    give_reason(rule, answer, answer->reason);
    return 0;
}
