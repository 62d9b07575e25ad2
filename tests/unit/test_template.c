#include "template.h"

#include "unit.h"

/* ---- Values by their names. ---- */

struct named {
    const char *name;
    struct template_value value;
};

/* arg is a list of struct named, up to a name that is NULL. */
static struct template_value find(void *arg, const char *name)
{
    for (const struct named *named = arg; named->name; named++)
        if (strcmp(named->name, name) == 0)
            return named->value;
    return (struct template_value){0};
}

static struct template_source source_of(const struct named *list)
{
    return (struct template_source){find, (struct named *)(uintptr_t)list};
}

static char names_are_asked[] = "arg";

static bool is_known(void *arg, const char *name)
{
    static const char *const names[] = {"server", "username", "password", "hostname", "ip", "prefix-length", "x9"};

    assert_ptr_equal(arg, names_are_asked);
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* ---- Faults. ---- */

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
        {"{prefix-length}{x9}", NULL},
        {"{hostnam}", "{hostnam}"},
        {"{ip}{nope}", "{nope}"},
        {"{i}", "{i}"},
        {"{ipx}", "{ipx}"},
        {"{nope}{ip}", "{nope}"},
        /* Begun like a placeholder, and none. */
        {"{ip", "no placeholder: {ip"},
        {"{ip }", "no placeholder: {ip"},
        {"{ip}{host", "no placeholder: {host"},
        {"{i{ip}}", "no placeholder: {i"},
        {"{iP}", "no placeholder: {iP"},
        {"{a_b}", "no placeholder: {a_b"},
        {"{ip:1}", "no placeholder: {ip:1"},
        /* Braces that are what they are. */
        {"{", NULL},
        {"}", NULL},
        {"{}", NULL},
        {"{ ip }", NULL},
        {"{IP}", NULL},
        {"{1}", NULL},
        {"{\"a\": {}}", NULL},
        {"ip}", NULL},
        {"{{ip}}", NULL},
        {"{ip}}", NULL},
        {"{{nope}}", "{nope}"},
        {"{\"a\": {nope}}", "{nope}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *fault = template_fault(texts[i].text, is_known, names_are_asked);

        if ((fault == NULL) != (texts[i].fault == NULL) || (fault && !strstr(fault, texts[i].fault)))
            unit_wrong("\"%s\": %s", texts[i].text, fault ? fault : "no fault");
        free(fault);
    }
    unit_all_right();
}

/* ---- Expansion. ---- */

static const struct named values[] = {
    {"server", {.text = "https://192.0.2.53:8443", .ready = true}},
    {"username", {.text = "alice", .secret = true}},
    {"password", {.text = "s&cr/t\"", .secret = true}},
    {"hostname", {.text = "*.a,b&ip=1"}},
    {"ip", {.text = NULL}},
    {"empty", {.text = ""}},
    {"number", {.text = "300"}},
    {"minus", {.text = "-1.5"}},
    {"truth", {.text = "true"}},
    {"word", {.text = "good"}},
    {"list", {.text = "[\"x\"]", .ready = true}},
    {"login", {.text = "u={username}&p={password}", .macro = true}},
    {"lost", {.text = "{ip}", .macro = true}},
    {"object", {.text = "{\"n\": {number}, \"h\": \"{hostname}\"}", .macro = true}},
    {"circle", {.text = "({circle})", .macro = true}},
    {NULL, {0}},
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
        {"{hostname}", BUF_STRICT, false, "%2A.a%2Cb%26ip%3D1"},
        {"/{hostname}/x", BUF_PATH, false, "/*.a%2Cb%26ip%3D1/x"},
        {"<a>{hostname}</a>", BUF_XML, false, "<a>*.a,b&amp;ip=1</a>"},
        {"^{hostname}$", BUF_REGEX, false, "^\\*\\.a,b&ip=1$"},
        {"{hostname}{hostname}", BUF_RAW, false, "*.a,b&ip=1*.a,b&ip=1"},
        {"[{ip}]", BUF_RAW, false, "[]"},
        {"[{other}]", BUF_RAW, false, "[]"},
        {"{username}:{password}", BUF_QUERY, false, "alice:s%26cr%2Ft%22"},
        {"{{word}} {", BUF_RAW, false, "{good} {"},
        /* What is ready stands as it is, wherever it stands. */
        {"{server}", BUF_QUERY, false, "https://192.0.2.53:8443"},
        {"{list}", BUF_XML, false, "[\"x\"]"},
        /* A macro is part of the text around it: only what it holds is escaped. */
        {"{login}", BUF_QUERY, false, "u=alice&p=s%26cr%2Ft%22"},
        {"<{login}>", BUF_RAW, false, "<u=alice&p=s&cr/t\">"},
        /* For people: no secret, in whatever place. */
        {"{username}:{password}", BUF_QUERY, true, "{username}:{password}"},
        {"{username}:{password}", BUF_RAW, true, "{username}:{password}"},
        {"{login}", BUF_QUERY, true, "u={username}&p={password}"},
        {"x={hostname}", BUF_QUERY, true, "x=*.a,b%26ip%3D1"},
    };
    const struct template_source source = source_of(values);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = {0};

        buf_add(&out, "");
        template_expand(&out, cases[i].text, &source, cases[i].place, cases[i].show);
        if (strcmp(buf_text(&out), cases[i].expected) != 0)
            unit_wrong("\"%s\": \"%s\" instead of \"%s\"", cases[i].text, buf_text(&out), cases[i].expected);
        buf_free(&out);
    }
    unit_all_right();
}

/* Inside of strings values are escaped; outside of them only a number, true or false may stand, and what is ready. */
static void test_expand_json(void **state)
{
    static const struct {
        const char *text;
        bool show;
        const char *expected;
    } cases[] = {
        {"{}", false, "{}"},
        {"{\"h\": \"{hostname}\"}", false, "{\"h\": \"*.a,b&ip=1\"}"},
        {"{\"p\": \"{password}\"}", false, "{\"p\": \"s&cr/t\\\"\"}"},
        {"{\"{word}\": \"a{word}b{number}\"}", false, "{\"good\": \"agoodb300\"}"},
        {"{\"ip\": \"{ip}\", \"n\": 1}", false, "{\"ip\": null, \"n\": 1}"},
        {"{\"ip\": \"{word}{ip}\"}", false, "{\"ip\": null}"},
        {"{\"{word}{ip}\" : \"{ip}\"}", false, "{\"\"   : null}"},
        {"{\"e\": \"{empty}\"}", false, "{\"e\": \"\"}"},
        {"{\"t\": {number}, \"m\": {minus}, \"b\": {truth}}", false, "{\"t\": 300, \"m\": -1.5, \"b\": true}"},
        {"{\"t\": {word}}", false, "{\"t\": null}"},
        {"{\"t\": {hostname}}", false, "{\"t\": null}"},
        {"{\"t\": {empty}}", false, "{\"t\": null}"},
        {"{\"t\": {ip}}", false, "{\"t\": null}"},
        {"{\"t\": {list}}", false, "{\"t\": [\"x\"]}"},
        {"{\"o\": {object}}", false, "{\"o\": {\"n\": 300, \"h\": \"*.a,b&ip=1\"}}"},
        {"{\"l\": \"{login}\"}", false, "{\"l\": \"u=alice&p=s&cr/t\\\"\"}"},
        {"{\"l\": \"{lost}\"}", false, "{\"l\": null}"},
        /* A quote that is escaped does not end its string. */
        {"{\"a\": \"\\\"{number}\", \"b\": \"{ip}\"}", false, "{\"a\": \"\\\"300\", \"b\": null}"},
        /* For people. */
        {"{\"p\": \"{password}\", \"u\": {username}}", true, "{\"p\": \"{password}\", \"u\": {username}}"},
    };
    const struct template_source source = source_of(values);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = {0};

        template_expand_json(&out, cases[i].text, &source, cases[i].show);
        if (strcmp(buf_text(&out), cases[i].expected) != 0)
            unit_wrong("%s: %s instead of %s", cases[i].text, buf_text(&out), cases[i].expected);
        buf_free(&out);
    }
    unit_all_right();
}

/* A placeholder is set when it has a value, be it empty; all of them must be, those in a macro too. */
static void test_is_set(void **state)
{
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
        {"a={hostname}&b={ip}", false},
        {"a={ip}&b={hostname}", false},
        {"{ip}{ip}", false},
        {"{hostname}{number}{empty}", true},
        {"{other}", false},
        {"{login}", true},
        {"{lost}", false},
        /* No placeholders. */
        {"{hostname", true},
        {"{", true},
        {"{Ip}", true},
        {"{{ip}}", false},
    };
    const struct template_source source = source_of(values);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (template_is_set(cases[i].text, &source) != cases[i].set)
            unit_wrong("\"%s\" is%s set", cases[i].text, cases[i].set ? " not" : "");
    unit_all_right();
}

/* A value that looks like a placeholder is text, and is not expanded again. */
static void test_no_second_expansion(void **state)
{
    static const struct named tricky[] = {{"hostname", {.text = "{password}"}},
                                          {"macro", {.text = "{hostname}", .macro = true}},
                                          {"password", {.text = "secret", .secret = true}},
                                          {NULL, {0}}};
    const struct template_source source = source_of(tricky);
    struct buf out = {0};

    (void)state;
    template_expand(&out, "{hostname}{macro}", &source, BUF_RAW, false);
    assert_string_equal(buf_text(&out), "{password}{password}");
    buf_free(&out);
    template_expand_json(&out, "\"{hostname}{macro}\"", &source, false);
    assert_string_equal(buf_text(&out), "\"{password}{password}\"");
    buf_free(&out);
}

/* A macro of itself comes to an end. */
static void test_circle(void **state)
{
    const struct template_source source = source_of(values);
    struct buf out = {0};

    (void)state;
    template_expand(&out, "{circle}", &source, BUF_RAW, false);
    template_expand_json(&out, "{circle}", &source, false);
    template_is_set("{circle}", &source);
    assert_true(out.length < 200);
    buf_free(&out);
}

/* Whatever a value holds, it stays in its string. */
static void test_json_holds(void **state)
{
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 5);
    for (int round = 0; round < 5000; round++) {
        char value[9] = "";
        const struct named list[] = {{"v", {.text = value}}, {NULL, {0}}};
        const struct template_source source = source_of(list);
        struct buf out = {0};
        const char *at;

        for (size_t i = 0; i < sizeof value - 1; i++)
            value[i] = unit_random(&random, 2) ? "\"\\{}v,:\n"[unit_random(&random, 8)]
                                               : (char)(1 + unit_random(&random, 255));
        template_expand_json(&out, "[\"{v}\"]", &source, false);
        for (at = out.text + 2; *at && *at != '"'; at += *at == '\\' ? 2 : 1)
            assert_true((unsigned char)*at >= 0x20);
        assert_string_equal(at, "\"]");
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),     cmocka_unit_test(test_expand), cmocka_unit_test(test_expand_json),
        cmocka_unit_test(test_is_set),     cmocka_unit_test(test_circle), cmocka_unit_test(test_no_second_expansion),
        cmocka_unit_test(test_json_holds),
    };

    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
