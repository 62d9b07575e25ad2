/* batch: which of a login's records go together in one request, as the provider's definition allows. */
#ifndef WANDDNS_BATCH_H
#define WANDDNS_BATCH_H

#include "history.h"
#include "record.h"

/* A record's place in its account. */
struct slot {
    void *owner;
    const struct name *name; /* of the configuration */
    struct record *record;
    struct batch *batch; /* the request that carries it now */
    bool due;            /* waits for a request */
    bool forced;         /* the operator wants it: only what began after that keeps it back */
    size_t most;         /* records in it, where more were refused together; 0: as many as may be */
    struct history history;
};

/* The calls of its record get the slot. The list goes with its slots; what is NULL there was taken out. */
struct slot *batch_new_slot(const char *name, int family, const struct record_calls *calls, void *owner);
void batch_free_slots(struct slot **slots, size_t count);

/* Takes the slot for this name and family out of the list; NULL when there is none. */
struct slot *batch_take_slot(struct slot **slots, size_t count, const char *name, int family);

/* One request under way. Each name has one slot or, where its families share a request, two. */
struct batch {
    void *owner;
    struct update *update;
    struct update_item *items;
    struct slot *(*slots)[2];
    size_t count;
    int link;
};

/* Where a request has to name both families of a name, they live together: what is due brings the other one with it, which
 * stays when that one does not go any more, and each is told what comes of it. To be called before batch_make(), and not from a record's own call. */
void batch_join(const struct config_provider *provider, struct slot *const *slots, size_t count);

/* The due records that can share a request with the first of them, or of those alone that are forced; NULL when none is
 * due. They are due no more. */
struct batch *batch_make(const struct config_provider *provider, struct slot *const *slots, size_t count, bool forced);

/* Is there one of those that are forced? */
bool batch_has_forced(struct slot *const *slots, size_t count);

/* What it carried waits for another one, or has its answer. Its update is the caller's matter. */
void batch_free(struct batch *batch);

/* Takes it back: its records are due again, and doubtful where a request may have arrived. How many may have. Frees the
 * batch. */
unsigned long batch_recall(struct batch *batch);

/* Is it on a connection that will hear no more, as these addresses are gone, or on none yet? */
bool batch_is_stranded(const struct batch *batch, const struct ip_set *gone);

/* One record that is wrong has all of a body refused: then true, and all are due again in bodies half as long, down to
 * the one that is it. */
bool batch_split(struct batch *batch, const struct config_provider *provider, const struct update_result *results);

#endif
