#include "advice.h"

#include <string.h>

static const char *const stages[] = {"resolve", "connect", "tls", "http", "provider", "program"};

static bool begins_with(const char *text, const char *word)
{
    size_t length = strlen(word);

    return strncmp(text, word, length) == 0 && text[length] == ':';
}

const char *advice_stage(enum record_state state, const char *text)
{
    if (state == RECORD_IDLE)
        return "source";
    for (size_t i = 0; text && i < sizeof stages / sizeof *stages; i++)
        if (begins_with(text, stages[i]))
            return stages[i];
    return NULL;
}

/* The first that fits: a stage, and a word in the text or NULL. */
static const struct {
    enum record_state state;
    const char *stage, *word, *advice;
} advices[] = {
    {RECORD_WAITING, "resolve", NULL,
     "is the resolver of this machine well (/etc/resolv.conf)? A change there is noticed at once"},
    {RECORD_WAITING, "connect", NULL,
     "is there a way to the server (ip route, firewall)? Another way out is noticed at once"},
    {RECORD_WAITING, "tls", "not yet valid", "set the clock of this machine; as soon as it is set the update is sent"},
    {RECORD_WAITING, "tls", "expired", "is the clock right? Else the provider has to renew its certificate"},
    {RECORD_WAITING, "tls", "another name", "is the key server right? Else the provider has the wrong certificate"},
    {RECORD_WAITING, "tls", "not trusted",
     "install or renew ca-certificates, or name the authority by the key ca-file"},
    {RECORD_WAITING, "tls", NULL, "nothing, unless it lasts: then see whether something on the way changes TLS"},
    {RECORD_WAITING, "http", "status 429", "nothing: the provider wants less requests, and is left alone until then"},
    {RECORD_WAITING, "program", NULL, "run the program by hand and see what it says"},
    {RECORD_WAITING, NULL, NULL, "nothing: it is tried again by itself, at once by: wanddns update HOST"},
    {RECORD_REFUSED, NULL, "badauth", "set username and password of the section right, and reload"},
    {RECORD_REFUSED, NULL, "the user name or the password",
     "set username and password of the section right, and reload"},
    {RECORD_REFUSED, NULL, "nohost", "create the name at the provider's, then: wanddns update HOST"},
    {RECORD_REFUSED, NULL, "there is no such name", "create the name at the provider's, then: wanddns update HOST"},
    {RECORD_REFUSED, NULL, "another account", "set hostname or username of the section right, and reload"},
    {RECORD_REFUSED, NULL, "abuse", "ask the provider to lift the block, then: wanddns update HOST"},
    {RECORD_REFUSED, NULL, "badagent", "tell the developers of wanddns: the provider turns this program away"},
    {RECORD_REFUSED, NULL, "third time in a row", "does something else update this name? Then: wanddns update HOST"},
    {RECORD_REFUSED, NULL, "does not include", "add the feature at the provider's, then: wanddns update HOST"},
    {RECORD_REFUSED, NULL, NULL,
     "set it right in its section and reload, or at the provider's, then: wanddns update HOST"},
};

const char *advice_for_record(enum record_state state, const char *text)
{
    const char *stage = advice_stage(state, text);

    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        if (advices[i].state != state || (advices[i].stage && (!stage || strcmp(advices[i].stage, stage) != 0)))
            continue;
        if (!advices[i].word || (text && strstr(text, advices[i].word)))
            return advices[i].advice;
    }
    if (state != RECORD_IDLE)
        return NULL;
    for (int reason = 0; text && reason < REASON_CHOSEN; reason++)
        if (begins_with(text, reason_word((enum reason)reason)))
            return advice_for_source((enum reason)reason);
    return NULL;
}

const char *advice_for_source(enum reason reason)
{
    static const char *const behind_nat =
        "source = echo:NAME (wanddns providers) publishes what others see; allow-private = yes "
        "this one";
    static const char *const texts[REASON_CHOSEN] = {
        [REASON_NO_ROUTE] = "is the uplink up (ip route)? family = ipv4 or ipv6 leaves the other family out",
        [REASON_NO_INTERFACE] = "is the key interface right (ip link)? It is taken as soon as it is there",
        [REASON_LINK_DOWN] = "see to the line of this interface; it is taken as soon as it is up",
        [REASON_NO_ADDRESS] =
            "see to what gives it an address (DHCP, PPPoE); family = ipv4 or ipv6 leaves the other out",
        [REASON_LINK_LOCAL] = "see to what gives it an address; family = ipv4 or ipv6 leaves the other family out",
        [REASON_SPECIAL] = "the Internet does not reach this range; allow-private = yes publishes it all the same",
        [REASON_ULA] = "the Internet does not reach this range; allow-private = yes publishes it all the same",
        [REASON_NOT_GLOBAL] = "the kernel's scope of the address says that it is for this link only",
        [REASON_NO_MATCH] = "is the key match right?",
        [REASON_DAD_FAILED] = "another host has this address: see to that",
        [REASON_TENTATIVE] = "nothing: the kernel is still checking it",
        [REASON_DEPRECATED] = "nothing: a router has to announce another prefix, or this one anew",
        [REASON_TEMPORARY] = "temporary = yes publishes it",
        [REASON_ASKING] = "nothing: the answer is awaited",
        [REASON_SILENT] = "is the key source right, and can it be reached?",
        [REASON_BAD_ANSWER] = "is the key source right?",
        [REASON_DISAGREE] = "see which way each of the services is reached",
        [REASON_NO_ROOM] = "prefix-length says how long the delegated prefix is",
    };

    if (reason == REASON_PRIVATE || reason == REASON_CARRIER_NAT)
        return behind_nat;
    return reason < REASON_CHOSEN ? texts[reason] : NULL;
}
