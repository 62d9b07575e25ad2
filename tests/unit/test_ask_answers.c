/* What answers from outside are worth. */
#include "asker.h"

#include <sys/socket.h>

static const uint64_t second_ms = 1000, minute_ms = 60 * 1000;

/* ---- Who does not answer, or not well. ---- */

/* The ladder of the network: 1, 2, 5, 10, 30, 60 s, 2, 5, 10 min. */
static void test_silent(void **state)
{
    static const uint64_t ladder_s[] = {1, 2, 5, 10, 30, 60, 120, 300, 600, 600};
    struct source_answer answer;

    (void)state;
    asker_begin();
    for (size_t i = 0; i < COUNT(ladder_s); i++) {
        fake_http_fail(0, HTTP_CONNECT, "connection refused");
        assert_int_equal(asker.news, i + 1);
        asker_assert_known(REASON_SILENT, "none");
        assert_int_equal(fake_timer_next(), ladder_s[i] * second_ms);
        fake_timer_advance(ladder_s[i] * second_ms);
        assert_int_equal(asker_asked(), i + 2);
    }
    answer = asker_look_at("10.0.0.2");
    assert_string_equal(answer.text, "source-silent: the source gives no answer: https://a.example.org/ip: connect: "
                                     "connection refused");
    /* Once it has answered, the ladder begins anew. */
    fake_http_answer(0, 200, "192.0.2.1");
    asker_assert_known(REASON_CHOSEN, "192.0.2.1");
    fake_timer_advance(ASKER_INTERVAL_MS);
    fake_http_fail(0, HTTP_RESOLVE, "no such host");
    assert_int_equal(fake_timer_next(), second_ms);
    asker_assert_known(REASON_SILENT, "none");
}

static void test_silent_at_every_stage(void **state)
{
    static const enum http_stage stages[] = {HTTP_RESOLVE, HTTP_CONNECT, HTTP_TLS, HTTP_WAIT};

    (void)state;
    asker_begin();
    for (size_t i = 0; i < COUNT(stages); i++) {
        fake_http_fail(0, stages[i], "so it is");
        asker_assert_known(REASON_SILENT, "none");
        fake_timer_advance(minute_ms);
    }
}

/* The troubles of the old uplink are not those of the new one. */
static void test_ladder_begins_anew_on_another_uplink(void **state)
{
    (void)state;
    asker_begin();
    for (int i = 0; i < 8; i++) {
        fake_http_fail(0, HTTP_CONNECT, "connection refused");
        fake_timer_advance(fake_timer_next());
    }
    fake_http_fail(0, HTTP_CONNECT, "connection refused");
    asker_look(asker_uplink(2, "10.9.0.2"));
    fake_http_fail(0, HTTP_RESOLVE, "no such host");
    assert_int_equal(fake_timer_next(), second_ms);
}

static void test_bad_answers_wait_for_the_clock(void **state)
{
    static const struct {
        long status;
        const char *body, *detail;
    } rows[] = {
        {200, "<html>\nLog in", "https://a.example.org/ip: '<html>'"},
        {200, "", "https://a.example.org/ip: ''"},
        {200, "2001:db8::1", "https://a.example.org/ip: '2001:db8::1'"},
        {200, "192.0.2.1, 192.0.2.2", "https://a.example.org/ip: '192.0.2.1, 192.0.2.2'"},
        {204, "192.0.2.1", "https://a.example.org/ip: status 204"},
        {301, "", "https://a.example.org/ip: status 301"},
        {403, "192.0.2.1", "https://a.example.org/ip: status 403"},
        {429, "", "https://a.example.org/ip: status 429"},
        {500, "192.0.2.1", "https://a.example.org/ip: status 500"},
        {503, "", "https://a.example.org/ip: status 503"},
    };

    (void)state;
    asker_begin();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct source_answer answer;

        fake_http_answer(0, rows[i].status, rows[i].body);
        answer = asker_look_at("10.0.0.2");
        if (answer.reason != REASON_BAD_ANSWER || answer.ips.count || !strstr(answer.text, rows[i].detail))
            unit_wrong("%ld '%s': %s", rows[i].status, rows[i].body, answer.text);
        fake_timer_advance(ASKER_INTERVAL_MS - 1);
        assert_int_equal(asker_asked(), i + 1);
        fake_timer_advance(1);
        assert_int_equal(asker_asked(), i + 2);
    }
    unit_all_right();
    fake_http_fail(0, HTTP_GARBLED, "too large");
    asker_assert_known(REASON_BAD_ANSWER, "none");
    assert_int_equal(fake_timer_next(), ASKER_INTERVAL_MS);
}

/* What is no address of ours is not published, and not asked for every second. */
static void test_private_answer(void **state)
{
    struct source_answer answer;

    (void)state;
    asker_begin();
    fake_http_answer(0, 200, "100.64.0.9");
    answer = asker_look_at("10.0.0.2");
    asker_assert(&answer, REASON_CARRIER_NAT, "none");
    assert_contains(answer.text, "https://a.example.org/ip says 100.64.0.9");
    assert_int_equal(fake_timer_next(), ASKER_INTERVAL_MS);
}

/* A good address is not kept over a bad answer: it would be another kind of source. */
static void test_good_then_bad(void **state)
{
    (void)state;
    asker_begin();
    fake_http_answer(0, 200, "192.0.2.1");
    fake_timer_advance(ASKER_INTERVAL_MS);
    fake_http_answer(0, 200, "?");
    asker_assert_known(REASON_BAD_ANSWER, "none");
    fake_timer_advance(ASKER_INTERVAL_MS);
    fake_http_answer(0, 200, "192.0.2.1");
    asker_assert_known(REASON_CHOSEN, "192.0.2.1");
}

/* An answer may be as long as http allows; what is told of it is short, and one line. */
static void test_long_bad_answer(void **state)
{
    char *body = malloc(65537);
    struct source_answer answer;

    (void)state;
    assert_non_null(body);
    memset(body, 'x', 65536);
    body[65536] = '\0';
    asker_begin();
    fake_http_answer(0, 200, body);
    answer = asker_look_at("10.0.0.2");
    assert_int_equal(answer.reason, REASON_BAD_ANSWER);
    assert_true(strlen(answer.text) < SOURCE_TEXT_SIZE);
    free(body);
}

/* ---- Two services. ---- */

static void test_two_agree(void **state)
{
    (void)state;
    asker_begin_with_two();
    assert_string_equal(fake_http_request(0)->url, ASKER_URL);
    assert_string_equal(fake_http_request(1)->url, "https://b.example.org/");
    fake_http_answer(1, 200, "{\"client\": {\"ip\": \"192.0.2.1\"}}");
    assert_int_equal(asker.news, 0);
    asker_assert_known(REASON_ASKING, "none");
    fake_http_answer(0, 200, "192.0.2.1");
    assert_int_equal(asker.news, 1);
    asker_assert_known(REASON_CHOSEN, "192.0.2.1");
    assert_int_equal(fake_timer_next(), ASKER_INTERVAL_MS);
}

static void test_two_disagree(void **state)
{
    struct source_answer answer;

    (void)state;
    asker_begin_with_two();
    fake_http_answer(0, 200, "192.0.2.1");
    fake_http_answer(0, 200, "{\"client\": {\"ip\": \"192.0.2.2\"}}");
    answer = asker_look_at("10.0.0.2");
    asker_assert(&answer, REASON_DISAGREE, "none");
    assert_string_equal(answer.text, "disagree: the sources do not agree: 192.0.2.1 the first, 192.0.2.2 the second");
    assert_int_equal(fake_timer_next(), ASKER_INTERVAL_MS);
    fake_timer_advance(ASKER_INTERVAL_MS);
    assert_int_equal(asker_asked(), 4);
}

enum { GOOD, BAD, SILENT };

/* First and second answer so; in whichever order they come. */
static void answer_one(int how, int which, size_t index)
{
    static const char *const texts[2][2] = {{"192.0.2.1", "?"}, {"{\"client\": {\"ip\": \"192.0.2.1\"}}", "{}"}};

    if (how == SILENT)
        fake_http_fail(index, HTTP_CONNECT, "connection refused");
    else
        fake_http_answer(index, 200, texts[which][how]);
}

static void answer_two(int first, int second, bool second_comes_first)
{
    for (int turn = 0; turn < 2; turn++) {
        int which = second_comes_first ? 1 - turn : turn;

        answer_one(which ? second : first, which, turn == 0 ? (size_t)which : 0);
    }
}

/* One who fails is not made up for by the other. Who answered badly is asked again by the clock only, whatever the other
 * one does. */
static void test_one_of_two_fails(void **state)
{
    static const struct {
        int first, second;
        bool bad; /* or else silent */
    } rows[] = {{GOOD, BAD, true},   {BAD, GOOD, true},   {GOOD, SILENT, false},   {SILENT, GOOD, false},
                {BAD, SILENT, true}, {SILENT, BAD, true}, {SILENT, SILENT, false}, {BAD, BAD, true}};

    (void)state;
    asker_begin_with_two();
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        size_t before = asker_asked();
        struct source_answer answer;
        uint64_t next_ms;

        answer_two(rows[i / 2].first, rows[i / 2].second, i % 2);
        answer = asker_look_at("10.0.0.2");
        next_ms = fake_timer_next();
        if (answer.ips.count || (answer.reason != REASON_BAD_ANSWER && answer.reason != REASON_SILENT))
            unit_wrong("row %zu: %s", i, answer.text);
        if (rows[i / 2].bad ? next_ms != ASKER_INTERVAL_MS : next_ms >= minute_ms)
            unit_wrong("row %zu: %s, asked again after %ju s", i, answer.text, (uintmax_t)(next_ms / 1000));
        /* A good answer puts the ladder back on the ground. On it stand only those who were silent. */
        fake_timer_advance(next_ms);
        if (rows[i / 2].bad || (rows[i / 2].first == SILENT && rows[i / 2].second == SILENT))
            answer_two(GOOD, GOOD, false);
        else
            answer_one(GOOD, rows[i / 2].first == SILENT ? 0 : 1, 0);
        asker_assert_known(REASON_CHOSEN, "192.0.2.1");
        fake_timer_advance(ASKER_INTERVAL_MS);
        assert_int_equal(asker_asked(), before + (rows[i / 2].bad || rows[i / 2].first == rows[i / 2].second ? 4 : 3));
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_silent, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_silent_at_every_stage, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_ladder_begins_anew_on_another_uplink, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_bad_answers_wait_for_the_clock, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_private_answer, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_good_then_bad, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_long_bad_answer, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_two_agree, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_two_disagree, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_one_of_two_fails, asker_setup, asker_teardown),
    };

    return cmocka_run_group_tests(tests, asker_setup_group, asker_teardown_group);
}
