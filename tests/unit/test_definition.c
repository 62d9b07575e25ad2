/* Definitions as files: what is read, what is a fault, and what is known of those that are shipped. */
#include "loader.h"
#include "unit.h"

/* The definitions that are shipped all load; what must be known of them. */
static const struct {
    const char *name, *server; /* NULL: the configuration must give it */
    size_t names;
    bool both_families, both_required;
    const char *verdicts[8]; /* "word verdict minutes" */
} shipped[] = {
    {"dyndns2",
     NULL,
     20,
     true,
     false,
     {"good done 0", "nochg unchanged 0", "badauth refused-account 0", "nohost refused 0", "!yours refused 0",
      "abuse refused 0", "911 again 0", "401 refused-account 0"}},
    {"dyn",
     "https://members.dyndns.org",
     20,
     true,
     true,
     {"good done 0", "nochg unchanged 0", "badauth refused-account 0", "notfqdn refused 0", "dnserr again 0",
      "911 again 0"}},
    {"no-ip",
     "https://dynupdate.no-ip.com",
     20,
     true,
     false,
     {"good done 0", "nochg unchanged 0", "nohost refused 0", "badauth refused-account 0", "abuse refused-account 0",
      "911 again 0"}},
    {"changeip", "https://nic.changeip.com", 1, false, false, {"Successful done 0", "401 refused-account 0"}},
};

static const char *const verdict_words[] = {"done",   "unchanged", "again", "refused", "refused-account",
                                            "absent", "repeat"};

/* The first rule that fits counts. */
static const struct answer_rule *rule_for(const struct definition *definition, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < definition->rules.count; i++)
        for (const char *at = definition->rules.list[i].text; *at; at += strcspn(at, "|"), at += *at == '|')
            if (strncmp(at, text, length) == 0 && strcspn(at, "|") == length)
                return &definition->rules.list[i];
    return NULL;
}

/* As if the name stood in line 7 of the file f. */
static struct definition *find(const char *name, struct unit_faults *told)
{
    struct faults faults = {"f", unit_fault, told, false};
    struct definition *definition = loader_find(name, &faults, 7);

    assert_int_equal(faults.any, definition == NULL);
    return definition;
}

static bool has_auth(const struct definition *definition, const char *auth)
{
    return definition->auth && strcmp(definition->auth, auth) == 0;
}

static void try_shipped(size_t row, const struct definition *definition)
{
    bool same_server = !shipped[row].server == !definition->server &&
                       (!definition->server || strcmp(definition->server, shipped[row].server) == 0);
    const struct definition_step *update = definition_step(definition, "update");

    if (strcmp(definition->name, shipped[row].name) != 0 || !same_server || !definition->title || !definition->site ||
        definition->names != shipped[row].names || definition->both_families != shipped[row].both_families ||
        definition->both_required != shipped[row].both_required || !has_auth(definition, "basic") ||
        !definition_find(&definition->needs, "username") || !definition_find(&definition->needs, "password") ||
        !update || strncmp(update->url, "{server}", 8) != 0 || update->query.count == 0)
        unit_wrong("%s: its head", shipped[row].name);
    for (size_t i = 0; i < COUNT(shipped[row].verdicts) && shipped[row].verdicts[i]; i++) {
        char word[32], verdict[32];
        unsigned minutes;
        const struct answer_rule *rule;

        assert_int_equal(sscanf(shipped[row].verdicts[i], "%31s %31s %u", word, verdict, &minutes), 3);
        rule = rule_for(definition, word);
        if (!rule || strcmp(verdict_words[rule->verdict], verdict) != 0 || rule->after_ms != minutes * UINT64_C(60000))
            unit_wrong("%s: %s", shipped[row].name, word);
    }
}

static void test_shipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(shipped); i++) {
        struct unit_faults faults = {0};
        struct definition *definition = find(shipped[i].name, &faults);

        if (definition)
            try_shipped(i, definition);
        else
            unit_wrong("%s: %s", shipped[i].name, faults.text);
        definition_free(definition);
    }
    unit_all_right();
}

/* How long trouble lasts at least, and after how long a name is touched: of Dyn's dialect, of others that lose names, and
 * of those that do not. */
static void test_shipped_times(void **state)
{
    static const uint64_t minute_ms = 60000, day_ms = UINT64_C(24) * 3600 * 1000;
    static const struct {
        const char *name;
        uint64_t again_ms, refresh_ms;
    } rows[] = {{"dyn", 30 * minute_ms, 28 * day_ms},
                {"no-ip", 30 * minute_ms, 28 * day_ms},
                {"dyndns2", 0, 28 * day_ms},
                {"duckdns", 0, 25 * day_ms},
                {"dy-fi", 0, 5 * day_ms},
                {"desec", 0, 0},
                {"cloudflare", 0, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unit_faults faults = {0};
        struct definition *definition = find(rows[i].name, &faults);

        assert_non_null(definition);
        if (definition->again_ms != rows[i].again_ms || definition->refresh_ms != rows[i].refresh_ms)
            unit_wrong("%s: again %llu, refresh %llu ms", rows[i].name, (unsigned long long)definition->again_ms,
                       (unsigned long long)definition->refresh_ms);
        definition_free(definition);
    }
    unit_all_right();
}

static void test_unknown(void **state)
{
    static const char *const cases[][2] = {
        {"dyndns2x", "f:7: there is no provider 'dyndns2x': did you mean 'dyndns2'?\n"},
        {"no-ipp", "f:7: there is no provider 'no-ipp': did you mean 'no-ip'?\n"},
        {"something-else", "f:7: there is no provider 'something-else' (wanddns providers lists them)\n"},
        {"", "f:7: there is no provider '' (wanddns providers lists them)\n"},
        /* A name is never a path. */
        {"../providers/dyn", "f:7: there is no provider"},
        {"/etc/passwd", "f:7: there is no provider"},
        {".hidden", "f:7: there is no provider"},
        {"dyn/", "f:7: there is no provider"},
        {"dyn.conf", "f:7: there is no provider"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct unit_faults faults = {0};

        if (find(cases[i][0], &faults) || strncmp(faults.text, cases[i][1], strlen(cases[i][1])) != 0)
            unit_wrong("%s: %s", cases[i][0], faults.text);
        else if (faults.count != 1)
            unit_wrong("%s: %zu faults", cases[i][0], faults.count);
    }
    unit_all_right();
}

/* A definition without fault; the tests replace a line of it. */
#define TITLE          "title = \"A test\"\n"
#define NEEDS          "needs = { username, password }\n"
#define STEP(lines)    "step update {\n" lines "}\n"
#define URL            "url = \"{server}/update\"\n"
#define QUERY          "query = { \"host={hostname}\", \"ip={ip}\" }\n"
#define SERVER         "server = \"https://example.org\"\n"
#define DELETE(lines)  "step delete {\n" lines "}\n"
#define ADDRESS(lines) "step address {\n" lines "}\n"
#define RULE           "word good { verdict = done }\n"
#define WHOLE          TITLE NEEDS STEP(URL QUERY "auth = basic\n") RULE

static const struct {
    const char *text;
    const char *fault; /* "line: part"; NULL: good */
} texts[] = {
    {WHOLE, NULL},
    {TITLE STEP(URL) RULE, NULL},
    {TITLE STEP(URL), NULL}, /* then 2xx is success */
    {TITLE RULE, NULL},      /* a base for others */
    {TITLE STEP(URL "auth = none\n") "text \"all is well\" { verdict = done }", NULL},
    {WHOLE "status 500-599 { verdict = again after = 5m means = \"trouble\" }", NULL},
    {WHOLE "names = 20\nfamilies = both\nserver = \"https://example.org\"\nsite = x\n", NULL},
    {NEEDS STEP(URL) RULE, "1: there is no title"},
    {TITLE STEP(QUERY) RULE, "2: step update: there is no url"},
    {TITLE STEP(URL "auth = basic\n") RULE, "needs"},
    {TITLE "needs = { username }\n" STEP(URL "auth = basic\n") RULE, "needs"},
    {TITLE "needs = { username }\nauth = basic\n" STEP(URL) RULE, "3: auth = basic: password must be among the needs"},
    {TITLE "auth = bearer\n" STEP(URL) RULE, "2: auth = bearer: password must be among the needs"},
    {TITLE "needs = { key }\nauth = basic\nlogin = \"{key}:\"\n" STEP(URL) RULE, NULL},
    /* What the user must give, or may, has a name. */
    {TITLE "needs = { colour }\noptions = { size, \"mood=good\" }\n" STEP("url = \"{server}/{colour}/{size}/{mood}\"\n")
         RULE,
     NULL},
    {TITLE "needs = { Colour }\n" STEP(URL) RULE, "2: needs: 'Colour' is no name"},
    {TITLE "options = { a_b }\n" STEP(URL) RULE, "2: options: 'a_b' is no name"},
    {TITLE STEP("url = \"https://example.org/\"\n") RULE, "3: url: does not begin with {server}"},
    {TITLE "options = \"base=https://example.org\"\n" STEP("url = \"{base}/x\"\n") RULE, NULL},
    {TITLE "options = \"base=http://example.org\"\n" STEP("url = \"{base}/x\"\n") RULE, "4: url: does not begin with"},
    {TITLE STEP("url = \"{server}/{what}\"\n") RULE, "3: url: unknown placeholder {what}"},
    {TITLE STEP("url = \"{server}/{ip\"\n") RULE, "3: url: this is no placeholder: {ip"},
    {TITLE STEP(URL "query = { \"a=b\",\n \"host={hostnam}\" }\n") RULE, "5: query: unknown placeholder {hostnam}"},
    {TITLE STEP(URL "auth = digest\n") RULE, "4: auth: 'digest' is not none, basic, bearer or 'sigv4 ...'"},
    {TITLE "auth = digest\n" STEP(URL) RULE, "2: auth: 'digest' is not none"},
    {WHOLE "names = 0\n", "9: names: '0' is no number from 1"},
    {WHOLE "names = many\n", "9: names: 'many' is no number"},
    {WHOLE "names = 1001\n", "names: more than 1000 in a request"},
    {WHOLE "families = three\n", "9: families: 'three' is not one, both or both-required"},
    {WHOLE "word x { }\n", "9: word 'x' has no verdict"},
    {WHOLE "word x { verdict = perhaps }\n", "9: verdict: 'perhaps' is not done"},
    {WHOLE "word \"\" { verdict = done }\n", "9: word: its title is empty"},
    {WHOLE "status 99 { verdict = done }\n", "9: status: '99' is no HTTP status"},
    {WHOLE "status 600 { verdict = done }\n", "9: status: '600' is no"},
    {WHOLE "status 500-400 { verdict = done }\n", "9: status: '500-400' is no"},
    {WHOLE "status 500- { verdict = done }\n", "9: status: '500-' is no"},
    {WHOLE "status x { verdict = done }\n", "9: status: 'x' is no"},
    {WHOLE "word x { verdict = again after = soon }\n", "9: after: 'soon' is no duration"},
    {WHOLE "word x { verdict = done after = 5m }\n", "9: after: only goes with the verdict again"},
    {WHOLE "wrd x { verdict = done }\n", "9: did you mean 'word'?"},
    {WHOLE "word x { verdct = done }\n", "9: did you mean 'verdict'?"},
    {"like = no-such-thing\n" WHOLE, "1: no-such-thing"},
    /* Several addresses of a family. */
    {WHOLE "values = one\n", NULL},
    {WHOLE "values = many\n", NULL},
    {WHOLE "values = few\n", "9: values: 'few' is not one or many"},
    {WHOLE "values = 4\n", "9: values: '4' is not one or many"},
    /* What a request may tell of the address. */
    {TITLE STEP(URL "query = { \"p={prefix}\", \"l={prefix-length}\", \"t={type}\" }\n") RULE, NULL},
    {TITLE STEP("url = \"{server}/{type}/{prefix}/{prefix-length}\"\n") RULE, NULL},
    {TITLE STEP(URL "query = { \"p={prefix_length}\" }\n") RULE, "4: query: this is no placeholder: {prefix_length"},
    {TITLE STEP(URL "query = { \"flag\" }\n") RULE, "4: query: 'flag' is not of the form name=value"},
    {TITLE STEP(URL "query = { \"=x\" }\n") RULE, "4: query: '=x' is not of the form name=value"},
    {TITLE STEP(URL "query = { \"{hostname}\", \"{ip}=x\" }\n") RULE, NULL},
    /* Taking a record away. */
    {WHOLE DELETE("url = \"{server}/delete/{hostname}\"\n"), NULL},
    {WHOLE DELETE("url = \"{server}/delete/{type}\"\nquery = { \"host={hostname}\" }\nauth = basic\n"), NULL},
    {TITLE SERVER DELETE("url = \"{server}/delete/{hostname}\"\n") ADDRESS(URL) RULE,
     "1: there is a step delete, and no step that publishes"},
    {WHOLE DELETE("url = \"https://192.0.2.1/delete\"\n"), "10: url: does not begin with {server}"},
    {WHOLE DELETE("url = \"{server}/{hostname}/{ip}\"\n"), "10: url: a deletion knows no address"},
    {WHOLE DELETE("url = \"{server}/{what}\"\n"), "10: url: unknown placeholder {what}"},
    {WHOLE DELETE(URL "query = { \"a={what}\" }\n"), "11: query: unknown placeholder {what}"},
    {WHOLE DELETE(URL "auth = digest\n"), "11: auth: 'digest' is not none"},
    {TITLE STEP(URL) RULE DELETE(URL "auth = basic\n"), "needs"},
    {TITLE "needs = { password }\n" STEP(URL) RULE DELETE(URL "auth = basic\n"), "needs"},
    /* Asking for our own address: needs no words, but https. */
    {TITLE SERVER ADDRESS(URL), NULL},
    {TITLE SERVER ADDRESS("url = \"{server}\"\nget = \"ip=client.ip\"\n"), NULL},
    {WHOLE SERVER ADDRESS(URL), NULL},
    {TITLE ADDRESS(URL), "step address: the server must begin with https://"},
    {TITLE "server = \"http://example.org\"\n" ADDRESS(URL), "step address: the server must begin with https://"},
    {TITLE SERVER ADDRESS("get = \"ip=ip\"\n"), "3: step address: there is no url"},
    {TITLE SERVER ADDRESS("url = \"https://example.org/\"\n"), "4: url: does not begin with {server}"},
    {TITLE SERVER ADDRESS("url = \"{server}/{hostname}\"\n"), "url: step address knows no placeholder but {server}"},
    {TITLE SERVER ADDRESS("url = \"{server}/{server}\"\n"), "url: step address knows no placeholder but {server}"},
    {TITLE SERVER ADDRESS(URL QUERY), "5: step address: has only url and get"},
    {TITLE SERVER ADDRESS(URL "auth = none\n"), "5: step address: has only url and get"},
    {TITLE SERVER ADDRESS(URL "got = \"ip=ip\"\n"), "5: did you mean 'get'?"},
    {TITLE SERVER ADDRESS(URL "get = \"ip=/([0-9.]+)/\"\n"), "5: step address: get has only a path into JSON"},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *path = unit_file(*state, "x.conf", texts[i].text, 0600);
        struct unit_faults faults = {0};
        struct definition *definition = loader_read(path, unit_fault, &faults);
        const char *expected = texts[i].fault, *part = expected ? expected + strspn(expected, "0123456789") : NULL;
        char line[600];

        snprintf(line, sizeof line, "%s:%.*s", path, part ? (int)(part - expected) : 0, expected ? expected : "");
        part = part && strncmp(part, ": ", 2) == 0 ? part + 2 : part;
        if (!definition != (expected != NULL) || (faults.count > 0) != (expected != NULL))
            unit_wrong("row %zu: %s    is \"%s\", not %s", i, texts[i].text, faults.text, expected ? expected : "good");
        else if (expected && (strncmp(faults.text, line, strlen(line)) != 0 || !strstr(faults.text, part)))
            unit_wrong("row %zu: %s    gives %s    not %s", i, texts[i].text, faults.text, expected);
        definition_free(definition);
        free(path);
    }
    unit_all_right();
}

static struct definition *read_good(const char *folder, const char *text)
{
    char *path = unit_file(folder, "x.conf", text, 0600);
    struct unit_faults faults = {0};
    struct definition *definition = loader_read(path, unit_fault, &faults);

    assert_string_equal(faults.text, "");
    assert_non_null(definition);
    free(path);
    return definition;
}

static void test_fields(void **state)
{
    struct definition *definition =
        read_good(*state, WHOLE "names = 3\nfamilies = both\nserver = \"https://example.org\"\n"
                                "status 401 { verdict = refused-account means = \"wrong\" }\n"
                                "text fine { verdict = unchanged }\nstatus 500-599 { verdict = again after = 5m }\n");
    const struct definition_step *update = definition_step(definition, "update");
    const struct answer_rule *rules = definition->rules.list;

    assert_string_equal(definition->name, "x");
    assert_string_equal(definition->title, "A test");
    assert_string_equal(update->url, "{server}/update");
    assert_int_equal(update->query.count, 2);
    assert_string_equal(update->query.list[1], "ip={ip}");
    assert_string_equal(update->auth, "basic");
    assert_null(definition->auth);
    assert_int_equal(definition->names, 3);
    assert_true(definition->both_families && !definition->both_required);
    assert_int_equal(definition->rules.count, 4);
    /* In the order of the file, whatever their kinds. */
    assert_int_equal(rules[0].match, ANSWER_WORD);
    assert_int_equal(rules[1].match, ANSWER_STATUS);
    assert_int_equal(rules[1].status_low, 401);
    assert_int_equal(rules[1].status_high, 401);
    assert_string_equal(rules[1].means, "wrong");
    assert_int_equal(rules[2].match, ANSWER_TEXT);
    assert_string_equal(rules[2].text, "fine");
    assert_int_equal(rules[3].status_low, 500);
    assert_int_equal(rules[3].status_high, 599);
    assert_int_equal(rules[3].after_ms, 300000);
    definition_free(definition);
}

/* Each step has its own URL, pairs and login. */
static void test_steps(void **state)
{
    struct definition *definition =
        read_good(*state, WHOLE
                  "values = many\n" SERVER DELETE("url = \"{server}/delete/{type}\"\nquery = { \"name={hostname}\" }\n")
                      ADDRESS("url = \"{server}/ip\"\nget = \"ip=client.ip\"\n"));
    const struct definition_step *update = definition_step(definition, "update");
    const struct definition_step *removal = definition_step(definition, "delete");
    const struct definition_step *address = definition_step(definition, "address");

    assert_int_equal(definition->step_count, 3);
    assert_true(definition->many_values);
    assert_string_equal(update->url, "{server}/update");
    assert_int_equal(update->flows, DEFINITION_UPDATE);
    assert_int_equal(update->query.count, 2);
    assert_string_equal(update->auth, "basic");
    assert_int_equal(update->get.count, 0);
    assert_string_equal(removal->url, "{server}/delete/{type}");
    assert_int_equal(removal->flows, DEFINITION_DELETE);
    assert_int_equal(removal->query.count, 1);
    assert_string_equal(removal->query.list[0], "name={hostname}");
    assert_null(removal->auth);
    assert_string_equal(address->url, "{server}/ip");
    assert_int_equal(address->query.count, 0);
    assert_string_equal(definition_text(definition_find(&address->get, "ip")), "client.ip");
    assert_true(definition_publishes(definition) && definition_deletes(definition));
    definition_free(definition);
}

/* What is not there is NULL, and one value is what a name has. */
static void test_no_steps(void **state)
{
    struct definition *definition = read_good(*state, WHOLE);

    assert_null(definition_step(definition, "delete"));
    assert_null(definition_step(definition, "address"));
    assert_true(definition_publishes(definition) && !definition_deletes(definition));
    assert_false(definition_has_each(definition) || definition_keeps(definition));
    assert_false(definition->many_values || definition->both_families);
    assert_int_equal(definition->names, 1);
    definition_free(definition);
}

/* An echo service publishes nothing, nor does what others only build on. */
static void test_publishes_nothing(void **state)
{
    static const char *const some[] = {TITLE SERVER ADDRESS(URL), TITLE RULE};

    for (size_t i = 0; i < COUNT(some); i++) {
        struct definition *definition = read_good(*state, some[i]);

        assert_false(definition_publishes(definition) || definition_deletes(definition));
        definition_free(definition);
    }
}

/* A step that is added to a definition, or changed in one thing, leaves the others and the rest of it. */
static void test_like_steps(void **state)
{
    struct definition *definition = read_good(
        *state, "like = dyndns2\nvalues = many\n" DELETE("url = \"{server}/delete/{hostname}\"\nauth = basic\n")
                    STEP("url = \"{server}/other\"\n"));
    const struct definition_step *update = definition_step(definition, "update");
    const struct definition_step *removal = definition_step(definition, "delete");

    assert_true(definition->many_values && has_auth(definition, "basic"));
    assert_string_equal(removal->url, "{server}/delete/{hostname}");
    assert_string_equal(removal->auth, "basic");
    assert_string_equal(update->url, "{server}/other");
    assert_int_equal(update->query.count, 2);
    definition_free(definition);
}

/* The echo services that are shipped: asked over https, and of nothing else. */
static void test_shipped_services(void **state)
{
    static const char *const services[] = {"icanhazip", "ident-me", "ipify"};

    (void)state;
    for (size_t i = 0; i < COUNT(services); i++) {
        struct unit_faults faults = {0};
        struct definition *definition = find(services[i], &faults);
        const struct definition_step *step = definition ? definition_step(definition, "address") : NULL;

        if (!step || strncmp(definition->server, "https://", 8) != 0 || strncmp(step->url, "{server}", 8) != 0 ||
            strchr(step->url + 1, '{') || definition_publishes(definition) || definition->needs.count)
            unit_wrong("%s: %s %s", services[i], step ? step->url : "no url", faults.text);
        definition_free(definition);
    }
    unit_all_right();
}

/* What a definition says itself stands before what it takes from the one it is like. */
static void test_like(void **state)
{
    struct definition *definition = read_good(
        *state, "like = dyndns2\ntitle = \"Mine\"\nnames = 1\nfamilies = one\nword good { verdict = again }\n");

    assert_string_equal(definition->name, "x");
    assert_string_equal(definition->title, "Mine");
    assert_int_equal(definition->names, 1);
    assert_true(has_auth(definition, "basic") && !definition->both_families);
    assert_int_equal(rule_for(definition, "good")->verdict, ANSWER_AGAIN);
    assert_int_equal(rule_for(definition, "nochg")->verdict, ANSWER_UNCHANGED);
    definition_free(definition);
}

/* Definitions that are like each other for ever come to an end; a fault in one is told with its own file. */
static void test_like_chain(void **state)
{
    char *providers = getenv("WANDDNS_PROVIDERS") ? strdup(getenv("WANDDNS_PROVIDERS")) : NULL;
    char *self = unit_file(*state, "self.conf", "like = self\n", 0600);
    char *a = unit_file(*state, "a.conf", "like = b\n", 0600), *b = unit_file(*state, "b.conf", "like = a\n", 0600);
    char *bad = unit_file(*state, "bad.conf", TITLE "\nnames = no\n", 0600),
         *user = unit_file(*state, "user.conf", "like = bad\n", 0600);
    struct unit_faults faults = {0};

    assert_non_null(providers);
    setenv("WANDDNS_PROVIDERS", *state, 1);
    assert_null(find("self", &faults));
    assert_null(find("a", &faults));
    assert_int_equal(faults.count, 2);
    assert_contains(faults.text, "self.conf:1: ");
    assert_contains(faults.text, ".conf:1: like: too many definitions build on each other");
    faults = (struct unit_faults){0};
    assert_null(find("user", &faults));
    assert_contains(faults.text, "bad.conf:3: names");
    setenv("WANDDNS_PROVIDERS", providers, 1);
    free(providers);
    free(self);
    free(a);
    free(b);
    free(bad);
    free(user);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, unit_setup_folder, unit_teardown_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped), cmocka_unit_test(test_shipped_times),
        cmocka_unit_test(test_unknown), WITH_FOLDER(test_texts),
        WITH_FOLDER(test_fields),       WITH_FOLDER(test_like),
        WITH_FOLDER(test_like_chain),   WITH_FOLDER(test_steps),
        WITH_FOLDER(test_no_steps),     WITH_FOLDER(test_publishes_nothing),
        WITH_FOLDER(test_like_steps),   cmocka_unit_test(test_shipped_services),
    };

    return cmocka_run_group_tests_name("definition", tests, NULL, NULL);
}
