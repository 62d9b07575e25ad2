#include "settle.h"

#include "unit.h"

/* Hints at these times, and after each in how many milliseconds acting is due; -1 ends. */
static const struct {
    const char *what;
    uint64_t quiet_ms, max_ms;
    int at[8], due[8];
} cases[] = {
    {"one hint", 100, 2000, {0, -1}, {100}},
    {"each hint begins the quiet time anew", 100, 2000, {0, 50, 149, -1}, {100, 100, 100}},
    {"the maximum counts from the first", 100, 300, {0, 90, 180, 270, 299, 300, -1}, {100, 100, 100, 30, 1, 0}},
    {"later than the maximum: at once", 100, 300, {0, 301, -1}, {100, 0}},
    {"much later than the maximum", 100, 300, {0, 1000, -1}, {100, 0}},
    {"no quiet time", 0, 2000, {5, 6, -1}, {0, 0}},
    {"no maximum: at once", 100, 0, {0, -1}, {0}},
    {"quiet time above the maximum", 500, 200, {0, 150, 200, -1}, {200, 50, 0}},
};

static void test_hints(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        /* The clock may stand anywhere. */
        static const uint64_t begins[] = {0, 1, UINT64_C(1) << 40};

        for (size_t b = 0; b < COUNT(begins); b++) {
            struct settle settle = {.quiet_ms = cases[i].quiet_ms, .max_ms = cases[i].max_ms};
            uint64_t last = begins[b];

            for (int h = 0; cases[i].at[h] >= 0; h++) {
                uint64_t now = begins[b] + (uint64_t)cases[i].at[h];
                uint64_t due = settle_hint(&settle, now);

                if (due != (uint64_t)cases[i].due[h] || !settle.pending)
                    unit_wrong("%s: hint %d is due in %d", cases[i].what, h, (int)due);
                last = now + due;
            }
            if (settle_done(&settle, last) != last - begins[b] - (uint64_t)cases[i].at[0] || settle.pending)
                unit_wrong("%s: done", cases[i].what);
        }
    }
    unit_all_right();
}

/* The next change has a maximum of its own. */
static void test_next_change(void **state)
{
    struct settle settle = {.quiet_ms = 100, .max_ms = 300};

    (void)state;
    assert_int_equal(settle_done(&settle, 12345), 0);
    assert_int_equal(settle_hint(&settle, 1000), 100);
    assert_int_equal(settle_done(&settle, 1100), 100);
    assert_false(settle.pending);
    assert_int_equal(settle_hint(&settle, 5000), 100);
    assert_int_equal(settle_hint(&settle, 5250), 50);
    assert_int_equal(settle_done(&settle, 5300), 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_next_change),
    };

    return cmocka_run_group_tests_name("settle", tests, NULL, NULL);
}
