#include "limit.h"

#include "fake_timer.h"
#include "unit.h"

static const uint64_t second = 1000, minute = 60 * 1000, hour = 3600 * 1000, day = 24 * 3600 * 1000;

static void test_nothing_asked(void **state)
{
    struct limit limit = {0};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 0);
        limit_spend(&limit, 1);
    }
}

static void test_gap(void **state)
{
    struct limit limit = {.gap_ms = minute};

    (void)state;
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 0);
    limit_spend(&limit, 0); /* nothing has arrived */
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 0);
    limit_spend(&limit, 1);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), minute);
    fake_timer_advance(59 * second);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), second);
    fake_timer_advance(second);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 0);
}

/* The longest rest counts. */
static void test_rest(void **state)
{
    struct limit limit = {.gap_ms = minute};

    (void)state;
    limit_rest(&limit, hour);
    limit_spend(&limit, 1);
    limit_rest(&limit, second);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), hour);
    limit_rest(&limit, 2 * hour);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 2 * hour);
}

/* Asks as often as it may for so long: in no span of the period more than the budget has gone out. */
static void try_budget(unsigned long budget, uint64_t period_ms, unsigned long walk)
{
    enum { MOST = 20000 };
    static uint64_t times[MOST];
    struct limit limit = {.budget = budget, .period_ms = period_ms};
    size_t count = 0;
    uint64_t end = timer_now_ms() + 5 * period_ms;

    while (timer_now_ms() < end && count + walk < MOST) {
        uint64_t wait_ms = limit_wait_ms(&limit, walk, 0, false);

        fake_timer_advance(wait_ms);
        if (limit_wait_ms(&limit, walk, 0, false))
            unit_wrong("%lu requests in %llu ms: the wait was too short", budget, (unsigned long long)period_ms);
        limit_spend(&limit, walk);
        for (unsigned long i = 0; i < walk; i++)
            times[count++] = timer_now_ms();
    }
    for (size_t i = budget; i < count; i++)
        if (times[i] - times[i - budget] < period_ms && walk <= (budget + 1) / 2)
            unit_wrong("%lu requests in %llu ms: %zu to %zu are too many", budget, (unsigned long long)period_ms,
                       i - budget, i);
    if (count < 3 * budget)
        unit_wrong("%lu requests in %llu ms: only %zu in five periods", budget, (unsigned long long)period_ms, count);
}

static void test_budget(void **state)
{
    (void)state;
    try_budget(1, hour, 1);
    try_budget(2, hour, 1);
    try_budget(3, minute, 1);
    try_budget(48, day, 1);
    try_budget(300, 5 * minute, 3);
    try_budget(1200, 5 * minute, 1);
    try_budget(1200, 5 * minute, 5);
    try_budget(2000, day, 2);
    try_budget(5000, 30 * day, 3);
    unit_all_right();
}

/* Those that have no answer yet count as if they had one. */
static void test_under_way(void **state)
{
    struct limit limit = {.budget = 4, .period_ms = hour};

    (void)state;
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 0);
    assert_int_equal(limit_wait_ms(&limit, 1, 1, false), 0);
    assert_true(limit_wait_ms(&limit, 1, 2, false) > 0);
    assert_true(limit_wait_ms(&limit, 2, 1, false) > 0);
    limit_spend(&limit, 1);
    assert_true(limit_wait_ms(&limit, 1, 1, false) > 0);
}

/* A walk that is longer than the bucket waits until that is empty, and not for ever. */
static void test_long_walk(void **state)
{
    struct limit limit = {.budget = 4, .period_ms = hour};

    (void)state;
    assert_int_equal(limit_wait_ms(&limit, 10, 0, false), 0);
    limit_spend(&limit, 10);
    assert_true(limit_wait_ms(&limit, 10, 0, false) >= hour);
    fake_timer_advance(limit_wait_ms(&limit, 10, 0, false));
    assert_int_equal(limit_wait_ms(&limit, 10, 0, false), 0);
}

/* What a damaged file may say ends within bounds. */
static void test_hostile(void **state)
{
    struct limit limit = {.budget = 48, .period_ms = day, .used = UINT64_MAX, .used_at = {0, -1}};

    (void)state;
    limit_wait_ms(&limit, 1, 0, false);
    limit.rest_ms = UINT64_MAX;
    limit.rest_at = moment_now();
    limit_rest(&limit, second);
    assert_true(limit_wait_ms(&limit, 1, 0, false) > 0);
}

static void recall(struct limit *limit, uint64_t rest_ms, uint64_t used)
{
    struct limit memory = {.rest_at = moment_now(), .rest_ms = rest_ms, .used_at = moment_now(), .used = used};

    limit_recall(limit, &memory);
}

static void test_recall(void **state)
{
    struct limit limit = {.gap_ms = minute, .budget = 4, .period_ms = hour};

    (void)state;
    recall(&limit, hour, 0);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), hour);
    recall(&limit, UINT64_MAX, 0);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), day);
    limit.gap_ms = 3 * day;
    recall(&limit, UINT64_MAX, 0);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 3 * day);
    recall(&limit, 0, 2000000);
    assert_true(limit_used(&limit) == 2);
    recall(&limit, 0, UINT64_MAX);
    assert_in_range(limit_wait_ms(&limit, 1, 0, false), hour, 2 * hour);
    fake_timer_advance(limit_wait_ms(&limit, 1, 0, false));
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 0);
}

/* The longest that a definition may say. */
static void test_large(void **state)
{
    struct limit limit = {.budget = INT32_MAX, .period_ms = 3650 * day};
    uint64_t wait_ms;

    (void)state;
    limit_spend(&limit, INT32_MAX);
    wait_ms = limit_wait_ms(&limit, 1, 0, false);
    assert_in_range(wait_ms, 3640 * day, 3650 * day);
    fake_timer_advance(wait_ms - 1);
    assert_true(limit_wait_ms(&limit, 1, 0, false) > 0);
    fake_timer_advance(1);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 0);
}

/* What rests when the operator asks keeps nothing back that is urgent; what begins behind it does. */
static void test_urgent(void **state)
{
    struct limit limit = {.gap_ms = minute};

    (void)state;
    limit_rest(&limit, hour);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, true), hour);
    limit_urge(&limit);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, true), 0);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), hour);
    limit_spend(&limit, 1);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, true), minute);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), hour);
    fake_timer_advance(minute);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, true), 0);
}

/* Nothing urgent waits longer than the rest. */
static void test_lifted(void **state)
{
    struct limit limit = {.gap_ms = minute};

    (void)state;
    limit_rest(&limit, hour);
    limit_lift(&limit);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, true), 0);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), 0);
    limit_spend(&limit, 1);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, true), minute);
    assert_int_equal(limit_wait_ms(&limit, 1, 0, false), minute);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_asked), cmocka_unit_test(test_gap),       cmocka_unit_test(test_rest),
        cmocka_unit_test(test_budget),        cmocka_unit_test(test_long_walk), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_under_way),     cmocka_unit_test(test_recall),    cmocka_unit_test(test_large),
        cmocka_unit_test(test_urgent),        cmocka_unit_test(test_lifted),
    };

    return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
