/* listing: the command `providers`: which there are, and what one needs. */
#ifndef WANDDNS_LISTING_H
#define WANDDNS_LISTING_H

/* All of them, or the one of this name. The exit status: 0, or 2 after a fault. */
int listing_run(const char *name);

#endif
