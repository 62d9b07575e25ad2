/* dialect: what another client means by its words, read from its file CLIENT.import (catalog.h); src/README says how one
 * is written. */
#ifndef WANDDNS_DIALECT_H
#define WANDDNS_DIALECT_H

#include "fault.h"
#include "ip.h"

enum dialect_fate {
    DIALECT_UNKNOWN,
    DIALECT_NEEDLESS, /* without it all is as it would be with it */
    DIALECT_LOST,     /* it has no counterpart here */
};

struct dialect;

/* NULL after a fault. */
struct dialect *dialect_read(const char *client, struct faults *faults);
void dialect_free(struct dialect *dialect);

/* The name of our definition for a service of theirs, which the caller frees. NULL when there is none: *why says more,
 * or is NULL. */
char *dialect_provider(const struct dialect *dialect, const char *service, const char **why);

/* The same for a server, "HOST" or "HOST/PATH": the one whose own it is, when user name and password are all that it
 * needs. NULL when there is none. */
char *dialect_provider_at(struct dialect *dialect, const char *server);

/* Is it, for this definition, nothing but the service's own server? */
bool dialect_is_own_server(const struct dialect *dialect, const char *provider, const char *server);

/* Our source for a service of theirs that tells addresses, by its name or URL: "" when it is known not to be one, NULL
 * when it is not known. Belongs to the dialect. */
const char *dialect_source(const struct dialect *dialect, const char *service);

/* The one family that such a service tells addresses of, or 0 when it is both or not known. */
enum ip_families dialect_families(const struct dialect *dialect, const char *service);

/* What becomes of a word that nothing made use of; *why says why, but for DIALECT_UNKNOWN. */
enum dialect_fate dialect_fate(const struct dialect *dialect, const char *key, const char *value, const char **why);
bool dialect_is_secret(const struct dialect *dialect, const char *key);

/* What the file says of this key for a login of the provider, or else for all of them; NULL: nothing. */
const struct tree_node *dialect_login(const struct dialect *dialect, const char *provider, const char *key);

/* What is to be said when addresses are left to the kernel, or NULL. */
const char *dialect_hint(const struct dialect *dialect);

/* "yes", "true", "on", "1" and the like: 1, their contraries: 0, anything else: -1. */
int dialect_flag(const char *text);

#endif
