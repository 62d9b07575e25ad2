#include "daemon.h"

#include "account.h"
#include "buf.h"
#include "config.h"
#include "file.h"
#include "http.h"
#include "kernel.h"
#include "log.h"
#include "mem.h"
#include "settle.h"
#include "sources.h"
#include "state.h"
#include "timer.h"
#include "wishes.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SAVE_PAUSE_MS = 5,         /* a new request is noted while its connection is being made */
    SAVE_BUSY_MS = 1000,       /* while requests are under way, one write of the state for their answers */
    SAVE_LOOK_MS = 50,         /* are they still? */
    SAVE_AGAIN_MS = 60 * 1000, /* after a failure */
    REREAD_PAUSE_MS = 100,     /* when the kernel changed while it was read */
    SIGNALS = 4,
    STATES = RECORD_REFUSED + 1,
};

struct daemon {
    const struct daemon_options *options;
    char *state_dir;
    struct config *config;
    struct event_base *base;
    struct event *signals[SIGNALS];
    struct kernel *kernel;
    struct http *http;
    struct account **accounts; /* in the order of the configuration's providers */
    size_t account_count;
    struct sources *sources;
    struct settle settle;
    struct timer *settle_timer;
    struct timer *save_timer;
    struct timer *check_timer; /* once: are we done? */
    bool moved;                /* an uplink did: what could not be reached may be reached now */
    bool untold;               /* records wait for the answers of the sources, changed or not */
    uint64_t saved_sum;
    uint64_t busy_saved_ms; /* the last write while requests were under way; 0 when none are */
    bool unsaved;
    bool save_failed;
    int status;
};

/* ---- State. ---- */

static void save(struct daemon *daemon)
{
    struct state *state;
    int error;

    if (!daemon->unsaved || daemon->options->dry_run)
        return;
    state = state_collect(daemon->accounts, daemon->account_count);
    error = state_write(state, daemon->state_dir, &daemon->saved_sum);
    state_free(state);
    daemon->unsaved = error != 0;
    if (error && !daemon->save_failed)
        log_warning("%s: the state cannot be written: %s", daemon->state_dir, strerror(-error));
    if (!error && daemon->save_failed)
        log_info("%s: the state can be written again", daemon->state_dir);
    daemon->save_failed = error != 0;
    if (error)
        timer_start(daemon->save_timer, SAVE_AGAIN_MS);
}

/* ---- What becomes of the records. ---- */

/* How many records are in each state; all of them together. */
static size_t count_records(const struct daemon *daemon, size_t counts[STATES])
{
    const struct record *record;
    size_t all = 0;

    memset(counts, 0, STATES * sizeof *counts);
    for (size_t i = 0; i < daemon->account_count; i++) {
        for (size_t j = 0; (record = account_record(daemon->accounts[i], j)); j++) {
            counts[record_state(record)]++;
            all++;
        }
    }
    return all;
}

/* A request is noted before it can have arrived, lest a crash leaves what is published in doubt without a trace; its
 * answer as soon as no others are awaited. */
static void on_save(void *arg)
{
    struct daemon *daemon = arg;
    uint64_t now_ms = timer_now_ms();
    size_t counts[STATES];
    bool busy;

    count_records(daemon, counts);
    busy = counts[RECORD_UPDATING] != 0;
    if (busy && daemon->busy_saved_ms && now_ms < daemon->busy_saved_ms + SAVE_BUSY_MS) {
        timer_start(daemon->save_timer, SAVE_LOOK_MS);
        return;
    }
    daemon->busy_saved_ms = busy ? now_ms : 0;
    save(daemon);
}

static void on_account_changed(void *arg)
{
    struct daemon *daemon = arg;

    daemon->unsaved = true;
    if (!timer_is_running(daemon->save_timer))
        timer_start(daemon->save_timer, SAVE_PAUSE_MS);
    if (daemon->options->once)
        timer_start(daemon->check_timer, 0);
}

/* once: are we done? */
static void on_check(void *arg)
{
    struct daemon *daemon = arg;
    size_t counts[STATES], all = count_records(daemon, counts);

    if (daemon->untold || counts[RECORD_UPDATING] || sources_are_asking(daemon->sources))
        return;
    daemon->status = counts[RECORD_CURRENT] == all ? 0 : 1;
    log_info("%zu of %zu records are current", counts[RECORD_CURRENT], all);
    if (counts[RECORD_IDLE] && counts[RECORD_CURRENT])
        log_info("some have no address to publish; family = ipv4 or ipv6 leaves the other one out");
    event_base_loopbreak(daemon->base);
}

/* ---- Sources. ---- */

/* Connections from an address that is gone hang until their timeout. */
static void on_moved(void *arg, const struct ip_set *gone)
{
    struct daemon *daemon = arg;

    daemon->moved = true;
    if (!gone->count)
        return;
    http_forget_connections(daemon->http);
    for (size_t i = 0; i < daemon->account_count; i++)
        account_leave_addresses(daemon->accounts[i], gone);
}

static void on_source_changed(void *arg, const struct rule *rule, const struct source_answer *answer)
{
    struct daemon *daemon = arg;
    char addresses[IP_SET_TEXT_SIZE], buffer[RULE_NAME_SIZE];
    const char *name = rule_name(rule, buffer), *family = ip_family_name(rule->family);

    daemon->untold = true;
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
static void read_sources(struct daemon *daemon)
{
    if (sources_read(daemon->sources) == -EAGAIN) {
        timer_start(daemon->settle_timer, REREAD_PAUSE_MS);
        return;
    }
    if (daemon->untold)
        wishes_tell(daemon->sources, daemon->accounts, daemon->account_count, daemon->moved);
    else
        log_debug("settled: nothing changed");
    daemon->untold = daemon->moved = false;
    if (daemon->options->once)
        timer_start(daemon->check_timer, 0);
}

static void on_settled(void *arg)
{
    struct daemon *daemon = arg;

    if (daemon->settle.pending)
        log_debug("settled: %llu ms after the first event",
                  (unsigned long long)settle_done(&daemon->settle, timer_now_ms()));
    read_sources(daemon);
}

static void on_hint(void *arg, bool overrun)
{
    struct daemon *daemon = arg;
    uint64_t delay_ms = settle_hint(&daemon->settle, timer_now_ms());

    log_debug("event%s: reading in %llu ms", overrun ? " (overrun: some were lost)" : "", (unsigned long long)delay_ms);
    timer_start(daemon->settle_timer, delay_ms);
}

/* A time has come, or an answer from outside. */
static void on_sources_due(void *arg)
{
    struct daemon *daemon = arg;

    if (!daemon->settle.pending)
        timer_start(daemon->settle_timer, 0);
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
static void configure(struct daemon *daemon, struct config *config, const struct state *state)
{
    struct account **old = daemon->accounts;
    size_t old_count = daemon->account_count;

    daemon->accounts = mem_alloc(config->provider_count * sizeof *daemon->accounts);
    daemon->account_count = 0;
    for (size_t i = 0; i < config->provider_count; i++) {
        struct account *account = take_account(old, old_count, config->providers[i]);

        if (account) {
            config_keep_provider(config, i, daemon->config, account_provider(account));
            account_configure(account, config->providers[i]);
        } else {
            account = account_new(daemon->http, daemon->options->dry_run, on_account_changed, daemon);
            account_configure(account, config->providers[i]);
            state_recall(state, account);
        }
        daemon->accounts[daemon->account_count++] = account;
    }
    for (size_t i = 0; i < old_count; i++)
        account_free(old[i]);
    free(old);
    wishes_watch(daemon->sources, daemon->accounts, daemon->account_count);
    config_free(daemon->config);
    daemon->config = config;
    daemon->settle.quiet_ms = config->settle_ms;
    daemon->settle.max_ms = config->settle_max_ms;
    daemon->untold = true;
}

/* arg is what stands before the fault. */
static void on_fault(void *arg, const char *file, int line, const char *text)
{
    if (line)
        log_error("%s%s:%d: %s", (const char *)arg, file, line, text);
    else
        log_error("%s%s: %s", (const char *)arg, file, text);
}

static void log_summary(const struct daemon *daemon, const char *what)
{
    size_t counts[STATES], records = count_records(daemon, counts), accounts = daemon->account_count;

    log_info("%s: %zu record%s, %zu account%s", what, records, records == 1 ? "" : "s", accounts,
             accounts == 1 ? "" : "s");
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void reload(struct daemon *daemon)
{
    char before[] = "not reloaded: ";
    struct config *config = config_read(daemon->options->config_file, on_fault, before);
    struct state *state;

    if (!config)
        return;
    if (!same_text(config->state_dir, daemon->config->state_dir))
        log_warning("state-dir: a change takes effect with the next start");
    if (!same_text(config->ca_file, daemon->config->ca_file))
        http_set_ca_file(daemon->http, config->ca_file);
    state = state_collect(daemon->accounts, daemon->account_count);
    configure(daemon, config, state);
    state_free(state);
    log_summary(daemon, "reloaded");
    on_account_changed(daemon);
    read_sources(daemon);
}

/* ---- Signals. ---- */

static void on_stop(evutil_socket_t signal_number, short what, void *arg)
{
    struct daemon *daemon = arg;

    (void)signal_number;
    (void)what;
    event_base_loopbreak(daemon->base);
}

static void on_hup(evutil_socket_t signal_number, short what, void *arg)
{
    (void)signal_number;
    (void)what;
    reload(arg);
}

static void on_usr1(evutil_socket_t signal_number, short what, void *arg)
{
    struct daemon *daemon = arg;

    (void)signal_number;
    (void)what;
    log_info("sending now");
    sources_force(daemon->sources);
    for (size_t i = 0; i < daemon->account_count; i++)
        account_force(daemon->accounts[i]);
}

static void catch_signals(struct daemon *daemon)
{
    static const struct {
        int number;
        event_callback_fn fn;
    } signals[SIGNALS] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_hup}, {SIGUSR1, on_usr1}};

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < SIGNALS; i++) {
        daemon->signals[i] = evsignal_new(daemon->base, signals[i].number, signals[i].fn, daemon);
        evsignal_add(daemon->signals[i], NULL);
    }
}

/* ---- Start and stop, in mirror order. ---- */

/* Keeps a second daemon away from the same state. False when there is one. */
static bool claim_state_dir(struct daemon *daemon)
{
    struct buf path = {0};
    int lock;

    if (daemon->options->dry_run)
        return true;
    lock = file_make_folder(daemon->state_dir);
    buf_addf(&path, "%s/lock", daemon->state_dir);
    if (lock == 0)
        lock = file_lock(path.text); /* held until the process ends */
    buf_free(&path);
    if (lock == -EWOULDBLOCK)
        log_error("%s: another wanddns uses this folder", daemon->state_dir);
    else if (lock < 0)
        log_warning(
            "%s: %s: what is published will be forgotten at the next start, and nothing keeps a second daemon away",
            daemon->state_dir, strerror(-lock));
    return lock != -EWOULDBLOCK;
}

/* Takes over the configuration. False when the kernel has nothing for us; stop() is owed either way. */
static bool start(struct daemon *daemon, struct config *config)
{
    struct state *state = state_read(daemon->state_dir, daemon->options->dry_run);

    daemon->settle_timer = timer_new(on_settled, daemon);
    daemon->save_timer = timer_new(on_save, daemon);
    daemon->check_timer = timer_new(on_check, daemon);
    daemon->http = http_open(daemon->base, config->ca_file);
    daemon->kernel = kernel_open(daemon->base, on_hint, daemon);
    daemon->sources = sources_new(daemon->kernel, daemon->base, daemon->http, &sources_calls, daemon);
    catch_signals(daemon);
    daemon->saved_sum = state_sum(state);
    configure(daemon, config, state);
    state_free(state);
    mem_trim();
    return daemon->kernel != NULL;
}

static void stop(struct daemon *daemon)
{
    save(daemon);
    if (daemon->options->once && daemon->save_failed)
        daemon->status = 1; /* the next one would send it all again */
    for (size_t i = 0; i < daemon->account_count; i++)
        account_free(daemon->accounts[i]);
    free(daemon->accounts);
    config_free(daemon->config);
    for (size_t i = 0; i < SIGNALS; i++)
        event_free(daemon->signals[i]);
    sources_free(daemon->sources);
    kernel_close(daemon->kernel);
    http_close(daemon->http);
    timer_free(daemon->check_timer);
    timer_free(daemon->save_timer);
    timer_free(daemon->settle_timer);
}

static void run(struct daemon *daemon)
{
    if (!daemon->options->once)
        log_summary(daemon, "wanddns " PACKAGE_VERSION " started");
    read_sources(daemon);
    event_base_dispatch(daemon->base);
    if (!daemon->options->once)
        log_info("stopped");
}

int daemon_run(const struct daemon_options *options)
{
    struct daemon daemon = {.options = options, .status = options->once};
    char before[] = "";
    struct config *config = config_read(options->config_file, on_fault, before);
    const char *state_dir = options->state_dir ? options->state_dir : config ? config->state_dir : NULL;

    if (!config)
        return 2;
    daemon.state_dir = mem_string(state_dir ? state_dir : LOCALSTATEDIR "/lib/wanddns");
    daemon.base = timer_loop();
    if (!daemon.base)
        log_error("there is no event loop to be had");
    if (!daemon.base || !claim_state_dir(&daemon)) {
        daemon.status = 1;
        config_free(config);
    } else {
        if (start(&daemon, config))
            run(&daemon);
        else
            daemon.status = 1;
        stop(&daemon);
    }
    if (daemon.base)
        event_base_free(daemon.base);
    free(daemon.state_dir);
    return daemon.status;
}
