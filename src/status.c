#include "status.h"

#include "mem.h"
#include "span.h"
#include "trouble.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { NAME, TYPE, STATE, ADDRESS, SINCE, NEXT, CELLS };

enum { GAP = 2, SMALL_GAP = 1, LEAST_NAME = 16 };

static const char *const titles[CELLS] = {"NAME", "TYPE", "STATE", "ADDRESS", "SINCE", "NEXT"};

bool status_is_well(const struct reply *reply)
{
    const struct json_t *record;

    for (size_t i = 0; (record = reply_line(reply, REPLY_RECORD, i)); i++)
        if (!reply_flag(record, "well"))
            return false;
    return strcmp(reply_word(reply_line(reply, REPLY_STATUS, 0), "state"), "ok") == 0;
}

/* ---- What stands above the table. ---- */

static void show_head(const struct reply *reply, struct page *page)
{
    const struct json_t *head = reply_line(reply, REPLY_STATUS, 0);
    const char *state = reply_word(head, "state");
    struct buf title = {0}, text = {0};

    buf_addf(&title, "wanddns %s,", reply_word(head, "program"));
    buf_addf(&text, "process %.0f, %s", reply_number(head, "pid"), reply_word(head, "configuration"));
    page_paragraph(page, 0, 4, PAGE_BOLD, title.text, text.text);
    if (strcmp(state, "ok") != 0)
        page_paragraph(page, 0, 4, PAGE_BAD, "The state cannot be written:", state);
    buf_free(&title);
    buf_free(&text);
}

static void show_uplink(const struct json_t *uplink, struct page *page)
{
    const char *interface = reply_text(uplink, "interface"), *address, *asked;
    struct buf title = {0}, text = {0};

    buf_add(&title, reply_word(uplink, "source"));
    for (size_t i = 0; (asked = reply_element(uplink, "asked", i)); i++)
        buf_addf(&title, "%s%s", i ? " and " : " ", asked);
    buf_addf(&title, " %s:", reply_word(uplink, "family"));
    for (size_t i = 0; (address = reply_element(uplink, "addresses", i)); i++)
        buf_addf(&text, "%s%s", i ? ", " : "", address);
    if (!text.length)
        buf_addf(&text, "no address (%s)", reply_word(uplink, "text"));
    else if (interface)
        buf_addf(&text, " on %s", interface);
    page_paragraph(page, 0, 4, PAGE_BOLD, title.text, text.text);
    buf_free(&title);
    buf_free(&text);
}

/* ---- The table. ---- */

/* What stands in the row of a record; addresses beyond the first have rows of their own. */
struct row {
    const char *cells[CELLS];
    char since[SPAN_SIZE], next[SPAN_SIZE];
};

static const char *address_of(const struct json_t *record, size_t index)
{
    return reply_element(record, "published", index);
}

/* Not before the login may ask. */
static int64_t next_of(const struct reply *reply, const struct json_t *record)
{
    int64_t account_s = reply_time(reply_account(reply, record), "next_at"), own_s = reply_time(record, "next_at");
    const char *state = reply_word(record, "state");

    if (strcmp(state, "current") == 0)
        return reply_time(record, "refresh_at");
    if (strcmp(state, "updating") == 0)
        return account_s;
    return own_s && own_s < account_s ? account_s : own_s;
}

static void fill_row(const struct reply *reply, const struct json_t *record, struct row *row)
{
    int64_t now_s = reply_time(reply_line(reply, REPLY_STATUS, 0), "now"), next_s = next_of(reply, record);
    const char *address = address_of(record, 0);

    row->cells[NAME] = reply_word(record, "name");
    row->cells[TYPE] = reply_word(record, "type");
    row->cells[STATE] = reply_word(record, "state");
    row->cells[ADDRESS] = address ? address : "-";
    row->cells[SINCE] = span_short(reply_time(record, "since"), now_s, row->since);
    row->cells[NEXT] = next_s ? span_short(next_s, now_s, row->next) : "-";
}

struct table {
    size_t widths[CELLS];
    size_t gap;
};

static size_t columns_of(const struct table *table)
{
    size_t all = 0;

    for (size_t i = 0; i < CELLS; i++)
        all += table->widths[i] + (i ? table->gap : 0);
    return all;
}

static void widen(size_t *width, const char *text)
{
    size_t columns = page_columns(text);

    if (columns > *width)
        *width = columns;
}

/* As narrow as can be; false when it does not fit the page. A name that is longer than its column has a line to itself. */
static bool measure(const struct reply *reply, size_t width, struct table *table)
{
    const struct json_t *record;
    const char *address;
    size_t all;

    *table = (struct table){.gap = GAP};
    for (size_t i = 0; i < CELLS; i++)
        widen(&table->widths[i], titles[i]);
    for (size_t i = 0; (record = reply_line(reply, REPLY_RECORD, i)); i++) {
        struct row row;

        fill_row(reply, record, &row);
        for (size_t j = 0; j < CELLS; j++)
            widen(&table->widths[j], row.cells[j]);
        for (size_t j = 1; (address = address_of(record, j)); j++)
            widen(&table->widths[ADDRESS], address);
    }
    if (columns_of(table) > width)
        table->gap = SMALL_GAP;
    all = columns_of(table);
    if (all <= width)
        return true;
    if (table->widths[NAME] < LEAST_NAME || all - width > table->widths[NAME] - LEAST_NAME)
        return false;
    table->widths[NAME] -= all - width;
    return true;
}

static void show_row(const struct table *table, const char *const cells[CELLS], bool is_head, struct page *page)
{
    size_t last = CELLS - 1;

    while (last && !*cells[last])
        last--;
    for (size_t i = 0; i <= last; i++) {
        enum page_colour colour = is_head ? PAGE_BOLD : i == STATE ? trouble_colour(cells[i]) : PAGE_PLAIN;

        page_cell(page, cells[i], i < last ? table->widths[i] + table->gap : 0, *cells[i] ? colour : PAGE_PLAIN);
    }
    page_blank(page);
}

static void show_record(const struct reply *reply, const struct table *table, const struct json_t *record,
                        struct page *page)
{
    const char *address;
    struct row row;

    fill_row(reply, record, &row);
    if (page_columns(row.cells[NAME]) > table->widths[NAME]) {
        page_paragraph(page, 0, 0, PAGE_PLAIN, row.cells[NAME], "");
        row.cells[NAME] = "";
    }
    show_row(table, row.cells, false, page);
    for (size_t i = 1; (address = address_of(record, i)); i++) {
        const char *const cells[CELLS] = {"", "", "", address, "", ""};

        show_row(table, cells, false, page);
    }
}

/* Where there is no room for columns. */
static void show_narrow(const struct reply *reply, const struct json_t *record, struct page *page)
{
    struct buf text = {0};
    const char *address;
    struct row row;

    fill_row(reply, record, &row);
    page_paragraph(page, 0, 2, PAGE_BOLD, row.cells[NAME], row.cells[TYPE]);
    for (size_t i = 0; (address = address_of(record, i)); i++)
        buf_addf(&text, "%s, ", address);
    buf_addf(&text, "since %s", row.cells[SINCE]);
    if (strcmp(row.cells[NEXT], "-") != 0)
        buf_addf(&text, ", next %s", row.cells[NEXT]);
    page_paragraph(page, 2, 2, trouble_colour(row.cells[STATE]), row.cells[STATE], text.text);
    buf_free(&text);
}

static size_t show_records(const struct reply *reply, struct page *page)
{
    const struct json_t *record;
    struct table table;
    bool fits = measure(reply, page->width, &table);
    size_t count = 0;

    if (fits)
        show_row(&table, titles, true, page);
    for (; (record = reply_line(reply, REPLY_RECORD, count)); count++) {
        if (fits)
            show_record(reply, &table, record, page);
        else
            show_narrow(reply, record, page);
    }
    return count;
}

void status_show(const struct reply *reply, struct page *page)
{
    const struct json_t *uplink;
    struct buf text = {0};
    size_t all, bad;

    show_head(reply, page);
    for (size_t i = 0; (uplink = reply_line(reply, REPLY_UPLINK, i)); i++)
        show_uplink(uplink, page);
    page_blank(page);
    all = show_records(reply, page);
    page_blank(page);
    bad = trouble_tell(reply, page);
    if (bad) {
        page_blank(page);
        buf_addf(&text, "%zu of %zu record%s %s not well.", bad, all, all == 1 ? "" : "s", bad == 1 ? "is" : "are");
    } else if (all == 1) {
        buf_add(&text, "The record is well.");
    } else {
        buf_addf(&text, "All %zu records are well.", all);
    }
    page_paragraph(page, 0, 0, bad ? PAGE_BOLD : PAGE_GOOD, text.text, "");
    buf_free(&text);
}

/* ---- JSON. ---- */

/* The members of a line, but for its kind; those that are for the protocol only are left out, too. */
static void add_members(struct buf *text, const json_t *line)
{
    json_t *members = json_copy((json_t *)line);
    char *dumped;

    json_object_del(members, "line");
    json_object_del(members, "record_count");
    dumped = json_dumps(members, JSON_COMPACT);
    buf_add_n(text, dumped + 1, strlen(dumped) - 2);
    free(dumped);
    json_decref(members);
}

static void add_list(const struct reply *reply, enum reply_kind kind, const char *name, struct buf *text)
{
    const json_t *line;

    buf_addf(text, ",\n\"%s\":[", name);
    for (size_t i = 0; (line = reply_line(reply, kind, i)); i++) {
        buf_add(text, i ? ",\n{" : "\n{");
        add_members(text, line);
        buf_add(text, "}");
    }
    buf_add(text, "]");
}

char *status_json(const struct reply *reply)
{
    struct buf text = {0};

    buf_add(&text, "{");
    add_members(&text, reply_line(reply, REPLY_STATUS, 0));
    buf_addf(&text, ",\"well\":%s", status_is_well(reply) ? "true" : "false");
    add_list(reply, REPLY_UPLINK, "uplinks", &text);
    add_list(reply, REPLY_ACCOUNT, "accounts", &text);
    add_list(reply, REPLY_RECORD, "records", &text);
    buf_add(&text, "}\n");
    return buf_take(&text);
}
