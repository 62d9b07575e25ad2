#include "ledger.h"

#include "clock.h"
#include "mem.h"
#include "unit.h"

#include <ctype.h>
#include <sys/socket.h>

static struct login **logins;
static struct key **keys;
static size_t login_count, key_count;

void ledger_begin(void)
{
    for (size_t i = 0; i < key_count; i++) {
        free(keys[i]->name);
        free(keys[i]);
    }
    for (size_t i = 0; i < login_count; i++) {
        free(logins[i]->id);
        free(logins[i]->server);
        free(logins[i]->username);
        free(logins[i]->definition);
        free(logins[i]->section);
        free(logins[i]->sent);
        free(logins[i]);
    }
    free(logins);
    free(keys);
    logins = NULL;
    keys = NULL;
    login_count = key_count = 0;
}

void ledger_end(void)
{
    ledger_begin();
}

struct login *ledger_login(size_t index)
{
    return index < login_count ? logins[index] : NULL;
}

struct key *ledger_key(size_t index)
{
    return index < key_count ? keys[index] : NULL;
}

static bool is_it(const struct key *key, const struct login *login, const char *name, int family)
{
    return key->login == login && key->family == family && strcmp(key->name, name) == 0;
}

/* Whoever asks for one mostly asks for the next one next. */
struct key *ledger_find(const struct login *login, const char *name, int family)
{
    static size_t next;

    for (size_t i = 0; i < key_count; i++, next++) {
        if (next >= key_count)
            next = 0;
        if (is_it(keys[next], login, name, family))
            return keys[next++];
    }
    return NULL;
}

/* ---- The configuration. ---- */

/* The text of a section, as far as it means something. */
static char *section_of(const char *text, const char *id)
{
    struct buf head = {0}, out = {0};
    const char *at;
    int depth = 0;

    buf_addf(&head, "provider %s {", id);
    at = strstr(text, head.text);
    buf_free(&head);
    for (; at && *at; at++) {
        if (*at == '#')
            at += strcspn(at, "\n");
        if (!isspace((unsigned char)*at) && *at != '"')
            buf_add_n(&out, at, *at ? 1 : 0);
        depth += (*at == '{') - (*at == '}');
        if (*at == '}' && depth == 0)
            break;
    }
    return buf_take(&out);
}

static uint64_t pause_of(const struct definition *definition, const char *word, int status)
{
    for (size_t i = 0; i < definition->rules.count; i++) {
        const struct answer_rule *rule = &definition->rules.list[i];

        if (word ? rule->match == ANSWER_WORD && strcmp(rule->text, word) == 0
                 : rule->match == ANSWER_STATUS && rule->status_low <= status && status <= rule->status_high)
            return rule->after_ms;
    }
    return 0;
}

static void note_refusing(struct login *login, const struct definition *definition)
{
    login->refusing_count = 0;
    for (size_t i = 0; i < definition->rules.count; i++) {
        const struct answer_rule *rule = &definition->rules.list[i];

        if (rule->match != ANSWER_STATUS || rule->verdict != ANSWER_REFUSED)
            continue;
        assert_true(login->refusing_count < LEDGER_RULES);
        login->refusing[login->refusing_count].low = rule->status_low;
        login->refusing[login->refusing_count++].high = rule->status_high;
    }
}

static void keep(char **place, const char *text)
{
    free(*place);
    *place = mem_string(text);
}

static struct login *find_login(const char *id)
{
    for (size_t i = 0; i < login_count; i++)
        if (strcmp(logins[i]->id, id) == 0)
            return logins[i];
    logins = mem_resize(logins, login_count + 1, sizeof *logins);
    logins[login_count] = mem_alloc(sizeof **logins);
    logins[login_count]->id = mem_string(id);
    return logins[login_count++];
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void add_key(struct login *login, const char *name, int family)
{
    struct key *key = ledger_find(login, name, family);

    if (!key) {
        key = mem_alloc(sizeof *key);
        key->login = login;
        key->name = mem_string(name);
        key->family = family;
        keys = mem_resize(keys, key_count + 1, sizeof *keys);
        keys[key_count++] = key;
    }
    key->configured = true;
}

void ledger_lift(struct cause *cause)
{
    if (cause->holds)
        cause->until_ms = clock_ms();
    cause->holds = false;
}

/* Whoever is sent to another place has not been told anything there. */
static void move(struct login *login)
{
    login->locked = false;
    login->not_before_ms = login->gap_from_ms = 0;
    for (size_t i = 0; i < key_count; i++)
        if (keys[i]->login == login)
            keys[i]->certain = false;
}

/* A change of the section lifts what was said under the old one, and may be tried out once. */
static void change(struct login *login)
{
    ledger_lift(&login->cause);
    login->locked = false;
    login->not_before_ms = 0;
    for (size_t i = 0; i < key_count; i++) {
        struct key *key = keys[i];

        if (key->login != login)
            continue;
        ledger_lift(&key->cause);
        key->locked = false;
        key->unchanged = 0;
        key->owed = true;
        key->not_before_ms = 0;
        key->failures = key->losses = 0;
    }
}

static void configure(const struct config_provider *provider, const char *text)
{
    const struct definition *definition = provider->definition;
    struct login *login = find_login(provider->id);
    char *section = section_of(text, provider->id);

    login->configured = true;
    if (!same(login->server, provider->server) || !same(login->username, secret_reveal(provider->username)) ||
        !same(login->definition, definition->name))
        move(login);
    if (!same(login->section, section))
        change(login);
    keep(&login->server, provider->server);
    keep(&login->username, secret_reveal(provider->username));
    keep(&login->definition, definition->name);
    keep(&login->section, section);
    free(section);
    login->gap_ms = definition->gap_ms;
    login->budget = definition->budget;
    login->budget_ms = definition->budget_ms;
    login->refresh_ms = definition->refresh_ms;
    login->both_required = definition->both_required;
    login->single_step = definition->step_count == 1;
    login->pause_911_ms = pause_of(definition, "911", 0);
    login->pause_429_ms = pause_of(definition, NULL, 429);
    note_refusing(login, definition);
    for (size_t i = 0; i < provider->names.count; i++) {
        if (provider->names.list[i].families & IP_V4)
            add_key(login, provider->names.list[i].name, AF_INET);
        if (provider->names.list[i].families & IP_V6)
            add_key(login, provider->names.list[i].name, AF_INET6);
    }
}

/* What is no longer there is forgotten. */
static void forget_others(void)
{
    for (size_t i = 0; i < key_count; i++) {
        if (keys[i]->configured)
            continue;
        ledger_lift(&keys[i]->cause);
        keys[i]->certain = keys[i]->locked = false;
        keys[i]->not_before_ms = keys[i]->failures = keys[i]->losses = 0;
    }
    for (size_t i = 0; i < login_count; i++) {
        if (logins[i]->configured)
            continue;
        ledger_lift(&logins[i]->cause);
        logins[i]->locked = false;
        logins[i]->not_before_ms = logins[i]->gap_from_ms = 0;
    }
}

void ledger_configure(const struct config *config, const char *text)
{
    for (size_t i = 0; i < login_count; i++)
        logins[i]->configured = false;
    for (size_t i = 0; i < key_count; i++)
        keys[i]->configured = false;
    for (size_t i = 0; i < config->provider_count; i++)
        configure(config->providers[i], text);
    forget_others();
}

/* ---- Requests. ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '-';
}

static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || !is_word(at[-1])) && !is_word(at[length]))
            return true;
    return false;
}

/* Without what stands before the path, where the server has a name or address of its own. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");

    host = host ? host + 3 : url;
    return host + strcspn(host, "/?");
}

static void read_addresses(const char *text, struct about *about)
{
    while (*text) {
        size_t length = strspn(text, "0123456789abcdefABCDEF:.");
        char *word = mem_string_n(text, length);
        struct ip ip;

        if (length > 2 && ip_parse(word, &ip))
            ip_set_add(ip.family == AF_INET ? &about->ip4 : &about->ip6, &ip);
        free(word);
        text += length ? length : 1;
    }
}

static bool is_from(const struct login *login, const struct fake_request *request)
{
    return login->configured && strncmp(request->url, login->server, strlen(login->server)) == 0 &&
           (!request->username || !login->username || strcmp(request->username, login->username) == 0);
}

/* Which of the two families is meant: that of the addresses, that of a word A or AAAA, or both. */
static bool has_family(const struct about *about, const char *text, int family)
{
    if (about->ip4.count || about->ip6.count)
        return family == AF_INET ? about->ip4.count : about->ip6.count;
    if (has_word(text, "A") || has_word(text, "AAAA"))
        return has_word(text, family == AF_INET ? "A" : "AAAA");
    return true;
}

static void add_text(struct about *about)
{
    char addresses[IP_SET_TEXT_SIZE];
    struct buf text = {0};

    for (size_t i = 0; i < about->count; i++)
        if (i == 0 || strcmp(about->keys[i]->name, about->keys[i - 1]->name) != 0)
            buf_addf(&text, "%s%s", i ? "," : "", about->keys[i]->name);
    if (!about->count)
        buf_add(&text, "nobody");
    buf_add(&text, " ");
    if (about->ip4.count)
        buf_add(&text, ip_set_text(&about->ip4, addresses));
    if (about->ip6.count)
        buf_addf(&text, "%s%s", about->ip4.count ? "," : "", ip_set_text(&about->ip6, addresses));
    if (!about->ip4.count && !about->ip6.count)
        buf_add(&text, "nothing");
    about->text = buf_take(&text);
}

struct about *ledger_read(const struct fake_request *request)
{
    struct about *about = mem_alloc(sizeof *about);
    struct buf text = {0};

    buf_addf(&text, "%s %s", path_of(request->url), request->body ? request->body : "");
    read_addresses(text.text, about);
    for (size_t i = 0; i < login_count && !about->login; i++)
        if (is_from(logins[i], request))
            about->login = logins[i];
    about->keys = mem_alloc((key_count + 1) * sizeof *about->keys);
    for (size_t i = 0; i < key_count; i++)
        if (keys[i]->configured && keys[i]->login == about->login && has_word(text.text, keys[i]->name) &&
            has_family(about, text.text, keys[i]->family))
            about->keys[about->count++] = keys[i];
    add_text(about);
    buf_free(&text);
    return about;
}

void ledger_free_about(struct about *about)
{
    free(about->keys);
    free(about->text);
    free(about);
}

const struct ip_set *ledger_addresses(const struct about *about, const struct key *key)
{
    return key->family == AF_INET ? &about->ip4 : &about->ip6;
}
