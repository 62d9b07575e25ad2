/* status: how all is, from what the daemon answered: as a table for people, as one document of JSON for programs. */
#ifndef WANDDNS_STATUS_H
#define WANDDNS_STATUS_H

#include "page.h"
#include "reply.h"

/* Is everything well: each record, and the state on the disk? */
bool status_is_well(const struct reply *reply);

/* The uplinks, a table of the records, and a paragraph for what is not well. */
void status_show(const struct reply *reply, struct page *page);

/* The document of wanddns-control(7), an element a line; the caller frees it. */
char *status_json(const struct reply *reply);

#endif
