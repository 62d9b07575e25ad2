#include "span.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, FAR = 14 * DAY };

/* To the nearest; up to 90 of the smaller unit, for 1.5 h is neither 1 h nor 2 h. */
const char *span_text(int64_t seconds, char *buffer)
{
    static const struct {
        int64_t unit, below; /* so many of the unit */
        const char *word;
    } units[] = {{1, 90, "s"}, {MINUTE, 90, "min"}, {HOUR, 48, "h"}, {DAY, INT64_MAX, "d"}};
    size_t i = 0;

    while (seconds / units[i].unit >= units[i].below)
        i++;
    snprintf(buffer, SPAN_SIZE, "%lld %s", (long long)((seconds + units[i].unit / 2) / units[i].unit), units[i].word);
    return buffer;
}

static void write_local(char *buffer, const char *format, int64_t when_s)
{
    time_t when = (time_t)when_s;
    struct tm tm;

    if (!localtime_r(&when, &tm) || !strftime(buffer, SPAN_SIZE, format, &tm))
        snprintf(buffer, SPAN_SIZE, "?");
}

static int64_t distance(int64_t when_s, int64_t now_s)
{
    return when_s > now_s ? when_s - now_s : now_s - when_s;
}

const char *span_when(int64_t when_s, int64_t now_s, char *buffer)
{
    char text[SPAN_SIZE];

    if (distance(when_s, now_s) > FAR)
        write_local(buffer, "on %Y-%m-%d", when_s);
    else if (when_s == now_s)
        snprintf(buffer, SPAN_SIZE, "now");
    else if (when_s < now_s)
        snprintf(buffer, SPAN_SIZE, "%.20s ago", span_text(now_s - when_s, text));
    else
        snprintf(buffer, SPAN_SIZE, "in %.20s", span_text(when_s - now_s, text));
    return buffer;
}

const char *span_short(int64_t when_s, int64_t now_s, char *buffer)
{
    if (distance(when_s, now_s) <= FAR)
        return span_text(distance(when_s, now_s), buffer);
    write_local(buffer, "%Y-%m-%d", when_s);
    return buffer;
}

const char *span_clock(int64_t when_s, int64_t now_s, char *buffer)
{
    char today[SPAN_SIZE], day[SPAN_SIZE];

    write_local(today, "%Y-%m-%d", now_s);
    write_local(day, "%Y-%m-%d", when_s);
    write_local(buffer, strcmp(today, day) == 0 ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", when_s);
    return buffer;
}

bool span_parse(const char *text, int64_t *when_s)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

    *when_s = end && !*end ? (int64_t)timegm(&tm) : 0;
    return end && !*end;
}
