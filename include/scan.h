/* scan: what libConfuse's lexer would alter or accept in silence, found before the lexer reads it. */
#ifndef WANDDNS_SCAN_H
#define WANDDNS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum { SCAN_DEPTH = 8 }; /* of sections inside each other */

/* Told of each fault: its line and one sentence. */
typedef void scan_fault_fn(void *arg, int line, const char *text);

/* The lines of the opening braces of sections, in the order in which the sections close. */
struct scan_sections {
    int *lines; /* the caller frees it */
    size_t count;
};

/* Scans the text, in which comments become spaces: libConfuse counts a line too many for each block comment. foreign: a
 * backslash in double quotes is left to libConfuse, as another program has it. False after a fault: the text must not
 * go on to libConfuse, whose lexer would stay in a wrong state for the next file. */
bool scan_text(char *text, size_t length, bool foreign, struct scan_sections *sections, scan_fault_fn *fault,
               void *arg);

#endif
