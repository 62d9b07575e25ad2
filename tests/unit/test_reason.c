#include "reason.h"

#include "unit.h"

static const struct {
    enum reason reason;
    const char *word, *text; /* of wan0, but for no-route, which comes without an interface */
    bool doubt;
    const char *one; /* of one address, or NULL */
} rows[] = {
    {REASON_NO_ROUTE, "no-route", "there is no route to the Internet", false, NULL},
    {REASON_NO_INTERFACE, "no-interface", "there is no interface wan0", false, NULL},
    {REASON_LINK_DOWN, "link-down", "wan0 is down", false, NULL},
    {REASON_NO_ADDRESS, "no-address", "wan0 has no address", false, NULL},
    {REASON_LINK_LOCAL, "link-local", "wan0 has only a link-local address", false, "it is valid on its own link only"},
    {REASON_SPECIAL, "special", "wan0 has only an address of a special range", false, "it is of a special range"},
    {REASON_ULA, "ula", "wan0 has only a unique local address", false, "it is a unique local address"},
    {REASON_PRIVATE, "private", "wan0 has only a private address: it is behind another router's NAT", false,
     "it is a private address"},
    {REASON_CARRIER_NAT, "carrier-nat", "wan0 has only a shared address: it is behind the carrier's NAT", false,
     "it is of the range for carriers' NAT"},
    {REASON_NOT_GLOBAL, "not-global", "wan0 has only an address whose scope is not global", false,
     "its scope is not global"},
    {REASON_NO_MATCH, "no-match", "wan0 has no address in a prefix of match", false, "it is in no prefix of match"},
    {REASON_DAD_FAILED, "dad-failed", "another host has the address of wan0", false, "another host has it"},
    {REASON_TENTATIVE, "tentative", "the address is still being checked for duplicates on wan0", true,
     "it is still being checked for duplicates"},
    {REASON_DEPRECATED, "deprecated", "wan0 has only a deprecated address", false,
     "its preferred lifetime has run out"},
    {REASON_TEMPORARY, "temporary", "wan0 has only a temporary address", false, "it is one of privacy extensions"},
    {REASON_ASKING, "asking", "the source has not answered yet", true, NULL},
    {REASON_SILENT, "source-silent", "the source gives no answer", true, NULL},
    {REASON_BAD_ANSWER, "bad-answer", "the answer of the source is not one address of this family", true, NULL},
    {REASON_DISAGREE, "disagree", "the sources do not agree", true, NULL},
    {REASON_NO_ROOM, "no-room", "the host part does not fit behind the prefix of wan0", true, NULL},
    {REASON_OTHER, "other", "another address comes first on wan0", false, "it is fit, but not the first"},
    {REASON_CHOSEN, "chosen", "on wan0", false, NULL},
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

/* Of an address, nothing is said of the interface, which may have others. */
static void test_of_one_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *one = rows[i].one;
        char text[200], wanted[200];

        snprintf(wanted, sizeof wanted, "%s%s%s", rows[i].word, one ? ": " : "", one ? one : "");
        reason_text_of_one(text, sizeof text, rows[i].reason, NULL);
        assert_string_equal(text, wanted);
        strcat(wanted, ": more");
        reason_text_of_one(text, sizeof text, rows[i].reason, "more");
        assert_string_equal(text, wanted);
    }
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
        cmocka_unit_test(test_of_one_address),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
