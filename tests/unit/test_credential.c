#include "credential.h"

#include "unit.h"

/* What is read of this value in line 3 of the file f; faults gets what is told. */
static struct secret *read_value(const char *text, struct unit_faults *told)
{
    struct faults faults = {"f", unit_fault, told, false};
    struct secret *secret;
    char *copy = strdup(text);
    struct tree_value value = {copy, 3};

    *told = (struct unit_faults){0};
    secret = credential_read(&faults, &value);
    assert_true(secret || faults.any);
    free(copy);
    return secret;
}

static void test_places(void **state)
{
    char *file = unit_file(*state, "secret", "in a file\nmore\n", 0600);
    const struct {
        const char *prefix, *rest, *secret;
        bool elsewhere;
    } rows[] = {
        {"", "s3cret", "s3cret", false},
        {"", "", "", false},
        {"", "Env:HOME", "Env:HOME", false},
        {"", "files:x", "files:x", false},
        {"", " env:HOME", " env:HOME", false},
        {"env:", "WANDDNS_TEST_SECRET", "in the environment", true},
        {"env:", "WANDDNS_TEST_EMPTY", "", true},
        {"file:", file, "in a file", true},
        {"credential:", "secret", "in a file", true},
    };

    setenv("WANDDNS_TEST_SECRET", "in the environment", 1);
    setenv("WANDDNS_TEST_EMPTY", "", 1);
    setenv("CREDENTIALS_DIRECTORY", *state, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unit_faults told;
        struct secret *secret;
        char text[512];

        snprintf(text, sizeof text, "%s%s", rows[i].prefix, rows[i].rest);
        secret = read_value(text, &told);
        if (!secret || strcmp(secret_reveal(secret), rows[i].secret) != 0 || told.count)
            unit_wrong("%s: %s; %s", text, secret ? secret_reveal(secret) : "nothing", told.text);
        if (credential_is_elsewhere(text) != rows[i].elsewhere)
            unit_wrong("%s: elsewhere", text);
        secret_free(secret);
    }
    free(file);
    unit_all_right();
}

/* Each says why, and none repeats what could be a password that begins so by chance. */
static void test_faults(void **state)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"env:secret", "f:3: password: env: there is no such variable in the environment\n"},
        {"env:", "f:3: password: env: there is no such variable in the environment\n"},
        {"file:secret", "f:3: password: file: the path does not begin with /\n"},
        {"file:", "f:3: password: file: the path does not begin with /\n"},
        {"file:/no/such", "f:3: password: /no/such: No such file or directory\n"},
        {"credential:", "f:3: password: credential: this is no name of a file\n"},
        {"credential:..", "f:3: password: credential: this is no name of a file\n"},
        {"credential:a/secret", "f:3: password: credential: this is no name of a file\n"},
        {"credential:/etc/passwd", "f:3: password: credential: this is no name of a file\n"},
        {"credential:secret", "f:3: password: credential: in $CREDENTIALS_DIRECTORY: No such file or directory\n"},
    };
    struct unit_faults told;

    (void)state;
    setenv("CREDENTIALS_DIRECTORY", "/no/such/folder", 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct secret *secret = read_value(rows[i].text, &told);

        if (secret || strcmp(told.text, rows[i].fault) != 0)
            unit_wrong("%s: %s", rows[i].text, told.text);
        secret_free(secret);
    }
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_null(read_value("credential:secret", &told));
    assert_string_equal(told.text,
                        "f:3: password: credential: there is no $CREDENTIALS_DIRECTORY in the environment\n");
    unit_all_right();
}

/* A file that others can write is refused, wherever the key says that it is. */
static void test_access(void **state)
{
    char *file = unit_file(*state, "secret", "x\n", 0666);
    struct unit_faults told;

    setenv("CREDENTIALS_DIRECTORY", *state, 1);
    secret_free(read_value("credential:secret", &told));
    assert_int_equal(told.count, 1);
    assert_contains(told.text, "f:3: password: others can write ");
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_places, unit_setup_folder, unit_teardown_folder),
        cmocka_unit_test(test_faults),
        cmocka_unit_test_setup_teardown(test_access, unit_setup_folder, unit_teardown_folder),
    };

    return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
