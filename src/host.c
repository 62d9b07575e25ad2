#include "host.h"

#include "parse.h"

#include <string.h>
#include <sys/socket.h>

enum { MAC_BYTES = 6, IDENTIFIER_BITS = 64 };

/* The zero bits that an address begins with. */
static unsigned leading_zeros(const struct ip *ip)
{
    unsigned bits = 0;

    while (bits < ip_bits(ip->family) && !(ip->bytes[bits / 8] & 0x80U >> bits % 8))
        bits++;
    return bits;
}

const char *host_parse_suffix(const char *text, struct host *host)
{
    *host = (struct host){0};
    if (!ip_parse(text, &host->part) || host->part.family != AF_INET6)
        return "is no IPv6 host part, such as ::1234:5678";
    if (leading_zeros(&host->part) == ip_bits(AF_INET6))
        return "is the address of the network itself";
    return NULL;
}

const char *host_parse_mac(const char *text, struct host *host)
{
    unsigned char mac[MAC_BYTES];
    char separator = text[0] && text[1] ? text[2] : '\0';

    *host = (struct host){.part = {.family = AF_INET6}, .is_mac = true};
    if (strspn(text, "0123456789abcdefABCDEF:-") != strlen(text) || strlen(text) != 3 * MAC_BYTES - 1)
        return "is no MAC, such as 02:00:5e:00:53:01";
    for (size_t i = 0; i < MAC_BYTES; i++, text += 3)
        if (!parse_hex_byte(text, &mac[i]) || text[2] != (i + 1 < MAC_BYTES ? separator : '\0') ||
            !strchr(":-", separator))
            return "is no MAC, such as 02:00:5e:00:53:01";
    if (mac[0] & 1)
        return "is the MAC of a group, not of a host";
    for (size_t i = 0; i < MAC_BYTES; i++)
        host->part.bytes[i < 3 ? 8 + i : 10 + i] = mac[i];
    host->part.bytes[8] ^= 2;
    host->part.bytes[11] = 0xff;
    host->part.bytes[12] = 0xfe;
    return NULL;
}

bool host_fits(const struct host *host, unsigned prefix_length)
{
    return prefix_length <= (host->is_mac ? IDENTIFIER_BITS : leading_zeros(&host->part));
}

struct ip host_address(const struct host *host, const struct ip *base, unsigned prefix_length)
{
    return ip_join(base, host->is_mac ? IDENTIFIER_BITS : prefix_length, &host->part);
}
