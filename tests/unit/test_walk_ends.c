/* How an update ends: pauses, pages and failures have a bound, it can be cancelled at each point, and a reload does not
 * disturb it. */
#include "walker.h"

/* Asked again after a pause, at most so many times. */
static void test_repeat(void **state)
{
    size_t before = walker.told, started = fake_http_started();

    (void)state;
    walker_begin(
        "step poll { url = \"{server}/p\" every = 2s times = 3 value \"s=wait\" { verdict = repeat means = \"not "
        "yet\" } }\n"
        "step update { url = \"{server}/u\" }\n");
    walker_start();
    fake_http_answer(0, 200, "{\"s\":\"wait\"}");
    fake_timer_advance(1999);
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(1);
    assert_int_equal(fake_http_open(), 1);
    fake_http_answer(0, 200, "{\"s\":\"ready\"}");
    assert_string_equal(fake_http_request(0)->url, "https://api.example.net/v1/u");
    fake_http_answer(0, 200, "");
    fake_timer_advance(0);
    assert_int_equal(walker.told, before + 1);
    assert_int_equal(walker.result.verdict, UPDATE_DONE);
    assert_int_equal(fake_http_started() - started, 3);
    walker_start();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fake_http_open(), 1);
        fake_http_answer(0, 200, "{\"s\":\"wait\"}");
        fake_timer_advance(i < 2 ? 2000 : 0);
    }
    assert_int_equal(walker.told, before + 2);
    assert_int_equal(walker.result.verdict, UPDATE_AGAIN);
    assert_contains(walker.result.text, "not yet (step poll)");
    walker_end();
}

#define MORE                                                                                                  \
    "step record { url = \"{server}/r\" query = \"page={next}\" list = l match = \"n={hostname}\"\n"          \
    "get = { \"id=id\", \"next=next\" } more = next }\nstep update { when = id url = \"{server}/u/{id}\" }\n" \
    "step create { unless = id url = \"{server}/k\" }\n"

/* Each step has its own number of times. */
static void test_repeat_twice(void **state)
{
    static const char *const answers[] = {"wait", "wait", "ready", "wait", "wait", "ready", ""};

    (void)state;
    walker_begin("step a { url = \"{server}/a\" every = 1s times = 3 word wait { verdict = repeat } }\n"
                 "step b { url = \"{server}/b\" every = 1s times = 3 word wait { verdict = repeat } }\n"
                 "step update { url = \"{server}/u\" }\n");
    walker_start();
    for (size_t i = 0; i < COUNT(answers) && fake_http_open(); i++) {
        fake_http_answer(0, 200, answers[i]);
        fake_timer_advance(1000);
    }
    assert_int_equal(walker.result.verdict, UPDATE_DONE);
    assert_int_equal(fake_http_open(), 0);
    walker_end();
}

/* The next page while nothing fits, and there is one. */
static void test_more(void **state)
{
    (void)state;
    walker_begin(MORE);
    walker_play(
        "GET /r -> 200 {\"l\":[],\"next\":\"p 2\"}\nGET /r?page=p%202 -> 200 {\"l\":[],\"next\":3}\n"
        "GET /r?page=3 -> 200 {\"l\":[{\"n\":\"home.example.org\",\"id\":5}],\"next\":4}\nGET /u/5 -> 200 \n= done");
    walker_play(
        "GET /r -> 200 {\"l\":[],\"next\":\"2\"}\nGET /r?page=2 -> 200 {\"l\":[],\"next\":\"\"}\nGET /k -> 200 \n= "
        "done");
    walker_play("GET /r -> 200 {\"l\":[],\"next\":\"2\"}\nGET /r?page=2 -> 200 {\"l\":[]}\nGET /k -> 200 \n= done");
    walker_play("GET /r -> 200 {\"l\":[],\"next\":null}\nGET /k -> 200 \n= done");
    walker_end();
}

/* Pages without end come to one. */
static void test_more_has_an_end(void **state)
{
    size_t pages = 0;

    (void)state;
    walker_begin(MORE);
    walker_start();
    while (fake_http_open() && strstr(fake_http_request(0)->url, "/r") && pages < 1000) {
        pages++;
        fake_http_answer(0, 200, "{\"l\":[],\"next\":\"on\"}");
        fake_timer_advance(0);
    }
    assert_int_equal(pages, 50);
    assert_int_equal(fake_http_open(), 1);
    fake_http_answer(0, 500, "");
    fake_timer_advance(0);
    assert_int_equal(walker.result.verdict, UPDATE_AGAIN);
    walker_end();
}

/* Whatever is answered, and whatever the definition does, an update ends, after a number of requests that the definition
 * bounds. */
static void test_endless(void **state)
{
    static const char *const answers[] = {"{\"l\":[],\"next\":\"on\",\"t\":\"x\"}", "{\"s\":\"wait\"}", "{}", "rubbish",
                                          "{\"l\":[{\"n\":\"home.example.org\",\"id\":1}],\"t\":\"y\"}"};
    static const long statuses[] = {200, 200, 200, 404, 401, 500, 204};
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 7);
    walker_begin("step token { url = \"{server}/t\" get = \"token=t\" keep = account }\n" MORE
                 "step poll { url = \"{server}/p\" every = 1s times = 20 value \"s=wait\" { verdict = repeat } }\n"
                 "status 404 { verdict = absent }\nstatus 401 { verdict = refused }\n");
    for (int i = 0; i < 500; i++) {
        size_t asked = 0, before = walker.told;
        bool stubborn = i % 2;
        size_t answer = unit_random(&random, COUNT(answers)), status = unit_random(&random, COUNT(statuses));

        walker_start();
        while (walker.told == before && asked < 1000) {
            if (!stubborn) {
                answer = unit_random(&random, COUNT(answers));
                status = unit_random(&random, COUNT(statuses));
            }
            asked += fake_http_open();
            if (fake_http_open())
                fake_http_answer(0, statuses[status], answers[answer]);
            fake_timer_advance(1);
        }
        assert_int_equal(walker.told, before + 1);
        assert_true(asked <= 2 * (1 + 50 + 1 + 20));
    }
    walker_end();
}

/* No answer, or one that cannot be read. */
static void test_failures(void **state)
{
    static const struct {
        enum http_stage stage;
        enum update_verdict verdict;
        bool arrived;
    } failures[] = {
        {HTTP_RESOLVE, UPDATE_UNREACHABLE, false}, {HTTP_CONNECT, UPDATE_UNREACHABLE, false},
        {HTTP_TLS, UPDATE_UNREACHABLE, false},     {HTTP_WAIT, UPDATE_UNREACHABLE, true},
        {HTTP_GARBLED, UPDATE_AGAIN, true},
    };

    (void)state;
    walker_begin(FULL);
    for (size_t i = 0; i < COUNT(failures); i++) {
        walker_start();
        fake_http_fail(0, failures[i].stage, "no luck");
        fake_timer_advance(0);
        assert_int_equal(walker.result.verdict, failures[i].verdict);
        assert_int_equal(walker.result.requests, failures[i].arrived);
        assert_contains(walker.result.text, ": no luck (step zone)");
    }
    walker_play("GET /zones -> 200 " ZONES
                "\nGET /zones/z1 -> 200 no JSON\n= again provider: the answer is not what it should be (step record)");
    walker_end();
}

/* At each point of the way: nothing is walker.told, and nothing is left. */
static void test_cancel(void **state)
{
    static const char *const answers[] = {ZONES, OURS, "{\"s\":\"wait\"}", "", "{}"};
    size_t before = walker.told;

    (void)state;
    for (size_t point = 0; point < COUNT(answers); point++) {
        walker_begin(ZONE RECORD
                     "step poll { url = \"{server}/p\" every = 2s times = 2 value \"s=wait\" { verdict = repeat } }\n"
                     "step update { url = \"{server}/u\" }\n");
        walker_start();
        for (size_t i = 0; i < point; i++) {
            if (!fake_http_open())
                fake_timer_advance(2000);
            fake_http_answer(0, 200, answers[i]);
        }
        update_cancel(walker.update);
        fake_timer_advance(3600000);
        assert_int_equal(fake_http_open(), 0);
        walker_end();
    }
    assert_int_equal(walker.told, before);
}

/* A reload gives the login another definition while a request runs: it ends by the one that it began with. */
static void test_reload(void **state)
{
    size_t before = walker.told;

    (void)state;
    walker_begin(FULL);
    walker_start();
    scene_redefine(walker.scene, "step update { url = \"{server}/new\" }\n");
    fake_http_answer(0, 200, ZONES);
    assert_string_equal(fake_http_request(0)->url, "https://api.example.net/v1/zones/z1");
    fake_http_answer(0, 200, OURS);
    assert_string_equal(fake_http_request(0)->url, "https://api.example.net/v1/records/r1");
    fake_http_answer(0, 200, "");
    fake_timer_advance(0);
    assert_int_equal(walker.told, before + 1);
    assert_int_equal(walker.result.verdict, UPDATE_DONE);
    walker_play("GET /new -> 200 \n= done");
    walker.scene->values.definition = walker.scene->provider.definition;
    walker_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeat),          cmocka_unit_test(test_repeat_twice), cmocka_unit_test(test_more),
        cmocka_unit_test(test_more_has_an_end), cmocka_unit_test(test_endless),      cmocka_unit_test(test_failures),
        cmocka_unit_test(test_cancel),          cmocka_unit_test(test_reload),
    };

    return cmocka_run_group_tests_name("walk_ends", tests, NULL, NULL);
}
