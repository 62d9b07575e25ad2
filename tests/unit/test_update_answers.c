/* What an answer means for each name: the judging of verdict.h, seen through update.h. */
#include "errand.h"
#include "fake_http.h"
#include "log.h"
#include "mem.h"
#include "provider.h"
#include "unit.h"

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
    {"dyndns2", A, 200, "nofqdn", "refused", "provider: nofqdn", 0},
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
    /* Trouble counts whatever the status: 911 comes with 500 (help.dyn.com/guidelines/). */
    {"dyndns2", A, 500, "911", "again", "provider: 911", 0},
    {"no-ip", A, 503, "911", "again", "provider: 911", 30},
    {"dyndns2", A, 404, "nohost", "refused", "provider: nohost", 0},
    /* The provider took another address, or only says that we are not welcome (good 127.0.0.1). */
    {"dyndns2", A, 200, "good 127.0.0.1", "refused-account", "127.0.0.1", 0},
    {"dyndns2", A, 200, "good 203.0.113.99", "refused", "203.0.113.99", 0},
    {"dyndns2", A, 200, "nochg 198.51.100.1", "refused", "198.51.100.1", 0},
    {"dyndns2", A, 200, "good 203.0.113.7,2001:db8::99", "refused", "2001:db8::99", 0},
    {"dyndns2", A, 200, "good 203.0.113.7,2001:db8::7", "done", NULL, 0},
    /* It may name the old one besides: FreeDNS does. */
    {"dyndns2", A, 200, "good from 203.0.113.1 to 203.0.113.7", "done", NULL, 0},
    {"dyndns2", A, 200, "good 203.0.113.7 127.0.0.1", "refused-account", "127.0.0.1", 0},
    {"dyndns2", A, 200, "good 127.0.0.1 203.0.113.7", "refused-account", "127.0.0.1", 0},
    {"dyndns2", A, 200, "good 203.0.113.7 2001:DB8:0::7", "done", NULL, 0},
    {"dyndns2", A, 200, "good to see you", "done", NULL, 0},
    /* Several names: a line for each, in order. */
    {"dyndns2", ABC, 200, "good\nnohost\nnochg", "done refused unchanged", "good", 0},
    {"dyndns2", ABC, 200, "good\r\n\r\nnohost\r\nnochg\r\n", "done refused unchanged", "good", 0},
    {"dyndns2", ABC, 200, "good\nbadauth\n911", "done refused-account again", "good", 0},
    {"dyndns2", ABC, 200, "good 203.0.113.7\ngood 127.0.0.1\ngood 203.0.113.7", "done refused-account done", "good", 0},
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
    /* What the definition does not say the status does. */
    {"duckdns", A, 401, "", "refused-account", "the server does not accept this login", 0},
    {"duckdns", A, 403, HTML, "refused-account", "the server forbids this login to update", 0},
    {"duckdns", A, 401, "KO", "refused", "the token is wrong or the name", 0},
    {"duckdns", A, 402, "", "again", "http: status 402", 0},
};

static struct http_answer answer_of(long status, const char *body)
{
    return (struct http_answer){.stage = HTTP_DONE, .status = status, .body = body};
}

static bool is_one_line(const char *text)
{
    return *text && !strpbrk(text, "\r\n");
}

static void try_row(const struct row *row)
{
    struct config_provider *provider = provider_new(row->definition, row->names, 0, IP_BOTH);
    struct http_answer answer = answer_of(row->status, row->body);
    struct errand_results results;
    struct errand errand;

    errand_make(&errand, provider, "203.0.113.7", "2001:db8::7");
    errand_judge(&errand, &answer, &results);
    if (strcmp(results.verdicts, row->verdicts) != 0)
        unit_wrong("%s %ld \"%s\": %s: %s", row->definition, row->status, row->body, results.verdicts,
                   results.list[0].text);
    if (row->text && !strstr(results.list[0].text, row->text))
        unit_wrong("%s %ld \"%s\": the text is: %s", row->definition, row->status, row->body, results.list[0].text);
    if (results.list[0].after_ms != row->after_minutes * 60000)
        unit_wrong("%s %ld \"%s\": after %llu ms", row->definition, row->status, row->body,
                   (unsigned long long)results.list[0].after_ms);
    for (size_t n = 0; n < results.count; n++)
        if (!is_one_line(results.list[n].text) || !results.list[n].requests)
            unit_wrong("%s %ld \"%s\": name %zu", row->definition, row->status, row->body, n);
    provider_free(provider);
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        try_row(&rows[i]);
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
    struct errand errand;

    (void)state;
    errand_make(&errand, provider, "203.0.113.7", NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_answer answer = {.stage = cases[i].stage, .status = 200, .body = "good", .error = "the error"};
        struct errand_results results;

        errand_judge(&errand, &answer, &results);
        if (strcmp(results.verdicts, cases[i].verdicts) != 0 || strcmp(results.list[2].text, cases[i].text) != 0 ||
            results.list[0].requests != cases[i].arrived)
            unit_wrong("stage %d: %s, %s", (int)cases[i].stage, results.verdicts, results.list[2].text);
    }
    provider_free(provider);
    unit_all_right();
}

static void try_wait(size_t row, const char *definition, long status, const char *body, const char *headers,
                     uint64_t after_minutes)
{
    struct config_provider *provider = provider_new(definition, A, 0, IP_BOTH);
    struct http_answer answer = answer_of(status, body);
    struct errand_results results;
    struct errand errand;

    answer.headers = headers;
    errand_make(&errand, provider, "203.0.113.7", NULL);
    errand_judge(&errand, &answer, &results);
    if (results.list[0].verdict != UPDATE_AGAIN || results.list[0].after_ms != after_minutes * 60000)
        unit_wrong("row %zu: %s, %llu ms", row, results.verdicts, (unsigned long long)results.list[0].after_ms);
    provider_free(provider);
}

/* What the server asks for itself counts; the definition's wait is for a server that does not say. */
static void test_retry_after(void **state)
{
    static const struct {
        const char *definition;
        long status;
        const char *body;
        uint64_t header_minutes, after_minutes;
    } cases[] = {
        {"dyndns2", 503, "", 7, 7},     {"dyndns2", 429, "", 1, 1},    {"dyndns2", 429, "", 0, 5},
        {"dyndns2", 429, "", 60, 60},   {"no-ip", 200, "911", 1, 1},   {"no-ip", 200, "911", 0, 30},
        {"dyndns2", 200, "what", 9, 9}, {"no-ip", 200, "911", 90, 90}, {"dyndns2", 302, "moved", 3, 3},
        {"duckdns", 429, "", 1, 1},     {"duckdns", 429, "", 0, 5},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char header[64];

        snprintf(header, sizeof header, "Retry-After: %llu\n", (unsigned long long)cases[i].header_minutes * 60);
        try_wait(i, cases[i].definition, cases[i].status, cases[i].body, header, cases[i].after_minutes);
    }
    unit_all_right();
}

/* The end of a limit that is used up counts beside the definition's wait, where 429 says that our own count is wrong. */
static void test_end_of_a_limit(void **state)
{
    static const struct {
        const char *definition;
        long status;
        unsigned minutes, after_minutes;
    } cases[] = {
        {"dyndns2", 429, 60, 60}, {"dyndns2", 429, 1, 5},   {"duckdns", 429, 60, 60},
        {"duckdns", 429, 1, 5},   {"duckdns", 500, 60, 60}, {"no-ip", 200, 60, 30},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char headers[80];

        snprintf(headers, sizeof headers, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: %u\n", cases[i].minutes * 60);
        try_wait(i, cases[i].definition, cases[i].status, "911", headers, cases[i].after_minutes);
    }
    unit_all_right();
}

struct echo {
    const char *body, *verdict;
};

/* The answers to a errand of one name with these addresses; families are those of a deletion. */
static void try_echoes(struct config_provider *provider, const char *ip4, const char *ip6, enum ip_families families,
                       const struct echo *echoes, size_t count)
{
    struct errand errand;

    errand_make(&errand, provider, ip4, ip6);
    if (!ip4 && !ip6)
        errand.items[0].families = families;
    for (size_t i = 0; i < count; i++) {
        struct http_answer answer = answer_of(200, echoes[i].body);
        struct errand_results results;

        errand_judge(&errand, &answer, &results);
        if (strcmp(results.verdicts, echoes[i].verdict) != 0 || !results.list[0].requests)
            unit_wrong("%s: %s", echoes[i].body, results.verdicts);
    }
    provider_free(provider);
    unit_all_right();
}

/* Only IPv6 was sent: an IPv4 address in the answer may be what the server saw, but 127.0.0.1 is no thanks. */
static void test_ipv6_only(void **state)
{
    static const struct echo echoes[] = {
        {"good 2001:db8::7", "done"},          {"good 2001:db8::8", "refused"}, {"good 203.0.113.9", "done"},
        {"good 127.0.0.1", "refused-account"}, {"nochg", "unchanged"},
    };

    (void)state;
    try_echoes(provider_new("dyndns2", A, 0, IP_V6), NULL, "2001:db8::7", IP_V6, echoes, COUNT(echoes));
}

/* Of several addresses that were sent the server may repeat one, some or all of them, in any order; no other one. */
static void test_echo_of_several(void **state)
{
    static const struct echo echoes[] = {
        {"good", "done"},
        {"good 203.0.113.7", "done"},
        {"good 203.0.113.8", "done"},
        {"good 203.0.113.8,203.0.113.7", "done"},
        {"good 203.0.113.7 203.0.113.8 2001:db8::7", "done"},
        {"good 2001:db8::8", "done"},
        {"good 203.0.113.9", "refused"},
        {"good 2001:db8::9", "refused"},
        {"good 203.0.113.7,203.0.113.8,2001:db8::9", "refused"},
        {"good 127.0.0.1", "refused-account"},
        {"nochg 203.0.113.8", "unchanged"},
    };

    (void)state;
    try_echoes(provider_new("dyndns2", A, 0, IP_BOTH), "203.0.113.7,203.0.113.8", "2001:db8::7,2001:db8::8", IP_BOTH,
               echoes, COUNT(echoes));
}

/* The answer to a deletion: an address in it is what was there before, and no fault. */
static void test_deletion_answers(void **state)
{
    static const struct echo echoes[] = {
        {"good", "done"},
        {"gone", "unchanged"},
        {"good 203.0.113.7", "done"},
        {"good 2001:db8::7", "done"},
        {"what", "again"},
        {"good 127.0.0.1", "refused-account"},
    };
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);

    (void)state;
    provider_define(provider, "title = x\nstep update { url = \"{server}/set\" }\n"
                              "step delete { url = \"{server}/remove/{type}\" query = \"host={hostname}\" }\n"
                              "word good { verdict = done }\nword gone { verdict = unchanged }\n");
    try_echoes(provider, NULL, NULL, IP_V4, echoes, COUNT(echoes));
}

/* A server that repeats the password, wherever it stands, does not bring it into the log. */
static void test_no_secret_in_texts(void **state)
{
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);
    struct errand errand;

    (void)state;
    provider_login(provider, "alice", "s3cr3t");
    errand_make(&errand, provider, "203.0.113.7", NULL);
    for (size_t before = 0; before < 300; before++) {
        struct errand_results results;
        struct http_answer answer;
        char body[400];

        memset(body, 'x', before);
        snprintf(body + before, sizeof body - before, " alice:s3cr3t s3cr3t Basic YWxpY2U6czNjcjN0");
        answer = answer_of(200, body);
        errand_judge(&errand, &answer, &results);
        if (strstr(results.list[0].text, "s3c") || strstr(results.list[0].text, "YWxp"))
            unit_wrong("%zu bytes before it: %s", before, results.list[0].text);
    }
    provider_free(provider);
    unit_all_right();
}

/* In whatever form it was sent, and whether the answer is good or not. */
static void test_no_escaped_secret(void **state)
{
    static const char *const bodies[] = {
        "good p&w\"d<1>",          "what p&w\"d<1>",        "what p%26w%22d%3C1%3E", "{\"you said\": \"p&w\\\"d<1>\"}",
        "p&amp;w&quot;d&lt;1&gt;", "badauth p&w\"d<1> p&w", "nohost p&w\"d<1>",
    };
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);
    struct errand errand;

    (void)state;
    provider_login(provider, "alice", "p&w\"d<1>");
    errand_make(&errand, provider, "203.0.113.7", NULL);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct http_answer answer = answer_of(200, bodies[i]);
        struct errand_results results;

        errand_judge(&errand, &answer, &results);
        if (strstr(results.list[0].text, "d<1>") || strstr(results.list[0].text, "d%3C1") ||
            strstr(results.list[0].text, "d&lt;1") || !strstr(results.list[0].text, "{password}"))
            unit_wrong("%s: %s", bodies[i], results.list[0].text);
    }
    provider_free(provider);
    unit_all_right();
}

/* Any bytes: a verdict for each name, and a text of one line. */
static void try_garbage(const char *definition, const char *names, const char *alphabet, int rounds)
{
    struct config_provider *provider = provider_new("dyndns2", names, 0, IP_BOTH);
    struct unit_random random;
    struct errand errand;

    if (definition)
        provider_define(provider, definition);
    errand_make(&errand, provider, "203.0.113.7", "2001:db8::7");
    unit_random_seed(&random, 3);
    for (int round = 0; round < rounds; round++) {
        char body[40] = "";
        struct errand_results results;
        struct http_answer answer;

        for (size_t i = 0, n = unit_random(&random, sizeof body); i < n; i++)
            body[i] = unit_random(&random, 2) ? (char)unit_random(&random, 256)
                                              : alphabet[unit_random(&random, (uint32_t)strlen(alphabet))];
        answer = answer_of(200, body);
        errand_judge(&errand, &answer, &results);
        for (size_t n = 0; n < results.count; n++)
            assert_true(is_one_line(results.list[n].text) && results.list[n].verdict <= UPDATE_REFUSED_ACCOUNT);
    }
    provider_free(provider);
}

static void test_garbage(void **state)
{
    (void)state;
    try_garbage(NULL, ABC, "go dnchg91,.:\r\n\t", 20000);
}

/* Words of the provider in JSON may be anything, too. */
static void test_one_line_of_json(void **state)
{
    static const char *const bodies[] = {"{\"m\": \"two\\nlines\\r\\nof it\"}", "{\"m\":\n \"x\"}", "{\n}", "[]",
                                         "\"\\n\""};
    struct config_provider *provider = provider_new("dyndns2", A, 0, IP_BOTH);
    struct errand errand;

    (void)state;
    provider_define(provider, "title = x\nwords = m\nstep update { url = \"{server}/set\" }\n"
                              "value \"ok=true\" { verdict = done }\n");
    errand_make(&errand, provider, "203.0.113.7", NULL);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct http_answer answer = answer_of(200, bodies[i]);
        struct errand_results results;

        errand_judge(&errand, &answer, &results);
        if (results.list[0].verdict != UPDATE_AGAIN || !is_one_line(results.list[0].text))
            unit_wrong("%s: %s: %s", bodies[i], results.verdicts, results.list[0].text);
    }
    provider_free(provider);
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),           cmocka_unit_test(test_failures),
        cmocka_unit_test(test_retry_after),       cmocka_unit_test(test_end_of_a_limit),
        cmocka_unit_test(test_ipv6_only),         cmocka_unit_test(test_echo_of_several),
        cmocka_unit_test(test_deletion_answers),  cmocka_unit_test(test_no_secret_in_texts),
        cmocka_unit_test(test_no_escaped_secret), cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_one_line_of_json),
    };

    return cmocka_run_group_tests_name("update: answers", tests, errand_quiet, NULL);
}
