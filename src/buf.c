#include "buf.h"

#include "mem.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Grows by hand instead of realloc(3), which would leave a copy of a secret in freed memory. */
static void reserve(struct buf *buf, size_t more)
{
    size_t need = buf->length + more + 1;
    size_t size = buf->size ? buf->size : 32;
    char *text;

    if (need <= buf->size)
        return;
    while (size < need)
        size *= 2;
    text = mem_alloc(size);
    if (buf->text)
        memcpy(text, buf->text, buf->length);
    mem_wipe(buf->text);
    buf->text = text;
    buf->size = size;
}

void buf_add_n(struct buf *buf, const char *text, size_t length)
{
    reserve(buf, length);
    memcpy(buf->text + buf->length, text, length);
    buf->length += length;
    buf->text[buf->length] = '\0';
}

void buf_add(struct buf *buf, const char *text)
{
    buf_add_n(buf, text, strlen(text));
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int length;

    reserve(buf, 32);
    va_start(args, format);
    length = vsnprintf(buf->text + buf->length, buf->size - buf->length, format, args);
    va_end(args);
    if (length > 0 && (size_t)length >= buf->size - buf->length) {
        reserve(buf, (size_t)length);
        va_start(args, format);
        vsnprintf(buf->text + buf->length, (size_t)length + 1, format, args);
        va_end(args);
    }
    if (length > 0)
        buf->length += (size_t)length;
}

/* The unreserved characters of RFC 3986 section 2.3, and what each place allows besides. */
static bool stays(unsigned char c, enum buf_place place)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return true;
    return c && strchr(place == BUF_QUERY ? "-._~,:*" : place == BUF_PATH ? "-._~:@*" : "-._~", c) != NULL;
}

/* The length of the UTF-8 sequence at s (RFC 3629), 0 when there is none that may be shown. */
static size_t utf8_length(const unsigned char *s)
{
    static const unsigned char lead_mask[] = {0, 0, 0x1f, 0x0f, 0x07};
    static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    unsigned long code = s[0] & lead_mask[length];

    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    /* C1 controls, overlong forms, surrogates, the bidirectional overrides, and what lies past the end of Unicode. */
    if (code < 0xa0 || code < least[length] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff ||
        (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
        return 0;
    return length;
}

static size_t plain_length(const char *text)
{
    size_t length = 0;

    while (text[length] >= ' ' && text[length] < 0x7f)
        length++;
    return length;
}

static void add_for_print(struct buf *buf, const char *text)
{
    while (*text) {
        size_t length = plain_length(text);

        if (!length)
            length = utf8_length((const unsigned char *)text);
        if (length)
            buf_add_n(buf, text, length);
        else
            buf_addf(buf, "\\x%02x", (unsigned char)*text);
        text += length ? length : 1;
    }
}

static void add_for_url(struct buf *buf, const char *text, enum buf_place place)
{
    while (*text) {
        size_t length = 0;

        while (stays((unsigned char)text[length], place))
            length++;
        buf_add_n(buf, text, length);
        text += length;
        if (*text)
            buf_addf(buf, "%%%02X", (unsigned char)*text++);
    }
}

static void add_character(struct buf *buf, char c, enum buf_place place)
{
    static const char special[] = "&<>\"'", *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    bool is_control = (unsigned char)c < ' ' || c == 0x7f;

    if ((place == BUF_REGEX && strchr("^.[]$()|*+?{}\\", c)) || (place == BUF_JSON && strchr("\"\\", c)))
        buf_addf(buf, "\\%c", c);
    else if (place == BUF_JSON && is_control)
        buf_addf(buf, "\\u%04x", (unsigned)(unsigned char)c);
    else if (place == BUF_XML && strchr(special, c))
        buf_add(buf, entities[strchr(special, c) - special]);
    else if (place == BUF_JSON || place == BUF_REGEX || !is_control) /* XML and headers have no control characters */
        buf_add_n(buf, &c, 1);
}

void buf_add_escaped(struct buf *buf, const char *text, enum buf_place place)
{
    if (place == BUF_RAW)
        buf_add(buf, text);
    else if (place == BUF_PRINT)
        add_for_print(buf, text);
    else if (place == BUF_PATH || place == BUF_QUERY || place == BUF_STRICT)
        add_for_url(buf, text, place);
    else
        for (; *text; text++)
            add_character(buf, *text, place);
}

void buf_add_base64(struct buf *buf, const void *data, size_t length)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = data;

    for (size_t i = 0; i < length; i += 3) {
        unsigned bits = 0;
        char four[4] = {'=', '=', '=', '='};

        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < length ? bytes[i + j] : 0U);
        for (size_t j = 0; j <= (length - i < 3 ? length - i : 3); j++)
            four[j] = alphabet[bits >> (18 - 6 * j) & 63];
        buf_add_n(buf, four, sizeof four);
    }
}

const char *buf_text(const struct buf *buf)
{
    return buf->text ? buf->text : "";
}

char *buf_take(struct buf *buf)
{
    char *text = buf->text ? buf->text : mem_string("");

    *buf = (struct buf){0};
    return text;
}

void buf_free(struct buf *buf)
{
    mem_wipe(buf->text);
    *buf = (struct buf){0};
}
