/* A false clock: timer.h without a loop, where time passes only when a test says so. timer_nonce() counts. */
#ifndef WANDDNS_TESTS_FAKE_TIMER_H
#define WANDDNS_TESTS_FAKE_TIMER_H

#include "timer.h"

#include <stddef.h>

/* Lets ms pass; each timer that becomes due on the way is run at its time, those started by it too. */
void fake_timer_advance(uint64_t ms);

/* Milliseconds until the next timer is due; UINT64_MAX when none is running. */
uint64_t fake_timer_next(void);

/* What timer_base() says from now on: for real children under the false clock. */
void fake_timer_set_base(struct event_base *base);

size_t fake_timer_running(void);
size_t fake_timer_existing(void);

/* What timer_random() gives from now on (modulo its bound), and what timer_wall_s() says. */
void fake_timer_set_random(uint32_t number);
void fake_timer_set_wall(int64_t seconds);

/* From now on timer_random() gives numbers that are random, but the same for the same seed. */
void fake_timer_seed(uint64_t seed);

/* The wall clock is set, and whoever listens is told. */
void fake_timer_step(int64_t seconds);

/* The machine boots anew: the clock that never steps begins again, with another timer_boot(). Only without timers. */
void fake_timer_boot(void);

#endif
