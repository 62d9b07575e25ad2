/* Real programs on the real clock. */
#include "child.h"

#include "timer.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LONG_MS = 60 * 1000, /* a timeout that is not met */
    LIMIT_S = 100,       /* for all tests together: then one hangs */
    A_DESCRIPTOR = 77,
};

static struct event_base *loop;
static int room = -1; /* how many more descriptors the loop takes; -1: any number */
static char *folder;
static size_t open_before;

/* What was answered, and how often. */
struct answer {
    int count;
    bool good;
    char error[200];
    char output[CHILD_OUTPUT + 1];
    size_t length;
    const char *const *next; /* is started from within the answer */
};

static size_t count_open(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static int setup(void **state)
{
    (void)state;
    folder = unit_folder();
    loop = timer_loop();
    open_before = count_open();
    return loop ? 0 : -1;
}

/* No test leaves a process, a zombie or a descriptor. */
static int teardown(void **state)
{
    (void)state;
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(count_open(), open_before);
    event_base_free(loop);
    unit_remove_folder(folder);
    return 0;
}

static void on_done(void *arg, const struct child_result *result)
{
    struct answer *answer = arg;
    const char *const *next = answer->next;

    answer->count++;
    answer->good = result->good;
    assert_int_equal(result->good, result->error == NULL);
    snprintf(answer->error, sizeof answer->error, "%s", result->error ? result->error : "");
    assert_true(result->length <= CHILD_OUTPUT);
    answer->length = result->length;
    memcpy(answer->output, result->output, result->length + 1);
    assert_int_equal(answer->output[result->length], '\0');
    answer->next = NULL;
    if (next)
        child_start(loop, next, NULL, NULL, LONG_MS, on_done, answer);
}

/* A program of this text, which is a script of sh. The caller frees the path. */
static char *script(const char *name, const char *text)
{
    char whole[1000];

    snprintf(whole, sizeof whole, "#!/bin/sh\n%s\n", text);
    return unit_file(folder, name, whole, 0700);
}

static struct child *start_script(const char *name, const char *text, uint64_t timeout_ms, struct answer *answer)
{
    char *path = script(name, text);
    const char *const argv[] = {path, folder, NULL};
    struct child *child = child_start(loop, argv, NULL, NULL, timeout_ms, on_done, answer);

    assert_int_equal(answer->count, 0);
    free(path);
    return child;
}

/* Runs the script to its end; its first argument is the folder. */
static struct answer run(const char *text, uint64_t timeout_ms)
{
    struct answer answer = {0};

    start_script("program", text, timeout_ms, &answer);
    event_base_dispatch(loop);
    assert_int_equal(answer.count, 1);
    return answer;
}

static struct answer run_good(const char *text)
{
    struct answer answer = run(text, LONG_MS);

    assert_string_equal(answer.error, "");
    assert_true(answer.good);
    return answer;
}

static struct answer run_bad(const char *text, uint64_t timeout_ms, const char *error)
{
    struct answer answer = run(text, timeout_ms);

    assert_false(answer.good);
    assert_string_equal(answer.error, error);
    return answer;
}

/* Turns the loop until the path can be opened for writing: for a fifo, until somebody reads it. */
static int open_when_there(const char *path)
{
    const struct timespec pause = {0, 1000000};
    int fd;

    while ((fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
        event_base_loop(loop, EVLOOP_NONBLOCK);
        nanosleep(&pause, NULL);
    }
    return fd;
}

/* Waits for all that our children left behind, which come to us (PR_SET_CHILD_SUBREAPER). How many were killed? */
static int count_killed(void)
{
    int status, count = 0;

    while (wait(&status) > 0)
        count += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    return count;
}

/* ---- What it writes, and how it ends. ---- */

static void test_output(void **state)
{
    struct answer answer = run_good("echo 192.0.2.1; echo not this >&2");

    (void)state;
    assert_string_equal(answer.output, "192.0.2.1\n");
    assert_int_equal(answer.length, 10);
    assert_int_equal(run_good("exit 0").length, 0);
    answer = run_good("printf 'a\\000b'");
    assert_int_equal(answer.length, 3);
    assert_memory_equal(answer.output, "a\0b", 4);
}

static void test_arguments_are_not_for_a_shell(void **state)
{
    char *path = script("program", "printf '<%s>' \"$@\"");
    const char *const argv[] = {path, "a b", "", "$PATH;*", NULL};
    struct answer answer = {0};

    (void)state;
    child_start(loop, argv, NULL, NULL, LONG_MS, on_done, &answer);
    event_base_dispatch(loop);
    assert_string_equal(answer.output, "<a b><><$PATH;*>");
    free(path);
}

static void test_status_and_signal(void **state)
{
    struct answer answer = run_bad("echo so far; exit 3", LONG_MS, "ended with status 3");

    (void)state;
    assert_string_equal(answer.output, "so far\n");
    run_bad("kill -9 $$", LONG_MS, "was killed by signal 9");
    run_bad("kill -TERM $$", LONG_MS, "was killed by signal 15");
}

static void test_timeout(void **state)
{
    uint64_t began = timer_now_ms();
    struct answer answer = {0};

    (void)state;
    answer = run_bad("trap '' TERM; sleep 1000 & sleep 1000", 50, "did not end within 50 ms");
    assert_true(timer_now_ms() - began >= 50);
    assert_true(timer_now_ms() - began < 30 * 1000);
    assert_int_equal(answer.length, 0);
    count_killed(); /* how many were started within 50 ms is not ours to say */
    run_bad("echo early; sleep 1000", 1000, "did not end within 1 s");
    count_killed();
}

static void test_most_output(void **state)
{
    char text[100];
    struct answer answer;

    (void)state;
    snprintf(text, sizeof text, "head -c %d /dev/zero", CHILD_OUTPUT);
    assert_int_equal(run_good(text).length, CHILD_OUTPUT);
    snprintf(text, sizeof text, "head -c %d /dev/zero", CHILD_OUTPUT + 1);
    answer = run_bad(text, LONG_MS, "wrote more than 4096 bytes");
    assert_int_equal(answer.length, CHILD_OUTPUT);
    count_killed();
}

/* At once, and all of its group. Here and below a shell might still wait for what is killed with it; so it is none. */
static void test_too_much_output_ends_it(void **state)
{
    (void)state;
    run_bad("sleep 1000 & exec head -c 5000 /dev/zero", LONG_MS, "wrote more than 4096 bytes");
    assert_int_equal(count_killed(), 1);
    run_bad("exec yes", LONG_MS, "wrote more than 4096 bytes");
    assert_int_equal(count_killed(), 0);
}

/* ---- One that talks. ---- */

static struct answer run_talking(const char *text, uint64_t timeout_ms)
{
    struct answer answer = {0};
    char *path = script("program", text);
    const char *const argv[] = {path, NULL};

    child_start_talking(loop, argv, NULL, NULL, timeout_ms, on_done, &answer);
    event_base_dispatch(loop);
    assert_int_equal(answer.count, 1);
    free(path);
    return answer;
}

static void test_talking_both_outputs_are_read(void **state)
{
    struct answer answer = run_talking("echo one; echo two >&2; echo three; exit 3", LONG_MS);

    (void)state;
    assert_string_equal(answer.output, "one\ntwo\nthree\n");
    assert_string_equal(answer.error, "ended with status 3");
    assert_true(run_talking("exit 0", LONG_MS).good);
}

static void test_talking_too_much_keeps_the_end(void **state)
{
    static const unsigned sizes[] = {1, 2048, 4095, 4096, 4097, 4098, 8192, 65536, 1000000};

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char text[100];
        struct answer answer;

        snprintf(text, sizeof text, "head -c %u /dev/zero; echo the last words", sizes[i]);
        answer = run_talking(text, LONG_MS);
        if (!answer.good || answer.length < 15 || strcmp(answer.output + answer.length - 15, "the last words\n") != 0)
            unit_wrong("%u: %s, %zu bytes", sizes[i], answer.error, answer.length);
    }
    unit_all_right();
}

/* It neither ends the wait nor holds the loop. */
static void test_talking_without_end(void **state)
{
    struct answer answer = run_talking("exec yes", 200);

    (void)state;
    assert_string_equal(answer.error, "did not end within 200 ms");
    count_killed();
}

static void test_cannot_be_started(void **state)
{
    static const struct {
        const char *name, *text;
        unsigned mode;
        const char *error;
    } files[] = {
        {"plain", "#!/bin/sh\n", 0600, "cannot be started: Permission denied"},
        {"neither", "no program at all", 0700, "cannot be started: Exec format error"},
        {"lost", "#!/nonexistent/sh\n", 0700, "cannot be started: No such file or directory"},
        {"missing", NULL, 0, "cannot be started: No such file or directory"},
        {".", NULL, 0, "cannot be started: Permission denied"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        char *path = files[i].text ? unit_file(folder, files[i].name, files[i].text, files[i].mode)
                                   : unit_path(folder, files[i].name);
        const char *const argv[] = {path, NULL};
        struct answer answer = {0};

        child_start(loop, argv, NULL, NULL, LONG_MS, on_done, &answer);
        if (answer.count != 0)
            unit_wrong("%s: answered from within child_start()", files[i].name);
        event_base_dispatch(loop);
        if (answer.count != 1 || answer.good || strcmp(answer.error, files[i].error) != 0)
            unit_wrong("%s: %d answers, \"%s\"", files[i].name, answer.count, answer.error);
        free(path);
    }
    unit_all_right();
}

/* Short of descriptors it fails whole, whatever step fails, or does not fail. */
static void test_no_descriptors_left(void **state)
{
    struct rlimit before, now;
    int good = 0, bad = 0;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &before);
    now = before;
    for (now.rlim_cur = 3; now.rlim_cur < 40; now.rlim_cur++) {
        struct answer answer = {0};
        const char *const argv[] = {"/bin/sh", "-c", "exit 0", NULL};

        setrlimit(RLIMIT_NOFILE, &now);
        child_start(loop, argv, NULL, NULL, LONG_MS, on_done, &answer);
        setrlimit(RLIMIT_NOFILE, &before);
        event_base_dispatch(loop);
        assert_int_equal(answer.count, 1);
        good += answer.good;
        bad += strcmp(answer.error, "cannot be started: Too many open files") == 0;
        assert_int_equal(count_open(), open_before);
    }
    assert_int_equal(good + bad, 37);
    assert_true(good > 0 && bad > 2);
}

/* In place of that of the C library, for libevent. */
int epoll_ctl(int poll, int action, int fd, struct epoll_event *event)
{
    if (action == EPOLL_CTL_ADD && room == 0) {
        errno = ENOSPC;
        return -1;
    }
    room -= action == EPOLL_CTL_ADD && room > 0;
    return (int)syscall(SYS_epoll_ctl, poll, action, fd, event);
}

/* Then it is not even tried, and what has begun is no more. */
static void test_loop_takes_no_descriptor(void **state)
{
    (void)state;
    for (int taken = 0; taken < 3; taken++) {
        struct answer answer = {0};

        room = taken;
        start_script("program", "echo out; exec sleep 0", LONG_MS, &answer);
        room = -1;
        event_base_dispatch(loop);
        assert_int_equal(answer.count, 1);
        assert_string_equal(answer.error, taken < 2 ? "cannot be started: No space left on device" : "");
        assert_int_equal(count_open(), open_before);
    }
}

/* ---- Its output and its end are two things. ---- */

static void test_closed_output_is_not_the_end(void **state)
{
    struct answer answer = {0};
    char *fifo = unit_path(folder, "fifo");
    int fd;

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    start_script("program", "echo first; exec >&-; read line <$1/fifo; exit 4", LONG_MS, &answer);
    fd = open_when_there(fifo);
    for (int i = 0; i < 5; i++)
        event_base_loop(loop, EVLOOP_NONBLOCK);
    assert_int_equal(answer.count, 0);
    close(fd);
    event_base_dispatch(loop);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.error, "ended with status 4");
    assert_string_equal(answer.output, "first\n");
    free(fifo);
}

/* What a program leaves behind holds nothing up, and is not killed. */
static void test_left_behind(void **state)
{
    uint64_t began = timer_now_ms();
    struct answer answer = run_good("sleep 1000 & echo $!");
    pid_t pid = atoi(answer.output);
    int status;

    (void)state;
    assert_true(timer_now_ms() - began < 30 * 1000);
    assert_true(pid > 1);
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* What can be read when it has ended counts, whoever wrote it. */
static void test_too_much_output_at_the_end(void **state)
{
    struct answer answer = {0};
    char *first = unit_path(folder, "first"), *second = unit_path(folder, "second");
    siginfo_t info;

    (void)state;
    assert_int_equal(mkfifo(first, 0600), 0);
    assert_int_equal(mkfifo(second, 0600), 0);
    start_script("program", "{ read line <$1/first; head -c 5000 /dev/zero; read line <$1/second; } &", LONG_MS,
                 &answer);
    /* The loop has not turned since, so it finds the end before the output. */
    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
    close(open(first, O_WRONLY | O_CLOEXEC));
    close(open(second, O_WRONLY | O_CLOEXEC));
    event_base_dispatch(loop);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.error, "wrote more than 4096 bytes");
    count_killed();
    free(first);
    free(second);
}

/* Each ends only because the other one runs. */
static void test_two_at_once(void **state)
{
    struct answer reader = {0}, writer = {0};
    char *fifo = unit_path(folder, "fifo");

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    start_script("reader", "cat $1/fifo", LONG_MS, &reader);
    start_script("writer", "echo hello >$1/fifo; echo told", LONG_MS, &writer);
    event_base_dispatch(loop);
    assert_true(reader.good && writer.good);
    assert_string_equal(reader.output, "hello\n");
    assert_string_equal(writer.output, "told\n");
    free(fifo);
}

static void test_start_from_within_the_answer(void **state)
{
    char *second = script("second", "echo two");
    const char *const argv[] = {second, NULL};
    struct answer answer = {.next = argv};

    (void)state;
    start_script("first", "echo one", LONG_MS, &answer);
    event_base_dispatch(loop);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.output, "two\n");
    free(second);
}

/* ---- Cancelled. ---- */

static void test_cancel_kills_the_group(void **state)
{
    struct answer answer = {0};
    char *fifo = unit_path(folder, "fifo");
    struct child *child;

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    child = start_script("program", "trap '' TERM; sleep 1000 & read line <$1/fifo; exec sleep 1000", LONG_MS, &answer);
    close(open_when_there(fifo));
    child_cancel(child);
    event_base_dispatch(loop); /* ends, so nothing is awaited any more; teardown sees that there is no zombie */
    assert_int_equal(answer.count, 0);
    assert_int_equal(count_killed(), 1);
    child_cancel(NULL);
    free(fifo);
}

static void test_cancel_at_any_time(void **state)
{
    const char *const missing[] = {"/nonexistent/program", NULL};
    struct answer answer = {0};

    (void)state;
    child_cancel(child_start(loop, missing, NULL, NULL, LONG_MS, on_done, &answer));
    child_cancel(start_script("program", "sleep 1000", LONG_MS, &answer));
    for (int turns = 0; turns < 5; turns++) {
        struct child *child = start_script("program", "exec >&-; sleep 1000", LONG_MS, &answer);

        for (int i = 0; i < turns; i++)
            event_base_loop(loop, EVLOOP_NONBLOCK);
        child_cancel(child);
    }
    event_base_dispatch(loop);
    assert_int_equal(answer.count, 0);
    count_killed();
}

/* As at the end of the daemon: the leak sanitizer sees that nothing is kept. */
static void test_cancel_and_no_loop_after_it(void **state)
{
    struct answer answer = {0};
    struct child *child;

    (void)state;
    child = start_script("program", "exec sleep 1000", LONG_MS, &answer);
    event_base_loop(loop, EVLOOP_NONBLOCK);
    child_cancel(child);
    event_base_free(loop);
    assert_int_equal(count_killed(), 1);
    assert_int_equal(answer.count, 0);
    /* The next test begins with a loop of its own; what a loop did not clear away the end of the program does. */
    loop = timer_loop();
    open_before = count_open();
}

/* ---- What it inherits. ---- */

static void test_environment(void **state)
{
    static const char *const argv[] = {"/usr/bin/env", NULL};
    static const char *const given[] = {"WANDDNS_FAMILY=ipv4", "EMPTY=", NULL};
    const char *path = getenv("PATH");
    char *saved = path ? strdup(path) : NULL;
    struct answer answer = {0}, bare = {0}, empty = {0};

    (void)state;
    setenv("SECRET", "not for it", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    child_start(loop, argv, given, NULL, LONG_MS, on_done, &answer);
    setenv("PATH", "", 1); /* it would stand for the folder that we were started in */
    child_start(loop, argv, NULL, NULL, LONG_MS, on_done, &empty);
    unsetenv("PATH");
    child_start(loop, argv, NULL, NULL, LONG_MS, on_done, &bare);
    event_base_dispatch(loop);
    if (saved)
        setenv("PATH", saved, 1);
    unsetenv("SECRET");
    assert_string_equal(answer.output, "PATH=/usr/bin:/bin\nWANDDNS_FAMILY=ipv4\nEMPTY=\n");
    assert_string_equal(empty.output, bare.output);
    assert_string_equal(bare.output, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
    free(saved);
}

/* Not ours, where something might wait or be read by people. */
static void test_input_and_errors_are_nothing(void **state)
{
    int real = dup(STDIN_FILENO), ends[2];
    struct answer answer;
    char *errors;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "ours\n", 5), 5);
    dup2(ends[0], STDIN_FILENO);
    unit_capture_begin();
    answer = run_good("cat; echo '<3>forged' >&2; echo end; readlink /proc/self/fd/0; readlink /proc/$$/fd/2");
    errors = unit_capture_end();
    dup2(real, STDIN_FILENO);
    close(real);
    close(ends[0]);
    close(ends[1]);
    assert_string_equal(answer.output, "end\n/dev/null\n/dev/null\n");
    assert_string_equal(errors, "");
    free(errors);
}

/* Neither what is ignored nor what is blocked here is so there. */
static void test_signals(void **state)
{
    sigset_t some, before;
    unsigned long long blocked, ignored;
    struct answer answer;

    (void)state;
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigaddset(&some, SIGUSR1);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigprocmask(SIG_BLOCK, &some, &before);
    answer = run_good("exec grep -E '^Sig(Blk|Ign)' /proc/self/status");
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    assert_int_equal(sscanf(answer.output, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & ~(3ULL << 31), 0); /* glibc itself has 32 and 33 ignored */
}

static void test_no_descriptors(void **state)
{
    struct answer answer;

    (void)state;
    assert_int_equal(dup2(STDIN_FILENO, A_DESCRIPTOR), A_DESCRIPTOR);
    answer = run_good("exec ls /proc/self/fd");
    close(A_DESCRIPTOR);
    assert_string_equal(answer.output, "0\n1\n2\n3\n"); /* 3 is the folder that ls reads */
}

/* Few programs can write to one that does not. */
static void test_its_output_blocks(void **state)
{
    struct answer answer = run_good("exec grep flags /proc/self/fdinfo/1");
    unsigned flags;

    (void)state;
    assert_int_equal(sscanf(answer.output, "flags: %o", &flags), 1);
    assert_int_equal(flags & (O_NONBLOCK | O_WRONLY), O_WRONLY);
}

/* Whoever starts us may leave us without 0, 1 or 2: then our pipe is there. */
static void test_started_without_standard_descriptors(void **state)
{
    struct answer answers[8];
    int saved[3];

    (void)state;
    for (int fd = 0; fd < 3; fd++)
        assert_true((saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10)) >= 10);
    for (int set = 0; set < 8; set++) {
        memset(&answers[set], 0, sizeof answers[set]);
        for (int fd = 0; fd < 3; fd++)
            if (set & 1 << fd)
                close(fd);
        start_script("program", "cat; echo bad >&2; echo good; ls /proc/self/fd", LONG_MS, &answers[set]);
        event_base_dispatch(loop);
        for (int fd = 0; fd < 3; fd++)
            dup2(saved[fd], fd);
    }
    for (int fd = 0; fd < 3; fd++)
        close(saved[fd]);
    for (int set = 0; set < 8; set++)
        if (!answers[set].good || strcmp(answers[set].output, "good\n0\n1\n2\n3\n") != 0)
            unit_wrong("without %d: \"%s\", wrote %s", set, answers[set].error, answers[set].output);
    unit_all_right();
}

/* ---- Others who mind children. ---- */

static void count_signal(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    ++*(int *)arg;
}

static void test_sigchld_of_others(void **state)
{
    int count = 0;
    struct answer answer = {0};
    struct event *event;

    (void)state;
    signal(SIGCHLD, SIG_IGN);
    run_bad("exit 5", LONG_MS, "ended with status 5");
    event = evsignal_new(loop, SIGCHLD, count_signal, &count);
    evsignal_add(event, NULL);
    start_script("program", "exit 6", LONG_MS, &answer);
    while (!answer.count || !count)
        event_base_loop(loop, EVLOOP_ONCE);
    event_free(event);
    assert_string_equal(answer.error, "ended with status 6");
    signal(SIGCHLD, SIG_DFL);
    /* libevent keeps the two ends of its signal pipe. */
    open_before = count_open();
}

static void test_status_taken_by_others(void **state)
{
    struct answer answer = {0};

    (void)state;
    start_script("program", "exit 0", LONG_MS, &answer);
    assert_true(wait(NULL) > 0);
    event_base_dispatch(loop);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.error, "ended, but somebody else took its status");
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_output),
        ON_LOOP(test_arguments_are_not_for_a_shell),
        ON_LOOP(test_status_and_signal),
        ON_LOOP(test_timeout),
        ON_LOOP(test_most_output),
        ON_LOOP(test_too_much_output_ends_it),
        ON_LOOP(test_talking_both_outputs_are_read),
        ON_LOOP(test_talking_too_much_keeps_the_end),
        ON_LOOP(test_talking_without_end),
        ON_LOOP(test_cannot_be_started),
        ON_LOOP(test_no_descriptors_left),
        ON_LOOP(test_loop_takes_no_descriptor),
        ON_LOOP(test_closed_output_is_not_the_end),
        ON_LOOP(test_left_behind),
        ON_LOOP(test_too_much_output_at_the_end),
        ON_LOOP(test_two_at_once),
        ON_LOOP(test_start_from_within_the_answer),
        ON_LOOP(test_cancel_kills_the_group),
        ON_LOOP(test_cancel_at_any_time),
        ON_LOOP(test_cancel_and_no_loop_after_it),
        ON_LOOP(test_environment),
        ON_LOOP(test_input_and_errors_are_nothing),
        ON_LOOP(test_signals),
        ON_LOOP(test_no_descriptors),
        ON_LOOP(test_its_output_blocks),
        ON_LOOP(test_started_without_standard_descriptors),
        ON_LOOP(test_sigchld_of_others),
        ON_LOOP(test_status_taken_by_others),
    };

    /* What a child leaves behind comes to us, so that it can be waited for. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    alarm(LIMIT_S);
    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
