/* draft_print: a draft as a file of ours. */
#ifndef WANDDNS_DRAFT_PRINT_H
#define WANDDNS_DRAFT_PRINT_H

#include "draft.h"

struct buf;

/* A file for one password, of a line. */
struct draft_file {
    char *path, *content;
};

struct draft_print {
    char *text; /* of the configuration */
    struct draft_file *files;
    size_t file_count;
};

/* With a folder (an absolute path) each password is in a file there, without one it stands in the text. The caller gives
 * it to draft_print_clear(). */
void draft_print(const struct draft *draft, const char *folder, struct draft_print *print);
void draft_print_clear(struct draft_print *print);

/* Adds the value so that our grammar reads it as it is, in quotes where that takes any. */
void draft_print_value(struct buf *text, const char *value);

#endif
