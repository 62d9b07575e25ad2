#include "host.h"

#include "unit.h"

#include <sys/socket.h>

static const struct {
    const char *text, *part; /* NULL: refused */
    unsigned fits;           /* the longest prefix that it leaves room for */
} suffixes[] = {
    {"::1", "::1", 127},
    {"::1234:5678", "::1234:5678", 99},
    {"::1:2", "::1:2", 111},
    {"::ffff:0:0:0:1", "::ffff:0:0:0:1", 48},
    {"0:0:0:0:8000::", "::8000:0:0:0", 64},
    {"::1:0:0:0:1", "::1:0:0:0:1", 63},
    {"0:0:0:ff::", "0:0:0:ff::", 56},
    {"::192.0.2.1", "::192.0.2.1", 96},
    {"::ABCD", "::abcd", 112},
    {"8000::", "8000::", 0},
    {"2001:db8::1", "2001:db8::1", 2},
    {"::", NULL, 0},
    {"0:0:0:0:0:0:0:0", NULL, 0},
    {"192.0.2.1", NULL, 0},
    {"0.0.0.1", NULL, 0},
    {"", NULL, 0},
    {"1", NULL, 0},
    {":1", NULL, 0},
    {"::1/64", NULL, 0},
    {"::1%eth0", NULL, 0},
    {" ::1", NULL, 0},
    {"::12345", NULL, 0},
    {"02:00:5e:00:53:01", NULL, 0},
};

/* Not by its text, which would be "::0.1.0.2" for ::1:2. */
static bool is_address(const struct ip *ip, const char *text)
{
    struct ip other;

    return ip_parse(text, &other) && ip_equal(ip, &other);
}

static void test_suffix(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        struct host host;
        const char *why = host_parse_suffix(suffixes[i].text, &host);

        if ((why == NULL) != (suffixes[i].part != NULL))
            unit_wrong("'%s' is %s", suffixes[i].text, why ? why : "taken");
        else if (!why && !is_address(&host.part, suffixes[i].part))
            unit_wrong("'%s' does not become %s", suffixes[i].text, suffixes[i].part);
        else if (!why && host.is_mac)
            unit_wrong("'%s' is no MAC", suffixes[i].text);
        for (unsigned length = 0; !why && length <= 128; length++)
            if (host_fits(&host, length) != (length <= suffixes[i].fits))
                unit_wrong("'%s' behind a prefix of %u bits", suffixes[i].text, length);
    }
    unit_all_right();
}

/* RFC 4291 appendix A: ff:fe in the middle, and the universal/local bit turned. */
static const struct {
    const char *text, *part; /* NULL: refused */
} macs[] = {
    {"02:00:5e:00:53:01", "::5eff:fe00:5301"},
    {"02-00-5e-00-53-01", "::5eff:fe00:5301"},
    {"00:00:5E:00:53:Fe", "::200:5eff:fe00:53fe"},
    {"34:56:78:9a:bc:de", "::3656:78ff:fe9a:bcde"},
    {"00:00:00:00:00:00", "::200:ff:fe00:0"},
    {"fe:ff:ff:ff:ff:ff", "::fcff:ffff:feff:ffff"},
    {"01:00:5e:00:00:01", NULL}, /* multicast */
    {"33:33:00:00:00:01", NULL},
    {"ff:ff:ff:ff:ff:ff", NULL},
    {"", NULL},
    {"0", NULL},
    {"02:00:5e:00:53", NULL},
    {"02:00:5e:00:53:0", NULL},
    {"02:00:5e:00:53:011", NULL},
    {"02:00:5e:00:53:01:02", NULL},
    {"2:0:5e:0:53:1", NULL},
    {"02:00-5e:00-53:01", NULL},
    {"02005e005301", NULL},
    {"0200.5e00.5301", NULL},
    {"02:00:5e:00:53:0g", NULL},
    {"02 00 5e 00 53 01", NULL},
    {"02a00a5ea00a53a01", NULL},
    {":02:00:5e:00:53:0", NULL},
    {"02::00:5e:00:53:1", NULL},
    {"-2:00:5e:00:53:01", NULL},
    {"02:-1:5e:00:53:01", NULL},
    {"02--1-5e-00-53-01", NULL},
    {"02:00:5e:00:53:0x", NULL},
    {"0x:00:5e:00:53:01", NULL},
    {" 02:00:5e:00:53:1", NULL},
    {"::1", NULL},
    {"2001:db8::5301:01", NULL}, /* as long as a MAC */
};

static void test_mac(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(macs); i++) {
        struct host host;
        const char *why = host_parse_mac(macs[i].text, &host);

        if ((why == NULL) != (macs[i].part != NULL))
            unit_wrong("'%s' is %s", macs[i].text, why ? why : "taken");
        else if (!why && !is_address(&host.part, macs[i].part))
            unit_wrong("'%s' does not become %s", macs[i].text, macs[i].part);
        for (unsigned length = 0; !why && length <= 128; length++)
            if (host_fits(&host, length) != (length <= 64))
                unit_wrong("'%s' behind a prefix of %u bits", macs[i].text, length);
    }
    unit_all_right();
}

static void test_what_is_wrong(void **state)
{
    struct host host;

    (void)state;
    assert_string_equal(host_parse_suffix("x", &host), "is no IPv6 host part, such as ::1234:5678");
    assert_string_equal(host_parse_suffix("::", &host), "is the address of the network itself");
    assert_string_equal(host_parse_mac("x", &host), "is no MAC, such as 02:00:5e:00:53:01");
    assert_string_equal(host_parse_mac("33:33:00:00:00:01", &host), "is the MAC of a group, not of a host");
}

static void test_address(void **state)
{
    static const struct {
        const char *host, *base;
        unsigned prefix_length;
        const char *address;
    } rows[] = {
        {"::1:2", "2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::1:2"},
        {"::1:2", "2001:db8:1:2:3:4:5:6", 56, "2001:db8:1::1:2"},
        {"::1:2", "2001:db8:1:ff:3:4:5:6", 60, "2001:db8:1:f0::1:2"},
        {"::1", "2001:db8:1:2:3:4:5:6", 127, "2001:db8:1:2:3:4:5:7"},
        {"::5:0:0:0:1", "2001:db8:1:ff02::6", 56, "2001:db8:1:ff05::1"},
        {"2001:db8::1", "::", 0, "2001:db8::1"},
        /* Of a MAC the number of the subnet is that of the address, however short the prefix. */
        {"02:00:5e:00:53:01", "2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2:0:5eff:fe00:5301"},
        {"02:00:5e:00:53:01", "2001:db8:1:2:3:4:5:6", 48, "2001:db8:1:2:0:5eff:fe00:5301"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct host host;
        struct ip base, ip;
        char text[IP_TEXT_SIZE];

        if (host_parse_mac(rows[i].host, &host))
            assert_null(host_parse_suffix(rows[i].host, &host));
        assert_true(ip_parse(rows[i].base, &base));
        ip = host_address(&host, &base, rows[i].prefix_length);
        if (strcmp(ip_text(&ip, text), rows[i].address) != 0)
            unit_wrong("%s behind %s/%u is %s", rows[i].host, rows[i].base, rows[i].prefix_length, text);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suffix),
        cmocka_unit_test(test_mac),
        cmocka_unit_test(test_what_is_wrong),
        cmocka_unit_test(test_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
