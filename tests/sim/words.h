/* The words of a scenario: times, texts with stars, texts with places to fill in. */
#ifndef WANDDNS_TESTS_WORDS_H
#define WANDDNS_TESTS_WORDS_H

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

/* The next word, which ends there; "" at the end. */
char *words_next(char **rest);

/* "3d", "1h30m", "0.1s", "100ms", "30y" (of 365 days): exactly one such time. */
bool words_time(const char *text, uint64_t *ms);

/* As people write it: "2d 1h", "0.100s". */
void words_add_time(struct buf *out, uint64_t ms);

/* Whole numbers, "7" or "7..9". */
bool words_range(const char *text, unsigned long *low, unsigned long *high);

/* In a pattern * stands for any text. */
bool words_match(const char *pattern, const char *text);

/* {n}, {n+1} and {n-1} become numbers, {{FROM..TO: TEXT}} the TEXT for each of them, with commas. */
char *words_fill(const char *text, long n);

#endif
