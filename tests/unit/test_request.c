#include "request.h"

#include "scene.h"

#include <sys/socket.h>

/* The request of the step update as lines: method and URL, headers, login, body. */
static char *made(struct scene *scene)
{
    struct request request;
    struct buf text = {0};

    free(request_lacks(&scene->values, scene_step(scene, "update")));
    request_make(&scene->values, scene_step(scene, "update"), &request);
    buf_addf(&text, "%s %s\n", request.http.method, request.http.url);
    for (const char *const *header = request.http.headers; header && *header; header++)
        buf_addf(&text, "%s\n", *header);
    if (request.http.username)
        buf_addf(&text, "login %s:%s\n", request.http.username, request.http.password);
    if (request.http.sigv4)
        buf_addf(&text, "sigv4 %s\n", request.http.sigv4);
    if (request.http.body)
        buf_addf(&text, "%s\n", request.http.body);
    request_clear(&request);
    return buf_take(&text);
}

#define STEP(keys) "step update { url = \"{server}/u\"\n" keys "}\n"
#define GET        "GET https://api.example.net/v1/u"
#define POST       "POST https://api.example.net/v1/u"
#define JSON       "Content-Type: application/json\n"
#define FORM       "Content-Type: application/x-www-form-urlencoded\n"

static const struct {
    const char *definition, *expected;
} requests[] = {
    {STEP(""), GET "\n"},
    {STEP("method = PATCH\n"), "PATCH https://api.example.net/v1/u\n"},
    {STEP("method = PUT json = '{\"a\":1}'\n"), "PUT https://api.example.net/v1/u\n" JSON "{\"a\":1}\n"},
    /* A body is posted, with the type that it has. */
    {STEP("json = '{\"a\":1}'\n"), POST "\n" JSON "{\"a\":1}\n"},
    {STEP("form = { \"a=1\", \"b={hostname}\" }\n"), POST "\n" FORM "a=1&b=home.example.org\n"},
    {STEP("xml = '<a>{ip}</a>'\n"), POST "\nContent-Type: application/xml\n<a>192.0.2.7</a>\n"},
    {STEP("body = 'ip {ip}'\n"), POST "\nContent-Type: text/plain\nip 192.0.2.7\n"},
    {STEP("json = '1' headers = \"content-type: application/vnd.x+json\"\n"),
     POST "\ncontent-type: application/vnd.x+json\n1\n"},
    {"headers = \"Content-Type: a/b\"\n" STEP("json = '1'\n"), POST "\nContent-Type: a/b\n1\n"},
    /* Pairs stand behind those of the URL; without a value they are left out, with an empty one they are not. */
    {STEP("query = { \"a={ip}\", \"b={ip6}\", \"c={zone}\", \"d=\" }\n"), GET "?a=192.0.2.7&d=\n"},
    {"step update { url = \"{server}/u?x={hostname}\" query = \"a=1\" }", GET "?x=home.example.org&a=1\n"},
    {"step update { url = \"{server}\" query = \"a=1\" }", "GET https://api.example.net/v1?a=1\n"},
    {STEP("query = { \"a={ip}:{hostname}\", \"b=x y&z=1\" }\n"), GET "?a=192.0.2.7:home.example.org&b=x%20y%26z%3D1\n"},
    {STEP("query = 'Data={\"Value\":\"{ip}\"}'\n"), GET "?Data=%7B%22Value%22:%22192.0.2.7%22%7D\n"},
    {"options = \"key=flag\"\n" STEP("query = '{key}'\n"), GET "?flag\n"},
    {STEP("form = { \"a=x y,:*\", \"b={ip6}\" }\n"), POST "\n" FORM "a=x%20y%2C%3A%2A\n"},
    /* Headers: those of the definition, then those of the step, which replace them; without a value they are left out. */
    {"headers = { \"X-A: 1\", \"X-B: {hostname}\", \"X-C: {ip6}\" }\n" STEP("headers = { \"x-a: 2\", \"X-D: 3\" }\n"),
     GET "\nX-B: home.example.org\nx-a: 2\nX-D: 3\n"},
    {"needs = { password }\nauth = bearer\n" STEP(""), GET "\nAuthorization: Bearer secret\n"},
    {"needs = { password }\nauth = bearer\n" STEP("auth = none\n"), GET "\n"},
    {"needs = { username, password }\nauth = basic\n" STEP(""), GET "\nlogin alice:secret\n"},
    {"needs = { password }\nauth = basic\nlogin = \"{hostname}:{password}:x\"\n" STEP(""),
     GET "\nlogin home.example.org:secret:x\n"},
    {"needs = { username, password }\nauth = basic\n" STEP("login = \"{password}\"\n"), GET "\nlogin secret:\n"},
    {"needs = { username, password }\nauth = \"sigv4 aws:amz:us-east-1:route53\"\n" STEP(""),
     GET "\nlogin alice:secret\nsigv4 aws:amz:us-east-1:route53\n"},
    /* JSON without blanks, and without members that have no value. */
    {STEP("json = '{ \"a\": \"{ip}\", \"b\": \"{ip6}\", \"c\": {ttl}, \"d\": {\"e\": \"x{zone}\"} }'\n"),
     POST "\n" JSON "{\"a\":\"192.0.2.7\",\"d\":{}}\n"},
    {"ttl = 60\n" STEP("json = '{\"c\": {ttl}, \"d\": \"{ttl}\", \"e\": {time-iso}}'\n"),
     POST "\n" JSON "{\"c\":60,\"d\":\"60\"}\n"},
    {"set content { ipv4 = '{\"A\": \"{ip}\"}' ipv6 = '0' }\n" STEP("json = '[{content}]'\n"),
     POST "\n" JSON "[{\"A\":\"192.0.2.7\"}]\n"},
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct scene *scene = scene_new(requests[i].definition);
        char *text = made(scene);

        if (strcmp(text, requests[i].expected) != 0)
            unit_wrong("%s    makes %s", requests[i].definition, text);
        free(text);
        scene_free(scene);
    }
    unit_all_right();
}

static void expect_made(struct scene *scene, const char *expected)
{
    char *text = made(scene);

    assert_string_equal(text, expected);
    free(text);
}

/* Each record of a batch has its own values. */
static void test_each(void **state)
{
    struct scene *scene = scene_new(
        "names = 9\n" STEP("json = '{\"sets\": [{each}]}'\n"
                           "each = '{\"n\": \"{name}\", \"t\": \"{type}\", \"r\": [{members}], \"o\": \"{old}\"}'\n"));

    (void)state;
    scene_set(&scene->provider.zone, "example.org");
    scene_item(scene, 1, "example.org", IP_V6, "2001:db8::7,2001:db8::9", "2001:db8::1");
    expect_made(scene, POST "\n" JSON "{\"sets\":[{\"n\":\"home\",\"t\":\"A\",\"r\":[\"192.0.2.7\"]},"
                            "{\"n\":\"@\",\"t\":\"AAAA\",\"r\":[\"2001:db8::7\",\"2001:db8::9\"],"
                            "\"o\":\"2001:db8::1\"}]}\n");
    scene_free(scene);
    scene = scene_new("names = 9\n" STEP("xml = '<l>{each}</l>'\neach = '<r n=\"{hostname}\">{members}</r>'\n"
                                         "member = '<v>{ip}</v>'\n"));
    scene_item(scene, 1, "b.example.org", IP_V4, "192.0.2.8,192.0.2.9", "");
    expect_made(scene, POST "\nContent-Type: application/xml\n<l><r n=\"home.example.org\"><v>192.0.2.7</v></r>"
                            "<r n=\"b.example.org\"><v>192.0.2.8</v><v>192.0.2.9</v></r></l>\n");
    scene_free(scene);
}

/* The addresses of others stand behind ours, and alone when ours is to go. */
static void test_members(void **state)
{
    struct scene *scene =
        scene_new(STEP("json = '[{members}]'\nmember = '{\"c\": \"{ip}\", \"n\": \"{hostname}\"}'\n"));
    struct ip other;

    (void)state;
    assert_true(ip_parse("198.51.100.1", &other));
    scene->values.others = malloc(sizeof other);
    assert_non_null(scene->values.others);
    scene->values.others[0] = other;
    scene->values.other_count = 1;
    expect_made(scene, POST "\n" JSON "[{\"c\":\"192.0.2.7\",\"n\":\"home.example.org\"},"
                            "{\"c\":\"198.51.100.1\",\"n\":\"home.example.org\"}]\n");
    scene_item(scene, 0, "home.example.org", IP_V4, "", "192.0.2.7");
    expect_made(scene, POST "\n" JSON "[{\"c\":\"198.51.100.1\",\"n\":\"home.example.org\"}]\n");
    scene_free(scene);
    scene = scene_new(STEP("body = '{members}'\nmember = 'a {ip};'\n"));
    scene_item(scene, 0, "home.example.org", IP_V4, "192.0.2.7,192.0.2.8", "");
    expect_made(scene, POST "\nContent-Type: text/plain\na 192.0.2.7;a 192.0.2.8;\n");
    scene_free(scene);
}

static void test_connection(void **state)
{
    struct scene *scene = scene_new("connect = family\nredirects = 3\n" STEP(""));
    struct request request;

    (void)state;
    request_make(&scene->values, scene_step(scene, "update"), &request);
    assert_int_equal(request.http.family, AF_INET);
    assert_int_equal(request.http.redirects, 3);
    request_clear(&request);
    scene_item(scene, 0, "home.example.org", IP_V6, "2001:db8::7", "");
    request_make(&scene->values, scene_step(scene, "update"), &request);
    assert_int_equal(request.http.family, AF_INET6);
    request_clear(&request);
    scene_free(scene);
    scene = scene_new(STEP(""));
    request_make(&scene->values, scene_step(scene, "update"), &request);
    assert_int_equal(request.http.family, 0);
    assert_int_equal(request.http.redirects, 0);
    request_clear(&request);
    scene_free(scene);
}

static void expect_signed(const char *definition, const char *data, const char *key, const char *format)
{
    struct scene *scene = scene_new(definition);
    char *sign = digest_make(DIGEST_SHA256, key, data, false), *text, expected[1024];

    scene->values.now_s = 1795385743;
    text = made(scene);
    snprintf(expected, sizeof expected, format, sign);
    if (strcmp(text, expected) != 0)
        unit_wrong("%s    makes %s    instead of %s", definition, text, expected);
    free(text);
    free(sign);
    scene_free(scene);
}

#define HMAC(key, data) "needs = { password }\nsign s { hmac = sha256 key = '" key "' data = '" data "' }\n"

/* A signature is of the request as it goes out: all of its parts, and its pairs but those that the signature is in. */
static void test_signs(void **state)
{
    (void)state;
    expect_signed(HMAC("{password}", "{method}{lf}{host}{lf}{path}{lf}{query}{lf}{body}")
                      STEP("query = { \"a={ip}:*\", \"z={s}\", \"b=1\" }\njson = '{ \"x\": 1 }'\n"),
                  "POST\napi.example.net\n/v1/u\na=192.0.2.7%3A%2A&b=1\n{\"x\":1}", "secret",
                  POST "?a=192.0.2.7%%3A%%2A&b=1&z=%s\n" JSON "{\"x\":1}\n");
    expect_signed(HMAC("{password}&", "GET&{query-encoded}") STEP("query = { \"a=x y\", \"s={s}\" }\n"),
                  "GET&a%3Dx%2520y", "secret&", GET "?a=x%%20y&s=%s\n");
    expect_signed(HMAC("k", "{url}") STEP("query = \"a=1\" headers = \"Sign: {s}\"\n"),
                  "https://api.example.net/v1/u?a=1", "k", GET "?a=1\nSign: %s\n");
    expect_signed("needs = { password }\nsign s { digest = sha256 data = '{time}{password}' }\n" STEP(
                      "query = { \"t={time}\", \"s={s}\", \"b=1\" }\n"),
                  "1795385743secret", NULL, GET "?t=1795385743&s=%s&b=1\n");
    expect_signed("sign s { digest = sha256 data = '{hostname}' }\n" STEP("json = '{\"s\": \"{s}\"}'\n"),
                  "home.example.org", NULL, POST "\n" JSON "{\"s\":\"%s\"}\n");
    expect_signed("sign s { digest = sha256 data = '{hostname}' }\nstep update { url = \"{server}/u/{s}\" }\n",
                  "home.example.org", NULL, GET "/%s\n");
    unit_all_right();
}

static void test_sign_chain(void **state)
{
    char *first = digest_make(DIGEST_SHA256, "secret", "20261122", false), key[256];

    (void)state;
    snprintf(key, sizeof key, "hex:%s", first);
    expect_signed("sign d { hmac = sha256 key = '{password}' data = '{date-basic}' }\n" HMAC("hex:{d}", "{path}")
                      STEP("headers = \"Sign: {s}\"\n"),
                  "/v1/u", key, GET "\nSign: %s\n");
    unit_all_right();
    free(first);
}

/* Made anew for each request: not that of the step before. */
static void test_sign_anew(void **state)
{
    struct scene *scene = scene_new("sign s { digest = sha256 data = '{time}' }\n" STEP("query = \"s={s}\"\n"));
    char *first, *second;

    (void)state;
    scene->values.now_s = 1;
    first = made(scene);
    scene->values.now_s = 2;
    second = made(scene);
    assert_string_not_equal(first, second);
    free(first);
    free(second);
    scene_free(scene);
}

static void test_lacks(void **state)
{
    static const struct {
        const char *url, *lacks;
    } urls[] = {
        {"{server}/u", NULL},
        {"{server}/{hostname}/{ip}", NULL},
        {"{server}/{zone}/{id}", "zone"},
        {"{server}/{id}", "id"},
        {"{server}/{macro}", "macro"},
        {"{server}/{sign}", NULL},
        /* What would name another thing: the one above, or all of them. */
        {"{server}/{empty}", "empty"},
        {"{server}/{dots}/x", "dots"},
        /* A pair of the query is left out. */
        {"{server}/?a={ip6}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        char definition[320], *lacks;
        struct scene *scene;

        snprintf(definition, sizeof definition,
                 "set macro { value = \"zones/{zone}\" }\nsign sign { digest = md5 data = \"{ip}\" }\n"
                 "step record { url = \"{server}\" get = \"id=id\" }\noptions = { \"empty=\", \"dots=..\" }\nstep "
                 "update { url = \"%s\" }\n",
                 urls[i].url);
        scene = scene_new(definition);
        lacks = request_lacks(&scene->values, scene_step(scene, "update"));
        if ((lacks == NULL) != (urls[i].lacks == NULL) || (lacks && strcmp(lacks, urls[i].lacks) != 0))
            unit_wrong("%s: %s", urls[i].url, lacks ? lacks : "nothing");
        free(lacks);
        scene_free(scene);
    }
    unit_all_right();
}

/* What people see: secrets by their names, also where they would be escaped. */
static void test_describe(void **state)
{
    struct scene *scene = scene_new("needs = { username, password }\nauth = basic\noptions = key\n" STEP(
        "query = { \"u={username}\", \"h={hostname}\", \"x={ip6}\" }\n"
        "json = '{\"p\": \"{password}\", \"k\": \"{key}\", \"ip\": \"{ip}\"}'\n"));
    char *text;

    (void)state;
    scene_option(scene, "key=0123456789");
    text = request_describe(&scene->values, scene_step(scene, "update"));
    assert_lacks(text, "secret");
    assert_lacks(text, "alice");
    assert_lacks(text, "0123456789");
    assert_contains(text, POST "?u={username}&h=home.example.org (basic {username}:{password}) ");
    assert_contains(text, "\"p\": \"{password}\"");
    assert_contains(text, "\"ip\": \"192.0.2.7\"");
    free(text);
    scene_free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),   cmocka_unit_test(test_each),  cmocka_unit_test(test_members),
        cmocka_unit_test(test_connection), cmocka_unit_test(test_signs), cmocka_unit_test(test_sign_chain),
        cmocka_unit_test(test_sign_anew),  cmocka_unit_test(test_lacks), cmocka_unit_test(test_describe),
    };

    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
