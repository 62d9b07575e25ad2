#include "watch.h"

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

enum { QUIET_MS = 100, MAX_MS = 2000, REREAD_PAUSE_MS = 100 };

struct watch {
    bool json;
    bool started; /* what comes now is a change */
    struct event_base *base;
    struct kernel *kernel;
    struct sources *sources;
    struct settle settle;
    struct timer *timer;
};

static void print_json(const struct source_rule *rule, const struct source_answer *answer, const char *address)
{
    json_t *line = json_object();
    char *text;

    json_object_set_new(line, "time", json_integer(timer_wall_s()));
    json_object_set_new(line, "family", json_string(ip_family_name(rule->family)));
    json_object_set_new(line, "interface", answer->link.index ? json_string(answer->link.name) : json_null());
    json_object_set_new(line, "address", ip_is_set(&answer->ip) ? json_string(address) : json_null());
    json_object_set_new(line, "reason", json_string(source_reason_word(answer->reason)));
    text = json_dumps(line, JSON_COMPACT);
    puts(text ? text : "{}");
    free(text);
    json_decref(line);
}

static void print_text(bool with_time, const struct source_rule *rule, const struct source_answer *answer,
                       const char *address)
{
    time_t now = (time_t)timer_wall_s();
    char clock[16] = "", name[SOURCE_NAME_SIZE];
    struct tm broken_down;

    if (with_time && localtime_r(&now, &broken_down))
        strftime(clock, sizeof clock, "%H:%M:%S ", &broken_down);
    if (ip_is_set(&answer->ip))
        printf("%s%s %s on %s (%s)\n", clock, ip_family_name(rule->family), address, answer->link.name,
               source_rule_name(rule, name));
    else
        printf("%s%s none (%s)\n", clock, ip_family_name(rule->family), answer->text);
}

static void on_source_changed(void *arg, const struct source_rule *rule, const struct source_answer *answer,
                              const struct ip *gone)
{
    const struct watch *watch = arg;
    char address[IP_TEXT_SIZE];

    (void)gone;
    ip_text(&answer->ip, address);
    if (watch->json)
        print_json(rule, answer, address);
    else
        print_text(watch->started, rule, answer, address);
    fflush(stdout);
}

static void on_settled(void *arg)
{
    struct watch *watch = arg;

    settle_done(&watch->settle, timer_now_ms());
    if (sources_read(watch->sources) == -EAGAIN)
        timer_start(watch->timer, REREAD_PAUSE_MS);
    else
        watch->started = true;
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

static void watch_families(struct watch *watch, const char *interface)
{
    struct source_rule rules[] = {{.family = AF_INET}, {.family = AF_INET6}};

    for (size_t i = 0; interface && i < 2; i++)
        memcpy(rules[i].interfaces[0], interface, strlen(interface) + 1);
    sources_watch(watch->sources, rules, 2);
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

int watch_run(const char *interface, bool json)
{
    struct watch watch = {.json = json, .settle = {.quiet_ms = QUIET_MS, .max_ms = MAX_MS}};
    int status = 1;

    watch.base = timer_loop();
    if (!watch.base)
        return 1;
    watch.timer = timer_new(on_settled, &watch);
    watch.kernel = kernel_open(watch.base, on_hint, &watch);
    if (watch.kernel) {
        watch.sources = sources_new(watch.kernel, on_source_changed, &watch);
        watch_families(&watch, interface);
        run_loop(&watch);
        sources_free(watch.sources);
        kernel_close(watch.kernel);
        status = 0;
    }
    timer_free(watch.timer);
    event_base_free(watch.base);
    return status;
}
