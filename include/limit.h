/* limit: how often one login may ask its provider. Arithmetic over the clock of timer.h.
 *
 * A gap between requests, a budget of requests in a time, and a rest that the server asked for. The budget is a bucket
 * that holds half of it and leaks the other half: in no span of the time more than the budget goes out, also when much
 * goes out at once. */
#ifndef WANDDNS_LIMIT_H
#define WANDDNS_LIMIT_H

#include "moment.h"

#include <stdbool.h>

struct limit {
    uint64_t gap_ms;         /* of the definition, 0: none */
    unsigned long budget;    /* requests, 0: any number */
    uint64_t period_ms;      /* of the budget */
    struct moment rest_at;   /* when the rest began */
    uint64_t rest_ms;        /* how long it lasts */
    struct moment urgent_at; /* the same of what has begun since limit_urge() */
    uint64_t urgent_ms;
    struct moment used_at; /* when used was right */
    uint64_t used;         /* millionths of a request in the bucket */
};

/* Milliseconds until a walk of so many requests may begin beside so many that are under way; 0: now. For an urgent one
 * only rests count that began after limit_urge(), and the budget. */
uint64_t limit_wait_ms(const struct limit *limit, unsigned long requests, unsigned long under_way, bool urgent);

/* The operator wants something: what rests by now, of a gap or at the server's word, keeps nothing urgent back. */
void limit_urge(struct limit *limit);

/* He wants all of it: nothing rests any more. */
void limit_lift(struct limit *limit);

/* Requests in the bucket now, for people. */
double limit_used(const struct limit *limit);

/* So many requests have arrived, or may have; a gap begins. */
void limit_spend(struct limit *limit, unsigned long requests);

/* Nothing for so long, unless a longer rest is under way already. */
void limit_rest(struct limit *limit, uint64_t rest_ms);

/* Gives back what was remembered of rest and bucket, within bounds: a file may say anything. */
void limit_recall(struct limit *limit, const struct limit *memory);

#endif
