#include "import_inadyn.h"

#include "buf.h"
#include "file.h"
#include "import_custom.h"
#include "import_login.h"
#include "import_place.h"
#include "mem.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MAX_FILE = 256 * 1024, MAX_DEPTH = 8, MAX_FILES = 64, MAX_HOSTS = 2000 };

#define LOGIN_KEYS                                                                                               \
    {"include", TREE_CALL, NULL}, {"username", TREE_TEXT, NULL}, {"password", TREE_TEXT, NULL},                  \
        {"hostname", TREE_LIST, NULL}, {"alias", TREE_LIST, NULL}, {"ssl", TREE_TEXT, NULL},                     \
        {"wildcard", TREE_TEXT, NULL}, {"ttl", TREE_TEXT, NULL}, {"proxied", TREE_TEXT, NULL},                   \
        {"iface", TREE_TEXT, NULL}, {"checkip-server", TREE_TEXT, NULL}, {"checkip-path", TREE_TEXT, NULL},      \
        {"checkip-ssl", TREE_TEXT, NULL}, {"checkip-command", TREE_TEXT, NULL}, {"user-agent", TREE_TEXT, NULL}, \
    {                                                                                                            \
        "proxy", TREE_TEXT, NULL                                                                                 \
    }

static const struct tree_key provider_keys[] = {LOGIN_KEYS, {NULL, TREE_TEXT, NULL}};

static const struct tree_key custom_keys[] = {
    LOGIN_KEYS,
    {"append-myip", TREE_TEXT, NULL},
    {"ddns-server", TREE_TEXT, NULL},
    {"ddns-path", TREE_TEXT, NULL},
    {"ddns-response", TREE_LIST, NULL},
    {NULL, TREE_TEXT, NULL},
};

static const struct tree_key file_keys[] = {
    {"verify-address", TREE_TEXT, NULL},
    {"fake-address", TREE_TEXT, NULL},
    {"allow-ipv6", TREE_TEXT, NULL},
    {"secure-ssl", TREE_TEXT, NULL},
    {"broken-rtc", TREE_TEXT, NULL},
    {"ca-trust-file", TREE_TEXT, NULL},
    {"cache-dir", TREE_TEXT, NULL},
    {"period", TREE_TEXT, NULL},
    {"iterations", TREE_TEXT, NULL},
    {"forced-update", TREE_TEXT, NULL},
    {"iface", TREE_TEXT, NULL},
    {"user-agent", TREE_TEXT, NULL},
    {"provider", TREE_SECTION, provider_keys},
    {"custom", TREE_SECTION, custom_keys},
    {NULL, TREE_TEXT, NULL},
};

struct reading {
    struct draft *draft;
    struct dialect *dialect;
    struct faults *faults;
    struct draft_words top;        /* what stands outside of sections */
    size_t files, sections, hosts; /* files: that were included */
};

/* The files that are open, from the innermost outward: a loop is found by them. */
struct open_file {
    const char *path;
    const struct open_file *outer;
    unsigned depth;
};

static void collect(struct draft_words *words, struct draft_word *word)
{
    if ((words->count & (words->count - 1)) == 0) /* full: 0, or a power of two */
        words->list = mem_resize(words->list, words->count ? 2 * words->count : 1, sizeof(struct draft_word *));
    words->list[words->count++] = word;
}

/* ---- From nodes to words. ---- */

static void add_values(struct reading *reading, const struct tree_node *node, const char *file, bool at_top,
                       struct draft_words *words)
{
    for (size_t i = 0; i < node->value_count; i++) {
        const struct draft_word word = {.key = node->key->name,
                                        .value = node->values[i].text,
                                        .file = file,
                                        .line = node->values[i].line,
                                        .secret = dialect_is_secret(reading->dialect, node->key->name),
                                        .at_top = at_top};

        collect(words, draft_word(reading->draft, &word));
    }
}

/* A later key of a section has the say, also over what was included. */
static void forget_earlier(struct reading *reading, const struct draft_words *words, const struct tree_node *node)
{
    for (size_t i = 0; i < words->count; i++)
        if (!words->list[i]->done && strcmp(words->list[i]->key, node->key->name) == 0)
            draft_note(reading->draft, NULL, words->list[i], false, "it is written again further down");
}

static void add_section(struct reading *reading, const struct tree_node *section, const struct open_file *file,
                        struct draft_words *words);

/* What cfg_include() of libConfuse finds: a path from the root, or in the home of the user, or, here, beside the file. */
static char *find_included(const char *name, const char *from)
{
    const char *slash = strrchr(from, '/');
    const struct passwd *user = strncmp(name, "~/", 2) == 0 ? getpwuid(geteuid()) : NULL;
    struct buf path = {0};

    if (user)
        buf_addf(&path, "%s%s", user->pw_dir, name + 1);
    else if (*name == '/' || !slash)
        buf_add(&path, name);
    else
        buf_addf(&path, "%.*s/%s", (int)(slash - from), from, name);
    return buf_take(&path);
}

static const char *include_fault(struct reading *reading, const char *path, const struct open_file *file)
{
    char *whole = realpath(path, NULL);
    const char *why = NULL;

    if (file->depth == MAX_DEPTH)
        why = "files include each other too deeply";
    else if (reading->files++ == MAX_FILES)
        why = "too many files are included";
    for (; whole && file && !why; file = file->outer) {
        char *open = realpath(file->path, NULL);

        if (open && strcmp(open, whole) == 0)
            why = "this file includes itself";
        free(open);
    }
    free(whole);
    return why;
}

static void include(struct reading *reading, const struct tree_node *call, const struct open_file *file,
                    struct draft_words *words)
{
    struct faults outer = {file->path, reading->faults->fn, reading->faults->arg, false};
    char *path = find_included(call->value_count ? call->values[0].text : "", file->path), *text = NULL;
    const char *why = call->value_count == 1 ? include_fault(reading, path, file) : "include has one file in ( )";
    size_t length = 0;
    struct tree_node *tree = NULL;
    int error = why ? 0 : file_read(path, MAX_FILE, &text, &length);

    if (why)
        fault_at(&outer, call->line, "include: %s", why);
    else if (error)
        fault_at(&outer, call->line, "include: %s: %s", path, file_error(path, error));
    else
        tree = tree_parse_foreign(path, text, length, custom_keys, outer.fn, outer.arg);
    if (tree)
        add_section(reading, tree, &(struct open_file){path, file, file->depth + 1}, words);
    reading->faults->any |= !tree;
    tree_free(tree);
    mem_wipe(text);
    free(path);
}

static void add_section(struct reading *reading, const struct tree_node *section, const struct open_file *file,
                        struct draft_words *words)
{
    for (size_t i = 0; i < section->node_count; i++) {
        const struct tree_node *node = &section->nodes[i];

        if (node->key->type == TREE_CALL) {
            include(reading, node, file, words);
            continue;
        }
        forget_earlier(reading, words, node);
        add_values(reading, node, file->path, false, words);
    }
}

/* ---- Where addresses are looked for: an interface comes before a program, and that before a server. ---- */

static void read_server(struct reading *reading, const struct draft_words *words, struct draft_word *server,
                        struct draft_place *place)
{
    struct draft_word *path = import_given(words, "checkip-path");
    bool is_default = strcmp(server->value, "default") == 0, is_secure = import_flag(words, "checkip-ssl", true);
    const char *url = is_default
                          ? server->value
                          : draft_format(reading->draft, "%s://%s%s%s", is_secure ? "https" : "http", server->value,
                                         path && *path->value == '/' ? "" : "/", path ? path->value : "");

    import_service(reading->draft, reading->dialect, server, url, place);
    if (path && server->note)
        draft_note(reading->draft, NULL, path, false, "it goes with checkip-server");
    import_carry(path);
}

static void read_place(struct reading *reading, const struct draft_words *words, struct draft_place *place)
{
    struct draft_word *inner = import_given(words, "iface"), *outer = import_given(&reading->top, "iface");
    struct draft_word *command = import_given(words, "checkip-command"),
                      *server = import_given(words, "checkip-server");
    struct draft_word *verify = import_given(&reading->top, "verify-address");

    if (inner || outer)
        import_interface(reading->draft, inner ? inner : outer, NULL, place);
    else if (command)
        import_command(reading->draft, command, place);
    else if (server)
        read_server(reading, words, server, place);
    import_interval(reading->draft, import_given(&reading->top, "period"), place);
    if (verify && dialect_flag(verify->value) == 0) {
        place->allow_private = true;
        import_carry(verify);
    }
}

/* ipv6@SERVICE and ipv4@SERVICE say it themselves, for others allow-ipv6 does, and a server that has one family only. */
static enum ip_families read_families(struct reading *reading, const char *title, const struct draft_words *words)
{
    struct draft_word *server = import_given(words, "checkip-server");
    bool is_asked = server && !import_given(words, "iface") && !import_given(&reading->top, "iface") &&
                    !import_given(words, "checkip-command");
    enum ip_families families = is_asked ? dialect_families(reading->dialect, server->value) : 0;

    import_carry(import_given(&reading->top, "allow-ipv6"));
    if (strncasecmp(title, "ipv6@", 5) == 0)
        return IP_V6;
    if (strncasecmp(title, "ipv4@", 5) == 0 || !import_flag(&reading->top, "allow-ipv6", false))
        return IP_V4;
    return families ? families : IP_BOTH;
}

/* ---- Sections. ---- */

/* What may stand behind NAME: in the title of a section of ours. */
static const char *make_label(struct draft *draft, const char *text)
{
    char *label = mem_string(text);
    const char *made;

    for (char *c = label; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(".-_", *c))
            *c = '-';
    made = *label ? draft_text(draft, label) : NULL;
    free(label);
    return made;
}

static bool is_name(const struct draft_word *word)
{
    return strcmp(word->key, "hostname") == 0 || strcmp(word->key, "alias") == 0;
}

/* Takes the names, hostname or as it was called before, out of the words of the section. */
static struct draft_words take_names(struct draft_words *words)
{
    struct draft_words names = {NULL, 0};
    size_t kept = 0;

    for (size_t i = 0; i < words->count; i++) {
        if (is_name(words->list[i]))
            collect(&names, words->list[i]);
        else
            words->list[kept++] = words->list[i];
    }
    words->count = kept;
    return names;
}

/* Each name under the login; what is left of the section's words is noted in it, or aside when no name could be used. */
static void add_names(struct reading *reading, struct import_login *login, const struct draft_words *names)
{
    struct draft_section *section = NULL;

    for (size_t i = 0; i < names->count; i++) {
        struct draft_section *found = names->list[i]->note ? NULL : import_login(login, names->list[i]);

        section = found ? found : section;
    }
    if (section)
        import_rest(reading->draft, reading->dialect, section, &login->words, NULL);
    else
        import_rest(reading->draft, reading->dialect, import_aside(reading->draft), &login->words,
                    names->count ? "none of its names can be used" : "its section has no hostname");
}

static void leave_out(struct reading *reading, struct draft_word *title, const struct draft_words *words,
                      const struct draft_words *names, const char *why)
{
    draft_note(reading->draft, import_aside(reading->draft), title, true, "%s", why);
    import_rest(reading->draft, reading->dialect, import_aside(reading->draft), words, "so is its whole section");
    import_rest(reading->draft, reading->dialect, import_aside(reading->draft), names, "so is its whole section");
}

static void read_provider(struct reading *reading, const struct tree_node *node, struct draft_word *title,
                          struct import_login *login, const struct draft_words *names)
{
    char *service = mem_string_n(node->title, strcspn(node->title, ":"));
    const char *colon = strchr(node->title, ':'), *why;
    char *provider = dialect_provider(reading->dialect, service, &why);

    if (provider) {
        import_carry(title);
        login->provider = draft_text(reading->draft, provider);
        login->label = colon ? make_label(reading->draft, colon + 1) : NULL;
        add_names(reading, login, names);
    } else {
        leave_out(reading, title, &login->words, names,
                  why ? why : "there is no such provider here, or more than one that it may mean");
    }
    free(provider);
    free(service);
}

static void read_custom(struct reading *reading, const struct tree_node *node, struct draft_word *title,
                        struct import_login *login, const struct draft_words *names)
{
    if (!import_custom(login, names)) {
        leave_out(reading, title, &login->words, names, "it has no ddns-server");
        return;
    }
    title->done = true;
    login->label = make_label(reading->draft, node->title);
    add_names(reading, login, names);
    free(login->answers.list);
}

/* ---- The whole file. ---- */

static void read_section(struct reading *reading, const struct tree_node *node, const struct open_file *file)
{
    const struct draft_word heading = {.key = draft_format(reading->draft, "%s %s", node->key->name, node->title),
                                       .file = file->path,
                                       .line = node->line};
    struct import_login login = {.draft = reading->draft, .dialect = reading->dialect};
    struct draft_word *title = draft_word(reading->draft, &heading);
    struct draft_place place = {0};
    struct draft_words names;

    add_section(reading, node, file, &login.words);
    names = take_names(&login.words);
    reading->hosts += names.count;
    if (reading->sections++ == DRAFT_SECTIONS)
        fault_at(reading->faults, node->line, "more than %d sections", DRAFT_SECTIONS);
    if (reading->hosts > MAX_HOSTS)
        fault_at(reading->faults, node->line, "more than %d hosts", MAX_HOSTS);
    if (!reading->faults->any) {
        read_place(reading, &login.words, &place);
        login.families = read_families(reading, node->title, &login.words);
        login.v4 = login.v6 = place;
        if (node->key->keys == custom_keys)
            read_custom(reading, node, title, &login, &names);
        else
            read_provider(reading, node, title, &login, &names);
    }
    free(login.words.list);
    free(names.list);
}

static void read_ca_file(struct reading *reading)
{
    struct draft_word *word = import_given(&reading->top, "ca-trust-file");

    if (!word)
        return;
    if (word->value[0] == '/' && access(word->value, R_OK) == 0) {
        reading->draft->ca_file = word->value;
        import_carry(word);
    } else {
        draft_note(reading->draft, NULL, word, true, "it cannot be read here");
    }
}

void import_inadyn(struct draft *draft, struct dialect *dialect, const char *text, size_t length, struct faults *faults)
{
    struct tree_node *tree = tree_parse_foreign(draft->file, text, length, file_keys, faults->fn, faults->arg);
    struct reading reading = {.draft = draft, .dialect = dialect, .faults = faults};
    const struct open_file file = {draft->file, NULL, 0};

    faults->any |= !tree;
    for (size_t i = 0; tree && i < tree->node_count; i++)
        if (tree->nodes[i].key->type != TREE_SECTION)
            add_values(&reading, &tree->nodes[i], draft->file, true, &reading.top);
    for (size_t i = 0; tree && !faults->any && i < tree->node_count; i++)
        if (tree->nodes[i].key->type == TREE_SECTION)
            read_section(&reading, &tree->nodes[i], &file);
    if (!faults->any) {
        read_ca_file(&reading);
        import_rest(draft, dialect, NULL, &reading.top, NULL);
    }
    draft->hint = draft_text(draft, dialect_hint(dialect));
    free(reading.top.list);
    tree_free(tree);
}
