#include "progress.h"

#include "log.h"
#include "outlet.h"
#include "unit.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define ERASE "\033[K"

static int set_up(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    setenv("TZ", "UTC", 1);
    return 0;
}

static void work(void)
{
    if (!progress_begin(100))
        log_info("there is none");
    progress_show(0, 0);
    progress_show(3, 0);
    progress_show(3, 0); /* no need to write it again */
    progress_show(93, 7);
    progress_end();
    progress_show(100, 0);
    progress_draw();
}

static void test_one_line_that_is_gone_at_the_end(void **state)
{
    char *text = outlet_of(work, 80);

    (void)state;
    assert_string_equal(text, "\r0 of 100 done, 100 left, 0 failed" ERASE "\r3 of 100 done, 97 left, 0 failed" ERASE
                              "\r93 of 100 done, 0 left, 7 failed" ERASE "\r" ERASE);
    free(text);
}

static void log_meanwhile(void)
{
    progress_begin(100);
    progress_show(3, 1);
    log_warning("a fact");
    progress_end();
    log_info("the end");
}

static void test_lines_of_the_log_stand_above_it(void **state)
{
    char *text = outlet_of(log_meanwhile, 80);

    (void)state;
    assert_string_equal(text, "\r0 of 100 done, 100 left, 0 failed" ERASE "\r3 of 100 done, 96 left, 1 failed" ERASE
                              "\r" ERASE "22:13:20 a fact\r\n\r3 of 100 done, 96 left, 1 failed" ERASE "\r" ERASE
                              "22:13:20 the end\r\n");
    free(text);
}

/* The last column stays free. 40, 80 and 200 columns have room for all of it. */
static void test_width(void **state)
{
    static const struct {
        unsigned short width;
        const char *first;
    } rows[] = {
        {200, "\r0 of 100 done, 100 left, 0 failed" ERASE},
        {80, "\r0 of 100 done, 100 left, 0 failed" ERASE},
        {40, "\r0 of 100 done, 100 left, 0 failed" ERASE},
        {34, "\r0 of 100 done, 100 left, 0 failed" ERASE},
        {33, "\r0 of 100 done, 100 left, 0 faile" ERASE},
        {14, "\r0 of 100 done" ERASE},
        {2, "\r0" ERASE},
        {1, "\r" ERASE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = outlet_of(work, rows[i].width);

        if (strncmp(text, rows[i].first, strlen(rows[i].first)) != 0)
            unit_wrong("%d columns: %s", rows[i].width, text + 1);
        free(text);
    }
    unit_all_right();
}

static void set_width(unsigned short width)
{
    struct winsize size = {.ws_row = 24, .ws_col = width};

    ioctl(STDERR_FILENO, TIOCSWINSZ, &size);
}

static void grow(void)
{
    progress_begin(100);
    set_width(10);
    progress_show(1, 0);
    set_width(0); /* it does not know */
    progress_show(2, 0);
}

static void test_width_may_change(void **state)
{
    char *text = outlet_of(grow, 80);

    (void)state;
    assert_string_equal(text, "\r0 of 100 done, 100 left, 0 failed" ERASE "\r1 of 100 " ERASE
                              "\r2 of 100 done, 98 left, 0 failed" ERASE);
    free(text);
}

static void few(void)
{
    if (!progress_begin(PROGRESS_MANY))
        log_info("none");
    progress_show(1, 0);
    progress_end();
}

static void test_where_there_is_none(void **state)
{
    char *piped = outlet_of(work, 0), *dumb, *unset, *of_few;

    (void)state;
    assert_string_equal(piped, "<6>there is none\n");
    of_few = outlet_of(few, 80);
    assert_string_equal(of_few, "22:13:20 none\r\n");
    setenv("TERM", "dumb", 1);
    dumb = outlet_of(work, 80);
    assert_string_equal(dumb, "22:13:20 there is none\r\n");
    unsetenv("TERM");
    unset = outlet_of(work, 80);
    assert_string_equal(unset, dumb);
    free(piped);
    free(dumb);
    free(unset);
    free(of_few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_line_that_is_gone_at_the_end, set_up),
        cmocka_unit_test_setup(test_lines_of_the_log_stand_above_it, set_up),
        cmocka_unit_test_setup(test_width, set_up),
        cmocka_unit_test_setup(test_width_may_change, set_up),
        cmocka_unit_test_setup(test_where_there_is_none, set_up),
    };

    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
