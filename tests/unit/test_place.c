#include "levels.h"

static const uint64_t second_ms = 1000, minute_ms = 60 * 1000, hour_ms = 60 * 60 * 1000;

static void assert_prefix(const struct ip_prefix *prefix, const char *text)
{
    struct ip_prefix wanted = {0};

    assert_true(!text || ip_prefix_parse(text, &wanted));
    assert_int_equal(prefix->length, wanted.length);
    assert_true(ip_equal(&prefix->ip, &wanted.ip));
}

/* ---- What is said, and what is not. ---- */

static void test_built_in(void **state)
{
    struct levels *levels = levels_read_good("");
    const struct place *place = &levels->places[0];
    const struct rule wanted = {.interval_ms = 15 * minute_ms};

    (void)state;
    assert_int_equal(place->families, IP_BOTH);
    assert_true(rule_equal(&place->rule, &wanted));
    assert_null(place->outside);
    levels_free(levels);
}

static void test_every_key(void **state)
{
    struct levels *levels = levels_read_good("interface = { wan0, \"ppp*\" }\nfamily = ipv6\nsource = echo:echo\n"
                                             "check-interval = 10m\nbind = yes\nfailback-delay = 30s\ntemporary = yes\n"
                                             "allow-private = yes\nprefer = { \"2001:db8:1::/48\", 192.0.2.1 }\n"
                                             "match = \"2001:db8::/32\"\nprefix-length = 56\nwhen-lost = withdraw\n"
                                             "withdraw-after = 2h\n");
    const struct rule *rule = &levels->places[0].rule;

    (void)state;
    assert_int_equal(levels->places[0].families, IP_V6);
    assert_string_equal(rule->interfaces[0], "wan0");
    assert_string_equal(rule->interfaces[1], "ppp*");
    assert_string_equal(rule->interfaces[2], "");
    assert_true(rule->bind && rule->temporary && rule->allow_private && !rule->all);
    assert_int_equal(rule->interval_ms, 10 * minute_ms);
    assert_int_equal(rule->failback_ms, 30 * second_ms);
    assert_int_equal(rule->withdraw_ms, 2 * hour_ms);
    assert_int_equal(rule->prefix_length, 56);
    assert_prefix(&rule->prefer[0], "2001:db8:1::/48");
    assert_prefix(&rule->prefer[1], "192.0.2.1/32");
    assert_prefix(&rule->prefer[2], NULL);
    assert_prefix(&rule->match[0], "2001:db8::/32");
    assert_prefix(&rule->match[1], NULL);
    assert_ptr_equal(rule->outside, levels->places[0].outside);
    assert_int_equal(rule->outside->service_count, 1);
    assert_string_equal(rule->outside->services[0].url, "https://echo.example.org:8443/ip?format=json");
    assert_string_equal(rule->outside->services[0].member, "client.ip");
    levels_free(levels);
}

/* Every key of the top, over two sections that are silent, is that of the innermost. */
static void test_silence_inherits(void **state)
{
    struct levels *levels = levels_read_good(
        "interface = { wan0, wan1 }\nfamily = ipv4\nsource = { echo:echo, \"https://b.example.org/\" }\n"
        "check-interval = 1h\nfailback-delay = 30s\ntemporary = yes\nallow-private = yes\n"
        "prefer = 192.0.2.0/24\nmatch = 192.0.0.0/16\nprefix-length = 56\nwhen-lost = withdraw\n"
        "withdraw-after = 2h\nmiddle a {\ninner b {\n}\n}\n");

    (void)state;
    assert_int_equal(levels->count, LEVELS);
    for (size_t i = 1; i < LEVELS; i++) {
        assert_int_equal(levels->places[i].families, IP_V4);
        assert_true(rule_equal(&levels->places[i].rule, &levels->places[0].rule));
        assert_ptr_equal(levels->places[i].rule.outside, levels->places[0].outside);
        assert_null(levels->places[i].outside); /* the top clears it */
    }
    levels_free(levels);
}

/* What an inner section says holds there and further in, and nowhere else. */
static void test_three_levels(void **state)
{
    struct levels *levels = levels_read_good(
        "interface = wan0\ntemporary = yes\nbind = yes\nprefer = { 192.0.2.0/24, 198.51.100.0/24 }\n"
        "failback-delay = 30s\nprefix-length = 56\nwhen-lost = withdraw\nfamily = ipv4\n"
        "middle a {\ninterface = { wan1, wan2 }\ntemporary = no\nprefer = 203.0.113.0/24\nfamily = ipv6\n"
        "prefix-length = 60\nwithdraw-after = 5m\n"
        "inner b {\ninterface = auto\nbind = no\nfailback-delay = 0\nwhen-lost = keep\nfamily = both\n}\n}\n");
    const struct place *top = &levels->places[0], *middle = &levels->places[1], *inner = &levels->places[2];

    (void)state;
    assert_string_equal(top->rule.interfaces[0], "wan0");
    assert_string_equal(middle->rule.interfaces[0], "wan1");
    assert_string_equal(middle->rule.interfaces[1], "wan2");
    assert_true(rule_is_auto(&inner->rule));
    assert_true(top->rule.temporary && !middle->rule.temporary && !inner->rule.temporary);
    assert_true(top->rule.bind && middle->rule.bind && !inner->rule.bind);
    assert_prefix(&top->rule.prefer[1], "198.51.100.0/24");
    assert_prefix(&middle->rule.prefer[0], "203.0.113.0/24");
    assert_prefix(&middle->rule.prefer[1], NULL);
    assert_prefix(&inner->rule.prefer[0], "203.0.113.0/24");
    assert_true(top->families == IP_V4 && middle->families == IP_V6 && inner->families == IP_BOTH);
    assert_true(top->rule.prefix_length == 56 && middle->rule.prefix_length == 60 && inner->rule.prefix_length == 60);
    assert_int_equal(middle->rule.failback_ms, 30 * second_ms);
    assert_int_equal(inner->rule.failback_ms, 0);
    assert_int_equal(top->rule.withdraw_ms, hour_ms);
    assert_int_equal(middle->rule.withdraw_ms, 5 * minute_ms);
    assert_int_equal(inner->rule.withdraw_ms, 0);
    levels_free(levels);
}

/* "withdraw" said once more changes nothing. */
static void test_withdraw_after_is_inherited(void **state)
{
    struct levels *levels =
        levels_read_good("when-lost = withdraw\nwithdraw-after = 5m\nmiddle a {\nwhen-lost = withdraw\n}\n");

    (void)state;
    assert_int_equal(levels->places[1].rule.withdraw_ms, 5 * minute_ms);
    levels_free(levels);
}

static void test_all(void **state)
{
    struct levels *levels = levels_read_good("interface = { all, wan0, wan1 }\nmiddle a {\ninterface = wan2\n}\n");

    (void)state;
    assert_true(levels->places[0].rule.all && !levels->places[1].rule.all);
    assert_string_equal(levels->places[0].rule.interfaces[0], "wan0");
    assert_string_equal(levels->places[0].rule.interfaces[1], "wan1");
    assert_string_equal(levels->places[0].rule.interfaces[2], "");
    levels_free(levels);
}

/* ---- Sources. ---- */

static void test_two_services(void **state)
{
    struct levels *levels = levels_read_good("source = { \"https://a.example.org/ip\", echo:plain-text }\n");
    const struct rule_outside *outside = levels->places[0].rule.outside;

    (void)state;
    assert_int_equal(outside->service_count, 2);
    assert_null(outside->program);
    assert_string_equal(outside->services[0].url, "https://a.example.org/ip");
    assert_null(outside->services[0].member);
    assert_string_equal(outside->services[1].url, "https://text.example.org/");
    assert_null(outside->services[1].member);
    levels_free(levels);
}

/* Of whatever kind the outer source is, the inner one takes its place whole. */
static void test_source_over_source(void **state)
{
    static const char *const sources[] = {"kernel", "static:192.0.2.1", "exec:%s", "echo:echo",
                                          "\"https://a.example.org/\""};
    char text[200];

    (void)state;
    for (size_t i = 0; i < COUNT(sources); i++) {
        for (size_t j = 0; j < COUNT(sources); j++) {
            struct levels *levels;
            const struct rule *rule;

            if (i == j)
                continue;
            snprintf(text, sizeof text, "source = %s\nmiddle a {\nsource = %s\n}\n", sources[i], sources[j]);
            levels = levels_read_good(text);
            rule = &levels->places[1].rule;
            if (ip_is_set(&rule->fixed) != (j == 1) || (rule->outside != NULL) != (j > 1) ||
                (rule->outside && (rule->outside->program != NULL) != (j == 2)) ||
                (rule->outside && rule->outside->service_count != (j == 2 ? 0 : 1)))
                unit_wrong("%s in %s", sources[j], sources[i]);
            levels_free(levels);
        }
    }
    unit_all_right();
}

/* A fixed address has one family, and so has what is published of it. */
static void test_static_has_one_family(void **state)
{
    struct levels *levels = levels_read_good("source = static:192.0.2.1\n");
    char text[IP_TEXT_SIZE];

    (void)state;
    assert_int_equal(levels->places[0].families, IP_V4);
    assert_string_equal(ip_text(&levels->places[0].rule.fixed, text), "192.0.2.1");
    levels_free(levels);
    levels = levels_read_good("family = both\nmiddle a {\nsource = \"static:2001:db8::1\"\n}\n");
    assert_int_equal(levels->places[0].families, IP_BOTH);
    assert_int_equal(levels->places[1].families, IP_V6);
    levels_free(levels);
    /* Nobody said that this one is to be IPv4 only. */
    levels = levels_read_good("source = static:192.0.2.1\nmiddle a {\nsource = kernel\n}\n");
    assert_int_equal(levels->places[1].families, IP_BOTH);
    levels_free(levels);
}

static void test_program_interval(void **state)
{
    struct levels *levels = levels_read_good("source = exec:%s\ncheck-interval = 10s\n");

    (void)state;
    assert_int_equal(levels->places[0].rule.interval_ms, 10 * second_ms);
    assert_string_equal(levels->places[0].rule.outside->program, levels_program());
    levels_free(levels);
}

/* A service is not asked every ten seconds, whoever said ten seconds. */
static void test_services_are_spared(void **state)
{
    struct levels *levels = levels_read("source = exec:%s\ncheck-interval = 10s\nmiddle a {\nsource = echo:echo\n}\n");

    (void)state;
    assert_true(levels->faults.any || levels->places[1].rule.interval_ms >= 10 * minute_ms);
    levels_free(levels);
}

/* ---- What a host part leaves of the families. ---- */

static void test_narrow(void **state)
{
    struct levels *levels = levels_read_good("family = ipv4\nmiddle a {\n}\n");

    (void)state;
    /* Inherited, it gives way; said in the section itself, it is a fault. */
    place_narrow(&levels->faults, levels->sections[1], &levels->places[1], IP_V6, "a suffix");
    assert_int_equal(levels->places[1].families, IP_V6);
    assert_string_equal(levels->told.text, "");
    place_narrow(&levels->faults, levels->sections[0], &levels->places[0], IP_V6, "a suffix");
    assert_string_equal(levels->told.text, "f:1: family: a suffix gives ipv6 only\n");
    levels_free(levels);
    levels = levels_read_good("family = ipv6\n");
    place_narrow(&levels->faults, levels->sections[0], &levels->places[0], IP_V6, "a suffix");
    assert_false(levels->faults.any);
    levels_free(levels);
}

/* A program that hears of changes: the innermost counts, none stands for nobody. */
static void test_on_change(void **state)
{
    static const struct {
        const char *format;
        bool heard[3];
    } rows[] = {
        {"middle a {\ninner b { }\n}\n", {false, false, false}},
        {"on-change = \"%s\"\nmiddle a {\ninner b { }\n}\n", {true, true, true}},
        {"middle a {\non-change = \"%s\"\ninner b { }\n}\n", {false, true, true}},
        {"middle a {\ninner b {\non-change = \"%s\"\n}\n}\n", {false, false, true}},
        {"on-change = \"%s\"\nmiddle a {\non-change = none\ninner b { }\n}\n", {true, false, false}},
        {"on-change = \"%s\"\nmiddle a {\ninner b {\non-change = none\n}\n}\n", {true, true, false}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct levels *levels = levels_read_good(rows[i].format);

        for (size_t j = 0; j < 3; j++) {
            const char *program = levels->places[j].on_change;

            if ((program != NULL) != rows[i].heard[j] || (program && strcmp(program, levels_program()) != 0))
                unit_wrong("row %zu, level %zu: %s", i, j, program ? program : "nobody");
        }
        levels_free(levels);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_silence_inherits),
        cmocka_unit_test(test_three_levels),
        cmocka_unit_test(test_withdraw_after_is_inherited),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_two_services),
        cmocka_unit_test(test_source_over_source),
        cmocka_unit_test(test_static_has_one_family),
        cmocka_unit_test(test_program_interval),
        cmocka_unit_test(test_services_are_spared),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_on_change),
    };

    return cmocka_run_group_tests(tests, levels_setup, levels_teardown);
}
