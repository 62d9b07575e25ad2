/* Choosing is a pure function of what the kernel said; the kernel itself is a false one here. */
#include "source.h"

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

enum { FOREVER = -1 };

/* One candidate. A text of NULL ends a list. */
struct candidate {
    const char *text;
    uint32_t flags;
    int preferred_s;
    unsigned char scope;
    enum reason reason; /* why it is what it is */
};

enum { MOST = 8 };

struct set {
    const char *what;
    struct candidate list[MOST];
    int chosen; /* index, or -1 */
    enum reason reason;
};

#define GLOBAL RT_SCOPE_UNIVERSE
#define PERM   IFA_F_PERMANENT

static const struct set sets[] = {
    {"nothing", {{0}}, -1, REASON_NO_ADDRESS},
    {"one public address", {{"203.0.113.7", PERM, FOREVER, GLOBAL, REASON_CHOSEN}}, 0, REASON_CHOSEN},
    {"of two equals the lowest",
     {{"203.0.113.9", PERM, FOREVER, GLOBAL, REASON_OTHER}, {"203.0.113.7", PERM, FOREVER, GLOBAL, REASON_CHOSEN}},
     1,
     REASON_CHOSEN},
    {"primary before secondary, wherever it stands",
     {{"203.0.113.8", PERM | IFA_F_SECONDARY, FOREVER, GLOBAL, REASON_OTHER},
      {"203.0.113.9", PERM, FOREVER, GLOBAL, REASON_CHOSEN}},
     1,
     REASON_CHOSEN},
    {"only a secondary address",
     {{"203.0.113.8", PERM | IFA_F_SECONDARY, FOREVER, GLOBAL, REASON_CHOSEN}},
     0,
     REASON_CHOSEN},
    {"IPv6: nothing to do with privacy extensions first, even when it lives shorter",
     {{"2001:db8::1", IFA_F_MANAGETEMPADDR, 7200, GLOBAL, REASON_OTHER},
      {"2001:db8::2", 0, 3600, GLOBAL, REASON_CHOSEN}},
     1,
     REASON_CHOSEN},
    {"IPv6: the longest preferred lifetime",
     {{"2001:db8::1", 0, 3600, GLOBAL, REASON_OTHER},
      {"2001:db8::3", 0, 7200, GLOBAL, REASON_OTHER},
      {"2001:db8::4", PERM, FOREVER, GLOBAL, REASON_CHOSEN},
      {"2001:db8::2", 0, 7200, GLOBAL, REASON_OTHER}},
     2,
     REASON_CHOSEN},
    {"a deprecated address", {{"203.0.113.7", IFA_F_DEPRECATED, 0, GLOBAL, REASON_DEPRECATED}}, -1, REASON_DEPRECATED},
    {"the preferred lifetime is over before the flag says so",
     {{"203.0.113.7", 0, 0, GLOBAL, REASON_DEPRECATED}},
     -1,
     REASON_DEPRECATED},
    {"a leased address", {{"203.0.113.7", 0, 3600, GLOBAL, REASON_CHOSEN}}, 0, REASON_CHOSEN},
    {"private ranges",
     {{"192.168.1.2", PERM, FOREVER, GLOBAL, REASON_PRIVATE}, {"10.0.0.1", PERM, FOREVER, GLOBAL, REASON_PRIVATE}},
     -1,
     REASON_PRIVATE},
    {"the carrier's NAT", {{"100.64.0.7", PERM, FOREVER, GLOBAL, REASON_CARRIER_NAT}}, -1, REASON_CARRIER_NAT},
    {"IPv4 link-local, with the scope that the kernel gives it",
     {{"169.254.7.7", PERM, FOREVER, RT_SCOPE_LINK, REASON_LINK_LOCAL}},
     -1,
     REASON_LINK_LOCAL},
    {"a special range", {{"198.18.0.1", PERM, FOREVER, GLOBAL, REASON_SPECIAL}}, -1, REASON_SPECIAL},
    {"a public address of narrow scope",
     {{"203.0.113.7", PERM, FOREVER, RT_SCOPE_LINK, REASON_NOT_GLOBAL}},
     -1,
     REASON_NOT_GLOBAL},
    {"a public address behind private ones",
     {{"192.168.1.2", PERM, FOREVER, GLOBAL, REASON_PRIVATE},
      {"100.64.0.7", PERM, FOREVER, GLOBAL, REASON_CARRIER_NAT},
      {"203.0.113.7", PERM, FOREVER, GLOBAL, REASON_CHOSEN}},
     2,
     REASON_CHOSEN},
    {"of several reasons the one that was nearest",
     {{"169.254.7.7", PERM, FOREVER, RT_SCOPE_LINK, REASON_LINK_LOCAL},
      {"100.64.0.7", PERM, FOREVER, GLOBAL, REASON_CARRIER_NAT},
      {"192.168.1.2", PERM, FOREVER, GLOBAL, REASON_PRIVATE}},
     -1,
     REASON_CARRIER_NAT},
    {"an IPv6 address", {{"2001:db8::7", PERM, FOREVER, GLOBAL, REASON_CHOSEN}}, 0, REASON_CHOSEN},
    {"a link-local one besides",
     {{"fe80::1", PERM, FOREVER, RT_SCOPE_LINK, REASON_LINK_LOCAL},
      {"2001:db8::7", IFA_F_MANAGETEMPADDR, 3600, GLOBAL, REASON_CHOSEN}},
     1,
     REASON_CHOSEN},
    {"only link-local", {{"fe80::1", PERM, FOREVER, RT_SCOPE_LINK, REASON_LINK_LOCAL}}, -1, REASON_LINK_LOCAL},
    {"duplicate address detection is running",
     {{"2001:db8::7", IFA_F_TENTATIVE, FOREVER, GLOBAL, REASON_TENTATIVE}},
     -1,
     REASON_TENTATIVE},
    {"an optimistic address (RFC 4429) is tentative too",
     {{"2001:db8::7", IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, FOREVER, GLOBAL, REASON_TENTATIVE}},
     -1,
     REASON_TENTATIVE},
    {"another host has it: the kernel leaves it tentative",
     {{"2001:db8::7", IFA_F_TENTATIVE | IFA_F_DADFAILED | PERM, FOREVER, GLOBAL, REASON_DAD_FAILED}},
     -1,
     REASON_DAD_FAILED},
    {"another host has the first, the second is good",
     {{"2001:db8::7", IFA_F_TENTATIVE | IFA_F_DADFAILED, FOREVER, GLOBAL, REASON_DAD_FAILED},
      {"2001:db8::8", PERM, FOREVER, GLOBAL, REASON_CHOSEN}},
     1,
     REASON_CHOSEN},
    {"a new prefix while the old one is deprecated",
     {{"2001:db8:1::7", IFA_F_DEPRECATED, 0, GLOBAL, REASON_DEPRECATED},
      {"2001:db8:2::7", 0, 3600, GLOBAL, REASON_CHOSEN}},
     1,
     REASON_CHOSEN},
    {"a new prefix, still tentative, while the old one is deprecated",
     {{"2001:db8:1::7", IFA_F_DEPRECATED, 0, GLOBAL, REASON_DEPRECATED},
      {"2001:db8:2::7", IFA_F_TENTATIVE, 3600, GLOBAL, REASON_TENTATIVE}},
     -1,
     REASON_DEPRECATED},
    {"privacy extensions (RFC 8981): the kernel puts the temporary address first",
     {{"2001:db8::1234", IFA_F_TEMPORARY, 3600, GLOBAL, REASON_TEMPORARY},
      {"2001:db8::7", IFA_F_MANAGETEMPADDR, 3600, GLOBAL, REASON_CHOSEN}},
     1,
     REASON_CHOSEN},
    {"only a temporary one",
     {{"2001:db8::1234", IFA_F_TEMPORARY, 3600, GLOBAL, REASON_TEMPORARY}},
     -1,
     REASON_TEMPORARY},
    {"unique local", {{"fd00::7", PERM, FOREVER, GLOBAL, REASON_ULA}}, -1, REASON_ULA},
    {"unique local and global",
     {{"fd00::7", PERM, FOREVER, GLOBAL, REASON_ULA}, {"2001:db8::7", PERM, FOREVER, GLOBAL, REASON_CHOSEN}},
     1,
     REASON_CHOSEN},
    {"6to4 and Teredo of a private IPv4 address, NAT64",
     {{"2002:a00:1::1", PERM, FOREVER, GLOBAL, REASON_SPECIAL},
      {"2001:0:1::f5ff:fffe", PERM, FOREVER, GLOBAL, REASON_SPECIAL},
      {"64:ff9b::1", PERM, FOREVER, GLOBAL, REASON_SPECIAL}},
     -1,
     REASON_SPECIAL},
    {"6to4 of a public IPv4 address", {{"2002:cb00:7107::1", PERM, FOREVER, GLOBAL, REASON_CHOSEN}}, 0, REASON_CHOSEN},
    {"Teredo of a public IPv4 address",
     {{"2001:0:1::34ff:8ef8", PERM, FOREVER, GLOBAL, REASON_CHOSEN}},
     0,
     REASON_CHOSEN},
    {"the range tells more than the state: private and deprecated",
     {{"192.168.1.2", IFA_F_DEPRECATED, 0, GLOBAL, REASON_PRIVATE}},
     -1,
     REASON_PRIVATE},
    {"other flags do not matter",
     {{"2001:db8::7", IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE | IFA_F_STABLE_PRIVACY, 1, GLOBAL,
       REASON_CHOSEN}},
     0,
     REASON_CHOSEN},
};

/* The false kernel: one link, one route, one list, and the errors to give. */
static struct {
    int route_error, link_error, addresses_error;
    struct kernel_link link;
    struct kernel_address list[MOST];
    size_t count;
    struct ip asked, own;
    int asked_index, asked_family;
    const struct town *town; /* instead of the one link: several, with indexes from 1 */
} fake;

/* A link of a larger world; no name ends the list. */
struct town {
    const char *name;
    bool up;
    const char *address; /* NULL: none */
};

static int find_in_town(const char *name, int index, struct kernel_link *link)
{
    for (int i = 0; fake.town[i].name; i++) {
        if (name ? strcmp(name, fake.town[i].name) != 0 : i + 1 != index)
            continue;
        *link = (struct kernel_link){.index = i + 1, .up = fake.town[i].up};
        snprintf(link->name, sizeof link->name, "%s", fake.town[i].name);
        return 0;
    }
    return -ENODEV;
}

int kernel_match(struct kernel *kernel, const char *pattern, int **indexes, size_t *count)
{
    (void)kernel;
    *indexes = malloc(MOST * sizeof **indexes);
    *count = 0;
    assert_non_null(*indexes);
    for (int i = 0; fake.town[i].name; i++)
        if (fnmatch(pattern, fake.town[i].name, 0) == 0)
            (*indexes)[(*count)++] = i + 1;
    return 0;
}

int kernel_route(struct kernel *kernel, const struct ip *destination, int via, struct kernel_route *route)
{
    (void)kernel;
    assert_true(via == 0 || via == fake.link.index);
    fake.asked = *destination;
    *route = (struct kernel_route){.index = fake.link.index, .source = fake.own};
    return fake.route_error;
}

int kernel_link_by_name(struct kernel *kernel, const char *name, struct kernel_link *link)
{
    (void)kernel;
    if (fake.town)
        return find_in_town(name, 0, link);
    if (fake.link_error || strcmp(name, fake.link.name) != 0)
        return fake.link_error ? fake.link_error : -ENODEV;
    *link = fake.link;
    return 0;
}

int kernel_link_by_index(struct kernel *kernel, int index, struct kernel_link *link)
{
    (void)kernel;
    if (fake.town)
        return find_in_town(NULL, index, link);
    if (fake.link_error || index != fake.link.index)
        return fake.link_error ? fake.link_error : -ENODEV;
    *link = fake.link;
    return 0;
}

int kernel_addresses(struct kernel *kernel, int index, int family, struct kernel_address **list, size_t *count)
{
    (void)kernel;
    if (fake.town) {
        fake.count = fake.town[index - 1].address ? 1 : 0;
        assert_true(!fake.count || ip_parse(fake.town[index - 1].address, &fake.list[0].ip));
    }
    fake.asked_index = index;
    fake.asked_family = family;
    if (fake.addresses_error)
        return fake.addresses_error;
    *list = malloc(sizeof fake.list);
    assert_non_null(*list);
    memcpy(*list, fake.list, sizeof fake.list);
    *count = fake.count;
    return 0;
}

static size_t make_list(const struct set *set, struct kernel_address *list)
{
    size_t count = 0;

    for (; count < MOST && set->list[count].text; count++) {
        const struct candidate *from = &set->list[count];

        list[count] = (struct kernel_address){
            .flags = from->flags,
            .preferred_s = from->preferred_s == FOREVER ? UINT32_MAX : (uint32_t)from->preferred_s,
            .scope = from->scope,
        };
        assert_true(ip_parse(from->text, &list[count].ip));
    }
    return count;
}

static const struct rule plain;
static const struct source_before no_before;
static const struct source_ties no_ties = {.rule = &plain, .before = &no_before};
static const struct ip none;

static void test_choose(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sets); i++) {
        struct kernel_address list[MOST];
        enum reason each[MOST], reason = REASON_OTHER, again = REASON_OTHER;
        size_t count = make_list(&sets[i], list);
        size_t chosen = source_choose(list, count, &no_ties, each, &reason);

        if (chosen != (sets[i].chosen < 0 ? count : (size_t)sets[i].chosen) || reason != sets[i].reason)
            unit_wrong("%s: candidate %zu, %s", sets[i].what, chosen, reason_word(reason));
        for (size_t c = 0; c < count; c++)
            if (each[c] != sets[i].list[c].reason)
                unit_wrong("%s: %s is %s", sets[i].what, sets[i].list[c].text, reason_word(each[c]));
        if (source_choose(list, count, &no_ties, NULL, &again) != chosen || again != reason)
            unit_wrong("%s: another answer when nobody asks for each", sets[i].what);
    }
    unit_all_right();
}

/* Alone, an address is what it is among others, except that no other one stands before it. */
static void test_judge(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sets); i++) {
        struct kernel_address list[MOST];
        size_t count = make_list(&sets[i], list);

        for (size_t c = 0; c < count; c++) {
            enum reason expected = sets[i].list[c].reason;

            enum reason alone, whole;

            source_choose(&list[c], 1, &no_ties, &alone, &whole);
            if (alone != (expected == REASON_OTHER ? REASON_CHOSEN : expected) || whole != alone)
                unit_wrong("%s: %s is %s", sets[i].what, sets[i].list[c].text, reason_word(alone));
        }
    }
    unit_all_right();
}

/* Among equals: what was chosen before, then what the kernel would send from; but never before what is better. */
static void test_ties(void **state)
{
    static const struct {
        struct candidate list[MOST];
        const char *before, *own, *chosen;
    } cases[] = {
        {{{"203.0.113.7", PERM, FOREVER, GLOBAL, 0}, {"203.0.113.8", PERM, FOREVER, GLOBAL, 0}},
         NULL,
         NULL,
         "203.0.113.7"},
        {{{"203.0.113.7", PERM, FOREVER, GLOBAL, 0}, {"203.0.113.8", PERM, FOREVER, GLOBAL, 0}},
         "203.0.113.8",
         NULL,
         "203.0.113.8"},
        {{{"203.0.113.7", PERM, FOREVER, GLOBAL, 0}, {"203.0.113.8", PERM, FOREVER, GLOBAL, 0}},
         NULL,
         "203.0.113.8",
         "203.0.113.8"},
        {{{"203.0.113.7", PERM, FOREVER, GLOBAL, 0}, {"203.0.113.8", PERM, FOREVER, GLOBAL, 0}},
         "203.0.113.7",
         "203.0.113.8",
         "203.0.113.7"},
        {{{"203.0.113.7", PERM, FOREVER, GLOBAL, 0}, {"203.0.113.8", PERM | IFA_F_SECONDARY, FOREVER, GLOBAL, 0}},
         "203.0.113.8",
         "203.0.113.8",
         "203.0.113.7"},
        {{{"203.0.113.7", PERM, FOREVER, GLOBAL, 0}}, "203.0.113.9", "203.0.113.9", "203.0.113.7"},
        {{{"2001:db8::7", 0, 60, GLOBAL, 0}, {"2001:db8::8", 0, 7200, GLOBAL, 0}}, "2001:db8::7", NULL, "2001:db8::7"},
        {{{"2001:db8::7", IFA_F_MANAGETEMPADDR, 60, GLOBAL, 0}, {"2001:db8::8", PERM, FOREVER, GLOBAL, 0}},
         "2001:db8::7",
         NULL,
         "2001:db8::7"},
        {{{"2001:db8::7", IFA_F_DEPRECATED, 0, GLOBAL, 0}, {"2001:db8::8", 0, 7200, GLOBAL, 0}},
         "2001:db8::7",
         NULL,
         "2001:db8::8"},
        {{{"2001:db8::7", IFA_F_TEMPORARY, 7200, GLOBAL, 0}, {"2001:db8::8", 0, 60, GLOBAL, 0}},
         "2001:db8::7",
         "2001:db8::7",
         "2001:db8::8"},
        {{{"2001:db8::7", 0, 60, GLOBAL, 0}, {"2001:db8::8", 0, 7200, GLOBAL, 0}}, NULL, "2001:db8::7", "2001:db8::8"},
        {{{"2001:db8::7", 0, 60, GLOBAL, 0}, {"2001:db8::8", 0, 60, GLOBAL, 0}}, NULL, "2001:db8::8", "2001:db8::8"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct set set = {.what = "ties"};
        struct source_before before = {0};
        struct source_ties ties = {.rule = &plain, .before = &before};
        struct kernel_address list[MOST];
        enum reason reason;
        char text[IP_TEXT_SIZE];
        size_t count, chosen;

        memcpy(set.list, cases[i].list, sizeof set.list);
        count = make_list(&set, list);
        if (cases[i].before)
            assert_true(ip_set_parse(cases[i].before, &before.ips));
        if (cases[i].own)
            assert_true(ip_parse(cases[i].own, &ties.own));
        chosen = source_choose(list, count, &ties, NULL, &reason);
        if (chosen == count || strcmp(ip_text(&list[chosen].ip, text), cases[i].chosen) != 0)
            unit_wrong("row %zu: %s instead of %s", i, chosen == count ? "none" : text, cases[i].chosen);
    }
    unit_all_right();
}

/* The order is total: in whatever order the kernel tells them, the same address is chosen. Random sets, a fixed seed. */
static void test_order_of_the_list_does_not_matter(void **state)
{
    static const uint32_t flags[] = {0, PERM, IFA_F_SECONDARY, IFA_F_DEPRECATED, IFA_F_MANAGETEMPADDR, IFA_F_TENTATIVE};
    static const uint32_t lifetimes[] = {0, 60, 3600, UINT32_MAX};
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 3);
    for (int round = 0; round < 20000; round++) {
        struct kernel_address list[MOST], *chosen_first;
        struct source_before before = {0};
        struct source_ties ties = {.rule = &plain, .before = &before};
        enum reason reason, again;
        size_t count = 1 + unit_random(&random, MOST - 1), first;
        bool v4 = unit_random(&random, 2);
        struct ip expected = none;

        for (size_t i = 0; i < count; i++) {
            char text[IP_TEXT_SIZE];

            snprintf(text, sizeof text, v4 ? "203.0.113.%zu" : "2001:db8::%zu", i + 1);
            list[i] = (struct kernel_address){.flags = flags[unit_random(&random, COUNT(flags))],
                                              .preferred_s = lifetimes[unit_random(&random, COUNT(lifetimes))]};
            assert_true(ip_parse(text, &list[i].ip));
        }
        if (unit_random(&random, 2))
            ip_set_add(&before.ips, &list[unit_random(&random, (uint32_t)count)].ip);
        ties.own = unit_random(&random, 2) ? list[unit_random(&random, (uint32_t)count)].ip : none;
        first = source_choose(list, count, &ties, NULL, &reason);
        chosen_first = first < count ? &list[first] : NULL;
        expected = chosen_first ? chosen_first->ip : none;
        for (size_t i = count; i > 1; i--) {
            size_t with = unit_random(&random, (uint32_t)i);
            struct kernel_address moved = list[i - 1];

            list[i - 1] = list[with];
            list[with] = moved;
        }
        first = source_choose(list, count, &ties, NULL, &again);
        assert_true(ip_equal(first < count ? &list[first].ip : &none, &expected));
        assert_int_equal(reason, again);
    }
}

static void set_up_kernel(void)
{
    memset(&fake, 0, sizeof fake);
    fake.link = (struct kernel_link){.index = 7, .name = "wan0", .up = true};
    fake.list[0] = (struct kernel_address){.preferred_s = UINT32_MAX};
    assert_true(ip_parse("203.0.113.7", &fake.list[0].ip));
    fake.count = 1;
}

static void test_read(void **state)
{
    struct rule by_route = {.family = AF_INET}, by_name = {.interfaces = {"wan0"}, .family = AF_INET6};
    struct source_answer answer;
    char text[IP_SET_TEXT_SIZE];

    (void)state;
    set_up_kernel();
    assert_int_equal(source_read(NULL, &by_route, &no_before, &answer), 0);
    assert_int_equal(answer.reason, REASON_CHOSEN);
    assert_string_equal(ip_set_text(&answer.ips, text), "203.0.113.7");
    assert_string_equal(answer.link.name, "wan0");
    assert_int_equal(answer.link.index, 7);
    assert_int_equal(fake.asked_index, 7);
    assert_int_equal(fake.asked_family, AF_INET);
    /* The route was asked for somewhere on the Internet. */
    assert_int_equal(ip_kind(&fake.asked), IP_PUBLIC);
    assert_int_equal(fake.asked.family, AF_INET);
    by_route.family = AF_INET6;
    assert_int_equal(source_read(NULL, &by_route, &no_before, &answer), 0);
    assert_int_equal(fake.asked.family, AF_INET6);
    assert_int_equal(ip_kind(&fake.asked), IP_PUBLIC);
    /* A named interface is not asked for by route. */
    fake.route_error = -ENETUNREACH;
    assert_int_equal(source_read(NULL, &by_name, &no_before, &answer), 0);
    assert_int_equal(answer.reason, REASON_CHOSEN);
    assert_int_equal(fake.asked_family, AF_INET6);
}

/* Without an address: the reason by its word, in a text that names the interface. */
static void test_read_reasons(void **state)
{
    static const struct {
        const char *interface;
        int route_error, link_error, addresses_error;
        bool up;
        const char *address; /* NULL: none */
        enum reason reason;
        const char *text;
    } cases[] = {
        {"", -ENETUNREACH, 0, 0, true, "203.0.113.7", REASON_NO_ROUTE, "no-route: "},
        {"", -EHOSTUNREACH, 0, 0, true, "203.0.113.7", REASON_NO_ROUTE, "no-route: "},
        {"wan1", 0, 0, 0, true, "203.0.113.7", REASON_NO_INTERFACE, "wan1"},
        {"wan0", 0, -ENODEV, 0, true, "203.0.113.7", REASON_NO_INTERFACE, "no-interface: "},
        {"wan0", 0, 0, 0, false, "203.0.113.7", REASON_LINK_DOWN, "link-down: wan0"},
        {"", 0, 0, 0, false, "203.0.113.7", REASON_LINK_DOWN, "wan0"},
        {"wan0", 0, 0, -ENODEV, true, "203.0.113.7", REASON_NO_INTERFACE, "no-interface: "},
        {"wan0", 0, 0, 0, true, NULL, REASON_NO_ADDRESS, "no-address: wan0"},
        {"", 0, 0, 0, true, "192.168.1.2", REASON_PRIVATE, "private: wan0"},
        {"", 0, 0, 0, true, "100.64.0.2", REASON_CARRIER_NAT, "carrier-nat: wan0"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rule rule = {.family = AF_INET};
        struct source_answer answer;

        set_up_kernel();
        snprintf(rule.interfaces[0], sizeof rule.interfaces[0], "%s", cases[i].interface);
        fake.route_error = cases[i].route_error;
        fake.link_error = cases[i].link_error;
        fake.addresses_error = cases[i].addresses_error;
        fake.link.up = cases[i].up;
        if (cases[i].address)
            assert_true(ip_parse(cases[i].address, &fake.list[0].ip));
        else
            fake.count = 0;
        memset(&answer, 0xaa, sizeof answer);
        if (source_read(NULL, &rule, &no_before, &answer) != 0 || answer.reason != cases[i].reason ||
            answer.ips.count || !strstr(answer.text, cases[i].text) ||
            strncmp(answer.text, reason_word(cases[i].reason), strlen(reason_word(cases[i].reason))) != 0)
            unit_wrong("row %zu: %s", i, answer.text);
    }
    unit_all_right();
}

/* The kernel changed while it was read: no answer, whatever question it was. */
static void test_read_again(void **state)
{
    struct rule by_route = {.family = AF_INET}, by_name = {.interfaces = {"wan0"}, .family = AF_INET};
    struct source_answer answer;

    (void)state;
    set_up_kernel();
    fake.route_error = -EAGAIN;
    assert_int_equal(source_read(NULL, &by_route, &no_before, &answer), -EAGAIN);
    set_up_kernel();
    fake.link_error = -EAGAIN;
    assert_int_equal(source_read(NULL, &by_route, &no_before, &answer), -EAGAIN);
    assert_int_equal(source_read(NULL, &by_name, &no_before, &answer), -EAGAIN);
    set_up_kernel();
    fake.addresses_error = -EAGAIN;
    assert_int_equal(source_read(NULL, &by_name, &no_before, &answer), -EAGAIN);
}

static void test_words(void **state)
{
    static const char *const words[] = {
        "no-route",      "no-interface", "link-down", "no-address", "link-local", "special",    "ula",       "private",
        "carrier-nat",   "not-global",   "no-match",  "dad-failed", "tentative",  "deprecated", "temporary", "asking",
        "source-silent", "bad-answer",   "disagree",  "no-room",    "other",      "chosen",
    };
    struct rule rule = {.family = AF_INET};
    char name[RULE_NAME_SIZE];

    (void)state;
    assert_int_equal(COUNT(words), REASON_CHOSEN + 1);
    for (int i = 0; i <= REASON_CHOSEN; i++)
        assert_string_equal(reason_word((enum reason)i), words[i]);
    assert_string_equal(rule_name(&rule, name), "auto");
    strcpy(rule.interfaces[0], "wan0");
    assert_string_equal(rule_name(&rule, name), "wan0");
}

/* The first of the list that is up and has an address that is fit; a pattern's links come by their index. */
static void test_lists(void **state)
{
    static const struct {
        const char *interfaces[RULE_INTERFACES];
        struct town town[5];
        const char *expected; /* "address link", or the text */
        size_t links;
    } cases[] = {
        {{"wan0", "wan1"}, {{"wan0", true, "203.0.113.7"}, {"wan1", true, "198.51.100.7"}}, "203.0.113.7 wan0", 2},
        {{"wan1", "wan0"}, {{"wan0", true, "203.0.113.7"}, {"wan1", true, "198.51.100.7"}}, "198.51.100.7 wan1", 2},
        {{"wan0", "wan1"}, {{"wan0", false, "203.0.113.7"}, {"wan1", true, "198.51.100.7"}}, "198.51.100.7 wan1", 2},
        {{"wan0", "wan1"}, {{"wan0", true, "10.0.0.7"}, {"wan1", true, "198.51.100.7"}}, "198.51.100.7 wan1", 2},
        {{"wan0", "wan1"}, {{"wan0", true, NULL}, {"wan1", true, "198.51.100.7"}}, "198.51.100.7 wan1", 2},
        {{"wan0", "wan1"}, {{"wan1", true, "198.51.100.7"}}, "198.51.100.7 wan1", 1},
        {{"wan0", "wan1"}, {{"lan0", true, "198.51.100.7"}}, "no-interface: there is no interface wan0,wan1", 0},
        {{"wan0", "wan1"}, {{"wan0", false, NULL}, {"wan1", true, "10.0.0.7"}}, "private: wan1 ", 2},
        {{"wan0", "wan1"}, {{"wan0", true, "100.64.0.7"}, {"wan1", false, NULL}}, "carrier-nat: wan0 ", 2},
        {{"ppp*"}, {{"ppp1", true, "203.0.113.7"}, {"ppp0", true, "198.51.100.7"}}, "203.0.113.7 ppp1", 2},
        {{"ppp*"},
         {{"ppp0", false, NULL}, {"eth0", true, "198.51.100.7"}, {"ppp3", true, "203.0.113.7"}},
         "203.0.113.7 ppp3",
         2},
        {{"ppp*"}, {{"eth0", true, "198.51.100.7"}}, "no-interface: there is no interface ppp*", 0},
        {{"ppp?", "wwan0"}, {{"ppp10", true, "203.0.113.7"}, {"wwan0", true, "198.51.100.7"}}, "198.51.100.7 wwan0", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rule rule = {.family = AF_INET};
        struct source_answer answer;
        char text[IP_SET_TEXT_SIZE + IFNAMSIZ + 2], address[IP_SET_TEXT_SIZE];

        set_up_kernel();
        fake.town = cases[i].town;
        for (size_t j = 0; j < RULE_INTERFACES && cases[i].interfaces[j]; j++)
            snprintf(rule.interfaces[j], sizeof rule.interfaces[j], "%s", cases[i].interfaces[j]);
        assert_int_equal(source_read(NULL, &rule, &no_before, &answer), 0);
        snprintf(text, sizeof text, "%s %s", ip_set_text(&answer.ips, address), answer.link.name);
        if (strcmp(text, cases[i].expected) != 0 &&
            strncmp(answer.text, cases[i].expected, strlen(cases[i].expected)) != 0)
            unit_wrong("row %zu: %s, %s", i, text, answer.text);
        if (answer.link_count != cases[i].links)
            unit_wrong("row %zu: %zu links", i, answer.link_count);
    }
    unit_all_right();
}

/* A text is never longer than its room, also for the longest name. */
static void test_long_name(void **state)
{
    struct rule rule = {.family = AF_INET};
    struct source_answer answer;

    (void)state;
    set_up_kernel();
    memset(fake.link.name, 'x', IFNAMSIZ - 1);
    memcpy(rule.interfaces[0], fake.link.name, IFNAMSIZ);
    assert_true(ip_parse("192.168.1.2", &fake.list[0].ip));
    assert_int_equal(source_read(NULL, &rule, &no_before, &answer), 0);
    assert_contains(answer.text, fake.link.name);
    assert_true(strlen(answer.text) < sizeof answer.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choose),     cmocka_unit_test(test_judge),
        cmocka_unit_test(test_ties),       cmocka_unit_test(test_order_of_the_list_does_not_matter),
        cmocka_unit_test(test_read),       cmocka_unit_test(test_read_reasons),
        cmocka_unit_test(test_read_again), cmocka_unit_test(test_words),
        cmocka_unit_test(test_long_name),  cmocka_unit_test(test_lists),
    };

    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
