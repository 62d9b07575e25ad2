#include "template.h"

#include "mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64, MACRO_DEPTH = 4, LONGEST_NUMBER = 18 /* that libjansson reads */ };

/* The length of the placeholder that begins here, 0 when there is none. */
static size_t placeholder_length(const char *text)
{
    size_t length;

    if (text[0] != '{' || !islower((unsigned char)text[1]))
        return 0;
    length = 1 + strspn(text + 1, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length < NAME_SIZE && text[length] == '}' ? length + 1 : 0;
}

static void copy_name(const char *text, size_t length, char *name)
{
    memcpy(name, text + 1, length - 2);
    name[length - 2] = '\0';
}

char *template_fault(const char *text, bool (*is_known)(void *arg, const char *name), void *arg)
{
    struct buf why = {0};
    char name[NAME_SIZE];

    while ((text = strchr(text, '{'))) {
        size_t length = placeholder_length(text);

        if (!length && islower((unsigned char)text[1])) {
            buf_addf(&why, "this is no placeholder: %.*s", (int)(1 + strcspn(text + 1, "{} ")), text);
            return buf_take(&why);
        }
        if (length)
            copy_name(text, length, name);
        if (length && !is_known(arg, name)) {
            buf_addf(&why, "unknown placeholder {%s}", name);
            return buf_take(&why);
        }
        text++;
    }
    return NULL;
}

static bool is_set(const char *text, size_t length, const struct template_source *source, int depth)
{
    const char *end = text + length;
    char name[NAME_SIZE];

    for (; text < end; text++) {
        size_t used = placeholder_length(text);
        struct template_value value;

        if (!used)
            continue;
        copy_name(text, used, name);
        value = source->find(source->arg, name);
        if (!value.text || (value.macro && depth && !is_set(value.text, strlen(value.text), source, depth - 1)))
            return false;
    }
    return true;
}

bool template_is_set(const char *text, const struct template_source *source)
{
    return is_set(text, strlen(text), source, MACRO_DEPTH);
}

static void expand(struct buf *out, const char *text, size_t length, const struct template_source *source,
                   enum buf_place place, bool show, int depth)
{
    const char *end = text + length;
    char name[NAME_SIZE];

    while (text < end) {
        size_t used = placeholder_length(text);
        struct template_value value;

        if (!used) {
            size_t plain = strcspn(text + 1, "{") + 1;

            plain = plain < (size_t)(end - text) ? plain : (size_t)(end - text);
            buf_add_n(out, text, plain);
            text += plain;
            continue;
        }
        copy_name(text, used, name);
        value = source->find(source->arg, name);
        if (show && (value.secret || !value.text))
            buf_add_n(out, text, used);
        else if (value.text && value.macro && depth)
            expand(out, value.text, strlen(value.text), source, place, show, depth - 1);
        else if (value.text)
            buf_add_escaped(out, value.text, value.ready ? BUF_RAW : place);
        text += used;
    }
}

void template_expand(struct buf *out, const char *text, const struct template_source *source, enum buf_place place,
                     bool show)
{
    expand(out, text, strlen(text), source, place, show, MACRO_DEPTH);
}

/* From the opening quote to behind the closing one. */
static size_t string_length(const char *text)
{
    size_t length = 1;

    while (text[length] && text[length] != '"')
        length += text[length] == '\\' && text[length + 1] ? 2 : 1;
    return length + (text[length] != '\0');
}

/* A number without exponent, true or false (RFC 8259). */
bool template_is_literal(const char *text)
{
    const char *number = text + (*text == '-');
    size_t digits = strspn(number, "0123456789"),
           decimals = number[digits] == '.' ? strspn(number + digits + 1, "0123456789") : 0;

    if (decimals)
        decimals++;
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
           (digits && digits <= LONGEST_NUMBER && !number[digits + decimals] && (number[0] != '0' || digits == 1));
}

/* A string that became null turns out to be the name of a member, which can only be a string. The text of a macro may
 * end between them. */
static void mend_name(struct buf *out)
{
    static const char none[] = "null";
    size_t end = out->length, length = strlen(none);

    while (end && strchr(" \t\r\n", out->text[end - 1]))
        end--;
    if (end >= length && memcmp(out->text + end - length, none, length) == 0)
        memcpy(out->text + end - length, "\"\"  ", length);
}

static void expand_json(struct buf *out, const char *text, const struct template_source *source, bool show, int depth)
{
    char name[NAME_SIZE];

    while (*text) {
        size_t used = placeholder_length(text);
        struct template_value value;

        if (*text == '"') {
            used = string_length(text);
            if (is_set(text, used, source, MACRO_DEPTH))
                expand(out, text, used, source, BUF_JSON, show, MACRO_DEPTH);
            else
                buf_add(out, "null");
        } else if (!used) {
            used = 1;
            if (*text == ':')
                mend_name(out);
            buf_add_n(out, text, used);
        } else {
            copy_name(text, used, name);
            value = source->find(source->arg, name);
            if (show && value.secret)
                buf_add_n(out, text, used);
            else if (value.text && value.macro && depth)
                expand_json(out, value.text, source, show, depth - 1);
            else
                buf_add(out, value.text && (value.ready || template_is_literal(value.text)) ? value.text : "null");
        }
        text += used;
    }
}

void template_expand_json(struct buf *out, const char *text, const struct template_source *source, bool show)
{
    expand_json(out, text, source, show, MACRO_DEPTH);
}

bool template_is_bare(const char *text, const char *name)
{
    char other[NAME_SIZE];

    while (*text) {
        size_t used = *text == '"' ? string_length(text) : placeholder_length(text);

        if (*text != '"' && used) {
            copy_name(text, used, other);
            if (strcmp(other, name) == 0)
                return true;
        }
        text += used ? used : 1;
    }
    return false;
}
