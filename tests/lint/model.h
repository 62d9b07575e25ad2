/* What mem.h promises, in words that an analyzer follows; it is put before each file but mem.c. clang's looks into
 * functions. gcc's looks at who gives memory back; of functions it would make too much. */
#ifndef WANDDNS_LINT_MODEL_H
#define WANDDNS_LINT_MODEL_H

#include <stdlib.h>
#include <string.h>

#ifdef __clang__

static inline void *mem_alloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);

    if (!memory)
        exit(1);
    return memory;
}

static inline void *mem_resize(void *old, size_t count, size_t size)
{
    void *memory = realloc(old, count && size ? count * size : 1);

    if (!memory)
        exit(1);
    return memory;
}

static inline char *mem_string_n(const char *text, size_t length)
{
    char *copy = mem_alloc(length + 1);

    memcpy(copy, text, length);
    return copy;
}

static inline char *mem_string(const char *text)
{
    return text ? mem_string_n(text, strlen(text)) : NULL;
}

static inline void mem_wipe(void *secret)
{
    free(secret);
}

#else

void mem_wipe(void *secret);

#define OWNED __attribute__((returns_nonnull, malloc, malloc(free), malloc(mem_wipe)))

OWNED void *mem_alloc(size_t size);
OWNED char *mem_string(const char *text);
OWNED char *mem_string_n(const char *text, size_t length);

#endif

#endif
