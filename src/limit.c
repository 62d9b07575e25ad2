#include "limit.h"

#include "backoff.h"

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

/* a * b / c, rounded down, where the product may be longer than 64 bits. c is shorter than 62. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t part = 0, rest = 0;

    for (int bit = 63; bit >= 0; bit--) {
        rest = 2 * rest + (b >> bit & 1 ? a % c : 0);
        part = 2 * part + rest / c;
        rest %= c;
    }
    return a / c * b + part;
}

static uint64_t used_now(const struct limit *limit)
{
    uint64_t age_ms = moment_age_ms(&limit->used_at);
    uint64_t leaked = age_ms >= 2 * limit->period_ms ? UINT64_MAX : scale(age_ms, leak(limit), limit->period_ms);

    return limit->used > leaked ? limit->used - leaked : 0;
}

static uint64_t budget_wait_ms(const struct limit *limit, unsigned long requests, unsigned long under_way)
{
    uint64_t used = used_now(limit) + under_way * one, wanted = requests * one;
    uint64_t room = wanted < capacity(limit) ? capacity(limit) - wanted : 0; /* a walk that is longer needs it empty */
    uint64_t over = used > room ? used - room : 0, wait_ms = scale(over, limit->period_ms, leak(limit));

    return wait_ms + (scale(wait_ms, leak(limit), limit->period_ms) < over);
}

double limit_used(const struct limit *limit)
{
    return limit->budget ? (double)used_now(limit) / (double)one : 0;
}

uint64_t limit_wait_ms(const struct limit *limit, unsigned long requests, unsigned long under_way, bool urgent)
{
    uint64_t rest_ms =
        urgent ? moment_left_ms(&limit->urgent_at, limit->urgent_ms) : moment_left_ms(&limit->rest_at, limit->rest_ms);
    uint64_t wait_ms = limit->budget ? budget_wait_ms(limit, requests, under_way) : 0;

    return rest_ms > wait_ms ? rest_ms : wait_ms;
}

void limit_urge(struct limit *limit)
{
    limit->urgent_ms = 0;
}

void limit_lift(struct limit *limit)
{
    limit->rest_ms = limit->urgent_ms = 0;
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

static void lengthen(struct moment *at, uint64_t *ms, uint64_t rest_ms)
{
    if (rest_ms <= moment_left_ms(at, *ms))
        return;
    *at = moment_now();
    *ms = rest_ms;
}

void limit_rest(struct limit *limit, uint64_t rest_ms)
{
    lengthen(&limit->rest_at, &limit->rest_ms, rest_ms);
    lengthen(&limit->urgent_at, &limit->urgent_ms, rest_ms);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void limit_recall(struct limit *limit, const struct limit *memory)
{
    limit->rest_at = memory->rest_at;
    limit->rest_ms = least(memory->rest_ms, limit->gap_ms > backoff_longest_ms ? limit->gap_ms : backoff_longest_ms);
    limit->urgent_at = limit->rest_at;
    limit->urgent_ms = limit->rest_ms;
    limit->used_at = memory->used_at;
    limit->used = least(memory->used, 2 * leak(limit)); /* what two periods leak, after which it is empty anyway */
}
