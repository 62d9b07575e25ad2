/* notify: tells the supervisor how the program is, by the protocol of sd_notify(3).
 *
 * Without $NOTIFY_SOCKET there is nobody to tell: then notify_open() gives NULL, which all other functions take, and
 * nothing runs. A supervisor that does not read never holds the program up: what it could not be told is sent again. */
#ifndef WANDDNS_NOTIFY_H
#define WANDDNS_NOTIFY_H

#include "buf.h"

struct notify;

/* Writes one line on how things are. */
typedef void notify_status_fn(void *arg, struct buf *status);

/* Connects to $NOTIFY_SOCKET (an absolute path, or "@" and an abstract name), once and for all: later the path may be
 * out of reach. With $WATCHDOG_USEC that is meant for this process ($WATCHDOG_PID, sd_watchdog_enabled(3)) the loop of
 * timer_loop() says twice in that time that it turns. The three variables are taken out of the environment. */
struct notify *notify_open(notify_status_fn *status, void *arg);
void notify_close(struct notify *notify);

/* READY=1: after the start and after each notify_reloading(); in between it says nothing. */
void notify_ready(struct notify *notify);

/* RELOADING=1 with MONOTONIC_USEC, STOPPING=1. */
void notify_reloading(struct notify *notify);
void notify_stopping(struct notify *notify);

/* Something changed: STATUS is asked for and sent a little later, once for many changes, when it is another one. */
void notify_changed(struct notify *notify);

#endif
