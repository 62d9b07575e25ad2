/* From a file to a definition: what each key becomes, what `like` brings, and the faults of single keys. What only the
 * whole shows is in test_proof.c. */
#include "loader.h"

#include "unit.h"

static struct unit_faults told;

static struct definition *read(const char *folder, const char *name, const char *text)
{
    char *path = unit_file(folder, name, text, 0600);
    struct definition *definition;

    told = (struct unit_faults){0};
    definition = loader_read(path, unit_fault, &told);
    free(path);
    return definition;
}

static struct definition *read_good(const char *folder, const char *name, const char *text)
{
    struct definition *definition = read(folder, name, text);

    assert_string_equal(told.text, "");
    assert_non_null(definition);
    return definition;
}

/* Puts the folder before the installed definitions; its end takes that back. */
static char *before;

static int setup(void **state)
{
    before = strdup(getenv("WANDDNS_PROVIDERS"));
    unit_setup_folder(state);
    return setenv("WANDDNS_PROVIDERS", *state, 1);
}

static int teardown(void **state)
{
    setenv("WANDDNS_PROVIDERS", before, 1);
    free(before);
    return unit_teardown_folder(state);
}

#define UPDATE "step update { url = \"{server}/u\" }\n"

static void test_top(void **state)
{
    struct definition *definition = read_good(
        *state, "x.conf",
        "title = \"A test\"\nsite = \"https://example.net/\"\nmaturity = untested\n"
        "server = \"https://api.example.net\"\nserver4 = \"https://4.example.net\"\nserver6 = "
        "\"https://6.example.net\"\n"
        "needs = { username, password, account }\noptions = { \"a\", \"b=c\" }\nauth = basic\n"
        "login = \"{username}/x:{password}\"\nheaders = { \"X-A: {account}\", \"X-B: b\" }\n"
        "names = 20\nfamilies = both-required\nunmanaged = preserve\nonly = ipv6\nvalues = many\nconnect = family\n"
        "ttl = 300\nttl-min = 60\nttl-max = 86400\nttl-unit = 60\ngap = 5m\nbudget = \"48/24h\"\nrefresh = 28d\n"
        "words = \"errors.0\"\napex = \"root\"\nhostnames = one\n"
        "set m { ipv4 = \"four\" ipv6 = \"six\" }\nset n { value = \"{m}\" }\n"
        "sign s { hmac = sha1 key = \"{password}\" data = \"{url}\" as = base64 }\n" UPDATE);

    assert_string_equal(definition->name, "x");
    assert_string_equal(definition->title, "A test");
    assert_string_equal(definition->site, "https://example.net/");
    assert_string_equal(definition->maturity, "untested");
    assert_string_equal(definition->server4, "https://4.example.net");
    assert_string_equal(definition->server6, "https://6.example.net");
    assert_string_equal(definition->login, "{username}/x:{password}");
    assert_string_equal(definition->unmanaged, "preserve");
    assert_string_equal(definition->words, "errors.0");
    assert_string_equal(definition->apex, "root");
    assert_int_equal(definition->needs.count, 3);
    assert_string_equal(definition->headers.list[1], "X-B: b");
    assert_string_equal(definition_text(definition_find(&definition->options, "b")), "c");
    assert_null(definition_text(definition_find(&definition->options, "a")));
    assert_null(definition_find(&definition->options, "c"));
    assert_int_equal(definition->names, 20);
    assert_true(definition->both_families && definition->both_required && definition->many_values);
    assert_true(definition->connect_family && definition->one_hostname && !definition->runs_program);
    assert_int_equal(definition->only, IP_V6);
    assert_true(definition->ttl == 300 && definition->ttl_min == 60 && definition->ttl_max == 86400);
    assert_int_equal(definition->ttl_unit, 60);
    assert_true(definition->gap_ms == 300000 && definition->refresh_ms == UINT64_C(28) * 86400000);
    assert_true(definition->budget == 48 && definition->budget_ms == 86400000);
    assert_string_equal(definition->macros[0].ipv4, "four");
    assert_string_equal(definition->macros[0].ipv6, "six");
    assert_string_equal(definition->macros[1].ipv6, "{m}");
    assert_true(definition->signs[0].digest == DIGEST_SHA1 && definition->signs[0].base64);
    definition_free(definition);
}

static void test_defaults(void **state)
{
    struct definition *definition = read_good(*state, "x.conf", "title = T\n" UPDATE);

    assert_true(definition->names == 1 && definition->ttl_unit == 1);
    assert_false(definition->both_families || definition->both_required || definition->many_values);
    assert_true(definition->ttl == 0 && definition->redirects == 0 && definition->budget == 0 &&
                definition->gap_ms == 0);
    assert_null(definition->server);
    assert_null(definition->unmanaged);
    assert_true(definition_publishes(definition) && !definition_deletes(definition));
    assert_true(!definition_keeps(definition) && !definition_has_each(definition));
    assert_null(definition_step(definition, "delete"));
    definition_free(definition);
}

static void test_step(void **state)
{
    struct definition *definition =
        read_good(*state, "x.conf",
                  "title = T\nstep look { url = \"{server}/l\" list = a.b match = { \"n={hostname}\", \"t={type}\" }\n"
                  "get = { \"id=id\", \"next=/(x)/\" } keep = record more = next must = \"none there\" expires = 30m\n"
                  "confirm = ip members = m every = 2s times = 20 status 404 { verdict = absent } }\n"
                  "step update { when = id unless = next method = PUT url = \"{server}/{id}\" query = \"a=1\" headers "
                  "= \"A: b\"\n"
                  "auth = none login = x json = '[{each}{members}]' each = '1' member = '2' in = both }\n"
                  "step create { url = \"{server}/\" list = l suffix = name get = \"zone=name\" }\nstep commit { url = "
                  "\"{server}/\" in = update }\nstep delete { "
                  "url = \"{server}/\" }\n");
    const struct definition_step *look = definition_step(definition, "look"),
                                 *update = definition_step(definition, "update");

    assert_string_equal(look->list, "a.b");
    assert_string_equal(look->match.list[1], "t={type}");
    assert_string_equal(look->get.list[1], "next=/(x)/");
    assert_int_equal(look->keep, DEFINITION_RECORD);
    assert_string_equal(look->more, "next");
    assert_string_equal(look->must, "none there");
    assert_string_equal(look->expires, "30m");
    assert_string_equal(definition_step(definition, "create")->suffix, "name");
    assert_string_equal(look->confirm, "ip");
    assert_string_equal(look->members, "m");
    assert_true(look->every_ms == 2000 && look->times == 20);
    assert_int_equal(look->rules.count, 1);
    assert_int_equal(look->flows, DEFINITION_UPDATE | DEFINITION_DELETE);
    assert_string_equal(update->when, "id");
    assert_string_equal(update->unless, "next");
    assert_string_equal(update->method, "PUT");
    assert_string_equal(update->each, "1");
    assert_string_equal(update->member, "2");
    assert_int_equal(update->flows, DEFINITION_UPDATE | DEFINITION_DELETE);
    assert_int_equal(definition_step(definition, "commit")->flows, DEFINITION_UPDATE);
    assert_int_equal(definition_step(definition, "create")->flows, DEFINITION_UPDATE);
    assert_int_equal(definition_step(definition, "delete")->flows, DEFINITION_DELETE);
    assert_true(definition_keeps(definition) && definition_has_each(definition) && definition_deletes(definition));
    definition_free(definition);
}

/* What a definition builds on: keys and lists are replaced as a whole, a step key by key; the place of a step stays, new
 * ones come behind, and so do the rules that are taken over. */
static void test_like(void **state)
{
    struct definition *definition;
    const struct definition_step *update;

    definition_free(read_good(
        *state, "base.conf",
        "title = Base\nneeds = { username, password }\nttl = 5\nfamilies = both\n"
        "step update { url = \"{server}/u\" query = { \"a=1\", \"b=2\" } method = PUT\n"
        "word ok { verdict = done } }\nstep commit { url = \"{server}/c\" }\nword good { verdict = done }\n"));
    definition =
        read_good(*state, "x.conf",
                  "like = base\nneeds = password\nfamilies = one\n"
                  "step first { url = \"{server}/f\" }\nstep update { query = \"c=3\" word no { verdict = refused } }\n"
                  "word good { verdict = refused }\nset m { value = x }\n");
    update = &definition->steps[0];
    assert_string_equal(definition->name, "x");
    assert_string_equal(definition->title, "Base");
    assert_int_equal(definition->ttl, 5);
    assert_false(definition->both_families);
    assert_int_equal(definition->needs.count, 1);
    assert_int_equal(definition->step_count, 3);
    assert_string_equal(update->title, "update");
    assert_string_equal(definition->steps[1].title, "commit");
    assert_string_equal(definition->steps[2].title, "first");
    assert_string_equal(update->url, "{server}/u");
    assert_string_equal(update->method, "PUT");
    assert_int_equal(update->query.count, 1);
    assert_string_equal(update->query.list[0], "c=3");
    assert_string_equal(update->rules.list[0].text, "no");
    assert_string_equal(update->rules.list[1].text, "ok");
    assert_int_equal(definition->rules.list[0].verdict, ANSWER_REFUSED);
    assert_int_equal(definition->rules.list[1].verdict, ANSWER_DONE);
    definition_free(definition);
}

/* A file of the name of an installed one builds on that. */
static void test_stands_in(void **state)
{
    char *path = unit_path(*state, "x.conf");
    struct faults user = {"wanddns.conf", unit_fault, &told, false};

    definition_free(read_good(*state, "base.conf", "title = Base\n" UPDATE));
    free(unit_file(*state, "x.conf", "like = base\ntitle = Mine\n", 0600));
    told = (struct unit_faults){0};
    struct definition *definition = loader_find("x", &user, 3);

    assert_string_equal(told.text, "");
    assert_false(user.any);
    assert_string_equal(definition->title, "Mine");
    definition_free(definition);
    assert_null(loader_find("y", &user, 3));
    assert_true(user.any);
    assert_contains(told.text, "wanddns.conf:3: there is no provider 'y'");
    free(path);
}

/* Definitions that build on each other come to an end, and a fault is told with the file that it is in. */
static void test_like_chain(void **state)
{
    struct faults user = {"wanddns.conf", unit_fault, &told, false};

    assert_null(read(*state, "self.conf", "like = self\n"));
    assert_contains(told.text, "self.conf:1: ");
    free(unit_file(*state, "a.conf", "\nlike = b\n", 0600));
    free(unit_file(*state, "b.conf", "\n\nlike = a\n", 0600));
    told = (struct unit_faults){0};
    assert_null(loader_find("a", &user, 9));
    assert_int_equal(told.count, 1);
    assert_contains(told.text, "like: too many definitions build on each other");
    free(unit_file(*state, "l1.conf", "title = T\n" UPDATE, 0600));
    free(unit_file(*state, "l2.conf", "like = l1\n", 0600));
    free(unit_file(*state, "l3.conf", "like = l2\n", 0600));
    definition_free(read_good(*state, "l4.conf", "like = l3\n"));
    assert_null(read(*state, "l5.conf", "like = l4\n"));
    assert_contains(told.text, "l2.conf:1: like: too many definitions build on each other");
    free(unit_file(*state, "bad.conf", "title = T\nnames = no\n", 0600));
    assert_null(read(*state, "on.conf", "like = bad\n"));
    assert_contains(told.text, "bad.conf:2: names: 'no' is no number");
    assert_null(read(*state, "on.conf", "title = T\nlike = bat\n"));
    assert_contains(told.text, "on.conf:2: there is no provider 'bat': did you mean 'bad'?");
    assert_null(loader_read("/nonexistent/x.conf", unit_fault, &told));
}

#define TOP "title = T\n"

static const struct {
    const char *text, *fault; /* "line: text", behind the file and its colon */
} faults_of[] = {
    {TOP UPDATE "ttle = x\n", "3: unknown key 'ttle': did you mean 'title'?"},
    {TOP "step update { url = \"{server}\"\nmethd = x }\n", "3: unknown key 'methd': did you mean 'method'?"},
    {TOP UPDATE "names = 0\n", "3: names: '0' is no number from 1 to 2147483647"},
    {TOP UPDATE "names = many\n", "3: names: 'many' is no number"},
    {TOP UPDATE "names = 99999999999999999999\n", "3: names: "},
    {TOP UPDATE "ttl = 5m\n", "3: ttl: '5m' is no number"},
    {TOP UPDATE "gap = 5\n", "3: gap: '5' is no duration"},
    {TOP UPDATE "gap = soon\n", "3: gap: 'soon' is no duration"},
    {TOP UPDATE "families = three\n", "3: families: 'three' is not one, both or both-required"},
    {TOP UPDATE "values = few\n", "3: values: 'few' is not one or many"},
    {TOP UPDATE "only = ipv5\n", "3: only: 'ipv5' is not ipv4 or ipv6"},
    {TOP UPDATE "connect = any\n", "3: connect: 'any' is not family"},
    {TOP UPDATE "hostnames = two\n", "3: hostnames: 'two' is not one"},
    {TOP UPDATE "budget = 48\n", "3: budget: '48' is not such as 48/24h"},
    {TOP UPDATE "budget = \"x/24h\"\n", "3: budget: "},
    {TOP UPDATE "budget = \"48/x\"\n", "3: budget: "},
    {TOP UPDATE "budget = \"48/0s\"\n", "3: budget: "},
    {TOP UPDATE "budget = \"0/24h\"\n", "3: budget: "},
    {TOP UPDATE "needs = \"Big Name\"\n", "3: needs: 'Big Name' is no name"},
    {TOP UPDATE "options = { \"ok=1\", \"=1\" }\n", "3: options: '=1' is no name"},
    {TOP UPDATE "headers = \"X-A\"\n", "3: headers: 'X-A' is not of the form Name: value"},
    {TOP UPDATE "headers = \"X-A:1\"\n", "3: headers: 'X-A:1' is not of the form Name: value"},
    {TOP UPDATE "headers = \": 1\"\n", "3: headers: "},
    {TOP UPDATE "headers = 'X-A: 1\nX-B: 2'\n", "headers: "},
    {TOP UPDATE "words = \"a..b\"\n", "3: words: this is no path into JSON"},
    {TOP UPDATE "words = \"/x/\"\n", "3: words: the regular expression has no ( )"},
    {TOP "step update {\nurl = \"{server}\"\nquery = { \"a=1\",\n\"flag\" } }\n",
     "5: query: 'flag' is not of the form name=value"},
    {TOP "step update {\nurl = \"{server}\"\nform = \"=x\" }\n", "4: form: '=x' is not of the form name=value"},
    {TOP "step update {\nurl = \"{server}\"\nget = \"id\" }\n", "4: get: 'id' is not of the form name=value"},
    {TOP "step update {\nurl = \"{server}\"\nget = \"Id=x\" }\n", "4: get: 'Id=x' is not of the form name=value"},
    {TOP "step update {\nurl = \"{server}\"\nget = \"id=/(/\" }\n", "4: get: this is no extended regular expression"},
    {TOP "step update {\nurl = \"{server}\"\nget = \"id=\" }\n", "4: get: this is no path"},
    {TOP "step update {\nurl = \"{server}\"\nlist = \"\" }\n", "4: list: this is no path"},
    {TOP "step update {\nurl = \"{server}\"\nmatch = \"x\" }\n", "4: match: 'x' is not of the form name=value"},
    {TOP "step update {\nurl = \"{server}\"\nmatch = \"{zone}\" }\n",
     "4: match: '{zone}' is not of the form name=value"},
    {TOP "step update {\nurl = \"{server}\"\nin = never }\n", "4: in: 'never' is not update, delete or both"},
    {TOP "step update {\nurl = \"{server}\"\nget = \"a=b\"\nkeep = ever }\n",
     "5: keep: 'ever' is not account, zone or record"},
    {TOP "step update {\nurl = \"{server}\"\nevery = x }\n", "4: every: 'x' is no duration"},
    {TOP "step update {\nurl = \"{server}\"\ntimes = x }\n", "4: times: 'x' is no number"},
    {TOP "step update {\nurl = \"{server}\"\nword x { } }\n", "4: word 'x' has no verdict"},
    {TOP UPDATE "set X { value = x }\n", "3: set: 'X' is no name"},
    {TOP UPDATE "set x { }\n", "3: set x: either value, or ipv4 and ipv6"},
    {TOP UPDATE "set x { value = a ipv4 = b }\n", "3: set x: either value, or ipv4 and ipv6"},
    {TOP UPDATE "sign X { digest = md5 data = x }\n", "3: sign: 'X' is no name"},
    {TOP UPDATE "sign x { digest = md5 }\n", "3: sign x: either digest and data, or hmac, key and data"},
    {TOP UPDATE "sign x { digest = md5 data = x key = x }\n", "3: sign x: either"},
    {TOP UPDATE "sign x { hmac = md5 data = x }\n", "3: sign x: either"},
    {TOP UPDATE "sign x { hmac = md5 digest = md5 key = x data = x }\n", "3: sign x: either"},
    {TOP UPDATE "sign x {\nhmac = sha384 key = x data = x }\n", "4: sign: 'sha384' is not md5, sha1, sha256 or sha512"},
    {TOP UPDATE "sign x { digest = md5 data = x as = base32 }\n", "3: as: 'base32' is not hex or base64"},
    {TOP UPDATE "word x { verdict = maybe }\n", "3: verdict: 'maybe'"},
    {"title = {\n", "1: "},
};

static void test_faults(void **state)
{
    for (size_t i = 0; i < COUNT(faults_of); i++) {
        struct definition *definition = read(*state, "x.conf", faults_of[i].text);
        const char *rest = strstr(told.text, "x.conf:");

        if (definition || !rest || !strstr(rest, faults_of[i].fault) ||
            (faults_of[i].fault[0] < 'a' && strncmp(rest + 7, faults_of[i].fault, strlen(faults_of[i].fault)) != 0))
            unit_wrong("%s    gives %s    not %s", faults_of[i].text, told.text, faults_of[i].fault);
        definition_free(definition);
    }
    unit_all_right();
}

/* Each fault is told, not only the first. */
static void test_all_faults(void **state)
{
    assert_null(read(*state, "x.conf", TOP "names = 0\ngap = x\nstep update {\nin = x\nkeep = y }\n"));
    assert_int_equal(told.count, 4);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_top),    WITH_FOLDER(test_defaults),   WITH_FOLDER(test_step),
        WITH_FOLDER(test_like),   WITH_FOLDER(test_stands_in),  WITH_FOLDER(test_like_chain),
        WITH_FOLDER(test_faults), WITH_FOLDER(test_all_faults),
    };

    return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
