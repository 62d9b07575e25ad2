#include "log.h"

#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum log_level limit = LOG_LEVEL_INFO;
static int plain = -1; /* not known yet */

static const struct {
    enum log_level level;
    const char *word;
} levels[] = {
    {LOG_LEVEL_ERROR, "error"},
    {LOG_LEVEL_WARNING, "warning"},
    {LOG_LEVEL_INFO, "info"},
    {LOG_LEVEL_DEBUG, "debug"},
};

void log_set_level(enum log_level level)
{
    limit = level;
}

void log_set_plain(void)
{
    plain = 1;
}

bool log_level_parse(const char *word, enum log_level *level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
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

/* The whole line goes out in one write, so that lines of several processes do not mix. */
static void write_line(enum log_level level, const char *format, va_list args)
{
    char text[1024];
    struct buf line = {0};

    if (plain < 0)
        plain = isatty(STDERR_FILENO);
    vsnprintf(text, sizeof text, format, args);
    if (!plain)
        buf_addf(&line, "<%d>", (int)level);
    buf_add_escaped(&line, text, BUF_PRINT);
    buf_add(&line, "\n");
    /* Nobody is left to tell when the log itself cannot be written. */
    if (write(STDERR_FILENO, line.text, line.length) < 0)
        (void)0;
    buf_free(&line);
}

#define LOG_AT(name, level)                  \
    void log_##name(const char *format, ...) \
    {                                        \
        va_list args;                        \
                                             \
        if (level > limit)                   \
            return;                          \
        va_start(args, format);              \
        write_line(level, format, args);     \
        va_end(args);                        \
    }

LOG_AT(error, LOG_LEVEL_ERROR)
LOG_AT(warning, LOG_LEVEL_WARNING)
LOG_AT(info, LOG_LEVEL_INFO)
LOG_AT(debug, LOG_LEVEL_DEBUG)
