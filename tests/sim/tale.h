/* Where a scenario stands, what is wrong with it, and what is shown of it. */
#ifndef WANDDNS_TESTS_TALE_H
#define WANDDNS_TESTS_TALE_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

/* With show all that happens is printed. faults stays the caller's. */
void tale_begin(const char *file, struct buf *faults, bool show);

/* The line that is being played. */
void tale_line(int line);

/* A fault, with the file, the line and the time. False, for whoever returns it. */
bool tale_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
size_t tale_faults(void);

/* One line of the timeline. */
void tale_show(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a program that ends with a fault of its own: where it was, on standard error. */
void tale_last_words(void);

#endif
