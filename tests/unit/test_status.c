/* What people read, beside tests/golden; what programs read. */
#include "status.h"

#include "explain.h"
#include "golden.h"
#include "trouble.h"
#include "unit.h"

#include <jansson.h>

static const size_t widths[] = {40, 80, 200};

static int set_up(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    return 0;
}

/* No line is wider, and none ends in blanks. */
static void assert_fits(const struct page *page)
{
    char *text = strdup(page->text.text), *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (page_columns(line) > page->width)
            unit_wrong("%zu columns, not %zu: %s", page_columns(line), page->width, line);
        if (line[strlen(line) - 1] == ' ')
            unit_wrong("a blank at the end of: %s", line);
    }
    free(text);
    unit_all_right();
}

static void test_status_at_each_width(void **state)
{
    struct reply *reply = golden_reply("status.lines");

    (void)state;
    for (size_t i = 0; i < COUNT(widths); i++) {
        struct page page = {.width = widths[i]};
        char name[32];

        status_show(reply, &page);
        assert_fits(&page);
        snprintf(name, sizeof name, "status-%zu.txt", widths[i]);
        golden_assert(name, page.text.text);
        buf_free(&page.text);
    }
    assert_false(status_is_well(reply));
    reply_free(reply);
}

static void test_explain_at_each_width(void **state)
{
    struct reply *reply = golden_reply("explain.lines");

    (void)state;
    for (size_t i = 0; i < COUNT(widths); i++) {
        struct page page = {.width = widths[i]};
        char name[32];

        explain_show(reply, &page);
        assert_fits(&page);
        snprintf(name, sizeof name, "explain-%zu.txt", widths[i]);
        golden_assert(name, page.text.text);
        buf_free(&page.text);
    }
    reply_free(reply);
}

/* At any width from the least on, nothing is lost and no line is too long. */
static void test_any_width(void **state)
{
    struct reply *reply = golden_reply("status.lines");

    (void)state;
    for (size_t width = 20; width < 220; width++) {
        struct page page = {.width = width};

        status_show(reply, &page);
        assert_fits(&page);
        if (width > 30)
            assert_contains(page.text.text, "host11.example.org");
        buf_free(&page.text);
    }
    reply_free(reply);
}

static struct json_t *line_of(const char *text)
{
    struct json_t *line = json_loads(text, 0, NULL);

    assert_non_null(line);
    return line;
}

static struct reply *reply_with(const char *state, const char *record)
{
    struct reply *reply = reply_new();
    struct buf head = {0};
    struct json_t *line;

    buf_addf(&head, "{\"line\":\"status\",\"now\":\"2026-11-28T05:00:00Z\",\"state\":\"%s\"}", state);
    line = line_of(head.text);
    reply_add(reply, line);
    json_decref(line);
    line = line_of(record);
    reply_add(reply, line);
    json_decref(line);
    buf_free(&head);
    return reply;
}

#define WELL "{\"line\":\"record\",\"name\":\"a.example.org\",\"type\":\"A\",\"state\":\"current\",\"well\":true}"
#define IDLE "{\"line\":\"record\",\"name\":\"a.example.org\",\"type\":\"A\",\"state\":\"idle\",\"well\":false}"

static void test_well_is_what_the_daemon_says(void **state)
{
    struct reply *well = reply_with("ok", WELL), *idle = reply_with("ok", IDLE), *full = reply_with("Disk quota", WELL);
    struct page page = {.width = 80};

    (void)state;
    assert_true(status_is_well(well));
    assert_false(status_is_well(idle));
    assert_false(status_is_well(full));
    status_show(well, &page);
    assert_contains(page.text.text, "The record is well.");
    buf_free(&page.text);
    status_show(full, &page);
    assert_contains(page.text.text, "The state cannot be written: Disk quota");
    buf_free(&page.text);
    reply_free(well);
    reply_free(idle);
    reply_free(full);
}

/* A daemon of a later version may leave out or add what it likes. */
static void test_lines_of_another_version(void **state)
{
    struct reply *reply = reply_with("ok", "{\"line\":\"record\"}");
    struct json_t *odd = line_of("{\"line\":\"weather\",\"name\":7}");
    struct page page = {.width = 80};
    char *json;

    (void)state;
    reply_add(reply, odd);
    json_decref(odd);
    status_show(reply, &page);
    explain_show(reply, &page);
    json = status_json(reply);
    assert_contains(json, "\"records\":[\n{}]");
    assert_lacks(json, "weather");
    free(json);
    buf_free(&page.text);
    reply_free(reply);
}

static void test_colours(void **state)
{
    struct reply *reply = golden_reply("status.lines");
    struct page page = {.width = 80, .coloured = true};

    (void)state;
    status_show(reply, &page);
    assert_contains(page.text.text, "\033[32mcurrent\033[0m ");
    assert_contains(page.text.text, "\033[31mrefused\033[0m ");
    assert_contains(page.text.text, "\033[33mwaiting\033[0m ");
    assert_contains(page.text.text, "\033[31mThe state cannot be written:\033[0m No space left on device\n");
    assert_lacks(page.text.text, "\033[31mred"); /* of a provider */
    buf_free(&page.text);
    reply_free(reply);
}

static void test_json_is_one_document(void **state)
{
    struct reply *reply = golden_reply("status.lines");
    char *text = status_json(reply);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    (void)state;
    assert_non_null(json);
    assert_int_equal(json_integer_value(json_object_get(json, "version")), 1);
    assert_true(json_is_false(json_object_get(json, "well")));
    assert_int_equal(json_array_size(json_object_get(json, "uplinks")), 5);
    assert_int_equal(json_array_size(json_object_get(json, "accounts")), 3);
    assert_int_equal(json_array_size(json_object_get(json, "records")), 21);
    assert_null(json_object_get(json, "record_count"));
    assert_null(json_object_get(json_array_get(json_object_get(json, "records"), 0), "line"));
    json_decref(json);
    free(text);
    reply_free(reply);
}

static void test_transitions(void **state)
{
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"\"from\":\"current\",\"to\":\"updating\",\"old\":[\"192.0.2.1\"],\"new\":[\"192.0.2.2\"],\"text\":null",
         "current -> updating (192.0.2.1 -> 192.0.2.2)"},
        {"\"from\":\"idle\",\"to\":\"updating\",\"old\":[],\"new\":[\"192.0.2.2\",\"192.0.2.3\"],\"text\":null",
         "idle -> updating (192.0.2.2, 192.0.2.3)"},
        {"\"from\":\"updating\",\"to\":\"current\",\"old\":[\"192.0.2.1\"],\"new\":[\"192.0.2.1\"],\"text\":\"good\"",
         "updating -> current (192.0.2.1; good)"},
        {"\"from\":\"updating\",\"to\":\"waiting\",\"old\":[],\"new\":[],\"text\":\"connect: refused\"",
         "updating -> waiting (connect: refused)"},
        {"\"from\":\"waiting\",\"to\":\"updating\",\"old\":[],\"new\":[],\"text\":null", "waiting -> updating"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = {0}, wanted = {0};
        struct page page = {.width = 1000};
        struct json_t *line;

        buf_addf(
            &text,
            "{\"line\":\"transition\",\"at\":\"2026-11-28T05:00:01Z\",\"name\":\"a.example.org\",\"type\":\"A\",%s}",
            rows[i].line);
        buf_addf(&wanted, "05:00:01 a.example.org A: %s\n", rows[i].text);
        line = line_of(text.text);
        explain_transition(line, &page);
        assert_string_equal(page.text.text, wanted.text);
        json_decref(line);
        buf_free(&text);
        buf_free(&wanted);
        buf_free(&page.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_status_at_each_width, set_up),
        cmocka_unit_test_setup(test_explain_at_each_width, set_up),
        cmocka_unit_test_setup(test_any_width, set_up),
        cmocka_unit_test_setup(test_well_is_what_the_daemon_says, set_up),
        cmocka_unit_test_setup(test_lines_of_another_version, set_up),
        cmocka_unit_test_setup(test_colours, set_up),
        cmocka_unit_test_setup(test_json_is_one_document, set_up),
        cmocka_unit_test_setup(test_transitions, set_up),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
