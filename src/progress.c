#include "progress.h"

#include "buf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_WIDTH = 80 };

/* Erases from the cursor to the end of the line (ECMA-48, EL). */
#define ERASE "\033[K"

static struct {
    bool is_there;
    size_t all, done, failed;
} progress;

static bool is_terminal(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* It may change at any time; a terminal that does not know says 0. */
static size_t width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return USUAL_WIDTH;
    return size.ws_col;
}

static void put(const char *text, size_t length)
{
    /* As in log.c: nobody is left to tell. */
    if (write(STDERR_FILENO, text, length) < 0)
        (void)0;
}

void progress_erase(void)
{
    if (progress.is_there)
        put("\r" ERASE, strlen("\r" ERASE));
}

/* The last column stays free: some terminals begin a new line when it is written to. */
void progress_draw(void)
{
    struct buf line = {0};
    size_t most = width() - 1;

    if (!progress.is_there)
        return;
    buf_addf(&line, "\r%zu of %zu done, %zu left, %zu failed", progress.done, progress.all,
             progress.all - progress.done - progress.failed, progress.failed);
    if (line.length > 1 + most)
        line.length = 1 + most;
    buf_add(&line, ERASE);
    put(line.text, line.length);
    buf_free(&line);
}

void progress_show(size_t done, size_t failed)
{
    bool same = done == progress.done && failed == progress.failed;

    progress.done = done;
    progress.failed = failed;
    if (!same)
        progress_draw();
}

bool progress_begin(size_t all)
{
    progress.is_there = all > PROGRESS_MANY && is_terminal();
    progress.all = all;
    progress.done = progress.failed = 0;
    progress_draw();
    return progress.is_there;
}

void progress_end(void)
{
    progress_erase();
    progress.is_there = false;
}
