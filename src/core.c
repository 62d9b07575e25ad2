#include "core.h"

#include "account.h"
#include "hook.h"
#include "http.h"
#include "kernel.h"
#include "log.h"
#include "mem.h"
#include "settle.h"
#include "sources.h"
#include "state.h"
#include "timer.h"
#include "trace.h"
#include "way.h"
#include "wishes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAVE_PAUSE_MS = 5,
    SAVE_BUSY_MS = 1000,       /* while requests are under way, one write of the state for their answers */
    SAVE_LOOK_MS = 50,         /* are they still? */
    SAVE_AGAIN_MS = 60 * 1000, /* after a failure */
    REREAD_PAUSE_MS = 100,     /* when the kernel changed while it was read */
};

struct core {
    char *state_dir;
    struct seal *seal;
    bool dry_run;
    core_changed_fn *changed;
    void *arg;
    struct config *config;
    struct kernel *kernel;
    struct http *http;
    struct account **accounts; /* in the order of the configuration's providers */
    size_t account_count;
    struct sources *sources;
    struct hooks *hooks; /* NULL in a dry run */
    struct settle settle;
    struct timer *settle_timer;
    struct timer *save_timer;
    struct way way;
    bool untold; /* records wait for the answers of the sources, changed or not */
    uint64_t saved_sum;
    uint64_t busy_saved_ms; /* the last write while requests were under way; 0 when none are */
    bool unsaved;
    bool unnoted;   /* requests are queued that the state on the disk knows nothing of */
    int save_error; /* errno of the last write, 0 when it went well */
    core_listen_fn *listen;
    void *listen_arg;
    struct core_counts counts;
};

const double core_buckets_s[CORE_BUCKETS] = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600};

/* ---- State. ---- */

bool core_save(struct core *core)
{
    struct state *state;
    int error;

    if (!core->unsaved || core->dry_run || !core->account_count)
        return !core->save_error;
    state = state_collect(core->accounts, core->account_count);
    error = state_write(state, core->seal, core->state_dir, &core->saved_sum);
    state_free(state);
    core->unsaved = error != 0;
    core->unnoted = false;
    if (error && !core->save_error)
        log_warning("%s: the state cannot be written: %s", core->state_dir, strerror(-error));
    if (!error && core->save_error)
        log_info("%s: the state can be written again", core->state_dir);
    core->save_error = -error;
    if (error)
        timer_start(core->save_timer, SAVE_AGAIN_MS);
    return !error;
}

/* ---- What becomes of the records. ---- */

size_t core_count(const struct core *core, size_t counts[CORE_STATES])
{
    const struct record *record;
    size_t all = 0;

    memset(counts, 0, CORE_STATES * sizeof *counts);
    for (size_t i = 0; i < core->account_count; i++) {
        for (size_t j = 0; (record = account_record(core->accounts[i], j)); j++) {
            counts[record_state(record)]++;
            all++;
        }
    }
    return all;
}

void core_log_summary(const struct core *core, const char *what)
{
    size_t counts[CORE_STATES], records = core_count(core, counts), accounts = core->account_count;

    log_info("%s: %zu record%s, %zu account%s", what, records, records == 1 ? "" : "s", accounts,
             accounts == 1 ? "" : "s");
}

bool core_has_read(const struct core *core)
{
    return !core->untold;
}

bool core_is_busy(const struct core *core)
{
    size_t counts[CORE_STATES];

    core_count(core, counts);
    return core->untold || counts[RECORD_UPDATING] || sources_are_asking(core->sources) || hooks_are_busy(core->hooks);
}

/* A change is over when no record and no source has anything before it. */
static void end_change(const struct core *core)
{
    size_t counts[CORE_STATES];

    core_count(core, counts);
    if (!core->settle.pending && !core_is_busy(core) && !counts[RECORD_WAITING])
        trace_end();
}

/* The answers of a burst of requests are written together. */
static void on_save(void *arg)
{
    struct core *core = arg;
    uint64_t now_ms = timer_now_ms();
    size_t counts[CORE_STATES];
    bool busy;

    core_count(core, counts);
    busy = counts[RECORD_UPDATING] != 0;
    if (busy && !core->unnoted && core->busy_saved_ms && now_ms < core->busy_saved_ms + SAVE_BUSY_MS) {
        timer_start(core->save_timer, SAVE_LOOK_MS);
        return;
    }
    core->busy_saved_ms = busy ? now_ms : 0;
    core_save(core);
    end_change(core);
}

static void on_account_changed(void *arg)
{
    struct core *core = arg;

    core->unsaved = true;
    if (!timer_is_running(core->save_timer))
        timer_start(core->save_timer, SAVE_PAUSE_MS);
    core->changed(core->arg);
}

void core_retry(struct core *core, const char *why)
{
    log_debug("%s: what waits for the network is tried now", why);
    for (size_t i = 0; i < core->account_count; i++)
        account_retry(core->accounts[i]);
}

void core_clock_set(struct core *core)
{
    on_account_changed(core);
    core_retry(core, "the clock was set");
}

/* A request is on the disk before it can have arrived, lest a crash leaves what is published in doubt without a trace. The
 * account starts it in the next turn of the loop: a program runs at once then, and libcurl in the turn after. */
static void note_request(struct core *core, const struct account *account)
{
    core->unnoted = true;
    if (account_provider(account)->definition->runs_program)
        core_save(core);
    else
        timer_start(core->save_timer, 0);
}

/* How long it took since the kernel spoke. */
static void count_published(struct core *core)
{
    uint64_t since_ms;
    size_t bucket = 0;

    if (!trace_change(&since_ms))
        return;
    while (bucket < CORE_BUCKETS && (double)since_ms > core_buckets_s[bucket] * 1000)
        bucket++;
    core->counts.published[bucket]++;
    core->counts.published_s += (double)since_ms / 1000;
}

static void on_record_moved(void *arg, const struct account *account, const struct name *name,
                            const struct record *record, enum record_state from, const struct ip_set *old,
                            const char *why)
{
    struct core *core = arg;
    struct record_memory memory;
    struct hook_fact fact = {.program = name->place->on_change,
                             .account = account_provider(account)->id,
                             .name = name->name,
                             .family = record_family(record),
                             .from = from,
                             .to = record_state(record),
                             .old = old,
                             .text = why};

    record_memory(record, &memory);
    fact.next =
        fact.to == RECORD_REFUSED || fact.to == RECORD_UPDATING ? &record_target(record)->ips : &memory.published;
    if (fact.to == RECORD_CURRENT && !ip_set_equal(old, fact.next))
        count_published(core);
    if (fact.to == RECORD_UPDATING && from != RECORD_UPDATING)
        note_request(core, account);
    hook_tell(core->hooks, &fact);
    if (core->listen)
        core->listen(core->listen_arg, &fact);
}

static void on_hooks_idle(void *arg)
{
    struct core *core = arg;

    end_change(core);
    core->changed(core->arg);
}

/* ---- Sources. ---- */

/* Connections from an address that is gone hang until their timeout. */
static void on_moved(void *arg, const struct ip_set *gone)
{
    struct core *core = arg;

    if (!gone->count)
        return;
    http_forget_connections(core->http);
    for (size_t i = 0; i < core->account_count; i++)
        account_leave_addresses(core->accounts[i], gone);
}

static void on_source_changed(void *arg, const struct rule *rule, const struct source_answer *answer)
{
    struct core *core = arg;
    char addresses[IP_SET_TEXT_SIZE], buffer[RULE_NAME_SIZE];
    const char *name = rule_name(rule, buffer), *family = ip_family_name(rule->family);

    core->untold = true;
    if (answer->withdraw)
        log_info("%s %s: no address for so long: its records are deleted (%s)", name, family, answer->text);
    else if (answer->ips.count)
        log_info("%s %s: %s%s%s%s", name, family, ip_set_text(&answer->ips, addresses),
                 answer->link.index && !rule->all ? " on " : "", rule->all ? "" : answer->link.name,
                 answer->ahead ? "; one ahead of it is fit again, and has to stay so for failback-delay" : "");
    else if (answer->reason >= REASON_SILENT && answer->reason <= REASON_DISAGREE)
        log_warning("%s %s: no address (%s)", name, family, answer->text);
    else
        log_info("%s %s: no address (%s)", name, family, answer->text);
}

/* Start, event, overrun and reload all come here: the kernel is read anew, and only a difference goes on. */
static void read_sources(struct core *core)
{
    struct way way;

    if (way_read(core->kernel, &way) == -EAGAIN || sources_read(core->sources) == -EAGAIN) {
        timer_start(core->settle_timer, REREAD_PAUSE_MS);
        return;
    }
    if (core->untold)
        wishes_tell(core->sources, core->accounts, core->account_count);
    else
        log_debug("settled: nothing changed");
    if (way_is_new(&way, &core->way))
        core_retry(core, "another way out");
    core->way = way;
    core->untold = false;
    end_change(core);
    core->changed(core->arg);
}

static void on_settled(void *arg)
{
    struct core *core = arg;

    if (core->settle.pending)
        log_debug("settled: %llu ms after the first event",
                  (unsigned long long)settle_done(&core->settle, timer_now_ms()));
    read_sources(core);
}

static void on_hint(void *arg, bool overrun)
{
    struct core *core = arg;
    uint64_t delay_ms;

    core->counts.overruns += overrun;
    if (!core->settle.pending)
        trace_begin();
    delay_ms = settle_hint(&core->settle, timer_now_ms());
    log_debug("event%s: reading in %llu ms", overrun ? " (overrun: some were lost)" : "", (unsigned long long)delay_ms);
    timer_start(core->settle_timer, delay_ms);
}

/* A time has come, or an answer from outside. */
static void on_sources_due(void *arg)
{
    struct core *core = arg;

    if (!core->settle.pending)
        timer_start(core->settle_timer, 0);
}

static const struct sources_calls sources_calls = {on_moved, on_source_changed, on_sources_due};

/* ---- Configuration: at the start and at each reload. ---- */

static struct account *take_account(struct account **list, size_t count, const struct config_provider *provider)
{
    for (size_t i = 0; i < count; i++) {
        struct account *account = list[i];

        if (account && strcmp(account_provider(account)->id, provider->id) == 0 &&
            config_provider_equal(account_provider(account), provider)) {
            list[i] = NULL;
            return account;
        }
    }
    return NULL;
}

/* Accounts whose login is the same live on; others begin with what is remembered of them. */
static void configure(struct core *core, struct config *config, struct state *state)
{
    struct account **old = core->accounts;
    size_t old_count = core->account_count;

    core->accounts = mem_alloc(config->provider_count * sizeof *core->accounts);
    core->account_count = 0; /* until all are there nothing is saved, for it would be without the others */
    for (size_t i = 0; i < config->provider_count; i++) {
        struct account *account = take_account(old, old_count, config->providers[i]);

        if (account) {
            config_keep_provider(config, i, core->config, account_provider(account));
            account_configure(account, config->providers[i]);
        } else {
            account = account_new(core->http, core->dry_run, on_account_changed, core);
            account_watch(account, on_record_moved, core);
            account_configure(account, config->providers[i]);
            state_recall(state, core->seal, account);
        }
        account_hold(account);
        core->accounts[i] = account;
    }
    core->account_count = config->provider_count;
    for (size_t i = 0; i < old_count; i++)
        account_free(old[i]);
    free(old);
    wishes_watch(core->sources, core->accounts, core->account_count);
    config_free(core->config);
    core->config = config;
    core->settle.quiet_ms = config->settle_ms;
    core->settle.max_ms = config->settle_max_ms;
    core->untold = true;
}

void core_reload(struct core *core, struct config *config)
{
    struct state *state = state_collect(core->accounts, core->account_count);

    trace_begin();
    if (!mem_same(config->ca_file, core->config->ca_file))
        http_set_ca_file(core->http, config->ca_file);
    configure(core, config, state);
    state_free(state);
    core_log_summary(core, "reloaded");
    on_account_changed(core);
    core_save(core); /* a program may run for what is pardoned, in the next turn of the loop */
    read_sources(core);
}

const struct config *core_config(const struct core *core)
{
    return core->config;
}

void core_force(struct core *core)
{
    trace_begin();
    sources_force(core->sources);
    for (size_t i = 0; i < core->account_count; i++)
        account_force(core->accounts[i]);
}

size_t core_force_name(struct core *core, const char *name)
{
    const struct record *record;
    bool asks = false;
    size_t count = 0;

    trace_begin();
    for (size_t i = 0; i < core->account_count; i++)
        for (size_t j = 0; (record = account_record(core->accounts[i], j)); j++)
            if (strcmp(record_name(record), name) == 0) {
                asks |= account_name(core->accounts[i], j)->place->rule.outside != NULL;
                account_force_one(core->accounts[i], j);
                count++;
            }
    if (asks)
        sources_force(core->sources);
    return count;
}

/* ---- For who looks on. ---- */

void core_listen(struct core *core, core_listen_fn *fn, void *arg)
{
    core->listen = fn;
    core->listen_arg = arg;
}

const struct account *core_account(const struct core *core, size_t index)
{
    return index < core->account_count ? core->accounts[index] : NULL;
}

const struct sources *core_sources(const struct core *core)
{
    return core->sources;
}

const struct core_counts *core_counts(const struct core *core)
{
    return &core->counts;
}

const char *core_save_fault(const struct core *core)
{
    return core->save_error ? strerror(core->save_error) : NULL;
}

/* ---- Start and stop, in mirror order. ---- */

struct core *core_new(struct event_base *base, const struct core_options *options, struct config *config,
                      core_changed_fn *changed, void *arg)
{
    struct core *core = mem_alloc(sizeof *core);
    struct state *state = state_read(options->state_dir, options->dry_run);

    core->state_dir = mem_string(options->state_dir);
    core->seal = seal_new(core->state_dir);
    core->dry_run = options->dry_run;
    core->changed = changed;
    core->arg = arg;
    core->settle_timer = timer_new(on_settled, core);
    core->save_timer = timer_new(on_save, core);
    core->http = http_open(base, config->ca_file);
    core->kernel = kernel_open(base, on_hint, core);
    core->sources = sources_new(core->kernel, base, core->http, &sources_calls, core);
    core->hooks = core->dry_run ? NULL : hooks_new(on_hooks_idle, core);
    core->saved_sum = state_sum(state);
    configure(core, config, state);
    state_free(state);
    mem_trim();
    return core;
}

bool core_start(struct core *core)
{
    trace_begin();
    if (core->kernel)
        read_sources(core);
    return core->kernel != NULL;
}

void core_free(struct core *core)
{
    for (size_t i = 0; i < core->account_count; i++)
        account_free(core->accounts[i]);
    free(core->accounts);
    config_free(core->config);
    hooks_free(core->hooks);
    sources_free(core->sources);
    kernel_close(core->kernel);
    http_close(core->http);
    timer_free(core->save_timer);
    timer_free(core->settle_timer);
    seal_free(core->seal);
    free(core->state_dir);
    free(core);
}
