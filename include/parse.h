/* parse: words of the configuration and of definitions that mean a number, or more. */
#ifndef WANDDNS_PARSE_H
#define WANDDNS_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* "250ms", "30s", "5m", "12h", "28d", or "0"; at most ten years. False when the text is none of them. */
bool parse_duration(const char *text, uint64_t *ms);

/* Has it only characters that may stand in a URL, without a fragment? */
bool parse_is_url(const char *text);

/* The two hexadecimal digits that the text begins with; false when it does not. */
bool parse_hex_byte(const char *text, unsigned char *byte);

/* A whole number from low to high, digits only. */
bool parse_number(const char *text, unsigned long low, unsigned long high, unsigned long *number);

#endif
