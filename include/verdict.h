/* verdict: what an answer means for a name, in the words of the provider and in plain ones. */
#ifndef WANDDNS_VERDICT_H
#define WANDDNS_VERDICT_H

#include "values.h"

/* An answer to a step, being read. */
struct verdict_answer {
    const struct http_answer *http;
    struct json_t *json; /* NULL when it is no JSON */
    char **lines;        /* those that are not empty, without blanks around them */
    size_t line_count;
};

struct verdict {
    enum answer_verdict verdict;
    uint64_t after_ms; /* a wait that the server or the definition asked for, 0 without */
    bool is_unknown;   /* no rule fits, and it is no passing trouble */
    char *text;        /* one line: "good", or the stage, the provider's words, and what they mean */
};

/* http's stage is HTTP_DONE. The caller gives it to verdict_clear(). */
void verdict_read(const struct http_answer *http, struct verdict_answer *answer);
void verdict_clear(struct verdict_answer *answer);

/* The value at a SPEC, whose path or header may have placeholders; a path begins at json. The caller gives it to
 * mem_wipe(); NULL when there is none. */
char *verdict_value(const struct verdict_answer *answer, struct values *values, const struct json_t *json,
                    const char *spec);

/* For the item at this index; result->text is the caller's. Placeholders of regular expressions come from values. */
void verdict_judge(const struct verdict_answer *answer, struct values *values, const struct definition_step *step,
                   size_t index, struct verdict *result);

/* An address in the answer that was not sent, where this text is one: another one of a family that was, or loopback. */
bool verdict_is_other(const struct update_item *item, const char *text);

#endif
