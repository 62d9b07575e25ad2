#include "parse.h"

#include "unit.h"

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t ms;
    } durations[] = {
        {"0", true, 0},
        {"0ms", true, 0},
        {"0d", true, 0},
        {"1ms", true, 1},
        {"250ms", true, 250},
        {"30s", true, 30000},
        {"5m", true, 300000},
        {"12h", true, 43200000},
        {"28d", true, UINT64_C(2419200000)},
        {"007s", true, 7000},
        {"3650d", true, UINT64_C(315360000000)},
        {"3651d", false, 0},
        {"315360000001ms", false, 0},
        {"18446744073709551616ms", false, 0},
        {"213503982335d", false, 0},
        {"", false, 0},
        {"100", false, 0},
        {"ms", false, 0},
        {"1 s", false, 0},
        {" 1s", false, 0},
        {"1s ", false, 0},
        {"-1s", false, 0},
        {"+1s", false, 0},
        {"1.5s", false, 0},
        {"1S", false, 0},
        {"1sec", false, 0},
        {"1m30s", false, 0},
        {"0x10s", false, 0},
        {"1e3s", false, 0},
        {"1w", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(durations); i++) {
        uint64_t ms = 0;
        bool good = parse_duration(durations[i].text, &ms);

        if (good != durations[i].good || (good && ms != durations[i].ms))
            unit_wrong("\"%s\": %d, %llu ms", durations[i].text, good, (unsigned long long)ms);
    }
    unit_all_right();
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        unsigned long low, high;
        bool good;
        unsigned long number;
    } numbers[] = {
        {"1", 1, 1000, true, 1},
        {"1000", 1, 1000, true, 1000},
        {"0", 0, 0, true, 0},
        {"0", 1, 1000, false, 0},
        {"1001", 1, 1000, false, 0},
        {"", 0, 10, false, 0},
        {"-1", 0, 10, false, 0},
        {"+1", 0, 10, false, 0},
        {"1x", 0, 10, false, 0},
        {"x", 0, 10, false, 0},
        {" 1", 0, 10, false, 0},
        {"1 ", 0, 10, false, 0},
        {"99999999999999999999", 0, 10, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        unsigned long number = 0;
        bool good = parse_number(numbers[i].text, numbers[i].low, numbers[i].high, &number);

        if (good != numbers[i].good || (good && number != numbers[i].number))
            unit_wrong("\"%s\": %d, %lu", numbers[i].text, good, number);
    }
    unit_all_right();
}

static void test_hex(void **state)
{
    static const char *const bad[] = {"", "0", "g0", "0g", " 1", "+1", "x1", "0x", "-1"};
    unsigned char byte;
    char text[4];

    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        snprintf(text, sizeof text, i % 3 ? "%02x:" : "%02X", i);
        if (!parse_hex_byte(text, &byte) || byte != i)
            unit_wrong("%s", text);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (parse_hex_byte(bad[i], &byte))
            unit_wrong("\"%s\"", bad[i]);
    unit_all_right();
}

static void test_urls(void **state)
{
    (void)state;
    assert_true(parse_is_url("https://a.example.org:8443/nic/update?a=b&c=%20;(d)"));
    assert_true(parse_is_url("[2001:db8::1]/"));
    assert_true(parse_is_url(""));
    for (const char *c = "#{}\"'<>\\^`| \t\n\177\303"; *c; c++) {
        const char text[] = {'a', *c, 'b', '\0'};

        if (parse_is_url(text))
            unit_wrong("character %d", *c);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_urls),
    };

    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
