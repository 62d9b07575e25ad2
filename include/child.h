/* child: a program of the user's, run without a shell and without holding the loop.
 *
 * Its standard error is not ours: nothing that it writes there can look like a line of our log. No descriptor and no
 * setting of a signal of ours goes on to it, but the folder and umask do. It leads a process group of its own. */
#ifndef WANDDNS_CHILD_H
#define WANDDNS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct child;

enum { CHILD_OUTPUT = 4096 };

struct child_result {
    const char *output; /* what it wrote to standard output, at most CHILD_OUTPUT bytes, and a NUL behind them */
    size_t length;
    bool good;         /* it ended by itself with status 0, in time and without too much output */
    const char *error; /* for people, when not good: "cannot be started: REASON", "ended with status 3" ... */
};

/* The child and the result are gone when this returns. */
typedef void child_done_fn(void *arg, const struct child_result *result);

/* Starts argv[0], an absolute path. The environment is PATH, and the NAME=VALUE of this list, which may be NULL. input
 * is what it reads from its standard input; NULL stands for /dev/null, and there goes its standard error. fn is called
 * once, from the loop and never from within this call, when the program has ended: not when its standard output has,
 * which a process that it left behind may keep open. Such processes are left alone, but when the timeout or too much
 * output ends the program, its whole group is killed. base is the loop of timer_loop(). Marks all our descriptors
 * above 2 as close-on-exec. */
struct child *child_start(struct event_base *base, const char *const argv[], const char *const environment[],
                          const char *input, uint64_t timeout_ms, child_done_fn *fn, void *arg);

/* The same for a program whose words are only for the log: what it writes to standard error is read with the rest, and of
 * all that only the end is kept, however much it is. */
struct child *child_start_talking(struct event_base *base, const char *const argv[], const char *const environment[],
                                  const char *input, uint64_t timeout_ms, child_done_fn *fn, void *arg);

/* Kills the whole group; fn is not called. What is left of it is cleared away by the loop, if that still runs. Not from
 * within fn; NULL is allowed. */
void child_cancel(struct child *child);

#endif
