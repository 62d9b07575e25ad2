/* host: the part of an IPv6 address that is a host's own, behind a prefix that changes. */
#ifndef WANDDNS_HOST_H
#define WANDDNS_HOST_H

#include "ip.h"

struct host {
    struct ip part; /* the prefix in it is zero */
    bool is_mac;    /* part is a modified EUI-64 interface identifier (RFC 4291 appendix A), which fills 64 bits */
};

/* "::1234:5678". Both return NULL, or what is wrong with the text. */
const char *host_parse_suffix(const char *text, struct host *host);

/* "02:00:5e:00:53:01", or with - between the bytes. */
const char *host_parse_mac(const char *text, struct host *host);

/* Does it leave so many bits for the prefix? */
bool host_fits(const struct host *host, unsigned prefix_length);

/* The address of the host in the network of base, whose prefix is so long; fits as above. Behind a MAC's prefix the
 * bits up to the 64th, which number the subnet, are those of base. */
struct ip host_address(const struct host *host, const struct ip *base, unsigned prefix_length);

#endif
