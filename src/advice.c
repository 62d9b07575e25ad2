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
    return state == RECORD_REFUSED ? "provider" : NULL;
}

#define AT_ONCE    "at once by: wanddns update HOST"
#define AFTERWARDS ", then: wanddns update HOST"
#define RELOAD     ", then: wanddns reload"
#define OF_SECTION " of its section right" RELOAD
#define RIGHTS     "See at the provider's what this login may do" AFTERWARDS

/* The first that fits: a stage, and a word in the text or NULL. */
static const struct {
    enum record_state state;
    const char *stage, *word, *advice;
} advices[] = {
    {RECORD_WAITING, "resolve", NULL,
     "Is the resolver of this machine well (/etc/resolv.conf)? A change there is noticed at once."},
    {RECORD_WAITING, "connect", NULL,
     "Is there a way to the server (ip route, firewall)? Another way out is noticed at once."},
    {RECORD_WAITING, "tls", "not yet valid",
     "Set the clock of this machine right; as soon as it is set the update is sent."},
    {RECORD_WAITING, "tls", "expired",
     "Is the clock of this machine right? Else the provider has to renew the certificate."},
    {RECORD_WAITING, "tls", "another name",
     "Is the key server right? Else the provider has the wrong certificate there."},
    {RECORD_WAITING, "tls", "not trusted",
     "Install or renew the package ca-certificates, or name the authority by the key ca-file."},
    {RECORD_WAITING, "tls", NULL, "If it lasts, see whether something on the way changes TLS."},
    {RECORD_WAITING, "http", "status 429", "Nothing is to be done: the provider wants to be asked less."},
    {RECORD_WAITING, "http", "this answer is not known",
     "If it lasts, tell the developers of wanddns what the provider says."},
    {RECORD_WAITING, "provider", NULL,
     "Nothing is to be done, unless it lasts: it is tried again by itself, or " AT_ONCE},
    {RECORD_WAITING, "program", NULL, "Run the program by hand and see what it says."},
    {RECORD_WAITING, NULL, NULL, "It is tried again by itself, or " AT_ONCE},
    {RECORD_REFUSED, NULL, "badagent", "Tell the developers of wanddns."},
    {RECORD_REFUSED, NULL, "third time in a row", "Does something else update this name? Stop that" AFTERWARDS},
    {RECORD_REFUSED, NULL, "instead of the address",
     "Is a proxy between, or does the provider take the address that it sees? When that is set right: wanddns update "
     "HOST"},
    {RECORD_REFUSED, NULL, "the password is wrong", "Set username and password" OF_SECTION},
    {RECORD_REFUSED, NULL, "whole name", "Set hostname" OF_SECTION},
    {RECORD_REFUSED, NULL, "is wrong", "Set what is wrong right in its section" RELOAD},
    {RECORD_REFUSED, NULL, "forbids", RIGHTS},
    {RECORD_REFUSED, NULL, "may not", RIGHTS},
    {RECORD_REFUSED, NULL, "no right", RIGHTS},
    {RECORD_REFUSED, NULL, "not allowed", RIGHTS},
    {RECORD_REFUSED, NULL, "no such", "Set its section right" RELOAD ". Or create it at the provider's" AFTERWARDS},
    {RECORD_REFUSED, NULL, "another account", "Set hostname or the login" OF_SECTION},
    {RECORD_REFUSED, NULL, "not activated", "Activate the name at the provider's" AFTERWARDS},
    {RECORD_REFUSED, NULL, "unblocked", "When it is unblocked: wanddns update HOST"},
    {RECORD_REFUSED, NULL, "does not include", "Add the feature at the provider's" AFTERWARDS},
    {RECORD_REFUSED, NULL, NULL, "Set it right in its section" RELOAD ". Or at the provider's" AFTERWARDS},
};

const char *advice_for_record(enum record_state state, const char *text)
{
    const char *stage = advice_stage(state, text);

    if (state == RECORD_UPDATING)
        state = RECORD_WAITING; /* that is under way once more, and failed before */
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
        "source = echo:NAME (wanddns providers) publishes what others see; allow-private = yes this address.";
    static const char *const out_of_reach =
        "The Internet does not reach this range; allow-private = yes publishes it all the same.";
    static const char *const texts[REASON_CHOSEN] = {
        [REASON_NO_ROUTE] = "Is the uplink up (ip route)? family = ipv4 or ipv6 leaves the other family out.",
        [REASON_NO_INTERFACE] = "Is the key interface right (ip link)?",
        [REASON_LINK_DOWN] = "See to the line of this interface.",
        [REASON_NO_ADDRESS] =
            "See to what gives it an address (DHCP, PPPoE); family = ipv4 or ipv6 leaves the other family out.",
        [REASON_LINK_LOCAL] = "See to what gives it an address; family = ipv4 or ipv6 leaves the other family out.",
        [REASON_SPECIAL] = out_of_reach,
        [REASON_ULA] = out_of_reach,
        [REASON_PRIVATE] = behind_nat,
        [REASON_CARRIER_NAT] = behind_nat,
        [REASON_NOT_GLOBAL] = "The kernel's scope of the address says that it is for this link only.",
        [REASON_NO_MATCH] = "Is the key match right?",
        [REASON_DAD_FAILED] = "Find the other host that has this address.",
        [REASON_TENTATIVE] = "Nothing is to be done: the kernel is still checking it.",
        [REASON_DEPRECATED] = "A router has to announce another prefix, or this one anew.",
        [REASON_TEMPORARY] = "temporary = yes publishes it.",
        [REASON_ASKING] = "Nothing is to be done: the answer is awaited.",
        [REASON_SILENT] = "Is the key source right, and can it be reached?",
        [REASON_BAD_ANSWER] = "Is the key source right?",
        [REASON_DISAGREE] = "See which way each of the services is reached.",
        [REASON_NO_ROOM] = "prefix-length says how long the delegated prefix is.",
    };

    return reason < REASON_CHOSEN ? texts[reason] : NULL;
}
