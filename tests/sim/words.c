#include "words.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

char *words_next(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    size_t length = strcspn(word, " \t");

    *rest = word + length;
    if (**rest)
        *(*rest)++ = '\0';
    *rest += strspn(*rest, " \t");
    return word;
}

/* ---- Times. ---- */

static const struct {
    const char *unit;
    uint64_t ms;
} units[] = {{"ms", 1}, {"y", UINT64_C(365) * 86400000}, {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};

enum { UNITS = sizeof units / sizeof *units };

static size_t unit_at(const char *text)
{
    size_t i = 0;

    while (i < UNITS && strncmp(text, units[i].unit, strlen(units[i].unit)) != 0)
        i++;
    return i;
}

bool words_time(const char *text, uint64_t *ms)
{
    *ms = 0;
    if (!*text)
        return false;
    while (*text) {
        char *end;
        double number = strtod(text, &end);
        size_t unit = unit_at(end);

        if (end == text || number < 0 || unit == UNITS)
            return false;
        *ms += (uint64_t)(number * (double)units[unit].ms + 0.5);
        text = end + strlen(units[unit].unit);
    }
    return true;
}

void words_add_time(struct buf *out, uint64_t ms)
{
    unsigned long long s = ms / 1000;

    if (s >= 86400)
        buf_addf(out, "%llud ", s / 86400);
    buf_addf(out, "%02llu:%02llu:%02llu.%03llu", s / 3600 % 24, s / 60 % 60, s % 60, (unsigned long long)ms % 1000);
}

bool words_range(const char *text, unsigned long *low, unsigned long *high)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    *low = *high = strtoul(text, &end, 10);
    if (strncmp(end, "..", 2) == 0 && end[2] >= '0' && end[2] <= '9')
        *high = strtoul(end + 2, &end, 10);
    return !*end && *low <= *high;
}

/* ---- Patterns. ---- */

bool words_match(const char *pattern, const char *text)
{
    const char *star = NULL, *back = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            back = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++back;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* ---- Places to fill in. ---- */

/* {n}, {n+1} or {n-1} at text: its length, 0 when it is none of them. */
static size_t number_at(const char *text, long n, long *number)
{
    char *end;
    long more = 0;

    if (strncmp(text, "{n", 2) != 0)
        return 0;
    end = (char *)(uintptr_t)text + 2;
    if (*end == '+' || *end == '-')
        more = strtol(end, &end, 10);
    if (*end != '}')
        return 0;
    *number = n + more;
    return (size_t)(end + 1 - text);
}

static void fill_numbers(struct buf *out, const char *text, long n)
{
    while (*text) {
        long number;
        size_t length = number_at(text, n, &number);

        if (length)
            buf_addf(out, "%ld", number);
        else
            buf_add_n(out, text, 1);
        text += length ? length : 1;
    }
}

/* {{FROM..TO: TEXT}} at text: its length, 0 when it is none. */
static size_t list_at(struct buf *out, const char *text)
{
    const char *close = strncmp(text, "{{", 2) == 0 ? strstr(text, "}}") : NULL;
    char *end, *each;
    long from, to;

    if (!close)
        return 0;
    from = strtol(text + 2, &end, 10);
    to = strncmp(end, "..", 2) == 0 ? strtol(end + 2, &end, 10) : 0;
    if (*end != ':')
        return 0;
    /* The brace of a number that stands last belongs to it. */
    close += close[2] == '}';
    end += 1 + strspn(end + 1, " ");
    each = mem_string_n(end, (size_t)(close - end));
    for (long i = from; i <= to; i++) {
        buf_add(out, i > from ? ", " : "");
        fill_numbers(out, each, i);
    }
    free(each);
    return (size_t)(close + 2 - text);
}

char *words_fill(const char *text, long n)
{
    struct buf out = {0};
    char *filled;

    while (*text) {
        const char *next = strstr(text, "{{");
        size_t length = next ? (size_t)(next - text) : strlen(text);
        char *plain = mem_string_n(text, length);

        fill_numbers(&out, plain, n);
        free(plain);
        text += length;
        if (!*text)
            break;
        length = list_at(&out, text);
        if (!length)
            buf_add_n(&out, text, 1);
        text += length ? length : 1;
    }
    filled = buf_take(&out);
    return filled;
}
