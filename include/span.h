/* span: times for people. */
#ifndef WANDDNS_SPAN_H
#define WANDDNS_SPAN_H

#include <stdbool.h>
#include <stdint.h>

enum { SPAN_SIZE = 32 };

/* All of these write into buffer, which has SPAN_SIZE bytes, and return it. */

/* How long: "12 s", "3 min", "5 h", "12 d". */
const char *span_text(int64_t seconds, char *buffer);

/* A point of time beside now: "now", "3 min ago", "in 28 min"; one that is more than two weeks away by its date,
 * "on 2026-12-24". */
const char *span_when(int64_t when_s, int64_t now_s, char *buffer);

/* The same for a narrow column: "3 min", "2026-12-24". */
const char *span_short(int64_t when_s, int64_t now_s, char *buffer);

/* The local time, with its date where that is not today's: "05:28:31", "2026-12-24 05:28:31". */
const char *span_clock(int64_t when_s, int64_t now_s, char *buffer);

/* RFC 3339 in UTC, "2026-11-28T05:00:00Z"; false when it is not that. */
bool span_parse(const char *text, int64_t *when_s);

#endif
