#include "tree.h"

#include "fault.h"

#include "unit.h"

static const struct tree_key record_keys[] = {
    {"ttl", TREE_TEXT, NULL}, {"include", TREE_CALL, NULL}, {NULL, TREE_TEXT, NULL}};

static const struct tree_key provider_keys[] = {
    {"username", TREE_TEXT, NULL},         {"password", TREE_TEXT, NULL}, {"hostname", TREE_LIST, NULL},
    {"record", TREE_SECTION, record_keys}, {NULL, TREE_TEXT, NULL},
};

static const struct tree_key schema[] = {
    {"interface", TREE_TEXT, NULL},
    {"settle", TREE_TEXT, NULL},
    {"settle-max", TREE_TEXT, NULL},
    {"names", TREE_LIST, NULL},
    {"provider", TREE_SECTION, provider_keys},
    {"word", TREE_SECTION, record_keys},
    {NULL, TREE_TEXT, NULL},
};

/* A tree as text: key@line=value@line,value@line; and key:title@line{...} */
static void dump(const struct tree_node *section, char *text, size_t size)
{
    for (size_t i = 0; i < section->node_count; i++) {
        const struct tree_node *node = &section->nodes[i];
        size_t length = strlen(text);

        if (node->key->type == TREE_SECTION) {
            snprintf(text + length, size - length, "%s:%s@%d{", node->key->name, node->title, node->line);
            dump(node, text, size);
            length = strlen(text);
            snprintf(text + length, size - length, "}");
            continue;
        }
        snprintf(text + length, size - length, "%s@%d=", node->key->name, node->line);
        for (size_t v = 0; v < node->value_count; v++) {
            length = strlen(text);
            snprintf(text + length, size - length, "%s@%d%s", node->values[v].text, node->values[v].line,
                     v + 1 < node->value_count ? "," : ";");
        }
    }
}

/* The dump of what the text means, or "refused". */
static void read_text(const char *text, size_t length, struct unit_faults *faults, char *result, size_t size)
{
    struct tree_node *tree = tree_parse("f", text, length, schema, unit_fault, faults);

    result[0] = '\0';
    if (tree)
        dump(tree, result, size);
    else
        snprintf(result, size, "refused");
    tree_free(tree);
}

static void try_good(const char *text, const char *expected)
{
    struct unit_faults faults = {0};
    char result[4096];

    read_text(text, strlen(text), &faults, result, sizeof result);
    if (strcmp(result, expected) != 0 || faults.count)
        unit_wrong("%s\n    gives %s\n    not   %s\n    %s", text, result, expected, faults.text);
}

/* What reads well, with the line of each key, value and section. */
static void test_grammar(void **state)
{
    static const char *const good[][2] = {
        {"", ""},
        {"\n\n# only a comment", ""},
        {"interface = wan0", "interface@1=wan0@1;"},
        {"\ninterface=wan0\n", "interface@2=wan0@2;"},
        {"interface\n=\nwan0\n", "interface@3=wan0@3;"},
        {"interface = \"wan0\"", "interface@1=wan0@1;"},
        {"interface = 'wan0'", "interface@1=wan0@1;"},
        {"interface = \"\"", "interface@1=@1;"},
        {"interface = ''", "interface@1=@1;"},
        {"interface = a # b\nsettle = c // d\nsettle-max = e /* f */\n",
         "interface@1=a@1;settle@2=c@2;settle-max@3=e@3;"},
        {"/* one\n two\n three */ interface = a\n/* */ settle = b\n", "interface@3=a@3;settle@4=b@4;"},
        {"/* a * b ** c /* d **/ interface = a", "interface@1=a@1;"},
        {"interface = \"# no // comment /* here */\"", "interface@1=# no // comment /* here */@1;"},
        {"interface = '# no // comment /* here */'", "interface@1=# no // comment /* here */@1;"},
        {"interface = \"*.example.org\"", "interface@1=*.example.org@1;"},
        {"interface = '${HOME}'", "interface@1=${HOME}@1;"},
        {"interface = \"$HOME {x} $\"", "interface@1=$HOME {x} $@1;"},
        {"interface = \"a\\\"b\\\\c\"", "interface@1=a\"b\\c@1;"},
        {"interface = 'a\\'b'", "interface@1=a'b@1;"},
        {"interface = a-b_c.d:e@f%g/h", "interface@1=a-b_c.d:e@f%g/h@1;"},
        {"interface = 250ms settle = x", "interface@1=250ms@1;settle@1=x@1;"},
        {"names = a", "names@1=a@1;"},
        {"names = { a }", "names@1=a@1;"},
        {"names = { a, b,\n c }", "names@1=a@1,b@1,c@2;"},
        {"names = {\n  a,\n  # between\n  \"*.b\",\n\n  c\n}\nsettle = d", "names@2=a@2,*.b@4,c@6;settle@8=d@8;"},
        {"names={a,b}", "names@1=a@1,b@1;"},
        {"provider x { }", "provider:x@1{}"},
        {"provider x\n{\n}\n", "provider:x@2{}"},
        {"provider x {\n  username = a\n  password = \"{\"\n}\n", "provider:x@1{username@2=a@2;password@3={@3;}"},
        {"provider \"a:b\" {}\nprovider a:c {}", "provider:a:b@1{}provider:a:c@2{}"},
        {"provider a {\n record x { ttl = 1 }\n\n record y {\n ttl = 2 } }\nprovider b {\n}\n",
         "provider:a@1{record:x@2{ttl@2=1@2;}record:y@4{ttl@5=2@5;}}provider:b@6{}"},
        /* The same name in two sections is two things. */
        {"provider a { record x { } }\nprovider b { record x { } }",
         "provider:a@1{record:x@1{}}provider:b@2{record:x@2{}}"},
        {"interface = a\r\nprovider x {\r\n  hostname = {\r\n b }\r\n}\r\n",
         "interface@1=a@1;provider:x@2{hostname@4=b@4;}"},
        {"\tinterface\t=\ta\t", "interface@1=a@1;"},
        {"interface = \"\xc3\xa4\"", "interface@1=\xc3\xa4@1;"},
        {"word a {\n include(\"/x y\")\n ttl = 1\n include(b)\n include(c, 'd')\n}\nword b { include(e) }",
         "word:a@1{include@2=/x y@2;ttl@3=1@3;include@4=b@4;include@5=c@5,d@5;}word:b@7{include@7=e@7;}"},
        {"word a { include() }", "word:a@1{include@1=}"},
        {"word a { include(\n\"b\"\n)\n ttl = 1 }", "word:a@1{include@3=b@3;ttl@4=1@4;}"},
        {"word a { include(\n\"b\"\n)\n ttl = 1 }", "word:a@1{include@3=b@3;ttl@4=1@4;}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        try_good(good[i][0], good[i][1]);
    unit_all_right();
}

/* In the file of another program a backslash in double quotes is what libConfuse makes of it; all else is the same. */
static void test_foreign(void **state)
{
    static const char *const rows[][2] = {
        {"interface = \"[ \\t]+|/ \\x41\\101 \\q \\\"\"", "interface@1=[ \t]+|/ AA q \"@1;"},
        {"interface = \"a\\\nb\"\nsettle = c", "interface@2=ab@2;settle@3=c@3;"},
        {"interface = '\\t'", "interface@1=\\t@1;"},
        {"interface = a#b", "refused"},
        {"interface = \"${HOME}\"", "refused"},
        {"interface = *", "refused"},
        {"unknown = x", "refused"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unit_faults faults = {0};
        struct tree_node *tree = tree_parse_foreign("f", rows[i][0], strlen(rows[i][0]), schema, unit_fault, &faults);
        char result[4096] = "";

        if (tree)
            dump(tree, result, sizeof result);
        if (strcmp(tree ? result : "refused", rows[i][1]) != 0)
            unit_wrong("%s gives %s %s", rows[i][0], result, faults.text);
        tree_free(tree);
    }
    unit_all_right();
}

/* A quoted value may go over lines; what follows keeps its right line. */
static void test_value_of_two_lines(void **state)
{
    static const char text[] = "interface = \"a\nb\"\nsettle = c";
    struct unit_faults faults = {0};
    char result[4096];

    (void)state;
    read_text(text, strlen(text), &faults, result, sizeof result);
    assert_string_equal(faults.text, "");
    assert_contains(result, "=a\nb@");
    assert_contains(result, "settle@3=c@3;");
}

/* Nodes stand in the order of the file, whatever the schema says: of rules the first that fits counts. */
static void test_order_of_the_file(void **state)
{
    (void)state;
    try_good("word b { }\nprovider z { }\nsettle = 1\nword a { }\ninterface = x\n",
             "word:b@1{}provider:z@2{}settle@3=1@3;word:a@4{}interface@5=x@5;");
    unit_all_right();
}

struct bad {
    const char *text;
    const char *fault; /* "line: part of the text" */
};

static const struct bad bads[] = {
    /* What the lexer of libConfuse 3.3 leaves out in silence. */
    {"interface = ppp*", "1: *"},
    {"names = *.example.org", "1: *"},
    {"names = { a,\n b,\n *.example.org }", "3: quotes"},
    {"interface = a\nsettle = *\n", "2: *"},
    {"provider * { }", "1: *"},
    {"\n\nsettle = a+b", "3: +"},
    {"settle = +", "1: +"},
    {"settle = a+", "1: +"},
    /* A comment that takes a part of a word with it. */
    {"settle = https://example.org/", "1: quotes"},
    {"settle = a//b", "1: quotes"},
    {"settle = a#b", "1: quotes"},
    {"settle = a/*b*/c", "1: quotes"},
    {"names = { a, b#c\n}", "1: quotes"},
    {"provider a#b { }", "1: quotes"},
    /* What libConfuse would not give back. */
    {"word a { include(\"b\"] }", "1: what stands in ( )"},
    {"word a { include(b c) }", "1: what stands in ( )"},
    {"word a {\ninclude(b", "2: what stands in ( )"},
    {"word a {\ninclude('b", "2: this quote is not closed"},
    {"word a { include = b }", "1: "},
    {"include(b)", "1: unknown key 'include'"},
    /* What would come from the environment. */
    {"settle = ${HOME}", "1: ${"},
    {"settle = \"${HOME}\"", "1: ${"},
    {"settle = \"a\nb ${X}\"", "2: ${"},
    /* What an escape would make of it: "pass" out of "pa\\ss\\0word". */
    {"settle = \"pa\\ss\"", "1: single quotes"},
    {"settle = \"a\\0b\"", "1: single quotes"},
    {"settle = \"a\\nb\"", "1: single quotes"},
    {"settle = \"a\\\nb\"", "1: single quotes"},
    /* What has no end: it would go on in the next file that is read. */
    {"settle = \"abc\n\nsettle = x\n", "1: quote"},
    {"interface = a\nsettle = 'abc", "2: quote"},
    {"settle = \"abc\\\"\n", "1: quote"},
    {"settle = \"abc\\", "1: quote"},
    {"settle = '", "1: quote"},
    {"interface = a\n/* abc\nsettle = b\n", "2: comment"},
    {"/*/ settle = a", "1: comment"},
    {"interface = a\nprovider x {\n settle = b\n", "2: }"},
    {"\nprovider x {\n username = b\n", "2: }"},
    {"provider x {\n record y {\n }\n", "1: }"},
    /* What may be the rest of a password without quotes is not repeated. */
    {"settle = my topsecret", "1: a value with blanks"},
    {"names = a\nsettle = my topsecret more\n", "2: a value with blanks"},
    {"settle = my(topsecret", "1: quotes"},
    /* Faults of grammar. */
    {"provider x {\n}\n}\n", "3: "},
    {"settle = a b", "1: "},
    {"settle", ""},
    {"settle =", ""},
    {"= a", "1: "},
    {"settle = {a, b}", "1: "},
    {"settle = a, b", "1: "},
    {"names = {a b}", "1: "},
    {"names = {a,,b}", "1: "},
    {"names = {a", ""},
    {"provider = x", "1: "},
    {"provider { }", "1: "},
    {"provider x y { }", "1: "},
    {"provider x", ""},
    {"settle { }", "1: "},
    {"settle x { }", "1: "},
    {"settle = \"a\"b", "1: "},
    {"settle = a\"b\"", "1: "},
    {"include(\"/etc/passwd\")", "1: "},
    {"settle = a\rinterface = b", "1: control"},
    {"settle = \"a\x01\"", "1: control"},
    /* Unknown keys, with what was probably meant. */
    {"setle = a", "1: unknown key 'setle': did you mean 'settle'?"},
    {"\n\nsettlemax = a", "3: unknown key 'settlemax': did you mean 'settle-max'?"},
    {"provider x {\n  hostnam = a\n}", "2: unknown key 'hostnam': did you mean 'hostname'?"},
    {"provder x {\n}", "1: unknown key 'provder': did you mean 'provider'?"},
    {"provider x {\n  setle = a\n}", "2: unknown key 'setle'\n"},
    {"Settle = a", "1: unknown key 'Settle': did you mean 'settle'?"},
    {"cloudiness = a", "1: unknown key 'cloudiness'\n"},
    {"interface = a\nsettle = \"b\"; names = c", "2: there is a ;"},
    {"names = a, b", "1: several values stand in braces"},
    {"names = {a b}", "1: a comma between two of a list"},
    /* ... or where it belongs. */
    {"provider x {\n  settle = a\n}", "2: unknown key 'settle': it belongs at the top, outside of the sections"},
    {"interface = a\nhostname = b", "2: unknown key 'hostname': it belongs in a section 'provider'"},
    {"provider x {\n  ttl = 1\n}", "2: unknown key 'ttl': it belongs in a section 'record'"},
    {"provider x {\n  record y {\n    interface = a\n}\n}", "3: unknown key 'interface': it belongs at the top"},
    {"record x {\n}", "1: unknown key 'record': it belongs in a section 'provider'"},
    /* Twice. */
    {"settle = a\nsettle = b", "2: 'settle' stands here a second time, first in line 1"},
    {"provider x { username = a\n\nusername = b }", "3: 'username' stands here a second time, first in line 1"},
    {"provider x {\n}\n\nprovider y {\n}\nprovider x {\n  username = a\n}\n", "6: "},
    {"provider a {\n record x { }\n record x {\n ttl = 1\n }\n}\n", "3: "},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bads); i++) {
        struct unit_faults faults = {0};
        char result[4096], expected[256];

        snprintf(expected, sizeof expected, "%s%s", *bads[i].fault >= '0' && *bads[i].fault <= '9' ? "f:" : "",
                 bads[i].fault);
        read_text(bads[i].text, strlen(bads[i].text), &faults, result, sizeof result);
        /* "line: part": the line at the front, and the part somewhere behind it. */
        if (strcmp(result, "refused") != 0 || faults.count == 0)
            unit_wrong("%s\n    is not refused: %s", bads[i].text, result);
        else if (strncmp(faults.text, expected, strcspn(expected, " ")) != 0 ||
                 !strstr(faults.text, strchr(expected, ' ') ? strchr(expected, ' ') + 1 : expected))
            unit_wrong("%s\n    is refused with: %s    not with: %s", bads[i].text, faults.text, expected);
        if (strstr(faults.text, "topsecret"))
            unit_wrong("%s\n    shows the secret: %s", bads[i].text, faults.text);
        /* The parser of libConfuse keeps its state in the process: what was refused must not reach the next file. */
        try_good("interface = a\nnames = { b, c }\n", "interface@1=a@1;names@2=b@2,c@2;");
    }
    unit_all_right();
}

/* The same key twice, with another value, is a fault, whichever of the two is empty. */
static void test_same_twice(void **state)
{
    static const char *const twice[] = {
        "settle = \"\"\nsettle = a",          "settle = a\nsettle = \"\"",   "names = a\nnames = b",
        "names = { a, b }\nnames = { b, a }", "names = { a, b }\nnames = c",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(twice); i++) {
        struct unit_faults faults = {0};
        char result[4096];

        read_text(twice[i], strlen(twice[i]), &faults, result, sizeof result);
        if (strcmp(result, "refused") != 0 || strncmp(faults.text, "f:2: ", 5) != 0)
            unit_wrong("%s\n    gives %s %s", twice[i], result, faults.text);
    }
    unit_all_right();
}

static void test_nul(void **state)
{
    static const char text[] = "interface = a\nsettle = b\0c\n";
    struct unit_faults faults = {0};
    char result[4096];

    (void)state;
    read_text(text, sizeof text - 1, &faults, result, sizeof result);
    assert_string_equal(result, "refused");
    assert_contains(faults.text, "f:2: ");
    /* Only length bytes count. */
    read_text("interface = a\0\"", 13, &faults, result, sizeof result);
    assert_string_equal(result, "interface@1=a@1;");
}

static void test_deep(void **state)
{
    static char text[20 * 1000 + 1];
    struct unit_faults faults = {0};
    char result[4096];

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        memcpy(text + 20 * i, "provider xxxxxxxxx {", 20);
    read_text(text, strlen(text), &faults, result, sizeof result);
    assert_string_equal(result, "refused");
}

static void test_long(void **state)
{
    static char text[200000];
    struct unit_faults faults = {0};
    struct tree_node *tree;
    size_t length;

    (void)state;
    length = (size_t)snprintf(text, sizeof text, "names = { n0");
    for (int i = 1; i < 5000; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, ",\nn%d", i);
    snprintf(text + length, sizeof text - length, " }\nsettle = x\n");
    tree = tree_parse("f", text, strlen(text), schema, unit_fault, &faults);
    assert_string_equal(faults.text, "");
    assert_non_null(tree);
    assert_int_equal(tree_find(tree, "names")->value_count, 5000);
    assert_string_equal(tree_find(tree, "names")->values[4999].text, "n4999");
    assert_int_equal(tree_find(tree, "names")->values[4999].line, 5000);
    assert_int_equal(tree_value(tree, "settle")->line, 5001);
    tree_free(tree);
}

/* Whatever stands unquoted, or in quotes, is read as it stands or refused, but never altered. */
static void test_never_altered(void **state)
{
    static const struct {
        const char *quote, *letters;
    } places[] = {
        {"", "ab*+/#$\\:;@%^&!?.-_~<>|[]`1"},
        {"\"", "ab*+/#${}(),=:;@%^&!?.-_~<>|[]` 1'"},
        {"'", "ab*+/#${}(),=:;@%^&!?.-_~<>|[]` 1\""},
    };
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 7);
    for (int round = 0; round < 30000; round++) {
        const char *letters = places[round % 3].letters, *quote = places[round % 3].quote;
        char word[9] = "", text[64];
        struct unit_faults faults = {0};
        struct tree_node *tree;

        for (size_t i = 0, n = 1 + unit_random(&random, 7); i < n; i++)
            word[i] = letters[unit_random(&random, (uint32_t)strlen(letters))];
        snprintf(text, sizeof text, "settle = %s%s%s\nnames = good\n", quote, word, quote);
        tree = tree_parse("f", text, strlen(text), schema, unit_fault, &faults);
        if (tree && (!tree_value(tree, "settle") || strcmp(tree_value(tree, "settle")->text, word) != 0 ||
                     !tree_value(tree, "names") || strcmp(tree_value(tree, "names")->text, "good") != 0))
            unit_wrong("%s is altered", text);
        if ((tree == NULL) != (faults.count > 0))
            unit_wrong("%s: a fault with a result, or none without", text);
        if (!tree)
            try_good("settle = x\nnames = y", "settle@1=x@1;names@2=y@2;");
        tree_free(tree);
    }
    unit_all_right();
}

/* Any bytes, and a good file with one byte changed: a tree or a fault, and the next file is read right. */
static void test_damaged(void **state)
{
    static const char good[] = "interface = a # b\nnames = { \"*.x\", 'y' }\n/* c */\nprovider d:e {\n  username = f\n"
                               "  hostname = { g, h }\n  record i { ttl = 1 }\n}\n";
    struct unit_random random;

    (void)state;
    unit_random_seed(&random, 8);
    for (int round = 0; round < 20000; round++) {
        char text[sizeof good];
        struct unit_faults faults = {0};
        struct tree_node *tree;

        memcpy(text, good, sizeof good);
        for (uint32_t n = 1 + unit_random(&random, 3); n > 0; n--)
            text[unit_random(&random, sizeof good - 1)] = "\"'{}=*#/\n\\$(),+ \0\xff"[unit_random(&random, 18)];
        tree = tree_parse("f", text, sizeof good - 1, schema, unit_fault, &faults);
        if ((tree == NULL) != (faults.count > 0))
            unit_wrong("a fault with a result, or none without:\n%s%s", text, faults.text);
        tree_free(tree);
        try_good("settle = x\nprovider y { }", "settle@1=x@1;provider:y@2{}");
    }
    unit_all_right();
}

static void test_find(void **state)
{
    static const char text[] = "settle = a\nprovider x { username = b }\nprovider y { username = c }\n";
    struct unit_faults faults = {0};
    struct tree_node *tree = tree_parse("f", text, sizeof text - 1, schema, unit_fault, &faults);

    (void)state;
    assert_non_null(tree);
    assert_string_equal(tree_value(tree, "settle")->text, "a");
    assert_null(tree_value(tree, "interface"));
    assert_null(tree_find(tree, "names"));
    assert_null(tree_find(tree, "no such key"));
    assert_string_equal(tree_find(tree, "provider")->title, "y");
    assert_string_equal(tree_value(tree_find(tree, "provider"), "username")->text, "c");
    assert_null(tree_value(tree, "provider"));
    tree_free(tree);
    tree_free(NULL);
}

static void test_files(void **state)
{
    char *path = unit_file(*state, "f", "\nsetle = x\n", 0600), *missing = unit_path(*state, "missing");
    struct unit_faults faults = {0};
    char expected[512];
    struct tree_node *tree;

    assert_null(tree_read(path, schema, unit_fault, &faults));
    snprintf(expected, sizeof expected, "%s:2: unknown key 'setle'", path);
    assert_contains(faults.text, expected);
    assert_null(tree_read(missing, schema, unit_fault, &faults));
    snprintf(expected, sizeof expected, "%s:0: No such file or directory\n", missing);
    assert_contains(faults.text, expected);
    assert_null(tree_read(*state, schema, unit_fault, &faults));
    assert_int_equal(faults.count, 3);
    free(path);
    path = unit_file(*state, "f", "settle = x\n", 0600);
    tree = tree_read(path, schema, unit_fault, &faults);
    assert_non_null(tree);
    assert_string_equal(tree_value(tree, "settle")->text, "x");
    tree_free(tree);
    free(path);
    free(missing);
}

static void test_fault_printf(void **state)
{
    struct unit_faults faults = {0};
    struct faults all = {.path = "file", .fn = unit_fault, .arg = &faults};

    (void)state;
    assert_false(all.any);
    fault_at(&all, 3, "%s is %d", "x", 4);
    assert_string_equal(faults.text, "file:3: x is 4\n");
    assert_true(all.any);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_value_of_two_lines),
        cmocka_unit_test(test_order_of_the_file),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_same_twice),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_never_altered),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_find),
        cmocka_unit_test_setup_teardown(test_files, unit_setup_folder, unit_teardown_folder),
        cmocka_unit_test(test_fault_printf),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
