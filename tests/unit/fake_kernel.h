/* A false kernel: kernel.h over a small world of links that a test changes at random. */
#ifndef WANDDNS_TESTS_FAKE_KERNEL_H
#define WANDDNS_TESTS_FAKE_KERNEL_H

#include "kernel.h"
#include "unit.h"

enum { FAKE_LINKS = 20, FAKE_ADDRESSES = 6, FAKE_FAMILIES = 2 };

/* 0 or 1 for AF_INET or AF_INET6. */
size_t fake_family(int family);

struct fake_link {
    struct kernel_link link;      /* index 0: there is none in this place */
    struct ip own[FAKE_FAMILIES]; /* what the kernel would send from by this link */
    struct kernel_address list[FAKE_FAMILIES][FAKE_ADDRESSES];
    size_t count[FAKE_FAMILIES];
};

struct fake_kernel {
    struct fake_link links[FAKE_LINKS];
    size_t places;            /* how many links there may be */
    int last_index;           /* an index is never used again */
    int route[FAKE_FAMILIES]; /* the link that leads to the Internet, 0: none. It may be gone */
    bool calm;                /* addresses are good; it is the links that come and go */
    bool shared;              /* an address may be on several links at once */
    unsigned busy;            /* one question in so many is answered with -EAGAIN; 0: none */
    size_t questions;
    size_t busy_at;      /* this question is answered so, from 1 on; 0: none */
    const int *followed; /* NULL: all */
    size_t followed_count;
    struct unit_random random;
};

extern struct fake_kernel fake_kernel;

/* A world with room for so many links: empty, but for one with room for FAKE_LINKS, where they are mostly down. */
void fake_kernel_reset(uint64_t seed, size_t places);

/* One change at random, described in text. True when a program would be told of it: it hears of the addresses of links
 * that it follows, and of links and routes always. */
bool fake_kernel_change(char *text, size_t size);

/* Is the program told of addresses on this link? */
bool fake_kernel_follows(int index);

/* NULL when there is none. */
const struct fake_link *fake_kernel_link(int index);

#endif
