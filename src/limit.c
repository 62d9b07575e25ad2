#include "limit.h"

static const uint64_t one = 1000000;

static uint64_t capacity(const struct limit *limit)
{
    return (limit->budget + 1) / 2 * one;
}

/* What leaks in the period: with the capacity one more than the budget, for the first request of a span is at its edge. */
static uint64_t leak(const struct limit *limit)
{
    return (limit->budget + 1) * one - capacity(limit);
}

static uint64_t used_now(const struct limit *limit)
{
    uint64_t age_ms = moment_age_ms(&limit->used_at);
    uint64_t leaked = age_ms >= 2 * limit->period_ms ? UINT64_MAX : age_ms * leak(limit) / limit->period_ms;

    return limit->used > leaked ? limit->used - leaked : 0;
}

static uint64_t budget_wait_ms(const struct limit *limit, unsigned long requests, unsigned long under_way)
{
    uint64_t used = used_now(limit) + under_way * one, wanted = requests * one;
    uint64_t room = wanted < capacity(limit) ? capacity(limit) - wanted : 0; /* a walk that is longer needs it empty */

    return used > room ? ((used - room) * limit->period_ms + leak(limit) - 1) / leak(limit) : 0;
}

double limit_used(const struct limit *limit)
{
    return limit->budget ? (double)used_now(limit) / (double)one : 0;
}

uint64_t limit_wait_ms(const struct limit *limit, unsigned long requests, unsigned long under_way)
{
    uint64_t rest_ms = moment_left_ms(&limit->rest_at, limit->rest_ms);
    uint64_t wait_ms = limit->budget ? budget_wait_ms(limit, requests, under_way) : 0;

    return rest_ms > wait_ms ? rest_ms : wait_ms;
}

void limit_spend(struct limit *limit, unsigned long requests)
{
    if (!requests)
        return;
    if (limit->budget) {
        limit->used = used_now(limit) + requests * one;
        limit->used_at = moment_now();
    }
    limit_rest(limit, limit->gap_ms);
}

void limit_rest(struct limit *limit, uint64_t rest_ms)
{
    if (rest_ms <= moment_left_ms(&limit->rest_at, limit->rest_ms))
        return;
    limit->rest_at = moment_now();
    limit->rest_ms = rest_ms;
}
