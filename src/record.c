#include "record.h"

#include "backoff.h"
#include "buf.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct record {
    char *name;
    const struct record_calls *calls;
    void *owner;
    struct timer *timer; /* only while waiting */
    char *note;          /* of the state: the provider's words, or what failed */
    char *why_none;      /* why no address is wanted */
    int64_t published_s;
    struct record_target target;
    struct ip_set published;
    unsigned char family;
    unsigned char state;
    unsigned char trouble; /* of the last failures: enum backoff_trouble */
    bool doubtful;         /* a request may have changed what is published */
    unsigned failures;     /* in a row, of that trouble */
};

static const char *const state_words[] = {"idle", "updating", "current", "waiting", "refused"};

static void on_wait_over(void *arg);

const char *record_state_word(enum record_state state)
{
    return state_words[state];
}

/* ---- Transitions. ---- */

static void keep(char **place, const char *text)
{
    char *copy = mem_string(text);

    free(*place);
    *place = copy;
}

static void log_transition(const struct record *record, enum record_state next, const char *note, uint64_t delay_ms)
{
    char from[IP_SET_TEXT_SIZE], to[IP_SET_TEXT_SIZE];
    struct buf text = {0};

    ip_set_text(&record->published, from);
    ip_set_text(&record->target.ips, to);
    buf_addf(&text, "%s %s: %s -> %s (", record->name, ip_record_type(record->family), state_words[record->state],
             state_words[next]);
    if (next == RECORD_UPDATING && record->published.count)
        buf_addf(&text, "%s -> %s", from, to);
    else if (next == RECORD_UPDATING)
        buf_add(&text, to);
    else if (next == RECORD_CURRENT)
        buf_addf(&text, "%s; %s", to, note);
    else
        buf_add(&text, note);
    if (next == RECORD_WAITING)
        buf_addf(&text, "; next attempt in %llu.%llu s", (unsigned long long)(delay_ms / 1000),
                 (unsigned long long)(delay_ms % 1000 / 100));
    if (next == RECORD_REFUSED)
        buf_add(&text, "; no further attempt before SIGUSR1 or another login");
    buf_add(&text, ")");
    if (next == RECORD_WAITING || next == RECORD_REFUSED)
        log_warning("%s", text.text);
    else
        log_info("%s", text.text);
    buf_free(&text);
}

/* The invariant of record.h. A request belongs to the owner, who was told by send(). */
static void check(const struct record *record)
{
    assert((record->state == RECORD_WAITING) == (record->timer && timer_is_running(record->timer)));
    assert(record->state != RECORD_UPDATING || record->target.ips.count || record->target.withdraw);
    (void)record;
}

/* Every change of state, what is logged of it, and the one timer. delay_ms is for waiting only. */
static void enter(struct record *record, enum record_state next, const char *note, uint64_t delay_ms)
{
    log_transition(record, next, note, delay_ms);
    record->state = (unsigned char)next;
    keep(&record->note, next == RECORD_WAITING || next == RECORD_REFUSED ? note : NULL);
    timer_free(record->timer);
    record->timer = NULL;
    switch (next) {
    case RECORD_UPDATING:
        record->calls->send(record->owner);
        break;
    case RECORD_WAITING:
        record->timer = timer_new(on_wait_over, record);
        timer_start(record->timer, delay_ms);
        break;
    case RECORD_CURRENT:
    case RECORD_REFUSED:
        record->failures = 0;
        break;
    case RECORD_IDLE:
        break;
    }
    check(record);
    record->calls->changed(record->owner);
}

/* Does the provider have to hear of it? */
static bool is_due(const struct record *record)
{
    if (!record->target.ips.count)
        return record->target.withdraw && (record->doubtful || record->published.count);
    return record->doubtful || !ip_set_equal(&record->target.ips, &record->published);
}

/* Where a record goes that nothing holds back. */
static void proceed(struct record *record)
{
    if (is_due(record))
        enter(record, RECORD_UPDATING, NULL, 0);
    else if (record->target.ips.count && record->state != RECORD_CURRENT)
        enter(record, RECORD_CURRENT, "published before", 0);
    else if (!record->target.ips.count && record->state != RECORD_IDLE)
        enter(record, RECORD_IDLE, record->why_none, 0);
}

static void on_wait_over(void *arg)
{
    proceed(arg);
}

static void wait_for(struct record *record, enum backoff_trouble trouble, const struct update_result *result)
{
    record->failures = record->failures && record->trouble == trouble ? record->failures + 1 : 1;
    record->trouble = (unsigned char)trouble;
    record->doubtful |= result->arrived;
    enter(record, RECORD_WAITING, result->text,
          backoff_delay_ms(trouble, record->failures, result->after_ms, timer_random(UINT32_MAX)));
}

/* A record that cannot be deleted, perhaps as there is none, is no reason to keep a later address from it. */
static void give_up_deletion(struct record *record, const char *text)
{
    struct buf note = {0};

    record->published = (struct ip_set){0};
    record->doubtful = false;
    record->failures = 0;
    buf_addf(&note, "it cannot be deleted: %s", text);
    enter(record, RECORD_IDLE, note.text, 0);
    buf_free(&note);
}

void record_result(struct record *record, const struct update_result *result)
{
    assert(record->state == RECORD_UPDATING);
    switch (result->verdict) {
    case UPDATE_DONE:
    case UPDATE_UNCHANGED:
        record->published = record->target.ips;
        record->published_s = timer_wall_s();
        record->doubtful = false;
        record->failures = 0;
        if (record->published.count)
            enter(record, RECORD_CURRENT, result->text, 0);
        else
            enter(record, RECORD_IDLE, "withdrawn", 0);
        break;
    case UPDATE_UNREACHABLE:
        wait_for(record, BACKOFF_NETWORK, result);
        break;
    case UPDATE_AGAIN:
        wait_for(record, BACKOFF_SERVER, result);
        break;
    case UPDATE_REFUSED:
        if (!record->target.ips.count) {
            give_up_deletion(record, result->text);
            break;
        }
        /* fall through */
    case UPDATE_REFUSED_ACCOUNT:
        record->doubtful |= result->arrived;
        enter(record, RECORD_REFUSED, result->text, 0);
        break;
    }
}

/* Of the states that a new address finds, two hold it back: the provider's refusal, and a wait that the provider
 * asked for or is owed. */
static bool is_held(const struct record *record)
{
    return record->state == RECORD_REFUSED || (record->state == RECORD_WAITING && record->trouble == BACKOFF_SERVER);
}

static void note_why_none(struct record *record, const char *why_none)
{
    if (record->why_none && strcmp(record->why_none, why_none) == 0)
        return;
    keep(&record->why_none, why_none);
    if (record->state == RECORD_IDLE)
        log_info("%s %s: idle (%s)", record->name, ip_record_type(record->family), why_none);
}

static bool is_same_target(const struct record_target *a, const struct record_target *b)
{
    return ip_set_equal(&a->ips, &b->ips) && a->link == b->link && a->prefix_length == b->prefix_length &&
           a->withdraw == b->withdraw;
}

void record_want(struct record *record, const struct record_target *target, const char *why_none)
{
    bool same = is_same_target(&record->target, target);

    record->target = *target;
    if (!target->ips.count)
        note_why_none(record, why_none);
    if (same || is_held(record))
        return;
    if (record->state == RECORD_UPDATING)
        record->calls->cancel(record->owner);
    proceed(record);
}

void record_force(struct record *record)
{
    if (record->state == RECORD_UPDATING)
        return;
    record->doubtful = true; /* so that a failure does not end it */
    if (record->target.ips.count || record->target.withdraw)
        enter(record, RECORD_UPDATING, NULL, 0);
    else if (record->state != RECORD_IDLE)
        enter(record, RECORD_IDLE, record->why_none ? record->why_none : "no-address", 0);
}

void record_refuse(struct record *record, const char *text)
{
    enter(record, RECORD_REFUSED, text, 0);
}

void record_doubt(struct record *record)
{
    record->doubtful = true;
}

void record_network_changed(struct record *record)
{
    if (record->state == RECORD_WAITING && record->trouble == BACKOFF_NETWORK)
        proceed(record);
}

/* ---- Its beginning, its memory, its end. ---- */

struct record *record_new(const char *name, int family, const struct record_calls *calls, void *owner)
{
    struct record *record = mem_alloc(sizeof *record);

    record->name = mem_string(name);
    record->family = (unsigned char)family;
    record->calls = calls;
    record->owner = owner;
    return record;
}

void record_free(struct record *record)
{
    if (record->state == RECORD_UPDATING)
        record->calls->cancel(record->owner);
    timer_free(record->timer);
    free(record->note);
    free(record->why_none);
    free(record->name);
    free(record);
}

void record_recall(struct record *record, const struct record_memory *memory)
{
    assert(record->state == RECORD_IDLE);
    record->published = memory->published;
    record->published_s = memory->published_s;
    record->doubtful = memory->doubtful;
    if (memory->refused)
        enter(record, RECORD_REFUSED, memory->refused, 0);
}

/* A request under way may change what is published, so while it runs that is not sure. */
void record_memory(const struct record *record, struct record_memory *memory)
{
    *memory = (struct record_memory){
        .published = record->published,
        .published_s = record->published_s,
        .doubtful = record->doubtful || record->state == RECORD_UPDATING,
    };
    if (record->state == RECORD_REFUSED)
        memory->refused = record->note;
}

const char *record_name(const struct record *record)
{
    return record->name;
}

int record_family(const struct record *record)
{
    return record->family;
}

enum record_state record_state(const struct record *record)
{
    return record->state;
}

const struct record_target *record_target(const struct record *record)
{
    return &record->target;
}
