/* When what was remembered is asked for once more, and which answers are the server's passing trouble. */
#include "errand.h"
#include "fake_http.h"
#include "fake_timer.h"
#include "log.h"
#include "provider.h"
#include "unit.h"

static struct config_provider *provider;
static struct errand errand;

static void begin(const char *definition)
{
    provider = provider_new("dyndns2", "a.example.org", 0, IP_V4);
    provider_define(provider, definition);
    errand_make(&errand, provider, "203.0.113.7", NULL);
}

/* Answers the requests of an update with these statuses and bodies, and writes down which steps were asked. */
struct reply {
    long status;
    const char *body;
};

static void play(const struct reply *replies, size_t count, struct errand_results *results, char *steps, size_t size)
{
    size_t used = 0;

    steps[0] = '\0';
    errand_start(&errand, results);
    for (size_t i = 0; i < count && fake_http_open(); i++) {
        used += (size_t)snprintf(steps + used, size - used, "%s%s", i ? " " : "",
                                 strrchr(fake_http_request(0)->url, '/') + 1);
        fake_http_answer(0, replies[i].status, replies[i].body);
        fake_timer_advance(0);
    }
    assert_int_equal(fake_http_open(), 0);
    assert_int_equal(results->calls, 1);
}

#define KEEPING                                                                                                       \
    "title = x\nneeds = { password }\nstep token { url = \"{server}/token\" get = \"token=token\" keep = account }\n" \
    "step update { url = \"{server}/set\" query = \"token={token}\" }\n"                                              \
    "text ok { verdict = done }\nstatus 401 { verdict = refused-account }\nstatus 410 { verdict = refused }\n"        \
    "status 409 { verdict = again }\n"

/* An answer to the last step, with a token from the memory, and what is asked then. */
static void test_walks_once_more(void **state)
{
    static const struct {
        long status;
        const char *body;
        bool walks;
    } cases[] = {
        {200, "ok", false},
        /* What no rule knows may be the token's fault. */
        {200, "your session is over", true},
        {200, "", true},
        {302, "ok", true},
        {400, "bad token", true},
        {403, "", true},
        {404, "not found", true},
        {418, "", true},
        {428, "", true},
        {430, "", true},
        {499, "", true},
        /* What refuses, too. */
        {401, "", true},
        {410, "", true},
        /* Trouble of the server, or too many requests, is not made better by two more; nor what a rule says is to wait. */
        {429, "slow down", false},
        {500, "your session is over", false},
        {502, "", false},
        {503, "", false},
        {599, "", false},
        {409, "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct reply first[] = {{200, "{\"token\": \"t1\"}"}, {200, "ok"}};
        const struct reply then[] = {{cases[i].status, cases[i].body}, {200, "{\"token\": \"t2\"}"}, {200, "ok"}};
        struct errand_results results;
        char steps[256];

        begin(KEEPING);
        play(first, COUNT(first), &results, steps, sizeof steps);
        assert_string_equal(steps, "token set?token=t1");
        play(then, COUNT(then), &results, steps, sizeof steps);
        if (strcmp(steps, cases[i].walks ? "set?token=t1 token set?token=t2" : "set?token=t1") != 0 ||
            strcmp(results.verdicts, cases[i].walks || cases[i].status == 200 ? "done" : "again") != 0)
            unit_wrong("%ld %s: %s: %s", cases[i].status, cases[i].body, steps, results.verdicts);
        provider_free(provider);
    }
    unit_all_right();
}

/* Once, and only when something was remembered. */
static void test_walks_no_third_time(void **state)
{
    static const struct {
        long status;
        const char *verdict;
    } cases[] = {{404, "again"}, {200, "again"}, {410, "refused"}, {401, "refused-account"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct reply first[] = {{200, "{\"token\": \"t1\"}"}, {cases[i].status, "what"}, {200, "ok"}};
        const struct reply then[] = {
            {cases[i].status, "what"}, {200, "{\"token\": \"t2\"}"}, {cases[i].status, "what"}, {200, "ok"}};
        struct errand_results results;
        char steps[256];

        begin(KEEPING);
        play(first, COUNT(first), &results, steps, sizeof steps);
        if (strcmp(steps, "token set?token=t1") != 0 || strcmp(results.verdicts, cases[i].verdict) != 0)
            unit_wrong("%ld, nothing remembered: %s: %s", cases[i].status, steps, results.verdicts);
        play(then, COUNT(then), &results, steps, sizeof steps);
        if (strcmp(steps, "set?token=t1 token set?token=t2") != 0 || strcmp(results.verdicts, cases[i].verdict) != 0)
            unit_wrong("%ld: %s: %s", cases[i].status, steps, results.verdicts);
        provider_free(provider);
    }
    unit_all_right();
}

#define TALKING                                                                                              \
    "title = x\nstep update { url = \"{server}/set\" }\nword nohost { verdict = refused }\n"                 \
    "text \"is wrong\" { verdict = refused-account }\nvalue \"code=17|18\" { verdict = refused }\n"          \
    "value \"kind=auth*\" { verdict = refused-account }\nvalue \"mixed=12|bad\" { verdict = refused }\n"     \
    "value \"any=*\" { verdict = refused }\nvalue error { verdict = refused }\n"                             \
    "text \"please wait\" { verdict = again after = 7m }\nvalue \"busy=*\" { verdict = again after = 7m }\n" \
    "status 501 { verdict = refused }\n"

/* A proxy's page, or a service that is down, has texts of any kind: they end nothing. */
static void test_passing_trouble(void **state)
{
    static const struct {
        const char *body;
        bool counts; /* with 500, 503 and 429, too */
        const char *verdict;
    } cases[] = {
        {"nohost", true, "refused"},
        {"something is wrong", false, "refused-account"},
        {"{\"code\": 17}", true, "refused"},
        {"{\"code\": \"18\"}", true, "refused"},
        {"{\"kind\": \"auth-down\"}", false, "refused-account"},
        {"{\"mixed\": 12}", false, "refused"},
        {"{\"mixed\": \"bad\"}", false, "refused"},
        {"{\"any\": 17}", false, "refused"},
        {"{\"error\": \"trouble\"}", false, "refused"},
        {"please wait", true, "again"},
        {"{\"busy\": \"yes\"}", true, "again"},
    };
    static const long troubles[] = {429, 500, 502, 503, 504, 599}, others[] = {200, 400, 404, 422, 428, 430, 499};

    (void)state;
    begin(TALKING);
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool waits = strcmp(cases[i].verdict, "again") == 0;

        for (size_t j = 0; j < COUNT(troubles) + COUNT(others); j++) {
            bool trouble = j < COUNT(troubles);
            struct http_answer answer = {.stage = HTTP_DONE,
                                         .status = trouble ? troubles[j] : others[j - COUNT(troubles)],
                                         .body = cases[i].body};
            const char *expected = trouble && !cases[i].counts ? "again" : cases[i].verdict;
            bool unsaid = answer.status == 429 && !cases[i].counts; /* for how long */
            uint64_t after_ms = unsaid ? 5 * 60000 : waits ? 7 * 60000 : 0;
            struct errand_results results;

            errand_judge(&errand, &answer, &results);
            if (strcmp(results.verdicts, expected) != 0 || results.list[0].after_ms != after_ms)
                unit_wrong("%ld %s: %s: %s", answer.status, cases[i].body, results.verdicts, results.list[0].text);
        }
    }
    provider_free(provider);
    unit_all_right();
}

/* A status is what the server says itself: its own rule counts. */
static void test_status_of_trouble(void **state)
{
    const struct http_answer answer = {.stage = HTTP_DONE, .status = 501, .body = "something is wrong"};
    struct errand_results results;

    (void)state;
    begin(TALKING);
    errand_judge(&errand, &answer, &results);
    assert_string_equal(results.verdicts, "refused");
    provider_free(provider);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks_once_more),
        cmocka_unit_test(test_walks_no_third_time),
        cmocka_unit_test(test_passing_trouble),
        cmocka_unit_test(test_status_of_trouble),
    };

    return cmocka_run_group_tests_name("update: again", tests, errand_quiet, NULL);
}
