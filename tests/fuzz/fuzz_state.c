/* A state file, read for the accounts of a fixed configuration. What they remember then is written again, and must be
 * read back the same; so must what is noted once each record has something to send. The clock is a false one.
 *
 * An input that is a list in JSON stands for the entries of a file, which get their checksums before it is read; behind
 * a text they were written before the last boot. */
#include "fuzz.h"

#include "file.h"
#include "log.h"
#include "mem.h"
#include "state.h"
#include "store.h"

#include <assert.h>
#include <err.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ACCOUNTS = 3 };

static const char configuration[] = "provider dyndns2 {\n"
                                    "server = \"https://ddns.example.net\" username = alice password = secret\n"
                                    "hostname = { a.example.org, b.example.org, \"*.example.org\" }\n}\n"
                                    "provider dyndns2:b {\n"
                                    "server = \"https://ddns.example.net\" username = bob password = secret\n"
                                    "hostname = a.example.org family = ipv4\n}\n"
                                    "provider cloudflare { password = token hostname = a.example.org }\n";

/* ---- Once. ---- */

static char *folder, *file, *damaged, *key;
static struct seal *seal;
static const struct config *config;

static void on_fault(void *arg, const char *path, int line, const char *text)
{
    (void)arg;
    errx(1, "%s:%d: %s", path, line, text);
}

static void remove_folder(void)
{
    unlink(file);
    unlink(damaged);
    unlink(key);
    seal_free(seal);
    rmdir(folder);
}

static void read_configuration(void)
{
    int fd = memfd_create("configuration", MFD_CLOEXEC);
    char path[64];

    assert(fd >= 0 && fchmod(fd, 0600) == 0);
    assert(write(fd, configuration, strlen(configuration)) == (ssize_t)strlen(configuration));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    config = config_read(path, on_fault, NULL);
    assert(config && config->provider_count == ACCOUNTS);
    close(fd);
}

/* $TMPDIR should be in memory: each write waits for the disk. */
static void prepare(void)
{
    const char *parent = getenv("TMPDIR");

    if (folder)
        return;
    log_set_level(LOG_LEVEL_ERROR); /* a line of the log for each entry would be all that is done */
    read_configuration();
    assert(asprintf(&folder, "%s/wanddns-fuzz-XXXXXX", parent && *parent ? parent : "/tmp") > 0);
    if (!mkdtemp(folder))
        err(1, "%s", folder);
    assert(asprintf(&file, "%s/state.json", folder) > 0 && asprintf(&damaged, "%s.damaged", file) > 0);
    assert(asprintf(&key, "%s/key", folder) > 0);
    assert(file_create(key, "000102030405060708090a0b0c0d0e0f", 32, 0600) == 0);
    seal = seal_new(folder);
    atexit(remove_folder);
}

/* ---- The file. ---- */

static void write_bytes(const uint8_t *data, size_t size)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static void write_entries(const json_t *entries)
{
    struct store store;
    uint64_t sum = 0;
    size_t index;
    json_t *entry;

    store_begin(&store);
    if (json_is_string(json_array_get(entries, 0))) {
        free(store.boot);
        store.boot = mem_string("another");
    }
    json_array_foreach (entries, index, entry)
        if (json_is_object(entry))
            json_array_append(store.entries, entry);
    assert(store_write(&store, folder, &sum) == 0);
    store_clear(&store);
}

static void write_input(const uint8_t *data, size_t size)
{
    json_t *entries = json_loadb((const char *)data, size, 0, NULL);

    if (json_is_array(entries))
        write_entries(entries);
    else
        write_bytes(data, size);
    json_decref(entries);
}

/* ---- Accounts. ---- */

static void on_changed(void *arg)
{
    (void)arg;
}

/* With what FOLDER/state.json says of them. */
static void begin(struct account *accounts[ACCOUNTS])
{
    struct state *state = state_read(folder, false);

    for (size_t i = 0; i < ACCOUNTS; i++) {
        accounts[i] = account_new(NULL, false, on_changed, NULL);
        account_configure(accounts[i], config->providers[i]);
        state_recall(state, seal, accounts[i]);
    }
    state_free(state);
}

static void end(struct account *accounts[ACCOUNTS])
{
    for (size_t i = 0; i < ACCOUNTS; i++)
        account_free(accounts[i]);
}

/* What is written of them; the caller frees it. */
static char *write_state(struct account *accounts[ACCOUNTS])
{
    struct state *state = state_collect(accounts, ACCOUNTS);
    uint64_t sum = 0;
    size_t length;
    char *text;

    assert(state_write(state, seal, folder, &sum) == 0 && sum);
    assert(file_read(file, 1024 * 1024, &text, &length) == 0 && strlen(text) == length);
    state_free(state);
    return text;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void check_record(const struct account *account, const struct record *record, const struct record *again)
{
    struct record_memory memory, memory_again;

    record_memory(record, &memory);
    record_memory(again, &memory_again);
    assert(!memory.published.count || memory.published.list[0].family == record_family(record));
    assert(!account_refused(account) || memory.refused);
    assert(ip_set_equal(&memory.published, &memory_again.published) && memory.doubtful == memory_again.doubtful);
    assert(memory.refused == memory_again.refused && same_text(memory.word, memory_again.word));
    assert(memory.failures == memory_again.failures && memory.unchanged == memory_again.unchanged);
}

/* Written, and read by others, they remember the same. */
static void check_round(struct account *accounts[ACCOUNTS])
{
    char *text = write_state(accounts), *text_again;
    struct account *others[ACCOUNTS];
    struct record *record;

    begin(others);
    assert(access(damaged, F_OK) < 0);
    for (size_t i = 0; i < ACCOUNTS; i++) {
        assert(same_text(account_refused(accounts[i]), account_refused(others[i])));
        for (size_t j = 0; (record = account_record(accounts[i], j)); j++)
            check_record(accounts[i], record, account_record(others[i], j));
    }
    text_again = write_state(others);
    assert(strcmp(text, text_again) == 0);
    end(others);
    free(text);
    free(text_again);
}

/* Their requests are noted as under way; none is sent, for the clock stands. */
static void want(struct account *accounts[ACCOUNTS])
{
    struct record *record;

    for (size_t i = 0; i < ACCOUNTS; i++)
        for (size_t j = 0; (record = account_record(accounts[i], j)); j++) {
            struct record_target target = {0};

            assert(ip_set_parse(record_family(record) == AF_INET ? "203.0.113.7" : "2001:db8::7", &target.ips));
            record_want(record, &target, NULL);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct account *accounts[ACCOUNTS];

    prepare();
    write_input(data, size);
    begin(accounts);
    unlink(damaged);
    check_round(accounts);
    want(accounts);
    check_round(accounts);
    end(accounts);
    return 0;
}
