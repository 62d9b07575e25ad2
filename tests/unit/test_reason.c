#include "reason.h"

#include "unit.h"

static const struct {
    enum reason reason;
    const char *word, *text; /* of wan0, but for no-route, which comes without an interface */
    bool doubt;
} rows[] = {
    {REASON_NO_ROUTE, "no-route", "there is no route to the Internet", false},
    {REASON_NO_INTERFACE, "no-interface", "there is no interface wan0", false},
    {REASON_LINK_DOWN, "link-down", "wan0 is down", false},
    {REASON_NO_ADDRESS, "no-address", "wan0 has no address", false},
    {REASON_LINK_LOCAL, "link-local", "wan0 has only a link-local address", false},
    {REASON_SPECIAL, "special", "wan0 has only an address of a special range", false},
    {REASON_ULA, "ula", "wan0 has only a unique local address", false},
    {REASON_PRIVATE, "private", "wan0 has only a private address: it is behind another router's NAT", false},
    {REASON_CARRIER_NAT, "carrier-nat", "wan0 has only a shared address: it is behind the carrier's NAT", false},
    {REASON_NOT_GLOBAL, "not-global", "wan0 has only an address whose scope is not global", false},
    {REASON_NO_MATCH, "no-match", "wan0 has no address in a prefix of match", false},
    {REASON_DAD_FAILED, "dad-failed", "another host has the address of wan0", false},
    {REASON_TENTATIVE, "tentative", "the address is still being checked for duplicates on wan0", true},
    {REASON_DEPRECATED, "deprecated", "wan0 has only a deprecated address", false},
    {REASON_TEMPORARY, "temporary", "wan0 has only a temporary address", false},
    {REASON_ASKING, "asking", "the source has not answered yet", true},
    {REASON_SILENT, "source-silent", "the source gives no answer", true},
    {REASON_BAD_ANSWER, "bad-answer", "the answer of the source is not one address of this family", true},
    {REASON_DISAGREE, "disagree", "the sources do not agree", true},
    {REASON_NO_ROOM, "no-room", "the host part does not fit behind the prefix of wan0", true},
    {REASON_OTHER, "other", "another address comes first on wan0", false},
    {REASON_CHOSEN, "chosen", "on wan0", false},
};

static void test_all_of_them(void **state)
{
    (void)state;
    assert_int_equal(COUNT(rows), REASON_CHOSEN + 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = rows[i].reason == REASON_NO_ROUTE ? "" : "wan0";
        char text[200], wanted[200];

        assert_int_equal(rows[i].reason, i);
        assert_string_equal(reason_word(rows[i].reason), rows[i].word);
        snprintf(wanted, sizeof wanted, "%s: %s", rows[i].word, rows[i].text);
        reason_text(text, sizeof text, rows[i].reason, name, NULL);
        assert_string_equal(text, wanted);
        strcat(wanted, ": more");
        reason_text(text, sizeof text, rows[i].reason, name, "more");
        assert_string_equal(text, wanted);
        if (reason_is_doubt(rows[i].reason) != rows[i].doubt)
            unit_wrong("%s is %s doubt", rows[i].word, rows[i].doubt ? "a" : "no");
    }
    unit_all_right();
}

static void test_cut(void **state)
{
    char text[16];

    (void)state;
    memset(text, 'x', sizeof text);
    reason_text(text, sizeof text, REASON_SILENT, "wan0", "a long detail");
    assert_string_equal(text, "source-silent: ");
    reason_text(text, sizeof text, REASON_NO_ROUTE, "", NULL);
    assert_string_equal(text, "no-route: there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_them),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
