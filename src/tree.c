#include "tree.h"

#include "buf.h"
#include "file.h"
#include "mem.h"
#include "nearest.h"
#include "scan.h"

#include <assert.h>
#include <confuse.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 4 * 1024 * 1024 };

/* One reading. libConfuse hands no pointer of ours to its callbacks, so the one under way is named here. */
static struct reading {
    const char *name;
    const char *text;
    const struct tree_key *schema;
    tree_fault_fn *fault;
    void *arg;
    bool failed;
    struct scan scan;
    struct value_place {
        cfg_opt_t *opt;
        unsigned index;
        int line;
        char *text;
    } * values;
    size_t value_count;
    size_t next_value;
    struct section_place {
        const cfg_t *section;
        int line;
    } * sections;
    size_t closed_count;
    struct call_place {
        const cfg_opt_t *opt;
        int line;
        struct tree_value *values;
        size_t count;
    } * calls;
    size_t call_count;
} * current;

static void fault(struct reading *reading, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void fault(struct reading *reading, int line, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    reading->failed = true;
    reading->fault(reading->arg, reading->name, line, text);
}

/* ---- Second pass: libConfuse. ---- */

/* Is this the first word of its line? Elsewhere it may be what follows the blank in a password without quotes. */
static bool begins_line(const char *text, int line, const char *word)
{
    for (; line > 1 && (text = strchr(text, '\n')); line--)
        text++;
    return text && strncmp(text + strspn(text, " \t"), word, strlen(word)) == 0;
}

/* The section where a key of this name belongs, "" for the top; NULL when there is none. */
static const char *find_home(const struct tree_key *schema, const char *section, const char *word)
{
    const char *home = NULL;

    for (const struct tree_key *key = schema; key->name; key++)
        if (strcmp(key->name, word) == 0)
            return section;
    for (const struct tree_key *key = schema; key->name && !home; key++)
        if (key->type == TREE_SECTION)
            home = find_home(key->keys, key->name, word);
    return home;
}

static void add_unknown_key(struct buf *text, const cfg_t *cfg, const char *word)
{
    const char *names[64], *meant, *home = find_home(current->schema, "", word);
    size_t count = 0;

    for (const cfg_opt_t *opt = cfg->opts; opt->name && count < 64; opt++)
        names[count++] = opt->name;
    meant = nearest_word(word, names, count);
    if (begins_line(current->text, cfg->line, word))
        buf_addf(text, "unknown key '%s'", word);
    else
        buf_add(text, *word == ';' ? "there is a ;, which nothing here ends with"
                                   : "there is an unknown key, or a value with blanks that must stand in quotes");
    if (home && *home)
        buf_addf(text, ": it belongs in a section '%s'", home);
    else if (home)
        buf_add(text, ": it belongs at the top, outside of the sections");
    else if (meant)
        buf_addf(text, ": did you mean '%s'?", meant);
}

/* The first mistake of who has two accounts at one provider. */
static void add_duplicate(struct buf *text, const cfg_t *cfg, const char *title)
{
    buf_addf(text, "there is a section '%s' already", title);
    if (begins_line(current->text, cfg->line, "provider"))
        buf_addf(text, ": a second account at one provider has a label behind its name, provider %s:LABEL { ... }",
                 title);
}

static void on_error(cfg_t *cfg, const char *format, va_list args)
{
    struct buf text = {0};

    if (strncmp(format, "no such option", strlen("no such option")) == 0) {
        add_unknown_key(&text, cfg, va_arg(args, const char *));
    } else if (strncmp(format, "found duplicate title", strlen("found duplicate title")) == 0) {
        add_duplicate(&text, cfg, va_arg(args, const char *));
    } else if (strncmp(format, "unexpected token", strlen("unexpected token")) == 0) {
        if (strcmp(va_arg(args, const char *), ",") == 0)
            buf_add(&text, "unexpected comma: several values stand in braces, as in { a, b }");
        else
            buf_add(&text, "unexpected token: a value with other than letters, digits, '.', '-' or '_' must stand in "
                           "quotes, and a comma between two of a list");
    } else {
        char line[512];

        vsnprintf(line, sizeof line, format, args);
        buf_add(&text, line);
    }
    fault(current, cfg->line, "%s", buf_text(&text));
    buf_free(&text);
}

/* Looks onward from the place found last, as values are asked for in the order in which they were read. */
static struct value_place *find_value(struct reading *reading, const cfg_opt_t *opt, unsigned index)
{
    for (size_t i = 0; i < reading->value_count; i++) {
        size_t at = (reading->next_value + i) % reading->value_count;

        if (reading->values[at].opt == opt && reading->values[at].index == index) {
            reading->next_value = at + 1;
            return &reading->values[at];
        }
    }
    return NULL;
}

static bool follows_last(const struct reading *reading, const cfg_opt_t *opt, unsigned index)
{
    const struct value_place *last;

    if (reading->value_count == 0)
        return false;
    last = &reading->values[reading->value_count - 1];
    return last->opt == opt && last->index + 1 == index;
}

/* Called for each value, and once more at the end of a list, where nothing is new. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
    struct reading *reading = current;
    unsigned index = cfg_opt_size(opt) - 1;
    const char *text = scan_value(&reading->scan, cfg_opt_getnstr(opt, index));
    const struct value_place *before = follows_last(reading, opt, index) ? NULL : find_value(reading, opt, index);

    if (before && strcmp(before->text, text) != 0)
        fault(reading, cfg->line, "'%s' stands here a second time, first in line %d", opt->name, before->line);
    if (before)
        return 0;
    reading->values = mem_resize(reading->values, reading->value_count + 1, sizeof *reading->values);
    reading->values[reading->value_count++] = (struct value_place){opt, index, cfg->line, mem_string(text)};
    return 0;
}

static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
    struct reading *reading = current;

    (void)cfg;
    assert(reading->closed_count < reading->scan.section_count); /* the scan balanced the braces */
    reading->sections = mem_resize(reading->sections, reading->closed_count + 1, sizeof *reading->sections);
    reading->sections[reading->closed_count] = (struct section_place){
        cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1),
        reading->scan.section_lines[reading->closed_count],
    };
    reading->closed_count++;
    return 0;
}

static int on_call(cfg_t *cfg, cfg_opt_t *opt, int count, const char **values)
{
    struct reading *reading = current;
    struct call_place call = {opt, cfg->line, mem_alloc((size_t)count * sizeof *call.values), (size_t)count};

    for (size_t i = 0; i < call.count; i++)
        call.values[i] = (struct tree_value){mem_string(values[i]), cfg->line};
    reading->calls = mem_resize(reading->calls, reading->call_count + 1, sizeof *reading->calls);
    reading->calls[reading->call_count++] = call;
    return 0;
}

static cfg_opt_t *make_opts(const struct tree_key *schema)
{
    cfg_opt_t *opts;
    size_t count = 0;

    while (schema[count].name)
        count++;
    opts = mem_alloc((count + 1) * sizeof *opts);
    for (size_t i = 0; i < count; i++) {
        const char *name = schema[i].name;

        if (schema[i].type == TREE_SECTION)
            opts[i] =
                (cfg_opt_t)CFG_SEC(name, make_opts(schema[i].keys), CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
        else if (schema[i].type == TREE_CALL)
            opts[i] = (cfg_opt_t)CFG_FUNC(name, on_call);
        else if (schema[i].type == TREE_LIST)
            opts[i] = (cfg_opt_t)CFG_STR_LIST(name, NULL, CFGF_NODEFAULT);
        else
            opts[i] = (cfg_opt_t)CFG_STR(name, NULL, CFGF_NODEFAULT);
        if (schema[i].type != TREE_CALL)
            opts[i].validcb = schema[i].type == TREE_SECTION ? on_section : on_value;
    }
    opts[count] = (cfg_opt_t)CFG_END();
    return opts;
}

static void free_opts(cfg_opt_t *opts)
{
    for (cfg_opt_t *opt = opts; opt->name; opt++)
        if (opt->type == CFGT_SEC)
            free_opts(opt->subopts);
    free(opts);
}

/* ---- What libConfuse read, as nodes with lines. ---- */

static struct tree_node *add_node(struct tree_node *parent, const struct tree_key *key)
{
    parent->nodes = mem_resize(parent->nodes, parent->node_count + 1, sizeof *parent->nodes);
    parent->nodes[parent->node_count] = (struct tree_node){.key = key};
    return &parent->nodes[parent->node_count++];
}

static void copy_values(struct reading *reading, struct tree_node *node, const cfg_opt_t *opt, unsigned count)
{
    node->values = mem_alloc(count * sizeof *node->values);
    node->value_count = count;
    for (unsigned i = 0; i < count; i++) {
        struct value_place *place = find_value(reading, opt, i);

        node->values[i] = (struct tree_value){place->text, place->line};
        place->text = NULL;
    }
    node->line = node->values[0].line;
}

static void copy_calls(struct reading *reading, struct tree_node *parent, const cfg_opt_t *opt,
                       const struct tree_key *key)
{
    for (size_t i = 0; i < reading->call_count; i++) {
        struct call_place *call = &reading->calls[i];
        struct tree_node *node;

        if (call->opt != opt)
            continue;
        node = add_node(parent, key);
        node->values = call->values;
        node->value_count = call->count;
        node->line = call->line;
        call->values = NULL;
        call->count = 0;
    }
}

static int section_line(const struct reading *reading, const cfg_t *section)
{
    for (size_t i = 0; i < reading->closed_count; i++)
        if (reading->sections[i].section == section)
            return reading->sections[i].line;
    return 0;
}

/* Into the order of the file; libConfuse keeps that of the schema. Nodes of one line stay as they are. */
static void sort_nodes(struct tree_node *parent)
{
    struct tree_node *nodes = parent->nodes;

    for (size_t i = 1; i < parent->node_count; i++) {
        struct tree_node moved = nodes[i];
        size_t to = i;

        for (; to > 0 && nodes[to - 1].line > moved.line; to--)
            nodes[to] = nodes[to - 1];
        nodes[to] = moved;
    }
}

static void copy_section(struct reading *reading, struct tree_node *parent, cfg_t *cfg, const struct tree_key *schema)
{
    for (const struct tree_key *key = schema; key->name; key++) {
        cfg_opt_t *opt = cfg_getopt(cfg, key->name);
        unsigned count = cfg_opt_size(opt);

        if (key->type == TREE_CALL) {
            copy_calls(reading, parent, opt, key);
            continue;
        }
        if (key->type != TREE_SECTION) {
            /* A text without a default has one value that is NULL. */
            if (count && cfg_opt_getnstr(opt, 0))
                copy_values(reading, add_node(parent, key), opt, count);
            continue;
        }
        for (unsigned i = 0; i < count; i++) {
            cfg_t *section = cfg_opt_getnsec(opt, i);
            struct tree_node *node = add_node(parent, key);

            node->title = mem_string(cfg_title(section));
            node->line = section_line(reading, section);
            copy_section(reading, node, section, key->keys);
        }
    }
    sort_nodes(parent);
}

/* key = { a, b } and later key = { }: the callbacks saw values that are gone. */
static void check_nothing_lost(struct reading *reading)
{
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct value_place *place = &reading->values[i];

        if (place->index >= cfg_opt_size(place->opt)) {
            fault(reading, place->line, "'%s' stands here and again, empty, further down", place->opt->name);
            return;
        }
    }
}

static struct tree_node *parse(struct reading *reading, const struct tree_key *schema)
{
    cfg_opt_t *opts = make_opts(schema);
    cfg_t *cfg = cfg_init(opts, CFGF_NONE);
    struct tree_node *tree = NULL;

    if (!cfg)
        abort();
    cfg_set_error_function(cfg, on_error);
    current = reading;
    if (cfg_parse_buf(cfg, buf_text(&reading->scan.text)) != CFG_SUCCESS && !reading->failed)
        fault(reading, cfg->line, "this is not understood");
    current = NULL;
    if (!reading->failed)
        check_nothing_lost(reading);
    if (!reading->failed) {
        tree = mem_alloc(sizeof *tree);
        copy_section(reading, tree, cfg, schema);
    }
    cfg_free(cfg);
    free_opts(opts);
    return tree;
}

static void clear_reading(struct reading *reading)
{
    for (size_t i = 0; i < reading->value_count; i++)
        mem_wipe(reading->values[i].text);
    for (size_t i = 0; i < reading->call_count; i++) {
        for (size_t v = 0; v < reading->calls[i].count; v++)
            mem_wipe(reading->calls[i].values[v].text);
        free(reading->calls[i].values);
    }
    free(reading->values);
    free(reading->calls);
    free(reading->sections);
    scan_clear(&reading->scan);
}

static void on_scan_fault(void *arg, int line, const char *text)
{
    fault(arg, line, "%s", text);
}

static struct tree_node *read_text(const char *name, const char *text, size_t length, const struct tree_key *schema,
                                   bool foreign, tree_fault_fn *fault_fn, void *arg)
{
    char *copy = mem_string_n(text, length);
    struct reading reading = {.name = name, .text = copy, .schema = schema, .fault = fault_fn, .arg = arg};
    struct tree_node *tree = NULL;

    if (scan_read(copy, length, foreign, &reading.scan, on_scan_fault, &reading))
        tree = parse(&reading, schema);
    clear_reading(&reading);
    mem_wipe(copy);
    return tree;
}

struct tree_node *tree_parse(const char *name, const char *text, size_t length, const struct tree_key *schema,
                             tree_fault_fn *fault_fn, void *arg)
{
    return read_text(name, text, length, schema, false, fault_fn, arg);
}

struct tree_node *tree_parse_foreign(const char *name, const char *text, size_t length, const struct tree_key *schema,
                                     tree_fault_fn *fault_fn, void *arg)
{
    return read_text(name, text, length, schema, true, fault_fn, arg);
}

struct tree_node *tree_read(const char *path, const struct tree_key *schema, tree_fault_fn *fault_fn, void *arg)
{
    struct tree_node *tree;
    char *text;
    size_t length;
    int error = file_read(path, MAX_FILE, &text, &length);

    if (error) {
        fault_fn(arg, path, 0, file_error(path, error));
        return NULL;
    }
    tree = tree_parse(path, text, length, schema, fault_fn, arg);
    mem_wipe(text);
    return tree;
}

static void free_content(struct tree_node *node)
{
    for (size_t i = 0; i < node->value_count; i++)
        mem_wipe(node->values[i].text);
    for (size_t i = 0; i < node->node_count; i++)
        free_content(&node->nodes[i]);
    free(node->values);
    free(node->nodes);
    free(node->title);
}

void tree_free(struct tree_node *tree)
{
    if (!tree)
        return;
    free_content(tree);
    free(tree);
}

const struct tree_node *tree_find(const struct tree_node *section, const char *name)
{
    for (size_t i = section->node_count; i-- > 0;)
        if (strcmp(section->nodes[i].key->name, name) == 0)
            return &section->nodes[i];
    return NULL;
}

const struct tree_value *tree_value(const struct tree_node *section, const char *name)
{
    const struct tree_node *node = tree_find(section, name);

    return node ? node->values : NULL;
}
