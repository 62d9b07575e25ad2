/* The rules that are watched, over a false source, a false outside and a false clock. */
#include "sources.h"

#include "fake_timer.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>

enum { MOST = 8 };

static const uint64_t second = 1000, minute = 60 * 1000;

/* What the false source says: by the first interface, "" for auto, in the order of the table. */
static struct {
    const char *interface;
    int family;
    int error;
    const char *address; /* NULL: none */
    const char *text;
    int index;
    enum reason reason; /* why there is none; 0: REASON_NO_ADDRESS */
    /* A link further ahead, 0: none. It is taken at once, unless the one of index is to be held. */
    int ahead;
    const char *ahead_address;
    unsigned char prefix_length;
} world[MOST];
static size_t reads;

static int followed[MOST];
static size_t followed_count;
static bool follow_grows;
static bool follows_all;

/* The false source is all of that room, so that nothing of the true one is linked. */
static struct source_before asked_before;

static void give(struct source_answer *answer, const char *address, int index)
{
    answer->link.index = index;
    answer->ips = (struct ip_set){0};
    assert_true(!address || ip_set_parse(address, &answer->ips));
    answer->local = answer->ips;
}

int source_read(struct kernel *kernel, const struct rule *rule, const struct source_before *before,
                struct source_answer *answer)
{
    (void)kernel;
    asked_before = *before;
    reads++;
    for (size_t i = 0; i < MOST && world[i].interface; i++) {
        if (strcmp(world[i].interface, rule->interfaces[0]) != 0 || world[i].family != rule->family)
            continue;
        *answer = (struct source_answer){.links = {world[i].index, world[i].ahead},
                                         .link_count = (world[i].index ? 1 : 0) + (world[i].ahead ? 1 : 0),
                                         .prefix_length = world[i].prefix_length};
        give(answer, world[i].address, world[i].index);
        if (world[i].ahead && before->hold == world[i].index && world[i].address)
            answer->ahead = world[i].ahead;
        else if (world[i].ahead)
            give(answer, world[i].ahead_address, world[i].ahead);
        answer->reason = answer->ips.count ? REASON_CHOSEN : world[i].reason ? world[i].reason : REASON_NO_ADDRESS;
        snprintf(answer->text, sizeof answer->text, "%s", world[i].text);
        return world[i].error;
    }
    fail_msg("nobody watches %s", rule->interfaces[0]);
    return -ENODEV;
}

int source_explain(struct kernel *kernel, const struct rule *rule, const struct source_before *before,
                   source_candidate_fn *fn, void *arg)
{
    struct source_answer answer;
    int error = source_read(kernel, rule, before, &answer);

    if (!error)
        fn(arg, &answer.link, NULL, answer.reason, NULL);
    return error;
}

bool kernel_follow(struct kernel *kernel, const int *indexes, size_t count)
{
    bool grown = follow_grows;

    (void)kernel;
    follow_grows = false;
    assert_true(count <= MOST);
    follows_all = !indexes;
    followed_count = count;
    for (size_t i = 0; indexes && i < count; i++)
        followed[i] = indexes[i];
    return grown;
}

/* The false outside: what it knows of each that is asked. */
static struct ask {
    const struct rule *rule;
    ask_news_fn *news;
    void *arg;
    struct ask *next;
} * asks;
static size_t looks;
static const char *outside_address; /* NULL: no answer yet */
static enum reason outside_reason;
static struct ip_set looked_from; /* of the uplink */

struct ask *ask_new(struct event_base *base, struct http *http, const struct rule *rule, ask_news_fn *news, void *arg)
{
    struct ask *ask = calloc(1, sizeof *ask);

    assert_null(base);
    assert_null(http);
    assert_non_null(ask);
    *ask = (struct ask){rule, news, arg, asks};
    asks = ask;
    return ask;
}

void ask_free(struct ask *ask)
{
    struct ask **link = &asks;

    if (!ask)
        return;
    while (*link != ask)
        link = &(*link)->next;
    *link = ask->next;
    free(ask);
}

static size_t forced;
static bool is_asked; /* once more, while an answer is known */

void ask_force(struct ask *ask)
{
    assert_non_null(ask->rule->outside);
    forced++;
    is_asked = true;
}

bool ask_is_asking(const struct ask *ask)
{
    assert_non_null(ask->rule->outside);
    return is_asked;
}

void ask_look(struct ask *ask, struct source_answer *answer)
{
    assert_non_null(ask->rule->outside);
    looks++;
    looked_from = answer->ips;
    answer->ips = (struct ip_set){0};
    assert_true(!outside_address || ip_set_parse(outside_address, &answer->ips));
    answer->reason = outside_address ? REASON_CHOSEN : outside_reason;
    snprintf(answer->text, sizeof answer->text, "outside %s", reason_word(answer->reason));
}

/* "left address;" and "interface family address;" as they were told. */
static char told[1024];
static size_t due;
static size_t moved;

static void on_moved(void *arg, const struct ip_set *gone)
{
    char text[IP_SET_TEXT_SIZE];
    size_t length = strlen(told);

    assert_ptr_equal(arg, &world);
    moved++;
    if (gone->count)
        snprintf(told + length, sizeof told - length, "left %s;", ip_set_text(gone, text));
}

static void on_changed(void *arg, const struct rule *rule, const struct source_answer *answer)
{
    char address[IP_SET_TEXT_SIZE], name[RULE_NAME_SIZE];
    size_t length = strlen(told);

    assert_ptr_equal(arg, &world);
    snprintf(told + length, sizeof told - length, "%s %s %s%s;", rule_name(rule, name), ip_family_name(rule->family),
             ip_set_text(&answer->ips, address), answer->withdraw ? " withdraw" : "");
}

/* As the daemon does: what is due is read. */
static struct sources *sources;

static void on_due(void *arg)
{
    assert_ptr_equal(arg, &world);
    due++;
    assert_int_equal(sources_read(sources), 0);
}

static const struct sources_calls calls = {on_moved, on_changed, on_due};

static const struct rule rules[] = {
    {.family = AF_INET},
    {.family = AF_INET6},
    {.interfaces = {"wan1"}, .family = AF_INET},
    {.family = AF_INET},
};

static int setup(void **state)
{
    (void)state;
    memset(world, 0, sizeof world);
    world[0].interface = world[1].interface = "";
    world[2].interface = "wan1";
    world[0].family = world[2].family = AF_INET;
    world[1].family = AF_INET6;
    world[0].address = "203.0.113.7";
    world[1].text = "no-address: wan0 has no address";
    world[0].text = world[2].text = "chosen";
    world[2].address = "198.51.100.1";
    world[0].index = world[1].index = 2;
    world[2].index = 3;
    outside_address = NULL;
    outside_reason = REASON_ASKING;
    looks = due = 0;
    sources = sources_new(NULL, NULL, NULL, &calls, &world);
    sources_watch(sources, rules, COUNT(rules));
    told[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sources_free(sources);
    sources_free(NULL);
    sources = NULL;
    return asks || fake_timer_existing() ? -1 : 0;
}

static void read_all(const char *expected)
{
    told[0] = '\0';
    assert_int_equal(sources_read(sources), 0);
    assert_string_equal(told, expected);
}

/* Time passes, and nothing else happens; what is due is read on the way. */
static void advance(uint64_t ms, const char *expected)
{
    told[0] = '\0';
    fake_timer_advance(ms);
    assert_string_equal(told, expected);
}

static void test_differences_only(void **state)
{
    (void)state;
    reads = 0;
    read_all("auto ipv4 203.0.113.7;auto ipv6 none;wan1 ipv4 198.51.100.1;");
    /* The rule that stands there twice is one. */
    assert_int_equal(reads, 3);
    read_all("");
    world[0].address = "203.0.113.8";
    read_all("left 203.0.113.7;auto ipv4 203.0.113.8;");
    world[0].address = NULL;
    world[0].text = "link-down: wan0 is down";
    read_all("left 203.0.113.8;auto ipv4 none;");
    /* Another reason is a difference too. */
    world[0].text = "no-route: there is no route";
    read_all("auto ipv4 none;");
    world[1].address = "2001:db8::7";
    read_all("auto ipv6 2001:db8::7;");
    /* So is another network around the same address. */
    world[1].prefix_length = 60;
    read_all("auto ipv6 2001:db8::7;");
    read_all("");
}

/* Of several addresses only those that went away are gone. */
static void test_some_are_gone(void **state)
{
    (void)state;
    sources_watch(sources, rules, 1);
    world[0].address = "203.0.113.7,203.0.113.8";
    read_all("auto ipv4 203.0.113.7,203.0.113.8;");
    world[0].address = "203.0.113.8,203.0.113.9";
    read_all("left 203.0.113.7;auto ipv4 203.0.113.8,203.0.113.9;");
    world[0].address = NULL;
    read_all("left 203.0.113.8,203.0.113.9;auto ipv4 none;");
}

/* The same address on another link is news for who is bound to the link, and for nobody else. */
static void test_link_changes(void **state)
{
    static const struct rule bound[] = {{.family = AF_INET}, {.family = AF_INET, .bind = true}};

    (void)state;
    sources_watch(sources, bound, COUNT(bound));
    read_all("auto ipv4 203.0.113.7;auto ipv4 203.0.113.7;");
    world[0].index = 4;
    read_all("auto ipv4 203.0.113.7;");
    assert_int_equal(sources_answer(sources, &bound[0])->link.index, 4);
    assert_int_equal(sources_answer(sources, &bound[1])->link.index, 4);
}

static void test_answers(void **state)
{
    char text[IP_SET_TEXT_SIZE];

    (void)state;
    read_all("auto ipv4 203.0.113.7;auto ipv6 none;wan1 ipv4 198.51.100.1;");
    assert_string_equal(ip_set_text(&sources_answer(sources, &rules[3])->ips, text), "203.0.113.7");
    assert_string_equal(ip_set_text(&sources_answer(sources, &rules[2])->ips, text), "198.51.100.1");
    assert_string_equal(sources_answer(sources, &rules[1])->text, "no-address: wan0 has no address");
}

/* What was chosen last stands before its equals, also when it was away in between, and what was published before the
 * program began until something is chosen. */
static void test_before(void **state)
{
    struct ip_set published;
    char text[IP_SET_TEXT_SIZE];

    (void)state;
    sources_watch(sources, &rules[2], 1);
    assert_true(ip_set_parse("198.51.100.8,198.51.100.9", &published));
    sources_recall(sources, &rules[2], &published, 24);
    assert_int_equal(sources_read(sources), 0);
    assert_string_equal(ip_set_text(&asked_before.ips, text), "198.51.100.8,198.51.100.9");
    assert_int_equal(asked_before.bits, 24);
    sources_recall(sources, &rules[2], &published, 24);
    world[2].address = NULL;
    assert_int_equal(sources_read(sources), 0);
    assert_string_equal(ip_set_text(&asked_before.ips, text), "198.51.100.1");
    /* All of an address that was chosen counts, not only its prefix. */
    assert_int_equal(asked_before.bits, 0);
    assert_int_equal(sources_read(sources), 0);
    assert_string_equal(ip_set_text(&asked_before.ips, text), "198.51.100.1");
}

/* The kernel changed while it was read: of this reading nothing is taken, not even what came before. */
static void test_read_again(void **state)
{
    (void)state;
    sources_read(sources);
    told[0] = '\0';
    world[0].address = "203.0.113.8";
    world[2].error = -EAGAIN;
    assert_int_equal(sources_read(sources), -EAGAIN);
    assert_string_equal(told, "");
    world[2].error = 0;
    read_all("left 203.0.113.7;auto ipv4 203.0.113.8;");
}

/* Only links with an answer are worth an event; rules that stay keep what is known of them. */
static void test_watch_anew(void **state)
{
    static const struct rule others[] = {{.interfaces = {"wan1"}, .family = AF_INET},
                                         {.interfaces = {"wan2"}, .family = AF_INET}};

    (void)state;
    sources_read(sources);
    assert_int_equal(followed_count, 3);
    world[3].interface = "wan2";
    world[3].family = AF_INET;
    world[3].text = "no-interface";
    sources_watch(sources, others, COUNT(others));
    read_all("wan2 ipv4 none;");
    assert_int_equal(followed_count, 1);
    assert_int_equal(followed[0], 3);
    assert_false(follows_all);
    sources_watch(sources, NULL, 0);
    read_all("");
    assert_int_equal(followed_count, 0);
    assert_false(follows_all);
}

/* On a link that was not listened to while it was read something may have happened. */
static void test_followed_later_is_read_again(void **state)
{
    (void)state;
    sources_read(sources);
    due = 0;
    reads = 0;
    follow_grows = true;
    assert_int_equal(sources_read(sources), 0);
    assert_int_equal(due, 1);
    assert_int_equal(reads, 6);
}

/* All candidates are told on demand; nothing changes by that. */
static size_t candidates;

static void on_candidate(void *arg, const struct kernel_link *link, const struct kernel_address *address,
                         enum reason reason, const char *why)
{
    assert_ptr_equal(arg, &candidates);
    assert_int_equal(link->index, 3);
    assert_null(address);
    assert_int_equal(reason, REASON_CHOSEN);
    assert_null(why);
    candidates++;
}

static void test_explain(void **state)
{
    (void)state;
    sources_read(sources);
    told[0] = '\0';
    world[2].address = "198.51.100.2";
    assert_int_equal(sources_explain(sources, &rules[2], on_candidate, &candidates), 0);
    assert_int_equal(candidates, 1);
    assert_string_equal(told, "");
    world[2].error = -EAGAIN;
    assert_int_equal(sources_explain(sources, &rules[2], on_candidate, &candidates), -EAGAIN);
}

/* ---- What needs time. ---- */

static const struct rule failback = {.interfaces = {"wan1", "wan0"}, .family = AF_INET, .failback_ms = 30 * 1000};

/* wan1 of the table is further behind, on link 3; link 2, ahead of it, is fit. */
static void ahead(const char *address)
{
    world[2].ahead = address ? 2 : 0;
    world[2].ahead_address = address;
}

static void watch_failback(void)
{
    sources_watch(sources, &failback, 1);
    read_all("wan1,wan0 ipv4 198.51.100.1;");
}

/* It has to be fit for so long; then the clock alone brings it back, once. */
static void test_failback(void **state)
{
    (void)state;
    watch_failback();
    assert_int_equal(fake_timer_running(), 0);
    ahead("203.0.113.7");
    read_all("");
    assert_int_not_equal(sources_answer(sources, &failback)->ahead, 0);
    assert_int_equal(fake_timer_next(), 30 * second);
    advance(30 * second - 1, "");
    /* What is read meanwhile does not set the clock anew. */
    read_all("");
    assert_int_equal(due, 0);
    advance(1, "left 198.51.100.1;wan1,wan0 ipv4 203.0.113.7;");
    assert_int_equal(due, 1);
    assert_int_equal(sources_answer(sources, &failback)->ahead, 0);
    assert_int_equal(sources_answer(sources, &failback)->link.index, 2);
    assert_int_equal(fake_timer_running(), 0);
    advance(10 * minute, "");
    assert_int_equal(due, 1);
}

/* A link that goes away again before its time has to begin from the start. */
static void test_failback_begins_anew(void **state)
{
    (void)state;
    watch_failback();
    ahead("203.0.113.7");
    read_all("");
    advance(20 * second, "");
    ahead(NULL);
    read_all("");
    assert_int_equal(fake_timer_running(), 0);
    advance(20 * second, "");
    ahead("203.0.113.7");
    read_all("");
    assert_int_equal(fake_timer_next(), 30 * second);
    advance(29 * second, "");
    advance(second, "left 198.51.100.1;wan1,wan0 ipv4 203.0.113.7;");
}

/* Failover is not held up: when the one in use is lost the other one takes over in the same reading. */
static void test_failover_at_once(void **state)
{
    (void)state;
    watch_failback();
    ahead("203.0.113.7");
    read_all("");
    world[2].address = NULL;
    read_all("left 198.51.100.1;wan1,wan0 ipv4 203.0.113.7;");
    assert_int_equal(fake_timer_running(), 0);
}

/* An event comes after the time, before the clock had its turn: the reading of the event takes the other one. */
static void test_failback_without_the_clock(void **state)
{
    (void)state;
    watch_failback();
    ahead("203.0.113.7");
    read_all("");
    world[2].error = -EAGAIN;
    /* Nothing can be read when the clock says so. */
    fake_timer_advance(29 * second);
    assert_int_equal(sources_read(sources), -EAGAIN);
    world[2].error = 0;
    advance(second, "left 198.51.100.1;wan1,wan0 ipv4 203.0.113.7;");
}

/* All were lost for long, and come back together: how long they were lost is not how long the first has been fit. */
static void test_failback_after_a_loss(void **state)
{
    struct rule rule = failback;

    (void)state;
    rule.withdraw_ms = 60 * minute;
    sources_watch(sources, &rule, 1);
    read_all("wan1,wan0 ipv4 198.51.100.1;");
    world[2].address = NULL;
    assert_int_equal(sources_read(sources), 0);
    fake_timer_advance(10 * minute);
    world[2].address = "198.51.100.1";
    ahead("203.0.113.7");
    told[0] = '\0';
    assert_int_equal(sources_read(sources), 0);
    assert_int_not_equal(sources_answer(sources, &rule)->ahead, 0);
    assert_int_equal(fake_timer_next(), 30 * second);
    fake_timer_advance(30 * second);
    assert_int_equal(sources_answer(sources, &rule)->ahead, 0);
    assert_int_equal(sources_answer(sources, &rule)->link.index, 2);
    assert_int_equal(fake_timer_running(), 0);
}

/* Without a delay the first in the list is taken at once: nothing is held. */
static void test_no_failback_delay(void **state)
{
    (void)state;
    sources_watch(sources, &rules[2], 1);
    read_all("wan1 ipv4 198.51.100.1;");
    ahead("203.0.113.7");
    read_all("left 198.51.100.1;wan1 ipv4 203.0.113.7;");
    assert_int_equal(asked_before.hold, 0);
    assert_int_equal(fake_timer_running(), 0);
}

static const struct rule withdrawn = {.interfaces = {"wan1"}, .family = AF_INET, .withdraw_ms = 60 * 60 * 1000};

/* Lost for so long: the word to withdraw comes by the clock, once, and ends with the next address. */
static void test_withdraw(void **state)
{
    (void)state;
    sources_watch(sources, &withdrawn, 1);
    read_all("wan1 ipv4 198.51.100.1;");
    assert_int_equal(fake_timer_running(), 0);
    world[2].address = NULL;
    world[2].text = "no-address";
    read_all("left 198.51.100.1;wan1 ipv4 none;");
    assert_int_equal(fake_timer_next(), 60 * minute);
    advance(30 * minute, "");
    /* Another reason is still a loss: the time runs on. */
    world[2].reason = REASON_LINK_DOWN;
    world[2].text = "link-down";
    read_all("wan1 ipv4 none;");
    advance(30 * minute - 1, "");
    advance(1, "wan1 ipv4 none withdraw;");
    assert_int_equal(due, 1);
    assert_true(sources_answer(sources, &withdrawn)->withdraw);
    read_all("");
    advance(24 * 60 * minute, "");
    assert_int_equal(due, 1);
    world[2].address = "198.51.100.2";
    read_all("wan1 ipv4 198.51.100.2;");
    world[2].address = NULL;
    read_all("left 198.51.100.2;wan1 ipv4 none;");
    assert_int_equal(fake_timer_next(), 60 * minute);
}

/* Lost from the start counts too, and an address in time ends the wait. */
static void test_withdraw_from_the_start(void **state)
{
    (void)state;
    world[2].address = NULL;
    sources_watch(sources, &withdrawn, 1);
    read_all("wan1 ipv4 none;");
    advance(59 * minute, "");
    world[2].address = "198.51.100.1";
    read_all("wan1 ipv4 198.51.100.1;");
    advance(60 * minute, "");
    assert_int_equal(due, 0);
}

/* What is only in doubt is not lost, and starts no clock. */
static void test_doubt_withdraws_nothing(void **state)
{
    static const enum reason doubts[] = {REASON_TENTATIVE,  REASON_ASKING,   REASON_SILENT,
                                         REASON_BAD_ANSWER, REASON_DISAGREE, REASON_NO_ROOM};

    (void)state;
    sources_watch(sources, &withdrawn, 1);
    sources_read(sources);
    world[2].address = NULL;
    for (size_t i = 0; i < COUNT(doubts); i++) {
        world[2].reason = doubts[i];
        assert_int_equal(sources_read(sources), 0);
        if (fake_timer_running())
            unit_wrong("%s starts the clock", reason_word(doubts[i]));
        fake_timer_advance(2 * 60 * minute);
        if (sources_answer(sources, &withdrawn)->withdraw)
            unit_wrong("%s withdraws", reason_word(doubts[i]));
    }
    unit_all_right();
    assert_int_equal(due, 0);
}

/* Nobody asked for it: never. */
static void test_keep(void **state)
{
    (void)state;
    sources_watch(sources, &rules[2], 1);
    world[2].address = NULL;
    read_all("wan1 ipv4 none;");
    assert_int_equal(fake_timer_running(), 0);
    advance(24 * 60 * minute, "");
}

/* A rule that is not watched any more takes its clock with it; one that stays keeps it. */
static void test_watch_keeps_the_clock(void **state)
{
    (void)state;
    sources_watch(sources, &withdrawn, 1);
    world[2].address = NULL;
    read_all("wan1 ipv4 none;");
    advance(20 * minute, "");
    sources_watch(sources, &(struct rule[]){withdrawn, rules[0]}[0], 2);
    assert_int_equal(fake_timer_next(), 40 * minute);
    sources_watch(sources, rules, 1);
    assert_int_equal(fake_timer_running(), 0);
}

/* ---- A rule with somebody to ask. ---- */

static char url[] = "https://192.0.2.1/", same_url[] = "https://192.0.2.1/";
static const struct rule_outside outside = {.services = {{url, NULL}}, .service_count = 1};
static const struct rule asking = {.interfaces = {"wan1"}, .family = AF_INET, .outside = &outside};

/* The kernel tells of the uplink, the outside of the address; gone is what the uplink lost. */
static void test_outside(void **state)
{
    char text[IP_SET_TEXT_SIZE];

    (void)state;
    sources_watch(sources, &asking, 1);
    read_all("echo ipv4 none;");
    assert_int_equal(looks, 1);
    assert_string_equal(ip_set_text(&looked_from, text), "198.51.100.1");
    assert_string_equal(ip_set_text(&sources_answer(sources, &asking)->local, text), "198.51.100.1");
    assert_true(sources_are_asking(sources));
    /* The answer is here: it says that it is time to read. */
    outside_address = "203.0.113.50";
    told[0] = '\0';
    asks->news(asks->arg);
    assert_int_equal(due, 1);
    assert_string_equal(told, "echo ipv4 203.0.113.50;");
    assert_false(sources_are_asking(sources));
    /* The uplink keeps its own address as the one before, not that of the outside. */
    read_all("");
    assert_string_equal(ip_set_text(&asked_before.ips, text), "198.51.100.1");
    /* Another uplink, the same outside: requests from the old one may hang. */
    world[2].address = "198.51.100.2";
    read_all("left 198.51.100.1;echo ipv4 203.0.113.50;");
    /* Another outside, the same uplink: no request hangs, and nothing is to be reached that could not be before. */
    moved = 0;
    outside_address = "203.0.113.51";
    read_all("echo ipv4 203.0.113.51;");
    assert_int_equal(moved, 0);
    forced = 0;
    sources_force(sources);
    assert_int_equal(forced, 1);
    assert_true(sources_are_asking(sources)); /* though an answer is known */
    is_asked = false;
    outside_address = NULL;
    outside_reason = REASON_SILENT;
    read_all("echo ipv4 none;");
    assert_false(sources_are_asking(sources));
}

/* The question stays when the rule stays, though what it points to is another configuration's; and goes with it. */
static void test_outside_watch(void **state)
{
    const struct rule_outside copy = {.services = {{same_url, NULL}}, .service_count = 1};
    struct rule same = asking, two[2] = {asking, rules[0]};
    const struct ask *ask;

    (void)state;
    same.outside = &copy;
    sources_watch(sources, two, COUNT(two));
    ask = asks;
    assert_non_null(ask);
    assert_null(ask->next); /* of the two rules one has somebody to ask */
    sources_watch(sources, &same, 1);
    assert_ptr_equal(asks, ask);
    assert_ptr_equal(ask->rule->outside, &copy);
    sources_watch(sources, rules, 1);
    assert_null(asks);
}

/* One that does not answer is no loss; an uplink that is gone is one only when the outside says so. */
static void test_outside_withdraw(void **state)
{
    struct rule rule = asking;

    (void)state;
    rule.withdraw_ms = minute;
    sources_watch(sources, &rule, 1);
    read_all("echo ipv4 none;");
    assert_int_equal(fake_timer_running(), 0);
    outside_reason = REASON_SILENT;
    read_all("echo ipv4 none;");
    assert_int_equal(fake_timer_running(), 0);
    outside_reason = REASON_NO_ADDRESS;
    read_all("echo ipv4 none;");
    assert_int_equal(fake_timer_next(), minute);
    advance(minute, "echo ipv4 none withdraw;");
}

/* What is asked outside, or fixed, is no address of a link: its answer is told, and nothing of the kernel. */
struct outcome {
    size_t count;
    enum reason reason;
    char address[IP_TEXT_SIZE], why[SOURCE_TEXT_SIZE];
};

static void on_outcome(void *arg, const struct kernel_link *link, const struct kernel_address *address,
                       enum reason reason, const char *why)
{
    struct outcome *outcome = arg;

    assert_null(link);
    outcome->count++;
    outcome->reason = reason;
    if (address)
        ip_text(&address->ip, outcome->address);
    snprintf(outcome->why, sizeof outcome->why, "%s", why ? why : "");
}

static void expect_outcome(const struct rule *rule, enum reason reason, const char *address, const char *why)
{
    struct outcome outcome = {0};

    assert_int_equal(sources_explain(sources, rule, on_outcome, &outcome), 0);
    assert_int_equal(outcome.count, 1);
    assert_int_equal(outcome.reason, reason);
    assert_string_equal(outcome.address, address);
    assert_string_equal(outcome.why, why);
}

static void test_explain_outside(void **state)
{
    struct rule fixed = {.interfaces = {"wan1"}, .family = AF_INET};

    (void)state;
    outside_address = NULL;
    outside_reason = REASON_SILENT;
    sources_watch(sources, &asking, 1);
    sources_read(sources);
    expect_outcome(&asking, REASON_SILENT, "", "outside source-silent");
    outside_address = "198.51.100.50";
    sources_read(sources);
    expect_outcome(&asking, REASON_CHOSEN, "198.51.100.50", "");
    world[2].address = "203.0.113.7";
    assert_true(ip_parse(world[2].address, &fixed.fixed));
    sources_watch(sources, &fixed, 1);
    sources_read(sources);
    expect_outcome(&fixed, REASON_CHOSEN, "203.0.113.7", "");
}

#define LIFE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_differences_only),
        LIFE(test_some_are_gone),
        LIFE(test_link_changes),
        LIFE(test_answers),
        LIFE(test_before),
        LIFE(test_read_again),
        LIFE(test_watch_anew),
        LIFE(test_followed_later_is_read_again),
        LIFE(test_explain),
        LIFE(test_failback),
        LIFE(test_failback_begins_anew),
        LIFE(test_failover_at_once),
        LIFE(test_failback_without_the_clock),
        LIFE(test_failback_after_a_loss),
        LIFE(test_no_failback_delay),
        LIFE(test_withdraw),
        LIFE(test_withdraw_from_the_start),
        LIFE(test_doubt_withdraws_nothing),
        LIFE(test_keep),
        LIFE(test_watch_keeps_the_clock),
        LIFE(test_outside),
        LIFE(test_outside_watch),
        LIFE(test_outside_withdraw),
        LIFE(test_explain_outside),
    };

    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
