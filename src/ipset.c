#include "ipset.h"

#include <string.h>

void ip_set_add(struct ip_set *set, const struct ip *ip)
{
    size_t at = set->count;

    if (!ip_is_set(ip) || set->count == IP_SET_MAX || ip_set_has(set, ip))
        return;
    for (; at && memcmp(set->list[at - 1].bytes, ip->bytes, sizeof ip->bytes) > 0; at--)
        set->list[at] = set->list[at - 1];
    set->list[at] = *ip;
    set->count++;
}

bool ip_set_has(const struct ip_set *set, const struct ip *ip)
{
    for (size_t i = 0; i < set->count; i++)
        if (ip_equal(&set->list[i], ip))
            return true;
    return false;
}

bool ip_set_equal(const struct ip_set *a, const struct ip_set *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!ip_set_has(b, &a->list[i]))
            return false;
    return a->count == b->count;
}

const char *ip_set_text(const struct ip_set *set, char *buffer)
{
    size_t used = 0;

    ip_text(&set->list[0], buffer);
    for (size_t i = 1; i < set->count; i++) {
        used += strlen(buffer + used);
        buffer[used++] = ',';
        ip_text(&set->list[i], buffer + used);
    }
    return buffer;
}

bool ip_set_parse(const char *text, struct ip_set *set)
{
    *set = (struct ip_set){0};
    for (;;) {
        size_t length = strcspn(text, ",");
        char one[IP_TEXT_SIZE] = "";
        struct ip ip;

        if (length < sizeof one)
            memcpy(one, text, length);
        if (!ip_parse(one, &ip) || set->count == IP_SET_MAX || (set->count && ip.family != set->list[0].family))
            break;
        ip_set_add(set, &ip);
        if (!text[length])
            return true;
        text += length + 1;
    }
    *set = (struct ip_set){0};
    return false;
}
