#include "fault.h"

#include "unit.h"

static const struct tree_key schema[] = {
    {"wait", TREE_TEXT, NULL},
    {"flag", TREE_TEXT, NULL},
    {NULL, TREE_TEXT, NULL},
};

static struct tree_node *parse(const char *text)
{
    struct unit_faults none = {0};
    struct tree_node *tree = tree_parse("f", text, strlen(text), schema, unit_fault, &none);

    assert_string_equal(none.text, "");
    return tree;
}

static void test_fault_at(void **state)
{
    struct unit_faults told = {0};
    struct faults faults = {"f", unit_fault, &told, false};

    (void)state;
    fault_at(&faults, 7, "%s: '%s' is no %d", "key", "50%", 9);
    assert_string_equal(told.text, "f:7: key: '50%' is no 9\n");
    assert_true(faults.any);
}

/* However long a value is. */
static void test_long_text(void **state)
{
    struct unit_faults told = {0};
    struct faults faults = {"f", unit_fault, &told, false};
    char *value = malloc(10001);

    (void)state;
    assert_non_null(value);
    memset(value, 'x', 10000);
    value[10000] = '\0';
    fault_at(&faults, 0, "before %s", value);
    assert_int_equal(told.count, 1);
    assert_contains(told.text, "f:0: before xxx");
    free(value);
}

static void test_duration(void **state)
{
    static const struct {
        const char *text;
        bool given;
        uint64_t ms;
        const char *fault;
    } rows[] = {
        {"", false, 5, ""},
        {"wait = 0", true, 0, ""},
        {"wait = 250ms", true, 250, ""},
        {"\nwait = 28d", true, UINT64_C(2419200000), ""},
        {"\nwait = 30", false, 5, "f:2: wait: '30' is no duration, such as 250ms, 30s, 5m\n"},
        {"wait = ''", false, 5, "f:1: wait: '' is no duration, such as 250ms, 30s, 5m\n"},
        {"wait = -1s", false, 5, "f:1: wait: '-1s' is no duration, such as 250ms, 30s, 5m\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unit_faults told = {0};
        struct faults faults = {"f", unit_fault, &told, false};
        struct tree_node *tree = parse(rows[i].text);
        uint64_t ms = 5;
        bool given = fault_read_duration(&faults, tree, "wait", &ms);

        if (given != rows[i].given || ms != rows[i].ms || strcmp(told.text, rows[i].fault) != 0)
            unit_wrong("%s: %d, %ju, %s", rows[i].text, given, (uintmax_t)ms, told.text);
        assert_int_equal(faults.any, *rows[i].fault != '\0');
        tree_free(tree);
    }
    unit_all_right();
}

static void test_flag(void **state)
{
    static const struct {
        const char *text;
        bool before, after;
        const char *fault;
    } rows[] = {
        {"", false, false, ""},
        {"", true, true, ""},
        {"flag = yes", false, true, ""},
        {"flag = no", true, false, ""},
        {"\n\nflag = Yes", false, false, "f:3: flag: 'Yes' is neither yes nor no\n"},
        {"flag = true", false, false, "f:1: flag: 'true' is neither yes nor no\n"},
        {"flag = ''", false, false, "f:1: flag: '' is neither yes nor no\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unit_faults told = {0};
        struct faults faults = {"f", unit_fault, &told, false};
        struct tree_node *tree = parse(rows[i].text);
        bool flag = rows[i].before;

        fault_read_flag(&faults, tree, "flag", &flag);
        if (flag != rows[i].after || strcmp(told.text, rows[i].fault) != 0)
            unit_wrong("%s: %d, %s", rows[i].text, flag, told.text);
        tree_free(tree);
    }
    unit_all_right();
}

/* What a program of the user's must be. */
static void test_program(void **state)
{
    const struct {
        const char *name, *why;
        unsigned mode;
    } rows[] = {
        {"good", "", 0755},
        {"private", "", 0700},
        {"not-executable", " cannot be run\n", 0644},
        {"open", "others can write ", 0777},
        {"group", "others can write ", 0775},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unit_faults told = {0};
        struct faults faults = {"f", unit_fault, &told, false};
        char *path = unit_file(*state, rows[i].name, "#!/bin/sh\n", rows[i].mode);

        fault_check_program(&faults, 3, "key", path);
        if (*rows[i].why ? !strstr(told.text, rows[i].why) || strncmp(told.text, "f:3: key: ", 10) != 0 : told.count)
            unit_wrong("%s: %s", rows[i].name, told.text);
        free(path);
    }
    unit_all_right();
}

static void test_no_program(void **state)
{
    static const char *const rows[][2] = {
        {"program", "f:3: key: 'program' does not begin with /\n"},
        {"", "f:3: key: '' does not begin with /\n"},
        {"/no/such", "f:3: key: /no/such cannot be run\n"},
        {"/tmp", "f:3: key: /tmp cannot be run\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unit_faults told = {0};
        struct faults faults = {"f", unit_fault, &told, false};

        fault_check_program(&faults, 3, "key", rows[i][0]);
        if (strcmp(told.text, rows[i][1]) != 0)
            unit_wrong("%s: %s", rows[i][0], told.text);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fault_at),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_flag),
        cmocka_unit_test_setup_teardown(test_program, unit_setup_folder, unit_teardown_folder),
        cmocka_unit_test(test_no_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
