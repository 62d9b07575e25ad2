/* kernel: the only door to rtnetlink (rtnetlink(7)); message reads what comes in.
 *
 * Two sockets. Events arrive on one, filtered by the kernel, and are only hints that something may have changed; what
 * is true is read on the other. A dump on the event socket would be lost when an event arrives in between. */
#ifndef WANDDNS_KERNEL_H
#define WANDDNS_KERNEL_H

#include "message.h"

struct event_base;
struct kernel;

/* Called from the loop, once for each burst of notifications. overrun: the socket overflowed and events were lost. */
typedef void kernel_hint_fn(void *arg, bool overrun);

/* Subscribes to links, addresses, rules, nexthop objects and routes (of these only prefixes no longer than /3: the
 * default route and its halves), then opens the socket for questions. base may be NULL, then there are no hints. NULL
 * after an error line in the log. */
struct kernel *kernel_open(struct event_base *base, kernel_hint_fn *hint, void *arg);
void kernel_close(struct kernel *kernel);

/* Address events of other interfaces than these give no hint; links, routes and rules always do. indexes NULL: all
 * interfaces are followed, as they are without a call. True when there is one among them that was not followed before:
 * what happened on it until now may have been missed, so read again. */
bool kernel_follow(struct kernel *kernel, const int *indexes, size_t count);

/* The questions answer 0 or -errno: -ENETUNREACH (no route), -ENODEV (no such link), -EAGAIN (the kernel changed while
 * it was read, or did not answer in time: ask again later, not at once), or what the kernel said. */

/* How the kernel would send to this destination, over the interface via or, when that is 0, over any: one lookup, which
 * honours metrics, rules, tables, nexthop objects and multipath. */
int kernel_route(struct kernel *kernel, const struct ip *destination, int via, struct kernel_route *route);

int kernel_link_by_name(struct kernel *kernel, const char *name, struct kernel_link *link);
int kernel_link_by_index(struct kernel *kernel, int index, struct kernel_link *link);

/* The links whose name fits a pattern of the shell (fnmatch(3)), by rising index. The list belongs to the caller. */
int kernel_match(struct kernel *kernel, const char *pattern, int **indexes, size_t *count);

/* The addresses of one family on one link, in the kernel's order. The list belongs to the caller: free(3). */
int kernel_addresses(struct kernel *kernel, int index, int family, struct kernel_address **list, size_t *count);

#endif
