/* resolver: tells when the resolver's configuration (resolv.conf(5)) has changed, for it often comes after the address.
 *
 * The C library reads it anew by itself; this is for who wants to try again at once. */
#ifndef WANDDNS_RESOLVER_H
#define WANDDNS_RESOLVER_H

struct event_base;
struct resolver;

typedef void resolver_changed_fn(void *arg);

/* Watches the file at path, each symbolic link on the way to it, and, where one of them is missing, its folder until it
 * is there (inotify(7)). Nothing wakes the program but a change of these. changed is called once for changes that follow
 * each other closely. The caller frees it; NULL when the kernel has no room for it. That is in the log, as it is when
 * there is none for a watch. */
struct resolver *resolver_watch(struct event_base *base, const char *path, resolver_changed_fn *changed, void *arg);
void resolver_free(struct resolver *resolver);

#endif
