#include "demand.h"

#include "buf.h"
#include "unit.h"

static enum demand_fault read_line(const char *line, struct demand *demand, const char **text)
{
    return demand_read(line, strlen(line), demand, text);
}

static void test_requests(void **state)
{
    static const struct {
        const char *line;
        enum demand_command command;
        size_t hosts;
    } rows[] = {
        {"{\"version\":1,\"command\":\"status\"}", DEMAND_STATUS, 0},
        {"{\"version\":1,\"command\":\"status\",\"hosts\":[]}", DEMAND_STATUS, 0},
        {" {\"hosts\":[\"a.example.org\",\"b.example.org\"], \"command\":\"explain\", \"version\":1 }\r",
         DEMAND_EXPLAIN, 2},
        {"{\"version\":1,\"command\":\"update\",\"hosts\":[\"a\"]}", DEMAND_UPDATE, 1},
        {"{\"version\":1,\"command\":\"follow\",\"weather\":{\"wind\":[1]}}", DEMAND_FOLLOW, 0},
        {"{\"version\":1,\"command\":\"reload\"}", DEMAND_RELOAD, 0},
        {"{\"version\":1,\"command\":\"log-level\",\"level\":\"debug\"}", DEMAND_LOG_LEVEL, 0},
        {"{\"version\":1,\"command\":\"metrics\"}", DEMAND_METRICS, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct demand demand;
        const char *text;

        if (read_line(rows[i].line, &demand, &text) != DEMAND_GOOD || demand.command != rows[i].command ||
            demand.host_count != rows[i].hosts)
            unit_wrong("%s: %s", rows[i].line, text);
        demand_clear(&demand);
    }
    unit_all_right();
}

static void test_faults(void **state)
{
    static const char *const version = "this daemon speaks version 1 of the protocol",
                             *const object = "a request is a line with one JSON object",
                             *const hosts = "hosts is a list of names", *const command = "there is no such command",
                             *const level = "level is error, warning, info or debug";
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"", object},
        {"hello", object},
        {"[]", object},
        {"7", object},
        {"{\"version\":1,\"version\":1,\"command\":\"status\"}", object},
        {"{\"version\":1,\"command\":\"status\"} {}", object},
        {"{\"version\":1,\"command\":\"st\\u0000\"}", object},
        {"{}", version},
        {"{\"version\":2,\"command\":\"dance\"}", version},
        {"{\"version\":\"1\",\"command\":\"status\"}", version},
        {"{\"version\":1}", command},
        {"{\"version\":1,\"command\":\"\"}", command},
        {"{\"version\":1,\"command\":7}", command},
        {"{\"version\":1,\"command\":\"Status\"}", command},
        {"{\"version\":1,\"command\":\"update\",\"hosts\":{}}", hosts},
        {"{\"version\":1,\"command\":\"update\",\"hosts\":null}", hosts},
        {"{\"version\":1,\"command\":\"update\",\"hosts\":\"a\"}", hosts},
        {"{\"version\":1,\"command\":\"update\",\"hosts\":[\"a\",7]}", hosts},
        {"{\"version\":1,\"command\":\"log-level\"}", level},
        {"{\"version\":1,\"command\":\"log-level\",\"level\":\"loud\"}", level},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct demand demand;
        const char *text;
        enum demand_fault fault = read_line(rows[i].line, &demand, &text);

        if (fault != (rows[i].text == version ? DEMAND_OTHER_VERSION : DEMAND_WRONG) || strcmp(text, rows[i].text) != 0)
            unit_wrong("%s: %d, %s", rows[i].line, (int)fault, text);
        demand_clear(&demand);
    }
    unit_all_right();
}

/* As they stand in the configuration. */
static void test_names(void **state)
{
    struct demand demand;
    const char *text;

    (void)state;
    assert_int_equal(
        read_line("{\"version\":1,\"command\":\"status\",\"hosts\":[\"HOME.Example.org.\",\"b\\u00fccher.example\"]}",
                  &demand, &text),
        DEMAND_GOOD);
    assert_string_equal(demand.hosts[0], "home.example.org");
    assert_string_equal(demand.hosts[1], "xn--bcher-kva.example");
    assert_true(demand_means(&demand, "home.example.org"));
    assert_false(demand_means(&demand, "example.org"));
    demand_clear(&demand);
    assert_true(demand_means(&demand, "example.org")); /* none are all */
}

static void test_number_of_names(void **state)
{
    struct buf line = {0};
    struct demand demand;
    const char *text;

    (void)state;
    buf_add(&line, "{\"version\":1,\"command\":\"status\",\"hosts\":[\"a\"");
    for (int i = 1; i < DEMAND_HOSTS; i++)
        buf_add(&line, ",\"a\"");
    buf_add(&line, "]}");
    assert_int_equal(read_line(line.text, &demand, &text), DEMAND_GOOD);
    assert_int_equal(demand.host_count, DEMAND_HOSTS);
    demand_clear(&demand);
    line.length -= 2;
    buf_add(&line, ",\"a\"]}");
    assert_int_equal(read_line(line.text, &demand, &text), DEMAND_WRONG);
    demand_clear(&demand);
    buf_free(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_number_of_names),
    };

    return cmocka_run_group_tests_name("demand", tests, NULL, NULL);
}
