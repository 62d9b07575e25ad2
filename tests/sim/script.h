/* A scenario as it is written: lines of a file. README says what they mean. */
#ifndef WANDDNS_TESTS_SCRIPT_H
#define WANDDNS_TESTS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum script_when {
    SCRIPT_NOW,
    SCRIPT_AT,    /* so long after the beginning */
    SCRIPT_AFTER, /* after the line before */
};

struct script_line {
    int number;
    enum script_when when;
    uint64_t from_ms, to_ms; /* the same, or a window */
    char *text;              /* the statement, without a time before it */
    char *block;             /* the lines "| ..." under it, or NULL */
};

struct script {
    char *path, *title; /* the title is the first comment */
    struct script_line *lines;
    size_t count;
    char *fault; /* NULL: it could be read */
    int fault_line;
};

struct script *script_read(const char *path);

/* The same of a text in memory; name stands for the file. */
struct script *script_parse(const char *name, const char *text);
void script_free(struct script *script);

#endif
