#include "ipset.h"

#include "unit.h"

#include <sys/socket.h>

static struct ip address(const char *text)
{
    struct ip ip;

    assert_true(ip_parse(text, &ip));
    return ip;
}

static void add(struct ip_set *set, const char *text)
{
    struct ip ip = address(text);

    ip_set_add(set, &ip);
}

static bool has(const struct ip_set *set, const char *text)
{
    struct ip ip = address(text);

    return ip_set_has(set, &ip);
}

static void test_empty(void **state)
{
    struct ip_set set = {0}, other = {0};
    char text[IP_SET_TEXT_SIZE];
    struct ip none = {0};

    (void)state;
    assert_string_equal(ip_set_text(&set, text), "none");
    assert_true(ip_set_equal(&set, &other));
    assert_false(ip_set_has(&set, &none));
    assert_false(has(&set, "192.0.2.1"));
    ip_set_add(&set, &none);
    assert_int_equal(set.count, 0);
}

/* In whatever order four addresses come, the set is the same. */
static void test_every_order(void **state)
{
    static const char *const texts[] = {"2001:db8::9", "2001:db8::10", "2001:db8:0:1::", "2001:db8::ffff"};
    size_t orders = 0;

    (void)state;
    for (size_t order = 0; order < 256; order++) {
        size_t a = order & 3, b = order >> 2 & 3, c = order >> 4 & 3, d = order >> 6;
        struct ip_set set = {0};
        char text[IP_SET_TEXT_SIZE];

        if (a == b || a == c || a == d || b == c || b == d || c == d)
            continue;
        add(&set, texts[a]);
        add(&set, texts[b]);
        add(&set, texts[c]);
        add(&set, texts[d]);
        assert_string_equal(ip_set_text(&set, text), "2001:db8::9,2001:db8::10,2001:db8::ffff,2001:db8:0:1::");
        orders++;
    }
    assert_int_equal(orders, 24);
}

static void test_twice_and_too_many(void **state)
{
    struct ip_set set = {0}, before;

    (void)state;
    add(&set, "192.0.2.4");
    add(&set, "192.0.2.4");
    assert_int_equal(set.count, 1);
    add(&set, "192.0.2.3");
    add(&set, "192.0.2.2");
    add(&set, "192.0.2.5");
    assert_int_equal(set.count, IP_SET_MAX);
    before = set;
    add(&set, "192.0.2.1");
    add(&set, "192.0.2.3");
    assert_memory_equal(&set, &before, sizeof set);
    assert_true(has(&set, "192.0.2.2"));
    assert_false(has(&set, "192.0.2.1"));
}

static void test_equal(void **state)
{
    struct ip_set a = {0}, b = {0};

    (void)state;
    add(&a, "192.0.2.1");
    assert_false(ip_set_equal(&a, &b));
    assert_false(ip_set_equal(&b, &a));
    add(&b, "192.0.2.2");
    assert_false(ip_set_equal(&a, &b));
    add(&a, "192.0.2.2");
    assert_false(ip_set_equal(&a, &b));
    assert_false(ip_set_equal(&b, &a));
    add(&b, "192.0.2.1");
    assert_true(ip_set_equal(&a, &b));
}

/* The longest there is still fits the buffer: the sanitizer would see one byte too many. */
static void test_longest_text(void **state)
{
    static const char longest[] = "2001:db8:1111:1111:1111:1111:1111:1111,2001:db8:1111:1111:1111:1111:1111:1112,"
                                  "2001:db8:1111:1111:1111:1111:1111:1113,2001:db8:1111:1111:1111:1111:1111:1114";
    char *text = malloc(IP_SET_TEXT_SIZE);
    struct ip_set set;

    (void)state;
    assert_non_null(text);
    assert_true(ip_set_parse(longest, &set));
    assert_string_equal(ip_set_text(&set, text), longest);
    free(text);
}

static void test_parse(void **state)
{
    static const struct {
        const char *text, *set; /* NULL: refused */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.2,192.0.2.1", "192.0.2.1,192.0.2.2"},
        {"192.0.2.1,192.0.2.1", "192.0.2.1"},
        {"192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4", "192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4"},
        {"2001:DB8:0::1,2001:db8::", "2001:db8::,2001:db8::1"},
        {"192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4,192.0.2.5", NULL},
        {"192.0.2.1,2001:db8::1", NULL},
        {"2001:db8::1,192.0.2.1", NULL},
        {"", NULL},
        {",", NULL},
        {"none", NULL},
        {"192.0.2.1,", NULL},
        {",192.0.2.1", NULL},
        {"192.0.2.1,,192.0.2.2", NULL},
        {"192.0.2.1, 192.0.2.2", NULL},
        {"192.0.2.1 ", NULL},
        {"192.0.2.1;192.0.2.2", NULL},
        {"192.0.2.1/24", NULL},
        {"192.0.2.1,2001:db8:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip_set set, none = {0};
        char text[IP_SET_TEXT_SIZE];
        bool good;

        memset(&set, 0xff, sizeof set);
        good = ip_set_parse(rows[i].text, &set);
        if (good != (rows[i].set != NULL))
            unit_wrong("'%s' is %s", rows[i].text, good ? "taken" : "refused");
        else if (!good && memcmp(&set, &none, sizeof set) != 0)
            unit_wrong("'%s' is refused, but leaves something", rows[i].text);
        else if (good && strcmp(ip_set_text(&set, text), rows[i].set) != 0)
            unit_wrong("'%s' becomes %s", rows[i].text, text);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty), cmocka_unit_test(test_every_order),  cmocka_unit_test(test_twice_and_too_many),
        cmocka_unit_test(test_equal), cmocka_unit_test(test_longest_text), cmocka_unit_test(test_parse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
