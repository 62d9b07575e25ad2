/* One provider's section with its names, read as config.c would. Of the names that are not ASCII only bücher.org has
 * A-labels. */
#ifndef WANDDNS_TESTS_SECTION_H
#define WANDDNS_TESTS_SECTION_H

#include "names.h"
#include "unit.h"

struct section {
    struct tree_node *tree;
    struct place top, place;
    struct names names;
    struct unit_faults told;
    struct faults faults;
    char *log;
    char text[4096]; /* a line for each name: the name, its families, its interface, and its address in a network */
};

/* Reads a text with one provider in it. Where %s stands in it, the path of the hosts-file is put. */
struct section *section_read(const char *format);
void section_free(struct section *section);

/* For a group of tests: a folder for the hosts-file, and its path. */
int section_setup(void **state);
int section_teardown(void **state);
const char *section_hosts_path(void);

void section_write_hosts(const char *content, size_t length);

#endif
