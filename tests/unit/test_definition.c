#include "definition.h"

#include "unit.h"

/* The definitions that are shipped all load; what must be known of them. */
static const struct {
    const char *name, *server; /* NULL: the configuration must give it */
    size_t names_max;
    bool both_families, basic;
    const char *verdicts[8]; /* "word verdict minutes" */
} shipped[] = {
    {"dyndns2",
     NULL,
     20,
     true,
     true,
     {"good done 0", "nochg unchanged 0", "badauth refused-account 0", "nohost refused 0", "!yours refused 0",
      "abuse refused 0", "911 again 0", "401 refused-account 0"}},
    {"dyn",
     "https://members.dyndns.org",
     20,
     true,
     true,
     {"good done 0", "nochg unchanged 0", "badauth refused-account 0", "notfqdn refused 0", "dnserr again 30",
      "911 again 30"}},
    {"no-ip",
     "https://dynupdate.no-ip.com",
     20,
     true,
     true,
     {"good done 0", "nochg unchanged 0", "nohost refused 0", "badauth refused-account 0", "abuse refused 0",
      "911 again 30"}},
    {"changeip", "https://nic.changeip.com", 1, false, true, {"Successful done 0", "401 refused-account 0"}},
};

static const char *const verdict_words[] = {"done", "unchanged", "again", "refused", "refused-account"};

/* The first rule that fits counts. */
static const struct definition_rule *rule_for(const struct definition *definition, const char *text)
{
    for (size_t i = 0; i < definition->rule_count; i++)
        if (strcmp(definition->rules[i].text, text) == 0)
            return &definition->rules[i];
    return NULL;
}

static void try_shipped(size_t row, const struct definition *definition)
{
    bool same_server = !shipped[row].server == !definition->server &&
                       (!definition->server || strcmp(definition->server, shipped[row].server) == 0);

    if (strcmp(definition->name, shipped[row].name) != 0 || !same_server ||
        definition->names_max != shipped[row].names_max || definition->both_families != shipped[row].both_families ||
        definition->update.basic != shipped[row].basic || !definition->needs_username || !definition->needs_password ||
        strncmp(definition->update.url, "{server}", 8) != 0 || definition->update.query_count == 0 ||
        !definition->title)
        unit_wrong("%s: its head", shipped[row].name);
    for (size_t i = 0; i < COUNT(shipped[row].verdicts) && shipped[row].verdicts[i]; i++) {
        char word[32], verdict[32];
        unsigned minutes;
        const struct definition_rule *rule;

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
        struct definition *definition = definition_load(shipped[i].name, "f", 1, unit_fault, &faults);

        if (definition)
            try_shipped(i, definition);
        else
            unit_wrong("%s: %s", shipped[i].name, faults.text);
        definition_free(definition);
    }
    unit_all_right();
}

static void test_unknown(void **state)
{
    static const char *const cases[][2] = {
        {"dyndns", "f:7: there is no provider 'dyndns': did you mean 'dyndns2'?\n"},
        {"noip", "f:7: there is no provider 'noip': did you mean 'no-ip'?\n"},
        {"something-else", "f:7: there is no provider 'something-else'\n"},
        {"", "f:7: there is no provider ''\n"},
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

        if (definition_load(cases[i][0], "f", 7, unit_fault, &faults) ||
            strncmp(faults.text, cases[i][1], strlen(cases[i][1])) != 0)
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
    {TITLE STEP(URL "auth = none\n") "text \"all is well\" { verdict = done }", NULL},
    {WHOLE "status 500-599 { verdict = again after = 5m means = \"trouble\" }", NULL},
    {WHOLE "names = 20\nfamilies = both\nserver = \"https://example.org\"\nsite = x\n", NULL},
    {NEEDS STEP(URL) RULE, "title"},
    {TITLE RULE, "url"},
    {TITLE STEP(QUERY) RULE, "url"},
    {TITLE STEP(URL), "verdict"},
    {TITLE STEP(URL "auth = basic\n") RULE, "needs"},
    {TITLE "needs = { username }\n" STEP(URL "auth = basic\n") RULE, "needs"},
    {WHOLE "needs = { colour }\n", "9: "},
    {TITLE "needs = { colour }\n" STEP(URL) RULE, "2: "},
    {TITLE STEP("url = \"https://example.org/\"\n") RULE, "3: {server}"},
    {TITLE STEP("url = \"{server}/{what}\"\n") RULE, "3: {what}"},
    {TITLE STEP("url = \"{server}/{ip\"\n") RULE, "3: brace"},
    {TITLE STEP(URL "query = { \"a=b\",\n \"host={hostnam}\" }\n") RULE, "5: {hostnam}"},
    {TITLE STEP(URL "auth = digest\n") RULE, "4: digest"},
    {TITLE "step other {\n" URL "}\n" RULE, "2: other"},
    {WHOLE "names = 0\n", "9: names"},
    {WHOLE "names = many\n", "9: names"},
    {WHOLE "names = 1001\n", "9: names"},
    {WHOLE "families = three\n", "9: families"},
    {WHOLE "word x { }\n", "9: x"},
    {WHOLE "word x { verdict = perhaps }\n", "9: perhaps"},
    {WHOLE "word \"\" { verdict = done }\n", "9: empty"},
    {WHOLE "status 99 { verdict = done }\n", "9: 99"},
    {WHOLE "status 600 { verdict = done }\n", "9: 600"},
    {WHOLE "status 500-400 { verdict = done }\n", "9: 500-400"},
    {WHOLE "status 500- { verdict = done }\n", "9: 500-"},
    {WHOLE "status x { verdict = done }\n", "9: 'x'"},
    {WHOLE "word x { verdict = again after = soon }\n", "9: soon"},
    {WHOLE "word x { verdict = done after = 5m }\n", "9: after"},
    {WHOLE "wrd x { verdict = done }\n", "9: did you mean 'word'?"},
    {WHOLE "word x { verdct = done }\n", "9: did you mean 'verdict'?"},
    {"like = no-such-thing\n" WHOLE, "1: no-such-thing"},
    /* Several addresses of a family. */
    {WHOLE "values = one\n", NULL},
    {WHOLE "values = many\n", NULL},
    {WHOLE "values = few\n", "9: values: 'few' is neither one nor many"},
    {WHOLE "values = 4\n", "9: values: '4' is neither one nor many"},
    /* What a request may tell of the address. */
    {TITLE STEP(URL "query = { \"p={prefix}\", \"l={prefix-length}\", \"t={type}\" }\n") RULE, NULL},
    {TITLE STEP("url = \"{server}/{type}/{prefix}/{prefix-length}\"\n") RULE, NULL},
    {TITLE STEP(URL "query = { \"p={prefix_length}\" }\n") RULE, "4: {prefix_length}"},
    {TITLE STEP(URL "query = { \"{ip}=x\" }\n") RULE, "4: query: '{ip}=x' is not of the form name=value"},
    {TITLE STEP(URL "query = { \"flag\" }\n") RULE, "4: query: 'flag' is not of the form name=value"},
    /* Taking a record away. */
    {WHOLE DELETE("url = \"{server}/delete/{hostname}\"\n"), NULL},
    {WHOLE DELETE("url = \"{server}/delete/{type}\"\nquery = { \"host={hostname}\" }\nauth = basic\n"), NULL},
    {TITLE DELETE("url = \"{server}/delete/{hostname}\"\n") RULE, "1: there is no step with a url"},
    {TITLE SERVER DELETE("url = \"{server}/delete/{hostname}\"\n") ADDRESS(URL) RULE,
     "1: there is a step delete, and no step update"},
    {WHOLE DELETE("url = \"https://192.0.2.1/delete\"\n"), "10: url: does not begin with {server}"},
    {WHOLE DELETE("url = \"{server}/delete\"\n"), "1: step delete: {hostname} must say which record it is"},
    {WHOLE DELETE("url = \"{server}/{hostname}/{ip}\"\n"), "1: step delete: knows no address"},
    {WHOLE DELETE("url = \"{server}/{hostname}\"\nquery = { \"p={prefix-length}\" }\n"),
     "1: step delete: knows no address"},
    {WHOLE DELETE("url = \"{server}/{what}\"\n"), "10: {what}"},
    {WHOLE DELETE(URL "query = { \"a={what}\" }\n"), "11: {what}"},
    {WHOLE DELETE(URL "auth = digest\n"), "11: auth: 'digest' is neither basic nor none"},
    {WHOLE DELETE(URL "json = ip\n"), "11: json: only step address has it"},
    {TITLE STEP(URL) RULE DELETE(URL "auth = basic\n"), "1: auth = basic: username and password"},
    {TITLE "needs = { password }\n" STEP(URL) RULE DELETE(URL "auth = basic\n"), "1: auth = basic"},
    /* Asking for our own address: needs no words, but https. */
    {TITLE SERVER ADDRESS(URL), NULL},
    {TITLE SERVER ADDRESS("url = \"{server}\"\njson = \"client.ip\"\n"), NULL},
    {WHOLE SERVER ADDRESS(URL), NULL},
    {TITLE ADDRESS(URL), "1: step address: the server must begin with https://"},
    {TITLE "server = \"http://example.org\"\n" ADDRESS(URL), "1: step address: the server must begin with https://"},
    {TITLE SERVER ADDRESS("json = ip\n"), "1: there is no step with a url"},
    {TITLE SERVER ADDRESS("url = \"https://example.org/\"\n"), "4: url: does not begin with {server}"},
    {TITLE SERVER ADDRESS("url = \"{server}/{hostname}\"\n"), "4: url: step address knows no placeholder but {server}"},
    {TITLE SERVER ADDRESS("url = \"{server}/{server}\"\n"), "4: url: step address knows no placeholder but {server}"},
    {TITLE SERVER ADDRESS(URL QUERY), "3: step address: has only url and json"},
    {TITLE SERVER ADDRESS(URL "auth = none\n"), "3: step address: has only url and json"},
    {TITLE STEP(URL "json = ip\n") RULE, "4: json: only step address has it"},
    {TITLE "step other {\n" URL "}\n" RULE, "2: step: 'other' is not known, only update, delete and address"},
    {TITLE SERVER ADDRESS(URL "josn = ip\n"), "5: did you mean 'json'?"},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *path = unit_file(*state, "x.conf", texts[i].text, 0600);
        struct unit_faults faults = {0};
        struct definition *definition = definition_read("x", path, unit_fault, &faults);
        const char *expected = texts[i].fault, *part = expected ? expected + strspn(expected, "0123456789") : NULL;
        char line[600];

        snprintf(line, sizeof line, "%s:%.*s", path, part ? (int)(part - expected) : 0, expected ? expected : "");
        part = part && strncmp(part, ": ", 2) == 0 ? part + 2 : part;
        if (!definition != (expected != NULL) || (faults.count > 0) != (expected != NULL))
            unit_wrong("%s    %s", texts[i].text, faults.text);
        else if (expected && (strncmp(faults.text, line, strlen(line)) != 0 || !strstr(faults.text, part)))
            unit_wrong("%s    gives %s    not %s", texts[i].text, faults.text, expected);
        definition_free(definition);
        free(path);
    }
    unit_all_right();
}

static void test_fields(void **state)
{
    char *path = unit_file(*state, "x.conf",
                           WHOLE "names = 3\nfamilies = both\nserver = \"https://example.org\"\n"
                                 "status 401 { verdict = refused-account means = \"wrong\" }\n"
                                 "text fine { verdict = unchanged }\nstatus 500-599 { verdict = again after = 5m }\n",
                           0600);
    struct unit_faults faults = {0};
    struct definition *definition = definition_read("x", path, unit_fault, &faults);
    const struct definition_rule *rules;

    assert_string_equal(faults.text, "");
    assert_string_equal(definition->name, "x");
    assert_string_equal(definition->title, "A test");
    assert_string_equal(definition->update.url, "{server}/update");
    assert_string_equal(definition->update.query[1], "ip={ip}");
    assert_int_equal(definition->update.query_count, 2);
    assert_int_equal(definition->names_max, 3);
    assert_true(definition->both_families && definition->update.basic);
    assert_int_equal(definition->rule_count, 4);
    rules = definition->rules;
    /* In the order of the file, whatever their kinds. */
    assert_int_equal(rules[0].match, DEFINITION_WORD);
    assert_int_equal(rules[1].match, DEFINITION_STATUS);
    assert_int_equal(rules[1].status_low, 401);
    assert_int_equal(rules[1].status_high, 401);
    assert_string_equal(rules[1].means, "wrong");
    assert_int_equal(rules[2].match, DEFINITION_TEXT);
    assert_string_equal(rules[2].text, "fine");
    assert_int_equal(rules[3].status_low, 500);
    assert_int_equal(rules[3].status_high, 599);
    assert_int_equal(rules[3].after_ms, 300000);
    definition_free(definition);
    free(path);
}

/* Each step has its own URL, pairs and login. */
static void test_steps(void **state)
{
    char *path = unit_file(
        *state, "x.conf",
        WHOLE "values = many\n" SERVER DELETE("url = \"{server}/delete/{type}\"\nquery = { \"name={hostname}\" }\n")
            ADDRESS("url = \"{server}/ip\"\njson = \"client.ip\"\n"),
        0600);
    struct unit_faults faults = {0};
    struct definition *definition = definition_read("x", path, unit_fault, &faults);
    char *url;

    assert_string_equal(faults.text, "");
    assert_true(definition->many_values);
    assert_string_equal(definition->update.url, "{server}/update");
    assert_int_equal(definition->update.query_count, 2);
    assert_true(definition->update.basic);
    assert_null(definition->update.member);
    assert_string_equal(definition->delete.url, "{server}/delete/{type}");
    assert_int_equal(definition->delete.query_count, 1);
    assert_string_equal(definition->delete.query[0], "name={hostname}");
    assert_false(definition->delete.basic);
    assert_string_equal(definition->address.url, "{server}/ip");
    assert_int_equal(definition->address.query_count, 0);
    assert_string_equal(definition->address.member, "client.ip");
    url = definition_address_url(definition);
    assert_string_equal(url, "https://example.org/ip");
    free(url);
    definition_free(definition);
    free(path);
}

/* What is not there is NULL, and one value is what a name has. */
static void test_no_steps(void **state)
{
    char *path = unit_file(*state, "x.conf", WHOLE, 0600);
    struct unit_faults faults = {0};
    struct definition *definition = definition_read("x", path, unit_fault, &faults);

    assert_string_equal(faults.text, "");
    assert_null(definition->delete.url);
    assert_null(definition->address.url);
    assert_false(definition->many_values);
    definition_free(definition);
    free(path);
}

/* A step that is added to a definition, or changed in one thing, leaves the others and the rest of it. */
static void test_like_steps(void **state)
{
    char *path =
        unit_file(*state, "x.conf",
                  "like = dyndns2\nvalues = many\n" DELETE("url = \"{server}/delete/{hostname}\"\nauth = basic\n")
                      STEP("url = \"{server}/other\"\n"),
                  0600);
    struct unit_faults faults = {0};
    struct definition *definition = definition_read("x", path, unit_fault, &faults);

    assert_string_equal(faults.text, "");
    assert_true(definition->many_values);
    assert_string_equal(definition->delete.url, "{server}/delete/{hostname}");
    assert_string_equal(definition->update.url, "{server}/other");
    assert_true(definition->update.query_count > 0 && definition->update.basic && definition->delete.basic);
    definition_free(definition);
    free(path);
}

/* The echo services that are shipped: asked over https, and of nothing else. */
static void test_shipped_services(void **state)
{
    static const char *const services[] = {"icanhazip", "ident-me", "ipify"};

    (void)state;
    for (size_t i = 0; i < COUNT(services); i++) {
        struct unit_faults faults = {0};
        struct definition *definition = definition_load(services[i], "f", 1, unit_fault, &faults);
        char *url = definition && definition->address.url ? definition_address_url(definition) : NULL;

        if (!url || strncmp(url, "https://", 8) != 0 || strchr(url, '{') || definition->update.url ||
            definition->needs_password)
            unit_wrong("%s: %s %s", services[i], url ? url : "no url", faults.text);
        free(url);
        definition_free(definition);
    }
    unit_all_right();
}

/* What a definition says itself stands before what it takes from the one it is like. */
static void test_like(void **state)
{
    char *path = unit_file(*state, "x.conf",
                           "like = dyndns2\ntitle = \"Mine\"\nnames = 1\nword good { verdict = again }\n", 0600);
    struct unit_faults faults = {0};
    struct definition *definition = definition_read("x", path, unit_fault, &faults);

    assert_string_equal(faults.text, "");
    assert_string_equal(definition->name, "x");
    assert_string_equal(definition->title, "Mine");
    assert_int_equal(definition->names_max, 1);
    assert_true(definition->update.basic && definition->both_families);
    assert_int_equal(rule_for(definition, "good")->verdict, DEFINITION_AGAIN);
    assert_int_equal(rule_for(definition, "nochg")->verdict, DEFINITION_UNCHANGED);
    definition_free(definition);
    free(path);
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
    assert_null(definition_load("self", "f", 1, unit_fault, &faults));
    assert_null(definition_load("a", "f", 1, unit_fault, &faults));
    assert_int_equal(faults.count, 2);
    assert_contains(faults.text, "self.conf:1: ");
    faults = (struct unit_faults){0};
    assert_null(definition_load("user", "f", 1, unit_fault, &faults));
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
        cmocka_unit_test(test_shipped), cmocka_unit_test(test_unknown),
        WITH_FOLDER(test_texts),        WITH_FOLDER(test_fields),
        WITH_FOLDER(test_like),         WITH_FOLDER(test_like_chain),
        WITH_FOLDER(test_steps),        WITH_FOLDER(test_no_steps),
        WITH_FOLDER(test_like_steps),   cmocka_unit_test(test_shipped_services),
    };

    return cmocka_run_group_tests_name("definition", tests, NULL, NULL);
}
