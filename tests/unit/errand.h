/* A batch of all names of a provider's section, which get the same addresses, and what becomes of it over a false HTTP
 * and a false clock. */
#ifndef WANDDNS_TESTS_ERRAND_H
#define WANDDNS_TESTS_ERRAND_H

#include "update.h"

enum { ERRAND_MOST = 8, ERRAND_TEXT = 1024 };

struct errand {
    struct update_item items[ERRAND_MOST];
    struct update_batch update;
};

/* Addresses with commas between them, or NULL for a family that has no part in it. All share one memory, which is
 * emptied here. */
void errand_make(struct errand *errand, const struct config_provider *provider, const char *ip4, const char *ip6);

/* A copy of the results, which a test may keep. */
struct errand_results {
    size_t calls; /* how often there were results */
    size_t count;
    struct {
        enum update_verdict verdict;
        unsigned long requests;
        uint64_t after_ms;
        char text[ERRAND_TEXT];
    } list[ERRAND_MOST];
    char verdicts[256]; /* "done refused ..." */
};

/* Begins an update; its results go to *results, which is emptied. */
struct update *errand_start(const struct errand *errand, struct errand_results *results);

/* The results of an update of one request with this answer. */
void errand_judge(const struct errand *errand, const struct http_answer *answer, struct errand_results *results);

/* Set up of a group: no log but errors. */
int errand_quiet(void **state);

const char *errand_verdict(enum update_verdict verdict);

#endif
