/* When the outside is asked. */
#include "asker.h"

#include <sys/socket.h>

static const uint64_t second_ms = 1000, minute_ms = 60 * 1000;

/* ---- When services are asked. ---- */

static void test_asked_at_once(void **state)
{
    (void)state;
    asker_begin();
    assert_int_equal(asker_asked(), 1);
    assert_string_equal(fake_http_request(0)->method, "GET");
    assert_string_equal(fake_http_request(0)->url, ASKER_URL);
    assert_null(fake_http_request(0)->username);
    assert_null(fake_http_request(0)->password);
    assert_int_equal(fake_http_request(0)->family, AF_INET);
    assert_int_equal(fake_http_request(0)->link, 0);
    assert_int_equal(asker.news, 0);
    fake_http_answer(0, 200, "192.0.2.1\n");
    assert_int_equal(asker.news, 1);
    asker_assert_known(REASON_CHOSEN, "192.0.2.1");
    assert_int_equal(asker_asked(), 1);
}

static void test_asked_in_its_family_and_by_its_link(void **state)
{
    struct source_answer answer;

    (void)state;
    asker.rule.family = AF_INET6;
    asker.rule.bind = true;
    answer = asker_look(asker_uplink(7, "fd00::2"));
    asker_assert(&answer, REASON_ASKING, "none");
    assert_int_equal(fake_http_request(0)->family, AF_INET6);
    assert_int_equal(fake_http_request(0)->link, 7);
    fake_http_answer(0, 200, "2001:db8::1");
    answer = asker_look(asker_uplink(7, "fd00::2"));
    asker_assert(&answer, REASON_CHOSEN, "2001:db8::1");
    assert_contains(answer.text, "chosen: on wan7");
}

/* Looking again is no reason to ask again, and neither is what has nothing to do with the way out. */
static void test_not_asked_without_news(void **state)
{
    struct source_answer answer;

    (void)state;
    asker_begin();
    for (int i = 0; i < 100; i++)
        asker_assert_known(REASON_ASKING, "none");
    fake_http_answer(0, 200, "192.0.2.1");
    for (int i = 0; i < 100; i++)
        asker_assert_known(REASON_CHOSEN, "192.0.2.1");
    answer = asker_uplink(1, "10.0.0.2");
    answer.prefix_length = 16;
    answer.link_count = 2;
    asker_look(answer);
    assert_int_equal(asker_asked(), 1);
    assert_int_equal(asker.news, 1);
}

static void test_asked_by_the_clock(void **state)
{
    (void)state;
    asker_begin();
    fake_timer_advance(ASKER_INTERVAL_MS); /* the question takes its time, which is http's to bound */
    assert_int_equal(asker_asked(), 1);
    fake_http_answer(0, 200, "192.0.2.1");
    for (size_t round = 2; round < 5; round++) {
        fake_timer_advance(ASKER_INTERVAL_MS - 1);
        assert_int_equal(asker_asked(), round - 1);
        fake_timer_advance(1);
        assert_int_equal(asker_asked(), round);
        asker_assert_known(REASON_CHOSEN, "192.0.2.1"); /* while it is asked again */
        fake_http_answer(0, 200, "192.0.2.1");
    }
    fake_timer_advance(ASKER_INTERVAL_MS);
    fake_http_answer(0, 200, "192.0.2.9");
    asker_assert_known(REASON_CHOSEN, "192.0.2.9");
}

static void test_change_of_uplink(void **state)
{
    struct source_answer answer;

    (void)state;
    asker_begin();
    fake_http_answer(0, 200, "192.0.2.1");
    asker_look_at("10.0.0.3"); /* another address */
    assert_int_equal(asker_asked(), 2);
    fake_http_answer(0, 200, "192.0.2.2");
    asker_look(asker_uplink(2, "10.0.0.3")); /* another link */
    assert_int_equal(asker_asked(), 3);
    fake_http_answer(0, 200, "192.0.2.3");
    answer = asker_look(asker_uplink(2, "10.0.0.3"));
    asker_assert(&answer, REASON_CHOSEN, "192.0.2.3");
    assert_int_equal(asker_asked(), 3);
    assert_int_equal(fake_timer_running(), 1);
    assert_int_equal(fake_timer_next(), ASKER_INTERVAL_MS);
}

/* What one uplink was told says nothing of the next one. */
static void test_old_answer_is_not_of_the_new_uplink(void **state)
{
    struct source_answer answer;

    (void)state;
    asker_begin();
    fake_http_answer(0, 200, "192.0.2.1");
    answer = asker_look(asker_uplink(2, "10.9.0.2"));
    asker_assert(&answer, REASON_ASKING, "none");
}

static void test_change_takes_the_question_back(void **state)
{
    size_t cancelled = fake_http_cancelled();

    (void)state;
    asker_begin_with_two();
    fake_http_answer(0, 200, "192.0.2.1");
    asker_look_at("10.0.0.3");
    assert_int_equal(fake_http_cancelled() - cancelled, 1);
    assert_int_equal(fake_http_open(), 2);
    assert_int_equal(asker.news, 0);
    /* Nothing of the first question is left: both must answer again. */
    fake_http_answer(1, 200, "{\"client\": {\"ip\": \"192.0.2.2\"}}");
    assert_int_equal(asker.news, 0);
    fake_http_answer(0, 200, "192.0.2.2");
    assert_int_equal(asker.news, 1);
}

/* ---- Without an uplink. ---- */

static void test_no_uplink(void **state)
{
    struct source_answer answer;

    (void)state;
    answer = asker_look(asker_no_uplink(REASON_NO_ROUTE));
    asker_assert(&answer, REASON_NO_ROUTE, "none");
    assert_string_equal(answer.text, "no-route: of the kernel");
    assert_int_equal(asker_asked(), 0);
    assert_int_equal(fake_timer_running(), 0);
    answer = asker_look(asker_no_uplink(REASON_LINK_DOWN));
    asker_assert(&answer, REASON_LINK_DOWN, "none");
    assert_int_equal(asker_asked(), 0);
}

static void test_uplink_goes_while_asking(void **state)
{
    struct source_answer answer;

    (void)state;
    asker_begin();
    answer = asker_look(asker_no_uplink(REASON_LINK_DOWN));
    asker_assert(&answer, REASON_LINK_DOWN, "none");
    assert_int_equal(fake_http_open(), 0);
    assert_int_equal(fake_timer_running(), 0);
    fake_timer_advance(10 * ASKER_INTERVAL_MS);
    assert_int_equal(asker_asked(), 1);
    assert_int_equal(asker.news, 0);
}

static void test_uplink_goes_and_comes_back(void **state)
{
    struct source_answer answer;

    (void)state;
    asker_begin();
    fake_http_answer(0, 200, "192.0.2.1");
    answer = asker_look(asker_no_uplink(REASON_NO_ADDRESS));
    asker_assert(&answer, REASON_NO_ADDRESS, "none");
    assert_int_equal(fake_timer_running(), 0);
    fake_timer_advance(10 * ASKER_INTERVAL_MS);
    assert_int_equal(asker_asked(), 1);
    /* The same as it was; but who knows what is behind it now. */
    asker_assert_known(REASON_ASKING, "none");
    assert_int_equal(asker_asked(), 2);
    fake_http_answer(0, 200, "192.0.2.1");
    asker_assert_known(REASON_CHOSEN, "192.0.2.1");
}

/* ---- Credit: five at once, then one a minute. ---- */

/* The uplink has yet another address. */
static void change(void)
{
    static unsigned number;
    char address[32];

    number++;
    snprintf(address, sizeof address, "10.1.%u.%u", number / 250 % 250, 1 + number % 250);
    asker_look_at(address);
}

static void test_burst_of_changes(void **state)
{
    (void)state;
    for (size_t i = 1; i <= 5; i++) {
        change();
        assert_int_equal(asker_asked(), i);
    }
    for (int i = 0; i < 20; i++)
        change();
    assert_int_equal(asker_asked(), 5);
    fake_timer_advance(minute_ms - 1);
    assert_int_equal(asker_asked(), 5);
    fake_timer_advance(1);
    assert_int_equal(asker_asked(), 6);
}

/* However fast the uplink flaps, and for however long. */
static void test_one_a_minute(void **state)
{
    (void)state;
    for (size_t second = 0; second < 600; second++) {
        change();
        if (fake_http_open() && second % 3 == 0)
            fake_http_answer(0, 200, "192.0.2.1");
        fake_timer_advance(second_ms);
    }
    assert_in_range(asker_asked(), 5 + 9, 5 + 10);
}

/* The last change is asked about when the minute is over, though a question of before it was answered meanwhile. */
static void test_answer_does_not_forget_the_last_change(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        change();
    asker_look_at("10.0.0.2"); /* without credit */
    assert_int_equal(asker_asked(), 5);
    if (fake_http_open())
        fake_http_answer(0, 200, "192.0.2.1");
    fake_timer_advance(minute_ms);
    assert_int_equal(asker_asked(), 6);
    fake_http_answer(0, 200, "192.0.2.2");
    asker_assert_known(REASON_CHOSEN, "192.0.2.2");
}

static void test_credit_comes_back(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        change();
    fake_http_answer(0, 200, "192.0.2.1");
    fake_timer_advance(2 * minute_ms);
    change();
    change();
    assert_int_equal(asker_asked(), 7);
    change();
    assert_int_equal(asker_asked(), 7);
    fake_timer_advance(minute_ms);
    assert_int_equal(asker_asked(), 8);
    /* Never more than five, however long it was quiet. */
    fake_http_answer(0, 200, "192.0.2.1");
    fake_timer_advance(ASKER_INTERVAL_MS - 1);
    for (int i = 0; i < 10; i++)
        change();
    assert_int_equal(asker_asked(), 13);
}

/* What the clock asks costs no credit, and is not held up by a lack of it. */
static void test_clock_costs_nothing(void **state)
{
    (void)state;
    asker_begin();
    for (int i = 0; i < 10; i++) {
        fake_http_fail(0, HTTP_CONNECT, "connection refused");
        fake_timer_advance(second_ms * 600);
    }
    assert_int_equal(asker_asked(), 11);
    for (int i = 0; i < 5; i++)
        change();
    assert_int_equal(asker_asked(), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_asked_at_once, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_asked_in_its_family_and_by_its_link, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_not_asked_without_news, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_asked_by_the_clock, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_change_of_uplink, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_old_answer_is_not_of_the_new_uplink, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_change_takes_the_question_back, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_no_uplink, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_uplink_goes_while_asking, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_uplink_goes_and_comes_back, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_burst_of_changes, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_one_a_minute, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_answer_does_not_forget_the_last_change, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_credit_comes_back, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_clock_costs_nothing, asker_setup, asker_teardown),
    };

    return cmocka_run_group_tests(tests, asker_setup_group, asker_teardown_group);
}
