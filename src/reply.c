#include "reply.h"

#include "json.h"
#include "mem.h"
#include "span.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const double most_number = 1e15; /* of a number: none that makes sense is larger, and it fits any type */

struct reply {
    json_t *lines[REPLY_OTHER + 1]; /* arrays */
};

static const char *const words[REPLY_OTHER] = {
    [REPLY_STATUS] = "status",
    [REPLY_UPLINK] = "uplink",
    [REPLY_ACCOUNT] = "account",
    [REPLY_RECORD] = "record",
    [REPLY_CANDIDATE] = "candidate",
    [REPLY_HISTORY] = "history",
    [REPLY_REMEMBERED] = "remembered",
    [REPLY_TRANSITION] = "transition",
    [REPLY_TEXT] = "text",
    [REPLY_ALIVE] = "alive",
    [REPLY_END] = "end",
};

enum reply_kind reply_kind(const struct json_t *line)
{
    const char *word = reply_word(line, "line");
    size_t kind = 0;

    while (kind < REPLY_OTHER && strcmp(words[kind], word) != 0)
        kind++;
    return (enum reply_kind)kind;
}

const char *reply_text(const struct json_t *line, const char *member)
{
    return json_string_value(json_object_get(line, member));
}

const char *reply_word(const struct json_t *line, const char *member)
{
    const char *text = reply_text(line, member);

    return text ? text : "";
}

int64_t reply_time(const struct json_t *line, const char *member)
{
    int64_t when_s;

    return span_parse(reply_word(line, member), &when_s) ? when_s : 0;
}

double reply_number(const struct json_t *line, const char *member)
{
    double number = json_number_value(json_at(line, member));

    return number > most_number ? most_number : number < 0 ? 0 : number;
}

bool reply_flag(const struct json_t *line, const char *member)
{
    return json_is_true(json_object_get(line, member));
}

const char *reply_element(const struct json_t *line, const char *member, size_t index)
{
    return json_string_value(json_array_get(json_object_get(line, member), index));
}

struct reply *reply_new(void)
{
    struct reply *reply = mem_alloc(sizeof *reply);

    for (size_t i = 0; i <= REPLY_OTHER; i++)
        reply->lines[i] = json_array();
    return reply;
}

void reply_free(struct reply *reply)
{
    for (size_t i = 0; i <= REPLY_OTHER; i++)
        json_decref(reply->lines[i]);
    free(reply);
}

void reply_add(struct reply *reply, struct json_t *line)
{
    json_array_append(reply->lines[reply_kind(line)], line);
}

const struct json_t *reply_line(const struct reply *reply, enum reply_kind kind, size_t index)
{
    return json_array_get(reply->lines[kind], index);
}

static bool is_same(const json_t *a, const json_t *b, const char *member)
{
    return strcmp(reply_word(a, member), reply_word(b, member)) == 0;
}

const struct json_t *reply_of(const struct reply *reply, enum reply_kind kind, const struct json_t *record,
                              size_t *index)
{
    const json_t *line = reply_line(reply, kind, *index);

    if (!line || !is_same(line, record, "name") || !is_same(line, record, "type") || !is_same(line, record, "account"))
        return NULL;
    ++*index;
    return line;
}

const struct json_t *reply_account(const struct reply *reply, const struct json_t *record)
{
    const char *name = reply_word(record, "account");
    const json_t *line;

    for (size_t i = 0; (line = reply_line(reply, REPLY_ACCOUNT, i)); i++)
        if (strcmp(reply_word(line, "name"), name) == 0)
            return line;
    return NULL;
}
