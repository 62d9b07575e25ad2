/* On the real clock: but for this one and test_child no test waits. */
#include "timer.h"

#include "unit.h"

#include <event2/event.h>

static struct event_base *loop;

struct ring {
    struct timer *timer;
    char name;
    char *order;          /* where the name is noted */
    struct timer *victim; /* is freed or stopped when this one rings */
    bool stop_only;
};

static void on_ring(void *arg)
{
    struct ring *ring = arg;
    size_t length = strlen(ring->order);

    ring->order[length] = ring->name;
    ring->order[length + 1] = '\0';
    if (ring->victim && ring->stop_only)
        timer_stop(ring->victim);
    else if (ring->victim)
        timer_free(ring->victim);
}

static int setup(void **state)
{
    (void)state;
    loop = timer_loop();
    return loop ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    event_base_free(loop);
    return 0;
}

static void test_order(void **state)
{
    static const unsigned delays[] = {30, 10, 20, 0, 40};
    char order[10] = "";
    struct ring rings[COUNT(delays)];
    uint64_t began = timer_now_ms();

    (void)state;
    for (size_t i = 0; i < COUNT(delays); i++) {
        rings[i] = (struct ring){.name = (char)('a' + i), .order = order};
        rings[i].timer = timer_new(on_ring, &rings[i]);
        assert_false(timer_is_running(rings[i].timer));
        timer_start(rings[i].timer, delays[i]);
        assert_true(timer_is_running(rings[i].timer));
    }
    /* Nothing rings before the loop runs, not even after 0 ms. */
    assert_string_equal(order, "");
    event_base_dispatch(loop);
    assert_string_equal(order, "dbcae");
    assert_true(timer_now_ms() - began >= 40);
    for (size_t i = 0; i < COUNT(delays); i++) {
        assert_false(timer_is_running(rings[i].timer));
        timer_free(rings[i].timer);
    }
}

static void test_stop_and_restart(void **state)
{
    char order[10] = "";
    struct ring stopped = {.name = 's', .order = order}, moved = {.name = 'm', .order = order};
    struct ring middle = {.name = 'x', .order = order};

    (void)state;
    stopped.timer = timer_new(on_ring, &stopped);
    moved.timer = timer_new(on_ring, &moved);
    middle.timer = timer_new(on_ring, &middle);
    timer_stop(stopped.timer); /* not running: nothing happens */
    timer_start(stopped.timer, 5);
    timer_stop(stopped.timer);
    assert_false(timer_is_running(stopped.timer));
    /* Set anew: later than before, and it rings once. */
    timer_start(moved.timer, 1);
    timer_start(moved.timer, 30);
    timer_start(middle.timer, 10);
    event_base_dispatch(loop);
    assert_string_equal(order, "xm");
    /* It can be used again. */
    timer_start(moved.timer, 0);
    event_base_dispatch(loop);
    assert_string_equal(order, "xmm");
    timer_free(stopped.timer);
    timer_free(moved.timer);
    timer_free(middle.timer);
}

/* A callback may free or stop a timer that is due in the same turn, and its own. */
static void test_free_while_running(void **state)
{
    char order[10] = "";
    struct ring a = {.name = 'a', .order = order}, b = {.name = 'b', .order = order};
    struct ring own = {.name = 'o', .order = order};

    (void)state;
    for (int stop_only = 0; stop_only < 2; stop_only++) {
        a.timer = timer_new(on_ring, &a);
        b.timer = timer_new(on_ring, &b);
        a.victim = b.timer;
        a.stop_only = stop_only;
        timer_start(a.timer, 5);
        timer_start(b.timer, 5);
        event_base_dispatch(loop);
        timer_free(a.timer);
        if (stop_only)
            timer_free(b.timer);
    }
    assert_string_equal(order, "aa");
    own.timer = timer_new(on_ring, &own);
    own.victim = own.timer;
    timer_start(own.timer, 0);
    event_base_dispatch(loop);
    assert_string_equal(order, "aao");
    /* A running one that never rings. */
    b.timer = timer_new(on_ring, &b);
    timer_start(b.timer, 1000000);
    timer_free(b.timer);
    event_base_dispatch(loop);
    assert_string_equal(order, "aao");
    timer_free(NULL);
}

/* 28 days do not fit 32 bits of milliseconds. */
static void test_far_away(void **state)
{
    char order[10] = "";
    struct ring far = {.name = 'f', .order = order}, near = {.name = 'n', .order = order};

    (void)state;
    far.timer = timer_new(on_ring, &far);
    near.timer = timer_new(on_ring, &near);
    timer_start(far.timer, UINT64_C(28) * 24 * 3600 * 1000 * 10);
    timer_start(near.timer, 20);
    while (!*order)
        event_base_loop(loop, EVLOOP_ONCE);
    assert_string_equal(order, "n");
    assert_true(timer_is_running(far.timer));
    timer_free(far.timer);
    timer_free(near.timer);
}

static void test_random(void **state)
{
    unsigned seen = 0;

    (void)state;
    assert_int_equal(timer_random(0), 0);
    assert_int_equal(timer_random(1), 0);
    for (int i = 0; i < 1000; i++) {
        uint32_t number = timer_random(8);

        assert_true(number < 8);
        seen |= 1U << number;
    }
    assert_int_equal(seen, 0xff);
}

static void test_clocks(void **state)
{
    (void)state;
    assert_true(timer_wall_s() > INT64_C(1600000000));
    assert_true(timer_now_ms() <= timer_now_ms());
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_order),    ON_LOOP(test_stop_and_restart), ON_LOOP(test_free_while_running),
        ON_LOOP(test_far_away), ON_LOOP(test_random),           ON_LOOP(test_clocks),
    };

    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
