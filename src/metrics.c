#include "metrics.h"

#include "file.h"

#include <stdbool.h>
#include <string.h>

struct metrics {
    struct buf *out;
    enum metrics_format format;
};

/* Types that only OpenMetrics has; elsewhere they are gauges. */
enum type { GAUGE, COUNTER, HISTOGRAM, INFO };

/* A family. In OpenMetrics its name is without what its samples end in, and it may have a unit. */
static void begin(const struct metrics *metrics, const char *name, enum type type, const char *help)
{
    static const struct {
        const char *open, *plain, *suffix;
    } types[] = {{"gauge", "gauge", ""},
                 {"counter", "counter", "_total"},
                 {"histogram", "histogram", ""},
                 {"info", "gauge", "_info"}};
    static const char seconds[] = "_seconds";
    bool is_open = metrics->format == METRICS_OPEN;
    const char *suffix = is_open ? "" : types[type].suffix;
    size_t length = strlen(name);

    buf_addf(metrics->out, "# TYPE wanddns_%s%s %s\n", name, suffix, is_open ? types[type].open : types[type].plain);
    if (is_open && length > strlen(seconds) && strcmp(name + length - strlen(seconds), seconds) == 0)
        buf_addf(metrics->out, "# UNIT wanddns_%s seconds\n", name);
    buf_addf(metrics->out, "# HELP wanddns_%s%s %s\n", name, suffix, help);
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

static void add_moment(struct buf *out, const char *metric, const struct account *account, const struct record *record,
                       const struct moment *moment)
{
    add_record_labels(out, metric, account, record);
    buf_addf(out, "} %lld\n", (long long)moment_wall_s(moment));
}

static void add_published(struct buf *out, const struct account *account, size_t index)
{
    const struct record *record = account_record(account, index);
    struct record_memory memory;

    record_memory(record, &memory);
    if (memory.published.count)
        add_moment(out, "record_published_timestamp_seconds", account, record, &memory.published_at);
}

static void add_changed(struct buf *out, const struct account *account, size_t index)
{
    const struct record *record = account_record(account, index);
    struct record_memory memory;

    record_memory(record, &memory);
    if (memory.published.count)
        add_moment(out, "record_changed_timestamp_seconds", account, record, &memory.changed_at);
}

static void add_since(struct buf *out, const struct account *account, size_t index)
{
    const struct record *record = account_record(account, index);
    struct record_view view;

    record_look(record, &view);
    add_moment(out, "record_state_timestamp_seconds", account, record, &view.since);
}

static void add_records(const struct core *core, const struct metrics *metrics)
{
    begin(metrics, "record_state", GAUGE, "1 for the state that a record is in, 0 for the others.");
    each_record(core, metrics->out, add_state);
    begin(metrics, "record_published_timestamp_seconds", GAUGE,
          "When the provider last said that the address is published.");
    each_record(core, metrics->out, add_published);
    begin(metrics, "record_changed_timestamp_seconds", GAUGE, "When the published address became another one.");
    each_record(core, metrics->out, add_changed);
    begin(metrics, "record_state_timestamp_seconds", GAUGE, "When the record came into its state.");
    each_record(core, metrics->out, add_since);
}

/* One sample for each account. */
static void add_counter(const struct core *core, const struct metrics *metrics, const char *name, const char *help,
                        unsigned long (*count)(const struct account_counts *))
{
    const struct account *account;

    begin(metrics, name, COUNTER, help);
    for (size_t i = 0; (account = core_account(core, i)); i++) {
        buf_addf(metrics->out, "wanddns_%s_total", name);
        add_label(metrics->out, "{", "account", account_provider(account)->id);
        buf_addf(metrics->out, "} %lu\n", count(account_counts(account)));
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

static void add_answers(const struct core *core, const struct metrics *metrics)
{
    static const char *const words[] = {"done", "unchanged", "unreachable", "again", "refused", "refused-account"};
    const struct account *account;

    begin(metrics, "answers", COUNTER, "What became of the requests, counted for each record.");
    for (size_t i = 0; (account = core_account(core, i)); i++) {
        for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
            buf_add(metrics->out, "wanddns_answers_total");
            add_label(metrics->out, "{", "account", account_provider(account)->id);
            add_label(metrics->out, ",", "verdict", words[j]);
            buf_addf(metrics->out, "} %lu\n", account_counts(account)->answers[j]);
        }
    }
}

/* The bounds in the canonical form of OpenMetrics: "1.0", not "1". */
static void add_latency(const struct core *core, const struct metrics *metrics)
{
    const struct core_counts *counts = core_counts(core);
    unsigned long all = 0;

    begin(metrics, "publish_seconds", HISTOGRAM, "From the first event of a change to the published address.");
    for (size_t i = 0; i < CORE_BUCKETS; i++) {
        double bound = core_buckets_s[i];

        all += counts->published[i];
        buf_addf(metrics->out, "wanddns_publish_seconds_bucket{le=\"%g%s\"} %lu\n", bound,
                 bound == (double)(long)bound ? ".0" : "", all);
    }
    all += counts->published[CORE_BUCKETS];
    buf_addf(metrics->out, "wanddns_publish_seconds_bucket{le=\"+Inf\"} %lu\n", all);
    buf_addf(metrics->out, "wanddns_publish_seconds_sum %.3f\nwanddns_publish_seconds_count %lu\n", counts->published_s,
             all);
}

static void add_uplinks(const struct core *core, const struct metrics *metrics)
{
    const struct sources *sources = core_sources(core);
    const struct rule *rule;
    size_t start;

    begin(metrics, "uplink_address", INFO, "The addresses of the uplinks that are fit to be published.");
    start = metrics->out->length;
    for (size_t i = 0; (rule = sources_rule(sources, i)); i++) {
        const struct source_answer *answer = sources_answer(sources, rule);
        char name[RULE_NAME_SIZE], text[IP_TEXT_SIZE];

        for (size_t j = 0; j < answer->ips.count; j++) {
            struct buf sample = {0};

            buf_add(&sample, "wanddns_uplink_address_info");
            add_label(&sample, "{", "source", rule_name(rule, name));
            add_label(&sample, ",", "interface", answer->link.index ? answer->link.name : "");
            add_label(&sample, ",", "family", ip_family_name(rule->family));
            add_label(&sample, ",", "address", ip_text(&answer->ips.list[j], text));
            buf_add(&sample, "} 1\n");
            /* Rules that differ in what has no label give one sample: OpenMetrics forbids two of the same labels. */
            if (!strstr(metrics->out->text + start, sample.text))
                buf_add(metrics->out, sample.text);
            buf_free(&sample);
        }
    }
}

void metrics_write(const struct core *core, enum metrics_format format, struct buf *out)
{
    const struct metrics metrics = {out, format};

    begin(&metrics, "build", INFO, "The version of the program.");
    buf_add(out, "wanddns_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
    add_uplinks(core, &metrics);
    add_records(core, &metrics);
    add_counter(core, &metrics, "requests", "Requests that may have reached the provider.", requests_of);
    add_answers(core, &metrics);
    add_counter(core, &metrics, "retries", "Attempts of records after a wait.", retries_of);
    add_latency(core, &metrics);
    begin(&metrics, "event_overruns", COUNTER, "Times that events of the kernel were lost, and all was read anew.");
    buf_addf(out, "wanddns_event_overruns_total %lu\n", core_counts(core)->overruns);
    if (format == METRICS_OPEN)
        buf_add(out, "# EOF\n");
}

/* FNV-1a, of the path, too: after a reload it may be another one. */
static uint64_t checksum(uint64_t sum, const char *text)
{
    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return sum ? sum : 1;
}

int metrics_write_file(const struct core *core, const char *path, uint64_t *sum)
{
    struct buf text = {0};
    uint64_t fresh;
    int error = 0;

    metrics_write(core, METRICS_PLAIN, &text);
    fresh = checksum(checksum(UINT64_C(14695981039346656037), path), text.text);
    if (fresh != *sum)
        error = file_replace(path, text.text, text.length, 0644);
    *sum = error ? 0 : fresh;
    buf_free(&text);
    return error;
}
