/* update: carry one batch to one provider, step by step, and say what became of each name. */
#ifndef WANDDNS_UPDATE_H
#define WANDDNS_UPDATE_H

#include "memory.h"
#include "values.h"

struct update;

/* Names of one login that get the same addresses, or records of their own where the definition has `each`. */
struct update_batch {
    const struct config_provider *provider;
    struct memory *memory; /* of the login */
    const struct update_item *items;
    size_t count;
    int link; /* the interface that requests must leave by, or 0 */
};

enum update_verdict {
    UPDATE_DONE,
    UPDATE_UNCHANGED,
    UPDATE_UNREACHABLE, /* the network: no answer came */
    UPDATE_AGAIN,       /* the provider, or somebody in its place, did not do it now */
    UPDATE_REFUSED,     /* this name, for good */
    UPDATE_REFUSED_ACCOUNT,
};

struct update_result {
    enum update_verdict verdict;
    unsigned long requests; /* that the provider may have acted on, whatever the verdict */
    bool wrote;             /* a request that is to change something was sent */
    uint64_t after_ms;      /* a wait that the server or the definition asked for, 0 without */
    uint64_t rest_ms;       /* for so long the whole login is to ask nothing, 0 without */
    uint32_t luck;          /* a random number for the wait: the same for all, so that they wait and go together */
    char *text;             /* one line: "good", or the stage, the provider's words, and what they mean */
    bool is_of_all;         /* it is the place of the request that is not there, not one of its records */
};

/* Called once from the loop with one result for each item, in order. They are gone afterwards. */
typedef void update_done_fn(void *arg, const struct update_result *results);

/* What the batch points to must stay until done or cancelled. */
struct update *update_start(struct http *http, const struct update_batch *batch, update_done_fn *fn, void *arg);
void update_cancel(struct update *update);

/* Is a request under way? How many may have arrived by now? */
bool update_is_asking(const struct update *update);
unsigned long update_requests(const struct update *update);

/* The address that the request under way is sent from, once it is connected. */
struct ip update_local_address(const struct update *update);

/* The requests for people, a line for each step, with secrets left as {placeholders}. The caller frees it. */
char *update_describe(const struct update_batch *batch);

#endif
