/* ipset: several addresses of one family: what one name carries. */
#ifndef WANDDNS_IPSET_H
#define WANDDNS_IPSET_H

#include "ip.h"

enum { IP_SET_MAX = 4, IP_SET_TEXT_SIZE = IP_SET_MAX * IP_TEXT_SIZE };

/* In rising order, none twice. Zeroed it is empty. */
struct ip_set {
    unsigned char count;
    struct ip list[IP_SET_MAX];
};

/* Adds an address. No address, one that is there, and one too many change nothing. */
void ip_set_add(struct ip_set *set, const struct ip *ip);

bool ip_set_has(const struct ip_set *set, const struct ip *ip);
bool ip_set_equal(const struct ip_set *a, const struct ip_set *b);

/* With commas between them, in buffer, which has IP_SET_TEXT_SIZE bytes; "none" when it is empty. */
const char *ip_set_text(const struct ip_set *set, char *buffer);

/* And back: false when the text is anything but one to IP_SET_MAX addresses of one family. */
bool ip_set_parse(const char *text, struct ip_set *set);

#endif
