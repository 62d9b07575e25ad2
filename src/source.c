#include "source.h"

#include "mem.h"
#include "way.h"

#include <errno.h>
#include <fnmatch.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- Choosing. ---- */

static enum reason judge_kind(const struct rule *rule, const struct ip *ip)
{
    enum ip_kind kind = ip_kind(ip);

    if (kind == IP_PUBLIC || rule->allow_private)
        return REASON_CHOSEN;
    switch (kind) {
    case IP_PRIVATE:
        return REASON_PRIVATE;
    case IP_CARRIER_NAT:
        return REASON_CARRIER_NAT;
    case IP_LINK_LOCAL:
        return REASON_LINK_LOCAL;
    case IP_ULA:
        return REASON_ULA;
    default:
        return REASON_SPECIAL;
    }
}

static bool in_one_of(const struct ip *ip, const struct ip_prefix *prefixes)
{
    for (size_t i = 0; i < RULE_PREFIXES; i++)
        if (ip_is_set(&prefixes[i].ip) && ip_in_prefix(ip, &prefixes[i]))
            return true;
    return false;
}

/* A family without a prefix in the list is not restricted by it. */
static bool is_matched(const struct ip *ip, const struct ip_prefix *prefixes)
{
    bool restricted = false;

    for (size_t i = 0; i < RULE_PREFIXES; i++)
        restricted |= prefixes[i].ip.family == ip->family;
    return !restricted || in_one_of(ip, prefixes);
}

enum reason source_judge_ip(const struct rule *rule, const struct ip *ip)
{
    enum reason reason = judge_kind(rule, ip);

    return reason == REASON_CHOSEN && !is_matched(ip, rule->match) ? REASON_NO_MATCH : reason;
}

/* One bit with two meanings: IFA_F_SECONDARY for IPv4, IFA_F_TEMPORARY for IPv6. */
static bool is_temporary(const struct kernel_address *address)
{
    return address->ip.family == AF_INET6 && address->flags & IFA_F_TEMPORARY;
}

static bool is_secondary(const struct kernel_address *address)
{
    return address->ip.family == AF_INET && address->flags & IFA_F_SECONDARY;
}

/* The reason for one address by itself. */
static enum reason judge(const struct rule *rule, const struct kernel_address *address)
{
    /* An uplink behind somebody else's NAT has a private address, and is the way outside all the same. */
    enum reason reason =
        rule->outside && ip_kind(&address->ip) != IP_LINK_LOCAL ? REASON_CHOSEN : judge_kind(rule, &address->ip);

    if (reason != REASON_CHOSEN)
        return reason;
    if (address->scope != RT_SCOPE_UNIVERSE)
        return REASON_NOT_GLOBAL;
    if (!rule->outside && !is_matched(&address->ip, rule->match))
        return REASON_NO_MATCH;
    if (address->flags & IFA_F_DADFAILED)
        return REASON_DAD_FAILED;
    /* An optimistic address (RFC 4429) is tentative too, and others may still own it. */
    if (address->flags & IFA_F_TENTATIVE)
        return REASON_TENTATIVE;
    if (address->flags & IFA_F_DEPRECATED || address->preferred_s == 0)
        return REASON_DEPRECATED;
    if (is_temporary(address) && !rule->temporary)
        return REASON_TEMPORARY;
    return REASON_CHOSEN;
}

/* A temporary address, or the stable one of a prefix for which the kernel makes temporary ones. */
static bool has_privacy(const struct kernel_address *address)
{
    return address->ip.family == AF_INET6 && address->flags & (IFA_F_MANAGETEMPADDR | IFA_F_TEMPORARY);
}

static bool was_before(const struct ip *ip, const struct source_before *before)
{
    for (size_t i = 0; i < before->ips.count; i++) {
        unsigned bits = before->bits ? before->bits : ip_bits(before->ips.list[i].family);
        struct ip_prefix prefix = {before->ips.list[i], (unsigned char)bits};

        if (ip_in_prefix(ip, &prefix))
            return true;
    }
    return false;
}

/* Does a stand before b? The order is total, as no address is twice on a link. *why says what the other one lacks. */
static bool stands_before(const struct kernel_address *a, const struct kernel_address *b,
                          const struct source_ties *ties, const char **why)
{
    bool public_a = ip_kind(&a->ip) == IP_PUBLIC, before_a = was_before(&a->ip, ties->before);
    bool preferred_a = in_one_of(&a->ip, ties->rule->prefer);

    *why = "not in prefer";
    if (preferred_a != in_one_of(&b->ip, ties->rule->prefer))
        return preferred_a;
    *why = "not public";
    if (public_a != (ip_kind(&b->ip) == IP_PUBLIC))
        return public_a;
    *why = "secondary";
    if (is_secondary(a) != is_secondary(b))
        return is_secondary(b);
    *why = "not chosen before";
    if (before_a != was_before(&b->ip, ties->before))
        return before_a;
    *why = "of privacy extensions";
    if (has_privacy(a) != has_privacy(b))
        return has_privacy(b);
    *why = "a shorter preferred lifetime";
    if (a->ip.family == AF_INET6 && a->preferred_s != b->preferred_s)
        return a->preferred_s > b->preferred_s;
    *why = "not the kernel's own choice";
    if (ip_equal(&a->ip, &ties->own) != ip_equal(&b->ip, &ties->own))
        return ip_equal(&a->ip, &ties->own);
    *why = "not the lowest";
    return memcmp(a->ip.bytes, b->ip.bytes, sizeof a->ip.bytes) < 0;
}

size_t source_choose(const struct kernel_address *list, size_t count, const struct source_ties *ties, enum reason *each,
                     enum reason *reason)
{
    size_t chosen = count;
    const char *why;

    *reason = REASON_NO_ADDRESS;
    for (size_t i = 0; i < count; i++) {
        enum reason this_one = judge(ties->rule, &list[i]);

        if (this_one == REASON_CHOSEN && (chosen == count || stands_before(&list[i], &list[chosen], ties, &why)))
            chosen = i;
        if (this_one > *reason)
            *reason = this_one;
        if (each)
            each[i] = this_one == REASON_CHOSEN ? REASON_OTHER : this_one;
    }
    if (each && chosen < count)
        each[chosen] = REASON_CHOSEN;
    return chosen;
}

/* ---- Reading. ---- */

struct reading {
    struct kernel *kernel;
    const struct rule *rule;
    const struct source_before *before;
    struct source_answer *answer;
    source_candidate_fn *fn;
    void *arg;
    const struct source_answer *whole; /* what comes of it, known beforehand where there is an fn */
};

/* The best of one link. */
struct found {
    enum reason reason;
    struct ip ip; /* set where the reason is REASON_CHOSEN */
    unsigned char prefix_length;
};

void source_give_reason(struct source_answer *answer, const struct rule *rule, enum reason reason, const char *detail)
{
    char buffer[RULE_NAME_SIZE];
    const char *name = answer->link.index ? answer->link.name : rule_is_auto(rule) ? "" : rule_interfaces(rule, buffer);

    answer->reason = reason;
    reason_text(answer->text, sizeof answer->text, reason, name, detail);
}

static void tell_candidate(const struct reading *reading, const struct kernel_link *link,
                           const struct kernel_address *address, enum reason reason, const char *why)
{
    const struct source_answer *whole = reading->whole;

    if (!reading->fn)
        return;
    /* The best of its link, but is it the one of all links? */
    if (reason == REASON_CHOSEN &&
        !(ip_set_has(&whole->local, &address->ip) && (reading->rule->all || whole->link.index == link->index))) {
        reason = REASON_OTHER;
        why = "another interface comes first";
    }
    reading->fn(reading->arg, link, address, reason, why);
}

static void tell_candidates(const struct reading *reading, const struct kernel_link *link,
                            const struct source_ties *ties, const struct kernel_address *list, size_t count,
                            const enum reason *each, size_t chosen)
{
    for (size_t i = 0; reading->fn && i < count; i++) {
        const char *why = NULL;

        if (each[i] == REASON_OTHER)
            stands_before(&list[chosen], &list[i], ties, &why);
        tell_candidate(reading, link, &list[i], each[i], why);
    }
    if (count == 0)
        tell_candidate(reading, link, NULL, REASON_NO_ADDRESS, NULL);
}

/* Chooses on one link. 0 or -EAGAIN. */
static int choose(const struct reading *reading, const struct kernel_link *link, const struct kernel_address *list,
                  size_t count, struct found *found)
{
    struct source_ties ties = {reading->rule, reading->before, {0}};
    struct kernel_route route;
    int error = count > 1 ? way_route(reading->kernel, reading->rule->family, link->index, &route) : -ENETUNREACH;
    enum reason *each;
    size_t chosen;

    if (error == -EAGAIN)
        return error;
    if (!error)
        ties.own = route.source;
    each = mem_alloc(count * sizeof *each);
    chosen = source_choose(list, count, &ties, each, &found->reason);
    if (chosen < count) {
        found->ip = list[chosen].ip;
        found->prefix_length = list[chosen].prefix_length;
    }
    tell_candidates(reading, link, &ties, list, count, each, chosen);
    free(each);
    return 0;
}

/* What one link has to offer. 0 or -EAGAIN. */
static int read_link(const struct reading *reading, const struct kernel_link *link, struct found *found)
{
    struct kernel_address *list;
    size_t count;
    int error;

    *found = (struct found){.reason = REASON_LINK_DOWN};
    if (!link->up) {
        tell_candidate(reading, link, NULL, REASON_LINK_DOWN, NULL);
        return 0;
    }
    error = kernel_addresses(reading->kernel, link->index, reading->rule->family, &list, &count);
    if (error == -EAGAIN)
        return error;
    found->reason = REASON_NO_INTERFACE; /* it went away since it was found */
    if (error)
        return 0;
    error = choose(reading, link, list, count, found);
    free(list);
    return error;
}

static void take(struct source_answer *answer, const struct kernel_link *link, const struct found *found)
{
    answer->link = *link;
    answer->reason = found->reason;
    answer->prefix_length = found->prefix_length;
    answer->ips = (struct ip_set){0};
    ip_set_add(&answer->ips, &found->ip);
}

/* False when two entries of a list name one link, and it was looked at before. */
static bool note_link(struct source_answer *answer, int index)
{
    for (size_t i = 0; i < answer->link_count && i < SOURCE_LINKS; i++)
        if (answer->links[i] == index)
            return false;
    if (answer->link_count++ < SOURCE_LINKS)
        answer->links[answer->link_count - 1] = index;
    return true;
}

/* Looks at the next link in order, unless one before it was fit and nobody wants to know, and keeps the one that came
 * nearest. */
static int try_link(const struct reading *reading, const struct kernel_link *link)
{
    struct source_answer *answer = reading->answer;
    bool is_fit = answer->reason == REASON_CHOSEN, is_held = link->index == reading->before->hold;
    struct found found;
    int error;

    if (!note_link(answer, link->index) || (is_fit && !is_held && !reading->rule->all && !reading->fn))
        return 0;
    error = read_link(reading, link, &found);
    if (error)
        return error;
    if (!answer->link.index || found.reason > answer->reason) {
        take(answer, link, &found);
    } else if (is_fit && found.reason == REASON_CHOSEN && reading->rule->all) {
        ip_set_add(&answer->ips, &found.ip);
    } else if (is_fit && found.reason == REASON_CHOSEN && is_held) {
        answer->ahead = answer->link.index;
        take(answer, link, &found);
    }
    return 0;
}

static int try_auto(const struct reading *reading)
{
    struct kernel_route route;
    struct kernel_link link;
    int error = way_route(reading->kernel, reading->rule->family, 0, &route);

    if (!error)
        error = kernel_link_by_index(reading->kernel, route.index, &link);
    if (!error)
        error = try_link(reading, &link);
    return error;
}

static int try_pattern(const struct reading *reading, const char *pattern)
{
    int *indexes;
    size_t count;
    int error = kernel_match(reading->kernel, pattern, &indexes, &count);

    for (size_t i = 0; i < count && error != -EAGAIN; i++) {
        struct kernel_link link;

        error = kernel_link_by_index(reading->kernel, indexes[i], &link);
        if (!error && fnmatch(pattern, link.name, 0) == 0) /* it may have been renamed since */
            error = try_link(reading, &link);
    }
    free(indexes);
    return error;
}

static int try_name(const struct reading *reading, const char *name)
{
    struct kernel_link link;
    int error = kernel_link_by_name(reading->kernel, name, &link);

    return error ? error : try_link(reading, &link);
}

static int try_interfaces(const struct reading *reading)
{
    const struct rule *rule = reading->rule;
    int error = 0;

    for (size_t i = 0; i < RULE_INTERFACES && rule->interfaces[i][0] && error != -EAGAIN; i++)
        error = rule_is_pattern(rule->interfaces[i]) ? try_pattern(reading, rule->interfaces[i])
                                                     : try_name(reading, rule->interfaces[i]);
    return error;
}

/* Who is asked outside must be reached. 0 or -EAGAIN. */
static int check_way_out(const struct reading *reading)
{
    struct source_answer *answer = reading->answer;
    struct kernel_route route;
    int error = way_route(reading->kernel, reading->rule->family, reading->rule->bind ? answer->link.index : 0, &route);

    if (error && error != -EAGAIN) {
        answer->reason = REASON_NO_ROUTE;
        answer->ips = (struct ip_set){0};
    }
    return error == -EAGAIN ? error : 0;
}

static int read_all(const struct reading *reading)
{
    const struct rule *rule = reading->rule;
    struct source_answer *answer = reading->answer;
    int error;

    *answer = (struct source_answer){.reason = rule_is_auto(rule) ? REASON_NO_ROUTE : REASON_NO_INTERFACE};
    error = rule_is_auto(rule) ? try_auto(reading) : try_interfaces(reading);
    if (error == -EAGAIN)
        return error;
    answer->local = answer->ips;
    if (rule->prefix_length)
        answer->prefix_length = rule->prefix_length;
    if (rule->outside && answer->reason == REASON_CHOSEN) {
        error = check_way_out(reading);
        if (error)
            return error;
    }
    if (ip_is_set(&rule->fixed)) {
        answer->ips = (struct ip_set){1, {rule->fixed}};
        answer->reason = REASON_CHOSEN;
    }
    source_give_reason(answer, rule, answer->reason, answer->ahead ? "one ahead of it is fit again" : NULL);
    return 0;
}

int source_read(struct kernel *kernel, const struct rule *rule, const struct source_before *before,
                struct source_answer *answer)
{
    const struct reading reading = {.kernel = kernel, .rule = rule, .before = before, .answer = answer};

    return read_all(&reading);
}

int source_explain(struct kernel *kernel, const struct rule *rule, const struct source_before *before,
                   source_candidate_fn *fn, void *arg)
{
    struct source_answer whole, again;
    const struct reading reading = {kernel, rule, before, &again, fn, arg, &whole};
    int error = source_read(kernel, rule, before, &whole);

    return error ? error : read_all(&reading);
}
