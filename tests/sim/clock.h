/* The time of a scenario, which goes on over reboots and whatever the wall clock says. */
#ifndef WANDDNS_TESTS_CLOCK_H
#define WANDDNS_TESTS_CLOCK_H

#include <stdint.h>

enum { CLOCK_BEGIN_S = 1795330226 }; /* Sun, 22 Nov 2026 06:50:26 GMT */

/* A scenario begins, with a wall clock that is right. jitter 0: none, else a seed of random numbers. */
void clock_begin(uint64_t jitter);

/* Milliseconds since it began. */
uint64_t clock_ms(void);

/* What a right wall clock says. */
int64_t clock_true_s(void);

/* The machine boots anew; there are no timers. */
void clock_boot(void);

#endif
