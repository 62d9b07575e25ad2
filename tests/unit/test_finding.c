#include "finding.h"

#include "fake_timer.h"
#include "scene.h"

/* What the step zone or record finds in an answer. */
static enum finding take(struct scene *scene, const char *title, const char *body)
{
    const struct http_answer http = {HTTP_DONE, 200, body, strlen(body), "X-Page: 2\r\n", {0}, NULL};
    struct verdict_answer answer;
    enum finding finding;

    verdict_read(&http, &answer);
    finding = finding_take(&answer, &scene->values, scene_step(scene, title), scene->memory);
    verdict_clear(&answer);
    return finding;
}

static void check_value(struct scene *scene, const char *name, const char *expected)
{
    const char *text = values_find(&scene->values, name).text;

    if ((text == NULL) != (expected == NULL) || (text && strcmp(text, expected) != 0))
        unit_wrong("%s: %s instead of %s", name, text ? text : "none", expected ? expected : "none");
}

#define STEP(title, keys) "step " title " { url = \"{server}/\"\n" keys " }\n"
#define END               STEP("update", "")
#define A                 "{\"id\":1,\"type\":\"A\",\"name\":\"home.example.org\",\"content\":\"192.0.2.1\"}"
#define AAAA              "{\"id\":2,\"type\":\"AAAA\",\"name\":\"home.example.org\",\"content\":\"2001:db8::1\"}"
#define OTHER             "{\"id\":3,\"type\":\"A\",\"name\":\"other.example.org\",\"content\":\"192.0.2.7\"}"
#define LIST(keys)        STEP("record", "list = records match = { \"type={type}\", \"name={hostname}\" }\n" keys) END
#define OF(elements)      "{\"records\":[" elements "]}"

static const struct {
    const char *definition, *body;
    enum finding finding;
    const char *id;
} finds[] = {
    /* The element whose members are equal, but for case and a dot at the end; a number equals its text. */
    {LIST("get = \"id=id\""), OF(AAAA "," OTHER "," A), FINDING_GOOD, "1"},
    {LIST("get = \"id=id\""), OF(AAAA "," OTHER), FINDING_NOTHING, NULL},
    {LIST("get = \"id=id\""), OF(""), FINDING_NOTHING, NULL},
    {LIST("get = \"id=id\""), OF("{\"id\":9,\"type\":\"a\",\"name\":\"HOME.Example.ORG.\"}"), FINDING_GOOD, "9"},
    {LIST("get = \"id=id\""), OF("{\"id\":9,\"type\":\"A\"}"), FINDING_NOTHING, NULL},
    {LIST("get = \"id=id\""), OF("{\"id\":9,\"type\":\"A\",\"name\":\"home\"}"), FINDING_NOTHING, NULL},
    {LIST("get = \"id=id\""), "{\"records\":{\"x\":" A ",\"y\":" AAAA "}}", FINDING_GOOD, "1"},
    {LIST("get = \"id=id\""), "{\"records\":null}", FINDING_NOTHING, NULL},
    {LIST("get = \"id=id\""), "{}", FINDING_NO_JSON, NULL},
    {LIST("get = \"id=id\"") "value \"ok=1\" { verdict = done }\n", "{\"ok\":1}", FINDING_NOTHING, NULL},
    {LIST("get = \"id=id\""), "no JSON", FINDING_NO_JSON, NULL},
    {LIST("get = \"id=id\""), OF("7,\"x\",[],null," A), FINDING_GOOD, "1"},
    {STEP("record", "list = \".\" match = \"n=5\" get = \"id=id\"") END, "[{\"id\":1,\"n\":4},{\"id\":2,\"n\":5}]",
     FINDING_GOOD, "2"},
    {STEP("record", "list = \".\" match = { \"a.0.b={type}\", \"c=\" } get = \"id=id\"") END,
     "[{\"id\":1,\"a\":[{\"b\":\"A\"}],\"c\":\"x\"},{\"id\":2,\"a\":[{\"b\":\"A\"}],\"c\":null}]", FINDING_GOOD, "2"},
    {"set field { ipv4 = a ipv6 = aaaa }\n" STEP("record", "list = \"of.{field}\" get = \"id=id\"") END,
     "{\"of\":{\"a\":[{\"id\":4}],\"aaaa\":[{\"id\":6}]}}", FINDING_GOOD, "4"},
    /* Several that fit, and nothing to tell which is ours. */
    {LIST("get = \"id=id\""), OF(A "," A), FINDING_SEVERAL, NULL},
    /* Without a list the answer itself. */
    {STEP("record", "get = \"id=a.0.id\"") END, "{\"a\":[{\"id\":\"x\"}]}", FINDING_GOOD, "x"},
    {STEP("record", "get = \"id=a.0.id\"") END, "{\"a\":[]}", FINDING_NOTHING, NULL},
    {STEP("record", "get = \"id=a.0.id\"") END, "text", FINDING_NO_JSON, NULL},
    {STEP("record", "get = { \"id=/id=([0-9]+)/\", \"x=header:x-page\" }") END, "a id=55 b", FINDING_GOOD, "55"},
    {STEP("record", "get = \"id=.\"") END, "\"whole\"", FINDING_GOOD, "whole"},
    {STEP("record", "") END, "anything", FINDING_GOOD, NULL},
    {STEP("record", "get = { \"id=id\", \"x=x\" }") END, "{\"x\":1}", FINDING_GOOD, NULL},
    /* An address that the answer confirms must be ours. */
    {STEP("record", "confirm = ip") END, "{\"ip\":\"192.0.2.7\"}", FINDING_GOOD, NULL},
    {STEP("record", "confirm = ip") END, "{\"ip\":\"192.0.2.8\"}", FINDING_OTHER, NULL},
    {STEP("record", "confirm = ip") END, "{\"ip\":\"2001:db8::8\"}", FINDING_GOOD, NULL},
    {STEP("record", "confirm = ip") END, "{}", FINDING_OTHER, NULL},
    {STEP("record", "confirm = ip") END, "{\"ip\":null}", FINDING_OTHER, NULL},
    /* Things of another kind than the definition needs: nobody knows what they are. */
    {LIST("get = \"id=id\""), "{\"records\":1}", FINDING_NO_JSON, NULL},
    {LIST("get = \"id=id\""), "{\"records\":\"x\"}", FINDING_NO_JSON, NULL},
    {LIST("get = \"id=x\""), OF("{\"x\":{},\"type\":\"A\",\"name\":\"home.example.org\"}"), FINDING_NO_JSON, NULL},
    {STEP("record", "get = \"id=id\"") END, "{\"id\":[1]}", FINDING_NO_JSON, NULL},
    /* What the record has now. */
    {STEP("record", "get = \"current=ip\"") END, "{\"ip\":\"192.0.2.7\"}", FINDING_UNCHANGED, NULL},
    {STEP("record", "get = \"current=ip\"") END, "{\"ip\":\"192.0.2.8\"}", FINDING_GOOD, NULL},
    {STEP("record", "get = \"current=ip\"") END, "{\"ip\":\"\"}", FINDING_GOOD, NULL},
};

static void test_finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(finds); i++) {
        struct scene *scene = scene_new(finds[i].definition);
        enum finding finding = take(scene, "record", finds[i].body);
        const char *id = values_find(&scene->values, "id").text;

        if (finding != finds[i].finding || (finds[i].id && (!id || strcmp(id, finds[i].id) != 0)) ||
            (finding != FINDING_GOOD && finding != FINDING_UNCHANGED && id))
            unit_wrong("%s    of %s: %d, %s", finds[i].definition, finds[i].body, finding, id ? id : "none");
        scene_free(scene);
    }
    unit_all_right();
}

/* What an answer does not have is not set any more. */
static void test_unset(void **state)
{
    struct scene *scene = scene_new(STEP("record", "get = { \"id=id\", \"x=x\" }") END);

    (void)state;
    assert_int_equal(take(scene, "record", "{\"id\":1,\"x\":2}"), FINDING_GOOD);
    assert_int_equal(take(scene, "record", "{\"x\":3}"), FINDING_GOOD);
    check_value(scene, "id", NULL);
    check_value(scene, "x", "3");
    unit_all_right();
    scene_free(scene);
}

#define R(id, ip) "{\"id\":" id ",\"ip\":\"" ip "\"}"

/* Of several records of a name only our own is taken; the others are noted, and never written over. */
static const struct {
    const char *addresses, *old, *body;
    enum finding finding;
    const char *id;
    size_t others;
} choices[] = {
    {"192.0.2.7", "", "[]", FINDING_NOTHING, NULL, 0},
    {"192.0.2.7", "", "[" R("1", "192.0.2.1") "]", FINDING_GOOD, "1", 0},
    {"192.0.2.7", "192.0.2.1", "[" R("1", "192.0.2.1") "]", FINDING_GOOD, "1", 0},
    {"192.0.2.7", "192.0.2.2", "[" R("1", "192.0.2.1") "]", FINDING_GOOD, "1", 0},
    {"192.0.2.7", "", "[" R("1", "192.0.2.7") "]", FINDING_UNCHANGED, "1", 0},
    {"192.0.2.7", "", "[{\"id\":1}]", FINDING_GOOD, "1", 0},
    {"192.0.2.7", "", "[" R("1", "192.0.2.1") "," R("2", "192.0.2.2") "]", FINDING_SEVERAL, NULL, 2},
    {"192.0.2.7", "192.0.2.9", "[" R("1", "192.0.2.1") "," R("2", "192.0.2.2") "]", FINDING_SEVERAL, NULL, 2},
    {"192.0.2.7", "192.0.2.2", "[" R("1", "192.0.2.1") "," R("2", "192.0.2.2") "]", FINDING_GOOD, "2", 1},
    {"192.0.2.7", "192.0.2.2", "[" R("2", "192.0.2.2") "," R("1", "192.0.2.1") "]", FINDING_GOOD, "2", 1},
    {"192.0.2.7", "", "[" R("1", "192.0.2.1") "," R("2", "192.0.2.7") "]", FINDING_UNCHANGED, "2", 1},
    /* The old one stayed beside the new one: it is ours still. */
    {"192.0.2.7", "192.0.2.1", "[" R("1", "192.0.2.1") "," R("2", "192.0.2.7") "]", FINDING_GOOD, "1", 0},
    {"192.0.2.7", "192.0.2.1", "[" R("2", "192.0.2.7") "," R("1", "192.0.2.1") "]", FINDING_GOOD, "1", 0},
    /* To be deleted: only what was published. */
    {"", "192.0.2.1", "[" R("1", "192.0.2.1") "," R("2", "192.0.2.2") "]", FINDING_GOOD, "1", 1},
    {"", "192.0.2.9", "[" R("1", "192.0.2.1") "," R("2", "192.0.2.2") "]", FINDING_NOTHING, NULL, 2},
    {"", "192.0.2.9", "[" R("1", "192.0.2.1") "]", FINDING_NOTHING, NULL, 1},
    {"", "", "[" R("1", "192.0.2.1") "]", FINDING_NOTHING, NULL, 1},
    {"", "", "[" R("1", "192.0.2.1") "," R("2", "192.0.2.2") "]", FINDING_NOTHING, NULL, 2},
};

static void test_choices(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(choices); i++) {
        struct scene *scene = scene_new(STEP("record", "list = \".\" get = { \"id=id\", \"current=ip\" }") END);
        enum finding finding;
        const char *id;

        scene_item(scene, 0, "home.example.org", IP_V4, choices[i].addresses, choices[i].old);
        finding = take(scene, "record", choices[i].body);
        id = values_find(&scene->values, "id").text;
        if (finding != choices[i].finding || (choices[i].id && (!id || strcmp(id, choices[i].id) != 0)) ||
            scene->values.other_count != choices[i].others)
            unit_wrong("%s after %s, %s: %d, %s, %zu others", choices[i].addresses, choices[i].old, choices[i].body,
                       finding, id ? id : "none", scene->values.other_count);
        assert_int_equal(values_has(&scene->values, "others"), choices[i].others > 0);
        scene_free(scene);
    }
    unit_all_right();
}

/* Elements of the elements, as in an rrset. */
static void test_members(void **state)
{
    struct scene *scene =
        scene_new(STEP("record", "list = sets match = \"type={type}\" members = values get = \"current=ip\"") END);
    static const char body[] = "{\"sets\":[{\"type\":\"AAAA\",\"values\":[{\"ip\":\"2001:db8::1\"}]},"
                               "{\"type\":\"A\",\"values\":[{\"ip\":\"192.0.2.1\"},{\"ip\":\"192.0.2.2\"}]}]}";

    (void)state;
    scene_item(scene, 0, "home.example.org", IP_V4, "192.0.2.7", "192.0.2.2");
    assert_int_equal(take(scene, "record", body), FINDING_GOOD);
    check_value(scene, "current", "192.0.2.2");
    assert_int_equal(scene->values.other_count, 1);
    /* A listing without others takes them away again. */
    assert_int_equal(take(scene, "record", "{\"sets\":[{\"type\":\"A\",\"values\":[{\"ip\":\"192.0.2.2\"}]}]}"),
                     FINDING_GOOD);
    assert_int_equal(scene->values.other_count, 0);
    unit_all_right();
    scene_free(scene);
}

/* Both families in one text of a record. */
static void test_both_in_one(void **state)
{
    struct scene *scene = scene_new("families = both\n" STEP("record", "list = \".\" get = \"current=ip\"") END);

    (void)state;
    scene_item(scene, 0, "home.example.org", IP_BOTH, "192.0.2.7,2001:db8::7", "");
    assert_int_equal(take(scene, "record", "[{\"ip\":\"192.0.2.7,2001:db8::7\"}]"), FINDING_UNCHANGED);
    assert_int_equal(take(scene, "record", "[{\"ip\":\"192.0.2.7,2001:db8::8\"}]"), FINDING_GOOD);
    scene_free(scene);
}

#define ZONES STEP("zone", "list = zones suffix = name get = { \"zone=name\", \"zone-id=id\" } keep = zone") END

static const struct {
    const char *name, *zones;
    enum finding finding;
    const char *id;
} suffixes[] = {
    {"home.example.org", "[{\"id\":1,\"name\":\"example.org\"}]", FINDING_GOOD, "1"},
    {"home.example.org", "[{\"id\":1,\"name\":\"Example.ORG.\"}]", FINDING_GOOD, "1"},
    {"example.org", "[{\"id\":1,\"name\":\"example.org\"}]", FINDING_GOOD, "1"},
    {"a.b.example.org",
     "[{\"id\":1,\"name\":\"example.org\"},{\"id\":2,\"name\":\"b.example.org\"},{\"id\":3,\"name\":\"org\"}]",
     FINDING_GOOD, "2"},
    {"a.b.example.org", "[{\"id\":2,\"name\":\"b.example.org\"},{\"id\":1,\"name\":\"example.org\"}]", FINDING_GOOD,
     "2"},
    {"homeexample.org", "[{\"id\":1,\"name\":\"example.org\"}]", FINDING_NOTHING, NULL},
    {"home.example.org", "[{\"id\":1,\"name\":\"ample.org\"}]", FINDING_NOTHING, NULL},
    {"example.org", "[{\"id\":1,\"name\":\"home.example.org\"}]", FINDING_NOTHING, NULL},
    {"home.example.org", "[{\"id\":1,\"name\":\"\"},{\"id\":2},{\"id\":3,\"name\":null},{\"id\":4,\"name\":\".\"}]",
     FINDING_NOTHING, NULL},
    {"home.example.org", "[{\"id\":1,\"name\":\"example.org\"},{\"id\":2,\"name\":\"example.org\"}]", FINDING_SEVERAL,
     NULL},
    {"a.b.example.org",
     "[{\"id\":1,\"name\":\"example.org\"},{\"id\":2,\"name\":\"example.org\"},{\"id\":3,\"name\":\"b.example.org\"}]",
     FINDING_GOOD, "3"},
    /* A zone that the service shows in Unicode, of a name that is ours as A-labels. */
    {"home.xn--bcher-kva.example", "[{\"id\":1,\"name\":\"xn--bcher-kva.example\"}]", FINDING_GOOD, "1"},
    {"home.xn--bcher-kva.example",
     "[{\"id\":1,\"name\":\"b\xc3\xbc"
     "cher.example\"}]",
     FINDING_GOOD, "1"},
    {"home.xn--bcher-kva.example",
     "[{\"id\":1,\"name\":\"B\xc3\x9c"
     "CHER.example.\"}]",
     FINDING_GOOD, "1"},
};

static void test_suffixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        struct scene *scene = scene_new(ZONES);
        enum finding finding;
        const char *id;
        char body[512];

        scene_item(scene, 0, suffixes[i].name, IP_V4, "192.0.2.7", "");
        snprintf(body, sizeof body, "{\"zones\":%s}", suffixes[i].zones);
        finding = take(scene, "zone", body);
        id = values_find(&scene->values, "zone-id").text;
        if (finding != suffixes[i].finding || (suffixes[i].id && (!id || strcmp(id, suffixes[i].id) != 0)))
            unit_wrong("%s of %s: %d, %s", suffixes[i].name, suffixes[i].zones, finding, id ? id : "none");
        scene_free(scene);
    }
    unit_all_right();
}

static bool recall(struct scene *scene, const char *title)
{
    return finding_recall(&scene->values, scene_step(scene, title), scene->memory);
}

/* From one listing the zones of all names are known: for each the longest. */
static void test_zones_kept(void **state)
{
    static const struct {
        const char *name, *id;
    } names[] = {{"x.example.org", "1"}, {"x.b.example.org", "2"}, {"b.example.org", "2"}, {"example.com", NULL}};
    struct scene *scene = scene_new(ZONES);

    (void)state;
    assert_false(recall(scene, "zone"));
    assert_int_equal(
        take(scene, "zone", "{\"zones\":[{\"id\":1,\"name\":\"example.org\"},{\"id\":2,\"name\":\"b.example.org\"}]}"),
        FINDING_GOOD);
    for (size_t i = 0; i < COUNT(names); i++) {
        values_clear(&scene->values);
        scene_item(scene, 0, names[i].name, IP_V4, "192.0.2.7", "");
        if (recall(scene, "zone") != (names[i].id != NULL))
            unit_wrong("%s", names[i].name);
        check_value(scene, "zone-id", names[i].id);
    }
    unit_all_right();
    scene_free(scene);
}

static void count_key(void *arg, const char *key, const char *name)
{
    size_t *count = arg;

    (void)key, (void)name;
    ++*count;
}

/* Another listing takes the place of the one before, which nobody lists any more, and of nothing else. */
static void test_zones_replaced(void **state)
{
    struct scene *scene = scene_new(ZONES);
    struct secret *token = secret_new("1");

    (void)state;
    memory_keep(scene->memory, "account", "token", token, 0);
    memory_keep(scene->memory, "record home.example.org A", "id", token, 0);
    secret_free(token);
    for (int i = 0; i < 100; i++) {
        size_t count = 0;
        char body[256];

        snprintf(body, sizeof body,
                 "{\"zones\":[{\"id\":%d,\"name\":\"z%d.example\"},{\"id\":2,\"name\":\"example.org\"}]}", i, i);
        assert_int_equal(take(scene, "zone", body), FINDING_GOOD);
        memory_walk(scene->memory, count_key, &count);
        assert_int_equal(count, 2 + 2 * 2); /* a zone has two values */
    }
    values_clear(&scene->values);
    assert_true(recall(scene, "zone"));
    check_value(scene, "zone-id", "2");
    unit_all_right();
    scene_free(scene);
}

/* In which scope a value is remembered: of another name, of another type, of another zone. */
static void test_scopes(void **state)
{
    static const struct {
        const char *keep;
        bool same_zone, other_type, other_zone;
    } scopes[] = {{"account", true, true, true}, {"zone", true, true, false}, {"record", false, false, false}};

    (void)state;
    for (size_t i = 0; i < COUNT(scopes); i++) {
        char definition[256];
        struct scene *scene;

        snprintf(definition, sizeof definition, STEP("record", "get = { \"id=id\", \"current=ip\" } keep = %s") END,
                 scopes[i].keep);
        scene = scene_new(definition);
        scene_set(&scene->provider.zone, "example.org");
        assert_int_equal(take(scene, "record", "{\"id\":1,\"ip\":\"192.0.2.1\"}"), FINDING_GOOD);
        values_clear(&scene->values);
        if (!recall(scene, "record"))
            unit_wrong("%s: is not kept", scopes[i].keep);
        check_value(scene, "id", "1");
        check_value(scene, "current", NULL); /* it was so then */
        scene_item(scene, 0, "home.example.org", IP_V6, "2001:db8::7", "");
        if (recall(scene, "record") != scopes[i].other_type)
            unit_wrong("%s: the other type", scopes[i].keep);
        scene_item(scene, 0, "b.example.org", IP_V4, "192.0.2.7", "");
        if (recall(scene, "record") != scopes[i].same_zone)
            unit_wrong("%s: another name of the zone", scopes[i].keep);
        scene_set(&scene->provider.zone, "example.com");
        scene_item(scene, 0, "home.example.com", IP_V4, "192.0.2.7", "");
        if (recall(scene, "record") != scopes[i].other_zone)
            unit_wrong("%s: another zone", scopes[i].keep);
        scene_free(scene);
    }
    unit_all_right();
}

/* Forgotten is what is of this record, its zone and the login; other zones and records are remembered. */
static void test_forget(void **state)
{
    struct scene *scene = scene_new(END);
    struct secret *id = secret_new("1");

    (void)state;
    scene_set(&scene->provider.zone, "example.org");
    memory_keep(scene->memory, "account", "token", id, 0);
    memory_keep(scene->memory, "zone example.org", "id", id, 0);
    memory_keep(scene->memory, "zone example.com", "id", id, 0);
    memory_keep(scene->memory, "record home.example.org A", "id", id, 0);
    memory_keep(scene->memory, "record home.example.org AAAA", "id", id, 0);
    finding_forget(&scene->values, scene->memory);
    assert_null(memory_find(scene->memory, "account", "token"));
    assert_null(memory_find(scene->memory, "zone example.org", "id"));
    assert_null(memory_find(scene->memory, "record home.example.org A", "id"));
    assert_non_null(memory_find(scene->memory, "zone example.com", "id"));
    assert_non_null(memory_find(scene->memory, "record home.example.org AAAA", "id"));
    secret_free(id);
    scene_free(scene);
}

/* As long as the definition says, or the answer in seconds, of which a tenth is left out. */
static void test_expires(void **state)
{
    static const struct {
        const char *expires, *body;
        uint64_t lives_ms; /* 0: for ever */
    } lifetimes[] = {
        {"", "{\"t\":\"x\"}", 0},
        {"expires = 30m", "{\"t\":\"x\"}", 1800000},
        {"expires = life", "{\"t\":\"x\",\"life\":3600}", 3240000},
        {"expires = life", "{\"t\":\"x\",\"life\":\"3600\"}", 3240000},
        {"expires = life", "{\"t\":\"x\"}", 1},
        {"expires = life", "{\"t\":\"x\",\"life\":0}", 1},
        {"expires = life", "{\"t\":\"x\",\"life\":\"never\"}", 1},
        {"expires = life", "{\"t\":\"x\",\"life\":-5}", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lifetimes); i++) {
        uint64_t lives = lifetimes[i].lives_ms ? lifetimes[i].lives_ms : UINT64_C(1) << 40;
        char definition[256];
        struct scene *scene;
        bool before, after;

        snprintf(definition, sizeof definition, STEP("token", "get = \"token=t\" keep = account %s") END,
                 lifetimes[i].expires);
        scene = scene_new(definition);
        assert_int_equal(take(scene, "token", lifetimes[i].body), FINDING_GOOD);
        fake_timer_advance(lives - 1);
        before = recall(scene, "token");
        fake_timer_advance(1);
        after = recall(scene, "token");
        if ((lives > 1 && !before) || after != (lifetimes[i].lives_ms == 0))
            unit_wrong("%s of %s: %d, %d", lifetimes[i].expires, lifetimes[i].body, before, after);
        scene_free(scene);
    }
    unit_all_right();
}

/* A page and the mark of the next one: read from the whole answer, and never remembered. */
static void test_more(void **state)
{
    struct scene *scene =
        scene_new(STEP("record", "list = l match = \"n={hostname}\" get = { \"id=id\", \"next=next\" }\n"
                                 "more = next keep = record") END);

    (void)state;
    assert_int_equal(take(scene, "record", "{\"l\":[{\"id\":1,\"n\":\"x\",\"next\":\"no\"}],\"next\":\"p2\"}"),
                     FINDING_NOTHING);
    check_value(scene, "next", "p2");
    assert_false(recall(scene, "record"));
    assert_int_equal(take(scene, "record", "{\"l\":[{\"id\":2,\"n\":\"home.example.org\"}]}"), FINDING_GOOD);
    check_value(scene, "next", NULL);
    check_value(scene, "id", "2");
    values_clear(&scene->values);
    assert_true(recall(scene, "record"));
    check_value(scene, "id", "2");
    unit_all_right();
    scene_free(scene);
}

/* With nothing to remember the step is asked each time. */
static void test_nothing_kept(void **state)
{
    struct scene *scene = scene_new(STEP("record", "get = \"current=ip\" keep = record") END);

    (void)state;
    if (take(scene, "record", "{\"ip\":\"192.0.2.1\"}") != FINDING_GOOD || recall(scene, "record"))
        unit_wrong("is not asked again");
    scene_free(scene);
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds),        cmocka_unit_test(test_unset),          cmocka_unit_test(test_choices),
        cmocka_unit_test(test_members),      cmocka_unit_test(test_both_in_one),    cmocka_unit_test(test_suffixes),
        cmocka_unit_test(test_zones_kept),   cmocka_unit_test(test_zones_replaced), cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_forget),       cmocka_unit_test(test_expires),        cmocka_unit_test(test_more),
        cmocka_unit_test(test_nothing_kept),
    };

    return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
