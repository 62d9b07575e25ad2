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
    [SOURCE_SECONDARY] = {"secondary", "", " has only a secondary address"},
    [SOURCE_OTHER] = {"other", "another address comes first on ", ""},
    [SOURCE_CHOSEN] = {"chosen", "on ", ""},
};

const char *source_reason_word(enum source_reason reason)
{
    return reasons[reason].word;
}

const char *source_rule_name(const struct source_rule *rule)
{
    return rule->interface[0] ? rule->interface : "auto";
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
    if (address->flags & IFA_F_SECONDARY)
        return address->ip.family == AF_INET ? SOURCE_SECONDARY : SOURCE_TEMPORARY;
    return SOURCE_CHOSEN;
}

size_t source_choose(const struct kernel_address *list, size_t count, enum source_reason *each,
                     enum source_reason *reason)
{
    size_t chosen = count;

    *reason = SOURCE_NO_ADDRESS;
    for (size_t i = 0; i < count; i++) {
        enum source_reason this_one = source_judge(&list[i]);

        if (this_one == SOURCE_CHOSEN && chosen < count)
            this_one = SOURCE_OTHER;
        else if (this_one == SOURCE_CHOSEN)
            chosen = i;
        if (this_one > *reason)
            *reason = this_one;
        if (each)
            each[i] = this_one;
    }
    return chosen;
}

static int give_reason(const struct source_rule *rule, struct source_answer *answer, enum source_reason reason)
{
    const char *name = answer->link.index ? answer->link.name : rule->interface;

    answer->reason = reason;
    snprintf(answer->text, sizeof answer->text, "%s: %s%s%s", reasons[reason].word, reasons[reason].before, name,
             reasons[reason].after);
    return 0;
}

/* 0, or a negative reason why there is no link to look at. */
static int find_link(struct kernel *kernel, const struct source_rule *rule, struct kernel_link *link)
{
    struct ip far_away;
    int index, error;

    if (rule->interface[0])
        return kernel_link_by_name(kernel, rule->interface, link);
    ip_parse(rule->family == AF_INET ? far_away4 : far_away6, &far_away);
    error = kernel_route(kernel, &far_away, &index);
    return error ? error : kernel_link_by_index(kernel, index, link);
}

int source_read(struct kernel *kernel, const struct source_rule *rule, struct source_answer *answer)
{
    struct kernel_address *list;
    enum source_reason reason;
    size_t count, chosen;
    int error;

    *answer = (struct source_answer){0};
    error = find_link(kernel, rule, &answer->link);
    if (error == -EAGAIN)
        return error;
    if (error)
        return give_reason(rule, answer, rule->interface[0] ? SOURCE_NO_INTERFACE : SOURCE_NO_ROUTE);
    if (!answer->link.up)
        return give_reason(rule, answer, SOURCE_LINK_DOWN);
    error = kernel_addresses(kernel, answer->link.index, rule->family, &list, &count);
    if (error == -EAGAIN)
        return error;
    if (error) /* it went away since it was found */
        return give_reason(rule, answer, SOURCE_NO_INTERFACE);
    chosen = source_choose(list, count, NULL, &reason);
    if (chosen < count)
        answer->ip = list[chosen].ip;
    free(list);
    return give_reason(rule, answer, reason);
}
