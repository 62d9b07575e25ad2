#include "watch.h"

#include "buf.h"
#include "kernel.h"
#include "mem.h"
#include "settle.h"
#include "sources.h"
#include "timer.h"

#include <errno.h>
#include <event2/event.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { QUIET_MS = 100, MAX_MS = 2000, REREAD_PAUSE_MS = 100, FAMILIES = 2 };

/* One family, and what was printed of it last. */
struct family {
    struct rule rule;
    char *printed;
};

struct watch {
    const struct watch_options *options;
    bool started; /* what comes now is a change */
    bool torn;    /* the kernel changed while candidates were told: that is not to be printed, and to be read again */
    struct event_base *base;
    struct kernel *kernel;
    struct sources *sources;
    struct family families[FAMILIES];
    struct settle settle;
    struct timer *timer;
};

/* ---- JSON. ---- */

static json_t *json_address(const struct ip *ip)
{
    char text[IP_TEXT_SIZE];

    return ip_is_set(ip) ? json_string(ip_text(ip, text)) : json_null();
}

static void add_json_candidate(void *arg, const struct kernel_link *link, const struct kernel_address *address,
                               enum reason reason, const char *why)
{
    static const struct ip none;
    json_t *candidate = json_object();

    json_object_set_new(candidate, "interface", json_string(link->name));
    json_object_set_new(candidate, "address", json_address(address ? &address->ip : &none));
    json_object_set_new(candidate, "reason", json_string(reason_word(reason)));
    if (why)
        json_object_set_new(candidate, "why", json_string(why));
    json_array_append_new(arg, candidate);
}

static json_t *make_json(struct watch *watch, const struct rule *rule, const struct source_answer *answer)
{
    json_t *line = json_object(), *candidates;

    json_object_set_new(line, "family", json_string(ip_family_name(rule->family)));
    json_object_set_new(line, "interface", answer->link.index ? json_string(answer->link.name) : json_null());
    json_object_set_new(line, "address", json_address(&answer->ips.list[0]));
    json_object_set_new(line, "reason", json_string(reason_word(answer->reason)));
    if (watch->options->verbose) {
        candidates = json_array();
        watch->torn |= sources_explain(watch->sources, rule, add_json_candidate, candidates) != 0;
        json_object_set_new(line, "candidates", candidates);
    }
    return line;
}

/* The line, with the time at its head when that is wanted. */
static char *dump(json_t *line, bool with_time)
{
    json_t *whole = json_object();
    char *text;

    if (with_time)
        json_object_set_new(whole, "time", json_integer(timer_wall_s()));
    json_object_update(whole, line);
    text = json_dumps(whole, JSON_COMPACT);
    json_decref(whole);
    return text;
}

/* ---- Text. ---- */

static void add_text_candidate(void *arg, const struct kernel_link *link, const struct kernel_address *address,
                               enum reason reason, const char *why)
{
    char text[IP_TEXT_SIZE];

    buf_addf(arg, "\n    %s on %s: %s%s%s", address ? ip_text(&address->ip, text) : "nothing", link->name,
             reason_word(reason), why ? ": " : "", why ? why : "");
}

static char *make_text(struct watch *watch, const struct rule *rule, const struct source_answer *answer)
{
    char address[IP_TEXT_SIZE], name[RULE_NAME_SIZE];
    struct buf text = {0};

    if (answer->ips.count)
        buf_addf(&text, "%s %s on %s (%s)", ip_family_name(rule->family), ip_text(&answer->ips.list[0], address),
                 answer->link.name, rule_name(rule, name));
    else
        buf_addf(&text, "%s none (%s)", ip_family_name(rule->family), answer->text);
    if (watch->options->verbose)
        watch->torn |= sources_explain(watch->sources, rule, add_text_candidate, &text) != 0;
    return buf_take(&text);
}

static void print_clock(void)
{
    time_t now = (time_t)timer_wall_s();
    struct tm broken_down;
    char clock[16];

    if (localtime_r(&now, &broken_down) && strftime(clock, sizeof clock, "%H:%M:%S ", &broken_down))
        fputs(clock, stdout);
}

/* ---- When there is something new. ---- */

static bool is_new(const struct watch *watch, struct family *family, char *text)
{
    bool differs = !watch->torn && (!family->printed || strcmp(family->printed, text) != 0);

    if (differs) {
        free(family->printed);
        family->printed = text;
    } else {
        free(text);
    }
    return differs;
}

static void print(struct watch *watch, struct family *family)
{
    const struct source_answer *answer = sources_answer(watch->sources, &family->rule);
    json_t *line;
    char *timed;

    if (!watch->options->json) {
        if (is_new(watch, family, make_text(watch, &family->rule, answer))) {
            if (watch->started)
                print_clock();
            puts(family->printed);
        }
        return;
    }
    line = make_json(watch, &family->rule, answer);
    if (is_new(watch, family, dump(line, false))) {
        timed = dump(line, true);
        puts(timed);
        free(timed);
    }
    json_decref(line);
}

static void on_moved(void *arg, const struct ip_set *gone)
{
    (void)arg;
    (void)gone;
}

/* All is printed after the reading. */
static void on_source_changed(void *arg, const struct rule *rule, const struct source_answer *answer)
{
    (void)arg;
    (void)rule;
    (void)answer;
}

static void on_settled(void *arg)
{
    struct watch *watch = arg;

    settle_done(&watch->settle, timer_now_ms());
    if (sources_read(watch->sources) == -EAGAIN) {
        timer_start(watch->timer, REREAD_PAUSE_MS);
        return;
    }
    watch->torn = false;
    for (size_t i = 0; i < FAMILIES; i++)
        print(watch, &watch->families[i]);
    if (fflush(stdout) != 0)
        event_base_loopexit(watch->base, NULL); /* a second one of it is no use to anybody; main.c says why */
    watch->started = true;
    if (watch->torn)
        timer_start(watch->timer, REREAD_PAUSE_MS);
}

static void on_due(void *arg)
{
    const struct watch *watch = arg;

    timer_start(watch->timer, 0);
}

static void on_hint(void *arg, bool overrun)
{
    struct watch *watch = arg;

    (void)overrun;
    timer_start(watch->timer, settle_hint(&watch->settle, timer_now_ms()));
}

static void on_stop(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    event_base_loopbreak(arg);
}

static void watch_families(struct watch *watch)
{
    static const int families[FAMILIES] = {AF_INET, AF_INET6};
    struct rule rules[FAMILIES];

    for (size_t i = 0; i < FAMILIES; i++) {
        rules[i] = watch->options->rule;
        rules[i].family = families[i];
        watch->families[i].rule = rules[i];
    }
    sources_watch(watch->sources, rules, FAMILIES);
}

static void run_loop(struct watch *watch)
{
    struct event *term = evsignal_new(watch->base, SIGTERM, on_stop, watch->base);
    struct event *interrupt = evsignal_new(watch->base, SIGINT, on_stop, watch->base);

    evsignal_add(term, NULL);
    evsignal_add(interrupt, NULL);
    on_settled(watch);
    event_base_dispatch(watch->base);
    event_free(interrupt);
    event_free(term);
}

int watch_run(const struct watch_options *options)
{
    static const struct sources_calls calls = {on_moved, on_source_changed, on_due};
    struct watch watch = {.options = options, .settle = {.quiet_ms = QUIET_MS, .max_ms = MAX_MS}};
    int status = 1;

    watch.base = timer_loop();
    if (!watch.base)
        return 1;
    watch.timer = timer_new(on_settled, &watch);
    watch.kernel = kernel_open(watch.base, on_hint, &watch);
    if (watch.kernel) {
        watch.sources = sources_new(watch.kernel, watch.base, NULL, &calls, &watch);
        watch_families(&watch);
        run_loop(&watch);
        sources_free(watch.sources);
        kernel_close(watch.kernel);
        status = 0;
    }
    for (size_t i = 0; i < FAMILIES; i++)
        free(watch.families[i].printed);
    timer_free(watch.timer);
    event_base_free(watch.base);
    return status;
}
