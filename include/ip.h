/* ip: an IP address as a value. */
#ifndef WANDDNS_IP_H
#define WANDDNS_IP_H

#include <stdbool.h>
#include <stddef.h>

/* Both families as bits, for settings that name one or both. */
enum ip_families {
    IP_V4 = 1,
    IP_V6 = 2,
    IP_BOTH = 3,
};

/* Family AF_INET or AF_INET6; AF_UNSPEC (zero) means no address. Bytes in network order, unused ones zero. */
struct ip {
    unsigned char family;
    unsigned char bytes[16];
};

enum { IP_TEXT_SIZE = 46 }; /* INET6_ADDRSTRLEN */

/* Addresses whose first length bits are those of ip. */
struct ip_prefix {
    struct ip ip; /* unset: no prefix */
    unsigned char length;
};

/* Exactly one address in the text form of inet_pton(3), nothing around it. */
bool ip_parse(const char *text, struct ip *ip);

/* From the bytes of a kernel message or a socket address; false when the length does not fit the family. */
bool ip_from_bytes(int family, const void *bytes, size_t length, struct ip *ip);

/* Writes the canonical text (RFC 5952) into buffer, which has IP_TEXT_SIZE bytes, and returns it. "none" for none. */
const char *ip_text(const struct ip *ip, char *buffer);

bool ip_is_set(const struct ip *ip);
bool ip_equal(const struct ip *a, const struct ip *b);

/* "2001:db8::/32", or an address, which stands for itself alone. False also when there are bits behind the length. */
bool ip_prefix_parse(const char *text, struct ip_prefix *prefix);
bool ip_in_prefix(const struct ip *ip, const struct ip_prefix *prefix);

/* The first length bits of one address and the others of another one, both of one family. */
struct ip ip_join(const struct ip *front, unsigned length, const struct ip *rest);

/* 32 or 128. */
unsigned ip_bits(int family);

/* Can a host elsewhere have it? Not unspecified, loopback, broadcast or multicast. */
bool ip_is_host(const struct ip *ip);

/* Is the address on this machine now? */
bool ip_is_here(const struct ip *ip);

/* "ipv4" or "ipv6" for AF_INET or AF_INET6. */
const char *ip_family_name(int family);

/* "A" or "AAAA" for AF_INET or AF_INET6. */
const char *ip_record_type(int family);

/* Kinds of address that are not reachable from the Internet at large. */
enum ip_kind {
    IP_PUBLIC,
    IP_PRIVATE,     /* RFC 1918 */
    IP_CARRIER_NAT, /* RFC 6598 */
    IP_LINK_LOCAL,  /* RFC 3927, RFC 4291 */
    IP_ULA,         /* RFC 4193 */
    IP_SPECIAL,     /* any other range of the IANA special-purpose registries, and multicast */
};

/* The kind, by the IANA special-purpose registries (RFC 6890). The documentation ranges count as public: they never
 * occur on a real uplink, and examples and tests need them. */
enum ip_kind ip_kind(const struct ip *ip);

#endif
