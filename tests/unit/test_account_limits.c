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
    size_t before;

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
    /* So does one whose uplink is gone, and the state has to know. */
    before = changes();
    account_leave_addresses(account, &(struct ip_set){0});
    fake_timer_advance(0);
    assert_true(changes() > before);
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(5 * minute - 1);
    assert_int_equal(started(), 3);
    fake_timer_advance(1);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.9");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "current");
}

/* Whoever is killed now has them on the disk: nobody is told when a request arrives. */
static void test_under_way_is_spent(void **state)
{
    struct account_memory memory;

    (void)state;
    begin("title = x\ngap = 5m\nbudget = \"9/1h\"\n" SET, "a.example.org", IP_V4);
    account_memory(account, &memory);
    assert_int_equal(memory.limit.rest_ms, 0);
    want_all("203.0.113.7");
    account_memory(account, &memory);
    assert_int_equal(memory.limit.rest_ms, 5 * minute);
    assert_true(limit_used(&memory.limit) == 1);
    fake_http_fail(0, HTTP_CONNECT, "refused"); /* and then it was none */
    fake_timer_advance(0);
    account_memory(account, &memory);
    assert_int_equal(memory.limit.rest_ms, 0);
    assert_true(limit_used(&memory.limit) == 0);
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

/* ---- budget: half of it at once, the other half as time goes by (test_limit). ---- */

static void test_budget(void **state)
{
    (void)state;
    begin("title = x\nbudget = \"3/1h\"\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.1");
    answer(0, 200, "");
    want_all("203.0.113.2");
    answer(0, 200, "");
    want_all("203.0.113.3");
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(20 * minute);
    want_all("203.0.113.4");
    fake_timer_advance(10 * minute - 1);
    assert_int_equal(started(), 2);
    fake_timer_advance(10); /* what is rounded up twice */
    assert_int_equal(started(), 3);
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
    assert_int_equal(fake_http_open(), 2);
    for (int i = 0; i < 3; i++) {
        while (fake_http_open())
            answer(0, 200, "");
        assert_int_equal(started(), 2 + i);
        fake_timer_advance(hour / 2);
    }
    answer(0, 200, "");
    assert_string_equal(state_of(4), "current");
}

/* A walk waits until all its steps may go. */
static void test_budget_of_steps(void **state)
{
    (void)state;
    begin("title = x\nbudget = \"4/1h\"\nstep set { url = \"{server}/{ip}\" in = update }\n"
          "step update { url = \"{server}/commit\" }\n",
          "a.example.org", IP_V4);
    want_all("203.0.113.1");
    answer(0, 200, "");
    answer(0, 200, "");
    want_all("203.0.113.2");
    assert_int_equal(started(), 2);
    fake_timer_advance(40 * minute - 1);
    assert_int_equal(started(), 2);
    fake_timer_advance(1);
    assert_int_equal(started(), 3);
    answer(0, 200, "");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "current");
}

/* One that is taken back after it may have arrived was one, too; what reached nobody was none. */
static void test_budget_of_what_arrived(void **state)
{
    (void)state;
    begin("title = x\nbudget = \"2/1h\"\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.7");
    for (int i = 0; i < 5; i++) {
        fake_http_fail(0, HTTP_CONNECT, "Connection refused");
        fake_timer_advance(fake_timer_next());
        fake_timer_advance(fake_timer_next());
        assert_int_equal(fake_http_open(), 1);
    }
    set_local("192.0.2.1");
    want_all("203.0.113.8");
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(hour / 2 - 1);
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(1);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.8");
    answer(0, 200, "");
}

/* ---- What the server asks for. ---- */

/* A limit that is used up holds the whole login back, not only the name that met it; the operator does not wait. */
static void test_rest(void **state)
{
    static const struct {
        long status;
        const char *headers;
        uint64_t rest_ms;
    } rows[] = {
        {429, "Retry-After: 120\n", 120 * 1000},
        {503, "Retry-After: 120\n", 120 * 1000},
        {200, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 300\n", 300 * 1000},
        {500, "Retry-After: 120\n", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin("title = x\n" SET, "a.example.org b.example.org", IP_V4);
        want(0, "203.0.113.7");
        fake_timer_advance(0);
        fake_http_answer_with(
            0, &(struct http_answer){.stage = HTTP_DONE, .status = rows[i].status, .headers = rows[i].headers});
        want(1, "203.0.113.7");
        if (rows[i].rest_ms) {
            fake_timer_advance(rows[i].rest_ms - 1);
            assert_int_equal(started(), 1);
        }
        fake_timer_advance(1);
        assert_true(started() > 1);
        end();
    }
    begin("title = x\n" SET, "a.example.org", IP_V4);
    want_all("203.0.113.7");
    fake_http_answer_after(0, 429, "", hour);
    fake_timer_advance(0);
    account_force(account);
    fake_timer_advance(0);
    assert_int_equal(started(), 2);
    answer(0, 200, "");
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

/* Each login has its own part of a fifth of the time, so that the names of many gateways do not come together. */
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

/* Whatever the wall clock does meanwhile: nothing is due before its time, and nothing is forgotten. */
static void test_refresh_when_the_clock_steps(void **state)
{
    static const int64_t steps[][2] = {{1000, INT64_C(1800000000)}, {INT64_C(2100000000), INT64_C(1800000000)}};

    (void)state;
    fake_timer_set_random(10);
    for (size_t i = 0; i < COUNT(steps); i++) {
        fake_timer_set_wall(steps[i][0]);
        begin("title = x\nrefresh = 28d\n" SET, "a.example.org", IP_V4);
        want_all("203.0.113.7");
        answer(0, 200, "");
        fake_timer_advance(hour);
        fake_timer_set_wall(steps[i][1]);
        fake_timer_advance(27 * day);
        assert_int_equal(started(), 1);
        fake_timer_advance(2 * day);
        assert_int_equal(started(), 2);
        answer(0, 200, "");
        end();
    }
}

/* What a restart recalls is due when it would have been without. */
static void test_refresh_after_a_restart(void **state)
{
    struct record_memory memory = {.published_at =
                                       moment_recall(timer_wall_s() - (int64_t)(27 * day / second), -1, "")};

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
        LIFE(test_under_way_is_spent),
        LIFE(test_gap_behind_trouble),
        LIFE(test_budget),
        LIFE(test_budget_of_many),
        LIFE(test_budget_of_steps),
        LIFE(test_budget_of_what_arrived),
        LIFE(test_rest),
        LIFE(test_refresh),
        LIFE(test_no_refresh_of_others),
        LIFE(test_jitter_of_refresh),
        LIFE(test_no_refresh_in_trouble),
        LIFE(test_refresh_when_the_clock_steps),
        LIFE(test_refresh_after_a_restart),
        LIFE(test_first_walk_alone),
    };

    return cmocka_run_group_tests_name("account: limits", tests, NULL, NULL);
}
