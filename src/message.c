#include "message.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* mnl_nlmsg_ok() of libmnl 1.0.4 takes a length of 2 GiB and more for a negative one, and so for one that fits. */
bool message_all_whole(const void *datagram, size_t length)
{
    const char *at = datagram;
    struct nlmsghdr header;

    while (length >= sizeof header) {
        memcpy(&header, at, sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > length)
            return false;
        if (NLMSG_ALIGN((size_t)header.nlmsg_len) >= length)
            return true;
        at += NLMSG_ALIGN(header.nlmsg_len);
        length -= NLMSG_ALIGN(header.nlmsg_len);
    }
    return true;
}

/* Is this a message of that type, with its header? */
static bool is_a(const struct nlmsghdr *message, unsigned type, size_t header)
{
    return message->nlmsg_type == type && mnl_nlmsg_get_payload_len(message) >= header;
}

typedef void attribute_fn(unsigned type, const void *payload, size_t length, void *arg);

/* Not mnl_attr_parse(): that rounds the end of the message up, and may look up to three bytes beyond it. */
static void each_attribute(const struct nlmsghdr *message, size_t header, attribute_fn *fn, void *arg)
{
    const char *end = (const char *)message + message->nlmsg_len;
    const struct nlattr *attribute = mnl_nlmsg_get_payload_offset(message, header);

    while (mnl_attr_ok(attribute, (int)(end - (const char *)attribute))) {
        fn(mnl_attr_get_type(attribute), mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute), arg);
        attribute = mnl_attr_next(attribute);
    }
}

/* A number is as long as its type, or it is not that number. */
static void read_number(void *number, size_t size, const void *payload, size_t length)
{
    if (length == size)
        memcpy(number, payload, size);
}

struct address_answer {
    int family;
    struct ip local, other;
    uint32_t flags;
    uint32_t preferred_s;
};

static void on_address(unsigned type, const void *payload, size_t length, void *arg)
{
    struct address_answer *answer = arg;
    struct ifa_cacheinfo lifetimes;

    switch (type) {
    case IFA_LOCAL:
        ip_from_bytes(answer->family, payload, length, &answer->local);
        break;
    case IFA_ADDRESS:
        ip_from_bytes(answer->family, payload, length, &answer->other);
        break;
    case IFA_FLAGS: /* all 32; the header has room for eight */
        read_number(&answer->flags, sizeof answer->flags, payload, length);
        break;
    case IFA_CACHEINFO: /* later kernels may add to its end */
        if (length < sizeof lifetimes)
            break;
        memcpy(&lifetimes, payload, sizeof lifetimes);
        answer->preferred_s = lifetimes.ifa_prefered;
        break;
    default:
        break;
    }
}

bool message_address(const struct nlmsghdr *message, int index, int family, struct kernel_address *address)
{
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
    struct address_answer answer = {.family = family, .preferred_s = UINT32_MAX};

    *address = (struct kernel_address){0};
    if (!is_a(message, RTM_NEWADDR, sizeof *info) || info->ifa_index != (unsigned)index || info->ifa_family != family)
        return false;
    answer.flags = info->ifa_flags;
    each_attribute(message, sizeof *info, on_address, &answer);
    *address = (struct kernel_address){
        .ip = ip_is_set(&answer.local) ? answer.local : answer.other,
        .flags = answer.flags,
        .preferred_s = answer.preferred_s,
        .scope = info->ifa_scope,
        .prefix_length = info->ifa_prefixlen,
    };
    return ip_is_set(&address->ip);
}

struct link_answer {
    struct kernel_link *link;
    unsigned char state; /* RFC 2863 */
};

static void on_link(unsigned type, const void *payload, size_t length, void *arg)
{
    struct link_answer *answer = arg;
    const char *name = payload;

    if (type == IFLA_OPERSTATE)
        read_number(&answer->state, sizeof answer->state, payload, length);
    if (type == IFLA_IFNAME && length && length <= IFNAMSIZ && !name[length - 1])
        memcpy(answer->link->name, name, length);
}

bool message_link(const struct nlmsghdr *message, struct kernel_link *link)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    struct link_answer answer = {link, IF_OPER_UNKNOWN};

    *link = (struct kernel_link){0};
    if (!is_a(message, RTM_NEWLINK, sizeof *info))
        return false;
    each_attribute(message, sizeof *info, on_link, &answer);
    link->index = info->ifi_index;
    link->up = info->ifi_flags & IFF_UP && info->ifi_flags & IFF_RUNNING &&
               (answer.state == IF_OPER_UP || answer.state == IF_OPER_UNKNOWN);
    return link->index && link->name[0];
}

struct route_answer {
    int family;
    struct kernel_route *route;
};

/* Of the other family than the route. */
static void read_via(const void *payload, size_t length, struct ip *ip)
{
    struct rtvia via;

    if (length < sizeof via)
        return;
    memcpy(&via, payload, sizeof via);
    ip_from_bytes(via.rtvia_family, (const char *)payload + sizeof via, length - sizeof via, ip);
}

static void on_route(unsigned type, const void *payload, size_t length, void *arg)
{
    struct route_answer *answer = arg;

    if (type == RTA_OIF)
        read_number(&answer->route->index, sizeof answer->route->index, payload, length);
    if (type == RTA_PREFSRC)
        ip_from_bytes(answer->family, payload, length, &answer->route->source);
    if (type == RTA_GATEWAY)
        ip_from_bytes(answer->family, payload, length, &answer->route->gateway);
    if (type == RTA_VIA)
        read_via(payload, length, &answer->route->gateway);
}

bool message_route(const struct nlmsghdr *message, int family, struct kernel_route *route)
{
    const struct rtmsg *info = mnl_nlmsg_get_payload(message);
    struct route_answer answer = {family, route};

    *route = (struct kernel_route){0};
    if (!is_a(message, RTM_NEWROUTE, sizeof *info) || info->rtm_type != RTN_UNICAST)
        return false;
    each_attribute(message, sizeof *info, on_route, &answer);
    return route->index != 0;
}
