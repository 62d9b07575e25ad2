/* page: text for people, as wide as the terminal that it is for, with colours where those are wanted.
 *
 * What it is given may come from anywhere: control characters are shown as \xNN. */
#ifndef WANDDNS_PAGE_H
#define WANDDNS_PAGE_H

#include "buf.h"

#include <stdbool.h>

enum page_colour { PAGE_PLAIN, PAGE_BOLD, PAGE_GOOD, PAGE_CARE, PAGE_BAD };

struct page {
    struct buf text; /* what was written */
    size_t width;    /* columns */
    bool coloured;
};

/* An empty one for a descriptor: as wide as the terminal there, 80 columns where there is none, and with colours only on
 * a terminal, unless NO_COLOR is set (https://no-color.org) or TERM is dumb. The caller frees its text. */
void page_open(struct page *page, int fd);

/* The words of head, in its colour, and those of text, from column indent on. Lines are broken between words and go on in
 * column hang; a word that is longer than a line is broken anywhere. */
void page_paragraph(struct page *page, size_t indent, size_t hang, enum page_colour colour, const char *head,
                    const char *text);

void page_blank(struct page *page);

/* One cell of a table, padded to width columns unless that is 0. */
void page_cell(struct page *page, const char *text, size_t width, enum page_colour colour);

/* The columns that a text takes on a terminal. */
size_t page_columns(const char *text);

#endif
