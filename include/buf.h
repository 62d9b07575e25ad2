/* buf: a string that grows, and the only place that escapes.
 *
 * A zeroed struct buf is an empty one. text is NULL until something was added, then always ends in NUL. */
#ifndef WANDDNS_BUF_H
#define WANDDNS_BUF_H

#include <stddef.h>

struct buf {
    char *text;
    size_t length;
    size_t size;
};

/* Where a value is going to stand, which decides what may not stand there unescaped. */
enum buf_place {
    BUF_RAW,    /* as it is */
    BUF_PATH,   /* one segment of a URL path (RFC 3986 section 3.3); ':' '@' and '*' stay */
    BUF_QUERY,  /* a name or value in a URL query; ',' ':' and '*' stay, as DDNS servers expect to read them */
    BUF_STRICT, /* the same, with all but the unreserved characters as %XX: what is signed must be the same everywhere */
    BUF_JSON,   /* inside a JSON string (RFC 8259 section 7) */
    BUF_XML,    /* character data and attribute values */
    BUF_REGEX,  /* a literal in an extended regular expression (regex(7)) */
    BUF_HEADER, /* the value of an HTTP header field: control characters are left out */
    BUF_PRINT,  /* for people: control characters and bytes that are not UTF-8 become \xNN */
};

void buf_add(struct buf *buf, const char *text);
void buf_add_n(struct buf *buf, const char *text, size_t length);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_escaped(struct buf *buf, const char *text, enum buf_place place);

/* In the alphabet of RFC 4648 section 4. */
void buf_add_base64(struct buf *buf, const void *data, size_t length);

/* The text, "" when empty; belongs to the buffer. */
const char *buf_text(const struct buf *buf);

/* The text, which the caller now owns ("" when empty); the buffer is empty afterwards. */
char *buf_take(struct buf *buf);

/* Frees the text after overwriting it: a buffer may have held a secret. */
void buf_free(struct buf *buf);

#endif
