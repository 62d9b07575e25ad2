/* What a line of a scenario does, or says to be so. */
#ifndef WANDDNS_TESTS_STATEMENTS_H
#define WANDDNS_TESTS_STATEMENTS_H

#include <stdbool.h>

/* Does it, or checks it and tells the fault. False when it makes no sense. text is taken apart. */
bool statements_do(char *text, const char *block);

/* Is it true now? Of lines that say how something is; others are not. */
bool statements_is_true(const char *text);

/* What the lines of a scenario have left behind is gone. */
void statements_end(void);

#endif
