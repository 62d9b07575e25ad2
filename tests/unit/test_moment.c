#include "moment.h"

#include "fake_timer.h"
#include "unit.h"

static const uint64_t second = 1000, day = 24 * 3600 * 1000;
static const int64_t today_s = INT64_C(1800000000), thirty_years_s = INT64_C(30) * 365 * 24 * 3600;

/* Whatever happens to the wall clock, it ages by the clock that never steps. */
static void test_within_a_boot(void **state)
{
    struct moment moment;

    (void)state;
    fake_timer_set_wall(today_s - thirty_years_s);
    moment = moment_now();
    assert_int_equal(moment_age_ms(&moment), 0);
    fake_timer_advance(90 * second);
    fake_timer_set_wall(today_s);
    assert_int_equal(moment_age_ms(&moment), 90 * second);
    assert_int_equal(moment_left_ms(&moment, 100 * second), 10 * second);
    assert_int_equal(moment_left_ms(&moment, 90 * second), 0);
    assert_int_equal(moment_left_ms(&moment, 10 * second), 0);
    /* And is told by the clock that is right now. */
    assert_int_equal(moment_wall_s(&moment), today_s - 90);
}

/* A clock that drifts a little does not change what is told. */
static void test_drift(void **state)
{
    struct moment moment;

    (void)state;
    fake_timer_set_wall(today_s);
    moment = moment_now();
    fake_timer_advance(10 * day);
    fake_timer_set_wall(today_s + 10 * 24 * 3600 + 59);
    assert_int_equal(moment_wall_s(&moment), today_s);
    fake_timer_set_wall(today_s + 10 * 24 * 3600 - 61);
    assert_int_equal(moment_wall_s(&moment), today_s - 61);
}

static void test_same_boot_recalled(void **state)
{
    struct moment moment = moment_now(), recalled;

    (void)state;
    fake_timer_advance(60 * second);
    fake_timer_set_wall(today_s - thirty_years_s);
    recalled = moment_recall(moment.wall_s, moment.now_ms, timer_boot());
    assert_int_equal(moment_age_ms(&recalled), 60 * second);
}

/* Over a boot only the wall clock is left; where that makes no sense, nothing has passed but what was seen to pass. */
static void test_other_boot(void **state)
{
    struct moment moment, recalled;

    (void)state;
    fake_timer_set_wall(today_s);
    moment = moment_now();
    fake_timer_boot();
    fake_timer_set_wall(today_s + 3600);
    recalled = moment_recall(moment.wall_s, moment.now_ms, "boot-before");
    assert_int_equal(moment_age_ms(&recalled), 3600 * second);
    assert_int_equal(moment_wall_s(&recalled), today_s);
    fake_timer_set_wall(today_s - thirty_years_s);
    assert_int_equal(moment_age_ms(&recalled), 0);
    assert_int_equal(moment_left_ms(&recalled, day), day);
    assert_int_equal(moment_wall_s(&recalled), today_s);
    fake_timer_advance(60 * second);
    assert_int_equal(moment_age_ms(&recalled), 60 * second);
    recalled = moment_recall(recalled.wall_s, recalled.now_ms, timer_boot()); /* the program begins anew */
    fake_timer_advance(day);
    assert_int_equal(moment_left_ms(&recalled, day), 0);
    fake_timer_set_wall(today_s + 2 * 86400);
    assert_int_equal(moment_age_ms(&recalled), 2 * day);
}

/* What cannot be of this boot is not taken for it. */
static void test_hostile(void **state)
{
    struct moment moment;

    (void)state;
    fake_timer_set_wall(today_s);
    moment = moment_recall(today_s - 5, (int64_t)timer_now_ms() + 1, timer_boot());
    assert_int_equal(moment_age_ms(&moment), 5 * second);
    moment = moment_recall(today_s - 5, 0, "");
    assert_int_equal(moment_age_ms(&moment), 5 * second);
    moment = moment_recall(INT64_MAX, INT64_MIN, timer_boot());
    assert_int_equal(moment_age_ms(&moment), 0);
    moment = moment_recall(INT64_MIN, -1, timer_boot());
    assert_int_equal(moment_left_ms(&moment, day), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_within_a_boot), cmocka_unit_test(test_drift),   cmocka_unit_test(test_same_boot_recalled),
        cmocka_unit_test(test_other_boot),    cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests_name("moment", tests, NULL, NULL);
}
