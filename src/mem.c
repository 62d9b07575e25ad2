#include "mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif

void mem_exhausted(void)
{
    fputs("wanddns: out of memory\n", stderr);
    exit(1);
}

static void *or_exit(void *memory)
{
    if (!memory)
        mem_exhausted();
    return memory;
}

void *mem_alloc(size_t size)
{
    return or_exit(calloc(1, size ? size : 1));
}

void *mem_resize(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        or_exit(NULL);
    return or_exit(realloc(old, count && size ? count * size : 1));
}

char *mem_string(const char *text)
{
    return text ? mem_string_n(text, strlen(text)) : NULL;
}

char *mem_string_n(const char *text, size_t length)
{
    char *copy = mem_alloc(length + 1);

    memcpy(copy, text, length);
    return copy;
}

void mem_wipe(char *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}

void mem_trim(void)
{
#ifdef HAVE_MALLOC_TRIM
    malloc_trim(0);
#endif
}
