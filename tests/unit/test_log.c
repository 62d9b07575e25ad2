#include "log.h"

#include "unit.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The log looks once whether standard error is a terminal: each case has a process of its own, and the parent never
 * logs. Returns what the child wrote. */
static char *logged(void (*fn)(void), bool terminal)
{
    int in, out, pair[2], status;
    char *text = calloc(1, 65536);
    size_t length = 0;
    ssize_t got;
    pid_t child;

    assert_non_null(text);
    if (terminal) {
        in = posix_openpt(O_RDWR | O_NOCTTY);
        assert_true(in >= 0 && grantpt(in) == 0 && unlockpt(in) == 0);
        out = open(ptsname(in), O_RDWR | O_NOCTTY);
        assert_true(out >= 0);
    } else {
        assert_int_equal(pipe(pair), 0);
        in = pair[0];
        out = pair[1];
    }
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(out, STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(out);
    /* The end of a pseudoterminal is told as an error (EIO). */
    while (length < 65535 && (got = read(in, text + length, 65535 - length)) > 0)
        length += (size_t)got;
    close(in);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return text;
}

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
    char *text = logged(all_levels, false);

    (void)state;
    assert_string_equal(text, "<3>e 1\n<4>w two\n<6>i\n<7>d\n");
    free(text);
}

static void test_terminal_has_no_prefix(void **state)
{
    char *text = logged(all_levels, true);

    (void)state;
    assert_string_equal(text, "e 1\r\nw two\r\ni\r\nd\r\n");
    free(text);
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
    char *text = logged(default_level, false);

    (void)state;
    assert_string_equal(text, "<6>shown\n<3>shown\n");
    free(text);
}

static void hostile(void)
{
    log_info("answer: %s", "911\n<3>wanddns: forged\r\x1b[2J\x7f");
    log_info("not utf-8: %s", "\xff\xc2\x9b");
}

static void test_no_forged_lines(void **state)
{
    char *text = logged(hostile, false);

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
    char *text = logged(very_long, false);
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
        cmocka_unit_test(test_prefix),    cmocka_unit_test(test_terminal_has_no_prefix),
        cmocka_unit_test(test_levels),    cmocka_unit_test(test_no_forged_lines),
        cmocka_unit_test(test_long_line), cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
