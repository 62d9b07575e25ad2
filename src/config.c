#include "config.h"

#include "buf.h"
#include "file.h"
#include "log.h"
#include "mem.h"
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_SECRET = 4096 };

static const struct tree_key provider_keys[] = {
    {"username", TREE_TEXT, NULL},
    {"password", TREE_TEXT, NULL},
    {"password-file", TREE_TEXT, NULL},
    {"server", TREE_TEXT, NULL},
    NAMES_KEYS,
    PLACE_KEYS,
    {NULL, TREE_TEXT, NULL},
};

static const struct tree_key config_keys[] = {
    PLACE_KEYS,
    {"settle", TREE_TEXT, NULL},
    {"settle-max", TREE_TEXT, NULL},
    {"state-dir", TREE_TEXT, NULL},
    {"ca-file", TREE_TEXT, NULL},
    {"provider", TREE_SECTION, provider_keys},
    {NULL, TREE_TEXT, NULL},
};

struct reading {
    struct faults faults;
    bool holds_secret;
    const struct config *config;
};

/* ---- One value each. ---- */

/* A path of its own, whatever folder the program was started in. */
static void read_path(struct reading *reading, const struct tree_node *section, const char *key, char **path)
{
    const struct tree_value *value = tree_value(section, key);

    if (!value)
        return;
    if (value->text[0] != '/')
        fault_at(&reading->faults, value->line, "%s: '%s' does not begin with /", key, value->text);
    *path = mem_string(value->text);
}

/* ---- Credentials. ---- */

/* What HTTP Basic authentication cannot carry (RFC 7617 section 2). */
static const char *credential_fault(const char *text, bool is_username)
{
    if (!*text)
        return "is empty";
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            return "has a control character";
        else if (is_username && *text == ':')
            return "has a colon, which HTTP Basic authentication cannot carry";
    return NULL;
}

static void check_access(struct reading *reading, int line, const char *what, const char *path, bool is_secret)
{
    enum file_access access_of = file_access(path);

    if (access_of == FILE_WRITABLE)
        fault_at(&reading->faults, line, "%s: others can write %s: it must belong to root or to you, and chmod go-w",
                 what, path);
    else if (access_of == FILE_READABLE && is_secret)
        log_warning("%s holds a secret and everybody can read it: chmod o-r", path);
}

static char *read_secret_file(struct reading *reading, const struct tree_value *value)
{
    char *text = NULL;
    size_t length = 0;
    int error;

    if (value->text[0] != '/') {
        fault_at(&reading->faults, value->line, "password-file: '%s' does not begin with /", value->text);
        return NULL;
    }
    error = file_read(value->text, MAX_SECRET, &text, &length);
    if (error) {
        fault_at(&reading->faults, value->line, "password-file: %s: %s", value->text, strerror(-error));
        return NULL;
    }
    check_access(reading, value->line, "password-file", value->text, true);
    if (strlen(text) != length)
        fault_at(&reading->faults, value->line, "password-file: %s: there is a NUL in it", value->text);
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static void read_password(struct reading *reading, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *inline_value = tree_value(section, "password");
    const struct tree_value *file_value = tree_value(section, "password-file");
    const struct tree_value *value = inline_value ? inline_value : file_value;

    if (inline_value && file_value)
        fault_at(&reading->faults, file_value->line, "password-file: there is a password in line %d already",
                 inline_value->line);
    else if (inline_value)
        provider->password = mem_string(inline_value->text);
    else if (file_value)
        provider->password = read_secret_file(reading, file_value);
    reading->holds_secret |= inline_value != NULL;
    if (provider->password && credential_fault(provider->password, false))
        fault_at(&reading->faults, value->line, "password: it %s", credential_fault(provider->password, false));
    if (!value && provider->definition && provider->definition->needs_password)
        fault_at(&reading->faults, section->line, "provider %s: there is no password and no password-file",
                 provider->id);
}

static void read_username(struct reading *reading, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *value = tree_value(section, "username");

    if (value) {
        provider->username = mem_string(value->text);
        if (credential_fault(value->text, true))
            fault_at(&reading->faults, value->line, "username: it %s", credential_fault(value->text, true));
    } else if (provider->definition && provider->definition->needs_username) {
        fault_at(&reading->faults, section->line, "provider %s: there is no username", provider->id);
    }
}

/* ---- The server: a URL without user, query and fragment, or only a host. ---- */

static bool is_loopback(const char *host)
{
    char *name =
        mem_string_n(host, *host == '[' ? strcspn(host, "]") + (strchr(host, ']') != NULL) : strcspn(host, ":/"));
    struct ip ip;
    bool loopback = strcmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
                    (ip_parse(name, &ip) && ip.family == AF_INET && ip.bytes[0] == 127);

    free(name);
    return loopback;
}

static const char *server_fault(const char *host)
{
    if (!*host || *host == '/' || *host == ':')
        return "has no host";
    return parse_is_url(host) && !strchr(host, '?') ? NULL : "has a character that the base of a URL cannot have";
}

static void read_server(struct reading *reading, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *value = tree_value(section, "server");
    const char *built_in = provider->definition ? provider->definition->server : NULL;
    const char *text = value ? value->text : built_in ? built_in : "";
    bool plain = strncmp(text, "http://", 7) == 0, secure = strncmp(text, "https://", 8) == 0;
    const char *host = text + (plain ? 7 : secure ? 8 : 0);
    struct buf url = {0};

    if (!value && !built_in) {
        if (provider->definition)
            fault_at(&reading->faults, section->line, "provider %s: there is no server", provider->id);
        return;
    }
    if (strchr(text, '@'))
        fault_at(&reading->faults, value ? value->line : section->line,
                 "server: a user name and a password have keys of their own");
    else if (!plain && !secure && strstr(text, "://"))
        fault_at(&reading->faults, value ? value->line : section->line, "server: '%s' is neither https nor http", text);
    else if (server_fault(host))
        fault_at(&reading->faults, value ? value->line : section->line, "server: '%s' %s", text, server_fault(host));
    if (plain && !is_loopback(host))
        log_warning("%s:%d: plain http: everybody on the way can read the password", reading->faults.path,
                    value ? value->line : section->line);
    buf_addf(&url, "%s%s", plain || secure ? "" : "https://", text);
    while (url.length && url.text[url.length - 1] == '/')
        url.text[--url.length] = '\0';
    provider->server = buf_take(&url);
}

/* ---- The whole. ---- */

static struct definition *load_definition(struct reading *reading, const struct tree_node *section)
{
    char *name = mem_string_n(section->title, strcspn(section->title, ":"));
    struct faults *faults = &reading->faults;
    struct definition *definition = definition_load(name, faults->path, section->line, faults->fn, faults->arg);

    faults->any |= !definition;
    if (definition && !definition->update.url) {
        fault_at(faults, section->line, "provider %s: this is an address echo service, for: source = echo:%s", name,
                 name);
        definition_free(definition);
        definition = NULL;
    }
    free(name);
    return definition;
}

/* What the places want of the provider. */
static void check_names(struct reading *reading, const struct config_provider *provider)
{
    const struct definition *definition = provider->definition;
    const struct place *before = NULL;

    for (size_t i = 0; i < provider->names.count; i++) {
        const struct place *place = provider->names.list[i].place;

        if (place != before && place->rule.all && !definition->many_values)
            fault_at(&reading->faults, place->line,
                     "provider %s: interface = { all, ... }: it takes one address of a family for a name",
                     provider->id);
        if (place != before && place->rule.withdraw_ms && !definition->delete.url)
            fault_at(&reading->faults, place->line, "provider %s: when-lost = withdraw: it cannot delete a record",
                     provider->id);
        before = place;
    }
}

static struct config_provider *read_provider(struct reading *reading, const struct tree_node *section)
{
    struct config_provider *provider = mem_alloc(sizeof *provider);

    provider->id = mem_string(section->title);
    provider->definition = load_definition(reading, section);
    provider->place = mem_alloc(sizeof *provider->place);
    place_read(&reading->faults, section, reading->config->place, provider->place);
    read_username(reading, section, provider);
    read_password(reading, section, provider);
    read_server(reading, section, provider);
    names_read(&reading->faults, section, provider->place, &provider->names);
    if (provider->definition)
        check_names(reading, provider);
    return provider;
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
    read_path(reading, tree, "state-dir", &config->state_dir);
    read_path(reading, tree, "ca-file", &config->ca_file);
    if (config->ca_file && access(config->ca_file, R_OK) < 0)
        fault_at(faults, tree_value(tree, "ca-file")->line, "ca-file: %s: %s", config->ca_file, strerror(errno));
}

static void read_tree(struct reading *reading, const struct tree_node *tree, struct config *config)
{
    reading->config = config;
    read_globals(reading, tree, config);
    config->providers = mem_alloc(tree->node_count * sizeof *config->providers);
    for (size_t i = 0; i < tree->node_count; i++)
        if (tree->nodes[i].key->keys == provider_keys)
            config->providers[config->provider_count++] = read_provider(reading, &tree->nodes[i]);
    if (config->provider_count == 0)
        fault_at(&reading->faults, 0, "there is no provider section, such as: provider no-ip { username = ... }");
    check_access(reading, 0, "configuration", reading->faults.path, reading->holds_secret);
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

static void free_provider(struct config_provider *provider)
{
    names_clear(&provider->names);
    place_clear(provider->place);
    free(provider->place);
    mem_wipe(provider->password);
    free(provider->username);
    free(provider->server);
    free(provider->id);
    definition_free(provider->definition);
    free(provider);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->provider_count; i++)
        free_provider(config->providers[i]);
    free(config->providers);
    if (config->place)
        place_clear(config->place);
    free(config->place);
    free(config->ca_file);
    free(config->state_dir);
    free(config->file);
    free(config);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool config_provider_equal(const struct config_provider *a, const struct config_provider *b)
{
    return same(a->definition->name, b->definition->name) && same(a->server, b->server) &&
           same(a->username, b->username) && same(a->password, b->password);
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

/* FNV-1a, with a separator after each text. */
static uint32_t checksum(uint32_t sum, const char *text)
{
    for (; text && *text; text++)
        sum = (sum ^ (unsigned char)*text) * 16777619U;
    return (sum ^ 0xffU) * 16777619U;
}

uint32_t config_provider_place(const struct config_provider *provider)
{
    uint32_t sum = checksum(2166136261U, provider->definition->name);

    return checksum(checksum(sum, provider->server), provider->username);
}

uint32_t config_provider_login(const struct config_provider *provider)
{
    return checksum(config_provider_place(provider), provider->password);
}
