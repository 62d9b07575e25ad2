#include "import_lines.h"

#include "buf.h"
#include "mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Characters of a password are escaped, so that what follows reads it as any other value. */
struct joined {
    struct buf text;
    struct mark {
        size_t at;
        int line;
    } * marks; /* where each line of the file begins in it */
    size_t mark_count, mark;
    size_t raw; /* from here on none is escaped */
};

struct reading {
    struct faults *faults;
    import_line_fn *fn;
    void *arg;
    struct joined joined;
    struct import_assignment *list;
    size_t count;
};

/* Is there no more room in an array that grows by doubling? */
static bool is_full(size_t count)
{
    return (count & (count - 1)) == 0;
}

static bool is_key(char c, bool first)
{
    return isalpha((unsigned char)c) || (!first && c && (isdigit((unsigned char)c) || strchr("_-", c)));
}

static size_t key_length(const char *text)
{
    size_t length = 0;

    while (is_key(text[length], length == 0))
        length++;
    return length;
}

/* ---- From lines of the file to one of its own. ---- */

/* Is it "...password = "? Then what stands before the value is so long; else 0. */
static size_t password_start(const char *text)
{
    size_t length = key_length(text), at = length;

    if (length < strlen("password") || strncmp(text + length - strlen("password"), "password", strlen("password")) != 0)
        return 0;
    at += strspn(text + at, " \t");
    if (text[at] != '=')
        return 0;
    at++;
    return at + strspn(text + at, " \t");
}

/* ddclient takes a password as it is, # included: up to the next blank, or to the second '. The comma that its examples
 * have behind it is not meant as a part of it. */
static size_t add_password(struct joined *joined, const char *text)
{
    const char *begin = text, *end = NULL;
    size_t length;

    if (*text == '\'') {
        begin = text + 1;
        for (end = strchr(begin, '\''); end && end[1] && !isspace((unsigned char)end[1]) && end[1] != ',';)
            end = strchr(end + 1, '\'');
    }
    if (!end) {
        begin = text;
        end = text + strcspn(text, " \t");
        end -= end > begin && end[-1] == '\\' && !*end; /* the line goes on */
        end -= end > begin && end[-1] == ',';
    }
    length = (size_t)(end - begin);
    for (size_t i = 0; i < length; i++) {
        buf_add(&joined->text, "\\");
        buf_add_n(&joined->text, begin + i, 1);
    }
    joined->raw = joined->text.length;
    return (size_t)(end - text) + (begin > text);
}

/* True when the line goes on in the next one. */
static bool add_line(struct joined *joined, const char *text, int line)
{
    bool begins_word = true;

    if (is_full(joined->mark_count))
        joined->marks =
            mem_resize(joined->marks, joined->mark_count ? 2 * joined->mark_count : 1, sizeof *joined->marks);
    joined->marks[joined->mark_count++] = (struct mark){joined->text.length, line};
    for (; *text && *text != '#';) {
        size_t start = begins_word ? password_start(text) : 0;

        if (start) {
            buf_add_n(&joined->text, text, key_length(text));
            buf_add(&joined->text, "=");
            text += start;
            text += add_password(joined, text);
            begins_word = false;
            continue;
        }
        begins_word = isspace((unsigned char)*text);
        buf_add_n(&joined->text, text++, 1);
    }
    while (joined->text.length > joined->raw && isspace((unsigned char)joined->text.text[joined->text.length - 1]))
        joined->text.text[--joined->text.length] = '\0';
    if (joined->text.length == joined->raw || joined->text.text[joined->text.length - 1] != '\\')
        return false;
    joined->text.text[joined->text.length - 1] = ' ';
    return true;
}

/* ---- From a line to its words. ---- */

/* Asked for in the order of the text. */
static int line_at(struct joined *joined, size_t at)
{
    while (joined->mark + 1 < joined->mark_count && joined->marks[joined->mark + 1].at <= at)
        joined->mark++;
    return joined->marks[joined->mark].line;
}

static void add(struct reading *reading, char *key, char *value, size_t at)
{
    if (is_full(reading->count))
        reading->list = mem_resize(reading->list, reading->count ? 2 * reading->count : 1, sizeof *reading->list);
    reading->list[reading->count++] = (struct import_assignment){key, value, line_at(&reading->joined, at)};
}

/* Up to a blank or a comma that is not in quotes; a backslash takes what follows as it is. Returns how long it was. */
static size_t read_value(struct reading *reading, const char *text, size_t at, struct buf *value)
{
    const char *begin = text;
    char quote = '\0';

    for (; *text && (quote || (!isspace((unsigned char)*text) && *text != ',')); text++) {
        if (*text == '\\' && text[1])
            buf_add_n(value, ++text, 1);
        else if (quote && *text == quote)
            quote = '\0';
        else if (!quote && (*text == '\'' || *text == '"'))
            quote = *text;
        else if (!isspace((unsigned char)*text))
            buf_add_n(value, text, 1);
        else if (!isspace((unsigned char)text[1])) /* ddclient makes one blank of many */
            buf_add(value, " ");
    }
    if (quote)
        fault_at(reading->faults, line_at(&reading->joined, at), "a quote is not closed");
    return (size_t)(text - begin);
}

static void lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* key=value; blanks beside the sign, which an example of ddclient has, are let through. Returns how long it was, or 0. */
static size_t read_assignment(struct reading *reading, size_t at)
{
    const char *text = buf_text(&reading->joined.text) + at;
    size_t length = key_length(text), sign = length + strspn(text + length, " \t"), begin;
    struct buf value = {0};
    char *key;

    if (!length || text[sign] != '=')
        return 0;
    begin = sign + 1;
    if (isspace((unsigned char)text[length]))
        begin += strspn(text + begin, " \t");
    key = mem_string_n(text, length);
    lower(key);
    begin += read_value(reading, text + begin, at, &value);
    add(reading, key, buf_take(&value), at);
    return begin;
}

/* What stands behind the assignments: "host, host login password". A comma joins what is on both sides of it. */
static void read_words(struct reading *reading, size_t at)
{
    const char *text = buf_text(&reading->joined.text);

    while (text[at]) {
        size_t begin = at;
        struct buf word = {0};

        while (text[at] && !isspace((unsigned char)text[at])) {
            size_t length = strcspn(text + at, ", \t");

            buf_add_n(&word, text + at, length);
            at += length;
            length = strspn(text + at, " \t");
            if (text[at + length] != ',')
                break;
            at += length + strspn(text + at + length, ", \t");
            buf_add(&word, ",");
        }
        add(reading, NULL, buf_take(&word), begin);
        at += strspn(text + at, " \t");
    }
}

static void end_line(struct reading *reading)
{
    struct joined *joined = &reading->joined;
    const char *text = buf_text(&joined->text);
    size_t at = strspn(text, ", \t"), length;

    while (text[at] && (length = read_assignment(reading, at))) {
        at += length;
        at += strspn(text + at, ", \t");
    }
    if (text[at])
        read_words(reading, at);
    if (reading->count)
        reading->fn(reading->arg, reading->list, reading->count);
    for (size_t i = 0; i < reading->count; i++) {
        free(reading->list[i].key);
        mem_wipe(reading->list[i].value);
    }
    buf_free(&joined->text);
    joined->mark_count = joined->mark = joined->raw = reading->count = 0;
}

/* ---- The file. ---- */

static bool is_text(const char *text, size_t length, struct faults *faults)
{
    int line = 1;

    for (size_t i = 0; i < length; i++) {
        bool ends = text[i] == '\r' && (i + 1 == length || text[i + 1] == '\n');

        if ((unsigned char)text[i] < ' ' && text[i] != '\t' && text[i] != '\n' && !ends) {
            fault_at(faults, line, "a control character: this is no text file");
            return false;
        }
        line += text[i] == '\n';
    }
    return true;
}

void import_lines(const char *text, size_t length, struct faults *faults, import_line_fn *fn, void *arg)
{
    struct reading reading = {.faults = faults, .fn = fn, .arg = arg};
    bool goes_on = false;
    int number = 1;

    if (!is_text(text, length, faults))
        return;
    for (const char *end = text + length; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t count = newline ? (size_t)(newline - text) : (size_t)(end - text);
        char *line = mem_string_n(text, count);

        line[strcspn(line, "\r")] = '\0';
        goes_on = add_line(&reading.joined, line, number);
        if (!goes_on)
            end_line(&reading);
        mem_wipe(line);
        text += count + (newline != NULL);
    }
    if (goes_on)
        end_line(&reading);
    free(reading.joined.marks);
    free(reading.list);
}
