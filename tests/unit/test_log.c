#include "log.h"

#include "fake_timer.h"
#include "outlet.h"
#include "trace.h"
#include "unit.h"

static void all_levels(void)
{
    log_set_level(LOG_LEVEL_DEBUG);
    log_error("e %d", 1);
    log_warning("w %s", "two");
    log_info("i");
    log_debug("d");
}

static void test_prefix(void **state)
{
    char *text = outlet_of(all_levels, 0);

    (void)state;
    assert_string_equal(text, "<3>e 1\n<4>w two\n<6>i\n<7>d\n");
    free(text);
}

/* NULL leaves a variable out. */
static void set_environment(const char *term, const char *no_color)
{
    setenv("TZ", "EST5", 1); /* the false clock is at 22:13:20 UTC */
    unsetenv("TERM");
    unsetenv("NO_COLOR");
    if (term)
        setenv("TERM", term, 1);
    if (no_color)
        setenv("NO_COLOR", no_color, 1);
}

static void test_terminal_has_time_and_colour(void **state)
{
    char *text;

    (void)state;
    set_environment("xterm", "");
    text = outlet_of(all_levels, 80);
    assert_string_equal(text, "\033[31m17:13:20 e 1\033[0m\r\n\033[33m17:13:20 w two\033[0m\r\n"
                              "17:13:20 i\r\n\033[2m17:13:20 d\033[0m\r\n");
    free(text);
}

static void test_terminal_without_colour(void **state)
{
    static const char *const environments[][2] = {{"xterm", "1"}, {"dumb", NULL}, {NULL, NULL}, {"", NULL}};

    (void)state;
    for (size_t i = 0; i < COUNT(environments); i++) {
        char *text;

        set_environment(environments[i][0], environments[i][1]);
        text = outlet_of(all_levels, 80);
        if (strcmp(text, "17:13:20 e 1\r\n17:13:20 w two\r\n17:13:20 i\r\n17:13:20 d\r\n") != 0)
            unit_wrong("row %zu: %s", i, text);
        free(text);
    }
    unit_all_right();
}

static void plain(void)
{
    log_set_plain();
    log_error("alone");
}

static void test_plain(void **state)
{
    char *piped = outlet_of(plain, 0), *shown;

    (void)state;
    set_environment("xterm", NULL);
    shown = outlet_of(plain, 80);
    assert_string_equal(piped, "alone\n");
    assert_string_equal(shown, "alone\r\n");
    free(piped);
    free(shown);
}

static void default_level(void)
{
    log_info("shown");
    log_debug("hidden");
    log_set_level(LOG_LEVEL_ERROR);
    log_warning("hidden");
    log_error("shown");
}

static void test_levels(void **state)
{
    char *text = outlet_of(default_level, 0);

    (void)state;
    assert_string_equal(text, "<6>shown\n<3>shown\n");
    free(text);
}

static void hushed(void)
{
    log_hush(true);
    log_info("hidden");
    log_warning("shown");
    log_hush(false);
    log_info("shown again");
}

static void hushed_in_vain(void)
{
    log_set_level(LOG_LEVEL_INFO);
    log_hush(true);
    log_info("shown");
    log_set_level(LOG_LEVEL_ERROR);
    log_hush(false);
    log_info("hidden");
}

static void test_hush(void **state)
{
    char *text = outlet_of(hushed, 0), *vain = outlet_of(hushed_in_vain, 0);

    (void)state;
    assert_string_equal(text, "<4>shown\n<6>shown again\n");
    assert_string_equal(vain, "<6>shown\n");
    free(text);
    free(vain);
}

/* ---- What is said again. ---- */

static void repeated(void)
{
    log_hold_repeats(true);
    for (int i = 0; i < 41; i++)
        log_warning("the same");
    assert_int_equal(fake_timer_running(), 1);
    log_warning("another");
    assert_int_equal(fake_timer_running(), 0);
    log_warning("another");
    log_error("another"); /* of another level */
    log_hold_repeats(false);
    assert_int_equal(fake_timer_existing(), 0);
}

static void test_repeats_are_told_with_the_next_line(void **state)
{
    char *text = outlet_of(repeated, 0);

    (void)state;
    assert_string_equal(text, "<4>the same\n<4>the same (repeated 40 times)\n<4>another\n"
                              "<4>another (repeated once)\n<3>another\n");
    free(text);
}

/* Once a second for five minutes. */
static void storm(void)
{
    log_hold_repeats(true);
    for (int i = 0; i < 300; i++) {
        log_info("again");
        fake_timer_advance(1000);
    }
    log_hold_repeats(false);
}

static void test_repeats_are_told_each_minute(void **state)
{
    char *text = outlet_of(storm, 0);

    (void)state;
    assert_string_equal(text, "<6>again\n<6>again (repeated 59 times)\n<6>again (repeated 60 times)\n"
                              "<6>again (repeated 60 times)\n<6>again (repeated 60 times)\n"
                              "<6>again (repeated 60 times)\n");
    free(text);
}

static void seldom(void)
{
    log_hold_repeats(true);
    log_info("now and then");
    fake_timer_advance(60 * 1000);
    log_info("now and then");
    assert_int_equal(fake_timer_running(), 0);
    log_info("published 203.0.113.7");
    log_info("published 203.0.113.9");
    log_info("published 203.0.113.7");
    assert_int_equal(fake_timer_running(), 0);
    log_hold_repeats(false);
}

static void test_what_is_not_a_repeat(void **state)
{
    char *text = outlet_of(seldom, 0);

    (void)state;
    assert_string_equal(text, "<6>now and then\n<6>now and then\n<6>published 203.0.113.7\n"
                              "<6>published 203.0.113.9\n<6>published 203.0.113.7\n");
    free(text);
}

static void held_at_the_end(void)
{
    log_hold_repeats(true);
    log_info("x");
    log_info("x");
    log_debug("dropped, and no other line");
    log_info("x");
    log_hold_repeats(false);
    log_info("x");
}

static void test_the_end_tells_what_is_held(void **state)
{
    char *text = outlet_of(held_at_the_end, 0);

    (void)state;
    assert_string_equal(text, "<6>x\n<6>x (repeated 2 times)\n<6>x\n");
    free(text);
}

/* ---- Changes. ---- */

static void changes(void)
{
    log_set_level(LOG_LEVEL_DEBUG);
    log_info("before");
    trace_begin();
    log_debug("event");
    fake_timer_advance(103);
    log_info("published");
    trace_begin(); /* while the other one is under way */
    log_debug("event");
    trace_end();
    log_debug("at rest");
    trace_begin();
    log_set_level(LOG_LEVEL_INFO);
    log_info("as always");
}

static void test_lines_of_a_change_carry_its_number(void **state)
{
    char *text = outlet_of(changes, 0);

    (void)state;
    assert_string_equal(text, "<6>before\n<7>event [1 +0 ms]\n<6>published [1 +103 ms]\n<7>event [2 +0 ms]\n"
                              "<7>at rest\n<6>as always\n");
    free(text);
}

/* The time since the event makes no other line of it. */
static void repeated_in_a_change(void)
{
    log_set_level(LOG_LEVEL_DEBUG);
    log_hold_repeats(true);
    trace_begin();
    for (int i = 0; i < 3; i++) {
        log_debug("event");
        fake_timer_advance(10);
    }
    log_hold_repeats(false);
}

static void test_repeats_in_a_change(void **state)
{
    char *text = outlet_of(repeated_in_a_change, 0);

    (void)state;
    assert_string_equal(text, "<7>event [1 +0 ms]\n<7>event (repeated 2 times)\n");
    free(text);
}

static void hostile(void)
{
    log_info("answer: %s", "911\n<3>wanddns: forged\r\x1b[2J\x7f");
    log_info("not utf-8: %s", "\xff\xc2\x9b");
}

static void test_no_forged_lines(void **state)
{
    char *text = outlet_of(hostile, 0);

    (void)state;
    assert_string_equal(text, "<6>answer: 911\\x0a<3>wanddns: forged\\x0d\\x1b[2J\\x7f\n"
                              "<6>not utf-8: \\xff\\xc2\\x9b\n");
    free(text);
}

static void very_long(void)
{
    static char line[20000];

    memset(line, 'x', sizeof line - 1);
    log_info("%s", line);
    log_info("next");
}

/* A line may be cut, but it stays one line, and the next one is whole. */
static void test_long_line(void **state)
{
    char *text = outlet_of(very_long, 0);
    char *end = strchr(text, '\n');

    (void)state;
    assert_non_null(end);
    assert_memory_equal(text, "<6>xxxxxxxx", 11);
    assert_string_equal(end + 1, "<6>next\n");
    free(text);
}

static void test_words(void **state)
{
    static const struct {
        const char *word;
        bool good;
        enum log_level level;
    } words[] = {
        {"error", true, LOG_LEVEL_ERROR}, {"warning", true, LOG_LEVEL_WARNING}, {"info", true, LOG_LEVEL_INFO},
        {"debug", true, LOG_LEVEL_DEBUG}, {"Debug", false, LOG_LEVEL_INFO},     {"", false, LOG_LEVEL_INFO},
        {"warn", false, LOG_LEVEL_INFO},  {"7", false, LOG_LEVEL_INFO},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        enum log_level level = LOG_LEVEL_INFO;

        if (log_level_parse(words[i].word, &level) != words[i].good || level != words[i].level)
            unit_wrong("\"%s\"", words[i].word);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_terminal_has_time_and_colour),
        cmocka_unit_test(test_terminal_without_colour),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_hush),
        cmocka_unit_test(test_repeats_are_told_with_the_next_line),
        cmocka_unit_test(test_repeats_are_told_each_minute),
        cmocka_unit_test(test_what_is_not_a_repeat),
        cmocka_unit_test(test_the_end_tells_what_is_held),
        cmocka_unit_test(test_lines_of_a_change_carry_its_number),
        cmocka_unit_test(test_repeats_in_a_change),
        cmocka_unit_test(test_no_forged_lines),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
