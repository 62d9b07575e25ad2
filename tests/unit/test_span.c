#include "span.h"

#include "unit.h"

enum { NOW = 1795842000 }; /* 2026-11-28T05:00:00Z */

static int set_up(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    return 0;
}

static void test_text(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        {0, "0 s"},       {89, "89 s"},        {90, "2 min"},      {29 * 60 + 40, "30 min"}, {89 * 60, "89 min"},
        {90 * 60, "2 h"}, {3600 * 47, "47 h"}, {3600 * 48, "2 d"}, {86400 * 400L, "400 d"},
    };
    char buffer[SPAN_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(span_text(rows[i].seconds, buffer), rows[i].text);
}

static void test_when(void **state)
{
    static const struct {
        int64_t off;
        const char *when, *brief, *clock;
    } rows[] = {
        {0, "now", "0 s", "05:00:00"},
        {-180, "3 min ago", "3 min", "04:57:00"},
        {1680, "in 28 min", "28 min", "05:28:00"},
        {-86400, "24 h ago", "24 h", "2026-11-27 05:00:00"},
        {14 * 86400, "in 14 d", "14 d", "2026-12-12 05:00:00"},
        {26 * 86400, "on 2026-12-24", "2026-12-24", "2026-12-24 05:00:00"},
        {-NOW, "on 1970-01-01", "1970-01-01", "1970-01-01 00:00:00"},
    };
    char buffer[SPAN_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(span_when(NOW + rows[i].off, NOW, buffer), rows[i].when);
        assert_string_equal(span_short(NOW + rows[i].off, NOW, buffer), rows[i].brief);
        assert_string_equal(span_clock(NOW + rows[i].off, NOW, buffer), rows[i].clock);
    }
}

static void test_parse(void **state)
{
    static const char *const wrong[] = {
        "", "now", "2026-11-28", "2026-11-28T05:00:00", "2026-11-28T05:00:00Z ", "2026-13-28T05:00:00Z"};
    int64_t when_s;

    (void)state;
    assert_true(span_parse("2026-11-28T05:00:00Z", &when_s));
    assert_int_equal(when_s, NOW);
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (span_parse(wrong[i], &when_s) || when_s)
            unit_wrong("'%s' was taken", wrong[i]);
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_text, set_up),
        cmocka_unit_test_setup(test_when, set_up),
        cmocka_unit_test_setup(test_parse, set_up),
    };

    return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
