#include "dialect.h"

#include "buf.h"
#include "catalog.h"
#include "loader.h"
#include "mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct tree_key service_keys[] = {
    {"server", TREE_LIST, NULL},        {"name", TREE_TEXT, NULL},          {"username", TREE_LIST, NULL},
    {"password", TREE_LIST, NULL},      {"zone", TREE_LIST, NULL},          {"options", TREE_LIST, NULL},
    {"must", TREE_TEXT, NULL},          {"unused", TREE_LIST, NULL},        {"lost", TREE_LIST, NULL},
    {"password-ipv4", TREE_LIST, NULL}, {"password-ipv6", TREE_LIST, NULL}, {NULL, TREE_TEXT, NULL},
};

static const struct tree_key dialect_keys[] = {
    {"username", TREE_LIST, NULL},
    {"password", TREE_LIST, NULL},
    {"zone", TREE_LIST, NULL},
    {"secret", TREE_LIST, NULL},
    {"hint", TREE_TEXT, NULL},
    {"alias", TREE_LIST, NULL},
    {"gone", TREE_LIST, NULL},
    {"echo", TREE_LIST, NULL},
    {"only-ipv4", TREE_LIST, NULL},
    {"only-ipv6", TREE_LIST, NULL},
    {"needless", TREE_LIST, NULL},
    {"lost", TREE_LIST, NULL},
    {"service", TREE_SECTION, service_keys},
    {NULL, TREE_TEXT, NULL},
};

/* Whose server is at a host. */
struct place {
    char *server, *provider;
};

struct dialect {
    struct tree_node *tree;
    struct place *places; /* of the definitions, made when it is first asked for */
    size_t place_count;
    bool has_places;
};

struct dialect *dialect_read(const char *client, struct faults *faults)
{
    char *path = catalog_import(client);
    struct tree_node *tree = path ? tree_read(path, dialect_keys, faults->fn, faults->arg) : NULL;
    struct dialect *dialect = NULL;

    if (!path)
        fault_at(faults, 0, "there is no file %s.import beside the definitions of providers", client);
    faults->any |= !tree;
    if (tree) {
        dialect = mem_alloc(sizeof *dialect);
        dialect->tree = tree;
    }
    free(path);
    return dialect;
}

void dialect_free(struct dialect *dialect)
{
    if (!dialect)
        return;
    for (size_t i = 0; i < dialect->place_count; i++) {
        free(dialect->places[i].server);
        free(dialect->places[i].provider);
    }
    free(dialect->places);
    tree_free(dialect->tree);
    free(dialect);
}

/* What stands behind "NAME=" in a list, or NULL; case does not count. */
static const char *find(const struct tree_node *list, const char *name, size_t length)
{
    for (size_t i = 0; list && i < list->value_count; i++)
        if (strncasecmp(list->values[i].text, name, length) == 0 && list->values[i].text[length] == '=')
            return list->values[i].text + length + 1;
    return NULL;
}

static bool has(const struct tree_node *list, const char *text)
{
    for (size_t i = 0; list && i < list->value_count; i++)
        if (strcasecmp(list->values[i].text, text) == 0)
            return true;
    return false;
}

static const struct tree_node *find_service(const struct dialect *dialect, const char *provider)
{
    for (size_t i = 0; i < dialect->tree->node_count; i++)
        if (dialect->tree->nodes[i].title && strcmp(dialect->tree->nodes[i].title, provider) == 0)
            return &dialect->tree->nodes[i];
    return NULL;
}

/* ---- Providers. ---- */

char *dialect_provider(const struct dialect *dialect, const char *service, const char **why)
{
    char *name = mem_string(service), *path, *found;
    const char *alias;

    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    alias = find(tree_find(dialect->tree, "alias"), name, strlen(name));
    *why = find(tree_find(dialect->tree, "gone"), name, strlen(name));
    path = *why ? NULL : catalog_find(alias ? alias : name, NULL);
    found = path ? catalog_name(path) : *why || !*name ? NULL : catalog_guess(name);
    free(path);
    free(name);
    return found;
}

static void add_place(struct dialect *dialect, const char *server, const char *provider)
{
    const char *host = server ? strstr(server, "://") : NULL;

    if (!host)
        return;
    dialect->places = mem_resize(dialect->places, dialect->place_count + 1, sizeof *dialect->places);
    dialect->places[dialect->place_count++] = (struct place){mem_string(host + 3), mem_string(provider)};
}

/* Has the login of a protocol that knows nothing but user name and password all that it needs? */
static bool needs_only_login(const struct definition *definition)
{
    for (size_t i = 0; i < definition->needs.count; i++)
        if (strcmp(definition->needs.list[i], "username") != 0 && strcmp(definition->needs.list[i], "password") != 0)
            return false;
    return definition_publishes(definition);
}

/* A definition with a fault of its own stands for no server; whoever uses it hears of that. */
static void ignore(void *arg, const char *file, int line, const char *text)
{
    (void)arg, (void)file, (void)line, (void)text;
}

static void find_places(struct dialect *dialect)
{
    struct faults faults = {"", ignore, NULL, false};
    size_t count;
    char **names = catalog_list(&count);

    for (size_t i = 0; i < count; i++) {
        struct definition *definition = loader_find(names[i], &faults, 0);

        if (definition && needs_only_login(definition)) {
            add_place(dialect, definition->server, names[i]);
            add_place(dialect, definition->server4, names[i]);
            add_place(dialect, definition->server6, names[i]);
        }
        definition_free(definition);
        free(names[i]);
    }
    free(names);
    dialect->has_places = true;
}

char *dialect_provider_at(struct dialect *dialect, const char *server)
{
    struct faults faults = {"", ignore, NULL, false};

    for (size_t i = 0; i < dialect->tree->node_count; i++) {
        const struct tree_node *service = &dialect->tree->nodes[i];
        struct definition *definition = service->title && has(tree_find(service, "server"), server)
                                            ? loader_find(service->title, &faults, 0)
                                            : NULL;
        bool fits = definition && definition->server && needs_only_login(definition);

        definition_free(definition);
        if (fits)
            return mem_string(service->title);
    }
    if (!dialect->has_places)
        find_places(dialect);
    for (size_t i = 0; i < dialect->place_count; i++)
        if (strcasecmp(dialect->places[i].server, server) == 0)
            return mem_string(dialect->places[i].provider);
    return NULL;
}

bool dialect_is_own_server(const struct dialect *dialect, const char *provider, const char *server)
{
    const struct tree_node *service = find_service(dialect, provider);

    return service && has(tree_find(service, "server"), server);
}

/* ---- Words. ---- */

static const char *without_scheme(const char *service)
{
    return strstr(service, "://") ? strstr(service, "://") + 3 : service;
}

const char *dialect_source(const struct dialect *dialect, const char *service)
{
    const char *name = without_scheme(service);
    size_t length = strlen(name);

    while (length && name[length - 1] == '/')
        length--;
    return find(tree_find(dialect->tree, "echo"), name, length);
}

enum ip_families dialect_families(const struct dialect *dialect, const char *service)
{
    const char *begin = without_scheme(service);
    char *name = mem_string_n(begin, strcspn(begin, "/"));
    enum ip_families families = has(tree_find(dialect->tree, "only-ipv4"), name)   ? IP_V4
                                : has(tree_find(dialect->tree, "only-ipv6"), name) ? IP_V6
                                                                                   : 0;

    free(name);
    return families;
}

int dialect_flag(const char *text)
{
    static const char *const words[2][6] = {{"no", "n", "false", "f", "off", "0"},
                                            {"yes", "y", "true", "t", "on", "1"}};

    for (int flag = 0; flag < 2; flag++)
        for (size_t i = 0; i < sizeof words[0] / sizeof *words[0]; i++)
            if (strcasecmp(text, words[flag][i]) == 0)
                return flag;
    return -1;
}

/* "KEY=why", or "KEY:VALUE=why" for one value only; yes and no stand for whatever means them. */
static const char *find_word(const struct tree_node *list, const char *key, const char *value)
{
    size_t length = strlen(key);

    for (size_t i = 0; list && i < list->value_count; i++) {
        const char *entry = list->values[i].text, *sign = strchr(entry, '=');
        char *wanted;
        bool fits;

        if (!sign || strncmp(entry, key, length) != 0 || (entry[length] != '=' && entry[length] != ':'))
            continue;
        wanted = mem_string_n(entry + length + 1, entry[length] == ':' ? (size_t)(sign - entry) - length - 1 : 0);
        fits = entry[length] == '=' || strcmp(wanted, value) == 0 ||
               (dialect_flag(wanted) >= 0 && dialect_flag(wanted) == dialect_flag(value));
        free(wanted);
        if (fits)
            return sign + 1;
    }
    return NULL;
}

enum dialect_fate dialect_fate(const struct dialect *dialect, const char *key, const char *value, const char **why)
{
    *why = find_word(tree_find(dialect->tree, "needless"), key, value);
    if (*why)
        return DIALECT_NEEDLESS;
    *why = find_word(tree_find(dialect->tree, "lost"), key, value);
    return *why ? DIALECT_LOST : DIALECT_UNKNOWN;
}

bool dialect_is_secret(const struct dialect *dialect, const char *key)
{
    return has(tree_find(dialect->tree, "secret"), key);
}

const struct tree_node *dialect_login(const struct dialect *dialect, const char *provider, const char *key)
{
    static const char *const general[] = {"username", "password", "zone"};
    const struct tree_node *service = find_service(dialect, provider), *node = service ? tree_find(service, key) : NULL;

    for (size_t i = 0; !node && i < sizeof general / sizeof *general; i++)
        if (strcmp(general[i], key) == 0)
            node = tree_find(dialect->tree, key);
    return node;
}

const char *dialect_hint(const struct dialect *dialect)
{
    const struct tree_value *value = tree_value(dialect->tree, "hint");

    return value ? value->text : NULL;
}
