/* parse: words of the configuration and of definitions that mean a number. */
#ifndef WANDDNS_PARSE_H
#define WANDDNS_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* "250ms", "30s", "5m", "12h", "28d", or "0"; at most ten years. False when the text is none of them. */
bool parse_duration(const char *text, uint64_t *ms);

/* A whole number from low to high, digits only. */
bool parse_number(const char *text, unsigned long low, unsigned long high, unsigned long *number);

#endif
