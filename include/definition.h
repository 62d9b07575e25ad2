/* definition: a provider as data.
 *
 * One file NAME.conf each, which loader reads and proof checks completely: what is in the struct needs no further checks.
 * wanddns-providers(5) says how to write one, and what each key means. */
#ifndef WANDDNS_DEFINITION_H
#define WANDDNS_DEFINITION_H

#include "answer.h"
#include "digest.h"
#include "ip.h"

struct definition_list {
    char **list;
    size_t count;
};

enum definition_flow { DEFINITION_UPDATE = 1, DEFINITION_DELETE = 2 };
enum definition_scope { DEFINITION_NOWHERE, DEFINITION_ACCOUNT, DEFINITION_ZONE, DEFINITION_RECORD };

/* Texts are NULL when the file does not have the key; lists hold them as they are, such as "name=template". */
struct definition_step {
    char *title;
    int flows; /* DEFINITION_UPDATE | DEFINITION_DELETE */
    char *url, *method, *auth, *login;
    char *json, *xml, *body; /* at most one of these and form */
    struct definition_list query, form, headers;
    char *when, *unless, *each, *member, *members, *list, *suffix, *more, *must, *confirm, *expires;
    struct definition_list match, get;
    enum definition_scope keep;
    uint64_t every_ms;
    unsigned long times;
    struct answer_rules rules;
};

/* A placeholder of the definition's own, with a template for each family. */
struct definition_macro {
    char *name, *ipv4, *ipv6;
};

struct definition_sign {
    char *name, *key, *data; /* key: NULL for a digest alone */
    enum digest digest;
    bool base64;
};

struct definition {
    unsigned holders; /* besides the first */
    char *name, *title, *site, *maturity, *server, *server4, *server6, *auth, *login, *unmanaged, *apex, *words;
    struct definition_list headers, needs, options; /* options: "name" or "name=default" */
    bool both_families, both_required, many_values, connect_family, one_hostname, runs_program, takes_url;
    enum ip_families only;
    unsigned long names, redirects, ttl, ttl_min, ttl_max, ttl_unit, budget; /* 0: without */
    uint64_t gap_ms, budget_ms, refresh_ms, again_ms;
    struct definition_macro *macros;
    struct definition_sign *signs;
    struct definition_step *steps; /* in the order in which they are taken */
    size_t macro_count, sign_count, step_count;
    struct answer_rules rules;
};

/* For who needs it longer than its owner; each holder frees it. */
struct definition *definition_hold(struct definition *definition);
void definition_free(struct definition *definition);
void definition_clear_list(struct definition_list *list);

/* The step of this title, or NULL. */
const struct definition_step *definition_step(const struct definition *definition, const char *title);
/* Has it a step that publishes an address (an echo service has none, nor what others only build on), one that takes a
 * record away, one whose body holds records with addresses of their own, one that remembers what it found? */
bool definition_publishes(const struct definition *definition);
bool definition_deletes(const struct definition *definition);
bool definition_has_each(const struct definition *definition);
bool definition_keeps(const struct definition *definition);

/* The entry of a list "name", "name=text" with this name, or NULL; and what stands behind its sign, or NULL. */
const char *definition_find(const struct definition_list *list, const char *name);
const char *definition_text(const char *entry);

#endif
