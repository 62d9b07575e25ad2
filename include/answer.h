/* answer: what is read from an answer, and the rules that say what it means. Both are parts of a definition.
 *
 * A SPEC says where a value stands: "a.b.0.c" a path into JSON ("." the thing itself), "/REGEX/" the first capture of an
 * extended regular expression (regex(7)) in the text, where ^ and $ are at lines, "header:NAME" a header field. */
#ifndef WANDDNS_ANSWER_H
#define WANDDNS_ANSWER_H

#include "fault.h"
#include "http.h"
#include "json.h"
#include "template.h"

enum answer_verdict {
    ANSWER_DONE,
    ANSWER_UNCHANGED,
    ANSWER_AGAIN,
    ANSWER_REFUSED,
    ANSWER_REFUSED_ACCOUNT, /* for all names of the login */
    ANSWER_ABSENT,          /* what was looked for is not there */
    ANSWER_REPEAT,          /* not finished: the same question once more */
};

enum answer_match {
    ANSWER_WORD,   /* the first word of a line */
    ANSWER_TEXT,   /* anywhere; may have placeholders */
    ANSWER_STATUS, /* a range of HTTP statuses */
    ANSWER_JSON,   /* what stands at a path */
};

struct answer_rule {
    enum answer_match match;
    char *text;    /* words or texts, alternatives with | between them; or the path */
    char *pattern; /* of fnmatch(3), alternatives with |; NULL: it is there, and not null, false or empty */
    int status_low, status_high;
    enum answer_verdict verdict;
    uint64_t after_ms; /* again: not before this time; 0 when the rule does not say */
    char *after_from;  /* SPEC of seconds or of a time since the epoch, or NULL */
    char *means;       /* the verdict in plain words, or NULL */
};

struct answer_rules {
    struct answer_rule *list;
    size_t count;
};

extern const struct tree_key answer_rule_keys[];

#define ANSWER_KEYS                                                                     \
    {"word", TREE_SECTION, answer_rule_keys}, {"text", TREE_SECTION, answer_rule_keys}, \
        {"status", TREE_SECTION, answer_rule_keys},                                     \
    {                                                                                   \
        "value", TREE_SECTION, answer_rule_keys                                         \
    }

/* Puts the rules of a section before those that are there. The caller gives them to answer_clear_rules(). */
void answer_read_rules(struct faults *faults, const struct tree_node *section, struct answer_rules *rules);
void answer_clear_rules(struct answer_rules *rules);

/* Adds a rule for a text that means success, behind the others. */
void answer_add_text(struct answer_rules *rules, const char *text);

/* What is wrong with a SPEC, as a text that the caller frees, or NULL. */
char *answer_spec_fault(const char *spec);

/* The value at a SPEC, which the caller frees, or NULL. A path begins at json; placeholders are only looked up in
 * regular expressions. */
char *answer_value(const struct http_answer *answer, const struct json_t *json, const char *spec,
                   const struct template_source *source);

bool answer_is_success(const struct http_answer *answer);

/* The first rule that fits; NULL when none does. line is the one for this name. */
const struct answer_rule *answer_find_rule(const struct answer_rules *rules, const struct http_answer *answer,
                                           const struct json_t *json, const char *line,
                                           const struct template_source *source);

/* Is there a rule, other than by status, that tells success? Then nothing else is. */
bool answer_tells_success(const struct answer_rules *rules);

#endif
