#include "fake_timer.h"

#include "unit.h"

struct timer {
    timer_fn *fn;
    void *arg;
    bool running;
    uint64_t due_ms;
    uint64_t turn; /* of two that are due together, the one started first */
    struct timer *next;
};

static struct event_base *loop;
static struct timer *timers;
static uint64_t now_ms = 1000000, turns, nonces = 1;
static int64_t wall_s = INT64_C(1700000000);
static uint32_t random_number;
static struct unit_random stream;
static uint64_t wall_rest_ms; /* of a second that has begun */
static unsigned boots = 1;
static timer_fn *clock_fn;
static void *clock_arg;

struct event_base *timer_loop(void)
{
    return NULL;
}

struct event_base *timer_base(void)
{
    return loop;
}

uint64_t timer_now_ms(void)
{
    return now_ms;
}

int64_t timer_wall_s(void)
{
    return wall_s;
}

int timer_on_clock_set(timer_fn *fn, void *arg)
{
    clock_fn = fn;
    clock_arg = arg;
    return 0;
}

const char *timer_boot(void)
{
    static char text[16];

    snprintf(text, sizeof text, "boot-%u", boots);
    return text;
}

uint32_t timer_random(uint32_t bound)
{
    if (bound && stream.state)
        return unit_random(&stream, bound);
    return bound ? random_number % bound : 0;
}

uint64_t timer_nonce(void)
{
    return nonces++;
}

struct timer *timer_new(timer_fn *fn, void *arg)
{
    struct timer *timer = calloc(1, sizeof *timer);

    assert_non_null(timer);
    timer->fn = fn;
    timer->arg = arg;
    timer->next = timers;
    timers = timer;
    return timer;
}

void timer_free(struct timer *timer)
{
    struct timer **link = &timers;

    if (!timer)
        return;
    while (*link != timer)
        link = &(*link)->next;
    *link = timer->next;
    free(timer);
}

void timer_start(struct timer *timer, uint64_t delay_ms)
{
    timer->running = true;
    timer->due_ms = now_ms + delay_ms;
    timer->turn = turns++;
}

void timer_stop(struct timer *timer)
{
    timer->running = false;
}

bool timer_is_running(const struct timer *timer)
{
    return timer->running;
}

static struct timer *first_due(void)
{
    struct timer *first = NULL;

    for (struct timer *timer = timers; timer; timer = timer->next)
        if (timer->running &&
            (!first || timer->due_ms < first->due_ms || (timer->due_ms == first->due_ms && timer->turn < first->turn)))
            first = timer;
    return first;
}

static void pass(uint64_t ms)
{
    now_ms += ms;
    wall_rest_ms += ms;
    wall_s += (int64_t)(wall_rest_ms / 1000);
    wall_rest_ms %= 1000;
}

void fake_timer_advance(uint64_t ms)
{
    uint64_t end = now_ms + ms;
    struct timer *timer;

    for (unsigned rounds = 0; (timer = first_due()) && timer->due_ms <= end; rounds++) {
        assert_true(rounds < 1000000); /* timers that start each other for ever */
        pass(timer->due_ms - now_ms);
        timer->running = false;
        timer->fn(timer->arg);
    }
    pass(end - now_ms);
}

uint64_t fake_timer_next(void)
{
    struct timer *timer = first_due();

    return timer ? timer->due_ms - now_ms : UINT64_MAX;
}

void fake_timer_set_base(struct event_base *base)
{
    loop = base;
}

size_t fake_timer_running(void)
{
    size_t count = 0;

    for (struct timer *timer = timers; timer; timer = timer->next)
        count += timer->running;
    return count;
}

size_t fake_timer_existing(void)
{
    size_t count = 0;

    for (struct timer *timer = timers; timer; timer = timer->next)
        count++;
    return count;
}

void fake_timer_set_random(uint32_t number)
{
    random_number = number;
    stream.state = 0;
}

void fake_timer_seed(uint64_t seed)
{
    unit_random_seed(&stream, seed);
}

void fake_timer_set_wall(int64_t seconds)
{
    wall_s = seconds;
}

void fake_timer_step(int64_t seconds)
{
    wall_s = seconds;
    if (clock_fn)
        clock_fn(clock_arg);
}

void fake_timer_boot(void)
{
    assert_null(timers);
    now_ms = 1000;
    boots++;
}
