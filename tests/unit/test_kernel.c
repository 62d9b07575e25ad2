/* Reading what the kernel says, from messages made here: statics are reached by including the file. What needs a real
 * link is tested in network namespaces. */
#include "../../src/kernel.c"

#include "unit.h"

/* ---- Messages. ---- */

static void set_attribute(struct nlmsghdr *message, uint16_t type, size_t length, const void *bytes)
{
    mnl_attr_put(message, type, length, bytes);
}

/* An attribute from a text: an address, or nothing. */
static void set_address(struct nlmsghdr *message, uint16_t type, const char *text, size_t length)
{
    struct ip ip;

    if (!text)
        return;
    assert_true(ip_parse(text, &ip));
    set_attribute(message, type, length ? length : ip.family == AF_INET ? 4 : 16, ip.bytes);
}

/* The kernel's answer, in memory of exactly its length, rounded up to four bytes as in a datagram: what reads past it
 * is found out. */
static struct nlmsghdr *exact_copy(const struct nlmsghdr *message, size_t length)
{
    struct nlmsghdr *copy = calloc(1, NLMSG_ALIGN(length));

    assert_non_null(copy);
    memcpy(copy, message, length);
    if (length >= sizeof *copy)
        copy->nlmsg_len = (uint32_t)length;
    return copy;
}

enum { INDEX = 7 };

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
    {"IFA_FLAGS of a wrong length", AF_INET6, NULL, "2001:db8::7", 0, 0x41, 2, 0, 0, 0, "2001:db8::7", 0x41,
     UINT32_MAX},
    {"IFA_FLAGS too long", AF_INET6, NULL, "2001:db8::7", 0, 0x41, 8, 0, 0, 0, "2001:db8::7", 0x41, UINT32_MAX},
    {"IFA_CACHEINFO of a later kernel", AF_INET6, NULL, "2001:db8::7", 0, 0, 0, 0, 24, 5, "2001:db8::7", 0, 5},
    {"IFA_CACHEINFO too short", AF_INET6, NULL, "2001:db8::7", 0, 0, 0, 0, 12, 5, "2001:db8::7", 0, UINT32_MAX},
    {"the preferred lifetime is over", AF_INET6, NULL, "2001:db8::7", 0, 0, 0, 0, 16, 0, "2001:db8::7", 0, 0},
    {"no address at all", AF_INET, NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, 0, 0},
    {"IFA_LOCAL too short", AF_INET, "203.0.113.7", NULL, 3, 0, 0, 0, 0, 0, NULL, 0, 0},
    {"IFA_LOCAL too long", AF_INET, "203.0.113.7", NULL, 5, 0, 0, 0, 0, 0, NULL, 0, 0},
    {"IFA_LOCAL with the length of the other family", AF_INET6, "2001:db8::7", NULL, 4, 0, 0, 0, 0, 0, NULL, 0, 0},
};

static struct nlmsghdr *address_message(char *buffer, size_t row)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    const unsigned char flags[8] = {(unsigned char)addresses[row].flags, (unsigned char)(addresses[row].flags >> 8)};
    struct ifa_cacheinfo cache[2] = {{.ifa_prefered = addresses[row].preferred_s, .ifa_valid = 7200}};
    uint32_t in_order = addresses[row].flags;

    message->nlmsg_type = RTM_NEWADDR;
    info->ifa_family = (unsigned char)addresses[row].family;
    info->ifa_index = INDEX;
    info->ifa_flags = addresses[row].header_flags;
    info->ifa_scope = RT_SCOPE_LINK;
    info->ifa_prefixlen = 24;
    set_attribute(message, IFA_LABEL, 5, "wan0");
    set_address(message, IFA_ADDRESS, addresses[row].address, 0);
    set_address(message, IFA_LOCAL, addresses[row].local, addresses[row].local_length);
    if (addresses[row].flags_length == sizeof in_order)
        set_attribute(message, IFA_FLAGS, sizeof in_order, &in_order);
    else if (addresses[row].flags_length)
        set_attribute(message, IFA_FLAGS, addresses[row].flags_length, flags);
    if (addresses[row].cache_length)
        set_attribute(message, IFA_CACHEINFO, addresses[row].cache_length, cache);
    return message;
}

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        char buffer[512] = "", text[IP_TEXT_SIZE];
        struct nlmsghdr *message = address_message(buffer, i), *copy = exact_copy(message, message->nlmsg_len);
        struct address_list list = {.index = INDEX, .family = addresses[i].family};

        if (on_address(copy, &list) != MNL_CB_OK)
            unit_wrong("%s: the dump ends", addresses[i].what);
        if (list.count != (addresses[i].ip != NULL))
            unit_wrong("%s: %zu addresses", addresses[i].what, list.count);
        else if (list.count && (strcmp(ip_text(&list.list[0].ip, text), addresses[i].ip) != 0 ||
                                list.list[0].flags != addresses[i].expected_flags ||
                                list.list[0].preferred_s != addresses[i].expected_preferred_s ||
                                list.list[0].scope != RT_SCOPE_LINK || list.list[0].prefix_length != 24))
            unit_wrong("%s: %s, flags %x, preferred %u", addresses[i].what, text, list.list[0].flags,
                       list.list[0].preferred_s);
        free(list.list);
        free(copy);
    }
    unit_all_right();
}

/* An older kernel tells of all links and families: the others are left out. */
static void test_other_addresses(void **state)
{
    static const struct {
        unsigned index;
        int family;
        uint16_t type;
        size_t count;
    } cases[] = {
        {INDEX, AF_INET, RTM_NEWADDR, 1}, {INDEX + 1, AF_INET, RTM_NEWADDR, 0}, {INDEX, AF_INET6, RTM_NEWADDR, 0},
        {INDEX, AF_INET, RTM_DELADDR, 0}, {INDEX, AF_INET, RTM_NEWLINK, 0},
    };
    char buffer[512] = "";
    struct nlmsghdr *message = address_message(buffer, 0);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address_list list = {.index = cases[i].index, .family = cases[i].family};

        message->nlmsg_type = cases[i].type;
        on_address(message, &list);
        if (list.count != cases[i].count)
            unit_wrong("row %zu: %zu addresses", i, list.count);
        free(list.list);
    }
    unit_all_right();
}

/* Feeds a message to everything that reads one. Nothing is expected but that no byte beyond it is touched. */
static void feed(const struct nlmsghdr *message)
{
    struct address_list list = {.index = INDEX, .family = AF_INET6};
    struct kernel_link link = {0};
    struct kernel_route route = {0};
    struct route_answer route_answer = {AF_INET, &route};

    on_address(message, &list);
    list.family = AF_INET;
    on_address(message, &list);
    on_link(message, &link);
    on_route(message, &route_answer);
    assert_true(memchr(link.name, '\0', sizeof link.name) != NULL);
    free(list.list);
}

static struct nlmsghdr *link_message(char *buffer, const char *name, size_t name_length, unsigned flags, int operstate)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    unsigned char byte = (unsigned char)operstate;

    message->nlmsg_type = RTM_NEWLINK;
    info->ifi_index = INDEX;
    info->ifi_flags = flags;
    set_attribute(message, IFLA_IFNAME, name_length, name);
    if (operstate >= 0)
        set_attribute(message, IFLA_OPERSTATE, 1, &byte);
    return message;
}

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
        {RUNNING | IFF_POINTOPOINT | IFF_NOARP, IF_OPER_UNKNOWN, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[512] = "";
        struct nlmsghdr *message = link_message(buffer, "wan0", 5, cases[i].flags, cases[i].operstate);
        struct kernel_link link = {0};

        on_link(message, &link);
        if (link.up != cases[i].up || link.index != INDEX || strcmp(link.name, "wan0") != 0)
            unit_wrong("row %zu: %d %s %d", i, link.index, link.name, link.up);
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
        {"abcdefghijklmnop", 16, ""},
        {"wan0", 4, ""},
        {"", 0, ""},
        {"", 1, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[512] = "";
        struct nlmsghdr *message = link_message(buffer, cases[i].name, cases[i].length, IFF_UP, -1);
        struct kernel_link link = {0};

        on_link(message, &link);
        if (strcmp(link.name, cases[i].expected) != 0)
            unit_wrong("row %zu: \"%s\"", i, link.name);
    }
    unit_all_right();
}

static struct nlmsghdr *route_message(char *buffer, unsigned char type, size_t length)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof *route);
    const uint32_t index[2] = {INDEX, 0};

    message->nlmsg_type = RTM_NEWROUTE;
    route->rtm_type = type;
    if (length) {
        set_attribute(message, RTA_OIF, length, index);
        set_attribute(message, RTA_PREFSRC, length, "\xcb\x00\x71\x07\x00\x00\x00\x00");
    }
    return message;
}

static void test_routes(void **state)
{
    static const struct {
        unsigned char type;
        size_t length; /* of RTA_OIF; 0: without */
        int index;
    } cases[] = {
        {RTN_UNICAST, 4, INDEX}, {RTN_UNICAST, 0, 0},   {RTN_UNICAST, 2, 0},     {RTN_UNICAST, 8, 0},
        {RTN_LOCAL, 4, 0},       {RTN_BLACKHOLE, 4, 0}, {RTN_UNREACHABLE, 4, 0}, {RTN_PROHIBIT, 4, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[512] = "";
        struct nlmsghdr *message = route_message(buffer, cases[i].type, cases[i].length);
        struct kernel_route route = {0};
        struct route_answer answer = {AF_INET, &route};
        char text[IP_TEXT_SIZE];

        on_route(message, &answer);
        if (route.index != cases[i].index ||
            strcmp(ip_text(&route.source, text), cases[i].index ? "203.0.113.7" : "none") != 0)
            unit_wrong("row %zu: %d from %s", i, route.index, text);
    }
    unit_all_right();
}

/* Each message cut off at each byte, its header saying so. */
static void test_truncated(void **state)
{
    char buffers[3][512] = {"", "", ""};
    const struct nlmsghdr *messages[] = {
        address_message(buffers[0], 2),
        link_message(buffers[1], "wan0", 5, IFF_UP, IF_OPER_UP),
        route_message(buffers[2], RTN_UNICAST, 4),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(messages); i++) {
        for (size_t length = NLMSG_HDRLEN; length < messages[i]->nlmsg_len; length++) {
            struct nlmsghdr *copy = exact_copy(messages[i], length);

            feed(copy);
            free(copy);
        }
    }
}

/* Attributes that lie about their length, and any other damage behind the header. */
static void test_damaged(void **state)
{
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 5);
    for (int round = 0; round < 100000; round++) {
        char buffer[512] = "";
        const struct nlmsghdr *message = round % 3 == 0 ? address_message(buffer, (size_t)round / 3 % COUNT(addresses))
                                         : round % 3 == 1 ? link_message(buffer, "wan0", 5, IFF_UP, IF_OPER_UP)
                                                          : route_message(buffer, RTN_UNICAST, 4);
        struct nlmsghdr *copy = exact_copy(message, message->nlmsg_len);

        for (uint32_t n = 1 + unit_random(&random, 4); n > 0; n--) {
            size_t at = NLMSG_HDRLEN + unit_random(&random, copy->nlmsg_len - NLMSG_HDRLEN);

            ((unsigned char *)copy)[at] = (unsigned char)unit_random(&random, unit_random(&random, 2) ? 256 : 24);
        }
        feed(copy);
        free(copy);
    }
}

/* ---- The filter, as the kernel runs it. ---- */

/* Whether a notification of this length passes a socket with the filter. */
static bool passes(int pair[2], const void *message, size_t length)
{
    char buffer[512];

    assert_int_equal(send(pair[1], message, length, 0), length);
    return recv(pair[0], buffer, sizeof buffer, MSG_DONTWAIT) >= 0;
}

static void test_filter(void **state)
{
    static const uint16_t others[] = {RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR,  RTM_NEWRULE,
                                      RTM_DELRULE, NLMSG_DONE,  NLMSG_ERROR, NLMSG_OVERRUN};
    static const uint16_t routes[] = {RTM_NEWROUTE, RTM_DELROUTE};
    char buffer[512] = "";
    struct nlmsghdr *message = route_message(buffer, RTN_UNICAST, 4);
    struct rtmsg *route = mnl_nlmsg_get_payload(message);
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    assert_int_equal(attach_filter(pair[0]), 0);
    for (unsigned prefix = 0; prefix <= 128; prefix++) {
        route->rtm_dst_len = (unsigned char)prefix;
        for (size_t i = 0; i < COUNT(routes); i++) {
            message->nlmsg_type = routes[i];
            if (passes(pair, message, message->nlmsg_len) != (prefix <= 3))
                unit_wrong("route message %u with a prefix of %u", routes[i], prefix);
        }
        /* The same byte means something else in other messages. */
        for (size_t i = 0; i < COUNT(others); i++) {
            message->nlmsg_type = others[i];
            if (!passes(pair, message, message->nlmsg_len))
                unit_wrong("message %u with %u in the place of the prefix", others[i], prefix);
        }
    }
    /* Too short to have a prefix. */
    message->nlmsg_type = RTM_NEWROUTE;
    route->rtm_dst_len = 0;
    if (passes(pair, message, NLMSG_HDRLEN + 1))
        unit_wrong("a route message without a prefix");
    close(pair[0]);
    close(pair[1]);
    unit_all_right();
}

/* ---- Which events are a hint. ---- */

/* Puts an address event of this link behind what is in the datagram. */
static size_t add_event(struct kernel *kernel, size_t at, uint16_t type, int index)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(kernel->datagram + at);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);

    message->nlmsg_type = type;
    info->ifa_index = (unsigned)index;
    return at + NLMSG_ALIGN(message->nlmsg_len);
}

static void test_follow(void **state)
{
    struct kernel *kernel = mem_alloc(sizeof *kernel);
    const int followed[] = {3, 5};
    static const struct {
        uint16_t type;
        int index;
        bool all, some, none; /* a hint when all links, links 3 and 5, or no link is followed */
    } cases[] = {
        {RTM_NEWADDR, 3, true, true, false},  {RTM_DELADDR, 5, true, true, false}, {RTM_NEWADDR, 4, true, false, false},
        {RTM_DELADDR, 0, true, false, false}, {RTM_NEWLINK, 4, true, true, true},  {RTM_DELLINK, 4, true, true, true},
        {RTM_NEWROUTE, 4, true, true, true},  {RTM_DELRULE, 4, true, true, true},
    };

    (void)state;
    for (int mode = 0; mode < 3; mode++) {
        if (mode)
            kernel_follow(kernel, followed, mode == 1 ? COUNT(followed) : 0);
        for (size_t i = 0; i < COUNT(cases); i++) {
            size_t length = add_event(kernel, 0, cases[i].type, cases[i].index);
            bool expected = mode == 0 ? cases[i].all : mode == 1 ? cases[i].some : cases[i].none;

            if (has_hint(kernel, (ssize_t)length) != expected)
                unit_wrong("mode %d, row %zu", mode, i);
        }
    }
    /* Of several messages in one datagram one is enough. */
    kernel_follow(kernel, followed, COUNT(followed));
    assert_true(has_hint(kernel, (ssize_t)add_event(kernel, add_event(kernel, 0, RTM_NEWADDR, 4), RTM_NEWADDR, 5)));
    assert_false(has_hint(kernel, (ssize_t)add_event(kernel, add_event(kernel, 0, RTM_NEWADDR, 4), RTM_NEWADDR, 6)));
    assert_false(has_hint(kernel, 0));
    free(kernel->followed);
    free(kernel);
    unit_all_right();
}

/* ---- The machine's own kernel: every one has lo. ---- */

static void test_questions(void **state)
{
    struct kernel *kernel = kernel_open(NULL, NULL, NULL);
    struct kernel_link link = {0}, again = {0};
    struct kernel_address *list = NULL;
    struct ip destination;
    struct kernel_route route;
    size_t count = 1;

    (void)state;
    assert_non_null(kernel);
    assert_int_equal(kernel_link_by_name(kernel, "lo", &link), 0);
    assert_string_equal(link.name, "lo");
    assert_int_equal(link.index, if_nametoindex("lo"));
    assert_int_equal(kernel_link_by_index(kernel, link.index, &again), 0);
    assert_string_equal(again.name, "lo");
    assert_int_equal(kernel_link_by_name(kernel, "no-such-link", &again), -ENODEV);
    assert_int_equal(kernel_link_by_index(kernel, 0x7ffffff0, &again), -ENODEV);
    /* What went wrong does not stand in the way of the next question. */
    assert_int_equal(kernel_addresses(kernel, link.index, AF_INET, &list, &count), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list[i].ip.family, AF_INET);
    free(list);
    if (kernel_addresses(kernel, 0x7ffffff0, AF_INET, &list, &count) == 0)
        assert_int_equal(count, 0);
    assert_true(ip_parse("127.0.0.1", &destination));
    /* A local address is no way to the Internet. */
    assert_int_equal(kernel_route(kernel, &destination, 0, &route), -ENETUNREACH);
    kernel_close(kernel);
    kernel_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),  cmocka_unit_test(test_other_addresses), cmocka_unit_test(test_links),
        cmocka_unit_test(test_link_names), cmocka_unit_test(test_routes),          cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_damaged),    cmocka_unit_test(test_filter),          cmocka_unit_test(test_follow),
        cmocka_unit_test(test_questions),
    };

    return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
