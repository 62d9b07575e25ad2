#include "message.h"

#include "unit.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

enum { INDEX = 7 };

/* ---- Messages. ---- */

/* An attribute that is an address; none without text, and of another length than its family's when one is given. */
static void put_ip(struct nlmsghdr *message, uint16_t type, const char *text, size_t length)
{
    struct ip ip;

    if (!text)
        return;
    assert_true(ip_parse(text, &ip));
    mnl_attr_put(message, type, length ? length : ip.family == AF_INET ? 4 : 16, ip.bytes);
}

/* In memory of exactly this length, so that the sanitizer sees who reads past it. The caller frees it. */
static struct nlmsghdr *cut(const struct nlmsghdr *message, size_t length)
{
    struct nlmsghdr *copy = malloc(length);

    assert_non_null(copy);
    memcpy(copy, message, length);
    copy->nlmsg_len = (uint32_t)length;
    return copy;
}

static struct nlmsghdr *begin_address(char *buffer, int family, unsigned char flags)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);

    message->nlmsg_type = RTM_NEWADDR;
    info->ifa_family = (unsigned char)family;
    info->ifa_index = INDEX;
    info->ifa_flags = flags;
    info->ifa_scope = RT_SCOPE_LINK;
    info->ifa_prefixlen = 24;
    return message;
}

static struct nlmsghdr *begin_link(char *buffer, unsigned flags)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);

    message->nlmsg_type = RTM_NEWLINK;
    info->ifi_index = INDEX;
    info->ifi_flags = flags;
    return message;
}

static struct nlmsghdr *begin_route(char *buffer, int family, unsigned char type)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof *route);

    message->nlmsg_type = RTM_NEWROUTE;
    route->rtm_family = (unsigned char)family;
    route->rtm_type = type;
    return message;
}

static struct nlmsghdr *usual_address(char *buffer)
{
    struct nlmsghdr *message = begin_address(buffer, AF_INET, 0x80);
    struct ifa_cacheinfo lifetimes = {.ifa_prefered = 600, .ifa_valid = 7200};

    put_ip(message, IFA_ADDRESS, "203.0.113.7", 0);
    put_ip(message, IFA_LOCAL, "203.0.113.7", 0);
    mnl_attr_put_strz(message, IFA_LABEL, "wan0");
    mnl_attr_put_u32(message, IFA_FLAGS, 0x80);
    mnl_attr_put(message, IFA_CACHEINFO, sizeof lifetimes, &lifetimes);
    return message;
}

static struct nlmsghdr *usual_link(char *buffer)
{
    struct nlmsghdr *message = begin_link(buffer, IFF_UP | IFF_RUNNING);

    mnl_attr_put_strz(message, IFLA_IFNAME, "wan0");
    mnl_attr_put_u8(message, IFLA_OPERSTATE, IF_OPER_UP);
    return message;
}

static struct nlmsghdr *usual_route(char *buffer)
{
    struct nlmsghdr *message = begin_route(buffer, AF_INET, RTN_UNICAST);

    put_ip(message, RTA_DST, "198.41.0.4", 0);
    mnl_attr_put_u32(message, RTA_OIF, INDEX);
    put_ip(message, RTA_PREFSRC, "203.0.113.7", 0);
    put_ip(message, RTA_GATEWAY, "203.0.113.1", 0);
    return message;
}

/* ---- Addresses. ---- */

static const struct {
    const char *what;
    int family;
    const char *local, *address; /* NULL: without */
    size_t local_length;         /* 0: as the family has it */
    unsigned char header_flags;
    size_t flags_length; /* of IFA_FLAGS; 0: without */
    uint32_t flags;
    size_t cache_length; /* of IFA_CACHEINFO; 0: without */
    uint32_t preferred_s;
    const char *ip; /* NULL: no address is read */
    uint32_t expected_flags, expected_preferred_s;
} addresses[] = {
    {"IPv4 on Ethernet", AF_INET, "203.0.113.7", "203.0.113.7", 0, 0x80, 4, 0x80, 16, 600, "203.0.113.7", 0x80, 600},
    {"IPv4 point to point: IFA_ADDRESS is the peer", AF_INET, "203.0.113.7", "198.51.100.1", 0, 0, 0, 0, 0, 0,
     "203.0.113.7", 0, UINT32_MAX},
    {"IPv6 on Ethernet has no IFA_LOCAL", AF_INET6, NULL, "2001:db8::7", 0, 0x80, 4, 0x80, 16, 3600, "2001:db8::7",
     0x80, 3600},
    {"IPv6 point to point", AF_INET6, "2001:db8::7", "2001:db8::1", 0, 0, 0, 0, 0, 0, "2001:db8::7", 0, UINT32_MAX},
    {"IPv4 without IFA_LOCAL", AF_INET, NULL, "203.0.113.7", 0, 0, 0, 0, 0, 0, "203.0.113.7", 0, UINT32_MAX},
    {"flags of more than eight bits", AF_INET6, NULL, "2001:db8::7", 0, 0x80, 4, 0x180, 0, 0, "2001:db8::7", 0x180,
     UINT32_MAX},
    {"IFA_FLAGS stands before the header", AF_INET6, NULL, "2001:db8::7", 0, 0x40, 4, 0x01, 0, 0, "2001:db8::7", 0x01,
     UINT32_MAX},
    {"an old kernel has no IFA_FLAGS", AF_INET6, NULL, "2001:db8::7", 0, 0x41, 0, 0, 0, 0, "2001:db8::7", 0x41,
     UINT32_MAX},
    {"IFA_FLAGS too short", AF_INET6, NULL, "2001:db8::7", 0, 0x41, 2, 0, 0, 0, "2001:db8::7", 0x41, UINT32_MAX},
    {"IFA_FLAGS too long", AF_INET6, NULL, "2001:db8::7", 0, 0x41, 8, 0, 0, 0, "2001:db8::7", 0x41, UINT32_MAX},
    {"IFA_CACHEINFO of a later kernel", AF_INET6, NULL, "2001:db8::7", 0, 0, 0, 0, 24, 5, "2001:db8::7", 0, 5},
    {"IFA_CACHEINFO too short", AF_INET6, NULL, "2001:db8::7", 0, 0, 0, 0, 12, 5, "2001:db8::7", 0, UINT32_MAX},
    {"the preferred lifetime is over", AF_INET6, NULL, "2001:db8::7", 0, 0, 0, 0, 16, 0, "2001:db8::7", 0, 0},
    {"no address at all", AF_INET, NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, 0, 0},
    {"IFA_LOCAL too short", AF_INET, "203.0.113.7", NULL, 3, 0, 0, 0, 0, 0, NULL, 0, 0},
    {"IFA_LOCAL too long", AF_INET, "203.0.113.7", NULL, 5, 0, 0, 0, 0, 0, NULL, 0, 0},
    {"IFA_LOCAL too short beside a good IFA_ADDRESS", AF_INET, "203.0.113.7", "203.0.113.8", 3, 0, 0, 0, 0, 0,
     "203.0.113.8", 0, UINT32_MAX},
    {"IPv6 with four bytes", AF_INET6, "2001:db8::7", NULL, 4, 0, 0, 0, 0, 0, NULL, 0, 0},
    {"IPv4 with sixteen bytes", AF_INET, "2001:db8::7", NULL, 16, 0, 0, 0, 0, 0, NULL, 0, 0},
};

static struct nlmsghdr *address_message(char *buffer, size_t row)
{
    struct nlmsghdr *message = begin_address(buffer, addresses[row].family, addresses[row].header_flags);
    const uint32_t flags[2] = {addresses[row].flags, 0};
    struct ifa_cacheinfo cache[2] = {{.ifa_prefered = addresses[row].preferred_s, .ifa_valid = 7200}};

    mnl_attr_put_strz(message, IFA_LABEL, "wan0");
    put_ip(message, IFA_ADDRESS, addresses[row].address, 0);
    put_ip(message, IFA_LOCAL, addresses[row].local, addresses[row].local_length);
    if (addresses[row].flags_length)
        mnl_attr_put(message, IFA_FLAGS, addresses[row].flags_length, flags);
    if (addresses[row].cache_length)
        mnl_attr_put(message, IFA_CACHEINFO, addresses[row].cache_length, cache);
    return message;
}

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        char buffer[512] = "", text[IP_TEXT_SIZE];
        struct nlmsghdr *message = address_message(buffer, i), *copy = cut(message, message->nlmsg_len);
        struct kernel_address address;
        bool found = message_address(copy, INDEX, addresses[i].family, &address);

        ip_text(&address.ip, text);
        if (found != (addresses[i].ip != NULL) || strcmp(text, found ? addresses[i].ip : "none") != 0)
            unit_wrong("%s: %s", addresses[i].what, text);
        else if (found && (address.flags != addresses[i].expected_flags ||
                           address.preferred_s != addresses[i].expected_preferred_s || address.scope != RT_SCOPE_LINK ||
                           address.prefix_length != 24 || address.ip.family != addresses[i].family))
            unit_wrong("%s: flags %x, preferred %u", addresses[i].what, address.flags, address.preferred_s);
        free(copy);
    }
    unit_all_right();
}

/* An older kernel tells of all links and families: the others are left out. */
static void test_other_addresses(void **state)
{
    static const struct {
        int index;
        int family;
        uint16_t type;
        bool found;
    } cases[] = {
        {INDEX, AF_INET, RTM_NEWADDR, true},      {INDEX, AF_INET, RTM_DELADDR, false},
        {INDEX + 1, AF_INET, RTM_NEWADDR, false}, {INDEX, AF_INET, RTM_NEWLINK, false},
        {INDEX, AF_INET6, RTM_NEWADDR, false},    {INDEX, AF_INET, RTM_NEWROUTE, false},
        {INDEX, AF_UNSPEC, RTM_NEWADDR, false},   {INDEX, AF_INET, NLMSG_DONE, false},
    };
    char buffer[512] = "";
    struct nlmsghdr *message = usual_address(buffer);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kernel_address address;

        message->nlmsg_type = cases[i].type;
        if (message_address(message, cases[i].index, cases[i].family, &address) != cases[i].found ||
            ip_is_set(&address.ip) != cases[i].found)
            unit_wrong("row %zu", i);
    }
    unit_all_right();
}

/* A family that has no addresses of ours does not get any, whatever the length of the bytes. */
static void test_odd_families(void **state)
{
    static const int families[] = {AF_UNSPEC, AF_PACKET, AF_BRIDGE, 128, 255};

    (void)state;
    for (size_t i = 0; i < COUNT(families); i++) {
        char buffer[512] = "";
        struct nlmsghdr *message = begin_address(buffer, families[i], 0);
        struct kernel_address address;

        put_ip(message, IFA_LOCAL, "203.0.113.7", 0);
        put_ip(message, IFA_ADDRESS, "2001:db8::7", 0);
        if (message_address(message, INDEX, families[i], &address))
            unit_wrong("family %d", families[i]);
        if (message_address(message, INDEX, AF_INET, &address) || message_address(message, INDEX, AF_INET6, &address))
            unit_wrong("family %d is taken for another", families[i]);
    }
    unit_all_right();
}

/* ---- Links. ---- */

static void test_links(void **state)
{
    enum { RUNNING = IFF_UP | IFF_RUNNING };
    static const struct {
        unsigned flags;
        int operstate; /* -1: without */
        bool up;
    } cases[] = {
        {RUNNING, IF_OPER_UP, true},
        {RUNNING, IF_OPER_UNKNOWN, true}, /* ppp, tun */
        {RUNNING, -1, true},
        {IFF_UP, IF_OPER_UP, false},
        {IFF_UP, IF_OPER_DOWN, false}, /* no carrier */
        {IFF_RUNNING, IF_OPER_UP, false},
        {0, IF_OPER_DOWN, false},
        {RUNNING, IF_OPER_DORMANT, false}, /* 802.1X has not let us in yet */
        {RUNNING, IF_OPER_LOWERLAYERDOWN, false},
        {RUNNING, IF_OPER_NOTPRESENT, false},
        {RUNNING, IF_OPER_TESTING, false},
        {RUNNING, 255, false}, /* of a later kernel */
        {RUNNING | IFF_POINTOPOINT | IFF_NOARP, IF_OPER_UNKNOWN, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[512] = "";
        struct nlmsghdr *message = begin_link(buffer, cases[i].flags);
        struct kernel_link link;

        mnl_attr_put_strz(message, IFLA_IFNAME, "wan0");
        if (cases[i].operstate >= 0)
            mnl_attr_put_u8(message, IFLA_OPERSTATE, (uint8_t)cases[i].operstate);
        if (!message_link(message, &link) || link.up != cases[i].up || link.index != INDEX ||
            strcmp(link.name, "wan0") != 0)
            unit_wrong("row %zu: %d %s %d", i, link.index, link.name, link.up);
    }
    unit_all_right();
}

/* A state of another length than a byte is none. */
static void test_operstate_length(void **state)
{
    static const unsigned char bytes[4] = {IF_OPER_DOWN, IF_OPER_DOWN, IF_OPER_DOWN, IF_OPER_DOWN};

    (void)state;
    for (size_t length = 0; length <= sizeof bytes; length++) {
        char buffer[512] = "";
        struct nlmsghdr *message = begin_link(buffer, IFF_UP | IFF_RUNNING), *copy;
        struct kernel_link link;

        mnl_attr_put_strz(message, IFLA_IFNAME, "wan0");
        mnl_attr_put(message, IFLA_OPERSTATE, length, bytes);
        copy = cut(message, message->nlmsg_len);
        if (!message_link(copy, &link) || link.up != (length != 1))
            unit_wrong("%zu bytes: %d", length, link.up);
        free(copy);
    }
    unit_all_right();
}

/* A name is taken with its NUL and in its length, or not at all. */
static void test_link_names(void **state)
{
    static const struct {
        const char *name;
        size_t length;
        const char *expected;
    } cases[] = {
        {"abcdefghijklmno", 16, "abcdefghijklmno"},
        {"abcdefghijklmnop", 17, ""},
        {"abcdefghijklmnop", 16, ""}, /* sixteen bytes, none of them NUL */
        {"wan0", 4, ""},
        {"", 0, ""},
        {"", 1, ""},
        {"a\0b", 4, "a"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[512] = "";
        struct nlmsghdr *message = begin_link(buffer, IFF_UP), *copy;
        struct kernel_link link;
        bool found;

        mnl_attr_put(message, IFLA_IFNAME, cases[i].length, cases[i].name);
        copy = cut(message, message->nlmsg_len);
        found = message_link(copy, &link);
        if (found != (cases[i].expected[0] != '\0') || strcmp(link.name, cases[i].expected) != 0)
            unit_wrong("row %zu: \"%s\"", i, link.name);
        free(copy);
    }
    unit_all_right();
}

static void test_link_without_index(void **state)
{
    char buffer[512] = "";
    struct nlmsghdr *message = usual_link(buffer);
    struct kernel_link link;

    (void)state;
    assert_true(message_link(message, &link));
    ((struct ifinfomsg *)mnl_nlmsg_get_payload(message))->ifi_index = 0;
    assert_false(message_link(message, &link));
    message->nlmsg_type = RTM_DELLINK;
    assert_false(message_link(message, &link));
}

/* ---- Routes. ---- */

static void test_routes(void **state)
{
    static const struct {
        const char *what;
        unsigned char type;
        size_t length; /* of RTA_OIF; 0: without */
        const char *source;
        size_t source_length; /* 0: as its family has it */
        int index;            /* 0: no route over a link */
        const char *expected_source;
    } cases[] = {
        {"a route", RTN_UNICAST, 4, "203.0.113.7", 0, INDEX, "203.0.113.7"},
        {"without RTA_PREFSRC", RTN_UNICAST, 4, NULL, 0, INDEX, "none"},
        {"RTA_PREFSRC too short", RTN_UNICAST, 4, "203.0.113.7", 3, INDEX, "none"},
        {"RTA_PREFSRC too long", RTN_UNICAST, 4, "203.0.113.7", 8, INDEX, "none"},
        {"RTA_PREFSRC of the other family", RTN_UNICAST, 4, "2001:db8::7", 0, INDEX, "none"},
        {"without RTA_OIF", RTN_UNICAST, 0, NULL, 0, 0, "none"},
        {"RTA_OIF too short", RTN_UNICAST, 2, NULL, 0, 0, "none"},
        {"RTA_OIF too long", RTN_UNICAST, 8, NULL, 0, 0, "none"},
        {"local", RTN_LOCAL, 4, "203.0.113.7", 0, 0, "none"},
        {"blackhole", RTN_BLACKHOLE, 4, "203.0.113.7", 0, 0, "none"},
        {"unreachable", RTN_UNREACHABLE, 4, "203.0.113.7", 0, 0, "none"},
        {"prohibit", RTN_PROHIBIT, 4, "203.0.113.7", 0, 0, "none"},
        {"throw", RTN_THROW, 4, "203.0.113.7", 0, 0, "none"},
    };
    const uint32_t index[2] = {INDEX, 0};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[512] = "", text[IP_TEXT_SIZE];
        struct nlmsghdr *message = begin_route(buffer, AF_INET, cases[i].type), *copy;
        struct kernel_route route;

        if (cases[i].length)
            mnl_attr_put(message, RTA_OIF, cases[i].length, index);
        put_ip(message, RTA_PREFSRC, cases[i].source, cases[i].source_length);
        copy = cut(message, message->nlmsg_len);
        if (message_route(copy, AF_INET, &route) != (cases[i].index != 0) || route.index != cases[i].index ||
            strcmp(ip_text(&route.source, text), cases[i].expected_source) != 0)
            unit_wrong("%s: %d from %s", cases[i].what, route.index, text);
        free(copy);
    }
    unit_all_right();
}

static void test_route6(void **state)
{
    char buffer[512] = "", text[IP_TEXT_SIZE];
    struct nlmsghdr *message = begin_route(buffer, AF_INET6, RTN_UNICAST);
    struct kernel_route route;

    (void)state;
    mnl_attr_put_u32(message, RTA_OIF, INDEX);
    put_ip(message, RTA_PREFSRC, "2001:db8::7", 0);
    assert_true(message_route(message, AF_INET6, &route));
    assert_string_equal(ip_text(&route.source, text), "2001:db8::7");
    message->nlmsg_type = RTM_DELROUTE;
    assert_false(message_route(message, AF_INET6, &route));
}

/* The gateway, which may be of the other family (RFC 5549), or none. */
static void test_gateway(void **state)
{
    static const struct {
        const char *what;
        int family;
        uint16_t type;
        size_t size, length; /* of the attribute, in all and as it is given; 0: as it is */
        const char *gateway, *expected;
    } cases[] = {
        {"IPv4", AF_INET, RTA_GATEWAY, 4, 0, "203.0.113.1", "203.0.113.1"},
        {"IPv6", AF_INET6, RTA_GATEWAY, 16, 0, "fe80::1", "fe80::1"},
        {"none", AF_INET, RTA_PRIORITY, 4, 0, "203.0.113.1", "none"},
        {"of another family than it says", AF_INET, RTA_GATEWAY, 16, 0, "fe80::1", "none"},
        {"IPv4 over IPv6", AF_INET, RTA_VIA, 18, 0, "fe80::1", "fe80::1"},
        {"IPv6 over IPv4", AF_INET6, RTA_VIA, 6, 0, "203.0.113.1", "203.0.113.1"},
        {"via, cut short", AF_INET, RTA_VIA, 18, 17, "fe80::1", "none"},
        {"via, without an address", AF_INET, RTA_VIA, 18, 2, "fe80::1", "none"},
        {"via, without a family", AF_INET, RTA_VIA, 18, 1, "fe80::1", "none"},
        {"via, empty", AF_INET, RTA_VIA, 18, 0, "", "none"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[512] = "", text[IP_TEXT_SIZE];
        struct nlmsghdr *message = begin_route(buffer, cases[i].family, RTN_UNICAST), *copy;
        unsigned char payload[18] = {0};
        struct kernel_route route;
        struct ip gateway = {0};

        ip_parse(cases[i].gateway, &gateway);
        if (cases[i].type == RTA_VIA) {
            const struct rtvia via = {.rtvia_family = gateway.family};

            memcpy(payload, &via, sizeof via);
            memcpy(payload + sizeof via, gateway.bytes, sizeof gateway.bytes);
        } else {
            memcpy(payload, gateway.bytes, sizeof gateway.bytes);
        }
        mnl_attr_put_u32(message, RTA_OIF, INDEX);
        mnl_attr_put(message, cases[i].type, *cases[i].gateway && cases[i].length ? cases[i].length : cases[i].size,
                     payload);
        copy = cut(message, message->nlmsg_len);
        if (!message_route(copy, cases[i].family, &route) || strcmp(ip_text(&route.gateway, text), cases[i].expected))
            unit_wrong("%s: %s", cases[i].what, text);
        free(copy);
    }
    unit_all_right();
}

/* The answer to a lookup names the one hop that was taken. A multipath route as such names none, and one of its hops
 * is not picked at random. */
static void test_multipath(void **state)
{
    char buffer[512] = "";
    struct nlmsghdr *message = begin_route(buffer, AF_INET, RTN_UNICAST);
    struct rtnexthop hops[2] = {{.rtnh_len = sizeof *hops, .rtnh_ifindex = 3},
                                {.rtnh_len = sizeof *hops, .rtnh_ifindex = 4}};
    struct kernel_route route;

    (void)state;
    mnl_attr_put(message, RTA_MULTIPATH, sizeof hops, hops);
    assert_false(message_route(message, AF_INET, &route));
    assert_int_equal(route.index, 0);
    mnl_attr_put_u32(message, RTA_OIF, INDEX);
    assert_true(message_route(message, AF_INET, &route));
    assert_int_equal(route.index, INDEX);
}

/* ---- Datagrams. ---- */

static void test_whole(void **state)
{
    static const struct {
        uint32_t lengths[3]; /* that the messages claim, one behind the other; 0 ends them */
        size_t length;       /* of the datagram */
        bool whole;
    } cases[] = {
        {{0}, 0, true},
        {{20}, 20, true},
        {{16}, 16, true},
        {{20, 16, 24}, 60, true},
        {{21}, 21, true},      /* the last one needs no padding */
        {{21, 16}, 40, true},  /* those before it have it */
        {{20, 16}, 51, true},  /* crumbs */
        {{20}, 15, true},      /* nothing but crumbs */
        {{20}, 19, false},     /* cut off */
        {{20, 20}, 39, false}, /* the second is */
        {{15}, 20, false},     /* shorter than its header */
        {{20, 1}, 40, false},
        {{20, 0}, 40, false}, /* would never end */
        {{0x7fffffff}, 64, false},
        {{0x80000000}, 64, false}, /* negative for libmnl 1.0.4 */
        {{20, 0xfffffff0}, 64, false},
        {{0xffffffff}, 64, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char *datagram = calloc(1, cases[i].length ? cases[i].length : 1);
        size_t at = 0;

        assert_non_null(datagram);
        for (size_t n = 0; n < 3 && cases[i].lengths[n] && at + 4 <= cases[i].length; n++) {
            memcpy(datagram + at, &cases[i].lengths[n], sizeof cases[i].lengths[n]);
            at += NLMSG_ALIGN((size_t)cases[i].lengths[n]);
        }
        if (message_all_whole(datagram, cases[i].length) != cases[i].whole)
            unit_wrong("row %zu", i);
        free(datagram);
    }
    unit_all_right();
}

/* ---- Damage. ---- */

/* To everything that reads one. Nothing is expected but that no byte beyond the message is touched. */
static void feed(const struct nlmsghdr *message)
{
    struct kernel_address address;
    struct kernel_link link;
    struct kernel_route route;

    message_address(message, INDEX, AF_INET, &address);
    message_address(message, INDEX, AF_INET6, &address);
    message_link(message, &link);
    message_route(message, AF_INET, &route);
    assert_true(memchr(link.name, '\0', sizeof link.name) != NULL);
}

/* Each message cut off at each byte, its header saying so: what lies behind the cut is not read, and what is read is
 * the same as before. */
static void test_truncated(void **state)
{
    char buffers[3][512] = {"", "", ""}, text[IP_TEXT_SIZE];
    const struct nlmsghdr *messages[] = {usual_address(buffers[0]), usual_link(buffers[1]), usual_route(buffers[2])};

    (void)state;
    for (size_t i = 0; i < COUNT(messages); i++) {
        for (size_t length = NLMSG_HDRLEN; length < messages[i]->nlmsg_len; length++) {
            struct nlmsghdr *copy = cut(messages[i], length);
            struct kernel_address address;
            struct kernel_link link;
            struct kernel_route route;

            if (message_address(copy, INDEX, AF_INET, &address))
                assert_string_equal(ip_text(&address.ip, text), "203.0.113.7");
            if (message_link(copy, &link))
                assert_string_equal(link.name, "wan0");
            if (message_route(copy, AF_INET, &route))
                assert_int_equal(route.index, INDEX);
            feed(copy);
            free(copy);
        }
    }
}

/* Attributes may lie about their own length; the reading ends there, and what stood before it counts. */
static void test_lying_lengths(void **state)
{
    static const uint16_t lengths[] = {0, 1, 3, 9, 100, 0xffff};

    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        char buffer[512] = "";
        struct nlmsghdr *message = begin_route(buffer, AF_INET, RTN_UNICAST), *copy;
        size_t at;
        struct kernel_route route;

        mnl_attr_put_u32(message, RTA_OIF, INDEX);
        at = message->nlmsg_len;
        mnl_attr_put_u32(message, RTA_OIF, INDEX + 1);
        copy = cut(message, message->nlmsg_len);
        memcpy((char *)copy + at, &lengths[i], sizeof lengths[i]);
        if (!message_route(copy, AF_INET, &route) || route.index != INDEX)
            unit_wrong("a length of %u: link %d", lengths[i], route.index);
        free(copy);
    }
    unit_all_right();
}

static void test_damaged(void **state)
{
    static struct nlmsghdr *(*const usual[])(char *) = {usual_address, usual_link, usual_route};
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 5);
    for (size_t round = 0; round < 100000; round++) {
        char buffer[512] = "";
        const struct nlmsghdr *message = usual[round % COUNT(usual)](buffer);
        struct nlmsghdr *copy = cut(message, message->nlmsg_len);

        for (uint32_t n = 1 + unit_random(&random, 4); n > 0; n--) {
            size_t at = NLMSG_HDRLEN + unit_random(&random, copy->nlmsg_len - NLMSG_HDRLEN);

            ((unsigned char *)copy)[at] = (unsigned char)unit_random(&random, unit_random(&random, 2) ? 256 : 24);
        }
        feed(copy);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_other_addresses),
        cmocka_unit_test(test_odd_families),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_operstate_length),
        cmocka_unit_test(test_link_names),
        cmocka_unit_test(test_link_without_index),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_route6),
        cmocka_unit_test(test_gateway),
        cmocka_unit_test(test_multipath),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_lying_lengths),
        cmocka_unit_test(test_damaged),
    };

    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
