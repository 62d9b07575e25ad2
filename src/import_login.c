#include "import_login.h"

#include "import_place.h"
#include "loader.h"
#include "mem.h"
#include "names.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* One name under one login, on its way into the draft. */
struct reading {
    const struct import_login *login;
    struct definition *definition;
    struct draft_section *section; /* NULL until the name is known to be fit */
    struct draft_word *host;
    const char *name;
    struct draft_word *zone, *password; /* what these were taken from */
};

struct draft_word *import_find(const struct draft_words *words, const char *key)
{
    for (size_t i = words->count; i-- > 0;)
        if (strcmp(words->list[i]->key, key) == 0)
            return words->list[i];
    return NULL;
}

struct draft_word *import_given(const struct draft_words *words, const char *key)
{
    struct draft_word *word = import_find(words, key);

    return word && *word->value ? word : NULL;
}

bool import_flag(const struct draft_words *words, const char *key, bool preset)
{
    struct draft_word *word = import_given(words, key);
    int flag = word ? dialect_flag(word->value) : -1;

    return flag < 0 ? preset : flag;
}

void import_carry(struct draft_word *word)
{
    if (word)
        word->done = true;
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            return true;
    return false;
}

/* ---- Which of their keys has a value of ours. ---- */

/* "KEY", or "KEY:REGEX" for the part in ( ) of its value. */
static const char *take_from(const struct reading *reading, const char *from, struct draft_word **taken)
{
    struct draft *draft = reading->login->draft;
    char *key = mem_string_n(from, strcspn(from, ":"));
    struct draft_word *word = import_find(&reading->login->words, key);
    const char *pattern = strchr(from, ':'), *value = word ? word->value : NULL;
    regmatch_t matches[2];
    regex_t regex;

    free(key);
    if (value && pattern) {
        if (regcomp(&regex, pattern + 1, REG_EXTENDED))
            return NULL;
        value = regexec(&regex, word->value, 2, matches, 0) == 0 && matches[1].rm_so >= 0
                    ? draft_format(draft, "%.*s", (int)(matches[1].rm_eo - matches[1].rm_so),
                                   word->value + matches[1].rm_so)
                    : NULL;
        regfree(&regex);
        if (!value)
            draft_note(draft, reading->section, word, true, "it has another form than is known here");
    }
    if (value && !*value)
        return NULL;
    *taken = word;
    return value;
}

/* The zone that is left without the first label, when that has a label before its last one. */
static const char *parent_of(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot && strchr(dot + 1, '.') ? dot + 1 : name;
}

/* The first of the keys that the dialect names which is there; parent and host are made of the name. */
static const char *take(const struct reading *reading, const char *ours, struct draft_word **taken)
{
    const struct tree_node *keys = dialect_login(reading->login->dialect, reading->login->provider, ours);
    const char *value = NULL;

    *taken = NULL;
    if (reading->login->zone && strcmp(ours, "zone") == 0)
        return reading->login->zone;
    for (size_t i = 0; keys && i < keys->value_count && !value; i++) {
        const char *from = keys->values[i].text;

        if (strcmp(from, "parent") == 0 || strcmp(from, "host") == 0)
            value = reading->name ? (*from == 'p' ? parent_of(reading->name) : reading->name) : NULL;
        else
            value = take_from(reading, from, taken);
    }
    if (value && has_control(value)) {
        draft_note(reading->login->draft, reading->section, *taken, true, "it has a control character");
        return NULL;
    }
    return value;
}

/* ---- The name. ---- */

/* The template of the dialect makes a whole name of one that is none: "{}.example.net", "{}.{zone}". */
static const char *expand_name(const struct reading *reading, const char *text, const char *zone)
{
    const struct tree_node *node = dialect_login(reading->login->dialect, reading->login->provider, "name");
    const char *template = node ? node->values[0].text : NULL, *rest = template ? strstr(template, "{}") : NULL;
    bool by_zone = template && strstr(template, "{zone}");
    struct draft *draft = reading->login->draft;

    if (strncmp(text, "@.", 2) == 0)
        text += 2;
    if (by_zone && zone && strcmp(text, "@") == 0)
        return zone;
    if (!rest || (by_zone ? !zone || names_is_in_zone(text, zone) : strchr(text, '.') != NULL))
        return text;
    if (by_zone)
        return draft_format(draft, "%s.%s", text, zone);
    return draft_format(draft, "%.*s%s%s", (int)(rest - template), template, text, rest + 2);
}

/* What names_normalize() makes of it; NULL after a note. */
static const char *read_name(struct reading *reading)
{
    struct draft *draft = reading->login->draft;
    const struct definition *definition = reading->definition;
    struct draft_word *unused;
    const char *given = take(reading, "zone", &unused), *text;
    char *zone = given ? names_normalize(given) : NULL;
    char *whole = names_normalize(reading->host->value), *name = names_normalize(expand_name(reading, whole, zone));

    text = draft_text(draft, name);
    if (names_fault(text))
        draft_note(draft, import_aside(draft), reading->host, true, "as a host name it %s", names_fault(text));
    else if (definition->only && !(reading->login->families & definition->only))
        draft_note(draft, import_aside(draft), reading->host, true, "this service has only records of %s",
                   definition->only == IP_V4 ? "ipv4" : "ipv6");
    else
        import_carry(reading->host);
    free(name);
    free(whole);
    free(zone);
    return reading->host->note ? NULL : text;
}

/* ---- The values. ---- */

static void read_zone(struct reading *reading)
{
    struct draft_word *word;
    const char *given = take(reading, "zone", &word);
    char *zone = given ? names_normalize(given) : NULL;

    if (zone && (!strchr(zone, '.') || !names_is_in_zone(reading->name, zone))) {
        if (word)
            draft_note(reading->login->draft, reading->section, word, true, "%s is not in such a zone", reading->name);
    } else if (zone) {
        reading->section->values[DRAFT_ZONE] = draft_text(reading->login->draft, zone);
        reading->zone = word;
        import_carry(word);
    }
    free(zone);
}

static void read_ttl(struct reading *reading)
{
    struct draft_word *word = import_find(&reading->login->words, "ttl");
    const struct definition *definition = reading->definition;
    unsigned long ttl, low = definition->ttl_min ? definition->ttl_min : 1;
    unsigned long high = definition->ttl_max ? definition->ttl_max : INT32_MAX;
    struct draft *draft = reading->login->draft;

    if (!word)
        return;
    if (!definition->ttl && !definition->ttl_min && !definition->ttl_max) {
        draft_note(draft, reading->section, word, false, "this service takes no TTL");
    } else if (!import_seconds(word->value, &ttl)) {
        draft_note(draft, reading->section, word, true, "it is no number of seconds");
    } else if (ttl != definition->ttl && (ttl < low || ttl > high)) {
        draft_note(draft, reading->section, word, true, "this service takes %lu to %lu seconds", low, high);
    } else {
        reading->section->values[DRAFT_TTL] = draft_format(draft, "%lu", ttl);
        import_carry(word);
    }
}

/* "OURS=KEY", or "OURS=KEY?YES:NO" where KEY is a flag of theirs; host is the name as they write it. */
static void read_option(struct reading *reading, const char *entry)
{
    struct draft *draft = reading->login->draft;
    size_t ours = strcspn(entry, "=");
    const char *from = entry + ours + 1, *choice = strchr(from, '?');
    char *key = mem_string_n(from, strcspn(from, "?"));
    struct draft_word *word = strcmp(key, "host") == 0 ? reading->host : import_find(&reading->login->words, key);
    const char *value = word && *word->value ? word->value : NULL;

    free(key);
    if (value && choice) {
        size_t yes = strcspn(choice + 1, ":");

        if (dialect_flag(value) < 0)
            return;
        value = dialect_flag(value) ? draft_format(draft, "%.*s", (int)yes, choice + 1) : choice + 1 + yes + 1;
    }
    if (!value || has_control(value))
        return;
    draft_add(&reading->section->options, draft_format(draft, "%.*s=%s", (int)ours, entry, value));
    import_carry(word);
}

static void read_options(struct reading *reading)
{
    const struct tree_node *options = dialect_login(reading->login->dialect, reading->login->provider, "options");

    for (size_t i = 0; options && i < options->value_count; i++)
        read_option(reading, options->values[i].text);
}

/* "KEY=ALTERNATIVE|ALTERNATIVE=why"; an empty one: it may be missing. False: the login is none that we can have. */
static bool fits_must(const struct reading *reading, const char *must, const char **why)
{
    size_t key_length = strcspn(must, "=");
    const char *at = must + key_length + 1;
    char *key = mem_string_n(must, key_length);
    struct draft_word *word = import_find(&reading->login->words, key);
    const char *value = word ? word->value : "";
    bool fits = false;

    free(key);
    *why = must + key_length + 1 + strcspn(at, "=") + 1;
    for (const char *end = *why - 1; at <= end; at += strcspn(at, "|=") + 1)
        fits |= strcspn(at, "|=") == strlen(value) && strncmp(at, value, strlen(value)) == 0;
    if (fits)
        import_carry(word);
    return fits;
}

/* Why a login of theirs is none of ours, or NULL. */
static const char *find_bar(const struct reading *reading)
{
    const struct import_login *login = reading->login;
    const struct tree_node *must = dialect_login(login->dialect, login->provider, "must");
    const struct tree_node *lost = dialect_login(login->dialect, login->provider, "lost");
    const char *why;

    if (must && !fits_must(reading, must->values[0].text, &why))
        return why;
    return lost ? strchr(lost->values[0].text, '=') + 1 : NULL;
}

/* Where each record has a login of its own, that of the one family. */
static const char *password_of(const struct import_login *login)
{
    const char *own = login->families == IP_V6 ? "password-ipv6" : "password-ipv4";

    return dialect_login(login->dialect, login->provider, own) ? own : "password";
}

static void read_password(struct reading *reading)
{
    const char *bar = find_bar(reading);
    struct draft_word *word;
    const char *value = take(reading, password_of(reading->login), &word);

    if (!value)
        return;
    reading->password = word;
    if (bar) {
        draft_note(reading->login->draft, reading->section, word, true, "%s", bar);
        return;
    }
    reading->section->values[DRAFT_PASSWORD] = value;
    import_carry(word);
}

static bool is_unused(const struct reading *reading, const struct draft_word *word)
{
    const struct tree_node *unused = dialect_login(reading->login->dialect, reading->login->provider, "unused");

    for (size_t i = 0; unused && i < unused->value_count; i++)
        if (strcmp(unused->values[i].text, word->key) == 0)
            return true;
    return false;
}

static void read_username(struct reading *reading)
{
    struct draft_word *word;
    const char *value = take(reading, "username", &word);

    /* A key that has become something else, or that only fills its place, is no user name. */
    if (!value || word == reading->zone || word == reading->password || is_unused(reading, word))
        return;
    reading->section->values[DRAFT_USERNAME] = value;
    import_carry(word);
}

static void note_unused(struct reading *reading)
{
    const struct draft_words *words = &reading->login->words;

    for (size_t i = 0; i < words->count; i++)
        if (is_unused(reading, words->list[i]))
            draft_note(reading->login->draft, reading->section, words->list[i], false, "this service takes none");
}

/* ---- The whole. ---- */

struct definition *import_definition(const struct draft *draft, const char *name)
{
    struct faults faults = {"wanddns", fault_print, NULL, false};

    for (size_t i = 0; i < draft->section_count; i++)
        if (draft->sections[i]->provider && strcmp(draft->sections[i]->provider, name) == 0)
            return definition_hold(draft->sections[i]->definition);
    return loader_find(name, &faults, 0);
}

struct draft_section *import_aside(struct draft *draft)
{
    if (draft->section_count && !draft->sections[draft->section_count - 1]->provider)
        return draft->sections[draft->section_count - 1];
    return draft_section(draft);
}

static void fill_section(struct reading *reading)
{
    const struct import_login *login = reading->login;
    struct draft_section *section = reading->section;
    struct draft_name name = {reading->name, login->families, login->v4, login->v6};

    section->provider = login->provider;
    section->label = login->label;
    section->definition = definition_hold(reading->definition);
    section->values[DRAFT_SERVER] = login->server;
    section->values[DRAFT_URL] = login->url;
    for (size_t i = 0; i < login->answers.count; i++)
        draft_add(&section->answers, login->answers.list[i]);
    read_zone(reading);
    read_password(reading);
    read_username(reading);
    read_ttl(reading);
    read_options(reading);
    note_unused(reading);
    if (section->definition->only)
        name.families &= section->definition->only;
    draft_name(section, &name);
}

static struct draft_section *read_login(const struct import_login *login, struct draft_word *host)
{
    struct draft *draft = login->draft;
    struct reading reading = {.login = login, .host = host, .definition = import_definition(draft, login->provider)};
    struct draft_section *section = NULL;

    if (!reading.definition || !definition_publishes(reading.definition)) {
        draft_note(draft, import_aside(draft), host, true, "there is no provider %s that publishes", login->provider);
    } else if ((reading.name = read_name(&reading))) {
        reading.section = draft_section(draft);
        fill_section(&reading);
        section = draft_join(draft);
    }
    definition_free(reading.definition);
    return section;
}

static bool has_password(const struct import_login *login)
{
    const struct tree_node *keys = dialect_login(login->dialect, login->provider, password_of(login));
    bool found = false;

    for (size_t i = 0; keys && i < keys->value_count && !found; i++) {
        char *key = mem_string_n(keys->values[i].text, strcspn(keys->values[i].text, ":"));

        found = import_given(&login->words, key) != NULL;
        free(key);
    }
    return found;
}

/* A family without a login of its own is left out, as they do it, unless there is none at all. */
struct draft_section *import_login(const struct import_login *login, struct draft_word *host)
{
    static const enum ip_families families[] = {IP_V4, IP_V6};
    struct draft_section *section = NULL;
    struct import_login one = *login;

    if (strcmp(password_of(login), "password") == 0)
        return read_login(login, host);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        one.families = families[i];
        if (login->families & families[i] && has_password(&one))
            section = read_login(&one, host);
    }
    return section || host->note ? section : read_login(login, host);
}

void import_rest(struct draft *draft, const struct dialect *dialect, struct draft_section *section,
                 const struct draft_words *words, const char *why)
{
    for (size_t i = 0; i < words->count; i++) {
        struct draft_word *word = words->list[i];
        const char *known;
        enum dialect_fate fate = dialect_fate(dialect, word->key, word->value ? word->value : "", &known);

        if (word->done)
            continue;
        if (why && !word->at_top)
            draft_note(draft, section, word, true, "%s", why);
        else if (!word->value || !*word->value)
            draft_note(draft, section, word, false, "it is empty");
        else if (fate == DIALECT_UNKNOWN)
            draft_note(draft, section, word, true, "%s has no such word that is known here", draft->client);
        else
            draft_note(draft, section, word, fate == DIALECT_LOST, "%s", known);
    }
}
