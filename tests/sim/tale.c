#include "tale.h"

#include "clock.h"
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_FAULTS = 8 }; /* that are told of one scenario */

static const char *now_file;
static int now_line;
static struct buf *told;
static size_t count;
static bool shown;

void tale_begin(const char *file, struct buf *faults, bool show)
{
    now_file = file;
    now_line = 0;
    told = faults;
    count = 0;
    shown = show;
}

void tale_line(int line)
{
    now_line = line;
}

bool tale_wrong(const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    char *words = NULL;

    if (count++ >= MOST_FAULTS)
        return false;
    buf_addf(&text, "%s:%d: at ", now_file, now_line);
    words_add_time(&text, clock_ms());
    va_start(args, format);
    if (vasprintf(&words, format, args) < 0)
        abort();
    va_end(args);
    buf_addf(&text, ": %s\n", words);
    if (shown)
        printf("!!! %s", text.text);
    buf_add(told, text.text);
    free(words);
    buf_free(&text);
    return false;
}

size_t tale_faults(void)
{
    return count;
}

void tale_show(const char *format, ...)
{
    struct buf time = {0};
    va_list args;

    if (!shown)
        return;
    words_add_time(&time, clock_ms());
    printf("%16s  ", time.text);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    buf_free(&time);
}

void tale_last_words(void)
{
    if (now_file)
        fprintf(stderr, "the last scenario: %s:%d\n", now_file, now_line);
}
