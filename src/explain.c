#include "explain.h"

#include "span.h"
#include "trouble.h"

#include <string.h>

/* How far an explain has come in the lines that go with records. */
struct place {
    size_t candidate, history, remembered;
};

enum { INDENT = 2, DEEPER = 4, HANG = 6 };

static int64_t now_of(const struct reply *reply)
{
    return reply_time(reply_line(reply, REPLY_STATUS, 0), "now");
}

static void show_state(const struct reply *reply, const struct json_t *record, struct page *page)
{
    const char *state = reply_word(record, "state");
    struct buf title = {0}, text = {0};
    char since[SPAN_SIZE];

    buf_addf(&title, "%s %s", reply_word(record, "name"), reply_word(record, "type"));
    buf_addf(&text, "at %s: %s since %s", reply_word(record, "account"), state,
             span_clock(reply_time(record, "since"), now_of(reply), since));
    page_paragraph(page, 0, HANG, PAGE_BOLD, title.text, text.text);
    buf_free(&title);
    buf_free(&text);
    trouble_describe(reply, record, &text);
    page_paragraph(page, INDENT, INDENT, PAGE_PLAIN, "", buf_text(&text));
    buf_free(&text);
}

/* " on wan0", " from https://api.example.org", or where a fixed address stands. */
static void add_whence(const struct json_t *line, struct buf *text)
{
    const char *interface = reply_text(line, "interface"), *asked;

    if (interface)
        buf_addf(text, " on %s", interface);
    else if (!reply_element(line, "asked", 0))
        buf_add(text, " from the configuration");
    for (size_t i = 0; (asked = reply_element(line, "asked", i)); i++)
        buf_addf(text, "%s%s", i ? " and " : " from ", asked);
}

static void show_candidate(const struct json_t *line, struct page *page)
{
    const char *address = reply_text(line, "address");
    struct buf title = {0};

    buf_add(&title, address ? address : "nothing");
    add_whence(line, &title);
    buf_add(&title, ":");
    page_paragraph(page, DEEPER, INDENT + HANG, PAGE_PLAIN, title.text, reply_word(line, "text"));
    buf_free(&title);
}

static void show_candidates(const struct reply *reply, const struct json_t *record, struct place *place,
                            struct page *page)
{
    const struct json_t *line;
    bool any = false;

    for (; (line = reply_of(reply, REPLY_CANDIDATE, record, &place->candidate)); any = true) {
        if (!any)
            page_paragraph(page, INDENT, HANG, PAGE_PLAIN, "The addresses that were looked at:", "");
        show_candidate(line, page);
    }
    if (!any)
        page_paragraph(page, INDENT, HANG, PAGE_PLAIN, "No interface was found to look for an address.", "");
}

static void show_history(const struct reply *reply, const struct json_t *record, struct place *place, struct page *page)
{
    const struct json_t *line;
    bool any = false;

    for (; (line = reply_of(reply, REPLY_HISTORY, record, &place->history)); any = true) {
        const char *why = reply_text(line, "text");
        struct buf text = {0};
        char at[SPAN_SIZE];

        if (!any)
            page_paragraph(page, INDENT, HANG, PAGE_PLAIN, "What became of it:", "");
        buf_addf(&text, "%s -> %s%s%s", reply_word(line, "from"), reply_word(line, "to"), why ? ": " : "",
                 why ? why : "");
        page_paragraph(page, DEEPER, INDENT + HANG, PAGE_PLAIN, span_clock(reply_time(line, "at"), now_of(reply), at),
                       text.text);
        buf_free(&text);
    }
    if (!any)
        page_paragraph(page, INDENT, HANG, PAGE_PLAIN, "Nothing has become of it since the daemon began.", "");
}

static void add_budget(const struct json_t *account, struct buf *text)
{
    char period[SPAN_SIZE];
    double period_s = reply_number(account, "budget.period_s");

    if (period_s > 0)
        buf_addf(text, "; %.1f of the %.0f that it allows in %s are used", reply_number(account, "budget.used"),
                 reply_number(account, "budget.limit"), span_text((int64_t)period_s, period));
}

static void show_account(const struct reply *reply, const struct json_t *record, struct place *place, struct page *page)
{
    const struct json_t *account = reply_account(reply, record), *line;
    const char *server = reply_text(account, "server"); /* a program has none */
    double requests = reply_number(account, "requests");
    int64_t next_s = reply_time(account, "next_at");
    struct buf title = {0}, text = {0};
    char next[SPAN_SIZE];
    bool any = false;

    buf_addf(&title, "The account %s%s%s:", reply_word(account, "name"), server ? " at " : "", server ? server : "");
    buf_addf(&text, "%.0f request%s since the daemon began", requests, requests == 1 ? "" : "s");
    add_budget(account, &text);
    if (reply_text(account, "refused"))
        buf_addf(&text, "; refused: %s", reply_word(account, "refused"));
    else if (next_s)
        buf_addf(&text, "; the provider may be asked again %s", span_when(next_s, now_of(reply), next));
    else
        buf_add(&text, "; the provider may be asked now");
    for (; (line = reply_of(reply, REPLY_REMEMBERED, record, &place->remembered)); any = true)
        buf_addf(&text, "%s %s", any ? "," : "; remembered of its answers:", reply_word(line, "value"));
    buf_add(&text, ".");
    page_paragraph(page, INDENT, HANG, PAGE_PLAIN, title.text, text.text);
    buf_free(&title);
    buf_free(&text);
}

void explain_show(const struct reply *reply, struct page *page)
{
    const struct json_t *record;
    struct place place = {0};

    for (size_t i = 0; (record = reply_line(reply, REPLY_RECORD, i)); i++) {
        if (i)
            page_blank(page);
        show_state(reply, record, page);
        show_candidates(reply, record, &place, page);
        show_history(reply, record, &place, page);
        show_account(reply, record, &place, page);
    }
}

/* ---- Transitions. ---- */

static void add_addresses(const struct json_t *line, const char *member, struct buf *text)
{
    const char *address;

    for (size_t i = 0; (address = reply_element(line, member, i)); i++)
        buf_addf(text, "%s%s", i ? ", " : "", address);
}

void explain_transition(const struct json_t *line, struct page *page)
{
    const char *to = reply_word(line, "to"), *why = reply_text(line, "text");
    struct buf head = {0}, text = {0}, old = {0}, fresh = {0};
    char at[SPAN_SIZE];

    add_addresses(line, "old", &old);
    add_addresses(line, "new", &fresh);
    span_clock(reply_time(line, "at"), reply_time(line, "at"), at);
    buf_addf(&head, "%s %s %s: %s -> %s", at, reply_word(line, "name"), reply_word(line, "type"),
             reply_word(line, "from"), to);
    if (old.length && fresh.length && strcmp(old.text, fresh.text) != 0)
        buf_addf(&text, "(%s -> %s%s%s)", old.text, fresh.text, why ? "; " : "", why ? why : "");
    else if (old.length || fresh.length || why)
        buf_addf(&text, "(%s%s%s)", buf_text(fresh.length ? &fresh : &old),
                 (old.length || fresh.length) && why ? "; " : "", why ? why : "");
    page_paragraph(page, 0, HANG, strcmp(to, "updating") == 0 ? PAGE_PLAIN : trouble_colour(to), head.text,
                   buf_text(&text));
    buf_free(&head);
    buf_free(&text);
    buf_free(&old);
    buf_free(&fresh);
}
