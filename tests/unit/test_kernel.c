/* Statics are reached by including the file. What needs a real link is tested in network namespaces. */
#include "../../src/kernel.c"

#include "timer.h"
#include "unit.h"

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
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof *route);
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    assert_int_equal(attach_filter(pair[0], NULL, 0), 0);
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

/* The filter runs in the kernel on any socket; here on one that the test can write to. */
static void test_filter_of_addresses(void **state)
{
    struct kernel *kernel = mem_alloc(sizeof *kernel);
    const int followed[] = {3, 5};
    static const struct {
        uint16_t type;
        int index;
        bool all, some, none; /* let through when all links, links 3 and 5, or no link is followed */
    } cases[] = {
        {RTM_NEWADDR, 3, true, true, false},
        {RTM_DELADDR, 5, true, true, false},
        {RTM_NEWADDR, 4, true, false, false},
        {RTM_DELADDR, 0, true, false, false},
        {RTM_NEWLINK, 4, true, true, true},
        {RTM_DELLINK, 4, true, true, true},
        {RTM_NEWADDR, 0x03000000, true, false, false},
        {RTM_DELRULE, 4, true, true, true},
    };
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
    for (int mode = 0; mode < 3; mode++) {
        assert_int_equal(attach_filter(pair[1], mode ? followed : NULL, mode == 1 ? COUNT(followed) : 0), 0);
        for (size_t i = 0; i < COUNT(cases); i++) {
            size_t length = add_event(kernel, 0, cases[i].type, cases[i].index);
            bool expected = mode == 0 ? cases[i].all : mode == 1 ? cases[i].some : cases[i].none;
            char got[DATAGRAM];

            assert_int_equal(write(pair[0], kernel->datagram, length), length);
            if ((read(pair[1], got, sizeof got) > 0) != expected)
                unit_wrong("mode %d, row %zu", mode, i);
        }
    }
    close(pair[0]);
    close(pair[1]);
    free(kernel);
    unit_all_right();
}

/* As many links as the filter takes, from the first to the last. */
static void test_filter_of_many(void **state)
{
    struct kernel *kernel = mem_alloc(sizeof *kernel);
    int followed[MOST_FOLLOWED], pair[2];
    char got[DATAGRAM];

    (void)state;
    for (int i = 0; i < MOST_FOLLOWED; i++)
        followed[i] = 2 * i + 2;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(attach_filter(pair[1], followed, COUNT(followed)), 0);
    for (int index = 1; index <= 2 * MOST_FOLLOWED + 1; index++) {
        size_t length = add_event(kernel, 0, RTM_NEWADDR, index);

        assert_int_equal(write(pair[0], kernel->datagram, length), length);
        if ((read(pair[1], got, sizeof got) > 0) != (index % 2 == 0))
            unit_wrong("link %d", index);
    }
    close(pair[0]);
    close(pair[1]);
    free(kernel);
    unit_all_right();
}

static void no_hint(void *arg, bool overrun)
{
    (void)arg;
    (void)overrun;
}

/* Only links that come in have to be read again. */
static void test_follow(void **state)
{
    struct event_base *base = timer_loop();
    struct kernel *kernel = kernel_open(base, no_hint, NULL);
    int many[MOST_FOLLOWED + 1];

    (void)state;
    assert_non_null(kernel);
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (int)i + 1;
    assert_false(kernel_follow(kernel, (const int[]){5, 3, 5}, 3));
    assert_false(kernel_follow(kernel, (const int[]){3, 5}, 2));
    assert_false(kernel_follow(kernel, (const int[]){5}, 1));
    assert_true(kernel_follow(kernel, (const int[]){3, 5}, 2));
    assert_true(kernel_follow(kernel, (const int[]){3, 4}, 2));
    assert_true(kernel_follow(kernel, many, COUNT(many)));
    assert_false(kernel_follow(kernel, NULL, 0));
    assert_false(kernel_follow(kernel, many, MOST_FOLLOWED));
    assert_false(kernel_follow(kernel, many, 0));
    assert_true(kernel_follow(kernel, many, 1));
    assert_true(kernel_follow(kernel, NULL, 0));
    kernel_close(kernel);
    event_base_free(base);
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
        cmocka_unit_test(test_filter),         cmocka_unit_test(test_filter_of_addresses),
        cmocka_unit_test(test_filter_of_many), cmocka_unit_test(test_follow),
        cmocka_unit_test(test_questions),
    };

    return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
