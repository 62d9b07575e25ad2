#include "memory.h"

#include "mem.h"
#include "timer.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct value {
    char *name;
    struct secret *text;
    uint64_t until_ms; /* 0: for ever */
};

struct kept {
    char *key; /* first: what compare() looks at */
    struct value *values;
    size_t count;
};

struct memory {
    void *tree; /* of tsearch(3) */
};

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct kept *)a)->key, ((const struct kept *)b)->key);
}

static struct kept *find_kept(const struct memory *memory, const char *key)
{
    const struct kept wanted = {.key = (char *)key};
    struct kept **found = tfind(&wanted, &memory->tree, compare);

    return found ? *found : NULL;
}

static void free_kept(void *arg)
{
    struct kept *kept = arg;

    for (size_t i = 0; i < kept->count; i++) {
        free(kept->values[i].name);
        secret_free(kept->values[i].text);
    }
    free(kept->values);
    free(kept->key);
    free(kept);
}

struct memory *memory_new(void)
{
    return mem_alloc(sizeof(struct memory));
}

void memory_free(struct memory *memory)
{
    if (memory)
        memory_forget_all(memory);
    free(memory);
}

void memory_keep(struct memory *memory, const char *key, const char *name, struct secret *text, uint64_t for_ms)
{
    struct kept *kept = find_kept(memory, key);
    struct value *value = NULL;

    if (!kept) {
        kept = mem_alloc(sizeof *kept);
        kept->key = mem_string(key);
        if (!tsearch(kept, &memory->tree, compare))
            abort();
    }
    for (size_t i = 0; i < kept->count && !value; i++)
        if (strcmp(kept->values[i].name, name) == 0)
            value = &kept->values[i];
    if (!value) {
        kept->values = mem_resize(kept->values, kept->count + 1, sizeof *value);
        value = &kept->values[kept->count++];
        *value = (struct value){.name = mem_string(name)};
    }
    secret_free(value->text);
    value->text = secret_hold(text);
    value->until_ms = for_ms ? timer_now_ms() + for_ms : 0;
}

struct secret *memory_find(const struct memory *memory, const char *key, const char *name)
{
    const struct kept *kept = find_kept(memory, key);

    for (size_t i = 0; kept && i < kept->count; i++)
        if (strcmp(kept->values[i].name, name) == 0)
            return !kept->values[i].until_ms || kept->values[i].until_ms > timer_now_ms() ? kept->values[i].text : NULL;
    return NULL;
}

void memory_forget(struct memory *memory, const char *key)
{
    struct kept *kept = find_kept(memory, key);

    if (!kept)
        return;
    tdelete(kept, &memory->tree, compare);
    free_kept(kept);
}

/* Keys that begin alike stand beside each other in the order of compare(). */
static int compare_begin(const void *a, const void *b)
{
    const char *begin = ((const struct kept *)a)->key;

    return strncmp(begin, ((const struct kept *)b)->key, strlen(begin));
}

void memory_forget_like(struct memory *memory, const char *begin)
{
    const struct kept wanted = {.key = (char *)begin};
    struct kept **found;

    while ((found = tfind(&wanted, &memory->tree, compare_begin)))
        memory_forget(memory, (*found)->key);
}

void memory_forget_all(struct memory *memory)
{
    while (memory->tree) {
        struct kept *kept = *(struct kept **)memory->tree; /* a node begins with what it holds (tsearch(3)) */

        tdelete(kept, &memory->tree, compare);
        free_kept(kept);
    }
}

bool memory_is_empty(const struct memory *memory)
{
    return !memory->tree;
}

/* For twalk(3), which hands nothing over. */
static memory_name_fn *walk_fn;
static void *walk_arg;

static void tell_names(const void *node, VISIT visit, int depth)
{
    const struct kept *kept = *(struct kept *const *)node;

    (void)depth;
    for (size_t i = 0; i < kept->count && (visit == postorder || visit == leaf); i++)
        walk_fn(walk_arg, kept->key, kept->values[i].name);
}

void memory_walk(const struct memory *memory, memory_name_fn *fn, void *arg)
{
    walk_fn = fn;
    walk_arg = arg;
    twalk(memory->tree, tell_names);
}
