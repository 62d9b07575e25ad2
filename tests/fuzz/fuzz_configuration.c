/* A whole configuration. What is accepted needs no further checks: its places and names are walked, it takes over from
 * an equal one, as at a reload, and the requests for its names are made and described, as in a dry run. */
#include "fuzz.h"

#include "walk.h"

#include "log.h"
#include "update.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_NAMES = 4, MOST_WALKED = 64 };

/* Files that a configuration may name: /proc/self/fd/100 and onward. */
enum { FIRST_FILE = 100 };
static const char *const files[] = {
    "nas.example.org ::1234:5678\nprinter.example.org 02:00:5e:00:53:01 # a MAC\n", /* a hosts-file */
    WALK_PASSWORD "\n",                                                             /* a password-file */
    "",                                                                             /* a program, a ca-file */
};

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    size_t *faults = arg;

    assert(file && line >= 0 && *text);
    ++*faults;
}

static int file_of(const void *content, size_t size, mode_t mode)
{
    int fd = memfd_create("configuration", MFD_CLOEXEC);

    assert(fd >= 0 && fchmod(fd, mode) == 0 && write(fd, content, size) == (ssize_t)size);
    return fd;
}

static void make_files(void)
{
    static bool made;

    for (size_t i = 0; !made && i < sizeof files / sizeof *files; i++) {
        int fd = file_of(files[i], strlen(files[i]), 0700);

        assert(dup2(fd, FIRST_FILE + (int)i) >= 0);
        close(fd);
    }
    made = true;
}

/* ---- Places and names. ---- */

static void check_rule(const struct rule *rule)
{
    bool is_program = rule->outside && rule->outside->program, is_fixed = ip_is_set(&rule->fixed);
    char buffer[RULE_NAME_SIZE];
    size_t count = 0;

    while (count < RULE_INTERFACES && *rule->interfaces[count])
        assert(rule_is_interface(rule->interfaces[count++]));
    assert(!rule->all || (count && count <= IP_SET_MAX && !rule->outside && !is_fixed && !rule->bind));
    assert(strlen(rule_interfaces(rule, buffer)) && strlen(rule_name(rule, buffer)) < RULE_NAME_SIZE);
    assert(!rule->outside || rule->interval_ms >= (is_program ? 10 * 1000 : 10 * 60 * 1000));
    assert(!rule->withdraw_ms || rule->withdraw_ms >= 1000);
    assert(!is_fixed || (!rule->outside && ip_is_host(&rule->fixed)));
    assert(!is_fixed || rule->allow_private || ip_kind(&rule->fixed) == IP_PUBLIC);
    assert(!rule->outside || rule->outside->service_count + is_program);
    for (size_t i = 0; rule->outside && i < rule->outside->service_count; i++)
        assert(strncmp(rule->outside->services[i].url, "https://", 8) == 0);
    assert(rule_equal(rule, rule));
}

static void check_name(const struct config_provider *provider, const struct name *name)
{
    const struct definition *definition = provider->definition;
    char *normal = names_normalize(name->name);

    assert(*name->name && strlen(name->name) <= 253 && strcmp(normal, name->name) == 0);
    free(normal);
    assert(name->families && !(name->families & ~(IP_V4 | IP_V6)));
    assert(!definition->only || name->families == definition->only);
    assert(!provider->zone || names_is_in_zone(name->name, provider->zone));
    check_rule(&name->place->rule);
    assert(!name->place->rule.all || definition->many_values);
    assert(!name->place->rule.withdraw_ms || definition_deletes(definition));
    if (!name->host)
        return;
    assert(name->families == IP_V6 && !name->place->rule.outside && !name->place->rule.bind);
    assert(!name->place->rule.prefix_length || host_fits(name->host, name->place->rule.prefix_length));
}

static void check_names(const struct config_provider *provider)
{
    const struct names *names = &provider->names;

    assert(names->count && (names->count == 1 || !provider->definition->one_hostname));
    for (size_t i = 0; i < names->count && i < MOST_WALKED; i++) {
        check_name(provider, &names->list[i]);
        for (size_t j = 0; j < i; j++)
            assert(strcmp(names->list[i].name, names->list[j].name) != 0 ||
                   !(names->list[i].families & names->list[j].families));
    }
}

/* ---- A login. ---- */

static bool has_needed(const struct config_provider *provider, const char *name)
{
    if (strcmp(name, "username") == 0)
        return provider->username;
    if (strcmp(name, "password") == 0)
        return provider->password;
    if (strcmp(name, "zone") == 0)
        return provider->zone;
    return login_option(provider, name);
}

static void check_provider(const struct config_provider *provider)
{
    const struct definition *definition = provider->definition;
    unsigned long low = definition->ttl_min ? definition->ttl_min : 1;

    assert(definition_publishes(definition));
    assert(definition->runs_program ? *provider->program == '/' : strncmp(provider->server, "http", 4) == 0);
    for (size_t i = 0; i < definition->needs.count; i++)
        assert(has_needed(provider, definition->needs.list[i]));
    assert(!provider->ttl || provider->ttl == definition->ttl || provider->ttl >= low);
    assert(!provider->ttl || !definition->ttl_max || provider->ttl <= definition->ttl_max);
    assert(!provider->password || *secret_reveal(provider->password));
    check_rule(&provider->place->rule);
    check_names(provider);
}

/* ---- Its requests. ---- */

static bool has_secret(const char *text)
{
    return text && strstr(text, "c0rrect");
}

/* Somebody who writes the password in other places, too, will see it there. */
static bool shows_secret_itself(const struct config_provider *provider)
{
    const struct definition *definition = provider->definition;
    bool shows = has_secret(secret_reveal(provider->username)) || has_secret(provider->server) ||
                 has_secret(provider->zone) || has_secret(provider->program);

    for (size_t i = 0; i < provider->option_count; i++)
        shows |= has_secret(secret_reveal(provider->options[i].value));
    for (size_t i = 0; definition->takes_url && i < definition->step_count; i++)
        shows |= has_secret(definition->steps[i].url);
    return shows;
}

static void describe(const struct values *values, struct memory *memory)
{
    const struct update_batch batch = {values->provider, memory, values->items, values->count, 0};
    char *text = update_describe(&batch);

    assert(*text && !strstr(text, WALK_PASSWORD));
    free(text);
}

/* For the first names of one family, as many as share a request; without addresses to delete them. */
static void walk(const struct config_provider *provider, enum ip_families family, bool publishes)
{
    const struct definition *definition = provider->definition;
    struct update_item items[MOST_NAMES] = {0};
    struct values values = {.provider = provider, .definition = definition, .items = items};
    struct memory *memory = memory_new();
    struct ip ip;

    ip_parse(family == IP_V4 ? "203.0.113.7" : "2001:db8::7", &ip);
    for (size_t i = 0; i < provider->names.count && values.count < MOST_NAMES && values.count < definition->names;
         i++) {
        struct update_item *item = &items[values.count];

        if (!(provider->names.list[i].families & family))
            continue;
        *item = (struct update_item){.name = provider->names.list[i].name, .families = family, .prefix_length = 56};
        ip_set_add(&item->old, &ip);
        if (publishes)
            ip_set_add(family == IP_V4 ? &item->ip4 : &item->ip6, &ip);
        values.count++;
    }
    if (values.count && (publishes || definition_deletes(definition)))
        describe(&values, memory);
    if (values.count)
        walk_requests(&values, publishes ? DEFINITION_UPDATE : DEFINITION_DELETE, true);
    memory_free(memory);
    values_clear(&values);
}

static void use(const struct config_provider *provider)
{
    check_provider(provider);
    if (shows_secret_itself(provider))
        return;
    for (int i = 0; i < 4; i++)
        walk(provider, i & 1 ? IP_V4 : IP_V6, i & 2);
}

/* ---- The whole. ---- */

static struct config *read_configuration(const char *path)
{
    size_t faults = 0;
    struct config *config = config_read(path, on_fault, &faults);

    assert(!config == (faults > 0));
    return config;
}

/* The second reading takes the place of the first, as at a reload. */
static struct config *reload(struct config *old, const char *path)
{
    struct config *config = read_configuration(path);

    assert(config && config->provider_count == old->provider_count);
    for (size_t i = 0; i < config->provider_count; i++) {
        const struct config_provider *kept = old->providers[i];

        assert(config_provider_equal(kept, config->providers[i]));
        assert(config_provider_place(kept) == config_provider_place(config->providers[i]));
        assert(config_provider_within(kept) == config_provider_within(config->providers[i]));
        config_keep_provider(config, i, old, kept);
        assert(config->providers[i] == kept && old->providers[i] != kept);
    }
    config_free(old);
    return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config;
    char path[64];
    int fd;

    log_set_level(LOG_LEVEL_ERROR); /* warnings of plain http and the like would be most that is done */
    make_files();
    fd = file_of(data, size, 0600);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    config = read_configuration(path);
    if (config)
        config = reload(config, path);
    close(fd);
    if (!config)
        return 0;
    assert(config->provider_count && config->settle_ms <= config->settle_max_ms);
    assert(!config->state_dir || *config->state_dir == '/');
    check_rule(&config->place->rule);
    for (size_t i = 0; i < config->provider_count; i++) {
        use(config->providers[i]);
        for (size_t j = 0; j < i; j++)
            assert(strcmp(config->providers[i]->id, config->providers[j]->id) != 0);
    }
    config_free(config);
    return 0;
}
