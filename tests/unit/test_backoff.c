#include "backoff.h"

#include "unit.h"

static const uint64_t second = 1000, minute = 60 * 1000, hour = 3600 * 1000, day = 24 * 3600 * 1000;

/* The ladders of the header, in seconds; the last step stays. */
static const unsigned network[] = {1, 2, 5, 10, 30, 60, 120, 300, 600, 600, 600};
static const unsigned server[] = {60, 120, 300, 600, 1800, 1800, 1800};

static void try_ladder(enum backoff_trouble trouble, const unsigned *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t base = steps[i] * second;

        for (uint32_t random = 0; random < 200000; random += 977) {
            uint64_t delay = backoff_delay_ms(trouble, (unsigned)i + 1, 0, random);

            if (delay > base || delay < base - base / 10)
                unit_wrong("failure %zu, random %u: %llu ms", i + 1, random, (unsigned long long)delay);
        }
        if (backoff_delay_ms(trouble, (unsigned)i + 1, 0, 0) != base)
            unit_wrong("failure %zu without jitter", i + 1);
    }
    unit_all_right();
}

static void test_network(void **state)
{
    (void)state;
    try_ladder(BACKOFF_NETWORK, network, COUNT(network));
    assert_in_range(backoff_delay_ms(BACKOFF_NETWORK, UINT32_MAX, 0, UINT32_MAX), 9 * minute, 10 * minute);
}

static void test_server(void **state)
{
    (void)state;
    try_ladder(BACKOFF_SERVER, server, COUNT(server));
    assert_in_range(backoff_delay_ms(BACKOFF_SERVER, UINT32_MAX, 0, UINT32_MAX), 27 * minute, 30 * minute);
}

/* Gateways that failed together do not come back together. */
static void test_jitter_spreads(void **state)
{
    bool tenth[10] = {false};
    size_t seen = 0;

    (void)state;
    for (uint32_t random = 0; random < 10000; random += 7)
        tenth[(minute - backoff_delay_ms(BACKOFF_SERVER, 1, 0, random)) / 601] = true;
    for (size_t i = 0; i < COUNT(tenth); i++)
        seen += tenth[i];
    assert_int_equal(seen, COUNT(tenth));
}

/* What was asked for is never undercut, but at most a day of it is obeyed. */
static void test_asked(void **state)
{
    const struct {
        enum backoff_trouble trouble;
        unsigned failures;
        uint64_t asked, low, high;
    } cases[] = {
        {BACKOFF_SERVER, 1, 30 * minute, 30 * minute, 33 * minute},
        {BACKOFF_SERVER, 1, 1 * second, 54 * second, 1 * minute},
        {BACKOFF_SERVER, 1, 58 * second, 58 * second, 1 * minute},
        {BACKOFF_NETWORK, 1, 5 * minute, 5 * minute, 330 * second},
        {BACKOFF_SERVER, 9, 5 * minute, 27 * minute, 30 * minute},
        {BACKOFF_SERVER, 1, day, day, day},
        {BACKOFF_SERVER, 1, 1000 * day, day, day},
        {BACKOFF_SERVER, 1, UINT64_MAX, day, day},
        {BACKOFF_NETWORK, 1, 2 * hour, 2 * hour, 2 * hour + 12 * minute},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (uint32_t random = 0; random < 4000000000U; random += 123456789U) {
            uint64_t delay = backoff_delay_ms(cases[i].trouble, cases[i].failures, cases[i].asked, random);

            if (delay < cases[i].low || delay > cases[i].high)
                unit_wrong("row %zu, random %u: %llu ms", i, random, (unsigned long long)delay);
        }
    }
    unit_all_right();
}

/* Never shorter after more failures, also when nothing failed yet. */
static void test_rises(void **state)
{
    (void)state;
    for (unsigned failures = 0; failures < 50; failures++) {
        assert_true(backoff_delay_ms(BACKOFF_NETWORK, failures, 0, 0) <=
                    backoff_delay_ms(BACKOFF_NETWORK, failures + 1, 0, 0));
        assert_true(backoff_delay_ms(BACKOFF_SERVER, failures, 0, 0) <=
                    backoff_delay_ms(BACKOFF_SERVER, failures + 1, 0, 0));
    }
    assert_int_equal(backoff_delay_ms(BACKOFF_NETWORK, 0, 0, 0), 1 * second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network), cmocka_unit_test(test_server), cmocka_unit_test(test_jitter_spreads),
        cmocka_unit_test(test_asked),   cmocka_unit_test(test_rises),
    };

    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
