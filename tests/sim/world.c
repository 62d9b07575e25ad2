#include "world.h"

#include "fake_kernel.h"
#include "timer.h"
#include "words.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static kernel_hint_fn *hint_fn;
static void *hint_arg;
static struct timer *hint_timer;
static bool overrun;
static unsigned long changes;

void world_begin(void)
{
    fake_kernel_reset(1, FAKE_LINKS - 1); /* an empty one */
    changes = 0;
}

unsigned long world_changes(void)
{
    return changes;
}

/* ---- Hints. ---- */

static void on_hint(void *arg)
{
    bool lost = overrun;

    (void)arg;
    overrun = false;
    hint_fn(hint_arg, lost);
}

struct kernel *kernel_open(struct event_base *base, kernel_hint_fn *hint, void *arg)
{
    (void)base;
    assert_null(hint_timer);
    hint_fn = hint;
    hint_arg = arg;
    hint_timer = timer_new(on_hint, NULL);
    overrun = false;
    fake_kernel.followed = NULL;
    return (struct kernel *)&fake_kernel;
}

void kernel_close(struct kernel *kernel)
{
    assert_ptr_equal(kernel, &fake_kernel);
    timer_free(hint_timer);
    hint_timer = NULL;
}

static void hint(void)
{
    if (hint_timer)
        timer_start(hint_timer, 0);
}

static bool changed(int index)
{
    changes++;
    if (!index || fake_kernel_follows(index))
        hint();
    return true;
}

/* ---- Links and their addresses. ---- */

static struct fake_link *find_link(const char *name)
{
    for (size_t i = 0; i < fake_kernel.places; i++)
        if (fake_kernel.links[i].link.index && strcmp(fake_kernel.links[i].link.name, name) == 0)
            return &fake_kernel.links[i];
    return NULL;
}

/* The kernel tells of a new link whoever listens. */
static struct fake_link *make_link(const char *name)
{
    struct fake_link *link = fake_kernel.links;

    while (link->link.index)
        link++;
    assert_true(link < fake_kernel.links + fake_kernel.places);
    *link = (struct fake_link){.link = {.index = ++fake_kernel.last_index, .up = true}};
    snprintf(link->link.name, sizeof link->link.name, "%s", name);
    for (size_t family = 0; family < FAKE_FAMILIES && link->link.index == 1; family++)
        fake_kernel.route[family] = 1; /* until the scenario says something else */
    changed(0);
    return link;
}

static const struct {
    const char *word;
    uint32_t flags;
} flags[] = {{"tentative", IFA_F_TENTATIVE},
             {"deprecated", IFA_F_DEPRECATED},
             {"temporary", IFA_F_TEMPORARY},
             {"failed", IFA_F_DADFAILED}};

static bool read_address(char *rest, struct kernel_address *address)
{
    char *text = words_next(&rest), *slash = strchr(text, '/');
    const char *word;

    if (slash)
        *slash++ = '\0';
    *address = (struct kernel_address){.preferred_s = UINT32_MAX};
    if (!ip_parse(text, &address->ip))
        return false;
    address->prefix_length = (unsigned char)(slash ? atoi(slash) : address->ip.family == AF_INET ? 24 : 64);
    address->scope = ip_kind(&address->ip) == IP_LINK_LOCAL ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    while (*(word = words_next(&rest))) {
        size_t i = 0;

        while (i < COUNT(flags) && strcmp(flags[i].word, word) != 0)
            i++;
        if (i == COUNT(flags))
            return false;
        address->flags |= flags[i].flags;
    }
    return true;
}

/* The kernel sends from the first one. */
static void set_own(struct fake_link *link, size_t family)
{
    link->own[family] = link->count[family] ? link->list[family][0].ip : (struct ip){0};
}

/* Its index in the list of its family; the count of that when it is not there. */
static size_t find_address(const struct fake_link *link, size_t family, const struct ip *ip)
{
    size_t i = 0;

    while (i < link->count[family] && !ip_equal(&link->list[family][i].ip, ip))
        i++;
    return i;
}

static bool add_address(struct fake_link *link, char *rest)
{
    struct kernel_address address, *list;
    size_t family, i;

    if (!read_address(rest, &address))
        return false;
    family = fake_family(address.ip.family);
    list = link->list[family];
    i = find_address(link, family, &address.ip);
    if (i == FAKE_ADDRESSES)
        return false;
    list[i] = address; /* one that is there only changes */
    link->count[family] += i == link->count[family];
    set_own(link, family);
    return changed(link->link.index);
}

static bool remove_address(struct fake_link *link, char *rest)
{
    struct kernel_address address, *list;
    size_t family, i;

    if (!read_address(rest, &address))
        return false;
    family = fake_family(address.ip.family);
    list = link->list[family];
    i = find_address(link, family, &address.ip);
    if (i == link->count[family])
        return false;
    memmove(&list[i], &list[i + 1], (--link->count[family] - i) * sizeof *list);
    set_own(link, family);
    return changed(link->link.index);
}

static bool remove_link(struct fake_link *link)
{
    for (size_t family = 0; family < FAKE_FAMILIES; family++)
        if (fake_kernel.route[family] == link->link.index)
            fake_kernel.route[family] = 0;
    *link = (struct fake_link){0};
    return changed(0);
}

bool world_link(const char *name, char *rest)
{
    const char *word = words_next(&rest);
    struct fake_link *link = find_link(name);

    if (!link)
        link = make_link(name);
    if (strcmp(word, "gets") == 0)
        return add_address(link, rest);
    if (strcmp(word, "loses") == 0)
        return remove_address(link, rest);
    if (strcmp(word, "goes") == 0 && strcmp(rest, "up") == 0)
        link->link.up = true;
    else if (strcmp(word, "goes") == 0 && strcmp(rest, "down") == 0)
        link->link.up = false;
    else if (strcmp(word, "goes") == 0 && strcmp(rest, "away") == 0)
        return remove_link(link);
    else if (strcmp(word, "appears") != 0)
        return false;
    return changed(0);
}

bool world_route(char *rest)
{
    const char *word = words_next(&rest);
    bool has4 = strcmp(word, "ipv6") != 0, has6 = strcmp(word, "ipv4") != 0;
    const char *name = has4 && has6 ? word : words_next(&rest);
    const struct fake_link *link = find_link(name);
    int index = link ? link->link.index : 0;

    if (!link && strcmp(name, "none") != 0)
        return false;
    if (has4)
        fake_kernel.route[0] = index;
    if (has6)
        fake_kernel.route[1] = index;
    return changed(0);
}

bool world_kernel(char *rest)
{
    const char *word = words_next(&rest);

    if (strcmp(word, "is") == 0) {
        fake_kernel.busy = strcmp(rest, "busy") == 0;
        return fake_kernel.busy || strcmp(rest, "free") == 0;
    }
    if (strcmp(word, "overrun") != 0 && strcmp(word, "hint") != 0)
        return false;
    overrun = strcmp(word, "overrun") == 0;
    hint();
    return true;
}

/* ---- Questions of the tests. ---- */

bool world_is_link(int index, const char *name)
{
    const struct fake_link *link = fake_kernel_link(index);

    return link && strcmp(link->link.name, name) == 0;
}

struct ip world_local(int index)
{
    for (size_t family = 0; family < FAKE_FAMILIES; family++) {
        const struct fake_link *link = fake_kernel_link(index ? index : fake_kernel.route[family]);

        if (link && link->link.up && link->count[family])
            return link->own[family];
    }
    return (struct ip){0};
}

static bool has_address(const struct fake_link *link, size_t family)
{
    return link && link->link.index && link->link.up && link->count[family];
}

struct ip world_wanted(const struct rule *rule)
{
    size_t family = fake_family(rule->family);
    const struct fake_link *link = NULL;

    if (ip_is_set(&rule->fixed))
        return rule->fixed;
    if (rule_is_auto(rule))
        link = fake_kernel_link(fake_kernel.route[family]);
    for (size_t i = 0; i < RULE_INTERFACES && rule->interfaces[i][0] && !has_address(link, family); i++)
        link = find_link(rule->interfaces[i]);
    return has_address(link, family) ? link->list[family][0].ip : (struct ip){0};
}

bool __wrap_ip_is_here(const struct ip *ip);

/* ip.h asks the machine that the tests run on. */
bool __wrap_ip_is_here(const struct ip *ip)
{
    size_t family = fake_family(ip->family);

    for (size_t i = 0; i < fake_kernel.places; i++)
        for (size_t j = 0; fake_kernel.links[i].link.index && j < fake_kernel.links[i].count[family]; j++)
            if (ip_equal(&fake_kernel.links[i].list[family][j].ip, ip))
                return true;
    return false;
}
