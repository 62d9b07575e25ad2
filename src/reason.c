#include "reason.h"

#include <stdio.h>

/* The name of the interface stands between before and after. one is said of one address; what is only of an interface or
 * of an answer has none, and chosen says it all. */
static const struct {
    const char *word;
    const char *before;
    const char *after;
    const char *one;
} reasons[] = {
    [REASON_NO_ROUTE] = {"no-route", "there is no route to the Internet", "", NULL},
    [REASON_NO_INTERFACE] = {"no-interface", "there is no interface ", "", NULL},
    [REASON_LINK_DOWN] = {"link-down", "", " is down", NULL},
    [REASON_NO_ADDRESS] = {"no-address", "", " has no address", NULL},
    [REASON_LINK_LOCAL] = {"link-local", "", " has only a link-local address", "it is valid on its own link only"},
    [REASON_SPECIAL] = {"special", "", " has only an address of a special range", "it is of a special range"},
    [REASON_ULA] = {"ula", "", " has only a unique local address", "it is a unique local address"},
    [REASON_PRIVATE] = {"private", "", " has only a private address: it is behind another router's NAT",
                        "it is a private address"},
    [REASON_CARRIER_NAT] = {"carrier-nat", "", " has only a shared address: it is behind the carrier's NAT",
                            "it is of the range for carriers' NAT"},
    [REASON_NOT_GLOBAL] = {"not-global", "", " has only an address whose scope is not global",
                           "its scope is not global"},
    [REASON_NO_MATCH] = {"no-match", "", " has no address in a prefix of match", "it is in no prefix of match"},
    [REASON_DAD_FAILED] = {"dad-failed", "another host has the address of ", "", "another host has it"},
    [REASON_TENTATIVE] = {"tentative", "the address is still being checked for duplicates on ", "",
                          "it is still being checked for duplicates"},
    [REASON_DEPRECATED] = {"deprecated", "", " has only a deprecated address", "its preferred lifetime has run out"},
    [REASON_TEMPORARY] = {"temporary", "", " has only a temporary address", "it is one of privacy extensions"},
    [REASON_ASKING] = {"asking", "the source has not answered yet", "", NULL},
    [REASON_SILENT] = {"source-silent", "the source gives no answer", "", NULL},
    [REASON_BAD_ANSWER] = {"bad-answer", "the answer of the source is not one address of this family", "", NULL},
    [REASON_DISAGREE] = {"disagree", "the sources do not agree", "", NULL},
    [REASON_NO_ROOM] = {"no-room", "the host part does not fit behind the prefix of ", "", NULL},
    [REASON_OTHER] = {"other", "another address comes first on ", "", "it is fit, but not the first"},
    [REASON_CHOSEN] = {"chosen", "on ", "", NULL},
};

const char *reason_word(enum reason reason)
{
    return reasons[reason].word;
}

void reason_text(char *buffer, size_t size, enum reason reason, const char *name, const char *detail)
{
    bool nameless = reason == REASON_NO_ROUTE || (reason >= REASON_ASKING && reason <= REASON_DISAGREE);

    snprintf(buffer, size, "%s: %s%s%s%s%s", reasons[reason].word, reasons[reason].before, nameless ? "" : name,
             reasons[reason].after, detail ? ": " : "", detail ? detail : "");
}

void reason_text_of_one(char *buffer, size_t size, enum reason reason, const char *detail)
{
    const char *one = reasons[reason].one;

    snprintf(buffer, size, "%s%s%s%s%s", reasons[reason].word, one ? ": " : "", one ? one : "", detail ? ": " : "",
             detail ? detail : "");
}

bool reason_is_doubt(enum reason reason)
{
    return reason == REASON_TENTATIVE || (reason >= REASON_ASKING && reason <= REASON_NO_ROOM);
}
