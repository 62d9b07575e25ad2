/* import_login: a login at a provider, in words of another client, as a section of a draft. */
#ifndef WANDDNS_IMPORT_LOGIN_H
#define WANDDNS_IMPORT_LOGIN_H

#include "dialect.h"
#include "draft.h"

struct import_login {
    struct draft *draft;
    struct dialect *dialect;
    const char *provider, *label; /* ours; label may be NULL */
    const char *server, *url;     /* NULL: as the definition has it */
    const char *zone;             /* NULL: as the dialect has it */
    struct draft_list answers;    /* of the custom provider */
    struct draft_words words;     /* what their file says of it */
    enum ip_families families;
    struct draft_place v4, v6;
};

/* The last word with this key, or NULL; the same, if its value is not empty; whether it says yes, or what is preset. */
struct draft_word *import_find(const struct draft_words *words, const char *key);
struct draft_word *import_given(const struct draft_words *words, const char *key);
bool import_flag(const struct draft_words *words, const char *key, bool preset);

/* The word, if there is one, is carried over. */
void import_carry(struct draft_word *word);

/* The definition, which the caller frees; NULL after a fault of its file. */
struct definition *import_definition(const struct draft *draft, const char *name);

/* Adds the name that host has as its value, under this login, to the draft, and returns its section; NULL when it cannot
 * be carried over. What cannot is noted; words of which nothing is known here stay as they are. */
struct draft_section *import_login(const struct import_login *login, struct draft_word *host);

/* Notes words that nobody made use of, by what the dialect says of them, or why, if that is not NULL, is said of all.
 * section may be NULL. */
void import_rest(struct draft *draft, const struct dialect *dialect, struct draft_section *section,
                 const struct draft_words *words, const char *why);

/* The section for notes of what is of no login. */
struct draft_section *import_aside(struct draft *draft);

#endif
