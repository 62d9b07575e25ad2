/* One login with its records, from a wanted address to requests and back, under a false clock and a false HTTP. */
#include "account.h"

#include "fake_http.h"
#include "fake_timer.h"
#include "log.h"
#include "provider.h"
#include "unit.h"

#include <sys/socket.h>

static const uint64_t second = 1000, minute = 60 * 1000, day = 24 * 3600 * 1000;

static struct config_provider *provider;
static struct account *account;
static size_t changes, started_before, cancelled_before;

static void on_changed(void *arg)
{
    assert_ptr_equal(arg, &changes);
    changes++;
}

/* A new account; teardown frees it. */
static void begin(const char *definition, const char *names, size_t count, enum ip_families families)
{
    provider = provider_new(definition, names, count, families);
    account = account_new(NULL, false, on_changed, &changes);
    account_configure(account, provider);
}

/* Where requests run from: NULL for those that are not connected yet. 127.0.0.1 is on every machine, 203.0.113.6 on none. */
static void set_local(const char *text)
{
    struct ip local = {0};

    if (text)
        assert_true(ip_parse(text, &local));
    fake_http_set_local(&local);
}

static int setup(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    fake_timer_set_random(0);
    fake_http_on_cancel(NULL);
    set_local(NULL);
    started_before = fake_http_started();
    cancelled_before = fake_http_cancelled();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    account_free(account);
    provider_free(provider);
    account = NULL;
    provider = NULL;
    return fake_http_open() || fake_timer_existing() ? -1 : 0;
}

static struct record *record_of(const char *name, int family)
{
    struct record *record;

    for (size_t i = 0; (record = account_record(account, i)); i++)
        if (record_family(record) == family && strcmp(record_name(record), name) == 0)
            return record;
    fail_msg("no record %s", name);
    return NULL;
}

static const char *state_of(const char *name, int family)
{
    return record_state_word(record_state(record_of(name, family)));
}

static void want_target(struct record *record, const struct record_target *target)
{
    record_want(record, target, target->ips.count ? NULL : "no-address: wan0 has no address");
}

/* One address or several with commas between them; NULL: none. */
static void want_record(struct record *record, const char *text)
{
    struct record_target target = {0};

    assert_true(!text || ip_set_parse(text, &target.ips));
    want_target(record, &target);
}

/* This address is gone from its link. */
static void leave(const char *text)
{
    struct ip_set gone;

    assert_true(ip_set_parse(text, &gone));
    account_leave_addresses(account, &gone);
    fake_timer_advance(0);
}

/* All records of a family want this address; the loop turns once. */
static void want_all(int family, const char *text)
{
    struct record *record;

    for (size_t i = 0; (record = account_record(account, i)); i++)
        if (record_family(record) == family)
            want_record(record, text);
    fake_timer_advance(0);
}

static size_t count_in(enum record_state state)
{
    struct record *record;
    size_t count = 0;

    for (size_t i = 0; (record = account_record(account, i)); i++)
        count += record_state(record) == state;
    return count;
}

static size_t started(void)
{
    return fake_http_started() - started_before;
}

static size_t cancelled(void)
{
    return fake_http_cancelled() - cancelled_before;
}

static void answer(size_t index, long status, const char *body)
{
    fake_http_answer(index, status, body);
    fake_timer_advance(0);
}

/* The value of a parameter of an open request's URL; belongs to this function. */
static const char *parameter(const struct fake_request *request, const char *key)
{
    static char value[8192];
    char name[32];
    const char *at;

    snprintf(name, sizeof name, "%s=", key);
    for (at = strchr(request->url, '?'); at; at = strchr(at + 1, '&'))
        if (strncmp(at + 1, name, strlen(name)) == 0)
            break;
    if (!at)
        return NULL;
    at += 1 + strlen(name);
    assert_true(strcspn(at, "&") < sizeof value);
    memcpy(value, at, strcspn(at, "&"));
    value[strcspn(at, "&")] = '\0';
    return value;
}

#define assert_url(index, text)          assert_string_equal(fake_http_request(index)->url, "https://192.0.2.53:8443" text)
#define assert_state(name, family, text) assert_string_equal(state_of(name, family), text)

/* ---- Scenarios. ---- */

static void test_one_update(void **state)
{
    const struct fake_request *request;

    (void)state;
    begin("dyndns2", "home.example.org", 0, IP_V4);
    assert_null(account_record(account, 1));
    want_record(account_record(account, 0), "203.0.113.7");
    /* From the loop, so that what becomes due together goes together. */
    assert_int_equal(started(), 0);
    fake_timer_advance(0);
    assert_int_equal(started(), 1);
    request = fake_http_request(0);
    assert_string_equal(request->method, "GET");
    assert_url(0, "/nic/update?hostname=home.example.org&myip=203.0.113.7");
    assert_string_equal(request->username, "alice");
    assert_string_equal(request->password, "secret");
    answer(0, 200, "good 203.0.113.7\n");
    assert_state("home.example.org", AF_INET, "current");
    assert_true(changes > 0);
    fake_timer_advance(day);
    want_all(AF_INET, "203.0.113.7");
    assert_int_equal(started(), 1);
}

static void test_families_share_a_request(void **state)
{
    (void)state;
    begin("dyndns2", "home.example.org vpn.example.org", 0, IP_BOTH);
    want_record(account_record(account, 0), "203.0.113.7");
    want_record(account_record(account, 1), "2001:db8::7");
    want_record(account_record(account, 2), "203.0.113.7");
    want_record(account_record(account, 3), "2001:db8::7");
    fake_timer_advance(0);
    assert_int_equal(started(), 1);
    assert_url(0, "/nic/update?hostname=home.example.org,vpn.example.org&myip=203.0.113.7,2001:db8::7");
    answer(0, 200, "good 203.0.113.7,2001:db8::7\nnochg\n");
    assert_int_equal(count_in(RECORD_CURRENT), 4);
    /* Only the family that is due. */
    want_all(AF_INET6, "2001:db8::8");
    assert_url(0, "/nic/update?hostname=home.example.org,vpn.example.org&myip=2001:db8::8");
    answer(0, 200, "good\ngood\n");
    assert_int_equal(count_in(RECORD_CURRENT), 4);
}

/* Names go together when all that is due of them is equal. */
static void test_different_addresses_go_apart(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org c.example.org", 0, IP_BOTH);
    want_record(record_of("a.example.org", AF_INET), "203.0.113.7");
    want_record(record_of("b.example.org", AF_INET), "203.0.113.8");
    want_record(record_of("c.example.org", AF_INET), "203.0.113.7");
    want_record(record_of("b.example.org", AF_INET6), "2001:db8::7");
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/nic/update?hostname=a.example.org,c.example.org&myip=203.0.113.7");
    assert_url(1, "/nic/update?hostname=b.example.org&myip=203.0.113.8,2001:db8::7");
    answer(1, 200, "good");
    answer(0, 200, "good\nnohost");
    assert_state("a.example.org", AF_INET, "current");
    assert_state("c.example.org", AF_INET, "refused");
    assert_state("b.example.org", AF_INET6, "current");
    assert_state("a.example.org", AF_INET6, "idle");
}

static void test_one_name_and_family_a_request(void **state)
{
    (void)state;
    begin("changeip", "a.example.org b.example.org", 0, IP_BOTH);
    want_all(AF_INET, "203.0.113.7");
    want_all(AF_INET6, "2001:db8::7");
    assert_int_equal(fake_http_open(), 4);
    assert_url(0, "/nic/update?hostname=a.example.org&ip=203.0.113.7");
    assert_url(1, "/nic/update?hostname=b.example.org&ip=203.0.113.7");
    assert_url(2, "/nic/update?hostname=a.example.org&ip=2001:db8::7");
    assert_url(3, "/nic/update?hostname=b.example.org&ip=2001:db8::7");
    answer(0, 200, "200 Successful Update\n");
    answer(0, 200, "something else\n");
    answer(0, 500, "Successful");
    answer(0, 401, "Authorization required");
    assert_state("a.example.org", AF_INET, "refused");
    assert_non_null(account_refused(account));
}

/* A line for each name, in order. */
static void test_lines_are_mapped(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org c.example.org d.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    answer(0, 200, "good 203.0.113.7\nnohost\n911\nnochg 203.0.113.7\n");
    assert_state("a.example.org", AF_INET, "current");
    assert_state("b.example.org", AF_INET, "refused");
    assert_state("c.example.org", AF_INET, "waiting");
    assert_state("d.example.org", AF_INET, "current");
    assert_null(account_refused(account));
    /* Only what failed is sent again, at its time. */
    assert_int_equal(fake_timer_next(), minute);
    fake_timer_advance(minute);
    assert_url(0, "/nic/update?hostname=c.example.org&myip=203.0.113.7");
    answer(0, 200, "good 203.0.113.7");
    assert_int_equal(count_in(RECORD_CURRENT), 3);
}

static void test_network_ladder(void **state)
{
    static const unsigned steps[] = {1, 2, 5, 10, 30, 60, 120, 300, 600, 600};

    (void)state;
    begin("dyndns2", "a.example.org b.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    for (size_t i = 0; i < COUNT(steps); i++) {
        fake_http_fail(0, HTTP_CONNECT, "Connection refused");
        fake_timer_advance(0);
        assert_int_equal(count_in(RECORD_WAITING), 2);
        assert_int_equal(fake_timer_next(), steps[i] * second);
        fake_timer_advance(steps[i] * second);
        /* What fell due together goes together again. */
        assert_int_equal(fake_http_open(), 1);
        assert_url(0, "/nic/update?hostname=a.example.org,b.example.org&myip=203.0.113.7");
    }
    answer(0, 200, "good\ngood");
    assert_int_equal(count_in(RECORD_CURRENT), 2);
}

static void test_retry_after(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    fake_http_answer_after(0, 503, "busy", 15 * minute);
    assert_int_equal(fake_timer_next(), 0); /* the queue looks for more */
    fake_timer_advance(0);
    assert_int_equal(fake_timer_next(), 15 * minute);
}

static void test_superseded_in_flight(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    want_all(AF_INET, "203.0.113.8");
    assert_int_equal(cancelled(), 1);
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/nic/update?hostname=a.example.org,b.example.org&myip=203.0.113.8");
    /* One name only: the others of its request are sent again with it. */
    want_record(account_record(account, 0), "203.0.113.9");
    fake_timer_advance(0);
    assert_int_equal(cancelled(), 2);
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/nic/update?hostname=a.example.org&myip=203.0.113.9");
    assert_url(1, "/nic/update?hostname=b.example.org&myip=203.0.113.8");
    /* The address went away while its request was under way. */
    want_all(AF_INET, NULL);
    assert_int_equal(fake_http_open(), 0);
    assert_int_equal(count_in(RECORD_IDLE), 2);
}

/* Before the loop turned nothing was sent: nothing is cancelled. */
static void test_superseded_in_queue(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org", 0, IP_V4);
    want_record(account_record(account, 0), "203.0.113.7");
    want_record(account_record(account, 0), "203.0.113.8");
    want_record(account_record(account, 0), NULL);
    want_record(account_record(account, 0), "203.0.113.9");
    fake_timer_advance(0);
    assert_int_equal(started(), 1);
    assert_int_equal(cancelled(), 0);
    assert_url(0, "/nic/update?hostname=a.example.org&myip=203.0.113.9");
}

static void test_queue_is_bounded(void **state)
{
    size_t most = 0;

    (void)state;
    begin("changeip", NULL, 50, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    while (fake_http_open()) {
        most = fake_http_open() > most ? fake_http_open() : most;
        answer(fake_http_open() - 1, 200, "Successful");
    }
    assert_int_equal(most, ACCOUNT_CONCURRENCY);
    assert_int_equal(started(), 50);
    assert_int_equal(count_in(RECORD_CURRENT), 50);
}

static void test_thousand_records(void **state)
{
    (void)state;
    begin("dyndns2", NULL, 1000, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    while (fake_http_open()) {
        assert_true(fake_http_open() <= ACCOUNT_CONCURRENCY);
        answer(0, 200, "good 203.0.113.7");
    }
    assert_int_equal(started(), 50);
    assert_int_equal(count_in(RECORD_CURRENT), 1000);
}

/* Both families of a thousand names still make 50 requests. */
static void test_thousand_names_both_families(void **state)
{
    (void)state;
    begin("dyndns2", NULL, 1000, IP_BOTH);
    for (size_t i = 0; i < 2000; i++)
        want_record(account_record(account, i), i % 2 ? "2001:db8::7" : "203.0.113.7");
    fake_timer_advance(0);
    while (fake_http_open())
        answer(0, 200, "good");
    assert_int_equal(started(), 50);
    assert_int_equal(count_in(RECORD_CURRENT), 2000);
}

static void test_refused_name_stays(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    answer(0, 200, "nohost");
    assert_state("a.example.org", AF_INET, "refused");
    want_all(AF_INET, "203.0.113.8");
    leave("203.0.113.7");
    fake_timer_advance(100 * day);
    assert_int_equal(started(), 1);
    assert_null(account_refused(account));
}

/* After a refused login nothing more is sent, not even what was under way beside it. */
static void test_refused_login_stops_all(void **state)
{
    (void)state;
    begin("dyndns2", NULL, 200, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    assert_int_equal(fake_http_open(), ACCOUNT_CONCURRENCY);
    answer(2, 200, "badauth");
    assert_int_equal(fake_http_open(), 0);
    assert_int_equal(count_in(RECORD_REFUSED), 200);
    assert_contains(account_refused(account), "badauth");
    want_all(AF_INET, "203.0.113.8");
    fake_timer_advance(100 * day);
    leave("203.0.113.7");
    assert_int_equal(started(), ACCOUNT_CONCURRENCY);
    /* The operator mended it. */
    account_force(account);
    fake_timer_advance(0);
    assert_null(account_refused(account));
    assert_int_equal(fake_http_open(), ACCOUNT_CONCURRENCY);
    while (fake_http_open())
        answer(0, 200, "good");
    assert_int_equal(count_in(RECORD_CURRENT), 200);
}

/* badauth on one line among others speaks of the whole login. */
static void test_refused_login_in_one_line(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org c.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    answer(0, 200, "good\nbadauth\n911\n");
    assert_int_equal(count_in(RECORD_REFUSED), 3);
    assert_non_null(account_refused(account));
}

static void test_force(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org c.example.org d.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    answer(0, 200, "good\nnohost\n911\ngood");
    want_record(record_of("d.example.org", AF_INET), NULL);
    account_force(account);
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/nic/update?hostname=a.example.org,b.example.org,c.example.org&myip=203.0.113.7");
    assert_state("d.example.org", AF_INET, "idle");
    /* Twice is not more. */
    account_force(account);
    fake_timer_advance(0);
    assert_int_equal(started(), 2);
    assert_int_equal(cancelled(), 0);
    answer(0, 200, "nochg\nnochg\nnochg");
    assert_int_equal(count_in(RECORD_CURRENT), 3);
}

/* A request dies with the address that it was made from. One that is not connected yet might be made from it. */
static void test_leave_address(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org", 0, IP_V4);
    leave("203.0.113.6");
    want_all(AF_INET, "203.0.113.7");
    leave("203.0.113.6");
    assert_int_equal(cancelled(), 1);
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/nic/update?hostname=a.example.org&myip=203.0.113.7");
    assert_state("a.example.org", AF_INET, "updating");
    set_local("127.0.0.1");
    leave("203.0.113.5");
    leave("2001:db8::5");
    assert_int_equal(cancelled(), 1);
    leave("127.0.0.1");
    assert_int_equal(cancelled(), 2);
    /* It ran from an address beside the one that is published, and that is gone as well. */
    set_local("203.0.113.6");
    leave("203.0.113.5");
    assert_int_equal(cancelled(), 3);
    answer(0, 200, "good");
    assert_state("a.example.org", AF_INET, "current");
    leave("203.0.113.6");
    assert_int_equal(started(), 4);
}

/* A request that was taken back before it was connected has not arrived: nothing is sent for what is published. */
static void test_unconnected_is_not_doubtful(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    answer(0, 200, "good");
    want_all(AF_INET, "203.0.113.8");
    want_all(AF_INET, "203.0.113.7");
    assert_state("a.example.org", AF_INET, "current");
    assert_int_equal(fake_http_open(), 0);
    assert_int_equal(started(), 2);
}

/* A request that was taken back may have arrived: when the next one cannot be sent, nobody knows what is published. */
static void test_recalled_is_doubtful(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    answer(0, 200, "good");
    set_local("127.0.0.1");
    want_all(AF_INET, "203.0.113.8");
    /* b gets another address, so the request that both were in is taken back. */
    want_record(record_of("b.example.org", AF_INET), "203.0.113.9");
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 2);
    fake_http_fail(0, HTTP_CONNECT, "Connection refused");
    fake_timer_advance(0);
    assert_state("a.example.org", AF_INET, "waiting");
    want_record(record_of("a.example.org", AF_INET), "203.0.113.7");
    fake_timer_advance(0);
    assert_state("a.example.org", AF_INET, "updating");
    assert_url(1, "/nic/update?hostname=a.example.org&myip=203.0.113.7");
}

static void network_changed(void)
{
    struct record *record;

    for (size_t i = 0; (record = account_record(account, i)); i++)
        record_retry(record);
    fake_timer_advance(0);
}

/* A step that was answered may have changed something, though the next one is not connected yet. */
#define TWO_STEPS                                                                                 \
    "title = x\nstep update { url = \"{server}/set\" query = \"ip={ip}\" }\nstep commit { url = " \
    "\"{server}/commit\" }\n"

static void begin_two_steps(void)
{
    begin("dyndns2", "a.example.org", 0, IP_V4);
    provider_define(provider, TWO_STEPS);
    want_all(AF_INET, "203.0.113.7");
    answer(0, 200, "");
    answer(0, 200, "");
    assert_state("a.example.org", AF_INET, "current");
    want_all(AF_INET, "203.0.113.8");
    assert_url(0, "/set?ip=203.0.113.8");
}

static void test_doubt_between_steps(void **state)
{
    (void)state;
    begin_two_steps();
    /* Before it arrived nothing is sent to go back. */
    want_all(AF_INET, "203.0.113.7");
    assert_state("a.example.org", AF_INET, "current");
    assert_int_equal(fake_http_open(), 0);
    want_all(AF_INET, "203.0.113.8");
    answer(0, 200, "");
    assert_url(0, "/commit");
    want_all(AF_INET, "203.0.113.7");
    assert_state("a.example.org", AF_INET, "updating");
    assert_url(0, "/set?ip=203.0.113.7");
}

/* Nor is an answer lost that only waits to be told. */
static void test_doubt_behind_the_answer(void **state)
{
    (void)state;
    begin_two_steps();
    answer(0, 200, "");
    fake_http_answer(0, 200, "");
    want_all(AF_INET, "203.0.113.7");
    assert_url(0, "/set?ip=203.0.113.7");
    answer(0, 200, "");
    fake_http_answer(0, 200, "");
    leave("203.0.113.6");
    assert_state("a.example.org", AF_INET, "current");
    assert_int_equal(fake_http_open(), 0);
}

static void test_network_change(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org", 0, IP_V4);
    want_record(account_record(account, 0), "203.0.113.7");
    want_record(account_record(account, 1), "203.0.113.8");
    fake_timer_advance(0);
    answer(1, 500, "Internal Server Error");
    fake_http_fail(0, HTTP_RESOLVE, "Could not resolve host");
    fake_timer_advance(0);
    assert_int_equal(count_in(RECORD_WAITING), 2);
    network_changed();
    /* The wait for the network is over, the one for the server is not. */
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/nic/update?hostname=a.example.org&myip=203.0.113.7");
    assert_state("b.example.org", AF_INET, "waiting");
}

/* An error of one batch is none of the others. */
static void test_batches_fail_apart(void **state)
{
    (void)state;
    begin("dyndns2", NULL, 60, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    assert_int_equal(fake_http_open(), 3);
    answer(1, 502, "<html>Bad Gateway</html>");
    answer(1, 200, "good");
    answer(0, 200, "good");
    assert_int_equal(count_in(RECORD_CURRENT), 40);
    assert_int_equal(count_in(RECORD_WAITING), 20);
}

/* As config_keep_provider() does it: the object stays, the content is another. */
static void reconfigure(const char *names, enum ip_families families)
{
    struct config_provider *next = provider_new("dyndns2", names, 0, families), old = *provider;

    *provider = *next;
    *next = old;
    account_configure(account, provider);
    provider_free(next);
    fake_timer_advance(0);
}

static void test_configure(void **state)
{
    struct record *a;

    (void)state;
    begin("dyndns2", "a.example.org b.example.org", 0, IP_V4);
    want_all(AF_INET, "203.0.113.7");
    answer(0, 200, "good\ngood");
    want_all(AF_INET, "203.0.113.8");
    a = record_of("a.example.org", AF_INET);
    /* More names, another order: the request under way goes on. */
    reconfigure("c.example.org b.example.org a.example.org", IP_BOTH);
    assert_int_equal(cancelled(), 0);
    assert_ptr_equal(account_provider(account), provider);
    assert_ptr_equal(account_record(account, 4), a);
    assert_string_equal(record_name(account_record(account, 0)), "c.example.org");
    assert_int_equal(record_family(account_record(account, 1)), AF_INET6);
    assert_null(account_record(account, 6));
    answer(0, 200, "good\nnohost");
    assert_state("a.example.org", AF_INET, "current");
    assert_state("b.example.org", AF_INET, "refused");
    assert_state("c.example.org", AF_INET, "idle");
    /* A name that goes while its request is under way takes it back; the others of it are sent anew. */
    want_all(AF_INET, "203.0.113.9");
    assert_url(0, "/nic/update?hostname=c.example.org,a.example.org&myip=203.0.113.9");
    reconfigure("a.example.org", IP_V4);
    assert_int_equal(cancelled(), 1);
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/nic/update?hostname=a.example.org&myip=203.0.113.9");
    assert_ptr_equal(account_record(account, 0), a);
    assert_null(account_record(account, 1));
    answer(0, 200, "good");
    assert_state("a.example.org", AF_INET, "current");
}

/* A record that is added to a refused login is refused too. */
static void test_configure_refused(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org", 0, IP_V4);
    account_recall(account, &(struct account_memory){0});
    assert_null(account_refused(account));
    account_recall(account, &(struct account_memory){.refused = "provider: badauth"});
    assert_state("a.example.org", AF_INET, "refused");
    reconfigure("a.example.org b.example.org", IP_V4);
    want_all(AF_INET, "203.0.113.7");
    assert_int_equal(count_in(RECORD_REFUSED), 2);
    assert_int_equal(started(), 0);
}

/* What is freed in the middle of things leaves nothing behind (teardown looks). */
static void test_free_in_the_middle(void **state)
{
    (void)state;
    begin("dyndns2", NULL, 200, IP_BOTH);
    want_all(AF_INET, "203.0.113.7");
    answer(0, 200, "911");
    want_all(AF_INET6, "2001:db8::7");
    fake_http_fail(1, HTTP_CONNECT, "Connection refused");
    assert_true(fake_http_open() > 0);
}

/* ---- What names want apart from each other. ---- */

static void test_several_addresses(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org c.example.org", 0, IP_BOTH);
    want_record(record_of("a.example.org", AF_INET), "203.0.113.8,203.0.113.7");
    want_record(record_of("b.example.org", AF_INET), "203.0.113.7");
    want_record(record_of("c.example.org", AF_INET), "203.0.113.7,203.0.113.8");
    want_record(record_of("a.example.org", AF_INET6), "2001:db8::7,2001:db8::8");
    want_record(record_of("c.example.org", AF_INET6), "2001:db8::7,2001:db8::8");
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/nic/update?hostname=a.example.org,c.example.org&"
                  "myip=203.0.113.7,203.0.113.8,2001:db8::7,2001:db8::8");
    assert_url(1, "/nic/update?hostname=b.example.org&myip=203.0.113.7");
    answer(0, 200, "good 203.0.113.8\ngood 203.0.113.7");
    answer(0, 200, "good");
    assert_int_equal(count_in(RECORD_CURRENT), 5);
    /* One of them less is a change. */
    want_record(record_of("a.example.org", AF_INET), "203.0.113.7");
    fake_timer_advance(0);
    assert_url(0, "/nic/update?hostname=a.example.org&myip=203.0.113.7");
}

static void want_by(const char *name, int family, const char *text, int link, unsigned char prefix_length)
{
    struct record_target target = {.link = link, .prefix_length = prefix_length};

    assert_true(ip_set_parse(text, &target.ips));
    want_target(record_of(name, family), &target);
}

/* The same address by another way out is another request, and each leaves by its own. */
static void test_links_go_apart(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org c.example.org d.example.org", 0, IP_V4);
    want_by("a.example.org", AF_INET, "203.0.113.7", 2, 0);
    want_by("b.example.org", AF_INET, "203.0.113.7", 3, 0);
    want_by("c.example.org", AF_INET, "203.0.113.7", 2, 0);
    want_by("d.example.org", AF_INET, "203.0.113.7", 0, 0);
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 3);
    assert_url(0, "/nic/update?hostname=a.example.org,c.example.org&myip=203.0.113.7");
    assert_url(1, "/nic/update?hostname=b.example.org&myip=203.0.113.7");
    assert_url(2, "/nic/update?hostname=d.example.org&myip=203.0.113.7");
    assert_int_equal(fake_http_request(0)->link, 2);
    assert_int_equal(fake_http_request(1)->link, 3);
    assert_int_equal(fake_http_request(2)->link, 0);
    /* Another way out while it is under way: taken back, and sent by that one. */
    want_by("b.example.org", AF_INET, "203.0.113.7", 4, 0);
    fake_timer_advance(0);
    assert_int_equal(cancelled(), 1);
    assert_url(2, "/nic/update?hostname=b.example.org&myip=203.0.113.7");
    assert_int_equal(fake_http_request(2)->link, 4);
}

/* Both families of a name share a request only when both leave by the same link, be it that of IPv6 alone. */
static void test_families_by_links(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org c.example.org", 0, IP_BOTH);
    want_by("a.example.org", AF_INET, "203.0.113.7", 2, 0);
    want_by("a.example.org", AF_INET6, "2001:db8::7", 2, 0);
    want_by("b.example.org", AF_INET, "203.0.113.7", 2, 0);
    want_by("b.example.org", AF_INET6, "2001:db8::7", 3, 0);
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 3);
    assert_url(0, "/nic/update?hostname=a.example.org&myip=203.0.113.7,2001:db8::7");
    assert_url(1, "/nic/update?hostname=b.example.org&myip=203.0.113.7");
    assert_url(2, "/nic/update?hostname=b.example.org&myip=2001:db8::7");
    assert_int_equal(fake_http_request(0)->link, 2);
    assert_int_equal(fake_http_request(1)->link, 2);
    assert_int_equal(fake_http_request(2)->link, 3);
}

/* Where the provider is told of the network, names of other networks go apart. */
static void test_prefixes_go_apart(void **state)
{
    (void)state;
    begin("dyndns2", "a.example.org b.example.org c.example.org", 0, IP_V6);
    provider_define(provider, "title = x\nnames = 20\nstep update { url = \"{server}/\" query = { "
                              "\"hostname={hostname}\", \"net={prefix}/{prefix-length}\" } }\n"
                              "word good { verdict = done }\n");
    want_by("a.example.org", AF_INET6, "2001:db8:1:2f::7", 0, 64);
    want_by("b.example.org", AF_INET6, "2001:db8:1:2f::7", 0, 60);
    want_by("c.example.org", AF_INET6, "2001:db8:1:2f::7", 0, 64);
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/?hostname=a.example.org,c.example.org&net=2001:db8:1:2f::%2F64");
    assert_url(1, "/?hostname=b.example.org&net=2001:db8:1:20::%2F60");
}

/* Names with families of their own, and one that stands in two sections, a family in each. */
static void test_families_of_names(void **state)
{
    (void)state;
    provider = provider_new("dyndns2", "a.example.org", 0, IP_V4);
    provider_add(provider, "b.example.org", IP_V6);
    provider_add(provider, "c.example.org", IP_BOTH);
    provider_add(provider, "d.example.org", IP_V4);
    provider_add(provider, "e.example.org", IP_V4);
    provider_add(provider, "d.example.org", IP_V6);
    account = account_new(NULL, false, on_changed, &changes);
    account_configure(account, provider);
    for (size_t i = 0; i < 7; i++) {
        static const char *const records[] = {"a A", "b AAAA", "c A", "c AAAA", "d A", "e A", "d AAAA"};
        struct record *record = account_record(account, i);
        char text[8];

        snprintf(text, sizeof text, "%c %s", record_name(record)[0], ip_record_type(record_family(record)));
        assert_string_equal(text, records[i]);
        assert_string_equal(account_name(account, i)->name, record_name(record));
    }
    assert_null(account_record(account, 7));
    assert_ptr_equal(account_name(account, 4), &provider->names.list[3]);
    assert_ptr_equal(account_name(account, 6), &provider->names.list[5]);
    want_all(AF_INET, "203.0.113.7");
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/nic/update?hostname=a.example.org,c.example.org,d.example.org,e.example.org&myip=203.0.113.7");
    want_all(AF_INET6, "2001:db8::7");
    assert_int_equal(fake_http_open(), 2);
    assert_url(1, "/nic/update?hostname=b.example.org,c.example.org,d.example.org&myip=2001:db8::7");
    answer(0, 200, "good\ngood\nnohost\ngood");
    answer(0, 200, "good\ngood\ngood");
    assert_state("d.example.org", AF_INET, "refused");
    assert_state("d.example.org", AF_INET6, "current");
    assert_int_equal(count_in(RECORD_CURRENT), 6);
    /* Only what has both families due sends both. */
    for (size_t i = 0; i < 4; i++)
        want_record(account_record(account, i),
                    record_family(account_record(account, i)) == AF_INET ? "203.0.113.8" : "2001:db8::8");
    fake_timer_advance(0);
    while (fake_http_open())
        answer(0, 200, "good");
    assert_int_equal(count_in(RECORD_CURRENT), 6);
    assert_int_equal(started(), 5);
}

/* One name in two sections that stand next to each other: as good as one section with both families. */
static void test_one_name_in_two_sections(void **state)
{
    (void)state;
    provider = provider_new("dyndns2", "a.example.org", 0, IP_V4);
    provider_add(provider, "a.example.org", IP_V6);
    account = account_new(NULL, false, on_changed, &changes);
    account_configure(account, provider);
    want_all(AF_INET, "203.0.113.7");
    want_all(AF_INET6, "2001:db8::7");
    assert_int_equal(fake_http_open(), 2);
    answer(0, 200, "good");
    answer(0, 200, "good");
    want_record(account_record(account, 0), "203.0.113.8");
    want_record(account_record(account, 1), "2001:db8::8");
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 1);
    assert_url(0, "/nic/update?hostname=a.example.org&myip=203.0.113.8,2001:db8::8");
    answer(0, 200, "good");
    /* A family that another section takes over keeps its record. */
    account_configure(account, provider);
    assert_int_equal(count_in(RECORD_CURRENT), 2);
}

/* ---- Deletion. ---- */

#define DELETING                                                                                               \
    "like = dyndns2\nserver = \"https://192.0.2.53:8443\"\nstep delete { url = \"{server}/delete\" query = { " \
    "\"hostname={hostname}\" } auth = basic }\n"

static void withdraw(const char *name, int family)
{
    want_target(record_of(name, family), &(struct record_target){.withdraw = true});
}

/* All names are published, and then a is to be deleted in this way. */
static void begin_deleting(const char *definition, const char *names)
{
    begin("dyndns2", names, 0, IP_BOTH);
    provider_define(provider, definition);
    want_all(AF_INET, "203.0.113.7");
    want_all(AF_INET6, "2001:db8::7");
    while (fake_http_open())
        answer(0, 200, "good");
}

/* What is deleted goes together, and never with what is sent. */
static void test_deletion(void **state)
{
    (void)state;
    begin_deleting(DELETING, "a.example.org b.example.org c.example.org");
    withdraw("a.example.org", AF_INET);
    withdraw("c.example.org", AF_INET);
    want_record(record_of("b.example.org", AF_INET), "203.0.113.8");
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/delete?hostname=a.example.org,c.example.org");
    assert_url(1, "/nic/update?hostname=b.example.org&myip=203.0.113.8");
    answer(0, 200, "good\n911");
    answer(0, 200, "good");
    assert_state("a.example.org", AF_INET, "idle");
    assert_state("a.example.org", AF_INET6, "current");
    assert_state("b.example.org", AF_INET, "current");
    assert_state("c.example.org", AF_INET, "waiting");
    fake_timer_advance(minute);
    assert_url(0, "/delete?hostname=c.example.org");
    answer(0, 200, "good");
    assert_state("c.example.org", AF_INET, "idle");
}

/* Both families of a name share a request when both are to be sent; a deletion is of one. */
static void test_deletion_and_the_other_family(void **state)
{
    (void)state;
    begin_deleting(DELETING, "a.example.org b.example.org");
    withdraw("a.example.org", AF_INET);
    want_record(record_of("a.example.org", AF_INET6), "2001:db8::8");
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/delete?hostname=a.example.org");
    assert_url(1, "/nic/update?hostname=a.example.org&myip=2001:db8::8");
    answer(0, 200, "good");
    answer(0, 200, "good");
    withdraw("b.example.org", AF_INET);
    withdraw("b.example.org", AF_INET6);
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/delete?hostname=b.example.org");
    assert_url(1, "/delete?hostname=b.example.org");
    answer(0, 200, "good");
    answer(0, 200, "good");
    assert_state("b.example.org", AF_INET, "idle");
    assert_state("b.example.org", AF_INET6, "idle");
}

/* Where the request says which family it takes away, each family has its own: none is thought to be gone that is not. */
static void test_deletion_by_type(void **state)
{
    (void)state;
    begin_deleting("like = dyndns2\nserver = \"https://192.0.2.53:8443\"\nstep delete { url = \"{server}/delete\""
                   " query = { \"hostname={hostname}\", \"type={type}\" } auth = basic }\n",
                   "a.example.org");
    withdraw("a.example.org", AF_INET);
    withdraw("a.example.org", AF_INET6);
    fake_timer_advance(0);
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/delete?hostname=a.example.org&type=A");
    assert_url(1, "/delete?hostname=a.example.org&type=AAAA");
}

/* The address is back while the deletion is under way. */
static void test_deletion_is_taken_back(void **state)
{
    (void)state;
    begin_deleting(DELETING, "a.example.org b.example.org");
    set_local("127.0.0.1");
    withdraw("a.example.org", AF_INET);
    withdraw("b.example.org", AF_INET);
    fake_timer_advance(0);
    want_record(record_of("a.example.org", AF_INET), "203.0.113.7");
    fake_timer_advance(0);
    assert_int_equal(cancelled(), 1);
    assert_int_equal(fake_http_open(), 2);
    assert_url(0, "/nic/update?hostname=a.example.org&myip=203.0.113.7");
    assert_url(1, "/delete?hostname=b.example.org");
    answer(0, 200, "nochg");
    answer(0, 200, "good");
    assert_state("a.example.org", AF_INET, "current");
    assert_state("b.example.org", AF_INET, "idle");
}

/* ---- A dry run sends nothing and shows no secret. ---- */

static void test_dry_run(void **state)
{
    char *path = unit_path(*state, "out"), *text;
    FILE *real = stdout, *file = fopen(path, "w");

    provider = provider_new("dyndns2", "a.example.org b.example.org", 0, IP_V4);
    account = account_new(NULL, true, on_changed, &changes);
    account_configure(account, provider);
    assert_non_null(file);
    stdout = file;
    want_all(AF_INET, "203.0.113.7");
    stdout = real;
    fclose(file);
    assert_int_equal(started(), 0);
    assert_int_equal(count_in(RECORD_CURRENT), 2);
    text = unit_read(path);
    assert_string_equal(text, "GET https://192.0.2.53:8443/nic/update?hostname=a.example.org,b.example.org"
                              "&myip=203.0.113.7 (basic {username}:{password})\n");
    free(text);
    free(path);
}

static int setup_dry(void **state)
{
    setup(state);
    return unit_setup_folder(state);
}

static int teardown_dry(void **state)
{
    unit_teardown_folder(state);
    return teardown(state);
}

/* ---- Thousands of random steps against a provider that has a memory of its own. ---- */

enum { NAMES = 30 };

static struct {
    struct unit_random random;
    struct ip_set published[NAMES][2]; /* what the provider has for name N, IPv4 and IPv6 */
    size_t good, bad;
} world;

static size_t index_of(const char *name)
{
    return (size_t)atoi(name + strlen("name"));
}

/* The provider takes the addresses of a request for those names whose bit is set. */
static void take(const struct fake_request *request, uint32_t which)
{
    char names[8192], *name, *rest;
    struct ip_set ips[2] = {{0}, {0}};
    size_t place = 0;

    snprintf(names, sizeof names, "%s", parameter(request, "myip"));
    for (name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        struct ip ip;

        assert_true(ip_parse(name, &ip));
        ip_set_add(&ips[ip.family == AF_INET6], &ip);
    }
    snprintf(names, sizeof names, "%s", parameter(request, "hostname"));
    for (name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest), place++)
        for (size_t f = 0; f < 2; f++)
            if (which >> place & 1 && ips[f].count)
                world.published[index_of(name)][f] = ips[f];
}

/* A request that is cancelled may have arrived all the same. */
static void take_cancelled(const struct fake_request *request)
{
    take(request, unit_random(&world.random, 2) ? UINT32_MAX : 0);
}

static size_t names_in(const struct fake_request *request)
{
    size_t count = 1;

    for (const char *at = parameter(request, "hostname"); *at; at++)
        count += *at == ',';
    return count;
}

/* One line for each name; a name that is answered with trouble may have been taken all the same. */
static void answer_lines(size_t index)
{
    static const char *const words[] = {"good", "nochg", "good", "good", "911", "dnserr", "nohost", "what?"};
    size_t count = names_in(fake_http_request(index));
    char body[1024] = "";
    uint32_t which = 0;

    for (size_t i = 0; i < count; i++) {
        size_t word = unit_random(&world.random, unit_random(&world.random, 4) ? 4 : COUNT(words));

        which |= (uint32_t)(word < 4 || unit_random(&world.random, 2)) << i;
        snprintf(body + strlen(body), sizeof body - strlen(body), "%s\r\n", words[word]);
        *(word < 4 ? &world.good : &world.bad) += 1;
    }
    /* A single line would speak for all. */
    take(fake_http_request(index), which);
    fake_http_answer(index, 200, body);
}

static void answer_somehow(void)
{
    static const char *const bodies[] = {"good", "nochg", "<html>\n<p>good</p>", "", "911", "badauth"};
    size_t index = unit_random(&world.random, (uint32_t)fake_http_open());
    bool taken = unit_random(&world.random, 2);
    size_t body;

    switch (unit_random(&world.random, 8)) {
    case 0: /* nothing arrived */
        fake_http_fail(index, (enum http_stage)unit_random(&world.random, HTTP_TLS + 1), "trouble");
        break;
    case 1: /* nobody knows */
        take(fake_http_request(index), taken ? UINT32_MAX : 0);
        fake_http_fail(index, unit_random(&world.random, 2) ? HTTP_WAIT : HTTP_GARBLED, "trouble");
        break;
    case 2:
        take(fake_http_request(index), taken ? UINT32_MAX : 0);
        fake_http_answer(index, 503, "<html>");
        break;
    case 3:
        body = unit_random(&world.random, unit_random(&world.random, 20) ? 5 : 6);
        take(fake_http_request(index), body < 2 || taken ? UINT32_MAX : 0);
        fake_http_answer(index, 200, bodies[body]);
        break;
    default:
        answer_lines(index);
    }
}

/* The invariant of record.h, through what the fakes saw: every record that is updating is in exactly one request, or
 * in the queue while all requests are taken; no other is in one; every one that waits has its timer. */
static void check_world(void)
{
    size_t carried = 0, open = fake_http_open();
    struct record *record;

    assert_true(open <= ACCOUNT_CONCURRENCY);
    for (size_t r = 0; r < open; r++) {
        char names[8192], addresses[256], text[IP_SET_TEXT_SIZE], *name, *rest;

        snprintf(names, sizeof names, "%s", parameter(fake_http_request(r), "hostname"));
        snprintf(addresses, sizeof addresses, ",%s,", parameter(fake_http_request(r), "myip"));
        for (name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
            for (int f = 0; f < 2; f++) {
                char expected[IP_SET_TEXT_SIZE + 2];

                if (!strchr(addresses, f ? ':' : '.'))
                    continue;
                record = record_of(name, f ? AF_INET6 : AF_INET);
                snprintf(expected, sizeof expected, ",%s,", ip_set_text(&record_target(record)->ips, text));
                assert_int_equal(record_state(record), RECORD_UPDATING);
                assert_contains(addresses, expected);
                carried++;
            }
        }
    }
    if (open < ACCOUNT_CONCURRENCY)
        assert_int_equal(carried, count_in(RECORD_UPDATING));
    else
        assert_true(carried <= count_in(RECORD_UPDATING));
    /* One is the account's, for the next refresh. */
    assert_in_range(fake_timer_running(), count_in(RECORD_WAITING), count_in(RECORD_WAITING) + 1);
    for (size_t i = 0; (record = account_record(account, i)); i++) {
        const struct ip_set *there = &world.published[index_of(record_name(record))][record_family(record) == AF_INET6];
        struct record_memory memory;

        record_memory(record, &memory);
        if (record_state(record) == RECORD_CURRENT)
            assert_true(ip_set_equal(&record_target(record)->ips, there));
        assert_true(memory.doubtful || !memory.published.count || ip_set_equal(&memory.published, there));
        assert_true(memory.doubtful || record_state(record) != RECORD_UPDATING);
        assert_true(!account_refused(account) || record_state(record) == RECORD_REFUSED);
    }
}

/* Names of one of three links, or of all, get a new address of one family, or lose it. */
static void want_somehow(void)
{
    static const char *const addresses[2][4] = {{NULL, "203.0.113.1", "203.0.113.2", "203.0.113.2,203.0.113.3"},
                                                {NULL, "2001:db8::1", "2001:db8::2", "2001:db8::2,2001:db8::3"}};
    uint32_t link = unit_random(&world.random, 4), family = unit_random(&world.random, 2);
    const char *address = addresses[family][unit_random(&world.random, 4)];
    struct record *record;

    for (size_t i = 0; (record = account_record(account, i)); i++)
        if ((link == 3 || i / 2 % 3 == link) && (record_family(record) == AF_INET6) == (family == 1))
            want_record(record, address);
}

static void step_world(void)
{
    fake_timer_set_random(unit_random(&world.random, UINT32_MAX));
    switch (unit_random(&world.random, 10)) {
    case 0:
        want_somehow();
        break;
    case 1:
        fake_timer_advance(unit_random(&world.random, (uint32_t)(10 * minute)));
        break;
    case 2:
        network_changed();
        break;
    case 3:
        if (unit_random(&world.random, 20) == 0)
            account_force(account);
        else if (unit_random(&world.random, 5) == 0)
            leave("203.0.113.1");
        break;
    case 4:
        if (unit_random(&world.random, 10) == 0)
            account_configure(account, provider);
        break;
    default:
        if (fake_http_open())
            answer_somehow();
    }
    fake_timer_advance(0);
}

static void try_world(uint64_t seed)
{
    memset(&world, 0, sizeof world);
    unit_random_seed(&world.random, seed);
    begin("dyndns2", NULL, NAMES, IP_BOTH);
    fake_http_on_cancel(take_cancelled);
    for (int step = 0; step < 4000; step++) {
        step_world();
        check_world();
    }
    /* All is well again: everything gets there. */
    fake_timer_set_random(0);
    want_all(AF_INET, "203.0.113.200");
    want_all(AF_INET6, "2001:db8::200");
    account_force(account);
    fake_timer_advance(0);
    while (fake_http_open()) {
        take(fake_http_request(0), UINT32_MAX);
        answer(0, 200, "good");
        check_world();
    }
    assert_int_equal(count_in(RECORD_CURRENT), 2 * NAMES);
    assert_true(world.good > 500 && world.bad > 50);
    account_free(account);
    provider_free(provider);
    assert_int_equal(fake_timer_existing(), 0);
    fake_http_on_cancel(NULL);
}

static void test_random(void **state)
{
    (void)state;
    set_local("127.0.0.1");
    for (uint64_t seed = 1; seed <= 10; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        try_world(seed);
    }
    /* For teardown. */
    begin("dyndns2", "a.example.org", 0, IP_V4);
}

#define LIFE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_one_update),
        LIFE(test_families_share_a_request),
        LIFE(test_different_addresses_go_apart),
        LIFE(test_one_name_and_family_a_request),
        LIFE(test_lines_are_mapped),
        LIFE(test_network_ladder),
        LIFE(test_retry_after),
        LIFE(test_superseded_in_flight),
        LIFE(test_superseded_in_queue),
        LIFE(test_queue_is_bounded),
        LIFE(test_thousand_records),
        LIFE(test_thousand_names_both_families),
        LIFE(test_refused_name_stays),
        LIFE(test_refused_login_stops_all),
        LIFE(test_refused_login_in_one_line),
        LIFE(test_force),
        LIFE(test_leave_address),
        LIFE(test_unconnected_is_not_doubtful),
        LIFE(test_recalled_is_doubtful),
        LIFE(test_doubt_between_steps),
        LIFE(test_doubt_behind_the_answer),
        LIFE(test_network_change),
        LIFE(test_batches_fail_apart),
        LIFE(test_configure),
        LIFE(test_configure_refused),
        LIFE(test_several_addresses),
        LIFE(test_links_go_apart),
        LIFE(test_families_by_links),
        LIFE(test_prefixes_go_apart),
        LIFE(test_families_of_names),
        LIFE(test_one_name_in_two_sections),
        LIFE(test_deletion),
        LIFE(test_deletion_and_the_other_family),
        LIFE(test_deletion_by_type),
        LIFE(test_deletion_is_taken_back),
        LIFE(test_free_in_the_middle),
        cmocka_unit_test_setup_teardown(test_dry_run, setup_dry, teardown_dry),
        LIFE(test_random),
    };

    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
