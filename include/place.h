/* place: the keys that say where a record's addresses are looked for, and who hears of it. They may stand at the top of
 * the configuration, in a provider's section and in a record's; what an inner one does not say is as in the outer one.
 */
#ifndef WANDDNS_PLACE_H
#define WANDDNS_PLACE_H

#include "fault.h"
#include "rule.h"

struct place {
    struct rule rule; /* without a family, which is each record's own */
    enum ip_families families;
    enum ip_families wanted;      /* the same before place_narrow(): what is inherited */
    int line;                     /* of its section */
    struct rule_outside *outside; /* what rule.outside points to, when it was given here */
    const char *on_change;        /* the program that hears of changes, or NULL */
    char *program;                /* what on_change points to, when it was given here */
};

/* For the schema of a section. */
#define PLACE_KEYS                                                                                           \
    {"interface", TREE_LIST, NULL}, {"family", TREE_TEXT, NULL}, {"source", TREE_LIST, NULL},                \
        {"check-interval", TREE_TEXT, NULL}, {"bind", TREE_TEXT, NULL}, {"failback-delay", TREE_TEXT, NULL}, \
        {"temporary", TREE_TEXT, NULL}, {"allow-private", TREE_TEXT, NULL}, {"prefer", TREE_LIST, NULL},     \
        {"match", TREE_LIST, NULL}, {"prefix-length", TREE_TEXT, NULL}, {"when-lost", TREE_TEXT, NULL},      \
        {"withdraw-after", TREE_TEXT, NULL},                                                                 \
    {                                                                                                        \
        "on-change", TREE_TEXT, NULL                                                                         \
    }

/* Reads the section's keys over what is inherited (NULL: the built-in values). The caller gives it to place_clear(),
 * after all that inherited from it. */
void place_read(struct faults *faults, const struct tree_node *section, const struct place *inherited,
                struct place *place);
void place_clear(struct place *place);

/* The same place once more, for as long as inherited is there. */
void place_copy(const struct place *inherited, struct place *place);

/* Leaves only these families: what a source or a host part can give. A fault when the section itself wants another one;
 * what says in it why, such as "suffix". */
void place_narrow(struct faults *faults, const struct tree_node *section, struct place *place, enum ip_families given,
                  const char *what);

#endif
