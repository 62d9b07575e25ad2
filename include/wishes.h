/* wishes: what each record is to be, from the answers of the sources and what the configuration says of its name. */
#ifndef WANDDNS_WISHES_H
#define WANDDNS_WISHES_H

#include "account.h"
#include "sources.h"

/* Has the sources watch what the records of these accounts need, and nothing else. What is published stays, while it is
 * as good as another address. */
void wishes_watch(struct sources *sources, struct account *const *accounts, size_t count);

/* The rule of a record of this name. */
struct rule wishes_rule(const struct name *name, int family);

/* Tells every record what it is to be now, and those that are bound to an uplink that moved that it may be reached; what a
 * new configuration held back may go then (account_hold()). */
void wishes_tell(const struct sources *sources, struct account *const *accounts, size_t count);

#endif
