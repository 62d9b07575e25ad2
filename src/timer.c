#include "timer.h"

#include "mem.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

struct timer {
    struct event *event;
    timer_fn *fn;
    void *arg;
};

static struct event_base *loop;

struct event_base *timer_loop(void)
{
    struct event_config *config = event_config_new();

    /* Without it a timer may run some milliseconds early: before a time that a provider asked for. */
    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0)
        loop = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return loop;
}

struct event_base *timer_base(void)
{
    return loop;
}

uint64_t timer_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t timer_wall_s(void)
{
    return time(NULL);
}

uint32_t timer_random(uint32_t bound)
{
    uint32_t number = 0;

    /* Early at boot the pool may not be ready: then there is no jitter, rather than a wait. */
    if (bound == 0 || getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
        return 0;
    return number % bound;
}

uint64_t timer_nonce(void)
{
    uint64_t number = 0;

    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
        return timer_now_ms() ^ (uint64_t)timer_wall_s() << 32;
    return number;
}

static void on_timeout(evutil_socket_t fd, short events, void *arg)
{
    struct timer *timer = arg;

    (void)fd;
    (void)events;
    timer->fn(timer->arg);
}

struct timer *timer_new(timer_fn *fn, void *arg)
{
    struct timer *timer = mem_alloc(sizeof *timer);

    timer->fn = fn;
    timer->arg = arg;
    timer->event = evtimer_new(loop, on_timeout, timer);
    if (!timer->event)
        abort();
    return timer;
}

void timer_free(struct timer *timer)
{
    if (!timer)
        return;
    event_free(timer->event);
    free(timer);
}

void timer_start(struct timer *timer, uint64_t delay_ms)
{
    struct timeval delay = {(time_t)(delay_ms / 1000), (suseconds_t)(delay_ms % 1000 * 1000)};

    evtimer_add(timer->event, &delay);
}

void timer_stop(struct timer *timer)
{
    evtimer_del(timer->event);
}

bool timer_is_running(const struct timer *timer)
{
    return evtimer_pending(timer->event, NULL) != 0;
}
