#include "hook.h"

#include "fake_timer.h"
#include "unit.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The clock is false, the programs are real: time passes only when a test says so, ends of children come from a loop. */
static struct event_base *loop;
static char *folder, *program, *heard; /* what the program writes to */
static struct hooks *hooks;
static size_t idle_count;

static const struct hook_fact usual = {
    .account = "dyndns2:office",
    .name = "home.example.org",
    .family = AF_INET,
    .from = RECORD_UPDATING,
    .to = RECORD_CURRENT,
    .text = "good",
};

static void on_idle(void *arg)
{
    assert_ptr_equal(arg, &idle_count);
    assert_false(hooks_are_busy(hooks));
    idle_count++;
}

/* The program is this script of sh, which has the folder as $D. */
static void write_program(const char *text)
{
    char whole[1000];

    snprintf(whole, sizeof whole, "#!/bin/sh\nD='%s'\n%s\n", folder, text);
    free(program);
    program = unit_file(folder, "program", whole, 0700);
}

static int set_up(void **state)
{
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    loop = event_base_new();
    assert_non_null(loop);
    fake_timer_set_base(loop);
    folder = unit_folder();
    heard = unit_path(folder, "heard");
    write_program("echo \"$WANDDNS_EVENT $WANDDNS_OLD-$WANDDNS_NEW\" >>\"$D/heard\"");
    hooks = hooks_new(on_idle, &idle_count);
    idle_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    int status;

    (void)state;
    hooks_free(hooks);
    hooks = NULL;
    while (waitpid(-1, &status, 0) > 0)
        ;
    assert_int_equal(errno, ECHILD);
    assert_int_equal(fake_timer_existing(), 0);
    event_base_free(loop);
    fake_timer_set_base(NULL);
    free(heard);
    free(program);
    program = NULL;
    unit_remove_folder(folder);
    return 0;
}

static struct ip_set set_of(const char *text)
{
    struct ip_set set = {0};

    if (*text)
        assert_true(ip_set_parse(text, &set));
    return set;
}

/* Tells that the record of this name, or the usual one, went so. */
static void tell(const char *name, enum record_state from, enum record_state to, const char *old, const char *next)
{
    struct ip_set old_set = set_of(old), next_set = set_of(next);
    struct hook_fact fact = usual;

    fact.program = program;
    fact.name = name ? name : usual.name;
    fact.from = from;
    fact.to = to;
    fact.old = &old_set;
    fact.next = &next_set;
    if (to == RECORD_REFUSED)
        fact.text = "provider: nohost";
    hook_tell(hooks, &fact);
}

/* Lets due programs start, and turns the loop until none is left. */
static void run(void)
{
    fake_timer_advance(0);
    while (hooks_are_busy(hooks)) {
        event_base_loop(loop, EVLOOP_ONCE);
        fake_timer_advance(0);
    }
}

/* What the programs wrote since it was asked last; the caller frees it. */
static char *take_heard(void)
{
    char *text = unit_read(heard);

    unlink(heard);
    return text ? text : strdup("");
}

static void assert_heard(const char *expected)
{
    char *text;

    run();
    text = take_heard();
    assert_string_equal(text, expected);
    free(text);
}

/* ---- What is told. ---- */

#define A "203.0.113.7"
#define B "203.0.113.9"

static void test_a_life(void **state)
{
    static const struct {
        enum record_state from, to;
        const char *old, *next, *heard;
    } steps[] = {
        {RECORD_IDLE, RECORD_UPDATING, "", "", ""},
        {RECORD_UPDATING, RECORD_CURRENT, "", A, "current -" A "\n"},
        {RECORD_CURRENT, RECORD_UPDATING, A, A, ""},
        {RECORD_UPDATING, RECORD_CURRENT, A, B, "changed " A "-" B "\n"},
        {RECORD_CURRENT, RECORD_UPDATING, B, B, ""}, /* the operator, or a refresh */
        {RECORD_UPDATING, RECORD_CURRENT, B, B, ""},
        /* Attempts. */
        {RECORD_CURRENT, RECORD_UPDATING, B, B, ""},
        {RECORD_UPDATING, RECORD_WAITING, B, B, ""},
        {RECORD_WAITING, RECORD_UPDATING, B, B, ""},
        {RECORD_UPDATING, RECORD_WAITING, B, B, ""},
        {RECORD_WAITING, RECORD_UPDATING, B, B, ""},
        {RECORD_UPDATING, RECORD_CURRENT, B, A, "recovered " B "-" A "\n"},
        {RECORD_CURRENT, RECORD_UPDATING, A, A, ""},
        {RECORD_UPDATING, RECORD_WAITING, A, A, ""},
        {RECORD_WAITING, RECORD_CURRENT, A, A, "recovered " A "-" A "\n"}, /* the address came back */
        /* Refused, and tried again by the operator in vain. */
        {RECORD_CURRENT, RECORD_UPDATING, A, A, ""},
        {RECORD_UPDATING, RECORD_REFUSED, A, B, "refused " A "-" B "\n"},
        {RECORD_REFUSED, RECORD_UPDATING, A, A, ""},
        {RECORD_UPDATING, RECORD_WAITING, A, A, ""},
        {RECORD_WAITING, RECORD_UPDATING, A, A, ""},
        {RECORD_UPDATING, RECORD_REFUSED, A, B, ""},
        {RECORD_REFUSED, RECORD_UPDATING, A, A, ""},
        {RECORD_UPDATING, RECORD_CURRENT, A, B, "recovered " A "-" B "\n"},
        /* The address goes; later the record does. */
        {RECORD_CURRENT, RECORD_IDLE, B, B, ""},
        {RECORD_IDLE, RECORD_CURRENT, B, B, ""},
        {RECORD_CURRENT, RECORD_IDLE, B, B, ""},
        {RECORD_IDLE, RECORD_UPDATING, B, B, ""},
        {RECORD_UPDATING, RECORD_IDLE, B, "", "withdrawn " B "-\n"},
        {RECORD_IDLE, RECORD_UPDATING, "", "", ""},
        {RECORD_UPDATING, RECORD_CURRENT, "", B, "current -" B "\n"},
        /* A deletion that fails first. */
        {RECORD_CURRENT, RECORD_UPDATING, B, B, ""},
        {RECORD_UPDATING, RECORD_WAITING, B, B, ""},
        {RECORD_WAITING, RECORD_UPDATING, B, B, ""},
        {RECORD_UPDATING, RECORD_IDLE, B, "", "withdrawn " B "-\n"},
        {RECORD_IDLE, RECORD_UPDATING, "", "", ""},
        {RECORD_UPDATING, RECORD_CURRENT, "", B, "current -" B "\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        char *text;

        tell(NULL, steps[i].from, steps[i].to, steps[i].old, steps[i].next);
        run();
        text = take_heard();
        if (strcmp(text, steps[i].heard) != 0)
            unit_wrong("step %zu: \"%s\", not \"%s\"", i, text, steps[i].heard);
        free(text);
    }
    unit_all_right();
}

/* A refusal that is only remembered is no news, its end is. */
static void test_after_a_restart(void **state)
{
    (void)state;
    tell(NULL, RECORD_IDLE, RECORD_REFUSED, A, A);
    assert_heard("");
    tell(NULL, RECORD_REFUSED, RECORD_UPDATING, A, A);
    tell(NULL, RECORD_UPDATING, RECORD_CURRENT, A, A);
    assert_heard("recovered " A "-" A "\n");
    tell("vpn.example.org", RECORD_IDLE, RECORD_CURRENT, A, A);
    assert_heard("");
}

/* The trouble of one is not that of another: of another name, type or login. */
static void test_each_record_has_its_own_life(void **state)
{
    struct ip_set none = {0}, address = set_of("2001:db8::7");
    struct hook_fact fact = usual;

    (void)state;
    fact.old = &none;
    fact.next = &address;
    fact.program = program;
    tell(NULL, RECORD_UPDATING, RECORD_WAITING, A, A);
    fact.family = AF_INET6;
    hook_tell(hooks, &fact);
    assert_heard("current -2001:db8::7\n");
    fact.family = AF_INET;
    fact.account = "dyndns2:home";
    hook_tell(hooks, &fact);
    assert_heard("current -2001:db8::7\n");
    tell("vpn.example.org", RECORD_UPDATING, RECORD_CURRENT, "", A);
    assert_heard("current -" A "\n");
    tell(NULL, RECORD_UPDATING, RECORD_CURRENT, A, A);
    assert_heard("recovered " A "-" A "\n");
}

static void test_environment(void **state)
{
    struct ip_set old = set_of("203.0.113.7,203.0.113.8"), next = set_of("203.0.113.9");
    struct hook_fact fact = usual;

    (void)state;
    write_program("env | grep -vE '^(PATH|PWD|SHLVL|_|OLDPWD)=' | LC_ALL=C sort >\"$D/heard\"; cat >>\"$D/heard\"");
    setenv("NOT_FOR_HOOKS", "x", 1);
    fact.program = program;
    fact.old = &old;
    fact.next = &next;
    hook_tell(hooks, &fact);
    assert_heard(
        "WANDDNS_ACCOUNT=dyndns2:office\nWANDDNS_ERROR=\nWANDDNS_EVENT=changed\nWANDDNS_NAME=home.example.org\n"
        "WANDDNS_NEW=203.0.113.9\nWANDDNS_OLD=203.0.113.7,203.0.113.8\nWANDDNS_STATE=current\nWANDDNS_TYPE=A\n");
    fact.to = RECORD_REFUSED;
    fact.family = AF_INET6;
    fact.text = "provider: nohost $(x) 'y' \033]0;a\a\302\23331m";
    hook_tell(hooks, &fact);
    assert_heard("WANDDNS_ACCOUNT=dyndns2:office\nWANDDNS_ERROR=provider: nohost $(x) 'y' \\x1b]0;a\\x07\\xc2\\x9b31m\n"
                 "WANDDNS_EVENT=refused\n"
                 "WANDDNS_NAME=home.example.org\nWANDDNS_NEW=203.0.113.9\nWANDDNS_OLD=203.0.113.7,203.0.113.8\n"
                 "WANDDNS_STATE=refused\nWANDDNS_TYPE=AAAA\n");
}

static void test_nobody_to_tell(void **state)
{
    struct hook_fact fact = usual;

    (void)state;
    assert_int_equal(fake_timer_running(), 0);
    hook_tell(hooks, &fact); /* no program */
    hook_tell(NULL, &fact);
    assert_false(hooks_are_busy(NULL));
    tell(NULL, RECORD_UPDATING, RECORD_WAITING, A, A);
    assert_int_equal(fake_timer_running(), 0);
    assert_false(hooks_are_busy(hooks));
    assert_int_equal(idle_count, 0);
}

/* Whoever tells is in the middle of other things. */
static void test_programs_start_later(void **state)
{
    (void)state;
    tell(NULL, RECORD_UPDATING, RECORD_CURRENT, "", A);
    assert_true(hooks_are_busy(hooks));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    run();
    assert_int_equal(idle_count, 1);
    assert_int_equal(fake_timer_running(), 0);
}

/* ---- How many at once. ---- */

/* Turns the loop until the file is there. */
static void wait_for(const char *name)
{
    char *path = unit_path(folder, name);
    const struct timespec pause = {0, 1000000};

    while (access(path, F_OK) < 0) {
        fake_timer_advance(0);
        event_base_loop(loop, EVLOOP_NONBLOCK);
        nanosleep(&pause, NULL);
    }
    free(path);
}

static void let_go(const char *name)
{
    char *path = unit_path(folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0); /* there is a reader: this waits for it */
    close(fd);
    free(path);
}

/* A program that says that it is there, and goes on when its fifo is opened. */
static void write_patient_program(void)
{
    write_program("F=\"$D/$WANDDNS_NAME-$WANDDNS_NEW\"; echo \"+$WANDDNS_NAME $WANDDNS_NEW\" >>\"$D/heard\"\n"
                  "mkfifo \"$F\"; : <\"$F\"; rm \"$F\"; echo \"-$WANDDNS_NAME\" >>\"$D/heard\"");
}

static void test_four_at_once(void **state)
{
    static const char *const names[] = {"a-" A, "b-" A, "c-" A, "d-" A, "e-" A, "f-" A};
    char *text;

    (void)state;
    write_patient_program();
    for (size_t i = 0; i < COUNT(names); i++) {
        char name[] = {names[i][0], '\0'};

        tell(name, RECORD_UPDATING, RECORD_CURRENT, "", A);
    }
    for (size_t i = 0; i < 4; i++)
        wait_for(names[i]);
    let_go("c-" A);
    wait_for("e-" A);
    text = unit_read(heard);
    assert_lacks(text, "+f");
    assert_true(strstr(text, "-c") < strstr(text, "+e"));
    free(text);
    let_go("a-" A);
    wait_for("f-" A);
    let_go("b-" A);
    let_go("d-" A);
    let_go("e-" A);
    let_go("f-" A);
    run();
    assert_int_equal(idle_count, 1);
}

/* Of one record one at a time, and the newest fact is what comes next. */
static void test_newest_fact_counts(void **state)
{
    char *text;

    (void)state;
    write_patient_program();
    tell("a", RECORD_UPDATING, RECORD_CURRENT, "", "203.0.113.1");
    wait_for("a-203.0.113.1");
    for (int i = 2; i < 10; i++) {
        char before[32], now[32];

        snprintf(before, sizeof before, "203.0.113.%d", i - 1);
        snprintf(now, sizeof now, "203.0.113.%d", i);
        tell("a", RECORD_UPDATING, RECORD_CURRENT, before, now);
    }
    tell("b", RECORD_UPDATING, RECORD_CURRENT, "", A); /* not held up by it */
    wait_for("b-" A);
    let_go("b-" A);
    let_go("a-203.0.113.1");
    wait_for("a-203.0.113.9");
    let_go("a-203.0.113.9");
    run();
    text = take_heard();
    assert_contains(text, "+a 203.0.113.1\n");
    assert_contains(strstr(text, "-a\n"), "+a 203.0.113.9\n");
    for (int i = 2; i < 9; i++) {
        char told[32];

        snprintf(told, sizeof told, "+a 203.0.113.%d", i);
        assert_lacks(text, told);
    }
    free(text);
}

/* Also of what it says: what was refused meanwhile is not current. */
static void test_newest_fact_is_heard(void **state)
{
    (void)state;
    tell(NULL, RECORD_UPDATING, RECORD_CURRENT, A, B);
    tell(NULL, RECORD_UPDATING, RECORD_REFUSED, B, A);
    assert_heard("refused " B "-" A "\n");
    assert_int_equal(idle_count, 1);
}

static void tell_many(size_t from, size_t to)
{
    char name[32];

    for (size_t i = from; i < to; i++) {
        snprintf(name, sizeof name, "n%zu.example.org", i);
        tell(name, RECORD_UPDATING, RECORD_CURRENT, "", A);
    }
}

static void test_too_many_are_logged_once(void **state)
{
    char *text;

    (void)state;
    unit_capture_begin();
    tell_many(0, HOOK_WAITING + 500);
    tell_many(0, HOOK_WAITING); /* those that wait are no more than before */
    hooks_free(hooks);
    text = unit_capture_end();
    hooks = NULL;
    assert_string_equal(text, "<4>on-change: more than 1024 wait: nobody hears of dyndns2:office: n1024.example.org A, "
                              "current, and of what else is too much\n"
                              "<4>on-change: ended before all were told: 0 ran, 1024 waited\n");
    free(text);
}

/* ---- When it goes wrong. ---- */

static void fails(const char *script, const char *error)
{
    char *text, expected[500];

    write_program(script);
    unit_capture_begin();
    tell(NULL, RECORD_UPDATING, RECORD_CURRENT, "", A);
    run();
    text = unit_capture_end();
    snprintf(expected, sizeof expected, "<4>on-change: dyndns2:office: home.example.org A: current: %s %s\n", program,
             error);
    if (strcmp(text, expected) != 0)
        unit_wrong("%s: %s", script, text);
    free(text);
    assert_int_equal(idle_count, 1);
    idle_count = 0;
}

static void test_failure_is_logged_with_the_last_line(void **state)
{
    (void)state;
    fails("echo one; echo two; exit 3", "ended with status 3: two");
    fails("echo one; echo 'no route to mail' >&2; exit 1", "ended with status 1: no route to mail");
    fails("printf 'no newline'; exit 1", "ended with status 1: no newline");
    fails("printf 'two\\r\\n\\n \\n'; exit 1", "ended with status 1: two");
    fails("exit 1", "ended with status 1");
    fails("printf 'a\\000b'; exit 1", "ended with status 1: b");
    fails("printf '\\033[2J'; exit 1", "ended with status 1: \\x1b[2J");
    fails("yes | head -n 100000; echo last; exit 1", "ended with status 1: last");
    fails("kill -9 $$", "was killed by signal 9");
    unit_all_right();
}

static void test_missing_program(void **state)
{
    char *text;

    (void)state;
    unlink(program);
    unit_capture_begin();
    tell(NULL, RECORD_UPDATING, RECORD_CURRENT, "", A);
    run();
    text = unit_capture_end();
    assert_contains(text, " cannot be started: No such file or directory\n");
    free(text);
}

static void test_timeout(void **state)
{
    char *text;

    (void)state;
    write_patient_program();
    unit_capture_begin();
    tell("a", RECORD_UPDATING, RECORD_CURRENT, "", A);
    wait_for("a-" A);
    fake_timer_advance(HOOK_TIMEOUT_MS - 1);
    assert_true(hooks_are_busy(hooks));
    fake_timer_advance(1);
    assert_false(hooks_are_busy(hooks));
    text = unit_capture_end();
    assert_contains(text, " did not end within 30 s\n");
    free(text);
}

static void test_end_kills_what_runs(void **state)
{
    char *text;
    int status;

    (void)state;
    write_program(": >\"$D/there\"; exec sleep 1000");
    unit_capture_begin();
    tell("a", RECORD_UPDATING, RECORD_CURRENT, "", A);
    tell("b", RECORD_UPDATING, RECORD_CURRENT, "", A);
    wait_for("there");
    tell("a", RECORD_UPDATING, RECORD_CURRENT, A, B);
    hooks_free(hooks);
    hooks = NULL;
    text = unit_capture_end();
    assert_string_equal(text, "<4>on-change: ended before all were told: 2 ran, 1 waited\n");
    free(text);
    for (int i = 0; i < 2; i++) {
        assert_true(waitpid(-1, &status, 0) > 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    assert_int_equal(idle_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_life),
        TEST(test_after_a_restart),
        TEST(test_each_record_has_its_own_life),
        TEST(test_environment),
        TEST(test_nobody_to_tell),
        TEST(test_programs_start_later),
        TEST(test_four_at_once),
        TEST(test_newest_fact_counts),
        TEST(test_newest_fact_is_heard),
        TEST(test_too_many_are_logged_once),
        TEST(test_failure_is_logged_with_the_last_line),
        TEST(test_missing_program),
        TEST(test_timeout),
        TEST(test_end_kills_what_runs),
    };

    return cmocka_run_group_tests_name("hook", tests, NULL, NULL);
}
