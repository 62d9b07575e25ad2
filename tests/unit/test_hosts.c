/* The hosts-file of names.h. */
#include "section.h"

#include <sys/stat.h>
#include <time.h>

/* What a hosts-file of this content gives, in a section that has no other names, and what is said of its lines. */
static void assert_hosts(const char *content, const char *wanted, const char *warnings)
{
    struct section *section;
    char log[4096];
    size_t used = 0;

    section_write_hosts(content, strlen(content));
    section = section_read("provider x {\ninterface = lan\nhosts-file = %s\nhostname = home.example.org\n}\n");
    assert_string_equal(section->told.text, "");
    assert_true(strncmp(section->text, "home.example.org both lan\n", 26) == 0);
    for (const char *at = section->log, *found; *at && used < sizeof log - 500; at = found) {
        found = strstr(at + 1, "<4>");
        found = found ? found : at + strlen(at);
        assert_memory_equal(at, "<4>", 3);
        assert_memory_equal(at + 3, section_hosts_path(), strlen(section_hosts_path()));
        at += 3 + strlen(section_hosts_path());
        used += (size_t)snprintf(log + used, sizeof log - used, "%.*s", (int)(found - at), at);
    }
    log[used] = '\0';
    if (strcmp(section->text + 26, wanted) != 0 || strcmp(log, warnings) != 0)
        unit_wrong("%s\ngives\n%s%swanted:\n%s%s", content, section->text + 26, log, wanted, warnings);
    section_free(section);
}

static void test_hosts_file(void **state)
{
    (void)state;
    assert_hosts("nas.example.org ::1:2\n\n# a comment\n  \t\n"
                 "\tPrinter.Example.org.\t 02:00:5e:00:53:01 # the printer\ntv.example.org 02-00-5E-00-53-02#\n",
                 "nas.example.org ipv6 lan 2001:db8:0:ffff::1:2\n"
                 "printer.example.org ipv6 lan 2001:db8:0:ffff:0:5eff:fe00:5301\n"
                 "tv.example.org ipv6 lan 2001:db8:0:ffff:0:5eff:fe00:5302\n",
                 "");
    unit_all_right();
}

static void test_ends_of_lines(void **state)
{
    static const char *const nothing[] = {"", "\n", "\r\n", "#", "# x", "\n\n\n", " ", "# x\r\n#"};
    static const char *const one[] = {"a.org ::1", "a.org ::1\r\n", "a.org ::1\r", "\r\na.org\t::1 \r\n\r\n",
                                      "\na.org ::1#"};

    (void)state;
    for (size_t i = 0; i < COUNT(nothing); i++)
        assert_hosts(nothing[i], "", "");
    for (size_t i = 0; i < COUNT(one); i++)
        assert_hosts(one[i], "a.org ipv6 lan 2001:db8:0:ffff::1\n", "");
    assert_hosts("a.org ::1\r\nb.org ::2", "a.org ipv6 lan 2001:db8:0:ffff::1\nb.org ipv6 lan 2001:db8:0:ffff::2\n",
                 "");
    unit_all_right();
}

/* A broken line stands between two good ones. */
static void test_broken_lines(void **state)
{
    static const struct {
        const char *line, *warning;
    } rows[] = {
        {"nas ::2", "'nas' is no whole name, such as home.example.org"},
        {"n_s,.org ::2", "'n_s,.org' has a character that no host name has"},
        {"nas.org", "'nas.org' has no suffix and no MAC behind it"},
        {"nas.org # ::2", "'nas.org' has no suffix and no MAC behind it"},
        {"nas.org ::2 ::3", "'nas.org' has more than one suffix or MAC behind it"},
        {"nas.org 192.0.2.1", "'192.0.2.1' is no IPv6 host part, such as ::1234:5678"},
        {"nas.org ::", "'::' is the address of the network itself"},
        {"nas.org 02:00:5e:00:53", "'02:00:5e:00:53' is no "},
        {"nas.org 33:33:00:00:00:01", "'33:33:00:00:00:01' is the MAC of a group, not of a host"},
        {"::2 nas.org", "'::2' has a character that no host name has"},
        {"stra\xc3\x9f"
         "e.org ::2",
         "'stra\xc3\x9f"
         "e.org' is not ASCII"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct section *section;
        char text[400], where[400];

        snprintf(text, sizeof text, "a.org ::1\n%s\nb.org ::3\n", rows[i].line);
        section_write_hosts(text, strlen(text));
        section = section_read("provider x { hosts-file = %s\n}\n");
        snprintf(where, sizeof where, "<4>%s:2: %s", section_hosts_path(), rows[i].warning);
        if (strncmp(section->log, where, strlen(where)) != 0 || !strstr(section->log, ": this line is left out\n") ||
            strchr(section->log, '\n')[1])
            unit_wrong("%s: %s(wanted: %s)", rows[i].line, section->log, where);
        if (section->faults.any || strcmp(section->text, "a.org ipv6 auto 2001:db8:0:ffff::1\n"
                                                         "b.org ipv6 auto 2001:db8:0:ffff::3\n") != 0)
            unit_wrong("%s: gives\n%s%s", rows[i].line, section->told.text, section->text);
        section_free(section);
    }
    unit_all_right();
}

/* No line is left out in silence: neither is what stands behind a NUL. */
static void test_nul_in_hosts_file(void **state)
{
    static const char content[] = "a.org ::1\n\0\nc.org ::3\n";
    struct section *section;

    (void)state;
    section_write_hosts(content, sizeof content - 1);
    section = section_read("provider x { hosts-file = %s\n}\n");
    assert_true(section->faults.any || *section->log || strstr(section->text, "c.org"));
    section_free(section);
}

static void test_room_behind_the_prefix(void **state)
{
    static const char room[] = "a.org ::1\nb.org ::1:0:0:0:1\nc.org 02:00:5e:00:53:01\n";
    struct section *section;

    (void)state;
    section_write_hosts(room, sizeof room - 1);
    section = section_read("provider x {\nprefix-length = 64\nhosts-file = %s\n}\n");
    assert_contains(section->log, ":2: '::1:0:0:0:1' is longer than prefix-length leaves room for");
    assert_int_equal(section->names.count, 2);
    section_free(section);
    section = section_read("provider x {\nprefix-length = 63\nhosts-file = %s\n}\n");
    assert_string_equal(section->log, "");
    assert_int_equal(section->names.count, 3);
    section_free(section);
    section = section_read("provider x {\nprefix-length = 100\nhosts-file = %s\n}\n");
    assert_contains(section->log, ":2: '::1:0:0:0:1' is longer");
    assert_contains(section->log, ":3: '02:00:5e:00:53:01' is longer");
    assert_string_equal(section->text, "a.org ipv6 auto 2001:db8:0:ffff::1\n");
    section_free(section);
}

/* The line that came later is left out, and only where both want the same family. */
static void test_doubles_in_hosts_file(void **state)
{
    static const char both[] = "home.org ::1\nnas.org ::2\n";
    struct section *section;

    (void)state;
    assert_hosts("a.org ::1\nb.org ::2\nA.org. ::3\nb.org ::4\na.org ::1\n",
                 "a.org ipv6 lan 2001:db8:0:ffff::1\nb.org ipv6 lan 2001:db8:0:ffff::2\n",
                 ":3: 'a.org' stands somewhere already: this line is left out\n"
                 ":5: 'a.org' stands somewhere already: this line is left out\n"
                 ":4: 'b.org' stands somewhere already: this line is left out\n");
    unit_all_right();
    section_write_hosts(both, sizeof both - 1);
    section = section_read("provider x {\nhosts-file = %s\nrecord home.org {\nfamily = ipv4\n}\n"
                           "record nas.org {\nmac = \"02:00:5e:00:53:01\"\n}\n}\n");
    assert_string_equal(section->told.text, "");
    assert_string_equal(section->text, "home.org ipv4 auto\nnas.org ipv6 auto 2001:db8:0:ffff:0:5eff:fe00:5301\n"
                                       "home.org ipv6 auto 2001:db8:0:ffff::1\n");
    assert_contains(section->log, ":2: 'nas.org' stands somewhere already");
    section_free(section);
}

/* What the hosts-file says of a name holds for IPv6, and hostname for what is left. */
static void test_hosts_file_before_hostname(void **state)
{
    struct section *section;

    (void)state;
    section_write_hosts("Home.org ::1\n", 13);
    section = section_read("interface = wan0\nprovider x {\nhostname = { home.org, a.org }\nhosts-file = %s\n}\n");
    assert_string_equal(section->told.text, "");
    assert_string_equal(section->log, "");
    assert_string_equal(section->text, "home.org ipv4 wan0\na.org both wan0\nhome.org ipv6 wan0 2001:db8:0:ffff::1\n");
    section_free(section);
}

static void test_hosts_file_faults(void **state)
{
    struct section *section;
    char wanted[400];

    (void)state;
    section_write_hosts("a.org ::1\n", 10);
    section = section_read("provider x {\nfamily = ipv4\nhosts-file = %s\n}\n");
    assert_string_equal(section->told.text, "f:3: hosts-file: gives ipv6 only, and this section is ipv4\n");
    section_free(section);
    assert_int_equal(chmod(section_hosts_path(), 0666), 0);
    section = section_read("provider x {\nhosts-file = %s\n}\n");
    snprintf(wanted, sizeof wanted, "f:2: hosts-file: others can write %s: chmod go-w\n", section_hosts_path());
    assert_string_equal(section->told.text, wanted);
    section_free(section);
    /* Nothing but broken lines is as good as no name. */
    section_write_hosts("a.org\n", 6);
    section = section_read("provider x {\nhosts-file = %s\n}\n");
    assert_string_equal(section->told.text, "f:1: provider x: there is no hostname\n");
    section_free(section);
}

/* Of the section's keys interface and prefix-length count, and not its source. */
static void test_hosts_file_place(void **state)
{
    struct section *section;
    const struct rule *rule;

    (void)state;
    section_write_hosts("a.org ::1\n", 10);
    section = section_read("source = \"https://a.example.org/\"\nprovider x {\ninterface = { lan, lan2 }\nbind = yes\n"
                           "prefix-length = 56\nhostname = home.org\nhosts-file = %s\n}\n");
    assert_string_equal(section->told.text, "");
    assert_string_equal(section->text, "home.org both echo\na.org ipv6 lan,lan2 2001:db8:0:ffff::1\n");
    rule = &section->names.list[1].place->rule;
    assert_true(!rule->bind && !rule->outside && rule->prefix_length == 56);
    assert_true(section->names.list[0].place->rule.bind);
    section_free(section);
}

static void test_ten_thousand_lines(void **state)
{
    enum { LINES = 10000, LINE = 32 };
    char *content = malloc(LINES * LINE + 1);
    size_t used = 0, count;
    struct section *section;
    clock_t began;

    (void)state;
    assert_non_null(content);
    for (int i = 0; i < LINES; i++)
        used += (size_t)snprintf(content + used, LINE, "h%d.example.org ::%x\n", i % (LINES - 1), i + 1);
    section_write_hosts(content, used);
    began = clock();
    section = section_read("provider x {\nhosts-file = %s\n}\n");
    assert_true(clock() - began < 5 * CLOCKS_PER_SEC);
    count = section->names.count;
    assert_contains(section->log, ":10000: 'h0.example.org' stands somewhere already");
    section_free(section);
    assert_int_equal(count, LINES - 1);
    free(content);
}

/* A file of more than a mebibyte is refused, rather than read half. */
static void test_too_large(void **state)
{
    enum { SIZE = 1024 * 1024 };
    char *content = malloc(SIZE + 1);
    struct section *section;

    (void)state;
    assert_non_null(content);
    memset(content, '\n', SIZE + 1);
    memcpy(content, "a.org ::1", 9);
    section_write_hosts(content, SIZE);
    section = section_read("provider x {\nhosts-file = %s\n}\n");
    assert_string_equal(section->text, "a.org ipv6 auto 2001:db8:0:ffff::1\n");
    section_free(section);
    section_write_hosts(content, SIZE + 1);
    section = section_read("provider x {\nhosts-file = %s\n}\n");
    assert_contains(section->told.text, ": File too large");
    section_free(section);
    free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_file),
        cmocka_unit_test(test_ends_of_lines),
        cmocka_unit_test(test_broken_lines),
        cmocka_unit_test(test_nul_in_hosts_file),
        cmocka_unit_test(test_room_behind_the_prefix),
        cmocka_unit_test(test_doubles_in_hosts_file),
        cmocka_unit_test(test_hosts_file_before_hostname),
        cmocka_unit_test(test_hosts_file_faults),
        cmocka_unit_test(test_hosts_file_place),
        cmocka_unit_test(test_ten_thousand_lines),
        cmocka_unit_test(test_too_large),
    };

    return cmocka_run_group_tests(tests, section_setup, section_teardown);
}
