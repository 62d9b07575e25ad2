/* scan: the first look at a file of the grammar of configuration and definitions, before libConfuse.
 *
 * What libConfuse 3.3 would alter in silence is refused: characters that its lexer drops outside quotes, a comment sign
 * glued to a word, ${...} of the environment, an open quote. What stands behind a = or in a list is kept here, and
 * libConfuse gets a number in its place: of all that it reads it leaves copies in freed memory, and a value may be a
 * password. */
#ifndef WANDDNS_SCAN_H
#define WANDDNS_SCAN_H

#include "buf.h"

#include <stdbool.h>

/* The caller gives it to scan_clear(), after a fault too. */
struct scan {
    struct buf text; /* for libConfuse; its lines are those of the file */
    char **values;   /* in the order of the file, without quotes */
    size_t value_count;
    int *section_lines; /* of opening braces, in the order in which sections close */
    size_t section_count;
};

/* Told of each fault in a line. */
typedef void scan_fault_fn(void *arg, int line, const char *text);

/* The text has a NUL behind its length. foreign: it is another program's, whose values go on to libConfuse, with what a
 * backslash in double quotes means there. False after a fault: it must not go on to libConfuse, whose lexer would stay
 * in a wrong state for the next file. */
bool scan_read(const char *text, size_t length, bool foreign, struct scan *scan, scan_fault_fn *fault, void *arg);
void scan_clear(struct scan *scan);

/* What stands in the file where libConfuse has this value. */
const char *scan_value(const struct scan *scan, const char *value);

#endif
