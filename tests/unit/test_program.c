/* A program of the user's that publishes: real ones, but a minute is short. */
#include "program.h"

#include "child.h"
#include "timer.h"
#include "unit.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MINUTE_MS = 60 * 1000,
    SHORT_MS = 1000,
    LIMIT_S = 100, /* for all tests together: then one hangs */
};

static char *folder;
static uint64_t asked_ms; /* the timeout that the program was to have */
static uint64_t given_ms; /* the one that it has */

struct child *__real_child_start(struct event_base *base, const char *const argv[], const char *const environment[],
                                 const char *input, uint64_t ms, child_done_fn *fn, void *arg);
struct child *__wrap_child_start(struct event_base *base, const char *const argv[], const char *const environment[],
                                 const char *input, uint64_t ms, child_done_fn *fn, void *arg);

struct child *__wrap_child_start(struct event_base *base, const char *const argv[], const char *const environment[],
                                 const char *input, uint64_t ms, child_done_fn *fn, void *arg)
{
    asked_ms = ms;
    return __real_child_start(base, argv, environment, input, given_ms, fn, arg);
}

struct told {
    int count;
    enum http_stage stage;
    long status;
    char text[200];
};

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct told *told = arg;

    told->count++;
    told->stage = answer->stage;
    told->status = answer->status;
    assert_int_equal(answer->length, strlen(answer->body));
    snprintf(told->text, sizeof told->text, "%s", answer->body);
}

/* Starts a script of sh for one A record; the folder is where it stands. */
static struct program *start(const char *script, struct told *told)
{
    char text[500], id[] = "exec";
    struct definition definition = {.ttl_unit = 1};
    struct config_provider provider = {
        .id = id, .definition = &definition, .username = secret_new("alice"), .password = secret_new("pa55word")};
    struct update_item item = {.name = "home.example.org", .families = IP_V4};
    struct values values = {.provider = &provider, .definition = &definition, .items = &item, .count = 1};
    struct program *program;
    struct ip ip;

    assert_true(ip_parse("192.0.2.7", &ip));
    ip_set_add(&item.ip4, &ip);
    snprintf(text, sizeof text, "#!/bin/sh\ncd \"${0%%/*}\"\n%s\n", script);
    provider.program = unit_file(folder, "program", text, 0700);
    *told = (struct told){0};
    program = program_start(&values, on_answer, told);
    values_clear(&values);
    secret_free(provider.username);
    secret_free(provider.password);
    free(provider.program);
    return program;
}

static struct told run(const char *script)
{
    struct told told;

    start(script, &told);
    assert_int_equal(told.count, 0);
    event_base_dispatch(timer_base());
    assert_int_equal(told.count, 1);
    return told;
}

/* Waits for all that our children left behind, which come to us (PR_SET_CHILD_SUBREAPER). How many were killed? */
static int count_killed(void)
{
    int status, count = 0;

    while (wait(&status) > 0)
        count += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    return count;
}

static void test_one_that_hangs_is_killed_after_a_minute(void **state)
{
    struct told told;

    (void)state;
    given_ms = SHORT_MS;
    told = run("trap '' TERM; echo so far; sleep 1000");
    assert_int_equal(asked_ms, MINUTE_MS);
    assert_int_equal(told.status, 500);
    count_killed(); /* which hangs when the program still does */
    told = run("sleep 1000");
    assert_string_equal(told.text, "did not end within 1 s");
    count_killed();
}

static void test_cancel_kills(void **state)
{
    struct told told;
    struct program *program = start("trap '' TERM; sleep 1000 & echo >started; wait", &told);
    char *path = unit_path(folder, "started");

    (void)state;
    while (access(path, F_OK) < 0)
        usleep(1000);
    program_cancel(program);
    event_base_dispatch(timer_base());
    assert_int_equal(told.count, 0);
    assert_true(count_killed() >= 1); /* what it had started; it itself may have been waited for by the loop */
    program_cancel(NULL);
    free(path);
}

static void test_first_line_and_status(void **state)
{
    static const struct {
        const char *script, *text;
        long status;
    } rows[] = {
        {"exit 0", "done", 200},
        {"echo all is well; echo refused", "all is well", 200},
        {"printf 'unchanged\\r\\nmore'", "unchanged", 200},
        {"echo; echo second", "done", 200},
        {"exit 3", "ended with status 3", 500},
        {"echo refused this; exit 3", "refused this", 500},
        {"kill -9 $$", "was killed by signal 9", 500},
        {"echo nobody reads this >&2", "done", 200},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct told told = run(rows[i].script);

        if (told.stage != HTTP_DONE || told.status != rows[i].status || strcmp(told.text, rows[i].text) != 0)
            unit_wrong("%s: %ld \"%s\"", rows[i].script, told.status, told.text);
    }
    unit_all_right();
}

static void test_what_it_is_told(void **state)
{
    (void)state;
    assert_string_equal(run("read a; read b; read c && exit 1; echo $a/$b/$#").text, "alice/pa55word/0");
    assert_string_equal(run("echo $WANDDNS_NAME $WANDDNS_TYPE $WANDDNS_ADDRESS").text, "home.example.org A 192.0.2.7");
    assert_string_equal(run("echo \"<$WANDDNS_OLD_ADDRESS$WANDDNS_ZONE$WANDDNS_TTL>\"").text, "<>");
    assert_string_equal(run("env | grep -c -e alice -e pa55word").text, "0");
}

static int setup(void **state)
{
    (void)state;
    folder = unit_folder();
    given_ms = MINUTE_MS;
    return timer_loop() ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    event_base_free(timer_base());
    unit_remove_folder(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_that_hangs_is_killed_after_a_minute, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_kills, setup, teardown),
        cmocka_unit_test_setup_teardown(test_first_line_and_status, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_it_is_told, setup, teardown),
    };

    alarm(LIMIT_S);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
