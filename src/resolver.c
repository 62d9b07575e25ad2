#include "resolver.h"

#include "buf.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#include <errno.h>
#include <event2/event.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    MOST_LINKS = 8,
    CLOSE_MS = 100, /* a file is written in several strokes */
};

struct resolver {
    char *path;
    struct event *event;
    struct timer *timer;
    resolver_changed_fn *changed;
    void *arg;
    int watches[MOST_LINKS + 1];
    size_t count;
    bool there; /* the file itself is */
    bool told;  /* that there is no room for a watch */
};

static int fd_of(const struct resolver *resolver)
{
    return event_get_fd(resolver->event);
}

/* What is missing, or out of reach, is waited for above it. */
static void tell(struct resolver *resolver, int error)
{
    if (resolver->told || error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP)
        return;
    resolver->told = true;
    log_warning("%s: changes may not be heard: %s", resolver->path,
                error == ENOSPC ? "the kernel takes no more watches (fs.inotify.max_user_watches)" : strerror(error));
}

static bool add_watch(struct resolver *resolver, const char *path, uint32_t mask)
{
    int watch = inotify_add_watch(fd_of(resolver), path, mask);

    if (watch >= 0)
        resolver->watches[resolver->count++] = watch;
    else
        tell(resolver, errno);
    return watch >= 0;
}

/* The path that a symbolic link leads to, as seen from its own folder; NULL when it is none. */
static char *target_of(const char *path)
{
    char target[PATH_MAX], *copy;
    ssize_t length = readlink(path, target, sizeof target - 1);
    struct buf whole = {0};

    if (length < 0)
        return NULL;
    target[length] = '\0';
    copy = mem_string(path);
    if (target[0] != '/')
        buf_addf(&whole, "%s/", dirname(copy));
    buf_add(&whole, target);
    free(copy);
    return buf_take(&whole);
}

/* What is missing may come to be: the first folder above it that is there. */
static void watch_above(struct resolver *resolver, char *path)
{
    do
        path = dirname(path);
    while (!add_watch(resolver, path, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) && strcmp(path, "/") != 0 &&
           strcmp(path, ".") != 0);
}

/* A file that is replaced by another one of its name loses a link, which is a change of its attributes. */
static void add_watches(struct resolver *resolver)
{
    char *path = mem_string(resolver->path), *next;

    for (int links = 0; links < MOST_LINKS && (next = target_of(path)); links++) {
        add_watch(resolver, path, IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW);
        free(path);
        path = next;
    }
    resolver->there = add_watch(resolver, path, IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
    if (!resolver->there)
        watch_above(resolver, path);
    free(path);
}

static void drop_watches(struct resolver *resolver)
{
    while (resolver->count)
        inotify_rm_watch(fd_of(resolver), resolver->watches[--resolver->count]);
}

/* What happened does not matter, for where the path leads now is looked up anew. */
static void read_events(int fd)
{
    char events[4096];
    ssize_t length;

    do
        length = read(fd, events, sizeof events);
    while (length > 0);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct resolver *resolver = arg;

    (void)what;
    read_events(fd);
    if (!timer_is_running(resolver->timer))
        timer_start(resolver->timer, CLOSE_MS);
}

static void on_rest(void *arg)
{
    struct resolver *resolver = arg;
    bool was_there = resolver->there;

    drop_watches(resolver);
    add_watches(resolver);
    read_events(fd_of(resolver)); /* that the old watches are gone */
    if (resolver->there || was_there)
        resolver->changed(resolver->arg);
}

struct resolver *resolver_watch(struct event_base *base, const char *path, resolver_changed_fn *changed, void *arg)
{
    struct resolver *resolver;
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd < 0) {
        log_warning("%s: changes will not be heard: %s", path, strerror(errno));
        return NULL;
    }
    resolver = mem_alloc(sizeof *resolver);
    resolver->path = mem_string(path);
    resolver->changed = changed;
    resolver->arg = arg;
    resolver->timer = timer_new(on_rest, resolver);
    resolver->event = event_new(base, fd, EV_READ | EV_PERSIST, on_event, resolver);
    if (!resolver->event)
        mem_exhausted();
    if (event_add(resolver->event, NULL) < 0) {
        log_warning("%s: changes will not be heard: %s", path, strerror(errno));
        resolver_free(resolver);
        return NULL;
    }
    add_watches(resolver);
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    close(fd_of(resolver));
    event_free(resolver->event);
    timer_free(resolver->timer);
    free(resolver->path);
    free(resolver);
}
