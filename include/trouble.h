/* trouble: what is wrong with records, in whole sentences: how far they came, the words of the provider, what happens next
 * and when, and what can be done. It decides nothing: the daemon has said all of it. */
#ifndef WANDDNS_TROUBLE_H
#define WANDDNS_TROUBLE_H

#include "page.h"
#include "reply.h"

/* A paragraph for each record of the reply that is not well; those that are in the same trouble share one. How many records
 * that are. */
size_t trouble_tell(const struct reply *reply, struct page *page);

/* The sentences for one record, well or not, behind each other. */
void trouble_describe(const struct reply *reply, const struct json_t *record, struct buf *text);

/* How a state looks. */
enum page_colour trouble_colour(const char *state);

#endif
