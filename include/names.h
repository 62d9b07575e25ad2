/* names: the names of a provider's section, each with the place where its addresses are looked for. */
#ifndef WANDDNS_NAMES_H
#define WANDDNS_NAMES_H

#include "host.h"
#include "place.h"

struct name {
    char *name; /* lower case, without a dot at the end */
    const struct place *place;
    struct host *host; /* a host behind the address that is found, or NULL: that address itself */
    enum ip_families families;
};

struct names {
    struct name *list;
    size_t count;
    struct place *places; /* of the sections `record`, and the last one of the hosts-file */
    size_t place_count;
};

extern const struct tree_key names_record_keys[];

/* For the schema of a provider's section. */
#define NAMES_KEYS                                                  \
    {"hostname", TREE_LIST, NULL}, {"hosts-file", TREE_TEXT, NULL}, \
    {                                                               \
        "record", TREE_SECTION, names_record_keys                   \
    }

/* Reads hostname, hosts-file and the sections `record` of a provider's section. Where a name of hostname stands in one
 * of the others too, that holds for its families, and hostname for what is left. place is the section's own, and stays
 * where it is. A broken line of a hosts-file is warned about in the log, and the others count. The caller gives it to
 * names_clear(). */
void names_read(struct faults *faults, const struct tree_node *section, const struct place *place, struct names *names);
void names_clear(struct names *names);

/* A name in lower case, as A-labels (RFC 5891) where that can be, and without a dot at its end; the caller frees it. */
char *names_normalize(const char *text);

/* What is wrong with a normal name as the name of a host, such as "has an empty part between dots"; NULL: nothing. */
const char *names_fault(const char *name);

/* Is it the zone, or below it? Both are normal names. */
bool names_is_in_zone(const char *name, const char *zone);

#endif
