/* A child process, for what a process cannot take back: its user, its walls. */
#ifndef WANDDNS_TESTS_FORKED_H
#define WANDDNS_TESTS_FORKED_H

#include "unit.h"

/* Runs body in a child; the test fails when a must() in it did. */
void forked(void (*body)(void *arg), void *arg);

/* The asserts of cmocka would go on with the next test, in the child. */
#define must(condition) forked_must(condition, #condition, __FILE__, __LINE__)
void forked_must(bool good, const char *text, const char *file, int line);

/* Tries to open it; 0 or the error number. */
int forked_open(const char *path, int flags);

#endif
