#include "page.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_WIDTH = 80, LEAST_WIDTH = 20 };

void page_open(struct page *page, int fd)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    struct winsize size;

    *page = (struct page){.width = USUAL_WIDTH};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
        page->width = size.ws_col < LEAST_WIDTH ? LEAST_WIDTH : size.ws_col;
    page->coloured = isatty(fd) && !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}

/* ---- Columns (Unicode Standard Annex 11). ---- */

static const struct {
    unsigned first, last;
} wide[] = {
    {0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
};

/* The bytes of the character at text, which is UTF-8, and its columns. */
static size_t character(const char *text, size_t *columns)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t length = *byte < 0x80 ? 1 : *byte < 0xe0 ? 2 : *byte < 0xf0 ? 3 : 4;
    unsigned code = length == 1 ? *byte : *byte & (0xffU >> (length + 1));

    for (size_t i = 1; i < length; i++)
        code = code << 6 | (byte[i] & 0x3fU);
    *columns = 1;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (code >= wide[i].first && code <= wide[i].last)
            *columns = 2;
    return length;
}

static size_t columns_of(const char *text, size_t length)
{
    size_t all = 0, columns;

    for (size_t i = 0; i < length; all += columns)
        i += character(text + i, &columns);
    return all;
}

size_t page_columns(const char *text)
{
    struct buf printable = {0};
    size_t columns;

    buf_add_escaped(&printable, text, BUF_PRINT);
    columns = columns_of(buf_text(&printable), printable.length);
    buf_free(&printable);
    return columns;
}

/* ---- Paragraphs. ---- */

/* ECMA-48, SGR. */
static const char *const colours[] = {"", "\033[1m", "\033[32m", "\033[33m", "\033[31m"};

static void begin_colour(struct page *page, enum page_colour colour)
{
    if (page->coloured)
        buf_add(&page->text, colours[colour]);
}

static void end_colour(struct page *page, enum page_colour colour)
{
    if (page->coloured && colour != PAGE_PLAIN)
        buf_add(&page->text, "\033[0m");
}

static void add_spaces(struct page *page, size_t count)
{
    for (; count; count--)
        buf_add(&page->text, " ");
}

struct flow {
    struct page *page;
    size_t hang;
    size_t column;
    bool fresh; /* nothing stands on the line yet */
};

static void break_line(struct flow *flow)
{
    buf_add(&flow->page->text, "\n");
    add_spaces(flow->page, flow->hang);
    flow->column = flow->hang;
    flow->fresh = true;
}

/* A word that is too long for a line fills this one, and goes on in the next. */
static void add_word(struct flow *flow, const char *word, size_t length)
{
    size_t columns = columns_of(word, length), width = flow->page->width;

    if (!flow->fresh && flow->column + 1 + columns > width)
        break_line(flow);
    if (!flow->fresh) {
        buf_add(&flow->page->text, " ");
        flow->column++;
    }
    for (size_t at = 0, bytes; at < length; at += bytes) {
        bytes = character(word + at, &columns);
        if (flow->column + columns > width && !flow->fresh)
            break_line(flow);
        buf_add_n(&flow->page->text, word + at, bytes);
        flow->column += columns;
        flow->fresh = false;
    }
}

static void add_words(struct flow *flow, const char *text)
{
    struct buf printable = {0};
    const char *at;

    buf_add_escaped(&printable, text, BUF_PRINT);
    for (at = buf_text(&printable); *at;) {
        size_t length = strcspn(at, " ");

        if (length)
            add_word(flow, at, length);
        at += length + strspn(at + length, " ");
    }
    buf_free(&printable);
}

void page_paragraph(struct page *page, size_t indent, size_t hang, enum page_colour colour, const char *head,
                    const char *text)
{
    struct flow flow = {page, hang, indent, true};

    add_spaces(page, indent);
    begin_colour(page, colour);
    add_words(&flow, head);
    end_colour(page, colour);
    add_words(&flow, text);
    buf_add(&page->text, "\n");
}

void page_blank(struct page *page)
{
    buf_add(&page->text, "\n");
}

void page_cell(struct page *page, const char *text, size_t width, enum page_colour colour)
{
    size_t columns = page_columns(text);

    begin_colour(page, colour);
    buf_add_escaped(&page->text, text, BUF_PRINT);
    end_colour(page, colour);
    if (columns < width)
        add_spaces(page, width - columns);
}
