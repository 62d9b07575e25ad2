/* state: what survives a restart, in the file of store.h.
 *
 * An account's entry: account, place, within, section, refused, rest_at, rest_ms, used_at, used. A record's: account,
 * place, section, name, type, address, published, doubtful, refused, word, failures, wait_at, wait_ms, unchanged. What is
 * not there is as in a new record. address may be several, with commas between them; a time is [wall clock in s, clock of
 * the boot in ms]. place and within are checksums of config.h: what was published elsewhere is not known here; in files of
 * old there is no within, and it is the same. What was refused or has to wait is so under the section that it was sent by.
 * section and within, unless that is 0, are seals of the checksums; the checksums themselves in files of old and in what a
 * reload hands over, which takes the same way without the disk. An entry with a fault is dropped with a warning, which
 * costs at most one update. */
#ifndef WANDDNS_STATE_H
#define WANDDNS_STATE_H

#include "account.h"
#include "seal.h"

struct state;

/* Reads FOLDER/state.json. Never NULL; empty when there is none that can be used. With look_only a damaged file stays
 * where it is. */
struct state *state_read(const char *folder, bool look_only);

/* What the accounts remember now. */
struct state *state_collect(struct account *const *accounts, size_t count);
void state_free(struct state *state);

/* Gives an account and its records what was remembered of them, after account_configure(). */
void state_recall(struct state *state, struct seal *seal, struct account *account);

/* As store_sum() and store_write(); what is sealed by a key that is not on the disk counts as not written. */
uint64_t state_sum(const struct state *state);
int state_write(const struct state *state, struct seal *seal, const char *folder, uint64_t *sum);

#endif
