#include "rule.h"

#include "unit.h"

#include <sys/socket.h>

static char url_a[] = "https://a.example.org/", url_b[] = "https://b.example.org/";
static char program_a[] = "/bin/true", program_b[] = "/bin/false";
static const struct rule_service services[] = {{url_a, NULL}, {url_b, NULL}};

static struct rule_outside outside(size_t count, char *program)
{
    struct rule_outside made = {.program = program, .service_count = count};

    memcpy(made.services, services, sizeof services);
    return made;
}

static void test_auto_and_pattern(void **state)
{
    struct rule rule = {0};

    (void)state;
    assert_true(rule_is_auto(&rule));
    strcpy(rule.interfaces[0], "wan0");
    assert_false(rule_is_auto(&rule));
    assert_false(rule_is_pattern("wan0"));
    assert_false(rule_is_pattern(""));
    assert_false(rule_is_pattern("br-lan.2"));
    assert_true(rule_is_pattern("ppp*"));
    assert_true(rule_is_pattern("wwan?"));
    assert_true(rule_is_pattern("eth[01]"));
}

static void test_name(void **state)
{
    struct rule_outside program = outside(0, program_a), echo = outside(2, NULL);
    char *name = malloc(RULE_NAME_SIZE);
    struct rule rule = {0};

    (void)state;
    assert_non_null(name);
    assert_string_equal(rule_name(&rule, name), "auto");
    strcpy(rule.interfaces[0], "wan0");
    assert_string_equal(rule_name(&rule, name), "wan0");
    strcpy(rule.interfaces[1], "ppp*");
    assert_string_equal(rule_name(&rule, name), "wan0,ppp*");
    for (size_t i = 0; i < RULE_INTERFACES; i++)
        snprintf(rule.interfaces[i], IFNAMSIZ, "interface%zu-long", i);
    assert_string_equal(rule_name(&rule, name),
                        "interface0-long,interface1-long,interface2-long,interface3-long,interface4-long,"
                        "interface5-long,interface6-long,interface7-long");
    rule.outside = &program;
    assert_string_equal(rule_name(&rule, name), "exec");
    rule.outside = &echo;
    assert_string_equal(rule_name(&rule, name), "echo");
    rule.outside = NULL;
    assert_true(ip_parse("192.0.2.1", &rule.fixed));
    assert_string_equal(rule_name(&rule, name), "static");
    free(name);
}

/* Of a URL, what stands behind the host may be somebody's key. */
static void test_asked(void **state)
{
    char secret[] = "https://[2001:db8::1]:8443/key/?token=key", bare[] = "https://c.example.org?token=key#key";
    struct rule_outside program = outside(0, program_a), echo = outside(2, NULL);
    struct rule rule = {0};
    struct buf asked = {0};

    (void)state;
    assert_false(rule_asked(&rule, 0, &asked));
    assert_true(ip_parse("192.0.2.1", &rule.fixed));
    assert_false(rule_asked(&rule, 0, &asked));
    rule = (struct rule){.outside = &program};
    assert_true(rule_asked(&rule, 0, &asked));
    assert_false(rule_asked(&rule, 1, &asked));
    assert_string_equal(asked.text, "/bin/true");
    buf_free(&asked);
    echo.services[0].url = secret;
    echo.services[1].url = bare;
    rule.outside = &echo;
    assert_true(rule_asked(&rule, 0, &asked));
    buf_add(&asked, " ");
    assert_true(rule_asked(&rule, 1, &asked));
    assert_false(rule_asked(&rule, 2, &asked));
    assert_string_equal(asked.text, "https://[2001:db8::1]:8443 https://c.example.org");
    buf_free(&asked);
}

enum { RULES = 21 };

/* The plain rule, and each that differs from it in one thing. */
static void make_rules(struct rule rules[RULES], struct rule_outside others[4])
{
    size_t i = 1;

    memset(rules, 0, RULES * sizeof *rules);
    strcpy(rules[i++].interfaces[0], "wan0");
    strcpy(rules[i].interfaces[0], "wan0");
    strcpy(rules[i++].interfaces[1], "wan1");
    strcpy(rules[i++].interfaces[RULE_INTERFACES - 1], "wan0");
    rules[i++].family = AF_INET6;
    rules[i++].all = true;
    rules[i++].temporary = true;
    rules[i++].allow_private = true;
    rules[i++].bind = true;
    rules[i++].interval_ms = 1;
    rules[i++].failback_ms = 1;
    rules[i++].withdraw_ms = 1;
    rules[i++].prefix_length = 56;
    assert_true(ip_parse("192.0.2.1", &rules[i++].fixed));
    assert_true(ip_prefix_parse("192.0.2.0/24", &rules[i++].prefer[0]));
    assert_true(ip_prefix_parse("192.0.2.0/25", &rules[i++].prefer[0]));
    assert_true(ip_prefix_parse("192.0.2.0/24", &rules[i++].match[RULE_PREFIXES - 1]));
    others[0] = outside(0, program_a);
    others[1] = outside(0, program_b);
    others[2] = outside(1, NULL);
    others[3] = outside(2, NULL);
    for (size_t j = 0; j < 4; j++)
        rules[i++].outside = &others[j];
    assert_int_equal(i, RULES);
}

/* What one rule has and another has not would be answered with the other's address. */
static void test_equal(void **state)
{
    struct rule rules[RULES], same[RULES];
    struct rule_outside others[4], again[4];

    (void)state;
    make_rules(rules, others);
    make_rules(same, again);
    for (size_t i = 0; i < RULES; i++)
        for (size_t j = 0; j < RULES; j++)
            if (rule_equal(&rules[i], &same[j]) != (i == j))
                unit_wrong("rules %zu and %zu", i, j);
    unit_all_right();
}

/* Equal is what they say, not where it stands: a configuration that is read again has new memory. */
static void test_equal_services(void **state)
{
    char url[] = "https://a.example.org/", ip[] = "ip", same[] = "ip";
    struct rule_outside a = outside(1, NULL), b = outside(1, NULL);
    struct rule one = {.outside = &a}, two = {.outside = &b};

    (void)state;
    b.services[0].url = url;
    assert_true(rule_equal(&one, &two));
    b.services[0].member = ip;
    assert_false(rule_equal(&one, &two));
    assert_false(rule_equal(&two, &one));
    a.services[0].member = same;
    assert_true(rule_equal(&one, &two));
    ip[0] = 'I';
    assert_false(rule_equal(&one, &two));
    b.services[0] = services[1];
    a.services[0].member = NULL;
    assert_false(rule_equal(&one, &two));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auto_and_pattern),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_asked),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_equal_services),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
