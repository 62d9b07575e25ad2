/* report: what the core knows, as lines of JSON: the answers of the control protocol (wanddns-control(7)). */
#ifndef WANDDNS_REPORT_H
#define WANDDNS_REPORT_H

#include "buf.h"
#include "core.h"

enum { REPORT_VERSION = 1 };

struct report;

/* The whole of it, or, with hosts (count names), only what is about those. explain tells candidates, history and what is
 * remembered besides. The core must outlive it, but may change meanwhile. The caller frees it; hosts are copied. */
struct report *report_new(struct core *core, char *const *hosts, size_t count, bool explain);
void report_free(struct report *report);

/* Adds the next lines, a few at a time. False when there are no more. */
bool report_more(struct report *report, struct buf *out);

/* One transition, as a line. */
void report_transition(struct buf *out, const struct hook_fact *fact);

/* The last line; error NULL when it went well. */
void report_end(struct buf *out, const char *error);

#endif
