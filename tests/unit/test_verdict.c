#include "verdict.h"

#include "fake_timer.h"
#include "scene.h"

enum { NOW_S = 1700000000, DAY_S = 86400 };

#define STEP(rules) "step update { url = \"{server}/u\" " rules " }\n"

/* The verdict on an answer to the step update, for the item at an index. */
static struct verdict judge_full(struct scene *scene, const struct http_answer *http, size_t index)
{
    struct verdict_answer answer;
    struct verdict verdict;

    verdict_read(http, &answer);
    verdict_judge(&answer, &scene->values, scene_step(scene, "update"), index, &verdict);
    verdict_clear(&answer);
    return verdict;
}

static struct verdict judge(struct scene *scene, long status, const char *body, size_t index)
{
    const struct http_answer http = {HTTP_DONE, status, body, strlen(body), "", {0}, NULL};

    return judge_full(scene, &http, index);
}

static const struct {
    const char *definition;
    long status;
    const char *body;
    enum answer_verdict verdict;
    const char *text;
} verdicts[] = {
    /* Without rules a good status is success, and all else is tried again. */
    {STEP(""), 200, "", ANSWER_DONE, "status 200"},
    {STEP(""), 204, "", ANSWER_DONE, "status 204"},
    {STEP(""), 200, "whatever", ANSWER_DONE, "whatever"},
    {STEP(""), 200, "{\"error\":\"x\"}", ANSWER_DONE, "status 200"},
    {STEP(""), 404, "not here\r\nat all", ANSWER_AGAIN, "http: status 404: not here"},
    {STEP(""), 503, "", ANSWER_AGAIN, "http: status 503: no words"},
    {STEP(""), 302, "moved", ANSWER_AGAIN, "http: status 302: moved"},
    /* With rules that tell success nothing else is. */
    {STEP("word good { verdict = done }"), 200, "fine", ANSWER_AGAIN,
     "http: status 200: fine: this answer is not known"},
    {STEP("value \"ok=1\" { verdict = done }"), 200, "<html>", ANSWER_AGAIN,
     "http: status 200: <html>: this answer is not known"},
    {STEP("") "text ok { verdict = unchanged }\n", 200, "no", ANSWER_AGAIN,
     "http: status 200: no: this answer is not known"},
    {STEP("status 404 { verdict = absent }"), 200, "fine", ANSWER_DONE, "fine"},
    {STEP("word good { verdict = done }"), 200, " \t good  x \r\n", ANSWER_DONE, "good  x"},
    /* The step's rules stand before those at the top. */
    {STEP("word a { verdict = refused }") "word a { verdict = done }\n", 200, "a", ANSWER_REFUSED, "provider: a"},
    {STEP("word b { verdict = refused }") "word a { verdict = done }\n", 200, "a", ANSWER_DONE, "a"},
    /* The meaning stands behind the provider's own words. */
    {STEP("word nohost { verdict = refused means = \"no such name\" }"), 200, "nohost x", ANSWER_REFUSED,
     "provider: nohost x: no such name"},
    {STEP("status 401 { verdict = refused-account means = \"wrong login\" }"), 401, "Unauthorized",
     ANSWER_REFUSED_ACCOUNT, "http: status 401: Unauthorized: wrong login"},
    {"words = \"errors.0.message\"\n" STEP("status 400 { verdict = refused means = \"bad\" }"), 400,
     "{\"errors\":[{\"message\":\"no zone\"}]}", ANSWER_REFUSED, "http: status 400: no zone: bad"},
    {"words = \"errors.0.message\"\n" STEP("status 400 { verdict = refused }"), 400, "{\"x\":1}", ANSWER_REFUSED,
     "http: status 400: {\"x\":1}"},
    {"words = '/<m>(.*)</m>/'\n" STEP("text \"<m>\" { verdict = refused }"), 200, "<r>\n<m>no zone</m>", ANSWER_REFUSED,
     "provider: no zone"},
    /* An error body with a good status, and JSON that is none. */
    {STEP("value error { verdict = refused }"), 200, "{\"error\":\"x\"}", ANSWER_REFUSED,
     "provider: {\"error\":\"x\"}"},
    {STEP("value \"ok=1\" { verdict = done }"), 200, "{\"ok\":1", ANSWER_AGAIN,
     "http: status 200: {\"ok\":1: this answer is not known"},
    /* Another address than ours, in the family that was sent, or loopback. */
    {STEP("word good { verdict = done }"), 200, "good 192.0.2.7", ANSWER_DONE, "good 192.0.2.7"},
    {STEP("word good { verdict = done }"), 200, "good 192.0.2.8", ANSWER_REFUSED,
     "provider: the server took 192.0.2.8 instead of the address that was sent"},
    {STEP("word nochg { verdict = unchanged }"), 200, "nochg 192.0.2.8", ANSWER_REFUSED,
     "provider: the server took 192.0.2.8 instead of the address that was sent"},
    {STEP("word good { verdict = done }"), 200, "good 127.0.0.1", ANSWER_REFUSED_ACCOUNT,
     "provider: the server took 127.0.0.1 instead of the address that was sent, with which it says that it does not "
     "accept "
     "this program (badagent)"},
    {STEP("word good { verdict = done }"), 200, "good 2001:db8::1", ANSWER_DONE, "good 2001:db8::1"},
    {STEP("word good { verdict = done }"), 200, "good 192.0.2.8,192.0.2.7", ANSWER_DONE, "good 192.0.2.8,192.0.2.7"},
    {STEP("word good { verdict = done }"), 200, "good from 192.0.2.8 to 192.0.2.7", ANSWER_DONE,
     "good from 192.0.2.8 to 192.0.2.7"},
    {STEP("word good { verdict = done }"), 200, "good 192.0.2.77", ANSWER_REFUSED,
     "provider: the server took 192.0.2.77 instead of the address that was sent"},
    {STEP("word good { verdict = done }"), 200, "good 192.0.2.7 127.0.0.1", ANSWER_REFUSED_ACCOUNT,
     "provider: the server took 127.0.0.1 instead of the address that was sent, with which it says that it does not "
     "accept "
     "this program (badagent)"},
    {STEP("word bad { verdict = again }"), 200, "bad 192.0.2.8", ANSWER_AGAIN, "provider: bad 192.0.2.8"},
    {STEP("every = 2s times = 5 status 202 { verdict = repeat }"), 202, "wait", ANSWER_REPEAT,
     "http: status 202: wait"},
};

static void test_verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        struct scene *scene = scene_new(verdicts[i].definition);
        struct verdict verdict = judge(scene, verdicts[i].status, verdicts[i].body, 0);

        if (verdict.verdict != verdicts[i].verdict || strcmp(verdict.text, verdicts[i].text) != 0)
            unit_wrong("%s    %ld %s: %d, %s", verdicts[i].definition, verdicts[i].status, verdicts[i].body,
                       verdict.verdict, verdict.text);
        free(verdict.text);
        scene_free(scene);
    }
    unit_all_right();
}

/* Each name has a line of its own, or one holds for all; a name without a line has no answer. */
static void test_lines(void **state)
{
    static const struct {
        const char *body;
        enum answer_verdict verdicts[3];
    } bodies[] = {
        {"good 192.0.2.7\nnohost\nnochg 192.0.2.7\n", {ANSWER_DONE, ANSWER_REFUSED, ANSWER_UNCHANGED}},
        {"\r\n good\r\n\r\n\tnohost \r\n", {ANSWER_DONE, ANSWER_REFUSED, ANSWER_AGAIN}},
        {"good\n", {ANSWER_DONE, ANSWER_DONE, ANSWER_DONE}},
        {"badauth", {ANSWER_REFUSED_ACCOUNT, ANSWER_REFUSED_ACCOUNT, ANSWER_REFUSED_ACCOUNT}},
        {"good\n911\nwhat\ngood\n", {ANSWER_DONE, ANSWER_AGAIN, ANSWER_AGAIN}},
        {"", {ANSWER_AGAIN, ANSWER_AGAIN, ANSWER_AGAIN}},
    };
    struct scene *scene = scene_new("like = dyndns2\n");

    (void)state;
    scene_item(scene, 1, "b.example.org", IP_V4, "192.0.2.7", "");
    scene_item(scene, 2, "c.example.org", IP_V4, "192.0.2.7", "");
    for (size_t i = 0; i < COUNT(bodies); i++) {
        for (size_t j = 0; j < 3; j++) {
            struct verdict verdict = judge(scene, 200, bodies[i].body, j);

            if (verdict.verdict != bodies[i].verdicts[j])
                unit_wrong("%s: %zu: %d, %s", bodies[i].body, j, verdict.verdict, verdict.text);
            free(verdict.text);
        }
    }
    unit_all_right();
    scene_free(scene);
}

#define AGAIN(keys) STEP("status 429 { verdict = again " keys " }")

static const struct {
    const char *definition, *body, *headers;
    uint64_t retry_after_s, expected_s;
} waits[] = {
    {AGAIN(""), "", "", 0, 300}, /* where nobody says */
    {AGAIN("after = 5m"), "", "", 0, 300},
    /* What the server asks for counts, be it less. */
    {AGAIN("after = 5m"), "", "", 60, 60},
    {AGAIN("after = 5m"), "", "", 900, 900},
    {AGAIN(""), "", "", 900, 900},
    {AGAIN("after = 5m after-from = wait"), "{\"wait\":7}", "", 0, 7},
    {AGAIN("after = 5m after-from = wait"), "{\"wait\":\"7\"}", "", 60, 7},
    {AGAIN("after = 5m after-from = wait"), "{\"wait\":7.9}", "", 0, 7},
    {AGAIN("after = 5m after-from = wait"), "{\"wait\":0}", "", 0, 300},
    {AGAIN("after = 5m after-from = wait"), "{\"wait\":-7}", "", 0, 300},
    {AGAIN("after = 5m after-from = wait"), "{\"wait\":\"soon\"}", "", 0, 300},
    {AGAIN("after = 5m after-from = wait"), "{\"wait\":null}", "", 60, 60},
    {AGAIN("after = 5m after-from = wait"), "no JSON", "", 0, 300},
    {AGAIN("after-from = \"header:X-Reset\""), "", "x-reset: 42\r\n", 0, 42},
    {AGAIN("after-from = '/in ([0-9]+) seconds/'"), "try in 30 seconds", "", 0, 30},
    /* A time since the epoch; one that is past is no wait. */
    {AGAIN("after = 5m after-from = \"header:X-Reset\""), "", "X-Reset: 1700000090\r\n", 0, 90},
    {AGAIN("after = 5m after-from = \"header:X-Reset\""), "", "X-Reset: 1699999990\r\n", 0, 300},
    /* No longer than a day, whoever says so. */
    {AGAIN("after-from = wait"), "{\"wait\":86401}", "", 0, DAY_S},
    {AGAIN("after-from = wait"), "{\"wait\":999999999}", "", 0, DAY_S},
    {AGAIN("after-from = wait"), "{\"wait\":1900000000}", "", 0, DAY_S},
    {AGAIN("after-from = wait"), "{\"wait\":\"99999999999999999999\"}", "", 0, DAY_S},
    {AGAIN("after-from = wait"), "{\"wait\":\"-99999999999999999999\"}", "", 0, 300},
    /* Without a rule the server's own wait. */
    {STEP(""), "", "", 60, 60},
};

static void test_waits(void **state)
{
    (void)state;
    fake_timer_set_wall(NOW_S);
    for (size_t i = 0; i < COUNT(waits); i++) {
        struct scene *scene = scene_new(waits[i].definition);
        const struct http_answer http = {
            HTTP_DONE, 429, waits[i].body, strlen(waits[i].body), waits[i].headers, {waits[i].retry_after_s * 1000, 0},
            NULL};
        struct verdict verdict = judge_full(scene, &http, 0);

        if (verdict.verdict != ANSWER_AGAIN || verdict.after_ms != waits[i].expected_s * 1000)
            unit_wrong("%s    %s%s: %llu ms", waits[i].definition, waits[i].body, waits[i].headers,
                       (unsigned long long)verdict.after_ms);
        free(verdict.text);
        scene_free(scene);
    }
    unit_all_right();
}

/* No time ends a refusal, whatever the status: what is left is what the server asks for the others of the login. */
static void test_refusal_waits(void **state)
{
    struct scene *scene = scene_new(STEP("word badauth { verdict = refused-account }"));

    (void)state;
    for (uint64_t asked_ms = 0; asked_ms <= 60000; asked_ms += 60000) {
        const struct http_answer http = {HTTP_DONE, 429, "badauth", 7, "", {asked_ms, 0}, NULL};
        struct verdict verdict = judge_full(scene, &http, 0);

        assert_int_equal(verdict.verdict, ANSWER_REFUSED_ACCOUNT);
        assert_int_equal(verdict.after_ms, asked_ms);
        free(verdict.text);
    }
    scene_free(scene);
}

static const struct {
    const char *login, *password, *body, *text;
} leaks[] = {
    {"", "s3cret", "no s3cret here", "http: status 400: no {password} here"},
    {"", "s3cret", "s3crets3cret", "http: status 400: {password}{password}"},
    {"", "x", "x is wrong", "http: status 400: {password} is wrong"},
    {"", "a b&c", "GET /?p=a%20b%26c HTTP", "http: status 400: GET /?p={password} HTTP"},
    {"", "a,b:c*&", "p=a%2Cb%3Ac%2A%26", "http: status 400: p={password}"},
    {"", "a,b:c*&", "p=a,b:c*%26", "http: status 400: p={password}"},
    {"", "p@ss/word", "GET /update/p@ss%2Fword", "http: status 400: GET /update/{password}"},
    {"", "q\"uote", "{\\\"p\\\":\\\"q\\\"uote", "http: status 400: {\\\"p\\\":\\\"{password}"},
    {"", "a<b", "<p>a&lt;b</p>", "http: status 400: <p>{password}</p>"},
    {"", "s3cret", "Basic YWxpY2U6czNjcmV0", "http: status 400: Basic {username}:{password}"},
    {"login = \"{hostname}:{password}\"\n", "s3cret",
     "Basic aG9tZS5leGFtcGxlLm9yZzpzM2NyZXQ=", "http: status 400: Basic {hostname}:{password}"},
};

/* A server may repeat what it was sent, in each form in which it was: none of it is shown. */
static void test_secrets(void **state)
{
    char definition[256];

    (void)state;
    for (size_t i = 0; i < COUNT(leaks); i++) {
        struct scene *scene;
        struct verdict verdict;

        snprintf(definition, sizeof definition, "needs = { username, password }\nauth = basic\n%s" STEP(""),
                 leaks[i].login);
        scene = scene_new(definition);
        scene_password(scene, leaks[i].password);
        verdict = judge(scene, 400, leaks[i].body, 0);
        if (strcmp(verdict.text, leaks[i].text) != 0)
            unit_wrong("%s in %s: %s", leaks[i].password, leaks[i].body, verdict.text);
        free(verdict.text);
        scene_free(scene);
    }
    unit_all_right();
}

/* Options, and what was found, may be secrets; what is short is rather a word of its own. Good words are cleaned as bad ones are. */
static void test_other_secrets(void **state)
{
    struct scene *scene = scene_new("options = { key, mode }\n" STEP(""));
    struct verdict verdict;

    (void)state;
    scene_option(scene, "key=k-0123/789");
    scene_option(scene, "mode=direct");
    scene_found(scene, "token", "tok-en-12345");
    scene_found(scene, "id", "record-12345");
    scene_found(scene, "short", "here");
    verdict = judge(scene, 200, "direct k-0123/789 k-0123%2F789 tok-en-12345 record-12345 here secret", 0);
    assert_string_equal(verdict.text, "direct {key} {key} {token} {id} here {password}");
    free(verdict.text);
    scene_free(scene);
}

/* A token is as new as the answer that gives it: also there, and also where nobody knows what the answer means. */
static void test_new_secrets(void **state)
{
    static const struct {
        const char *get, *body, *text;
    } rows[] = {
        {"token=data.token", "{\"data\": {\"token\": \"tok-en-12345\"}}",
         "http: status 200: {\"data\": {\"token\": \"{token}\"}}: this answer is not known"},
        {"token=/token=([^ ]*)/", "so token=tok-en-12345 it is",
         "http: status 200: so token={token} it is: this answer is not known"},
        {"token=/token=([^ ]*)/", "good token=tok-en-12345", "good token={token}"},
        {"current=/at=([^ ]*)/", "good at=198.51.100.66", "good at=198.51.100.66"},
        {"zone=/in=([^ ]*)/", "good in=example.org", "good in=example.org"},
        {"token=/token=([^ ]*)/", "good", "good"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene *scene;
        struct verdict verdict;
        char definition[256];

        snprintf(definition, sizeof definition, STEP("get = '%s' word good { verdict = done }"), rows[i].get);
        scene = scene_new(definition);
        verdict = judge(scene, 200, rows[i].body, 0);
        if (strcmp(verdict.text, rows[i].text) != 0)
            unit_wrong("%s of %s: %s", rows[i].get, rows[i].body, verdict.text);
        free(verdict.text);
        scene_free(scene);
    }
    unit_all_right();
}

/* A secret that would be cut in two at the end is taken out before. */
static void test_long_words(void **state)
{
    struct scene *scene = scene_new(STEP(""));
    struct verdict verdict;
    char body[400];

    (void)state;
    memset(body, 'x', sizeof body);
    memcpy(body + 117, "secret", 6);
    body[sizeof body - 1] = '\0';
    verdict = judge(scene, 400, body, 0);
    assert_lacks(verdict.text, "sec");
    assert_true(strlen(verdict.text) < 150);
    free(verdict.text);
    scene_free(scene);
}

/* Hostile answers end in a verdict. */
static void test_rubbish(void **state)
{
    enum { BIG = 200000 };
    static const char *const bodies[] = {"{",      "[",    "\"",         "\x80\xff", "{}{}",
                                         "\n\n\n", " \t ", "[[[[[[[[[[", "{\"a\":}"};
    struct scene *scene =
        scene_new("like = rest\nwords = \"error.message\"\n" STEP("value \"ok=1\" { verdict = done }"));
    struct http_answer http = {HTTP_DONE, 200, NULL, BIG, "", {0}, NULL};
    char *big = malloc(BIG + 1);
    struct verdict verdict;

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        verdict = judge(scene, 200, bodies[i], 0);
        if (verdict.verdict != ANSWER_AGAIN)
            unit_wrong("%s: %d", bodies[i], verdict.verdict);
        free(verdict.text);
    }
    unit_all_right();
    assert_non_null(big);
    for (size_t i = 0; i < BIG; i++)
        big[i] = "x\n"[i % 2];
    big[BIG] = '\0';
    http.body = big;
    verdict = judge_full(scene, &http, 0);
    assert_int_equal(verdict.verdict, ANSWER_AGAIN);
    free(verdict.text);
    free(big);
    scene_free(scene);
}

/* Of each family that was sent: the right one of the one does not make up for the wrong one of the other. */
static void test_both_families(void **state)
{
    static const struct {
        const char *body;
        enum answer_verdict verdict;
    } bodies[] = {
        {"good 192.0.2.7,2001:db8::7", ANSWER_DONE},    {"good 2001:db8::7", ANSWER_DONE},
        {"good 192.0.2.8,2001:db8::7", ANSWER_REFUSED}, {"good 192.0.2.7 2001:db8::8", ANSWER_REFUSED},
        {"good 192.0.2.8 2001:db8::8", ANSWER_REFUSED}, {"good 2001:db8::1 2001:db8::7 192.0.2.7", ANSWER_DONE},
    };
    struct scene *scene = scene_new("families = both\n" STEP("word good { verdict = done }"));

    (void)state;
    scene_item(scene, 0, "home.example.org", IP_BOTH, "192.0.2.7,2001:db8::7", "");
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct verdict verdict = judge(scene, 200, bodies[i].body, 0);

        if (verdict.verdict != bodies[i].verdict)
            unit_wrong("%s: %d, %s", bodies[i].body, verdict.verdict, verdict.text);
        free(verdict.text);
    }
    unit_all_right();
    scene_free(scene);
}

static void test_is_other(void **state)
{
    static const struct {
        const char *text;
        bool other;
    } texts[] = {
        {"192.0.2.7", false},   {"192.0.2.8", true},   {"127.0.0.1", true},
        {"2001:db8::7", false}, {"2001:db8::8", true}, {"2001:DB8:0::7", false},
        {"home", false},        {"", false},           {"192.0.2.8/32", false},
    };
    struct scene *scene = scene_new(STEP(""));

    (void)state;
    scene_item(scene, 0, "home.example.org", IP_BOTH, "192.0.2.7,2001:db8::7", "");
    for (size_t i = 0; i < COUNT(texts); i++)
        if (verdict_is_other(&scene->items[0], texts[i].text) != texts[i].other)
            unit_wrong("%s", texts[i].text);
    unit_all_right();
    scene_item(scene, 0, "home.example.org", IP_V4, "192.0.2.7", "");
    assert_false(verdict_is_other(&scene->items[0], "2001:db8::8"));
    scene_item(scene, 0, "home.example.org", IP_V6, "2001:db8::7", "");
    assert_true(verdict_is_other(&scene->items[0], "127.0.0.1"));
    scene_free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),      cmocka_unit_test(test_lines),
        cmocka_unit_test(test_waits),         cmocka_unit_test(test_refusal_waits),
        cmocka_unit_test(test_secrets),       cmocka_unit_test(test_other_secrets),
        cmocka_unit_test(test_new_secrets),   cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_rubbish),       cmocka_unit_test(test_is_other),
        cmocka_unit_test(test_both_families),
    };

    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
