#include "record.h"

#include "backoff.h"
#include "buf.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Another one without a change of ours, and the provider blocks the name (answer nochg). */
enum { MOST_UNCHANGED = 3 };

/* Of one kind of trouble. */
struct ladder {
    unsigned failures; /* in a row */
    struct moment at;  /* of the last one */
    uint64_t wait_ms;  /* behind it */
};

struct record {
    char *name;
    const struct record_calls *calls;
    void *owner;
    struct timer *timer; /* only while waiting */
    char *word;          /* what the provider said last, or what failed */
    char *why_none;      /* why no address is wanted */
    struct moment since; /* of the state */
    struct moment published_at, changed_at;
    struct ladder ladders[2]; /* by enum backoff_trouble */
    struct record_target target;
    struct ip_set published;
    unsigned char family;
    unsigned char state;
    unsigned char trouble; /* whose wait the last one was: enum backoff_trouble */
    unsigned char unchanged;
    bool doubtful;   /* a request may have changed what is published */
    bool along;      /* the request is another record's, which has to name this one */
    bool refreshing; /* the request says nothing new, as the provider wants it */
};

static void on_wait_over(void *arg);

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
    buf_addf(&text, "%s %s: %s -> %s (", record->name, ip_record_type(record->family), record_state_word(record->state),
             record_state_word(next));
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
        buf_addf(&text, "; no further attempt before a change of its section or: wanddns update %s", record->name);
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

static void forget_trouble(struct record *record)
{
    memset(record->ladders, 0, sizeof record->ladders);
}

/* Every change of state, what is logged of it, and the one timer. old is what was published before; delay_ms is for
 * waiting only. */
static void enter_from(struct record *record, const struct ip_set *old, enum record_state next, const char *note,
                       uint64_t delay_ms)
{
    enum record_state from = record->state;

    log_transition(record, next, note, delay_ms);
    record->state = (unsigned char)next;
    record->since = moment_now();
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
        forget_trouble(record);
        break;
    case RECORD_IDLE:
        break;
    }
    check(record);
    record->calls->changed(record->owner);
    record->calls->moved(record->owner, from, old, note);
}

static void enter(struct record *record, enum record_state next, const char *note, uint64_t delay_ms)
{
    enter_from(record, &record->published, next, note, delay_ms);
}

/* Does the provider have to hear of it? */
static bool is_due(const struct record *record)
{
    if (!record->target.ips.count)
        return record->target.withdraw && (record->doubtful || record->published.count);
    return record->doubtful || record->refreshing || !ip_set_equal(&record->target.ips, &record->published);
}

static void enter_idle(struct record *record)
{
    enter(record, RECORD_IDLE, record->why_none ? record->why_none : "not known yet", 0);
}

/* Where a record goes that nothing holds back. */
static void proceed(struct record *record)
{
    if (is_due(record))
        enter(record, RECORD_UPDATING, NULL, 0);
    else if (record->target.ips.count && record->state != RECORD_CURRENT)
        enter(record, RECORD_CURRENT, "published before", 0);
    else if (!record->target.ips.count && record->state != RECORD_IDLE)
        enter_idle(record);
}

static void on_wait_over(void *arg)
{
    proceed(arg);
}

static uint64_t wait_left_ms(const struct record *record, enum backoff_trouble trouble)
{
    return moment_left_ms(&record->ladders[trouble].at, record->ladders[trouble].wait_ms);
}

/* The provider's ladder goes on over failures of the network, which make no wait shorter that he is owed; that of the
 * network begins anew when he answers. */
static void wait_for(struct record *record, enum backoff_trouble trouble, const struct update_result *result)
{
    struct ladder *ladder = &record->ladders[trouble];
    uint64_t owed_ms = trouble == BACKOFF_NETWORK ? wait_left_ms(record, BACKOFF_SERVER) : 0;

    if (record->along)
        record->along = record->refreshing = false; /* it was no wish of its own */
    if (trouble == BACKOFF_SERVER)
        record->ladders[BACKOFF_NETWORK].failures = 0;
    ladder->failures++;
    ladder->at = moment_now();
    ladder->wait_ms = backoff_delay_ms(trouble, ladder->failures, result->after_ms, result->luck);
    record->trouble = owed_ms > ladder->wait_ms ? BACKOFF_SERVER : (unsigned char)trouble;
    enter(record, RECORD_WAITING, result->text, owed_ms > ladder->wait_ms ? owed_ms : ladder->wait_ms);
}

/* A record that cannot be deleted, perhaps as there is none, is no reason to keep a later address from it. */
static void give_up_deletion(struct record *record, const char *text)
{
    struct buf note = {0};

    record->published = (struct ip_set){0};
    record->doubtful = false;
    forget_trouble(record);
    buf_addf(&note, "it cannot be deleted: %s", text);
    enter(record, RECORD_IDLE, note.text, 0);
    buf_free(&note);
}

/* ---- Answers. ---- */

void record_refuse(struct record *record, const char *text)
{
    keep(&record->word, text);
    enter(record, RECORD_REFUSED, text, 0);
}

/* That nothing changed is no fault, but whoever hears it again and again has a fault somewhere. A refresh is meant to
 * change nothing, and one that is taken ends the row; a record that was looked at first was not written. */
static bool is_one_too_many(struct record *record, const struct update_result *result)
{
    if (result->verdict == UPDATE_DONE || record->refreshing)
        record->unchanged = 0;
    else if (result->wrote)
        record->unchanged++;
    return record->unchanged >= MOST_UNCHANGED;
}

static void take_success(struct record *record, const struct update_result *result)
{
    const struct ip_set old = record->published;
    bool too_many = is_one_too_many(record, result);
    struct buf note = {0};

    record->published = record->target.ips;
    record->published_at = moment_now();
    if (!ip_set_equal(&old, &record->published))
        record->changed_at = record->published_at;
    record->doubtful = false;
    record->along = record->refreshing = false;
    forget_trouble(record);
    if (!record->published.count) {
        enter_from(record, &old, RECORD_IDLE, "withdrawn", 0);
    } else if (too_many) {
        buf_addf(&note, "%s: for the third time in a row without a change of ours, for which providers block names",
                 result->text);
        record_refuse(record, note.text);
    } else {
        keep(&record->word, result->text);
        enter_from(record, &old, RECORD_CURRENT, result->text, 0);
    }
    buf_free(&note);
}

void record_result(struct record *record, const struct update_result *result)
{
    bool good = result->verdict == UPDATE_DONE || result->verdict == UPDATE_UNCHANGED;

    assert(record->state == RECORD_UPDATING);
    record->doubtful |= result->requests && !good;
    switch (result->verdict) {
    case UPDATE_DONE:
    case UPDATE_UNCHANGED:
        take_success(record, result);
        break;
    case UPDATE_UNREACHABLE:
        keep(&record->word, result->text);
        wait_for(record, BACKOFF_NETWORK, result);
        break;
    case UPDATE_AGAIN:
        keep(&record->word, result->text);
        wait_for(record, BACKOFF_SERVER, result);
        break;
    case UPDATE_REFUSED:
        if (!record->target.ips.count) {
            give_up_deletion(record, result->text);
            break;
        }
        /* fall through */
    case UPDATE_REFUSED_ACCOUNT:
        record_refuse(record, result->text);
        break;
    }
}

/* ---- What is wanted. ---- */

static void note_why_none(struct record *record, const char *why_none)
{
    if (record->why_none && strcmp(record->why_none, why_none) == 0)
        return;
    keep(&record->why_none, why_none);
    if (record->state == RECORD_IDLE)
        log_info("%s %s: idle (%s)", record->name, ip_record_type(record->family), why_none);
}

/* Two states hold a new address back: the provider's refusal, and a wait that the provider asked for or is owed. */
static bool is_held(const struct record *record)
{
    return record->state == RECORD_REFUSED || (record->state == RECORD_WAITING && wait_left_ms(record, BACKOFF_SERVER));
}

/* Ends a wait for the network, but for what the provider is owed. */
static void end_network_wait(struct record *record)
{
    if (record->state != RECORD_WAITING || record->trouble != BACKOFF_NETWORK)
        return;
    if (!is_held(record)) {
        proceed(record);
        return;
    }
    record->trouble = BACKOFF_SERVER;
    timer_start(record->timer, wait_left_ms(record, BACKOFF_SERVER));
}

void record_want(struct record *record, const struct record_target *target, const char *why_none)
{
    bool same = record_target_equal(&record->target, target);
    bool news = !same && !ip_set_equal(&target->ips, &record->published), held = is_held(record);

    record->target = *target;
    if (!target->ips.count)
        note_why_none(record, why_none);
    if (!same)
        record->along = record->refreshing = false;
    if (news) {
        record->unchanged = target->ips.count ? 0 : record->unchanged; /* the same one may come back */
        record->ladders[BACKOFF_NETWORK].failures = 0;
    }
    if (news && held)
        end_network_wait(record);
    if (same || held)
        return;
    if (record->state == RECORD_UPDATING)
        record->calls->cancel(record->owner);
    proceed(record);
}

/* Sends it whatever was said before. */
static void send_again(struct record *record)
{
    if (record->target.ips.count || record->target.withdraw)
        enter(record, RECORD_UPDATING, NULL, 0);
    else if (record->state != RECORD_IDLE)
        enter_idle(record);
}

void record_force(struct record *record)
{
    if (record->state == RECORD_UPDATING)
        return;
    if (record->state == RECORD_REFUSED)
        record->unchanged = 0;
    record->doubtful = true; /* so that a failure does not end it */
    send_again(record);
}

void record_refresh(struct record *record)
{
    assert(record->state == RECORD_CURRENT);
    record->refreshing = true;
    send_again(record);
}

void record_leave(struct record *record)
{
    if (record->state != RECORD_UPDATING || !record->along)
        return;
    record->along = record->refreshing = false;
    if (is_due(record))
        return;
    record->calls->cancel(record->owner);
    proceed(record);
}

void record_pardon(struct record *record)
{
    if (record->state != RECORD_REFUSED)
        return;
    record->unchanged = 0;
    proceed(record);
}

void record_doubt(struct record *record)
{
    record->doubtful = true;
}

void record_retry(struct record *record)
{
    if (record->state == RECORD_WAITING && record->trouble == BACKOFF_SERVER)
        return;
    record->ladders[BACKOFF_NETWORK].failures = 0;
    end_network_wait(record);
}

void record_join(struct record *record, const struct record *leader)
{
    if (record->state == RECORD_UPDATING)
        return;
    end_network_wait(record);
    if (record->state == RECORD_CURRENT) {
        record->along = true;
        record_refresh(record);
    }
    if (record->state == RECORD_UPDATING)
        record->ladders[BACKOFF_NETWORK].failures = leader->ladders[BACKOFF_NETWORK].failures;
}

/* ---- Its beginning, its memory, its end. ---- */

struct record *record_new(const char *name, int family, const struct record_calls *calls, void *owner)
{
    struct record *record = mem_alloc(sizeof *record);

    record->name = mem_string(name);
    record->family = (unsigned char)family;
    record->calls = calls;
    record->owner = owner;
    record->since = moment_now();
    return record;
}

void record_free(struct record *record)
{
    if (record->state == RECORD_UPDATING)
        record->calls->cancel(record->owner);
    timer_free(record->timer);
    free(record->word);
    free(record->why_none);
    free(record->name);
    free(record);
}

void record_recall(struct record *record, const struct record_memory *memory)
{
    uint64_t wait_ms = memory->wait_ms < backoff_longest_ms ? memory->wait_ms : backoff_longest_ms;
    uint64_t left_ms = moment_left_ms(&memory->wait_at, wait_ms);

    assert(record->state == RECORD_IDLE);
    record->published = memory->published;
    record->published_at = memory->published_at;
    record->changed_at = memory->changed_at;
    record->doubtful = memory->doubtful;
    record->unchanged = (unsigned char)memory->unchanged;
    keep(&record->word, memory->word);
    if (memory->refused) {
        enter(record, RECORD_REFUSED, memory->word ? memory->word : "refused before", 0);
    } else if (memory->failures) {
        record->trouble = BACKOFF_SERVER;
        record->ladders[BACKOFF_SERVER] = (struct ladder){memory->failures, memory->wait_at, wait_ms};
        if (left_ms)
            enter(record, RECORD_WAITING, memory->word ? memory->word : "waited before", left_ms);
    }
}

/* A request under way may change what is published, so while it runs that is not sure. What the network says is not worth
 * a write. */
void record_memory(const struct record *record, struct record_memory *memory)
{
    const struct ladder *server = &record->ladders[BACKOFF_SERVER];

    *memory = (struct record_memory){
        .published = record->published,
        .published_at = record->published_at,
        .changed_at = record->changed_at,
        .doubtful = record->doubtful || record->state == RECORD_UPDATING,
        .refused = record->state == RECORD_REFUSED,
        .word = record->ladders[BACKOFF_NETWORK].failures ? NULL : record->word,
        .unchanged = record->unchanged,
    };
    if (server->failures) {
        memory->failures = server->failures;
        memory->wait_at = server->at;
        memory->wait_ms = server->wait_ms;
    }
}

void record_look(const struct record *record, struct record_view *view)
{
    *view = (struct record_view){
        .since = record->since,
        .failures = record->ladders[record->trouble].failures,
        .text = record->state == RECORD_IDLE ? record->why_none : record->word,
    };
    if (record->state == RECORD_WAITING)
        view->left_ms = wait_left_ms(record, (enum backoff_trouble)record->trouble);
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
