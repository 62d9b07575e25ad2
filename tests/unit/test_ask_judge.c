/* One answer by itself: ask_judge(). */
#include "ask.h"
#include "unit.h"

#include <sys/socket.h>

static const struct {
    const char *what;
    const char *member;
    const char *text;
    size_t length; /* 0: of the text */
    int family;
    bool allow_private;
    enum reason reason;
    const char *ip; /* NULL: none */
} judged[] = {
    {"plain", NULL, "192.0.2.1", 0, AF_INET, false, REASON_CHOSEN, "192.0.2.1"},
    {"with a line end", NULL, "192.0.2.1\n", 0, AF_INET, false, REASON_CHOSEN, "192.0.2.1"},
    {"with blanks around", NULL, " \t\r\n192.0.2.1 \r\n\n", 0, AF_INET, false, REASON_CHOSEN, "192.0.2.1"},
    {"IPv6", NULL, "2001:DB8:0::1\n", 0, AF_INET6, false, REASON_CHOSEN, "2001:db8::1"},
    {"wrong family", NULL, "2001:db8::1", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"wrong family the other way", NULL, "192.0.2.1", 0, AF_INET6, false, REASON_BAD_ANSWER, NULL},
    {"wrong family, though private is allowed", NULL, "fd00::1", 0, AF_INET, true, REASON_BAD_ANSWER, NULL},
    {"IPv4 in IPv6", NULL, "::ffff:192.0.2.1", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"nothing", NULL, "", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"blanks", NULL, " \r\n\t", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"two lines", NULL, "192.0.2.1\n192.0.2.2", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"the same twice", NULL, "192.0.2.1\n192.0.2.1\n", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"two in a line", NULL, "192.0.2.1,192.0.2.2", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a word before", NULL, "ip 192.0.2.1", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a comment behind", NULL, "192.0.2.1 ok", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a prefix", NULL, "192.0.2.1/32", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a port", NULL, "192.0.2.1:80", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a scope", NULL, "fe80::1%eth0", 0, AF_INET6, true, REASON_BAD_ANSWER, NULL},
    {"in brackets", NULL, "[2001:db8::1]", 0, AF_INET6, false, REASON_BAD_ANSWER, NULL},
    {"octal", NULL, "192.0.2.010", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"short", NULL, "192.0.513", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"HTML", NULL, "<html><body>192.0.2.1</body></html>", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"JSON where text is expected", NULL, "{\"ip\": \"192.0.2.1\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"in quotes", NULL, "\"192.0.2.1\"", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a NUL behind", NULL, "192.0.2.1\0", 10, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a NUL inside", NULL,
     "192.0.2.1\0"
     "23",
     12, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a NUL before", NULL,
     "\0"
     "192.0.2.1",
     10, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a NUL in JSON", "ip", "{\"ip\": \"192.0.2.1\"}\0{}", 22, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"byte order mark", NULL,
     "\xef\xbb\xbf"
     "192.0.2.1",
     0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    /* Ranges. */
    {"private", NULL, "192.168.1.1", 0, AF_INET, false, REASON_PRIVATE, "192.168.1.1"},
    {"private allowed", NULL, "192.168.1.1", 0, AF_INET, true, REASON_CHOSEN, "192.168.1.1"},
    {"carrier", NULL, "100.64.0.1", 0, AF_INET, false, REASON_CARRIER_NAT, "100.64.0.1"},
    {"carrier allowed", NULL, "100.64.0.1", 0, AF_INET, true, REASON_CHOSEN, "100.64.0.1"},
    {"loopback", NULL, "127.0.0.1", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"link-local", NULL, "169.254.0.1", 0, AF_INET, false, REASON_LINK_LOCAL, "169.254.0.1"},
    {"multicast", NULL, "224.0.0.1", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"no address at all", NULL, "0.0.0.0", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"ULA", NULL, "fd00::1", 0, AF_INET6, false, REASON_ULA, "fd00::1"},
    {"ULA allowed", NULL, "fd00::1", 0, AF_INET6, true, REASON_CHOSEN, "fd00::1"},
    {"link-local IPv6", NULL, "fe80::1", 0, AF_INET6, false, REASON_LINK_LOCAL, "fe80::1"},
    {"none of IPv6", NULL, "::", 0, AF_INET6, false, REASON_BAD_ANSWER, NULL},
    {"private in JSON", "ip", "{\"ip\": \"10.0.0.1\"}", 0, AF_INET, false, REASON_PRIVATE, "10.0.0.1"},
    /* JSON. */
    {"member", "ip", "{\"a\": [1], \"ip\": \"192.0.2.1\"}", 0, AF_INET, false, REASON_CHOSEN, "192.0.2.1"},
    {"blanks around the object", "ip", "\r\n {\"ip\":\"192.0.2.1\"}\n", 0, AF_INET, false, REASON_CHOSEN, "192.0.2.1"},
    {"nested member", "a.b.c", "{\"a\": {\"b\": {\"c\": \"192.0.2.1\"}}}", 0, AF_INET, false, REASON_CHOSEN,
     "192.0.2.1"},
    {"the outer one of that name", "ip", "{\"a\": {\"ip\": \"192.0.2.1\"}}", 0, AF_INET, false, REASON_BAD_ANSWER,
     NULL},
    {"member with a dot in it", "a.b", "{\"a.b\": \"192.0.2.1\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"no such member", "ip", "{\"IP\": \"192.0.2.1\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a part too many", "ip.x", "{\"ip\": \"192.0.2.1\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"a part too few", "a", "{\"a\": {\"b\": \"192.0.2.1\"}}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"number", "ip", "{\"ip\": 3221225985}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"list", "ip", "{\"ip\": [\"192.0.2.1\"]}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"null", "ip", "{\"ip\": null}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"truth", "ip", "{\"ip\": true}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"empty member", "ip", "{\"ip\": \"\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"blanks in the member", "ip", "{\"ip\": \" 192.0.2.1\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"escaped NUL in the member", "ip", "{\"ip\": \"192.0.2.1\\u0000\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"twice", "ip", "{\"ip\": \"192.0.2.1\", \"ip\": \"192.0.2.2\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"another one twice", "ip", "{\"ip\": \"192.0.2.1\", \"x\": 1, \"x\": 2}", 0, AF_INET, false, REASON_BAD_ANSWER,
     NULL},
    {"a list around", "ip", "[{\"ip\": \"192.0.2.1\"}]", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"only a string", "ip", "\"192.0.2.1\"", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"plain where JSON is expected", "ip", "192.0.2.1", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"empty where JSON is expected", "ip", "", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"cut off", "ip", "{\"ip\": \"192.0.2.1\"", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"something behind", "ip", "{\"ip\": \"192.0.2.1\"} x", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"no UTF-8", "ip", "{\"ip\": \"192.0.2.1\", \"x\": \"\xff\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
    {"wrong family in JSON", "ip", "{\"ip\": \"2001:db8::1\"}", 0, AF_INET, false, REASON_BAD_ANSWER, NULL},
};

/* The text lies in memory of its own length and a NUL, as http.h has it, so that the sanitizer sees who reads past it. */
static enum reason judge_copy(const struct rule *rule, const char *member, const char *text, size_t length,
                              struct ip *ip)
{
    char *copy = malloc(length + 1);
    enum reason reason;

    assert_non_null(copy);
    memcpy(copy, text, length);
    copy[length] = '\0';
    reason = ask_judge(rule, member, copy, length, ip);
    free(copy);
    return reason;
}

static void test_judge(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(judged); i++) {
        struct rule rule = {.family = judged[i].family, .allow_private = judged[i].allow_private};
        size_t length = judged[i].length ? judged[i].length : strlen(judged[i].text);
        char text[IP_TEXT_SIZE];
        struct ip ip;
        enum reason reason;

        memset(&ip, 0xff, sizeof ip);
        reason = judge_copy(&rule, judged[i].member, judged[i].text, length, &ip);
        if (reason != judged[i].reason || strcmp(ip_text(&ip, text), judged[i].ip ? judged[i].ip : "none") != 0)
            unit_wrong("%s: %s, %s", judged[i].what, reason_word(reason), ip_text(&ip, text));
    }
    unit_all_right();
}

/* As much as http lets through, of every kind. */
static void test_judge_long(void **state)
{
    static const char *const fillers[] = {" ", "x", "1", "[", "{\"ip\":", "\"", "192.0.2.1\n", "\\u0000"};
    enum { SIZE = 64 * 1024 };
    const struct rule rule = {.family = AF_INET};
    char *text = malloc(SIZE + 1);
    struct ip ip;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < COUNT(fillers); i++) {
        size_t length = strlen(fillers[i]);

        for (size_t at = 0; at < SIZE; at++)
            text[at] = fillers[i][at % length];
        text[SIZE] = '\0';
        if (ask_judge(&rule, NULL, text, SIZE, &ip) != REASON_BAD_ANSWER ||
            ask_judge(&rule, "ip.ip", text, SIZE, &ip) != REASON_BAD_ANSWER)
            unit_wrong("64 KiB of %s", fillers[i]);
    }
    unit_all_right();
    memset(text, ' ', SIZE);
    memcpy(text + SIZE / 2, "192.0.2.1", 9);
    assert_int_equal(ask_judge(&rule, NULL, text, SIZE, &ip), REASON_CHOSEN);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_judge_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
