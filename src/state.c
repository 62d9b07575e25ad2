#include "state.h"

#include "buf.h"
#include "log.h"
#include "mem.h"
#include "store.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct state {
    struct store store;
    struct seal *seal; /* while it is recalled */
    json_t *index;     /* of the entries: accounts by their id, records by "account name type"; NULL: not yet made */
};

void state_free(struct state *state)
{
    if (!state)
        return;
    json_decref(state->index);
    store_clear(&state->store);
    free(state);
}

/* Without a name it is that of the account itself. */
static char *key_of(const char *account, const char *name, const char *type)
{
    struct buf key = {0};

    buf_add(&key, account);
    if (name)
        buf_addf(&key, " %s %s", name, type);
    return buf_take(&key);
}

static const json_t *find(const struct state *state, const char *account, const char *name, const char *type)
{
    char *key = key_of(account, name, type);
    const json_t *entry = json_object_get(state->index, key);

    free(key);
    return entry;
}

/* ---- Reading. ---- */

static const char *text_of(const json_t *entry, const char *key)
{
    return json_string_value(json_object_get(entry, key));
}

static uint64_t number_of(const json_t *entry, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(entry, key));

    return number > 0 ? (uint64_t)number : 0;
}

/* In version 1 a time was one number, of the wall clock. */
static struct moment moment_of(const struct state *state, const json_t *entry, const char *key)
{
    const json_t *value = json_object_get(entry, key);

    if (json_is_integer(value))
        return moment_recall(json_integer_value(value), -1, "");
    return moment_recall(json_integer_value(json_array_get(value, 0)), json_integer_value(json_array_get(value, 1)),
                         state->store.boot);
}

static bool is_time(const json_t *value)
{
    return json_is_integer(value) || (json_array_size(value) == 2 && json_is_integer(json_array_get(value, 0)) &&
                                      json_is_integer(json_array_get(value, 1)));
}

static bool is_optional(const json_t *entry, const char *key, bool (*fits)(const json_t *))
{
    const json_t *value = json_object_get(entry, key);

    return !value || json_is_null(value) || fits(value);
}

static bool is_number(const json_t *value)
{
    return json_is_integer(value);
}

static bool is_text(const json_t *value)
{
    return json_is_string(value);
}

static bool is_flag(const json_t *value)
{
    return json_is_boolean(value) || json_is_string(value); /* version 1 said why */
}

/* Its number in version 1 and in the first files of version 2. */
static bool is_seal(const json_t *value)
{
    return json_is_integer(value) || json_is_string(value);
}

static bool is_sound(const json_t *entry)
{
    static const struct {
        const char *key;
        bool (*fits)(const json_t *);
    } members[] = {{"place", is_number},    {"section", is_seal},     {"within", is_seal},    {"rest_at", is_time},
                   {"rest_ms", is_number},  {"used_at", is_time},     {"used", is_number},    {"address", is_text},
                   {"published", is_time},  {"doubtful", is_flag},    {"refused", is_flag},   {"word", is_text},
                   {"failures", is_number}, {"wait_at", is_time},     {"wait_ms", is_number}, {"name", is_text},
                   {"type", is_text},       {"unchanged", is_number}, {"changed", is_time}};
    const char *address = text_of(entry, "address"), *type = text_of(entry, "type");
    struct ip_set ips;

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!is_optional(entry, members[i].key, members[i].fits))
            return false;
    if (!text_of(entry, "account"))
        return false;
    if (!text_of(entry, "name")) /* an account's */
        return !type && json_is_integer(json_object_get(entry, "place")) &&
               !json_is_true(json_object_get(entry, "refused"));
    if (!type)
        return false;
    return !address || (ip_set_parse(address, &ips) && strcmp(type, ip_record_type(ips.list[0].family)) == 0);
}

static void build_index(struct state *state)
{
    size_t number;
    json_t *entry;

    state->index = json_object();
    json_array_foreach (state->store.entries, number, entry) {
        char *key;

        if (!is_sound(entry)) {
            log_warning("state.json: entry %zu makes no sense and is left out", number + 1);
            continue;
        }
        key = key_of(text_of(entry, "account"), text_of(entry, "name"), text_of(entry, "type"));
        json_object_set(state->index, key, entry);
        free(key);
    }
}

struct state *state_read(const char *folder, bool look_only)
{
    struct state *state = mem_alloc(sizeof *state);

    store_read(&state->store, folder, look_only);
    return state;
}

/* ---- Giving back. ---- */

/* Version 1 had the checksums in the account's entry only, and that of the login in place of the section's. */
static bool is_same_place(const json_t *entry, const json_t *whole, const struct config_provider *provider)
{
    const json_t *place = json_object_get(entry, "place");

    return json_integer_value(place ? place : json_object_get(whole, "place")) == config_provider_place(provider);
}

/* A seal, or the number itself. */
static bool stands_for(const struct state *state, const json_t *value, uint32_t number)
{
    const char *own;

    if (!json_is_string(value))
        return json_integer_value(value) == number;
    own = seal_of(state->seal, number);
    return own && strcmp(json_string_value(value), own) == 0;
}

/* Files of old do not say, and an upgrade is no reason to send all names again. */
static bool is_same_within(const struct state *state, const json_t *whole, const struct config_provider *provider)
{
    const json_t *within = json_object_get(whole, "within");

    return !within || stands_for(state, within, config_provider_within(provider));
}

static bool is_same_section(const struct state *state, const json_t *entry, const json_t *whole,
                            const struct config_provider *provider)
{
    const json_t *section = json_object_get(entry, "section");

    if (section)
        return stands_for(state, section, provider->section);
    return json_integer_value(json_object_get(whole, "login")) == config_provider_login(provider);
}

static void recall_record(const struct state *state, const json_t *whole, const struct config_provider *provider,
                          struct record *record)
{
    const json_t *entry = find(state, provider->id, record_name(record), ip_record_type(record_family(record)));
    const json_t *refused = json_object_get(entry, "refused");
    const char *address = text_of(entry, "address");
    struct record_memory memory = {.word = text_of(entry, "word")};

    if (!entry || !is_same_place(entry, whole, provider))
        return;
    if (address && ip_set_parse(address, &memory.published)) {
        memory.published_at = moment_of(state, entry, "published");
        memory.changed_at = moment_of(state, entry, json_object_get(entry, "changed") ? "changed" : "published");
    }
    memory.doubtful = json_is_true(json_object_get(entry, "doubtful"));
    if (is_same_section(state, entry, whole, provider)) {
        memory.refused = json_is_true(refused) || json_is_string(refused);
        memory.word = json_is_string(refused) ? json_string_value(refused) : memory.word;
        memory.failures = (unsigned)number_of(entry, "failures");
        memory.wait_at = moment_of(state, entry, "wait_at");
        memory.wait_ms = number_of(entry, "wait_ms");
        memory.unchanged = (unsigned)number_of(entry, "unchanged");
    }
    record_recall(record, &memory);
}

void state_recall(struct state *state, struct seal *seal, struct account *account)
{
    const struct config_provider *provider = account_provider(account);
    struct account_memory memory = {0};
    const json_t *entry;
    struct record *record;

    state->seal = seal;
    if (!state->index)
        build_index(state);
    entry = find(state, provider->id, NULL, NULL);
    if (is_same_within(state, entry, provider))
        for (size_t i = 0; (record = account_record(account, i)); i++)
            recall_record(state, entry, provider, record);
    if (!entry || !is_same_place(entry, NULL, provider))
        return;
    if (is_same_section(state, entry, entry, provider))
        memory.refused = text_of(entry, "refused");
    memory.limit.rest_at = moment_of(state, entry, "rest_at");
    memory.limit.rest_ms = number_of(entry, "rest_ms");
    memory.limit.used_at = moment_of(state, entry, "used_at");
    memory.limit.used = number_of(entry, "used");
    account_recall(account, &memory);
}

/* ---- Collecting. ---- */

/* A provider's words may be anything; jansson takes only UTF-8. */
static void set_text(json_t *entry, const char *key, const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    struct buf printable = {0};

    if (text && !value) {
        buf_add_escaped(&printable, text, BUF_PRINT);
        value = json_string(buf_text(&printable));
        buf_free(&printable);
    }
    if (value)
        json_object_set_new(entry, key, value);
}

static void set_number(json_t *entry, const char *key, uint64_t number)
{
    if (number)
        json_object_set_new(entry, key, json_integer((json_int_t)number));
}

static void set_moment(json_t *entry, const char *key, const struct moment *moment)
{
    json_t *pair = json_array();

    json_array_append_new(pair, json_integer(moment_wall_s(moment)));
    json_array_append_new(pair, json_integer(moment->now_ms));
    json_object_set_new(entry, key, pair);
}

static void set_flag(json_t *entry, const char *key, bool flag)
{
    if (flag)
        json_object_set_new(entry, key, json_true());
}

static void set_provider(json_t *entry, const struct config_provider *provider)
{
    set_text(entry, "account", provider->id);
    json_object_set_new(entry, "place", json_integer(config_provider_place(provider)));
}

/* Only where something depends on it: a seal is some work. */
static void set_section(json_t *entry, const struct config_provider *provider, bool needed)
{
    if (needed)
        json_object_set_new(entry, "section", json_integer(provider->section));
}

static json_t *collect_record(const struct config_provider *provider, const struct record *record)
{
    char address[IP_SET_TEXT_SIZE];
    struct record_memory memory;
    json_t *entry = json_object();

    record_memory(record, &memory);
    set_provider(entry, provider);
    set_text(entry, "name", record_name(record));
    set_text(entry, "type", ip_record_type(record_family(record)));
    if (memory.published.count) {
        set_text(entry, "address", ip_set_text(&memory.published, address));
        set_moment(entry, "published", &memory.published_at);
        set_moment(entry, "changed", &memory.changed_at);
    }
    set_flag(entry, "doubtful", memory.doubtful);
    set_flag(entry, "refused", memory.refused);
    set_section(entry, provider, memory.refused || memory.failures || memory.unchanged);
    set_text(entry, "word", memory.word);
    set_number(entry, "unchanged", memory.unchanged);
    if (memory.failures) {
        set_number(entry, "failures", memory.failures);
        set_moment(entry, "wait_at", &memory.wait_at);
        set_number(entry, "wait_ms", memory.wait_ms);
    }
    return entry;
}

/* Of rests and budgets only what still holds something back is worth a write. */
static json_t *collect_account(const struct account *account)
{
    const struct config_provider *provider = account_provider(account);
    struct account_memory memory;
    json_t *entry = json_object();

    account_memory(account, &memory);
    set_provider(entry, provider);
    json_object_set_new(entry, "within", json_integer(config_provider_within(provider)));
    set_text(entry, "refused", memory.refused);
    set_section(entry, provider, memory.refused != NULL);
    if (memory.limit.rest_ms) {
        set_moment(entry, "rest_at", &memory.limit.rest_at);
        set_number(entry, "rest_ms", memory.limit.rest_ms);
    }
    if (memory.limit.used) {
        set_moment(entry, "used_at", &memory.limit.used_at);
        set_number(entry, "used", memory.limit.used);
    }
    return entry;
}

struct state *state_collect(struct account *const *accounts, size_t count)
{
    struct state *state = mem_alloc(sizeof *state);

    store_begin(&state->store);
    for (size_t i = 0; i < count; i++) {
        const struct config_provider *provider = account_provider(accounts[i]);
        const struct record *record;

        json_array_append_new(state->store.entries, collect_account(accounts[i]));
        for (size_t j = 0; (record = account_record(accounts[i], j)); j++)
            json_array_append_new(state->store.entries, collect_record(provider, record));
    }
    return state;
}

uint64_t state_sum(const struct state *state)
{
    return store_sum(&state->store);
}

/* Where there is something to seal a key is made, but no sooner. What would be sealed by a key that is not on the disk is
 * left out, for nobody could compare it after a restart. */
static int seal_numbers(const struct state *state, struct seal *seal)
{
    static const char *const keys[] = {"within", "section"};
    bool prepared = false;
    int error = 0;
    size_t index;
    json_t *entry;

    json_array_foreach (state->store.entries, index, entry) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            uint32_t number = (uint32_t)json_integer_value(json_object_get(entry, keys[i]));

            if (!number)
                continue;
            if (!prepared)
                error = seal_prepare(seal);
            prepared = true;
            json_object_del(entry, keys[i]);
            set_text(entry, keys[i], error ? NULL : seal_of(seal, number));
        }
    }
    return error;
}

int state_write(const struct state *state, struct seal *seal, const char *folder, uint64_t *sum)
{
    int sealed = seal_numbers(state, seal), written = store_write(&state->store, folder, sum);

    return written ? written : sealed;
}
