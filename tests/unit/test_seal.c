#include "seal.h"

#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a seal says of a number, which is not kept any longer; "none" without a key. */
static const char *sealed(struct seal *seal, uint32_t number)
{
    static char text[2][SEAL_SIZE];
    static size_t turn;
    const char *said = seal_of(seal, number);

    turn ^= 1;
    snprintf(text[turn], SEAL_SIZE, "%s", said ? said : "none");
    return text[turn];
}

/* By openssl(1): printf NUMBER | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001... */
static void test_known(void **state)
{
    char *path = unit_file(*state, "key", "000102030405060708090a0b0c0d0e0f\n", 0600);
    struct seal *seal = seal_new(*state);

    assert_string_equal(sealed(seal, UINT32_MAX), "9ae8fba6161be1a2");
    assert_string_equal(sealed(seal, 0), "f0f939e8641a5736");
    assert_string_equal(sealed(seal, UINT32_MAX), "9ae8fba6161be1a2");
    seal_free(seal);
    free(path);
}

static void test_key(void **state)
{
    char *path = unit_path(*state, "key"), *key, *text;
    struct seal *seal = seal_new(*state), *again = seal_new(*state);
    struct stat st;

    /* Who only asks makes none. */
    assert_string_equal(sealed(seal, 7), "none");
    assert_int_equal(access(path, F_OK), -1);
    seal_prepare(seal);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    key = unit_read(path);
    assert_int_equal(strlen(key), 33);
    assert_int_equal(strspn(key, "0123456789abcdef"), 32);
    text = strdup(sealed(seal, 7));
    assert_int_equal(strspn(text, "0123456789abcdef"), 16);
    assert_string_not_equal(sealed(seal, 8), text);
    /* The next one finds it. */
    assert_string_equal(sealed(again, 7), text);
    seal_prepare(again);
    assert_string_equal(sealed(again, 7), text);
    seal_free(again);
    /* Without it there is another one. */
    assert_int_equal(unlink(path), 0);
    again = seal_new(*state);
    seal_prepare(again);
    assert_string_not_equal(sealed(again, 7), text);
    seal_free(again);
    seal_free(seal);
    free(text);
    free(key);
    free(path);
}

static void test_bad_key(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "000102030405060708090a0b0c0d0e0",
        "000102030405060708090a0b0c0d0e0f0",
        "000102030405060708090a0b0c0d0e0F",
        "000102030405060708090a0b0c0d0e0g",
        " 00102030405060708090a0b0c0d0e0f",
        "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f0",
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        char *path = unit_file(*state, "key", bad[i], 0600), *key;
        struct seal *seal = seal_new(*state);

        if (seal_of(seal, 7))
            unit_wrong("'%s' is taken for a key", bad[i]);
        seal_prepare(seal);
        key = unit_read(path);
        if (strlen(key) != 33 || !seal_of(seal, 7))
            unit_wrong("'%s' is not replaced, but '%s'", bad[i], key);
        seal_free(seal);
        free(key);
        free(path);
    }
    unit_all_right();
}

/* As long as it cannot be written it is kept, and then it is the same. */
static void test_nowhere(void **state)
{
    char *folder = unit_path(*state, "missing"), *text;
    struct seal *seal = seal_new(folder), *again;

    assert_int_equal(seal_prepare(seal), -ENOENT);
    text = strdup(sealed(seal, 7));
    assert_string_not_equal(text, "none");
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(seal_prepare(seal), 0);
    assert_int_equal(seal_prepare(seal), 0);
    assert_string_equal(sealed(seal, 7), text);
    again = seal_new(folder);
    assert_string_equal(sealed(again, 7), text);
    seal_free(again);
    seal_free(seal);
    free(text);
    unit_remove_folder(folder);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, unit_setup_folder, unit_teardown_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_known),
        WITH_FOLDER(test_key),
        WITH_FOLDER(test_bad_key),
        WITH_FOLDER(test_nowhere),
    };

    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
