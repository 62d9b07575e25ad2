/* A configuration of inadyn or of ddclient. What is accepted becomes one of ours: our own grammar must read it, with all
 * values as they were, and print it as often as one likes. */
#include "fuzz.h"

#include "draft_print.h"
#include "import.h"
#include "loader.h"
#include "log.h"
#include "login.h"
#include "mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct tree_key keys[] = {
    PLACE_KEYS, {"ca-file", TREE_TEXT, NULL}, {"provider", TREE_SECTION, login_keys}, {NULL, TREE_TEXT, NULL}};

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    (void)arg;
    assert(*file && line >= 0 && *text);
}

static void on_syntax(void *arg, const char *file, int line, const char *text)
{
    (void)arg, (void)file, (void)line, (void)text;
    abort();
}

/* Every value of a login is in the tree. */
static bool has_value(const struct tree_node *tree, const char *text)
{
    for (size_t i = 0; i < tree->value_count; i++)
        if (strcmp(tree->values[i].text, text) == 0)
            return true;
    for (size_t i = 0; i < tree->node_count; i++)
        if (has_value(&tree->nodes[i], text))
            return true;
    return false;
}

static void check_values(const struct draft *draft, const struct tree_node *tree)
{
    for (size_t i = 0; i < draft->section_count; i++)
        for (size_t v = 0; draft->sections[i]->provider && v < DRAFT_VALUES; v++)
            assert(!draft->sections[i]->values[v] || has_value(tree, draft->sections[i]->values[v]));
}

static void check(const struct draft *draft)
{
    struct draft_print print, apart;
    struct tree_node *tree;

    draft_print(draft, NULL, &print);
    tree = tree_parse("printed", print.text, strlen(print.text), keys, on_syntax, NULL);
    assert(tree && !print.file_count);
    check_values(draft, tree);
    tree_free(tree);
    draft_print(draft, "/etc/wanddns", &apart);
    tree = tree_parse("printed", apart.text, strlen(apart.text), keys, on_syntax, NULL);
    assert(tree);
    tree_free(tree);
    draft_print_clear(&apart);
    draft_print_clear(&print);
}

/* ---- Read once: for each input anew, that would take longer than all that follows. ---- */

enum { MOST_DEFINITIONS = 256 };

struct definition *__real_loader_find(const char *name, struct faults *user, int line);
struct definition *__wrap_loader_find(const char *name, struct faults *user, int line);

struct definition *__wrap_loader_find(const char *name, struct faults *user, int line)
{
    static struct {
        char *name;
        struct definition *definition;
    } known[MOST_DEFINITIONS];
    struct definition *definition;
    size_t i = 0;

    for (; i < MOST_DEFINITIONS && known[i].name; i++)
        if (strcmp(known[i].name, name) == 0)
            return definition_hold(known[i].definition);
    definition = __real_loader_find(name, user, line);
    if (definition && i < MOST_DEFINITIONS) {
        known[i].name = mem_string(name);
        known[i].definition = definition_hold(definition);
    }
    return definition;
}

static struct dialect *find_dialect(const char *client)
{
    static struct dialect *dialects[2];
    struct dialect **dialect = &dialects[*client == 'i'];
    struct faults faults = {"fuzz", on_fault, NULL, false};

    if (!*dialect)
        *dialect = dialect_read(client, &faults);
    assert(*dialect);
    return *dialect;
}

/* ---- The input. ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_string_n((const char *)data, size);
    struct draft *draft;

    log_set_level(LOG_LEVEL_ERROR);
    draft = import_text(find_dialect(import_client(text)), "/nonexistent/fuzz.conf", text, size, on_fault, NULL);
    for (size_t i = 0; draft && i < draft->words.count; i++) /* none is forgotten */
        assert(draft->words.list[i]->done);
    if (draft)
        check(draft);
    draft_free(draft);
    free(text);
    return 0;
}
