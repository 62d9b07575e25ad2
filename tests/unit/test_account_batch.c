/* Which records go together: both families in each request, and bodies that hold several records. */
#include "fake_http.h"
#include "fake_timer.h"
#include "mem.h"
#include "one_account.h"
#include "provider.h"
#include "unit.h"

static const uint64_t minute = 60 * 1000;

/* ---- Both families in each request. ---- */

#define BOTH                                    \
    "title = x\nfamilies = both-required\n" SET \
    "step delete { url = \"{server}/delete\" query = { \"host={hostname}\", \"type={type}\" } }\n"

static void begin_both(void)
{
    begin(BOTH, "a.example.org", IP_BOTH);
    want(0, "203.0.113.7");
    want(1, "2001:db8::7");
    fake_timer_advance(0);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.7,2001:db8::7");
    answer(0, 200, "");
    assert_int_equal(started(), 1);
}

static void lose(size_t index)
{
    record_want(account_record(account, index), &(struct record_target){0}, "no-address: wan0 has no address");
}

static void test_both_required(void **state)
{
    (void)state;
    begin_both();
    want(0, "203.0.113.8");
    fake_timer_advance(0);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.8,2001:db8::7");
    answer(0, 500, "");
    assert_string_equal(state_of(0), "waiting");
    assert_string_equal(state_of(1), "waiting");
    /* What the provider is owed one family cannot break for the other. */
    want(1, "2001:db8::8");
    fake_timer_advance(minute - 1);
    assert_int_equal(started(), 2);
    fake_timer_advance(1);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.8,2001:db8::8");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "current");
    assert_string_equal(state_of(1), "current");
}

/* They wait for the network together, too, and what is refused is refused for both, for one that comes later as well. */
static void test_both_required_in_trouble(void **state)
{
    (void)state;
    begin(BOTH "status 400 { verdict = refused }\n", "a.example.org", IP_BOTH);
    want(0, "203.0.113.7");
    fake_timer_advance(0);
    fake_http_fail(0, HTTP_RESOLVE, "no name service");
    fake_timer_advance(0);
    assert_string_equal(state_of(0), "waiting");
    want(1, "2001:db8::7");
    fake_timer_advance(0);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.7,2001:db8::7");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "current");
    assert_string_equal(state_of(1), "current");
    lose(1);
    want(0, "203.0.113.8");
    fake_timer_advance(0);
    answer(0, 400, "");
    assert_string_equal(state_of(0), "refused");
    assert_string_equal(state_of(1), "idle");
    want(1, "2001:db8::8");
    fake_timer_advance(0);
    assert_string_equal(state_of(1), "refused");
    assert_int_equal(fake_http_open(), 0);
}

/* What is published of a family that has no address just now is to stay: the service would clear it. */
static void test_both_required_without_an_address(void **state)
{
    (void)state;
    begin_both();
    lose(1);
    want(0, "203.0.113.8");
    fake_timer_advance(0);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.8,2001:db8::7");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "current");
    assert_string_equal(state_of(1), "idle");
    /* And it is what is published when it is back. */
    want(1, "2001:db8::7");
    fake_timer_advance(0);
    assert_string_equal(state_of(1), "current");
    assert_int_equal(started(), 2);
    /* What is deleted does not come back. */
    withdraw(1);
    fake_timer_advance(0);
    assert_url(0, "/delete?host=a.example.org&type=AAAA");
    answer(0, 200, "");
    want(0, "203.0.113.9");
    fake_timer_advance(0);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.9");
    answer(0, 200, "");
}

/* One that was never published has nothing to go along with. */
static void test_both_required_of_one(void **state)
{
    (void)state;
    begin(BOTH, "a.example.org", IP_BOTH);
    lose(1);
    want(0, "203.0.113.7");
    fake_timer_advance(0);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.7");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "current");
}

/* The family that only goes along changes while the request is under way: the old address may not win. */
static void test_both_required_overtaken(void **state)
{
    (void)state;
    begin_both();
    want(0, "203.0.113.8");
    fake_timer_advance(0);
    want(1, "2001:db8::8");
    fake_timer_advance(0);
    /* Not beside it, but in its place. */
    assert_int_equal(started(), 3);
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.8,2001:db8::8");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "current");
    assert_string_equal(state_of(1), "current");
    assert_int_equal(started(), 3);
}

/* So it is with the other family, which stands before it in the list, and when the first request fails. */
static void test_both_required_overtaken_in_trouble(void **state)
{
    (void)state;
    begin_both();
    want(1, "2001:db8::8");
    fake_timer_advance(0);
    want(0, "203.0.113.8");
    fake_timer_advance(0);
    assert_int_equal(started(), 3);
    answer(0, 500, "");
    assert_int_equal(started(), 3);
    fake_timer_advance(minute);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.8,2001:db8::8");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "current");
    assert_string_equal(state_of(1), "current");
}

/* What is to be deleted does not go along, though it is still there. */
static void test_both_required_without_what_is_withdrawn(void **state)
{
    (void)state;
    begin_both();
    withdraw(1);
    want(0, "203.0.113.8");
    fake_timer_advance(0);
    for (int i = 0; i < 5 && fake_http_open(); i++) {
        assert_lacks(fake_http_request(0)->url, "2001:db8");
        answer(0, 200, "");
    }
    assert_int_equal(started(), 3);
    assert_string_equal(state_of(0), "current");
    assert_string_equal(state_of(1), "idle");
}

/* A deletion is one of both, too: an update that has the address in it may not come behind. */
static void test_both_required_and_a_deletion(void **state)
{
    (void)state;
    begin_both();
    want(0, "203.0.113.8");
    fake_timer_advance(0);
    assert_url(0, "/set?host=a.example.org&ip=203.0.113.8,2001:db8::7");
    withdraw(1);
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 1);
    answer(0, 200, "");
    for (int i = 0; i < 5 && fake_http_open(); i++)
        answer(0, 200, "");
    assert_int_equal(started(), 4); /* the first one was taken back */
    assert_string_equal(state_of(0), "current");
    assert_string_equal(state_of(1), "idle");
}

/* ---- Bodies with several records. ---- */

#define EACH                                                                                                     \
    "title = x\nneeds = { zone }\nnames = 8\nstep update { url = \"{server}/{zone}\" json = '[{each}]'"          \
    " each = '\"{name} {type} {ip}\"' }\nstep delete { url = \"{server}/{zone}\" method = PUT json = '[{each}]'" \
    " each = '\"{name} {type}\"' }\nstatus 400 { verdict = refused }\nstatus 404 { verdict = refused }\n"
#define FIVE "a.example.org b.example.org bad.example.org d.example.org e.example.org"

static void begin_each(const char *definition, const char *names, enum ip_families families)
{
    begin(definition, names, families);
    set_zone("example.org");
}

#define assert_body(text)                                      \
    do {                                                       \
        assert_int_equal(fake_http_open(), 1);                 \
        assert_string_equal(fake_http_request(0)->body, text); \
    } while (0)

/* Names, families and addresses of their own share a body; what is to be deleted does not go with them. One request goes
 * at a time: two to one zone get into each other's way (PowerDNS answers 500). */
static void test_each(void **state)
{
    (void)state;
    begin_each(EACH, "a.example.org b.example.org", IP_BOTH);
    want(0, "203.0.113.7");
    want(1, "2001:db8::7");
    want(2, "203.0.113.8");
    fake_timer_advance(0);
    assert_body("[\"a A 203.0.113.7\",\"a AAAA 2001:db8::7\",\"b A 203.0.113.8\"]");
    assert_string_equal(fake_http_request(0)->method, "POST");
    answer(0, 200, "");
    assert_string_equal(state_of(2), "current");
    withdraw(0);
    want(2, "203.0.113.9");
    fake_timer_advance(0);
    assert_body("[\"a A\"]");
    assert_string_equal(fake_http_request(0)->method, "PUT");
    answer(0, 200, "");
    assert_body("[\"b A 203.0.113.9\"]");
    answer(0, 200, "");
    assert_string_equal(state_of(0), "idle");
    assert_string_equal(state_of(2), "current");
    assert_int_equal(started(), 3);
}

/* More than one body holds wait for each other, too. */
static void test_each_of_many(void **state)
{
    (void)state;
    begin_each(EACH, FIVE " f.example.org g.example.org h.example.org i.example.org", IP_V4);
    want_all("203.0.113.7");
    assert_int_equal(fake_http_open(), 1);
    answer(0, 200, "");
    assert_body("[\"i A 203.0.113.7\"]");
    answer(0, 200, "");
    assert_int_equal(started(), 2);
}

/* Without a zone of the user's nobody knows whether names share one. */
static void test_each_without_zone(void **state)
{
    (void)state;
    begin("title = x\nnames = 8\nstep update { url = \"{server}/\" json = '[{each}]' each = '\"{hostname}\"' }\n",
          "a.example.org b.example.net", IP_V4);
    want_all("203.0.113.7");
    assert_body("[\"a.example.org\"]");
    answer(0, 200, "");
    assert_body("[\"b.example.net\"]");
    answer(0, 200, "");
    assert_int_equal(started(), 2);
}

/* One bad record has a whole body refused: it is found, and the others are published. */
static void test_each_is_split(void **state)
{
    (void)state;
    begin_each(EACH, FIVE, IP_V4);
    want_all("203.0.113.7");
    assert_int_equal(fake_http_open(), 1);
    for (int i = 0; i < 30 && fake_http_open(); i++) {
        assert_int_equal(fake_http_open(), 1);
        answer(0, strstr(fake_http_request(0)->body, "bad") ? 400 : 200, "");
    }
    assert_int_equal(fake_http_open(), 0);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(state_of(i), i == 2 ? "refused" : "current");
    assert_true(started() < 8);
    /* The good ones go together again. */
    want_all("203.0.113.8");
    assert_int_equal(fake_http_open(), 1);
    assert_lacks(fake_http_request(0)->body, "bad");
    assert_contains(fake_http_request(0)->body, "\"a A 203.0.113.8\",\"b A 203.0.113.8\",\"d A");
    answer(0, 200, "");
}

/* The place of the request is not there: smaller bodies find nothing else. */
static void test_not_found_is_not_split(void **state)
{
    (void)state;
    begin_each(EACH, FIVE, IP_V4);
    want_all("203.0.113.7");
    answer(0, 404, "");
    assert_int_equal(started(), 1);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(state_of(i), "refused");
}

/* A login that is refused is so for all, and trouble is no record's fault. */
static void test_what_else_is_not_split(void **state)
{
    (void)state;
    begin_each(EACH "status 401 { verdict = refused-account }\n", FIVE, IP_V4);
    want_all("203.0.113.7");
    answer(0, 500, "");
    assert_int_equal(started(), 1);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(state_of(i), "waiting");
    fake_timer_advance(2 * minute);
    assert_int_equal(started(), 2);
    answer(0, 401, "");
    assert_int_equal(started(), 2);
    assert_non_null(account_refused(account));
}

/* Each half is a request that the login has to wait for. */
static void test_halves_keep_the_gap(void **state)
{
    size_t requests = 1;

    (void)state;
    begin_each(EACH "gap = 5m\n", FIVE, IP_V4);
    want_all("203.0.113.7");
    for (int i = 0; i < 30 && fake_http_open(); i++) {
        answer(0, strstr(fake_http_request(0)->body, "bad") ? 400 : 200, "");
        assert_int_equal(fake_http_open(), 0);
        fake_timer_advance(5 * minute - 1);
        assert_int_equal(started(), requests);
        fake_timer_advance(1);
        requests = started();
    }
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(state_of(i), i == 2 ? "refused" : "current");
    assert_true(requests > 3);
}

/* A half that is taken back, for a newer address, is a half still; the bad record is found. */
static void test_half_is_taken_back(void **state)
{
    (void)state;
    begin_each(EACH, FIVE, IP_V4);
    want_all("203.0.113.7");
    answer(0, 400, "");
    set_local("192.0.2.1");
    want(0, "203.0.113.8");
    fake_timer_advance(0);
    for (int i = 0; i < 30 && fake_http_open(); i++) {
        assert_int_equal(fake_http_open(), 1);
        answer(0, strstr(fake_http_request(0)->body, "bad") ? 400 : 200, "");
    }
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(state_of(i), i == 2 ? "refused" : "current");
}

/* Definitions are read anew with the configuration: a half may then be more than a body holds. */
static void test_half_above_the_names_of_a_reload(void **state)
{
    char *small = mem_string(EACH), *names = strstr(small, "names = 8");

    (void)state;
    begin_each(EACH, FIVE, IP_V4);
    want_all("203.0.113.7");
    answer(0, 400, ""); /* three, and two */
    assert_int_equal(fake_http_open(), 1);
    names[strlen("names = ")] = '2';
    provider_define(provider, small);
    account_configure(account, provider);
    free(small);
    for (int i = 0; i < 30 && fake_http_open(); i++)
        answer(0, strstr(fake_http_request(0)->body, "bad") ? 400 : 200, "");
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(state_of(i), i == 2 ? "refused" : "current");
    want_all("203.0.113.8");
    assert_body("[\"a A 203.0.113.8\",\"b A 203.0.113.8\"]");
}

/* The same when the half itself, still in the queue, is more than a body holds by now. */
static void test_queued_half_above_the_names_of_a_reload(void **state)
{
    char *small = mem_string(EACH "gap = 5m\n"), *names = strstr(small, "names = 8");

    (void)state;
    begin_each(small, FIVE, IP_V4);
    want_all("203.0.113.7");
    answer(0, 400, "");
    assert_int_equal(fake_http_open(), 0);
    names[strlen("names = ")] = '1';
    provider_define(provider, small);
    account_configure(account, provider);
    free(small);
    fake_timer_advance(5 * minute);
    assert_body("[\"a A 203.0.113.7\"]");
    answer(0, 200, "");
    fake_timer_advance(5 * minute);
    assert_body("[\"b A 203.0.113.7\"]");
}

#define LIFE(test) cmocka_unit_test_setup_teardown(test, one_account_setup, one_account_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_both_required),
        LIFE(test_both_required_in_trouble),
        LIFE(test_both_required_without_an_address),
        LIFE(test_both_required_of_one),
        LIFE(test_both_required_overtaken),
        LIFE(test_both_required_overtaken_in_trouble),
        LIFE(test_both_required_without_what_is_withdrawn),
        LIFE(test_both_required_and_a_deletion),
        LIFE(test_each),
        LIFE(test_each_of_many),
        LIFE(test_each_without_zone),
        LIFE(test_each_is_split),
        LIFE(test_not_found_is_not_split),
        LIFE(test_what_else_is_not_split),
        LIFE(test_halves_keep_the_gap),
        LIFE(test_half_is_taken_back),
        LIFE(test_half_above_the_names_of_a_reload),
        LIFE(test_queued_half_above_the_names_of_a_reload),
    };

    return cmocka_run_group_tests_name("account: what goes together", tests, NULL, NULL);
}
