/* What a definition asks of a login besides its requests: gap, budget, refresh, one walk before the others. */
#include "fake_http.h"
#include "fake_timer.h"
#include "one_account.h"
#include "unit.h"

static const uint64_t second = 1000, minute = 60 * 1000, hour = 3600 * 1000, day = 24 * 3600 * 1000;

/* ---- gap. ---- */

/* After each request that arrived the login rests, and only one runs at a time. */
static void test_gap(void **state)
{
    (void)state;
    begin("title = x\ngap = 5m\n" SET, "a.example.org b.example.org c.example.org", IP_V4);
    want_all("203.0.113.7");
    assert_int_equal(fake_http_open(), 1);
    fake_timer_advance(20 * second);
    assert_int_equal(fake_http_open(), 1);
    answer(0, 200, "");
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(5 * minute - 1);
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(1);
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/set?host=b.example.org&ip=203.0.113.7");
    /* One that never arrived costs nobody anything. */
    fake_http_fail(0, HTTP_CONNECT, "refused");
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/set?host=c.example.org&ip=203.0.113.7");
    answer(0, 200, "");
    fake_timer_advance(5 * minute);
    assert_url(0, "/set?host=b.example.org&ip=203.0.113.7");
    answer(0, 200, "");
    /* The newest address counts when the rest is over. */
    want_all("203.0.113.8");
    want_all("203.0.113.9");
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(5 * minute);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.9");
    answer(0, 200, "");
}

static void test_gap_ends_by_force(void **state)
{
    (void)state;
    begin("title = x\ngap = 5m\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.7");
    answer(0, 200, "");
    want_all("203.0.113.8");
    assert_int_equal(fake_http_open(), 0);
    account_force(account);
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.8");
}

/* A request that was taken back may have been acted on: the provider counts it. One that reached nobody is none. */
static void test_gap_behind_a_recalled_request(void **state)
{
    (void)state;
    begin("title = x\ngap = 5m\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.7");
    want_all("203.0.113.8");
    assert_int_equal(started(), 2);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.8");
    set_local("192.0.2.1");
    want_all("203.0.113.9");
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(5 * minute - 1);
    assert_int_equal(started(), 2);
    fake_timer_advance(1);
    assert_int_equal(started(), 3);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.9");
    /* So does one whose uplink is gone. */
    account_leave_addresses(account, &(struct ip_set){0});
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(5 * minute - 1);
    assert_int_equal(started(), 3);
    fake_timer_advance(1);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.9");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "current");
}

/* Nor does the provider forget one that failed after it had arrived, or one for another name of the login. */
static void test_gap_behind_trouble(void **state)
{
    (void)state;
    begin("title = x\ngap = 10m\n" SET, "a.example.org b.example.org", IP_V4);
    want(0, "203.0.113.7");
    fake_timer_advance(0);
    answer(0, 500, "");
    want(1, "203.0.113.7");
    fake_timer_advance(10 * minute - 1);
    assert_int_equal(started(), 1);
    fake_timer_advance(1);
    assert_int_equal(started(), 2);
    answer(0, 200, "");
    fake_timer_advance(10 * minute);
    assert_int_equal(started(), 3);
    answer(0, 200, "");
}

/* ---- budget. ---- */

static void test_budget(void **state)
{
    (void)state;
    begin("title = x\nbudget = \"3/1h\"\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.1");
    answer(0, 200, "");
    fake_timer_advance(10 * minute);
    want_all("203.0.113.2");
    answer(0, 200, "");
    want_all("203.0.113.3");
    answer(0, 200, "");
    want_all("203.0.113.4");
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(50 * minute - 1);
    assert_int_equal(started(), 3);
    fake_timer_advance(1);
    assert_int_equal(started(), 4);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.4");
    answer(0, 200, "");
}

/* Those that go beside each other count, too. */
static void test_budget_of_many(void **state)
{
    (void)state;
    begin("title = x\nbudget = \"3/1h\"\n" SET, "a.example.org b.example.org c.example.org d.example.org e.example.org",
          IP_V4);
    want_all("203.0.113.7");
    while (fake_http_open())
        answer(0, 200, "");
    assert_int_equal(started(), 3);
    fake_timer_advance(hour);
    while (fake_http_open())
        answer(0, 200, "");
    assert_int_equal(started(), 5);
    assert_string_equal(state_of(4), "current");
}

/* Its time begins with the first request, however long nothing was sent before, and every step is one. */
static void test_budget_begins_with_a_request(void **state)
{
    (void)state;
    begin("title = x\nbudget = \"4/1h\"\nstep set { url = \"{server}/{ip}\" in = update }\n"
          "step update { url = \"{server}/commit\" }\n",
          "a.example.org", IP_V4);
    fake_timer_advance(59 * minute);
    for (int i = 1; i <= 2; i++) {
        want_all(i == 1 ? "203.0.113.1" : "203.0.113.2");
        answer(0, 200, "");
        fake_timer_advance(10 * minute);
        answer(0, 200, "");
    }
    want_all("203.0.113.3");
    assert_int_equal(started(), 4);
    fake_timer_advance(40 * minute - 1);
    assert_int_equal(started(), 4);
    fake_timer_advance(1);
    assert_int_equal(started(), 5);
    answer(0, 200, "");
    answer(0, 200, "");
    /* The next hour began then, not when the last one ended. */
    fake_timer_advance(30 * minute);
    want_all("203.0.113.4");
    answer(0, 200, "");
    answer(0, 200, "");
    want_all("203.0.113.5");
    assert_int_equal(started(), 8);
    fake_timer_advance(30 * minute - 1);
    assert_int_equal(started(), 8);
    fake_timer_advance(1);
    assert_int_equal(started(), 9);
    answer(0, 200, "");
    answer(0, 200, "");
}

/* Not with the end of one, either: two hours are not put together. */
static void test_budget_begins_with_no_answer(void **state)
{
    (void)state;
    begin("title = x\nbudget = \"2/1h\"\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.1");
    fake_timer_advance(hour + minute);
    answer(0, 200, "");
    fake_timer_advance(50 * minute);
    want_all("203.0.113.2");
    answer(0, 200, "");
    want_all("203.0.113.3");
    answer(0, 200, "");
    want_all("203.0.113.4");
    assert_int_equal(started(), 3);
    fake_timer_advance(hour - 1);
    assert_int_equal(started(), 3);
    fake_timer_advance(1);
    assert_int_equal(started(), 4);
    answer(0, 200, "");
}

/* One of those beside each other that is taken back was one, too. */
static void test_budget_of_recalled(void **state)
{
    (void)state;
    begin("title = x\nbudget = \"4/1h\"\n" SET, "a.example.org b.example.org c.example.org", IP_V4);
    want_all("203.0.113.7");
    assert_int_equal(fake_http_open(), 3);
    set_local("192.0.2.1");
    want_all("203.0.113.8");
    assert_int_equal(started(), 4);
    assert_int_equal(fake_http_open(), 1);
    answer(0, 200, "");
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(hour - 1);
    assert_int_equal(started(), 4);
    fake_timer_advance(1);
    assert_int_equal(fake_http_open(), 2);
    answer(0, 200, "");
    answer(0, 200, "");
    assert_string_equal(state_of(2), "current");
}

/* ---- refresh. ---- */

/* Sent once more when nothing changed for so long, a tenth earlier or later. */
static void test_refresh(void **state)
{
    (void)state;
    begin("title = x\nrefresh = 20d\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.7");
    answer(0, 200, "");
    fake_timer_advance(18 * day - hour);
    assert_int_equal(started(), 1);
    fake_timer_advance(4 * day + hour);
    assert_int_equal(started(), 2);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.7");
    answer(0, 200, "");
    /* A change in between begins anew. */
    fake_timer_advance(10 * day);
    want_all("203.0.113.8");
    answer(0, 200, "");
    fake_timer_advance(18 * day - hour);
    assert_int_equal(started(), 3);
    fake_timer_advance(4 * day + hour);
    assert_int_equal(started(), 4);
    answer(0, 200, "");
}

static void test_no_refresh_of_others(void **state)
{
    (void)state;
    begin("title = x\nrefresh = 20d\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.7");
    answer(0, 200, "");
    record_want(account_record(account, 0), &(struct record_target){0}, "no-address: wan0 has no address");
    fake_timer_advance(100 * day);
    assert_int_equal(started(), 1);
}

/* Each record has its own part of a fifth of the time, so that the names of many gateways do not come together. */
static void test_jitter_of_refresh(void **state)
{
    static const struct {
        uint32_t random;
        unsigned hours;
    } cases[] = {{0, 28 * 24 * 90 / 100}, {10, 28 * 24}, {20, 28 * 24 * 110 / 100}, {21, 28 * 24 * 90 / 100}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        fake_timer_set_random(cases[i].random);
        if (i)
            end();
        begin("title = x\nrefresh = 28d\n" SET, "a.example.org", IP_V4);
        want_all("203.0.113.7");
        answer(0, 200, "");
        fake_timer_advance((cases[i].hours - 1) * hour);
        if (fake_http_open())
            unit_wrong("random number %u: too early", cases[i].random);
        fake_timer_advance(2 * hour);
        if (!fake_http_open())
            unit_wrong("random number %u: too late", cases[i].random);
    }
    unit_all_right();
}

/* A record that is waiting has its own time, and one that is refused has none. */
static void test_no_refresh_in_trouble(void **state)
{
    (void)state;
    begin(
        "title = x\nrefresh = 20d\nstatus 400 { verdict = refused }\nstatus 500 { verdict = again after = 23h }\n" SET,
        "a.example.org b.example.org", IP_V4);
    want_all("203.0.113.7");
    answer(0, 200, "");
    answer(0, 200, "");
    want_all("203.0.113.8");
    answer(0, 400, "");
    answer(0, 500, "");
    assert_string_equal(state_of(0), "refused");
    assert_string_equal(state_of(1), "waiting");
    fake_timer_set_wall(timer_wall_s() + (int64_t)(100 * day / second)); /* whatever the clock says */
    fake_timer_advance(22 * hour);
    assert_int_equal(started(), 4);
    fake_timer_advance(4 * hour);
    assert_int_equal(started(), 5);
    assert_url(0, "/set?host=b.example.org&ip=203.0.113.8");
    answer(0, 200, "");
    fake_timer_advance(40 * day);
    assert_int_equal(started(), 6); /* b alone */
    assert_url(0, "/set?host=b.example.org&ip=203.0.113.8");
    assert_string_equal(state_of(0), "refused");
}

/* A gateway without a clock begins in 1970: when the time comes in, what is too old by then is sent within a day. */
static void test_refresh_when_the_clock_was_wrong(void **state)
{
    (void)state;
    fake_timer_set_wall(1000);
    begin("title = x\nrefresh = 28d\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.7");
    answer(0, 200, "");
    fake_timer_advance(hour);
    fake_timer_set_wall(INT64_C(1800000000));
    assert_int_equal(started(), 1);
    fake_timer_advance(day);
    assert_int_equal(started(), 2);
    answer(0, 200, "");
    /* And then no more than is due. */
    fake_timer_advance(25 * day);
    assert_int_equal(started(), 2);
    fake_timer_advance(2 * day);
    assert_int_equal(started(), 3);
    answer(0, 200, "");
}

/* A clock that was ahead: what it said lies in the future, where nothing is due for years. */
static void test_refresh_when_the_clock_was_ahead(void **state)
{
    (void)state;
    fake_timer_set_wall(INT64_C(2100000000));
    begin("title = x\nrefresh = 28d\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.7");
    answer(0, 200, "");
    fake_timer_set_wall(INT64_C(1800000000));
    fake_timer_advance(31 * day);
    assert_true(started() >= 2);
}

/* What a restart recalls is due when it would have been without. */
static void test_refresh_after_a_restart(void **state)
{
    struct record_memory memory = {.published_s = timer_wall_s() - (int64_t)(27 * day / second)};

    (void)state;
    fake_timer_set_random(10);
    begin("title = x\nrefresh = 28d\n" SET, "a.example.org", IP_V4);
    assert_true(ip_set_parse("203.0.113.7", &memory.published));
    record_recall(account_record(account, 0), &memory);
    want_all("203.0.113.7");
    assert_string_equal(state_of(0), "current");
    fake_timer_advance(day - hour);
    assert_int_equal(started(), 0);
    fake_timer_advance(2 * hour);
    assert_int_equal(started(), 1);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.7");
    answer(0, 200, "");
}

/* ---- One walk before the others. ---- */

#define KEEPING                                                                                                       \
    "title = x\nneeds = { password }\nstep token { url = \"{server}/token\" get = \"token=token\" keep = account }\n" \
    "step update { url = \"{server}/{hostname}/{token}\" }\n"

/* What the first one finds all others use. */
static void test_first_walk_alone(void **state)
{
    (void)state;
    begin(KEEPING, "a.example.org b.example.org c.example.org", IP_V4);
    want_all("203.0.113.7");
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/token");
    answer(0, 200, "{\"token\": \"t1\"}");
    assert_url(0, "/a.example.org/t1");
    answer(0, 200, "");
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/b.example.org/t1");
    assert_url(1, "/c.example.org/t1");
    answer(0, 200, "");
    answer(0, 200, "");
    assert_int_equal(started(), 4);
    /* Another configuration may have another password: it is asked for anew. */
    account_configure(account, provider);
    want(0, "203.0.113.8");
    fake_timer_advance(0);
    assert_url(0, "/token");
}

#define LIFE(test) cmocka_unit_test_setup_teardown(test, one_account_setup, one_account_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_gap),
        LIFE(test_gap_ends_by_force),
        LIFE(test_gap_behind_a_recalled_request),
        LIFE(test_gap_behind_trouble),
        LIFE(test_budget),
        LIFE(test_budget_of_many),
        LIFE(test_budget_begins_with_a_request),
        LIFE(test_budget_begins_with_no_answer),
        LIFE(test_budget_of_recalled),
        LIFE(test_refresh),
        LIFE(test_no_refresh_of_others),
        LIFE(test_jitter_of_refresh),
        LIFE(test_no_refresh_in_trouble),
        LIFE(test_refresh_when_the_clock_was_wrong),
        LIFE(test_refresh_when_the_clock_was_ahead),
        LIFE(test_refresh_after_a_restart),
        LIFE(test_first_walk_alone),
    };

    return cmocka_run_group_tests_name("account: limits", tests, NULL, NULL);
}
