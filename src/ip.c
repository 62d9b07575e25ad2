#include "ip.h"

#include "parse.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool ip_parse(const char *text, struct ip *ip)
{
    *ip = (struct ip){0};
    if (inet_pton(AF_INET, text, ip->bytes) == 1)
        ip->family = AF_INET;
    else if (inet_pton(AF_INET6, text, ip->bytes) == 1)
        ip->family = AF_INET6;
    else
        *ip = (struct ip){0};
    return ip_is_set(ip);
}

bool ip_from_bytes(int family, const void *bytes, size_t length, struct ip *ip)
{
    *ip = (struct ip){0};
    if (length != (family == AF_INET ? 4 : family == AF_INET6 ? 16 : SIZE_MAX))
        return false;
    ip->family = (unsigned char)family;
    memcpy(ip->bytes, bytes, length);
    return true;
}

const char *ip_text(const struct ip *ip, char *buffer)
{
    if (!ip_is_set(ip) || !inet_ntop(ip->family, ip->bytes, buffer, IP_TEXT_SIZE))
        memcpy(buffer, "none", sizeof "none");
    return buffer;
}

bool ip_is_set(const struct ip *ip)
{
    return ip->family != AF_UNSPEC;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

unsigned ip_bits(int family)
{
    return family == AF_INET ? 32 : 128;
}

struct ip ip_join(const struct ip *front, unsigned length, const struct ip *rest)
{
    struct ip joined = *rest;
    unsigned whole = length / 8, odd = length % 8;
    unsigned char mask = (unsigned char)(0xff00U >> odd);

    memcpy(joined.bytes, front->bytes, whole);
    if (odd)
        joined.bytes[whole] = (front->bytes[whole] & mask) | (unsigned char)(rest->bytes[whole] & ~mask);
    return joined;
}

bool ip_in_prefix(const struct ip *ip, const struct ip_prefix *prefix)
{
    struct ip moved = ip_join(&prefix->ip, prefix->length, ip);

    return ip->family == prefix->ip.family && ip_equal(&moved, ip);
}

bool ip_prefix_parse(const char *text, struct ip_prefix *prefix)
{
    size_t length = strcspn(text, "/");
    char address[IP_TEXT_SIZE] = "";
    struct ip none = {0};
    unsigned long bits;

    if (length < sizeof address)
        memcpy(address, text, length);
    if (!ip_parse(address, &prefix->ip))
        return false;
    bits = ip_bits(prefix->ip.family);
    if (text[length] && !parse_number(text + length + 1, 0, bits, &bits))
        return false;
    prefix->length = (unsigned char)bits;
    none.family = prefix->ip.family;
    none = ip_join(&prefix->ip, prefix->length, &none);
    return ip_equal(&none, &prefix->ip);
}

bool ip_is_host(const struct ip *ip)
{
    static const struct ip_prefix low = {.ip = {.family = AF_INET6}, .length = 96}; /* ::, ::1 */

    if (ip->family == AF_INET6)
        return ip->bytes[0] != 0xff && !ip_in_prefix(ip, &low);
    return ip->bytes[0] != 0 && ip->bytes[0] != 127 && ip->bytes[0] < 224;
}

/* bind(2) refuses what is on no link of ours. */
bool ip_is_here(const struct ip *ip)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int fd = socket(ip->family, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

    if (fd < 0)
        return false;
    memcpy(&v4.sin_addr, ip->bytes, sizeof v4.sin_addr);
    memcpy(&v6.sin6_addr, ip->bytes, sizeof v6.sin6_addr);
    result = ip->family == AF_INET ? bind(fd, (const struct sockaddr *)&v4, sizeof v4)
                                   : bind(fd, (const struct sockaddr *)&v6, sizeof v6);
    close(fd);
    return result == 0;
}

const char *ip_family_name(int family)
{
    return family == AF_INET ? "ipv4" : "ipv6";
}

const char *ip_record_type(int family)
{
    return family == AF_INET ? "A" : "AAAA";
}

struct range {
    unsigned char bytes[16];
    unsigned char length; /* of the prefix, in bits */
    enum ip_kind kind;
};

/* The first row that holds an address decides. */
static const struct range ranges4[] = {
    {{0}, 8, IP_SPECIAL},             /* this network, RFC 791 */
    {{10}, 8, IP_PRIVATE},            /* RFC 1918 */
    {{100, 64}, 10, IP_CARRIER_NAT},  /* shared address space, RFC 6598 */
    {{127}, 8, IP_SPECIAL},           /* loopback, RFC 1122 */
    {{169, 254}, 16, IP_LINK_LOCAL},  /* RFC 3927 */
    {{172, 16}, 12, IP_PRIVATE},      /* RFC 1918 */
    {{192, 0, 0, 9}, 32, IP_PUBLIC},  /* PCP anycast, RFC 7723 */
    {{192, 0, 0, 10}, 32, IP_PUBLIC}, /* TURN anycast, RFC 8155 */
    {{192, 0, 0}, 24, IP_SPECIAL},    /* IETF protocol assignments, RFC 6890; DS-Lite, RFC 6333 */
    {{192, 88, 99}, 24, IP_SPECIAL},  /* 6to4 relay anycast, deprecated by RFC 7526 */
    {{192, 168}, 16, IP_PRIVATE},     /* RFC 1918 */
    {{198, 18}, 15, IP_SPECIAL},      /* benchmarking, RFC 2544 */
    {{224}, 4, IP_SPECIAL},           /* multicast, RFC 5771 */
    {{240}, 4, IP_SPECIAL},           /* reserved, RFC 1112, and limited broadcast, RFC 8190 */
};

static const struct range ranges6[] = {
    {{0x00, 0x64, 0xff, 0x9b, 0, 0x01}, 48, IP_SPECIAL}, /* local-use translation, RFC 8215 */
    {{0x00, 0x64, 0xff, 0x9b}, 96, IP_SPECIAL},          /* translation prefix, RFC 6052: an IPv4 address in disguise */
    {{0}, 8, IP_SPECIAL},                                /* unspecified, loopback, v4-mapped, RFC 4291 */
    {{0x01}, 8, IP_SPECIAL},                   /* discard-only 100::/64, RFC 6666, and 100:0:0:1::/64, RFC 9780 */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, IP_PUBLIC}, /* documentation, RFC 3849 */
    {{0x20, 0x01, 0, 0x01, [15] = 1}, 128, IP_PUBLIC},  /* PCP anycast, RFC 7723 */
    {{0x20, 0x01, 0, 0x01, [15] = 2}, 128, IP_PUBLIC},  /* TURN anycast, RFC 8155 */
    {{0x20, 0x01, 0, 0x01, [15] = 3}, 128, IP_PUBLIC},  /* DNS-SD SRP anycast, RFC 9665 */
    {{0x20, 0x01, 0, 0x03}, 32, IP_PUBLIC},             /* AMT, RFC 7450 */
    {{0x20, 0x01, 0, 0x04, 0x01, 0x12}, 48, IP_PUBLIC}, /* AS112, RFC 7535 */
    {{0x20, 0x01, 0, 0x20}, 28, IP_PUBLIC},             /* ORCHIDv2, RFC 7343 */
    {{0x20, 0x01, 0, 0x30}, 28, IP_PUBLIC},             /* drone remote ID, RFC 9374 */
    {{0x20, 0x01}, 32, IP_PUBLIC},                      /* Teredo, RFC 4380: see embedded4() */
    {{0x20, 0x01}, 23, IP_SPECIAL},                     /* IETF protocol assignments, RFC 2928 */
    {{0x20, 0x02}, 16, IP_PUBLIC},                      /* 6to4, RFC 3056: see embedded4() */
    {{0x20}, 3, IP_PUBLIC},                             /* global unicast, RFC 4291 */
    {{0xfc}, 7, IP_ULA},                                /* RFC 4193 */
    {{0xfe, 0x80}, 10, IP_LINK_LOCAL},                  /* RFC 4291 */
    {{0}, 0, IP_SPECIAL},                               /* everything else is not assigned as global unicast */
};

static bool in_range(const struct ip *ip, const struct range *range)
{
    struct ip_prefix prefix = {{ip->family, {0}}, range->length};

    memcpy(prefix.ip.bytes, range->bytes, sizeof range->bytes);
    return ip_in_prefix(ip, &prefix);
}

static enum ip_kind find_kind(const struct ip *ip, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (in_range(ip, &ranges[i]))
            return ranges[i].kind;
    return IP_PUBLIC;
}

/* The IPv4 address on which a 6to4 (RFC 3056 section 2) or Teredo address (RFC 4380 section 4, where it is inverted)
 * depends; unset for all others. */
static struct ip embedded4(const struct ip *ip)
{
    struct ip inner = {0};

    if (ip->bytes[0] != 0x20 || ip->bytes[1] > 0x02 || ip->bytes[1] < 0x01)
        return inner;
    if (ip->bytes[1] == 0x02) {
        ip_from_bytes(AF_INET, ip->bytes + 2, 4, &inner);
    } else if (ip->bytes[2] == 0 && ip->bytes[3] == 0) {
        ip_from_bytes(AF_INET, ip->bytes + 12, 4, &inner);
        for (size_t i = 0; i < 4; i++)
            inner.bytes[i] ^= 0xff;
    }
    return inner;
}

enum ip_kind ip_kind(const struct ip *ip)
{
    struct ip inner;

    if (ip->family == AF_INET)
        return find_kind(ip, ranges4, sizeof ranges4 / sizeof *ranges4);
    inner = embedded4(ip);
    if (ip_is_set(&inner) && ip_kind(&inner) != IP_PUBLIC)
        return IP_SPECIAL;
    return find_kind(ip, ranges6, sizeof ranges6 / sizeof *ranges6);
}
