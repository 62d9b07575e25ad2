/* template: text with {placeholders}.
 *
 * A placeholder is a brace, a letter, and so on to the closing brace; other braces are what they are, so that JSON can be
 * written. A value is escaped by the place where it stands, so it can never break out of it. One that is marked secret
 * appears by its name, never by its value, when the text is meant for people. */
#ifndef WANDDNS_TEMPLATE_H
#define WANDDNS_TEMPLATE_H

#include "buf.h"

#include <stdbool.h>

struct template_value {
    const char *text; /* NULL: not set */
    bool secret;
    bool macro; /* the text is a template itself, by the author of the one around it */
    bool ready; /* the text is made for its place already */
};

/* Where values come from: the one of this name, or one that is not set. */
typedef struct template_value template_find_fn(void *arg, const char *name);

struct template_source {
    template_find_fn *find;
    void *arg;
};

/* The first fault as a text that the caller frees: a placeholder that is_known() denies, or one that is not closed;
 * NULL when all is well. */
char *template_fault(const char *text, bool (*is_known)(void *arg, const char *name), void *arg);

/* Does each placeholder of the text have a value? */
bool template_is_set(const char *text, const struct template_source *source);

/* Adds the expansion to out. Placeholders without a value leave nothing. With show, secrets stay as {name}. */
void template_expand(struct buf *out, const char *text, const struct template_source *source, enum buf_place place,
                     bool show);

/* The same for a JSON text: a string with a placeholder that has no value becomes null, or empty when it is the name of
 * a member, and a placeholder outside of strings whose value is no number, true or false becomes null, too. */
void template_expand_json(struct buf *out, const char *text, const struct template_source *source, bool show);

/* Does the placeholder stand outside of strings in this JSON text, and is a value one that may stand there? */
bool template_is_bare(const char *text, const char *name);
bool template_is_literal(const char *text);

#endif
