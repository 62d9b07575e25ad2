/* tree: the one door to libConfuse; configuration and definitions are both read through it.
 *
 * It knows the grammar and nothing of meanings: a schema of keys goes in, sections with values and their lines come
 * out. What libConfuse 3.3 would alter in silence is refused (scan.h), with the line and what to write instead: characters
 * that its lexer drops outside quotes, a comment sign glued to a word, ${...} of the environment, an open quote. */
#ifndef WANDDNS_TREE_H
#define WANDDNS_TREE_H

#include <stddef.h>

enum tree_type {
    TREE_TEXT,    /* key = value */
    TREE_LIST,    /* key = value, or key = { value, value } */
    TREE_SECTION, /* key title { ... } */
    TREE_CALL,    /* key("value"), as often as one likes */
};

/* A schema: an array that ends with a key whose name is NULL. */
struct tree_key {
    const char *name;
    enum tree_type type;
    const struct tree_key *keys; /* of a section */
};

struct tree_value {
    char *text;
    int line;
};

/* A key with its values, or a section with its title and what stands in it, in the order of the file. */
struct tree_node {
    const struct tree_key *key;
    int line; /* of the key or of the opening brace */
    char *title;
    struct tree_value *values;
    size_t value_count;
    struct tree_node *nodes;
    size_t node_count;
};

/* Told of each fault: the file, the line (0 when there is none) and one sentence. */
typedef void tree_fault_fn(void *arg, const char *file, int line, const char *text);

/* Reads a file; NULL after at least one fault. The caller frees the tree. */
struct tree_node *tree_read(const char *path, const struct tree_key *schema, tree_fault_fn *fault, void *arg);

/* The same for a text in memory; name stands for the file in faults. */
struct tree_node *tree_parse(const char *name, const char *text, size_t length, const struct tree_key *schema,
                             tree_fault_fn *fault, void *arg);

/* The same for the file of another program, where a backslash in double quotes is what libConfuse makes of it. */
struct tree_node *tree_parse_foreign(const char *name, const char *text, size_t length, const struct tree_key *schema,
                                     tree_fault_fn *fault, void *arg);
void tree_free(struct tree_node *tree);

/* The node with this key in a section, the last one if there are several; NULL when the key is absent. */
const struct tree_node *tree_find(const struct tree_node *section, const char *name);

/* The first value of a key, NULL when the key is absent. Belongs to the tree. */
const struct tree_value *tree_value(const struct tree_node *section, const char *name);

#endif
