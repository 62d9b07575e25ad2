#include "state.h"

#include "buf.h"
#include "file.h"
#include "log.h"
#include "mem.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, MAX_FILE = 64 * 1024 * 1024 };

/* Both objects are keyed: accounts by their id, records by "account name type". */
struct state {
    json_t *accounts;
    json_t *records;
};

static struct state *new_state(void)
{
    struct state *state = mem_alloc(sizeof *state);

    state->accounts = json_object();
    state->records = json_object();
    return state;
}

void state_free(struct state *state)
{
    if (!state)
        return;
    json_decref(state->accounts);
    json_decref(state->records);
    free(state);
}

static char *file_path(const char *folder)
{
    struct buf path = {0};

    buf_addf(&path, "%s/state.json", folder);
    return buf_take(&path);
}

static char *record_key(const char *account, const char *name, const char *type)
{
    struct buf key = {0};

    buf_addf(&key, "%s %s %s", account, name, type);
    return buf_take(&key);
}

/* ---- Reading. ---- */

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool is_optional(const json_t *object, const char *key, json_type type)
{
    const json_t *value = json_object_get(object, key);

    return !value || json_is_null(value) || json_typeof(value) == type;
}

static bool is_optional_flag(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return !value || json_is_boolean(value);
}

static bool is_account(const json_t *entry)
{
    return text_of(entry, "account") && json_is_integer(json_object_get(entry, "place")) &&
           json_is_integer(json_object_get(entry, "login")) && is_optional(entry, "refused", JSON_STRING);
}

static bool is_record(const json_t *entry)
{
    const char *type = text_of(entry, "type"), *address = text_of(entry, "address");
    struct ip_set ips;

    if (!text_of(entry, "account") || !text_of(entry, "name") || !type || !is_optional(entry, "address", JSON_STRING) ||
        !is_optional(entry, "published", JSON_INTEGER) || !is_optional_flag(entry, "doubtful") ||
        !is_optional(entry, "refused", JSON_STRING))
        return false;
    if (!address)
        return true;
    return ip_set_parse(address, &ips) && strcmp(type, ip_record_type(ips.list[0].family)) == 0;
}

static void take_entries(const char *path, const json_t *list, bool (*fits)(const json_t *), json_t *into)
{
    size_t index;
    json_t *entry;

    json_array_foreach (list, index, entry) {
        if (!fits(entry)) {
            log_warning("%s: entry %zu makes no sense and is left out", path, index + 1);
        } else if (fits == is_account) {
            json_object_set(into, text_of(entry, "account"), entry);
        } else {
            char *key = record_key(text_of(entry, "account"), text_of(entry, "name"), text_of(entry, "type"));

            json_object_set(into, key, entry);
            free(key);
        }
    }
}

/* Kept for whoever wants to know what happened to it. */
static void set_aside(const char *path, const char *why, bool look_only)
{
    struct buf aside = {0};

    if (look_only) {
        log_warning("%s: %s: it is not used", path, why);
        return;
    }
    buf_addf(&aside, "%s.damaged", path);
    log_warning("%s: %s: it is set aside as %s", path, why, aside.text);
    if (rename(path, aside.text) < 0)
        log_warning("%s: %s", aside.text, strerror(errno));
    buf_free(&aside);
}

static void read_text(struct state *state, const char *path, const char *text, size_t length, bool look_only)
{
    json_error_t error;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    const json_t *accounts = json_object_get(root, "accounts"), *records = json_object_get(root, "records");

    if (!root) {
        set_aside(path, error.text, look_only);
    } else if (json_integer_value(json_object_get(root, "version")) != FORMAT) {
        set_aside(path, "this is no state file of this version", look_only);
    } else if (!json_is_array(accounts) || !json_is_array(records)) {
        set_aside(path, "there are no accounts and records in it", look_only);
    } else {
        take_entries(path, accounts, is_account, state->accounts);
        take_entries(path, records, is_record, state->records);
    }
    json_decref(root);
}

struct state *state_read(const char *folder, bool look_only)
{
    struct state *state = new_state();
    char *path = file_path(folder), *text;
    size_t length;
    int error = file_read(path, MAX_FILE, &text, &length);

    if (error == 0) {
        read_text(state, path, text, length, look_only);
        free(text);
    } else if (error == -EACCES) {
        log_warning("%s: %s: what was published is not known", path, strerror(-error));
    } else if (error != -ENOENT) {
        set_aside(path, strerror(-error), look_only);
    }
    free(path);
    return state;
}

static void recall_record(const struct state *state, const char *account, struct record *record, bool same_login)
{
    char *key = record_key(account, record_name(record), ip_record_type(record_family(record)));
    const json_t *entry = json_object_get(state->records, key);
    const char *address = text_of(entry, "address");
    struct record_memory memory = {0};

    free(key);
    if (!entry)
        return;
    if (address && ip_set_parse(address, &memory.published))
        memory.published_s = json_integer_value(json_object_get(entry, "published"));
    memory.doubtful = json_is_true(json_object_get(entry, "doubtful"));
    if (same_login)
        memory.refused = text_of(entry, "refused");
    record_recall(record, &memory);
}

void state_recall(const struct state *state, struct account *account)
{
    const struct config_provider *provider = account_provider(account);
    const json_t *entry = json_object_get(state->accounts, provider->id);
    bool same_login = json_integer_value(json_object_get(entry, "login")) == config_provider_login(provider);
    struct record *record;

    if (!entry || json_integer_value(json_object_get(entry, "place")) != config_provider_place(provider))
        return;
    for (size_t i = 0; (record = account_record(account, i)); i++)
        recall_record(state, provider->id, record, same_login);
    if (same_login)
        account_recall(account, text_of(entry, "refused"));
}

/* ---- Writing. ---- */

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

static void collect_record(struct state *state, const char *account, const struct record *record)
{
    const char *type = ip_record_type(record_family(record));
    char *key = record_key(account, record_name(record), type);
    char address[IP_SET_TEXT_SIZE];
    struct record_memory memory;
    json_t *entry = json_object();

    record_memory(record, &memory);
    set_text(entry, "account", account);
    set_text(entry, "name", record_name(record));
    set_text(entry, "type", type);
    if (memory.published.count) {
        set_text(entry, "address", ip_set_text(&memory.published, address));
        json_object_set_new(entry, "published", json_integer(memory.published_s));
    }
    if (memory.doubtful)
        json_object_set_new(entry, "doubtful", json_true());
    set_text(entry, "refused", memory.refused);
    json_object_set_new(state->records, key, entry);
    free(key);
}

struct state *state_collect(struct account *const *accounts, size_t count)
{
    struct state *state = new_state();

    for (size_t i = 0; i < count; i++) {
        const struct config_provider *provider = account_provider(accounts[i]);
        json_t *entry = json_object();
        const struct record *record;

        set_text(entry, "account", provider->id);
        json_object_set_new(entry, "place", json_integer(config_provider_place(provider)));
        json_object_set_new(entry, "login", json_integer(config_provider_login(provider)));
        set_text(entry, "refused", account_refused(accounts[i]));
        json_object_set_new(state->accounts, provider->id, entry);
        for (size_t j = 0; (record = account_record(accounts[i], j)); j++)
            collect_record(state, provider->id, record);
    }
    return state;
}

static json_t *list_of(json_t *object)
{
    json_t *list = json_array(), *entry;
    const char *key;

    json_object_foreach (object, key, entry)
        json_array_append(list, entry);
    return list;
}

static char *dump(const struct state *state)
{
    json_t *root = json_object();
    char *text;

    json_object_set_new(root, "version", json_integer(FORMAT));
    json_object_set_new(root, "accounts", list_of(state->accounts));
    json_object_set_new(root, "records", list_of(state->records));
    text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    return text;
}

/* FNV-1a; never 0, which stands for nothing written yet. */
static uint64_t checksum(const char *text)
{
    uint64_t sum = UINT64_C(14695981039346656037);

    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return sum ? sum : 1;
}

uint64_t state_sum(const struct state *state)
{
    char *text = dump(state);
    uint64_t sum = text ? checksum(text) : 0;

    free(text);
    return sum;
}

int state_write(const struct state *state, const char *folder, uint64_t *sum)
{
    char *path, *text = dump(state);
    uint64_t fresh = text ? checksum(text) : 0;
    int error = 0;

    if (!text)
        return -ENOMEM;
    if (fresh != *sum) {
        path = file_path(folder);
        error = file_replace(path, text, strlen(text));
        *sum = error ? 0 : fresh;
        free(path);
    }
    free(text);
    return error;
}
