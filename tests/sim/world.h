/* The world of a scenario: links, addresses and routes, behind kernel.h. Each change gives a hint, where the kernel would. */
#ifndef WANDDNS_TESTS_WORLD_H
#define WANDDNS_TESTS_WORLD_H

#include "ip.h"
#include "rule.h"

void world_begin(void);

/* One statement, the first word of which is already off: "wan0" "gets 203.0.113.7". False when it is none, or makes no
 * sense. A link that is named for the first time is there, and up. */
bool world_link(const char *name, char *rest);

/* "ipv4 wan0", "wan0" for both families, "ipv6 none". */
bool world_route(char *rest);

/* "is busy": each question is answered with "ask again", until it "is free". "overrun": events were lost. "hint": one for
 * nothing. */
bool world_kernel(char *rest);

/* How often anything has changed. */
unsigned long world_changes(void);

/* Is this the index of this link? */
bool world_is_link(int index, const char *name);

/* Where a request would be sent from, over this link or, when that is 0, by the route; unset without a way. */
struct ip world_local(int link);

/* The address that a rule of few words (interface, family) wants, found the plain way; unset when there is none. */
struct ip world_wanted(const struct rule *rule);

#endif
