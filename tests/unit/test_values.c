#include "scene.h"

static const char definition[] = "options = { \"proxied\", \"label=none\" }\nneeds = { password, account }\n"
                                 "ttl = 300\nttl-unit = 60\n"
                                 "set field { ipv4 = \"v4-{ip}\" ipv6 = v6 }\nset only4 { ipv4 = x }\n"
                                 "step record { url = \"{server}/\" get = \"id=id\" }\n"
                                 "step update { url = \"{server}/\" }\n";

/* What is not set is shown as (none). */
static char *show(struct scene *scene, const char *text)
{
    const struct template_source source = {values_find, &scene->values};

    return template_is_set(text, &source) ? values_expand(&scene->values, text) : strdup("(none)");
}

static void expect(struct scene *scene, const char *text, const char *expected)
{
    char *shown = show(scene, text);

    if (strcmp(shown, expected) != 0)
        unit_wrong("%s: %s instead of %s", text, shown, expected);
    free(shown);
}

struct row {
    const char *text, *expected;
};

static void expect_all(struct scene *scene, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(scene, rows[i].text, rows[i].expected);
    unit_all_right();
}

static void test_login(void **state)
{
    static const struct row rows[] = {
        {"{server}", "https://api.example.net/v1"},
        {"{username}", "alice"},
        {"{password}", "secret"},
        {"{account}", "(none)"},
        {"{proxied}", "(none)"},
        {"{label}", "none"},
        {"{ttl}", "5"},
        {"{lf}", "\n"},
        {"{field}", "v4-192.0.2.7"},
        {"{only4}", "x"},
        {"{nothing}", "(none)"},
        {"{id}", "(none)"},
        {"{old}", "(none)"},
        {"{others}", "(none)"},
        {"{method}{url}{body}{query}{path}{host}", "(none)"},
        {"{each}", "(none)"},
        {"{members}", "(none)"},
    };
    struct scene *scene = scene_new(definition);

    (void)state;
    expect_all(scene, rows, COUNT(rows));
    scene_option(scene, "proxied=true");
    scene_option(scene, "label=a=b");
    scene_option(scene, "account=9");
    scene->provider.ttl = 61; /* rounded up: never below what was asked for */
    expect(scene, "{proxied} {label} {account} {ttl}", "true a=b 9 2");
    unit_all_right();
    scene_free(scene);
}

static void test_addresses(void **state)
{
    static const struct {
        enum ip_families families;
        const char *addresses, *old, *text, *expected;
    } rows[] = {
        {IP_V4, "192.0.2.7", "", "{ip} {ip4} {type}", "192.0.2.7 192.0.2.7 A"},
        {IP_V4, "192.0.2.7", "", "{ip6}", "(none)"},
        {IP_V6, "2001:db8::7", "", "{ip} {ip6} {type}", "2001:db8::7 2001:db8::7 AAAA"},
        {IP_V6, "2001:db8::7", "", "{ip4}", "(none)"},
        {IP_V6, "2001:db8::7", "", "{field}", "v6"},
        {IP_V6, "2001:db8::7", "", "{only4}", "(none)"},
        {IP_BOTH, "2001:db8::7,192.0.2.7", "", "{ip}", "192.0.2.7,2001:db8::7"},
        {IP_BOTH, "2001:db8::7,192.0.2.7", "", "{ip4} {ip6} {type}", "192.0.2.7 2001:db8::7 A"},
        {IP_V4, "192.0.2.7,192.0.2.9", "", "{ip}", "192.0.2.7,192.0.2.9"},
        {IP_V4, "192.0.2.7", "192.0.2.1", "{old}", "192.0.2.1"},
        {IP_V4, "", "192.0.2.1", "{ip}", "(none)"},
        {IP_V4, "", "192.0.2.1", "{type} {old}", "A 192.0.2.1"},
        {IP_V4, "", "192.0.2.1", "{ip4}", "(none)"},
    };
    struct scene *scene = scene_new(definition);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        scene_item(scene, 0, "home.example.org", rows[i].families, rows[i].addresses, rows[i].old);
        expect(scene, rows[i].text, rows[i].expected);
    }
    unit_all_right();
    scene_free(scene);
}

/* Of a family that is not in the request; the other one has its addresses. */
static void test_unmanaged(void **state)
{
    struct scene *scene = scene_new("unmanaged = preserve\nstep update { url = \"{server}/\" }\n");

    (void)state;
    expect(scene, "{ip4} {ip6}", "192.0.2.7 preserve");
    scene_item(scene, 0, "home.example.org", IP_V6, "2001:db8::7", "");
    expect(scene, "{ip4} {ip6}", "preserve 2001:db8::7");
    scene_free(scene);
    scene = scene_new("unmanaged = \"\"\nstep update { url = \"{server}/\" }\n");
    expect(scene, "[{ip6}]", "[]");
    unit_all_right();
    scene_free(scene);
}

static void test_names(void **state)
{
    static const struct {
        const char *name, *zone, *apex, *text, *expected;
    } rows[] = {
        {"home.example.org", NULL, NULL, "{hostname}", "home.example.org"},
        {"home.example.org", NULL, NULL, "{name}", "(none)"},
        {"home.example.org", NULL, NULL, "{sub}", "(none)"},
        {"home.example.org", NULL, NULL, "{zone}", "(none)"},
        {"home.example.org", "example.org", NULL, "{name}.{zone}", "home.example.org"},
        {"a.b.example.org", "example.org", NULL, "{name} {sub}", "a.b a.b"},
        {"example.org", "example.org", NULL, "{name}[{sub}]", "@[]"},
        {"example.org", "example.org", "*root*", "{name}[{sub}]", "*root*[]"},
        {"*.example.org", "example.org", NULL, "{name}", "*"},
        {"homeexample.org", "example.org", NULL, "{name}", "(none)"},
        {"example.com", "example.org", NULL, "{name}", "(none)"},
        {"org", "example.org", NULL, "{name}", "(none)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scene *scene = scene_new(definition);

        scene_set(&scene->provider.zone, rows[i].zone);
        if (rows[i].apex)
            scene_set(&scene->provider.definition->apex, rows[i].apex);
        scene_item(scene, 0, rows[i].name, IP_V4, "192.0.2.7", "");
        expect(scene, rows[i].text, rows[i].expected);
        scene_free(scene);
    }
    unit_all_right();
}

static void test_several_names(void **state)
{
    struct scene *scene = scene_new("names = 3\nstep update { url = \"{server}/\" }\n");

    (void)state;
    scene_item(scene, 1, "example.org", IP_V4, "192.0.2.7", "");
    scene_set(&scene->provider.zone, "example.org");
    expect(scene, "{hostname} {name} {sub}", "home.example.org,example.org home,@ home,");
    scene_item(scene, 2, "other.example.com", IP_V4, "192.0.2.7", "");
    expect(scene, "{hostname}", "home.example.org,example.org,other.example.com");
    expect(scene, "{name}", "(none)");
    unit_all_right();
    scene_free(scene);
}

/* The zone that a step found stands in place of the user's, until it finds none. */
static void test_found(void **state)
{
    struct scene *scene = scene_new(definition);

    (void)state;
    scene_set(&scene->provider.zone, "example.org");
    scene_found(scene, "id", "17");
    scene_found(scene, "zone", "home.example.org");
    expect(scene, "{id} {name} {zone}", "17 @ home.example.org");
    scene_found(scene, "id", "");
    expect(scene, "[{id}]", "[]");
    assert_false(values_has(&scene->values, "id"));
    scene_found(scene, "id", NULL);
    scene_found(scene, "zone", NULL);
    expect(scene, "{id}", "(none)");
    expect(scene, "{name}", "home");
    /* What an answer calls by a name of ours changes nothing. */
    scene_found(scene, "password", "other");
    scene_found(scene, "server", "https://evil.example");
    expect(scene, "{server} {password}", "https://api.example.net/v1 secret");
    values_clear(&scene->values);
    expect(scene, "{id}", "(none)");
    unit_all_right();
    scene_free(scene);
}

/* A value that looks like a placeholder is text; a macro's text is expanded, and its own letters stay. */
static void test_no_second_expansion(void **state)
{
    struct scene *scene = scene_new(definition);

    (void)state;
    scene_found(scene, "id", "{password}");
    scene_option(scene, "proxied={username}");
    expect(scene, "{id} {proxied} {field}", "{password} {username} v4-192.0.2.7");
    unit_all_right();
    scene_free(scene);
}

static void test_servers(void **state)
{
    struct scene *scene = scene_new("server4 = \"https://v4.example.net\"\nserver6 = \"https://v6.example.net\"\n"
                                    "families = both\nstep update { url = \"{server}/\" }\n");

    (void)state;
    expect(scene, "{server}", "https://v4.example.net");
    scene_item(scene, 0, "home.example.org", IP_BOTH, "192.0.2.7,2001:db8::7", "");
    expect(scene, "{server}", "https://api.example.net/v1");
    scene_item(scene, 0, "home.example.org", IP_V6, "2001:db8::7", "");
    expect(scene, "{server}", "https://v6.example.net");
    scene->provider.has_own_server = true;
    expect(scene, "{server}", "https://api.example.net/v1");
    unit_all_right();
    scene_free(scene);
}

static void test_prefix(void **state)
{
    struct scene *scene = scene_new(definition);

    (void)state;
    scene_item(scene, 0, "home.example.org", IP_V6, "2001:db8:0:1::7", "");
    expect(scene, "{prefix}", "(none)");
    scene->items[0].prefix_length = 56;
    expect(scene, "{prefix}/{prefix-length}", "2001:db8::/56");
    scene->items[0].prefix_length = 64;
    expect(scene, "{prefix}/{prefix-length}", "2001:db8:0:1::/64");
    scene_item(scene, 0, "home.example.org", IP_V4, "192.0.2.7", "");
    scene->items[0].prefix_length = 64;
    expect(scene, "{prefix-length}", "(none)");
    unit_all_right();
    scene_free(scene);
}

/* The forms of the services: ISO 8601, that of SigV4, and RFC 9110 section 5.6.7; in UTC, whatever the user's zone. */
static void test_times(void **state)
{
    static const struct row rows[] = {
        {"{time}", "1795385743"},
        {"{time-ms}", "1795385743000"},
        {"{expires}", "1795386343"},
        {"{time-iso}", "2026-11-22T22:15:43Z"},
        {"{time-basic}", "20261122T221543Z"},
        {"{time-http}", "Sun, 22 Nov 2026 22:15:43 GMT"},
        {"{date}", "2026-11-22"},
        {"{date-basic}", "20261122"},
        {"{nonce}", "00000000000000ff"},
    };
    struct scene *scene = scene_new(definition);

    (void)state;
    assert_int_equal(setenv("TZ", "Pacific/Kiritimati", 1), 0);
    scene->values.now_s = 1795385743;
    scene->values.nonce = 255;
    expect_all(scene, rows, COUNT(rows));
    scene_free(scene);
}

/* People see none of what is given by the user or by an answer, and all that is not. */
static void test_shown(void **state)
{
    static const char text[] = "{username} {password} {proxied} {id} {hostname} {ip} {type} {server}";
    struct scene *scene = scene_new(definition);
    const struct template_source source = {values_find, &scene->values};
    struct buf out = {0};

    (void)state;
    scene_option(scene, "proxied=true");
    scene_found(scene, "id", "17");
    template_expand(&out, text, &source, BUF_RAW, true);
    assert_string_equal(out.text, "{username} {password} {proxied} {id} home.example.org 192.0.2.7 A "
                                  "https://api.example.net/v1");
    buf_free(&out);
    scene_free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_unmanaged),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_several_names),
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_no_second_expansion),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_shown),
    };

    return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
