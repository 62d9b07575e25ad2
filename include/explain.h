/* explain: why each record is as it is, from what the daemon answered, for people. */
#ifndef WANDDNS_EXPLAIN_H
#define WANDDNS_EXPLAIN_H

#include "page.h"
#include "reply.h"

/* For each record: why, the addresses that were looked at, what became of it, what its login may ask, and what is
 * remembered of answers. */
void explain_show(const struct reply *reply, struct page *page);

/* A transition in a line: "05:28:31 home.example.org A: current -> updating (203.0.113.7 -> 203.0.113.9)". */
void explain_transition(const struct json_t *line, struct page *page);

#endif
