#include "script.h"

#include "mem.h"
#include "unit.h"
#include "words.h"

static bool fault(struct script *script, int line, const char *what, const char *word)
{
    struct buf text = {0};

    buf_addf(&text, "%s: '%s'", what, word);
    free(script->fault);
    script->fault = buf_take(&text);
    script->fault_line = line;
    return false;
}

/* "1h" or "1h..2h" */
static bool read_window(const char *text, struct script_line *line)
{
    const char *dots = strstr(text, "..");
    char *from = mem_string_n(text, dots ? (size_t)(dots - text) : strlen(text));
    bool good = words_time(from, &line->from_ms) && words_time(dots ? dots + 2 : from, &line->to_ms) &&
                line->from_ms <= line->to_ms;

    free(from);
    return good;
}

/* "at TIME ..." or "+TIME ...", else a line that happens at once. */
static bool read_when(struct script *script, char **rest, struct script_line *line)
{
    char *word;

    if (**rest == '+') {
        line->when = SCRIPT_AFTER;
        (*rest)++;
    } else if (strncmp(*rest, "at ", 3) == 0) {
        line->when = SCRIPT_AT;
        *rest += 3;
    } else {
        return true;
    }
    word = words_next(rest);
    return read_window(word, line) || fault(script, line->number, "this is no time", word);
}

static bool add_to_block(struct script *script, int number, const char *text)
{
    struct script_line *line = script->count ? &script->lines[script->count - 1] : NULL;
    struct buf block = {0};

    if (!line)
        return fault(script, number, "this belongs to no line", text);
    text += 1 + (text[1] == ' ');
    buf_addf(&block, "%s%s\n", line->block ? line->block : "", text);
    free(line->block);
    line->block = buf_take(&block);
    return true;
}

static bool add_line(struct script *script, int number, char *text)
{
    struct script_line line = {.number = number};
    size_t length;

    text += strspn(text, " \t");
    length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1]))
        text[--length] = '\0';
    if (*text == '#' && !script->title)
        script->title = mem_string(text + 1 + strspn(text + 1, " "));
    if (!*text || *text == '#')
        return true;
    if (*text == '|')
        return add_to_block(script, number, text);
    if (!read_when(script, &text, &line))
        return false;
    line.text = mem_string(text);
    script->lines = mem_resize(script->lines, script->count + 1, sizeof *script->lines);
    script->lines[script->count++] = line;
    return true;
}

struct script *script_parse(const char *name, const char *text)
{
    struct script *script = mem_alloc(sizeof *script);
    char *copy = mem_string(text), *line = copy;
    bool good = true;

    script->path = mem_string(name);
    for (int number = 1; good && *line; number++) {
        size_t length = strcspn(line, "\n");
        char *next = line + length + (line[length] == '\n');

        line[length] = '\0';
        good = add_line(script, number, line);
        line = next;
    }
    free(copy);
    if (good && !script->count)
        fault(script, 1, "there is nothing in it", name);
    if (!script->title)
        script->title = mem_string("without a title");
    return script;
}

struct script *script_read(const char *path)
{
    char *text = unit_read(path);
    struct script *script = script_parse(path, text ? text : "");

    if (!text)
        fault(script, 1, "there is no such file", path);
    free(text);
    return script;
}

void script_free(struct script *script)
{
    for (size_t i = 0; i < script->count; i++) {
        free(script->lines[i].text);
        free(script->lines[i].block);
    }
    free(script->lines);
    free(script->path);
    free(script->title);
    free(script->fault);
    free(script);
}
