#include "levels.h"

static const struct tree_key inner_keys[] = {PLACE_KEYS, {NULL, TREE_TEXT, NULL}};
static const struct tree_key middle_keys[] = {PLACE_KEYS, {"inner", TREE_SECTION, inner_keys}, {NULL, TREE_TEXT, NULL}};
static const struct tree_key keys[] = {PLACE_KEYS, {"middle", TREE_SECTION, middle_keys}, {NULL, TREE_TEXT, NULL}};

static char *folder, *program;

int levels_setup(void **state)
{
    (void)state;
    folder = unit_folder();
    program = unit_file(folder, "program", "#!/bin/sh\n", 0700);
    free(unit_file(folder, "plain", "", 0600));
    free(unit_file(folder, "echo.conf",
                   "title = Echo\nserver = \"https://echo.example.org:8443\"\n"
                   "step address { url = \"{server}/ip?format=json\"\nget = \"ip=client.ip\" }\n",
                   0600));
    free(unit_file(folder, "plain-text.conf",
                   "title = Echo\nserver = \"https://text.example.org\"\nstep address { url = \"{server}/\" }\n",
                   0600));
    free(unit_file(folder, "updater.conf",
                   "title = Updater\nstep update { url = \"{server}/\" }\nword good { verdict = done }\n", 0600));
    free(unit_file(folder, "broken.conf", "title = Broken\ntitel = x\n", 0600));
    return setenv("WANDDNS_PROVIDERS", folder, 1);
}

int levels_teardown(void **state)
{
    (void)state;
    free(program);
    unit_remove_folder(folder);
    return 0;
}

static const struct tree_node *section_in(const struct tree_node *section)
{
    for (size_t i = 0; i < section->node_count; i++)
        if (section->nodes[i].key->type == TREE_SECTION)
            return &section->nodes[i];
    return NULL;
}

struct levels *levels_read(const char *format)
{
    struct levels *levels = calloc(1, sizeof *levels);
    const char *mark = strstr(format, "%s");
    const struct tree_node *section;
    char text[4096];

    assert_non_null(levels);
    snprintf(text, sizeof text, "%.*s%s%s", mark ? (int)(mark - format) : (int)strlen(format), format,
             mark ? program : "", mark ? mark + 2 : "");
    levels->faults = (struct faults){"f", unit_fault, &levels->told, false};
    levels->tree = tree_parse("f", text, strlen(text), keys, unit_fault, &levels->told);
    for (section = levels->tree; section; section = section_in(section)) {
        struct place *place = &levels->places[levels->count];

        levels->sections[levels->count] = section;
        place_read(&levels->faults, section, levels->count ? place - 1 : NULL, place);
        levels->count++;
    }
    return levels;
}

struct levels *levels_read_good(const char *format)
{
    struct levels *levels = levels_read(format);

    assert_string_equal(levels->told.text, "");
    assert_false(levels->faults.any);
    return levels;
}

void levels_free(struct levels *levels)
{
    while (levels->count)
        place_clear(&levels->places[--levels->count]);
    tree_free(levels->tree);
    free(levels);
}

const char *levels_program(void)
{
    return program;
}
