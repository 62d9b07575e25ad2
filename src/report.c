#include "report.h"

#include "advice.h"
#include "mem.h"
#include "timer.h"
#include "wishes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    TEXT_LINE = 32 * 1024,        /* bytes of a text in a line, or a little more */
    PATIENCE_MS = 10 * 60 * 1000, /* a first attempt that has not come to its end by then is trouble */
};

struct report {
    struct core *core;
    const struct demand *demand;
    enum { HEAD, UPLINKS, ACCOUNTS, RECORDS } part;
    size_t at;    /* in the part */
    size_t index; /* of a record in its account */
};

/* ---- Members. ---- */

static void begin(struct buf *out, const char *kind)
{
    buf_addf(out, "{\"line\":\"%s\"", kind);
}

static void end(struct buf *out)
{
    buf_add(out, "}\n");
}

static void add_string(struct buf *out, const char *text)
{
    struct buf printable = {0};

    buf_add_escaped(&printable, text, BUF_PRINT); /* a provider's words may be no UTF-8 */
    buf_add(out, "\"");
    buf_add_escaped(out, buf_text(&printable), BUF_JSON);
    buf_add(out, "\"");
    buf_free(&printable);
}

static void add_text(struct buf *out, const char *key, const char *text)
{
    buf_addf(out, ",\"%s\":", key);
    if (text)
        add_string(out, text);
    else
        buf_add(out, "null");
}

static void add_number(struct buf *out, const char *key, uint64_t number)
{
    buf_addf(out, ",\"%s\":%llu", key, (unsigned long long)number);
}

static void add_flag(struct buf *out, const char *key, bool flag)
{
    buf_addf(out, ",\"%s\":%s", key, flag ? "true" : "false");
}

/* As RFC 3339 has it, in UTC. */
static void add_time(struct buf *out, const char *key, int64_t wall_s)
{
    char text[32];
    struct tm tm;
    time_t when = (time_t)wall_s;

    if (!gmtime_r(&when, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        text[0] = '\0';
    add_text(out, key, text[0] ? text : NULL);
}

static void add_moment(struct buf *out, const char *key, const struct moment *moment)
{
    add_time(out, key, moment_wall_s(moment));
}

/* So far from now; null for 0. */
static void add_later(struct buf *out, const char *key, uint64_t ms)
{
    if (ms)
        add_time(out, key, timer_wall_s() + (int64_t)((ms + 999) / 1000));
    else
        add_text(out, key, NULL);
}

static void add_addresses(struct buf *out, const char *key, const struct ip_set *set)
{
    char text[IP_TEXT_SIZE];

    buf_addf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < set->count; i++)
        buf_addf(out, "%s\"%s\"", i ? "," : "", ip_text(&set->list[i], text));
    buf_add(out, "]");
}

static void add_asked(struct buf *out, const struct rule *rule)
{
    struct buf asked = {0};

    buf_add(out, ",\"asked\":[");
    for (size_t i = 0; rule_asked(rule, i, &asked); i++) {
        buf_add(out, i ? "," : "");
        add_string(out, asked.text);
        buf_free(&asked);
    }
    buf_add(out, "]");
}

/* ---- Lines. ---- */

static size_t count_records(const struct core *core, const struct demand *demand)
{
    const struct account *account;
    const struct record *record;
    size_t count = 0;

    for (size_t i = 0; (account = core_account(core, i)); i++)
        for (size_t j = 0; (record = account_record(account, j)); j++)
            count += demand_means(demand, record_name(record));
    return count;
}

void report_head(const struct core *core, const struct demand *demand, struct buf *out)
{
    const char *fault = core_save_fault(core);

    begin(out, "status");
    add_number(out, "version", DEMAND_VERSION);
    add_text(out, "program", PACKAGE_VERSION);
    add_number(out, "pid", (uint64_t)getpid());
    add_time(out, "now", timer_wall_s());
    add_text(out, "configuration", core_config(core)->file);
    add_text(out, "state", fault ? fault : "ok");
    add_number(out, "record_count", count_records(core, demand));
    end(out);
}

static void add_uplink(struct buf *out, const struct rule *rule, const struct source_answer *answer)
{
    char buffer[RULE_NAME_SIZE];
    bool chosen = answer->reason == REASON_CHOSEN;

    begin(out, "uplink");
    add_text(out, "source", rule_name(rule, buffer));
    add_asked(out, rule);
    add_text(out, "family", ip_family_name(rule->family));
    add_text(out, "interface", answer->link.index ? answer->link.name : NULL);
    add_addresses(out, "addresses", &answer->ips);
    add_text(out, "reason", reason_word(answer->reason));
    add_text(out, "text", chosen ? NULL : answer->text);
    add_text(out, "advice", chosen ? NULL : advice_for_source(answer->reason));
    end(out);
}

static void add_account(struct buf *out, const struct account *account)
{
    const struct config_provider *provider = account_provider(account);
    struct account_memory memory;
    size_t records = 0;

    account_memory(account, &memory);
    while (account_record(account, records))
        records++;
    begin(out, "account");
    add_text(out, "name", provider->id);
    add_text(out, "provider", provider->definition->name);
    add_text(out, "server", provider->server);
    add_number(out, "records", records);
    add_text(out, "refused", memory.refused);
    add_later(out, "next_at", account_rest_ms(account, false));
    add_number(out, "requests", account_counts(account)->requests);
    if (memory.limit.budget)
        buf_addf(out, ",\"budget\":{\"limit\":%lu,\"period_s\":%llu,\"used\":%.1f}", memory.limit.budget,
                 (unsigned long long)memory.limit.period_ms / 1000, limit_used(&memory.limit));
    else
        add_text(out, "budget", NULL);
    end(out);
}

/* An update that is under way is no trouble, unless it failed before or takes too long. */
static bool is_well(enum record_state state, const struct record_view *view)
{
    return state == RECORD_CURRENT ||
           (state == RECORD_UPDATING && !view->failures && moment_age_ms(&view->since) < PATIENCE_MS);
}

static void add_published(struct buf *out, const struct record *record)
{
    struct record_memory memory;

    record_memory(record, &memory);
    add_addresses(out, "wanted", &record_target(record)->ips);
    add_addresses(out, "published", &memory.published);
    if (memory.published.count) {
        add_moment(out, "published_at", &memory.published_at);
        add_moment(out, "changed_at", &memory.changed_at);
    } else {
        add_text(out, "published_at", NULL);
        add_text(out, "changed_at", NULL);
    }
    add_flag(out, "doubtful", memory.doubtful);
}

static void add_record(struct buf *out, const struct account *account, size_t index)
{
    const struct record *record = account_record(account, index);
    struct rule rule = wishes_rule(account_name(account, index), record_family(record));
    enum record_state state = record_state(record);
    char source[RULE_NAME_SIZE];
    struct record_view view;
    bool well;

    record_look(record, &view);
    well = is_well(state, &view);
    begin(out, "record");
    add_text(out, "name", record_name(record));
    add_text(out, "type", ip_record_type(record_family(record)));
    add_text(out, "account", account_provider(account)->id);
    add_text(out, "source", rule_name(&rule, source));
    add_text(out, "state", record_state_word(state));
    add_published(out, record);
    add_moment(out, "since", &view.since);
    add_later(out, "next_at", view.left_ms);
    add_later(out, "refresh_at", account_refresh_ms(account, index));
    add_number(out, "failures", view.failures);
    add_text(out, "stage", well ? NULL : advice_stage(state, view.text));
    add_text(out, "text", view.text);
    add_flag(out, "well", well);
    add_text(out, "advice", well ? NULL : advice_for_record(state, view.text));
    end(out);
}

/* ---- What explain tells besides. ---- */

struct explained {
    struct buf *out;
    const struct account *account;
    const struct record *record;
    struct rule rule;
    struct buf key; /* of what is remembered for this record (finding.c) */
};

static void add_subject(const struct explained *explained)
{
    add_text(explained->out, "name", record_name(explained->record));
    add_text(explained->out, "type", ip_record_type(record_family(explained->record)));
    add_text(explained->out, "account", account_provider(explained->account)->id);
}

static void on_candidate(void *arg, const struct kernel_link *link, const struct kernel_address *address,
                         enum reason reason, const char *why)
{
    const struct explained *explained = arg;
    char text[IP_TEXT_SIZE], words[SOURCE_TEXT_SIZE];

    if (address)
        reason_text_of_one(words, sizeof words, reason, why);
    else if (link)
        reason_text(words, sizeof words, reason, link->name, why);
    else
        snprintf(words, sizeof words, "%s", why);
    begin(explained->out, "candidate");
    add_subject(explained);
    add_text(explained->out, "interface", link ? link->name : NULL);
    add_asked(explained->out, &explained->rule);
    add_text(explained->out, "address", address ? ip_text(&address->ip, text) : NULL);
    add_text(explained->out, "reason", reason_word(reason));
    add_text(explained->out, "text", words);
    end(explained->out);
}

static void add_history(const struct explained *explained, const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct history_entry *entry = &history->entries[i];

        begin(explained->out, "history");
        add_subject(explained);
        add_moment(explained->out, "at", &entry->at);
        add_text(explained->out, "from", record_state_word(entry->from));
        add_text(explained->out, "to", record_state_word(entry->to));
        add_text(explained->out, "text", entry->text);
        end(explained->out);
    }
}

/* What belongs to other records is left to them. */
static void on_remembered(void *arg, const char *key, const char *name)
{
    const struct explained *explained = arg;

    if (strncmp(key, "record ", strlen("record ")) == 0 && strcmp(key, explained->key.text) != 0)
        return;
    begin(explained->out, "remembered");
    add_subject(explained);
    add_text(explained->out, "of", key);
    add_text(explained->out, "value", name);
    end(explained->out);
}

static void explain(const struct report *report, struct buf *out, const struct account *account, size_t index)
{
    struct explained explained = {.out = out, .account = account, .record = account_record(account, index)};

    explained.rule = wishes_rule(account_name(account, index), record_family(explained.record));
    sources_explain(core_sources(report->core), &explained.rule, on_candidate, &explained);
    add_history(&explained, account_history(account, index));
    buf_addf(&explained.key, "record %s %s", record_name(explained.record), ip_record_type(explained.rule.family));
    memory_walk(account_remembered(account), on_remembered, &explained);
    buf_free(&explained.key);
}

/* ---- The whole, part by part. ---- */

static bool account_is_meant(const struct report *report, const struct account *account)
{
    const struct record *record;

    for (size_t i = 0; (record = account_record(account, i)); i++)
        if (demand_means(report->demand, record_name(record)))
            return true;
    return false;
}

/* Does a record that is meant look for its address there? */
static bool rule_is_meant(const struct report *report, const struct rule *rule)
{
    const struct account *account;
    const struct record *record;

    for (size_t i = 0; (account = core_account(report->core, i)) && report->demand->host_count; i++) {
        for (size_t j = 0; (record = account_record(account, j)); j++) {
            struct rule own;

            if (!demand_means(report->demand, record_name(record)))
                continue;
            own = wishes_rule(account_name(account, j), record_family(record));
            if (rule_equal(&own, rule))
                return true;
        }
    }
    return !report->demand->host_count;
}

static void next_part(struct report *report)
{
    report->part++;
    report->at = 0;
}

static void add_uplinks(struct report *report, struct buf *out)
{
    const struct sources *sources = core_sources(report->core);
    const struct rule *rule;

    for (size_t i = 0; (rule = sources_rule(sources, i)); i++)
        if (rule_is_meant(report, rule))
            add_uplink(out, rule, sources_answer(sources, rule));
    next_part(report);
}

static void add_accounts(struct report *report, struct buf *out)
{
    const struct account *account = core_account(report->core, report->at++);

    if (!account)
        next_part(report);
    else if (account_is_meant(report, account))
        add_account(out, account);
}

/* False at the end. */
static bool add_records(struct report *report, struct buf *out)
{
    const struct account *account = core_account(report->core, report->at);
    const struct record *record = account ? account_record(account, report->index) : NULL;

    if (!account)
        return false;
    if (!record) {
        report->at++;
        report->index = 0;
        return true;
    }
    if (demand_means(report->demand, record_name(record))) {
        add_record(out, account, report->index);
        if (report->demand->command == DEMAND_EXPLAIN)
            explain(report, out, account, report->index);
    }
    report->index++;
    return true;
}

bool report_more(struct report *report, struct buf *out)
{
    switch (report->part) {
    case HEAD:
        report_head(report->core, report->demand, out);
        next_part(report);
        return true;
    case UPLINKS:
        add_uplinks(report, out);
        return true;
    case ACCOUNTS:
        add_accounts(report, out);
        return true;
    case RECORDS:
        break;
    }
    return add_records(report, out);
}

struct report *report_new(struct core *core, const struct demand *demand)
{
    struct report *report = mem_alloc(sizeof *report);

    *report = (struct report){.core = core, .demand = demand};
    return report;
}

void report_free(struct report *report)
{
    free(report);
}

/* ---- Other lines. ---- */

void report_transition(struct buf *out, const struct hook_fact *fact)
{
    begin(out, "transition");
    add_time(out, "at", timer_wall_s());
    add_text(out, "name", fact->name);
    add_text(out, "type", ip_record_type(fact->family));
    add_text(out, "account", fact->account);
    add_text(out, "from", record_state_word(fact->from));
    add_text(out, "to", record_state_word(fact->to));
    add_addresses(out, "old", fact->old);
    add_addresses(out, "new", fact->next);
    add_text(out, "text", fact->text);
    end(out);
}

void report_alive(struct buf *out)
{
    begin(out, "alive");
    end(out);
}

void report_text(struct buf *out, const char *text)
{
    while (*text) {
        size_t length = strlen(text), cut = length > TEXT_LINE ? TEXT_LINE : length;
        char *part;

        cut += strcspn(text + cut, "\n");
        cut += text[cut] == '\n';
        part = mem_string_n(text, cut);
        begin(out, "text");
        buf_add(out, ",\"text\":\"");
        buf_add_escaped(out, part, BUF_JSON);
        buf_add(out, "\"");
        end(out);
        free(part);
        text += cut;
    }
}

void report_end(struct buf *out)
{
    begin(out, "end");
    add_flag(out, "ok", true);
    end(out);
}

void report_failure(struct buf *out, enum report_fault fault, const char *text)
{
    static const char *const words[] = {"request", "version", "busy", "configuration", "result"};

    begin(out, "end");
    add_flag(out, "ok", false);
    add_text(out, "fault", words[fault]);
    add_text(out, "error", text);
    end(out);
}
