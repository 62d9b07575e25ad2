#include "draft_print.h"

#include "buf.h"
#include "loader.h"
#include "unit.h"

static struct draft *draft;

static int setup(void **state)
{
    (void)state;
    draft = draft_new("other", "f");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    draft_free(draft);
    return 0;
}

static struct draft_word *add_word(const char *key, const char *value, int line)
{
    return draft_word(draft, &(struct draft_word){.key = key, .value = value, .file = "f", .line = line});
}

/* A section with this login, and one name that is looked for at these places. */
static struct draft_section *add_login(const char *provider, const char *username, const char *name,
                                       enum ip_families families, struct draft_place v4, struct draft_place v6)
{
    struct draft_section *section = draft_section(draft);
    struct unit_faults told = {0};

    section->provider = provider;
    section->definition = loader_find(provider, &(struct faults){"f", unit_fault, &told, false}, 0);
    assert_non_null(section->definition);
    section->values[DRAFT_USERNAME] = username;
    section->values[DRAFT_PASSWORD] = "secret";
    draft_name(section, &(struct draft_name){name, families, v4, v6});
    return draft_join(draft);
}

static const struct draft_place nowhere, eth0 = {.interface = "eth0"}, eth1 = {.interface = "eth1"};
static const struct draft_place echo = {.source = "echo:ipify", .interval = "10m"};
static const struct draft_place fixed = {.source = "static:192.168.1.1", .allow_private = true, .remark = "a remark"};

/* What stands behind the head. */
static void expect(const char *expected)
{
    struct draft_print print;
    const char *at;

    draft_print(draft, NULL, &print);
    at = strstr(print.text, "\n\n");
    assert_string_equal(at ? at + 2 : "", expected);
    draft_print_clear(&print);
}

/* ---- Notes. ---- */

static const char *note_of(const char *key, const char *value, bool secret)
{
    struct draft_word *word = add_word(key, value, 7);

    word->secret = secret;
    draft_note(draft, NULL, word, true, "%s", "why");
    return word->note;
}

/* As much of a value as is sure to be no secret, in one line. */
static void test_note(void **state)
{
    (void)state;
    assert_string_equal(note_of("key", "value", false), "f:7: key = value: left out, why");
    assert_string_equal(note_of("key", "value", true), "f:7: key = ...: left out, why");
    assert_string_equal(note_of("key", NULL, false), "f:7: key: left out, why");
    assert_string_equal(note_of("key", "", false), "f:7: key = : left out, why");
    assert_string_equal(note_of("key", "/bin/x -p secret", false), "f:7: key = /bin/x ...: left out, why");
    assert_string_equal(note_of("key", "https://a/b?c=secret", false), "f:7: key = https://a/b ...: left out, why");
    assert_string_equal(note_of("key", "https://me:secret@a/", false), "f:7: key = ...: left out, why");
    assert_string_equal(note_of("key", "a\nb\x01", false), "f:7: key = a\\x0ab\\x01: left out, why");
    assert_string_equal(note_of("key", "0123456789012345678901234567890123456789012345678901234567ä\xc3\xa4x", false),
                        "f:7: key = 0123456789012345678901234567890123456789012345678901234567ä ...: left out, why");
}

/* Once for each word; what is not needed is not said of a word that is carried over, what is missing is. */
static void test_note_once(void **state)
{
    struct draft_word *word = add_word("a", "b", 1);

    (void)state;
    draft_note(draft, NULL, word, true, "first");
    draft_note(draft, NULL, word, true, "second");
    assert_contains(word->note, "first");
    assert_int_equal(draft->lost, 1);
    assert_int_equal(draft->notes.count, 1);
    word = add_word("c", "d", 2);
    word->done = true;
    draft_note(draft, NULL, word, false, "needless");
    assert_null(word->note);
    draft_note(draft, NULL, word, true, "missing");
    assert_non_null(word->note);
    assert_int_equal(draft->lost, 2);
}

/* Notes come in the order of the file, at the top or in their section. */
static void test_note_order(void **state)
{
    struct draft_word *first = add_word("one", "1", 1), *second = add_word("two", "2", 2),
                      *top = add_word("top", "3", 3);
    struct draft_section *section = add_login("dyn", "a", "a.example.org", IP_BOTH, nowhere, nowhere);
    struct draft_print print;

    (void)state;
    top->at_top = true;
    draft_note(draft, section, second, false, "w");
    draft_note(draft, section, first, false, "w");
    draft_note(draft, section, top, false, "w");
    draft_print(draft, NULL, &print);
    assert_contains(print.text, "#\n# f:3: top = 3: not needed, w\n\nprovider dyn {\n"
                                "    # f:1: one = 1: not needed, w\n    # f:2: two = 2: not needed, w\n");
    draft_print_clear(&print);
}

/* ---- Sections. ---- */

/* The same login is one section; another one gets a number. A name gets the families that it had not. */
static void test_join(void **state)
{
    (void)state;
    add_login("dyn", "a", "one.example.org", IP_V4, nowhere, nowhere);
    add_login("dyn", "b", "two.example.org", IP_BOTH, nowhere, nowhere);
    add_login("dyn", "a", "three.example.org", IP_BOTH, nowhere, nowhere);
    add_login("dyn", "a", "one.example.org", IP_V6, nowhere, nowhere);
    assert_int_equal(draft->section_count, 2);
    expect("provider dyn {\n    username       = a\n    password       = secret\n"
           "    hostname       = { one.example.org, three.example.org }\n}\n"
           "\nprovider dyn:2 {\n    username       = b\n    password       = secret\n"
           "    hostname       = two.example.org\n}\n");
}

/* Where the login stands for one name, each name has a section; labels stay, and are made different. */
static void test_one_hostname(void **state)
{
    (void)state;
    add_login("freemyip", NULL, "a.freemyip.com", IP_BOTH, nowhere, nowhere)->label = "x";
    add_login("freemyip", NULL, "b.freemyip.com", IP_BOTH, nowhere, nowhere)->label = "x";
    add_login("freemyip", NULL, "b.freemyip.com", IP_BOTH, nowhere, nowhere);
    expect("provider freemyip:x {\n    password       = secret\n    hostname       = a.freemyip.com\n}\n"
           "\nprovider freemyip:x-2 {\n    password       = secret\n    hostname       = b.freemyip.com\n}\n");
}

/* What most sections have stands at the top; the others say what they have in its place. */
static void test_common_place(void **state)
{
    (void)state;
    add_login("dyn", "a", "a.example.org", IP_V4, eth0, nowhere);
    add_login("dyn", "b", "b.example.org", IP_V4, eth0, nowhere);
    add_login("dyn", "c", "c.example.org", IP_BOTH, fixed, fixed);
    expect(
        "interface      = eth0\nfamily         = ipv4\n"
        "\nprovider dyn {\n    username       = a\n    password       = secret\n    hostname       = a.example.org\n}\n"
        "\nprovider dyn:2 {\n    username       = b\n    password       = secret\n    hostname       = "
        "b.example.org\n}\n"
        "\nprovider dyn:3 {\n    username       = c\n    password       = secret\n    interface      = auto\n"
        "    family         = both\n    source         = \"static:192.168.1.1\"    # a remark\n"
        "    allow-private  = yes\n    hostname       = c.example.org\n}\n");
}

/* A name whose families come from two places, and names elsewhere, are records. */
static void test_records(void **state)
{
    (void)state;
    add_login("dyn", "a", "a.example.org", IP_V4, echo, nowhere);
    add_login("dyn", "a", "both.example.org", IP_BOTH, echo, eth1);
    add_login("dyn", "a", "six.example.org", IP_V6, nowhere, eth1);
    add_login("dyn", "a", "kernel.example.org", IP_BOTH, nowhere, nowhere);
    expect(
        "family         = ipv4\nsource         = \"echo:ipify\"\ncheck-interval = 10m\n"
        "\nprovider dyn {\n    username       = a\n    password       = secret\n"
        "    hostname       = { a.example.org, both.example.org }\n"
        "    record both.example.org {\n        interface      = eth1\n        family         = ipv6\n"
        "        source         = kernel\n    }\n"
        "    record six.example.org {\n        interface      = eth1\n        family         = ipv6\n"
        "        source         = kernel\n    }\n"
        "    record kernel.example.org {\n        family         = both\n        source         = kernel\n    }\n}\n");
}

/* Two names, each with two places that are not those of the other, cannot be in one section. */
static void test_two_places(void **state)
{
    (void)state;
    add_login("dyn", "a", "a.example.org", IP_BOTH, eth0, eth1);
    add_login("dyn", "a", "b.example.org", IP_BOTH, eth1, echo);
    expect("provider dyn {\n    username       = a\n    password       = secret\n    interface      = eth0\n"
           "    family         = ipv4\n    hostname       = a.example.org\n"
           "    record a.example.org {\n        interface      = eth1\n        family         = ipv6\n    }\n}\n"
           "\nprovider dyn:2 {\n    username       = a\n    password       = secret\n    interface      = eth1\n"
           "    family         = ipv4\n    hostname       = b.example.org\n"
           "    record b.example.org {\n        interface      = auto\n        family         = ipv6\n"
           "        source         = \"echo:ipify\"\n        check-interval = 10m\n    }\n}\n");
}

/* All values, in our order; what the definition needs and nobody gave is asked for. */
static void test_values(void **state)
{
    struct draft_section *section = add_login("namecheap", NULL, "www.example.org", IP_V4, nowhere, nowhere);

    (void)state;
    section->values[DRAFT_PASSWORD] = NULL;
    section->values[DRAFT_TTL] = "60";
    section->values[DRAFT_SERVER] = "https://x.example";
    section->values[DRAFT_URL] = "https://y.example/{ip}";
    draft_add(&section->options, "a=b");
    draft_add(&section->answers, "good");
    draft_add(&section->answers, "no change");
    draft->ca_file = "/etc/ca.pem";
    draft->on_change = "/bin/true";
    expect(
        "ca-file        = \"/etc/ca.pem\"\non-change      = \"/bin/true\"    # run without arguments, after a refusal, "
        "too: WANDDNS_EVENT, WANDDNS_NEW\nfamily         = ipv4\n"
        "\nprovider namecheap {\n    server         = \"https://x.example\"\n"
        "    url            = \"https://y.example/{ip}\"\n    answer         = { good, \"no change\" }\n"
        "    # password       = ...    must be written here\n    # zone           = ...    must be written here\n"
        "    ttl            = 60\n    options        = \"a=b\"\n    hostname       = www.example.org\n}\n");
}

/* With a folder no secret is in the text; names of files do not meet. */
static void test_password_files(void **state)
{
    struct draft_print print;

    (void)state;
    add_login("dyn", "a", "a.example.org", IP_BOTH, nowhere, nowhere)->label = "x";
    add_login("dyn", "b", "b.example.org", IP_BOTH, nowhere, nowhere)->label = "x-y";
    add_login("dyn", "c", "c.example.org", IP_BOTH, nowhere, nowhere);
    draft_print(draft, "/etc/x y", &print);
    assert_lacks(print.text, "secret");
    assert_int_equal(print.file_count, 3);
    assert_string_equal(print.files[0].path, "/etc/x y/dyn-x.password");
    assert_string_equal(print.files[0].content, "secret\n");
    assert_string_equal(print.files[1].path, "/etc/x y/dyn-x-y.password");
    assert_contains(print.text, "    password-file  = \"/etc/x y/dyn.password\"\n");
    draft_print_clear(&print);
}

/* ---- Values. ---- */

/* Whatever the value, our grammar reads it as it was. */
static void test_value(void **state)
{
    static const struct tree_key keys[] = {{"a", TREE_LIST, NULL}, {NULL, TREE_TEXT, NULL}};
    static const char *const values[] = {
        "",         "plain-1_2.3", "a b",      "it's", "say \"x\"", "both ' and \"", "back\\slash", "end\\", "${HOME}",
        "$HOME",    "#",           "a#b",      "//",   "/* x */",   "*.org",         "+",           "{x}",   "(",
        "a=b",      "a,b",         "\xc3\xa4", "'",    "\"",        "\\'",           "'\\\"${x}'",  "-",     ".",
        "\\\\n\\t", "a:b",         "\xff",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct unit_faults told = {0};
        struct buf text = {0};
        struct tree_node *tree;

        buf_add(&text, "a = ");
        draft_print_value(&text, values[i]);
        buf_add(&text, "\n");
        tree = tree_parse("f", text.text, text.length, keys, unit_fault, &told);
        if (!tree || !tree_value(tree, "a") || strcmp(tree_value(tree, "a")->text, values[i]) != 0)
            unit_wrong("%s as %s gives %s %s", values[i], text.text, tree ? tree_value(tree, "a")->text : "none",
                       told.text);
        tree_free(tree);
        buf_free(&text);
    }
    unit_all_right();
}

/* A long list is broken into lines, and reads as before. */
static void test_long_list(void **state)
{
    struct draft_section *section = add_login("dyn", "a", "name-0.example.org", IP_BOTH, nowhere, nowhere);
    struct draft_print print;

    (void)state;
    for (int i = 1; i < 40; i++) {
        struct draft_name name = {draft_format(draft, "name-%d.example.org", i), IP_BOTH, nowhere, nowhere};

        draft_name(section, &name);
    }
    draft_print(draft, NULL, &print);
    for (const char *line = print.text; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] != '\0'))
        assert_true(strcspn(line, "\n") <= 120);
    assert_contains(print.text, ",\n                       name-");
    assert_contains(print.text, "name-39.example.org }\n}\n");
    draft_print_clear(&print);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_note),         TEST(test_note_once),      TEST(test_note_order), TEST(test_join),
        TEST(test_one_hostname), TEST(test_common_place),   TEST(test_records),    TEST(test_two_places),
        TEST(test_values),       TEST(test_password_files), TEST(test_value),      TEST(test_long_list),
    };

    return cmocka_run_group_tests_name("draft", tests, NULL, NULL);
}
