#include "account.h"

#include "log.h"
#include "mem.h"
#include "timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A record's place in its account. */
struct slot {
    struct account *account;
    const struct name *name; /* of the configuration */
    struct record *record;
    struct batch *batch; /* the request that carries it now */
    bool due;            /* waits for a request */
};

/* One request under way. Each name has one slot or, where its families share a request, two. */
struct batch {
    struct account *account;
    struct update *update;
    const char **names;
    struct slot *(*slots)[2];
    size_t count;
    struct record_target ip4, ip6; /* all that its names share */
    enum ip_families families;
};

struct account {
    const struct config_provider *provider;
    struct http *http;
    bool dry_run;
    account_changed_fn *changed;
    void *arg;
    struct slot **slots;
    size_t count;
    struct batch *batches[ACCOUNT_CONCURRENCY];
    struct timer *flush;
    char *refused;
};

/* ---- Batches. ---- */

/* What it carried waits for another one, or has its answer. Its update is the caller's matter. */
static void free_batch(struct batch *batch)
{
    for (size_t i = 0; i < ACCOUNT_CONCURRENCY; i++)
        if (batch->account->batches[i] == batch)
            batch->account->batches[i] = NULL;
    for (size_t i = 0; i < batch->count; i++)
        for (size_t j = 0; j < 2; j++)
            if (batch->slots[i][j])
                batch->slots[i][j]->batch = NULL;
    free(batch->slots);
    free(batch->names);
    free(batch);
}

/* The request is taken back, and its records wait for the next one. */
static void recall_batch(struct batch *batch)
{
    struct ip local = update_local_address(batch->update);

    update_cancel(batch->update);
    for (size_t i = 0; i < batch->count; i++) {
        for (size_t j = 0; j < 2; j++) {
            if (!batch->slots[i][j])
                continue;
            if (ip_is_set(&local)) /* connected: it may have arrived */
                record_doubt(batch->slots[i][j]->record);
            batch->slots[i][j]->due = true;
        }
    }
    timer_start(batch->account->flush, 0);
    free_batch(batch);
}

static bool is_alike(const struct record_target *a, const struct record_target *b)
{
    return ip_set_equal(&a->ips, &b->ips) && a->link == b->link && a->prefix_length == b->prefix_length;
}

/* The second slot of a name, when both families are due and may share a request, by the same way. A deletion is of one
 * family. */
static struct slot *partner_of(const struct account *account, size_t index)
{
    struct slot *slot = account->slots[index], *next = index + 1 < account->count ? account->slots[index + 1] : NULL;
    const struct record_target *one, *other;

    if (!account->provider->definition->both_families || !next || !next->due)
        return NULL;
    one = record_target(slot->record);
    other = record_target(next->record);
    if (!one->ips.count || !other->ips.count || one->link != other->link)
        return NULL;
    return strcmp(record_name(slot->record), record_name(next->record)) == 0 ? next : NULL;
}

static void add_target(struct batch *name, const struct slot *slot)
{
    const struct record_target *target = slot ? record_target(slot->record) : NULL;

    if (!target)
        return;
    if (record_family(slot->record) == AF_INET) {
        name->ip4 = *target;
        name->families |= IP_V4;
    } else {
        name->ip6 = *target;
        name->families |= IP_V6;
    }
}

/* Adds the name of a slot to the batch if what it is to be is as in the batch, which the first name sets. */
static bool add_name(struct batch *batch, struct slot *slot, struct slot *partner)
{
    struct batch name = {0};

    add_target(&name, slot);
    add_target(&name, partner);
    if (batch->count &&
        !(batch->families == name.families && is_alike(&batch->ip4, &name.ip4) && is_alike(&batch->ip6, &name.ip6)))
        return false;
    batch->ip4 = name.ip4;
    batch->ip6 = name.ip6;
    batch->families = name.families;
    batch->names[batch->count] = record_name(slot->record);
    batch->slots[batch->count][0] = slot;
    batch->slots[batch->count][1] = partner;
    batch->count++;
    return true;
}

static void mark_sent(struct batch *batch, struct slot *slot)
{
    slot->due = false;
    slot->batch = batch;
}

/* The due names that can share a request with the first of them; NULL when none is due. */
static struct batch *make_batch(struct account *account)
{
    size_t max = account->provider->definition->names_max;
    struct batch *batch = mem_alloc(sizeof *batch);

    batch->account = account;
    batch->names = mem_alloc(max * sizeof *batch->names);
    batch->slots = mem_alloc(max * sizeof *batch->slots);
    for (size_t i = 0; i < account->count && batch->count < max; i++) {
        struct slot *slot = account->slots[i], *partner;

        if (!slot->due)
            continue;
        partner = partner_of(account, i);
        if (!add_name(batch, slot, partner))
            continue;
        mark_sent(batch, slot);
        if (partner)
            mark_sent(batch, partner);
    }
    if (batch->count)
        return batch;
    free_batch(batch);
    return NULL;
}

/* ---- Results. ---- */

static void refuse(struct slot *slot, const char *text)
{
    if (record_state(slot->record) != RECORD_REFUSED)
        record_refuse(slot->record, text);
}

static void refuse_all(struct account *account, const char *text)
{
    free(account->refused);
    account->refused = mem_string(text);
    for (size_t i = 0; i < ACCOUNT_CONCURRENCY; i++)
        if (account->batches[i])
            recall_batch(account->batches[i]);
    for (size_t i = 0; i < account->count; i++) {
        account->slots[i]->due = false;
        refuse(account->slots[i], text);
    }
    log_warning("%s: no more requests: %s", account->provider->id, text);
}

static void on_done(void *arg, const struct update_result *results)
{
    struct batch *batch = arg;
    struct account *account = batch->account;
    const struct update_result *refusal = NULL;

    for (size_t i = 0; i < batch->count; i++) {
        for (size_t j = 0; j < 2; j++) {
            struct slot *slot = batch->slots[i][j];

            if (!slot)
                continue;
            slot->batch = NULL;
            record_result(slot->record, &results[i]);
        }
        if (results[i].verdict == UPDATE_REFUSED_ACCOUNT)
            refusal = &results[i];
    }
    free_batch(batch);
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
    update_free_results(results, update->count);
    free(text);
}

static void send_batch(struct batch *batch)
{
    struct account *account = batch->account;
    struct update_batch update = {
        .provider = account->provider,
        .names = batch->names,
        .count = batch->count,
        .ip4 = batch->ip4.ips,
        .ip6 = batch->ip6.ips,
        .families = batch->families,
        .prefix_length = batch->ip6.prefix_length,
        .link = batch->families & IP_V4 ? batch->ip4.link : batch->ip6.link,
    };

    if (account->dry_run)
        pretend(batch, &update);
    else
        batch->update = update_start(account->http, &update, on_done, batch);
}

static void on_flush(void *arg)
{
    struct account *account = arg;

    for (size_t i = 0; i < ACCOUNT_CONCURRENCY && !account->refused; i++) {
        struct batch *batch = account->batches[i] ? NULL : make_batch(account);

        if (!batch)
            continue;
        account->batches[i] = batch;
        send_batch(batch);
    }
}

/* ---- What records ask for. ---- */

static void on_send(void *owner)
{
    struct slot *slot = owner;

    slot->due = true;
    timer_start(slot->account->flush, 0);
}

static void on_cancel(void *owner)
{
    struct slot *slot = owner;

    if (slot->batch)
        recall_batch(slot->batch);
    slot->due = false;
}

static void on_changed(void *owner)
{
    struct slot *slot = owner;

    slot->account->changed(slot->account->arg);
}

static const struct record_calls record_calls = {on_send, on_cancel, on_changed};

/* ---- Its making and its records. ---- */

struct account *account_new(struct http *http, bool dry_run, account_changed_fn *changed, void *arg)
{
    struct account *account = mem_alloc(sizeof *account);

    account->http = http;
    account->dry_run = dry_run;
    account->changed = changed;
    account->arg = arg;
    account->flush = timer_new(on_flush, account);
    return account;
}

static void free_slots(struct slot **slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!slots[i])
            continue;
        record_free(slots[i]->record);
        free(slots[i]);
    }
    free(slots);
}

void account_free(struct account *account)
{
    if (!account)
        return;
    free_slots(account->slots, account->count);
    timer_free(account->flush);
    free(account->refused);
    free(account);
}

static struct slot *new_slot(struct account *account, const char *name, int family)
{
    struct slot *slot = mem_alloc(sizeof *slot);

    slot->account = account;
    slot->record = record_new(name, family, &record_calls, slot);
    return slot;
}

/* Takes the slot out of the list where there is one for this name and family. */
static struct slot *take_slot(struct slot **slots, size_t count, const char *name, int family)
{
    for (size_t i = 0; i < count; i++) {
        struct slot *slot = slots[i];

        if (slot && record_family(slot->record) == family && strcmp(record_name(slot->record), name) == 0) {
            slots[i] = NULL;
            return slot;
        }
    }
    return NULL;
}

void account_configure(struct account *account, const struct config_provider *provider)
{
    static const struct {
        enum ip_families bit;
        int family;
    } families[] = {{IP_V4, AF_INET}, {IP_V6, AF_INET6}};
    struct slot **old = account->slots;
    size_t old_count = account->count;

    account->provider = provider;
    account->slots = mem_alloc(2 * provider->names.count * sizeof *account->slots);
    account->count = 0;
    for (size_t i = 0; i < provider->names.count; i++) {
        for (size_t j = 0; j < 2; j++) {
            const struct name *name = &provider->names.list[i];
            struct slot *slot;

            if (!(name->families & families[j].bit))
                continue;
            slot = take_slot(old, old_count, name->name, families[j].family);
            if (!slot)
                slot = new_slot(account, name->name, families[j].family);
            slot->name = name;
            account->slots[account->count++] = slot;
            if (account->refused)
                refuse(slot, account->refused);
        }
    }
    free_slots(old, old_count);
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

/* On a connection that will hear no more, or on none yet. */
static bool is_stranded(const struct batch *batch, const struct ip_set *gone)
{
    struct ip local = update_local_address(batch->update);

    return !ip_is_set(&local) || ip_set_has(gone, &local) || !ip_is_here(&local);
}

void account_leave_addresses(struct account *account, const struct ip_set *gone)
{
    for (size_t i = 0; i < ACCOUNT_CONCURRENCY; i++)
        if (account->batches[i] && is_stranded(account->batches[i], gone))
            recall_batch(account->batches[i]);
}

void account_force(struct account *account)
{
    free(account->refused);
    account->refused = NULL;
    for (size_t i = 0; i < account->count; i++)
        record_force(account->slots[i]->record);
}

const char *account_refused(const struct account *account)
{
    return account->refused;
}

void account_recall(struct account *account, const char *refused)
{
    account->refused = mem_string(refused);
    for (size_t i = 0; refused && i < account->count; i++)
        refuse(account->slots[i], refused);
}
