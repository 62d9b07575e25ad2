#include "multi.h"

#include "log.h"
#include "mem.h"
#include "timer.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdlib.h>

struct multi {
    CURLM *handle;
    struct event_base *base;
    struct timer *timer; /* libcurl's own: armed and stopped only as it says (CURLMOPT_TIMERFUNCTION(3)) */
    multi_worked_fn *worked;
    void *arg;
};

/* One file descriptor of libcurl's. */
struct watch {
    struct event *event;
    struct multi *multi;
    curl_socket_t fd;
};

static void drive(struct multi *multi, curl_socket_t fd, int events)
{
    int running;
    CURLMcode code = curl_multi_socket_action(multi->handle, fd, events, &running);

    if (code == CURLM_OUT_OF_MEMORY)
        mem_exhausted();
    if (code != CURLM_OK)
        log_error("libcurl: %s", curl_multi_strerror(code));
    multi->worked(multi->arg);
}

static void on_socket_ready(evutil_socket_t fd, short what, void *arg)
{
    struct watch *watch = arg;

    drive(watch->multi, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_socket_unknown(evutil_socket_t none, short what, void *arg)
{
    struct watch *watch = arg;

    (void)none;
    (void)what;
    drive(watch->multi, watch->fd, 0); /* libcurl looks for itself (curl_multi_socket_action(3)) */
}

static void free_watch(struct watch *watch)
{
    if (!watch)
        return;
    event_free(watch->event);
    free(watch);
}

/* Where the loop takes no more descriptors (epoll_ctl(2): ENOSPC, ENOMEM) this one is looked at ten times a second. To
 * refuse it would end all transfers of the handle. */
static struct watch *new_watch(struct multi *multi, curl_socket_t fd, short events)
{
    static const struct timeval pause = {.tv_usec = 100000};
    struct watch *watch = mem_alloc(sizeof *watch);

    watch->multi = multi;
    watch->fd = fd;
    watch->event = event_new(multi->base, fd, events, on_socket_ready, watch);
    if (watch->event && event_add(watch->event, NULL) == 0)
        return watch;
    if (watch->event)
        event_free(watch->event);
    watch->event = event_new(multi->base, -1, EV_PERSIST, on_socket_unknown, watch);
    if (!watch->event || event_add(watch->event, &pause) < 0)
        mem_exhausted();
    return watch;
}

/* The easy handle here may be one of libcurl's own, and CURL_POLL_REMOVE may come for a descriptor that was never
 * announced (CURLMOPT_SOCKETFUNCTION(3)), so nothing is looked up by either. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct multi *multi = arg;
    int events = EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0);

    (void)easy;
    free_watch(socket_arg);
    if (what == CURL_POLL_REMOVE)
        return 0;
    curl_multi_assign(multi->handle, fd, new_watch(multi, fd, (short)events));
    return 0;
}

static int on_timer_wish(CURLM *handle, long delay_ms, void *arg)
{
    struct multi *multi = arg;

    (void)handle;
    if (delay_ms < 0)
        timer_stop(multi->timer);
    else
        timer_start(multi->timer, (uint64_t)delay_ms);
    return 0;
}

static void on_timer(void *arg)
{
    drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

struct multi *multi_new(struct event_base *base, multi_worked_fn *worked, void *arg)
{
    struct multi *multi = mem_alloc(sizeof *multi);

    multi->base = base;
    multi->worked = worked;
    multi->arg = arg;
    multi->timer = timer_new(on_timer, multi);
    multi->handle = curl_multi_init();
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, on_timer_wish);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi);
#if HAVE_DECL_CURLMOPT_QUICK_EXIT
    curl_multi_setopt(multi->handle, CURLMOPT_QUICK_EXIT, 1L);
#endif
    return multi;
}

/* The multi handle first, then what it calls back to (curl_multi_cleanup(3)). */
void multi_free(struct multi *multi)
{
    curl_multi_cleanup(multi->handle);
    timer_free(multi->timer);
    free(multi);
}

void *multi_handle(const struct multi *multi)
{
    return multi->handle;
}
