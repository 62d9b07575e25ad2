/* What the core gives back while a configuration is read, and while a request is made of it, has no secret in it. */
#include "config.h"
#include "file.h"
#include "marked.h"
#include "mem.h"
#include "unit.h"

#include <errno.h>

static const char password[] = "pa55word-of-more-than-one-unit-of-memory-0123456789";
static const char option[] = "0ption-of-a-provider";

static int setup(void **state)
{
    marked_add(password);
    marked_add(option);
    return unit_setup_folder(state);
}

static int teardown(void **state)
{
    marked_clear();
    assert_false(marked_is_leaked());
    return unit_teardown_folder(state);
}

/* The whole of it, with so many bytes before the section. */
static struct config *read_config(const char *folder, size_t before, const char *keys)
{
    struct unit_faults faults = {0};
    struct buf text = {0};
    struct config *config;
    char *path;

    while (text.length < before)
        buf_add(&text, "# a comment, and a rather long one at that\n");
    buf_addf(&text, "provider azure {\nzone = example.org\nhostname = home.example.org\nusername = alice\n%s\n}\n",
             keys);
    path = unit_file(folder, "wanddns.conf", buf_text(&text), 0600);
    buf_free(&text);
    config = config_read(path, unit_fault, &faults);
    assert_null(marked_in(faults.text, strlen(faults.text)));
    free(path);
    return config;
}

static void check_config(const char *folder, const char *password_keys, bool is_good)
{
    for (size_t before = 0; before < 20000; before += 3000) {
        struct config *config;
        struct buf keys = {0};

        buf_addf(&keys, "%s\noptions = { \"tenant=t\", \"subscription=%s\", 'group=%s' }", password_keys, option,
                 option);
        config = read_config(folder, before, buf_text(&keys));
        buf_free(&keys);
        assert_int_equal(config != NULL, is_good);
        if (config)
            assert_string_equal(secret_reveal(config->providers[0]->password), password);
        config_free(config);
        assert_null(marked_left());
    }
}

static void test_configuration(void **state)
{
    char keys[256];

    snprintf(keys, sizeof keys, "password = \"%s\"", password);
    check_config(*state, keys, true);
    snprintf(keys, sizeof keys, "password = %s", password);
    check_config(*state, keys, true);
}

static void test_password_file(void **state)
{
    char keys[256], *path = unit_file(*state, "password", password, 0600);

    snprintf(keys, sizeof keys, "password-file = '%s'", path);
    check_config(*state, keys, true);
    free(path);
}

/* The fault is told in words that have none of it either. */
static void test_faults(void **state)
{
    static const char *const faults[] = {
        "password = \"%s\" ttl = x",
        "password = \"%s\" nonsense = x",
        "password = \"%s\" password = \"other\"",
        "password = { x, \"%s\" }",
        "password = \"x\" \"%s\"",
        "password = x %s",
        "password \"%s\"",
        "password = { x \"%s\" }",
        "password = \"%s\\n\"",
        "password = \"%s\" options = \"%1$s\"",
        "password = \"%s\" server = \"https://u:%1$s@x.example\"",
        "password = \"%s\"\npassword-file = /x",
    };

    for (size_t i = 0; i < COUNT(faults); i++) {
        char keys[512];

        snprintf(keys, sizeof keys, faults[i], password);
        assert_null(read_config(*state, 0, keys));
        if (marked_left())
            unit_wrong("%s: %s is left", keys, marked_left());
    }
    unit_all_right();
}

/* Files and buffers that grow leave nothing where they were. */
static void test_growth(void **state)
{
    char *text = mem_alloc(100000), *path, *content;
    struct buf buf = {0};
    size_t length;

    memcpy(text, password, strlen(password));
    memset(text + strlen(password), 'x', 99000);
    path = unit_file(*state, "large", text, 0600);
    assert_int_equal(file_read(path, 50000, &content, &length), -EFBIG);
    assert_int_equal(file_read(path, 100000, &content, &length), 0);
    assert_memory_equal(content, text, length);
    mem_wipe(content);
    buf_add(&buf, password);
    for (int i = 0; i < 1000; i++) {
        buf_addf(&buf, "%d", i);
        buf_add_escaped(&buf, "<and more>", BUF_XML);
    }
    assert_null(marked_left());
    buf_free(&buf);
    mem_wipe(buf_take(&buf));
    assert_null(marked_left());
    free(path);
    free(text);
}

/* That all these see it when there is something to be seen. */
static void test_the_eye(void **state)
{
    struct buf buf = {0};

    (void)state;
    assert_string_equal(marked_in("-0ption-of-a-provider", 21), option);
    assert_null(marked_in("-0ption-of-a-provide", 20));
    buf_add(&buf, password);
    free(mem_resize(buf_take(&buf), 1, 100000));
    assert_string_equal(marked_left(), password);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_configuration, setup, teardown),
        cmocka_unit_test_setup_teardown(test_password_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_growth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_eye, setup, teardown),
    };

    return cmocka_run_group_tests_name("wiped", tests, NULL, NULL);
}
