#include "memory.h"

#include "fake_timer.h"
#include "unit.h"

static void keep(struct memory *memory, const char *key, const char *name, const char *text, uint64_t for_ms)
{
    struct secret *secret = secret_new(text);

    memory_keep(memory, key, name, secret, for_ms);
    secret_free(secret);
}

static const char *find(const struct memory *memory, const char *key, const char *name)
{
    return secret_reveal(memory_find(memory, key, name));
}

static void test_keys(void **state)
{
    struct memory *memory = memory_new();

    (void)state;
    assert_true(memory_is_empty(memory));
    keep(memory, "zone example.org", "id", "1", 0);
    keep(memory, "zone example.com", "id", "2", 0);
    keep(memory, "zone example.org", "name", "x", 0);
    assert_false(memory_is_empty(memory));
    assert_string_equal(find(memory, "zone example.org", "id"), "1");
    assert_string_equal(find(memory, "zone example.com", "id"), "2");
    assert_string_equal(find(memory, "zone example.org", "name"), "x");
    assert_null(memory_find(memory, "zone example.com", "name"));
    assert_null(memory_find(memory, "zone example", "id"));
    assert_null(memory_find(memory, "", ""));
    keep(memory, "zone example.org", "id", "3", 0);
    assert_string_equal(find(memory, "zone example.org", "id"), "3");
    memory_free(memory);
}

/* What is forgotten under one key stays under the others. */
static void test_forget(void **state)
{
    struct memory *memory = memory_new();
    char key[32];

    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "record %d", i);
        keep(memory, key, "id", key, 0);
        keep(memory, key, "other", "x", 0);
    }
    for (int i = 0; i < 200; i += 2) {
        snprintf(key, sizeof key, "record %d", i);
        memory_forget(memory, key);
    }
    memory_forget(memory, "record 0");
    memory_forget(memory, "never there");
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "record %d", i);
        if (i % 2)
            assert_string_equal(find(memory, key, "id"), key);
        else
            assert_true(!memory_find(memory, key, "id") && !memory_find(memory, key, "other"));
    }
    memory_forget_all(memory);
    assert_true(memory_is_empty(memory));
    assert_null(memory_find(memory, "record 1", "id"));
    memory_free(memory);
    memory_free(NULL);
}

static void test_forget_like(void **state)
{
    static const struct {
        const char *key;
        bool stays;
    } keys[] = {{"account", true}, {"zone", true},  {"zone ", false}, {"zone a", false},
                {"zone z", false}, {"zone!", true}, {"zoned", true},  {"record zone a", true}};
    struct memory *memory = memory_new();
    struct secret *text = secret_new("1");

    (void)state;
    memory_forget_like(memory, "zone ");
    for (size_t i = 0; i < COUNT(keys); i++)
        memory_keep(memory, keys[i].key, "id", text, 0);
    memory_forget_like(memory, "zone ");
    for (size_t i = 0; i < COUNT(keys); i++)
        if ((memory_find(memory, keys[i].key, "id") != NULL) != keys[i].stays)
            unit_wrong("'%s'", keys[i].key);
    unit_all_right();
    memory_free(memory);
    secret_free(text);
}

/* Each value has a lifetime of its own, which begins anew when it is kept anew. */
static void test_lifetime(void **state)
{
    struct memory *memory = memory_new();

    (void)state;
    keep(memory, "account", "token", "t", 1000);
    keep(memory, "account", "id", "i", 0);
    keep(memory, "account", "cookie", "c", 3000);
    fake_timer_advance(999);
    assert_string_equal(find(memory, "account", "token"), "t");
    fake_timer_advance(1);
    assert_null(memory_find(memory, "account", "token"));
    assert_string_equal(find(memory, "account", "cookie"), "c");
    keep(memory, "account", "cookie", "d", 3000);
    fake_timer_advance(2999);
    assert_string_equal(find(memory, "account", "cookie"), "d");
    fake_timer_advance(UINT64_C(1000) * 86400 * 365);
    assert_null(memory_find(memory, "account", "cookie"));
    assert_string_equal(find(memory, "account", "id"), "i");
    keep(memory, "account", "token", "u", 0);
    assert_string_equal(find(memory, "account", "token"), "u");
    memory_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_forget_like),
        cmocka_unit_test(test_lifetime),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
