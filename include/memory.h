/* memory: what a login's answers gave for later requests: the id of a zone or of a record, a token. It does not survive
 * the program. */
#ifndef WANDDNS_MEMORY_H
#define WANDDNS_MEMORY_H

#include "secret.h"

#include <stddef.h>
#include <stdint.h>

struct memory;

struct memory *memory_new(void);
void memory_free(struct memory *memory);

/* Everything is held under a key, such as the name of a zone, for so long; 0 means until it is forgotten. */
void memory_keep(struct memory *memory, const char *key, const char *name, struct secret *text, uint64_t for_ms);

/* NULL when there is none, or no longer. Belongs to the memory until that is changed. */
struct secret *memory_find(const struct memory *memory, const char *key, const char *name);

/* All that is kept under the key, or under any that begins so. */
void memory_forget(struct memory *memory, const char *key);
void memory_forget_like(struct memory *memory, const char *begin);
void memory_forget_all(struct memory *memory);
bool memory_is_empty(const struct memory *memory);

/* Tells the key and the name of each value that is kept, never the value. */
typedef void memory_name_fn(void *arg, const char *key, const char *name);
void memory_walk(const struct memory *memory, memory_name_fn *fn, void *arg);

#endif
