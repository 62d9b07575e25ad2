/* marked: secrets of a test, and where they may not be. A program with it is linked with the wraps of $(marked_wraps), and
 * its own files are compiled with $(marked_names), so that only what the core frees is looked through. */
#ifndef WANDDNS_TESTS_MARKED_H
#define WANDDNS_TESTS_MARKED_H

#include <stdbool.h>
#include <stddef.h>

/* From now on; a copy is kept. One that is shorter than 6 characters may be any word, and is not minded. */
void marked_add(const char *secret);

/* Forgets them all, and what was found. */
void marked_clear(void);

/* The first that is in this memory, or NULL. */
const char *marked_in(const void *memory, size_t length);

/* The first that was in memory when that was given back, or NULL. */
const char *marked_left(void);

/* Is there a struct secret that nobody has freed? LeakSanitizer does not know their pages. */
bool marked_is_leaked(void);

#endif
