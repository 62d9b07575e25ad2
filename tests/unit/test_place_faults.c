/* What is wrong with the keys of place.h, each with its line. */
#include "levels.h"

static const struct {
    const char *text, *fault; /* one line of it is this */
} bads[] = {
    /* interface */
    {"interface = sixteen-letters-", "f:1: interface: 'sixteen-letters-' is neither auto nor a name of at most 15"},
    {"\ninterface = \"wan0/1\"", "f:2: interface: 'wan0/1' is neither auto nor a name of at most 15"},
    {"interface = \"wan0:1\"", "f:1: interface: 'wan0:1' is neither"},
    {"interface = \"wan 0\"", "f:1: interface: 'wan 0' is neither"},
    {"interface = \"\"", "f:1: interface: '' is neither"},
    {"interface = \".\"", "f:1: interface: '.' is neither"},
    {"interface = \"..\"", "f:1: interface: '..' is neither"},
    {"interface = {\nwan0,\n\"wän0\" }", "f:3: interface: 'wän0' is neither"},
    {"interface = { wan0, auto }", "f:1: interface: auto stands alone, not in a list"},
    {"interface = { all, auto }", "f:1: interface: auto stands alone, not in a list"},
    {"interface = all", "f:1: interface: all of which? such as { all, wan0, wan1 }"},
    {"interface = { a, b, c, d, e, f, g, h, i }", "f:1: interface: more than 8 in a list"},
    {"interface = { a, b, c, d, e, f, g, h, i }", "f:1: interface: more than 8 in a list"},
    {"interface = { all, a, b, c, d, e }", "f:1: interface: all of more than 4"},
    {"interface = { a, all }", "f:1: interface: all stands first in a list"},
    {"middle a {\n\ninterface = { all, wan0, wan1 }\nbind = yes\n}",
     "f:4: bind: with interface = { all, ... } there is no one interface to bind to"},
    {"bind = yes\nmiddle a {\ninterface = { all, wan0, wan1 }\n}",
     "f:3: bind: with interface = { all, ... } there is no one interface to bind to"},
    /* on-change */
    {"\non-change = program", "f:2: on-change: 'program' does not begin with /"},
    {"on-change = \"\"", "f:1: on-change: '' does not begin with /"},
    {"on-change = \"/nonexistent/program\"", "f:1: on-change: /nonexistent/program cannot be run"},
    {"middle a {\non-change = \"/etc/passwd\"\n}", "f:2: on-change: /etc/passwd cannot be run"},
    /* family */
    {"family = ipv5", "f:1: family: 'ipv5' is not ipv4, ipv6 or both"},
    {"family = IPv4", "f:1: family: 'IPv4' is not ipv4, ipv6 or both"},
    {"family = any", "f:1: family: 'any' is not ipv4, ipv6 or both"},
    {"source = static:192.0.2.1\nfamily = ipv6", "f:2: family: this source gives ipv4 only"},
    {"family = both\nsource = \"static:2001:db8::1\"", "f:1: family: this source gives ipv6 only"},
    {"source = static:192.0.2.1\nmiddle a {\nfamily = ipv6\n}", "f:3: family: this source gives ipv4 only"},
    /* source */
    {"source = \"http://a.example.org/\"", "f:1: source: over plain http everybody on the way can"},
    {"source = { echo:echo,\n\"http://a.example.org/\" }", "f:2: source: over plain http everybody"},
    {"source = wan0", "f:1: source: 'wan0' is not kernel, static:ADDRESS, exec:/PROGRAM, echo:NAME or https://..."},
    {"source = \"\"", "f:1: source: '' is not kernel"},
    {"source = \"ftp://a.example.org/\"", "f:1: source: 'ftp://a.example.org/' is not kernel"},
    {"source = \"https://\"", "f:1: source: it has no host"},
    {"source = \"https:///ip\"", "f:1: source: it has no host"},
    {"source = \"https://bob:hush@a.example.org/\"", "f:1: source: it has a user name in it"},
    {"source = \"https://a b/\"", "f:1: source: it has a character that a URL cannot have"},
    {"source = { echo:echo, echo:echo }", "f:1: source: the same service twice"},
    {"source = static:0.0.0.0", "f:1: source: '0.0.0.0' is no address of a host"},
    {"interface = { all, a, b }\nsource = echo:echo", "f:1: interface: all goes with source = kernel"},
    {"source = { echo:echo, echo:plain-text,\n\"https://a.example.org/\" }", "f:2: source: more than 2 services"},
    {"source = echo:updater", "f:1: source: updater is no address echo service"},
    {"source = echo:plain-tex", "f:1: there is no provider 'plain-tex': did you mean 'plain-text'?"},
    {"source = \"echo:../echo\"", "f:1: there is no provider '../echo'"},
    {"source = echo:", "f:1: there is no provider ''"},
    {"source = echo:broken", "broken.conf:2: unknown key 'titel': did you mean 'title'?"},
    {"source = exec:program", "f:1: source: 'program' does not begin with /"},
    {"source = exec:", "f:1: source: '' does not begin with /"},
    {"source = \"exec:/nonexistent/program\"", "f:1: source: /nonexistent/program cannot be run"},
    {"source = \"exec:/dev/null\"", "f:1: source: /dev/null cannot be run"},
    {"source = \"exec:/\"", "f:1: source: / cannot be run"},
    {"source = static:home.example.org", "f:1: source: 'home.example.org' is no address"},
    {"source = static:", "f:1: source: '' is no address"},
    {"source = static:192.0.2.1/24", "f:1: source: '192.0.2.1/24' is no address"},
    {"source = static:10.0.0.1", "f:1: source: 10.0.0.1 is not reachable from the Internet; allow-private"},
    {"source = \"static:fe80::1\"", "f:1: source: fe80::1 is not reachable from the Internet"},
    {"allow-private = yes\nsource = static:10.0.0.1\nmiddle a {\nallow-private = no\n}",
     "f:4: source: 10.0.0.1 is not reachable from the Internet"},
    {"source = { kernel, echo:echo }", "f:1: source: 'kernel' stands alone, not in a list"},
    {"source = { static:192.0.2.1, static:192.0.2.2 }", "f:1: source: 'static:192.0.2.1' stands alone, not in a list"},
    {"source = { exec:%s, echo:echo }", "stands alone, not in a list"},
    {"source = { echo:echo, kernel }", "f:1: source: 'kernel' stands alone, not in a list"},
    {"source = { echo:echo, static:192.0.2.1 }", "f:1: source: 'static:192.0.2.1' stands alone, not in a list"},
    {"source = { echo:echo, exec:%s }", "stands alone, not in a list"},
    /* check-interval */
    {"source = echo:echo\ncheck-interval = 599s", "f:2: check-interval: less than 10m: echo services"},
    {"check-interval = 599999ms", "f:1: check-interval: less than 10m"},
    {"source = exec:%s\ncheck-interval = 9s", "f:2: check-interval: less than 10s"},
    {"source = exec:%s\ncheck-interval = 0", "f:2: check-interval: less than 10s"},
    {"check-interval = 15", "f:1: check-interval: '15' is no duration, such as 250ms, 30s, 5m"},
    /* prefer and match */
    {"prefer = 2001:db8::/129", "f:1: prefer: '2001:db8::/129' is no prefix, such as 2001:db8::/32"},
    {"match = \"2001:db8::1/32\"", "f:1: match: '2001:db8::1/32' is no prefix"},
    {"match = { 192.0.2.0/24,\nlan }", "f:2: match: 'lan' is no prefix"},
    {"match = \"\"", "f:1: match: '' is no prefix"},
    {"prefer = 192.0.2.0/", "f:1: prefer: '192.0.2.0/' is no prefix"},
    {"prefer = { 1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8, 5.0.0.0/8 }", "f:1: prefer: more than 4 in a list"},
    {"match = { 1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8, 5.0.0.0/8, 6.0.0.0/8 }",
     "f:1: match: more than 4 in a list"},
    /* flags and durations */
    {"bind = on", "f:1: bind: 'on' is neither yes nor no"},
    {"temporary = 1", "f:1: temporary: '1' is neither yes nor no"},
    {"allow-private = true", "f:1: allow-private: 'true' is neither yes nor no"},
    {"failback-delay = soon", "f:1: failback-delay: 'soon' is no duration"},
    /* prefix-length */
    {"prefix-length = 0", "f:1: prefix-length: '0' is no number from 1 to 127"},
    {"prefix-length = 128", "f:1: prefix-length: '128' is no number from 1 to 127"},
    {"prefix-length = /56", "f:1: prefix-length: '/56' is no number from 1 to 127"},
    {"prefix-length = 56.", "f:1: prefix-length: '56.' is no number from 1 to 127"},
    /* when-lost */
    {"when-lost = delete", "f:1: when-lost: 'delete' is neither keep nor withdraw"},
    {"withdraw-after = 1h", "f:1: withdraw-after: only goes with when-lost = withdraw"},
    {"when-lost = keep\nwithdraw-after = 1h", "f:2: withdraw-after: only goes with when-lost = withdraw"},
    {"when-lost = withdraw\nwithdraw-after = 999ms", "f:2: withdraw-after: less than 1s"},
    {"when-lost = withdraw\nwithdraw-after = never", "f:2: withdraw-after: 'never' is no duration"},
    {"when-lost = withdraw\nmiddle a {\nwhen-lost = keep\nwithdraw-after = 1h\n}",
     "f:4: withdraw-after: only goes with when-lost = withdraw"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bads); i++) {
        struct levels *levels = levels_read(bads[i].text);

        if (levels->told.count != 1 || !strstr(levels->told.text, bads[i].fault))
            unit_wrong("%s:\n%s(wanted: %s)", bads[i].text, levels->told.text, bads[i].fault);
        else if (!levels->faults.any)
            unit_wrong("%s: the fault does not count", bads[i].text);
        levels_free(levels);
    }
    unit_all_right();
}

/* What is close to a fault and none. */
static void test_no_faults(void **state)
{
    static const char *const goods[] = {
        "interface = fifteen-letters",
        "interface = auto",
        "interface = { auto }",
        "interface = { a, b, c, d, e, f, g, h }",
        "interface = { all, a, b, c, d }",
        "interface = \"eth0.100@x\"",
        "interface = \"ppp*\"",
        "source = { kernel }",
        "source = static:10.0.0.1\nallow-private = yes",
        "allow-private = yes\nmiddle a {\nsource = static:10.0.0.1\n}",
        "source = static:192.0.2.1\nfamily = ipv4",
        "family = ipv6\nmiddle a {\nsource = static:192.0.2.1\n}",
        "source = { echo:echo }\ncheck-interval = 10m",
        "check-interval = 10s\nsource = exec:%s",
        "prefer = 0.0.0.0/0",
        "prefer = { 1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8 }",
        "match = \"::/0\"",
        "prefix-length = 1",
        "prefix-length = 127",
        "when-lost = withdraw\nwithdraw-after = 1s",
        "when-lost = keep",
        "failback-delay = 0",
        "interface = { all, a }\nmiddle a {\ninterface = b\nbind = yes\n}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(goods); i++) {
        struct levels *levels = levels_read(goods[i]);

        if (levels->told.count || levels->faults.any)
            unit_wrong("%s:\n%s", goods[i], levels->told.text);
        levels_free(levels);
    }
    unit_all_right();
}

/* Several in one section are all told. */
static void test_faults_together(void **state)
{
    struct levels *levels = levels_read("interface = \"a/b\"\nfamily = x\nbind = x\n\nprefix-length = x\n");

    (void)state;
    assert_string_equal(levels->told.text, "f:2: family: 'x' is not ipv4, ipv6 or both\n"
                                           "f:1: interface: 'a/b' is neither auto nor a name of at most 15 characters\n"
                                           "f:3: bind: 'x' is neither yes nor no\n"
                                           "f:5: prefix-length: 'x' is no number from 1 to 127\n");
    levels_free(levels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_no_faults),
        cmocka_unit_test(test_faults_together),
    };

    return cmocka_run_group_tests(tests, levels_setup, levels_teardown);
}
