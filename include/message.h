/* message: what one message of rtnetlink says (rtnetlink(7)).
 *
 * Of a message only its length is believed, and that after message_all_whole(): an attribute is read when it lies
 * inside of the message and is as long as its type asks for, else it is passed over. Of two alike the last one counts.
 * Each reader fills in all of its result; false when the message is of another kind or lacks what makes it useful. */
#ifndef WANDDNS_MESSAGE_H
#define WANDDNS_MESSAGE_H

#include "ip.h"

#include <net/if.h>
#include <stdint.h>

struct nlmsghdr;

struct kernel_link {
    int index;
    char name[IFNAMSIZ];
    bool up; /* IFF_UP and IFF_RUNNING and an operational state (RFC 2863) that is up or unknown */
};

struct kernel_address {
    struct ip ip;         /* IFA_LOCAL where there is one: on point-to-point links IFA_ADDRESS is the peer */
    uint32_t flags;       /* IFA_F_..., from IFA_FLAGS where there is one */
    uint32_t preferred_s; /* preferred lifetime; UINT32_MAX means for ever */
    unsigned char scope;  /* RT_SCOPE_... */
    unsigned char prefix_length;
};

struct kernel_route {
    int index;         /* of the interface */
    struct ip source;  /* the address that the kernel would send from (RFC 6724 for IPv6); may be unset */
    struct ip gateway; /* that packets go to, of either family; unset where the other end of the link is it */
};

/* Does each message of a datagram end inside of it? Crumbs behind the last one do no harm. */
bool message_all_whole(const void *datagram, size_t length);

/* An address of this family on this link. */
bool message_address(const struct nlmsghdr *message, int index, int family, struct kernel_address *address);

/* A link with its index and a name. */
bool message_link(const struct nlmsghdr *message, struct kernel_link *link);

/* A route over a link, to where packets are delivered: not unreachable, local and the like. The family is that of the
 * question. */
bool message_route(const struct nlmsghdr *message, int family, struct kernel_route *route);

#endif
