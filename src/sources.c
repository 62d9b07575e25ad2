#include "sources.h"

#include "mem.h"
#include "timer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct watched {
    struct rule rule;
    struct sources *sources;
    struct source_answer answer;
    struct source_answer next;   /* of the reading under way */
    struct source_before before; /* the last addresses that were chosen */
    struct ask *ask;             /* where the rule has somebody to ask */
    struct timer *timer;         /* until failback or withdrawal */
    uint64_t since_ms;           /* since when a link is ahead, or there is no address */
    bool known;
};

struct sources {
    struct kernel *kernel;
    struct event_base *base;
    struct http *http;
    const struct sources_calls *calls;
    void *arg;
    struct watched **list;
    size_t count;
};

struct sources *sources_new(struct kernel *kernel, struct event_base *base, struct http *http,
                            const struct sources_calls *calls, void *arg)
{
    struct sources *sources = mem_alloc(sizeof *sources);

    *sources = (struct sources){.kernel = kernel, .base = base, .http = http, .calls = calls, .arg = arg};
    return sources;
}

static void free_watched(struct watched *watched)
{
    if (!watched)
        return;
    ask_free(watched->ask);
    timer_free(watched->timer);
    free(watched);
}

static void free_list(struct watched **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free_watched(list[i]);
    free(list);
}

void sources_free(struct sources *sources)
{
    if (!sources)
        return;
    free_list(sources->list, sources->count);
    free(sources);
}

static void on_due(void *arg)
{
    const struct watched *watched = arg;

    watched->sources->calls->due(watched->sources->arg);
}

static struct watched *new_watched(struct sources *sources, const struct rule *rule)
{
    struct watched *watched = mem_alloc(sizeof *watched);

    watched->sources = sources;
    watched->rule = *rule;
    watched->timer = timer_new(on_due, watched);
    if (rule->outside)
        watched->ask = ask_new(sources->base, sources->http, &watched->rule, on_due, watched);
    return watched;
}

/* The place of the rule in the list, or count. */
static size_t find(struct watched *const *list, size_t count, const struct rule *rule)
{
    size_t i = 0;

    while (i < count && !(list[i] && rule_equal(&list[i]->rule, rule)))
        i++;
    return i;
}

void sources_watch(struct sources *sources, const struct rule *rules, size_t count)
{
    struct watched **fresh = mem_alloc(count * sizeof *fresh);
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        size_t old = find(sources->list, sources->count, &rules[i]);

        if (find(fresh, used, &rules[i]) < used)
            continue;
        if (old < sources->count) {
            fresh[used] = sources->list[old];
            fresh[used]->rule = rules[i]; /* what it points to is the new configuration's */
            sources->list[old] = NULL;
        } else {
            fresh[used] = new_watched(sources, &rules[i]);
        }
        used++;
    }
    free_list(sources->list, sources->count);
    sources->list = fresh;
    sources->count = used;
}

/* Address events of other links are not worth a wake-up of ours. True when links came in: since they were read
 * something may have happened on them unheard. */
static bool follow_links(struct sources *sources)
{
    int *indexes = mem_alloc(sources->count * SOURCE_LINKS * sizeof *indexes);
    size_t count = 0;
    bool all = false, grown;

    for (size_t i = 0; i < sources->count; i++) {
        const struct source_answer *answer = &sources->list[i]->answer;

        all |= answer->link_count > SOURCE_LINKS;
        for (size_t j = 0; j < answer->link_count && j < SOURCE_LINKS; j++)
            indexes[count++] = answer->links[j];
    }
    grown = kernel_follow(sources->kernel, all ? NULL : indexes, count);
    free(indexes);
    return grown;
}

void sources_recall(struct sources *sources, const struct rule *rule, const struct ip_set *published,
                    unsigned char bits)
{
    struct watched *watched = sources->list[find(sources->list, sources->count, rule)];

    if (!watched->before.ips.count)
        watched->before = (struct source_before){.ips = *published, .bits = bits};
}

/* ---- What needs time. ---- */

/* Has it been so for so long? If not, we shall be back when it has. */
static bool has_lasted(struct watched *watched, uint64_t long_ms)
{
    uint64_t now_ms = timer_now_ms();

    if (!watched->since_ms)
        watched->since_ms = now_ms;
    if (now_ms - watched->since_ms >= long_ms)
        return true;
    timer_start(watched->timer, watched->since_ms + long_ms - now_ms);
    return false;
}

static bool is_lost(const struct source_answer *answer)
{
    return answer->reason != REASON_CHOSEN && !reason_is_doubt(answer->reason);
}

/* Only with a delay does a link stay when one ahead of it is fit. */
static struct source_before before_of(const struct watched *watched)
{
    struct source_before before = watched->before;

    before.hold = watched->rule.failback_ms ? before.hold : 0;
    return before;
}

static int read_next(struct watched *watched)
{
    const struct rule *rule = &watched->rule;
    struct source_before before = before_of(watched);
    struct source_answer *next = &watched->next;
    int error = source_read(watched->sources->kernel, rule, &before, next);

    if (error || !next->ahead || next->ahead != watched->answer.ahead || !has_lasted(watched, rule->failback_ms))
        return error;
    before.hold = 0;
    return source_read(watched->sources->kernel, rule, &before, next);
}

/* Keeps the clock that belongs to what is next: a link ahead, no address, or neither. */
static void keep_time(struct watched *watched)
{
    struct source_answer *next = &watched->next;

    if (next->ahead != watched->answer.ahead || is_lost(next) != is_lost(&watched->answer) || !watched->known) {
        watched->since_ms = 0;
        timer_stop(watched->timer);
    }
    if (next->ahead)
        has_lasted(watched, watched->rule.failback_ms);
    else if (is_lost(next) && watched->rule.withdraw_ms)
        next->withdraw = has_lasted(watched, watched->rule.withdraw_ms);
}

/* ---- Reading. ---- */

/* Tells which addresses of the uplink are used no more, before anybody is asked over a connection from one of them. */
static void tell_moved(struct watched *watched)
{
    const struct sources *sources = watched->sources;
    const struct ip_set *before = &watched->answer.local, *now = &watched->next.local;
    struct ip_set gone = {0};

    if (ip_set_equal(before, now) && watched->answer.link.index == watched->next.link.index)
        return;
    watched->next.moved = true;
    for (size_t i = 0; i < before->count; i++)
        if (!ip_set_has(now, &before->list[i]))
            ip_set_add(&gone, &before->list[i]);
    sources->calls->moved(sources->arg, &gone);
}

/* Another link with the same name and address matters only to who is bound to it. The words of who was asked may differ
 * each time. */
static bool is_same(const struct watched *watched)
{
    const struct source_answer *a = &watched->answer, *b = &watched->next;

    return watched->known && ip_set_equal(&a->ips, &b->ips) && ip_set_equal(&a->local, &b->local) &&
           (a->link.index == b->link.index || !watched->rule.bind) && a->prefix_length == b->prefix_length &&
           a->withdraw == b->withdraw && a->reason == b->reason && (watched->ask || strcmp(a->text, b->text) == 0);
}

static void take_next(struct watched *watched)
{
    const struct sources *sources = watched->sources;
    bool same;

    if (watched->ask)
        ask_look(watched->ask, &watched->next);
    keep_time(watched);
    same = is_same(watched);
    watched->answer = watched->next;
    watched->known = true;
    if (watched->answer.local.count)
        watched->before = (struct source_before){.ips = watched->answer.local, .hold = watched->answer.link.index};
    if (!same)
        sources->calls->changed(sources->arg, &watched->rule, &watched->answer);
}

int sources_read(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        if (read_next(sources->list[i]) == -EAGAIN)
            return -EAGAIN;
    for (size_t i = 0; i < sources->count; i++)
        tell_moved(sources->list[i]);
    for (size_t i = 0; i < sources->count; i++)
        take_next(sources->list[i]);
    if (follow_links(sources))
        sources->calls->due(sources->arg);
    return 0;
}

const struct source_answer *sources_answer(const struct sources *sources, const struct rule *rule)
{
    return &sources->list[find(sources->list, sources->count, rule)]->answer;
}

const struct rule *sources_rule(const struct sources *sources, size_t index)
{
    return index < sources->count ? &sources->list[index]->rule : NULL;
}

void sources_force(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->list[i]->ask)
            ask_force(sources->list[i]->ask);
}

bool sources_are_asking(const struct sources *sources)
{
    bool asking = false;

    for (size_t i = 0; i < sources->count; i++) {
        const struct watched *watched = sources->list[i];

        asking |= watched->answer.reason == REASON_ASKING || (watched->ask && ask_is_asking(watched->ask));
    }
    return asking;
}

/* The uplink has addresses, but they do not count: the answer stands for itself. */
static void tell_answer(const struct source_answer *answer, source_candidate_fn *fn, void *arg)
{
    const struct kernel_address address = {.ip = answer->ips.list[0]};

    fn(arg, NULL, answer->ips.count ? &address : NULL, answer->reason, answer->ips.count ? NULL : answer->text);
}

int sources_explain(const struct sources *sources, const struct rule *rule, source_candidate_fn *fn, void *arg)
{
    const struct watched *watched = sources->list[find(sources->list, sources->count, rule)];
    struct source_before before = before_of(watched);

    if (rule_is_elsewhere(rule)) {
        tell_answer(&watched->answer, fn, arg);
        return 0;
    }
    return source_explain(sources->kernel, rule, &before, fn, arg);
}
