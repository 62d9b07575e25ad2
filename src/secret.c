#include "secret.h"

#include "log.h"
#include "mem.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { UNIT = 16 }; /* bytes; a secret takes some of them, side by side */

struct secret {
    uint32_t holders;
    uint32_t units;
    char text[];
};

/* A mapping of one page, or of as many as one long secret needs. A bit for each unit of it, this head included. */
struct region {
    struct region *next;
    size_t units, free;
    unsigned char used[];
};

static struct region *regions;

static bool is_used(const struct region *region, size_t unit)
{
    return region->used[unit / CHAR_BIT] >> unit % CHAR_BIT & 1;
}

static void mark(struct region *region, size_t first, size_t count)
{
    for (size_t unit = first; unit < first + count; unit++)
        region->used[unit / CHAR_BIT] ^= (unsigned char)(1U << unit % CHAR_BIT);
}

static size_t head_units(size_t units)
{
    return (sizeof(struct region) + (units + CHAR_BIT - 1) / CHAR_BIT + UNIT - 1) / UNIT;
}

/* Where it may not be locked it may be swapped out, and works as well. An old kernel may not know all that is advised. */
static void protect(void *pages, size_t size)
{
    static bool is_told;

    madvise(pages, size, MADV_DONTDUMP);
    madvise(pages, size, MADV_WIPEONFORK);
    if (mlock2(pages, size, 0) == 0 || is_told) /* AddressSanitizer makes nothing of mlock(2) */
        return;
    is_told = true;
    log_info("passwords may be swapped out: they cannot be locked in memory (RLIMIT_MEMLOCK): %s", strerror(errno));
}

static struct region *new_region(size_t need)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = page;
    struct region *region;

    while (head_units(size / UNIT) + need > size / UNIT)
        size += page;
    region = mem_pages(size);
    protect(region, size);
    region->units = size / UNIT;
    region->free = region->units - head_units(region->units);
    mark(region, 0, head_units(region->units));
    region->next = regions;
    regions = region;
    return region;
}

/* The first of so many free units in a row; 0 when there are none. */
static size_t find_room(const struct region *region, size_t need)
{
    size_t found = 0;

    for (size_t unit = head_units(region->units); unit < region->units && region->free >= need; unit++) {
        found = is_used(region, unit) ? 0 : found + 1;
        if (found == need)
            return unit + 1 - need;
    }
    return 0;
}

struct secret *secret_new(const char *text)
{
    size_t length = text ? strlen(text) : 0, need = (sizeof(struct secret) + length + UNIT) / UNIT, first = 0;
    struct region *region = regions;
    struct secret *secret;

    if (!text)
        return NULL;
    assert(length < UINT32_MAX);
    while (region && !(first = find_room(region, need)))
        region = region->next;
    if (!region) {
        region = new_region(need);
        first = find_room(region, need);
    }
    mark(region, first, need);
    region->free -= need;
    secret = (struct secret *)((char *)region + first * UNIT);
    secret->holders = 1;
    secret->units = (uint32_t)need;
    memcpy(secret->text, text, length); /* what is free is zero */
    return secret;
}

struct secret *secret_take(char *text)
{
    struct secret *secret = secret_new(text);

    mem_wipe(text);
    return secret;
}

struct secret *secret_hold(struct secret *secret)
{
    if (secret)
        secret->holders++;
    return secret;
}

/* The pointer to the region that this lies in. */
static struct region **find_region(const struct secret *secret)
{
    struct region **at = &regions;

    while ((uintptr_t)secret - (uintptr_t)*at >= (*at)->units * UNIT)
        at = &(*at)->next;
    return at;
}

void secret_free(struct secret *secret)
{
    struct region **at, *region;
    size_t units;

    if (!secret || --secret->holders)
        return;
    at = find_region(secret);
    region = *at;
    units = secret->units;
    mark(region, (size_t)((char *)secret - (char *)region) / UNIT, units);
    region->free += units;
    explicit_bzero(secret, units * UNIT);
    if (region->free + head_units(region->units) < region->units)
        return;
    *at = region->next;
    munmap(region, region->units * UNIT);
}

const char *secret_reveal(const struct secret *secret)
{
    return secret ? secret->text : NULL;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return a == b || (a && b && strcmp(a->text, b->text) == 0);
}
