/* moment: a point of time that keeps its meaning over a restart.
 *
 * Within one boot only the clock that never steps counts; the wall clock, which may be wrong at boot and set later, counts
 * for what was noted before the last boot. */
#ifndef WANDDNS_MOMENT_H
#define WANDDNS_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

struct moment {
    int64_t wall_s; /* of timer_wall_s(), as it was then */
    int64_t now_ms; /* of timer_now_ms(); negative: noted before the last boot, and recalled at -1 - now_ms */
};

struct moment moment_now(void);

/* What was written down: of this boot when boot is that of timer_boot(). */
struct moment moment_recall(int64_t wall_s, int64_t now_ms, const char *boot);

/* How long ago. Of a moment before the last boot at least as long as it is known here: where it lies ahead, one of the
 * two wall clocks was wrong, and what began then has to end all the same. */
uint64_t moment_age_ms(const struct moment *moment);

/* How much is left of what began then and lasts so long. */
uint64_t moment_left_ms(const struct moment *moment, uint64_t lasts_ms);

/* Its wall time, by a clock that was set since where that one was wrong. */
int64_t moment_wall_s(const struct moment *moment);

#endif
