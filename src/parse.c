#include "parse.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* The digits at text, and what stands behind them; false without digits or above limit. */
static bool read_digits(const char *text, uint64_t limit, uint64_t *number, const char **rest)
{
    *number = 0;
    *rest = text;
    for (; **rest >= '0' && **rest <= '9'; (*rest)++) {
        *number = *number * 10 + (uint64_t)(**rest - '0');
        if (*number > limit)
            return false;
    }
    return *rest != text;
}

bool parse_duration(const char *text, uint64_t *ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    const uint64_t ten_years = UINT64_C(315360000000);
    const char *unit;
    uint64_t number;

    if (!read_digits(text, ten_years, &number, &unit))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].name) == 0) {
            *ms = number * units[i].ms;
            return number <= ten_years / units[i].ms;
        }
    }
    *ms = 0;
    return number == 0 && *unit == '\0';
}

bool parse_number(const char *text, unsigned long low, unsigned long high, unsigned long *number)
{
    const char *rest;
    uint64_t value;

    if (!read_digits(text, high, &value, &rest) || *rest || value < low)
        return false;
    *number = (unsigned long)value;
    return true;
}

/* 0 to 15, or -1. */
static int digit_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return at ? (int)(at - digits) : -1;
}

bool parse_hex_byte(const char *text, unsigned char *byte)
{
    int high = digit_value(text[0]), low = high < 0 ? -1 : digit_value(text[1]);

    if (low < 0)
        return false;
    *byte = (unsigned char)(high << 4 | low);
    return true;
}

bool parse_is_url(const char *text)
{
    for (; *text; text++)
        if (!isgraph((unsigned char)*text) || strchr("#{}\"'<>\\^`|", *text))
            return false;
    return true;
}
