/* core: who tells whom. All arrows between the rooms can be read in core.c; the loop, the signals and the command line are
 * the daemon's.
 *
 * It runs on the clock of timer.h and the doors of kernel.h and http.h alone, so that a test can put false ones in
 * their places. */
#ifndef WANDDNS_CORE_H
#define WANDDNS_CORE_H

#include "config.h"
#include "record.h"

struct core;

enum { CORE_STATES = RECORD_REFUSED + 1 };

struct core_options {
    const char *state_dir;
    bool dry_run; /* requests are printed and count as done, nothing is written */
};

/* Told when a record changed, or the kernel was read. */
typedef void core_changed_fn(void *arg);

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

/* The operator says: all of them now, whatever was said before. */
void core_force(struct core *core);

/* The world may be reached now, for this reason: what waits for the network is tried at once. */
void core_retry(struct core *core, const char *why);

/* How many records are in each state; all of them together. */
size_t core_count(const struct core *core, size_t counts[CORE_STATES]);

/* One line in the log: what happened, and how many records and accounts there are. */
void core_log_summary(const struct core *core, const char *what);

/* Was the kernel read since the start, or since the last reload? */
bool core_has_read(const struct core *core);

/* Is an answer awaited, of the kernel, of a source outside, of a provider, or the end of a program of on-change? */
bool core_is_busy(const struct core *core);

#endif
