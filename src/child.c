#include "child.h"

#include "mem.h"
#include "timer.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where our own environment has none: a program may not be able to do without. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { TURNS = 64 }; /* each at least half of CHILD_OUTPUT while there is more */

struct child {
    struct event_base *base;
    pid_t pid; /* 0: it could not be started */
    int pidfd; /* readable once it has ended (pidfd_open(2), Linux 5.3): no SIGCHLD, so no other handler to mind */
    int pipe;
    struct event *ended;
    struct event *readable;
    struct timer *timer; /* the timeout; for one that could not be started, the answer */
    uint64_t timeout_ms;
    bool talks; /* child_start_talking() */
    child_done_fn *fn;
    void *arg;
    char error[128];
    size_t length;
    char output[CHILD_OUTPUT + 1]; /* one more, to see that it is too much; then the NUL stands there */
};

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

static void close_descriptor(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void free_child(struct child *child)
{
    free_event(child->ended);
    free_event(child->readable);
    timer_free(child->timer);
    close_descriptor(child->pidfd);
    close_descriptor(child->pipe);
    mem_wipe(child); /* with what the program wrote */
}

/* ---- The end. ---- */

static void on_killed(evutil_socket_t pidfd, short what, void *arg)
{
    (void)what;
    waitpid((pid_t)(intptr_t)arg, NULL, WNOHANG);
    close(pidfd);
}

/* A process in the middle of a system call may take its time to die: nobody waits for it but the loop. Until it is
 * waited for, neither its number nor that of its group is given to another. */
static void kill_group(struct child *child)
{
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL); /* it may have left its group */
    /* The loop has the descriptor already, for child->ended, so it needs no more than memory. */
    if (event_base_once(child->base, child->pidfd, EV_READ, on_killed, (void *)(intptr_t)child->pid, NULL) < 0)
        mem_exhausted();
    child->pidfd = -1;
}

/* The program is no more, or as good as that; child->error is empty when all went well. */
static void finish(struct child *child)
{
    size_t length = child->length < CHILD_OUTPUT ? child->length : CHILD_OUTPUT;
    bool good = !*child->error;
    struct child_result result = {child->output, length, good, good ? NULL : child->error};

    child->output[length] = '\0';
    child->fn(child->arg, &result);
    free_child(child);
}

static void on_timer(void *arg)
{
    struct child *child = arg;

    if (child->pid) {
        bool seconds = child->timeout_ms % 1000 == 0;

        kill_group(child);
        snprintf(child->error, sizeof child->error, "did not end within %llu %s",
                 (unsigned long long)(seconds ? child->timeout_ms / 1000 : child->timeout_ms), seconds ? "s" : "ms");
    }
    finish(child);
}

/* Of what talks too much only the end is kept. */
static void forget_beginning(struct child *child)
{
    size_t half = child->length / 2;

    memmove(child->output, child->output + half, child->length - half);
    child->length -= half;
}

/* Reads what is there; false when that is too much, which was the end of it. One that never stops talking does not hold
 * the loop: a turn reads at least what a pipe holds (pipe(7)), and not much more. */
static bool read_output(struct child *child)
{
    ssize_t got;
    int turns = 0;

    do {
        if (child->talks && child->length > CHILD_OUTPUT)
            forget_beginning(child);
        got = read(child->pipe, child->output + child->length, sizeof child->output - child->length);
        if (got > 0)
            child->length += (size_t)got;
    } while (got > 0 && (child->talks ? ++turns < TURNS : child->length <= CHILD_OUTPUT));
    if (child->talks && child->length > CHILD_OUTPUT)
        forget_beginning(child);
    if (child->length > CHILD_OUTPUT) {
        kill_group(child);
        snprintf(child->error, sizeof child->error, "wrote more than %d bytes", CHILD_OUTPUT);
        finish(child);
        return false;
    }
    /* It may close its output and go on. */
    if (got == 0)
        event_del(child->readable);
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    read_output(arg);
}

/* Not the end of the output is waited for: a process that the program left behind may hold it open for ever. All that
 * the program itself wrote is in the pipe by now. */
static void on_ended(evutil_socket_t fd, short what, void *arg)
{
    struct child *child = arg;
    int status;

    (void)fd;
    (void)what;
    if (!read_output(child))
        return;
    if (waitpid(child->pid, &status, WNOHANG) != child->pid)
        snprintf(child->error, sizeof child->error, "ended, but somebody else took its status");
    else if (WIFSIGNALED(status))
        snprintf(child->error, sizeof child->error, "was killed by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        snprintf(child->error, sizeof child->error, "ended with status %d", WEXITSTATUS(status));
    finish(child);
}

void child_cancel(struct child *child)
{
    if (!child)
        return;
    if (child->pid)
        kill_group(child);
    free_child(child);
}

/* ---- The start. ---- */

/* Not all that libraries open is close-on-exec, nor what we were started with. A look into /proc works with every C
 * library and kernel, unlike posix_spawn_file_actions_addclosefrom_np and close_range(2). */
static int mark_close_on_exec(void)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;

    if (!dir)
        return errno;
    while ((entry = readdir(dir))) {
        int fd = (int)strtol(entry->d_name, NULL, 10);

        if (fd > STDERR_FILENO)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    closedir(dir);
    return 0;
}

/* Who starts us may have SIGCHLD ignored: then nobody could wait for a child (waitpid(2), NOTES). */
static void mind_children(void)
{
    struct sigaction action;

    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
}

/* PATH, which the caller frees, and what is given, which is not copied. The caller frees the list too. */
static char **make_environment(const char *const given[])
{
    const char *path = getenv("PATH");
    size_t count = 0, size;
    char **list;

    while (given && given[count])
        count++;
    list = mem_alloc((count + 2) * sizeof *list);
    path = path && *path ? path : DEFAULT_PATH;
    size = sizeof "PATH=" + strlen(path);
    list[0] = mem_alloc(size);
    snprintf(list[0], size, "PATH=%s", path);
    for (size_t i = 0; i < count; i++)
        list[i + 1] = (char *)given[i];
    return list;
}

/* Ignored signals and the mask would stay over exec; a handler would not, but there is no harm in naming all. */
static void set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawnattr_init(attributes) ||
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) ||
        posix_spawnattr_setpgroup(attributes, 0) || posix_spawnattr_setsigmask(attributes, &none) ||
        posix_spawnattr_setsigdefault(attributes, &all))
        mem_exhausted();
}

/* The output comes first: when we were started without a descriptor 0, 1 or 2, the pipe may be there. */
static void set_actions(posix_spawn_file_actions_t *actions, int input, int output, bool talks)
{
    if (posix_spawn_file_actions_init(actions) || posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO) ||
        (input >= 0 ? posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO)
                    : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)) ||
        (talks ? posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO)
               : posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)))
        mem_exhausted();
}

/* A file in memory that holds the text: unlike a pipe it needs nobody to write while the program reads. Above the three
 * descriptors that the program has. -1 without a text, or when there is none to be had. */
static int make_input(const char *text)
{
    int fd = text ? memfd_create("input", MFD_CLOEXEC) : -1, high;

    if (fd < 0)
        return -1;
    high = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && lseek(fd, 0, SEEK_SET) == 0
               ? fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
               : -1;
    close(fd);
    return high;
}

/* 0 or an error number, as the functions that it calls. */
static int spawn(struct child *child, int input, int output, const char *const argv[], const char *const environment[])
{
    char **list = make_environment(environment);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    set_attributes(&attributes);
    set_actions(&actions, input, output, child->talks);
    error = posix_spawn(&child->pid, argv[0], &actions, &attributes, (char *const *)argv, list);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(list[0]);
    free(list);
    return error;
}

/* It has only just begun: nothing holds it. */
static void give_up(struct child *child)
{
    kill(-child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    child->pid = 0;
}

/* Starts the program with its output in child->pipe; 0 or an error number. */
static int start(struct child *child, const char *const argv[], const char *const environment[], const char *text)
{
    int ends[2], error = mark_close_on_exec(), input;

    if (error)
        return error;
    input = make_input(text);
    if ((text && input < 0) || pipe2(ends, O_CLOEXEC) < 0) {
        error = errno;
        close_descriptor(input);
        return error;
    }
    child->pipe = ends[0];
    fcntl(child->pipe, F_SETFL, O_NONBLOCK); /* our end only: few programs can write to one that does not block */
    error = spawn(child, input, ends[1], argv, environment);
    close(ends[1]);
    close_descriptor(input);
    if (error) {
        child->pid = 0;
        return error;
    }
    child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0); /* closes on exec by itself */
    if (child->pidfd >= 0)
        return 0;
    error = errno;
    give_up(child);
    return error;
}

/* 0 or an error number. */
static int watch(struct child *child, int fd, event_callback_fn fn, struct event **event)
{
    *event = event_new(child->base, fd, EV_READ | EV_PERSIST, fn, child);
    if (!*event)
        mem_exhausted();
    return event_add(*event, NULL) < 0 ? errno : 0;
}

/* The loop may take no more descriptors (epoll_ctl(2): ENOSPC, ENOMEM). */
static int watch_both(struct child *child)
{
    int error = watch(child, child->pipe, on_readable, &child->readable);

    if (!error)
        error = watch(child, child->pidfd, on_ended, &child->ended);
    if (!error)
        return 0;
    event_del(child->readable);
    give_up(child);
    return error;
}

static struct child *begin(bool talks, struct event_base *base, const char *const argv[],
                           const char *const environment[], const char *input, uint64_t timeout_ms, child_done_fn *fn,
                           void *arg)
{
    struct child *child = mem_alloc(sizeof *child);
    int error;

    assert(argv[0][0] == '/');
    child->talks = talks;
    child->base = base;
    child->pidfd = child->pipe = -1;
    child->timer = timer_new(on_timer, child);
    child->timeout_ms = timeout_ms;
    child->fn = fn;
    child->arg = arg;
    mind_children();
    error = start(child, argv, environment, input);
    if (!error)
        error = watch_both(child);
    if (error) {
        snprintf(child->error, sizeof child->error, "cannot be started: %s", strerror(error));
        timer_start(child->timer, 0);
        return child;
    }
    timer_start(child->timer, timeout_ms);
    return child;
}

struct child *child_start(struct event_base *base, const char *const argv[], const char *const environment[],
                          const char *input, uint64_t timeout_ms, child_done_fn *fn, void *arg)
{
    return begin(false, base, argv, environment, input, timeout_ms, fn, arg);
}

struct child *child_start_talking(struct event_base *base, const char *const argv[], const char *const environment[],
                                  const char *input, uint64_t timeout_ms, child_done_fn *fn, void *arg)
{
    return begin(true, base, argv, environment, input, timeout_ms, fn, arg);
}
