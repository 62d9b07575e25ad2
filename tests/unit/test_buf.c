#include "buf.h"

#include "unit.h"

#include <regex.h>

static void test_grows(void **state)
{
    struct buf buf = {0};
    char expected[20001];

    (void)state;
    assert_string_equal(buf_text(&buf), "");
    for (size_t i = 0; i < sizeof expected - 1; i++) {
        expected[i] = (char)('a' + i % 26);
        buf_add_n(&buf, &expected[i], 1);
    }
    expected[sizeof expected - 1] = '\0';
    assert_int_equal(buf.length, sizeof expected - 1);
    assert_string_equal(buf_text(&buf), expected);
    buf_free(&buf);
    assert_null(buf.text);
    assert_int_equal(buf.length, 0);
}

static void test_format(void **state)
{
    struct buf buf = {0};

    (void)state;
    buf_addf(&buf, "%s", "");
    assert_string_equal(buf_text(&buf), "");
    buf_addf(&buf, "%d-%s", 42, "x");
    buf_addf(&buf, "/%050d", 7);
    buf_add(&buf, "!");
    assert_string_equal(buf_text(&buf), "42-x/00000000000000000000000000000000000000000000000007!");
    assert_int_equal(buf.length, strlen(buf.text));
    buf_free(&buf);
}

static void test_take(void **state)
{
    struct buf buf = {0};
    char *text = buf_take(&buf);

    (void)state;
    assert_string_equal(text, "");
    free(text);
    buf_add(&buf, "mine");
    text = buf_take(&buf);
    assert_string_equal(text, "mine");
    assert_string_equal(buf_text(&buf), "");
    buf_add(&buf, "next");
    assert_string_equal(text, "mine");
    free(text);
    buf_free(&buf);
}

/* Everything that may break out of its place, and what must stay readable. */
static const struct {
    const char *value, *path, *query, *print;
} escapes[] = {
    {"", "", "", ""},
    {"home-1.example.org", "home-1.example.org", "home-1.example.org", "home-1.example.org"},
    {"a_b~c", "a_b~c", "a_b~c", "a_b~c"},
    {"*.example.org", "*.example.org", "*.example.org", "*.example.org"},
    {"a,b", "a%2Cb", "a,b", "a,b"},
    {"2001:db8::7", "2001:db8::7", "2001:db8::7", "2001:db8::7"},
    {"x&myip=10.0.0.1", "x%26myip%3D10.0.0.1", "x%26myip%3D10.0.0.1", "x&myip=10.0.0.1"},
    {"a=b", "a%3Db", "a%3Db", "a=b"},
    {"a/../b", "a%2F..%2Fb", "a%2F..%2Fb", "a/../b"},
    {"a?b#c", "a%3Fb%23c", "a%3Fb%23c", "a?b#c"},
    {"a@b", "a@b", "a%40b", "a@b"},
    {"100%", "100%25", "100%25", "100%"},
    {"a b+c", "a%20b%2Bc", "a%20b%2Bc", "a b+c"},
    {"a;b|c\\d", "a%3Bb%7Cc%5Cd", "a%3Bb%7Cc%5Cd", "a;b|c\\d"},
    {"\"<>'{}[]", "%22%3C%3E%27%7B%7D%5B%5D", "%22%3C%3E%27%7B%7D%5B%5D", "\"<>'{}[]"},
    /* A line of one's own in a request, or in the log. */
    {"a\r\nHost: b", "a%0D%0AHost:%20b", "a%0D%0AHost:%20b", "a\\x0d\\x0aHost: b"},
    {"\t\x7f\x01", "%09%7F%01", "%09%7F%01", "\\x09\\x7f\\x01"},
    {"\x1b[31mred", "%1B%5B31mred", "%1B%5B31mred", "\\x1b[31mred"},
    /* UTF-8 that is whole may be shown: two, three and four bytes. */
    {"\xc3\xa9", "%C3%A9", "%C3%A9", "\xc3\xa9"},
    {"\xe2\x82\xac", "%E2%82%AC", "%E2%82%AC", "\xe2\x82\xac"},
    {"\xf0\x9f\x98\x80", "%F0%9F%98%80", "%F0%9F%98%80", "\xf0\x9f\x98\x80"},
    /* Not UTF-8: a lone byte, cut off, overlong, a surrogate, past the end of Unicode. */
    {"\xff", "%FF", "%FF", "\\xff"},
    {"\xa9x", "%A9x", "%A9x", "\\xa9x"},
    {"\xc3", "%C3", "%C3", "\\xc3"},
    {"\xe2\x82", "%E2%82", "%E2%82", "\\xe2\\x82"},
    {"\xc0\xaf", "%C0%AF", "%C0%AF", "\\xc0\\xaf"},
    {"\xe0\x80\xaf", "%E0%80%AF", "%E0%80%AF", "\\xe0\\x80\\xaf"},
    {"\xf0\x80\x80\xaf", "%F0%80%80%AF", "%F0%80%80%AF", "\\xf0\\x80\\x80\\xaf"},
    {"\xed\xa0\x80", "%ED%A0%80", "%ED%A0%80", "\\xed\\xa0\\x80"},
    {"\xf4\x90\x80\x80", "%F4%90%80%80", "%F4%90%80%80", "\\xf4\\x90\\x80\\x80"},
    {"\xf8\x88\x80\x80\x80", "%F8%88%80%80%80", "%F8%88%80%80%80", "\\xf8\\x88\\x80\\x80\\x80"},
    /* C1 controls (a terminal obeys U+009B like ESC [), line separators, bidirectional overrides. */
    {"\xc2\x9b", "%C2%9B", "%C2%9B", "\\xc2\\x9b"},
    {"\xe2\x80\xa8", "%E2%80%A8", "%E2%80%A8", "\\xe2\\x80\\xa8"},
    {"\xe2\x80\xae", "%E2%80%AE", "%E2%80%AE", "\\xe2\\x80\\xae"},
    {"\xe2\x81\xa6", "%E2%81%A6", "%E2%81%A6", "\\xe2\\x81\\xa6"},
};

static void test_escapes(void **state)
{
    static const char *const places[] = {"raw", "path", "query", "print"};

    (void)state;
    for (size_t i = 0; i < COUNT(escapes); i++) {
        const char *expected[] = {escapes[i].value, escapes[i].path, escapes[i].query, escapes[i].print};
        static const enum buf_place place[] = {BUF_RAW, BUF_PATH, BUF_QUERY, BUF_PRINT};

        for (size_t p = 0; p < COUNT(place); p++) {
            struct buf buf = {0};

            buf_add_escaped(&buf, escapes[i].value, place[p]);
            if (strcmp(buf_text(&buf), expected[p]) != 0)
                unit_wrong("row %zu, %s: \"%s\" instead of \"%s\"", i, places[p], buf_text(&buf), expected[p]);
            buf_free(&buf);
        }
    }
    unit_all_right();
}

/* Where values stand in what is signed, in bodies and in headers. */
static void test_other_places(void **state)
{
    static const struct {
        enum buf_place place;
        const char *value, *expected;
    } cases[] = {
        {BUF_STRICT, "aZ09-._~", "aZ09-._~"},
        {BUF_STRICT, "*.a:b,c@d e+f", "%2A.a%3Ab%2Cc%40d%20e%2Bf"},
        {BUF_STRICT, "\xc3\xa9", "%C3%A9"},
        {BUF_JSON, "plain /'&<", "plain /'&<"},
        {BUF_JSON, "a\"b\\c", "a\\\"b\\\\c"},
        {BUF_JSON, "a\r\n\t\x01\x7f", "a\\u000d\\u000a\\u0009\\u0001\\u007f"},
        {BUF_JSON, "\xc3\xa9", "\xc3\xa9"},
        {BUF_XML, "a&b<c>\"'", "a&amp;b&lt;c&gt;&quot;&#39;"},
        {BUF_XML, "]]>", "]]&gt;"},
        {BUF_XML, "a\x01\x1b\n\x7f", "a"},
        {BUF_REGEX, "a.b", "a\\.b"},
        {BUF_REGEX, "^.[]$()|*+?{}\\", "\\^\\.\\[\\]\\$\\(\\)\\|\\*\\+\\?\\{\\}\\\\"},
        {BUF_REGEX, "a-b_c/d", "a-b_c/d"},
        {BUF_HEADER, "Bearer a:b\"c", "Bearer a:b\"c"},
        {BUF_HEADER, "a\r\nHost: b", "aHost: b"},
        {BUF_HEADER, "\t\x01\x7f", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf buf = {0};

        buf_add_escaped(&buf, cases[i].value, cases[i].place);
        if (strcmp(buf_text(&buf), cases[i].expected) != 0)
            unit_wrong("row %zu: \"%s\" instead of \"%s\"", i, buf_text(&buf), cases[i].expected);
        buf_free(&buf);
    }
    unit_all_right();
}

/* A value in a regular expression fits itself, and nothing else. */
static void test_regex_is_literal(void **state)
{
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 2);
    for (int round = 0; round < 2000; round++) {
        char value[7] = "", other[7] = "";
        struct buf buf = {0};
        regex_t regex;

        for (size_t i = 0; i < sizeof value - 1; i++) {
            value[i] = "ab^.[]$()|*+?{},-\\19"[unit_random(&random, 20)];
            other[i] = "ab"[unit_random(&random, 2)];
        }
        buf_add(&buf, "^");
        buf_add_escaped(&buf, value, BUF_REGEX);
        buf_add(&buf, "$");
        assert_int_equal(regcomp(&regex, buf.text, REG_EXTENDED | REG_NOSUB), 0);
        assert_int_equal(regexec(&regex, value, 0, NULL, 0), 0);
        assert_int_equal(regexec(&regex, other, 0, NULL, 0) == 0, strcmp(value, other) == 0);
        regfree(&regex);
        buf_free(&buf);
    }
}

/* Whatever the bytes: no control character is left in a print, and only what a URL allows in the other places. */
static void test_random_bytes(void **state)
{
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 1);
    for (int round = 0; round < 20000; round++) {
        char value[9] = "";
        struct buf print = {0}, query = {0}, strict = {0}, header = {0};

        for (size_t i = 0; i < sizeof value - 1; i++)
            value[i] = (char)(1 + unit_random(&random, 255));
        buf_add_escaped(&print, value, BUF_PRINT);
        buf_add_escaped(&query, value, BUF_QUERY);
        buf_add_escaped(&strict, value, BUF_STRICT);
        buf_add_escaped(&header, value, BUF_HEADER);
        for (const char *c = buf_text(&print); *c; c++)
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
        assert_int_equal(
            strspn(buf_text(&query), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~,:*%"),
            query.length);
        assert_int_equal(
            strspn(buf_text(&strict), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%"),
            strict.length);
        for (const char *c = buf_text(&header); *c; c++)
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
        buf_free(&print);
        buf_free(&query);
        buf_free(&strict);
        buf_free(&header);
    }
}

/* The vectors of RFC 4648 section 10. */
static void test_base64(void **state)
{
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfd", "//79"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct buf buf = {0};

        buf_add_base64(&buf, vectors[i][0], strlen(vectors[i][0]));
        assert_string_equal(buf_text(&buf), vectors[i][1]);
        buf_free(&buf);
    }
}

/* Of the bytes that are given, a NUL among them or not, and of no other one. */
static void test_base64_of_bytes(void **state)
{
    static const unsigned char bytes[] = {0, 0xff, 0, 'x', 'y'};
    struct buf buf = {0};

    (void)state;
    buf_add_base64(&buf, bytes, 4);
    assert_string_equal(buf_text(&buf), "AP8AeA==");
    buf_add_base64(&buf, bytes, 0);
    assert_string_equal(buf_text(&buf), "AP8AeA==");
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_other_places),
        cmocka_unit_test(test_regex_is_literal),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_of_bytes),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
