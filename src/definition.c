#include "definition.h"

#include "buf.h"
#include "fault.h"
#include "mem.h"
#include "nearest.h"
#include "parse.h"
#include "template.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIKE_DEPTH = 4, FOLDERS = 3 };

static const struct tree_key step_keys[] = {
    {"url", TREE_TEXT, NULL},  {"query", TREE_LIST, NULL}, {"auth", TREE_TEXT, NULL},
    {"json", TREE_TEXT, NULL}, {NULL, TREE_TEXT, NULL},
};

static const struct tree_key rule_keys[] = {
    {"verdict", TREE_TEXT, NULL},
    {"after", TREE_TEXT, NULL},
    {"means", TREE_TEXT, NULL},
    {NULL, TREE_TEXT, NULL},
};

static const struct tree_key definition_keys[] = {
    {"title", TREE_TEXT, NULL},        {"site", TREE_TEXT, NULL},         {"like", TREE_TEXT, NULL},
    {"server", TREE_TEXT, NULL},       {"needs", TREE_LIST, NULL},        {"names", TREE_TEXT, NULL},
    {"families", TREE_TEXT, NULL},     {"values", TREE_TEXT, NULL},       {"step", TREE_SECTION, step_keys},
    {"word", TREE_SECTION, rule_keys}, {"text", TREE_SECTION, rule_keys}, {"status", TREE_SECTION, rule_keys},
    {NULL, TREE_TEXT, NULL},
};

static const char *const verdict_words[] = {"done", "unchanged", "again", "refused", "refused-account"};
static const char *const placeholders[] = {"server", "username", "password",      "hostname",
                                           "ip",     "prefix",   "prefix-length", "type"};

enum {
    VERDICTS = sizeof verdict_words / sizeof *verdict_words,
    PLACEHOLDERS = sizeof placeholders / sizeof *placeholders
};

/* One reading of one file. */
struct source_file {
    struct faults faults;
    int depth; /* of "like" */
    struct definition *definition;
};

static struct definition *load(const char *name, struct source_file *user, int line);

/* ---- Where definitions are. ---- */

static const char *folder(int index)
{
    switch (index) {
    case 0:
        return getenv("WANDDNS_PROVIDERS");
    case 1:
        return SYSCONFDIR "/wanddns/providers";
    default:
        return PKGDATADIR "/providers";
    }
}

/* Letters, digits, '.' and '-', not beginning with a dot: a name is never a path to somewhere else. */
static bool is_name(const char *name)
{
    return *name && *name != '.' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] == '\0';
}

static char *find_file(const char *name)
{
    struct buf path = {0};

    for (int i = 0; is_name(name) && i < FOLDERS; i++) {
        if (!folder(i))
            continue;
        buf_free(&path);
        buf_addf(&path, "%s/%s.conf", folder(i), name);
        if (access(path.text, F_OK) == 0)
            return buf_take(&path);
    }
    buf_free(&path);
    return NULL;
}

static size_t list_names(char ***names)
{
    size_t count = 0;

    for (int i = 0; i < FOLDERS; i++) {
        DIR *dir = folder(i) ? opendir(folder(i)) : NULL;
        const struct dirent *entry;

        while (dir && (entry = readdir(dir))) {
            size_t length = strlen(entry->d_name);

            if (length <= 5 || strcmp(entry->d_name + length - 5, ".conf") != 0)
                continue;
            *names = mem_resize(*names, count + 1, sizeof **names);
            (*names)[count++] = mem_string_n(entry->d_name, length - 5);
        }
        if (dir)
            closedir(dir);
    }
    return count;
}

static void fault_unknown(struct source_file *user, int line, const char *name)
{
    char **names = NULL;
    size_t count = list_names(&names);
    const char *meant = nearest_word(name, (const char *const *)names, count);

    if (meant)
        fault_at(&user->faults, line, "there is no provider '%s': did you mean '%s'?", name, meant);
    else if (count)
        fault_at(&user->faults, line, "there is no provider '%s'", name);
    else
        fault_at(&user->faults, line, "there is no provider '%s': no definitions in %s", name,
                 folder(0) ? folder(0) : folder(FOLDERS - 1));
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* ---- From the tree into the struct. ---- */

static void set_text(char **field, const struct tree_node *node, const char *key)
{
    const struct tree_value *value = tree_value(node, key);

    if (!value)
        return;
    free(*field);
    *field = mem_string(value->text);
}

static void check_template(struct source_file *file, const struct tree_value *value)
{
    char *why = template_fault(value->text, placeholders, PLACEHOLDERS);

    if (why)
        fault_at(&file->faults, value->line, "%s", why);
    free(why);
}

static void free_list(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

static void read_needs(struct source_file *file, const struct tree_node *node)
{
    struct definition *definition = file->definition;

    definition->needs_username = definition->needs_password = false;
    for (size_t i = 0; i < node->value_count; i++) {
        if (strcmp(node->values[i].text, "username") == 0)
            definition->needs_username = true;
        else if (strcmp(node->values[i].text, "password") == 0)
            definition->needs_password = true;
        else
            fault_at(&file->faults, node->values[i].line, "needs: '%s' is neither username nor password",
                     node->values[i].text);
    }
}

static bool is_pair(const char *text)
{
    size_t length = strcspn(text, "={");

    return text[length] == '=';
}

static void read_query(struct source_file *file, const struct tree_node *node, struct definition_step *step)
{
    free_list(step->query, step->query_count);
    step->query = mem_alloc(node->value_count * sizeof *step->query);
    step->query_count = node->value_count;
    for (size_t i = 0; i < node->value_count; i++) {
        const struct tree_value *value = &node->values[i];

        step->query[i] = mem_string(value->text);
        check_template(file, value);
        if (!is_pair(value->text))
            fault_at(&file->faults, value->line, "query: '%s' is not of the form name=value", value->text);
    }
}

static void read_auth(struct source_file *file, const struct tree_node *node, struct definition_step *step)
{
    const struct tree_value *auth = tree_value(node, "auth");

    if (!auth)
        return;
    step->basic = strcmp(auth->text, "basic") == 0;
    if (!step->basic && strcmp(auth->text, "none") != 0)
        fault_at(&file->faults, auth->line, "auth: '%s' is neither basic nor none", auth->text);
}

/* Asks who we are; there is nothing to tell, and nobody to log in. */
static void check_address_step(struct source_file *file, const struct tree_node *node)
{
    const struct tree_value *url = tree_value(node, "url");

    if (tree_find(node, "query") || tree_find(node, "auth"))
        fault_at(&file->faults, node->line, "step address: has only url and json");
    if (url && strchr(url->text + 1, '{'))
        fault_at(&file->faults, url->line, "url: step address knows no placeholder but {server}");
}

static void read_step(struct source_file *file, const struct tree_node *node)
{
    struct definition *definition = file->definition;
    const struct tree_value *url = tree_value(node, "url"), *json = tree_value(node, "json");
    const struct tree_node *query = tree_find(node, "query");
    bool is_address = strcmp(node->title, "address") == 0;
    struct definition_step *step = is_address                           ? &definition->address
                                   : strcmp(node->title, "delete") == 0 ? &definition->delete
                                                                        : &definition->update;

    if (step == &definition->update && strcmp(node->title, "update") != 0)
        fault_at(&file->faults, node->line, "step: '%s' is not known, only update, delete and address", node->title);
    set_text(&step->url, node, "url");
    if (url && strncmp(url->text, "{server}", strlen("{server}")) != 0)
        fault_at(&file->faults, url->line, "url: does not begin with {server}");
    if (url)
        check_template(file, url);
    if (query)
        read_query(file, query, step);
    read_auth(file, node, step);
    set_text(&step->member, node, "json");
    if (json && (!*json->text || *json->text == '.' || strstr(json->text, "..")))
        fault_at(&file->faults, json->line, "json: '%s' is no member, such as ip or client.ip", json->text);
    if (json && !is_address)
        fault_at(&file->faults, json->line, "json: only step address has it");
    if (is_address)
        check_address_step(file, node);
}

/* "401" or "500-599". */
static bool parse_statuses(const char *text, struct definition_rule *rule)
{
    size_t length = strcspn(text, "-");
    char *low = mem_string_n(text, length);
    unsigned long first = 0, last = 0;
    bool fits =
        parse_number(low, 100, 599, &first) && parse_number(text[length] ? text + length + 1 : text, first, 599, &last);

    free(low);
    rule->status_low = (int)first;
    rule->status_high = (int)last;
    return fits;
}

static bool parse_verdict(const char *word, enum definition_verdict *verdict)
{
    for (int i = 0; i < VERDICTS; i++) {
        if (strcmp(word, verdict_words[i]) == 0) {
            *verdict = (enum definition_verdict)i;
            return true;
        }
    }
    return false;
}

static void read_rule(struct source_file *file, const struct tree_node *node, struct definition_rule *rule)
{
    const struct tree_value *verdict = tree_value(node, "verdict"), *after = tree_value(node, "after");
    const char *kind = node->key->name;

    rule->match = strcmp(kind, "word") == 0   ? DEFINITION_WORD
                  : strcmp(kind, "text") == 0 ? DEFINITION_TEXT
                                              : DEFINITION_STATUS;
    rule->text = mem_string(node->title);
    set_text(&rule->means, node, "means");
    if (!*rule->text)
        fault_at(&file->faults, node->line, "%s: its title is empty", kind);
    if (rule->match == DEFINITION_STATUS && !parse_statuses(node->title, rule))
        fault_at(&file->faults, node->line, "status: '%s' is no HTTP status and no range of them", node->title);
    if (!verdict)
        fault_at(&file->faults, node->line, "%s '%s' has no verdict", kind, node->title);
    else if (!parse_verdict(verdict->text, &rule->verdict))
        fault_at(&file->faults, verdict->line,
                 "verdict: '%s' is not done, unchanged, again, refused or refused-account", verdict->text);
    if (after && !parse_duration(after->text, &rule->after_ms))
        fault_at(&file->faults, after->line, "after: '%s' is no duration, such as 30m", after->text);
    else if (after && rule->verdict != DEFINITION_AGAIN)
        fault_at(&file->faults, after->line, "after: only goes with the verdict again");
}

static bool is_rule(const struct tree_node *node)
{
    return node->key->keys == rule_keys;
}

/* The rules of a definition stand before those of the one that it is like. */
static void read_rules(struct source_file *file, const struct tree_node *tree)
{
    struct definition *definition = file->definition;
    struct definition_rule *rules;
    size_t count = 0;

    for (size_t i = 0; i < tree->node_count; i++)
        count += is_rule(&tree->nodes[i]);
    rules = mem_alloc((count + definition->rule_count) * sizeof *rules);
    if (definition->rule_count)
        memcpy(rules + count, definition->rules, definition->rule_count * sizeof *rules);
    free(definition->rules);
    definition->rules = rules;
    definition->rule_count += count;
    for (size_t i = 0; i < tree->node_count; i++)
        if (is_rule(&tree->nodes[i]))
            read_rule(file, &tree->nodes[i], rules++);
}

static void read_limits(struct source_file *file, const struct tree_node *tree)
{
    const struct tree_value *names = tree_value(tree, "names"), *families = tree_value(tree, "families");
    const struct tree_value *values = tree_value(tree, "values");
    unsigned long number = 0;

    if (names && !parse_number(names->text, 1, 1000, &number))
        fault_at(&file->faults, names->line, "names: '%s' is no number from 1 to 1000", names->text);
    if (names)
        file->definition->names_max = number;
    if (families && strcmp(families->text, "one") != 0 && strcmp(families->text, "both") != 0)
        fault_at(&file->faults, families->line, "families: '%s' is neither one nor both", families->text);
    if (families)
        file->definition->both_families = strcmp(families->text, "both") == 0;
    if (values && strcmp(values->text, "one") != 0 && strcmp(values->text, "many") != 0)
        fault_at(&file->faults, values->line, "values: '%s' is neither one nor many", values->text);
    if (values)
        file->definition->many_values = strcmp(values->text, "many") == 0;
}

static bool uses(const struct definition_step *step, const char *placeholder)
{
    bool used = step->url && strstr(step->url, placeholder);

    for (size_t i = 0; i < step->query_count; i++)
        used |= strstr(step->query[i], placeholder) != NULL;
    return used;
}

static void check_whole(struct source_file *file)
{
    const struct definition *definition = file->definition;
    bool basic = definition->update.basic || definition->delete.basic;

    if (!definition->title)
        fault_at(&file->faults, 1, "there is no title");
    if (!definition->update.url && !definition->address.url)
        fault_at(&file->faults, 1, "there is no step with a url");
    if (definition->delete.url && !definition->update.url)
        fault_at(&file->faults, 1, "there is a step delete, and no step update");
    if (uses(&definition->delete, "{ip}") || uses(&definition->delete, "{prefix"))
        fault_at(&file->faults, 1, "step delete: knows no address: {ip} and {prefix} have no value there");
    if (definition->delete.url && !uses(&definition->delete, "{hostname}"))
        fault_at(&file->faults, 1, "step delete: {hostname} must say which record it is");
    if (definition->address.url && !(definition->server && strncmp(definition->server, "https://", 8) == 0))
        fault_at(&file->faults, 1, "step address: the server must begin with https://");
    if (definition->update.url && definition->rule_count == 0)
        fault_at(&file->faults, 1, "there is no word, text or status: no answer would have a verdict");
    if (definition->both_families && uses(&definition->update, "{type}"))
        fault_at(&file->faults, 1, "{type} in step update: a request with families = both has two");
    if (basic && !(definition->needs_username && definition->needs_password))
        fault_at(&file->faults, 1, "auth = basic: username and password must be among the needs");
}

static void read_tree(struct source_file *file, const struct tree_node *tree)
{
    const struct tree_value *like = tree_value(tree, "like");
    const struct tree_node *needs = tree_find(tree, "needs");

    if (like && file->depth == LIKE_DEPTH)
        fault_at(&file->faults, like->line, "like: too many definitions build on each other");
    else if (like)
        file->definition = load(like->text, file, like->line);
    if (!file->definition)
        file->definition = mem_alloc(sizeof *file->definition);
    if (!file->definition->names_max)
        file->definition->names_max = 1;
    set_text(&file->definition->title, tree, "title");
    set_text(&file->definition->site, tree, "site");
    set_text(&file->definition->server, tree, "server");
    if (needs)
        read_needs(file, needs);
    read_limits(file, tree);
    for (size_t i = 0; i < tree->node_count; i++)
        if (tree->nodes[i].key->keys == step_keys)
            read_step(file, &tree->nodes[i]);
    read_rules(file, tree);
    if (!file->faults.any)
        check_whole(file);
}

static struct definition *read_file(const char *name, struct source_file *file)
{
    struct tree_node *tree = tree_read(file->faults.path, definition_keys, file->faults.fn, file->faults.arg);

    if (!tree)
        return NULL;
    read_tree(file, tree);
    tree_free(tree);
    if (file->faults.any) {
        definition_free(file->definition);
        return NULL;
    }
    free(file->definition->name);
    file->definition->name = mem_string(name);
    return file->definition;
}

/* user is the file in whose line the name stands. */
static struct definition *load(const char *name, struct source_file *user, int line)
{
    char *path = find_file(name);
    struct source_file file = {{path, user->faults.fn, user->faults.arg, false}, user->depth + 1, NULL};
    struct definition *definition = NULL;

    if (path)
        definition = read_file(name, &file);
    else
        fault_unknown(user, line, name);
    if (!definition)
        user->faults.any = true;
    free(path);
    return definition;
}

struct definition *definition_load(const char *name, const char *file, int line, tree_fault_fn *fault, void *arg)
{
    struct source_file user = {{file, fault, arg, false}, 0, NULL};

    return load(name, &user, line);
}

struct definition *definition_read(const char *name, const char *path, tree_fault_fn *fault, void *arg)
{
    struct source_file file = {{path, fault, arg, false}, 1, NULL};

    return read_file(name, &file);
}

char *definition_address_url(const struct definition *definition)
{
    struct buf url = {0};

    buf_addf(&url, "%s%s", definition->server, definition->address.url + strlen("{server}"));
    return buf_take(&url);
}

static void clear_step(struct definition_step *step)
{
    free_list(step->query, step->query_count);
    free(step->url);
    free(step->member);
}

void definition_free(struct definition *definition)
{
    if (!definition)
        return;
    for (size_t i = 0; i < definition->rule_count; i++) {
        free(definition->rules[i].text);
        free(definition->rules[i].means);
    }
    free(definition->rules);
    clear_step(&definition->update);
    clear_step(&definition->delete);
    clear_step(&definition->address);
    free(definition->server);
    free(definition->site);
    free(definition->title);
    free(definition->name);
    free(definition);
}
