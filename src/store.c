#include "store.h"

#include "buf.h"
#include "file.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 64 * 1024 * 1024, SUM_SIZE = 17 };

void store_begin(struct store *store)
{
    json_prepare();
    *store = (struct store){json_array(), mem_string(timer_boot())};
}

void store_clear(struct store *store)
{
    json_decref(store->entries);
    free(store->boot);
}

static char *file_path(const char *folder)
{
    struct buf path = {0};

    buf_addf(&path, "%s/state.json", folder);
    return buf_take(&path);
}

/* FNV-1a; never 0, which stands for nothing written yet. */
static uint64_t checksum(const char *text)
{
    uint64_t sum = UINT64_C(14695981039346656037);

    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return sum ? sum : 1;
}

/* The entry as one text, whatever order and blanks it was written with. */
static char *entry_text(const json_t *entry)
{
    return json_dumps(entry, JSON_COMPACT | JSON_SORT_KEYS);
}

static void entry_sum(const json_t *entry, char sum[SUM_SIZE])
{
    char *text = entry_text(entry);

    snprintf(sum, SUM_SIZE, "%016" PRIx64, text ? checksum(text) : 0);
    free(text);
}

/* ---- Reading. ---- */

static bool is_whole(json_t *entry)
{
    const char *told = json_string_value(json_object_get(entry, "sum"));
    char stored[SUM_SIZE], sum[SUM_SIZE];

    if (!told)
        return false;
    snprintf(stored, sizeof stored, "%s", told);
    json_object_del(entry, "sum");
    entry_sum(entry, sum);
    return strcmp(stored, sum) == 0;
}

/* The boot of the first line. Where it is damaged, times are those of another boot. */
static void read_head(struct store *store, const char *line, size_t length)
{
    static const char key[] = "\"boot\": \"";
    char *text = mem_string_n(line, length), *boot = strstr(text, key);

    free(store->boot);
    store->boot = boot ? mem_string_n(boot + strlen(key), strcspn(boot + strlen(key), "\"")) : mem_string("");
    free(text);
}

/* True when the line is an entry. */
static bool read_line(struct store *store, const char *line, size_t length)
{
    size_t end = length && line[length - 1] == ',' ? length - 1 : length;
    json_t *entry = json_loadb(line, end, JSON_REJECT_DUPLICATES, NULL);
    bool whole = json_is_object(entry) && is_whole(entry);

    if (whole)
        json_array_append(store->entries, entry);
    json_decref(entry);
    return whole;
}

/* The first line and the last are what makes the file one document. */
static void read_lines(struct store *store, const char *path, const char *text, size_t length)
{
    const char *end = text + length, *next;
    bool ended = false;
    int number = 1;

    for (const char *line = text; line < end; line = next + 1, number++) {
        size_t size;

        next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next : end;
        size = (size_t)(next - line);
        if (number == 1)
            read_head(store, line, size);
        else if (size == 2 && memcmp(line, "]}", 2) == 0)
            ended = true;
        else if (!read_line(store, line, size))
            log_warning("%s:%d: this entry is damaged and is left out", path, number);
    }
    if (!ended && json_array_size(store->entries))
        log_warning("%s: its end is missing", path);
}

/* Version 1 was one document without sums. */
static bool read_first_version(struct store *store, const json_t *root)
{
    json_t *accounts = json_object_get(root, "accounts"), *records = json_object_get(root, "records");

    if (json_integer_value(json_object_get(root, "version")) != 1 || !json_is_array(accounts) ||
        !json_is_array(records))
        return false;
    json_array_extend(store->entries, accounts);
    json_array_extend(store->entries, records);
    return true;
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

static void read_text(struct store *store, const char *path, const char *text, size_t length, bool look_only)
{
    json_error_t error;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);

    if (!read_first_version(store, root)) {
        read_lines(store, path, text, length);
        if (!json_array_size(store->entries) && !json_is_array(json_object_get(root, "entries")))
            set_aside(path, root ? "this is no state file of a version that is known" : error.text, look_only);
    }
    json_decref(root);
}

void store_read(struct store *store, const char *folder, bool look_only)
{
    char *path = file_path(folder), *text;
    size_t length;
    int error = file_read(path, MAX_FILE, &text, &length);

    json_prepare();
    *store = (struct store){json_array(), mem_string("")};
    if (error == 0) {
        read_text(store, path, text, length, look_only);
        free(text);
    } else if (error == -EACCES) {
        log_warning("%s: %s: what was published is not known", path, strerror(-error));
    } else if (error != -ENOENT) {
        set_aside(path, file_error(path, error), look_only);
    }
    free(path);
}

/* ---- Writing. ---- */

static void add_entry(struct buf *text, json_t *entry)
{
    char sum[SUM_SIZE], *line;

    entry_sum(entry, sum);
    line = json_dumps(entry, 0);
    if (!line)
        return;
    buf_addf(text, "%s%.*s, \"sum\": \"%s\"}", text->text[text->length - 1] == '}' ? ",\n" : "", (int)strlen(line) - 1,
             line, sum);
    free(line);
}

static char *dump(const struct store *store)
{
    struct buf text = {0};
    size_t index;
    json_t *entry;

    buf_addf(&text, "{\"version\": 2, \"boot\": \"%s\", \"entries\": [\n", store->boot);
    json_array_foreach (store->entries, index, entry)
        add_entry(&text, entry);
    buf_add(&text, "\n]}\n");
    return buf_take(&text);
}

uint64_t store_sum(const struct store *store)
{
    char *text = dump(store);
    uint64_t sum = checksum(text);

    free(text);
    return sum;
}

int store_write(const struct store *store, const char *folder, uint64_t *sum)
{
    char *path, *text = dump(store);
    uint64_t fresh = checksum(text);
    int error = 0;

    if (fresh != *sum) {
        path = file_path(folder);
        error = file_replace(path, text, strlen(text), 0600);
        *sum = error ? 0 : fresh;
        free(path);
    }
    free(text);
    return error;
}
