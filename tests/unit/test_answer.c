#include "answer.h"

#include "unit.h"

static const struct tree_key keys[] = {ANSWER_KEYS, {NULL, TREE_TEXT, NULL}};

/* {ip} is 192.0.2.7, {host} a name with a dot, {tricky} an expression, and {old} has no value. */
static struct template_value find(void *arg, const char *name)
{
    static const char *const known[][2] = {
        {"ip", "192.0.2.7"}, {"host", "a.example"}, {"tricky", ".*(x|"}, {"empty", ""}};

    (void)arg;
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(name, known[i][0]) == 0)
            return (struct template_value){.text = known[i][1]};
    return (struct template_value){0};
}

static const struct template_source source = {find, NULL};

static void read_rules(const char *text, struct answer_rules *rules, struct unit_faults *told)
{
    struct tree_node *tree = tree_parse("f", text, strlen(text), keys, unit_fault, told);
    struct faults faults = {"f", unit_fault, told, false};

    if (tree)
        answer_read_rules(&faults, tree, rules);
    tree_free(tree);
}

/* The verdict of the first rule that fits, or -1. */
static int judge(const char *text, long status, const char *body, const char *line)
{
    struct http_answer answer = {
        .stage = HTTP_DONE, .status = status, .body = body, .length = strlen(body), .headers = ""};
    struct json_t *json = json_parse(body, strlen(body));
    struct answer_rules rules = {0};
    struct unit_faults told = {0};
    const struct answer_rule *rule;
    int verdict;

    read_rules(text, &rules, &told);
    assert_string_equal(told.text, "");
    rule = answer_find_rule(&rules, &answer, json, line ? line : body, &source);
    verdict = rule ? (int)rule->verdict : -1;
    answer_clear_rules(&rules);
    json_free(json);
    return verdict;
}

enum { NONE = -1 };

static const struct {
    const char *rules;
    long status;
    const char *body;
    int verdict;
} judged[] = {
    /* The first word of the line, in any case, and it alone. */
    {"word good { verdict = done }", 200, "good 192.0.2.7", ANSWER_DONE},
    {"word good { verdict = done }", 200, "GOOD\t192.0.2.7", ANSWER_DONE},
    {"word good { verdict = done }", 200, "goodbye", NONE},
    {"word good { verdict = done }", 200, "no good", NONE},
    {"word good { verdict = done }", 200, "", NONE},
    {"word \"!yours\" { verdict = refused }", 200, "!yours", ANSWER_REFUSED},
    /* Success needs a good status, trouble does not. */
    {"word good { verdict = done }", 500, "good", NONE},
    {"word good { verdict = unchanged }", 404, "good", NONE},
    {"word good { verdict = done }", 204, "good", ANSWER_DONE},
    {"word good { verdict = done }", 300, "good", NONE},
    {"word 911 { verdict = again }", 500, "911", ANSWER_AGAIN},
    {"word badauth { verdict = refused-account }", 401, "badauth", ANSWER_REFUSED_ACCOUNT},
    {"text bad { verdict = absent }", 404, "is bad", ANSWER_ABSENT},
    {"text bad { verdict = repeat }", 202, "is bad", ANSWER_REPEAT},
    {"word \"good|nochg\" { verdict = done }", 200, "nochg x", ANSWER_DONE},
    {"word \"good|nochg\" { verdict = done }", 200, "good|nochg", NONE},
    {"text \"one|is well\" { verdict = done }", 200, "all is well", ANSWER_DONE},
    {"text \"one|is well\" { verdict = done }", 200, "all is", NONE},
    {"text \"{old}|is well\" { verdict = done }", 200, "all is well", ANSWER_DONE},
    {"text \"{old}|is well\" { verdict = done }", 200, "all is", NONE},
    /* A text anywhere, as it is written; placeholders have their values, and without one there is nothing to find. */
    {"text \"is well\" { verdict = done }", 200, "all\nis well", ANSWER_DONE},
    {"text \"is well\" { verdict = done }", 200, "all Is well", NONE},
    {"text \"set to {ip}.\" { verdict = done }", 200, "was set to 192.0.2.7.", ANSWER_DONE},
    {"text \"set to {ip}.\" { verdict = done }", 200, "was set to 192.0.2.8.", NONE},
    {"text \"{tricky}\" { verdict = done }", 200, "a.*(x|b", ANSWER_DONE},
    {"text \"{tricky}\" { verdict = done }", 200, "axb", NONE},
    {"text \"{old}\" { verdict = done }", 200, "anything", NONE},
    {"text \"is well{old}\" { verdict = done }", 200, "all is well", NONE},
    /* Statuses, alone and as ranges with both ends. */
    {"status 404 { verdict = absent }", 404, "", ANSWER_ABSENT},
    {"status 404 { verdict = absent }", 405, "", NONE},
    {"status \"500-599\" { verdict = again }", 500, "", ANSWER_AGAIN},
    {"status \"500-599\" { verdict = again }", 599, "", ANSWER_AGAIN},
    {"status \"500-599\" { verdict = again }", 499, "", NONE},
    {"status \"400-499\" { verdict = done }", 404, "", ANSWER_DONE},
    /* JSON: a pattern of fnmatch, alternatives, numbers as texts; or only that something is there. */
    {"value \"ok=true\" { verdict = done }", 200, "{\"ok\": true}", ANSWER_DONE},
    {"value \"ok=true\" { verdict = done }", 200, "{\"ok\": \"true\"}", ANSWER_DONE},
    {"value \"ok=true\" { verdict = done }", 200, "{\"ok\": false}", NONE},
    {"value \"ok=true\" { verdict = done }", 400, "{\"ok\": true}", NONE},
    {"value \"ok=true\" { verdict = done }", 200, "ok=true", NONE},
    {"value \"errors.0.code=9109|10000\" { verdict = refused }", 403, "{\"errors\":[{\"code\":10000}]}",
     ANSWER_REFUSED},
    {"value \"errors.0.code=9109|10000\" { verdict = refused }", 403, "{\"errors\":[{\"code\":1000}]}", NONE},
    {"value \"code=Invalid*|Dns.?\" { verdict = refused }", 200, "{\"code\":\"InvalidKey\"}", ANSWER_REFUSED},
    {"value \"code=Invalid*|Dns.?\" { verdict = refused }", 200, "{\"code\":\"Dns.1\"}", ANSWER_REFUSED},
    {"value \"code=Invalid*|Dns.?\" { verdict = refused }", 200, "{\"code\":\"Dns.12\"}", NONE},
    {"value \"code=Invalid*|Dns.?\" { verdict = refused }", 200, "{\"code\":\"\"}", NONE},
    {"value \"code=\" { verdict = done }", 200, "{\"code\":\"\"}", ANSWER_DONE},
    {"value \"code=\" { verdict = done }", 200, "{\"code\":null}", NONE},
    {"value \"a=b=c\" { verdict = done }", 200, "{\"a\":\"b=c\"}", ANSWER_DONE},
    {"value \"a=*\" { verdict = done }", 200, "{\"a\":{\"b\":1}}", NONE},
    {"value error { verdict = refused }", 200, "{\"error\":{\"a\":1}}", ANSWER_REFUSED},
    {"value error { verdict = refused }", 200, "{\"error\":\"x\"}", ANSWER_REFUSED},
    {"value error { verdict = refused }", 200, "{\"error\":0}", ANSWER_REFUSED},
    {"value error { verdict = refused }", 200, "{\"error\":\"\"}", NONE},
    {"value error { verdict = refused }", 200, "{\"error\":[]}", NONE},
    {"value error { verdict = refused }", 200, "{\"error\":null}", NONE},
    {"value error { verdict = refused }", 200, "{\"error\":false}", NONE},
    {"value error { verdict = refused }", 200, "{}", NONE},
    /* The first that fits counts, whatever its kind. */
    {"status 200 { verdict = refused }\nword good { verdict = done }", 200, "good", ANSWER_REFUSED},
    {"word good { verdict = done }\nstatus 200 { verdict = refused }", 200, "good", ANSWER_DONE},
    {"word good { verdict = done }\nstatus 500 { verdict = refused }", 500, "good", ANSWER_REFUSED},
    {"text x { verdict = again }\nvalue a { verdict = done }\ntext a { verdict = refused }", 200, "{\"a\":1}",
     ANSWER_DONE},
    {"", 200, "good", NONE},
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(judged); i++) {
        int verdict = judge(judged[i].rules, judged[i].status, judged[i].body, NULL);

        if (verdict != judged[i].verdict)
            unit_wrong("%s\n    %ld %s: %d", judged[i].rules, judged[i].status, judged[i].body, verdict);
    }
    unit_all_right();
}

/* The word is that of the name's own line; the other rules look at the whole. */
static void test_lines(void **state)
{
    static const char body[] = "nohost\ngood 192.0.2.7";

    (void)state;
    assert_int_equal(judge("word good { verdict = done }", 200, body, "good 192.0.2.7"), ANSWER_DONE);
    assert_int_equal(judge("word good { verdict = done }", 200, body, "nohost"), NONE);
    assert_int_equal(judge("text nohost { verdict = refused }", 200, body, "good 192.0.2.7"), ANSWER_REFUSED);
}

/* Those of a section stand before those that were there, in their own order. */
static void test_inherited(void **state)
{
    static const int expected[] = {ANSWER_REFUSED, ANSWER_AGAIN, ANSWER_DONE, ANSWER_UNCHANGED};
    struct answer_rules rules = {0};
    struct unit_faults told = {0};

    (void)state;
    read_rules("word good { verdict = done }\nword nochg { verdict = unchanged }", &rules, &told);
    read_rules("word good { verdict = refused }\nstatus 500 { verdict = again }", &rules, &told);
    read_rules("", &rules, &told);
    assert_string_equal(told.text, "");
    assert_int_equal(rules.count, 4);
    for (size_t i = 0; i < rules.count; i++)
        assert_int_equal(rules.list[i].verdict, expected[i]);
    assert_true(answer_tells_success(&rules));
    answer_add_text(&rules, "OK");
    assert_int_equal(rules.count, 5);
    assert_int_equal(rules.list[4].verdict, ANSWER_DONE);
    answer_clear_rules(&rules);
}

static void test_tells_success(void **state)
{
    static const struct {
        const char *rules;
        bool tells;
    } texts[] = {
        {"", false},
        {"status 200 { verdict = done }", false},
        {"word good { verdict = again }", false},
        {"text good { verdict = refused }", false},
        {"word good { verdict = done }", true},
        {"text good { verdict = unchanged }", true},
        {"value \"a=1\" { verdict = done }", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct answer_rules rules = {0};
        struct unit_faults told = {0};

        read_rules(texts[i].rules, &rules, &told);
        if (answer_tells_success(&rules) != texts[i].tells)
            unit_wrong("%s", texts[i].rules);
        answer_clear_rules(&rules);
    }
    unit_all_right();
}

static void test_fields(void **state)
{
    struct answer_rules rules = {0};
    struct unit_faults told = {0};

    (void)state;
    read_rules("status 429 { verdict = again after = 5m after-from = \"header:Reset\" means = \"too many\" }\n"
               "value \"a.b=c|d\" { verdict = again after-from = wait }",
               &rules, &told);
    assert_string_equal(told.text, "");
    assert_int_equal(rules.list[0].after_ms, 300000);
    assert_string_equal(rules.list[0].after_from, "header:Reset");
    assert_string_equal(rules.list[0].means, "too many");
    assert_int_equal(rules.list[0].status_low, 429);
    assert_int_equal(rules.list[0].status_high, 429);
    assert_string_equal(rules.list[1].text, "a.b");
    assert_string_equal(rules.list[1].pattern, "c|d");
    assert_int_equal(rules.list[1].after_ms, 0);
    assert_null(rules.list[1].means);
    answer_clear_rules(&rules);
}

#define DONE  "{ verdict = done }\n"
#define AGAIN "{ verdict = again }\n"

static const struct {
    const char *rules, *fault; /* NULL: good */
} faults_of[] = {
    {"word x { }", "f:1: word 'x' has no verdict"},
    {"word x { verdict = perhaps }", "f:1: verdict: 'perhaps' is not done, unchanged, again"},
    {"word \"\" " DONE, "f:1: word: its title is empty"},
    {"value \"=x\" " DONE, "f:1: value: its title is empty"},
    {"status 99 " DONE, "f:1: status: '99' is no HTTP status"},
    {"status 600 " DONE, "f:1: status: '600'"},
    {"status \"500-400\" " DONE, "f:1: status: '500-400'"},
    {"status \"500-\" " DONE, "f:1: status: '500-'"},
    {"status \"-599\" " DONE, "f:1: status: '-599'"},
    {"status x " DONE, "f:1: status: 'x'"},
    {"status 4xx " DONE, "f:1: status: '4xx'"},
    {"\nword x { verdict = again after = soon }", "f:2: after: 'soon' is no duration"},
    {"word x { verdict = done after = 5m }", "f:1: after: only goes with the verdict again"},
    {"word x { verdict = refused after-from = a }", "f:1: after-from: only goes with the verdict again"},
    {"word x {\nverdict = again\nafter-from = '/(/' }", "f:3: after-from: this is no extended regular expression"},
    {"wrd x " DONE, "f:1: "},
    {"word x { verdct = done }", "f:1: "},
    /* What an earlier rule takes is never reached. */
    {"status \"400-499\" " AGAIN "status 404 " DONE, "f:2: status '404' is never reached"},
    {"status 404 " AGAIN "status \"400-499\" " DONE, NULL},
    {"status \"400-450\" " AGAIN "status \"440-460\" " DONE, NULL},
    {"word good " DONE "word Good " AGAIN, "f:2: word 'Good' is never reached"},
    {"word good " DONE "word goods " AGAIN, NULL},
    {"text err " AGAIN "text error " AGAIN, "f:2: text 'error' is never reached"},
    {"text error " AGAIN "text err " AGAIN, NULL},
    {"text well " DONE "text farewell " AGAIN, NULL}, /* with a bad status */
    {"text well " AGAIN "text farewell " DONE, "f:2: text 'farewell' is never reached"},
    {"text well " DONE "text farewell " DONE, "f:2: text 'farewell' is never reached"},
    {"value \"a=*\" " AGAIN "value \"a=1\" " DONE, "f:2: value 'a=1' is never reached"},
    {"value \"a=1\" " AGAIN "value \"a=*\" " DONE, NULL},
    {"value \"a=*\" " AGAIN "value \"b=1\" " DONE, NULL},
    {"value \"a=1|2\" " AGAIN "value \"a=2\" " DONE, "f:2: value 'a=2' is never reached"},
    {"word x " DONE "text x " DONE "value x " DONE, NULL},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults_of); i++) {
        struct answer_rules rules = {0};
        struct unit_faults told = {0};
        const char *fault = faults_of[i].fault;

        read_rules(faults_of[i].rules, &rules, &told);
        if (fault ? strncmp(told.text, fault, strlen(fault)) != 0 || told.count != 1 : told.count != 0)
            unit_wrong("%s    gives %s", faults_of[i].rules, told.text);
        answer_clear_rules(&rules);
    }
    unit_all_right();
}

static const struct {
    const char *spec, *value; /* NULL: there is none */
} specs[] = {
    {"a.b.0.c", "7"},
    {"a.b.1.c", NULL},
    {"a", NULL},
    {"nothing", NULL},
    {"/\"c\": ([0-9]+)/", "7"},
    {"/\"(d)\": ([a-z]*)/", "d"},
    {"/^second (.*)$/", "line"},
    {"/^(line)/", NULL},
    {"/(never)/", NULL},
    {"/x(y)?z/", NULL},
    {"/at ({ip}) now/", "192.0.2.7"},
    {"/at {ip} (now)/", "now"},
    {"/({host})/", "a.example"},
    {"/({tricky})/", ".*(x|"},
    {"/q{2}(u)/", "u"},
    {"header:Location", "/records/9"},
    {"header:location", "/records/9"},
    {"header:X-Last", "two"},
    {"header:X-Empty", ""},
    {"header:X-La", NULL},
    {"header:Nothing", NULL},
};

/* Where a value stands; a placeholder in an expression stands for its letters, a dot in it for a dot. */
static void test_specs(void **state)
{
    static const char json[] = "{\"a\": {\"b\": [{\"c\": 7}]}}";
    const struct http_answer answer = {
        .status = 200,
        .body = "{\"c\": 7 \"d\": aXexample\nsecond line\nat 192X0X2X7 now at 192.0.2.7 now a.example xz .*(x| qqu",
        .headers = "HTTP/1.1 200 OK\r\nLocation: /records/9\r\nX-Last: one\r\nX-Empty:\r\nX-LAST:\t two\r\n\r\n"};
    struct json_t *parsed = json_parse(json, sizeof json - 1);

    (void)state;
    for (size_t i = 0; i < COUNT(specs); i++) {
        char *value = answer_value(&answer, parsed, specs[i].spec, &source), *fault = answer_spec_fault(specs[i].spec);

        if ((value == NULL) != (specs[i].value == NULL) || (value && strcmp(value, specs[i].value) != 0) || fault)
            unit_wrong("%s: %s %s", specs[i].spec, value ? value : "none", fault ? fault : "");
        free(value);
        free(fault);
    }
    unit_all_right();
    assert_null(answer_value(&answer, NULL, "a.b.0.c", &source));
    json_free(parsed);
}

static void test_spec_faults(void **state)
{
    static const struct {
        const char *spec, *fault;
    } wrong[] = {
        {"", "no path"},           {".a", "no path"},       {"a..b", "no path"},      {"header:", "no name"},
        {"/(/", "no extended"},    {"/[/", "no extended"},  {"/abc/", "has no ( )"},  {"/a{2,1}(b)/", "no extended"},
        {"/\\(a\\)/", "has no ("}, {"/({ip})[/", "no ext"}, {"/{ip}/", "has no ( )"},
    };
    static const char *const good[] = {".", "a", "a.b.0", "/(a)/", "header:X", "/{ip} (a|b)/", "{type}.0", "/", "//"};

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char *fault = answer_spec_fault(wrong[i].spec);

        if (!fault || !strstr(fault, wrong[i].fault))
            unit_wrong("%s: %s", wrong[i].spec, fault ? fault : "no fault");
        free(fault);
    }
    for (size_t i = 0; i < COUNT(good); i++) {
        char *fault = answer_spec_fault(good[i]);

        if (fault)
            unit_wrong("%s: %s", good[i], fault);
        free(fault);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),         cmocka_unit_test(test_lines),       cmocka_unit_test(test_inherited),
        cmocka_unit_test(test_tells_success), cmocka_unit_test(test_fields),      cmocka_unit_test(test_faults),
        cmocka_unit_test(test_specs),         cmocka_unit_test(test_spec_faults),
    };

    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
