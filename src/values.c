#include "values.h"

#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SIGNATURE_LIFE_S = 600 };

void values_clear(struct values *values)
{
    for (size_t i = 0; i < values->found_count; i++) {
        free(values->found[i].name);
        secret_free(values->found[i].text);
    }
    for (size_t i = 0; values->signs && i < values->definition->sign_count; i++)
        mem_wipe(values->signs[i]);
    free(values->found);
    free(values->signs);
    free(values->others);
    buf_free(&values->scratch);
    *values = (struct values){
        .provider = values->provider, .definition = values->definition, .items = values->items, .count = values->count};
}

static struct values_found *find_found(const struct values *values, const char *name)
{
    for (size_t i = 0; i < values->found_count; i++)
        if (strcmp(values->found[i].name, name) == 0)
            return &values->found[i];
    return NULL;
}

void values_set(struct values *values, const char *name, struct secret *text)
{
    struct values_found *found = find_found(values, name);

    if (!found) {
        values->found = mem_resize(values->found, values->found_count + 1, sizeof *values->found);
        found = &values->found[values->found_count++];
        *found = (struct values_found){.name = mem_string(name)};
    }
    secret_hold(text);
    secret_free(found->text);
    found->text = text;
}

const char *values_zone(const struct values *values)
{
    const struct values_found *found = find_found(values, "zone");

    return found && found->text ? secret_reveal(found->text) : values->provider->zone;
}

const char *values_type(const struct update_item *item)
{
    return item->families & IP_V4 ? "A" : "AAAA";
}

const struct ip_set *values_wanted(const struct update_item *item)
{
    return item->families & IP_V4 ? &item->ip4 : &item->ip6;
}

/* ---- What stands in the program itself. Each adds its value to out, or says that there is none. ---- */

static void add_to_list(struct buf *out, const char *text)
{
    buf_add(out, out->length ? "," : "");
    buf_add(out, text);
}

static bool add_set(struct buf *out, const struct ip_set *set)
{
    char text[IP_SET_TEXT_SIZE];

    if (set->count)
        add_to_list(out, ip_set_text(set, text));
    return set->count;
}

/* Whole names, or what stands before the zone, where the zone itself is apex. */
static bool add_names(struct buf *out, const struct values *values, const char *zone, const char *apex)
{
    size_t zone_length = zone ? strlen(zone) : 0;

    for (size_t i = 0; i < values->count; i++) {
        const char *name = values->items[i].name;
        size_t length = strlen(name);

        buf_add(out, i ? "," : "");
        if (!apex)
            buf_add(out, name);
        else if (!zone || !names_is_in_zone(name, zone))
            return false;
        else if (length == zone_length)
            buf_add(out, apex);
        else
            buf_add_n(out, name, length - zone_length - 1);
    }
    return true;
}

static bool add_family(struct buf *out, const struct values *values, const struct ip_set *set)
{
    const char *unmanaged = values->definition->unmanaged;

    if (add_set(out, set))
        return true;
    buf_add(out, unmanaged ? unmanaged : "");
    return unmanaged;
}

static bool add_prefix(struct buf *out, const struct update_item *item, bool length)
{
    char text[IP_TEXT_SIZE];
    struct ip prefix;

    if (!item->ip6.count || !item->prefix_length)
        return false;
    prefix = ip_join(&item->ip6.list[0], item->prefix_length, &(struct ip){.family = AF_INET6});
    if (length)
        buf_addf(out, "%u", item->prefix_length);
    else
        buf_add(out, ip_text(&prefix, text));
    return true;
}

static bool add_time(struct buf *out, const char *name, int64_t now_s)
{
    static const struct {
        const char *name, *format;
    } times[] = {{"time", "%s"},
                 {"time-ms", "%s000"},
                 {"time-iso", "%Y-%m-%dT%H:%M:%SZ"},
                 {"time-basic", "%Y%m%dT%H%M%SZ"},
                 {"time-http", "%a, %d %b %Y %H:%M:%S GMT"},
                 {"date", "%Y-%m-%d"},
                 {"date-basic", "%Y%m%d"},
                 {"expires", "%s"}};
    time_t now = (time_t)now_s + (strcmp(name, "expires") == 0 ? SIGNATURE_LIFE_S : 0);
    struct tm parts;
    char text[64];

    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        if (strcmp(name, times[i].name) != 0)
            continue;
        gmtime_r(&now, &parts);
        if (times[i].format[1] == 's')
            buf_addf(out, "%lld%s", (long long)now, times[i].format + 2);
        else if (strftime(text, sizeof text, times[i].format, &parts))
            buf_add(out, text);
        return true;
    }
    return false;
}

static bool add_ttl(struct buf *out, const struct values *values)
{
    unsigned long ttl = values->provider->ttl ? values->provider->ttl : values->definition->ttl;

    if (ttl)
        buf_addf(out, "%lu", (ttl + values->definition->ttl_unit - 1) / values->definition->ttl_unit);
    return ttl;
}

/* From behind its scheme: "host", "path" and "query" of the URL of a request that is being signed. */
static bool add_url_part(struct buf *out, const char *url, const char *name)
{
    const char *host = strstr(url, "://") + 3, *path = host + strcspn(host, "/?"), *query = path + strcspn(path, "?");

    if (strcmp(name, "host") == 0)
        buf_add_n(out, host, (size_t)(path - host));
    else if (strcmp(name, "path") == 0)
        buf_add_n(out, path, (size_t)(query - path));
    else
        buf_add_escaped(out, *query ? query + 1 : "", strcmp(name, "query") == 0 ? BUF_RAW : BUF_STRICT);
    return true;
}

static const char *const words[] = {"hostname",      "name", "sub",  "ip",   "ip4",   "ip6",           "old",  "prefix",
                                    "prefix-length", "ttl",  "host", "path", "query", "query-encoded", "nonce"};
enum {
    HOSTNAME,
    NAME,
    SUB,
    IP,
    IP4,
    IP6,
    OLD,
    PREFIX,
    PREFIX_LENGTH,
    TTL,
    HOST,
    PATH,
    QUERY,
    QUERY_ENCODED,
    NONCE,
    WORDS
};

static bool add_own(struct buf *out, const struct values *values, const char *name)
{
    const struct update_item *item = &values->items[0];
    const char *apex = values->definition->apex;
    int word = 0;

    while (word < WORDS && strcmp(words[word], name) != 0)
        word++;
    switch (word) {
    case HOSTNAME:
        return add_names(out, values, NULL, NULL);
    case NAME:
    case SUB:
        return add_names(out, values, values_zone(values), word == SUB ? "" : apex ? apex : "@");
    case IP:
        add_set(out, &item->ip4);
        add_set(out, &item->ip6);
        return out->length;
    case IP4:
        return add_family(out, values, &item->ip4);
    case IP6:
        return add_family(out, values, &item->ip6);
    case OLD:
        return add_set(out, &item->old);
    case PREFIX:
    case PREFIX_LENGTH:
        return add_prefix(out, item, word == PREFIX_LENGTH);
    case TTL:
        return add_ttl(out, values);
    case NONCE:
        buf_addf(out, "%016llx", (unsigned long long)values->nonce);
        return true;
    case WORDS:
        return add_time(out, name, values->now_s);
    default:
        return values->parts.url && add_url_part(out, values->parts.url, name);
    }
}

/* ---- What stands elsewhere. ---- */

static const char *server_of(const struct values *values)
{
    const struct config_provider *provider = values->provider;
    enum ip_families families = values->items[0].families;

    if (!provider->has_own_server && families == IP_V4 && values->definition->server4)
        return values->definition->server4;
    if (!provider->has_own_server && families == IP_V6 && values->definition->server6)
        return values->definition->server6;
    return provider->server;
}

static struct template_value find_of_definition(const struct values *values, const char *name)
{
    const struct definition *definition = values->definition;

    for (size_t i = 0; i < definition->macro_count; i++) {
        const struct definition_macro *macro = &definition->macros[i];

        if (strcmp(macro->name, name) == 0)
            return (struct template_value){.text = values->items[0].families & IP_V4 ? macro->ipv4 : macro->ipv6,
                                           .macro = true};
    }
    for (size_t i = 0; i < definition->sign_count; i++)
        if (strcmp(definition->signs[i].name, name) == 0)
            return (struct template_value){.text = values->signs ? values->signs[i] : NULL, .secret = true};
    return (struct template_value){0};
}

/* For people it stays {name}. */
static struct template_value of_secret(const struct secret *secret)
{
    return (struct template_value){.text = secret_reveal(secret), .secret = true};
}

struct template_value values_find(void *arg, const char *name)
{
    struct values *values = arg;
    const struct config_provider *provider = values->provider;
    const struct values_found *found = find_found(values, name);
    const struct {
        const char *name;
        struct template_value value;
    } known[] = {
        {"server", {.text = server_of(values), .ready = true}},
        {"username", of_secret(provider->username)},
        {"password", of_secret(provider->password)},
        {"zone", {.text = values_zone(values)}},
        {"type", {.text = values_type(&values->items[0])}},
        {"others", {.text = values->other_count ? "yes" : NULL}},
        {"each", {.text = values->parts.each, .ready = true}},
        {"members", {.text = values->parts.members, .ready = true}},
        {"method", {.text = values->parts.method}},
        {"url", {.text = values->parts.url}},
        {"body", {.text = values->parts.body}},
        {"lf", {.text = "\n"}},
    };
    const struct secret *given = login_option(provider, name);
    const char *option = definition_find(&values->definition->options, name);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].value;
    if (found && !(strcmp(name, "ttl") == 0 && (provider->ttl || !found->text)))
        return of_secret(found->text);
    if (given)
        return of_secret(given);
    if (option)
        return (struct template_value){.text = definition_text(option), .secret = true};
    buf_free(&values->scratch);
    if (add_own(&values->scratch, values, name))
        return (struct template_value){.text = buf_text(&values->scratch)};
    return find_of_definition(values, name);
}

bool values_has(struct values *values, const char *name)
{
    struct template_value value = values_find(values, name);

    return value.text && *value.text;
}

char *values_expand(struct values *values, const char *text)
{
    const struct template_source source = {values_find, values};
    struct buf out = {0};

    template_expand(&out, text, &source, BUF_RAW, false);
    return buf_take(&out);
}
