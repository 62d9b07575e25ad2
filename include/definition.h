/* definition: a provider as data.
 *
 * One file NAME.conf each, in the grammar of the configuration. It is checked completely when read; what is in the
 * struct needs no further checks. src/README says how to write one. */
#ifndef WANDDNS_DEFINITION_H
#define WANDDNS_DEFINITION_H

#include "tree.h"

#include <stdbool.h>
#include <stdint.h>

enum definition_verdict {
    DEFINITION_DONE,
    DEFINITION_UNCHANGED,
    DEFINITION_AGAIN,
    DEFINITION_REFUSED,         /* for this name */
    DEFINITION_REFUSED_ACCOUNT, /* for all names of the login */
};

enum definition_match {
    DEFINITION_WORD,   /* the first word of a line */
    DEFINITION_TEXT,   /* anywhere in an answer with a 2xx status */
    DEFINITION_STATUS, /* a range of HTTP statuses */
};

struct definition_rule {
    enum definition_match match;
    char *text; /* the word or the text */
    int status_low, status_high;
    enum definition_verdict verdict;
    uint64_t after_ms; /* again: not before this time; 0 when the definition does not say */
    char *means;       /* the verdict in plain words, or NULL */
};

/* One request. Its URL begins with {server}; NULL: there is no such step. */
struct definition_step {
    char *url; /* a template, as are the pairs of the query */
    char **query;
    size_t query_count;
    bool basic;   /* HTTP Basic authentication with username and password */
    char *member; /* of step address: where in a JSON answer the address stands, as in struct rule_service */
};

struct definition {
    char *name;
    char *title;
    char *site;
    char *server; /* base of the URL, NULL when the configuration must give it */
    bool needs_username;
    bool needs_password;
    size_t names_max;   /* names in one request */
    bool both_families; /* A and AAAA of a name in one request */
    bool many_values;   /* several addresses of a family for one name */
    struct definition_step update;
    struct definition_step delete;  /* takes the record of one family away */
    struct definition_step address; /* of an address echo service: asks for our own address */
    struct definition_rule *rules;  /* the first that fits counts */
    size_t rule_count;
};

/* Finds and reads the definition. NULL after a fault: of the file, or, when there is no such provider, a fault at
 * file:line (the place that names it) with the nearest name that exists. The caller frees it. */
struct definition *definition_load(const char *name, const char *file, int line, tree_fault_fn *fault, void *arg);
void definition_free(struct definition *definition);

/* The same from one file. */
struct definition *definition_read(const char *name, const char *path, tree_fault_fn *fault, void *arg);

/* The whole URL of step address, which the caller frees. */
char *definition_address_url(const struct definition *definition);

#endif
