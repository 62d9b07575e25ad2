#include "page.h"

#include "outlet.h"
#include "unit.h"

#include <unistd.h>

static void assert_paragraph(size_t width, size_t indent, size_t hang, const char *head, const char *text,
                             const char *wanted)
{
    struct page page = {.width = width};

    page_paragraph(&page, indent, hang, PAGE_BAD, head, text);
    assert_string_equal(page.text.text, wanted);
    buf_free(&page.text);
}

static void test_lines_are_broken_between_words(void **state)
{
    (void)state;
    assert_paragraph(20, 0, 4, "", "the quick brown fox jumps", "the quick brown fox\n    jumps\n");
    assert_paragraph(20, 0, 4, "a head:", "and a text behind it", "a head: and a text\n    behind it\n");
    assert_paragraph(20, 2, 2, "", "the quick brown fox jumps", "  the quick brown\n  fox jumps\n");
    assert_paragraph(20, 0, 0, "", "exactly twenty chars", "exactly twenty chars\n");
    assert_paragraph(20, 0, 0, "", "   blanks    are  one ", "blanks are one\n");
    assert_paragraph(20, 0, 0, "", "", "\n");
}

static void test_a_long_word_is_broken_anywhere(void **state)
{
    (void)state;
    assert_paragraph(20, 0, 4, "", "x 0123456789012345678901234567890",
                     "x\n    0123456789012345\n    678901234567890\n");
    assert_paragraph(20, 0, 0, "01234567890123456789012", "y", "01234567890123456789\n012 y\n");
}

/* By the columns of characters, not by bytes. */
static void test_columns(void **state)
{
    (void)state;
    assert_int_equal(page_columns("abc"), 3);
    assert_int_equal(page_columns("b\xc3\xbc"
                                  "cher"),
                     6);
    assert_int_equal(page_columns("\xe6\x9c\x8d\xe5\x8a\xa1"), 4); /* two CJK characters */
    assert_int_equal(page_columns("\xf0\x9f\x8c\x8d"), 2);
    assert_paragraph(20, 0, 0, "",
                     "\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d"
                     "\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d",
                     "\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d\xe6\x9c\x8d"
                     "\xe6\x9c\x8d\xe6\x9c\x8d\n\xe6\x9c\x8d\n");
}

static void test_nothing_steers_the_terminal(void **state)
{
    struct page page = {.width = 80};

    (void)state;
    assert_paragraph(80, 0, 0, "\033[2J", "a\rb\nc\x9b", "\\x1b[2J a\\x0db\\x0ac\\x9b\n");
    page_cell(&page, "\033c", 8, PAGE_GOOD);
    assert_string_equal(page.text.text, "\\x1bc   ");
    assert_int_equal(page_columns("\033c"), 5);
    buf_free(&page.text);
}

static void test_colours_take_no_room(void **state)
{
    struct page page = {.width = 20, .coloured = true};

    (void)state;
    page_paragraph(&page, 0, 2, PAGE_BAD, "a head of its own and", "a text");
    page_cell(&page, "x", 3, PAGE_GOOD);
    page_cell(&page, "y", 0, PAGE_PLAIN);
    assert_string_equal(page.text.text, "\033[31ma head of its own\n  and\033[0m a text\n\033[32mx\033[0m  y");
    buf_free(&page.text);
}

static void tell(void)
{
    struct page page;

    page_open(&page, STDERR_FILENO);
    dprintf(STDERR_FILENO, "%zu %d", page.width, page.coloured);
}

static void test_what_a_terminal_is(void **state)
{
    static const struct {
        unsigned short columns;
        const char *term, *no_color, *wanted;
    } rows[] = {
        {0, "xterm", "", "80 0"}, {80, "xterm", "", "80 1"}, {200, "xterm", "", "200 1"}, {40, "xterm", "1", "40 0"},
        {40, "dumb", "", "40 0"}, {40, "", "", "40 0"},      {7, "xterm", "", "20 1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text;

        setenv("TERM", rows[i].term, 1);
        setenv("NO_COLOR", rows[i].no_color, 1);
        text = outlet_of(tell, rows[i].columns);
        assert_string_equal(text, rows[i].wanted);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_broken_between_words),
        cmocka_unit_test(test_a_long_word_is_broken_anywhere),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_nothing_steers_the_terminal),
        cmocka_unit_test(test_colours_take_no_room),
        cmocka_unit_test(test_what_a_terminal_is),
    };

    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
