/* template: text with {placeholders}.
 *
 * A placeholder's escaping follows from where it stands, so a value can never break out of its place. A placeholder
 * that is marked secret appears by its name, never by its value, when the text is meant for people. */
#ifndef WANDDNS_TEMPLATE_H
#define WANDDNS_TEMPLATE_H

#include "buf.h"

#include <stdbool.h>

struct template_value {
    const char *name;
    const char *value; /* NULL: not set */
    bool secret;
};

/* The first placeholder in the text that is not among the count names, or a lone brace, as a text that the caller
 * frees; NULL when all is well. */
char *template_fault(const char *text, const char *const *names, size_t count);

/* Does each placeholder of the text have a value? values ends with a NULL name. */
bool template_is_set(const char *text, const struct template_value *values);

/* Adds the expansion to out. values ends with a NULL name; each placeholder of the text must be among them. With show,
 * secrets stay as {name}. */
void template_expand(struct buf *out, const char *text, const struct template_value *values, enum buf_place place,
                     bool show);

#endif
