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

enum { MAX_SECRET = 4096, MAX_HOSTNAME = 253, MAX_LABEL = 63 };

static const struct tree_key provider_keys[] = {
    {"username", TREE_TEXT, NULL}, {"password", TREE_TEXT, NULL}, {"password-file", TREE_TEXT, NULL},
    {"hostname", TREE_LIST, NULL}, {"server", TREE_TEXT, NULL},   {"interface", TREE_LIST, NULL},
    {"family", TREE_TEXT, NULL},   {NULL, TREE_TEXT, NULL},
};

static const struct tree_key config_keys[] = {
    {"interface", TREE_LIST, NULL},
    {"family", TREE_TEXT, NULL},
    {"settle", TREE_TEXT, NULL},
    {"settle-max", TREE_TEXT, NULL},
    {"state-dir", TREE_TEXT, NULL},
    {"ca-file", TREE_TEXT, NULL},
    {"provider", TREE_SECTION, provider_keys},
    {NULL, TREE_TEXT, NULL},
};

struct reading {
    const char *path;
    tree_fault_fn *fault;
    void *arg;
    bool failed;
    bool holds_secret;
    struct source_rule source; /* what holds for providers that do not say otherwise */
    enum ip_families families;
};

#define FAULT(reading, line, ...) \
    ((reading)->failed = true, tree_fault((reading)->fault, (reading)->arg, (reading)->path, line, __VA_ARGS__))

/* ---- One value each. ---- */

static void read_families(struct reading *reading, const struct tree_node *section, enum ip_families *families)
{
    const struct tree_value *value = tree_value(section, "family");

    if (!value)
        return;
    if (strcmp(value->text, "ipv4") == 0)
        *families = IP_V4;
    else if (strcmp(value->text, "ipv6") == 0)
        *families = IP_V6;
    else if (strcmp(value->text, "both") == 0)
        *families = IP_BOTH;
    else
        FAULT(reading, value->line, "family: '%s' is not ipv4, ipv6 or both", value->text);
}

/* What the kernel takes as a name (dev_valid_name()), or a pattern of it. */
static bool is_interface_name(const char *name)
{
    if (!*name || strlen(name) >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (; *name; name++)
        if (!isgraph((unsigned char)*name) || strchr("/:", *name))
            return false;
    return true;
}

static void read_interface(struct reading *reading, const struct tree_node *section, struct source_rule *source)
{
    const struct tree_node *node = tree_find(section, "interface");

    if (!node)
        return;
    *source = (struct source_rule){0};
    for (size_t i = 0; i < node->value_count; i++) {
        const struct tree_value *value = &node->values[i];
        bool is_auto = strcmp(value->text, "auto") == 0;

        if (!is_interface_name(value->text))
            FAULT(reading, value->line, "interface: '%s' is neither auto nor a name of at most 15 characters",
                  value->text);
        else if (is_auto && node->value_count > 1)
            FAULT(reading, value->line, "interface: auto stands alone, not in a list");
        else if (i == SOURCE_INTERFACES)
            FAULT(reading, value->line, "interface: more than %d in a list", SOURCE_INTERFACES);
        else if (!is_auto && i < SOURCE_INTERFACES)
            memcpy(source->interfaces[i], value->text, strlen(value->text) + 1);
    }
}

static void read_duration(struct reading *reading, const struct tree_node *section, const char *key, uint64_t *ms)
{
    const struct tree_value *value = tree_value(section, key);
    uint64_t given;

    if (value && parse_duration(value->text, &given))
        *ms = given;
    else if (value)
        FAULT(reading, value->line, "%s: '%s' is no duration, such as 250ms, 30s, 5m", key, value->text);
}

/* A path of its own, whatever folder the program was started in. */
static void read_path(struct reading *reading, const struct tree_node *section, const char *key, char **path)
{
    const struct tree_value *value = tree_value(section, key);

    if (!value)
        return;
    if (value->text[0] != '/')
        FAULT(reading, value->line, "%s: '%s' does not begin with /", key, value->text);
    *path = mem_string(value->text);
}

/* ---- Host names (RFC 1123 section 2.1, and the underscore, which DNS itself allows). ---- */

static const char *hostname_fault(const char *name)
{
    size_t labels = 0;

    if (strlen(name) > MAX_HOSTNAME)
        return "is longer than 253 characters";
    if (strncmp(name, "*.", 2) == 0)
        name += 2;
    for (const char *at = name;; at++) {
        size_t length = strcspn(at, ".");

        for (size_t i = 0; i < length; i++)
            if (!isascii((unsigned char)at[i]) || (!isalnum((unsigned char)at[i]) && !strchr("-_", at[i])))
                return isascii((unsigned char)at[i]) ? "has a character that no host name has"
                                                     : "is not ASCII: write its A-labels, which begin with xn--";
        if (length == 0)
            return "has an empty part between dots";
        if (length > MAX_LABEL)
            return "has a part longer than 63 characters";
        if (at[0] == '-' || at[length - 1] == '-')
            return "has a part that begins or ends with -";
        labels++;
        at += length;
        if (!*at)
            return labels > 1 ? NULL : "is no whole name, such as home.example.org";
    }
}

static void add_hostname(struct reading *reading, struct config_provider *provider, const struct tree_value *value)
{
    char *name = mem_string(value->text);
    size_t length = strlen(name);
    const char *why;

    if (length > 1 && name[length - 1] == '.')
        name[length - 1] = '\0';
    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    why = hostname_fault(name);
    if (why)
        FAULT(reading, value->line, "hostname: '%s' %s", value->text, why);
    provider->hostnames[provider->hostname_count++] = name;
}

struct named {
    const char *name;
    int line;
};

static int compare_names(const void *a, const void *b)
{
    const struct named *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    return order ? order : left->line - right->line;
}

/* Sorted, so that a list of thousands costs no square of them. */
static void check_hostnames_differ(struct reading *reading, const struct config_provider *provider,
                                   const struct tree_node *node)
{
    struct named *sorted = mem_alloc(node->value_count * sizeof *sorted);

    for (size_t i = 0; i < node->value_count; i++)
        sorted[i] = (struct named){provider->hostnames[i], node->values[i].line};
    qsort(sorted, node->value_count, sizeof *sorted, compare_names);
    for (size_t i = 1; i < node->value_count; i++)
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0)
            FAULT(reading, sorted[i].line, "hostname: '%s' stands here a second time", sorted[i].name);
    free(sorted);
}

static void read_hostnames(struct reading *reading, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_node *node = tree_find(section, "hostname");

    if (!node) {
        FAULT(reading, section->line, "provider %s: there is no hostname", provider->id);
        return;
    }
    provider->hostnames = mem_alloc(node->value_count * sizeof *provider->hostnames);
    for (size_t i = 0; i < node->value_count; i++)
        add_hostname(reading, provider, &node->values[i]);
    check_hostnames_differ(reading, provider, node);
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
        FAULT(reading, line, "%s: others can write %s: it must belong to root or to you, and chmod go-w", what, path);
    else if (access_of == FILE_READABLE && is_secret)
        log_warning("%s holds a secret and everybody can read it: chmod o-r", path);
}

static char *read_secret_file(struct reading *reading, const struct tree_value *value)
{
    char *text = NULL;
    size_t length = 0;
    int error;

    if (value->text[0] != '/') {
        FAULT(reading, value->line, "password-file: '%s' does not begin with /", value->text);
        return NULL;
    }
    error = file_read(value->text, MAX_SECRET, &text, &length);
    if (error) {
        FAULT(reading, value->line, "password-file: %s: %s", value->text, strerror(-error));
        return NULL;
    }
    check_access(reading, value->line, "password-file", value->text, true);
    if (strlen(text) != length)
        FAULT(reading, value->line, "password-file: %s: there is a NUL in it", value->text);
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static void read_password(struct reading *reading, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *inline_value = tree_value(section, "password");
    const struct tree_value *file_value = tree_value(section, "password-file");
    const struct tree_value *value = inline_value ? inline_value : file_value;

    if (inline_value && file_value)
        FAULT(reading, file_value->line, "password-file: there is a password in line %d already", inline_value->line);
    else if (inline_value)
        provider->password = mem_string(inline_value->text);
    else if (file_value)
        provider->password = read_secret_file(reading, file_value);
    reading->holds_secret |= inline_value != NULL;
    if (provider->password && credential_fault(provider->password, false))
        FAULT(reading, value->line, "password: it %s", credential_fault(provider->password, false));
    if (!value && provider->definition && provider->definition->needs_password)
        FAULT(reading, section->line, "provider %s: there is no password and no password-file", provider->id);
}

static void read_username(struct reading *reading, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *value = tree_value(section, "username");

    if (value) {
        provider->username = mem_string(value->text);
        if (credential_fault(value->text, true))
            FAULT(reading, value->line, "username: it %s", credential_fault(value->text, true));
    } else if (provider->definition && provider->definition->needs_username) {
        FAULT(reading, section->line, "provider %s: there is no username", provider->id);
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
    for (; *host; host++)
        if (!isgraph((unsigned char)*host) || strchr("?#{}\"'<>\\^`|", *host))
            return "has a character that the base of a URL cannot have";
    return NULL;
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
            FAULT(reading, section->line, "provider %s: there is no server", provider->id);
        return;
    }
    if (strchr(text, '@'))
        FAULT(reading, value ? value->line : section->line,
              "server: a user name and a password have keys of their own");
    else if (!plain && !secure && strstr(text, "://"))
        FAULT(reading, value ? value->line : section->line, "server: '%s' is neither https nor http", text);
    else if (server_fault(host))
        FAULT(reading, value ? value->line : section->line, "server: '%s' %s", text, server_fault(host));
    if (plain && !is_loopback(host))
        log_warning("%s:%d: plain http: everybody on the way can read the password", reading->path,
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
    struct definition *definition = definition_load(name, reading->path, section->line, reading->fault, reading->arg);

    free(name);
    reading->failed |= !definition;
    return definition;
}

static struct config_provider *read_provider(struct reading *reading, const struct tree_node *section)
{
    struct config_provider *provider = mem_alloc(sizeof *provider);

    provider->id = mem_string(section->title);
    provider->definition = load_definition(reading, section);
    provider->source = reading->source;
    provider->families = reading->families;
    read_interface(reading, section, &provider->source);
    read_families(reading, section, &provider->families);
    read_username(reading, section, provider);
    read_password(reading, section, provider);
    read_server(reading, section, provider);
    read_hostnames(reading, section, provider);
    return provider;
}

static void read_globals(struct reading *reading, const struct tree_node *tree, struct config *config)
{
    reading->families = IP_BOTH;
    read_interface(reading, tree, &reading->source);
    read_families(reading, tree, &reading->families);
    config->settle_ms = 100;
    config->settle_max_ms = 2000;
    read_duration(reading, tree, "settle", &config->settle_ms);
    read_duration(reading, tree, "settle-max", &config->settle_max_ms);
    if (config->settle_ms > config->settle_max_ms) {
        const struct tree_value *value = tree_value(tree, "settle-max");

        FAULT(reading, (value ? value : tree_value(tree, "settle"))->line, "settle-max is shorter than settle");
    }
    read_path(reading, tree, "state-dir", &config->state_dir);
    read_path(reading, tree, "ca-file", &config->ca_file);
    if (config->ca_file && access(config->ca_file, R_OK) < 0)
        FAULT(reading, tree_value(tree, "ca-file")->line, "ca-file: %s: %s", config->ca_file, strerror(errno));
}

static void read_tree(struct reading *reading, const struct tree_node *tree, struct config *config)
{
    read_globals(reading, tree, config);
    config->providers = mem_alloc(tree->node_count * sizeof *config->providers);
    for (size_t i = 0; i < tree->node_count; i++)
        if (tree->nodes[i].key->keys == provider_keys)
            config->providers[config->provider_count++] = read_provider(reading, &tree->nodes[i]);
    if (config->provider_count == 0)
        FAULT(reading, 0, "there is no provider section, such as: provider no-ip { username = ... }");
    check_access(reading, 0, "configuration", reading->path, reading->holds_secret);
}

struct config *config_read(const char *path, tree_fault_fn *fault, void *arg)
{
    struct reading reading = {.path = path, .fault = fault, .arg = arg};
    struct tree_node *tree = tree_read(path, config_keys, fault, arg);
    struct config *config;

    if (!tree)
        return NULL;
    config = mem_alloc(sizeof *config);
    config->file = mem_string(path);
    read_tree(&reading, tree, config);
    tree_free(tree);
    if (!reading.failed)
        return config;
    config_free(config);
    return NULL;
}

static void free_provider(struct config_provider *provider)
{
    for (size_t i = 0; i < provider->hostname_count; i++)
        free(provider->hostnames[i]);
    free(provider->hostnames);
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
