#include "loader.h"

#include "buf.h"
#include "catalog.h"
#include "mem.h"
#include "parse.h"
#include "proof.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIKE_DEPTH = 4, MOST_FIELDS = 40, BIG_NUMBER = INT32_MAX };

/* What the value of a key is. */
enum kind {
    PLAIN,
    TEMPLATE,
    BODY_JSON, /* a template of a JSON text */
    SPEC,      /* see answer.h */
    PAIRS,     /* "name=template", or a placeholder alone, which stands for pairs */
    MATCHES,   /* "path=template" */
    HEADERS,   /* "Name: template" */
    GETS,      /* "name=SPEC" */
    NAMES,     /* "name" or "name=text" */
    NUMBER,
    DURATION,
    SECTION,
};

/* A key, and where in the struct its value goes. Without pointers, which would be memory of our own in each process. */
struct field {
    char key[12];
    unsigned char kind; /* enum kind */
    unsigned short offset;
};

#define IN_STEP(member) offsetof(struct definition_step, member)
#define IN_TOP(member)  offsetof(struct definition, member)

static const struct field step_fields[] = {
    {"url", TEMPLATE, IN_STEP(url)},
    {"method", PLAIN, IN_STEP(method)},
    {"auth", PLAIN, IN_STEP(auth)},
    {"login", TEMPLATE, IN_STEP(login)},
    {"query", PAIRS, IN_STEP(query)},
    {"form", PAIRS, IN_STEP(form)},
    {"headers", HEADERS, IN_STEP(headers)},
    {"json", BODY_JSON, IN_STEP(json)},
    {"xml", TEMPLATE, IN_STEP(xml)},
    {"body", TEMPLATE, IN_STEP(body)},
    {"when", PLAIN, IN_STEP(when)},
    {"unless", PLAIN, IN_STEP(unless)},
    {"each", TEMPLATE, IN_STEP(each)},
    {"member", TEMPLATE, IN_STEP(member)},
    {"members", SPEC, IN_STEP(members)},
    {"list", SPEC, IN_STEP(list)},
    {"suffix", SPEC, IN_STEP(suffix)},
    {"match", MATCHES, IN_STEP(match)},
    {"get", GETS, IN_STEP(get)},
    {"more", PLAIN, IN_STEP(more)},
    {"must", PLAIN, IN_STEP(must)},
    {"confirm", SPEC, IN_STEP(confirm)},
    {"expires", PLAIN, IN_STEP(expires)},
    {"every", DURATION, IN_STEP(every_ms)},
    {"times", NUMBER, IN_STEP(times)},
    {"in", PLAIN, 0},
    {"keep", PLAIN, 0},
};

static const struct field macro_fields[] = {{"value", TEMPLATE, 0}, {"ipv4", TEMPLATE, 0}, {"ipv6", TEMPLATE, 0}};

static const struct field sign_fields[] = {
    {"digest", PLAIN, 0}, {"hmac", PLAIN, 0}, {"key", TEMPLATE, 0}, {"data", TEMPLATE, 0}, {"as", PLAIN, 0}};

static const struct field top_fields[] = {
    {"step", SECTION, 0},
    {"set", SECTION, 0},
    {"sign", SECTION, 0},
    {"title", PLAIN, IN_TOP(title)},
    {"site", PLAIN, IN_TOP(site)},
    {"maturity", PLAIN, IN_TOP(maturity)},
    {"server", PLAIN, IN_TOP(server)},
    {"server4", PLAIN, IN_TOP(server4)},
    {"server6", PLAIN, IN_TOP(server6)},
    {"auth", PLAIN, IN_TOP(auth)},
    {"login", TEMPLATE, IN_TOP(login)},
    {"apex", PLAIN, IN_TOP(apex)},
    {"hostnames", PLAIN, 0},
    {"from-user", PLAIN, 0},
    {"unmanaged", PLAIN, IN_TOP(unmanaged)},
    {"words", SPEC, IN_TOP(words)},
    {"headers", HEADERS, IN_TOP(headers)},
    {"needs", NAMES, IN_TOP(needs)},
    {"options", NAMES, IN_TOP(options)},
    {"names", NUMBER, IN_TOP(names)},
    {"redirects", NUMBER, IN_TOP(redirects)},
    {"ttl", NUMBER, IN_TOP(ttl)},
    {"ttl-min", NUMBER, IN_TOP(ttl_min)},
    {"ttl-max", NUMBER, IN_TOP(ttl_max)},
    {"ttl-unit", NUMBER, IN_TOP(ttl_unit)},
    {"gap", DURATION, IN_TOP(gap_ms)},
    {"refresh", DURATION, IN_TOP(refresh_ms)},
    {"again", DURATION, IN_TOP(again_ms)},
    {"like", PLAIN, 0},
    {"families", PLAIN, 0},
    {"values", PLAIN, 0},
    {"connect", PLAIN, 0},
    {"only", PLAIN, 0},
    {"budget", PLAIN, 0},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* One reading of one file. */
struct source_file {
    struct faults faults;
    int depth; /* of "like" */
    struct definition *definition;
};

/* ---- The schema. ---- */

struct schema {
    struct tree_key top[MOST_FIELDS], step[MOST_FIELDS], macro[MOST_FIELDS], sign[MOST_FIELDS];
};

_Static_assert(COUNT(top_fields) + 5 <= MOST_FIELDS, "with the rules and what ends the list");

static void make_keys(struct tree_key *keys, const struct field *fields, size_t count, bool has_rules)
{
    static const struct tree_key rules[] = {ANSWER_KEYS};

    for (size_t i = 0; i < count; i++) {
        enum kind kind = fields[i].kind;
        enum tree_type type = kind == SECTION ? TREE_SECTION : kind >= PAIRS && kind <= NAMES ? TREE_LIST : TREE_TEXT;

        *keys++ = (struct tree_key){fields[i].key, type, NULL};
    }
    for (size_t i = 0; has_rules && i < COUNT(rules); i++)
        *keys++ = rules[i];
}

/* The sections are the first fields of the top. */
static struct schema *new_schema(void)
{
    struct schema *schema = mem_alloc(sizeof *schema);

    make_keys(schema->step, step_fields, COUNT(step_fields), true);
    make_keys(schema->macro, macro_fields, COUNT(macro_fields), false);
    make_keys(schema->sign, sign_fields, COUNT(sign_fields), false);
    make_keys(schema->top, top_fields, COUNT(top_fields), true);
    schema->top[0].keys = schema->step;
    schema->top[1].keys = schema->macro;
    schema->top[2].keys = schema->sign;
    return schema;
}

/* ---- Values. ---- */

static bool is_name(const char *text, size_t length)
{
    return length && islower((unsigned char)*text) && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") >= length;
}

static char *value_fault(const struct field *field, const char *text)
{
    size_t name = strcspn(text, field->kind == HEADERS ? ":" : "=");
    struct buf why = {0};
    uint64_t ms;
    unsigned long number;

    if (field->kind == SPEC)
        return answer_spec_fault(text);
    if (field->kind == GETS && is_name(text, name) && text[name])
        return answer_spec_fault(text + name + 1);
    if ((field->kind == PAIRS && (!name || (!text[name] && *text != '{'))) || field->kind == GETS ||
        (field->kind == MATCHES && (!name || !text[name])))
        buf_addf(&why, "'%s' is not of the form name=value", text);
    if (field->kind == HEADERS && (!name || !text[name] || text[name + 1] != ' ' || strchr(text, '\n')))
        buf_addf(&why, "'%s' is not of the form Name: value", text);
    if (field->kind == NAMES && !is_name(text, name))
        buf_addf(&why, "'%s' is no name", text);
    if (field->kind == NUMBER && !parse_number(text, 1, BIG_NUMBER, &number))
        buf_addf(&why, "'%s' is no number from 1 to 2147483647", text);
    if (field->kind == DURATION && !parse_duration(text, &ms))
        buf_addf(&why, "'%s' is no duration, such as 5m", text);
    return why.length ? buf_take(&why) : NULL;
}

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = mem_string(value);
}

static void set_list(struct definition_list *list, const struct tree_node *node)
{
    definition_clear_list(list);
    list->list = mem_alloc(node->value_count * sizeof *list->list);
    list->count = node->value_count;
    for (size_t i = 0; i < node->value_count; i++)
        list->list[i] = mem_string(node->values[i].text);
}

/* Into the struct that begins at base; offset 0 is for keys that have a function of their own. */
static void read_field(struct source_file *file, const struct tree_node *node, const struct field *field, char *base)
{
    char *to = base + field->offset;

    for (size_t i = 0; i < node->value_count; i++) {
        char *why = value_fault(field, node->values[i].text);

        if (why)
            fault_at(&file->faults, node->values[i].line, "%s: %s", field->key, why);
        free(why);
    }
    if (!field->offset && field->kind == PLAIN)
        return;
    if (field->kind >= PAIRS && field->kind <= NAMES)
        set_list((struct definition_list *)(void *)to, node);
    else if (field->kind == NUMBER)
        parse_number(node->values->text, 1, BIG_NUMBER, (unsigned long *)(void *)to);
    else if (field->kind == DURATION)
        parse_duration(node->values->text, (uint64_t *)(void *)to);
    else
        set_text((char **)(void *)to, node->values->text);
}

static void read_fields(struct source_file *file, const struct tree_node *section, const struct field *fields,
                        size_t count, void *base)
{
    for (size_t i = 0; i < count; i++) {
        const struct tree_node *node = fields[i].kind == SECTION ? NULL : tree_find(section, fields[i].key);

        if (node)
            read_field(file, node, &fields[i], base);
    }
}

/* The place of the key's word among these, or -1 when there is none. */
static int read_word(struct source_file *file, const struct tree_node *section, const char *key,
                     const char *const *words)
{
    const struct tree_value *value = tree_value(section, key);
    struct buf all = {0};

    for (int i = 0; value && words[i]; i++) {
        if (strcmp(value->text, words[i]) == 0) {
            buf_free(&all);
            return i;
        }
        buf_addf(&all, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    }
    if (value)
        fault_at(&file->faults, value->line, "%s: '%s' is not %s", key, value->text, all.text);
    buf_free(&all);
    return -1;
}

/* ---- Sections. ---- */

static void read_step(struct source_file *file, const struct tree_node *node)
{
    static const char *const flows[] = {"update", "delete", "both", NULL};
    static const char *const scopes[] = {"account", "zone", "record", NULL};
    struct definition *definition = file->definition;
    struct definition_step *step = (struct definition_step *)definition_step(definition, node->title);
    int flow = read_word(file, node, "in", flows), scope = read_word(file, node, "keep", scopes);

    if (!step) {
        definition->steps = mem_resize(definition->steps, definition->step_count + 1, sizeof *step);
        step = &definition->steps[definition->step_count++];
        *step = (struct definition_step){.title = mem_string(node->title)};
        step->flows = strcmp(step->title, "delete") == 0 ? DEFINITION_DELETE
                      : strcmp(step->title, "update") == 0 || strcmp(step->title, "create") == 0
                          ? DEFINITION_UPDATE
                          : DEFINITION_UPDATE | DEFINITION_DELETE;
    }
    if (flow >= 0)
        step->flows = flow + 1;
    if (scope >= 0)
        step->keep = (enum definition_scope)(scope + 1);
    read_fields(file, node, step_fields, COUNT(step_fields), step);
    answer_read_rules(&file->faults, node, &step->rules);
}

static void read_macro(struct source_file *file, const struct tree_node *node)
{
    const struct tree_value *all = tree_value(node, "value"), *ipv4 = tree_value(node, "ipv4");
    const struct tree_value *ipv6 = tree_value(node, "ipv6");
    struct definition *definition = file->definition;
    struct definition_macro *macro;

    if (!is_name(node->title, strlen(node->title)))
        fault_at(&file->faults, node->line, "set: '%s' is no name", node->title);
    if (all ? ipv4 || ipv6 : !ipv4 && !ipv6)
        fault_at(&file->faults, node->line, "set %s: either value, or ipv4 and ipv6", node->title);
    definition->macros = mem_resize(definition->macros, definition->macro_count + 1, sizeof *macro);
    macro = &definition->macros[definition->macro_count++];
    ipv4 = all ? all : ipv4;
    ipv6 = all ? all : ipv6;
    *macro = (struct definition_macro){mem_string(node->title), mem_string(ipv4 ? ipv4->text : NULL),
                                       mem_string(ipv6 ? ipv6->text : NULL)};
}

static void read_sign(struct source_file *file, const struct tree_node *node)
{
    static const char *const forms[] = {"hex", "base64", NULL};
    const struct tree_value *digest = tree_value(node, "digest"), *hmac = tree_value(node, "hmac");
    const struct tree_value *key = tree_value(node, "key"), *data = tree_value(node, "data");
    const struct tree_value *kind = digest ? digest : hmac;
    struct definition *definition = file->definition;
    struct definition_sign *sign;

    definition->signs = mem_resize(definition->signs, definition->sign_count + 1, sizeof *sign);
    sign = &definition->signs[definition->sign_count++];
    *sign = (struct definition_sign){mem_string(node->title), mem_string(key ? key->text : NULL),
                                     mem_string(data ? data->text : NULL), kind ? digest_find(kind->text) : DIGEST_NONE,
                                     read_word(file, node, "as", forms) == 1};
    if (!is_name(node->title, strlen(node->title)))
        fault_at(&file->faults, node->line, "sign: '%s' is no name", node->title);
    if (!data || (digest ? hmac || key : !hmac || !key))
        fault_at(&file->faults, node->line, "sign %s: either digest and data, or hmac, key and data", node->title);
    else if (!sign->digest)
        fault_at(&file->faults, kind->line, "sign: '%s' is not md5, sha1, sha256 or sha512", kind->text);
}

/* "48/24h" */
static void read_budget(struct source_file *file, const struct tree_node *tree)
{
    const struct tree_value *value = tree_value(tree, "budget");
    const char *slash = value ? strchr(value->text, '/') : NULL;
    char *number = slash ? mem_string_n(value->text, (size_t)(slash - value->text)) : NULL;

    if (value && (!slash || !parse_number(number, 1, BIG_NUMBER, &file->definition->budget) ||
                  !parse_duration(slash + 1, &file->definition->budget_ms) || !file->definition->budget_ms))
        fault_at(&file->faults, value->line, "budget: '%s' is not such as 48/24h", value->text);
    free(number);
}

static void read_top(struct source_file *file, const struct tree_node *tree)
{
    static const char *const families[] = {"one", "both", "both-required", NULL}, *const values[] = {"one", "many",
                                                                                                     NULL};
    static const char *const connect[] = {"family", NULL}, *const only[] = {"ipv4", "ipv6", NULL};
    static const char *const hostnames[] = {"one", NULL}, *const from_user[] = {"program", "url", NULL};
    struct definition *definition = file->definition;
    int family = read_word(file, tree, "families", families), value = read_word(file, tree, "values", values);
    int one = read_word(file, tree, "only", only), own = read_word(file, tree, "from-user", from_user);

    read_fields(file, tree, top_fields, COUNT(top_fields), definition);
    if (family >= 0) {
        definition->both_families = family > 0;
        definition->both_required = family == 2;
    }
    if (value >= 0)
        definition->many_values = value == 1;
    if (one >= 0)
        definition->only = one == 0 ? IP_V4 : IP_V6;
    definition->connect_family |= read_word(file, tree, "connect", connect) == 0;
    definition->runs_program |= own == 0;
    definition->takes_url |= own == 1;
    definition->one_hostname |= read_word(file, tree, "hostnames", hostnames) == 0;
    read_budget(file, tree);
    for (size_t i = 0; i < tree->node_count; i++) {
        const struct tree_node *node = &tree->nodes[i];

        if (strcmp(node->key->name, "step") == 0)
            read_step(file, node);
        else if (strcmp(node->key->name, "set") == 0)
            read_macro(file, node);
        else if (strcmp(node->key->name, "sign") == 0)
            read_sign(file, node);
    }
    answer_read_rules(&file->faults, tree, &definition->rules);
}

/* ---- Files. ---- */

static struct definition *read_file(struct source_file *file);

/* user is the file in whose line the name stands. */
static struct definition *load(const char *name, struct source_file *user, int line)
{
    char *own = user->depth ? catalog_name(user->faults.path) : NULL;
    char *path = catalog_find(name, own && strcmp(own, name) == 0 ? user->faults.path : NULL);
    struct source_file file = {{path, user->faults.fn, user->faults.arg, false}, user->depth + 1, NULL};
    struct definition *definition = NULL;

    if (path)
        definition = read_file(&file);
    else
        catalog_fault(&user->faults, line, name);
    user->faults.any |= !definition;
    free(own);
    free(path);
    return definition;
}

static struct definition *read_file(struct source_file *file)
{
    struct schema *schema = new_schema(); /* which the tree refers to */
    struct tree_node *tree = tree_read(file->faults.path, schema->top, file->faults.fn, file->faults.arg);
    const struct tree_value *like = tree ? tree_value(tree, "like") : NULL;

    if (!tree) {
        free(schema);
        return NULL;
    }
    if (like && file->depth == LIKE_DEPTH)
        fault_at(&file->faults, like->line, "like: too many definitions build on each other");
    else if (like)
        file->definition = load(like->text, file, like->line);
    if (!file->definition)
        file->definition = mem_alloc(sizeof *file->definition);
    read_top(file, tree);
    free(file->definition->name);
    file->definition->name = catalog_name(file->faults.path);
    file->definition->names += !file->definition->names;
    file->definition->ttl_unit += !file->definition->ttl_unit;
    if (!file->faults.any)
        proof_definition(&file->faults, tree, file->definition);
    tree_free(tree);
    free(schema);
    if (!file->faults.any)
        return file->definition;
    definition_free(file->definition);
    return NULL;
}

struct definition *loader_find(const char *name, struct faults *user, int line)
{
    struct source_file file = {*user, 0, NULL};
    struct definition *definition = load(name, &file, line);

    user->any |= !definition;
    return definition;
}

struct definition *loader_read(const char *path, tree_fault_fn *fault, void *arg)
{
    struct source_file file = {{path, fault, arg, false}, 1, NULL};

    return read_file(&file);
}
