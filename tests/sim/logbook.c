#include "logbook.h"

#include "mem.h"
#include "tale.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct buf lines, output;
static size_t news; /* where the lines begin that were not asked for yet */
static bool catching;
static size_t searched, line_count;

void logbook_begin(void)
{
    buf_free(&lines);
    buf_free(&output);
    news = 0;
    catching = false;
}

void logbook_end(void)
{
    logbook_begin();
}

/* ---- Secrets. ---- */

/* What stands for the mark in base64, by where in a group of three bytes it begins; without the characters at its ends,
 * which its neighbours have a share in. */
static const char *const encoded[] = {"bWFya2Vk", "1hcmtlZ", "tYXJrZW"};

void logbook_search(const char *where, const char *text)
{
    const char *found = strstr(text, LOGBOOK_MARK);

    searched++;
    for (size_t i = 0; !found && i < sizeof encoded / sizeof *encoded; i++)
        found = strstr(text, encoded[i]);
    if (found)
        tale_wrong("a secret is in %s: %s", where, text);
}

size_t logbook_searched(void)
{
    return searched;
}

/* ---- The log. ---- */

static void note(const char *level, const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        abort();
    line_count++;
    logbook_search("the log", text);
    buf_addf(&lines, "%s: %s\n", level, text);
    tale_show("    # %s: %s", level, text);
    free(text);
}

#define WRAP_LOG(name)                                                                     \
    void __wrap_log_##name(const char *format, ...) __attribute__((format(printf, 1, 2))); \
    void __wrap_log_##name(const char *format, ...)                                        \
    {                                                                                      \
        va_list args;                                                                      \
                                                                                           \
        va_start(args, format);                                                            \
        note(#name, format, args);                                                         \
        va_end(args);                                                                      \
    }

WRAP_LOG(error)
WRAP_LOG(warning)
WRAP_LOG(info)
WRAP_LOG(debug)

size_t logbook_lines(void)
{
    return line_count;
}

size_t logbook_count(const char *part)
{
    const char *line = buf_text(&lines);
    size_t count = 0;

    while (*line) {
        const char *end = strchr(line, '\n'), *found = strstr(line, part);

        if (!found)
            break;
        while (end < found)
            end = strchr(end + 1, '\n');
        count++;
        line = end + 1;
    }
    return count;
}

bool logbook_has_news(const char *part)
{
    bool has = strstr(buf_text(&lines) + news, part) != NULL;

    news = lines.length;
    return has;
}

/* ---- What a dry run prints. ---- */

int __real_puts(const char *text);
int __wrap_puts(const char *text);

int __wrap_puts(const char *text)
{
    if (!catching)
        return __real_puts(text);
    buf_addf(&output, "%s\n", text);
    return 1;
}

void logbook_catch_output(void)
{
    catching = true;
}

char *logbook_output(void)
{
    catching = false;
    return buf_take(&output);
}
