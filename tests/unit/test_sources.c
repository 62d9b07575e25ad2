/* The rules that are watched, over a false source. */
#include "sources.h"

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>

enum { MOST = 8 };

/* What the false source says: by interface, "" for auto, in the order of the table. */
static struct {
    const char *interface;
    int family;
    int error;
    const char *address; /* NULL: none */
    const char *text;
    int index;
} world[MOST];
static size_t reads;

static int followed[MOST];
static size_t followed_count;

/* The false source is all of that room, so that nothing of the true one is linked. */
bool source_rule_equal(const struct source_rule *a, const struct source_rule *b)
{
    return strcmp(a->interfaces[0], b->interfaces[0]) == 0 && a->family == b->family;
}

const char *source_rule_name(const struct source_rule *rule, char *buffer)
{
    snprintf(buffer, SOURCE_NAME_SIZE, "%s", *rule->interfaces[0] ? rule->interfaces[0] : "auto");
    return buffer;
}

static struct ip asked_before;

int source_read(struct kernel *kernel, const struct source_rule *rule, const struct ip *before,
                struct source_answer *answer)
{
    (void)kernel;
    asked_before = *before;
    reads++;
    for (size_t i = 0; i < MOST && world[i].interface; i++) {
        if (strcmp(world[i].interface, rule->interfaces[0]) != 0 || world[i].family != rule->family)
            continue;
        *answer = (struct source_answer){.reason = world[i].address ? SOURCE_CHOSEN : SOURCE_NO_ADDRESS,
                                         .link = {.index = world[i].index},
                                         .links = {world[i].index},
                                         .link_count = world[i].index ? 1 : 0};
        assert_true(!world[i].address || ip_parse(world[i].address, &answer->ip));
        snprintf(answer->text, sizeof answer->text, "%s", world[i].text);
        return world[i].error;
    }
    fail_msg("nobody watches %s", rule->interfaces[0]);
    return -ENODEV;
}

void kernel_follow(struct kernel *kernel, const int *indexes, size_t count)
{
    (void)kernel;
    assert_true(count <= MOST);
    followed_count = count;
    for (size_t i = 0; i < count; i++)
        followed[i] = indexes[i];
}

/* "interface family address gone;" of each change that was told. */
static char told[1024];

static void on_changed(void *arg, const struct source_rule *rule, const struct source_answer *answer,
                       const struct ip *gone)
{
    char address[IP_TEXT_SIZE], before[IP_TEXT_SIZE], name[SOURCE_NAME_SIZE];
    size_t length = strlen(told);

    assert_ptr_equal(arg, &world);
    snprintf(told + length, sizeof told - length, "%s %s %s %s;", source_rule_name(rule, name),
             ip_family_name(rule->family), ip_text(&answer->ip, address), ip_text(gone, before));
}

static struct sources *sources;

static const struct source_rule rules[] = {{{""}, AF_INET}, {{""}, AF_INET6}, {{"wan1"}, AF_INET}, {{""}, AF_INET}};

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
    sources = sources_new(NULL, on_changed, &world);
    sources_watch(sources, rules, COUNT(rules));
    told[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sources_free(sources);
    sources_free(NULL);
    return 0;
}

static void read_all(const char *expected)
{
    told[0] = '\0';
    assert_int_equal(sources_read(sources), 0);
    assert_string_equal(told, expected);
}

static void test_differences_only(void **state)
{
    (void)state;
    reads = 0;
    read_all("auto ipv4 203.0.113.7 none;auto ipv6 none none;wan1 ipv4 198.51.100.1 none;");
    /* The rule that stands there twice is one. */
    assert_int_equal(reads, 3);
    read_all("");
    world[0].address = "203.0.113.8";
    read_all("auto ipv4 203.0.113.8 203.0.113.7;");
    world[0].address = NULL;
    world[0].text = "link-down: wan0 is down";
    read_all("auto ipv4 none 203.0.113.8;");
    /* Another reason is a difference too. */
    world[0].text = "no-route: there is no route";
    read_all("auto ipv4 none none;");
    world[1].address = "2001:db8::7";
    read_all("auto ipv6 2001:db8::7 none;");
}

static void test_answers(void **state)
{
    char text[IP_TEXT_SIZE];

    (void)state;
    read_all("auto ipv4 203.0.113.7 none;auto ipv6 none none;wan1 ipv4 198.51.100.1 none;");
    assert_string_equal(ip_text(&sources_answer(sources, &rules[3])->ip, text), "203.0.113.7");
    assert_string_equal(ip_text(&sources_answer(sources, &rules[2])->ip, text), "198.51.100.1");
    assert_string_equal(sources_answer(sources, &rules[1])->text, "no-address: wan0 has no address");
}

/* What was chosen last stands before its equals, also when it was away in between, and what was published before the
 * program began until something is chosen. */
static void test_before(void **state)
{
    struct ip published;
    char text[IP_TEXT_SIZE];

    (void)state;
    sources_watch(sources, &rules[2], 1);
    assert_true(ip_parse("198.51.100.9", &published));
    sources_recall(sources, &rules[2], &published);
    assert_int_equal(sources_read(sources), 0);
    assert_string_equal(ip_text(&asked_before, text), "198.51.100.9");
    sources_recall(sources, &rules[2], &published);
    world[2].address = NULL;
    assert_int_equal(sources_read(sources), 0);
    assert_string_equal(ip_text(&asked_before, text), "198.51.100.1");
    assert_int_equal(sources_read(sources), 0);
    assert_string_equal(ip_text(&asked_before, text), "198.51.100.1");
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
    read_all("auto ipv4 203.0.113.8 203.0.113.7;");
}

/* Only links with an answer are worth an event; rules that stay keep what is known of them. */
static void test_watch_anew(void **state)
{
    static const struct source_rule others[] = {{{"wan1"}, AF_INET}, {{"wan2"}, AF_INET}};

    (void)state;
    sources_read(sources);
    assert_int_equal(followed_count, 3);
    world[3].interface = "wan2";
    world[3].family = AF_INET;
    world[3].text = "no-interface";
    sources_watch(sources, others, COUNT(others));
    read_all("wan2 ipv4 none none;");
    assert_int_equal(followed_count, 1);
    assert_int_equal(followed[0], 3);
    sources_watch(sources, NULL, 0);
    read_all("");
    assert_int_equal(followed_count, 0);
}

#define LIFE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_differences_only), LIFE(test_answers),    LIFE(test_before),
        LIFE(test_read_again),       LIFE(test_watch_anew),
    };

    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
