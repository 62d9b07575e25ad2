/* account: one login, its records, and what it may ask of the provider at a time. */
#ifndef WANDDNS_ACCOUNT_H
#define WANDDNS_ACCOUNT_H

#include "history.h"
#include "limit.h"
#include "record.h"

struct account;

enum { ACCOUNT_CONCURRENCY = 4 }; /* requests of one login under way at once */

/* Told when something changed that the state file holds, or a record changed its state. */
typedef void account_changed_fn(void *arg);

/* Told of every transition of a record: what its state was, and what was published; why, for people, or NULL. */
typedef void account_moved_fn(void *arg, const struct account *account, const struct name *name,
                              const struct record *record, enum record_state from, const struct ip_set *old,
                              const char *why);

/* With dry_run requests are printed on standard output and count as done. The caller frees it, which cancels what is
 * under way. It has no records before account_configure(). */
struct account *account_new(struct http *http, bool dry_run, account_changed_fn *changed, void *arg);
void account_free(struct account *account);

/* Tells fn from now on. */
void account_watch(struct account *account, account_moved_fn *fn, void *arg);

/* One record for each name and family of the provider section, in its order. Records that were there before live on,
 * others go. provider stays the caller's; with requests under way it must be the same object as before, whatever its
 * content (config_keep_provider()). What was refused under another section is not refused any more. */
void account_configure(struct account *account, const struct config_provider *provider);

/* From here to there records may move, but nothing goes out: their addresses are not yet those of the configuration. */
void account_hold(struct account *account);
void account_release(struct account *account);

const struct config_provider *account_provider(const struct account *account);

/* The records, in order; NULL past the end. And what the configuration says of each. */
struct record *account_record(const struct account *account, size_t index);
const struct name *account_name(const struct account *account, size_t index);

/* These addresses of an uplink are used no more, and perhaps gone: requests that run from them, from any other that is
 * gone, or are not connected yet, are sent anew. */
void account_leave_addresses(struct account *account, const struct ip_set *gone);

/* Sends all records now, at the operator's word, or one of them; lifts a refusal. Of a login that is refused all go. */
void account_force(struct account *account);
void account_force_one(struct account *account, size_t index);

/* For who looks on: what became of the record at an index; what was counted since the start; for how long nothing may be
 * asked, or nothing of what the operator wants; after how long the record is sent again without a change, 0 when it is
 * not; what is remembered of answers; why the whole login is refused, or NULL. They are the account's. */
struct account_counts {
    unsigned long requests, retries;
    unsigned long answers[UPDATE_REFUSED_ACCOUNT + 1]; /* by enum update_verdict */
};
const struct history *account_history(const struct account *account, size_t index);
const struct account_counts *account_counts(const struct account *account);
uint64_t account_rest_ms(const struct account *account, bool forced);
uint64_t account_refresh_ms(const struct account *account, size_t index);
const struct memory *account_remembered(const struct account *account);
const char *account_refused(const struct account *account);

/* The world may be reached now: waits for the network end. */
void account_retry(struct account *account);

/* What survives a restart. */
struct account_memory {
    const char *refused; /* why the whole login is refused, or NULL; the account's, or the caller's */
    struct limit limit;  /* of which gap, budget and period are the definition's */
};
void account_memory(const struct account *account, struct account_memory *memory);

/* Gives back what was remembered, before records get their addresses. */
void account_recall(struct account *account, const struct account_memory *memory);

#endif
