#include "account.h"

#include "batch.h"
#include "limit.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const uint64_t longest_sleep_ms = UINT64_C(24) * 3600 * 1000;

struct account {
    const struct config_provider *provider;
    struct http *http;
    bool dry_run;
    account_changed_fn *changed;
    void *arg;
    account_moved_fn *moved; /* or NULL */
    void *moved_arg;
    struct slot **slots;
    size_t count;
    struct batch *batches[ACCOUNT_CONCURRENCY];
    struct memory *memory;
    struct timer *flush;
    struct timer *refresh;
    unsigned jitter; /* percent of the definition's refresh, 90 to 110: what was published together stays together */
    struct limit limit;
    struct account_counts counts;
    bool told_rest; /* the log knows that records wait for it */
    bool held;      /* nothing goes out: account_hold() */
    char *refused;
    uint32_t section; /* config_provider.section of what it was refused under */
};

/* ---- Results. ---- */

static void forget_batch(struct account *account, const struct batch *batch)
{
    for (size_t i = 0; i < ACCOUNT_CONCURRENCY; i++)
        if (account->batches[i] == batch)
            account->batches[i] = NULL;
}

/* The request is taken back, and its records wait for the next one. */
static void recall(struct account *account, struct batch *batch)
{
    forget_batch(account, batch);
    limit_spend(&account->limit, batch_recall(batch));
    timer_start(account->flush, 0);
}

static void refuse(struct slot *slot, const char *text)
{
    if (record_state(slot->record) != RECORD_REFUSED)
        record_refuse(slot->record, text);
}

static void set_refused(struct account *account, const char *text)
{
    char *copy = mem_string(text);

    free(account->refused);
    account->refused = copy;
}

static void refuse_all(struct account *account, const char *text)
{
    set_refused(account, text);
    for (size_t i = 0; i < ACCOUNT_CONCURRENCY; i++)
        if (account->batches[i])
            recall(account, account->batches[i]);
    for (size_t i = 0; i < account->count; i++) {
        account->slots[i]->due = false;
        refuse(account->slots[i], text);
    }
    log_warning("%s: no more requests: %s", account->provider->id, text);
}

/* Until the definition wants to hear of it without a change; only of one that is current. */
static uint64_t refresh_left_ms(const struct account *account, const struct slot *slot)
{
    struct record_memory memory;

    record_memory(slot->record, &memory);
    return moment_left_ms(&memory.published_at, account->provider->definition->refresh_ms / 100 * account->jitter);
}

/* Sends it once more, and waits for the next. The wall clock, by which what was published before the last boot ages, may
 * be set meanwhile: it is looked at once a day. */
static void on_refresh(void *arg)
{
    struct account *account = arg;
    uint64_t wait_ms = longest_sleep_ms;
    bool any = false;

    for (size_t i = 0; i < account->count && account->provider->definition->refresh_ms; i++) {
        struct slot *slot = account->slots[i];
        uint64_t left_ms;

        if (record_state(slot->record) != RECORD_CURRENT)
            continue;
        left_ms = refresh_left_ms(account, slot);
        if (!left_ms)
            record_refresh(slot->record);
        else if (left_ms < wait_ms)
            wait_ms = left_ms;
        any = true;
    }
    if (any)
        timer_start(account->refresh, wait_ms);
}

static void on_done(void *arg, const struct update_result *results)
{
    struct batch *batch = arg;
    struct account *account = batch->owner;
    const struct update_result *refusal = NULL;

    forget_batch(account, batch);
    limit_spend(&account->limit, results[0].requests);
    account->counts.requests += results[0].requests;
    limit_rest(&account->limit, results[0].rest_ms);
    if (batch_split(batch, account->provider, results)) {
        batch_free(batch);
        timer_start(account->flush, 0);
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        for (size_t j = 0; j < 2; j++) {
            struct slot *slot = batch->slots[i][j];

            if (!slot)
                continue;
            slot->batch = NULL;
            slot->most = 0;
            account->counts.answers[results[i].verdict]++;
            record_result(slot->record, &results[i]);
        }
        if (results[i].verdict == UPDATE_REFUSED_ACCOUNT)
            refusal = &results[i];
    }
    batch_free(batch);
    if (refusal)
        refuse_all(account, refusal->text);
    else
        timer_start(account->flush, 0);
}

/* ---- Sending. ---- */

static void pretend(struct batch *batch, const struct update_batch *update)
{
    struct update_result *results = mem_alloc(batch->count * sizeof *results);
    char *text = update_describe(update);

    puts(text);
    fflush(stdout);
    for (size_t i = 0; i < batch->count; i++)
        results[i] = (struct update_result){.verdict = UPDATE_DONE, .text = mem_string("dry run")};
    on_done(batch, results);
    for (size_t i = 0; i < update->count; i++)
        free(results[i].text);
    free(results);
    free(text);
}

static void send_batch(struct batch *batch)
{
    struct account *account = batch->owner;
    struct update_batch update = {account->provider, account->memory, batch->items, batch->count, batch->link};

    log_debug("%s: batch: %zu, the first is %s", account->provider->id, batch->count, batch->items[0].name);
    if (account->dry_run)
        pretend(batch, &update);
    else
        batch->update = update_start(account->http, &update, on_done, batch);
    account->changed(account->arg); /* what is under way counts in account_memory() */
}

uint64_t account_rest_ms(const struct account *account, bool forced)
{
    size_t steps = account->provider->definition->step_count, under_way = 0;

    for (size_t i = 0; i < ACCOUNT_CONCURRENCY; i++)
        under_way += account->batches[i] ? steps : 0;
    return limit_wait_ms(&account->limit, steps, under_way, forced);
}

/* Is one request at a time enough? The first one alone finds the zone, or the token, for all, a gap is
 * behind each, and bodies of many records of one zone get into each other's way. */
static bool is_single(const struct account *account)
{
    const struct definition *definition = account->provider->definition;

    return definition->gap_ms || definition_has_each(definition) ||
           (definition_keeps(definition) && memory_is_empty(account->memory));
}

static void tell_rest(struct account *account, uint64_t wait_ms)
{
    size_t due = 0;

    for (size_t i = 0; i < account->count; i++)
        due += account->slots[i]->due;
    if (due && !account->told_rest)
        log_info("%s: %zu record%s wait%s %llu s: the provider takes no more requests for now", account->provider->id,
                 due, due == 1 ? "" : "s", due == 1 ? "s" : "", (unsigned long long)(wait_ms + 999) / 1000);
    account->told_rest |= due > 0;
}

/* The other half of the invariant of record.h: a record that is updating has its place in the queue, or its request. */
static void check(const struct account *account)
{
    for (size_t i = 0; i < account->count; i++)
        assert((record_state(account->slots[i]->record) == RECORD_UPDATING) ==
               (account->slots[i]->due || account->slots[i]->batch));
}

/* The next request, or NULL. */
static struct batch *make_batch(const struct account *account)
{
    bool forced = account_rest_ms(account, false) != 0;

    return account_rest_ms(account, forced) ? NULL
                                            : batch_make(account->provider, account->slots, account->count, forced);
}

static void on_flush(void *arg)
{
    struct account *account = arg;
    uint64_t wait_ms, forced_ms;

    check(account);
    if (account->held)
        return;
    batch_join(account->provider, account->slots, account->count);
    for (size_t i = 0; i < (is_single(account) ? 1 : ACCOUNT_CONCURRENCY) && !account->refused; i++) {
        struct batch *batch = account->batches[i] ? NULL : make_batch(account);

        if (!batch)
            continue;
        batch->owner = account;
        account->batches[i] = batch;
        account->told_rest = false;
        send_batch(batch);
    }
    wait_ms = account_rest_ms(account, false);
    forced_ms = batch_has_forced(account->slots, account->count) ? account_rest_ms(account, true) : 0;
    if (wait_ms) {
        timer_start(account->flush, forced_ms ? forced_ms : wait_ms);
        tell_rest(account, wait_ms);
    }
}

/* ---- What records ask for. ---- */

static void on_send(void *owner)
{
    struct slot *slot = owner;
    struct account *account = slot->owner;

    slot->due = true;
    timer_start(account->flush, 0);
}

static void on_cancel(void *owner)
{
    struct slot *slot = owner;

    if (slot->batch)
        recall(slot->owner, slot->batch);
    slot->due = false;
}

static void on_changed(void *owner)
{
    struct slot *slot = owner;
    struct account *account = slot->owner;

    if (account->provider->definition->refresh_ms)
        timer_start(account->refresh, 0);
    if (account->provider->definition->both_required) /* the other family may have waited behind this one */
        timer_start(account->flush, 0);
    account->changed(account->arg);
}

static void on_moved(void *owner, enum record_state from, const struct ip_set *old, const char *why)
{
    struct slot *slot = owner;
    struct account *account = slot->owner;

    if (record_state(slot->record) != RECORD_UPDATING)
        slot->forced = false;
    history_add(&slot->history, from, record_state(slot->record), why);
    account->counts.retries += from == RECORD_WAITING && record_state(slot->record) == RECORD_UPDATING;
    if (account->moved)
        account->moved(account->moved_arg, account, slot->name, slot->record, from, old, why);
}

static const struct record_calls record_calls = {on_send, on_cancel, on_changed, on_moved};

/* ---- Its making and its records. ---- */

struct account *account_new(struct http *http, bool dry_run, account_changed_fn *changed, void *arg)
{
    struct account *account = mem_alloc(sizeof *account);

    account->http = http;
    account->dry_run = dry_run;
    account->changed = changed;
    account->arg = arg;
    account->memory = memory_new();
    account->flush = timer_new(on_flush, account);
    account->refresh = timer_new(on_refresh, account);
    account->jitter = 90 + timer_random(21);
    return account;
}

void account_watch(struct account *account, account_moved_fn *fn, void *arg)
{
    account->moved = fn;
    account->moved_arg = arg;
}

void account_free(struct account *account)
{
    if (!account)
        return;
    batch_free_slots(account->slots, account->count);
    memory_free(account->memory);
    timer_free(account->flush);
    timer_free(account->refresh);
    free(account->refused);
    free(account);
}

void account_configure(struct account *account, const struct config_provider *provider)
{
    static const struct {
        enum ip_families bit;
        int family;
    } families[] = {{IP_V4, AF_INET}, {IP_V6, AF_INET6}};
    struct slot **old = account->slots;
    size_t old_count = account->count;
    bool changed = account->provider && account->section != provider->section;

    account->provider = provider;
    account->section = provider->section;
    account->limit.gap_ms = provider->definition->gap_ms;
    account->limit.budget = provider->definition->budget;
    account->limit.period_ms = provider->definition->budget_ms;
    memory_forget_all(account->memory); /* a zone or an option may be another one now */
    if (changed)
        set_refused(account, NULL);
    account->slots = mem_alloc(2 * provider->names.count * sizeof *account->slots);
    account->count = 0;
    for (size_t i = 0; i < provider->names.count; i++) {
        for (size_t j = 0; j < 2; j++) {
            const struct name *name = &provider->names.list[i];
            struct slot *slot;

            if (!(name->families & families[j].bit))
                continue;
            slot = batch_take_slot(old, old_count, name->name, families[j].family);
            if (!slot)
                slot = batch_new_slot(name->name, families[j].family, &record_calls, account);
            slot->name = name;
            account->slots[account->count++] = slot;
            if (account->refused)
                refuse(slot, account->refused);
            else if (changed)
                record_pardon(slot->record);
        }
    }
    batch_free_slots(old, old_count);
    timer_start(account->flush, 0); /* for who waited behind one that is gone, or a gap that is another one now */
}

void account_hold(struct account *account)
{
    account->held = true;
}

void account_release(struct account *account)
{
    /* A flush that is due keeps its turn, before the one in which the state is written. */
    if (account->held && !timer_is_running(account->flush))
        timer_start(account->flush, 0);
    account->held = false;
}

const struct config_provider *account_provider(const struct account *account)
{
    return account->provider;
}

struct record *account_record(const struct account *account, size_t index)
{
    return index < account->count ? account->slots[index]->record : NULL;
}

const struct name *account_name(const struct account *account, size_t index)
{
    return account->slots[index]->name;
}

void account_leave_addresses(struct account *account, const struct ip_set *gone)
{
    for (size_t i = 0; i < ACCOUNT_CONCURRENCY; i++) {
        if (!account->batches[i] || !batch_is_stranded(account->batches[i], gone))
            continue;
        recall(account, account->batches[i]);
        account->changed(account->arg); /* of the limits */
    }
}

void account_force_one(struct account *account, size_t index)
{
    if (account->refused) { /* it is the login that has to be tried */
        account_force(account);
        return;
    }
    limit_urge(&account->limit);
    record_force(account->slots[index]->record);
    account->slots[index]->forced = record_state(account->slots[index]->record) == RECORD_UPDATING;
    timer_start(account->flush, 0);
}

void account_force(struct account *account)
{
    set_refused(account, NULL);
    limit_lift(&account->limit);
    for (size_t i = 0; i < account->count; i++)
        record_force(account->slots[i]->record);
    timer_start(account->flush, 0);
}

void account_retry(struct account *account)
{
    for (size_t i = 0; i < account->count; i++)
        record_retry(account->slots[i]->record);
}

const struct history *account_history(const struct account *account, size_t index)
{
    return &account->slots[index]->history;
}

const struct account_counts *account_counts(const struct account *account)
{
    return &account->counts;
}

uint64_t account_refresh_ms(const struct account *account, size_t index)
{
    const struct slot *slot = account->slots[index];

    return record_state(slot->record) == RECORD_CURRENT ? refresh_left_ms(account, slot) : 0;
}

const struct memory *account_remembered(const struct account *account)
{
    return account->memory;
}

const char *account_refused(const struct account *account)
{
    return account->refused;
}

/* Nobody tells when a request under way has arrived, or goes on to its next step: it counts with all of them. */
void account_memory(const struct account *account, struct account_memory *memory)
{
    unsigned long steps = account->provider->definition->step_count;

    *memory = (struct account_memory){account->refused, account->limit};
    for (size_t i = 0; i < ACCOUNT_CONCURRENCY; i++) {
        unsigned long sent = account->batches[i] ? update_requests(account->batches[i]->update) : 0;

        if (account->batches[i])
            limit_spend(&memory->limit, sent > steps ? sent : steps);
    }
}

void account_recall(struct account *account, const struct account_memory *memory)
{
    set_refused(account, memory->refused);
    limit_recall(&account->limit, &memory->limit);
    for (size_t i = 0; memory->refused && i < account->count; i++)
        refuse(account->slots[i], memory->refused);
}
