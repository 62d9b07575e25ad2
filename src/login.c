#include "login.h"

#include "buf.h"
#include "credential.h"
#include "custom.h"
#include "log.h"
#include "mem.h"
#include "nearest.h"
#include "parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const struct tree_key login_keys[] = {
    {"username", TREE_TEXT, NULL},
    {"password", TREE_TEXT, NULL},
    {"password-file", TREE_TEXT, NULL},
    {"server", TREE_TEXT, NULL},
    {"zone", TREE_TEXT, NULL},
    {"ttl", TREE_TEXT, NULL},
    {"options", TREE_LIST, NULL},
    {"url", TREE_TEXT, NULL},
    {"method", TREE_TEXT, NULL},
    {"answer", TREE_LIST, NULL},
    {"program", TREE_TEXT, NULL},
    NAMES_KEYS,
    PLACE_KEYS,
    {NULL, TREE_TEXT, NULL},
};

/* ---- One value each. ---- */

/* A path of its own, whatever folder the program was started in. */
void login_read_path(struct faults *faults, const struct tree_node *section, const char *key, char **path)
{
    const struct tree_value *value = tree_value(section, key);

    if (!value)
        return;
    if (value->text[0] != '/')
        fault_at(faults, value->line, "%s: '%s' does not begin with /", key, value->text);
    *path = mem_string(value->text);
}

static bool needs(const struct config_provider *provider, const char *name)
{
    return provider->definition && definition_find(&provider->definition->needs, name);
}

/* ---- Credentials. ---- */

/* What HTTP Basic authentication cannot carry (RFC 7617 section 2). */
static const char *credential_fault(const char *text, bool no_colon)
{
    if (!*text)
        return "is empty";
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            return "has a control character";
        else if (no_colon && *text == ':')
            return "has a colon, which HTTP Basic authentication cannot carry";
    return NULL;
}

static void read_password(struct faults *faults, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *inline_value = tree_value(section, "password");
    const struct tree_value *file_value = tree_value(section, "password-file");
    const struct tree_value *value = inline_value ? inline_value : file_value;

    if (inline_value && file_value)
        fault_at(faults, file_value->line, "password-file: there is a password in line %d already", inline_value->line);
    else if (inline_value)
        provider->password = credential_read(faults, inline_value);
    else if (file_value)
        provider->password = credential_read_file(faults, "password-file", file_value->line, file_value->text);
    if (provider->password && credential_fault(secret_reveal(provider->password), false))
        fault_at(faults, value->line, "password: it %s", credential_fault(secret_reveal(provider->password), false));
    if (!value && needs(provider, "password"))
        fault_at(faults, section->line, "provider %s: there is no password and no password-file", provider->id);
}

static bool uses_basic(const struct definition *definition)
{
    bool uses = definition && ((definition->auth && strcmp(definition->auth, "basic") == 0) || definition->takes_url);

    for (size_t i = 0; definition && i < definition->step_count; i++)
        uses |= definition->steps[i].auth && strcmp(definition->steps[i].auth, "basic") == 0;
    return uses;
}

static void read_username(struct faults *faults, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *value = tree_value(section, "username");

    if (value) {
        provider->username = secret_new(value->text);
        if (credential_fault(value->text, uses_basic(provider->definition)))
            fault_at(faults, value->line, "username: it %s",
                     credential_fault(value->text, uses_basic(provider->definition)));
    } else if (needs(provider, "username")) {
        fault_at(faults, section->line, "provider %s: there is no username", provider->id);
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

static void read_server(struct faults *faults, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *value = tree_value(section, "server");
    const char *built_in = provider->definition ? provider->definition->server : NULL;
    const char *text = value ? value->text : built_in ? built_in : "";
    bool plain = strncmp(text, "http://", 7) == 0, secure = strncmp(text, "https://", 8) == 0;
    const char *host = text + (plain ? 7 : secure ? 8 : 0);
    struct buf url = {0};

    if (provider->definition && provider->definition->runs_program)
        return;
    if (!value && !built_in) {
        if (provider->definition)
            fault_at(faults, section->line, "provider %s: there is no server", provider->id);
        return;
    }
    if (strchr(text, '@'))
        fault_at(faults, value ? value->line : section->line,
                 "server: a user name and a password have keys of their own");
    else if (!plain && !secure && strstr(text, "://"))
        fault_at(faults, value ? value->line : section->line, "server: '%s' is neither https nor http", text);
    else if (server_fault(host))
        fault_at(faults, value ? value->line : section->line, "server: '%s' %s", text, server_fault(host));
    if (plain && !is_loopback(host))
        log_warning("%s:%d: plain http: everybody on the way can read the password", faults->path,
                    value ? value->line : section->line);
    provider->has_own_server = value != NULL;
    buf_addf(&url, "%s%s", plain || secure ? "" : "https://", text);
    while (url.length && url.text[url.length - 1] == '/')
        url.text[--url.length] = '\0';
    provider->server = buf_take(&url);
}

/* ---- What the definition knows. ---- */

static void read_zone(struct faults *faults, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *value = tree_value(section, "zone");

    if (value)
        provider->zone = names_normalize(value->text);
    else if (needs(provider, "zone"))
        fault_at(faults, section->line, "provider %s: there is no zone", provider->id);
    if (value && !strchr(value->text, '.'))
        fault_at(faults, value->line, "zone: '%s' is no zone, such as example.org", value->text);
}

static void read_ttl(struct faults *faults, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *value = tree_value(section, "ttl");
    const struct definition *definition = provider->definition;
    unsigned long low = definition->ttl_min ? definition->ttl_min : 1;
    unsigned long high = definition->ttl_max ? definition->ttl_max : INT32_MAX; /* RFC 2181 section 8 */
    uint64_t ms;

    if (!value)
        return;
    if (parse_duration(value->text, &ms) && ms >= 1000)
        provider->ttl = (unsigned long)(ms / 1000);
    else if (!parse_number(value->text, 1, INT32_MAX, &provider->ttl)) {
        fault_at(faults, value->line, "ttl: '%s' is no number of seconds", value->text);
        return;
    }
    if (!definition->ttl && !definition->ttl_min && !definition->ttl_max)
        fault_at(faults, value->line, "ttl: the provider %s takes none", definition->name);
    else if (provider->ttl != definition->ttl && (provider->ttl < low || provider->ttl > high))
        fault_at(faults, value->line, "ttl: the provider %s takes %lu to %lu seconds", definition->name, low, high);
}

/* One that stands in JSON as it is. */
static bool is_literal_option(const struct definition *definition, const char *name)
{
    for (size_t i = 0; i < definition->step_count; i++)
        if (definition->steps[i].json && template_is_bare(definition->steps[i].json, name))
            return true;
    return false;
}

/* One that a URL may begin with. */
static bool is_server_option(const struct definition *definition, const char *name)
{
    const char *preset = definition_text(definition_find(&definition->options, name));

    return preset && strncmp(preset, "https://", 8) == 0;
}

static bool is_server(const char *text)
{
    bool plain = strncmp(text, "http://", 7) == 0;

    return (strncmp(text, "https://", 8) == 0 || (plain && is_loopback(text + 7))) &&
           !server_fault(text + (plain ? 7 : 8)) && !strchr(text, '@');
}

static bool knows_option(const struct definition *definition, const char *name)
{
    return definition_find(&definition->options, name) ||
           (definition_find(&definition->needs, name) && strcmp(name, "username") != 0 &&
            strcmp(name, "password") != 0 && strcmp(name, "zone") != 0);
}

static void tell_unknown_option(struct faults *faults, int line, const struct definition *definition, const char *name)
{
    const struct definition_list *options = &definition->options;
    char **names = mem_alloc(options->count * sizeof *names);
    const char *meant;

    for (size_t i = 0; i < options->count; i++)
        names[i] = mem_string_n(options->list[i], strcspn(options->list[i], "="));
    meant = nearest_word(name, (const char *const *)names, options->count);
    fault_at(faults, line, "options: the provider %s knows no '%s'%s%s%s (wanddns providers %s)", definition->name,
             name, meant ? ": did you mean '" : "", meant ? meant : "", meant ? "'?" : "", definition->name);
    for (size_t i = 0; i < options->count; i++)
        free(names[i]);
    free(names);
}

static void add_option(struct config_provider *provider, const char *name, const char *text)
{
    provider->options = mem_resize(provider->options, provider->option_count + 1, sizeof *provider->options);
    provider->options[provider->option_count++] = (struct login_option){mem_string(name), secret_new(text)};
}

static void read_options(struct faults *faults, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_node *node = tree_find(section, "options");
    const struct definition *definition = provider->definition;

    for (size_t i = 0; node && i < node->value_count; i++) {
        const struct tree_value *value = &node->values[i];
        const char *text = definition_text(value->text);
        char *name = mem_string_n(value->text, strcspn(value->text, "="));

        if (!text && !knows_option(definition, name)) /* it may be a secret */
            fault_at(faults, value->line, "options: there is one that is not of the form name=value");
        else if (!text || !*text || (definition->auth && credential_fault(text, false)))
            fault_at(faults, value->line, "options: '%s' is not of the form name=value", name);
        else if (!knows_option(definition, name))
            tell_unknown_option(faults, value->line, definition, name);
        else if (login_option(provider, name))
            fault_at(faults, value->line, "options: '%s' stands here a second time", name);
        else if (is_literal_option(definition, name) && !template_is_literal(text))
            fault_at(faults, value->line, "options: '%s' must be true, false or a number", name);
        else if (is_server_option(definition, name) && !is_server(text))
            fault_at(faults, value->line, "options: '%s' is no https:// URL", name);
        else
            add_option(provider, name, text);
        mem_wipe(name);
    }
    for (size_t i = 0; i < definition->needs.count; i++) {
        const char *name = definition->needs.list[i];

        if (strcmp(name, "username") != 0 && strcmp(name, "password") != 0 && strcmp(name, "zone") != 0 &&
            !login_option(provider, name))
            fault_at(faults, section->line, "provider %s: there is no option '%s': options = { \"%s=...\" }",
                     provider->id, name, name);
    }
}

/* Keys of the providers that are made in the configuration itself. */
static void read_url(struct faults *faults, const struct tree_node *section, struct config_provider *provider)
{
    static const char *const keys[] = {"url", "method", "answer"};
    const struct custom custom = {tree_value(section, "url"), tree_value(section, "method"),
                                  tree_find(section, "answer"), provider->username != NULL, provider->password != NULL};
    const struct tree_node *node;

    for (size_t i = 0; !provider->definition->takes_url && i < sizeof keys / sizeof *keys; i++)
        if ((node = tree_find(section, keys[i])))
            fault_at(faults, node->line, "%s: the provider %s takes none", keys[i], provider->definition->name);
    if (!provider->definition->takes_url)
        return;
    if (custom.url) {
        custom_apply(provider->definition, &custom, faults);
        return;
    }
    fault_at(faults, section->line, "provider %s: there is no url", provider->id);
    provider->definition->server = mem_string("https://localhost"); /* no fault of its own */
}

static void read_program(struct faults *faults, const struct tree_node *section, struct config_provider *provider)
{
    const struct tree_value *program = tree_value(section, "program"), *server = tree_value(section, "server");

    if (!provider->definition->runs_program) {
        if (program)
            fault_at(faults, program->line, "program: the provider %s runs none", provider->definition->name);
        return;
    }
    if (server)
        fault_at(faults, server->line, "server: a program has none");
    if (!program) {
        fault_at(faults, section->line, "provider %s: there is no program", provider->id);
        return;
    }
    provider->program = mem_string(program->text);
    fault_check_program(faults, program->line, "program", program->text);
}

/* ---- The whole. ---- */

static struct definition *load_definition(struct faults *faults, const struct tree_node *section)
{
    char *name = mem_string_n(section->title, strcspn(section->title, ":"));
    struct definition *definition = loader_find(name, faults, section->line);

    if (definition && !definition_publishes(definition)) {
        bool echoes = definition_step(definition, "address");

        fault_at(faults, section->line,
                 echoes ? "provider %s: this is an address echo service, for: source = echo:%s"
                        : "provider %s: others build on it, it is no provider itself",
                 name, name);
        definition_free(definition);
        definition = NULL;
    }
    free(name);
    return definition;
}

/* What the places want of the provider. */
static void check_place(struct faults *faults, const struct config_provider *provider, const struct place *place)
{
    const struct definition *definition = provider->definition;

    if (place->rule.all && !definition->many_values)
        fault_at(faults, place->line,
                 "provider %s: interface = { all, ... }: it takes one address of a family for a name", provider->id);
    if (place->rule.withdraw_ms && !definition_deletes(definition))
        fault_at(faults, place->line, "provider %s: when-lost = withdraw: it cannot delete a record", provider->id);
}

static void check_names(struct faults *faults, struct config_provider *provider)
{
    const struct definition *definition = provider->definition;

    for (size_t i = 0; i < provider->names.count; i++) {
        struct name *name = &provider->names.list[i];

        if (i == 0 || name->place != name[-1].place)
            check_place(faults, provider, name->place);
        if (definition->only && !(name->families & definition->only))
            fault_at(faults, name->place->line, "provider %s: it has only records of %s, and %s wants none",
                     provider->id, definition->only == IP_V4 ? "ipv4" : "ipv6", name->name);
        else if (definition->only)
            name->families &= definition->only;
        if (provider->zone && !names_is_in_zone(name->name, provider->zone))
            fault_at(faults, name->place->line, "provider %s: '%s' is not in the zone %s", provider->id, name->name,
                     provider->zone);
    }
    if (definition->one_hostname && provider->names.count > 1)
        fault_at(faults, provider->place->line,
                 "provider %s: the login stands for one name: each hostname needs a section of its own", provider->id);
}

struct config_provider *login_read(struct faults *faults, const struct tree_node *section,
                                   const struct place *inherited, bool *holds_secret)
{
    struct config_provider *provider = mem_alloc(sizeof *provider);
    const struct tree_value *password;

    provider->id = mem_string(section->title);
    provider->definition = load_definition(faults, section);
    provider->place = mem_alloc(sizeof *provider->place);
    place_read(faults, section, inherited, provider->place);
    read_username(faults, section, provider);
    read_password(faults, section, provider);
    if (provider->definition) {
        read_url(faults, section, provider);
        read_program(faults, section, provider);
    }
    read_server(faults, section, provider);
    read_zone(faults, section, provider);
    names_read(faults, section, provider->place, &provider->names);
    if (provider->definition) {
        read_ttl(faults, section, provider);
        read_options(faults, section, provider);
        check_names(faults, provider);
    }
    password = tree_value(section, "password");
    *holds_secret |= (password && !credential_is_elsewhere(password->text)) || tree_find(section, "options");
    return provider;
}

void login_free(struct config_provider *provider)
{
    names_clear(&provider->names);
    place_clear(provider->place);
    free(provider->place);
    for (size_t i = 0; i < provider->option_count; i++) {
        free(provider->options[i].name);
        secret_free(provider->options[i].value);
    }
    free(provider->options);
    secret_free(provider->password);
    secret_free(provider->username);
    free(provider->program);
    free(provider->zone);
    mem_wipe(provider->server); /* which is refused with a password in it */
    free(provider->id);
    definition_free(provider->definition);
    free(provider);
}

const struct secret *login_option(const struct config_provider *provider, const char *name)
{
    for (size_t i = 0; i < provider->option_count; i++)
        if (strcmp(provider->options[i].name, name) == 0)
            return provider->options[i].value;
    return NULL;
}
