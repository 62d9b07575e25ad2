#include "box.h"

#include "account.h"
#include "clock.h"
#include "disk.h"
#include "fake_http.h"
#include "fake_timer.h"
#include "log.h"
#include "logbook.h"
#include "mem.h"
#include "metrics.h"
#include "observer.h"
#include "report.h"
#include "server.h"
#include "tale.h"
#include "unit.h"
#include "world.h"

#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

static char *folder; /* of definitions and the configuration */
static char *config_text;
static struct core *core;
static struct definition_list added; /* paths of definitions that are a scenario's own */

/* ---- The folder. ---- */

static void link_definitions(const char *from)
{
    DIR *dir = opendir(from);
    const struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char *target = unit_path(from, entry->d_name), *path = unit_path(folder, entry->d_name);

        if (strstr(entry->d_name, ".conf"))
            assert_int_equal(symlink(target, path), 0);
        free(target);
        free(path);
    }
    closedir(dir);
}

void box_open(void)
{
    const char *from = getenv("WANDDNS_PROVIDERS");
    char *whole = realpath(from ? from : "src/providers", NULL);

    assert_non_null(whole);
    folder = unit_folder();
    link_definitions(whole);
    setenv("WANDDNS_PROVIDERS", folder, 1);
    free(whole);
    log_set_level(LOG_LEVEL_DEBUG); /* so that all texts are made, and searched */
}

void box_close(void)
{
    unit_remove_folder(folder);
}

/* As the daemon does it, who listens to both. */
static void on_clock_set(void *arg)
{
    (void)arg;
    if (core)
        core_clock_set(core);
}

void box_begin(void)
{
    timer_on_clock_set(on_clock_set, NULL);
    free(config_text);
    config_text = NULL;
}

/* ---- The configuration. ---- */

void box_set_config(const char *text)
{
    char *copy = mem_string(text);

    free(config_text);
    config_text = copy;
}

void box_set_definition(const char *name, const char *text)
{
    struct buf file = {0};

    buf_addf(&file, "%s.conf", name);
    added.list = mem_resize(added.list, added.count + 1, sizeof *added.list);
    added.list[added.count++] = unit_file(folder, file.text, text, 0600);
    buf_free(&file);
}

/* The line "KEY = ..." at or behind text, or NULL. */
static const char *find_line(const char *text, const char *key)
{
    size_t length = strlen(key);

    while (text && *text) {
        const char *at = text + strspn(text, " \t");

        if (strncmp(at, key, length) == 0 && at[length + strspn(at + length, " ")] == '=')
            return at;
        text = strchr(text, '\n');
        text += text != NULL;
    }
    return NULL;
}

bool box_change_config(const char *key, const char *value)
{
    const char *line = config_text ? find_line(config_text, key) : NULL;
    struct buf text = {0};

    if (!line || find_line(line + 1, key))
        return false;
    buf_add_n(&text, config_text, (size_t)(line - config_text));
    buf_addf(&text, "%s = %s%s", key, value, line + strcspn(line, "\n"));
    free(config_text);
    config_text = buf_take(&text);
    return true;
}

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    (void)arg;
    tale_wrong("the configuration, %s:%d: %s", file, line, text);
}

static bool has_mark(const char *secret)
{
    return !secret || strstr(secret, LOGBOOK_MARK);
}

static struct config *read_config(void)
{
    char *path = unit_file(folder, "wanddns", config_text ? config_text : "", 0600);
    struct config *config = config_read(path, on_fault, NULL);

    unlink(path);
    free(path);
    for (size_t i = 0; config && i < config->provider_count; i++)
        if (!has_mark(secret_reveal(config->providers[i]->password)))
            tale_wrong("the password of %s has no '%s' in it", config->providers[i]->id, LOGBOOK_MARK);
    return config;
}

/* ---- Start and end. ---- */

static void on_changed(void *arg)
{
    (void)arg;
}

static struct core *make_core(struct config *config, bool dry_run)
{
    struct core_options options = {.state_dir = DISK_FOLDER, .dry_run = dry_run};

    return core_new(NULL, &options, config, on_changed, NULL);
}

bool box_is_running(void)
{
    return core != NULL;
}

bool box_start(void)
{
    struct config *config = read_config();

    if (!config)
        return false;
    observer_started(config, config_text);
    core = make_core(config, false);
    observer_watch(core);
    return core_start(core) || tale_wrong("there is no kernel");
}

bool box_reload(void)
{
    struct config *config = read_config();

    if (!config)
        return false;
    observer_reloaded(config, config_text);
    core_reload(core, config);
    return true;
}

/* Nothing may be left of it. */
static void check_end(void)
{
    if (fake_http_open())
        tale_wrong("%zu requests are left over", fake_http_open());
    if (fake_timer_existing())
        tale_wrong("%zu timers are left over", fake_timer_existing());
}

static void end_core(bool killed)
{
    observer_stopped(killed);
    core_free(core);
    core = NULL;
    server_forget_open();
    check_end();
}

bool box_stop(void)
{
    bool saved = core_save(core);

    end_core(false);
    return saved;
}

void box_kill(void)
{
    disk_freeze(true);
    end_core(true);
    disk_freeze(false);
}

void box_boot(void)
{
    if (core)
        box_kill();
    clock_boot();
}

void box_force(void)
{
    observer_forced();
    core_force(core);
}

void box_change_resolver(void)
{
    observer_freed();
    if (core)
        core_retry(core, "resolv.conf has changed");
}

size_t box_update(const char *name)
{
    observer_updated(name);
    return core_force_name(core, name);
}

/* ---- Questions. ---- */

void box_check_report(void)
{
    static const struct demand demand = {.command = DEMAND_EXPLAIN};
    struct report *report = core ? report_new(core, &demand) : NULL;
    struct buf text = {0};

    if (!report)
        return;
    while (report_more(report, &text))
        ;
    report_free(report);
    metrics_write(core, METRICS_OPEN, &text);
    logbook_search("the status", text.text);
    buf_free(&text);
}

size_t box_count(size_t counts[CORE_STATES])
{
    return core_count(core, counts);
}

struct record *box_record(const char *name, int family)
{
    struct key *key;

    for (size_t i = 0; core && (key = ledger_key(i)); i++)
        if (key->configured && key->family == family && strcmp(key->name, name) == 0)
            return observer_record(key);
    return NULL;
}

static const struct rule *rule_of(const struct key *key, struct rule *rule)
{
    const struct config *config = core_config(core);

    for (size_t i = 0; i < config->provider_count; i++) {
        const struct names *names = &config->providers[i]->names;

        for (size_t j = 0; strcmp(config->providers[i]->id, key->login->id) == 0 && j < names->count; j++) {
            if (strcmp(names->list[j].name, key->name) != 0)
                continue;
            *rule = names->list[j].place->rule;
            rule->family = key->family;
            return rule;
        }
    }
    return NULL;
}

static void check_settled(const struct key *key)
{
    const struct record *record = observer_record(key);
    char text[IP_SET_TEXT_SIZE], wanted[IP_TEXT_SIZE];
    const char *there = server_resolve(key->name, key->family, text);
    struct rule rule;
    struct ip ip;

    if (!record || !rule_of(key, &rule))
        return;
    ip = world_wanted(&rule);
    if (record_state(record) == RECORD_UPDATING || record_state(record) == RECORD_WAITING)
        tale_wrong("%s %s is %s in the end", key->name, ip_record_type(key->family),
                   record_state_word(record_state(record)));
    else if (record_state(record) == RECORD_CURRENT && (!ip_is_set(&ip) || strcmp(there, ip_text(&ip, wanted)) != 0))
        tale_wrong("%s %s is current with %s at the provider, and not %s", key->name, ip_record_type(key->family),
                   there, ip_text(&ip, wanted));
    else if (record_state(record) == RECORD_IDLE && ip_is_set(&ip))
        tale_wrong("%s %s is idle, and not %s", key->name, ip_record_type(key->family), ip_text(&ip, wanted));
}

void box_check_settled(void)
{
    const struct key *key;

    for (size_t i = 0; (key = ledger_key(i)); i++)
        if (key->configured)
            check_settled(key);
}

/* ---- The end. ---- */

/* What a program would print that only pretends: no secret is in it. */
static void check_dry_run(void)
{
    struct config *config = read_config();
    struct core *dry;
    char *output;

    if (!config)
        return;
    logbook_catch_output();
    dry = make_core(config, true);
    core_start(dry);
    for (int i = 0; i < 20; i++)
        fake_timer_advance(100);
    core_free(dry);
    output = logbook_output();
    logbook_search("the output of a dry run", output);
    free(output);
    check_end();
}

void box_end(void)
{
    if (core)
        box_stop();
    if (config_text && !tale_faults())
        check_dry_run();
    for (size_t i = 0; i < added.count; i++)
        unlink(added.list[i]);
    definition_clear_list(&added);
    free(config_text);
    config_text = NULL;
}
