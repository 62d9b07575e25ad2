/* A daemon that answers as each test says, in a thread of its own; its silence is long after a tenth of a second. */
#include "talk.h"

#include "json.h"
#include "reply.h"
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define HELLO "{\"line\":\"status\",\"version\":1}\n"
#define END   "{\"line\":\"end\",\"ok\":true}\n"

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit, const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit, const sigset_t *mask);

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    static const struct timeval soon = {0, 100000};

    (void)value;
    (void)size;
    return __real_setsockopt(fd, level, name, &soon, sizeof soon);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit, const sigset_t *mask)
{
    static const struct timespec soon = {0, 100000000};

    assert_int_equal(limit->tv_sec, TALK_TIMEOUT_S);
    return __real_ppoll(fds, count, &soon, mask);
}

/* A part of its answer, after so many lines of the client. */
struct part {
    int after;
    const char *text; /* NULL: nothing, and the connection stays */
};

struct fake {
    char *folder, *path;
    int listener;
    pthread_t thread;
    const struct part *parts;
    size_t count;
    char heard[4096];
};

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static int lines_in(const char *text)
{
    int lines = 0;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void *answer(void *arg)
{
    struct fake *fake = arg;
    int fd = accept(fake->listener, NULL, NULL);
    size_t used = 0;
    ssize_t got = 1;

    for (size_t i = 0; i < fake->count; i++) {
        while (lines_in(fake->heard) < fake->parts[i].after && got > 0) {
            got = read(fd, fake->heard + used, sizeof fake->heard - 1 - used);
            used += got > 0 ? (size_t)got : 0;
        }
        if (fake->parts[i].text && write(fd, fake->parts[i].text, strlen(fake->parts[i].text)) < 0)
            break;
        while (!fake->parts[i].text && got > 0) /* until the client is gone */
            got = read(fd, fake->heard + used, sizeof fake->heard - 1 - used);
    }
    close(fd);
    return NULL;
}

static struct talk *begin(struct fake *fake, const struct part *parts, size_t count)
{
    struct buf fault = {0};
    struct talk *talk;

    *fake = (struct fake){.folder = unit_folder(), .parts = parts, .count = count};
    fake->path = unit_path(fake->folder, "control");
    fake->listener = listen_at(fake->path);
    assert_int_equal(pthread_create(&fake->thread, NULL, answer, fake), 0);
    talk = talk_open(fake->path, "{\"version\":1}", &fault);
    assert_non_null(talk);
    buf_free(&fault);
    return talk;
}

static void end(struct fake *fake, struct talk *talk)
{
    talk_close(talk);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    free(fake->path);
    unit_remove_folder(fake->folder);
}

static enum reply_kind next_kind(struct talk *talk, bool patience)
{
    struct json_t *line;
    enum reply_kind kind;

    assert_int_equal(talk_next(talk, patience, &line), TALK_LINE);
    kind = reply_kind(line);
    json_free(line);
    return kind;
}

static enum talk_result next_result(struct talk *talk, bool patience)
{
    struct json_t *line;

    return talk_next(talk, patience, &line);
}

static void test_lines_come_one_by_one(void **state)
{
    static const struct part parts[] = {{1, HELLO "{\"line\":\"rec"}, {1, "ord\"}\n" END}};
    struct fake fake;
    struct talk *talk = begin(&fake, parts, COUNT(parts));

    (void)state;
    assert_int_equal(next_kind(talk, false), REPLY_STATUS);
    assert_int_equal(next_kind(talk, false), REPLY_RECORD);
    assert_int_equal(next_kind(talk, false), REPLY_END);
    assert_int_equal(next_result(talk, false), TALK_CLOSED);
    end(&fake, talk);
    assert_string_equal(fake.heard, "{\"version\":1}\n");
}

static void test_silence_is_given_up(void **state)
{
    static const struct part parts[] = {{1, HELLO}, {1, NULL}};
    struct fake fake;
    struct talk *talk = begin(&fake, parts, COUNT(parts));

    (void)state;
    assert_int_equal(next_kind(talk, false), REPLY_STATUS);
    assert_int_equal(next_result(talk, false), TALK_SILENT);
    end(&fake, talk);
}

/* With patience it is asked once; who answers that may be silent again. */
static void test_patience_asks_whether_anybody_is_there(void **state)
{
    static const struct part parts[] = {
        {1, HELLO}, {2, "{\"line\":\"alive\"}\n"}, {3, "{\"line\":\"alive\"}\n" END}, {3, NULL}};
    struct fake fake;
    struct talk *talk = begin(&fake, parts, COUNT(parts));

    (void)state;
    assert_int_equal(next_kind(talk, true), REPLY_STATUS);
    assert_int_equal(next_kind(talk, true), REPLY_ALIVE);
    assert_int_equal(next_kind(talk, true), REPLY_ALIVE);
    assert_int_equal(next_kind(talk, true), REPLY_END);
    assert_int_equal(next_result(talk, true), TALK_SILENT);
    end(&fake, talk);
    assert_string_equal(fake.heard, "{\"version\":1}\n\n\n\n");
}

static void test_rubbish(void **state)
{
    static const struct part rows[] = {{1, "HTTP/1.0 400 Bad Request\r\n"}, {1, "[]\n"}, {1, "{}\n"}, {1, "7\n"}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fake fake;
        struct talk *talk = begin(&fake, &rows[i], 1);

        assert_int_equal(next_result(talk, false), TALK_RUBBISH);
        end(&fake, talk);
    }
}

static void test_half_a_line_is_the_end(void **state)
{
    static const struct part parts[] = {{1, HELLO "{\"line\":\"end\""}};
    struct fake fake;
    struct talk *talk = begin(&fake, parts, COUNT(parts));

    (void)state;
    assert_int_equal(next_kind(talk, false), REPLY_STATUS);
    assert_int_equal(next_result(talk, false), TALK_CLOSED);
    end(&fake, talk);
}

static void on_alarm(int number)
{
    (void)number;
}

/* One that came before it waits is not missed, though it is blocked until then. */
static void test_a_signal_interrupts(void **state)
{
    static const struct part parts[] = {{1, NULL}};
    const struct sigaction action = {.sa_handler = on_alarm}, before = {.sa_handler = SIG_DFL};
    struct fake fake;
    struct talk *talk;
    sigset_t set;

    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGALRM, &action, NULL);
    talk = begin(&fake, parts, COUNT(parts));
    pthread_kill(pthread_self(), SIGALRM);
    assert_int_equal(next_result(talk, true), TALK_INTERRUPTED);
    assert_int_equal(next_result(talk, false), TALK_SILENT);
    sigaction(SIGALRM, &before, NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    end(&fake, talk);
}

static void assert_nobody(const char *path, const char *why)
{
    struct buf fault = {0};

    assert_null(talk_open(path, "{}", &fault));
    assert_contains(fault.text, why);
    assert_contains(fault.text, path);
    assert_null(strchr(fault.text, '\n'));
    buf_free(&fault);
}

static void test_why_nobody_is_there(void **state)
{
    char *folder = unit_folder(), *path = unit_path(folder, "control"), longest[200];
    int fd;

    (void)state;
    assert_nobody(path, "no daemon runs here: there is no ");
    fd = listen_at(path);
    close(fd);
    assert_nobody(path, "nobody listens at ");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_nobody(longest, "File name too long");
    free(path);
    unit_remove_folder(folder);
}

/* Where too many wait already to be let in, connecting takes no longer than an answer. */
static void test_a_full_queue(void **state)
{
    char *folder = unit_folder(), *path = unit_path(folder, "control");
    int fd = listen_at(path), others[64];
    size_t count = 0;
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)state;
    memcpy(address.sun_path, path, strlen(path));
    do {
        others[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    } while (connect(others[count++], (struct sockaddr *)&address, sizeof address) == 0 && count < COUNT(others));
    assert_nobody(path, "does not answer");
    while (count)
        close(others[--count]);
    close(fd);
    free(path);
    unit_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_come_one_by_one),
        cmocka_unit_test(test_silence_is_given_up),
        cmocka_unit_test(test_patience_asks_whether_anybody_is_there),
        cmocka_unit_test(test_rubbish),
        cmocka_unit_test(test_half_a_line_is_the_end),
        cmocka_unit_test(test_a_signal_interrupts),
        cmocka_unit_test(test_why_nobody_is_there),
        cmocka_unit_test(test_a_full_queue),
    };

    return cmocka_run_group_tests_name("talk", tests, NULL, NULL);
}
