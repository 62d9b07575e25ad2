#include "template.h"

#include "unit.h"

static const char *const names[] = {"server", "username", "password", "hostname", "ip"};

static void test_faults(void **state)
{
    static const struct {
        const char *text, *fault; /* NULL: good */
    } texts[] = {
        {"", NULL},
        {"plain", NULL},
        {"{server}/nic/update", NULL},
        {"{hostname}{ip}", NULL},
        {"a{ip}", NULL},
        {"{hostnam}", "{hostnam}"},
        {"{ip}{nope}", "{nope}"},
        {"{}", "{}"},
        {"{ ip }", "{ ip }"},
        {"{IP}", "{IP}"},
        {"{i}", "{i}"},
        {"{ipx}", "{ipx}"},
        {"{", "brace"},
        {"}", "brace"},
        {"{ip", "brace"},
        {"ip}", "brace"},
        {"{{ip}}", "brace"},
        {"{ip}}", "brace"},
        {"{i{ip}}", "brace"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *fault = template_fault(texts[i].text, names, COUNT(names));

        if ((fault == NULL) != (texts[i].fault == NULL) || (fault && !strstr(fault, texts[i].fault)))
            unit_wrong("\"%s\": %s", texts[i].text, fault ? fault : "no fault");
        free(fault);
    }
    unit_all_right();
}

static const struct template_value values[] = {
    {"server", "https://192.0.2.53:8443", false},
    {"username", "alice", true},
    {"password", "s&cr/t", true},
    {"hostname", "*.a,b&ip=1", false},
    {"ip", NULL, false},
    {NULL, NULL, false},
};

static void test_expand(void **state)
{
    static const struct {
        const char *text;
        enum buf_place place;
        bool show;
        const char *expected;
    } cases[] = {
        {"", BUF_RAW, false, ""},
        {"plain%20text", BUF_QUERY, false, "plain%20text"},
        {"{server}", BUF_RAW, false, "https://192.0.2.53:8443"},
        {"hostname={hostname}", BUF_QUERY, false, "hostname=*.a,b%26ip%3D1"},
        {"/{hostname}/x", BUF_PATH, false, "/%2A.a%2Cb%26ip%3D1/x"},
        {"{hostname}{hostname}", BUF_RAW, false, "*.a,b&ip=1*.a,b&ip=1"},
        {"[{ip}]", BUF_RAW, false, "[]"},
        {"{username}:{password}", BUF_QUERY, false, "alice:s%26cr%2Ft"},
        /* For people: no secret, in whatever place. */
        {"{username}:{password}", BUF_QUERY, true, "{username}:{password}"},
        {"{username}:{password}", BUF_RAW, true, "{username}:{password}"},
        {"x={hostname}", BUF_QUERY, true, "x=*.a,b%26ip%3D1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = {0};

        buf_add(&out, "");
        template_expand(&out, cases[i].text, values, cases[i].place, cases[i].show);
        if (strcmp(buf_text(&out), cases[i].expected) != 0)
            unit_wrong("\"%s\": \"%s\" instead of \"%s\"", cases[i].text, buf_text(&out), cases[i].expected);
        buf_free(&out);
    }
    unit_all_right();
}

/* A placeholder is set when it has a value, be it empty; all of them must be. */
static void test_is_set(void **state)
{
    static const struct template_value some[] = {
        {"hostname", "a.b", false}, {"empty", "", false}, {"password", "secret", true},
        {"ip", NULL, false},        {"ipx", "x", false},  {NULL, NULL, false},
    };
    static const struct {
        const char *text;
        bool set;
    } cases[] = {
        {"", true},
        {"plain=text", true},
        {"{hostname}", true},
        {"{password}", true},
        {"{empty}", true},
        {"{ip}", false},
        {"{ipx}", true},
        {"a={hostname}&b={ip}", false},
        {"a={ip}&b={hostname}", false},
        {"{ip}{ip}", false},
        {"{hostname}{ipx}{empty}", true},
        {"{other}", false},
        {"{hostname", true},
        {"{hostnam}", false},
        {"{", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (template_is_set(cases[i].text, some) != cases[i].set)
            unit_wrong("\"%s\" is%s set", cases[i].text, cases[i].set ? " not" : "");
    unit_all_right();
}

/* A value that looks like a placeholder is text, and is not expanded again. */
static void test_no_second_expansion(void **state)
{
    static const struct template_value tricky[] = {
        {"hostname", "{password}", false}, {"password", "secret", true}, {NULL, NULL, false}};
    struct buf out = {0};

    (void)state;
    template_expand(&out, "{hostname}", tricky, BUF_RAW, false);
    assert_string_equal(buf_text(&out), "{password}");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_expand),
        cmocka_unit_test(test_is_set),
        cmocka_unit_test(test_no_second_expansion),
    };

    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
