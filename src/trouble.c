#include "trouble.h"

#include "mem.h"
#include "span.h"

#include <stdlib.h>
#include <string.h>

enum { NAMED = 3 }; /* so many records are named, of more the first */

/* Records that are in the same trouble. */
struct group {
    const struct json_t **records;
    size_t count;
    int64_t first_s, last_s; /* the next attempts; 0: none is known */
};

static bool is(const struct json_t *record, const char *state)
{
    return strcmp(reply_word(record, "state"), state) == 0;
}

enum page_colour trouble_colour(const char *state)
{
    if (strcmp(state, "current") == 0)
        return PAGE_GOOD;
    return strcmp(state, "refused") == 0 ? PAGE_BAD : PAGE_CARE;
}

static int64_t now_of(const struct reply *reply)
{
    return reply_time(reply_line(reply, REPLY_STATUS, 0), "now");
}

/* ---- Groups. ---- */

/* Who has no address is in the same trouble in all accounts. */
static bool is_alike(const struct json_t *a, const struct json_t *b)
{
    static const char *const members[] = {"state", "stage", "text", "advice"};

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strcmp(reply_word(a, members[i]), reply_word(b, members[i])) != 0)
            return false;
    return is(a, "idle") || strcmp(reply_word(a, "account"), reply_word(b, "account")) == 0;
}

/* When it is tried again: not before the login may ask. */
static int64_t next_attempt(const struct reply *reply, const struct json_t *record)
{
    int64_t own_s = reply_time(record, "next_at"), account_s = reply_time(reply_account(reply, record), "next_at");

    if (is(record, "refused") || is(record, "idle") || (!own_s && !is(record, "updating")))
        return 0;
    return own_s > account_s ? own_s : account_s;
}

static void add_record(struct group *group, const struct reply *reply, const struct json_t *record)
{
    int64_t next_s = next_attempt(reply, record);

    group->records = mem_resize(group->records, group->count + 1, sizeof *group->records);
    group->records[group->count++] = record;
    if (next_s && (!group->first_s || next_s < group->first_s))
        group->first_s = next_s;
    if (next_s > group->last_s)
        group->last_s = next_s;
}

struct groups {
    struct group *list;
    size_t count;
};

static size_t collect(const struct reply *reply, struct groups *groups)
{
    const struct json_t *record;
    size_t bad = 0;

    for (size_t i = 0; (record = reply_line(reply, REPLY_RECORD, i)); i++) {
        size_t at = 0;

        if (reply_flag(record, "well"))
            continue;
        while (at < groups->count && !is_alike(groups->list[at].records[0], record))
            at++;
        if (at == groups->count) {
            groups->list = mem_resize(groups->list, ++groups->count, sizeof *groups->list);
            groups->list[at] = (struct group){0};
        }
        add_record(&groups->list[at], reply, record);
        bad++;
    }
    return bad;
}

/* ---- Whose trouble it is. ---- */

static bool has_one(const struct group *group, const char *member)
{
    for (size_t i = 1; i < group->count; i++)
        if (strcmp(reply_word(group->records[0], member), reply_word(group->records[i], member)) != 0)
            return false;
    return true;
}

static void add_subject(const struct group *group, struct buf *text)
{
    size_t named = group->count > NAMED ? 1 : group->count;

    for (size_t i = 0; i < named; i++) {
        const char *name = reply_word(group->records[i], "name");

        buf_add(text, i == 0 ? "" : i + 1 < group->count ? ", " : " and ");
        if (i == 0 || strcmp(name, reply_word(group->records[i - 1], "name")) != 0)
            buf_addf(text, "%s ", name);
        buf_add(text, reply_word(group->records[i], "type"));
    }
    if (named < group->count)
        buf_addf(text, " and %zu more", group->count - named);
    if (has_one(group, "account"))
        buf_addf(text, " (%s)", reply_word(group->records[0], "account"));
    buf_add(text, ":");
}

/* ---- The sentences. ---- */

/* A first attempt that takes long has no cause yet: what the provider said last is of another one. */
static bool is_just_slow(const struct json_t *record)
{
    return is(record, "updating") && reply_number(record, "failures") < 1;
}

/* "provider: badauth: ...": the stage stands before the text already, unless it is the source. */
static void add_cause(const struct json_t *record, int64_t now_s, struct buf *text)
{
    const char *stage = reply_word(record, "stage"), *cause = reply_word(record, "text");
    size_t length = strlen(stage);
    char since[SPAN_SIZE];

    if (is_just_slow(record)) {
        buf_addf(text, "its update began %s, and has not come to its end. ",
                 span_when(reply_time(record, "since"), now_s, since));
    } else if (*cause) {
        if (*stage && !(strncmp(cause, stage, length) == 0 && cause[length] == ':'))
            buf_addf(text, "%s: ", stage);
        buf_addf(text, "%s%s ", cause, strchr(".?!", cause[strlen(cause) - 1]) ? "" : ".");
    }
}

static void add_list(const struct json_t *record, const char *member, struct buf *text)
{
    const char *element;

    for (size_t i = 0; (element = reply_element(record, member, i)); i++)
        buf_addf(text, "%s%s", i ? ", " : "", element);
}

/* What the world sees meanwhile, as far as the provider ever said so. */
static void add_published(const struct json_t *record, struct buf *text)
{
    struct buf wanted = {0}, published = {0};

    add_list(record, "wanted", &wanted);
    add_list(record, "published", &published);
    if (published.length && is(record, "idle"))
        buf_addf(text, "%s stays published. ", published.text);
    else if (!published.length && wanted.length)
        buf_addf(text, "%s was not published yet. ", wanted.text);
    else if (strcmp(buf_text(&wanted), buf_text(&published)) != 0)
        buf_addf(text, "%s is to be published; %s was last. ", buf_text(&wanted), buf_text(&published));
    buf_free(&wanted);
    buf_free(&published);
}

static void add_next(const struct group *group, int64_t now_s, struct buf *text)
{
    const struct json_t *record = group->records[0];
    char first[SPAN_SIZE], last[SPAN_SIZE];
    bool lies_ahead = group->first_s > now_s;

    span_when(group->first_s, now_s, first);
    span_when(group->last_s, now_s, last);
    if (is(record, "refused"))
        buf_add(text, "There is no further attempt. ");
    else if (is(record, "idle"))
        buf_addf(text, "%s address is published as soon as there is one. ",
                 reply_element(record, "published", 0) ? "Another" : "An");
    else if (is(record, "updating") && lies_ahead)
        buf_addf(text, "The provider takes no more requests for now: it is sent %s. ", first);
    else if (is(record, "updating"))
        buf_addf(text, "It is being %s. ", is_just_slow(record) ? "sent" : "tried once more");
    else if (!lies_ahead)
        buf_add(text, "The next attempt is now. ");
    else if (strcmp(first, last) == 0)
        buf_addf(text, "The next attempt is %s. ", first);
    else
        buf_addf(text, "The next attempts are %s to %s. ", first, strncmp(last, "in ", 3) == 0 ? last + 3 : last);
}

/* HOST stands for the name where there is one. */
static void add_advice(const struct group *group, struct buf *text)
{
    static const char *const place = " HOST";
    const char *advice = reply_word(group->records[0], "advice"), *found;

    while (has_one(group, "name") && (found = strstr(advice, place))) {
        buf_add_n(text, advice, (size_t)(found - advice));
        buf_addf(text, " %s", reply_word(group->records[0], "name"));
        advice = found + strlen(place);
    }
    buf_add(text, advice);
}

static void describe(const struct reply *reply, const struct group *group, struct buf *text)
{
    add_cause(group->records[0], now_of(reply), text);
    if (group->count == 1)
        add_published(group->records[0], text);
    add_next(group, now_of(reply), text);
    add_advice(group, text);
}

size_t trouble_tell(const struct reply *reply, struct page *page)
{
    struct groups groups = {0};
    size_t bad = collect(reply, &groups);

    for (size_t i = 0; i < groups.count; i++) {
        struct group *group = &groups.list[i];
        struct buf subject = {0}, text = {0};

        add_subject(group, &subject);
        describe(reply, group, &text);
        page_paragraph(page, 0, 4, trouble_colour(reply_word(group->records[0], "state")), subject.text,
                       buf_text(&text));
        buf_free(&subject);
        buf_free(&text);
        free(group->records);
    }
    free(groups.list);
    return bad;
}

static void describe_current(const struct reply *reply, const struct json_t *record, struct buf *text)
{
    int64_t refresh_s = reply_time(record, "refresh_at"), said_s = reply_time(record, "published_at");
    char when[SPAN_SIZE];

    add_list(record, "published", text);
    buf_addf(text, " is published; the provider said so %s", said_s ? span_when(said_s, now_of(reply), when) : "once");
    if (reply_text(record, "text"))
        buf_addf(text, " (%s)", reply_word(record, "text"));
    buf_add(text, ". It is sent again when the address changes");
    if (refresh_s)
        buf_addf(text, ", and %s, as the provider wants to hear of it from time to time",
                 span_when(refresh_s, now_of(reply), when));
    buf_add(text, ".");
}

void trouble_describe(const struct reply *reply, const struct json_t *record, struct buf *text)
{
    struct group group = {0};

    if (is(record, "current")) {
        describe_current(reply, record, text);
        return;
    }
    add_record(&group, reply, record);
    if (reply_flag(record, "well")) {
        add_published(record, text);
        add_next(&group, now_of(reply), text);
    } else {
        describe(reply, &group, text);
    }
    free(group.records);
}
