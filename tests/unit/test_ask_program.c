/* A program of the user's that is asked: real ones, but for the clock. */
#include "asker.h"

#include <event2/event.h>
#include <sys/socket.h>

static const uint64_t second_ms = 1000;

static void use_program(const char *script)
{
    char text[500];

    free(asker.outside.program);
    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    asker.outside.program = unit_file(asker_folder(), "program", text, 0700);
    asker.outside.service_count = 0;
}

static void await_news(size_t count)
{
    while (asker.news < count)
        assert_int_equal(event_base_loop(asker_loop(), EVLOOP_ONCE), 0);
}

static void test_program(void **state)
{
    struct source_answer answer;

    (void)state;
    use_program("echo 192.0.2.$#");
    answer = asker_look_at("10.0.0.2");
    asker_assert(&answer, REASON_ASKING, "none");
    await_news(1);
    asker_assert_known(REASON_CHOSEN, "192.0.2.0");
    assert_int_equal(asker_asked(), 0);
    use_program("echo 192.0.2.7");
    fake_timer_advance(ASKER_INTERVAL_MS - 1);
    assert_int_equal(asker.news, 1);
    fake_timer_advance(1);
    await_news(2);
    asker_assert_known(REASON_CHOSEN, "192.0.2.7");
    free(asker.outside.program);
}

static void test_program_environment(void **state)
{
    struct source_answer answer;

    (void)state;
    use_program("test \"$WANDDNS_FAMILY $WANDDNS_INTERFACE\" = \"ipv4 wan1\" && echo 192.0.2.1");
    asker_look_at("10.0.0.2");
    await_news(1);
    asker_assert_known(REASON_CHOSEN, "192.0.2.1");
    use_program("test \"$WANDDNS_FAMILY.${WANDDNS_INTERFACE-none}\" = \"ipv4.\" && echo 192.0.2.2");
    asker_look(asker_no_uplink(REASON_NO_ROUTE));
    await_news(2);
    answer = asker_look(asker_no_uplink(REASON_NO_ROUTE));
    asker_assert(&answer, REASON_CHOSEN, "192.0.2.2");
    free(asker.outside.program);
}

/* A program may know a way that the kernel does not. */
static void test_program_without_uplink(void **state)
{
    struct source_answer answer;

    (void)state;
    asker.rule.family = AF_INET6;
    use_program("test \"$WANDDNS_FAMILY\" = ipv6 && echo 2001:db8::1");
    answer = asker_look(asker_no_uplink(REASON_NO_ROUTE));
    asker_assert(&answer, REASON_ASKING, "none");
    await_news(1);
    answer = asker_look(asker_no_uplink(REASON_NO_ROUTE));
    asker_assert(&answer, REASON_CHOSEN, "2001:db8::1");
    assert_int_equal(answer.local.count, 0);
    free(asker.outside.program);
}

static void test_program_fails(void **state)
{
    static const struct {
        const char *script, *text;
        enum reason reason;
        uint64_t next_ms;
    } rows[] = {
        {"exit 3", "program ended with status 3", REASON_SILENT, 1000},
        {"echo 192.0.2.1; exit 1", "program ended with status 1", REASON_SILENT, 1000},
        {"kill -9 $$", "program was killed by signal 9", REASON_SILENT, 1000},
        {"exit 0", "program: ''", REASON_BAD_ANSWER, 900000},
        {"echo; echo 192.0.2.1; echo 192.0.2.2", "program: '192.0.2.1'", REASON_BAD_ANSWER, 900000},
        {"echo 2001:db8::1", "program: '2001:db8::1'", REASON_BAD_ANSWER, 900000},
        {"echo 10.0.0.1", "program says 10.0.0.1", REASON_PRIVATE, 900000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct source_answer answer;

        use_program(rows[i].script);
        asker.news = 0;
        asker_look_at("10.0.0.2");
        await_news(1);
        answer = asker_look_at("10.0.0.2");
        if (answer.reason != rows[i].reason || answer.ips.count || !strstr(answer.text, rows[i].text) ||
            fake_timer_next() != rows[i].next_ms)
            unit_wrong("%s: %s, next after %ju ms", rows[i].script, answer.text, (uintmax_t)fake_timer_next());
        ask_free(asker.ask);
        asker.ask = NULL;
    }
    unit_all_right();
    free(asker.outside.program);
}

static void test_program_hangs(void **state)
{
    struct source_answer answer;

    (void)state;
    use_program("exec sleep 1000");
    asker_look_at("10.0.0.2");
    fake_timer_advance(30 * second_ms - 1);
    assert_int_equal(asker.news, 0);
    fake_timer_advance(1);
    await_news(1);
    answer = asker_look_at("10.0.0.2");
    asker_assert(&answer, REASON_SILENT, "none");
    assert_contains(answer.text, "program did not end within 30 s");
    free(asker.outside.program);
}

/* The program of before is ended, not answered to. */
static void test_change_while_program_runs(void **state)
{
    (void)state;
    use_program("exec sleep 1000");
    asker_look_at("10.0.0.3");
    use_program("echo 192.0.2.2");
    asker_look_at("10.0.0.2");
    await_news(1);
    asker_assert_known(REASON_CHOSEN, "192.0.2.2");
    free(asker.outside.program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_program, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_program_environment, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_program_without_uplink, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_program_fails, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_program_hangs, asker_setup, asker_teardown),
        cmocka_unit_test_setup_teardown(test_change_while_program_runs, asker_setup, asker_teardown),
    };

    return cmocka_run_group_tests(tests, asker_setup_group, asker_teardown_group);
}
