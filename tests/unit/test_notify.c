#include "notify.h"

#include "fake_timer.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The supervisor: a socket, and what it was sent, one message a line, those within as " | ". */
struct supervisor {
    int fd;
    char *folder;
    char *path;
    char heard[4096];
};

static const char *status_text;
static size_t asked;

static void write_status(void *arg, struct buf *status)
{
    assert_ptr_equal(arg, &status_text);
    asked++;
    buf_add(status, status_text);
}

static int listen_at(const char *name, size_t length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    memcpy(address.sun_path, name, length);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)), 0);
    return fd;
}

static void hear(struct supervisor *supervisor)
{
    char message[1024];
    ssize_t length;

    *supervisor->heard = '\0';
    while ((length = recv(supervisor->fd, message, sizeof message - 1, 0)) >= 0) {
        message[length] = '\0';
        for (char *c = message; *c; c++)
            if (*c == '\n')
                *c = '|';
        strcat(strcat(supervisor->heard, message), "\n");
    }
    assert_int_equal(errno, EAGAIN);
}

/* What it heard since it was asked last. */
static const char *heard(struct supervisor *supervisor)
{
    hear(supervisor);
    return supervisor->heard;
}

static int set_up(void **state)
{
    struct supervisor *supervisor = calloc(1, sizeof *supervisor);

    assert_non_null(supervisor);
    supervisor->folder = unit_folder();
    supervisor->path = unit_path(supervisor->folder, "notify");
    supervisor->fd = listen_at(supervisor->path, strlen(supervisor->path));
    setenv("NOTIFY_SOCKET", supervisor->path, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    status_text = "1 record: 1 current";
    asked = 0;
    *state = supervisor;
    return 0;
}

static int tear_down(void **state)
{
    struct supervisor *supervisor = *state;

    if (supervisor->fd >= 0)
        close(supervisor->fd);
    unit_remove_folder(supervisor->folder);
    free(supervisor->path);
    free(supervisor);
    assert_int_equal(fake_timer_existing(), 0);
    return 0;
}

static struct notify *open_it(void)
{
    struct notify *notify = notify_open(write_status, &status_text);

    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    return notify;
}

/* ---- States. ---- */

static void test_nobody_to_tell(void **state)
{
    struct notify *notify;

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "1000000", 1);
    notify = open_it();
    assert_null(notify);
    notify_ready(notify);
    notify_reloading(notify);
    notify_changed(notify);
    notify_stopping(notify);
    assert_int_equal(fake_timer_existing(), 0);
    assert_int_equal(asked, 0);
    notify_close(notify);
}

static void test_ready_is_told_once(void **state)
{
    struct notify *notify = open_it();

    assert_string_equal(heard(*state), "");
    notify_ready(notify);
    assert_string_equal(heard(*state), "READY=1\nSTATUS=1 record: 1 current\n");
    notify_ready(notify);
    fake_timer_advance(60 * 1000);
    assert_string_equal(heard(*state), "");
    assert_int_equal(fake_timer_running(), 0);
    notify_close(notify);
}

static void test_status_is_told_once_for_many_changes(void **state)
{
    struct notify *notify = open_it();

    notify_ready(notify);
    heard(*state);
    asked = 0;
    status_text = "3 records: 1 current, 2 waiting";
    for (int i = 0; i < 1000; i++)
        notify_changed(notify);
    assert_string_equal(heard(*state), "");
    fake_timer_advance(100);
    assert_string_equal(heard(*state), "STATUS=3 records: 1 current, 2 waiting\n");
    assert_int_equal(asked, 1);
    notify_changed(notify); /* but it is the same */
    fake_timer_advance(1000);
    assert_string_equal(heard(*state), "");
    assert_int_equal(fake_timer_running(), 0);
    notify_close(notify);
}

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void test_reload(void **state)
{
    struct supervisor *supervisor = *state;
    struct notify *notify = open_it();
    uint64_t before;
    unsigned long long told;
    int end = 0;

    notify_ready(notify);
    heard(supervisor);
    before = now_us();
    notify_reloading(notify);
    hear(supervisor);
    assert_int_equal(sscanf(supervisor->heard, "RELOADING=1|MONOTONIC_USEC=%llu%n", &told, &end), 1);
    assert_string_equal(supervisor->heard + end, "\n");
    assert_true(told >= before && told <= now_us());
    notify_ready(notify);
    assert_string_equal(heard(supervisor), "READY=1\n");
    notify_close(notify);
}

static void test_stopping(void **state)
{
    struct notify *notify = open_it();

    notify_stopping(notify);
    assert_string_equal(heard(*state), "STOPPING=1\n");
    notify_close(notify);
}

/* ---- Where the supervisor listens. ---- */

static void test_abstract_name(void **state)
{
    char name[64];
    struct supervisor abstract;
    struct notify *notify;

    (void)state;
    snprintf(name, sizeof name, "@wanddns-unit-%d", (int)getpid());
    setenv("NOTIFY_SOCKET", name, 1);
    name[0] = '\0';
    abstract.fd = listen_at(name, 1 + strlen(name + 1));
    notify = open_it();
    assert_non_null(notify);
    notify_ready(notify);
    hear(&abstract);
    assert_string_equal(abstract.heard, "READY=1\nSTATUS=1 record: 1 current\n");
    notify_close(notify);
    close(abstract.fd);
}

static void test_wrong_names(void **state)
{
    static char too_long[200];
    static const struct {
        const char *name, *why;
    } names[] = {
        {"notify", "Address family not supported"}, {"vsock:2:1234", "Address family not supported"},
        {"@", "Address family not supported"},      {"/", "Address family not supported"},
        {"", "Address family not supported"},       {"/nonexistent/notify", "No such file"},
        {too_long, "File name too long"},
    };

    (void)state;
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[0] = '/';
    for (size_t i = 0; i < COUNT(names); i++) {
        struct notify *notify;
        char *text;

        setenv("NOTIFY_SOCKET", names[i].name, 1);
        setenv("WATCHDOG_USEC", "1000000", 1);
        unit_capture_begin();
        notify = open_it();
        text = unit_capture_end();
        if (notify || !strstr(text, "<4>NOTIFY_SOCKET: ") || !strstr(text, names[i].why))
            unit_wrong("\"%s\": %s", names[i].name, text);
        free(text);
    }
    assert_int_equal(fake_timer_existing(), 0);
    unit_all_right();
}

static void test_socket_is_not_inherited(void **state)
{
    int before = dup(STDERR_FILENO), fd;
    struct notify *notify;

    (void)state;
    close(before); /* the next descriptor has this number */
    notify = open_it();
    fd = fcntl(before, F_GETFD);
    assert_true(fd >= 0 && fd & FD_CLOEXEC);
    notify_close(notify);
    assert_int_equal(fcntl(before, F_GETFD), -1);
}

/* ---- A supervisor that does not listen. ---- */

/* Nothing more fits into its queue. */
static void fill(const struct supervisor *supervisor)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    strcpy(address.sun_path, supervisor->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    while (send(fd, "x", 1, 0) == 1)
        ;
    assert_int_equal(errno, EAGAIN);
    close(fd);
}

static void test_busy_supervisor_is_told_later(void **state)
{
    struct supervisor *supervisor = *state;
    struct notify *notify = open_it();

    fill(supervisor);
    notify_ready(notify);
    fake_timer_advance(1000);
    hear(supervisor);
    assert_lacks(supervisor->heard, "READY");
    fake_timer_advance(100);
    assert_string_equal(heard(supervisor), "READY=1\nSTATUS=1 record: 1 current\n");
    assert_int_equal(fake_timer_running(), 0);
    notify_close(notify);
}

static void test_busy_supervisor_hears_the_last_word(void **state)
{
    struct supervisor *supervisor = *state;
    struct notify *notify = open_it();

    fill(supervisor);
    notify_ready(notify);
    status_text = "2 records: 2 current";
    notify_changed(notify);
    notify_stopping(notify);
    hear(supervisor);
    fake_timer_advance(100);
    assert_string_equal(heard(supervisor), "STOPPING=1\nSTATUS=2 records: 2 current\n");
    notify_close(notify);
}

static void test_supervisor_that_is_gone_is_logged_once(void **state)
{
    struct supervisor *supervisor = *state;
    struct notify *notify = open_it();
    char *text;

    close(supervisor->fd);
    supervisor->fd = -1;
    unit_capture_begin();
    notify_ready(notify);
    notify_reloading(notify);
    notify_stopping(notify);
    text = unit_capture_end();
    assert_string_equal(text, "<4>the supervisor cannot be told how we are: Connection refused\n");
    assert_int_equal(fake_timer_running(), 0);
    free(text);
    notify_close(notify);
}

/* ---- Watchdog. ---- */

static void test_watchdog_says_twice_that_the_loop_turns(void **state)
{
    struct notify *notify;

    setenv("WATCHDOG_USEC", "2000000", 1);
    notify = open_it();
    assert_int_equal(fake_timer_next(), 1000);
    fake_timer_advance(3999);
    assert_string_equal(heard(*state), "WATCHDOG=1\nWATCHDOG=1\nWATCHDOG=1\n");
    notify_close(notify);
}

static void test_whose_watchdog_it_is(void **state)
{
    char mine[32];
    const struct {
        const char *usec, *pid;
        uint64_t next_ms; /* UINT64_MAX: never */
    } rows[] = {
        {"30000000", NULL, 15000},
        {"30000000", mine, 15000},
        {"30000000", "1", UINT64_MAX},
        {"30000000", "", UINT64_MAX},
        {NULL, mine, UINT64_MAX},
        {"0", NULL, UINT64_MAX},
        {"-1", NULL, UINT64_MAX},
        {"", NULL, UINT64_MAX},
        {"1s", NULL, UINT64_MAX},
        {"99999999999999999999", NULL, UINT64_MAX},
        {"1", NULL, 1},
        {"4000", NULL, 2},
    };

    snprintf(mine, sizeof mine, "%d", (int)getpid());
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct supervisor *supervisor = *state;
        struct notify *notify;
        char *text;

        setenv("NOTIFY_SOCKET", supervisor->path, 1);
        if (rows[i].usec)
            setenv("WATCHDOG_USEC", rows[i].usec, 1);
        if (rows[i].pid)
            setenv("WATCHDOG_PID", rows[i].pid, 1);
        unit_capture_begin();
        notify = open_it();
        text = unit_capture_end();
        if (fake_timer_next() != rows[i].next_ms)
            unit_wrong("row %zu: %llu", i, (unsigned long long)fake_timer_next());
        free(text);
        notify_close(notify);
    }
    unit_all_right();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_to_tell),
        TEST(test_ready_is_told_once),
        TEST(test_status_is_told_once_for_many_changes),
        TEST(test_reload),
        TEST(test_stopping),
        TEST(test_abstract_name),
        TEST(test_wrong_names),
        TEST(test_socket_is_not_inherited),
        TEST(test_busy_supervisor_is_told_later),
        TEST(test_busy_supervisor_hears_the_last_word),
        TEST(test_supervisor_that_is_gone_is_logged_once),
        TEST(test_watchdog_says_twice_that_the_loop_turns),
        TEST(test_whose_watchdog_it_is),
    };

    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
