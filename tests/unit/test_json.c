#include "json.h"

#include "unit.h"

static const char answer[] =
    "{\"result\":[{\"id\":\"a1\",\"n\":7},{\"id\":\"b2\"}],\"0\":\"zero\",\"one\":{\"1\":\"x\"},"
    "\"big\":9007199254740993,\"real\":0.5,\"minus\":-3,\"yes\":true,\"no\":false,"
    "\"none\":null,\"empty\":\"\",\"list\":[],\"object\":{},\"text\":\"a\\\"b\\u00e9\"}";

/* Only what is JSON from its first byte to its last, each member once, and not deeper than libjansson goes. */
static void test_parse(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } texts[] = {
        {"{}", true},
        {"[]", true},
        {" \r\n\t{\"a\":1} \n", true},
        {"\"text\"", true},
        {"7", true},
        {"", false},
        {"{", false},
        {"{}x", false},
        {"{\"a\":1,}", false},
        {"{'a':1}", false},
        {"{\"a\":1,\"a\":2}", false},
        {"good 192.0.2.1", false},
        {"{\"a\":\"\xff\xfe\"}", false},
        {"{\"a\":\"\xc0\xaf\"}", false},
        {"{\"a\":\"\\ud800\"}", false},
        {"{\"a\":\"\\u0000\"}", false},
        {"{\"a\":\"x\ny\"}", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct json_t *json = json_parse(texts[i].text, strlen(texts[i].text));

        if ((json != NULL) != texts[i].good)
            unit_wrong("%s: %s", texts[i].text, json ? "is taken" : "is not taken");
        json_free(json);
    }
    unit_all_right();
    assert_null(json_parse("{}\0{}", 5));
}

static void test_depth(void **state)
{
    enum { DEEP = 100000 };
    char *text = malloc(DEEP * 2);

    (void)state;
    assert_non_null(text);
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    assert_null(json_parse(text, DEEP * 2));
    free(text);
}

/* A path leads to one thing or to none; what stands there as a text, and whether it is something. */
static void test_path(void **state)
{
    static const struct {
        const char *path, *text;
        bool something;
    } paths[] = {
        {"result.0.id", "a1", true},
        {"result.1.id", "b2", true},
        {"result.0.n", "7", true},
        {"result.2.id", NULL, false},
        {"result.id", NULL, false},
        {"result", NULL, true},
        {"result.0", NULL, true},
        {"result.00.id", "a1", true},
        {"result.-1", NULL, false},
        {"result.99999999999999999999", NULL, false},
        {"0", "zero", true},
        {"one.1", "x", true},
        {"one.0", NULL, false},
        {"one.1.x", NULL, false},
        {"big", "9007199254740993", true},
        {"real", "0.5", true},
        {"minus", "-3", true},
        {"yes", "true", true},
        {"no", "false", false},
        {"none", NULL, false},
        {"none.x", NULL, false},
        {"empty", "", false},
        {"list", NULL, false},
        {"object", NULL, false},
        {"text", "a\"b\xc3\xa9", true},
        {"nothing", NULL, false},
        {".", NULL, true},
        {"RESULT", NULL, false},
    };
    struct json_t *json = json_parse(answer, strlen(answer));

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        const struct json_t *at = json_at(json, paths[i].path);
        char *text = json_text(at);

        if ((text == NULL) != (paths[i].text == NULL) || (text && strcmp(text, paths[i].text) != 0) ||
            json_is_something(at) != paths[i].something)
            unit_wrong("%s: %s, %d", paths[i].path, text ? text : "no text", json_is_something(at));
        free(text);
    }
    unit_all_right();
    json_free(json);
    assert_null(json_at(NULL, "a"));
    assert_null(json_at(NULL, "."));
    assert_null(json_text(NULL));
    assert_false(json_is_something(NULL));
}

static void expect_no_values(const struct json_t *json)
{
    struct json_t *values = json_values(json);

    assert_int_equal(json_count(values), 0);
    assert_null(json_element(values, 0));
    json_free(values);
}

/* What is taken from them stays as long as the whole does. */
static void test_elements(void **state)
{
    static const char text[] = "{\"list\":[\"a\",\"b\"],\"object\":{\"x\":\"a\",\"y\":\"b\"},\"text\":\"a\"}";
    static const char *const holders[] = {"list", "object"};
    struct json_t *json = json_parse(text, strlen(text));

    (void)state;
    for (size_t i = 0; i < COUNT(holders); i++) {
        struct json_t *holder = json_values(json_at(json, holders[i]));
        char *first = json_text(json_element(holder, 0)), *second = json_text(json_element(holder, 1));

        assert_int_equal(json_count(holder), 2);
        assert_string_equal(first, "a");
        assert_string_equal(second, "b");
        assert_null(json_element(holder, 2));
        free(first);
        free(second);
        json_free(holder);
    }
    expect_no_values(json_at(json, "text"));
    expect_no_values(NULL);
    json_free(json);
}

/* The blanks and the members that are null or have no name are gone; all else is as it was, and where it was. */
static void test_tidy(void **state)
{
    static const struct {
        const char *text, *tidy; /* NULL: no JSON */
    } texts[] = {
        {"{ \"b\" : 1 ,\n \"a\" : \"x y\" }", "{\"b\":1,\"a\":\"x y\"}"},
        {"{\"a\":null,\"b\":{\"c\":null,\"d\":2}}", "{\"b\":{\"d\":2}}"},
        {"{\"a\":[{\"b\":null},{\"b\":null,\"c\":1}]}", "{\"a\":[{},{\"c\":1}]}"},
        {"{\"a\":null}", "{}"},
        {"{\"\":1,\"a\":[{\"\":\"x\"}]}", "{\"a\":[{}]}"},
        {"[ true, false, -5 ]", "[true,false,-5]"},
        {"\"x\"", "\"x\""},
        {"{\"a\":\"\xc3\xa9\\u0001\\\"\"}", "{\"a\":\"\xc3\xa9\\u0001\\\"\"}"},
        {"{\"weight\":0.1}", "{\"weight\":0.1}"},
        {"{\"weight\":1.5}", "{\"weight\":1.5}"},
        {"{\"a\":}", NULL},
        {"{\"a\":1} x", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *tidy = json_tidy(texts[i].text);

        if ((tidy == NULL) != (texts[i].tidy == NULL) || (tidy && strcmp(tidy, texts[i].tidy) != 0))
            unit_wrong("%s: %s", texts[i].text, tidy ? tidy : "no JSON");
        free(tidy);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),    cmocka_unit_test(test_depth), cmocka_unit_test(test_path),
        cmocka_unit_test(test_elements), cmocka_unit_test(test_tidy),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
