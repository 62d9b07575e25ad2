#include "mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

void *mem_pages(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        mem_exhausted();
    return pages;
}

char *mem_string(const char *text)
{
    return text ? mem_string_n(text, strlen(text)) : NULL;
}

bool mem_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

char *mem_string_n(const char *text, size_t length)
{
    char *copy = mem_alloc(length + 1);

    memcpy(copy, text, length);
    return copy;
}

/* malloc_usable_size(3): that of the block, which may be more than was asked for; all of it is ours. */
void mem_wipe(void *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret, malloc_usable_size(secret));
    free(secret);
}

void *mem_move(void *old, size_t size)
{
    size_t old_size = old ? malloc_usable_size(old) : 0;
    void *fresh = malloc(size);

    if (!fresh)
        return NULL;
    if (old)
        memcpy(fresh, old, old_size < size ? old_size : size);
    mem_wipe(old);
    return fresh;
}

enum { STACK_NEAR = 8192, STACK_DEPTH = 256 * 1024 };

/* AddressSanitizer would give it a frame that is not on the stack. */
static void __attribute__((noinline, no_sanitize_address)) wipe_below(void)
{
    char below[STACK_NEAR];

    explicit_bzero(below, sizeof below);
}

/* Down there are requests and answers in plain text: registers are kept there too. Of pages that there are not, madvise(2)
 * only complains. */
static void trim_stack(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t end = ((uintptr_t)__builtin_frame_address(0) & ~(page - 1)) - page;

    wipe_below();
    madvise((void *)(end - STACK_DEPTH), STACK_DEPTH, MADV_DONTNEED);
}

void mem_trim(void)
{
    trim_stack();
#ifdef HAVE_MALLOC_TRIM
    malloc_trim(0);
#endif
}
