/* settle: let a change come to rest. Pure arithmetic on the clock of timer.h.
 *
 * Acting is due when nothing was heard for the quiet time, and at the latest when the maximum has passed since the
 * first hint, so that a link that never rests is still published. */
#ifndef WANDDNS_SETTLE_H
#define WANDDNS_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

struct settle {
    uint64_t quiet_ms;
    uint64_t max_ms;
    bool pending;
    uint64_t first_ms; /* when the first hint of this change came */
};

/* Notes a hint; returns how many milliseconds from now acting is due. */
uint64_t settle_hint(struct settle *settle, uint64_t now_ms);

/* The change was acted on; returns the milliseconds since its first hint. */
uint64_t settle_done(struct settle *settle, uint64_t now_ms);

#endif
