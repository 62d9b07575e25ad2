#include "clock.h"

#include "fake_timer.h"

static uint64_t before_ms; /* of the scenario, when the clock that never steps said since_ms */
static uint64_t since_ms;

void clock_begin(uint64_t jitter)
{
    before_ms = 0;
    since_ms = timer_now_ms();
    fake_timer_set_wall(CLOCK_BEGIN_S);
    fake_timer_set_random(0);
    if (jitter)
        fake_timer_seed(jitter);
}

uint64_t clock_ms(void)
{
    return before_ms + timer_now_ms() - since_ms;
}

int64_t clock_true_s(void)
{
    return CLOCK_BEGIN_S + (int64_t)(clock_ms() / 1000);
}

void clock_boot(void)
{
    before_ms = clock_ms();
    fake_timer_boot();
    since_ms = timer_now_ms();
}
