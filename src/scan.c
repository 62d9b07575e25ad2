#include "scan.h"

#include "mem.h"

#include <ctype.h>
#include <string.h>

struct scan {
    char *text;
    size_t at;
    int line;
    int open_lines[SCAN_DEPTH];
    int depth;
    bool is_empty;     /* the list that began last */
    bool after_equals; /* an opening brace here begins a list, not a section */
    bool in_list;
    bool foreign;
    bool failed;
    struct scan_sections *sections;
    scan_fault_fn *fault;
    void *arg;
};

static void fault(struct scan *scan, int line, const char *text)
{
    scan->failed = true;
    scan->fault(scan->arg, line, text);
}

static bool is_glued(const struct scan *scan)
{
    char before = scan->at ? scan->text[scan->at - 1] : ' ';

    return !isspace((unsigned char)before) && !strchr("{}(),=\"'", before);
}

/* Leaves at on the last character of the comment. */
static void scan_comment(struct scan *scan, bool block)
{
    const char *end = block ? strstr(scan->text + scan->at + 2, "*/") : strchr(scan->text + scan->at, '\n');
    size_t length = strlen(scan->text + scan->at);

    if (is_glued(scan))
        fault(scan, scan->line, "a comment begins in the middle of a word: put the value in quotes");
    if (block && !end)
        fault(scan, scan->line, "this comment is not closed with */");
    if (end)
        length = (size_t)(end - scan->text) - scan->at + (block ? 2 : 0);
    for (; length; length--, scan->at++) {
        if (scan->text[scan->at] == '\n')
            scan->line++;
        else
            scan->text[scan->at] = ' ';
    }
    scan->at--;
}

static void scan_quoted(struct scan *scan, char quote)
{
    int line = scan->line;

    for (scan->at++; scan->text[scan->at] && scan->text[scan->at] != quote; scan->at++) {
        const char *here = scan->text + scan->at;

        if (quote == '"' && here[0] == '$' && here[1] == '{')
            fault(scan, scan->line, "${...} would be replaced from the environment: use single quotes");
        if (here[0] == '\\' && quote == '"' && here[1] != '\\' && here[1] != '"' && !scan->foreign)
            fault(scan, scan->line, "a backslash in double quotes changes what follows: use single quotes");
        if (here[0] == '\\' && here[1])
            scan->at++;
        if (scan->text[scan->at] == '\n')
            scan->line++;
    }
    if (scan->text[scan->at])
        return;
    scan->at--;
    fault(scan, line, "this quote is not closed");
}

static void scan_brace(struct scan *scan)
{
    struct scan_sections *sections = scan->sections;

    if (scan->text[scan->at] == '{' && scan->after_equals) {
        scan->in_list = scan->is_empty = true;
    } else if (scan->text[scan->at] == '{') {
        if (scan->depth == SCAN_DEPTH)
            fault(scan, scan->line, "too many sections inside each other");
        else
            scan->open_lines[scan->depth++] = scan->line;
    } else if (scan->in_list) {
        scan->in_list = false;
        if (scan->is_empty)
            fault(scan, scan->line, "an empty list: leave the key out");
    } else if (scan->depth) { /* a brace too many is libConfuse's to report */
        sections->lines = mem_resize(sections->lines, sections->count + 1, sizeof *sections->lines);
        sections->lines[sections->count++] = scan->open_lines[--scan->depth];
    }
}

static void skip_blanks(struct scan *scan)
{
    for (; isspace((unsigned char)scan->text[scan->at]); scan->at++)
        scan->line += scan->text[scan->at] == '\n';
}

/* name("value", "value"). What is anything else libConfuse refuses, too, but without giving its memory back. Leaves at on
 * the ). */
static void scan_call(struct scan *scan)
{
    int line = scan->line;

    do {
        scan->at++;
        skip_blanks(scan);
        if (scan->text[scan->at] == '"' || scan->text[scan->at] == '\'') {
            scan_quoted(scan, scan->text[scan->at]);
            scan->at++;
        } else {
            scan->at += strcspn(scan->text + scan->at, " \t\r\n\"'(){}=+,*#/$");
        }
        skip_blanks(scan);
    } while (scan->text[scan->at] == ',');
    if (scan->text[scan->at] == ')')
        return;
    scan->at--;
    fault(scan, line, "what stands in ( ) is a value in quotes, or several with commas between them");
}

static void scan_plain(struct scan *scan)
{
    const char *here = scan->text + scan->at;

    if (here[0] == '\n')
        scan->line++;
    else if (here[0] == '#' || (here[0] == '/' && (here[1] == '/' || here[1] == '*')))
        scan_comment(scan, here[0] == '/' && here[1] == '*');
    else if (here[0] == '"' || here[0] == '\'')
        scan_quoted(scan, here[0]);
    else if (here[0] == '{' || here[0] == '}')
        scan_brace(scan);
    else if (here[0] == '(')
        scan_call(scan);
    else if (here[0] == '*' || (here[0] == '+' && here[1] != '='))
        fault(scan, scan->line,
              here[0] == '*' ? "a * must stand in quotes, as in \"*.example.org\"" : "a + must stand in quotes");
    else if (here[0] == '$' && here[1] == '{')
        fault(scan, scan->line, "${...} would be replaced from the environment: use single quotes");
    if (isspace((unsigned char)here[0]))
        return;
    scan->after_equals = here[0] == '=';
    scan->is_empty &= here[0] == '{';
}

bool scan_text(char *text, size_t length, bool foreign, struct scan_sections *sections, scan_fault_fn *fault_fn,
               void *arg)
{
    struct scan scan = {
        .text = text, .line = 1, .foreign = foreign, .sections = sections, .fault = fault_fn, .arg = arg};

    for (size_t i = 0; i < length; i++) {
        bool fits =
            (unsigned char)text[i] >= ' ' || strchr("\t\n", text[i]) || (text[i] == '\r' && text[i + 1] == '\n');

        if (text[i] == '\0' || !fits) {
            fault(&scan, scan.line, "a control character: this is no text file");
            return false;
        }
        if (text[i] == '\n')
            scan.line++;
    }
    scan.line = 1;
    for (; text[scan.at]; scan.at++)
        scan_plain(&scan);
    if (scan.depth && !scan.failed)
        fault(&scan, scan.open_lines[scan.depth - 1], "the section that begins here is not closed with }");
    return !scan.failed;
}
