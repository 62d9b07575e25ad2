/* backoff: when to try again. Pure arithmetic. */
#ifndef WANDDNS_BACKOFF_H
#define WANDDNS_BACKOFF_H

#include <stdint.h>

enum backoff_trouble {
    BACKOFF_NETWORK, /* nobody answered: 1, 2, 5, 10, 30, 60 s, 2, 5, 10 min */
    BACKOFF_SERVER,  /* somebody answered, but not well: 1, 2, 5, 10, 30 min */
};

/* The wait in milliseconds after so many failures in a row (1 for the first), never shorter than asked_ms (what the
 * server or the definition asked for; at most a day of it is obeyed). Longer by up to a tenth by random (any number),
 * so that a million gateways do not come back together; a time that was asked for is never undercut. */
uint64_t backoff_delay_ms(enum backoff_trouble trouble, unsigned failures, uint64_t asked_ms, uint32_t random);

#endif
