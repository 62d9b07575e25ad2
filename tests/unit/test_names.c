#include "names.h"

#include "section.h"

static void assert_names(const char *format, const char *wanted)
{
    struct section *section = section_read(format);

    assert_string_equal(section->told.text, "");
    assert_string_equal(section->log, "");
    assert_string_equal(section->text, wanted);
    section_free(section);
}

/* ---- hostname. ---- */

static void test_hostname(void **state)
{
    (void)state;
    assert_names("interface = wan0\nprovider x { hostname = home.example.org\n}\n", "home.example.org both wan0\n");
    assert_names("family = ipv4\nprovider x {\ninterface = wan1\n"
                 "hostname = { Home.Example.ORG., \"*.example.org\", _x.a-b.example.org, 1.a2 }\n}\n",
                 "home.example.org ipv4 wan1\n*.example.org ipv4 wan1\n_x.a-b.example.org ipv4 wan1\n1.a2 ipv4 wan1\n");
}

/* Names that are not ASCII stand as the DNS has them, from the beginning. */
static void test_ascii_names(void **state)
{
    (void)state;
    assert_names("interface = wan0\nprovider x { hostname = { \"bücher.org\", \"*.Bücher.ORG.\" }\n}\n",
                 "xn--bcher-kva.org both wan0\n*.xn--bcher-kva.org both wan0\n");
}

static void test_normalize(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {".", "."},
        {"Home.Example.ORG", "home.example.org"},
        {"a.b.", "a.b"},
        {"*.A.b", "*.a.b"},
        {"straße.", "straße"},
        {"bücher.org.", "xn--bcher-kva.org"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *name = names_normalize(cases[i][0]);

        if (strcmp(name, cases[i][1]) != 0)
            unit_wrong("%s: %s", cases[i][0], name);
        free(name);
    }
    unit_all_right();
}

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"

static void test_longest_names(void **state)
{
    char name[300], text[400], wanted[400];
    struct section *section;

    (void)state;
    snprintf(name, sizeof name, "%s.%s.%s.%.61s", L63, L63, L63, L63);
    assert_int_equal(strlen(name), 253);
    snprintf(text, sizeof text, "provider x { hostname = \"%s\"\n}\n", name);
    snprintf(wanted, sizeof wanted, "%s both auto\n", name);
    assert_names(text, wanted);
    /* The dot at the end is not counted. */
    snprintf(text, sizeof text, "provider x { hostname = \"%s.\"\n}\n", name);
    assert_names(text, wanted);
    snprintf(text, sizeof text, "provider x { hostname = \"%sx\"\n}\n", name);
    section = section_read(text);
    assert_contains(section->told.text, "' is longer than 253 characters");
    section_free(section);
}

static const struct {
    const char *text, *faults;
} bads[] = {
    /* Names. */
    {"provider x {\n}\n", "f:1: provider x: there is no hostname\n"},
    {"provider x {\nhostname = home\n}\n", "f:2: hostname: 'home' is no whole name, such as home.example.org\n"},
    {"provider x {\nhostname = \"\"\n}\n", "f:2: hostname: '' has an empty part between dots\n"},
    {"provider x {\nhostname = \".\"\n}\n", "f:2: hostname: '.' has an empty part between dots\n"},
    {"provider x {\nhostname = a..b\n}\n", "f:2: hostname: 'a..b' has an empty part between dots\n"},
    {"provider x {\nhostname = a.b..\n}\n", "f:2: hostname: 'a.b..' has an empty part between dots\n"},
    {"provider x {\nhostname = .a.b\n}\n", "f:2: hostname: '.a.b' has an empty part between dots\n"},
    {"provider x {\nhostname = \"*\"\n}\n", "f:2: hostname: '*' has a character that no host name has\n"},
    {"provider x {\nhostname = \"*.org\"\n}\n", "f:2: hostname: '*.org' is no whole name, such as home.example.org\n"},
    {"provider x {\nhostname = \"a.*.org\"\n}\n", "f:2: hostname: 'a.*.org' has a character that no host name has\n"},
    {"provider x {\nhostname = \"a b.org\"\n}\n", "f:2: hostname: 'a b.org' has a character that no host name has\n"},
    {"provider x {\nhostname = \"a,b.org\"\n}\n", "f:2: hostname: 'a,b.org' has a character that no host name has\n"},
    {"provider x {\nhostname = -a.org\n}\n", "f:2: hostname: '-a.org' has a part that begins or ends with -\n"},
    {"provider x {\nhostname = a.org-\n}\n", "f:2: hostname: 'a.org-' has a part that begins or ends with -\n"},
    {"provider x {\nhostname = \"straße.org\"\n}\n",
     "f:2: hostname: 'straße.org' is not ASCII, and cannot be made so here: write its A-labels, which begin with "
     "xn--\n"},
    {"provider x {\nhostname = " L63 "4.org\n}\n",
     "f:2: hostname: '" L63 "4.org' has a part longer than 63 characters\n"},
    {"provider x {\nhostname = " L63 "." L63 "." L63 "." L63 "\n}\n",
     "f:2: hostname: '" L63 "." L63 "." L63 "." L63 "' is longer than 253 characters\n"},
    {"provider x {\nrecord home {\n}\n}\n", "f:2: record: 'home' is no whole name, such as home.example.org\n"},
    /* Host parts. */
    {"provider x {\nrecord a.org {\nsuffix = x\n}\n}\n",
     "f:3: suffix: 'x' is no IPv6 host part, such as ::1234:5678\n"},
    {"provider x {\nrecord a.org {\nsuffix = 192.0.2.1\n}\n}\n",
     "f:3: suffix: '192.0.2.1' is no IPv6 host part, such as ::1234:5678\n"},
    {"provider x {\nrecord a.org {\nsuffix = \"::\"\n}\n}\n",
     "f:3: suffix: '::' is the address of the network itself\n"},
    {"provider x {\nrecord a.org {\nmac = x\n}\n}\n", "f:3: mac: 'x' is no MAC, such as 02:00:5e:00:53:01\n"},
    {"provider x {\nrecord a.org {\nmac = \"01:00:5e:00:53:01\"\n}\n}\n",
     "f:3: mac: '01:00:5e:00:53:01' is the MAC of a group, not of a host\n"},
    {"provider x {\nrecord a.org {\nsuffix = \"::1\"\nmac = \"02:00:5e:00:53:01\"\n}\n}\n",
     "f:4: mac: there is a suffix in line 3 already\n"},
    {"prefix-length = 64\nprovider x {\nrecord a.org {\nsuffix = \"::1:0:0:0:1\"\n}\n}\n",
     "f:4: suffix: '::1:0:0:0:1' is longer than a prefix of 64 bits leaves room for\n"},
    {"provider x {\nrecord a.org {\nprefix-length = 65\nmac = \"02:00:5e:00:53:01\"\n}\n}\n",
     "f:4: mac: '02:00:5e:00:53:01' is longer than a prefix of 65 bits leaves room for\n"},
    {"provider x {\nrecord a.org {\nfamily = ipv4\nsuffix = \"::1\"\n}\n}\n",
     "f:3: family: a suffix gives ipv6 only\n"},
    {"provider x {\nrecord a.org {\nfamily = both\nmac = \"02:00:5e:00:53:01\"\n}\n}\n",
     "f:3: family: a MAC gives ipv6 only\n"},
    {"provider x {\nrecord a.org {\nsource = \"https://a.example.org/\"\nsuffix = \"::1\"\n}\n}\n",
     "f:3: source: a host part goes with the address of an interface\n"},
    {"provider x {\nrecord a.org {\nsource = \"static:2001:db8::1\"\nsuffix = \"::1\"\n}\n}\n",
     "f:3: source: a host part goes with the address of an interface\n"},
    {"provider x {\nrecord a.org {\nbind = yes\nsuffix = \"::1\"\n}\n}\n",
     "f:3: bind: a host part does not go with the address of an uplink\n"},
    /* Doubles. */
    {"provider x {\nhostname = { a.org, b.org,\nA.org }\n}\n", "f:3: hostname: 'a.org' stands here a second time\n"},
    {"provider x {\nhostname = { a.org,\na.org. }\n}\n", "f:3: hostname: 'a.org' stands here a second time\n"},
    {"provider x {\nrecord a.org {\nfamily = ipv4\n}\nrecord A.org {\nfamily = ipv6\n}\nrecord a.ORG {\n}\n}\n",
     "f:8: record: 'a.org' stands here a second time\n"},
    /* The hosts-file. */
    {"provider x {\nhosts-file = hosts\n}\n", "f:2: hosts-file: hosts does not begin with /\n"},
    {"provider x {\nhosts-file = \"\"\n}\n", "f:2: hosts-file:  does not begin with /\n"},
    {"provider x {\nhosts-file = \"/nonexistent/hosts\"\n}\n",
     "f:2: hosts-file: /nonexistent/hosts: No such file or directory\n"},
    {"provider x {\nhosts-file = \"/dev/null\"\n}\n", "f:2: hosts-file: /dev/null: it is no regular file\n"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bads); i++) {
        struct section *section = section_read(bads[i].text);

        if (strcmp(section->told.text, bads[i].faults) != 0)
            unit_wrong("%sgives\n%s(wanted: %s)", bads[i].text, section->told.text, bads[i].faults);
        section_free(section);
    }
    unit_all_right();
}

/* ---- Sections `record`. ---- */

static void test_records(void **state)
{
    (void)state;
    assert_names("interface = wan0\nprovider x {\nhostname = home.example.org\n"
                 "record V4.example.org. {\nfamily = ipv4\ninterface = wan1\n}\n"
                 "record nas.example.org {\ninterface = lan\nsuffix = \"::1:2\"\n}\n"
                 "record printer.example.org {\nmac = \"02:00:5e:00:53:01\"\n}\n}\n",
                 "home.example.org both wan0\nv4.example.org ipv4 wan1\n"
                 "nas.example.org ipv6 lan 2001:db8:0:ffff::1:2\n"
                 "printer.example.org ipv6 wan0 2001:db8:0:ffff:0:5eff:fe00:5301\n");
    assert_names("provider x {\nrecord a.org {\n}\n}\n", "a.org both auto\n");
}

/* hostname holds for the families that no section has. */
static void test_section_before_hostname(void **state)
{
    (void)state;
    assert_names(
        "interface = wan0\nprovider x {\nhostname = { a.org, b.org }\nrecord A.org {\nsuffix = \"::1\"\n}\n}\n",
        "a.org ipv4 wan0\nb.org both wan0\na.org ipv6 wan0 2001:db8:0:ffff::1\n");
    assert_names("provider x {\nrecord a.org {\nfamily = ipv4\ninterface = wan1\n}\nhostname = a.org\n}\n",
                 "a.org ipv6 auto\na.org ipv4 wan1\n");
    assert_names("provider x {\nhostname = a.org\nrecord a.org {\ninterface = wan1\n}\n}\n", "a.org both wan1\n");
    assert_names("provider x {\nhostname = a.org\nrecord a.org {\nfamily = ipv4\ninterface = wan1\n}\n"
                 "record A.org {\nsuffix = \"::1\"\n}\n}\n",
                 "a.org ipv4 wan1\na.org ipv6 auto 2001:db8:0:ffff::1\n");
    assert_names("provider x {\nfamily = ipv6\nhostname = a.org\nrecord a.org {\nfamily = ipv4\n}\n}\n",
                 "a.org ipv6 auto\na.org ipv4 auto\n");
}

/* The router's IPv4 address and the host's own IPv6 address under one name. */
static void test_families_share_a_name(void **state)
{
    (void)state;
    assert_names("provider x {\nrecord a.org {\nfamily = ipv4\n}\nrecord A.org {\nsuffix = \"::1\"\n}\n}\n",
                 "a.org ipv4 auto\na.org ipv6 auto 2001:db8:0:ffff::1\n");
    assert_names("provider x {\nfamily = ipv4\nhostname = { a.org, b.org }\nrecord b.org {\nfamily = ipv6\n}\n}\n",
                 "a.org ipv4 auto\nb.org ipv4 auto\nb.org ipv6 auto\n");
}

/* What the outer sections say of the uplink does not hold for a host behind another interface. */
static void test_host_is_looked_for_in_the_kernel(void **state)
{
    static const char *const outer[] = {
        "source = \"https://a.example.org/\"",
        "source = static:192.0.2.1",
        "bind = yes",
        "interface = { all, wan0, wan1 }",
        "family = ipv4",
    };
    char text[400];

    (void)state;
    for (size_t i = 0; i < COUNT(outer); i++) {
        struct section *section;
        const struct name *name;

        snprintf(text, sizeof text,
                 "%s\nprovider x {\nrecord a.org {\ninterface = lan\nsuffix = \"::1\"\nprefix-length = 56\n}\n}\n",
                 outer[i]);
        section = section_read(text);
        assert_string_equal(section->told.text, "");
        assert_string_equal(section->text, "a.org ipv6 lan 2001:db8:0:ffff::1\n");
        name = &section->names.list[0];
        assert_true(!name->place->rule.bind && !name->place->rule.all && !name->place->rule.outside);
        assert_int_equal(name->place->rule.prefix_length, 56);
        section_free(section);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostname),
        cmocka_unit_test(test_ascii_names),
        cmocka_unit_test(test_normalize),
        cmocka_unit_test(test_longest_names),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_section_before_hostname),
        cmocka_unit_test(test_families_share_a_name),
        cmocka_unit_test(test_host_is_looked_for_in_the_kernel),
    };

    return cmocka_run_group_tests(tests, section_setup, section_teardown);
}
