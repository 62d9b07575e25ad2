#include "notify.h"

#include "log.h"
#include "mem.h"
#include "timer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    STATUS_PAUSE_MS = 100,
    AGAIN_MS = 100, /* a supervisor that is busy: at boot it hears from many */
};

struct notify {
    int fd;
    notify_status_fn *status_fn;
    void *arg;
    char *owed;   /* what it does not know yet of how we run, or NULL */
    char *status; /* as it was sent last */
    bool changed; /* the status may be another one now */
    bool ready;
    bool failed; /* the log knows */
    uint64_t watchdog_ms;
    struct timer *timer;    /* for what is to be sent later */
    struct timer *watchdog; /* NULL without one */
};

/* ---- Sending. ---- */

/* False when the supervisor takes no more just now. One that is gone is told nothing, and not tried again. */
static bool say(struct notify *notify, const char *text)
{
    bool sent = send(notify->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;

    if (!sent && (errno == EAGAIN || errno == ENOBUFS))
        return false;
    if (!sent && !notify->failed)
        log_warning("the supervisor cannot be told how we are: %s", strerror(errno));
    notify->failed = !sent;
    return true;
}

/* True when all is said. */
static bool say_status(struct notify *notify)
{
    struct buf text = {0};
    bool said;

    buf_add(&text, "STATUS=");
    notify->status_fn(notify->arg, &text);
    said = (notify->status && strcmp(notify->status, text.text) == 0) || say(notify, text.text);
    if (said) {
        free(notify->status);
        notify->status = mem_string(text.text);
    }
    buf_free(&text);
    return said;
}

static void say_owed(struct notify *notify)
{
    if (notify->owed && say(notify, notify->owed)) {
        free(notify->owed);
        notify->owed = NULL;
    }
    if (!notify->owed && notify->changed && say_status(notify))
        notify->changed = false;
    if (notify->owed || notify->changed)
        timer_start(notify->timer, AGAIN_MS);
}

static void on_timer(void *arg)
{
    say_owed(arg);
}

/* What it was not told before this is out of date. */
static void owe(struct notify *notify, const char *text)
{
    free(notify->owed);
    notify->owed = mem_string(text);
    say_owed(notify);
}

void notify_ready(struct notify *notify)
{
    if (!notify || notify->ready)
        return;
    notify->ready = true;
    notify->changed = true;
    owe(notify, "READY=1");
}

void notify_reloading(struct notify *notify)
{
    struct buf text = {0};
    struct timespec now;

    if (!notify)
        return;
    notify->ready = false;
    clock_gettime(CLOCK_MONOTONIC,
                  &now); /* the supervisor compares it with its own clock, false clocks are of no use */
    buf_addf(&text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
             (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    owe(notify, text.text);
    buf_free(&text);
}

void notify_stopping(struct notify *notify)
{
    if (notify)
        owe(notify, "STOPPING=1");
}

void notify_changed(struct notify *notify)
{
    if (!notify || notify->changed)
        return;
    notify->changed = true;
    if (!timer_is_running(notify->timer))
        timer_start(notify->timer, STATUS_PAUSE_MS);
}

/* ---- Watchdog. ---- */

static void on_watchdog(void *arg)
{
    struct notify *notify = arg;

    say(notify, "WATCHDOG=1"); /* one that gets lost is followed by the next in time */
    timer_start(notify->watchdog, notify->watchdog_ms);
}

/* Half of the time, as sd_watchdog_enabled(3) recommends; 0 when nobody waits for it. */
static uint64_t watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    char *end;
    uint64_t time_us;

    if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
        return 0;
    errno = 0;
    time_us = strtoull(usec, &end, 10);
    if (errno || *end || *usec < '0' || *usec > '9' || !time_us) {
        log_warning("WATCHDOG_USEC is no number of microseconds: %s", usec);
        return 0;
    }
    return time_us < 4000 ? 1 : time_us / 2000;
}

/* ---- Open and close. ---- */

/* A connected socket, or -1 with errno. */
static int connect_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    int fd;

    errno = EAFNOSUPPORT; /* as sd_notify(3) has it: "vsock:" and what is to come */
    if ((name[0] != '/' && name[0] != '@') || length < 2)
        return -1;
    errno = ENAMETOOLONG;
    if (length >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

struct notify *notify_open(notify_status_fn *status, void *arg)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct notify *notify = NULL;
    int fd = name ? connect_to(name) : -1;

    if (name && fd < 0)
        log_warning("NOTIFY_SOCKET: %s: %s", name, strerror(errno));
    if (fd >= 0) {
        notify = mem_alloc(sizeof *notify);
        notify->fd = fd;
        notify->status_fn = status;
        notify->arg = arg;
        notify->timer = timer_new(on_timer, notify);
        notify->watchdog_ms = watchdog_ms();
    }
    if (notify && notify->watchdog_ms) {
        notify->watchdog = timer_new(on_watchdog, notify);
        timer_start(notify->watchdog, notify->watchdog_ms);
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return notify;
}

void notify_close(struct notify *notify)
{
    if (!notify)
        return;
    timer_free(notify->watchdog);
    timer_free(notify->timer);
    close(notify->fd);
    free(notify->status);
    free(notify->owed);
    free(notify);
}
