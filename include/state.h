/* state: what survives a restart, as JSON in one file of the state folder.
 *
 * {"version": 1,
 *  "accounts": [{"account", "place", "login", "refused"}],
 *  "records": [{"account", "name", "type", "address", "published", "doubtful", "refused"}]}
 *
 * address may be several, with commas between them. place and login are the checksums of config.h: what was published
 * elsewhere is not known here, and a refusal ends with the login that it was for. The file is read back as if hostile:
 * an entry with a fault is dropped with a warning, a file that is not of this form is set aside. Either costs at most
 * one update. A reload takes the same way, without the disk. */
#ifndef WANDDNS_STATE_H
#define WANDDNS_STATE_H

#include "account.h"

struct state;

/* Reads FOLDER/state.json. Never NULL; empty when there is none that can be used. With look_only a damaged file stays
 * where it is. */
struct state *state_read(const char *folder, bool look_only);

/* What the accounts remember now. */
struct state *state_collect(struct account *const *accounts, size_t count);
void state_free(struct state *state);

/* Gives an account and its records what was remembered of them, after account_configure(). */
void state_recall(const struct state *state, struct account *account);

/* A checksum of what state_write() would write. */
uint64_t state_sum(const struct state *state);

/* Replaces FOLDER/state.json, unless *sum, which it keeps up to date, says that this was written last. 0 or -errno. */
int state_write(const struct state *state, const char *folder, uint64_t *sum);

#endif
