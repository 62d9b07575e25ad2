/* On the real kernel and the real clock: a file, links to it, and folders that come and go. */
#include "resolver.h"

#include "timer.h"
#include "unit.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static struct event_base *base;
static struct resolver *resolver;
static struct timer *limit;
static unsigned heard;
static bool late;

static int watch_error; /* with which the kernel refuses each watch; 0: it does not */

int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    errno = watch_error;
    return watch_error ? -1 : __real_inotify_add_watch(fd, path, mask);
}

static void on_changed(void *arg)
{
    (void)arg;
    heard++;
    event_base_loopbreak(base);
}

static void on_late(void *arg)
{
    (void)arg;
    late = true;
    event_base_loopbreak(base);
}

/* Runs the loop until a change is heard, or for so long. */
static bool hears(uint64_t limit_ms)
{
    unsigned before = heard;

    late = false;
    timer_start(limit, limit_ms);
    while (heard == before && !late)
        event_base_dispatch(base);
    timer_stop(limit);
    return heard != before;
}

#define assert_heard() assert_true(hears(10000))
#define assert_quiet() assert_false(hears(300))

static int setup(void **state)
{
    base = timer_loop();
    if (!base || unit_setup_folder(state) != 0)
        return -1;
    limit = timer_new(on_late, NULL);
    return 0;
}

static int teardown(void **state)
{
    resolver_free(resolver);
    resolver = NULL;
    timer_free(limit);
    event_base_free(base);
    return unit_teardown_folder(state);
}

static void watch(const char *path)
{
    resolver = resolver_watch(base, path, on_changed, NULL);
    assert_non_null(resolver);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    free(unit_file(folder, name, text, 0644));
}

static void rename_in(const char *folder, const char *from, const char *to)
{
    char *old = unit_path(folder, from), *new = unit_path(folder, to);

    assert_int_equal(rename(old, new), 0);
    free(old);
    free(new);
}

static void test_file(void **state)
{
    char *path = unit_file(*state, "resolv.conf", "nameserver 192.0.2.1\n", 0644);

    watch(path);
    assert_quiet();
    write_file(*state, "resolv.conf", "nameserver 192.0.2.2\n");
    assert_heard();
    write_file(*state, "other", "in the same folder");
    assert_quiet();
    for (int i = 0; i < 3; i++) { /* as most programs write it */
        write_file(*state, "new", "nameserver 192.0.2.3\n");
        rename_in(*state, "new", "resolv.conf");
        assert_heard();
    }
    assert_int_equal(unlink(path), 0);
    assert_heard();
    write_file(*state, "another", "that is not waited for");
    assert_quiet();
    write_file(*state, "resolv.conf", "nameserver 192.0.2.4\n");
    assert_heard();
    write_file(*state, "resolv.conf", "nameserver 192.0.2.5\n");
    assert_heard();
    free(path);
}

/* As systemd-resolved, NetworkManager and OpenWrt have it: a link, to a link, to a file in a folder that is not there yet. */
static void test_links(void **state)
{
    char *path = unit_path(*state, "resolv.conf"), *folder = unit_path(*state, "run"),
         *next = unit_path(*state, "next");

    assert_int_equal(symlink("next", path), 0);
    assert_int_equal(symlink("run/stub.conf", next), 0);
    watch(path);
    assert_quiet();
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_quiet();
    write_file(folder, "stub.conf", "nameserver 192.0.2.1\n");
    assert_heard();
    write_file(folder, "stub.conf.new", "nameserver 192.0.2.2\n");
    rename_in(folder, "stub.conf.new", "stub.conf");
    assert_heard();
    /* The link itself comes to lead elsewhere. */
    write_file(*state, "static.conf", "nameserver 192.0.2.3\n");
    assert_quiet();
    assert_int_equal(unlink(next), 0);
    assert_int_equal(symlink("static.conf", next), 0);
    assert_heard();
    write_file(*state, "static.conf", "nameserver 192.0.2.4\n");
    assert_heard();
    write_file(folder, "stub.conf", "nobody reads it now");
    assert_quiet();
    unit_remove_folder(folder);
    free(path);
    free(next);
}

static void test_loop_of_links(void **state)
{
    char *path = unit_path(*state, "resolv.conf");

    assert_int_equal(symlink("resolv.conf", path), 0);
    watch(path);
    assert_quiet();
    assert_int_equal(unlink(path), 0);
    write_file(*state, "resolv.conf", "nameserver 192.0.2.1\n");
    assert_heard();
    free(path);
}

/* Links in a circle, where the kernel has no room for a watch: the way along them ends all the same. */
static void test_circle_without_room(void **state)
{
    char *path = unit_path(*state, "resolv.conf"), *next = unit_path(*state, "next");

    assert_int_equal(symlink(next, path), 0);
    assert_int_equal(symlink(path, next), 0);
    watch_error = ENOSPC;
    alarm(10);
    watch(path);
    alarm(0);
    watch_error = 0;
    free(path);
    free(next);
}

/* What is missing, or out of reach, may come to be there; but when the kernel has no room for a watch, that is told,
 * once. */
static void test_no_room(void **state)
{
    static const struct {
        int error;
        size_t lines;
    } cases[] = {{ENOENT, 0}, {ENOTDIR, 0}, {EACCES, 0}, {ELOOP, 0}, {ENOSPC, 1}, {ENOMEM, 1}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *path = unit_path(*state, "resolv.conf"), *log;
        size_t lines = 0;

        watch_error = cases[i].error;
        unit_capture_begin();
        watch(path);
        log = unit_capture_end();
        for (const char *at = log; (at = strstr(at, "resolv.conf: changes may not be heard: ")); at++)
            lines++;
        if (lines != cases[i].lines)
            unit_wrong("%s: %s", strerror(cases[i].error), log);
        watch_error = 0;
        resolver_free(resolver);
        resolver = NULL;
        free(log);
        free(path);
    }
    unit_all_right();
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_LOOP(test_file), WITH_LOOP(test_links), WITH_LOOP(test_loop_of_links),
                                       WITH_LOOP(test_no_room), WITH_LOOP(test_circle_without_room)};

    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
