/* On the real clock: but for this one and test_child no test waits. */
#include "timer.h"

#include "unit.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>

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

/* ---- A wall clock that is set: here only the kernel's answer to it can be had. ---- */

static struct {
    int fd;
    bool armed;  /* so that it tells */
    int error;   /* of the next read */
    int refused; /* so many calls of timerfd_settime() fail */
    unsigned told;
} wall;

int __real_timerfd_create(int clock, int flags);
int __wrap_timerfd_create(int clock, int flags);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old);
ssize_t __real_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size);

/* Of other clocks the kernel tells nothing (timerfd_create(2)). */
int __wrap_timerfd_create(int clock, int flags)
{
    assert_int_equal(clock, CLOCK_REALTIME);
    wall.fd = __real_timerfd_create(clock, flags);
    return wall.fd;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
    if (wall.refused && wall.refused--) {
        errno = EINVAL;
        return -1;
    }
    assert_int_equal(fd, wall.fd);
    assert_true(value->it_value.tv_sec > INT64_C(1) << 60);
    wall.armed = flags == (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    return __real_timerfd_settime(fd, flags, value, old);
}

ssize_t __wrap_read(int fd, void *to, size_t size)
{
    if (fd != wall.fd)
        return __real_read(fd, to, size);
    errno = wall.error;
    return -1;
}

/* As the kernel does: it can be read, with this error, and is not armed any more. */
static void set_clock(int error)
{
    const struct itimerspec now = {.it_value.tv_nsec = 1};

    assert_true(wall.armed);
    assert_int_equal(__real_timerfd_settime(wall.fd, 0, &now, NULL), 0);
    wall.error = error;
    wall.armed = false;
    event_base_loop(loop, EVLOOP_ONCE);
}

static void on_set(void *arg)
{
    (void)arg;
    wall.told++;
}

static void test_clock_set(void **state)
{
    (void)state;
    wall.told = 0;
    assert_int_equal(timer_on_clock_set(on_set, NULL), 0);
    for (unsigned i = 1; i <= 3; i++) {
        set_clock(ECANCELED);
        assert_int_equal(wall.told, i);
    }
    assert_true(wall.armed);
    assert_int_equal(event_base_loop(loop, EVLOOP_NONBLOCK), 0); /* it rests */
    set_clock(EAGAIN);                                           /* read for nothing */
    assert_int_equal(wall.told, 3);
    assert_int_equal(timer_on_clock_set(NULL, NULL), 0);
    assert_int_equal(fcntl(wall.fd, F_GETFD), -1);
    assert_int_equal(event_base_loop(loop, EVLOOP_NONBLOCK), 1); /* nobody waits */
}

static void test_clock_set_is_not_told(void **state)
{
    (void)state;
    wall.refused = 1;
    assert_int_equal(timer_on_clock_set(on_set, NULL), -EINVAL);
    assert_int_equal(fcntl(wall.fd, F_GETFD), -1);
    assert_int_equal(timer_on_clock_set(NULL, NULL), 0);
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_order),
        ON_LOOP(test_stop_and_restart),
        ON_LOOP(test_free_while_running),
        ON_LOOP(test_far_away),
        ON_LOOP(test_random),
        ON_LOOP(test_clocks),
        ON_LOOP(test_clock_set),
        ON_LOOP(test_clock_set_is_not_told),
    };

    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
