#include "daemon.h"

#include "buf.h"
#include "control.h"
#include "file.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "notify.h"
#include "progress.h"
#include "resolver.h"
#include "sandbox.h"
#include "timer.h"
#include "trace.h"

#include <errno.h>
#include <event2/event.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESOLVER_FILE "/etc/resolv.conf"

enum {
    SIGNALS = 4,
    METRICS_PAUSE_MS = 1000, /* one write for what happens in it */
};

struct daemon {
    const struct daemon_options *options;
    char *state_dir;
    struct event_base *base;
    struct event *signals[SIGNALS];
    struct core *core;
    struct control *control; /* NULL when there is none */
    struct resolver *resolver;
    struct notify *notify;     /* the supervisor; NULL when there is none */
    struct timer *check_timer; /* once: are we done? */
    struct timer *metrics_timer;
    uint64_t metrics_sum; /* of what was written last */
    bool metrics_failed;
    int status;
};

/* ---- What the core tells. ---- */

static void on_changed(void *arg)
{
    struct daemon *daemon = arg;

    if (daemon->options->once)
        timer_start(daemon->check_timer, 0);
    control_changed(daemon->control);
    notify_changed(daemon->notify);
    if (daemon->core && core_has_read(daemon->core))
        notify_ready(daemon->notify);
    if (daemon->core && core_config(daemon->core)->metrics_file && !timer_is_running(daemon->metrics_timer))
        timer_start(daemon->metrics_timer, METRICS_PAUSE_MS);
}

static void on_transition(void *arg, const struct hook_fact *fact)
{
    const struct daemon *daemon = arg;

    control_tell(daemon->control, fact);
}

/* For the textfile collector of node_exporter, which reads it at any time. */
static void on_metrics(void *arg)
{
    struct daemon *daemon = arg;
    const char *path = core_config(daemon->core)->metrics_file;
    int error = path ? metrics_write_file(daemon->core, path, &daemon->metrics_sum) : 0;

    if (error && !daemon->metrics_failed)
        log_warning("metrics-file: %s: %s", path, strerror(-error));
    daemon->metrics_failed = error != 0;
}

static void write_status(void *arg, struct buf *status)
{
    struct daemon *daemon = arg;
    size_t counts[CORE_STATES], all = core_count(daemon->core, counts);
    const char *before = ": ";

    buf_addf(status, "%zu record%s", all, all == 1 ? "" : "s");
    for (size_t i = 0; i < CORE_STATES; i++) {
        if (!counts[i])
            continue;
        buf_addf(status, "%s%zu %s", before, counts[i], record_state_word((enum record_state)i));
        before = ", ";
    }
}

/* once: one line for all, on a terminal, in place of some for each. */
static void begin_progress(struct daemon *daemon)
{
    size_t counts[CORE_STATES];

    if (daemon->options->once && !daemon->options->dry_run)
        log_hush(progress_begin(core_count(daemon->core, counts)));
}

static void end_progress(void)
{
    progress_end();
    log_hush(false);
}

/* once: are we done? */
static void on_check(void *arg)
{
    struct daemon *daemon = arg;
    size_t counts[CORE_STATES], all = core_count(daemon->core, counts);

    progress_show(counts[RECORD_CURRENT], counts[RECORD_WAITING] + counts[RECORD_REFUSED]);
    if (core_is_busy(daemon->core))
        return;
    end_progress();
    daemon->status = counts[RECORD_CURRENT] == all ? 0 : 1;
    log_info("%zu of %zu records are current", counts[RECORD_CURRENT], all);
    if (counts[RECORD_IDLE] && counts[RECORD_CURRENT])
        log_info("some have no address to publish; family = ipv4 or ipv6 leaves the other one out");
    event_base_loopbreak(daemon->base);
}

/* What the world may have been out of reach for: names are asked of another server, certificates are valid now. */
static void on_resolver_changed(void *arg)
{
    const struct daemon *daemon = arg;

    core_retry(daemon->core, RESOLVER_FILE " has changed");
}

static void on_clock_set(void *arg)
{
    const struct daemon *daemon = arg;

    core_clock_set(daemon->core);
}

/* ---- Configuration. ---- */

/* Into the log; the first one goes into first, too. */
struct faults_told {
    const char *before;
    struct buf *first; /* or NULL */
};

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    const struct faults_told *told = arg;
    struct buf fault = {0};

    buf_add(&fault, file);
    if (line)
        buf_addf(&fault, ":%d", line);
    buf_addf(&fault, ": %s", text);
    log_error("%s%s", told->before, fault.text);
    if (told->first && !told->first->length)
        buf_add(told->first, fault.text);
    buf_free(&fault);
}

static void warn_of_changes(const struct config *config, const struct config *before)
{
    if (!mem_same(config->state_dir, before->state_dir))
        log_warning("state-dir: a change takes effect with the next start");
    if (!mem_same(config->control, before->control) || !mem_same(config->control_group, before->control_group))
        log_warning("control: a change takes effect with the next start");
}

/* False after a fault, of which the first goes into text, too (which may be NULL). */
static bool reload(void *arg, struct buf *text)
{
    struct daemon *daemon = arg;
    struct faults_told told = {"not reloaded: ", text};
    struct config *config;

    notify_reloading(daemon->notify);
    config = config_read(daemon->options->config_file, on_fault, &told);
    if (!config) {
        notify_ready(daemon->notify);
        return false;
    }
    warn_of_changes(config, core_config(daemon->core));
    sandbox_compare(core_config(daemon->core), config);
    core_reload(daemon->core, config);
    return true;
}

/* ---- Signals. ---- */

static void on_stop(evutil_socket_t signal_number, short what, void *arg)
{
    struct daemon *daemon = arg;

    (void)signal_number;
    (void)what;
    notify_stopping(daemon->notify);
    trace_end();
    event_base_loopbreak(daemon->base);
}

static void on_hup(evutil_socket_t signal_number, short what, void *arg)
{
    (void)signal_number;
    (void)what;
    reload(arg, NULL);
}

static void on_usr1(evutil_socket_t signal_number, short what, void *arg)
{
    struct daemon *daemon = arg;

    (void)signal_number;
    (void)what;
    log_info("sending now");
    core_force(daemon->core);
}

/* They say what the daemon is to do once it runs, and would end one that only starts; so they wait for it. */
static void hold_signals(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigprocmask(how, &set, NULL);
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
        if (!daemon->signals[i] || evsignal_add(daemon->signals[i], NULL) < 0) {
            log_error("signals cannot be heard: %s", strerror(errno));
            exit(1); /* nothing would end it, nor reload it */
        }
    }
    hold_signals(SIG_UNBLOCK);
}

/* ---- Start and stop, in mirror order. ---- */

static const char *control_path(const struct daemon *daemon, const struct config *config)
{
    if (daemon->options->control)
        return daemon->options->control;
    return config->control ? config->control : CONTROL_PATH;
}

/* The folders of the state and, for the daemon, of the socket are made before. Who uses them tells what was wrong. */
static bool enter_sandbox(const struct daemon *daemon, const struct config *config)
{
    char *control = mem_string(control_path(daemon, config));
    const char *const folders[] = {daemon->state_dir, daemon->options->once ? NULL : dirname(control), NULL};
    bool good;

    if (daemon->options->dry_run) {
        free(control);
        return true;
    }
    file_make_folder(folders[0], 0700);
    if (folders[1])
        file_make_folder(folders[1], 0755);
    timer_boot(); /* which it reads once, from a file that is out of reach afterwards */
    good = sandbox_enter(config, folders);
    if (good && geteuid() == 0 && !daemon->options->once)
        log_info("this runs as root, which it does not need: set user = NAME in the configuration");
    free(control);
    return good;
}

/* Keeps a second daemon away from the same state. False when there is one. */
static bool claim_state_dir(struct daemon *daemon)
{
    struct buf path = {0};
    int lock;

    if (daemon->options->dry_run)
        return true;
    lock = file_make_folder(daemon->state_dir, 0700);
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

static void open_control(struct daemon *daemon)
{
    const struct config *config = core_config(daemon->core);

    if (!daemon->options->once && !daemon->options->dry_run)
        daemon->control = control_open(daemon->base, control_path(daemon, config), config->control_group, daemon->core,
                                       reload, daemon);
}

static void start(struct daemon *daemon, struct config *config)
{
    struct core_options options = {daemon->state_dir, daemon->options->dry_run};
    int error;

    daemon->check_timer = timer_new(on_check, daemon);
    daemon->metrics_timer = timer_new(on_metrics, daemon);
    daemon->core = core_new(daemon->base, &options, config, on_changed, daemon);
    daemon->resolver = resolver_watch(daemon->base, RESOLVER_FILE, on_resolver_changed, daemon);
    error = timer_on_clock_set(on_clock_set, daemon);
    if (error)
        log_warning("a step of the clock will not be heard: %s", strerror(-error));
    core_listen(daemon->core, on_transition, daemon);
    open_control(daemon);
    catch_signals(daemon);
}

static void run(struct daemon *daemon)
{
    if (!daemon->options->once)
        core_log_summary(daemon->core, "wanddns " PACKAGE_VERSION " started");
    begin_progress(daemon);
    if (!core_start(daemon->core)) {
        daemon->status = 1;
        return;
    }
    event_base_dispatch(daemon->base);
    if (!daemon->options->once)
        log_info("stopped");
}

static void stop(struct daemon *daemon)
{
    end_progress();
    if (!core_save(daemon->core) && daemon->options->once)
        daemon->status = 1; /* the next one would send it all again */
    for (size_t i = 0; i < SIGNALS; i++)
        event_free(daemon->signals[i]);
    control_close(daemon->control);
    timer_on_clock_set(NULL, NULL);
    resolver_free(daemon->resolver);
    core_free(daemon->core);
    timer_free(daemon->metrics_timer);
    timer_free(daemon->check_timer);
}

int daemon_run(const struct daemon_options *options)
{
    struct daemon daemon = {.options = options, .status = options->once};
    struct faults_told told = {"", NULL};
    struct config *config;
    const char *state_dir;

    hold_signals(SIG_BLOCK);
    config = config_read(options->config_file, on_fault, &told);
    if (!config)
        return 2;
    state_dir = options->state_dir ? options->state_dir : config->state_dir;
    daemon.state_dir = mem_string(state_dir ? state_dir : LOCALSTATEDIR "/lib/wanddns");
    daemon.base = timer_loop();
    if (!daemon.base)
        log_error("there is no event loop to be had");
    else if (!options->once)
        daemon.notify = notify_open(write_status, &daemon);
    if (!daemon.base || !enter_sandbox(&daemon, config) || !claim_state_dir(&daemon)) {
        daemon.status = 1;
        config_free(config);
    } else {
        log_hold_repeats(true);
        start(&daemon, config);
        run(&daemon);
        stop(&daemon);
        log_hold_repeats(false);
    }
    notify_close(daemon.notify);
    if (daemon.base)
        event_base_free(daemon.base);
    free(daemon.state_dir);
    return daemon.status;
}
