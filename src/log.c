#include "log.h"

#include "buf.h"
#include "progress.h"
#include "timer.h"
#include "trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { HOLD_MS = 60 * 1000 };

static enum log_level limit = LOG_LEVEL_INFO;
static bool level_was_set;

static enum { UNKNOWN, PLAIN, PREFIXED, TERMINAL, COLOURED, SYSLOG } form;

/* The line before, and how often it was said again since it was told. */
static struct {
    struct timer *timer; /* NULL: nothing is held back */
    struct buf text;
    enum log_level level;
    uint64_t told_ms;
    unsigned count;
} last;

static const struct {
    enum log_level level;
    const char *word;
    const char *colour; /* ECMA-48 */
} levels[] = {
    {LOG_LEVEL_ERROR, "error", "\033[31m"},
    {LOG_LEVEL_WARNING, "warning", "\033[33m"},
    {LOG_LEVEL_INFO, "info", ""},
    {LOG_LEVEL_DEBUG, "debug", "\033[2m"},
};

enum { LEVELS = sizeof levels / sizeof *levels };

/* ---- What is shown. ---- */

void log_set_level(enum log_level level)
{
    limit = level;
    level_was_set = true;
}

void log_hush(bool on)
{
    if (!level_was_set)
        limit = on ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
}

bool log_level_parse(const char *word, enum log_level *level)
{
    for (size_t i = 0; i < LEVELS; i++) {
        if (strcmp(word, levels[i].word) == 0) {
            *level = levels[i].level;
            return true;
        }
    }
    return false;
}

bool log_shows(enum log_level level)
{
    return level <= limit;
}

/* ---- Where it goes, and how it looks there. ---- */

void log_set_plain(void)
{
    form = PLAIN;
}

void log_set_syslog(void)
{
    form = SYSLOG;
    openlog("wanddns", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static void find_form(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    if (!isatty(STDERR_FILENO))
        form = PREFIXED;
    else if ((no_color && *no_color) || !term || !*term || strcmp(term, "dumb") == 0)
        form = TERMINAL;
    else
        form = COLOURED;
}

static const char *colour_of(enum log_level level)
{
    size_t i = 0;

    while (levels[i].level != level)
        i++;
    return form == COLOURED ? levels[i].colour : "";
}

static void add_time(struct buf *line)
{
    time_t now = (time_t)timer_wall_s();
    char text[16];
    struct tm local;

    if (localtime_r(&now, &local) && strftime(text, sizeof text, "%H:%M:%S ", &local))
        buf_add(line, text);
}

/* The whole line goes out in one write, so that lines of several processes do not mix. */
static void put(enum log_level level, const char *text)
{
    struct buf line = {0};

    if (form == UNKNOWN)
        find_form();
    if (form == PREFIXED)
        buf_addf(&line, "<%d>", (int)level);
    buf_add(&line, colour_of(level));
    if (form == TERMINAL || form == COLOURED)
        add_time(&line);
    buf_add_escaped(&line, text, BUF_PRINT);
    if (form == SYSLOG) {
        syslog((int)level, "%s", buf_text(&line));
    } else {
        buf_add(&line, *colour_of(level) ? "\033[0m\n" : "\n");
        progress_erase();
        /* Nobody is left to tell when the log itself cannot be written. */
        if (write(STDERR_FILENO, line.text, line.length) < 0)
            (void)0;
        progress_draw();
    }
    buf_free(&line);
}

/* ---- What is said again. ---- */

static void tell_held(void)
{
    struct buf line = {0};

    if (!last.count)
        return;
    if (last.count == 1)
        buf_addf(&line, "%s (repeated once)", last.text.text);
    else
        buf_addf(&line, "%s (repeated %u times)", last.text.text, last.count);
    put(last.level, line.text);
    buf_free(&line);
    last.count = 0;
    last.told_ms = timer_now_ms();
    timer_stop(last.timer);
}

static void on_held(void *arg)
{
    (void)arg;
    tell_held();
}

void log_hold_repeats(bool on)
{
    if (on) {
        last.timer = timer_new(on_held, NULL);
        return;
    }
    tell_held();
    timer_free(last.timer);
    last.timer = NULL;
    buf_free(&last.text);
}

/* True when it is held back. Otherwise it is the last line from now on. */
static bool hold(enum log_level level, const char *text)
{
    uint64_t now_ms = timer_now_ms();

    if (last.text.text && level == last.level && strcmp(text, last.text.text) == 0 && now_ms - last.told_ms < HOLD_MS) {
        if (!last.count++)
            timer_start(last.timer, last.told_ms + HOLD_MS - now_ms);
        return true;
    }
    tell_held();
    buf_free(&last.text);
    buf_add(&last.text, text);
    last.level = level;
    last.told_ms = now_ms;
    return false;
}

static void write_line(enum log_level level, const char *format, va_list args)
{
    char text[1024];
    struct buf line = {0};
    uint64_t since_ms;
    unsigned change;

    vsnprintf(text, sizeof text, format, args);
    if (last.timer && hold(level, text))
        return;
    buf_add(&line, text);
    change = log_shows(LOG_LEVEL_DEBUG) ? trace_change(&since_ms) : 0;
    if (change)
        buf_addf(&line, " [%u +%llu ms]", change, (unsigned long long)since_ms);
    put(level, buf_text(&line));
    buf_free(&line);
}

#define LOG_AT(name, level)                  \
    void log_##name(const char *format, ...) \
    {                                        \
        va_list args;                        \
                                             \
        if ((level) > limit)                 \
            return;                          \
        va_start(args, format);              \
        write_line(level, format, args);     \
        va_end(args);                        \
    }

LOG_AT(error, LOG_LEVEL_ERROR)
LOG_AT(warning, LOG_LEVEL_WARNING)
LOG_AT(info, LOG_LEVEL_INFO)
LOG_AT(debug, LOG_LEVEL_DEBUG)
