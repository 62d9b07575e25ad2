#include "scan.h"

#include "unit.h"

/* What libConfuse gets, where # stands for the sign of a number; then the values. */
static void check(const char *text, const char *expected)
{
    struct buf came = {0};
    struct scan scan;

    assert_true(scan_read(text, strlen(text), false, &scan, NULL, NULL));
    for (const char *at = buf_text(&scan.text); *at; at++)
        buf_add_n(&came, *at == 1 ? "#" : at, 1);
    for (size_t i = 0; i < scan.value_count; i++)
        buf_addf(&came, "|%s", scan.values[i]);
    if (strcmp(buf_text(&came), expected) != 0)
        unit_wrong("%s\n    gives %s\n    not   %s", text, buf_text(&came), expected);
    buf_free(&came);
    scan_clear(&scan);
}

/* Values are kept here, with or without quotes; keys, titles and lines go on. */
static void test_values_stay_here(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"key = value", "key = \"#0\"|value"},
        {"key=value", "key=\"#0\"|value"},
        {"key = ''", "key = \"#0\"|"},
        {"key = \"a b\" other = 'c'\n", "key = \"#0\" other = \"#1\"\n|a b|c"},
        {"key\n=\nvalue\n", "key\n=\n\"#0\"\n|value"},
        {"list = { a, \"b\",\n'c' }", "list = { \"#0\", \"#1\",\n\"#2\" }|a|b|c"},
        {"list += a", "list += \"#0\"|a"},
        {"section title { key = a }", "section title { key = \"#0\" }|a"},
        {"section \"ti tle\" { key = a }", "section \"ti tle\" { key = \"#0\" }|a"},
        {"key = a # b\nother = c /* d\n\ne */", "key = \"#0\"  \nother = \"#1\"  \n\n|a|c"},
        {"key = \"one\ntwo\nthree\"\n", "key = \"#0\n\n\"\n|one\ntwo\nthree"},
        {"key = a-b_c.d:e@f%g/h", "key = \"#0\"|a-b_c.d:e@f%g/h"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(rows[i][0], rows[i][1]);
    unit_all_right();
}

/* As libConfuse itself would read them. */
static void test_escapes(void **state)
{
    static const char *const rows[][2] = {
        {"k = \"a\\\"b\\\\c\"", "k = \"#0\"|a\"b\\c"},           {"k = 'a\\'b\\\\c'", "k = \"#0\"|a'b\\c"},
        {"k = 'a\\nb\\\"c'", "k = \"#0\"|a\\nb\\\"c"},           {"k = 'a\\\nb'", "k = \"#0\n\"|ab"},
        {"k = '${HOME} # // /*'", "k = \"#0\"|${HOME} # // /*"}, {"k = \"'\" l = '\"'", "k = \"#0\" l = \"#1\"|'|\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(rows[i][0], rows[i][1]);
    unit_all_right();
}

/* Only what was put there is a number. */
static void test_which_value(void **state)
{
    static const char text[] = "a = x b = y";
    struct scan scan;

    (void)state;
    assert_true(scan_read(text, strlen(text), false, &scan, NULL, NULL));
    assert_string_equal(scan_value(&scan, "\0010"), "x");
    assert_string_equal(scan_value(&scan, "\0011\n\n"), "y");
    assert_string_equal(scan_value(&scan, "1"), "1");
    assert_string_equal(scan_value(&scan, ""), "");
    scan_clear(&scan);
}

/* Another program's values are left to libConfuse, and only comments are taken out. */
static void test_foreign(void **state)
{
    static const char text[] = "a = \"x\\ty\" # b\nf(\"c\",\n'd') b = { e }\n";
    struct scan scan;

    (void)state;
    assert_true(scan_read(text, strlen(text), true, &scan, NULL, NULL));
    assert_string_equal(buf_text(&scan.text), "a = \"x\\ty\"  \nf(\"c\",\n'd') b = { e }\n");
    assert_int_equal(scan.value_count, 0);
    scan_clear(&scan);
}

static void test_lines_of_sections(void **state)
{
    static const char text[] = "a x {\n b y\n {\n } }\na z { }\n";
    struct scan scan;

    (void)state;
    assert_true(scan_read(text, strlen(text), false, &scan, NULL, NULL));
    assert_int_equal(scan.section_count, 3);
    assert_int_equal(scan.section_lines[0], 3);
    assert_int_equal(scan.section_lines[1], 1);
    assert_int_equal(scan.section_lines[2], 5);
    scan_clear(&scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_stay_here),  cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_which_value),       cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_lines_of_sections),
    };

    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
