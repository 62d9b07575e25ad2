/* The observer by itself. What it watches for no right program does, so here a wrong one is played by hand, with its
 * requests and answers: each rule is broken once, and told in its words. Rules that a definition can break have a story
 * in wrong/. */
#include "clock.h"
#include "disk.h"
#include "fake_timer.h"
#include "file.h"
#include "logbook.h"
#include "observer.h"
#include "tale.h"
#include "unit.h"
#include "world.h"

enum { MOST_REQUESTS = 8 };

static const char text[] = "provider dyndns2 {\n"
                           "server = \"https://ddns.example.net\"\n"
                           "username = alice\n"
                           "password = marked-1\n"
                           "family = ipv4\n"
                           "hostname = { a.example.org, b.example.org, c.example.org, d.example.org, e.example.org }\n"
                           "}\n";

static struct config *config;
static struct buf faults;
static struct about *requests[MOST_REQUESTS]; /* by number - 1 */
static size_t count;

/* world.h: nothing of it changes here. */
unsigned long world_changes(void)
{
    return 0;
}

/* ---- The wrong program. ---- */

static size_t ask(char name)
{
    struct fake_request request = {.method = "GET", .username = "alice"};
    char url[128];

    snprintf(url, sizeof url, "https://ddns.example.net/nic/update?hostname=%c.example.org&myip=203.0.113.7", name);
    request.url = url;
    assert_true(count < MOST_REQUESTS);
    requests[count] = ledger_read(&request);
    observer_request(count + 1, requests[count]);
    return ++count;
}

static void hear(size_t number, enum http_stage stage, const char *body)
{
    struct http_answer answer = {.stage = stage, .status = 200, .body = body, .length = strlen(body)};

    observer_answer(number, requests[number - 1], &answer);
}

static void ask_and_hear(char name, const char *body)
{
    hear(ask(name), HTTP_DONE, body);
}

static struct login *login(void)
{
    return ledger_login(0);
}

/* ---- The frame. ---- */

static int setup(void **state)
{
    char *folder = unit_folder(), *path = unit_file(folder, "wanddns.conf", text, 0600);
    struct unit_faults told = {0};

    (void)state;
    clock_begin(0);
    tale_begin("by hand", &faults, false);
    logbook_begin();
    disk_begin();
    observer_begin();
    config = config_read(path, unit_fault, &told);
    assert_string_equal(told.text, "");
    observer_started(config, text);
    free(path);
    unit_remove_folder(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    while (count)
        ledger_free_about(requests[--count]);
    observer_end();
    config_free(config);
    disk_end();
    logbook_end();
    buf_free(&faults);
    return 0;
}

/* Up to here all was right. */
static void assert_right(void)
{
    assert_string_equal(buf_text(&faults), "");
}

static void assert_told(const char *words)
{
    assert_contains(buf_text(&faults), words);
}

/* ---- The rules. ---- */

static void test_second_request(void **state)
{
    (void)state;
    ask('a');
    assert_right();
    ask('a');
    assert_told("a.example.org A: a second request beside the first");
}

static void test_refused(void **state)
{
    (void)state;
    ask_and_hear('a', "nohost");
    ask_and_hear('b', "good 203.0.113.7");
    assert_right();
    ask('a');
    assert_told("a.example.org A: a request though it is refused");
}

static void test_network(void **state)
{
    (void)state;
    fake_timer_advance(5000); /* the start is over */
    hear(ask('a'), HTTP_RESOLVE, "");
    fake_timer_advance(900);
    hear(ask('a'), HTTP_RESOLVE, "");
    assert_right();
    fake_timer_advance(1799);
    ask('a');
    assert_told("a.example.org A: a request 1799 ms after failure 2 of the network, which is too soon");
}

/* The world is another one, and may be reached. */
static void test_network_is_back(void **state)
{
    (void)state;
    fake_timer_advance(5000);
    hear(ask('a'), HTTP_RESOLVE, "");
    observer_freed();
    ask('a');
    assert_right();
}

static void test_at_once(void **state)
{
    (void)state;
    for (char name = 'a'; name <= 'd'; name++)
        ask(name);
    assert_right();
    ask('e');
    assert_told("dyndns2: 5 requests are under way");
}

static void test_gap(void **state)
{
    (void)state;
    login()->gap_ms = 60000;
    ask_and_hear('a', "good 203.0.113.7");
    fake_timer_advance(60000);
    ask_and_hear('b', "good 203.0.113.7");
    assert_right();
    fake_timer_advance(59999);
    ask('c');
    assert_told("dyndns2: a request 59999 ms after the last one, which is within the gap");
}

static void test_budget(void **state)
{
    (void)state;
    login()->budget = 2;
    login()->budget_ms = 3600000;
    ask_and_hear('a', "good 203.0.113.7");
    fake_timer_advance(1800000);
    ask_and_hear('b', "good 203.0.113.7");
    fake_timer_advance(1800000);
    ask_and_hear('c', "good 203.0.113.7");
    assert_right();
    fake_timer_advance(1799999);
    ask('d');
    assert_told("dyndns2: request 3 within the time of the budget");
}

/* Each time it was in doubt, and yet it was too often. */
static void test_reasons(void **state)
{
    (void)state;
    ask_and_hear('a', "good 203.0.113.7");
    ledger_key(0)->certain = false;
    ask_and_hear('a', "good 203.0.113.7");
    assert_right();
    observer_end();
    assert_told("a.example.org A: written 2 times, with 1 reasons for it");
}

static void test_under_way_at_the_end(void **state)
{
    (void)state;
    ask('a');
    assert_right();
    observer_end();
    assert_told("dyndns2: 1 requests are still under way");
}

/* ---- The disk. ---- */

static void test_mode(void **state)
{
    (void)state;
    assert_int_equal(file_replace(DISK_FOLDER "/key", "0123\n", 5, 0600), 0);
    assert_int_equal(file_replace(DISK_FOLDER "/state.json", "{}\n", 3, 0600), 0);
    assert_right();
    assert_int_equal(file_replace(DISK_FOLDER "/state.json", "{}\n", 3, 0640), 0);
    assert_told("/state.json is written with mode 0640");
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_second_request),
        RULE(test_refused),
        RULE(test_network),
        RULE(test_network_is_back),
        RULE(test_at_once),
        RULE(test_gap),
        RULE(test_budget),
        RULE(test_reasons),
        RULE(test_under_way_at_the_end),
        RULE(test_mode),
    };

    return cmocka_run_group_tests_name("observer", tests, NULL, NULL);
}
