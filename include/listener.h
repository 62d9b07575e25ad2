/* listener: a socket of this machine to be asked at (unix(7)). */
#ifndef WANDDNS_LISTENER_H
#define WANDDNS_LISTENER_H

struct event_base;
struct listener;

/* Told of each connection; the descriptor, which does not block, is the callee's. */
typedef void listener_fn(void *arg, int fd);

/* Listens at path with mode 0660; group (a name, or NULL) owns it. A socket that nobody listens at is replaced.
 * NULL after a warning in the log. */
struct listener *listener_open(struct event_base *base, const char *path, const char *group, listener_fn *fn,
                               void *arg);

/* Removes the socket, too. */
void listener_close(struct listener *listener);

#endif
