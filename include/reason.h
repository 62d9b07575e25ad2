/* reason: why an address is published, or why it is not. */
#ifndef WANDDNS_REASON_H
#define WANDDNS_REASON_H

#include <stdbool.h>
#include <stddef.h>

/* Of one candidate, or of a whole source. In rising order of how near it came to being chosen. */
enum reason {
    REASON_NO_ROUTE,     /* auto: the kernel has no route to the Internet in this family */
    REASON_NO_INTERFACE, /* none of the named interfaces exists (yet) */
    REASON_LINK_DOWN,
    REASON_NO_ADDRESS,
    REASON_LINK_LOCAL,
    REASON_SPECIAL,
    REASON_ULA,
    REASON_PRIVATE,
    REASON_CARRIER_NAT,
    REASON_NOT_GLOBAL, /* its scope is not global */
    REASON_NO_MATCH,   /* it is in no prefix of `match` */
    REASON_DAD_FAILED, /* another host has the address (RFC 4862) */
    REASON_TENTATIVE,  /* duplicate address detection is still running */
    REASON_DEPRECATED, /* the preferred lifetime has run out */
    REASON_TEMPORARY,  /* privacy extensions (RFC 8981) */
    REASON_ASKING,     /* outside: no answer yet */
    REASON_SILENT,     /* outside: no answer is to be had */
    REASON_BAD_ANSWER, /* outside: the answer is not one address of the family */
    REASON_DISAGREE,   /* outside: two services name two addresses */
    REASON_NO_ROOM,    /* the host part does not fit behind the prefix */
    REASON_OTHER,      /* usable, but another one stands before it */
    REASON_CHOSEN,
};

/* The word for it, as in logs and JSON: "no-route", "carrier-nat", ... */
const char *reason_word(enum reason reason);

/* What it means for a whole source, in buffer: "private: wan0 has only a private address: it is behind another router's
 * NAT". name is that of the interface, or ""; detail is added behind it, or NULL. */
void reason_text(char *buffer, size_t size, enum reason reason, const char *name, const char *detail);

/* What it means for one address, whatever else its interface has: "private: it is a private address". */
void reason_text_of_one(char *buffer, size_t size, enum reason reason, const char *detail);

/* Nothing is known of the address just now; what was published may well be right. */
bool reason_is_doubt(enum reason reason);

#endif
