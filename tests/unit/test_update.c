/* What a request looks like, for the definitions that are shipped, and one way there and back. */
#include "errand.h"
#include "fake_http.h"
#include "fake_timer.h"
#include "log.h"
#include "provider.h"
#include "unit.h"

#define A   "a.example.org"
#define ABC "a.example.org b.example.org c.example.org"

static void test_requests(void **state)
{
    static const struct {
        const char *definition, *names, *server, *ip4, *ip6, *url;
    } cases[] = {
        {"dyndns2", A, "https://192.0.2.53:8443", "203.0.113.7", NULL,
         "https://192.0.2.53:8443/nic/update?hostname=a.example.org&myip=203.0.113.7"},
        {"dyndns2", ABC, "https://h", "203.0.113.7", "2001:db8::7",
         "https://h/nic/update?hostname=a.example.org,b.example.org,c.example.org&myip=203.0.113.7,2001:db8::7"},
        {"dyndns2", "*.example.org", "https://h/base", NULL, "2001:db8::7",
         "https://h/base/nic/update?hostname=*.example.org&myip=2001:db8::7"},
        {"no-ip", A, "https://h", "203.0.113.7", NULL, "https://h/nic/update?hostname=a.example.org&myip=203.0.113.7"},
        {"changeip", A, "http://h", "203.0.113.7", NULL, "http://h/nic/update?hostname=a.example.org&ip=203.0.113.7"},
        /* Whatever a name might be: it stays in its place. */
        {"dyndns2", "a&myip=1.2.3.4#", "https://h", "203.0.113.7", NULL,
         "https://h/nic/update?hostname=a%26myip%3D1.2.3.4%23&myip=203.0.113.7"},
        {"dyndns2", "{password}", "https://h", "203.0.113.7", NULL,
         "https://h/nic/update?hostname=%7Bpassword%7D&myip=203.0.113.7"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct config_provider *provider = provider_new(cases[i].definition, cases[i].names, 0, IP_BOTH);
        struct errand errand;
        struct errand_results results;
        struct update *update;
        char *shown, expected[512];

        free(provider->server);
        provider->server = strdup(cases[i].server);
        errand_make(&errand, provider, cases[i].ip4, cases[i].ip6);
        update = errand_start(&errand, &results);
        if (strcmp(fake_http_request(0)->url, cases[i].url) != 0 ||
            strcmp(fake_http_request(0)->username, "alice") != 0 ||
            strcmp(fake_http_request(0)->password, "secret") != 0 || strcmp(fake_http_request(0)->method, "GET") != 0)
            unit_wrong("row %zu: %s", i, fake_http_request(0)->url);
        update_cancel(update);
        if (fake_http_open())
            unit_wrong("row %zu: still under way", i);
        shown = update_describe(&errand.update);
        snprintf(expected, sizeof expected, "GET %s (basic {username}:{password})", cases[i].url);
        if (strcmp(shown, expected) != 0)
            unit_wrong("row %zu: shown as %s", i, shown);
        free(shown);
        provider_free(provider);
    }
    unit_all_right();
}

/* A definition that tells all there is to tell. */
static const char *const talkative =
    "title = \"Made for a test\"\nneeds = { username, password }\nnames = 20\nfamilies = one\nvalues = many\n"
    "step update { url = \"{server}/set/{type}\" query = { \"net={prefix}\", \"host={hostname}\", \"ip={ip}\","
    " \"bits={prefix-length}\", \"lan={prefix}-{prefix-length}\" } }\n"
    "step delete { url = \"{server}/remove/{type}\" query = { \"host={hostname}\", \"sure=yes\" }"
    " auth = basic }\n"
    "word good { verdict = done }\nword gone { verdict = unchanged }\n";

/* Sets, the network around an address, the type, and pairs that have nothing to say. */
static void test_placeholders(void **state)
{
    static const struct {
        const char *ip4, *ip6;
        enum ip_families families;
        unsigned char prefix_length;
        const char *url;
    } cases[] = {
        {"203.0.113.7", NULL, IP_V4, 0, "/set/A?host=a.example.org&ip=203.0.113.7"},
        {"203.0.113.9,203.0.113.7", NULL, IP_V4, 0, "/set/A?host=a.example.org&ip=203.0.113.7,203.0.113.9"},
        {NULL, "2001:db8:1:2f::7", IP_V6, 0, "/set/AAAA?host=a.example.org&ip=2001:db8:1:2f::7"},
        {NULL, "2001:db8:1:2f::7", IP_V6, 64,
         "/set/AAAA?net=2001:db8:1:2f::&host=a.example.org&ip=2001:db8:1:2f::7&bits=64&lan=2001:db8:1:2f::-64"},
        {NULL, "2001:db8:1:2f::7", IP_V6, 60,
         "/set/AAAA?net=2001:db8:1:20::&host=a.example.org&ip=2001:db8:1:2f::7&bits=60&lan=2001:db8:1:20::-60"},
        {NULL, "2001:db8:1:2f::7", IP_V6, 57,
         "/set/AAAA?net=2001:db8:1::&host=a.example.org&ip=2001:db8:1:2f::7&bits=57&lan=2001:db8:1::-57"},
        {NULL, "2001:db8::7", IP_V6, 128,
         "/set/AAAA?net=2001:db8::7&host=a.example.org&ip=2001:db8::7&bits=128&lan=2001:db8::7-128"},
        /* The network is that of the first of several. */
        {NULL, "2001:db8:2::1,2001:db8:1::1", IP_V6, 48,
         "/set/AAAA?net=2001:db8:1::&host=a.example.org&ip=2001:db8:1::1,2001:db8:2::1&bits=48&lan=2001:db8:1::-48"},
        /* An IPv4 address has none. */
        {"203.0.113.7", NULL, IP_V4, 56, "/set/A?host=a.example.org&ip=203.0.113.7"},
        {NULL, NULL, IP_V4, 0, "/remove/A?host=a.example.org&sure=yes"},
        {NULL, NULL, IP_V6, 0, "/remove/AAAA?host=a.example.org&sure=yes"},
        {NULL, NULL, IP_V6, 64, "/remove/AAAA?host=a.example.org&sure=yes"},
    };
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);

    (void)state;
    provider_define(provider, talkative);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct errand errand;
        struct errand_results results;
        bool is_deletion = !cases[i].ip4 && !cases[i].ip6;
        struct update *update;
        char *shown, expected[512];

        errand_make(&errand, provider, cases[i].ip4, cases[i].ip6);
        errand.items[0].families = cases[i].families;
        errand.items[0].prefix_length = cases[i].prefix_length;
        errand.update.link = (int)i;
        update = errand_start(&errand, &results);
        if (strcmp(fake_http_request(0)->url + strlen(provider->server), cases[i].url) != 0)
            unit_wrong("row %zu: %s", i, fake_http_request(0)->url);
        /* Each step has its own login; the way out is the errand's. */
        if (!fake_http_request(0)->username == is_deletion || !fake_http_request(0)->password == is_deletion ||
            fake_http_request(0)->link != (int)i || fake_http_request(0)->family != 0)
            unit_wrong("row %zu: its login or its link", i);
        update_cancel(update);
        shown = update_describe(&errand.update);
        snprintf(expected, sizeof expected, "GET %s%s%s", provider->server, cases[i].url,
                 is_deletion ? " (basic {username}:{password})" : "");
        if (strcmp(shown, expected) != 0)
            unit_wrong("row %zu: shown as %s", i, shown);
        free(shown);
    }
    provider_free(provider);
    unit_all_right();
}

/* A query of which nothing is left has no question mark, and one that lost its first pair has one. */
static void test_left_out(void **state)
{
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);
    struct errand errand;
    char *shown;

    (void)state;
    provider_define(provider, "title = x\nstep update { url = \"{server}/set\" query = { \"net={prefix}\","
                              " \"user={username}\" } }\nword good { verdict = done }\n");
    provider_login(provider, NULL, "secret");
    errand_make(&errand, provider, "203.0.113.7", NULL);
    shown = update_describe(&errand.update);
    assert_string_equal(shown, "GET https://192.0.2.53:8443/set");
    free(shown);
    provider_login(provider, "alice", "secret");
    shown = update_describe(&errand.update);
    assert_string_equal(shown, "GET https://192.0.2.53:8443/set?user={username}");
    free(shown);
    provider_free(provider);
}

/* The value of a pair is escaped as a whole, with what the definition has in it; people read it as it was meant. */
static void test_pairs_are_escaped_whole(void **state)
{
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);
    struct errand_results results;
    struct errand errand;
    struct update *update;
    char *shown;

    (void)state;
    provider_define(provider, "title = x\noptions = { \"key=a b\" }\nstep update { url = \"{server}/set\""
                              " query = { 'data={\"ip\":\"{ip}\"}', 'net={ip}/32', '{key}' } }\n");
    errand_make(&errand, provider, "203.0.113.7", NULL);
    update = errand_start(&errand, &results);
    assert_string_equal(fake_http_request(0)->url, "https://192.0.2.53:8443/set?data=%7B%22ip%22:%22203.0.113.7%22%7D"
                                                   "&net=203.0.113.7%2F32&a%20b");
    update_cancel(update);
    shown = update_describe(&errand.update);
    assert_string_equal(shown,
                        "GET https://192.0.2.53:8443/set?data={\"ip\":\"203.0.113.7\"}&net=203.0.113.7/32&{key}");
    free(shown);
    provider_free(provider);
}

static void test_there_and_back(void **state)
{
    struct config_provider *provider = provider_new("dyndns2", "a.example.org b.example.org", 0, IP_BOTH);
    struct errand_results results;
    struct errand errand;

    (void)state;
    errand_make(&errand, provider, "203.0.113.7", NULL);
    errand_start(&errand, &results);
    fake_timer_advance(60000);
    assert_int_equal(results.calls, 0);
    fake_http_answer(0, 200, "good\nnohost");
    fake_timer_advance(0);
    assert_int_equal(results.calls, 1);
    assert_string_equal(results.verdicts, "done refused");
    assert_int_equal(results.list[0].requests, 1);
    assert_int_equal(fake_timer_existing(), 0);
    provider_free(provider);
}

/* Not in the next turn of the loop, before which somebody may take the request back: what was said would be lost. */
static void test_result_is_told_at_once(void **state)
{
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_V4);
    struct errand_results results;
    struct errand errand;

    (void)state;
    errand_make(&errand, provider, "203.0.113.7", NULL);
    errand_start(&errand, &results);
    assert_int_equal(results.calls, 0);
    fake_http_answer(0, 200, "911");
    assert_int_equal(results.calls, 1);
    provider_free(provider);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),       cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_left_out),       cmocka_unit_test(test_pairs_are_escaped_whole),
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_result_is_told_at_once),
    };

    return cmocka_run_group_tests_name("update", tests, errand_quiet, NULL);
}
