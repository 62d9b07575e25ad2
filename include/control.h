/* control: the socket by which people and programs ask the daemon and steer it (wanddns-control(7)).
 *
 * One request a connection, a line of JSON; the answer is lines of JSON. A client that stalls, dies or sends rubbish harms
 * nobody: requests, connections and what waits to be read are bounded, and time runs out. */
#ifndef WANDDNS_CONTROL_H
#define WANDDNS_CONTROL_H

#include "core.h"

struct event_base;
struct control;

enum {
    CONTROL_CLIENTS = 128,      /* at once; who comes then is turned away */
    CONTROL_TIMEOUT_MS = 10000, /* for a request to come in; and for who takes nothing of what there is for him */
    CONTROL_BACKLOG = 2 * 1024 * 1024, /* bytes that may wait for a client, some 8000 transitions */
};

/* Reads the configuration anew. False after a fault, whose first line goes into text. */
typedef bool control_reload_fn(void *arg, struct buf *text);

/* Listens at path with mode 0660; group (a name, or NULL) owns it. A socket that nobody listens at is replaced.
 * NULL after a warning in the log. All stay the caller's. */
struct control *control_open(struct event_base *base, const char *path, const char *group, struct core *core,
                             control_reload_fn *reload, void *arg);

/* Removes the socket, too. NULL is allowed. */
void control_close(struct control *control);

/* Tells those who follow. NULL is allowed. */
void control_tell(struct control *control, const struct hook_fact *fact);

/* The core has changed: who waits for an update may be done. NULL is allowed. */
void control_changed(struct control *control);

#endif
