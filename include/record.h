/* record: one name, one type, and its life. All transitions are in one function of record.c.
 *
 *   idle      no address to publish          leaves by a new address, or to be deleted
 *   updating  one request is queued or sent  leaves by its result, or a newer address
 *   current   what is wanted is published    leaves by a new address, or by the operator
 *   waiting   failed; the next time is known leaves by its timer, the operator, and (network) a new address
 *   refused   the provider said no for good  leaves by new configuration or by the operator
 *
 * A record that is neither idle, current nor refused owns exactly one timer or one request. */
#ifndef WANDDNS_RECORD_H
#define WANDDNS_RECORD_H

#include "update.h"

struct record;
enum record_state {
    RECORD_IDLE,
    RECORD_UPDATING,
    RECORD_CURRENT,
    RECORD_WAITING,
    RECORD_REFUSED,
};

const char *record_state_word(enum record_state state);

/* How a record reaches its owner, who is named in record_new(). */
struct record_calls {
    void (*send)(void *owner);    /* queue it; record_result() will be called */
    void (*cancel)(void *owner);  /* take it back; record_result() will not be called */
    void (*changed)(void *owner); /* its state, or what record_memory() tells, changed */
};

/* What the record is to be. */
struct record_target {
    struct ip_set ips;           /* empty: nothing is to be sent, or, with withdraw, the record is to be deleted */
    int link;                    /* that requests are bound to, or 0 */
    unsigned char prefix_length; /* of the network of an IPv6 address; 0 when it does not matter */
    bool withdraw;
};

/* What survives a restart. */
struct record_memory {
    struct ip_set published; /* empty when unknown, or deleted */
    bool doubtful;           /* a request may have changed it, or not */
    int64_t published_s;     /* wall clock */
    const char *refused; /* the provider's words when the record is refused, or NULL; the record's, or the caller's */
};

/* calls must outlive the record; the name is copied. The caller frees it; that cancels a request. */
struct record *record_new(const char *name, int family, const struct record_calls *calls, void *owner);
void record_free(struct record *record);

/* Gives back what was remembered, before the first record_want(). */
void record_recall(struct record *record, const struct record_memory *memory);
void record_memory(const struct record *record, struct record_memory *memory);

/* What is wanted now; why_none when that is no address. */
void record_want(struct record *record, const struct record_target *target, const char *why_none);

/* The operator says: send now, whatever was said before. */
void record_force(struct record *record);

/* The provider refused the whole login: no further request for this record. Its owner has taken it back already. */
void record_refuse(struct record *record, const char *text);

/* Its request was sent and taken back: the provider may have acted on it or not. */
void record_doubt(struct record *record);

/* The network's state changed: a wait for the network ends at once. */
void record_network_changed(struct record *record);

/* The answer to what send() queued. */
void record_result(struct record *record, const struct update_result *result);

const char *record_name(const struct record *record);
int record_family(const struct record *record);
enum record_state record_state(const struct record *record);
const struct record_target *record_target(const struct record *record);

#endif
