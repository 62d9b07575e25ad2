/* timer: the only clock of the program.
 *
 * Everything that waits or measures does it here, so that a test can put a false clock in its place. */
#ifndef WANDDNS_TIMER_H
#define WANDDNS_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct timer;

typedef void timer_fn(void *arg);

/* Makes the event loop on which timers run from now on, before any timer is made. NULL when there is none to be had.
 * The caller frees it, after the timers. */
struct event_base *timer_loop(void);

/* That loop. */
struct event_base *timer_base(void);

/* Milliseconds of a clock that never steps (CLOCK_MONOTONIC). */
uint64_t timer_now_ms(void);

/* Seconds since the epoch; may step, and is wrong on a box without a clock battery. */
int64_t timer_wall_s(void);

/* Calls fn from the loop each time that the wall clock was set; NULL ends it. There is one listener. 0 or -errno. */
int timer_on_clock_set(timer_fn *fn, void *arg);

/* What is the same until the machine boots anew, and "" where that cannot be told (random(4)). */
const char *timer_boot(void);

/* A number below bound, for jitter. Not for cryptography. */
uint32_t timer_random(uint32_t bound);

/* A number that is not likely to come again. */
uint64_t timer_nonce(void);

/* A one-shot timer, not running. The caller frees it; a timer is freed running or not. */
struct timer *timer_new(timer_fn *fn, void *arg);
void timer_free(struct timer *timer);

/* Runs fn once from the loop after delay_ms, even when that is 0; a running timer is set anew. */
void timer_start(struct timer *timer, uint64_t delay_ms);
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);

#endif
