/* core: who tells whom. All arrows between the rooms can be read in core.c; the loop, the signals and the command line are
 * the daemon's.
 *
 * It runs on the clock of timer.h and the doors of kernel.h and http.h alone, so that a test can put false ones in
 * their places. */
#ifndef WANDDNS_CORE_H
#define WANDDNS_CORE_H

#include "account.h"
#include "config.h"
#include "hook.h"
#include "sources.h"

struct core;

enum { CORE_STATES = RECORD_REFUSED + 1 };

/* What was counted since the start. */
enum { CORE_BUCKETS = 10 };
struct core_counts {
    unsigned long overruns;                    /* events of the kernel were lost, and everything was read anew */
    unsigned long published[CORE_BUCKETS + 1]; /* changes, by the time since their first event; the last: longer */
    double published_s;                        /* those times together */
};
extern const double core_buckets_s[CORE_BUCKETS]; /* the upper bound of each */

struct core_options {
    const char *state_dir;
    bool dry_run; /* requests are printed and count as done, nothing is written */
};

/* Told when a record changed, or the kernel was read. */
typedef void core_changed_fn(void *arg);

/* Told of each transition of a record; of one that is sent, next is what is to be. */
typedef void core_listen_fn(void *arg, const struct hook_fact *fact);

/* Opens what it needs and reads the state; takes the configuration over. base is that of timer.h. Never NULL. */
struct core *core_new(struct event_base *base, const struct core_options *options, struct config *config,
                      core_changed_fn *changed, void *arg);

/* Writes what is not yet written. False when that failed. */
bool core_save(struct core *core);
void core_free(struct core *core);

/* Reads the kernel for the first time. False when the kernel has nothing for us, which is in the log. */
bool core_start(struct core *core);

/* Another configuration, which it takes over; records and logins that are in both live on. */
void core_reload(struct core *core, struct config *config);
const struct config *core_config(const struct core *core);

/* The operator says: all of them now, whatever was said before; or the records of this name, and how many those are. */
void core_force(struct core *core);
size_t core_force_name(struct core *core, const char *name);

/* The world may be reached now, for this reason: what waits for the network is tried at once. */
void core_retry(struct core *core, const char *why);
void core_clock_set(struct core *core); /* the same; times that were noted by a wrong clock are written down anew */

/* For who looks on. There is one listener. */
void core_listen(struct core *core, core_listen_fn *fn, void *arg);
const struct account *core_account(const struct core *core, size_t index); /* NULL past the end */
const struct sources *core_sources(const struct core *core);
const struct core_counts *core_counts(const struct core *core);
const char *core_save_fault(const struct core *core); /* why the state cannot be written, or NULL */

/* How many records are in each state; all of them together. */
size_t core_count(const struct core *core, size_t counts[CORE_STATES]);

/* One line in the log: what happened, and how many records and accounts there are. */
void core_log_summary(const struct core *core, const char *what);

/* Was the kernel read since the start, or since the last reload? */
bool core_has_read(const struct core *core);

/* Is an answer awaited, of the kernel, of a source outside, of a provider, or the end of a program of on-change? */
bool core_is_busy(const struct core *core);

#endif
