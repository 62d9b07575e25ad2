/* Where the kernel has no Landlock, the walls do not begin, and that is all that there is to see. */
#include "landlock.h"

#include "forked.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the folder of the test. */
static struct {
    char *read, *read_file, *write, *write_file, *outside, *outside_file, *lone_file;
} paths;

static int setup(void **state)
{
    static const char *const names[] = {"read", "write", "outside"};
    char **folders[] = {&paths.read, &paths.write, &paths.outside};
    char **files[] = {&paths.read_file, &paths.write_file, &paths.outside_file};

    unit_setup_folder(state);
    for (size_t i = 0; i < COUNT(names); i++) {
        *folders[i] = unit_path(*state, names[i]);
        if (mkdir(*folders[i], 0755) < 0)
            return -1;
        *files[i] = unit_file(*folders[i], "file", "x", 0644);
    }
    paths.lone_file = unit_file(*state, "lone", "x", 0644);
    return 0;
}

static int teardown(void **state)
{
    unit_remove_folder(paths.read);
    unit_remove_folder(paths.write);
    unit_remove_folder(paths.outside);
    free(paths.read_file);
    free(paths.write_file);
    free(paths.outside_file);
    free(paths.lone_file);
    return unit_teardown_folder(state);
}

static bool is_there(void)
{
    struct landlock wall;
    int error = landlock_begin(&wall);

    if (error == 0)
        close(wall.fd);
    else
        assert_true(error == -ENOSYS || error == -EOPNOTSUPP || error == -EPERM);
    return error == 0;
}

/* The wall of all tests. */
static void go_behind(void)
{
    struct landlock wall;

    must(landlock_begin(&wall) == 0 && wall.abi >= 1);
    must(landlock_allow(&wall, paths.read, false) == 0);
    must(landlock_allow(&wall, paths.write, true) == 0);
    must(landlock_allow(&wall, paths.lone_file, true) == 0);
    must(landlock_allow(&wall, "/proc/self/exe/missing", false) == -ENOTDIR);
    must(landlock_allow(&wall, "/nonexistent", false) == -ENOENT);
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    must(landlock_raise(&wall) == 0);
    must(fcntl(wall.fd, F_GETFD) < 0);
}

static void read_all(void *arg)
{
    int before = open(paths.outside_file, O_RDONLY);
    char byte;
    struct stat st;

    (void)arg;
    go_behind();
    must(forked_open(paths.read_file, O_RDONLY) == 0);
    must(forked_open(paths.read, O_RDONLY | O_DIRECTORY) == 0);
    must(forked_open(paths.write_file, O_RDONLY) == 0);
    must(forked_open(paths.lone_file, O_RDONLY) == 0);
    must(forked_open(paths.outside_file, O_RDONLY) == EACCES);
    must(forked_open(paths.outside, O_RDONLY | O_DIRECTORY) == EACCES);
    must(forked_open("/etc/passwd", O_RDONLY) == EACCES);
    must(forked_open("/", O_RDONLY | O_DIRECTORY) == EACCES);
    /* What was open stays open; what is only looked at is not kept back. */
    must(read(before, &byte, 1) == 1);
    must(stat(paths.outside_file, &st) == 0 && access(paths.outside_file, R_OK) == 0);
}

static void write_all(void *arg)
{
    char *fresh = unit_path(paths.write, "fresh"), *moved = unit_path(paths.write, "moved");
    char *sub = unit_path(paths.write, "sub"), *away = unit_path(paths.read, "moved");

    (void)arg;
    go_behind();
    must(forked_open(paths.write_file, O_RDWR) == 0);
    must(forked_open(paths.write_file, O_WRONLY | O_TRUNC) == 0);
    must(truncate(paths.write_file, 0) == 0);
    must(forked_open(fresh, O_WRONLY | O_CREAT | O_EXCL) == 0);
    must(rename(fresh, moved) == 0);
    must(rename(moved, away) < 0 && (errno == EXDEV || errno == EACCES));
    must(unlink(moved) == 0);
    must(mkdir(sub, 0700) < 0 && errno == EACCES);
    must(symlink("/etc/passwd", sub) < 0 && errno == EACCES);
    must(forked_open(paths.lone_file, O_RDWR) == 0);
    must(forked_open(paths.read_file, O_RDWR) == EACCES);
    must(forked_open(away, O_WRONLY | O_CREAT) == EACCES);
    must(unlink(paths.read_file) < 0 && errno == EACCES);
    must(unlink(paths.outside_file) < 0 && errno == EACCES);
    must(forked_open(paths.outside_file, O_WRONLY) == EACCES);
    free(fresh);
    free(moved);
    free(sub);
    free(away);
}

static void *open_outside(void *arg)
{
    *(int *)arg = forked_open(paths.outside_file, O_RDONLY);
    return NULL;
}

/* Threads and children that come later are behind it too, and programs. */
static void inherit(void *arg)
{
    char program[] = "/bin/true", *const argv[] = {program, NULL};
    pthread_t thread;
    int error = 0, status;
    pid_t child;

    (void)arg;
    go_behind();
    must(pthread_create(&thread, NULL, open_outside, &error) == 0 && pthread_join(thread, NULL) == 0);
    must(error == EACCES);
    child = fork();
    if (child == 0)
        _exit(forked_open(paths.outside_file, O_RDONLY) == EACCES ? 0 : 1);
    must(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    must(execv(program, argv) < 0 && errno == EACCES);
}

/* Another file that takes the name of one in a folder can be read, and one that takes the name of a lone one cannot:
 * why folders are allowed. That something changed in a folder is heard (inotify(7)). */
static void replace(void *arg)
{
    int ready[2], inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    char event[4096], byte;
    pid_t child;

    (void)arg;
    must(pipe(ready) == 0);
    child = fork(); /* is left outside */
    if (child == 0) {
        char *fresh = unit_file(paths.read, "fresh", "y", 0644), *other = unit_file(paths.outside, "other", "y", 0644);

        if (read(ready[0], &byte, 1) == 1)
            _exit(rename(fresh, paths.read_file) == 0 && rename(other, paths.lone_file) == 0 ? 0 : 1);
        _exit(1);
    }
    go_behind();
    must(inotify_add_watch(inotify, paths.read, IN_MOVED_TO) >= 0);
    must(write(ready[1], "", 1) == 1);
    must(waitpid(child, NULL, 0) == child);
    must(read(inotify, event, sizeof event) > 0);
    must(forked_open(paths.read_file, O_RDONLY) == 0);
    must(forked_open(paths.lone_file, O_RDONLY) == EACCES);
}

static void test_wall(void **state)
{
    static void (*const bodies[])(void *arg) = {read_all, write_all, inherit, replace};

    (void)state;
    for (size_t i = 0; i < COUNT(bodies) && is_there(); i++)
        forked(bodies[i], NULL);
}

/* Without PR_SET_NO_NEW_PRIVS only root may. */
static void raise_too_early(void *arg)
{
    struct landlock wall;

    (void)arg;
    must(geteuid() != 0 || setuid(65534) == 0);
    must(landlock_begin(&wall) == 0);
    must(landlock_raise(&wall) == -EPERM);
    must(fcntl(wall.fd, F_GETFD) < 0);
    must(forked_open("/etc/passwd", O_RDONLY) == 0);
}

static void test_raise_needs_no_new_privileges(void **state)
{
    (void)state;
    if (is_there())
        forked(raise_too_early, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wall, setup, teardown),
        cmocka_unit_test(test_raise_needs_no_new_privileges),
    };

    return cmocka_run_group_tests_name("landlock", tests, NULL, NULL);
}
