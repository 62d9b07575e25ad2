#include "import.h"

#include "config.h"
#include "log.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD                                                                                          \
    "iface = eth0\nprovider default@no-ip.com {\nusername = alice\npassword = topsecret\nhostname = " \
    "home.example.org\n}\n"                                                                           \
    "provider no-ip.com:2 {\nusername = bob\npassword = \"other secret\"\nhostname = b.example.org\n}\n"

/* What the command writes to standard output and to standard error, which the caller frees. */
static int run(const char *file, const char *folder, char **out, char **err)
{
    char *path = unit_folder(), *copy = unit_file(path, "out", "", 0600);
    int before = dup(STDOUT_FILENO), status;

    fflush(stdout);
    assert_true(freopen(copy, "w", stdout) != NULL);
    unit_capture_begin();
    status = import_run(file, folder);
    *err = unit_capture_end();
    fflush(stdout);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    close(before);
    *out = unit_read(copy);
    free(copy);
    unit_remove_folder(path);
    return status;
}

static void expect_run(const char *folder, const char *text, const char *output, int expected, const char *in_out,
                       const char *in_err)
{
    char *file = unit_file(folder, "theirs.conf", text, 0600), *out, *err;
    int status = run(file, output, &out, &err);

    if (status != expected || !strstr(out, in_out) || !strstr(err, in_err) || (!*in_err && *err))
        unit_wrong("%s\n    gives status %d, %s, and %s", text, status, out, err);
    free(out);
    free(err);
    free(file);
}

/* 0: all is carried over and the result is good; 1: something is missing; 2: their file is at fault. */
static void test_status(void **state)
{
    (void)state;
    expect_run(*state, GOOD, NULL, 0, "provider no-ip {\n", "");
    expect_run(*state, "protocol=noip login=a password=b h.example.org\n", NULL, 0, "provider no-ip {\n", "");
    expect_run(*state, "user-agent = x\n" GOOD, NULL, 1, "left out", "wanddns: 1 setting is left out: look for");
    expect_run(*state, "fake-address = yes\nuser-agent = x\n" GOOD, NULL, 1, "left out",
               "wanddns: 2 settings are left out");
    expect_run(*state, "protocol=noip h.example.org\n", NULL, 1, "must be written here", "the result:");
    expect_run(*state, "protocol=noip h.example.org\n", NULL, 1, "provider", "the result is not complete");
    expect_run(*state, "username = x\n", NULL, 2, "", "theirs.conf: there is no section");
    expect_run(*state, "provider x {\nusername = x\n", NULL, 2, "", "theirs.conf:1: the section that begins here");
    expect_run(*state, "", NULL, 2, "", "theirs.conf: there is no section of inadyn and no host of ddclient in it");
    unit_all_right();
}

static void test_unreadable(void **state)
{
    char *missing = unit_path(*state, "missing"), *large = unit_path(*state, "large"), *out, *err;
    FILE *file = fopen(large, "w");

    for (int i = 0; i < 300000; i++)
        fputc('\n', file);
    fclose(file);
    assert_int_equal(run(missing, NULL, &out, &err), 2);
    assert_contains(err, "missing: No such file or directory");
    free(out);
    free(err);
    assert_int_equal(run(*state, NULL, &out, &err), 2);
    assert_contains(err, "Is a directory");
    free(out);
    free(err);
    assert_int_equal(run("/dev/null", NULL, &out, &err), 2);
    assert_string_equal(err, "/dev/null: it is no regular file\n");
    free(out);
    free(err);
    assert_int_equal(run(large, NULL, &out, &err), 2);
    assert_contains(err, "File too large");
    free(out);
    free(err);
    free(missing);
    free(large);
}

/* Which client's file it is, by its text. */
static void test_which(void **state)
{
    static const char *const rows[][2] = {
        {"provider a {\n}", "inadyn"},
        {"  provider\ta\n{\n}", "inadyn"},
        {"# c\n\ncustom x {\n}", "inadyn"},
        {"custom=yes\nh.example.org", "ddclient"},
        {"custom = yes\nh.example.org", "ddclient"},
        {"# provider a {\nh.example.org", "ddclient"},
        {"providers=1\nh.example.org", "ddclient"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(import_client(rows[i][0]), rows[i][1]) != 0)
            unit_wrong("%s is of %s", rows[i][0], import_client(rows[i][0]));
    unit_all_right();
}

static unsigned mode_of(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

/* With a folder the configuration is there, and each password in a file of its own that nobody else may read. */
static void test_output(void **state)
{
    char *folder = unit_path(*state, "out"), *conf, *password, *text;
    struct unit_faults faults = {0};
    struct config *config;

    expect_run(*state, GOOD, folder, 0, "wanddns.conf: written, and 2 files with a password\n", "");
    conf = unit_path(folder, "wanddns.conf");
    password = unit_path(folder, "no-ip-2.password");
    assert_int_equal(mode_of(folder), 0700);
    assert_int_equal(mode_of(conf), 0600);
    assert_int_equal(mode_of(password), 0600);
    text = unit_read(password);
    assert_string_equal(text, "other secret\n");
    free(text);
    text = unit_read(conf);
    assert_lacks(text, "secret");
    free(text);
    config = config_read(conf, unit_fault, &faults);
    assert_string_equal(faults.text, "");
    assert_string_equal(secret_reveal(config->providers[0]->password), "topsecret");
    config_free(config);
    free(password);
    free(conf);
    unit_remove_folder(folder);
    unit_all_right();
}

/* Nothing that is there is touched, and then nothing is written at all. */
static void test_nothing_is_overwritten(void **state)
{
    static const char *const names[] = {"wanddns.conf", "no-ip-2.password"};
    char *folder = unit_path(*state, "out");

    for (size_t i = 0; i < COUNT(names); i++) {
        char *mine, *text, *other = unit_path(folder, "no-ip.password");

        assert_int_equal(mkdir(folder, 0700), 0);
        mine = unit_file(folder, names[i], "mine\n", 0640);
        expect_run(*state, GOOD, folder, 2, "", "is there already: nothing is written");
        text = unit_read(mine);
        assert_string_equal(text, "mine\n");
        assert_int_equal(mode_of(mine), 0640);
        assert_int_equal(access(other, F_OK), -1);
        assert_int_equal(unlink(mine), 0);
        assert_int_equal(rmdir(folder), 0);
        free(text);
        free(mine);
        free(other);
    }
    /* Neither is what a link names. */
    assert_int_equal(mkdir(folder, 0700), 0);
    {
        char *link = unit_path(folder, "wanddns.conf"), *target = unit_path(*state, "target");

        assert_int_equal(symlink(target, link), 0);
        expect_run(*state, GOOD, folder, 2, "", "is there already");
        assert_int_equal(access(target, F_OK), -1);
        free(link);
        free(target);
    }
    unit_remove_folder(folder);
    unit_all_right();
}

static void test_output_faults(void **state)
{
    char *file = unit_file(*state, "file", "", 0600);

    expect_run(*state, GOOD, file, 2, "", "Not a directory");
    expect_run(*state, GOOD, "/proc/nowhere/at/all", 2, "", "/proc/nowhere/at/all: ");
    free(file);
    unit_all_right();
}

int main(void)
{
#define FOLDER(function) cmocka_unit_test_setup_teardown(function, unit_setup_folder, unit_teardown_folder)
    const struct CMUnitTest tests[] = {
        FOLDER(test_status),
        FOLDER(test_unreadable),
        cmocka_unit_test(test_which),
        FOLDER(test_output),
        FOLDER(test_nothing_is_overwritten),
        FOLDER(test_output_faults),
    };

    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
