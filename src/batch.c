#include "batch.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct slot *batch_new_slot(const char *name, int family, const struct record_calls *calls, void *owner)
{
    struct slot *slot = mem_alloc(sizeof *slot);

    slot->owner = owner;
    slot->record = record_new(name, family, calls, slot);
    return slot;
}

void batch_free_slots(struct slot **slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!slots[i])
            continue;
        record_free(slots[i]->record);
        history_clear(&slots[i]->history);
        free(slots[i]);
    }
    free(slots);
}

struct slot *batch_take_slot(struct slot **slots, size_t count, const char *name, int family)
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

void batch_free(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        for (size_t j = 0; j < 2; j++)
            if (batch->slots[i][j])
                batch->slots[i][j]->batch = NULL;
    free(batch->slots);
    free(batch->items);
    free(batch);
}

unsigned long batch_recall(struct batch *batch)
{
    unsigned long requests = update_requests(batch->update);

    update_cancel(batch->update);
    for (size_t i = 0; i < batch->count; i++) {
        for (size_t j = 0; j < 2; j++) {
            if (!batch->slots[i][j])
                continue;
            if (requests)
                record_doubt(batch->slots[i][j]->record);
            batch->slots[i][j]->due = true;
        }
    }
    batch_free(batch);
    return requests;
}

bool batch_is_stranded(const struct batch *batch, const struct ip_set *gone)
{
    struct ip local = update_local_address(batch->update);

    return update_is_asking(batch->update) && (!ip_is_set(&local) || ip_set_has(gone, &local) || !ip_is_here(&local));
}

bool batch_split(struct batch *batch, const struct config_provider *provider, const struct update_result *results)
{
    if (batch->count == 1 || results[0].verdict != UPDATE_REFUSED || results[0].is_of_all ||
        !definition_has_each(provider->definition))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        batch->slots[i][0]->most = (batch->count + 1) / 2;
        batch->slots[i][0]->due = true;
    }
    return true;
}

/* What is to be published of it, or, where one request says it for both families, what is published and to stay. */
static struct ip_set addresses_of(const struct slot *slot, bool passenger)
{
    const struct record_target *target = record_target(slot->record);
    struct record_memory memory;

    if (target->ips.count || target->withdraw || !passenger)
        return target->ips;
    record_memory(slot->record, &memory);
    return memory.published;
}

/* The slot of the name's other family, or NULL: they stand beside each other. */
static struct slot *twin_of(struct slot *const *slots, size_t count, size_t index)
{
    const char *name = record_name(slots[index]->record);

    if (index + 1 < count && strcmp(name, record_name(slots[index + 1]->record)) == 0)
        return slots[index + 1];
    return index && strcmp(name, record_name(slots[index - 1]->record)) == 0 ? slots[index - 1] : NULL;
}

static void join(struct slot *slot, const struct slot *twin)
{
    struct record_memory memory;

    record_join(twin->record, slot->record);
    if (record_state(twin->record) != RECORD_REFUSED)
        return;
    record_memory(twin->record, &memory);
    slot->due = false;
    record_refuse(slot->record, memory.word);
}

void batch_join(const struct config_provider *provider, struct slot *const *slots, size_t count)
{
    for (size_t i = 0; provider->definition->both_required && i < count; i++) {
        const struct slot *twin = twin_of(slots, count, i);

        if (slots[i]->due && !(twin && (twin->due || twin->batch)))
            record_leave(slots[i]->record);
    }
    for (size_t i = 0; provider->definition->both_required && i < count; i++) {
        const struct slot *twin = twin_of(slots, count, i);

        if (twin && slots[i]->due && record_target(slots[i]->record)->ips.count)
            join(slots[i], twin);
    }
}

/* May they share a request? A deletion is of one family, and two ways are two requests. */
static bool is_partner(const struct slot *slot, const struct slot *twin, const struct definition *definition)
{
    bool required = definition->both_required;

    if (!twin || !definition->both_families)
        return false;
    return record_target(slot->record)->ips.count && addresses_of(twin, required).count &&
           (required || record_target(slot->record)->link == record_target(twin->record)->link);
}

static void add_target(struct update_item *item, const struct slot *slot, bool passenger)
{
    const struct record_target *target = record_target(slot->record);

    if (record_family(slot->record) == AF_INET) {
        item->ip4 = addresses_of(slot, passenger);
        item->families |= IP_V4;
    } else {
        item->ip6 = addresses_of(slot, passenger);
        item->prefix_length = target->prefix_length;
        item->families |= IP_V6;
    }
}

/* May the item go with those of the batch? Records have addresses of their own where the definition has `each`, and the
 * zone in the URL is the same. */
static bool fits(const struct batch *batch, const struct config_provider *provider, const struct update_item *item,
                 int link)
{
    const struct update_item *first = &batch->items[0];
    bool deletes = !item->ip4.count && !item->ip6.count;

    if (batch->link != link || deletes != (!first->ip4.count && !first->ip6.count))
        return false;
    if (definition_has_each(provider->definition))
        return provider->zone != NULL;
    return first->families == item->families && ip_set_equal(&first->ip4, &item->ip4) &&
           ip_set_equal(&first->ip6, &item->ip6) && first->prefix_length == item->prefix_length;
}

/* Adds the name of a slot if it fits. The partner has a result of its own only when it is due, too. */
static bool add_name(struct batch *batch, const struct config_provider *provider, struct slot *slot,
                     struct slot *partner)
{
    struct update_item item = {.name = record_name(slot->record)};
    struct record_memory memory;
    int link = record_target(slot->record)->link;

    if (partner && !partner->due && !provider->definition->both_required)
        partner = NULL;
    record_memory(slot->record, &memory);
    item.old = memory.published;
    add_target(&item, slot, false);
    if (partner)
        add_target(&item, partner, provider->definition->both_required);
    if (batch->count && (batch->slots[0][0]->most != slot->most || !fits(batch, provider, &item, link)))
        return false;
    batch->link = link;
    batch->items[batch->count] = item;
    batch->slots[batch->count][0] = slot;
    batch->slots[batch->count][1] = partner && partner->due ? partner : NULL;
    batch->count++;
    return true;
}

bool batch_has_forced(struct slot *const *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slots[i]->due && slots[i]->forced)
            return true;
    return false;
}

static void mark_sent(struct batch *batch, struct slot *slot)
{
    slot->due = false;
    slot->batch = batch;
}

/* Where one request says it for both, no other runs beside it, nor before its time. */
static bool is_held_by(const struct slot *twin)
{
    return twin && (twin->batch || record_state(twin->record) == RECORD_WAITING);
}

struct batch *batch_make(const struct config_provider *provider, struct slot *const *slots, size_t count, bool forced)
{
    size_t max = provider->definition->names;
    struct batch *batch = mem_alloc(sizeof *batch);

    batch->items = mem_alloc(max * sizeof *batch->items);
    batch->slots = mem_alloc(max * sizeof *batch->slots);
    for (size_t i = 0; i < count && batch->count < max; i++) {
        struct slot *slot = slots[i];
        struct slot *twin = twin_of(slots, count, i);
        bool together = is_partner(slot, twin, provider->definition);

        if (!slot->due || (forced && !slot->forced) || (provider->definition->both_required && is_held_by(twin)) ||
            !add_name(batch, provider, slot, together ? twin : NULL))
            continue;
        if (slot->most && slot->most < max) /* which a reload may have made less */
            max = slot->most;
        for (size_t j = 0; j < 2; j++)
            if (batch->slots[batch->count - 1][j])
                mark_sent(batch, batch->slots[batch->count - 1][j]);
    }
    if (batch->count)
        return batch;
    batch_free(batch);
    return NULL;
}
