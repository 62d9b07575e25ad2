/* What a rule is to answer in the false kernel's world, found the plain way: by looking at everything.
 *
 * It shares no line with source.c: ranges are known by the first byte, and the order of addresses is that of strings of
 * bytes, in which each step of the order has its place. */
#ifndef WANDDNS_TESTS_NAIVE_H
#define WANDDNS_TESTS_NAIVE_H

#include "fake_kernel.h"
#include "source.h"

/* What one link has for a rule. */
struct naive_link {
    int index;
    enum reason reason;
    const struct kernel_address *best; /* where the reason is REASON_CHOSEN */
};

struct naive_view {
    struct naive_link links[FAKE_LINKS]; /* in the order of the rule, each once */
    size_t count;
};

void naive_look(const struct rule *rule, const struct source_before *before, struct naive_view *view);

/* NULL when the rule does not look at it. */
const struct naive_link *naive_find(const struct naive_view *view, int index);

/* The first one that is fit; NULL when there is none. */
const struct naive_link *naive_first(const struct naive_view *view);

/* The first one of those that came nearest; NULL when there is no link. */
const struct naive_link *naive_nearest(const struct naive_view *view);

/* The addresses of all that are fit. */
struct ip_set naive_all(const struct naive_view *view);

#endif
