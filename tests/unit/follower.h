/* Follows one rule through all readings, and finds fault with what the sources say of it. */
#ifndef WANDDNS_TESTS_FOLLOWER_H
#define WANDDNS_TESTS_FOLLOWER_H

#include "sources.h"

enum { FOLLOWER_INDEXES = 256 };

struct follower {
    struct rule rule;
    bool watched;
    bool known;                /* something was told */
    struct source_answer told; /* as last heard */
    size_t changes;            /* that were told, in all */
    struct source_before now;  /* what the next choice has to keep */
    struct ip_set local;       /* of the last reading */
    struct ip_set published;   /* as a record would have it, also over a restart */
    const char *wrong;         /* the first thing that was; NULL: nothing */
    /* By index, since when a link was fit at each reading, and was the first one, before that which is chosen; 0: it is
     * not. */
    uint64_t fit_ms[FOLLOWER_INDEXES], ahead_ms[FOLLOWER_INDEXES];
    uint64_t lost_ms; /* the same for: there is no address */
};

/* Nothing is known any more but what is published, of which so many bits count (struct source_before). */
void follower_forget(struct follower *follower, unsigned char bits);

/* A change is told, as struct sources_calls has it. at_rest: nothing has changed since the last reading. */
void follower_hear(struct follower *follower, const struct source_answer *answer, bool at_rest);

/* What the uplink had at the last reading and has no more. To be asked before follower_check(). */
struct ip_set follower_gone(const struct follower *follower, const struct source_answer *answer);

/* After a reading: is the answer what it has to be? Each reading has to come here. */
void follower_check(struct follower *follower, const struct source_answer *answer);

/* Are exactly those of the candidates told as chosen that the answer has, and each once? */
void follower_check_candidates(struct follower *follower, const struct sources *sources);

/* Does a program that begins anew come to the same? */
void follower_compare(struct follower *follower, const struct source_answer *fresh);

#endif
