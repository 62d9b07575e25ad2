#include "timer.h"

#include "mem.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BOOT_SIZE = 64 };

struct timer {
    struct event *event;
    timer_fn *fn;
    void *arg;
};

static struct event_base *loop;

/* Of the listener for a wall clock that is set. */
static struct {
    struct event *event;
    timer_fn *fn;
    void *arg;
} clock_set;

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

/* A timer that never ends, but is cancelled when the clock is set (timerfd_create(2)). */
static bool arm_clock(int fd)
{
    const struct itimerspec never = {.it_value.tv_sec = (time_t)((UINT64_C(1) << (8 * sizeof(time_t) - 1)) - 1)};

    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0;
}

static void on_clock_event(evutil_socket_t fd, short events, void *arg)
{
    uint64_t count;

    (void)events;
    (void)arg;
    if (read(fd, &count, sizeof count) < 0 && errno == ECANCELED && arm_clock(fd))
        clock_set.fn(clock_set.arg);
}

int timer_on_clock_set(timer_fn *fn, void *arg)
{
    int fd, error;

    if (clock_set.event) {
        close(event_get_fd(clock_set.event));
        event_free(clock_set.event);
        clock_set.event = NULL;
    }
    if (!fn)
        return 0;
    clock_set.fn = fn;
    clock_set.arg = arg;
    fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd >= 0 && arm_clock(fd))
        clock_set.event = event_new(loop, fd, EV_READ | EV_PERSIST, on_clock_event, NULL);
    if (clock_set.event && event_add(clock_set.event, NULL) == 0)
        return 0;
    error = errno;
    if (!clock_set.event && fd >= 0)
        close(fd);
    return -error;
}

const char *timer_boot(void)
{
    static char boot[BOOT_SIZE];
    int fd = boot[0] ? -1 : open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        ssize_t length = read(fd, boot, sizeof boot - 1);

        boot[length > 0 ? length : 0] = '\0';
        boot[strcspn(boot, "\n")] = '\0';
        close(fd);
    }
    return boot;
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
        mem_exhausted();
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

    if (evtimer_add(timer->event, &delay) < 0)
        mem_exhausted();
}

void timer_stop(struct timer *timer)
{
    evtimer_del(timer->event);
}

bool timer_is_running(const struct timer *timer)
{
    return evtimer_pending(timer->event, NULL) != 0;
}
