#include "ask.h"

#include "backoff.h"
#include "child.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    PROGRAM_TIMEOUT_MS = 30 * 1000,
    CREDIT_MAX = 5, /* questions that changes may cause in a burst */
    CREDIT_MS = 60 * 1000,
    DETAIL_SIZE = 128,
};

/* One service of the rule. */
struct question {
    struct ask *ask;
    struct http_transfer *transfer;
    struct ip ip;
    enum reason reason;
    bool reached; /* it got the question, whatever came of it */
    uint64_t asked_ms;
    char detail[DETAIL_SIZE];
};

struct ask {
    struct event_base *base;
    struct http *http;
    const struct rule *rule;
    ask_news_fn *news;
    void *arg;
    struct source_answer uplink; /* as last looked at */
    struct question questions[RULE_SERVICES];
    struct child *child;
    struct timer *timer; /* until the next question */
    unsigned failures;   /* in a row, to reach them */
    unsigned credit;
    uint64_t credited_ms;
    bool looked; /* the uplink is known */
    bool owed;   /* a change of it has yet to be asked about */
    bool known;  /* what follows is an answer of this uplink */
    struct ip ip;
    enum reason reason;
    char detail[DETAIL_SIZE];
};

static const struct rule_service *service_of(const struct question *question)
{
    return &question->ask->rule->outside->services[question - question->ask->questions];
}

bool ask_is_asking(const struct ask *ask)
{
    bool asking = ask->child != NULL;

    for (size_t i = 0; i < RULE_SERVICES; i++)
        asking |= ask->questions[i].transfer != NULL;
    return asking;
}

static void take_back(struct ask *ask)
{
    if (ask->child)
        child_cancel(ask->child);
    ask->child = NULL;
    for (size_t i = 0; i < RULE_SERVICES; i++) {
        if (ask->questions[i].transfer)
            http_cancel(ask->questions[i].transfer);
        ask->questions[i].transfer = NULL;
    }
}

/* ---- What an answer says. ---- */

static char *find_member(const char *path, const char *text, size_t length)
{
    struct json_t *root = json_parse(text, length);
    const struct json_t *at = json_at(root, path);
    char *found = json_text(at);

    json_free(root);
    return found;
}

enum reason ask_judge(const struct rule *rule, const char *member, const char *text, size_t length, struct ip *ip)
{
    char *word;

    *ip = (struct ip){0};
    if (strlen(text) != length)
        return REASON_BAD_ANSWER;
    while (isspace((unsigned char)*text))
        text++;
    length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    word = member ? find_member(member, text, length) : mem_string_n(text, length);
    if (!word || !ip_parse(word, ip) || ip->family != rule->family || !ip_is_host(ip))
        *ip = (struct ip){0};
    free(word);
    return ip_is_set(ip) ? source_judge_ip(rule, ip) : REASON_BAD_ANSWER;
}

/* What is wrong with an answer, with its first line when it makes no sense. */
static void explain(char *detail, enum reason reason, const char *who, const char *text, const struct ip *ip)
{
    int length = (int)strcspn(who, "?"), line; /* a query may hold a key */
    char address[IP_TEXT_SIZE];

    text += strspn(text, " \t\r\n");
    line = (int)strcspn(text, "\r\n");
    detail[0] = '\0';
    if (reason == REASON_BAD_ANSWER)
        snprintf(detail, DETAIL_SIZE, "%.*s: '%.*s'%s", length, who, line, text,
                 text[line + (int)strspn(text + line, " \t\r\n")] ? " and more lines" : "");
    else if (reason != REASON_CHOSEN)
        snprintf(detail, DETAIL_SIZE, "%.*s says %s", length, who, ip_text(ip, address));
}

/* ---- When the last of them has answered. ---- */

/* What decides when services say different things: a bad answer before none at all, for who gave it must be spared. */
static bool is_worse(enum reason a, enum reason b)
{
    return b == REASON_CHOSEN ? a != REASON_CHOSEN : b == REASON_SILENT && a != REASON_SILENT && a != REASON_CHOSEN;
}

/* Answers of several services become one; they must agree. */
static void combine(struct ask *ask)
{
    const struct question *worst = &ask->questions[0];

    for (size_t i = 1; i < ask->rule->outside->service_count; i++)
        if (is_worse(ask->questions[i].reason, worst->reason))
            worst = &ask->questions[i];
    ask->reason = worst->reason;
    ask->ip = worst->ip;
    snprintf(ask->detail, sizeof ask->detail, "%s", worst->detail);
    for (size_t i = 0; ask->reason == REASON_CHOSEN && i < ask->rule->outside->service_count; i++) {
        char one[IP_TEXT_SIZE], two[IP_TEXT_SIZE];

        if (ip_equal(&ask->ip, &ask->questions[i].ip))
            continue;
        ask->reason = REASON_DISAGREE;
        snprintf(ask->detail, sizeof ask->detail, "%s the first, %s the second", ip_text(&ask->ip, one),
                 ip_text(&ask->questions[i].ip, two));
    }
    if (ask->reason != REASON_CHOSEN)
        ask->ip = (struct ip){0};
}

/* Somebody who could not help, and should not be troubled again soon. */
static bool is_anybody_to_be_spared(const struct ask *ask)
{
    for (size_t i = 0; i < ask->rule->outside->service_count; i++)
        if (ask->questions[i].reached && ask->questions[i].reason != REASON_CHOSEN)
            return true;
    return false;
}

/* By the clock nobody is asked again before the interval, but for who could not be reached at all. */
static void finish(struct ask *ask)
{
    uint64_t delay_ms = ask->rule->interval_ms;

    ask->known = true;
    ask->failures = ask->reason == REASON_SILENT && !is_anybody_to_be_spared(ask) ? ask->failures + 1 : 0;
    if (ask->failures) {
        uint64_t retry_ms = backoff_delay_ms(BACKOFF_NETWORK, ask->failures, 0, timer_random(UINT32_MAX));

        delay_ms = retry_ms < delay_ms ? retry_ms : delay_ms;
    }
    timer_start(ask->timer, delay_ms);
    ask->news(ask->arg);
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct question *question = arg;
    struct ask *ask = question->ask;
    const char *url = service_of(question)->url;
    int length = (int)strcspn(url, "?"); /* a query may hold a key */

    question->transfer = NULL;
    question->ip = (struct ip){0};
    question->reached = answer->stage >= HTTP_WAIT;
    question->detail[0] = '\0';
    if (answer->stage < HTTP_GARBLED) {
        question->reason = REASON_SILENT;
        snprintf(question->detail, sizeof question->detail, "%.*s: %s: %s", length, url, http_stage_word(answer->stage),
                 answer->error);
    } else if (answer->stage == HTTP_GARBLED) {
        question->reason = REASON_BAD_ANSWER;
        snprintf(question->detail, sizeof question->detail, "%.*s: %s", length, url, answer->error);
    } else if (answer->status != 200) {
        question->reason = REASON_BAD_ANSWER;
        snprintf(question->detail, sizeof question->detail, "%.*s: status %ld", length, url, answer->status);
    } else {
        question->reason =
            ask_judge(ask->rule, service_of(question)->member, answer->body, answer->length, &question->ip);
        explain(question->detail, question->reason, url, answer->body, &question->ip);
    }
    log_debug("ask: %.*s: %s", length, url, reason_word(question->reason));
    if (ask_is_asking(ask))
        return;
    combine(ask);
    finish(ask);
}

static void on_program_done(void *arg, const struct child_result *result)
{
    struct ask *ask = arg;

    ask->child = NULL;
    ask->ip = (struct ip){0};
    ask->detail[0] = '\0';
    if (result->good) {
        ask->reason = ask_judge(ask->rule, NULL, result->output, result->length, &ask->ip);
        explain(ask->detail, ask->reason, ask->rule->outside->program, result->output, &ask->ip);
    } else {
        ask->reason = REASON_SILENT;
        snprintf(ask->detail, sizeof ask->detail, "%s %s", ask->rule->outside->program, result->error);
    }
    if (ask->reason != REASON_CHOSEN)
        ask->ip = (struct ip){0};
    finish(ask);
}

/* ---- Asking. ---- */

static void run_program(struct ask *ask)
{
    char family[32], interface[IFNAMSIZ + 32];
    const char *argv[] = {ask->rule->outside->program, NULL};
    const char *environment[] = {family, interface, NULL};

    snprintf(family, sizeof family, "WANDDNS_FAMILY=%s", ip_family_name(ask->rule->family));
    snprintf(interface, sizeof interface, "WANDDNS_INTERFACE=%s", ask->uplink.link.name);
    ask->child = child_start(ask->base, argv, environment, NULL, PROGRAM_TIMEOUT_MS, on_program_done, ask);
}

/* After a failure only those that did not answer, while what the others said is young. */
static void put_questions(struct ask *ask)
{
    const struct rule_outside *outside = ask->rule->outside;

    for (size_t i = 0; i < outside->service_count; i++) {
        struct question *question = &ask->questions[i];
        struct http_request request = {
            .method = "GET",
            .url = outside->services[i].url,
            .family = ask->rule->family,
            .link = ask->rule->bind ? ask->uplink.link.index : 0,
        };

        if (ask->failures && question->reason != REASON_SILENT &&
            timer_now_ms() - question->asked_ms < ask->rule->interval_ms)
            continue;
        question->asked_ms = timer_now_ms();
        question->ask = ask;
        question->transfer = http_start(ask->http, &request, on_answer, question);
    }
}

static void start(struct ask *ask)
{
    timer_stop(ask->timer);
    if (ask->rule->outside->program)
        run_program(ask);
    else
        put_questions(ask);
}

/* Fills up by one a minute. */
static bool spend_credit(struct ask *ask, uint64_t now_ms)
{
    while (ask->credit < CREDIT_MAX && now_ms - ask->credited_ms >= CREDIT_MS) {
        ask->credit++;
        ask->credited_ms += CREDIT_MS;
    }
    if (ask->credit == CREDIT_MAX)
        ask->credited_ms = now_ms;
    if (!ask->credit)
        return false;
    ask->credit--;
    return true;
}

/* Asks about a change of the uplink, now or when there is credit for it. */
static void ask_anew(struct ask *ask)
{
    uint64_t now_ms = timer_now_ms();

    ask->owed = !spend_credit(ask, now_ms);
    if (ask->owed)
        timer_start(ask->timer, ask->credited_ms + CREDIT_MS - now_ms);
    else
        start(ask);
}

static void on_time(void *arg)
{
    struct ask *ask = arg;

    if (ask->owed)
        ask_anew(ask);
    else
        start(ask);
}

/* What was asked and learnt was about another uplink. */
static void forget(struct ask *ask)
{
    take_back(ask);
    timer_stop(ask->timer);
    ask->known = ask->owed = false;
    ask->failures = 0;
}

static bool is_usable(const struct ask *ask)
{
    return ask->looked && (ask->uplink.reason == REASON_CHOSEN || ask->rule->outside->program);
}

void ask_force(struct ask *ask)
{
    if (!is_usable(ask))
        return;
    take_back(ask);
    ask->owed = false;
    ask->failures = 0;
    start(ask);
}

static bool is_same_uplink(const struct source_answer *a, const struct source_answer *b)
{
    return a->link.index == b->link.index && a->reason == b->reason && ip_set_equal(&a->local, &b->local);
}

/* What is wrong with the range of an address says its words of the uplink; here it is somebody else's word. */
static void give_reason(const struct ask *ask, struct source_answer *answer)
{
    enum reason reason = ask->known ? ask->reason : REASON_ASKING;

    source_give_reason(answer, ask->rule, reason, ask->known && ask->detail[0] ? ask->detail : NULL);
    if (reason < REASON_ASKING)
        snprintf(answer->text, sizeof answer->text, "%s: %s", reason_word(reason), ask->detail);
}

void ask_look(struct ask *ask, struct source_answer *answer)
{
    bool is_news = !ask->looked || !is_same_uplink(&ask->uplink, answer);

    ask->uplink = *answer;
    ask->looked = true;
    if (is_news)
        forget(ask);
    if (!is_usable(ask))
        return;
    if (is_news)
        ask_anew(ask);
    answer->ips = (struct ip_set){0};
    if (ask->known)
        ip_set_add(&answer->ips, &ask->ip);
    give_reason(ask, answer);
}

struct ask *ask_new(struct event_base *base, struct http *http, const struct rule *rule, ask_news_fn *news, void *arg)
{
    struct ask *ask = mem_alloc(sizeof *ask);

    ask->base = base;
    ask->http = http;
    ask->rule = rule;
    ask->news = news;
    ask->arg = arg;
    ask->timer = timer_new(on_time, ask);
    ask->credit = CREDIT_MAX;
    ask->credited_ms = timer_now_ms();
    return ask;
}

void ask_free(struct ask *ask)
{
    if (!ask)
        return;
    take_back(ask);
    timer_free(ask->timer);
    free(ask);
}
