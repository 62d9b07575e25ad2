/* secret: a text that is told to nobody but its server: a login, a token, what an answer gave.
 *
 * The type is opaque, so that no format, no buffer and no function of <string.h> takes it by mistake; whoever needs the
 * text says so with secret_reveal(). The texts lie in pages of their own apart from the heap, close to each other:
 * locked in memory as far as RLIMIT_MEMLOCK goes (mlock(2)), in no core file, empty in a process that we fork
 * (madvise(2)). What is freed is overwritten. */
#ifndef WANDDNS_SECRET_H
#define WANDDNS_SECRET_H

#include <stdbool.h>

struct secret;

/* A copy of the text, which never changes; NULL stays NULL. The caller gives it to secret_free(). */
struct secret *secret_new(const char *text);

/* The same; the text, which comes from malloc(3), is overwritten and freed. */
struct secret *secret_take(char *text);

/* One more holder, who gives it to secret_free() as well; hands it back. NULL stays NULL. */
struct secret *secret_hold(struct secret *secret);

/* The last holder's call overwrites it; NULL is allowed. */
void secret_free(struct secret *secret);

/* The text, for a request that is being made, and for nothing that a person reads. Belongs to the secret; NULL of NULL.
 * Whoever copies it gives the copy to mem_wipe() or buf_free(). */
const char *secret_reveal(const struct secret *secret);

/* The same text, or both NULL? */
bool secret_equal(const struct secret *a, const struct secret *b);

#endif
