/* What a function writes to standard error, when that is a pipe or a terminal. */
#ifndef WANDDNS_TESTS_OUTLET_H
#define WANDDNS_TESTS_OUTLET_H

/* Runs fn in a process of its own, for what looks only once where it writes to, with a terminal of so many columns; 0:
 * with a pipe. The caller frees what it wrote. */
char *outlet_of(void (*fn)(void), unsigned short columns);

#endif
