/* What only a whole definition shows, each with its file and line. */
#include "loader.h"

#include "proof.h"
#include "unit.h"

#define TOP          "title = T\n"
#define SERVER       "server = \"https://api.example.net\"\n"
#define URL          "url = \"{server}/u\"\n"
#define UPDATE(keys) "step update {\n" URL keys " }\n"
#define LOOK(keys)   "step look {\n" URL keys " }\n"

/* Of each the line and the text; NULL: it is good. */
static const struct {
    const char *text, *fault;
} texts[] = {
    {TOP UPDATE(""), NULL},
    {UPDATE(""), "1: there is no title"},
    {TOP "step update { method = GET }\n", "2: step update: there is no url"},
    /* Placeholders that nothing gives, in each place. */
    {TOP "step update { url = \"{server}/{nope}\" }\n", "2: url: unknown placeholder {nope}"},
    {TOP UPDATE("query = { \"a=1\",\n\"b={nope}\" }"), "5: query: unknown placeholder {nope}"},
    {TOP UPDATE("query = '{nope}'"), "4: query: unknown placeholder {nope}"},
    {TOP UPDATE("form = \"a={nope}\""), "4: form: unknown placeholder {nope}"},
    {TOP UPDATE("headers = \"A: {nope}\""), "4: headers: unknown placeholder {nope}"},
    {TOP UPDATE("json = '{\"a\": \"{nope}\"}'"), "4: json: unknown placeholder {nope}"},
    {TOP UPDATE("xml = '<a>{nope}</a>'"), "4: xml: unknown placeholder {nope}"},
    {TOP UPDATE("body = '{nope}'"), "4: body: unknown placeholder {nope}"},
    {TOP UPDATE("body = x each = '{nope}'"), "4: each: unknown placeholder {nope}"},
    {TOP UPDATE("body = x member = '{nope}'"), "4: member: unknown placeholder {nope}"},
    {TOP UPDATE("login = \"{nope}\""), "4: login: unknown placeholder {nope}"},
    {TOP LOOK("list = \"a.{nope}\""), "4: list: unknown placeholder {nope}"},
    {TOP LOOK("list = a match = \"n={nope}\""), "4: match: unknown placeholder {nope}"},
    {TOP LOOK("get = \"id={nope}\""), "4: get: unknown placeholder {nope}"},
    {TOP LOOK("get = \"id=/({nope})/\""), "4: get: unknown placeholder {nope}"},
    {TOP LOOK("confirm = \"{nope}\""), "4: confirm: unknown placeholder {nope}"},
    {TOP "headers = \"A: {nope}\"\n" UPDATE(""), "2: headers: unknown placeholder {nope}"},
    {TOP "login = \"{nope}:x\"\n" UPDATE(""), "2: login: unknown placeholder {nope}"},
    {TOP "words = \"{nope}\"\n" UPDATE(""), "2: words: unknown placeholder {nope}"},
    {TOP "set m { value = \"{nope}\" }\n" UPDATE(""), "2: value: unknown placeholder {nope}"},
    {TOP "sign s { digest = md5 data = \"{nope}\" }\n" UPDATE(""), "2: data: unknown placeholder {nope}"},
    {TOP UPDATE("") "word x { verdict = again after-from = \"{nope}\" }\n",
     "5: after-from: unknown placeholder {nope}"},
    {TOP UPDATE("text \"{nope}\" { verdict = done }"), "4: text: unknown placeholder {nope}"},
    {TOP UPDATE("") "text \"is {nope}|x\" { verdict = done }\n", "5: text: unknown placeholder {nope}"},
    {TOP UPDATE("query = \"a={ip\""), "4: query: this is no placeholder: {ip"},
    {TOP UPDATE("query = \"a={prefix_length}\""), "4: query: this is no placeholder: {prefix_length"},
    {TOP UPDATE("must = \"no {nope}\""), NULL}, /* it is for people */
    {TOP UPDATE("word x { verdict = refused means = \"no {nope}\" }"), NULL},
    /* Parts of the request are there for signatures alone. */
    {TOP UPDATE("query = \"a={url}\""), "4: query: unknown placeholder {url}"},
    {TOP "sign s { digest = md5 data = \"{method}{url}{host}{path}{query}{query-encoded}{body}\" }\n" UPDATE(""), NULL},
    {TOP "sign s { digest = md5 data = \"{t}\" }\nsign t { digest = md5 data = x }\n" UPDATE(""),
     "2: data: unknown placeholder {t}"},
    {TOP "sign s { digest = md5 data = \"{s}\" }\n" UPDATE(""), "2: data: unknown placeholder {s}"},
    /* A `set` knows those before it, so that none leads back to itself. */
    {TOP "set m { value = \"{m}\" }\n" UPDATE(""), "2: value: unknown placeholder {m}"},
    {TOP "set m { value = \"{n}\" }\nset n { value = \"{m}\" }\n" UPDATE(""), "2: value: unknown placeholder {n}"},
    {TOP "set m { value = x }\nset n { value = \"{m}\" }\n" UPDATE("query = \"a={n}\""), NULL},
    /* Values of steps: only those before. */
    {TOP LOOK("get = \"id=id\"") "step update { url = \"{server}/{id}\" }\n", NULL},
    {TOP "step update { url = \"{server}/{id}\" }\n" LOOK("get = \"id=id\""),
     "2: url: {id} is only given by step look, which comes later"},
    {TOP "step look { url = \"{server}/{id}\" get = \"id=id\" }\n" UPDATE(""),
     "2: url: {id} is only given by step look, which comes later"},
    {TOP "step look { url = \"{server}/{id}\" get = \"id=id\" }\nstep other {" URL "get = \"id=x\" }\n" UPDATE(""),
     "2: url: {id} is only given by step look, which comes later"},
    {TOP "options = opt\nneeds = need\n" UPDATE("query = \"a={opt}{need}\""), NULL},
    /* when, unless and more. */
    {TOP UPDATE("when = id"), "4: when: no earlier step and no option gives 'id'"},
    {TOP UPDATE("unless = id"), "4: unless: no earlier step and no option gives 'id'"},
    {TOP UPDATE("when = id get = \"id=id\""), "4: when: no earlier step and no option gives 'id'"},
    {TOP LOOK("get = \"id=id\"") UPDATE("when = id"), NULL},
    {TOP "options = opt\n" UPDATE("when = opt"), NULL},
    {TOP UPDATE("unless = ip6"), NULL},
    {TOP LOOK("list = a get = \"id=id\" more = next"), "4: more: no earlier step and no option gives 'next'"},
    {TOP LOOK("list = a get = { \"id=id\", \"next=n\" } more = next") UPDATE(""), NULL},
    /* URLs begin with a server. */
    {TOP "step update { url = \"https://example.net/\" }\n", "2: url: does not begin with {server}"},
    {TOP "step update { url = \"{hostname}/\" }\n", "2: url: does not begin with {server}"},
    {TOP "step update { url = \"\" }\n", "2: url: does not begin with {server}"},
    {TOP "step update { url = \"{server\" }\n", "2: url: does not begin with {server}"},
    {TOP "options = \"base=https://b.example.net\"\nstep update { url = \"{base}/x\" }\n", NULL},
    {TOP "options = \"base=http://b.example.net\"\nstep update { url = \"{base}/x\" }\n", "3: url: does not begin"},
    {TOP "options = base\nstep update { url = \"{base}/x\" }\n", "3: url: does not begin with {server}"},
    {TOP "step update { url = \"{server}{hostname}\" }\n", "2: url: behind {server} stands neither / nor ?"},
    {TOP "step update { url = \"{server}@{hostname}\" }\n", "2: url: behind {server} stands neither / nor ?"},
    {TOP "step update { url = \"{server}?a={hostname}\" }\n", NULL},
    /* Logins. */
    {TOP "auth = digest\n" UPDATE(""), "2: auth: 'digest' is not none, basic, bearer or 'sigv4 ...'"},
    {TOP UPDATE("auth = digest"), "4: auth: 'digest' is not none, basic, bearer or 'sigv4 ...'"},
    {TOP "auth = basic\n" UPDATE(""), "2: auth = basic: password must be among the needs"},
    {TOP "auth = bearer\nneeds = username\n" UPDATE(""), "2: auth = bearer: password must be among the needs"},
    {TOP UPDATE("auth = bearer"), "4: auth = bearer: password must be among the needs"},
    {TOP "auth = basic\nneeds = password\n" UPDATE(""), "2: auth = basic: username must be among the needs"},
    {TOP "auth = basic\nneeds = key\nlogin = \"{key}:x\"\n" UPDATE(""), NULL},
    {TOP "auth = \"sigv4 aws:amz:us-east-1:route53\"\nneeds = { username, password }\n" UPDATE(""), NULL},
    /* Redirects may take a login along to another server only where libcurl knows that it is one. */
    {TOP "redirects = 3\nauth = basic\nneeds = { username, password }\n" UPDATE(""), NULL},
    {TOP "redirects = 3\nauth = bearer\nneeds = password\n" UPDATE(""),
     "1: redirects: headers and bodies would go along"},
    {TOP "redirects = 3\nheaders = \"Key: x\"\n" UPDATE(""), "1: redirects: headers and bodies would go along"},
    {TOP "redirects = 3\n" UPDATE("headers = \"Key: x\""), "1: redirects: headers and bodies would go along"},
    {TOP "redirects = 3\nneeds = password\n" UPDATE("auth = bearer"), "redirects: headers and bodies would go along"},
    {TOP "redirects = 3\n" UPDATE("form = \"a=b\""), "1: redirects: headers and bodies would go along"},
    /* Bodies. */
    {TOP UPDATE("json = '{}' body = x"), "2: step update: more than one of form, json, xml and body"},
    {TOP UPDATE("form = \"a=b\" xml = '<a/>'"), "2: step update: more than one of form, json, xml and body"},
    {TOP UPDATE("json = '{\"a\": }'"), "4: json: this is no JSON"},
    {TOP UPDATE("json = '{\"a\": {ttl}}'"), NULL},
    {TOP UPDATE("json = '{\"a\": {ip}}'"), "4: json: this is no JSON"},
    {TOP UPDATE("json = '{\"a\": {hostname}}'"), "4: json: this is no JSON"},
    {TOP UPDATE("method = PUTT"), "4: method: 'PUTT' is not GET, POST, PUT, PATCH or DELETE"},
    {TOP UPDATE("body = '{password}'"), "4: body: unknown placeholder {password}"},
    {TOP UPDATE("times = 21 every = 2s"), "1: step update: times is at most 20, and every at least 1s"},
    {TOP UPDATE("times = 2 every = 1ms"), "1: step update: times is at most 20, and every at least 1s"},
    {"title = T\nmaturity = beta\n" UPDATE(""), "1: maturity: 'beta' is not untested"},
    {TOP "set ip { value = x }\n" UPDATE(""), "1: set: {ip} has a meaning already"},
    {TOP "options = { \"hostname\" }\n" UPDATE(""), "1: options: {hostname} has a meaning already"},
    {TOP UPDATE("get = \"ip=id\""), "1: get: {ip} has a meaning already"},
    {TOP UPDATE("json = '{\"a\": {ip}'"), "4: json: this is no JSON"},
    {TOP UPDATE("json = '{\"a\": \"{ip}}'"), "4: json: this is no JSON"},
    {TOP UPDATE("json = '{\"a\": [{each}], \"b\": [{members}]}' each = '{\"x\": 1}'"), NULL},
    {TOP "set m { ipv4 = '\"a\": 1' ipv6 = 'x' }\n" UPDATE("json = '{{m}}'"), "5: json: this is no JSON"},
    {TOP "set m { ipv4 = '\"a\": 1' ipv6 = '\"b\": 1' }\n" UPDATE("json = '{{m}}'"), NULL},
    /* Steps. */
    {TOP LOOK("match = \"a=b\"") UPDATE(""), "2: step look: match and suffix need a list"},
    {TOP LOOK("suffix = name") UPDATE(""), "2: step look: match and suffix need a list"},
    {TOP LOOK("keep = record") UPDATE(""), "2: step look: nothing to keep: there is no get"},
    {TOP UPDATE("word x { verdict = repeat }"),
     "2: step update: the verdict repeat needs every, and times from 1 to 20"},
    {TOP UPDATE("every = 2s word x { verdict = repeat }"), "2: step update: the verdict repeat needs every"},
    {TOP UPDATE("every = 2s times = 21 word x { verdict = repeat }"), "2: step update: the verdict repeat needs every"},
    {TOP UPDATE("every = 2s times = 20 word x { verdict = repeat }"), NULL},
    {TOP "step delete { " URL " }\n", "1: there is a step delete, and no step that publishes"},
    {TOP UPDATE("") "step delete { url = \"{server}/{ip}\" }\n", "5: url: a deletion knows no address"},
    /* Limits. */
    {TOP "ttl-min = 300\nttl-max = 60\n" UPDATE(""), "1: ttl-min is above ttl-max"},
    {TOP "ttl = 30\nttl-min = 60\n" UPDATE(""), "1: ttl is not between ttl-min and ttl-max"},
    {TOP "ttl = 90\nttl-max = 60\n" UPDATE(""), "1: ttl is not between ttl-min and ttl-max"},
    {TOP "ttl = 60\nttl-min = 60\nttl-max = 60\n" UPDATE(""), NULL},
    {TOP "refresh = 1h\ngap = 2h\n" UPDATE(""), "1: refresh is shorter than gap"},
    {TOP "names = 1001\n" UPDATE(""), "1: names: more than 1000 in a request"},
    {TOP "names = 2\n" LOOK("") UPDATE(""), "1: names: several names in a request, and several steps, need an each"},
    {TOP "names = 2\n" UPDATE("") "step delete { " URL " }\n", NULL},
    {TOP "names = 2\n" LOOK("") UPDATE("json = '[{each}]' each = '1'"), NULL},
    {TOP "families = both\n" UPDATE("json = '[{each}]' each = '1'"),
     "1: families: with each, A and AAAA are records of their own"},
    /* Echo services. */
    {TOP SERVER "step address {\n" URL "get = \"ip=client.ip\" }\n", NULL},
    {TOP "step address {\n" URL "}\n", "2: step address: the server must begin with https://"},
    {TOP "server = \"http://example.net\"\nstep address {\n" URL "}\n",
     "3: step address: the server must begin with https://"},
    {TOP SERVER "step address { url = \"{server}/{type}\" }\n",
     "3: url: step address knows no placeholder but {server}"},
    {TOP SERVER "step address { url = \"\" }\n", "3: url: does not begin with {server}"},
    {TOP SERVER "step address {\n" URL "method = POST }\n", "5: step address: has only url and get"},
};

static void test_texts(void **state)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *path = unit_file(*state, "x.conf", texts[i].text, 0600), line[512];
        struct unit_faults told = {0};
        struct definition *definition = loader_read(path, unit_fault, &told);
        const char *fault = texts[i].fault;
        bool has_line = fault && strchr("0123456789", *fault);

        snprintf(line, sizeof line, "%s%s%s", has_line ? path : "", has_line ? ":" : "", fault ? fault : "");
        if (!definition != (fault != NULL) || (fault ? !strstr(told.text, line) : told.count))
            unit_wrong("%s    gives %s    not %s", texts[i].text, told.text, fault ? fault : "nothing");
        definition_free(definition);
        free(path);
    }
    unit_all_right();
}

/* What is taken over was checked where it stands, but what our keys take away from it is missed here. */
static void test_like(void **state)
{
    static const struct {
        const char *text, *fault;
    } heirs[] = {
        {"like = base\n", NULL},
        {"like = base\nstep look { get = \"id=other\" }\n", NULL},
        {"like = base\nstep look { get = \"other=id\" }\n", "{id}"},
        {"like = base\nneeds = username\n", "password must be among the needs"},
        {"like = base\nredirects = 1\n", "redirects: headers and bodies would go along"},
        {"like = base\noptions = x\n", "{opt}"},
    };
    char *before = strdup(getenv("WANDDNS_PROVIDERS"));

    free(unit_file(*state, "base.conf",
                   TOP "needs = password\noptions = opt\nauth = bearer\n" LOOK(
                       "get = \"id=id\"") "step update { url = \"{server}/{id}\" query = \"a={opt}\" }\n",
                   0600));
    setenv("WANDDNS_PROVIDERS", *state, 1);
    for (size_t i = 0; i < COUNT(heirs); i++) {
        char *path = unit_file(*state, "x.conf", heirs[i].text, 0600);
        struct unit_faults told = {0};
        struct definition *definition = loader_read(path, unit_fault, &told);

        if (!definition != (heirs[i].fault != NULL) || (heirs[i].fault && !strstr(told.text, heirs[i].fault)))
            unit_wrong("%s    gives %s", heirs[i].text, told.text);
        definition_free(definition);
        free(path);
    }
    setenv("WANDDNS_PROVIDERS", before, 1);
    free(before);
    unit_all_right();
}

/* The URL of a configuration is looked at alone. */
static void test_template(void **state)
{
    char *path = unit_file(*state, "x.conf", TOP "options = opt\n" UPDATE("get = \"id=id\""), 0600);
    struct unit_faults told = {0};
    struct faults faults = {"wanddns.conf", unit_fault, &told, false};
    struct definition *definition = loader_read(path, unit_fault, &told);

    assert_non_null(definition);
    proof_template(&faults, definition, &(struct tree_value){(char *)"https://x/{ip}{opt}", 5});
    assert_false(faults.any);
    proof_template(&faults, definition, &(struct tree_value){(char *)"https://x/{nope}", 5});
    assert_string_equal(told.text, "wanddns.conf:5: url: unknown placeholder {nope}\n");
    assert_true(faults.any);
    definition_free(definition);
    free(path);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, unit_setup_folder, unit_teardown_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_texts),
        WITH_FOLDER(test_like),
        WITH_FOLDER(test_template),
    };

    return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
