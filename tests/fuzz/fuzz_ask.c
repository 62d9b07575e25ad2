/* An answer of an address echo service. Before it stand two bytes: the lowest bits of the first are the family and whether
 * private addresses are allowed, the second says whether the text itself is the address, or which member of it. */
#include "fuzz.h"

#include "ask.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char *const members[] = {NULL, "ip", "client.ip", "a.b.c.d", "", ".", "a..b"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rule rule = {0};
    enum reason reason;
    const char *member;
    struct ip ip;
    char *text;

    if (size < 2)
        return 0;
    rule.family = data[0] & 1 ? AF_INET6 : AF_INET;
    rule.allow_private = data[0] & 2;
    member = members[data[1] % (sizeof members / sizeof *members)];
    /* As http.h hands it over: a NUL behind it, and nothing more. */
    text = malloc(size - 1);
    assert(text);
    memcpy(text, data + 2, size - 2);
    text[size - 2] = '\0';
    reason = ask_judge(&rule, member, text, size - 2, &ip);
    free(text);
    if (reason == REASON_BAD_ANSWER)
        assert(!ip_is_set(&ip));
    else
        assert(ip.family == rule.family);
    if (reason == REASON_CHOSEN)
        assert(rule.allow_private || ip_kind(&ip) == IP_PUBLIC);
    return 0;
}
