/* draft: a configuration of ours that is made of another client's file.
 *
 * It holds the words of that file; each is carried over, or a note says why not. Sections with the same login become
 * one. All texts belong to the draft. */
#ifndef WANDDNS_DRAFT_H
#define WANDDNS_DRAFT_H

#include "definition.h"

enum { DRAFT_SECTIONS = 500 }; /* more are not to be added */
/* key = value in a file of theirs. */
struct draft_word {
    const char *key, *value; /* value: NULL for something that is no setting, which key names */
    const char *file, *note; /* note: NULL without one */
    int line;
    size_t order;              /* in the file */
    bool secret, at_top, done; /* no note shows the value; its note stands at the top; carried over, or noted */
};

struct draft_words {
    struct draft_word **list;
    size_t count;
};

struct draft_list {
    const char **list;
    size_t count;
};

/* Where the addresses of a family are looked for; all NULL: as the kernel has it. */
struct draft_place {
    const char *interface, *source, *remark, *interval; /* remark: on source */
    bool allow_private;
};

struct draft_name {
    const char *name;
    enum ip_families families;
    struct draft_place v4, v6; /* of the families */
};
enum draft_value { DRAFT_USERNAME, DRAFT_PASSWORD, DRAFT_ZONE, DRAFT_TTL, DRAFT_SERVER, DRAFT_URL, DRAFT_VALUES };

/* One login. Without a provider it is none, and stands only for its notes. */
struct draft_section {
    const char *provider, *label;  /* label may be NULL */
    struct definition *definition; /* held by it */
    const char *values[DRAFT_VALUES];
    struct draft_list options, answers;
    struct draft_words notes;
    struct draft_name *names;
    size_t name_count;
};

struct draft {
    const char *client, *file, *user, *ca_file, *on_change, *hint;
    struct draft_list texts;
    struct draft_words words, notes; /* all, and those with notes at the top */
    struct draft_section **sections;
    size_t section_count, lost; /* lost: how many words had to be left out */
};

struct draft *draft_new(const char *client, const char *file);
void draft_free(struct draft *draft);
/* A copy (of NULL: NULL), or a text in the manner of printf(3). */
const char *draft_text(struct draft *draft, const char *text);
const char *draft_format(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Each adds one: a copy of a word, with its texts; a section without a login; a name, of which only the families count
 * that it has not yet. */
void draft_add(struct draft_list *list, const char *text);
struct draft_word *draft_word(struct draft *draft, const struct draft_word *word);
struct draft_section *draft_section(struct draft *draft);
void draft_name(struct draft_section *section, const struct draft_name *name);
/* The last section joins an earlier one that has the same login; the one in which its names are now. */
struct draft_section *draft_join(struct draft *draft);

/* Says once, in a section or (NULL) at the top, why a word is not carried over. lost: something is missing without it;
 * otherwise nothing is said of a word that is carried over elsewhere. */
void draft_note(struct draft *draft, struct draft_section *section, struct draft_word *word, bool lost, const char *why,
                ...) __attribute__((format(printf, 5, 6)));
#endif
