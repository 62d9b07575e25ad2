/* update: carry one batch of names to one provider, and read what it says of each. */
#ifndef WANDDNS_UPDATE_H
#define WANDDNS_UPDATE_H

#include "config.h"
#include "http.h"
#include "ipset.h"

struct update;

/* Names of one login that get the same addresses, or, when there are none, whose records of these families are to be
 * deleted. */
struct update_batch {
    const struct config_provider *provider;
    const char *const *names;
    size_t count;
    struct ip_set ip4, ip6;
    enum ip_families families;
    unsigned char prefix_length; /* of the network of ip6, 0 when it is not known */
    int link;                    /* the interface that the request must leave by, or 0 */
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
    bool arrived;      /* the provider may have acted on the request, whatever the verdict */
    uint64_t after_ms; /* a wait that the server or the definition asked for, 0 without */
    char *text;        /* one line: "good", or the stage, the provider's words, and what they mean */
};

/* Called once from the loop with one result for each name, in order. They are gone afterwards. */
typedef void update_done_fn(void *arg, const struct update_result *results);

/* What the batch points to must stay until done or cancelled. */
struct update *update_start(struct http *http, const struct update_batch *batch, update_done_fn *fn, void *arg);
void update_cancel(struct update *update);

/* The address that the request is sent from, once it is connected. */
struct ip update_local_address(const struct update *update);

/* The request for people, with secrets left as {placeholders}. The caller frees it. */
char *update_describe(const struct update_batch *batch);

/* What an answer means for each name of the batch, as update_start() reads it. */
struct update_result *update_judge(const struct update_batch *batch, const struct http_answer *answer);
void update_free_results(struct update_result *results, size_t count);

#endif
