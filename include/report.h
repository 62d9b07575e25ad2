/* report: what the core knows, as lines of JSON: the answers of the control protocol (wanddns-control(7)). */
#ifndef WANDDNS_REPORT_H
#define WANDDNS_REPORT_H

#include "buf.h"
#include "core.h"
#include "demand.h"

/* Why an answer ends without success. */
enum report_fault {
    REPORT_WRONG,         /* the request */
    REPORT_OTHER_VERSION, /* of the protocol */
    REPORT_BUSY,          /* too many are asking */
    REPORT_CONFIGURATION, /* of a reload */
    REPORT_RESULT,        /* it was done, and did not go well */
};

struct report;

/* What a status or, with candidates, history and what is remembered besides, an explain is to tell. The core must outlive
 * it, but may change meanwhile; the demand stays the caller's and where it is. The caller frees it. */
struct report *report_new(struct core *core, const struct demand *demand);
void report_free(struct report *report);

/* Adds the next lines, a few at a time. False when there are no more. */
bool report_more(struct report *report, struct buf *out);

/* The first line alone: of what the demand means. */
void report_head(const struct core *core, const struct demand *demand, struct buf *out);

/* One transition, as a line. */
void report_transition(struct buf *out, const struct hook_fact *fact);

/* To who asks meanwhile whether anybody is there. */
void report_alive(struct buf *out);

/* Lines that a text is split into. */
void report_text(struct buf *out, const char *text);

/* The last line, when it went well; when not, with what is wrong. */
void report_end(struct buf *out);
void report_failure(struct buf *out, enum report_fault fault, const char *text);

#endif
