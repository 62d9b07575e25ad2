/* Thousands of stories of a kernel that changes: at each reading the answers are those of the plain look at everything,
 * and at the end those of a program that begins anew. WANDDNS_SEED=N tells the story N alone. */
#include "sources.h"

#include "fake_kernel.h"
#include "fake_timer.h"
#include "follower.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>

enum {
    STORIES = 2000,
    CHANGES = 30,
    WORLDS = 50,
    RULES_MAX = 32,
    WRONG_MAX = 3, /* stories that went wrong, until it is enough */
    ROUNDS_MAX = 200,
    MINUTE_MS = 60 * 1000,
};

static struct follower followers[RULES_MAX];
static size_t rule_count;
static struct sources *sources;
static bool due;
static bool owed;    /* something has changed since the last reading */
static bool at_rest; /* nothing has */
static size_t readings;
static uint64_t seed;
static bool wrong;
static char story[65536];

/* ---- What is told. ---- */

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    size_t used = strlen(story);
    va_list args;

    va_start(args, format);
    vsnprintf(story + used, sizeof story - used, format, args);
    va_end(args);
}

/* The first thing that is wrong ends a story, and has it printed: in lines, as cmocka cuts long texts. */
static void blame(const char *what)
{
    if (wrong)
        return;
    wrong = true;
    for (char *rest = story, *line; (line = strsep(&rest, "\n"));)
        print_error("%s\n", line);
    unit_wrong("WANDDNS_SEED=%llu: %s", (unsigned long long)seed, what);
}

static void listen_to_followers(void)
{
    char name[RULE_NAME_SIZE], ips[IP_SET_TEXT_SIZE];

    for (size_t i = 0; i < rule_count; i++) {
        const struct follower *follower = &followers[i];

        if (!follower->wrong)
            continue;
        tell("rule %zu, %s %s: the answer is %s on %d, \"%s\"\n", i, rule_name(&follower->rule, name),
             ip_family_name(follower->rule.family), ip_set_text(&follower->told.ips, ips), follower->told.link.index,
             follower->told.text);
        blame(follower->wrong);
    }
}

/* What is told in one reading. */
static struct {
    struct ip_set left[RULES_MAX];
    size_t left_count, change_count;
} heard;

static void on_moved(void *arg, const struct ip_set *gone)
{
    assert_ptr_equal(arg, followers);
    assert_true(heard.left_count < COUNT(heard.left));
    if (heard.change_count)
        blame("what is gone is told too late");
    if (!gone->count)
        return;
    heard.left[heard.left_count++] = *gone;
}

static void on_changed(void *arg, const struct rule *rule, const struct source_answer *answer)
{
    size_t i = 0;

    assert_ptr_equal(arg, followers);
    while (i < rule_count && !rule_equal(&followers[i].rule, rule))
        i++;
    assert_true(i < rule_count);
    heard.change_count++;
    follower_hear(&followers[i], answer, at_rest);
}

static void on_due(void *arg)
{
    assert_ptr_equal(arg, followers);
    due = true;
}

static const struct sources_calls calls = {on_moved, on_changed, on_due};

/* Of those who only shall answer, not tell. */
static size_t unheard;

static void on_left_unheard(void *arg, const struct ip_set *gone)
{
    (void)arg;
    (void)gone;
    unheard++;
}

static void on_change_unheard(void *arg, const struct rule *rule, const struct source_answer *answer)
{
    (void)arg;
    (void)rule;
    (void)answer;
    unheard++;
}

static const struct sources_calls silent_calls = {on_left_unheard, on_change_unheard, on_due};

/* What went from the uplinks is told, for each rule once, and nothing else. */
static void check_left(void)
{
    size_t i = 0;

    for (size_t who = 0; who < rule_count; who++) {
        const struct follower *follower = &followers[who];
        struct ip_set gone = {0};

        if (follower->watched)
            gone = follower_gone(follower, sources_answer(sources, &follower->rule));
        for (i = 0; gone.count && i < heard.left_count && !ip_set_equal(&heard.left[i], &gone);)
            i++;
        if (gone.count && i == heard.left_count)
            blame("what went is not told");
        else if (gone.count)
            heard.left[i] = heard.left[--heard.left_count];
    }
    if (heard.left_count)
        blame("something is told to be gone that is not");
}

/* ---- One story. ---- */

static size_t count_changes(void)
{
    size_t count = 0;

    for (size_t i = 0; i < rule_count; i++)
        count += followers[i].changes;
    return count;
}

/* The kernel is asked until it answers; before that nothing is told. */
static void read_until_done(void)
{
    unsigned busy = fake_kernel.busy;
    size_t times = 0;
    int error;

    due = false;
    heard.left_count = heard.change_count = 0;
    while ((error = sources_read(sources)) == -EAGAIN) {
        if (heard.left_count || heard.change_count)
            blame("a change is told of a reading that was broken off");
        if (++times == 50)
            fake_kernel.busy = 0;
    }
    assert_int_equal(error, 0);
    fake_kernel.busy = busy;
    readings++;
    check_left();
}

static void read_and_check(void)
{
    read_until_done();
    owed = false;
    for (size_t i = 0; i < rule_count; i++)
        if (followers[i].watched)
            follower_check(&followers[i], sources_answer(sources, &followers[i].rule));
    /* Not each time, lest the second reading makes good what the first one forgot. */
    at_rest = true;
    if (unit_random(&fake_kernel.random, 2))
        read_until_done();
    at_rest = false;
    for (size_t i = 0; i < rule_count && fake_kernel.busy == 0; i++)
        if (followers[i].watched)
            follower_check_candidates(&followers[i], sources);
    listen_to_followers();
}

/* Time passes; when one of the timers says so it is read, as a program would. */
static void wait_ms(uint64_t ms)
{
    while (ms && !wrong) {
        uint64_t step_ms = fake_timer_next() < ms ? fake_timer_next() : ms;

        fake_timer_advance(step_ms);
        ms -= step_ms;
        if (due)
            read_and_check();
    }
}

/* Until no timer runs: it ends. */
static void wait_for_all(void)
{
    for (unsigned rounds = 0; fake_timer_running() && !wrong; rounds++) {
        if (rounds == ROUNDS_MAX)
            blame("the timers do not come to rest");
        wait_ms(fake_timer_next());
        if (due) /* one that was due at once */
            read_and_check();
    }
}

/* A configuration with some of the rules, in any order; what is published is recalled for each as a program does. */
static void watch(struct sources *who, unsigned char bits)
{
    struct rule rules[RULES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < rule_count; i++)
        if (followers[i].watched)
            rules[count++] = followers[i].rule;
    sources_watch(who, rules, count);
    for (size_t i = 0; i < rule_count; i++)
        if (followers[i].watched)
            sources_recall(who, &followers[i].rule, &followers[i].published, bits);
}

/* Of an address that is on two links, `all` keeps on both what was chosen on one. */
static bool is_told_by(const struct rule *rule)
{
    return !rule->all || !fake_kernel.shared;
}

static void reload(void)
{
    tell("reload\n");
    for (size_t i = 0; i < rule_count; i++) {
        bool was = followers[i].watched;

        followers[i].watched = is_told_by(&followers[i].rule) && unit_random(&fake_kernel.random, 4);
        if (!was || !followers[i].watched)
            follower_forget(&followers[i], 0);
    }
    watch(sources, 0);
}

static void restart(unsigned char bits)
{
    tell("restart, %u bits\n", bits);
    sources_free(sources);
    sources = sources_new(NULL, NULL, NULL, &calls, followers);
    for (size_t i = 0; i < rule_count; i++)
        follower_forget(&followers[i], bits);
    watch(sources, bits);
}

/* A fresh one that is only told what was published comes to the same end. */
static void compare_with_fresh(void)
{
    struct sources *fresh = sources_new(NULL, NULL, NULL, &silent_calls, followers);

    fake_kernel.busy = 0;
    watch(fresh, 0);
    assert_int_equal(sources_read(fresh), 0);
    while (fake_timer_running()) {
        fake_timer_advance(fake_timer_next());
        assert_int_equal(sources_read(fresh), 0);
    }
    for (size_t i = 0; i < rule_count; i++)
        if (followers[i].watched)
            follower_compare(&followers[i], sources_answer(fresh, &followers[i].rule));
    listen_to_followers();
    sources_free(fresh);
}

/* One thing that happens. What nobody is told of must not matter. */
static void happen(void)
{
    static const uint64_t waits_ms[] = {0, 1, 4000, 9999, 10000, 15000, 29999, 30000, MINUTE_MS, 60 * MINUTE_MS};
    struct unit_random *random = &fake_kernel.random;
    char text[512];
    bool told;

    switch (unit_random(random, 24)) {
    case 0:
        reload();
        owed = true;
        break;
    case 1:
        restart(unit_random(random, 2) ? 64 : 0);
        owed = true;
        break;
    default:
        told = fake_kernel_change(text, sizeof text);
        tell("%s%s\n", text, told ? "" : " (not told)");
        owed |= told;
        if (!owed && unit_random(random, 2)) {
            at_rest = true;
            read_and_check();
        }
        if (unit_random(random, 2)) {
            uint64_t ms = waits_ms[unit_random(random, COUNT(waits_ms))];

            tell("%llu ms pass\n", (unsigned long long)ms);
            wait_ms(ms);
        }
        break;
    }
}

static void run_story(uint64_t number)
{
    seed = number;
    wrong = false;
    owed = true;
    story[0] = '\0';
    fake_kernel_reset(number, number % 8 == 7 ? FAKE_LINKS : 4);
    fake_kernel.calm = number % 8 >= 5;
    fake_kernel.shared = number % 8 == 3;
    fake_kernel.busy = number % 4 == 1 ? 100 : 0;
    sources = sources_new(NULL, NULL, NULL, &calls, followers);
    for (size_t i = 0; i < rule_count; i++) {
        followers[i] = (struct follower){.rule = followers[i].rule};
        followers[i].watched = is_told_by(&followers[i].rule);
    }
    watch(sources, 0);
    for (size_t i = 0; i < (number % 8 == 7 ? 2 * CHANGES : CHANGES) && !wrong; i++) {
        happen();
        if (owed && unit_random(&fake_kernel.random, 2)) {
            tell("read\n");
            read_and_check();
        }
    }
    if (owed)
        read_and_check();
    wait_for_all();
    if (!wrong)
        compare_with_fresh();
    sources_free(sources);
    assert_int_equal(fake_timer_existing(), 0);
}

static void test_each_story_ends_as_if_begun_anew(void **state)
{
    const char *only = getenv("WANDDNS_SEED");
    size_t stories = 0, bad = 0, changes = 0;

    (void)state;
    for (uint64_t number = 1; number <= STORIES && bad < WRONG_MAX && (!only || !stories); number++) {
        run_story(only ? strtoull(only, NULL, 10) : number);
        stories++;
        changes += count_changes();
        bad += wrong;
    }
    print_message("kernel_changes: %zu stories, %zu rules, %zu readings, %zu changes told\n", stories, rule_count,
                  readings, changes);
    unit_all_right();
}

/* Of a reading in which one question was not answered, whichever it was, nothing is taken. */
static void break_off_at(size_t question, size_t all)
{
    struct sources *fresh = sources_new(NULL, NULL, NULL, &silent_calls, followers);

    watch(fresh, 0);
    unheard = 0;
    fake_kernel.questions = 0;
    fake_kernel.busy_at = question;
    if (sources_read(fresh) != -EAGAIN || unheard)
        unit_wrong("WANDDNS_SEED=%llu: question %zu was not answered, and it does not matter", (unsigned long long)seed,
                   question);
    fake_kernel.questions = 0;
    fake_kernel.busy_at = 0;
    if (sources_read(fresh) != 0 || fake_kernel.questions != all)
        unit_wrong("WANDDNS_SEED=%llu: after question %zu, the next reading is another one", (unsigned long long)seed,
                   question);
    sources_free(fresh);
}

static void test_a_reading_is_whole_or_none(void **state)
{
    (void)state;
    for (seed = 1; seed <= WORLDS; seed++) {
        struct sources *fresh = sources_new(NULL, NULL, NULL, &silent_calls, followers);
        char text[512];
        size_t all;

        fake_kernel_reset(seed, 4);
        for (size_t i = 0; i < rule_count; i++)
            followers[i] = (struct follower){.rule = followers[i].rule, .watched = true};
        for (size_t i = 0; i < CHANGES; i++)
            fake_kernel_change(text, sizeof text);
        watch(fresh, 0);
        assert_int_equal(sources_read(fresh), 0);
        all = fake_kernel.questions;
        assert_true(all > 0);
        sources_free(fresh);
        for (size_t question = 1; question <= all; question++)
            break_off_at(question, all);
    }
    unit_all_right();
}

/* ---- The rules. ---- */

static void add_rule(const struct rule *model, const char *prefer, const char *match)
{
    static const int families[] = {AF_INET, AF_INET6};

    for (size_t i = 0; i < COUNT(families); i++) {
        struct rule rule = *model;

        rule.family = families[i];
        if (ip_is_set(&rule.fixed) && rule.fixed.family != rule.family)
            continue;
        if (prefer)
            assert_true(ip_prefix_parse(prefer, &rule.prefer[0]));
        if (match)
            assert_true(ip_prefix_parse(match, &rule.match[0]));
        assert_true(rule_count < RULES_MAX);
        followers[rule_count++].rule = rule;
    }
}

static int setup(void **state)
{
    static const struct {
        struct rule rule;
        const char *prefer, *match;
    } models[] = {
        {{.interfaces = {""}}, NULL, NULL},
        {{.interfaces = {""}, .withdraw_ms = 10 * MINUTE_MS, .bind = true}, "2001:db8:2::/48", NULL},
        {{.interfaces = {""}, .allow_private = true, .prefix_length = 28}, "203.0.113.2/31", "203.0.113.0/24"},
        {{.interfaces = {"wan0"}}, NULL, NULL},
        {{.interfaces = {"wan0", "wan1"}}, "198.51.100.0/24", NULL},
        {{.interfaces = {"wan1", "wan0"}, .failback_ms = 30000, .withdraw_ms = 60 * MINUTE_MS}, NULL, NULL},
        {{.interfaces = {"wan0", "wan1", "ppp0"}, .failback_ms = 30000, .temporary = true}, NULL, "2001:db8::/32"},
        {{.interfaces = {"wan*"}}, NULL, NULL},
        {{.interfaces = {"?*0", "wan?"}, .failback_ms = 10000, .bind = true}, NULL, NULL},
        {{.interfaces = {"wan0", "wan1", "ppp0"}, .all = true, .allow_private = true}, NULL, NULL},
        {{.interfaces = {"ppp*", "wan*"}, .all = true, .failback_ms = 10000, .withdraw_ms = MINUTE_MS}, NULL, NULL},
    };
    struct rule fixed = {.interfaces = {"wan0", "ppp0"}, .failback_ms = 1000, .withdraw_ms = MINUTE_MS};

    (void)state;
    for (size_t i = 0; i < COUNT(models); i++)
        add_rule(&models[i].rule, models[i].prefer, models[i].match);
    assert_true(ip_parse("198.51.100.99", &fixed.fixed));
    add_rule(&fixed, NULL, NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_story_ends_as_if_begun_anew),
        cmocka_unit_test(test_a_reading_is_whole_or_none),
    };

    return cmocka_run_group_tests_name("kernel_changes", tests, setup, NULL);
}
