#include "draft.h"

#include "buf.h"
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_VALUE = 60 };

struct draft *draft_new(const char *client, const char *file)
{
    struct draft *draft = mem_alloc(sizeof *draft);

    draft->client = draft_text(draft, client);
    draft->file = draft_text(draft, file);
    return draft;
}

static void free_section(struct draft_section *section)
{
    definition_free(section->definition);
    free(section->options.list);
    free(section->answers.list);
    free(section->notes.list);
    free(section->names);
    free(section);
}

void draft_free(struct draft *draft)
{
    if (!draft)
        return;
    for (size_t i = 0; i < draft->texts.count; i++)
        mem_wipe((char *)draft->texts.list[i]);
    for (size_t i = 0; i < draft->words.count; i++)
        free(draft->words.list[i]);
    for (size_t i = 0; i < draft->section_count; i++)
        free_section(draft->sections[i]);
    free(draft->texts.list);
    free(draft->notes.list);
    free(draft->words.list);
    free(draft->sections);
    free(draft);
}

/* Is there room for just so many in an array that grows by doubling? */
static bool is_full(size_t count)
{
    return (count & (count - 1)) == 0;
}

void draft_add(struct draft_list *list, const char *text)
{
    if (is_full(list->count))
        list->list = mem_resize(list->list, list->count ? 2 * list->count : 1, sizeof *list->list);
    list->list[list->count++] = text;
}

static void collect(struct draft_words *words, struct draft_word *word)
{
    if (is_full(words->count))
        words->list = mem_resize(words->list, words->count ? 2 * words->count : 1, sizeof(struct draft_word *));
    words->list[words->count++] = word;
}

static const char *keep(struct draft *draft, char *text)
{
    draft_add(&draft->texts, text);
    return text;
}

const char *draft_text(struct draft *draft, const char *text)
{
    return text ? keep(draft, mem_string(text)) : NULL;
}

const char *draft_format(struct draft *draft, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    return keep(draft, text);
}

struct draft_word *draft_word(struct draft *draft, const struct draft_word *word)
{
    struct draft_word *copy = mem_alloc(sizeof *copy);

    *copy = *word;
    copy->key = draft_text(draft, word->key);
    copy->value = draft_text(draft, word->value);
    copy->file = draft_text(draft, word->file);
    copy->order = draft->words.count;
    collect(&draft->words, copy);
    return copy;
}

struct draft_section *draft_section(struct draft *draft)
{
    struct draft_section *section = mem_alloc(sizeof *section);

    draft->sections = mem_resize(draft->sections, draft->section_count + 1, sizeof *draft->sections);
    draft->sections[draft->section_count++] = section;
    return section;
}

/* ---- Joining. ---- */

static bool same_list(const struct draft_list *a, const struct draft_list *b)
{
    for (size_t i = 0; a->count == b->count && i < a->count; i++)
        if (strcmp(a->list[i], b->list[i]) != 0)
            return false;
    return a->count == b->count;
}

/* A login that stands for one name is no other's. */
static bool same_login(const struct draft_section *a, const struct draft_section *b)
{
    if (a->definition && a->definition->one_hostname && a->name_count && b->name_count &&
        strcmp(a->names[0].name, b->names[0].name) != 0)
        return false;
    for (size_t i = 0; i < DRAFT_VALUES; i++)
        if (!mem_same(a->values[i], b->values[i]))
            return false;
    return a->provider && mem_same(a->provider, b->provider) && same_list(&a->options, &b->options) &&
           same_list(&a->answers, &b->answers);
}

void draft_name(struct draft_section *section, const struct draft_name *name)
{
    size_t at = 0;

    while (at < section->name_count && strcmp(section->names[at].name, name->name) != 0)
        at++;
    if (at == section->name_count) {
        if (is_full(at))
            section->names = mem_resize(section->names, at ? 2 * at : 1, sizeof *section->names);
        section->names[section->name_count++] = *name;
        return;
    }
    if (name->families & IP_V4 && !(section->names[at].families & IP_V4))
        section->names[at].v4 = name->v4;
    if (name->families & IP_V6 && !(section->names[at].families & IP_V6))
        section->names[at].v6 = name->v6;
    section->names[at].families |= name->families;
}

struct draft_section *draft_join(struct draft *draft)
{
    struct draft_section *last = draft->sections[draft->section_count - 1], *first = NULL;

    for (size_t i = 0; i + 1 < draft->section_count && !first; i++)
        if (same_login(draft->sections[i], last))
            first = draft->sections[i];
    if (!first)
        return last;
    for (size_t i = 0; i < last->name_count; i++)
        draft_name(first, &last->names[i]);
    for (size_t i = 0; i < last->notes.count; i++)
        collect(&first->notes, last->notes.list[i]);
    free_section(last);
    draft->section_count--;
    return first;
}

/* ---- Notes. ---- */

/* As much of a value as is sure to hold no secret: no arguments of a program, no query and no login of a URL. */
static void add_shown(struct buf *text, const char *value)
{
    const char *login = strstr(value, "://") ? strchr(value, '@') : NULL;
    size_t length = login ? 0 : strcspn(value, " \t?"), most = length > SHOWN_VALUE ? SHOWN_VALUE : length;
    struct buf shown = {0};
    char *part;

    while (most < length && most && ((unsigned char)value[most] & 0xc0) == 0x80) /* not within a character of UTF-8 */
        most--;
    part = mem_string_n(value, most);
    buf_add_escaped(&shown, part, BUF_PRINT);
    buf_addf(text, "%s%s", buf_text(&shown), !value[most] ? "" : most ? " ..." : "...");
    buf_free(&shown);
    mem_wipe(part);
}

void draft_note(struct draft *draft, struct draft_section *section, struct draft_word *word, bool lost, const char *why,
                ...)
{
    struct buf text = {0};
    char reason[512];
    va_list arguments;

    if (word->note || (word->done && !lost))
        return;
    word->done = true;
    draft->lost += lost;
    va_start(arguments, why);
    vsnprintf(reason, sizeof reason, why, arguments);
    va_end(arguments);
    buf_add_escaped(&text, word->file, BUF_PRINT);
    buf_addf(&text, ":%d: ", word->line);
    buf_add_escaped(&text, word->key, BUF_PRINT);
    if (word->value)
        buf_add(&text, " = ");
    if (word->value && word->secret)
        buf_add(&text, "...");
    else if (word->value)
        add_shown(&text, word->value);
    buf_addf(&text, ": %s, ", lost ? "left out" : "not needed");
    buf_add_escaped(&text, reason, BUF_PRINT);
    word->note = keep(draft, buf_take(&text));
    collect(section && !word->at_top ? &section->notes : &draft->notes, word);
}
