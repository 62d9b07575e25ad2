#include "control.h"

#include "json.h"
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
    struct report *report; /* that is being told */
    char **hosts;          /* of the request */
    size_t host_count;
    bool follows;
    bool updates; /* ends when none of its hosts is updating any more */
    bool ending;  /* closed when all is taken */
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

static void free_hosts(struct client *client)
{
    for (size_t i = 0; i < client->host_count; i++)
        free(client->hosts[i]);
    free(client->hosts);
}

static void drop(struct client *client)
{
    struct client **link = &client->control->clients;

    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    client->control->count--;
    report_free(client->report);
    free_hosts(client);
    bufferevent_free(client->stream);
    free(client);
    mem_trim();
}

static void send_text(struct client *client, struct buf *text)
{
    bufferevent_write(client->stream, buf_text(text), text->length);
    buf_free(text);
}

/* Nothing more comes; NULL when it went well. */
static void finish(struct client *client, const char *error)
{
    struct buf text = {0};

    report_end(&text, error);
    client->ending = true;
    client->follows = client->updates = false;
    send_text(client, &text);
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
    finish(client, NULL);
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

/* ---- Commands. ---- */

static bool has_name(const struct core *core, const char *name)
{
    const struct account *account;
    const struct record *record;

    for (size_t i = 0; (account = core_account(core, i)); i++)
        for (size_t j = 0; (record = account_record(account, j)); j++)
            if (strcmp(record_name(record), name) == 0)
                return true;
    return false;
}

/* A name of a record that is near to this one, or NULL. */
static const char *near_name(const struct core *core, const char *name)
{
    const struct account *account;
    const struct record *record;
    const char *near = NULL;

    for (size_t i = 0; (account = core_account(core, i)) && !near; i++)
        for (size_t j = 0; (record = account_record(account, j)) && !near; j++) {
            const char *candidate = record_name(record);

            near = nearest_word(name, &candidate, 1);
        }
    return near;
}

/* False after the client was told that there is no such record. */
static bool knows_hosts(struct client *client)
{
    const struct core *core = client->control->core;

    for (size_t i = 0; i < client->host_count; i++) {
        const char *near;
        struct buf text = {0};

        if (has_name(core, client->hosts[i]))
            continue;
        near = near_name(core, client->hosts[i]);
        buf_addf(&text, "no record is called %s", client->hosts[i]);
        if (near)
            buf_addf(&text, ": did you mean %s?", near);
        finish(client, text.text);
        buf_free(&text);
        return false;
    }
    return true;
}

static void begin_report(struct client *client, bool explain)
{
    client->report = report_new(client->control->core, client->hosts, client->host_count, explain);
    refill(client);
}

static void on_status(struct client *client, const struct json_t *request)
{
    (void)request;
    begin_report(client, false);
}

static void on_explain(struct client *client, const struct json_t *request)
{
    (void)request;
    begin_report(client, true);
}

static void on_follow(struct client *client, const struct json_t *request)
{
    (void)request;
    client->follows = true;
    bufferevent_set_timeouts(client->stream, NULL, &(struct timeval){CONTROL_TIMEOUT_S, 0});
}

static void on_update(struct client *client, const struct json_t *request)
{
    struct control *control = client->control;

    on_follow(client, request);
    client->updates = true;
    for (size_t i = 0; i < client->host_count; i++)
        core_force_name(control->core, client->hosts[i]);
    if (!client->host_count)
        core_force(control->core);
    timer_start(control->finished, 0);
}

static void on_reload(struct client *client, const struct json_t *request)
{
    struct control *control = client->control;
    struct buf text = {0};
    bool good = control->reload(control->arg, &text);

    (void)request;
    finish(client, good ? NULL : buf_text(&text));
    buf_free(&text);
}

static void on_log_level(struct client *client, const struct json_t *request)
{
    char *word = json_text(json_at(request, "level"));
    enum log_level level;
    bool good = word && log_level_parse(word, &level);

    if (good)
        log_set_level(level);
    finish(client, good ? NULL : "level is error, warning, info or debug");
    free(word);
}

static void on_metrics(struct client *client, const struct json_t *request)
{
    struct buf metrics = {0}, text = {0};

    (void)request;
    metrics_write(client->control->core, &metrics);
    buf_add(&text, "{\"line\":\"text\",\"text\":\"");
    buf_add_escaped(&text, buf_text(&metrics), BUF_JSON);
    buf_add(&text, "\"}\n");
    buf_free(&metrics);
    send_text(client, &text);
    finish(client, NULL);
}

static const struct command {
    const char *name;
    void (*run)(struct client *client, const struct json_t *request);
    bool steers; /* worth a line in the log */
} commands[] = {
    {"status", on_status, false},   {"explain", on_explain, false}, {"update", on_update, true},
    {"follow", on_follow, false},   {"reload", on_reload, true},    {"log-level", on_log_level, true},
    {"metrics", on_metrics, false},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Who asks (SO_PEERCRED, unix(7)). */
static void log_peer(const struct client *client, const struct command *command)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;

    if (getsockopt(bufferevent_getfd(client->stream), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return;
    if (command->steers)
        log_info("control: %s%s%s, by uid %u, pid %d", command->name, client->host_count ? " " : "",
                 client->host_count ? client->hosts[0] : "", (unsigned)peer.uid, (int)peer.pid);
    else
        log_debug("control: %s, by uid %u, pid %d", command->name, (unsigned)peer.uid, (int)peer.pid);
}

/* False when the request has hosts that are none. */
static bool read_hosts(struct client *client, const struct json_t *request)
{
    const struct json_t *hosts = json_at(request, "hosts");
    size_t count = json_is_list(hosts) ? json_count(hosts) : 0;

    if (hosts && !json_is_list(hosts))
        return false;
    client->hosts = mem_alloc(count * sizeof *client->hosts);
    for (size_t i = 0; i < count; i++) {
        char *host = json_text(json_element(hosts, i));

        if (!host)
            return false;
        client->hosts[client->host_count++] = host;
    }
    return true;
}

static void answer(struct client *client, const char *line, size_t length)
{
    struct json_t *request = json_parse(line, length);
    char *version = json_text(json_at(request, "version")), *name = json_text(json_at(request, "command"));
    const struct command *command = find_command(name);

    if (!request)
        finish(client, "a request is a line with one JSON object");
    else if (!version || strcmp(version, "1") != 0)
        finish(client, "this daemon speaks version 1");
    else if (!command)
        finish(client, "there is no such command");
    else if (!read_hosts(client, request))
        finish(client, "hosts is a list of names");
    else if (knows_hosts(client)) {
        log_peer(client, command);
        command->run(client, request);
    }
    free(version);
    free(name);
    json_free(request);
}

/* ---- Connections. ---- */

static void on_readable(struct bufferevent *stream, void *arg)
{
    struct client *client = arg;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t length;
    char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF);

    if (line || evbuffer_get_length(input) >= CONTROL_REQUEST) {
        bufferevent_disable(stream, EV_READ);
        bufferevent_set_timeouts(stream, NULL, &(struct timeval){CONTROL_TIMEOUT_S, 0});
    }
    if (line)
        answer(client, line, length);
    else if (evbuffer_get_length(input) >= CONTROL_REQUEST)
        finish(client, "the request is too long");
    if (client->follows)
        bufferevent_enable(stream, EV_READ); /* to hear that it is gone */
    free(line);
}

/* It is gone, or too slow. */
static void on_event(struct bufferevent *stream, short what, void *arg)
{
    (void)stream;
    (void)what;
    drop(arg);
}

static void on_connection(void *arg, int fd)
{
    struct control *control = arg;
    struct client *client = mem_alloc(sizeof *client);

    client->control = control;
    client->stream = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!client->stream) {
        close(fd);
        free(client);
        return;
    }
    client->next = control->clients;
    control->clients = client;
    control->count++;
    bufferevent_setcb(client->stream, on_readable, on_written, on_event, client);
    bufferevent_set_timeouts(client->stream, &(struct timeval){CONTROL_TIMEOUT_S, 0},
                             &(struct timeval){CONTROL_TIMEOUT_S, 0});
    bufferevent_setwatermark(client->stream, EV_READ, 0, CONTROL_REQUEST);
    if (control->count > CONTROL_CLIENTS)
        finish(client, "too many are asking at once");
    else if (bufferevent_enable(client->stream, EV_READ) < 0) /* the loop takes no more descriptors */
        drop(client);
}

/* ---- Those who follow. ---- */

static bool is_meant(const struct client *client, const char *name)
{
    for (size_t i = 0; i < client->host_count; i++)
        if (strcmp(client->hosts[i], name) == 0)
            return true;
    return !client->host_count;
}

void control_tell(struct control *control, const struct hook_fact *fact)
{
    if (!control || !control->clients)
        return;
    for (struct client *client = control->clients, *next; client; client = next) {
        struct buf text = {0};

        next = client->next;
        if (!client->follows || !is_meant(client, fact->name))
            continue;
        report_transition(&text, fact);
        send_text(client, &text);
        if (evbuffer_get_length(bufferevent_get_output(client->stream)) > CONTROL_BACKLOG)
            drop(client);
    }
    timer_start(control->finished, 0);
}

/* How many of the records that a client means are in this state, or, with not, in another one. */
static size_t count_meant(const struct client *client, enum record_state state, bool not )
{
    const struct core *core = client->control->core;
    const struct account *account;
    const struct record *record;
    size_t count = 0;

    for (size_t i = 0; (account = core_account(core, i)); i++)
        for (size_t j = 0; (record = account_record(account, j)); j++)
            count += is_meant(client, record_name(record)) && (record_state(record) == state) != not ;
    return count;
}

static void on_finished(void *arg)
{
    struct control *control = arg;

    for (struct client *client = control->clients; client; client = client->next) {
        struct buf text = {0};
        size_t bad;

        if (!client->updates || count_meant(client, RECORD_UPDATING, false))
            continue;
        bad = count_meant(client, RECORD_CURRENT, true);
        buf_addf(&text, "%zu of %zu records %s not current", bad, bad + count_meant(client, RECORD_CURRENT, false),
                 bad == 1 ? "is" : "are");
        finish(client, bad ? text.text : NULL);
        buf_free(&text);
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
        drop(control->clients);
    listener_close(control->listener);
    timer_free(control->finished);
    free(control);
}
