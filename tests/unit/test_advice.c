#include "advice.h"

#include "unit.h"

/* Where a stage is to be told the text begins with it. */
static void test_stages(void **state)
{
    static const struct {
        enum record_state state;
        const char *text, *stage;
    } rows[] = {
        {RECORD_WAITING, "resolve: Could not resolve host: a", "resolve"},
        {RECORD_WAITING, "connect: Connection refused", "connect"},
        {RECORD_WAITING, "tls: the server's certificate has expired", "tls"},
        {RECORD_WAITING, "http: status 500", "http"},
        {RECORD_WAITING, "provider: 911", "provider"},
        {RECORD_WAITING, "program: it ended with 1", "program"},
        {RECORD_WAITING, "connected: no", NULL},
        {RECORD_WAITING, NULL, NULL},
        {RECORD_REFUSED, "nochg: for the third time in a row", "provider"},
        {RECORD_REFUSED, NULL, "provider"},
        {RECORD_IDLE, "no-route: there is no route to the Internet", "source"},
        {RECORD_IDLE, NULL, "source"},
        {RECORD_CURRENT, "good", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *stage = advice_stage(rows[i].state, rows[i].text);

        if ((stage != NULL) != (rows[i].stage != NULL) || (stage && strcmp(stage, rows[i].stage) != 0))
            unit_wrong("%s: %s", rows[i].text ? rows[i].text : "(nothing)", stage ? stage : "(none)");
    }
    unit_all_right();
}

/* Whatever is wrong, something is said that can be done; it is a sentence, or ends in a command. */
static void test_there_is_always_advice(void **state)
{
    static const struct {
        enum record_state state;
        const char *text, *part;
    } rows[] = {
        {RECORD_WAITING, "connect: No route to host", "ip route"},
        {RECORD_WAITING, "tls: the server's certificate is for another name", "key server"},
        {RECORD_WAITING, "tls: handshake", "changes TLS"},
        {RECORD_WAITING, "http: status 429: too many", "asked less"},
        {RECORD_WAITING, "there is no {zone} for the URL", "update HOST"},
        {RECORD_WAITING, NULL, "update HOST"},
        {RECORD_UPDATING, "connect: No route to host", "ip route"},
        {RECORD_REFUSED, "provider: badauth: the user name or the password is wrong", "username and password"},
        {RECORD_REFUSED, "http: status 401: the API token is wrong or has expired", "wrong right"},
        {RECORD_REFUSED, "provider: x: the key may not change DNS", "what this login may do"},
        {RECORD_REFUSED, "provider: x: there is no such zone in this account", "reate it"},
        {RECORD_REFUSED, "provider: x", "update HOST"},
        {RECORD_REFUSED, NULL, "update HOST"},
        {RECORD_IDLE, "link-down: wan0 is down", "line"},
        {RECORD_IDLE, "no-address: wan0 has no address", "DHCP"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *advice = advice_for_record(rows[i].state, rows[i].text);

        if (!advice || !strstr(advice, rows[i].part))
            unit_wrong("%s: %s", rows[i].text ? rows[i].text : "(nothing)", advice ? advice : "(none)");
    }
    unit_all_right();
    assert_null(advice_for_record(RECORD_CURRENT, "good"));
    for (int reason = 0; reason < REASON_OTHER; reason++)
        if (!advice_for_source((enum reason)reason))
            unit_wrong("no advice for %s", reason_word((enum reason)reason));
    unit_all_right();
    assert_null(advice_for_source(REASON_CHOSEN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stages),
        cmocka_unit_test(test_there_is_always_advice),
    };

    return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
