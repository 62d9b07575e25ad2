#include "metrics.h"

#include <stdint.h>

/* A family. Gauges stand in for the types info and stateset, which the textfile collector of node_exporter does not know;
 * a counter's samples end in _total. */
static void begin(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP wanddns_%s %s\n# TYPE wanddns_%s %s\n", name, help, name, type);
}

static void add_label(struct buf *out, const char *before, const char *name, const char *value)
{
    buf_addf(out, "%s%s=\"", before, name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_add(out, "\\");
        buf_add_n(out, *value == '\n' ? " " : value, 1);
    }
    buf_add(out, "\"");
}

static void add_record_labels(struct buf *out, const char *metric, const struct account *account,
                              const struct record *record)
{
    buf_addf(out, "wanddns_%s", metric);
    add_label(out, "{", "name", record_name(record));
    add_label(out, ",", "type", ip_record_type(record_family(record)));
    add_label(out, ",", "account", account_provider(account)->id);
}

/* Calls fn for each record of all accounts. */
static void each_record(const struct core *core, struct buf *out,
                        void (*fn)(struct buf *, const struct account *, size_t index))
{
    const struct account *account;

    for (size_t i = 0; (account = core_account(core, i)); i++)
        for (size_t j = 0; account_record(account, j); j++)
            fn(out, account, j);
}

static void add_state(struct buf *out, const struct account *account, size_t index)
{
    const struct record *record = account_record(account, index);

    for (int state = 0; state < CORE_STATES; state++) {
        add_record_labels(out, "record_state", account, record);
        add_label(out, ",", "state", record_state_word((enum record_state)state));
        buf_addf(out, "} %d\n", record_state(record) == (enum record_state)state);
    }
}

static void add_published(struct buf *out, const struct account *account, size_t index)
{
    const struct record *record = account_record(account, index);
    struct record_memory memory;

    record_memory(record, &memory);
    if (!memory.published.count)
        return;
    add_record_labels(out, "record_published_timestamp_seconds", account, record);
    buf_addf(out, "} %lld\n", (long long)moment_wall_s(&memory.published_at));
}

static void add_changed(struct buf *out, const struct account *account, size_t index)
{
    const struct record *record = account_record(account, index);
    struct record_view view;

    record_look(record, &view);
    add_record_labels(out, "record_state_timestamp_seconds", account, record);
    buf_addf(out, "} %lld\n", (long long)moment_wall_s(&view.since));
}

static void add_records(const struct core *core, struct buf *out)
{
    begin(out, "record_state", "gauge", "1 for the state that a record is in, 0 for the others");
    each_record(core, out, add_state);
    begin(out, "record_published_timestamp_seconds", "gauge",
          "When the provider last said that the address is published");
    each_record(core, out, add_published);
    begin(out, "record_state_timestamp_seconds", "gauge", "When the record came into its state");
    each_record(core, out, add_changed);
}

/* One sample for each account. */
static void add_counter(const struct core *core, struct buf *out, const char *name,
                        unsigned long (*count)(const struct account_counts *))
{
    const struct account *account;

    for (size_t i = 0; (account = core_account(core, i)); i++) {
        buf_addf(out, "wanddns_%s_total", name);
        add_label(out, "{", "account", account_provider(account)->id);
        buf_addf(out, "} %lu\n", count(account_counts(account)));
    }
}

static unsigned long requests_of(const struct account_counts *counts)
{
    return counts->requests;
}

static unsigned long retries_of(const struct account_counts *counts)
{
    return counts->retries;
}

static void add_answers(const struct core *core, struct buf *out)
{
    static const char *const words[] = {"done", "unchanged", "unreachable", "again", "refused", "refused-account"};
    const struct account *account;

    for (size_t i = 0; (account = core_account(core, i)); i++) {
        for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
            buf_add(out, "wanddns_answers_total");
            add_label(out, "{", "account", account_provider(account)->id);
            add_label(out, ",", "verdict", words[j]);
            buf_addf(out, "} %lu\n", account_counts(account)->answers[j]);
        }
    }
}

static void add_accounts(const struct core *core, struct buf *out)
{
    begin(out, "requests", "counter", "Requests that may have reached the provider");
    add_counter(core, out, "requests", requests_of);
    begin(out, "answers", "counter", "What became of a record's requests");
    add_answers(core, out);
    begin(out, "retries", "counter", "Requests after a wait");
    add_counter(core, out, "retries", retries_of);
}

static void add_latency(const struct core *core, struct buf *out)
{
    const struct core_counts *counts = core_counts(core);
    unsigned long all = 0;

    begin(out, "publish_seconds", "histogram", "From the first event of a change to the published address");
    for (size_t i = 0; i < CORE_BUCKETS; i++) {
        all += counts->published[i];
        buf_addf(out, "wanddns_publish_seconds_bucket{le=\"%g\"} %lu\n", core_buckets_s[i], all);
    }
    all += counts->published[CORE_BUCKETS];
    buf_addf(out, "wanddns_publish_seconds_bucket{le=\"+Inf\"} %lu\n", all);
    buf_addf(out, "wanddns_publish_seconds_sum %.3f\nwanddns_publish_seconds_count %lu\n", counts->published_s, all);
}

static void add_uplinks(const struct core *core, struct buf *out)
{
    const struct sources *sources = core_sources(core);
    const struct rule *rule;

    begin(out, "uplink_address", "gauge", "1 for each address of an uplink that is fit to be published");
    for (size_t i = 0; (rule = sources_rule(sources, i)); i++) {
        const struct source_answer *answer = sources_answer(sources, rule);
        char name[RULE_NAME_SIZE], text[IP_TEXT_SIZE];

        for (size_t j = 0; j < answer->ips.count; j++) {
            buf_add(out, "wanddns_uplink_address");
            add_label(out, "{", "source", rule_name(rule, name));
            add_label(out, ",", "interface", answer->link.index ? answer->link.name : "");
            add_label(out, ",", "family", ip_family_name(rule->family));
            add_label(out, ",", "address", ip_text(&answer->ips.list[j], text));
            buf_add(out, "} 1\n");
        }
    }
}

void metrics_write(const struct core *core, struct buf *out)
{
    begin(out, "build_version", "gauge", "1, with the version of the program");
    buf_add(out, "wanddns_build_version{version=\"" PACKAGE_VERSION "\"} 1\n");
    add_uplinks(core, out);
    add_records(core, out);
    add_accounts(core, out);
    add_latency(core, out);
    begin(out, "event_overruns", "counter", "Events of the kernel were lost, and everything was read anew");
    buf_addf(out, "wanddns_event_overruns_total %lu\n", core_counts(core)->overruns);
    buf_add(out, "# EOF\n");
}
