#include "fast_timer.h"

#include "unit.h"

/* A timer of the core. */
struct watched {
    struct timer *timer;
    enum fast_timer_owner owner;
    bool held; /* it was started, with a delay */
    uint64_t due_ms;
    struct watched *next;
};

static struct watched *timers;
static enum fast_timer_owner owner;
static uint64_t skipped_ms, passed_ms, nonce;
static unsigned long starts;

struct timer *__real_timer_new(timer_fn *fn, void *arg);
void __real_timer_free(struct timer *timer);
void __real_timer_start(struct timer *timer, uint64_t delay_ms);
void __real_timer_stop(struct timer *timer);
bool __real_timer_is_running(const struct timer *timer);
uint64_t __real_timer_now_ms(void);
struct timer *__wrap_timer_new(timer_fn *fn, void *arg);
void __wrap_timer_free(struct timer *timer);
void __wrap_timer_start(struct timer *timer, uint64_t delay_ms);
void __wrap_timer_stop(struct timer *timer);
bool __wrap_timer_is_running(const struct timer *timer);
uint64_t __wrap_timer_now_ms(void);
int64_t __wrap_timer_wall_s(void);
uint64_t __wrap_timer_nonce(void);

/* ---- What the core calls. ---- */

uint64_t __wrap_timer_now_ms(void)
{
    return __real_timer_now_ms() + skipped_ms;
}

int64_t __wrap_timer_wall_s(void)
{
    return FAST_TIMER_WALL_S + (int64_t)(passed_ms / 1000);
}

uint64_t __wrap_timer_nonce(void)
{
    return ++nonce;
}

/* The place that points to it. */
static struct watched **find(const struct timer *timer)
{
    struct watched **link = &timers;

    while (*link && (*link)->timer != timer)
        link = &(*link)->next;
    assert_non_null(*link);
    return link;
}

struct timer *__wrap_timer_new(timer_fn *fn, void *arg)
{
    struct watched *one = malloc(sizeof *one);

    assert_non_null(one);
    *one = (struct watched){.timer = __real_timer_new(fn, arg), .owner = owner, .next = timers};
    timers = one;
    return one->timer;
}

void __wrap_timer_free(struct timer *timer)
{
    struct watched **link, *gone;

    if (!timer)
        return;
    link = find(timer);
    gone = *link;
    *link = gone->next;
    free(gone);
    __real_timer_free(timer);
}

void __wrap_timer_start(struct timer *timer, uint64_t delay_ms)
{
    struct watched *one = *find(timer);

    one->held = delay_ms && one->owner != FAST_TIMER_HTTP;
    one->due_ms = timer_now_ms() + delay_ms;
    starts += delay_ms == 0;
    if (one->held)
        __real_timer_stop(timer);
    else
        __real_timer_start(timer, delay_ms);
}

void __wrap_timer_stop(struct timer *timer)
{
    (*find(timer))->held = false;
    __real_timer_stop(timer);
}

bool __wrap_timer_is_running(const struct timer *timer)
{
    return (*find(timer))->held || __real_timer_is_running(timer);
}

/* ---- What a test says. ---- */

void fast_timer_made_by(enum fast_timer_owner by)
{
    owner = by;
}

void fast_timer_reset(void)
{
    skipped_ms = passed_ms = nonce = 0;
}

static struct watched *next_timer(bool with_records)
{
    struct watched *next = NULL;

    for (struct watched *one = timers; one; one = one->next)
        if (one->held && (with_records || one->owner != FAST_TIMER_RECORD) && (!next || one->due_ms < next->due_ms))
            next = one;
    return next;
}

/* How long it would have been. */
static uint64_t let_run(struct watched *one)
{
    uint64_t now_ms = timer_now_ms(), rest_ms = one->due_ms > now_ms ? one->due_ms - now_ms : 0;

    skipped_ms += rest_ms;
    timer_start(one->timer, 0);
    return rest_ms;
}

bool fast_timer_skip(void)
{
    struct watched *next = next_timer(false);

    if (next)
        let_run(next);
    return next != NULL;
}

bool fast_timer_pass(uint64_t *ms)
{
    struct watched *next = next_timer(true);
    bool runs = next && next->due_ms <= timer_now_ms() + *ms;
    uint64_t step_ms = runs ? let_run(next) : *ms;

    if (!runs)
        skipped_ms += *ms;
    passed_ms += step_ms;
    *ms -= step_ms;
    return runs;
}

unsigned long fast_timer_count(void)
{
    return starts;
}

uint64_t fast_timer_real_ms(void)
{
    return __real_timer_now_ms();
}
