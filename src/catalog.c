#include "catalog.h"

#include "buf.h"
#include "mem.h"
#include "nearest.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIASES "aliases"

static const struct tree_key alias_keys[] = {{"alias", TREE_LIST, NULL}, {NULL, TREE_TEXT, NULL}};

const char *catalog_folder(int index)
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

/* The path of NAME.KIND in this folder if it is there. */
static char *file_of(int index, const char *name, const char *kind)
{
    struct buf path = {0};

    if (!catalog_folder(index) || !is_name(name))
        return NULL;
    buf_addf(&path, "%s/%s.%s", catalog_folder(index), name, kind);
    if (access(path.text, F_OK) == 0)
        return buf_take(&path);
    buf_free(&path);
    return NULL;
}

static char *file_in(int index, const char *name)
{
    return file_of(index, name, "conf");
}

static char *find_file(const char *name, const char *behind)
{
    for (int i = 0; i < CATALOG_FOLDERS; i++) {
        char *path = file_in(i, name);

        if (path && !behind)
            return path;
        if (path && strcmp(path, behind) == 0)
            behind = NULL;
        free(path);
    }
    return NULL;
}

/* Faults of an alias file are those of who wrote it; whoever uses it hears that there is no such provider. */
static void ignore(void *arg, const char *file, int line, const char *text)
{
    (void)arg, (void)file, (void)line, (void)text;
}

static char *find_alias(const char *name)
{
    size_t length = strlen(name);
    char *found = NULL;

    for (int i = 0; i < CATALOG_FOLDERS && !found; i++) {
        char *path = file_in(i, ALIASES);
        struct tree_node *tree = path ? tree_read(path, alias_keys, ignore, NULL) : NULL;
        const struct tree_node *list = tree ? tree_find(tree, "alias") : NULL;

        for (size_t j = 0; list && j < list->value_count && !found; j++)
            if (strncmp(list->values[j].text, name, length) == 0 && list->values[j].text[length] == '=')
                found = find_file(list->values[j].text + length + 1, NULL);
        tree_free(tree);
        free(path);
    }
    return found;
}

char *catalog_find(const char *name, const char *behind)
{
    char *path = strcmp(name, ALIASES) != 0 ? find_file(name, behind) : NULL;

    return path || behind ? path : find_alias(name);
}

/* What an alias with an @ and this part in it means; *several is set when others mean something else. */
static const char *guess_in(const struct tree_node *list, const char *part, const char *found, bool *several)
{
    for (size_t i = 0; i < list->value_count; i++) {
        const char *name = list->values[i].text, *mean = strchr(name, '='), *at = strstr(name, part);

        if (!mean || !at || at + strlen(part) > mean || !memchr(name, '@', (size_t)(mean - name)))
            continue;
        *several |= found && strcmp(found, mean + 1) != 0;
        found = mean + 1;
    }
    return found;
}

char *catalog_guess(const char *part)
{
    struct tree_node *trees[CATALOG_FOLDERS] = {NULL};
    const char *found = NULL;
    bool several = false;
    char *name;

    for (int i = 0; i < CATALOG_FOLDERS; i++) {
        char *path = file_in(i, ALIASES);
        const struct tree_node *list;

        trees[i] = path ? tree_read(path, alias_keys, ignore, NULL) : NULL;
        list = trees[i] ? tree_find(trees[i], "alias") : NULL;
        if (list)
            found = guess_in(list, part, found, &several);
        free(path);
    }
    name = several ? NULL : mem_string(found);
    for (int i = 0; i < CATALOG_FOLDERS; i++)
        tree_free(trees[i]);
    return name;
}

char *catalog_import(const char *client)
{
    char *path = NULL;

    for (int i = 0; i < CATALOG_FOLDERS && !path; i++)
        path = file_of(i, client, "import");
    return path;
}

char *catalog_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);

    return mem_string_n(name, length > 5 && strcmp(name + length - 5, ".conf") == 0 ? length - 5 : length);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **catalog_list(size_t *count)
{
    char **names = NULL;
    size_t all = 0;

    *count = 0;
    for (int i = 0; i < CATALOG_FOLDERS; i++) {
        DIR *dir = catalog_folder(i) ? opendir(catalog_folder(i)) : NULL;
        const struct dirent *entry;

        while (dir && (entry = readdir(dir))) {
            size_t length = strlen(entry->d_name);

            if (length <= 5 || strcmp(entry->d_name + length - 5, ".conf") != 0 ||
                strcmp(entry->d_name, ALIASES ".conf") == 0)
                continue;
            names = mem_resize(names, all + 1, sizeof *names);
            names[all++] = mem_string_n(entry->d_name, length - 5);
        }
        if (dir)
            closedir(dir);
    }
    if (all)
        qsort(names, all, sizeof *names, compare_names);
    for (size_t i = 0; i < all; i++) {
        if (*count && strcmp(names[i], names[*count - 1]) == 0)
            free(names[i]);
        else
            names[(*count)++] = names[i];
    }
    return names;
}

void catalog_fault(struct faults *faults, int line, const char *name)
{
    size_t count;
    char **names = catalog_list(&count);
    const char *meant = nearest_word(name, (const char *const *)names, count);

    if (!count)
        fault_at(faults, line, "there is no definition of a provider in %s",
                 catalog_folder(0) ? catalog_folder(0) : catalog_folder(CATALOG_FOLDERS - 1));
    else if (meant)
        fault_at(faults, line, "there is no provider '%s': did you mean '%s'?", name, meant);
    else
        fault_at(faults, line, "there is no provider '%s' (wanddns providers lists them)", name);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}
