/* import_lines: the lines of ddclient.conf, with comments taken out and continued ones put together. */
#ifndef WANDDNS_IMPORT_LINES_H
#define WANDDNS_IMPORT_LINES_H

#include "fault.h"

#include <stddef.h>

/* key = value; key is NULL for a word behind the assignments: hosts, login, password. */
struct import_assignment {
    char *key, *value;
    int line;
};

/* Called for each line that has any; they belong to the caller of the function. */
typedef void import_line_fn(void *arg, const struct import_assignment *list, size_t count);

/* Reads the text, and tells what is wrong with it. */
void import_lines(const char *text, size_t length, struct faults *faults, import_line_fn *fn, void *arg);

#endif
