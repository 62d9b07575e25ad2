/* store: entries of JSON in one file, which is replaced whole.
 *
 * {"version": 2, "boot": "...", "entries": [
 * {"account": ..., "sum": "..."},
 * ...
 * ]}
 *
 * Each entry has a line and a checksum of its own, so that damage costs what it hits: lines are read one by one, whatever
 * stands around them, and one whose sum is not that of its content is left out with a warning. Reading is done as if
 * the file were hostile. */
#ifndef WANDDNS_STORE_H
#define WANDDNS_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct json_t;

struct store {
    struct json_t *entries; /* an array of objects */
    char *boot;             /* of timer_boot() when it was written, "" when that is not known */
};

/* An empty one, and what FOLDER/state.json holds; a file that holds nothing of use is set aside, or with look_only left
 * where it is. The caller gives either to store_clear(). */
void store_begin(struct store *store);
void store_read(struct store *store, const char *folder, bool look_only);
void store_clear(struct store *store);

/* Replaces FOLDER/state.json, unless *sum, which it keeps up to date, says that this was written last. 0 or -errno. */
int store_write(const struct store *store, const char *folder, uint64_t *sum);

/* A checksum of what store_write() would write. */
uint64_t store_sum(const struct store *store);

#endif
