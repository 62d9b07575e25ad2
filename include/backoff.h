/* backoff: when to try again. Pure arithmetic. */
#ifndef WANDDNS_BACKOFF_H
#define WANDDNS_BACKOFF_H

#include <stdint.h>

enum backoff_trouble {
    BACKOFF_NETWORK, /* nobody answered: 1, 2, 5, 10, 30, 60 s, 2, 5, 10 min */
    BACKOFF_SERVER,  /* somebody answered, but not well: 1, 2, 5, 10, 30 min */
};

extern const uint64_t backoff_longest_ms; /* a day */

/* The wait in milliseconds after so many failures in a row (1 for the first), at least asked_ms (what the server or the
 * definition asked for), at most a day. By random (any number) a step of the ladder is up to a tenth shorter, a time that
 * was asked for up to a tenth longer, so that a million gateways do not come back together. */
uint64_t backoff_delay_ms(enum backoff_trouble trouble, unsigned failures, uint64_t asked_ms, uint32_t random);

#endif
