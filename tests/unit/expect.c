#include "expect.h"

#include "unit.h"

#include <strings.h>

static const char *header_of(const struct wire_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

/* In a pattern * stands for any text. */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *from = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

void expect_differ(struct buf *why, const char *what, const char *expected, const char *came)
{
    buf_addf(why, "%s\n    expected  %s\n    came      %s", what, expected ? expected : "(nothing)",
             came ? came : "(nothing)");
}

/* The first header that is not as expected: its line, or 0. */
static int compare_headers(const struct transcript_exchange *exchange, const struct wire_request *request,
                           struct buf *why)
{
    const char *came = header_of(request, "Authorization");
    bool listed = false;

    for (size_t i = 0; i < exchange->header_count; i++) {
        const struct transcript_header *header = &exchange->headers[i];
        const char *value = header_of(request, header->name);

        listed |= strcasecmp(header->name, "Authorization") == 0;
        if (header->value ? value && fits(header->value, value) : !value)
            continue;
        expect_differ(why, header->name, header->value, value);
        return header->line;
    }
    if (came && !listed)
        expect_differ(why, "Authorization", NULL, came);
    return came && !listed ? exchange->line : 0;
}

int expect_compare(const struct transcript_exchange *exchange, const struct wire_request *request, struct buf *why)
{
    struct buf expected = {0}, came = {0};
    const char *body = exchange->body ? exchange->body : "";
    bool same;
    int line;

    buf_addf(&expected, "%s %s", exchange->method, exchange->url);
    buf_addf(&came, "%s %s", request->method, request->url);
    same = fits(expected.text, came.text);
    if (!same)
        expect_differ(why, "another request", expected.text, came.text);
    buf_free(&expected);
    buf_free(&came);
    if (!same)
        return exchange->line;
    if (exchange->family != request->family) {
        expect_differ(why, "the family of the connection", exchange->family ? ip_family_name(exchange->family) : "any",
                      request->family ? ip_family_name(request->family) : "any");
        return exchange->line;
    }
    line = compare_headers(exchange, request, why);
    if (line || fits(body, request->body))
        return line;
    expect_differ(why, "another body", *body ? body : NULL, *request->body ? request->body : NULL);
    return exchange->body_line ? exchange->body_line : exchange->line;
}

/* Lines in the syntax of a transcript. */
static void add_lines(struct buf *out, const char *mark, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        buf_addf(out, "%s %.*s\n", mark, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

char *expect_request(const struct wire_request *request)
{
    static const char *const usual[] = {"Host", "User-Agent", "Accept", "Content-Length"};
    struct buf out = {0};

    buf_addf(&out, "> %s %s\n", request->method, request->url);
    if (request->family)
        buf_addf(&out, "> over %s\n", ip_family_name(request->family));
    for (size_t i = 0; i < request->header_count; i++) {
        bool is_usual = false;

        for (size_t j = 0; j < COUNT(usual); j++)
            is_usual |= strcasecmp(usual[j], request->headers[i].name) == 0;
        if (!is_usual)
            buf_addf(&out, "> %s: %s\n", request->headers[i].name, request->headers[i].value);
    }
    if (*request->body)
        buf_add(&out, ">\n");
    add_lines(&out, ">", request->body);
    return buf_take(&out);
}

char *expect_answer(const struct transcript_exchange *exchange)
{
    struct buf out = {0};

    if (exchange->status)
        buf_addf(&out, "< %d", exchange->status);
    else
        buf_add(&out, "< drop");
    for (size_t i = 0; i < exchange->answer_header_count; i++)
        buf_addf(&out, " | %s: %s", exchange->answer_headers[i].name, exchange->answer_headers[i].value);
    buf_add(&out, "\n");
    add_lines(&out, "<", exchange->answer ? exchange->answer : "");
    return buf_take(&out);
}
