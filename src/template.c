#include "template.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

static bool is_name(const char *name, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(word, name, length) == 0;
}

static bool is_listed(const char *name, size_t length, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_name(name, length, names[i]))
            return true;
    return false;
}

char *template_fault(const char *text, const char *const *names, size_t count)
{
    struct buf why = {0};

    for (const char *at = text; *at; at++) {
        size_t length = strcspn(at + (*at == '{'), "{}");

        if (*at == '}' || (*at == '{' && at[1 + length] != '}')) {
            buf_addf(&why, "a brace stands alone in '%s'", text);
            return buf_take(&why);
        }
        if (*at != '{')
            continue;
        if (!is_listed(at + 1, length, names, count)) {
            buf_addf(&why, "unknown placeholder {%.*s}", (int)length, at + 1);
            return buf_take(&why);
        }
        at += length + 1;
    }
    return NULL;
}

static const struct template_value *find(const struct template_value *values, const char *name, size_t length)
{
    while (values->name && !is_name(name, length, values->name))
        values++;
    return values->name ? values : NULL;
}

bool template_is_set(const char *text, const struct template_value *values)
{
    while ((text = strchr(text, '{'))) {
        const struct template_value *value = find(values, text + 1, strcspn(text + 1, "}"));

        if (!value || !value->value)
            return false;
        text++;
    }
    return true;
}

void template_expand(struct buf *out, const char *text, const struct template_value *values, enum buf_place place,
                     bool show)
{
    while (*text) {
        size_t plain = strcspn(text, "{");
        size_t length;
        const struct template_value *value;

        buf_add_n(out, text, plain);
        text += plain;
        if (!*text)
            return;
        length = strcspn(text + 1, "}");
        value = find(values, text + 1, length);
        if (show && value && value->secret)
            buf_add_n(out, text, length + 2);
        else if (value && value->value)
            buf_add_escaped(out, value->value, place);
        text += length + 1;
        text += *text == '}';
    }
}
