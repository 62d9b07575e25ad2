/* A value can never break out of its place: hostile ones in every place of a request, read back by libcurl and jansson. */
#include "request.h"
#include "scene.h"

#include <ctype.h>
#include <curl/curl.h>
#include <jansson.h>

/* Each place has its own step's key; {x} is the value, and what stands around it must stay. */
static const char definition[] =
    "options = x\n"
    "step update { url = \"{server}/\" }\n"
    "step path { url = \"{server}/a/{x}/b\" }\n"
    "step end { url = \"{server}/a/{x}\" }\n"
    "step url-query { url = \"{server}/a?one={x}&two=2\" }\n"
    "step query { url = \"{server}/a\" query = { \"one={x}\", \"two=2\" } }\n"
    "step form { url = \"{server}/a\" form = { \"one={x}\", \"two=2\" } }\n"
    "step header { url = \"{server}/a\" headers = { \"X-One: {x}\", \"X-Two: 2\" } }\n"
    "step text { url = \"{server}/a\" json = '{\"one\": \"{x}\", \"two\": 2}' }\n"
    "step inner { url = \"{server}/a\" json = '{\"a\": [\"-{x}-\", {\"b\": \"{x}\"}], \"two\": 2}' }\n"
    "step key { url = \"{server}/a\" json = '{\"k{x}\": 1, \"two\": 2}' }\n"
    "step bare { url = \"{server}/a\" json = '{\"one\": {x}, \"two\": 2}' }\n"
    "step xml { url = \"{server}/a\" xml = '<a v=\"{x}\" w=\"{x}\">{x}</a><b/>' }\n"
    "step each { url = \"{server}/a\" json = '{\"l\": [{each}], \"two\": 2}' each = '{\"one\": \"{x}\"}' }\n"
    "step member { url = \"{server}/a\" json = '{\"l\": [{members}], \"two\": 2}' member = '{\"one\": \"{x}\"}' }\n";

/* With a NUL behind each. */
static const char nasty[] =
    "\000 \000\"\000'\000\\\000\\\"\000\\u0022\000{\000}\000}{\000{x}\000{password}\000{server}\000"
    "1,\"two\":3\0001}\0001 \00001\000-\000-1\0001.5\0001e5\000true\000True\000false\000null\000NaN\000[]\000"
    "{}\0000x1f\000+1\000.5\0001.\000--1\0001.2.3\000\n\000\r\000\t\000\x01\x1f\x7f\000<b>\000</a><evil/>\000"
    "]]>\000<!--\000&lt;\000&\000&two=3\000&amp;two=3\000;two=3\000#\000#f\000?\000?two=3\000%\000%00\000"
    "%2e%2e\000%2F\000%zz\000+\000/\000//\000/../..\000../\000..\\..\000a/../../b\000:80\000user:pass@\000;\000"
    ",\000=\000==\000a=b\000*\000~\000$(id)\000`id`\000${HOME}\000\342\200\256evil\000\xef\xbb\xbf\000\xe2\x80\xa8\000"
    "\xef\xbf\xbe\000\",\"two\":3,\"x\":\"\000\r\nX-Evil: 1\000a\r\n\r\nGET / HTTP/1.1\000@evil.example\000"
    "http://evil.example/\000b\303\274cher.example\000\xf0\x9f\x8e\x89\000";

static bool is_utf8(const char *text)
{
    json_t *json = json_string(text);

    json_decref(json);
    return json != NULL;
}

/* From here on each check is told what is wrong with unit_wrong(). */
static struct scene *scene;

static void make(const char *title, const char *value, struct request *request)
{
    scene_found(scene, "x", value);
    request_make(&scene->values, scene_step(scene, title), request);
}

static char *url_part(const char *url, CURLUPart part)
{
    CURLU *parsed = curl_url();
    char *text = NULL, *copy = NULL;

    if (!curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS) && !curl_url_get(parsed, part, &text, 0)) {
        copy = strdup(text);
        curl_free(text);
    }
    curl_url_cleanup(parsed);
    return copy;
}

static bool part_is(const char *url, CURLUPart part, const char *expected)
{
    char *text = url_part(url, part);
    bool is = strcmp(text ? text : "(none)", expected ? expected : "(none)") == 0;

    free(text);
    return is;
}

/* Is text front, then the value with %XX, then back? */
static bool holds(const char *text, const char *front, const char *value, const char *back)
{
    size_t length = text ? strlen(text) : 0, first = strlen(front), last = strlen(back);
    int decoded_length = 0;
    char *inner, *decoded;
    bool is;

    if (length < first + last || strncmp(text, front, first) != 0 || strcmp(text + length - last, back) != 0)
        return false;
    inner = strndup(text + first, length - first - last);
    decoded = curl_easy_unescape(NULL, inner, 0, &decoded_length);
    is = !strpbrk(inner, "/?#&=+ \"'<>\\") && (size_t)decoded_length == strlen(value) && strcmp(decoded, value) == 0;
    for (const char *c = inner; *c; c++)
        is &= isgraph((unsigned char)*c) != 0;
    curl_free(decoded);
    free(inner);
    return is;
}

static bool is_our_server(const char *url)
{
    return part_is(url, CURLUPART_HOST, "api.example.net") && part_is(url, CURLUPART_PORT, NULL) &&
           part_is(url, CURLUPART_SCHEME, "https") && part_is(url, CURLUPART_USER, NULL) &&
           part_is(url, CURLUPART_FRAGMENT, NULL);
}

static void check_url(const char *title, const char *value, CURLUPart part, const char *front, const char *back)
{
    struct request request;
    char *text;

    make(title, value, &request);
    text = url_part(request.url, part);
    if (!is_our_server(request.url) || !holds(text, front, value, back) ||
        !part_is(request.url, part == CURLUPART_PATH ? CURLUPART_QUERY : CURLUPART_PATH,
                 part == CURLUPART_PATH ? NULL : "/v1/a"))
        unit_wrong("%s: \"%s\" makes %s", title, value, request.url);
    free(text);
    request_clear(&request);
}

static void check_urls(const char *value)
{
    check_url("path", value, CURLUPART_PATH, "/v1/a/", "/b");
    check_url("end", value, CURLUPART_PATH, "/v1/a/", "");
    check_url("url-query", value, CURLUPART_QUERY, "one=", "&two=2");
    check_url("query", value, CURLUPART_QUERY, "one=", "&two=2");
}

static void check_form(const char *value)
{
    struct request request;

    make("form", value, &request);
    if (!holds(request.body, "one=", value, "&two=2"))
        unit_wrong("form: \"%s\" makes %s", value, request.body);
    request_clear(&request);
}

/* The value without its control characters, which headers and XML cannot have. */
static char *without_controls(const char *value)
{
    char *text = strdup(value), *to = text;

    for (const char *from = text; *from; from++)
        if ((unsigned char)*from >= ' ' && *from != 0x7f)
            *to++ = *from;
    *to = '\0';
    return text;
}

static void check_header(const char *value)
{
    char *plain = without_controls(value);
    struct request request;

    make("header", value, &request);
    if (strncmp(request.headers[0], "X-One: ", 7) != 0 || strcmp(request.headers[0] + 7, plain) != 0 ||
        strcmp(request.headers[1], "X-Two: 2") != 0 || request.headers[2])
        unit_wrong("header: \"%s\" makes %s", value, request.headers[0]);
    free(plain);
    request_clear(&request);
}

static bool is_text(const json_t *json, const char *front, const char *value, const char *back)
{
    const char *text = json_string_value(json);
    size_t first = strlen(front), length = strlen(value);

    return text && strlen(text) == first + length + strlen(back) && strncmp(text, front, first) == 0 &&
           strncmp(text + first, value, length) == 0 && strcmp(text + first + length, back) == 0;
}

static bool is_right_json(const char *title, const json_t *json, const char *value)
{
    const json_t *two = json_object_get(json, "two"), *list;
    const char *key;
    json_t *member;

    if (json_object_size(json) != 2 || json_integer_value(two) != 2)
        return false;
    if (strcmp(title, "text") == 0)
        return is_text(json_object_get(json, "one"), "", value, "");
    if (strcmp(title, "inner") == 0) {
        list = json_object_get(json, "a");
        return json_array_size(list) == 2 && is_text(json_array_get(list, 0), "-", value, "-") &&
               json_object_size(json_array_get(list, 1)) == 1 &&
               is_text(json_object_get(json_array_get(list, 1), "b"), "", value, "");
    }
    if (strcmp(title, "key") == 0) {
        json_object_foreach ((json_t *)json, key, member)
            if (member != two)
                return key[0] == 'k' && strcmp(key + 1, value) == 0 && json_integer_value(member) == 1;
        return false;
    }
    list = json_object_get(json, "l");
    return json_array_size(list) == 1 && json_object_size(json_array_get(list, 0)) == 1 &&
           is_text(json_object_get(json_array_get(list, 0), "one"), "", value, "");
}

static void check_json(const char *value)
{
    static const char *const titles[] = {"text", "inner", "key", "each", "member"};

    for (size_t i = 0; i < COUNT(titles) && is_utf8(value); i++) {
        struct request request;
        json_t *json;

        make(titles[i], value, &request);
        json = json_loads(request.body, JSON_REJECT_DUPLICATES, NULL);
        if (!is_right_json(titles[i], json, value))
            unit_wrong("json %s: \"%s\" makes %s", titles[i], value, request.body);
        json_decref(json);
        request_clear(&request);
    }
}

/* Outside of strings a number, true or false is itself; anything else is no member at all. */
static void check_bare(const char *value)
{
    struct request request;
    json_t *json, *one, *expected = json_loads(value, JSON_DECODE_ANY, NULL);
    bool is_literal = !strpbrk(value, " \t\r\n") &&
                      (json_is_boolean(expected) || (json_is_number(expected) && !strpbrk(value, "eE")));

    make("bare", value, &request);
    json = json_loads(request.body, JSON_REJECT_DUPLICATES, NULL);
    one = json_object_get(json, "one");
    if (json_integer_value(json_object_get(json, "two")) != 2 || json_object_size(json) != (is_literal ? 2 : 1) ||
        (is_literal && !json_equal(one, expected)))
        unit_wrong("json: \"%s\" makes %s", value, request.body);
    json_decref(expected);
    json_decref(json);
    request_clear(&request);
}

/* Entities back to their characters. */
static char *unescaped(const char *text, size_t length)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    char *plain = calloc(1, length + 1);

    assert_non_null(plain);
    for (size_t i = 0, to = 0; i < length; i++) {
        plain[to] = text[i];
        for (size_t j = 0; j < COUNT(entities) && text[i] == '&'; j++)
            if (strncmp(text + i, entities[j], strlen(entities[j])) == 0) {
                plain[to] = "&<>\"'"[j];
                i += strlen(entities[j]) - 1;
                break;
            }
        to++;
    }
    return plain;
}

/* The text up to this end: without markup, and the value when it is read. */
static bool take_xml(const char **at, const char *value, const char *end)
{
    const char *stop = strstr(*at, end);
    size_t length = stop ? (size_t)(stop - *at) : 0;
    char *raw = strndup(*at, length), *plain = unescaped(*at, length);
    bool is = stop && !strpbrk(raw, "<>\"'") && strcmp(plain, value) == 0;

    *at = stop ? stop + strlen(end) : "";
    free(raw);
    free(plain);
    return is;
}

static void check_xml(const char *value)
{
    char *plain = without_controls(value);
    struct request request;
    const char *at;

    make("xml", value, &request);
    at = request.body + strlen("<a v=\"");
    if (!take_xml(&at, plain, "\" w=\"") || !take_xml(&at, plain, "\">") || !take_xml(&at, plain, "</a><b/>") || *at)
        unit_wrong("xml: \"%s\" makes %s", value, request.body);
    free(plain);
    request_clear(&request);
}

/* In an expression a value stands for itself. */
static void check_regex(const char *value)
{
    const struct template_source source = {values_find, &scene->values};
    struct buf body = {0};
    char *found;

    buf_addf(&body, "a(%s)z", value);
    scene_found(scene, "x", value);
    found = answer_value(&(struct http_answer){.body = body.text, .headers = ""}, NULL, "/a[(]({x})[)]z/", &source);
    if (!found || strcmp(found, value) != 0)
        unit_wrong("regex: \"%s\" finds %s", value, found ? found : "nothing");
    free(found);
    buf_free(&body);
}

static void check_all(const char *value)
{
    check_urls(value);
    check_form(value);
    check_header(value);
    check_json(value);
    check_bare(value);
    check_xml(value);
}

static void test_nasty(void **state)
{
    (void)state;
    for (const char *value = nasty; value < nasty + sizeof nasty - 1; value += strlen(value) + 1) {
        check_all(value);
        check_regex(value);
    }
    unit_all_right();
}

/* Bytes of all kinds, but for NUL, which no value can hold. Every second text is of such bytes as mean something. */
static void test_random(void **state)
{
    static const char special[] = "\"'\\{}[]<>&%/?#=+:;@,. \r\n\t*()|^$-~x1";
    struct unit_random random;
    char value[64];

    (void)state;
    unit_random_seed(&random, 4);
    for (int i = 0; i < 3000; i++) {
        size_t length = unit_random(&random, sizeof value);

        for (size_t j = 0; j < length; j++)
            value[j] =
                i % 2 ? (char)(1 + unit_random(&random, 255)) : special[unit_random(&random, sizeof special - 1)];
        value[length < sizeof value ? length : sizeof value - 1] = '\0';
        if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
            continue;
        check_all(value);
        if (is_utf8(value))
            check_regex(value);
    }
    unit_all_right();
}

/* However long: 100,000 characters that all mean something. */
static void test_long(void **state)
{
    enum { LONG = 100000 };
    char *value = malloc(LONG + 1);

    (void)state;
    assert_non_null(value);
    for (size_t i = 0; i < LONG; i++)
        value[i] = "\"<&%/\\{"[i % 7];
    value[LONG] = '\0';
    check_all(value);
    unit_all_right();
    free(value);
}

/* A whole segment of one or two dots is a way, not a name (RFC 3986 section 5.2.4), and no escape helps: such a request
 * is not made. */
static void test_dots(void **state)
{
    static const char *const titles[] = {"path", "end"}, *const dots[] = {".", ".."};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char *lacks;

        scene_found(scene, "x", dots[i % 2]);
        lacks = request_lacks(&scene->values, scene_step(scene, titles[i / 2]));
        if (!lacks)
            unit_wrong("%s: %s is sent", titles[i / 2], dots[i % 2]);
        free(lacks);
    }
    unit_all_right();
}

/* What is signed is escaped strictly: nothing stays but the unreserved characters. */
static void test_strict(void **state)
{
    static const char stays[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%=&";
    struct scene *plain = scene;

    (void)state;
    scene = scene_new("options = x\nsign s { digest = md5 data = x }\n"
                      "step query { url = \"{server}/a?one={x}\" query = \"two=2\" }\n"
                      "step update { url = \"{server}/\" }\n");
    for (const char *value = nasty; value < nasty + sizeof nasty - 1; value += strlen(value) + 1) {
        struct request request;
        const char *query;

        check_url("query", value, CURLUPART_QUERY, "one=", "&two=2");
        make("query", value, &request);
        query = request.url + strcspn(request.url, "?") + 1;
        if (query[strspn(query, stays)])
            unit_wrong("strict: \"%s\" makes %s", value, request.url);
        request_clear(&request);
    }
    unit_all_right();
    scene_free(scene);
    scene = plain;
}

static int setup(void **state)
{
    (void)state;
    scene = scene_new(definition);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_free(scene);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nasty), cmocka_unit_test(test_random), cmocka_unit_test(test_long),
        cmocka_unit_test(test_dots),  cmocka_unit_test(test_strict),
    };

    return cmocka_run_group_tests_name("hostile", tests, setup, teardown);
}
