#include "nearest.h"

#include "unit.h"

static const char *const words[] = {"interface", "family", "settle", "settle-max", "no-ip", "dyn", "dyndns2"};

static void test_slips(void **state)
{
    static const char *const slips[][2] = {
        {"interface", "interface"},
        {"intreface", "interface"},
        {"iface", "interface"},
        {"token", NULL},
        {"famliy", "family"},
        {"settlemax", "settle-max"},
        {"setle", "settle"},
        {"noip", "no-ip"},
        {"no-ipp", "no-ip"},
        {"dyndns", "dyndns2"},
        {"dyndns3", "dyndns2"},
        {"dyndsn2", "dyndns2"},
        {"dun", "dyn"},
        {"cloudflare", NULL},
        {"", NULL},
        {"xyz", NULL},
    };

    (void)state;
    /* Of two that are equally near, the first. */
    assert_string_equal(nearest_word("dxn", (const char *const[]){"dyn", "dan"}, 2), "dyn");
    for (size_t i = 0; i < COUNT(slips); i++) {
        const char *found = nearest_word(slips[i][0], words, COUNT(words));

        if ((found == NULL) != (slips[i][1] == NULL) || (found && strcmp(found, slips[i][1]) != 0))
            unit_wrong("\"%s\": %s", slips[i][0], found ? found : "nothing");
    }
    unit_all_right();
}

static void test_long_words(void **state)
{
    char word[1000];
    const char *list[] = {word, "settle"};

    (void)state;
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_null(nearest_word(word, words, COUNT(words)));
    assert_string_equal(nearest_word("setle", list, COUNT(list)), "settle");
    /* Around the longest word that is looked at. */
    for (size_t length = 60; length < 70; length++) {
        char near[100], other[100];
        const char *one[] = {near};

        memset(near, 'x', length);
        near[length] = '\0';
        memcpy(other, near, sizeof near);
        other[length - 1] = 'y';
        nearest_word(other, one, 1);
    }
    assert_null(nearest_word("setle", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slips),
        cmocka_unit_test(test_long_words),
    };

    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
