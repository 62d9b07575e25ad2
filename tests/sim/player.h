/* Plays a scenario, line by line. */
#ifndef WANDDNS_TESTS_PLAYER_H
#define WANDDNS_TESTS_PLAYER_H

#include "buf.h"
#include "script.h"

/* Plays it once, with this jitter (clock.h); with show the timeline is printed. What is wrong is added to faults. True when
 * nothing is. */
bool player_play(const struct script *script, uint64_t jitter, bool show, struct buf *faults);

#endif
