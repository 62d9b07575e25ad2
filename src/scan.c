#include "scan.h"

#include "mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCAN_DEPTH = 8,  /* of sections inside each other */
    NUMBER_SIGN = 1, /* which no file has: control characters are refused */
};

struct place {
    struct scan *scan;
    scan_fault_fn *fault;
    void *arg;
    bool failed;
    const char *text;
    size_t at;
    int line;
    char before; /* the character before this place, a blank for a comment */
    int open_lines[SCAN_DEPTH];
    int depth;
    bool is_empty;     /* the list that began last */
    bool after_equals; /* an opening brace here begins a list, not a section */
    bool in_list;
    bool foreign;
};

static void fault(struct place *place, int line, const char *text)
{
    place->failed = true;
    place->fault(place->arg, line, text);
}

static void keep(struct place *place, const char *text, size_t length)
{
    buf_add_n(&place->scan->text, text, length);
}

/* ---- Values. ---- */

static bool is_value(const struct place *place)
{
    return !place->foreign && (place->after_equals || place->in_list);
}

/* Its number stands in its place, and its ends of lines. */
static void number(struct place *place, struct buf *value, int lines)
{
    struct scan *scan = place->scan;

    buf_addf(&scan->text, "\"%c%zu", NUMBER_SIGN, scan->value_count);
    for (; lines; lines--)
        keep(place, "\n", 1);
    keep(place, "\"", 1);
    scan->values = mem_resize(scan->values, scan->value_count + 1, sizeof *scan->values);
    scan->values[scan->value_count++] = buf_take(value);
}

/* Escapes are those of libConfuse's lexer. Leaves at on the closing quote; false when there is none. */
static bool read_quoted(struct place *place, struct buf *value)
{
    char quote = place->text[place->at];
    int line = place->line;

    for (place->at++; place->text[place->at] && place->text[place->at] != quote; place->at++) {
        const char *here = place->text + place->at;
        bool escapes = here[0] == '\\' && here[1] && (here[1] == quote || strchr("\\\n", here[1]));

        if (quote == '"' && here[0] == '$' && here[1] == '{')
            fault(place, place->line, "${...} would be replaced from the environment: use single quotes");
        if (here[0] == '\\' && quote == '"' && here[1] != '\\' && here[1] != '"' && !place->foreign)
            fault(place, place->line, "a backslash in double quotes changes what follows: use single quotes");
        if (!escapes)
            buf_add_n(value, here, 1);
        if (here[0] == '\\' && here[1])
            place->at++;
        if (place->text[place->at] == '\n')
            place->line++;
        if (here[0] == '\\' && here[1] && !(escapes && here[1] == '\n'))
            buf_add_n(value, here + 1, 1);
    }
    if (place->text[place->at])
        return true;
    place->at--;
    fault(place, line, "this quote is not closed");
    return false;
}

static void scan_quoted(struct place *place)
{
    size_t begin = place->at;
    int line = place->line;
    struct buf value = {0};

    if (read_quoted(place, &value) && is_value(place))
        number(place, &value, place->line - line);
    else
        keep(place, place->text + begin, place->at + 1 - begin);
    buf_free(&value);
}

/* What may stand in a value without quotes. */
static bool is_of_word(const char *here)
{
    return !isspace((unsigned char)here[0]) && !strchr("#\"'={}()+,*", here[0]) &&
           !(here[0] == '/' && here[1] && strchr("/*", here[1])) && !(here[0] == '$' && here[1] == '{');
}

static void scan_word(struct place *place)
{
    const char *begin = place->text + place->at;
    struct buf value = {0};
    size_t length = 1;

    while (is_of_word(begin + length))
        length++;
    buf_add_n(&value, begin, length);
    place->at += length - 1;
    number(place, &value, 0);
}

/* ---- What stands between them. ---- */

static bool is_glued(const struct place *place)
{
    return !isspace((unsigned char)place->before) && !strchr("{}(),=\"'", place->before);
}

/* Only its ends of lines go on: libConfuse counts a line too many for each block comment. Leaves at on the last
 * character of the comment. */
static void scan_comment(struct place *place, bool block)
{
    const char *begin = place->text + place->at, *end = block ? strstr(begin + 2, "*/") : strchr(begin, '\n');
    size_t length = strlen(begin);

    if (is_glued(place))
        fault(place, place->line, "a comment begins in the middle of a word: put the value in quotes");
    if (block && !end)
        fault(place, place->line, "this comment is not closed with */");
    if (end)
        length = (size_t)(end - begin) + (block ? 2 : 0);
    keep(place, " ", 1);
    for (size_t i = 0; i < length; i++) {
        if (begin[i] != '\n')
            continue;
        place->line++;
        keep(place, "\n", 1);
    }
    place->at += length - 1;
    place->before = ' ';
}

static void scan_brace(struct place *place)
{
    struct scan *scan = place->scan;

    if (place->text[place->at] == '{' && place->after_equals) {
        place->in_list = place->is_empty = true;
    } else if (place->text[place->at] == '{') {
        if (place->depth == SCAN_DEPTH)
            fault(place, place->line, "too many sections inside each other");
        else
            place->open_lines[place->depth++] = place->line;
    } else if (place->in_list) {
        place->in_list = false;
        if (place->is_empty)
            fault(place, place->line, "an empty list: leave the key out");
    } else if (place->depth) { /* a brace too many is libConfuse's to report */
        scan->section_lines = mem_resize(scan->section_lines, scan->section_count + 1, sizeof(int));
        scan->section_lines[scan->section_count++] = place->open_lines[--place->depth];
    }
}

static void skip_blanks(struct place *place)
{
    for (; isspace((unsigned char)place->text[place->at]); place->at++)
        place->line += place->text[place->at] == '\n';
}

/* name("value", "value"). What is anything else libConfuse refuses, too, but without giving its memory back. Leaves at on
 * the ). */
static void scan_call(struct place *place)
{
    size_t begin = place->at;
    int line = place->line;

    do {
        struct buf value = {0};

        place->at++;
        skip_blanks(place);
        if (place->text[place->at] == '"' || place->text[place->at] == '\'') {
            read_quoted(place, &value);
            place->at++;
        } else {
            place->at += strcspn(place->text + place->at, " \t\r\n\"'(){}=+,*#/$");
        }
        buf_free(&value);
        skip_blanks(place);
    } while (place->text[place->at] == ',');
    if (place->text[place->at] == ')') {
        keep(place, place->text + begin, place->at + 1 - begin);
        return;
    }
    place->at--;
    fault(place, line, "what stands in ( ) is a value in quotes, or several with commas between them");
}

static void refuse_sign(struct place *place, char sign)
{
    if (sign == '$')
        fault(place, place->line, "${...} would be replaced from the environment: use single quotes");
    else
        fault(place, place->line,
              sign == '*' ? "a * must stand in quotes, as in \"*.example.org\"" : "a + must stand in quotes");
}

static void scan_one(struct place *place)
{
    const char *here = place->text + place->at;

    if (here[0] == '#' || (here[0] == '/' && (here[1] == '/' || here[1] == '*'))) {
        scan_comment(place, here[0] == '/' && here[1] == '*');
        return;
    }
    if (here[0] == '\n')
        place->line++;
    else if (here[0] == '{' || here[0] == '}')
        scan_brace(place);
    else if (here[0] == '*' || (here[0] == '+' && here[1] != '=') || (here[0] == '$' && here[1] == '{'))
        refuse_sign(place, here[0]);
    if (here[0] == '"' || here[0] == '\'')
        scan_quoted(place);
    else if (here[0] == '(')
        scan_call(place);
    else if (is_value(place) && is_of_word(here))
        scan_word(place);
    else
        keep(place, here, 1);
    place->before = place->text[place->at];
    if (isspace((unsigned char)here[0]))
        return;
    place->after_equals = here[0] == '=';
    place->is_empty &= here[0] == '{';
}

/* ---- The whole. ---- */

static bool is_text(struct place *place, size_t length)
{
    const char *text = place->text;

    for (size_t i = 0; i < length; i++) {
        bool fits =
            (unsigned char)text[i] >= ' ' || strchr("\t\n", text[i]) || (text[i] == '\r' && text[i + 1] == '\n');

        if (text[i] == '\0' || !fits) {
            fault(place, place->line, "a control character: this is no text file");
            return false;
        }
        if (text[i] == '\n')
            place->line++;
    }
    place->line = 1;
    return true;
}

bool scan_read(const char *text, size_t length, bool foreign, struct scan *scan, scan_fault_fn *fn, void *arg)
{
    struct place place = {
        .scan = scan, .fault = fn, .arg = arg, .text = text, .line = 1, .before = ' ', .foreign = foreign};

    *scan = (struct scan){0};
    if (!is_text(&place, length))
        return false;
    for (; text[place.at]; place.at++)
        scan_one(&place);
    if (place.depth && !place.failed)
        fault(&place, place.open_lines[place.depth - 1], "the section that begins here is not closed with }");
    return !place.failed;
}

void scan_clear(struct scan *scan)
{
    for (size_t i = 0; i < scan->value_count; i++)
        mem_wipe(scan->values[i]);
    free(scan->values);
    free(scan->section_lines);
    buf_free(&scan->text);
    *scan = (struct scan){0};
}

const char *scan_value(const struct scan *scan, const char *value)
{
    return value[0] == NUMBER_SIGN ? scan->values[strtoul(value + 1, NULL, 10)] : value;
}
