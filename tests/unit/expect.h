/* A request that came, beside the one that a transcript expects. */
#ifndef WANDDNS_TESTS_EXPECT_H
#define WANDDNS_TESTS_EXPECT_H

#include "buf.h"
#include "wire.h"

/* The line of the first difference, with its words in why; 0 when the request is as expected. */
int expect_compare(const struct transcript_exchange *exchange, const struct wire_request *request, struct buf *why);

/* What differs, what was expected and what came. */
void expect_differ(struct buf *why, const char *what, const char *expected, const char *came);

/* As a transcript has them, without the headers of every request; the caller frees it. */
char *expect_request(const struct wire_request *request);
char *expect_answer(const struct transcript_exchange *exchange);

#endif
