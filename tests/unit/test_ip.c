#include "ip.h"

#include "unit.h"

#include <arpa/inet.h>

/* The whole address space in rows without a gap, so that each border is looked at from both sides. By the IANA
 * special-purpose address registries (RFC 6890 and what updated them); "global" is what no registry names. */
struct row {
    const char *first, *last;
    enum ip_kind kind;
    const char *why;
};

static const struct row rows4[] = {
    {"0.0.0.0", "0.255.255.255", IP_SPECIAL, "this network, RFC 791"},
    {"1.0.0.0", "9.255.255.255", IP_PUBLIC, "global"},
    {"10.0.0.0", "10.255.255.255", IP_PRIVATE, "RFC 1918"},
    {"11.0.0.0", "100.63.255.255", IP_PUBLIC, "global"},
    {"100.64.0.0", "100.127.255.255", IP_CARRIER_NAT, "RFC 6598"},
    {"100.128.0.0", "126.255.255.255", IP_PUBLIC, "global"},
    {"127.0.0.0", "127.255.255.255", IP_SPECIAL, "loopback, RFC 1122"},
    {"128.0.0.0", "169.253.255.255", IP_PUBLIC, "global"},
    {"169.254.0.0", "169.254.255.255", IP_LINK_LOCAL, "RFC 3927"},
    {"169.255.0.0", "172.15.255.255", IP_PUBLIC, "global"},
    {"172.16.0.0", "172.31.255.255", IP_PRIVATE, "RFC 1918"},
    {"172.32.0.0", "191.255.255.255", IP_PUBLIC, "global"},
    {"192.0.0.0", "192.0.0.7", IP_SPECIAL, "service continuity (DS-Lite), RFC 7335"},
    {"192.0.0.8", "192.0.0.8", IP_SPECIAL, "dummy address, RFC 7600"},
    {"192.0.0.9", "192.0.0.9", IP_PUBLIC, "PCP anycast, RFC 7723"},
    {"192.0.0.10", "192.0.0.10", IP_PUBLIC, "TURN anycast, RFC 8155"},
    {"192.0.0.11", "192.0.0.169", IP_SPECIAL, "protocol assignments, RFC 6890"},
    {"192.0.0.170", "192.0.0.171", IP_SPECIAL, "NAT64 discovery, RFC 8880"},
    {"192.0.0.172", "192.0.0.255", IP_SPECIAL, "protocol assignments, RFC 6890"},
    {"192.0.1.0", "192.0.1.255", IP_PUBLIC, "global"},
    {"192.0.2.0", "192.0.2.255", IP_PUBLIC, "documentation, RFC 5737"},
    {"192.0.3.0", "192.31.195.255", IP_PUBLIC, "global"},
    {"192.31.196.0", "192.31.196.255", IP_PUBLIC, "AS112, RFC 7535"},
    {"192.31.197.0", "192.52.192.255", IP_PUBLIC, "global"},
    {"192.52.193.0", "192.52.193.255", IP_PUBLIC, "AMT, RFC 7450"},
    {"192.52.194.0", "192.88.98.255", IP_PUBLIC, "global"},
    {"192.88.99.0", "192.88.99.255", IP_SPECIAL, "6to4 relays, RFC 7526"},
    {"192.88.100.0", "192.167.255.255", IP_PUBLIC, "global"},
    {"192.168.0.0", "192.168.255.255", IP_PRIVATE, "RFC 1918"},
    {"192.169.0.0", "192.175.47.255", IP_PUBLIC, "global"},
    {"192.175.48.0", "192.175.48.255", IP_PUBLIC, "AS112, RFC 7534"},
    {"192.175.49.0", "198.17.255.255", IP_PUBLIC, "global"},
    {"198.18.0.0", "198.19.255.255", IP_SPECIAL, "benchmarking, RFC 2544"},
    {"198.20.0.0", "198.51.99.255", IP_PUBLIC, "global"},
    {"198.51.100.0", "198.51.100.255", IP_PUBLIC, "documentation, RFC 5737"},
    {"198.51.101.0", "203.0.112.255", IP_PUBLIC, "global"},
    {"203.0.113.0", "203.0.113.255", IP_PUBLIC, "documentation, RFC 5737"},
    {"203.0.114.0", "223.255.255.255", IP_PUBLIC, "global"},
    {"224.0.0.0", "239.255.255.255", IP_SPECIAL, "multicast, RFC 5771"},
    {"240.0.0.0", "255.255.255.254", IP_SPECIAL, "reserved, RFC 1112"},
    {"255.255.255.255", "255.255.255.255", IP_SPECIAL, "limited broadcast, RFC 8190"},
};

/* The range says nothing: what counts is the IPv4 address inside, see test_kind_of_the_ipv4_inside(). */
#define OF_IPV4 ((enum ip_kind)(IP_SPECIAL + 1))

#define ONES4   "ffff:ffff:ffff:ffff"
#define ONES5   "ffff:" ONES4
#define ONES6   "ffff:" ONES5
#define ONES7   "ffff:" ONES6

static const struct row rows6[] = {
    {"::", "::", IP_SPECIAL, "unspecified, RFC 4291"},
    {"::1", "::1", IP_SPECIAL, "loopback, RFC 4291"},
    {"::2", "::fffe:ffff:ffff", IP_SPECIAL, "IPv4-compatible and unassigned, RFC 4291"},
    {"::ffff:0:0", "::ffff:ffff:ffff", IP_SPECIAL, "IPv4-mapped, RFC 4291"},
    {"::1:0:0:0", "64:ff9a:" ONES6, IP_SPECIAL, "unassigned, RFC 4291"},
    {"64:ff9b::", "64:ff9b::ffff:ffff", IP_SPECIAL, "IPv4-IPv6 translation, RFC 6052"},
    {"64:ff9b::1:0:0", "64:ff9b:0:" ONES5, IP_SPECIAL, "unassigned, RFC 4291"},
    {"64:ff9b:1::", "64:ff9b:1:" ONES5, IP_SPECIAL, "local translation, RFC 8215"},
    {"64:ff9b:2::", "ff:" ONES7, IP_SPECIAL, "unassigned, RFC 4291"},
    {"100::", "100::" ONES4, IP_SPECIAL, "discard only, RFC 6666"},
    {"100:0:0:1::", "100:0:0:1:" ONES4, IP_SPECIAL, "dummy prefix, RFC 9780"},
    {"100:0:0:2::", "1fff:" ONES7, IP_SPECIAL, "unassigned, RFC 4291"},
    {"2000::", "2000:" ONES7, IP_PUBLIC, "global"},
    {"2001::", "2001:0:" ONES6, OF_IPV4, "Teredo, RFC 4380"},
    {"2001:1::", "2001:1::", IP_SPECIAL, "protocol assignments, RFC 2928"},
    {"2001:1::1", "2001:1::1", IP_PUBLIC, "PCP anycast, RFC 7723"},
    {"2001:1::2", "2001:1::2", IP_PUBLIC, "TURN anycast, RFC 8155"},
    {"2001:1::3", "2001:1::3", IP_PUBLIC, "DNS-SD registration anycast, RFC 9665"},
    {"2001:1::4", "2001:1:" ONES6, IP_SPECIAL, "protocol assignments, RFC 2928"},
    {"2001:2::", "2001:2:0:" ONES5, IP_SPECIAL, "benchmarking, RFC 5180"},
    {"2001:2:1::", "2001:2:" ONES6, IP_SPECIAL, "protocol assignments, RFC 2928"},
    {"2001:3::", "2001:3:" ONES6, IP_PUBLIC, "AMT, RFC 7450"},
    {"2001:4::", "2001:4:111:" ONES5, IP_SPECIAL, "protocol assignments, RFC 2928"},
    {"2001:4:112::", "2001:4:112:" ONES5, IP_PUBLIC, "AS112, RFC 7535"},
    {"2001:4:113::", "2001:f:" ONES6, IP_SPECIAL, "protocol assignments, RFC 2928"},
    {"2001:10::", "2001:1f:" ONES6, IP_SPECIAL, "ORCHID, given back, RFC 4843"},
    {"2001:20::", "2001:2f:" ONES6, IP_PUBLIC, "ORCHIDv2, RFC 7343"},
    {"2001:30::", "2001:3f:" ONES6, IP_PUBLIC, "drone remote ID, RFC 9374"},
    {"2001:40::", "2001:1ff:" ONES6, IP_SPECIAL, "protocol assignments, RFC 2928"},
    {"2001:200::", "2001:db7:" ONES6, IP_PUBLIC, "global"},
    {"2001:db8::", "2001:db8:" ONES6, IP_PUBLIC, "documentation, RFC 3849"},
    {"2001:db9::", "2001:" ONES7, IP_PUBLIC, "global"},
    {"2002::", "2002:" ONES7, OF_IPV4, "6to4, RFC 3056"},
    {"2003::", "2620:4f:7fff:" ONES5, IP_PUBLIC, "global"},
    {"2620:4f:8000::", "2620:4f:8000:" ONES5, IP_PUBLIC, "AS112, RFC 7534"},
    {"2620:4f:8001::", "3ffe:" ONES7, IP_PUBLIC, "global"},
    {"3fff::", "3fff:fff:" ONES6, IP_PUBLIC, "documentation, RFC 9637"},
    {"3fff:1000::", "3fff:" ONES7, IP_PUBLIC, "global"},
    {"4000::", "5eff:" ONES7, IP_SPECIAL, "unassigned, RFC 4291"},
    {"5f00::", "5f00:" ONES7, IP_SPECIAL, "segment routing, RFC 9602"},
    {"5f01::", "fbff:" ONES7, IP_SPECIAL, "unassigned, RFC 4291"},
    {"fc00::", "fcff:" ONES7, IP_ULA, "RFC 4193"},
    {"fd00::", "fdff:" ONES7, IP_ULA, "RFC 4193"},
    {"fe00::", "fe7f:" ONES7, IP_SPECIAL, "unassigned, RFC 4291"},
    {"fe80::", "febf:" ONES7, IP_LINK_LOCAL, "RFC 4291"},
    {"fec0::", "feff:" ONES7, IP_SPECIAL, "site-local, given back, RFC 3879"},
    {"ff00::", "ffff:" ONES7, IP_SPECIAL, "multicast, RFC 4291"},
};

static struct ip parsed(const char *text)
{
    struct ip ip;

    if (!ip_parse(text, &ip))
        unit_wrong("not parsed: %s", text);
    return ip;
}

static size_t length_of(const struct ip *ip)
{
    return ip->family == AF_INET ? 4 : 16;
}

/* The next address; false past the last one. */
static bool increment(struct ip *ip)
{
    for (size_t i = length_of(ip); i-- > 0;)
        if (++ip->bytes[i] != 0)
            return true;
    return false;
}

/* An address of the row that is neither too near to its first nor always the same. */
static struct ip inside(const struct ip *first, const struct ip *last, struct unit_random *random)
{
    struct ip ip = *first;
    bool below = false, above = false;

    for (size_t i = 0; i < length_of(first); i++) {
        unsigned low = above ? 0 : first->bytes[i], high = below ? 255 : last->bytes[i];

        ip.bytes[i] = (unsigned char)(low + unit_random(random, high - low + 1));
        above |= ip.bytes[i] > first->bytes[i];
        below |= ip.bytes[i] < last->bytes[i];
    }
    return ip;
}

static void try_kind(const struct ip *ip, const struct row *row)
{
    char text[IP_TEXT_SIZE];

    if (row->kind != OF_IPV4 && ip_kind(ip) != row->kind)
        unit_wrong("%s is %d instead of %d: %s", ip_text(ip, text), (int)ip_kind(ip), (int)row->kind, row->why);
}

static void try_rows(const struct row *rows, size_t count)
{
    struct ip next = {.family = parsed(rows[0].first).family};
    struct unit_random random;
    bool more = true;

    unit_random_seed(&random, 42);
    for (size_t i = 0; i < count; i++) {
        struct ip first = parsed(rows[i].first), last = parsed(rows[i].last);

        if (!more || !ip_equal(&first, &next))
            unit_wrong("the table has a gap before %s", rows[i].first);
        try_kind(&first, &rows[i]);
        try_kind(&last, &rows[i]);
        for (int n = 0; n < 20; n++) {
            struct ip ip = inside(&first, &last, &random);

            try_kind(&ip, &rows[i]);
        }
        next = last;
        more = increment(&next);
    }
    if (more)
        unit_wrong("the table does not reach the end");
    unit_all_right();
}

static void test_kind_ipv4(void **state)
{
    (void)state;
    try_rows(rows4, COUNT(rows4));
}

static void test_kind_ipv6(void **state)
{
    (void)state;
    try_rows(rows6, COUNT(rows6));
}

/* 6to4 (RFC 3056 section 2) and Teredo (RFC 4380 section 4, where it is inverted) are as good as the IPv4 address that
 * they stand on. */
static void try_inside(const struct ip *ip4, const struct row *row)
{
    struct row expected = {NULL, NULL, row->kind == IP_PUBLIC ? IP_PUBLIC : IP_SPECIAL, row->why};
    struct ip relayed = {.family = AF_INET6, .bytes = {0x20, 0x02, [15] = 1}};
    struct ip teredo = {.family = AF_INET6, .bytes = {0x20, 0x01, [4] = 0xcb, 0, 0x71, 0x01}};

    for (size_t i = 0; i < 4; i++) {
        relayed.bytes[2 + i] = ip4->bytes[i];
        teredo.bytes[12 + i] = (unsigned char)~ip4->bytes[i];
    }
    try_kind(&relayed, &expected);
    try_kind(&teredo, &expected);
}

static void test_kind_of_the_ipv4_inside(void **state)
{
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 6);
    for (size_t i = 0; i < COUNT(rows4); i++) {
        struct ip first = parsed(rows4[i].first), last = parsed(rows4[i].last);

        try_inside(&first, &rows4[i]);
        try_inside(&last, &rows4[i]);
        for (int n = 0; n < 20; n++) {
            struct ip ip = inside(&first, &last, &random);

            try_inside(&ip, &rows4[i]);
        }
    }
    unit_all_right();
}

static void test_text(void **state)
{
    /* What is written, and what comes back (RFC 5952). */
    static const char *const texts[][2] = {
        {"203.0.113.7", "203.0.113.7"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"2001:DB8::A", "2001:db8::a"},
        {"2001:0db8:0000:0000:0000:0000:0000:0007", "2001:db8::7"},
        {"2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"},
        {"::", "::"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct ip ip = parsed(texts[i][0]);
        char text[IP_TEXT_SIZE];

        if (strcmp(ip_text(&ip, text), texts[i][1]) != 0)
            unit_wrong("%s: %s instead of %s", texts[i][0], text, texts[i][1]);
    }
    unit_all_right();
}

static void test_no_address(void **state)
{
    static const char *const texts[] = {
        "",
        " 203.0.113.7",
        "203.0.113.7 ",
        "203.0.113.7\n",
        "203.0.113",
        "203.0.113.7.1",
        "203.0.113.",
        "203.0.113.256",
        "203.0.113.07x",
        "0x7f.0.0.1",
        "127.1",
        "1",
        "a",
        ":",
        ":::",
        "2001:db8::7::1",
        "2001:db8:::7",
        "2001:db8::12345",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "fe80::1%eth0",
        "[2001:db8::7]",
        "203.0.113.7/24",
        "-1.0.0.0",
        "203.0.113.7,2001:db8::7",
        "::ffff:192.0.2",
        "2001:db8::g",
        "localhost",
        "none",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct ip ip;
        char text[IP_TEXT_SIZE];

        memset(&ip, 0xaa, sizeof ip);
        if (ip_parse(texts[i], &ip))
            unit_wrong("\"%s\" was read as %s", texts[i], ip_text(&ip, text));
        else if (ip_is_set(&ip) || strcmp(ip_text(&ip, text), "none") != 0)
            unit_wrong("\"%s\" left an address behind", texts[i]);
    }
    unit_all_right();
}

static void test_from_bytes(void **state)
{
    static const unsigned char bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
    static const struct {
        int family;
        size_t length;
        const char *text;
    } cases[] = {
        {AF_INET, 4, "32.1.13.184"}, {AF_INET6, 16, "2001:db8::7"}, {AF_INET, 16, "none"}, {AF_INET6, 4, "none"},
        {AF_INET, 0, "none"},        {AF_INET, 3, "none"},          {AF_INET, 5, "none"},  {AF_INET6, 15, "none"},
        {AF_UNSPEC, 4, "none"},      {AF_UNSPEC, 0, "none"},        {AF_UNIX, 4, "none"},  {255, 16, "none"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ip ip;
        char text[IP_TEXT_SIZE];
        bool good;

        memset(&ip, 0xaa, sizeof ip);
        good = ip_from_bytes(cases[i].family, bytes, cases[i].length, &ip);
        if (strcmp(ip_text(&ip, text), cases[i].text) != 0 || good != ip_is_set(&ip))
            unit_wrong("family %d, length %zu: %s", cases[i].family, cases[i].length, text);
    }
    unit_all_right();
}

static void test_equal(void **state)
{
    struct ip a = parsed("203.0.113.7"), b = parsed("203.0.113.8"), c = parsed("cb00:7107::"), none = {0};

    (void)state;
    assert_true(ip_equal(&a, &a));
    assert_false(ip_equal(&a, &b));
    /* The same four bytes in front, another family. */
    assert_false(ip_equal(&a, &c));
    assert_false(ip_equal(&a, &none));
    assert_true(ip_equal(&none, &none));
    assert_true(ip_is_set(&a));
    assert_false(ip_is_set(&none));
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(ip_family_name(AF_INET), "ipv4");
    assert_string_equal(ip_family_name(AF_INET6), "ipv6");
    assert_string_equal(ip_record_type(AF_INET), "A");
    assert_string_equal(ip_record_type(AF_INET6), "AAAA");
}

static void test_is_here(void **state)
{
    struct ip ip;

    (void)state;
    assert_true(ip_parse("127.0.0.1", &ip) && ip_is_here(&ip));
    assert_true(ip_parse("203.0.113.6", &ip) && !ip_is_here(&ip));
    assert_true(ip_parse("2001:db8:ffff::6", &ip) && !ip_is_here(&ip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kind_ipv4),
        cmocka_unit_test(test_kind_ipv6),
        cmocka_unit_test(test_kind_of_the_ipv4_inside),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_no_address),
        cmocka_unit_test(test_from_bytes),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_is_here),
    };

    return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}
