/* hook: the programs of the user's that hear what became of a record (on-change of the configuration).
 *
 * They hear of a change, never of an attempt:
 *
 *   current    published, where nothing of ours was before
 *   changed    published, another address than before
 *   recovered  published, after it had to wait or was refused, whether the address is another one or not
 *   withdrawn  deleted
 *   refused    no further attempt
 *
 * The environment says WANDDNS_EVENT (these words), WANDDNS_NAME, WANDDNS_TYPE (A, AAAA), WANDDNS_OLD and WANDDNS_NEW
 * (addresses with commas between them; of one that was refused what was to be), WANDDNS_STATE, WANDDNS_ACCOUNT (the
 * provider's section) and WANDDNS_ERROR (why it was refused); nothing is secret. A program has 30 s. Four run at once,
 * of one record one. While others wait the newest fact of a record takes the place of the one before. */
#ifndef WANDDNS_HOOK_H
#define WANDDNS_HOOK_H

#include "record.h"

struct hooks;

enum { HOOK_AT_ONCE = 4, HOOK_WAITING = 1024, HOOK_TIMEOUT_MS = 30000 };

/* A transition of a record. */
struct hook_fact {
    const char *program; /* that is to hear of it, or NULL */
    const char *account;
    const char *name;
    int family;
    enum record_state from, to;
    const struct ip_set *old;  /* published before */
    const struct ip_set *next; /* published from now on; of one that was refused, what was to be */
    const char *text;          /* why, for people */
};

/* idle is told when the last program ended and none waits. */
typedef void hook_idle_fn(void *arg);

/* The caller frees it, which kills what runs. Nothing runs, and no timer does, before there is something to tell. */
struct hooks *hooks_new(hook_idle_fn *idle, void *arg);
void hooks_free(struct hooks *hooks);

/* Every transition of every record, also those that nobody hears of, but for its first states after a start, which are
 * only remembered: from idle to refused nothing is told. Programs are started from the loop, later. NULL for hooks is
 * allowed. */
void hook_tell(struct hooks *hooks, const struct hook_fact *fact);

/* Does a program run or wait? False for NULL. */
bool hooks_are_busy(const struct hooks *hooks);

#endif
