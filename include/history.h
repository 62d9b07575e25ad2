/* history: the last transitions of one record. */
#ifndef WANDDNS_HISTORY_H
#define WANDDNS_HISTORY_H

#include "life.h"

#include <stddef.h>

enum { HISTORY_LENGTH = 10 };

struct history_entry {
    struct moment at;
    unsigned char from, to; /* enum record_state */
    char *text;             /* why, for people, or NULL */
};

/* A zeroed one is empty. */
struct history {
    struct history_entry *entries; /* the oldest first */
    size_t count;
};

/* The oldest goes when there are too many. The text is copied. */
void history_add(struct history *history, enum record_state from, enum record_state to, const char *text);
void history_clear(struct history *history);

#endif
