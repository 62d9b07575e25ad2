#include "pace.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_S = 24 * 3600, VALUE_SIZE = 256 };

static const int64_t a_time_s = 1000000000; /* a number above this is a time since the epoch */
static const int64_t a_time_ms = 1000000000000;

/* The value of the last header field of this name, without the blanks around it. */
static bool find(const char *headers, const char *name, char value[VALUE_SIZE])
{
    size_t length = strlen(name);
    bool found = false;

    for (const char *line = headers; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *at = line + length;
        size_t size;

        if (strncasecmp(line, name, length) != 0 || *at != ':')
            continue;
        at += 1 + strspn(at + 1, " \t");
        size = strcspn(at, "\r\n");
        while (size && isblank((unsigned char)at[size - 1]))
            size--;
        snprintf(value, VALUE_SIZE, "%.*s", (int)size, at);
        found = true;
    }
    return found;
}

static uint64_t bounded_ms(int64_t seconds)
{
    return seconds <= 0 ? 0 : (uint64_t)(seconds < LONGEST_S ? seconds : LONGEST_S) * 1000;
}

/* A number of seconds from now, or since the epoch. Services write fractions, too. */
static uint64_t reset_ms(const char *text, int64_t now_s)
{
    char *end;
    double number = strtod(text, &end);
    int64_t seconds;

    if (end == text || !(number > 0) || number > 1e15)
        return 0;
    seconds = (int64_t)number + ((double)(int64_t)number < number);
    if (seconds > a_time_ms)
        seconds = seconds / 1000 + 1;
    return bounded_ms(seconds > a_time_s ? seconds - now_s : seconds);
}

/* What the server takes for now. */
static int64_t its_now_s(const char *headers, int64_t now_s)
{
    char date[VALUE_SIZE];
    time_t its = find(headers, "Date", date) ? curl_getdate(date, NULL) : -1;

    return its > 0 ? its : now_s;
}

static uint64_t retry_after_ms(const char *headers, int64_t now_s)
{
    char value[VALUE_SIZE];
    time_t date;

    if (!find(headers, "Retry-After", value))
        return 0;
    if (isdigit((unsigned char)value[0]) && value[strspn(value, "0123456789")] == '\0')
        return bounded_ms(strtol(value, NULL, 10));
    date = curl_getdate(value, NULL);
    return date > 0 ? bounded_ms(date - now_s) : 0;
}

/* The number behind name=, or the words of it, in a list such as: "default";r=0;t=30 or limit=10, remaining=0. */
static bool find_member(const char *list, const char *name, char value[VALUE_SIZE])
{
    size_t length = strlen(name);

    for (const char *at = list; (at = strstr(at, name)); at += length) {
        bool begins = at == list || strchr("; ,", at[-1]);

        if (!begins || at[length] != '=')
            continue;
        snprintf(value, VALUE_SIZE, "%.*s", (int)strspn(at + length + 1, "0123456789."), at + length + 1);
        return true;
    }
    return false;
}

/* How much is left, and when there is more, each as a text of digits; remaining may stay unknown. */
static bool find_limit(const char *headers, char remaining[VALUE_SIZE], char reset[VALUE_SIZE])
{
    static const char *const prefixes[] = {"RateLimit", "X-RateLimit", "X-Rate-Limit"};
    char name[64], list[VALUE_SIZE];

    remaining[0] = '\0';
    if (find(headers, "RateLimit", list) && (find_member(list, "t", reset) || find_member(list, "reset", reset))) {
        if (!find_member(list, "r", remaining))
            find_member(list, "remaining", remaining);
        return true;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        snprintf(name, sizeof name, "%s-Reset", prefixes[i]);
        if (!find(headers, name, reset))
            continue;
        snprintf(name, sizeof name, "%s-Remaining", prefixes[i]);
        find(headers, name, remaining);
        return true;
    }
    return false;
}

struct pace pace_read(const char *headers, long status, int64_t now_s)
{
    char remaining[VALUE_SIZE], reset[VALUE_SIZE];
    int64_t its_s = its_now_s(headers, now_s);
    uint64_t limit_ms = find_limit(headers, remaining, reset) ? reset_ms(reset, its_s) : 0;
    bool used_up = status == 429 || strcmp(remaining, "0") == 0;

    return (struct pace){retry_after_ms(headers, its_s), used_up ? limit_ms : 0};
}
