/* Built with the folders etc/wanddns/providers and share/providers of the working directory. */
#include "catalog.h"

#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *const folders[] = {"own", "etc/wanddns/providers", "share/providers"};
static const char *const parents[] = {"own", "etc", "etc/wanddns", "etc/wanddns/providers", "share", "share/providers"};

static char *folder, before[4096];

static void put(size_t index, const char *name, const char *text)
{
    free(unit_file(folders[index], name, text, 0644));
}

static int setup(void **state)
{
    (void)state;
    folder = unit_folder();
    if (!getcwd(before, sizeof before) || chdir(folder) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(parents); i++)
        if (mkdir(parents[i], 0755) < 0)
            return -1;
    return setenv("WANDDNS_PROVIDERS", "own", 1);
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(folders); i++)
        unit_remove_folder(strdup(folders[i]));
    unit_remove_folder(strdup("etc/wanddns"));
    unit_remove_folder(strdup("etc"));
    unit_remove_folder(strdup("share"));
    if (chdir(before) < 0)
        return -1;
    unit_remove_folder(folder);
    return 0;
}

static void expect(const char *name, const char *behind, const char *expected)
{
    char *path = catalog_find(name, behind);

    if ((path == NULL) != (expected == NULL) || (path && strcmp(path, expected) != 0))
        unit_wrong("%s behind %s: %s", name, behind ? behind : "nothing", path ? path : "none");
    free(path);
}

/* The folder of the environment has the say, then that of the machine, then what was installed. */
static void test_order(void **state)
{
    (void)state;
    put(2, "all.conf", "");
    put(2, "two.conf", "");
    put(2, "one.conf", "");
    put(1, "all.conf", "");
    put(1, "two.conf", "");
    put(0, "all.conf", "");
    expect("all", NULL, "own/all.conf");
    expect("two", NULL, "etc/wanddns/providers/two.conf");
    expect("one", NULL, "share/providers/one.conf");
    expect("none", NULL, NULL);
    assert_int_equal(unsetenv("WANDDNS_PROVIDERS"), 0);
    expect("all", NULL, "etc/wanddns/providers/all.conf");
    unit_all_right();
}

/* What a file builds on by its own name is the next one behind it, never itself. */
static void test_behind(void **state)
{
    (void)state;
    put(0, "all.conf", "");
    put(1, "all.conf", "");
    put(2, "all.conf", "");
    put(2, "one.conf", "");
    put(0, "aliases.conf", "alias = \"one=all\"\n");
    expect("all", "own/all.conf", "etc/wanddns/providers/all.conf");
    expect("all", "etc/wanddns/providers/all.conf", "share/providers/all.conf");
    expect("all", "share/providers/all.conf", NULL);
    expect("one", "share/providers/one.conf", NULL);
    unit_all_right();
}

/* Of an alias the first folder that has it; a file stands before an alias, and an alias means a file. */
static void test_aliases(void **state)
{
    (void)state;
    put(2, "all.conf", "");
    put(2, "one.conf", "");
    put(2, "aliases.conf",
        "alias = { \"default@one.org=one\", \"both=one\", \"all=one\", \"two=both\", \"lost=gone\" }\n");
    put(1, "aliases.conf", "alias = \"both=all\"\n");
    expect("default@one.org", NULL, "share/providers/one.conf");
    expect("both", NULL, "share/providers/all.conf");
    expect("all", NULL, "share/providers/all.conf");
    expect("two", NULL, NULL);
    expect("lost", NULL, NULL);
    expect("default@one", NULL, NULL);
    expect("", NULL, NULL);
    expect("aliases", NULL, NULL);
    put(0, "aliases.conf", "alias = {\n");
    expect("both", NULL, "share/providers/all.conf");
    unit_all_right();
}

static void expect_guess(const char *part, const char *expected)
{
    char *name = catalog_guess(part);

    if ((name == NULL) != (expected == NULL) || (name && strcmp(name, expected) != 0))
        unit_wrong("%s is taken for %s", part, name ? name : "none");
    free(name);
}

/* A part of names that mean one and the same; names without an @ do not count. */
static void test_guess(void **state)
{
    (void)state;
    put(2, "aliases.conf",
        "alias = { \"default@one.org=one\", \"ipv6@one.org=one\", \"default@two.net=two\", \"ones.org=x\" }\n");
    put(1, "aliases.conf", "alias = \"me@three.net=two\"\n");
    expect_guess("one", "one");
    expect_guess("one.org", "one");
    expect_guess("default@one.org", "one");
    expect_guess(".net", "two");
    expect_guess("o", NULL);
    expect_guess("ones", NULL);
    expect_guess("org=one", NULL);
    expect_guess("none", NULL);
    unit_all_right();
}

/* The file of a client, from the first folder that has it. */
static void test_import(void **state)
{
    char *path;

    (void)state;
    put(2, "client.import", "");
    put(1, "client.import", "");
    put(2, "other.conf", "");
    path = catalog_import("client");
    assert_string_equal(path, "etc/wanddns/providers/client.import");
    free(path);
    assert_null(catalog_import("other"));
    assert_null(catalog_import("../client"));
}

/* A name is never a path to somewhere else, by whatever way it came. */
static void test_paths(void **state)
{
    static const char *const names[] = {"../own/all", "./all", "/all",   "a/../all", "..",   ".",    ".hidden",
                                        "",           "all\n", "all%2f", "a\\b",     "all*", "all_", "sub/all"};

    (void)state;
    put(0, "all.conf", "");
    put(0, ".hidden.conf", "");
    put(0, "all_.conf", "");
    assert_int_equal(mkdir("own/sub", 0755), 0);
    free(unit_file("own/sub", "all.conf", "", 0644));
    put(1, "aliases.conf", "alias = { \"out=../own/all\", \"sub=sub/all\", \"abs=/etc/passwd\" }\n");
    for (size_t i = 0; i < COUNT(names); i++)
        expect(names[i], NULL, NULL);
    expect("out", NULL, NULL);
    expect("sub", NULL, NULL);
    expect("abs", NULL, NULL);
    expect("all", NULL, "own/all.conf");
    unit_all_right();
    assert_int_equal(unlink("own/sub/all.conf"), 0);
}

static void test_names(void **state)
{
    static const char *const paths[][2] = {
        {"/a/b/cloudflare.conf", "cloudflare"}, {"name.com.conf", "name.com"}, {"x", "x"}, {"/a/.conf", ".conf"}};

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        char *name = catalog_name(paths[i][0]);

        if (strcmp(name, paths[i][1]) != 0)
            unit_wrong("%s: %s", paths[i][0], name);
        free(name);
    }
    unit_all_right();
}

static void free_list(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

/* Each once, in order, and only what is a definition. */
static void test_list(void **state)
{
    size_t count;
    char **list = catalog_list(&count);

    (void)state;
    assert_int_equal(count, 0);
    free_list(list, count);
    put(0, "b.conf", "");
    put(1, "c.conf", "");
    put(2, "b.conf", "");
    put(2, "a.b.conf", "");
    put(2, "aliases.conf", "alias = \"z=b\"\n");
    put(2, "README", "");
    put(2, "b.conf~", "");
    list = catalog_list(&count);
    assert_int_equal(count, 3);
    assert_string_equal(list[0], "a.b");
    assert_string_equal(list[1], "b");
    assert_string_equal(list[2], "c");
    free_list(list, count);
}

static void expect_fault(const char *name, const char *expected)
{
    struct unit_faults told = {0};
    struct faults faults = {"wanddns.conf", unit_fault, &told, false};

    catalog_fault(&faults, 7, name);
    assert_true(faults.any);
    if (strcmp(told.text, expected) != 0)
        unit_wrong("%s: %s", name, told.text);
}

static void test_fault(void **state)
{
    (void)state;
    expect_fault("clouflare", "wanddns.conf:7: there is no definition of a provider in own\n");
    put(0, "cloudflare.conf", "");
    put(2, "cloudns.conf", "");
    expect_fault("clouflare", "wanddns.conf:7: there is no provider 'clouflare': did you mean 'cloudflare'?\n");
    expect_fault("cloudnss", "wanddns.conf:7: there is no provider 'cloudnss': did you mean 'cloudns'?\n");
    expect_fault("example", "wanddns.conf:7: there is no provider 'example' (wanddns providers lists them)\n");
    unit_all_right();
}

#define WITH_FOLDERS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDERS(test_order), WITH_FOLDERS(test_behind), WITH_FOLDERS(test_aliases),
        WITH_FOLDERS(test_paths), WITH_FOLDERS(test_names),  WITH_FOLDERS(test_list),
        WITH_FOLDERS(test_fault), WITH_FOLDERS(test_guess),  WITH_FOLDERS(test_import),
    };

    return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
