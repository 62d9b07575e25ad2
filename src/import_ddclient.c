#include "import_ddclient.h"

#include "import_lines.h"
#include "import_login.h"
#include "import_place.h"
#include "mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MAX_HOSTS = 2000, MAX_SETTINGS = 200 };

/* A name, with the words that held where it stands. */
struct host {
    struct draft_word *word;
    struct draft_words words; /* the same list for all names of a line */
    bool owns_words;
    struct draft_section *section; /* where it is now, or where its notes are */
    bool carried;
};

struct reading {
    struct draft *draft;
    struct dialect *dialect;
    struct faults *faults;
    struct draft_words globals; /* as far as was read; a key stands there once */
    struct host *hosts;
    size_t host_count;
    const char *protocol, *provider, *why; /* what was found out last */
};

/* ---- Words. ---- */

static void put(struct draft_words *words, struct draft_word *word)
{
    size_t at = 0;

    while (at < words->count && strcmp(words->list[at]->key, word->key) != 0)
        at++;
    if (at == words->count)
        words->list = mem_resize(words->list, ++words->count, sizeof(struct draft_word *));
    words->list[at] = word;
}

static struct draft_words copy_words(const struct draft_words *words)
{
    struct draft_words copy = {mem_resize(NULL, words->count + 1, sizeof(struct draft_word *)), words->count};

    for (size_t i = 0; i < words->count; i++)
        copy.list[i] = words->list[i];
    return copy;
}

static struct draft_word *make_word(struct reading *reading, const char *key, const char *value, int line, bool at_top)
{
    const struct draft_word word = {.key = key,
                                    .value = value,
                                    .file = reading->draft->file,
                                    .line = line,
                                    .secret = dialect_is_secret(reading->dialect, key),
                                    .at_top = at_top};

    return draft_word(reading->draft, &word);
}

/* KEY_env names a variable of the environment that has the value. */
static void add_assignment(struct reading *reading, const struct import_assignment *one, bool at_top,
                           struct draft_words *words)
{
    size_t length = strlen(one->key);
    bool by_environment = length > 4 && strcmp(one->key + length - 4, "_env") == 0;
    const char *value = by_environment ? getenv(one->value) : one->value;
    char *key = mem_string_n(one->key, by_environment ? length - 4 : length);

    if (words->count == MAX_SETTINGS)
        fault_at(reading->faults, one->line, "more than %d settings", MAX_SETTINGS);
    else if (value)
        put(words, make_word(reading, key, value, one->line, at_top));
    else
        draft_note(reading->draft, at_top ? NULL : import_aside(reading->draft),
                   make_word(reading, one->key, one->value, one->line, at_top), true,
                   "there is no such variable in the environment of this command");
    free(key);
}

/* ---- Lines. ---- */

static bool is_host(const char *text)
{
    for (const char *c = text; *c; c++)
        if (!isgraph((unsigned char)*c) && (unsigned char)*c < 0x80)
            return false;
    return *text && !strpbrk(text, "{}()[]<>\"'`;=|\\$&!?#%^+~:/");
}

static void add_hosts(struct reading *reading, const char *list, int line, struct draft_words *words)
{
    char *copy = mem_string(list), *save = NULL;
    bool first = true;

    for (char *name = strtok_r(copy, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        struct host host = {.words = *words, .owns_words = first};

        if (!is_host(name))
            fault_at(reading->faults, line, "this is neither name=value nor the name of a host");
        if (reading->host_count == MAX_HOSTS)
            fault_at(reading->faults, line, "more than %d hosts", MAX_HOSTS);
        if (reading->faults->any)
            break;
        host.word = make_word(reading, "host", name, line, false);
        if ((reading->host_count & (reading->host_count - 1)) == 0)
            reading->hosts =
                mem_resize(reading->hosts, reading->host_count ? 2 * reading->host_count : 1, sizeof *reading->hosts);
        reading->hosts[reading->host_count++] = host;
        first = false;
    }
    if (first)
        free(words->list);
    free(copy);
}

/* The words behind the assignments: hosts, and, in the old way, login and password. */
static void read_words(struct reading *reading, const struct import_assignment *list, size_t count,
                       struct draft_words *words)
{
    static const char *const keys[] = {"host", "login", "password"};

    for (size_t i = 1; i < count && i < sizeof keys / sizeof *keys; i++)
        put(words, make_word(reading, keys[i], list[i].value, list[i].line, false));
    if (count > sizeof keys / sizeof *keys)
        fault_at(reading->faults, list[3].line, "there is more than hosts, login and password behind the settings");
}

static void read_line(void *arg, const struct import_assignment *list, size_t count)
{
    struct reading *reading = arg;
    struct draft_words words;
    const char *hosts = NULL;
    size_t assignments = 0;

    while (assignments < count && list[assignments].key)
        assignments++;
    for (size_t i = 0; i < assignments; i++)
        if (strcmp(list[i].key, "host") == 0)
            hosts = list[i].value;
    if (assignments == count && !hosts) {
        for (size_t i = 0; i < count; i++)
            add_assignment(reading, &list[i], true, &reading->globals);
        return;
    }
    words = copy_words(&reading->globals);
    for (size_t i = 0; i < assignments; i++)
        if (strcmp(list[i].key, "host") != 0)
            add_assignment(reading, &list[i], false, &words);
    read_words(reading, list + assignments, count - assignments, &words);
    if (hosts && assignments < count)
        hosts = draft_format(reading->draft, "%s,%s", list[assignments].value, hosts);
    add_hosts(reading, hosts ? hosts : list[assignments].value, list[hosts ? 0 : assignments].line, &words);
}

/* ---- Where addresses are looked for. ---- */

static struct draft_word *find(const struct draft_words *words, const char *key, const char *other)
{
    struct draft_word *word = import_given(words, key);

    return word ? word : import_given(words, other);
}

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return strcasecmp(text, a) == 0 || strcasecmp(text, b) == 0;
}

/* A way of one family, or of use, which has keys without a number. */
struct way {
    const char *use, *interface, *service, *skip, *command, *address; /* keys; some are values of use, too */
    const char *preset;                                               /* the service without a key */
    enum ip_families families;
};

static const struct way ways[] = {
    {"usev4", "ifv4", "webv4", "webv4-skip", "cmdv4", "ipv4", "ipify-ipv4", IP_V4},
    {"usev6", "ifv6", "webv6", "webv6-skip", "cmdv6", "ipv6", "ipify-ipv6", IP_V6},
    {"use", "if", "web", "web-skip", "cmd", "ip", "dyndns", IP_BOTH},
};

/* The families of a page that use=web asks: IPv4, if it is not one of the few for IPv6 only. */
static enum ip_families read_web(struct reading *reading, const struct draft_words *words, const struct way *way,
                                 struct draft_word *use, struct draft_place *place)
{
    struct draft_word *word = find(words, way->service, "web"), *ssl = import_given(words, "ssl");
    struct draft_word *skip = find(words, way->skip, "web-skip");
    const char *url = word ? word->value : way->preset;

    if (!dialect_source(reading->dialect, url)) {
        if (skip)
            draft_note(reading->draft, NULL, skip, true, "an answer must be the address and nothing else");
        if (!strstr(url, "://") && ssl && dialect_flag(ssl->value) == 1)
            url = draft_format(reading->draft, "https://%s", url);
    }
    import_service(reading->draft, reading->dialect, word ? word : use, url, place);
    return way->families != IP_BOTH ? way->families : dialect_families(reading->dialect, url) == IP_V6 ? IP_V6 : IP_V4;
}

/* The families that this way gives. */
static enum ip_families read_way(struct reading *reading, const struct draft_words *words, const struct way *way,
                                 struct draft_place *place)
{
    struct draft_word *use = import_given(words, way->use), *word;
    enum ip_families families = way->families == IP_BOTH ? IP_V4 : way->families;

    if (!use || is_one_of(use->value, "disabled", "no")) {
        if (use)
            use->done = true;
        return 0;
    }
    use->done = true;
    if (is_one_of(use->value, way->interface, "if")) {
        if ((word = find(words, way->interface, "if")))
            import_interface(reading->draft, word, "default", place);
        else if (way->families == IP_BOTH)
            place->interface = "ppp0"; /* the default of ddclient */
    } else if (is_one_of(use->value, way->service, "web")) {
        families = read_web(reading, words, way, use, place);
    } else if (is_one_of(use->value, way->command, "cmd")) {
        if ((word = find(words, way->command, "cmd")))
            import_command(reading->draft, word, place);
    } else if (is_one_of(use->value, way->address, "ip")) {
        if ((word = find(words, way->address, "ip"))) {
            import_address(reading->draft, word, way->families, place);
            families = way->families == IP_BOTH && strchr(word->value, ':') ? IP_V6 : families;
        }
    } else {
        draft_note(reading->draft, NULL, use, true,
                   "the page of a router is not read; source = \"exec:/PROGRAM\" can do it");
    }
    import_interval(reading->draft, import_given(words, "daemon"), place);
    return families;
}

static void read_places(struct reading *reading, const struct draft_words *words, struct import_login *login)
{
    struct draft_place place = {0};
    enum ip_families families;

    login->families = read_way(reading, words, &ways[0], &login->v4);
    login->families |= read_way(reading, words, &ways[1], &login->v6);
    families = read_way(reading, words, &ways[2], &place);
    if (families & ~login->families & IP_V4)
        login->v4 = place;
    if (families & ~login->families & IP_V6)
        login->v6 = place;
    login->families |= families;
    if (!login->families)
        login->families = IP_V4;
}

/* ---- Logins. ---- */

static const char *without_scheme(const char *server)
{
    return strstr(server, "://") ? strstr(server, "://") + 3 : server;
}

static const char *with_scheme(struct reading *reading, const struct draft_words *words, const char *server)
{
    struct draft_word *ssl = import_given(words, "ssl");
    bool is_plain = ssl && dialect_flag(ssl->value) == 0;

    if (strstr(server, "://"))
        return server;
    if (ssl)
        ssl->done = true;
    return draft_format(reading->draft, "%s://%s", is_plain ? "http" : "https", server);
}

/* A server that speaks the general protocol: one of a service that is known, or by its URL when its path is another. */
static void read_general(struct reading *reading, struct import_login *login, struct draft_word *word)
{
    const struct tree_node *preset = dialect_login(reading->dialect, login->provider, "server");
    const char *server = word ? word->value : preset ? preset->values[0].text : "";
    struct draft_word *script = import_given(&login->words, "script");
    char *known = dialect_provider_at(reading->dialect, without_scheme(server));

    if (known) {
        login->provider = draft_text(reading->draft, known);
    } else if (script && strcmp(script->value, "/nic/update") != 0) {
        login->provider = "custom";
        login->url =
            draft_format(reading->draft, "%s%s%s?hostname={hostname}&myip={ip}",
                         with_scheme(reading, &login->words, server), *script->value == '/' ? "" : "/", script->value);
        draft_add(&login->answers, "good");
        draft_add(&login->answers, "nochg");
        script->done = true;
    } else {
        login->server = with_scheme(reading, &login->words, server);
    }
    free(known);
}

/* Is it nothing but the definition's own server? */
static bool is_own(const struct reading *reading, const struct definition *definition, const char *server)
{
    const char *built_in[] = {definition->server, definition->server4, definition->server6};

    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
        if (built_in[i] && strcasecmp(without_scheme(built_in[i]), server) == 0)
            return true;
    return dialect_is_own_server(reading->dialect, definition->name, server);
}

static void read_server(struct reading *reading, struct import_login *login)
{
    struct definition *definition = import_definition(reading->draft, login->provider);
    struct draft_word *word = import_given(&login->words, "server");

    if (definition && !definition->server)
        read_general(reading, login, word);
    else if (definition && word && !is_own(reading, definition, without_scheme(word->value)))
        login->server = with_scheme(reading, &login->words, word->value);
    if (word)
        word->done = true;
    definition_free(definition);
}

static struct draft_section *read_login(struct reading *reading, const struct host *host, const char *provider,
                                        struct draft_words words)
{
    struct import_login login = {
        .draft = reading->draft, .dialect = reading->dialect, .provider = provider, .words = words};
    struct draft_word *protocol = import_given(&words, "protocol");
    struct draft_section *section;

    if (protocol)
        protocol->done = true;
    read_places(reading, &words, &login);
    read_server(reading, &login);
    section = import_login(&login, host->word);
    free(login.answers.list);
    return section;
}

/* Our provider for a protocol; NULL when there is none, and then reading->why says more. */
static const char *find_provider(struct reading *reading, const char *protocol)
{
    char *provider;

    if (reading->protocol && strcmp(reading->protocol, protocol) == 0)
        return reading->provider;
    provider = dialect_provider(reading->dialect, protocol, &reading->why);
    reading->protocol = protocol;
    reading->provider = draft_text(reading->draft, provider);
    if (!reading->why)
        reading->why = "there is no provider here for this protocol";
    free(provider);
    return reading->provider;
}

static void read_host(struct reading *reading, struct host *host)
{
    static const char *const everywhere[] = {"ssl", "daemon"}; /* wherever they stand */
    struct draft_words words = copy_words(&host->words);
    struct draft_word *protocol, *word;
    const char *provider;

    for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++)
        if (!import_find(&words, everywhere[i]) && (word = import_find(&reading->globals, everywhere[i])))
            put(&words, word);
    protocol = import_given(&words, "protocol");
    provider = find_provider(reading, protocol ? protocol->value : "dyndns2");
    if (provider) {
        host->section = read_login(reading, host, provider, words);
        host->carried = host->section != NULL;
    } else {
        draft_note(reading->draft, import_aside(reading->draft), host->word, true, "%s", reading->why);
        if (protocol)
            draft_note(reading->draft, import_aside(reading->draft), protocol, true, "%s", reading->why);
    }
    if (!host->carried)
        host->section = import_aside(reading->draft);
    if (reading->draft->section_count > DRAFT_SECTIONS)
        fault_at(reading->faults, host->word->line, "more than %d logins", DRAFT_SECTIONS);
    free(words.list);
}

/* ---- The whole file. ---- */

static void read_ca_file(struct reading *reading)
{
    struct draft_word *word = import_given(&reading->globals, "ssl_ca_file");

    if (!word)
        return;
    if (word->value[0] == '/' && access(word->value, R_OK) == 0) {
        reading->draft->ca_file = word->value;
        word->done = true;
    } else {
        draft_note(reading->draft, NULL, word, true, "it cannot be read here");
    }
}

/* ddclient knows one for all hosts, and runs it in a shell, with the addresses as arguments. */
static void read_postscript(struct reading *reading)
{
    struct draft_word *word = import_given(&reading->globals, "postscript");
    const char *why = word ? import_command_fault(word->value) : NULL;

    if (!word)
        return;
    if (why) {
        draft_note(reading->draft, NULL, word, true, "%s", why);
        return;
    }
    reading->draft->on_change = word->value;
    word->done = true;
}

/* First those of hosts that are carried over, which may share a line with one that is not. */
static void note_rest(struct reading *reading)
{
    for (size_t i = 0; i < reading->host_count; i++)
        if (reading->hosts[i].carried)
            import_rest(reading->draft, reading->dialect, reading->hosts[i].section, &reading->hosts[i].words, NULL);
    for (size_t i = 0; i < reading->host_count; i++)
        if (!reading->hosts[i].carried)
            import_rest(reading->draft, reading->dialect, reading->hosts[i].section, &reading->hosts[i].words,
                        "so is its host");
    for (size_t i = 0; i < reading->draft->words.count; i++)
        import_rest(reading->draft, reading->dialect, NULL, &(struct draft_words){&reading->draft->words.list[i], 1},
                    NULL);
}

void import_ddclient(struct draft *draft, struct dialect *dialect, const char *text, size_t length,
                     struct faults *faults)
{
    struct reading reading = {.draft = draft, .dialect = dialect, .faults = faults};

    import_lines(text, length, faults, read_line, &reading);
    for (size_t i = 0; !faults->any && i < reading.host_count; i++)
        read_host(&reading, &reading.hosts[i]);
    if (!faults->any) {
        read_ca_file(&reading);
        read_postscript(&reading);
        note_rest(&reading);
    }
    draft->hint = draft_text(draft, dialect_hint(dialect));
    for (size_t i = 0; i < reading.host_count; i++)
        if (reading.hosts[i].owns_words)
            free(reading.hosts[i].words.list);
    free(reading.hosts);
    free(reading.globals.list);
}
