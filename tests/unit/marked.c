#include "marked.h"

#include "unit.h"

#include <malloc.h>

enum { SHORTEST = 6, MOST = 256, LONGEST = 4096 };

/* Not in memory that is freed itself. */
static struct {
    char text[LONGEST];
    size_t length;
} marked[MOST];

static size_t count;
static const char *left;

void marked_add(const char *secret)
{
    size_t length = secret ? strlen(secret) : 0;

    if (length < SHORTEST || length >= LONGEST || marked_in(secret, length)) /* one within is enough to find it */
        return;
    assert_true(count < MOST);
    memcpy(marked[count].text, secret, length + 1);
    marked[count++].length = length;
}

void marked_clear(void)
{
    count = 0;
    left = NULL;
}

const char *marked_in(const void *memory, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (memmem(memory, length, marked[i].text, marked[i].length))
            return marked[i].text;
    return NULL;
}

const char *marked_left(void)
{
    return left;
}

/* Only pages of secrets are empty after a fork ("wf", proc(5)). */
bool marked_is_leaked(void)
{
    char *maps = unit_read("/proc/self/smaps");
    bool found;

    assert_non_null(maps);
    found = strstr(maps, " wf") != NULL;
    free(maps);
    return found;
}

/* ---- What the core gives back. It gets only memory that is all zero: what others left there is not the core's. ---- */

void __wrap_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *memory, size_t size);

static void look_through(void *memory)
{
    if (memory && !left)
        left = marked_in(memory, malloc_usable_size(memory));
}

void __wrap_free(void *memory)
{
    look_through(memory);
    free(memory);
}

void *__wrap_malloc(size_t size)
{
    return calloc(1, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    size_t old_size = memory ? malloc_usable_size(memory) : 0;
    void *fresh = calloc(1, size);

    if (!fresh)
        return NULL;
    if (memory)
        memcpy(fresh, memory, old_size < size ? old_size : size);
    __wrap_free(memory);
    return fresh;
}
