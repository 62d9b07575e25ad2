#include "control.h"

#include "listener.h"
#include "log.h"
#include "mem.h"
#include "metrics.h"
#include "nearest.h"
#include "report.h"
#include "timer.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REFILL = 16 * 1024 };

struct client {
    struct control *control;
    struct bufferevent *stream;
    struct timer *deadline; /* of the request */
    struct demand demand;
    struct report *report; /* that is being told */
    bool asked;            /* the request is there, or there will be none */
    bool follows;
    bool updates; /* ends when each of its records has an answer */
    uint64_t forced_ms;
    size_t forced; /* records */
    bool ending;   /* closed when all is taken */
    struct client *next;
};

struct control {
    struct event_base *base;
    struct core *core;
    control_reload_fn *reload;
    void *arg;
    struct listener *listener;
    struct timer *finished; /* to look whether updates are over, from the loop */
    struct client *clients;
    size_t count;
};

/* ---- Clients. ---- */

static void drop(struct client *client)
{
    struct client **link = &client->control->clients;

    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    client->control->count--;
    report_free(client->report);
    demand_clear(&client->demand);
    timer_free(client->deadline);
    bufferevent_free(client->stream);
    free(client);
    mem_trim();
}

static void send_text(struct client *client, struct buf *text)
{
    bufferevent_write(client->stream, buf_text(text), text->length);
    buf_free(text);
}

/* What nobody asked for piece by piece. A client that does not take it is forgotten. */
static void send_more(struct client *client, struct buf *text)
{
    send_text(client, text);
    if (evbuffer_get_length(bufferevent_get_output(client->stream)) > CONTROL_BACKLOG)
        drop(client);
}

/* Nothing more comes. */
static void end(struct client *client, struct buf *text)
{
    client->ending = true;
    client->follows = client->updates = false;
    send_text(client, text);
}

static void succeed(struct client *client)
{
    struct buf text = {0};

    report_end(&text);
    end(client, &text);
}

static void fail(struct client *client, enum report_fault fault, const char *why)
{
    struct buf text = {0};

    report_failure(&text, fault, why);
    end(client, &text);
}

/* More of a report, as the client takes it. */
static void refill(struct client *client)
{
    struct buf text = {0};
    bool more = true;

    while (more && text.length < REFILL)
        more = report_more(client->report, &text);
    send_text(client, &text);
    if (more)
        return;
    report_free(client->report);
    client->report = NULL;
    if (client->updates)
        timer_start(client->control->finished, 0);
    else
        succeed(client);
}

static void on_written(struct bufferevent *stream, void *arg)
{
    struct client *client = arg;

    (void)stream;
    if (client->report)
        refill(client);
    else if (client->ending)
        drop(client);
}

/* ---- Hosts, and their records. ---- */

/* The names of all records, in an array of its own. */
static const char **collect_names(const struct core *core, size_t *count)
{
    size_t states[CORE_STATES], all = core_count(core, states);
    const char **names = mem_alloc(all * sizeof *names);
    const struct account *account;
    const struct record *record;

    *count = 0;
    for (size_t i = 0; (account = core_account(core, i)); i++)
        for (size_t j = 0; (record = account_record(account, j)); j++)
            names[(*count)++] = record_name(record);
    return names;
}

static bool has_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* False after the client was told that there is no such record. */
static bool knows_hosts(struct client *client)
{
    size_t count, i = 0;
    const char **names = collect_names(client->control->core, &count), *near;
    struct buf text = {0};

    while (i < client->demand.host_count && has_name(names, count, client->demand.hosts[i]))
        i++;
    if (i < client->demand.host_count) {
        near = nearest_word(client->demand.hosts[i], names, count);
        buf_addf(&text, "no record is called %s", client->demand.hosts[i]);
        if (near)
            buf_addf(&text, ": did you mean %s?", near);
        fail(client, REPORT_WRONG, text.text);
    }
    free(names);
    buf_free(&text);
    return i == client->demand.host_count;
}

/* Of the records that a client means. */
struct outcome {
    size_t all, current;
    size_t pending; /* without an answer since they were forced */
};

/* One that failed and is tried again has had its answer. */
static bool is_pending(const struct client *client, const struct record *record)
{
    struct record_view view;

    record_look(record, &view);
    return record_state(record) == RECORD_UPDATING &&
           (!view.failures || view.since.now_ms <= (int64_t)client->forced_ms);
}

static struct outcome outcome_of(const struct client *client)
{
    const struct core *core = client->control->core;
    struct outcome outcome = {0};
    const struct account *account;
    const struct record *record;

    for (size_t i = 0; (account = core_account(core, i)); i++) {
        for (size_t j = 0; (record = account_record(account, j)); j++) {
            if (!demand_means(&client->demand, record_name(record)))
                continue;
            outcome.all++;
            outcome.current += record_state(record) == RECORD_CURRENT;
            outcome.pending += is_pending(client, record);
        }
    }
    return outcome;
}

/* ---- Commands. ---- */

static void begin_report(struct client *client)
{
    client->report = report_new(client->control->core, &client->demand);
    refill(client);
}

static void on_follow(struct client *client)
{
    struct buf text = {0};

    report_head(client->control->core, &client->demand, &text);
    client->follows = true;
    send_text(client, &text);
}

/* The report tells that they are updating; what follows is what becomes of it. */
static void on_update(struct client *client)
{
    struct core *core = client->control->core;

    for (size_t i = 0; i < client->demand.host_count; i++)
        core_force_name(core, client->demand.hosts[i]);
    if (!client->demand.host_count)
        core_force(core);
    client->forced_ms = timer_now_ms();
    client->forced = outcome_of(client).all;
    client->follows = client->updates = true;
    begin_report(client);
}

static void on_reload(struct client *client)
{
    const struct control *control = client->control;
    struct buf text = {0};

    if (control->reload(control->arg, &text))
        succeed(client);
    else
        fail(client, REPORT_CONFIGURATION, buf_text(&text));
    buf_free(&text);
}

static void on_log_level(struct client *client)
{
    log_set_level(client->demand.level);
    succeed(client);
}

static void on_metrics(struct client *client)
{
    struct buf metrics = {0}, text = {0};

    metrics_write(client->control->core, METRICS_OPEN, &metrics);
    report_text(&text, buf_text(&metrics));
    buf_free(&metrics);
    send_text(client, &text);
    succeed(client);
}

static const struct {
    void (*run)(struct client *client);
    bool steers; /* worth a line in the log */
} commands[] = {
    [DEMAND_STATUS] = {begin_report, false}, [DEMAND_EXPLAIN] = {begin_report, false},
    [DEMAND_UPDATE] = {on_update, true},     [DEMAND_FOLLOW] = {on_follow, false},
    [DEMAND_RELOAD] = {on_reload, true},     [DEMAND_LOG_LEVEL] = {on_log_level, true},
    [DEMAND_METRICS] = {on_metrics, false},
};

/* Who asks (SO_PEERCRED, unix(7)). */
static void log_peer(const struct client *client)
{
    const struct demand *demand = &client->demand;
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    struct buf text = {0};

    if (getsockopt(bufferevent_getfd(client->stream), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return;
    buf_addf(&text, "control: %s", demand_word(demand->command));
    if (demand->host_count)
        buf_addf(&text, " %s", demand->hosts[0]);
    if (demand->host_count > 1)
        buf_addf(&text, " and %zu more", demand->host_count - 1);
    buf_addf(&text, ", by uid %u, pid %d", (unsigned)peer.uid, (int)peer.pid);
    if (commands[demand->command].steers)
        log_info("%s", text.text);
    else
        log_debug("%s", text.text);
    buf_free(&text);
}

static void answer(struct client *client, const char *line, size_t length)
{
    const char *why;
    enum demand_fault fault = demand_read(line, length, &client->demand, &why);

    if (fault != DEMAND_GOOD) {
        fail(client, fault == DEMAND_OTHER_VERSION ? REPORT_OTHER_VERSION : REPORT_WRONG, why);
    } else if (knows_hosts(client)) {
        log_peer(client);
        commands[client->demand.command].run(client);
    }
}

/* ---- Connections. ---- */

/* The request is there, or there is none to be had: from now on only its end is of interest, of who follows. */
static void stop_reading(struct client *client)
{
    client->asked = true;
    timer_stop(client->deadline);
    if (!client->follows)
        bufferevent_disable(client->stream, EV_READ);
}

static void take_request(struct client *client, struct evbuffer *input)
{
    size_t length;
    char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF);

    if (!line && evbuffer_get_length(input) < DEMAND_SIZE)
        return;
    if (line)
        answer(client, line, length);
    else
        fail(client, REPORT_WRONG, "the request is too long");
    free(line);
    stop_reading(client);
}

static void on_readable(struct bufferevent *stream, void *arg)
{
    struct evbuffer *input = bufferevent_get_input(stream);
    struct client *client = arg;
    struct buf text = {0};

    if (!client->asked) {
        take_request(client, input);
        return;
    }
    evbuffer_drain(input, evbuffer_get_length(input));
    report_alive(&text);
    send_more(client, &text);
}

static void on_deadline(void *arg)
{
    struct client *client = arg;

    fail(client, REPORT_WRONG, "no request came in 10 s");
    stop_reading(client);
}

/* It is gone, or takes nothing. */
static void on_event(struct bufferevent *stream, short what, void *arg)
{
    (void)stream;
    (void)what;
    drop(arg);
}

static void on_connection(void *arg, int fd)
{
    struct control *control = arg;
    struct bufferevent *stream = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
    struct client *client;

    if (!stream) {
        close(fd);
        return;
    }
    client = mem_alloc(sizeof *client);
    *client = (struct client){.control = control, .stream = stream, .next = control->clients};
    client->deadline = timer_new(on_deadline, client);
    control->clients = client;
    control->count++;
    bufferevent_setcb(stream, on_readable, on_written, on_event, client);
    bufferevent_set_timeouts(stream, NULL, &(struct timeval){CONTROL_TIMEOUT_MS / 1000, 0});
    bufferevent_setwatermark(stream, EV_READ, 0, DEMAND_SIZE);
    if (control->count > CONTROL_CLIENTS) {
        fail(client, REPORT_BUSY, "too many are asking at once");
        stop_reading(client);
    } else {
        timer_start(client->deadline, CONTROL_TIMEOUT_MS);
        if (bufferevent_enable(stream, EV_READ) < 0) /* the loop takes no more descriptors */
            drop(client);
    }
}

/* ---- Those who follow. ---- */

void control_tell(struct control *control, const struct hook_fact *fact)
{
    if (!control)
        return;
    for (struct client *client = control->clients, *next; client; client = next) {
        struct buf text = {0};

        next = client->next;
        if (!client->follows || !demand_means(&client->demand, fact->name))
            continue;
        report_transition(&text, fact);
        send_more(client, &text);
    }
}

void control_changed(struct control *control)
{
    bool any = false;

    for (const struct client *client = control ? control->clients : NULL; client; client = client->next)
        any |= client->updates;
    if (any)
        timer_start(control->finished, 0);
}

static void add_part(struct buf *text, size_t part, size_t all, const char *what)
{
    if (part)
        buf_addf(text, "%s%zu of %zu record%s %s %s", text->length ? ", " : "", part, all, all == 1 ? "" : "s",
                 part == 1 ? "is" : "are", what);
}

/* A reload may have taken some away. */
static void end_update(struct client *client, const struct outcome *outcome)
{
    struct buf text = {0};

    add_part(&text, outcome->all - outcome->current, outcome->all, "not current");
    if (outcome->all < client->forced)
        add_part(&text, client->forced - outcome->all, client->forced, "no longer in the configuration");
    if (text.length)
        fail(client, REPORT_RESULT, text.text);
    else
        succeed(client);
    buf_free(&text);
}

/* What the kernel or a source outside has yet to say may send them once more. */
static void on_finished(void *arg)
{
    const struct control *control = arg;

    if (!core_has_read(control->core) || sources_are_asking(core_sources(control->core)))
        return;
    for (struct client *client = control->clients; client; client = client->next) {
        struct outcome outcome;

        if (!client->updates || client->report)
            continue;
        outcome = outcome_of(client);
        if (!outcome.pending)
            end_update(client, &outcome);
    }
}

/* ---- Its making. ---- */

struct control *control_open(struct event_base *base, const char *path, const char *group, struct core *core,
                             control_reload_fn *reload, void *arg)
{
    struct control *control = mem_alloc(sizeof *control);

    *control = (struct control){.base = base, .core = core, .reload = reload, .arg = arg};
    control->listener = listener_open(base, path, group, on_connection, control);
    if (!control->listener) {
        free(control);
        return NULL;
    }
    control->finished = timer_new(on_finished, control);
    return control;
}

void control_close(struct control *control)
{
    if (!control)
        return;
    while (control->clients)
        drop(control->clients); /* NOLINT(clang-analyzer-unix.Malloc): does not see that it is control's own list */
    listener_close(control->listener);
    timer_free(control->finished);
    free(control);
}
