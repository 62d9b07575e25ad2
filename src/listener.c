#include "listener.h"

#include "log.h"
#include "mem.h"
#include "timer.h"

#include <errno.h>
#include <event2/event.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ACCEPT_AGAIN_MS = 1000 };

struct listener {
    char *path;
    struct event *event;
    struct timer *again; /* to accept again, when there was no descriptor left */
    listener_fn *fn;
    void *arg;
};

/* Without a descriptor left the socket would wake us for ever: it rests a while. */
static void on_connection(evutil_socket_t fd, short what, void *arg)
{
    struct listener *listener = arg;
    int connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)what;
    if (connection >= 0) {
        listener->fn(listener->arg, connection);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        log_warning("%s: %s", listener->path, strerror(errno));
        event_del(listener->event);
        timer_start(listener->again, ACCEPT_AGAIN_MS);
    }
}

static void on_again(void *arg)
{
    struct listener *listener = arg;

    if (event_add(listener->event, NULL) < 0)
        timer_start(listener->again, ACCEPT_AGAIN_MS);
}

static bool is_listened_at(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool there = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);

    if (fd >= 0)
        close(fd);
    return there;
}

static int listen_at(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0117);
    int error = 0;

    if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 || listen(fd, SOMAXCONN) < 0)
        error = errno;
    umask(mask);
    if (error && fd >= 0)
        close(fd);
    return error ? -error : fd;
}

static void give_to(const char *path, const char *name)
{
    const struct group *group = name ? getgrnam(name) : NULL;

    if (name && !group)
        log_warning("control-group: there is no group %s", name);
    else if (group && chown(path, (uid_t)-1, group->gr_gid) < 0)
        log_warning("control-group: %s: %s", path, strerror(errno));
}

struct listener *listener_open(struct event_base *base, const char *path, const char *group, listener_fn *fn, void *arg)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct listener *listener;
    struct stat status;
    int fd;

    if (strlen(path) >= sizeof address.sun_path) {
        log_warning("%s: the path of a socket has at most %zu characters", path, sizeof address.sun_path - 1);
        return NULL;
    }
    memcpy(address.sun_path, path, strlen(path));
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && !is_listened_at(&address))
        unlink(path); /* left over from a crash */
    fd = listen_at(&address);
    if (fd < 0) {
        log_warning("%s: %s: status and other commands will not reach this daemon", path, strerror(-fd));
        return NULL;
    }
    give_to(path, group);
    listener = mem_alloc(sizeof *listener);
    *listener = (struct listener){.path = mem_string(path), .fn = fn, .arg = arg};
    listener->again = timer_new(on_again, listener);
    listener->event = event_new(base, fd, EV_READ | EV_PERSIST, on_connection, listener);
    if (!listener->event)
        mem_exhausted();
    on_again(listener);
    return listener;
}

void listener_close(struct listener *listener)
{
    unlink(listener->path);
    close(event_get_fd(listener->event));
    event_free(listener->event);
    timer_free(listener->again);
    free(listener->path);
    free(listener);
}
