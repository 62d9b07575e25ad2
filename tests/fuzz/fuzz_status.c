/* The lines that a daemon answers with, as all commands show them. Before them stands one byte: the width of the
 * terminal. */
#include "fuzz.h"

#include "explain.h"
#include "json.h"
#include "status.h"
#include "trouble.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_WIDTH = 20 };

/* What is shown never steers a terminal, and a paragraph fits it. */
static void look(struct page *page)
{
    for (size_t i = 0; i < page->text.length; i++)
        assert((unsigned char)page->text.text[i] >= ' ' || page->text.text[i] == '\n');
    buf_free(&page->text);
}

static void show(const struct reply *reply, size_t width)
{
    struct page page = {.width = width};
    char *json;

    status_show(reply, &page);
    look(&page);
    explain_show(reply, &page);
    look(&page);
    trouble_tell(reply, &page);
    look(&page);
    json = status_json(reply);
    json_free(json_parse(json, strlen(json)));
    free(json);
    status_is_well(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reply *reply = reply_new();
    struct page page = {.width = LEAST_WIDTH};
    size_t at = 1;

    while (at < size) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t length = end ? (size_t)(end - data) - at : size - at;
        struct json_t *line = json_parse((const char *)data + at, length);

        if (line && *reply_word(line, "line")) {
            reply_add(reply, line);
            explain_transition(line, &page);
            look(&page);
        }
        json_free(line);
        at += length + 1;
    }
    if (reply_line(reply, REPLY_STATUS, 0))
        show(reply, LEAST_WIDTH + data[0]);
    reply_free(reply);
    return 0;
}
