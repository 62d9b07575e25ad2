/* Lines that say how something is. */
#ifndef WANDDNS_TESTS_CLAIMS_H
#define WANDDNS_TESTS_CLAIMS_H

#include <stdbool.h>

/* Is the line one of these? */
bool claims_knows(const char *text);

/* Is it true? Without a word. */
bool claims_hold(const char *text);

/* The same, and tells the fault. False when the line makes no sense. */
bool claims_check(const char *text);

#endif
