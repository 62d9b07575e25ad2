#include "naive.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <linux/if_addr.h>

/* Of the addresses that the false kernel has. */
static enum reason range_of(const struct ip *ip)
{
    if (ip->family == AF_INET)
        return ip->bytes[0] == 10    ? REASON_PRIVATE
               : ip->bytes[0] == 100 ? REASON_CARRIER_NAT
               : ip->bytes[0] == 169 ? REASON_LINK_LOCAL
                                     : REASON_CHOSEN;
    return ip->bytes[0] == 0xfd ? REASON_ULA : ip->bytes[0] == 0xfe ? REASON_LINK_LOCAL : REASON_CHOSEN;
}

static bool starts_like(const struct ip *a, const struct ip *b, unsigned bits)
{
    for (unsigned i = 0; i < bits; i++)
        if ((a->bytes[i / 8] ^ b->bytes[i / 8]) & (0x80 >> i % 8))
            return false;
    return a->family == b->family;
}

/* How many of the prefixes are of its family, and whether it is in one. */
static bool is_in(const struct ip *ip, const struct ip_prefix *prefixes, size_t *count)
{
    bool inside = false;

    *count = 0;
    for (size_t i = 0; i < RULE_PREFIXES && prefixes[i].ip.family; i++) {
        *count += prefixes[i].ip.family == ip->family;
        inside |= starts_like(ip, &prefixes[i].ip, prefixes[i].length);
    }
    return inside;
}

static enum reason judge(const struct rule *rule, const struct kernel_address *address)
{
    enum reason range = range_of(&address->ip);
    size_t matches;
    bool matched = is_in(&address->ip, rule->match, &matches);

    if (range != REASON_CHOSEN && !rule->allow_private)
        return range;
    if (address->scope)
        return REASON_NOT_GLOBAL;
    if (matches && !matched)
        return REASON_NO_MATCH;
    if (address->flags & IFA_F_DADFAILED)
        return REASON_DAD_FAILED;
    if (address->flags & IFA_F_TENTATIVE)
        return REASON_TENTATIVE;
    if (address->flags & IFA_F_DEPRECATED || !address->preferred_s)
        return REASON_DEPRECATED;
    if (rule->family == AF_INET6 && address->flags & IFA_F_TEMPORARY && !rule->temporary)
        return REASON_TEMPORARY;
    return REASON_CHOSEN;
}

enum { RANK = 10 + 16 };

static void rank(const struct rule *rule, const struct source_before *before, const struct ip *own,
                 const struct kernel_address *address, unsigned char *bytes)
{
    bool is_v6 = rule->family == AF_INET6, known = false;
    uint32_t life = is_v6 ? htonl(UINT32_MAX - address->preferred_s) : 0;
    size_t count;

    for (size_t i = 0; i < before->ips.count; i++)
        known |= starts_like(&address->ip, &before->ips.list[i], before->bits ? before->bits : is_v6 ? 128 : 32);
    bytes[0] = !is_in(&address->ip, rule->prefer, &count);
    bytes[1] = range_of(&address->ip) != REASON_CHOSEN;
    bytes[2] = !is_v6 && address->flags & IFA_F_SECONDARY;
    bytes[3] = !known;
    bytes[4] = is_v6 && address->flags & (IFA_F_TEMPORARY | IFA_F_MANAGETEMPADDR);
    memcpy(bytes + 5, &life, sizeof life);
    bytes[9] = !ip_equal(&address->ip, own);
    memcpy(bytes + 10, address->ip.bytes, 16);
}

static void look_at(const struct rule *rule, const struct source_before *before, const struct fake_link *link,
                    struct naive_link *found)
{
    size_t family = fake_family(rule->family);
    unsigned char best[RANK], bytes[RANK];

    *found = (struct naive_link){link->link.index, link->link.up ? REASON_NO_ADDRESS : REASON_LINK_DOWN, NULL};
    for (size_t i = 0; link->link.up && i < link->count[family]; i++) {
        const struct kernel_address *address = &link->list[family][i];
        enum reason reason = judge(rule, address);

        if (reason > found->reason)
            found->reason = reason;
        if (reason != REASON_CHOSEN)
            continue;
        rank(rule, before, &link->own[family], address, bytes);
        if (found->best && memcmp(bytes, best, RANK) > 0)
            continue;
        found->best = address;
        memcpy(best, bytes, RANK);
    }
}

void naive_look(const struct rule *rule, const struct source_before *before, struct naive_view *view)
{
    const struct fake_link *link;

    view->count = 0;
    if (!rule->interfaces[0][0]) {
        link = fake_kernel_link(fake_kernel.route[fake_family(rule->family)]);
        if (link)
            look_at(rule, before, link, &view->links[view->count++]);
    }
    for (size_t i = 0; i < RULE_INTERFACES; i++)
        for (int index = 1; index <= fake_kernel.last_index; index++)
            if ((link = fake_kernel_link(index)) && fnmatch(rule->interfaces[i], link->link.name, 0) == 0 &&
                !naive_find(view, index))
                look_at(rule, before, link, &view->links[view->count++]);
}

const struct naive_link *naive_find(const struct naive_view *view, int index)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->links[i].index == index)
            return &view->links[i];
    return NULL;
}

const struct naive_link *naive_first(const struct naive_view *view)
{
    const struct naive_link *nearest = naive_nearest(view);

    return nearest && nearest->best ? nearest : NULL;
}

const struct naive_link *naive_nearest(const struct naive_view *view)
{
    const struct naive_link *nearest = view->count ? view->links : NULL;

    for (size_t i = 1; i < view->count; i++)
        if (view->links[i].reason > nearest->reason)
            nearest = &view->links[i];
    return nearest;
}

struct ip_set naive_all(const struct naive_view *view)
{
    struct ip_set all = {0};

    for (size_t i = 0; i < view->count; i++)
        if (view->links[i].best)
            ip_set_add(&all, &view->links[i].best->ip);
    return all;
}
