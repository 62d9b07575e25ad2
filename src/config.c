#include "config.h"

#include "credential.h"
#include "file.h"
#include "mem.h"
#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint32_t checksum_begin = 2166136261U; /* to begin with */

static const struct tree_key config_keys[] = {
    PLACE_KEYS,
    {"settle", TREE_TEXT, NULL},
    {"settle-max", TREE_TEXT, NULL},
    {"state-dir", TREE_TEXT, NULL},
    {"ca-file", TREE_TEXT, NULL},
    {"control", TREE_TEXT, NULL},
    {"control-group", TREE_TEXT, NULL},
    {"metrics-file", TREE_TEXT, NULL},
    {"user", TREE_TEXT, NULL},
    {"provider", TREE_SECTION, login_keys},
    {NULL, TREE_TEXT, NULL},
};

struct reading {
    struct faults faults;
    bool holds_secret;
};

static void read_group(struct faults *faults, const struct tree_node *tree, struct config *config)
{
    const struct tree_value *value = tree_value(tree, "control-group");

    if (!value)
        return;
    config->control_group = mem_string(value->text);
    if (!getgrnam(value->text))
        fault_at(faults, value->line, "control-group: there is no group '%s'", value->text);
}

static void note_file(struct config *config, const struct tree_node *section, const char *key)
{
    const struct tree_value *value = tree_value(section, key);

    if (!value)
        return;
    config->files = mem_resize(config->files, config->file_count + 1, sizeof *config->files);
    config->files[config->file_count++] = mem_string(value->text);
}

static void note_password(struct config *config, const struct tree_node *section)
{
    const struct tree_value *value = tree_value(section, "password");
    char *path = value ? credential_path(value->text) : NULL;

    if (!path)
        return;
    config->files = mem_resize(config->files, config->file_count + 1, sizeof *config->files);
    config->files[config->file_count++] = path;
}

static void read_ca_file(struct faults *faults, const struct tree_node *tree, struct config *config)
{
    int error;

    login_read_path(faults, tree, "ca-file", &config->ca_file);
    error = config->ca_file ? file_try(config->ca_file) : 0;
    if (error)
        fault_at(faults, tree_value(tree, "ca-file")->line, "ca-file: %s: %s", config->ca_file,
                 file_error(config->ca_file, error));
    note_file(config, tree, "ca-file");
}

static void read_user(struct faults *faults, const struct tree_node *tree, struct config *config)
{
    const struct tree_value *value = tree_value(tree, "user");
    struct privilege_user user;

    if (!value)
        return;
    config->user = mem_string(value->text);
    if (!privilege_find(value->text, &user))
        fault_at(faults, value->line, "user: there is no user '%s' on this machine", value->text);
    else if (user.uid == 0)
        fault_at(faults, value->line, "user: '%s' is root: name one who may do less", value->text);
    else
        file_trust(user.uid);
}

static void read_globals(struct reading *reading, const struct tree_node *tree, struct config *config)
{
    struct faults *faults = &reading->faults;

    config->place = mem_alloc(sizeof *config->place);
    place_read(faults, tree, NULL, config->place);
    config->settle_ms = 100;
    config->settle_max_ms = 2000;
    fault_read_duration(faults, tree, "settle", &config->settle_ms);
    fault_read_duration(faults, tree, "settle-max", &config->settle_max_ms);
    if (config->settle_ms > config->settle_max_ms) {
        const struct tree_value *value = tree_value(tree, "settle-max");

        fault_at(faults, (value ? value : tree_value(tree, "settle"))->line, "settle-max is shorter than settle");
    }
    login_read_path(&reading->faults, tree, "state-dir", &config->state_dir);
    login_read_path(&reading->faults, tree, "control", &config->control);
    login_read_path(&reading->faults, tree, "metrics-file", &config->metrics_file);
    read_group(faults, tree, config);
    read_ca_file(faults, tree, config);
    read_user(faults, tree, config);
}

/* FNV-1a, with a separator after each text. */
static uint32_t checksum(uint32_t sum, const char *text)
{
    for (; text && *text; text++)
        sum = (sum ^ (unsigned char)*text) * 16777619U;
    return (sum ^ 0xffU) * 16777619U;
}

/* Of a section as it stands in the file, without blanks and comments. */
static uint32_t section_checksum(uint32_t sum, const struct tree_node *node)
{
    sum = checksum(checksum(sum, node->key->name), node->title);
    for (size_t i = 0; i < node->value_count; i++)
        sum = checksum(sum, node->values[i].text);
    for (size_t i = 0; i < node->node_count; i++)
        sum = section_checksum(sum, &node->nodes[i]);
    return sum;
}

/* What stands in a file that it names, a password above all, belongs to it. */
static struct config_provider *read_provider(struct reading *reading, const struct tree_node *node,
                                             const struct place *place)
{
    struct config_provider *provider = login_read(&reading->faults, node, place, &reading->holds_secret);

    provider->section = section_checksum(checksum(checksum_begin, secret_reveal(provider->password)), node);
    return provider;
}

static void read_tree(struct reading *reading, const struct tree_node *tree, struct config *config)
{
    read_globals(reading, tree, config);
    config->providers = mem_alloc(tree->node_count * sizeof *config->providers);
    for (size_t i = 0; i < tree->node_count; i++) {
        const struct tree_node *section = &tree->nodes[i];

        if (section->key->keys != login_keys)
            continue;
        config->providers[config->provider_count++] = read_provider(reading, section, config->place);
        note_file(config, section, "password-file");
        note_file(config, section, "hosts-file");
        note_password(config, section);
    }
    if (config->provider_count == 0)
        fault_at(&reading->faults, 0,
                 "there is no section such as: provider NAME { hostname = ... } (wanddns providers lists the names)");
    /* A configuration of the user's own could have root give him any folder. */
    file_trust(0);
    fault_check_access(&reading->faults, 0, "configuration", reading->faults.path, reading->holds_secret);
}

struct config *config_read(const char *path, tree_fault_fn *fault, void *arg)
{
    struct reading reading = {.faults = {path, fault, arg, false}};
    struct tree_node *tree = tree_read(path, config_keys, fault, arg);
    struct config *config;

    if (!tree)
        return NULL;
    config = mem_alloc(sizeof *config);
    config->file = mem_string(path);
    read_tree(&reading, tree, config);
    tree_free(tree);
    if (!reading.faults.any)
        return config;
    config_free(config);
    return NULL;
}

bool config_control(const char *path, char **control, tree_fault_fn *fault)
{
    struct tree_node *tree = tree_read(path, config_keys, fault, NULL);
    const struct tree_value *value = tree ? tree_value(tree, "control") : NULL;

    *control = value ? mem_string(value->text) : NULL;
    tree_free(tree);
    return tree != NULL;
}

static void ignore(void *arg, const char *file, int line, const char *text)
{
    (void)arg, (void)file, (void)line, (void)text;
}

bool config_is_untouched(const char *path)
{
    struct tree_node *tree = tree_read(path, config_keys, ignore, NULL);
    bool is_untouched = tree ? !tree_find(tree, "provider") : access(path, F_OK) < 0 && errno == ENOENT;

    tree_free(tree);
    return is_untouched;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->provider_count; i++)
        login_free(config->providers[i]);
    free(config->providers);
    if (config->place)
        place_clear(config->place);
    free(config->place);
    for (size_t i = 0; i < config->file_count; i++)
        free(config->files[i]);
    free(config->files);
    free(config->user);
    free(config->ca_file);
    free(config->control);
    free(config->control_group);
    free(config->metrics_file);
    free(config->state_dir);
    free(config->file);
    free(config);
}

const char *config_program(const struct config *config)
{
    for (size_t i = 0; i < config->provider_count; i++) {
        const struct config_provider *provider = config->providers[i];

        if (provider->program)
            return provider->program;
        for (size_t j = 0; j < provider->names.count; j++) {
            const struct place *place = provider->names.list[j].place;

            if (place->on_change)
                return place->on_change;
            if (place->rule.outside && place->rule.outside->program)
                return place->rule.outside->program;
        }
    }
    return NULL;
}

bool config_provider_equal(const struct config_provider *a, const struct config_provider *b)
{
    return mem_same(a->definition->name, b->definition->name) && mem_same(a->server, b->server) &&
           secret_equal(a->username, b->username) && config_provider_login(a) == config_provider_login(b) &&
           secret_equal(a->password, b->password);
}

void config_keep_provider(struct config *fresh, size_t index, struct config *old, const struct config_provider *kept)
{
    struct config_provider *moved = fresh->providers[index], content = *moved;
    size_t at = 0;

    while (old->providers[at] != kept)
        at++;
    fresh->providers[index] = old->providers[at];
    old->providers[at] = moved;
    *moved = *kept;
    *fresh->providers[index] = content;
}

uint32_t config_provider_place(const struct config_provider *provider)
{
    uint32_t sum = checksum(checksum_begin, provider->definition->name);

    return checksum(checksum(sum, provider->server), secret_reveal(provider->username));
}

uint32_t config_provider_within(const struct config_provider *provider)
{
    const struct definition *definition = provider->definition;
    const char *url = definition->takes_url ? definition->steps[0].url : NULL;
    uint32_t sum = checksum(checksum(checksum(checksum_begin, provider->zone), provider->program), url);

    for (size_t i = 0; i < provider->option_count; i++)
        sum = checksum(checksum(sum, provider->options[i].name), secret_reveal(provider->options[i].value));
    return provider->zone || provider->program || provider->option_count || url ? sum : 0;
}

uint32_t config_provider_login(const struct config_provider *provider)
{
    const struct definition *definition = provider->definition;
    uint32_t sum = checksum(config_provider_place(provider), secret_reveal(provider->password));

    sum = checksum(checksum(sum, provider->zone), provider->program);
    for (size_t i = 0; i < provider->option_count; i++)
        sum = checksum(checksum(sum, provider->options[i].name), secret_reveal(provider->options[i].value));
    if (definition->takes_url)
        sum = checksum(checksum(sum, definition->steps[0].url), definition->steps[0].method);
    for (size_t i = 0; definition->takes_url && i < definition->rules.count; i++)
        sum = checksum(sum, definition->rules.list[i].text);
    return provider->ttl ? (sum ^ (uint32_t)provider->ttl) * 16777619U : sum;
}
