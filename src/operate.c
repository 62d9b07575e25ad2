#include "operate.h"

#include "explain.h"
#include "json.h"
#include "progress.h"
#include "span.h"
#include "status.h"
#include "talk.h"
#include "trouble.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UNBROKEN = 100000 }; /* columns of a line that is for programs as well */

/* ---- One request and its answer. ---- */

/* How an answer comes. But for AT_ONCE nothing may be said for any time. */
enum answer {
    AT_ONCE,
    IN_TIME,
    ENDLESS, /* until one side goes */
};

/* Told of each line but the last one, which stays the caller's. */
typedef void line_fn(void *arg, struct json_t *line);

static void complain(const struct operate_options *options, const char *text)
{
    struct buf line = {0};

    progress_end();
    if (options->quiet)
        return;
    buf_add(&line, "wanddns: ");
    buf_add_escaped(&line, text, BUF_PRINT);
    fprintf(stderr, "%s\n", line.text);
    buf_free(&line);
}

static char *make_request(const struct operate_options *options, const char *command)
{
    struct buf text = {0};

    buf_addf(&text, "{\"version\":1,\"command\":\"%s\"", command);
    if (options->level)
        buf_addf(&text, ",\"level\":\"%s\"", options->level);
    buf_add(&text, ",\"hosts\":[");
    for (size_t i = 0; i < options->host_count; i++) {
        buf_add(&text, i ? ",\"" : "\"");
        buf_add_escaped(&text, options->hosts[i], BUF_JSON);
        buf_add(&text, "\"");
    }
    buf_add(&text, "]}");
    return buf_take(&text);
}

/* What the last line says. */
static int judge_end(const struct operate_options *options, const struct json_t *line)
{
    const char *fault = reply_word(line, "fault");

    if (reply_flag(line, "ok"))
        return OPERATE_GOOD;
    complain(options, reply_word(line, "error"));
    if (strcmp(fault, "request") == 0 || strcmp(fault, "configuration") == 0)
        return OPERATE_WRONG;
    return strcmp(fault, "version") == 0 || strcmp(fault, "busy") == 0 ? OPERATE_NOBODY : OPERATE_BAD;
}

static int judge_silence(const struct operate_options *options, enum talk_result result, bool was_endless)
{
    struct buf text = {0};

    if (result == TALK_INTERRUPTED)
        return OPERATE_BAD;
    buf_addf(&text, "%s: ", options->control);
    if (result == TALK_SILENT)
        buf_addf(&text, "the daemon says nothing for %d s: it hangs, or the machine is very busy", TALK_TIMEOUT_S);
    else if (result == TALK_CLOSED)
        buf_add(&text, was_endless ? "the daemon has ended" : "the daemon ended before it had answered");
    else
        buf_add(&text, "who answers there does not speak the protocol of wanddns");
    complain(options, text.text);
    buf_free(&text);
    return OPERATE_NOBODY;
}

/* The exit status. Once nothing more can be printed it ends, and main.c says so. */
static int converse(const struct operate_options *options, const char *command, enum answer answer, line_fn *fn,
                    void *arg)
{
    char *request = make_request(options, command);
    struct buf fault = {0};
    struct talk *talk = talk_open(options->control, request, &fault);
    enum talk_result result;
    struct json_t *line;
    bool began = false;
    int status = -1;

    if (!talk) {
        complain(options, fault.text);
        status = OPERATE_NOBODY;
    }
    while (status < 0) {
        result = talk_next(talk, answer != AT_ONCE, &line);
        if (result != TALK_LINE) {
            status = judge_silence(options, result, began && answer == ENDLESS);
            continue;
        }
        began = true;
        if (reply_kind(line) == REPLY_END)
            status = judge_end(options, line);
        else
            fn(arg, line);
        if (ferror(stdout))
            status = OPERATE_BAD;
        json_free(line);
    }
    if (talk)
        talk_close(talk);
    buf_free(&fault);
    free(request);
    return status;
}

static void keep(void *arg, struct json_t *line)
{
    reply_add(arg, line);
}

/* All of an answer that begins with the line of the status. */
static int gather(const struct operate_options *options, const char *command, struct reply *reply)
{
    int status = converse(options, command, AT_ONCE, keep, reply);

    if (status == OPERATE_GOOD && !reply_line(reply, REPLY_STATUS, 0))
        status = judge_silence(options, TALK_RUBBISH, false);
    return status;
}

static void ignore(void *arg, struct json_t *line)
{
    (void)arg;
    (void)line;
}

/* ---- Printing. ---- */

static void print_page(struct page *page)
{
    fputs(buf_text(&page->text), stdout);
    buf_free(&page->text);
}

/* Lines that programs may read, too, so that they are as long as they are. */
static void open_lines(struct page *page)
{
    page_open(page, STDOUT_FILENO);
    page->width = UNBROKEN;
}

static void print_lines(struct page *page)
{
    progress_erase();
    print_page(page);
    fflush(stdout);
    progress_draw();
}

static void print_transition(const struct json_t *line)
{
    struct page page;

    open_lines(&page);
    explain_transition(line, &page);
    print_lines(&page);
}

/* ---- Commands that end at once. ---- */

static int show_status(const struct operate_options *options, const struct reply *reply)
{
    int status = status_is_well(reply) ? OPERATE_GOOD : OPERATE_BAD;
    struct page page;
    char *json;

    if (options->quiet)
        return status;
    if (options->json) {
        json = status_json(reply);
        fputs(json, stdout);
        free(json);
        return status;
    }
    page_open(&page, STDOUT_FILENO);
    status_show(reply, &page);
    print_page(&page);
    return status;
}

int operate_status(const struct operate_options *options)
{
    struct reply *reply = reply_new();
    int status = gather(options, "status", reply);

    if (status == OPERATE_GOOD)
        status = show_status(options, reply);
    reply_free(reply);
    return status;
}

int operate_explain(const struct operate_options *options)
{
    struct reply *reply = reply_new();
    int status = gather(options, "explain", reply);
    struct page page;

    if (status == OPERATE_GOOD) {
        page_open(&page, STDOUT_FILENO);
        explain_show(reply, &page);
        print_page(&page);
    }
    reply_free(reply);
    return status;
}

int operate_reload(const struct operate_options *options)
{
    return converse(options, "reload", AT_ONCE, ignore, NULL);
}

int operate_log_level(const struct operate_options *options)
{
    return converse(options, "log-level", AT_ONCE, ignore, NULL);
}

static void print_text(void *arg, struct json_t *line)
{
    (void)arg;
    fputs(reply_word(line, "text"), stdout);
}

int operate_metrics(const struct operate_options *options)
{
    return converse(options, "metrics", AT_ONCE, print_text, NULL);
}

/* ---- Commands that go on. ---- */

static void print_json(void *arg, struct json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);

    (void)arg;
    if (reply_kind(line) == REPLY_TRANSITION)
        puts(text);
    fflush(stdout);
    free(text);
}

static void print_line(void *arg, struct json_t *line)
{
    (void)arg;
    if (reply_kind(line) == REPLY_TRANSITION)
        print_transition(line);
}

int operate_follow(const struct operate_options *options)
{
    return converse(options, "follow", ENDLESS, options->json ? print_json : print_line, NULL);
}

/* ---- An update. ---- */

struct ongoing {
    const struct operate_options *options;
    json_t *states; /* of each record, by its name, type and account */
    size_t all;
    size_t done, failed; /* of them */
    bool has_line;       /* one line shows how far it is */
    bool told;           /* why nothing happens */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* The records that are asked for are known before what becomes of them, and some of both may come in either order. */
static void note_state(struct ongoing *ongoing, const struct json_t *line, const char *state)
{
    struct buf key = {0};
    const char *before;

    buf_addf(&key, "%s %s %s", reply_word(line, "name"), reply_word(line, "type"), reply_word(line, "account"));
    before = json_string_value(json_object_get(ongoing->states, key.text));
    if (before && strcmp(before, "updating") != 0)
        --*(strcmp(before, "current") == 0 ? &ongoing->done : &ongoing->failed);
    if (strcmp(state, "updating") != 0)
        ++*(strcmp(state, "current") == 0 ? &ongoing->done : &ongoing->failed);
    json_object_set_new(ongoing->states, key.text, json_string(state));
    buf_free(&key);
}

/* Where there is nothing to be sent, or not yet. */
static void print_obstacle(const struct json_t *line)
{
    struct page page;
    struct buf text = {0};
    char when[SPAN_SIZE];
    int64_t next_s = reply_time(line, "next_at");

    open_lines(&page);
    if (reply_kind(line) == REPLY_ACCOUNT)
        buf_addf(&text, "%s: the provider takes no more requests before %s", reply_word(line, "name"),
                 span_clock(next_s, next_s, when));
    else
        buf_addf(&text, "%s %s: nothing to be sent (%s)", reply_word(line, "name"), reply_word(line, "type"),
                 reply_word(line, "text"));
    page_paragraph(&page, 0, 0, PAGE_CARE, text.text, "");
    print_lines(&page);
    buf_free(&text);
}

/* Which logins may ask nothing for now, when nothing has happened for a while. */
static void print_obstacles(struct ongoing *ongoing)
{
    struct reply *reply = reply_new();
    const struct json_t *account;

    if (!ongoing->told && gather(ongoing->options, "status", reply) == OPERATE_GOOD)
        for (size_t i = 0; (account = reply_line(reply, REPLY_ACCOUNT, i)); i++)
            if (reply_time(account, "next_at"))
                print_obstacle(account);
    ongoing->told = true;
    reply_free(reply);
}

/* Beside the line that shows how far it is only what fails is told. */
static void take_record(struct ongoing *ongoing, const struct json_t *line)
{
    const char *state = reply_word(line, "state");

    note_state(ongoing, line, state);
    if (!ongoing->has_line && strcmp(state, "idle") == 0)
        print_obstacle(line);
}

static void take_transition(struct ongoing *ongoing, const struct json_t *line)
{
    const char *state = reply_word(line, "to");

    note_state(ongoing, line, state);
    ongoing->told = false;
    if (!ongoing->has_line || (strcmp(state, "updating") != 0 && strcmp(state, "current") != 0))
        print_transition(line);
}

static void on_update_line(void *arg, struct json_t *line)
{
    struct ongoing *ongoing = arg;

    switch (reply_kind(line)) {
    case REPLY_STATUS:
        ongoing->all = (size_t)reply_number(line, "record_count");
        ongoing->has_line = progress_begin(ongoing->all);
        break;
    case REPLY_RECORD:
        take_record(ongoing, line);
        break;
    case REPLY_TRANSITION:
        take_transition(ongoing, line);
        break;
    case REPLY_ALIVE:
        print_obstacles(ongoing);
        break;
    default:
        break;
    }
    progress_show(ongoing->done, ongoing->failed);
}

/* What is wrong with those that are not current. */
static void print_trouble(const struct operate_options *options)
{
    struct reply *reply = reply_new();
    struct page page;

    page_open(&page, STDOUT_FILENO);
    if (gather(options, "status", reply) == OPERATE_GOOD)
        trouble_tell(reply, &page);
    print_page(&page);
    reply_free(reply);
}

/* As the shell expects of who was interrupted (https://www.cons.org/cracauer/sigint.html). */
static void end_interrupted(const sigset_t *interrupt)
{
    fputs("wanddns: interrupted; the daemon goes on with it, and wanddns status tells how far it is\n", stderr);
    signal(SIGINT, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, interrupt, NULL);
    raise(SIGINT);
}

int operate_update(const struct operate_options *options)
{
    struct ongoing ongoing = {.options = options, .states = json_object()};
    const struct sigaction action = {.sa_handler = on_interrupt};
    sigset_t interrupt;
    int status;

    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, NULL); /* but for when it waits */
    sigaction(SIGINT, &action, NULL);
    status = converse(options, "update", IN_TIME, on_update_line, &ongoing);
    progress_end();
    json_decref(ongoing.states);
    if (interrupted)
        end_interrupted(&interrupt);
    if (status == OPERATE_BAD)
        print_trouble(options);
    if (status == OPERATE_GOOD)
        printf(ongoing.all == 1 ? "the record is current\n" : "all %zu records are current\n", ongoing.all);
    return status;
}
