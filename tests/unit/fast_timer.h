/* The real timers on the real loop, but nobody waits: a delay passes when a test says so.
 *
 * What timer.h has is wrapped (ld(1), --wrap). Only the timers of http run by the real clock. */
#ifndef WANDDNS_TESTS_FAST_TIMER_H
#define WANDDNS_TESTS_FAST_TIMER_H

#include "timer.h"

enum { FAST_TIMER_WALL_S = 1795330226 }; /* Sun, 22 Nov 2026 06:50:26 GMT */

/* Whose the timers are that are made from now on. */
enum fast_timer_owner {
    FAST_TIMER_OTHER,
    FAST_TIMER_HTTP,   /* they run by the real clock */
    FAST_TIMER_RECORD, /* fast_timer_skip() leaves them alone */
};
void fast_timer_made_by(enum fast_timer_owner owner);

/* No time has passed, and no number was used. */
void fast_timer_reset(void);

/* Lets the next timer run at once, as if its time had come. False when none is running. */
bool fast_timer_skip(void);

/* Lets the next timer that is due within ms run, those of records too, and takes from ms what has passed till then. False
 * when there is none any more, and all of it has passed. */
bool fast_timer_pass(uint64_t *ms);

/* How often a timer was to run at once. */
unsigned long fast_timer_count(void);

/* Milliseconds of the real clock. */
uint64_t fast_timer_real_ms(void);

#endif
