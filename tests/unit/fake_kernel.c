#include "fake_kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

struct fake_kernel fake_kernel;
static int followed[FAKE_LINKS * 64];

size_t fake_family(int family)
{
    return family == AF_INET ? 0 : 1;
}

static uint32_t dice(uint32_t sides)
{
    return unit_random(&fake_kernel.random, sides);
}

const struct fake_link *fake_kernel_link(int index)
{
    for (size_t i = 0; i < fake_kernel.places && index; i++)
        if (fake_kernel.links[i].link.index == index)
            return &fake_kernel.links[i];
    return NULL;
}

/* ---- The questions of kernel.h. ---- */

static bool is_busy(void)
{
    fake_kernel.questions++;
    return fake_kernel.questions == fake_kernel.busy_at || (fake_kernel.busy && dice(fake_kernel.busy) == 0);
}

bool fake_kernel_follows(int index)
{
    for (size_t i = 0; fake_kernel.followed && i < fake_kernel.followed_count; i++)
        if (fake_kernel.followed[i] == index)
            return true;
    return !fake_kernel.followed;
}

bool kernel_follow(struct kernel *kernel, const int *indexes, size_t count)
{
    bool grown = !indexes && fake_kernel.followed;

    (void)kernel;
    assert_true(count <= COUNT(followed));
    for (size_t i = 0; indexes && i < count; i++)
        grown |= !fake_kernel_follows(indexes[i]);
    for (size_t i = 0; indexes && i < count; i++)
        followed[i] = indexes[i];
    fake_kernel.followed = indexes ? followed : NULL;
    fake_kernel.followed_count = count;
    return grown;
}

int kernel_route(struct kernel *kernel, const struct ip *destination, int via, struct kernel_route *route)
{
    size_t family = fake_family(destination->family);
    const struct fake_link *link = fake_kernel_link(via ? via : fake_kernel.route[family]);

    (void)kernel;
    if (is_busy())
        return -EAGAIN;
    if (via ? !link : !fake_kernel.route[family])
        return via ? -ENODEV : -ENETUNREACH;
    *route = (struct kernel_route){.index = via ? via : fake_kernel.route[family],
                                   .source = link ? link->own[family] : (struct ip){0}};
    return 0;
}

int kernel_link_by_name(struct kernel *kernel, const char *name, struct kernel_link *link)
{
    (void)kernel;
    if (is_busy())
        return -EAGAIN;
    for (size_t i = 0; i < fake_kernel.places; i++) {
        *link = fake_kernel.links[i].link;
        if (link->index && strcmp(link->name, name) == 0)
            return 0;
    }
    return -ENODEV;
}

int kernel_link_by_index(struct kernel *kernel, int index, struct kernel_link *link)
{
    const struct fake_link *found = fake_kernel_link(index);

    (void)kernel;
    if (is_busy())
        return -EAGAIN;
    if (found)
        *link = found->link;
    return found ? 0 : -ENODEV;
}

int kernel_match(struct kernel *kernel, const char *pattern, int **indexes, size_t *count)
{
    (void)kernel;
    *indexes = NULL;
    *count = 0;
    if (is_busy())
        return -EAGAIN;
    *indexes = malloc(FAKE_LINKS * sizeof **indexes);
    assert_non_null(*indexes);
    for (int index = 1; index <= fake_kernel.last_index; index++) {
        const struct fake_link *link = fake_kernel_link(index);

        if (link && fnmatch(pattern, link->link.name, 0) == 0)
            (*indexes)[(*count)++] = index;
    }
    return 0;
}

int kernel_addresses(struct kernel *kernel, int index, int family, struct kernel_address **list, size_t *count)
{
    const struct fake_link *link = fake_kernel_link(index);
    size_t at = fake_family(family);

    (void)kernel;
    if (is_busy())
        return -EAGAIN;
    if (!link)
        return -ENODEV;
    *count = link->count[at];
    *list = malloc(sizeof link->list[at]);
    assert_non_null(*list);
    memcpy(*list, link->list[at], sizeof link->list[at]);
    return 0;
}

/* ---- Changes. ---- */

static bool is_free(const char *name)
{
    for (size_t i = 0; i < fake_kernel.places; i++)
        if (fake_kernel.links[i].link.index && strcmp(fake_kernel.links[i].link.name, name) == 0)
            return false;
    return true;
}

/* wan0, wan1, ppp0, wan2, ...: of few links all names that rules have are among them. */
static void give_name(struct fake_link *link)
{
    char name[IFNAMSIZ];
    uint32_t number = dice((uint32_t)fake_kernel.places + 1);

    if (number < 2)
        snprintf(name, sizeof name, "wan%u", number);
    else
        snprintf(name, sizeof name, number == 2 ? "ppp%u" : "wan%u", number == 2 ? 0 : number - 1);
    if (is_free(name))
        snprintf(link->link.name, sizeof link->link.name, "%s", name);
    else if (!link->link.name[0])
        snprintf(link->link.name, sizeof link->link.name, "wan-%d", link->link.index);
}

static void set_state(struct kernel_address *address)
{
    static const uint32_t flags[] = {0,
                                     0,
                                     IFA_F_PERMANENT,
                                     IFA_F_PERMANENT,
                                     IFA_F_MANAGETEMPADDR,
                                     IFA_F_TEMPORARY,
                                     IFA_F_DEPRECATED,
                                     IFA_F_TENTATIVE,
                                     IFA_F_TENTATIVE | IFA_F_OPTIMISTIC,
                                     IFA_F_TENTATIVE | IFA_F_DADFAILED};
    static const uint32_t lifetimes[] = {0, 60, 60, 3600, 3600, UINT32_MAX, UINT32_MAX, UINT32_MAX};

    address->flags = flags[dice(COUNT(flags))];
    address->preferred_s = lifetimes[dice(COUNT(lifetimes))];
    if (fake_kernel.calm) {
        address->flags &= IFA_F_PERMANENT;
        address->preferred_s = UINT32_MAX;
    }
}

/* Few numbers, so that one that went comes again, here or on another link. */
static void make_address(size_t family, struct kernel_address *address)
{
    static const char *const forms[][6] = {
        {"203.0.113.%u", "203.0.113.%u", "198.51.100.%u", "10.0.0.%u", "100.64.0.%u", "169.254.0.%u"},
        {"2001:db8:1::%u", "2001:db8:1::%u", "2001:db8:2::%u", "2001:db8:3::%u", "fd00::%u", "fe80::%u"}};
    uint32_t form = dice(fake_kernel.calm ? 3 : COUNT(*forms));
    char text[IP_TEXT_SIZE];

    snprintf(text, sizeof text, forms[family][form], 1 + dice(4));
    *address = (struct kernel_address){.prefix_length = (unsigned char)(dice(2) ? 24 : 32)};
    assert_true(ip_parse(text, &address->ip));
    if (form == 5)
        address->scope = RT_SCOPE_LINK;
    set_state(address);
}

static bool has(const struct fake_link *link, const struct ip *ip)
{
    size_t family = fake_family(ip->family);

    for (size_t i = 0; i < link->count[family]; i++)
        if (ip_equal(&link->list[family][i].ip, ip))
            return true;
    return false;
}

/* No address is twice on a link. */
static bool may_have(const struct fake_link *link, const struct ip *ip)
{
    bool taken = has(link, ip);

    for (size_t i = 0; i < fake_kernel.places && !fake_kernel.shared; i++)
        taken |= has(&fake_kernel.links[i], ip);
    return !taken;
}

static void add_address(struct fake_link *link, size_t family)
{
    struct kernel_address fresh;
    size_t count = link->count[family], at;

    make_address(family, &fresh);
    if (count == FAKE_ADDRESSES || !may_have(link, &fresh.ip))
        return;
    /* The kernel's order is none to rely on. */
    at = dice((uint32_t)count + 1);
    link->list[family][count] = link->list[family][at];
    link->list[family][at] = fresh;
    link->count[family]++;
}

static void remove_address(struct fake_link *link, size_t family, size_t at)
{
    struct kernel_address *list = link->list[family];

    if (ip_equal(&link->own[family], &list[at].ip))
        link->own[family] = (struct ip){0};
    list[at] = list[--link->count[family]];
}

static void change_addresses(struct fake_link *link, size_t family)
{
    size_t count = link->count[family], at = count ? dice((uint32_t)count) : 0;

    switch (dice(count ? 5 : 2)) {
    case 0:
    case 1:
        add_address(link, family);
        break;
    case 2:
        remove_address(link, family, at);
        break;
    case 3:
        set_state(&link->list[family][at]);
        break;
    default:
        link->own[family] = dice(3) ? link->list[family][at].ip : (struct ip){0};
        break;
    }
}

static void create(struct fake_link *link)
{
    *link = (struct fake_link){.link = {.index = ++fake_kernel.last_index, .up = dice(4) != 0}};
    if (fake_kernel.places == FAKE_LINKS)
        link->link.up = dice(8) == 0;
    give_name(link);
    for (size_t i = dice(6); i; i--)
        add_address(link, dice(FAKE_FAMILIES));
    for (size_t family = 0; family < FAKE_FAMILIES; family++)
        if (link->count[family])
            link->own[family] = link->list[family][dice((uint32_t)link->count[family])].ip;
}

void fake_kernel_reset(uint64_t seed, size_t places)
{
    fake_kernel = (struct fake_kernel){.places = places};
    unit_random_seed(&fake_kernel.random, seed);
    for (size_t i = 0; i < places && places == FAKE_LINKS; i++)
        create(&fake_kernel.links[i]);
}

/* The routes of a link that is gone mostly go with it, or to the one that took its place. */
static void move_routes(int from, int to)
{
    for (size_t family = 0; family < FAKE_FAMILIES; family++)
        if (fake_kernel.route[family] == from && dice(4))
            fake_kernel.route[family] = to;
}

static void change_link(struct fake_link *link)
{
    switch (dice(fake_kernel.calm ? 24 : 8)) {
    case 0:
        move_routes(link->link.index, 0);
        *link = (struct fake_link){0};
        break;
    case 1: /* it was plugged in again, and all is as before but its index */
        move_routes(link->link.index, ++fake_kernel.last_index);
        link->link.index = fake_kernel.last_index;
        break;
    case 2:
        give_name(link);
        break;
    default:
        link->link.up = !link->link.up;
        break;
    }
}

static void describe(const struct fake_link *link, char *text, size_t size)
{
    size_t used;

    if (!link->link.index) {
        snprintf(text, size, "a link is gone");
        return;
    }
    used = (size_t)snprintf(text, size, "%s is %d, %s, with", link->link.name, link->link.index,
                            link->link.up ? "up" : "down");
    for (size_t i = 0; i < FAKE_FAMILIES * FAKE_ADDRESSES && used < size; i++) {
        const struct kernel_address *address = &link->list[i / FAKE_ADDRESSES][i % FAKE_ADDRESSES];
        char ip[IP_TEXT_SIZE];

        if (i % FAKE_ADDRESSES < link->count[i / FAKE_ADDRESSES])
            used += (size_t)snprintf(text + used, size - used, " %s(%#x,%d)", ip_text(&address->ip, ip), address->flags,
                                     (int)address->preferred_s);
    }
}

bool fake_kernel_change(char *text, size_t size)
{
    struct fake_link *link = &fake_kernel.links[dice((uint32_t)fake_kernel.places)];
    bool told = true;

    if (dice(6) == 0) {
        size_t family = dice(FAKE_FAMILIES);

        fake_kernel.route[family] = link->link.index;
        snprintf(text, size, "route %zu is %d", family, link->link.index);
        return told;
    }
    if (!link->link.index) {
        create(link);
    } else if (dice(6) < (fake_kernel.calm ? 5 : 2)) {
        change_link(link);
    } else {
        change_addresses(link, dice(FAKE_FAMILIES));
        told = fake_kernel_follows(link->link.index);
    }
    describe(link, text, size);
    return told;
}
