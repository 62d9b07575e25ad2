/* What an answer means, and what a request looks like, for the definitions that are shipped. */
#include "update.h"

#include "fake_http.h"
#include "log.h"
#include "provider.h"
#include "unit.h"

#include <sys/socket.h>

#define HTML "<!DOCTYPE html>\n<html>\n<head><title>Sign in</title></head>\n<body>good 203.0.113.7</body>\n</html>\n"

struct row {
    const char *definition, *names;
    long status; /* 0: no answer came */
    const char *body;
    const char *verdicts; /* one for each name */
    const char *text;     /* part of what is said of the first name; NULL: not looked at */
    uint64_t after_minutes;
};

#define A   "a.example.org"
#define ABC "a.example.org b.example.org c.example.org"

static const struct row rows[] = {
    /* The words of dyndns2, one name: https://help.dyn.com/return-codes/ */
    {"dyndns2", A, 200, "good 203.0.113.7", "done", "good", 0},
    {"dyndns2", A, 200, "good 203.0.113.7\r\n", "done", "good", 0},
    {"dyndns2", A, 200, "good", "done", "good", 0},
    {"dyndns2", A, 200, "  GOOD\t203.0.113.7  ", "done", "GOOD", 0},
    {"dyndns2", A, 200, "nochg 203.0.113.7", "unchanged", "nochg", 0},
    {"dyndns2", A, 200, "\n\nnochg\n\n", "unchanged", "nochg", 0},
    {"dyndns2", A, 200, "badauth", "refused-account", "provider: badauth", 0},
    {"dyndns2", A, 401, "badauth", "refused-account", "badauth", 0},
    {"dyndns2", A, 200, "badagent", "refused-account", "badagent", 0},
    {"dyndns2", A, 200, "!donator", "refused-account", "!donator", 0},
    {"dyndns2", A, 200, "nohost", "refused", "provider: nohost", 0},
    {"dyndns2", A, 200, "nohost a.example.org", "refused", "nohost", 0},
    {"dyndns2", A, 200, "notfqdn", "refused", "notfqdn", 0},
    {"dyndns2", A, 200, "!yours", "refused", "!yours", 0},
    {"dyndns2", A, 200, "numhost", "refused", "numhost", 0},
    {"dyndns2", A, 200, "abuse", "refused", "abuse", 0},
    {"dyndns2", A, 200, "dnserr", "again", "dnserr", 0},
    {"dyndns2", A, 200, "911", "again", "911", 0},
    {"dyn", A, 200, "911", "again", "911", 30},
    {"no-ip", A, 200, "911", "again", "911", 30},
    {"no-ip", A, 200, "good 203.0.113.7", "done", "good", 0},
    {"no-ip", A, 200, "nohost", "refused", "nohost", 0},
    /* A word is a whole word. */
    {"dyndns2", A, 200, "goodness", "again", "goodness", 0},
    {"dyndns2", A, 200, "goo", "again", NULL, 0},
    {"dyndns2", A, 200, "9110", "again", NULL, 0},
    {"dyndns2", A, 200, "not good", "again", NULL, 0},
    /* Answers of somebody else. */
    {"dyndns2", A, 200, "", "again", "http: status 200", 0},
    {"dyndns2", A, 200, "\n \t\n", "again", "http: status 200", 0},
    {"dyndns2", A, 204, "", "again", "http: status 204", 0},
    {"dyndns2", A, 200, HTML, "again", "<!DOCTYPE html>", 0},
    {"dyndns2", ABC, 200, HTML, "again again again", "<!DOCTYPE html>", 0},
    {"dyndns2", A, 301, "", "again", "http: status 301", 0},
    {"dyndns2", A, 302, HTML, "again", "http: status 302", 0},
    {"dyndns2", A, 400, "what", "again", "http: status 400", 0},
    {"dyndns2", A, 401, "", "refused-account", "http: status 401", 0},
    {"dyndns2", A, 401, HTML, "refused-account", "http: status 401", 0},
    {"dyndns2", A, 403, "Forbidden", "refused-account", "http: status 403", 0},
    {"dyndns2", A, 404, "Not Found", "again", "http: status 404", 0},
    {"dyndns2", A, 429, "slow down", "again", "http: status 429", 5},
    {"dyndns2", A, 500, "Internal Server Error", "again", "http: status 500", 0},
    {"dyndns2", A, 502, HTML, "again", "http: status 502", 0},
    {"dyndns2", A, 503, "", "again", "http: status 503", 0},
    /* A page of another server may begin with any word: success needs a status of success. */
    {"dyndns2", A, 404, "good bye", "again", "http: status 404", 0},
    {"dyndns2", A, 503, "good 203.0.113.7", "again", "http: status 503", 0},
    {"dyndns2", A, 500, "nochg", "again", "http: status 500", 0},
    /* The provider took another address, or only says that we are not welcome (good 127.0.0.1). */
    {"dyndns2", A, 200, "good 127.0.0.1", "refused", "127.0.0.1", 0},
    {"dyndns2", A, 200, "good 203.0.113.99", "refused", "203.0.113.99", 0},
    {"dyndns2", A, 200, "nochg 198.51.100.1", "refused", "198.51.100.1", 0},
    {"dyndns2", A, 200, "good 203.0.113.7,2001:db8::99", "refused", "2001:db8::99", 0},
    {"dyndns2", A, 200, "good 203.0.113.7,2001:db8::7", "done", NULL, 0},
    {"dyndns2", A, 200, "good 203.0.113.7 2001:DB8:0::7", "done", NULL, 0},
    {"dyndns2", A, 200, "good to see you", "done", NULL, 0},
    /* Several names: a line for each, in order. */
    {"dyndns2", ABC, 200, "good\nnohost\nnochg", "done refused unchanged", "good", 0},
    {"dyndns2", ABC, 200, "good\r\n\r\nnohost\r\nnochg\r\n", "done refused unchanged", "good", 0},
    {"dyndns2", ABC, 200, "good\nbadauth\n911", "done refused-account again", "good", 0},
    {"dyndns2", ABC, 200, "good 203.0.113.7\ngood 127.0.0.1\ngood 203.0.113.7", "done refused done", "good", 0},
    /* One line speaks for all. */
    {"dyndns2", ABC, 200, "good 203.0.113.7", "done done done", "good", 0},
    {"dyndns2", ABC, 200, "badauth", "refused-account refused-account refused-account", "badauth", 0},
    {"dyndns2", ABC, 200, "911", "again again again", "911", 0},
    /* Too few lines: of the rest nobody said anything. Too many: what is too much is nobody's. */
    {"dyndns2", ABC, 200, "good\nnochg", "done unchanged again", "good", 0},
    {"dyndns2", ABC, 200, "good\nnochg\nnohost\nbadauth", "done unchanged refused", "good", 0},
    {"dyndns2", A, 200, "good\nnohost", "done", "good", 0},
    {"dyndns2", ABC, 503, "", "again again again", "http: status 503", 0},
    /* Text anywhere in the answer. */
    {"changeip", A, 200, "200 Successful Update", "done", NULL, 0},
    {"changeip", A, 200, "<html>\n<body>\n Successful\n</body>", "done", NULL, 0},
    {"changeip", A, 200, "good 203.0.113.7", "again", NULL, 0},
    {"changeip", A, 200, "", "again", NULL, 0},
    {"changeip", A, 500, "not Successful", "again", "http: status 500", 0},
    {"changeip", A, 401, "Successful", "refused-account", "http: status 401", 0},
};

static const char *const verdict_words[] = {
    [UPDATE_DONE] = "done",   [UPDATE_UNCHANGED] = "unchanged", [UPDATE_UNREACHABLE] = "unreachable",
    [UPDATE_AGAIN] = "again", [UPDATE_REFUSED] = "refused",     [UPDATE_REFUSED_ACCOUNT] = "refused-account",
};

static struct update_batch batch_of(const struct config_provider *provider, const char *ip4, const char *ip6)
{
    static const char *names[8];
    struct update_batch batch = {.provider = provider, .names = names, .count = provider->names.count};

    assert_true(batch.count <= COUNT(names));
    for (size_t i = 0; i < batch.count; i++)
        names[i] = provider->names.list[i].name;
    assert_true(!ip4 || ip_set_parse(ip4, &batch.ip4));
    assert_true(!ip6 || ip_set_parse(ip6, &batch.ip6));
    batch.families = (enum ip_families)((ip4 ? IP_V4 : 0) | (ip6 ? IP_V6 : 0));
    return batch;
}

static void join_verdicts(const struct update_result *results, size_t count, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s", i ? " " : "", verdict_words[results[i].verdict]);
}

static bool is_one_line(const char *text)
{
    return text && *text && !strpbrk(text, "\r\n");
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config_provider *provider = provider_new(rows[i].definition, rows[i].names, 0, IP_BOTH);
        struct update_batch batch = batch_of(provider, "203.0.113.7", "2001:db8::7");
        struct http_answer answer = {HTTP_DONE, rows[i].status, rows[i].body, strlen(rows[i].body), 0, NULL};
        struct update_result *results = update_judge(&batch, &answer);
        char verdicts[256];

        join_verdicts(results, batch.count, verdicts, sizeof verdicts);
        if (strcmp(verdicts, rows[i].verdicts) != 0)
            unit_wrong("%s %ld \"%s\": %s: %s", rows[i].definition, rows[i].status, rows[i].body, verdicts,
                       results[0].text);
        if (rows[i].text && !strstr(results[0].text, rows[i].text))
            unit_wrong("%s %ld \"%s\": the text is: %s", rows[i].definition, rows[i].status, rows[i].body,
                       results[0].text);
        if (results[0].after_ms != rows[i].after_minutes * 60000)
            unit_wrong("%s %ld \"%s\": after %llu ms", rows[i].definition, rows[i].status, rows[i].body,
                       (unsigned long long)results[0].after_ms);
        for (size_t n = 0; n < batch.count; n++)
            if (!is_one_line(results[n].text) || !results[n].arrived)
                unit_wrong("%s %ld \"%s\": name %zu", rows[i].definition, rows[i].status, rows[i].body, n);
        update_free_results(results, batch.count);
        provider_free(provider);
    }
    unit_all_right();
}

/* How far a request came decides whose trouble it is, and whether the provider may have acted. */
static void test_failures(void **state)
{
    static const struct {
        enum http_stage stage;
        const char *verdicts;
        bool arrived;
        const char *text;
    } cases[] = {
        {HTTP_RESOLVE, "unreachable unreachable unreachable", false, "resolve: the error"},
        {HTTP_CONNECT, "unreachable unreachable unreachable", false, "connect: the error"},
        {HTTP_TLS, "unreachable unreachable unreachable", false, "tls: the error"},
        {HTTP_WAIT, "unreachable unreachable unreachable", true, "http: the error"},
        {HTTP_GARBLED, "again again again", true, "http: the error"},
    };
    struct config_provider *provider = provider_new("dyndns2", ABC, 0, IP_BOTH);
    struct update_batch batch = batch_of(provider, "203.0.113.7", NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_answer answer = {cases[i].stage, 200, "good", 4, 0, "the error"};
        struct update_result *results = update_judge(&batch, &answer);
        char verdicts[256];

        join_verdicts(results, batch.count, verdicts, sizeof verdicts);
        if (strcmp(verdicts, cases[i].verdicts) != 0 || strcmp(results[2].text, cases[i].text) != 0 ||
            results[0].arrived != cases[i].arrived)
            unit_wrong("stage %d: %s, %s", (int)cases[i].stage, verdicts, results[2].text);
        update_free_results(results, batch.count);
    }
    provider_free(provider);
    unit_all_right();
}

/* The server's wish counts when it is the longer one. */
static void test_retry_after(void **state)
{
    static const struct {
        const char *definition;
        long status;
        const char *body;
        uint64_t header_minutes, after_minutes;
    } cases[] = {
        {"dyndns2", 503, "", 7, 7},
        {"dyndns2", 429, "", 1, 5},
        {"dyndns2", 429, "", 60, 60},
        {"no-ip", 200, "911", 1, 30},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct config_provider *provider = provider_new(cases[i].definition, A, 0, IP_BOTH);
        struct update_batch batch = batch_of(provider, "203.0.113.7", NULL);
        struct http_answer answer = {HTTP_DONE, cases[i].status, cases[i].body, strlen(cases[i].body), 0, NULL};
        struct update_result *results;

        answer.retry_after_ms = cases[i].header_minutes * 60000;
        results = update_judge(&batch, &answer);
        if (results[0].verdict != UPDATE_AGAIN || results[0].after_ms != cases[i].after_minutes * 60000)
            unit_wrong("row %zu: %llu ms", i, (unsigned long long)results[0].after_ms);
        update_free_results(results, 1);
        provider_free(provider);
    }
    unit_all_right();
}

/* Only IPv6 was sent: an IPv4 address in the answer may be what the server saw, but 127.0.0.1 is no thanks. */
static void test_ipv6_only(void **state)
{
    static const char *const cases[][2] = {
        {"good 2001:db8::7", "done"},
        {"good 2001:db8::8", "refused"},
        {"good 127.0.0.1", "refused"},
        {"nochg", "unchanged"},
    };
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_V6);
    struct update_batch batch = batch_of(provider, NULL, "2001:db8::7");

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_answer answer = {HTTP_DONE, 200, cases[i][0], strlen(cases[i][0]), 0, NULL};
        struct update_result *results = update_judge(&batch, &answer);

        if (strcmp(verdict_words[results[0].verdict], cases[i][1]) != 0)
            unit_wrong("%s: %s", cases[i][0], verdict_words[results[0].verdict]);
        update_free_results(results, 1);
    }
    provider_free(provider);
    unit_all_right();
}

/* A server that repeats the password, wherever it stands, does not bring it into the log. */
static void test_no_secret_in_texts(void **state)
{
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);
    struct update_batch batch = batch_of(provider, "203.0.113.7", NULL);

    (void)state;
    strcpy(provider->password, "s3cr3t");
    for (size_t before = 0; before < 300; before++) {
        char body[400];
        struct http_answer answer = {HTTP_DONE, 200, body, 0, 0, NULL};
        struct update_result *results;

        memset(body, 'x', before);
        snprintf(body + before, sizeof body - before, " alice:s3cr3t s3cr3t Basic YWxpY2U6czNjcjN0");
        answer.length = strlen(body);
        results = update_judge(&batch, &answer);
        if (strstr(results[0].text, "s3c") || strstr(results[0].text, "YWxp"))
            unit_wrong("%zu bytes before it: %s", before, results[0].text);
        update_free_results(results, 1);
    }
    provider_free(provider);
    unit_all_right();
}

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
        struct update_batch batch;
        struct update *update;
        char *shown, expected[512];

        free(provider->server);
        provider->server = strdup(cases[i].server);
        batch = batch_of(provider, cases[i].ip4, cases[i].ip6);
        update = update_start(NULL, &batch, NULL, NULL);
        if (strcmp(fake_http_request(0)->url, cases[i].url) != 0 ||
            strcmp(fake_http_request(0)->username, "alice") != 0 ||
            strcmp(fake_http_request(0)->password, "secret") != 0 || strcmp(fake_http_request(0)->method, "GET") != 0)
            unit_wrong("row %zu: %s", i, fake_http_request(0)->url);
        update_cancel(update);
        if (fake_http_open())
            unit_wrong("row %zu: still under way", i);
        shown = update_describe(&batch);
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
    " \"bits={prefix-length}\", \"lan={prefix}/{prefix-length}\" } }\n"
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
         "/set/AAAA?net=2001:db8:1:2f::&host=a.example.org&ip=2001:db8:1:2f::7&bits=64&lan=2001:db8:1:2f::/64"},
        {NULL, "2001:db8:1:2f::7", IP_V6, 60,
         "/set/AAAA?net=2001:db8:1:20::&host=a.example.org&ip=2001:db8:1:2f::7&bits=60&lan=2001:db8:1:20::/60"},
        {NULL, "2001:db8:1:2f::7", IP_V6, 57,
         "/set/AAAA?net=2001:db8:1::&host=a.example.org&ip=2001:db8:1:2f::7&bits=57&lan=2001:db8:1::/57"},
        {NULL, "2001:db8::7", IP_V6, 128,
         "/set/AAAA?net=2001:db8::7&host=a.example.org&ip=2001:db8::7&bits=128&lan=2001:db8::7/128"},
        /* The network is that of the first of several. */
        {NULL, "2001:db8:2::1,2001:db8:1::1", IP_V6, 48,
         "/set/AAAA?net=2001:db8:1::&host=a.example.org&ip=2001:db8:1::1,2001:db8:2::1&bits=48&lan=2001:db8:1::/48"},
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
        struct update_batch batch = batch_of(provider, cases[i].ip4, cases[i].ip6);
        bool is_deletion = !cases[i].ip4 && !cases[i].ip6;
        struct update *update;
        char *shown, expected[512];

        batch.families = cases[i].families;
        batch.prefix_length = cases[i].prefix_length;
        batch.link = (int)i;
        update = update_start(NULL, &batch, NULL, NULL);
        if (strcmp(fake_http_request(0)->url + strlen(provider->server), cases[i].url) != 0)
            unit_wrong("row %zu: %s", i, fake_http_request(0)->url);
        /* Each step has its own login; the way out is the batch's. */
        if (!fake_http_request(0)->username == is_deletion || !fake_http_request(0)->password == is_deletion ||
            fake_http_request(0)->link != (int)i || fake_http_request(0)->family != 0)
            unit_wrong("row %zu: its login or its link", i);
        update_cancel(update);
        shown = update_describe(&batch);
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
    struct update_batch batch;
    char *shown;

    (void)state;
    provider_define(provider, "title = x\nstep update { url = \"{server}/set\" query = { \"net={prefix}\","
                              " \"user={username}\" } }\nword good { verdict = done }\n");
    free(provider->username);
    provider->username = NULL;
    batch = batch_of(provider, "203.0.113.7", NULL);
    shown = update_describe(&batch);
    assert_string_equal(shown, "GET https://192.0.2.53:8443/set");
    free(shown);
    provider->username = strdup("alice");
    shown = update_describe(&batch);
    assert_string_equal(shown, "GET https://192.0.2.53:8443/set?user={username}");
    free(shown);
    provider_free(provider);
}

/* Of several addresses that were sent the server may repeat one, some or all of them, in any order; no other one. */
static void test_echo_of_several(void **state)
{
    static const char *const cases[][2] = {
        {"good", "done"},
        {"good 203.0.113.7", "done"},
        {"good 203.0.113.8", "done"},
        {"good 203.0.113.8,203.0.113.7", "done"},
        {"good 203.0.113.7 203.0.113.8 2001:db8::7", "done"},
        {"good 2001:db8::8", "done"},
        {"good 203.0.113.9", "refused"},
        {"good 203.0.113.7,203.0.113.9", "refused"},
        {"good 203.0.113.7,203.0.113.8,2001:db8::9", "refused"},
        {"good 127.0.0.1", "refused"},
        {"nochg 203.0.113.8", "unchanged"},
    };
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);
    struct update_batch batch = batch_of(provider, "203.0.113.7,203.0.113.8", "2001:db8::7,2001:db8::8");

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_answer answer = {HTTP_DONE, 200, cases[i][0], strlen(cases[i][0]), 0, NULL};
        struct update_result *results = update_judge(&batch, &answer);

        if (strcmp(verdict_words[results[0].verdict], cases[i][1]) != 0)
            unit_wrong("%s: %s", cases[i][0], verdict_words[results[0].verdict]);
        update_free_results(results, 1);
    }
    provider_free(provider);
    unit_all_right();
}

/* The answer to a deletion: an address in it is what was there before, and no fault. */
static void test_deletion_answers(void **state)
{
    static const char *const cases[][2] = {
        {"good", "done"},  {"gone", "unchanged"},         {"good 203.0.113.7", "done"}, {"good 2001:db8::7", "done"},
        {"what", "again"}, {"good 127.0.0.1", "refused"},
    };
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);
    struct update_batch batch = batch_of(provider, NULL, NULL);

    (void)state;
    provider_define(provider, talkative);
    batch.families = IP_V4;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_answer answer = {HTTP_DONE, 200, cases[i][0], strlen(cases[i][0]), 0, NULL};
        struct update_result *results = update_judge(&batch, &answer);

        if (strcmp(verdict_words[results[0].verdict], cases[i][1]) != 0 || !results[0].arrived)
            unit_wrong("%s: %s", cases[i][0], verdict_words[results[0].verdict]);
        update_free_results(results, 1);
    }
    provider_free(provider);
    unit_all_right();
}

static size_t calls;

static void on_done(void *arg, const struct update_result *results)
{
    assert_ptr_equal(arg, &calls);
    assert_int_equal(results[0].verdict, UPDATE_DONE);
    assert_int_equal(results[1].verdict, UPDATE_REFUSED);
    calls++;
}

static void test_there_and_back(void **state)
{
    struct config_provider *provider = provider_new("dyndns2", "a.example.org b.example.org", 0, IP_BOTH);
    struct update_batch batch = batch_of(provider, "203.0.113.7", NULL);

    (void)state;
    update_start(NULL, &batch, on_done, &calls);
    assert_int_equal(calls, 0);
    fake_http_answer(0, 200, "good\nnohost");
    assert_int_equal(calls, 1);
    provider_free(provider);
}

/* Any bytes: a verdict for each name, and a text of one line. */
static void test_garbage(void **state)
{
    struct config_provider *provider = provider_new("dyndns2", ABC, 0, IP_BOTH);
    struct update_batch batch = batch_of(provider, "203.0.113.7", "2001:db8::7");
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 3);
    for (int round = 0; round < 20000; round++) {
        char body[40] = "";
        struct http_answer answer = {HTTP_DONE, 200, body, 0, 0, NULL};
        struct update_result *results;

        for (size_t i = 0, n = unit_random(&random, sizeof body); i < n; i++)
            body[i] = unit_random(&random, 2) ? (char)unit_random(&random, 256)
                                              : "go dnchg91,.:\r\n\t"[unit_random(&random, 16)];
        answer.length = strlen(body);
        results = update_judge(&batch, &answer);
        for (size_t n = 0; n < batch.count; n++)
            assert_true(is_one_line(results[n].text) && results[n].verdict <= UPDATE_REFUSED_ACCOUNT);
        update_free_results(results, batch.count);
    }
    provider_free(provider);
}

static int quiet(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_ipv6_only),
        cmocka_unit_test(test_no_secret_in_texts),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_echo_of_several),
        cmocka_unit_test(test_deletion_answers),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_garbage),
    };

    return cmocka_run_group_tests_name("update", tests, quiet, NULL);
}
