#include "import_lines.h"

#include "unit.h"

/* "line:key=value;" for an assignment, "line:value;" for a word behind them, and a bar at the end of a line. */
static void dump(void *arg, const struct import_assignment *list, size_t count)
{
    char *text = arg;

    for (size_t i = 0; i < count; i++)
        sprintf(text + strlen(text), "%d:%s%s%s;", list[i].line, list[i].key ? list[i].key : "", list[i].key ? "=" : "",
                list[i].value);
    strcat(text, "|");
}

static void try(const char *text, const char *expected)
{
    struct unit_faults told = {0};
    struct faults faults = {"f", unit_fault, &told, false};
    char result[4096] = "";

    import_lines(text, strlen(text), &faults, dump, result);
    strcat(result, told.text);
    if (strcmp(result, expected) != 0)
        unit_wrong("%s\n    gives %s\n    not   %s", text, result, expected);
}

static void test_lines(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"# only\n\n   # comments\n", ""},
        {"a=1", "1:a=1;|"},
        {"a=1\nb=2\n", "1:a=1;|2:b=2;|"},
        {"a=1, b=2 c=3,d=4", "1:a=1;1:b=2;1:c=3;1:d=4;|"},
        {"  A_b-9=1  ", "1:a_b-9=1;|"},
        {"a=", "1:a=;|"},
        {"a = 1 , b =2, c= h", "1:a=1;1:b=2;1:c=;1:h;|"},
        {"a=1 # b=2", "1:a=1;|"},
        {"a=1#b", "1:a=1;|"},
        {"a=1\r\nb=2\r\n", "1:a=1;|2:b=2;|"},
        {"a=1, \\\n b=2, \\\n\n h", "1:a=1;2:b=2;|4:h;|"},
        {"a=1 \\   # comment\n h", "1:a=1;2:h;|"},
        {"a=1\\\nb=2", "1:a=1;2:b=2;|"},
        {"a=1 \\", "1:a=1;|"},
        {"host.example.org", "1:host.example.org;|"},
        {"a=1 h1, h2 ,h3 login pass", "1:a=1;1:h1,h2,h3;1:login;1:pass;|"},
        {"a=1 h1 \\\n login \\\n pass", "1:a=1;1:h1;2:login;3:pass;|"},
        {"h a=1", "1:h;1:a=1;|"},
        {"@,*,www", "1:@,*,www;|"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        try(rows[i][0], rows[i][1]);
    unit_all_right();
}

/* Quotes, and what a backslash takes as it is. Blanks in quotes become one, as in ddclient. */
static void test_values(void **state)
{
    static const char *const rows[][2] = {
        {"a='x y' b=\"z, 'w'\"", "1:a=x y;1:b=z, 'w';|"},
        {"a='x   \t y'", "1:a=x y;|"},
        {"a=x\\ y\\,z", "1:a=x y,z;|"},
        {"a=\\'x\\'", "1:a='x';|"},
        {"a='it\\'s'", "1:a=it's;|"},
        {"a=p'q r's", "1:a=pq rs;|"},
        {"a='x # y'", "1:a=x;|f:1: a quote is not closed\n"},
        {"b=1\n\na=\"x", "1:b=1;|3:a=x;|f:3: a quote is not closed\n"},
        {"b=1 \\\n a='x \\\n y'", "1:b=1;2:a=x y;|"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        try(rows[i][0], rows[i][1]);
    unit_all_right();
}

/* A password is taken as it is, up to the next blank or the quote at its end. */
static void test_passwords(void **state)
{
    static const char *const rows[][2] = {
        {"password=a#b", "1:password=a#b;|"},
        {"password=a#b # c", "1:password=a#b;|"},
        {"login=x, password=a,b, h", "1:login=x;1:password=a,b;1:h;|"},
        {"password=secret,   \\\n h", "1:password=secret;2:h;|"},
        {"password=secret \\\n h", "1:password=secret;2:h;|"},
        {"password=secret\\\n h", "1:password=secret;2:h;|"},
        {"password='it is # so', h", "1:password=it is # so;1:h;|"},
        {"password='two  blanks' h", "1:password=two  blanks;1:h;|"},
        {"password='it's' h", "1:password=it's;1:h;|"},
        {"password='open h", "1:password='open;1:h;|"},
        {"password=\"quoted\" h", "1:password=\"quoted\";1:h;|"},
        {"password=a\\b h", "1:password=a\\b;1:h;|"},
        {"password = secret h", "1:password=secret;1:h;|"},
        {"fw-password=a#b h", "1:fw-password=a#b;1:h;|"},
        {"login=x,password=y,h", "1:login=x;1:password=y;1:h;|"}, /* not behind a blank: as any other */
        {"password=", "1:password=;|"},
        {"password='' h", "1:password=;1:h;|"},
        {"password='ends ' # c\nb=1", "1:password=ends ;|2:b=1;|"},
        {"password='ends\\' # c\nb=1", "1:password=ends\\;|2:b=1;|"},
        {"# password=a#b", ""},
        {"passwords=a#b", "1:passwords=a;|"},
        {"password_env=A#b", "1:password_env=A;|"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        try(rows[i][0], rows[i][1]);
    unit_all_right();
}

static void test_no_text(void **state)
{
    struct unit_faults told = {0};
    struct faults faults = {"f", unit_fault, &told, false};
    char result[64] = "";

    (void)state;
    import_lines("a=1\nb=\0", 7, &faults, dump, result);
    assert_string_equal(told.text, "f:2: a control character: this is no text file\n");
    assert_string_equal(result, "");
    try("a=\rb", "f:1: a control character: this is no text file\n");
    try("a=\x1b[m", "f:1: a control character: this is no text file\n");
    unit_all_right();
}

/* Many lines that are one, and many words in it. */
static void test_long(void **state)
{
    enum { COUNT_OF = 20000 };
    char *text = malloc(COUNT_OF * 8 + 16), *at = text, *result = calloc(COUNT_OF, 20);
    struct unit_faults told = {0};
    struct faults faults = {"f", unit_fault, &told, false};

    (void)state;
    for (int i = 0; i < COUNT_OF; i++)
        at = stpcpy(at, "a=1 \\\n");
    strcpy(at, "h");
    import_lines(text, strlen(text), &faults, dump, result);
    assert_string_equal(result + strlen(result) - 9, "20001:h;|");
    free(result);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),   cmocka_unit_test(test_values), cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_no_text), cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests_name("import_lines", tests, NULL, NULL);
}
