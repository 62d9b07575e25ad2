/* Choosing is a pure function: the cases of candidates.txt, and those that follow from them. */
#include "candidates.h"

#include "unit.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

enum { PERMUTED = 5 }; /* up to so many addresses, all their orders are tried */

static struct candidates table;
static size_t runs, edges;

static int setup(void **state)
{
    const char *srcdir = getenv("srcdir"); /* automake sets it */
    char *path = unit_path(srcdir ? srcdir : ".", "tests/unit/candidates.txt"), *text = unit_read(path);
    bool good;

    (void)state;
    if (!text)
        print_error("%s is not there\n", path);
    good = text && candidates_read(text, &table);
    if (text && !good)
        print_error("%s: %s\n", path, table.fault);
    free(text);
    free(path);
    return good && table.case_count && table.range_count ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    print_message("candidates: %zu cases and %zu ranges as written, %zu edges, %zu runs\n", table.case_count,
                  table.range_count, edges, runs);
    candidates_free(&table);
    return 0;
}

/* ---- The cases as they are written. ---- */

/* One run over the addresses of a case, in this order. */
static void run(const struct candidate_case *row, const struct source_before *before, const size_t *order)
{
    struct source_ties ties = {&row->rule, before, row->own};
    struct kernel_address list[CANDIDATES_MAX];
    enum reason each[CANDIDATES_MAX], reason, again;
    size_t chosen, expected = row->count;

    for (size_t i = 0; i < row->count; i++) {
        list[i] = row->list[order[i]];
        if (order[i] == row->chosen)
            expected = i;
    }
    runs++;
    chosen = source_choose(list, row->count, &ties, each, &reason);
    if (chosen != expected || reason != row->reason) {
        char text[IP_TEXT_SIZE] = "nothing";

        if (chosen < row->count)
            ip_text(&list[chosen].ip, text);
        unit_wrong("line %d, %s: chosen is %s (%s)", row->line, row->name, text, reason_word(reason));
    }
    for (size_t i = 0; i < row->count; i++) {
        char text[IP_TEXT_SIZE];

        if (each[i] != row->each[order[i]])
            unit_wrong("line %d, %s: %s is %s", row->line, row->name, ip_text(&list[i].ip, text), reason_word(each[i]));
    }
    if (source_choose(list, row->count, &ties, NULL, &again) != chosen || again != reason)
        unit_wrong("line %d, %s: another answer when nobody asks for each", row->line, row->name);
}

/* All orders of the places from `from` on; of many addresses those that turn round. */
static void run_orders(const struct candidate_case *row, const struct source_before *before, size_t *order, size_t from)
{
    if (from >= row->count || from >= PERMUTED) {
        run(row, before, order);
        return;
    }
    for (size_t i = from; i < row->count; i++) {
        size_t kept = order[from];

        order[from] = order[i];
        order[i] = kept;
        run_orders(row, before, order, from + 1);
        order[i] = order[from];
        order[from] = kept;
    }
}

static void run_case(const struct candidate_case *row)
{
    size_t order[CANDIDATES_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct source_before before = {0};

    run_orders(row, &row->before, order, 0);
    if (row->chosen == row->count)
        return;
    before.ips = (struct ip_set){1, {row->list[row->chosen].ip}};
    run_orders(row, &before, order, 0);
}

static void test_each_case_is_chosen_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < table.case_count; i++)
        run_case(&table.cases[i]);
    unit_all_right();
}

/* Without one that is not chosen, the same one is chosen; alone, each is what it is among others. */
static void test_the_others_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < table.case_count; i++) {
        for (size_t j = 0; j < table.cases[i].count; j++) {
            struct candidate_case row = table.cases[i];

            row.list[0] = row.list[j];
            row.each[0] = row.reason = row.each[j] == REASON_OTHER ? REASON_CHOSEN : row.each[j];
            row.count = 1;
            row.chosen = row.reason == REASON_CHOSEN ? 0 : 1;
            run_case(&row);
            row = table.cases[i];
            if (row.chosen == row.count || row.chosen == j)
                continue;
            row.count--;
            memmove(row.list + j, row.list + j + 1, (row.count - j) * sizeof *row.list);
            memmove(row.each + j, row.each + j + 1, (row.count - j) * sizeof *row.each);
            row.chosen -= row.chosen > j;
            run_case(&row);
        }
    }
    unit_all_right();
}

/* ---- Every range with every flag. ---- */

struct setting {
    bool allow_private, outside, temporary;
};

static const struct rule_outside somebody;

/* What one address is alone: of what speaks against it, the first. */
static enum reason expect(const struct setting *setting, enum reason range, const struct kernel_address *address)
{
    bool forgiven = setting->allow_private || (setting->outside && range != REASON_LINK_LOCAL);
    bool is_v6 = address->ip.family == AF_INET6;

    if (range != REASON_CHOSEN && !forgiven)
        return range;
    if (address->scope)
        return REASON_NOT_GLOBAL;
    if (address->flags & IFA_F_DADFAILED)
        return REASON_DAD_FAILED;
    if (address->flags & IFA_F_TENTATIVE)
        return REASON_TENTATIVE;
    if (!address->preferred_s || address->flags & IFA_F_DEPRECATED)
        return REASON_DEPRECATED;
    return is_v6 && address->flags & IFA_F_TEMPORARY && !setting->temporary ? REASON_TEMPORARY : REASON_CHOSEN;
}

static void run_alone(const struct setting *setting, const struct kernel_address *address, enum reason expected,
                      int line)
{
    struct candidate_case row = {.line = line, .list = {*address}, .each = {expected}, .count = 1, .reason = expected};
    char text[IP_TEXT_SIZE];
    size_t order[1] = {0};

    row.rule = (struct rule){.family = address->ip.family,
                             .temporary = setting->temporary,
                             .allow_private = setting->allow_private,
                             .outside = setting->outside ? &somebody : NULL};
    row.chosen = expected == REASON_CHOSEN ? 0 : 1;
    snprintf(row.name, sizeof row.name, "%s with flags %#x, scope %d, %u s", ip_text(&address->ip, text),
             address->flags, address->scope, address->preferred_s);
    run(&row, &row.before, order);
}

/* The edge of a range, with each flag, scope and setting there is. */
static void run_edge(const struct ip *ip, enum reason range, int line)
{
    static const unsigned char scopes[] = {RT_SCOPE_UNIVERSE, RT_SCOPE_SITE, RT_SCOPE_LINK, RT_SCOPE_HOST};

    edges++;
    for (unsigned choice = 0; choice < 8; choice++) {
        struct setting setting = {choice & 1, choice & 2, choice & 4};

        for (uint32_t flag = 0; flag <= IFA_F_STABLE_PRIVACY; flag = flag ? flag << 1 : 1) {
            for (size_t i = 0; i < COUNT(scopes); i++) {
                struct kernel_address address = {*ip, flag, flag ? 1 : UINT32_MAX, scopes[i], 64};

                run_alone(&setting, &address, expect(&setting, range, &address), line);
            }
        }
    }
}

/* 6to4 has the address behind its 16 bits (RFC 3056), Teredo has it inverted at the end (RFC 4380). */
static void run_disguised(enum candidate_disguise disguise, const struct ip *front, const struct ip *inner,
                          enum reason reason, int line)
{
    struct ip ip = *front;

    for (size_t i = 0; i < 4; i++)
        ip.bytes[disguise == SIXTOFOUR ? 2 + i : 12 + i] = inner->bytes[i] ^ (disguise == TEREDO ? 0xff : 0);
    run_edge(&ip, reason == REASON_CHOSEN ? REASON_CHOSEN : REASON_SPECIAL, line);
}

static void run_range(const struct candidate_range *range)
{
    if (range->disguise == PLAIN) {
        run_edge(&range->first, range->reason, range->line);
        run_edge(&range->last, range->reason, range->line);
        return;
    }
    for (size_t i = 0; i < table.range_count; i++) {
        const struct candidate_range *inner = &table.ranges[i];

        if (inner->first.family != AF_INET)
            continue;
        run_disguised(range->disguise, &range->first, &inner->first, inner->reason, range->line);
        run_disguised(range->disguise, &range->last, &inner->last, inner->reason, range->line);
    }
}

/* Adds one; true when it runs over. */
static bool step(struct ip *ip)
{
    for (size_t i = ip_bits(ip->family) / 8; i--;)
        if (++ip->bytes[i])
            return false;
    return true;
}

/* A range that somebody adds cannot leave a hole: so both sides of each edge are tried. */
static void test_the_ranges_leave_no_hole(void **state)
{
    struct ip next = {AF_INET, {0}};
    bool over = true;

    (void)state;
    for (size_t i = 0; i < table.range_count; i++) {
        const struct candidate_range *range = &table.ranges[i];

        if (over)
            next = (struct ip){range->first.family, {0}};
        if (!ip_equal(&range->first, &next) || memcmp(range->first.bytes, range->last.bytes, sizeof next.bytes) > 0)
            unit_wrong("line %d does not begin behind the end of the line before", range->line);
        next = range->last;
        over = step(&next);
    }
    assert_true(over);
    assert_int_equal(table.ranges[0].first.family, AF_INET);
    assert_int_equal(next.family, AF_INET6);
    unit_all_right();
}

static void test_each_edge_with_each_flag(void **state)
{
    (void)state;
    for (size_t i = 0; i < table.range_count; i++)
        run_range(&table.ranges[i]);
    unit_all_right();
}

/* All flags with all others, on a public address. */
static void test_flags_together(void **state)
{
    static const char *const addresses[] = {"203.0.113.7", "2001:db8::7"};

    (void)state;
    for (uint32_t flags = 0; flags < 2 * IFA_F_STABLE_PRIVACY; flags++) {
        for (unsigned choice = 0; choice < 8; choice++) {
            struct setting setting = {.temporary = choice & 1};
            struct kernel_address address = {.flags = flags, .preferred_s = choice & 2 ? 1 : 0, .prefix_length = 24};

            assert_true(ip_parse(addresses[choice / 4], &address.ip));
            run_alone(&setting, &address, expect(&setting, REASON_CHOSEN, &address), 0);
        }
    }
    unit_all_right();
}

/* ---- The order: each pair of addresses that differ in what it looks at. ---- */

enum { STEPS = 7 };

/* What an address has, by the steps of the order. The one with the first that the other has not is chosen. */
struct virtues {
    bool has[STEPS]; /* preferred, public, primary, before, no privacy, long life, own */
};

static struct kernel_address make_virtuous(int family, const struct virtues *virtues, int number)
{
    struct kernel_address address = {.preferred_s = virtues->has[5] ? 7200 : 60};
    const bool *has = virtues->has;
    char text[IP_TEXT_SIZE];

    if (family == AF_INET)
        snprintf(text, sizeof text, has[1] ? "203.0.%d.%d" : "10.0.%d.%d", has[0] ? 113 : 112, number);
    else
        snprintf(text, sizeof text, has[1] ? "2001:db8:%d::%d" : "fd00:db8:%d::%d", has[0] ? 113 : 112, number);
    assert_true(ip_parse(text, &address.ip));
    if (!has[2])
        address.flags |= IFA_F_SECONDARY;
    if (!has[4])
        address.flags |= number & 1 ? IFA_F_TEMPORARY : IFA_F_MANAGETEMPADDR;
    return address;
}

/* Lifetimes are nothing to IPv4. */
static size_t first_difference(int family, const struct virtues *a, const struct virtues *b)
{
    size_t i = 0;

    while (i < STEPS && (a->has[i] == b->has[i] || (i == 5 && family == AF_INET)))
        i++;
    return i;
}

static void run_pair(int family, const struct virtues *a, const struct virtues *b)
{
    static const char *const preferred[] = {"203.0.113.0/24", "10.0.113.0/24", "2001:db8:113::/48",
                                            "fd00:db8:113::/48"};
    const struct virtues *both[] = {a, b};
    struct candidate_case row = {.count = 2, .reason = REASON_CHOSEN};
    size_t order[2] = {0, 1}, i = 0;

    row.rule = (struct rule){.family = family, .allow_private = true, .temporary = true};
    for (; i < COUNT(preferred); i++)
        assert_true(ip_prefix_parse(preferred[i], &row.rule.prefer[i]));
    for (i = 0; i < 2; i++) {
        row.list[i] = make_virtuous(family, both[i], (int)i + 1);
        if (both[i]->has[3])
            ip_set_add(&row.before.ips, &row.list[i].ip);
        if (both[i]->has[6])
            row.own = row.list[i].ip;
    }
    i = first_difference(family, a, b);
    /* When all is the same the first is the lower one. */
    row.chosen = i == STEPS || a->has[i] ? 0 : 1;
    row.each[row.chosen] = REASON_CHOSEN;
    row.each[1 - row.chosen] = REASON_OTHER;
    snprintf(row.name, sizeof row.name, "%s, pair that differs first in step %zu", ip_family_name(family), i + 1);
    run_orders(&row, &row.before, order, 0);
}

static void set_virtues(int family, unsigned bits, struct virtues *virtues)
{
    bool is_v6 = family == AF_INET6;

    /* Privacy extensions are nothing to IPv4, secondary addresses nothing to IPv6. */
    *virtues = (struct virtues){{bits & 1, bits & 2, is_v6 || bits & 4, bits & 8, !is_v6 || bits & 4, bits & 16}};
}

static void test_each_step_of_the_order(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 2 * 32 * 32 * 3; bits++) {
        int family = bits & 1 ? AF_INET6 : AF_INET;
        unsigned own = bits / (2 * 32 * 32); /* of the first, of the second, of none */
        struct virtues a, b;

        set_virtues(family, bits / 2 % 32, &a);
        set_virtues(family, bits / (2 * 32) % 32, &b);
        a.has[6] = own == 0;
        b.has[6] = own == 1;
        run_pair(family, &a, &b);
    }
    unit_all_right();
}

/* ---- The table itself. ---- */

/* Whoever adds a case and mistypes is told the line, and nothing is passed over. */
static void test_faults_name_their_line(void **state)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"    203.0.113.7 = chosen\n", "line 1: there is no name of a case before it"},
        {"a\n", "line 1: nothing is chosen, and there is no line `none`: 'a'"},
        {"# first\na\n    203.0.113.7 = private # why\n\nb\n    none = private\n",
         "line 2: nothing is chosen, and there is no line `none`: 'a'"},
        {"a\n    203.0.113.7\n", "line 2: there is no '= REASON' at the end"},
        {"a\n    203.0.113.7 chosen\n", "line 2: there is no '= REASON' at the end"},
        {"a\n    203.0.113.7 = chosn\n", "line 2: not a reason: 'chosn'"},
        {"a\n    203.0.113.256 = chosen\n", "line 2: not an address: '203.0.113.256'"},
        {"a\n    203.0.113.7/33 = chosen\n", "line 2: not an address: '203.0.113.7'"},
        {"a\n    203.0.113.7 tentativ = chosen\n", "line 2: not a word that fits this address: 'tentativ'"},
        {"a\n    203.0.113.7 temporary = chosen\n", "line 2: not a word that fits this address: 'temporary'"},
        {"a\n    2001:db8::7 secondary = chosen\n", "line 2: not a word that fits this address: 'secondary'"},
        {"a\n    2001:db8::7 nodad nodad = chosen\n", "line 2: not a word that fits this address: 'nodad'"},
        {"a\n    2001:db8::7 pref=4294967296 = chosen\n",
         "line 2: not a word that fits this address: 'pref=4294967296'"},
        {"a\n    2001:db8::7 scope=lnk = chosen\n", "line 2: not a word that fits this address: 'scope=lnk'"},
        {"a\n    2001:db8::7 = chosen\n    2001:db8::8 = chosen\n", "line 3: something is chosen before"},
        {"a\n    2001:db8::7 = chosen\n    2001:db8::7 = other\n",
         "line 3: of another family than the others, or there already: '2001:db8::7'"},
        {"a\n    2001:db8::7 = chosen\n    203.0.113.7 = other\n",
         "line 3: of another family than the others, or there already: '203.0.113.7'"},
        {"a\n    2001:db8::7 = chosen\n    none = private\n", "line 3: none does not go with this"},
        {"a\n    none = chosen\n", "line 2: none does not go with this"},
        {"a\n    rule temprary\n", "line 2: not a setting of a rule: 'temprary'"},
        {"a\n    rule match=203.0.113.7/24\n", "line 2: not a list of up to four prefixes: '203.0.113.7/24'"},
        {"a\n    before nothing\n", "line 2: not an address: 'nothing'"},
        {"a\n    own\n", "line 2: own takes one address"},
        {"a\n    10.0.0.0 - 10.0.0.1 chosen\n", "line 2: there is no '= REASON' at the end"},
        {"a\n    10.0.0.0 - 10.0.0.256 = chosen\n", "line 2: a range is: FIRST - LAST = REASON"},
        {"a\n    10.0.0.0 - 10.0.0.1 = chosen\n    10.0.0.7 = private\n    none = private\n",
         "line 1: ranges and candidates do not mix"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = strdup(rows[i].text);
        struct candidates broken;

        assert_non_null(text);
        if (candidates_read(text, &broken) || strcmp(broken.fault, rows[i].fault) != 0)
            unit_wrong("instead of \"%s\": \"%s\"", rows[i].fault, broken.fault);
        candidates_free(&broken);
        free(text);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_case_is_chosen_as_written),
        cmocka_unit_test(test_the_others_do_not_matter),
        cmocka_unit_test(test_the_ranges_leave_no_hole),
        cmocka_unit_test(test_each_edge_with_each_flag),
        cmocka_unit_test(test_flags_together),
        cmocka_unit_test(test_each_step_of_the_order),
        cmocka_unit_test(test_faults_name_their_line),
    };

    return cmocka_run_group_tests_name("candidates", tests, setup, teardown);
}
