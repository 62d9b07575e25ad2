/* way: how the kernel reaches the Internet, for who is not bound to an interface. */
#ifndef WANDDNS_WAY_H
#define WANDDNS_WAY_H

#include "kernel.h"

/* Of one family: the kernel's choice over the interface via or, when that is 0, over any. As kernel_route(). */
int way_route(struct kernel *kernel, int family, int via, struct kernel_route *route);

/* Of both; index 0 where there is no way, or its link is down. */
struct way {
    struct kernel_route routes[2];
};

/* 0, or -EAGAIN with nothing taken. */
int way_read(struct kernel *kernel, struct way *way);

/* Is there a way that was not there before? */
bool way_is_new(const struct way *way, const struct way *before);

#endif
