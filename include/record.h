/* record: one name, one type, and its life. All transitions are in one function of record.c.
 *
 *   idle      no address to publish          leaves by a new address, or to be deleted
 *   updating  one request is queued or sent  leaves by its result, or a newer address
 *   current   what is wanted is published    leaves by a new address, a refresh, or the operator
 *   waiting   failed; the next time is known leaves by its timer, the operator, and (network) a new address
 *   refused   the provider said no for good  leaves by a change of its section or by the operator
 *
 * A record that is neither idle, current nor refused owns exactly one timer or one request. */
#ifndef WANDDNS_RECORD_H
#define WANDDNS_RECORD_H

#include "life.h"
#include "update.h"

struct record;

/* How a record reaches its owner, who is named in record_new(). */
struct record_calls {
    void (*send)(void *owner);    /* queue it; record_result() will be called */
    void (*cancel)(void *owner);  /* take it back; record_result() will not be called */
    void (*changed)(void *owner); /* its state, or what record_memory() tells, changed */
    /* For those who only watch: the state was that, and that was published; why, for people, or NULL. */
    void (*moved)(void *owner, enum record_state from, const struct ip_set *old, const char *why);
};

/* calls must outlive the record; the name is copied. The caller frees it; that cancels a request. */
struct record *record_new(const char *name, int family, const struct record_calls *calls, void *owner);
void record_free(struct record *record);

/* Gives back what was remembered, before the first record_want(). Texts stay who they belong to. */
void record_recall(struct record *record, const struct record_memory *memory);
void record_memory(const struct record *record, struct record_memory *memory);

/* What is wanted now; why_none when that is no address. */
void record_want(struct record *record, const struct record_target *target, const char *why_none);

/* The operator says: send now, whatever was said before. */
void record_force(struct record *record);

/* The provider wants to hear of it once more, though nothing changed. Only of a record that is current. */
void record_refresh(struct record *record);

/* It goes along in the leader's request, which has to name it: though nothing changed of it, or it waits for the network,
 * whose ladder both climb together from there. A refusal and a wait for the provider stay. */
void record_join(struct record *record, const struct record *leader);

/* That one goes no more: it does not go either, unless it has a reason of its own by now. */
void record_leave(struct record *record);

/* Its section was changed: what was refused under the old one may go out. */
void record_pardon(struct record *record);

/* The provider refused the whole login: no further request for this record. Its owner has taken it back already. */
void record_refuse(struct record *record, const char *text);

/* Its request was sent and taken back: the provider may have acted on it or not. */
void record_doubt(struct record *record);

/* The world may be reached now: a wait for the network ends at once, and its ladder begins anew, also of a request that
 * is under way. */
void record_retry(struct record *record);

/* The answer to what send() queued. */
void record_result(struct record *record, const struct update_result *result);

/* Its text is the record's. */
void record_look(const struct record *record, struct record_view *view);

const char *record_name(const struct record *record);
int record_family(const struct record *record);
enum record_state record_state(const struct record *record);
const struct record_target *record_target(const struct record *record);

#endif
