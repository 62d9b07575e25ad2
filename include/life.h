/* life: the states of a record, and what is told and remembered of it, as values. */
#ifndef WANDDNS_LIFE_H
#define WANDDNS_LIFE_H

#include "ipset.h"
#include "moment.h"

enum record_state {
    RECORD_IDLE,
    RECORD_UPDATING,
    RECORD_CURRENT,
    RECORD_WAITING,
    RECORD_REFUSED,
};

const char *record_state_word(enum record_state state);

/* What the record is to be. */
struct record_target {
    struct ip_set ips;           /* empty: nothing is to be sent, or, with withdraw, the record is to be deleted */
    int link;                    /* that requests are bound to, or 0 */
    unsigned char prefix_length; /* of the network of an IPv6 address; 0 when it does not matter */
    bool withdraw;
};

bool record_target_equal(const struct record_target *a, const struct record_target *b);

/* What survives a restart. */
struct record_memory {
    struct ip_set published;    /* empty when unknown, or deleted */
    struct moment published_at; /* when the provider said so last */
    struct moment changed_at;   /* when that became another */
    bool doubtful;              /* a request may have changed it, or not */
    bool refused;
    const char *word;      /* what the provider said last, or why it is refused; NULL: nothing yet */
    unsigned failures;     /* in a row, of the provider; those of the network are not remembered */
    struct moment wait_at; /* when a wait for the provider began */
    uint64_t wait_ms;      /* how long it lasts; 0: there is none */
    unsigned unchanged;    /* answers in a row that nothing changed, without a change of ours */
};

/* How it stands now, for who looks on. */
struct record_view {
    struct moment since; /* of its state */
    uint64_t left_ms;    /* of a wait */
    unsigned failures;   /* in a row */
    const char *text;    /* what the provider said, what failed, or why there is no address; NULL: nothing yet */
};

#endif
