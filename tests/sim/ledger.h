/* The observer's books: the logins and records of the configuration, and what is known of each by requests and answers
 * alone. */
#ifndef WANDDNS_TESTS_LEDGER_H
#define WANDDNS_TESTS_LEDGER_H

#include "config.h"
#include "fake_http.h"
#include "ipset.h"

enum {
    LEDGER_SENT = 64, /* requests of a login that are remembered for its budget */
    LEDGER_RULES = 16,
};

/* What a refusal is due to: it holds, or held until then. What the program wrote down meanwhile may come back. */
struct cause {
    bool holds;
    uint64_t until_ms;
};

struct login {
    char *id, *server, *username, *definition;
    char *section; /* its text, without blanks, quotes and comments */
    uint64_t gap_ms, budget_ms, refresh_ms, pause_911_ms, pause_429_ms; /* of the definition */
    unsigned long budget;
    bool both_required, single_step;
    struct {
        int low, high;
    } refusing[LEDGER_RULES]; /* statuses that say no for good */
    size_t refusing_count;
    bool configured;
    /* What was seen. */
    struct cause cause; /* for all of its records */
    bool locked;
    uint64_t locked_ms;
    uint64_t not_before_ms, told_ms; /* a wait for all, and when it was told */
    uint64_t gap_from_ms;            /* of the last request that may have arrived */
    size_t open;
    struct sent {
        size_t number;
        uint64_t ms;
    } * sent; /* the last requests that have arrived, or may have */
    size_t sent_count;
};

/* A record: a name and a family of a login. */
struct key {
    struct login *login;
    char *name;
    int family;
    bool configured;
    /* What was seen. */
    struct ip_set published; /* as the provider said */
    bool certain;            /* it did, and nothing since casts doubt on it */
    bool owed;   /* it may go once more though nothing changed: the operator wants it, or its section changed */
    bool wanted; /* the operator named it: it may go though its login is to rest */
    uint64_t said_ms;
    unsigned unchanged; /* times in a row that nothing but this was said, without a change */
    struct cause cause;
    bool locked;
    uint64_t locked_ms;
    size_t open;               /* the request that is under way, or 0 */
    unsigned failures, losses; /* in a row, of the provider and of the network */
    uint64_t not_before_ms, told_ms;
    uint64_t lost_ms;  /* when the network failed last */
    uint64_t freed_ms; /* when something happened that ends a wait for it */
    unsigned long writes, causes;
};

/* What a request is about. */
struct about {
    struct login *login; /* NULL: of nobody */
    struct key **keys;
    size_t count;
    struct ip_set ip4, ip6; /* empty: nothing is written, but perhaps deleted */
    char *text;             /* "home.example.org 203.0.113.7,2001:db8::7" */
};

void ledger_begin(void);
void ledger_end(void);

/* Notes what the configuration has, of which text is the whole text. */
void ledger_configure(const struct config *config, const char *text);

/* All that were ever seen, in order; NULL past the end. */
struct login *ledger_login(size_t index);
struct key *ledger_key(size_t index);
struct key *ledger_find(const struct login *login, const char *name, int family);

/* Nothing is refused any more for what it was. */
void ledger_lift(struct cause *cause);

/* Reads a request as anybody could who knows the configuration. */
struct about *ledger_read(const struct fake_request *request);
void ledger_free_about(struct about *about);

const struct ip_set *ledger_addresses(const struct about *about, const struct key *key);

#endif
