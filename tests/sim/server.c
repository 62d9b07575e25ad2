#include "server.h"

#include "clock.h"
#include "mem.h"
#include "observer.h"
#include "reply.h"
#include "tale.h"
#include "timer.h"
#include "unit.h"
#include "words.h"
#include "world.h"

#include <sys/socket.h>

enum { PATIENCE_MS = 30000, USUAL_MS = 50, CONNECT_MS = 10 };

enum kind { WAITS, GOOD, HANGS, ANSWERS, FAILS, KINDS };

static const char *const kind_words[] = {"waits", "good", "hangs", "answers", "fails"};

struct server_rule {
    char *host; /* "" for all */
    enum kind kind;
    char *rest, *block;
    uint64_t takes_ms;
    struct server_rule *next;
};

static struct server_request *first, **end = &first, *last_claimed;
static struct server_rule *rules;
static size_t started, absorbed, unclaimed, cancelled;
static uint64_t absorbed_ms, shortest_ms, longest_ms;

static void on_start(const struct fake_request *request);
static void on_cancel(const struct fake_request *request);

/* ---- Rules. ---- */

static struct server_rule *find_rule(const char *host)
{
    struct server_rule *rule = rules;

    while (rule && strcmp(rule->host, host) != 0)
        rule = rule->next;
    return rule;
}

static struct server_rule *make_rule(const char *host)
{
    struct server_rule *rule = find_rule(host);

    if (rule)
        return rule;
    rule = mem_alloc(sizeof *rule);
    rule->host = mem_string(host);
    rule->takes_ms = USUAL_MS;
    rule->next = rules;
    rules = rule;
    return rule;
}

static void set_text(char **place, const char *text)
{
    free(*place);
    *place = mem_string(text);
}

static enum kind kind_of(const char *word)
{
    enum kind kind = WAITS;

    while (kind < KINDS && strcmp(kind_words[kind], word) != 0)
        kind++;
    return kind;
}

bool server_rule(char *rest, const char *block)
{
    const char *word = words_next(&rest), *host = "";
    bool is_time = strcmp(word, "takes") == 0;
    enum kind kind = kind_of(word);
    struct server_rule *rule;

    if (kind == KINDS && !is_time) {
        host = word;
        word = words_next(&rest);
        is_time = strcmp(word, "takes") == 0;
        kind = kind_of(word);
    }
    if (kind == KINDS && !is_time)
        return false;
    rule = make_rule(host);
    if (is_time)
        return words_time(rest, &rule->takes_ms);
    rule->kind = kind;
    set_text(&rule->rest, rest);
    set_text(&rule->block, block);
    return kind == WAITS || kind == GOOD || kind == HANGS || *rest;
}

/* The rule of its host comes before that of all. */
static struct server_rule *rule_of(const struct fake_request *request)
{
    struct server_rule *all = NULL;

    for (struct server_rule *rule = rules; rule; rule = rule->next) {
        if (!*rule->host)
            all = rule;
        else if (strstr(request->url, rule->host))
            return rule;
    }
    return all;
}

/* ---- Answers. ---- */

static void close_request(struct server_request *request)
{
    request->open = false;
    timer_free(request->timer);
    timer_free(request->connecting);
    request->timer = request->connecting = NULL;
}

static bool deliver(struct server_request *request, struct reply *reply)
{
    size_t index = fake_http_find(request->number);

    assert_true(request->open && index != SIZE_MAX);
    tale_show("  < %s", reply_text(reply));
    close_request(request);
    observer_answer(request->number, request->about, &reply->answer);
    if (reply_is_success(reply, request->line, request->about))
        server_act(request);
    fake_http_answer_with(index, &reply->answer);
    reply_free(reply);
    return true;
}

bool server_answer(struct server_request *request, char *rest, const char *block)
{
    struct reply *reply = reply_read(rest, block, request->login);

    return reply && deliver(request, reply);
}

bool server_fail(struct server_request *request, char *rest)
{
    struct reply *reply = reply_failure(rest);

    return reply && deliver(request, reply);
}

void server_act(const struct server_request *request)
{
    reply_act(request->line, request->about);
}

static void on_answer(void *arg)
{
    struct server_request *request = arg;
    const struct server_rule *rule = request->rule;
    char late[] = "wait Operation timed out", nowhere[] = "connect Network is unreachable";
    char *rest = mem_string(rule->rest);
    struct ip way = world_local(request->link);
    bool good = true;

    if (!ip_is_set(&way))
        good = server_fail(request, nowhere);
    else if (rule->kind == GOOD)
        deliver(request, reply_good(request->line, request->about));
    else if (rule->kind == HANGS)
        good = server_fail(request, late);
    else if (rule->kind == ANSWERS)
        good = server_answer(request, rest, rule->block);
    else
        good = server_fail(request, rest);
    if (!good)
        tale_wrong("the rule of the server makes no sense: %s %s", kind_words[rule->kind], rule->rest);
    free(rest);
}

/* ---- Requests. ---- */

static void absorb(struct server_request *request, struct server_rule *rule)
{
    uint64_t now_ms = clock_ms();

    if (absorbed++) {
        shortest_ms = now_ms - absorbed_ms < shortest_ms ? now_ms - absorbed_ms : shortest_ms;
        longest_ms = now_ms - absorbed_ms > longest_ms ? now_ms - absorbed_ms : longest_ms;
    }
    absorbed_ms = now_ms;
    request->absorbed = request->claimed = true;
    unclaimed--;
    request->rule = rule;
    request->timer = timer_new(on_answer, request);
    timer_start(request->timer, rule->kind == HANGS ? PATIENCE_MS : rule->takes_ms);
}

static void on_connect(void *arg)
{
    const struct server_request *request = arg;
    struct ip local = world_local(request->link);

    fake_http_connect(fake_http_find(request->number), &local);
}

/* One that nobody can reach is never connected, and the others not in the turn in which they start. */
static void connect_it(struct server_request *request, const struct server_rule *rule)
{
    static const char *const early[] = {"resolve", "connect", "tls"};
    bool connects = true;

    for (size_t i = 0; rule && rule->kind == FAILS && i < COUNT(early); i++)
        connects &= strncmp(rule->rest, early[i], strlen(early[i])) != 0;
    if (!connects)
        return;
    request->connecting = timer_new(on_connect, request);
    timer_start(request->connecting, CONNECT_MS);
}

static void on_start(const struct fake_request *request)
{
    struct server_request *ours = mem_alloc(sizeof *ours);
    struct server_rule *rule = rule_of(request);
    struct buf line = {0}, login = {0};

    buf_addf(&line, "%s %s", request->method, request->url);
    buf_addf(&login, "%s:%s %s", request->username ? request->username : "", request->password ? request->password : "",
             request->headers);
    ours->number = request->number;
    ours->start_ms = clock_ms();
    ours->line = buf_take(&line);
    ours->login = buf_take(&login);
    ours->about = ledger_read(request);
    ours->link = request->link;
    ours->open = true;
    *end = ours;
    end = &ours->next;
    started++;
    unclaimed++;
    tale_show("  > %s (%s)", ours->line, ours->about->text);
    connect_it(ours, rule);
    observer_request(ours->number, ours->about);
    if (rule && rule->kind != WAITS)
        absorb(ours, rule);
}

static void on_cancel(const struct fake_request *request)
{
    struct server_request *ours = first;

    while (ours && ours->number != request->number)
        ours = ours->next;
    if (!ours)
        return;
    tale_show("  x taken back: %s", ours->about->text);
    close_request(ours);
    ours->cancelled = !ours->absorbed;
    cancelled += ours->cancelled;
    observer_cancel(ours->number, ours->about, ip_is_set(&request->local));
}

void server_begin(void)
{
    started = absorbed = unclaimed = cancelled = 0;
    shortest_ms = UINT64_MAX;
    longest_ms = 0;
    last_claimed = NULL;
    fake_http_on_start(on_start);
    fake_http_on_cancel(on_cancel);
    reply_begin();
}

void server_end(void)
{
    fake_http_on_start(NULL);
    fake_http_on_cancel(NULL);
    for (struct server_request *next; first; first = next) {
        next = first->next;
        close_request(first);
        ledger_free_about(first->about);
        free(first->line);
        free(first->login);
        free(first);
    }
    end = &first;
    for (struct server_rule *next; rules; rules = next) {
        next = rules->next;
        free(rules->host);
        free(rules->rest);
        free(rules->block);
        free(rules);
    }
    reply_end();
}

static bool fits(const struct server_request *request, const char *pattern)
{
    return !pattern || words_match(pattern, request->line) || words_match(pattern, request->about->text);
}

struct server_request *server_unclaimed(const char *pattern)
{
    struct server_request *request = unclaimed ? first : NULL;

    while (request && (request->claimed || !fits(request, pattern)))
        request = request->next;
    if (request && pattern) {
        request->claimed = true;
        unclaimed--;
        last_claimed = request;
    }
    return request;
}

struct server_request *server_cancelled(void)
{
    struct server_request *request = cancelled ? first : NULL;

    while (request && !(request->claimed && request->cancelled))
        request = request->next;
    return request;
}

struct server_request *server_open(const char *pattern)
{
    struct server_request *request = first;

    if (!pattern)
        return last_claimed && last_claimed->open ? last_claimed : NULL;
    while (request && !(request->open && request->claimed && fits(request, pattern)))
        request = request->next;
    return request;
}

void server_forgive(struct server_request *request)
{
    cancelled -= request->cancelled;
    request->cancelled = false;
}

void server_forget_open(void)
{
    for (struct server_request *request = first; request; request = request->next)
        server_forgive(request);
}

size_t server_count(void)
{
    return started;
}

size_t server_absorbed(uint64_t *least_ms, uint64_t *most_ms)
{
    size_t count = absorbed;

    *least_ms = shortest_ms;
    *most_ms = longest_ms;
    absorbed = 0;
    shortest_ms = UINT64_MAX;
    longest_ms = 0;
    return count;
}

bool server_has_absorbed(void)
{
    return absorbed > 0;
}
