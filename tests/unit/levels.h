/* The keys of place.h in a text with up to two sections inside each other: `middle x { inner y { } }`. */
#ifndef WANDDNS_TESTS_LEVELS_H
#define WANDDNS_TESTS_LEVELS_H

#include "place.h"
#include "unit.h"

enum { LEVELS = 3 };

/* The top, and the sections in it. */
struct levels {
    struct tree_node *tree;
    const struct tree_node *sections[LEVELS];
    struct place places[LEVELS];
    size_t count;
    struct unit_faults told;
    struct faults faults;
};

/* For a group of tests: a program, and a folder of definitions with echo (client.ip of a JSON object), plain-text, updater,
 * which is no echo service, and broken. */
int levels_setup(void **state);
int levels_teardown(void **state);
const char *levels_program(void);

/* Where %s stands in the text, the path of the program is put. levels_read_good() is for what has no faults. */
struct levels *levels_read(const char *format);
struct levels *levels_read_good(const char *format);
void levels_free(struct levels *levels);

#endif
