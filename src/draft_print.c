#include "draft_print.h"

#include "buf.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 110, CANDIDATES = 100 };

/* A section as it stands in the file: names that have a login and, as far as records can say the rest, a place. */
struct sheet {
    const struct draft_section *section;
    char *id; /* NAME, or NAME:LABEL */
    const struct draft_name **names;
    size_t name_count;
    struct draft_place place;
    enum ip_families families;
    bool first; /* of its section */
};

struct printing {
    const struct draft *draft;
    const char *folder;
    struct draft_print *print;
    struct sheet *sheets;
    size_t sheet_count;
    struct draft_place place; /* at the top: of most sheets */
    enum ip_families families;
    struct buf text;
};

/* ---- Sheets. ---- */

static bool same_place(const struct draft_place *a, const struct draft_place *b)
{
    return mem_same(a->interface, b->interface) && mem_same(a->source, b->source) &&
           mem_same(a->interval, b->interval) && a->allow_private == b->allow_private;
}

/* The families that a name looks for at this place. */
static enum ip_families families_at(const struct draft_name *name, const struct draft_place *place)
{
    enum ip_families families = 0;

    if (name->families & IP_V4 && same_place(&name->v4, place))
        families |= IP_V4;
    if (name->families & IP_V6 && same_place(&name->v6, place))
        families |= IP_V6;
    return families;
}

static bool has_one_place(const struct draft_name *name)
{
    return name->families != IP_BOTH || same_place(&name->v4, &name->v6);
}

/* A record holds for its families, and hostname for those that are left (names.h). */
static bool fits(const struct sheet *sheet, const struct draft_name *name)
{
    enum ip_families here = families_at(name, &sheet->place), elsewhere = name->families & ~here;

    return has_one_place(name) || (here && (sheet->families & ~elsewhere) == here);
}

static bool is_used(const struct printing *printing, const char *id)
{
    for (size_t i = 0; i < printing->sheet_count; i++)
        if (strcmp(printing->sheets[i].id, id) == 0)
            return true;
    return false;
}

/* number: how many the section has already. */
static char *make_id(const struct printing *printing, const struct draft_section *section, unsigned number)
{
    struct buf id = {0};

    for (number++;; number++) {
        buf_addf(&id, "%s%s%s", section->provider, section->label ? ":" : "", section->label ? section->label : "");
        if (number > 1)
            buf_addf(&id, "%s%u", section->label ? "-" : ":", number);
        if (!is_used(printing, buf_text(&id)))
            return buf_take(&id);
        buf_free(&id);
    }
}

/* Takes what fits of the names that are left, and leaves the others. */
static void fill_sheet(struct printing *printing, const struct draft_section *section, const struct draft_name **left,
                       size_t *count, unsigned number)
{
    const struct draft_name *leader = left[0];
    struct sheet sheet = {.section = section, .first = number == 0, .names = mem_alloc(*count * sizeof *sheet.names)};
    size_t kept = 0;

    sheet.id = make_id(printing, section, number);
    sheet.place = leader->families & IP_V4 ? leader->v4 : leader->v6;
    sheet.families = families_at(leader, &sheet.place);
    for (size_t i = 0; i < *count; i++) {
        if (fits(&sheet, left[i]))
            sheet.names[sheet.name_count++] = left[i];
        else
            left[kept++] = left[i];
    }
    *count = kept;
    printing->sheets = mem_resize(printing->sheets, printing->sheet_count + 1, sizeof *printing->sheets);
    printing->sheets[printing->sheet_count++] = sheet;
}

static void make_sheets(struct printing *printing)
{
    for (size_t i = 0; i < printing->draft->section_count; i++) {
        const struct draft_section *section = printing->draft->sections[i];
        const struct draft_name **left = mem_alloc((section->name_count + 1) * sizeof *left);
        size_t count = section->provider ? section->name_count : 0;

        for (size_t n = 0; n < count; n++)
            left[n] = &section->names[n];
        for (unsigned number = 0; count; number++)
            fill_sheet(printing, section, left, &count, number);
        free(left);
    }
}

static size_t count_at(const struct printing *printing, const struct sheet *sheet)
{
    size_t count = 0;

    for (size_t i = 0; i < printing->sheet_count; i++)
        count +=
            same_place(&printing->sheets[i].place, &sheet->place) && printing->sheets[i].families == sheet->families;
    return count;
}

/* What more than half of the sheets have stands at the top. */
static void find_common(struct printing *printing)
{
    printing->families = IP_BOTH;
    for (size_t i = 0; i < printing->sheet_count && i < CANDIDATES; i++) {
        if (2 * count_at(printing, &printing->sheets[i]) <= printing->sheet_count)
            continue;
        printing->place = printing->sheets[i].place;
        printing->families = printing->sheets[i].families;
        return;
    }
}

/* ---- Values. ---- */

void draft_print_value(struct buf *text, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    char quote = strpbrk(value, "\"\\") || strstr(value, "${") ? '\'' : '"';

    if (*value && value[strspn(value, plain)] == '\0') {
        buf_add(text, value);
        return;
    }
    buf_add_n(text, &quote, 1);
    for (; *value; value++) {
        if (quote == '\'' && strchr("'\\", *value))
            buf_add(text, "\\");
        buf_add_n(text, value, 1);
    }
    buf_add_n(text, &quote, 1);
}

static void add_key(struct buf *text, int indent, const char *key)
{
    buf_addf(text, "%*s%-14s = ", indent, "", key);
}

static void add_value(struct buf *text, int indent, const char *key, const char *value)
{
    if (!value)
        return;
    add_key(text, indent, key);
    draft_print_value(text, value);
    buf_add(text, "\n");
}

/* One value, or { several }, in lines that are not too long. */
static void add_list(struct buf *text, int indent, const char *key, const char *const *list, size_t count)
{
    size_t begin;

    if (!count)
        return;
    add_key(text, indent, key);
    begin = text->length - (size_t)indent - 17;
    if (count > 1)
        buf_add(text, "{ ");
    for (size_t i = 0; i < count; i++) {
        struct buf value = {0};

        draft_print_value(&value, list[i]);
        if (i)
            buf_add(text, ",");
        if (i && text->length - begin + value.length > WIDTH) {
            begin = text->length;
            buf_addf(text, "\n%*s", indent + 19, "");
        } else if (i) {
            buf_add(text, " ");
        }
        buf_add(text, buf_text(&value));
        buf_free(&value);
    }
    buf_add(text, count > 1 ? " }\n" : "\n");
}

static int compare_order(const void *a, const void *b)
{
    const struct draft_word *const *left = a, *const *right = b;

    return (*left)->order < (*right)->order ? -1 : (*left)->order > (*right)->order;
}

static void add_notes(struct buf *text, int indent, const struct draft_words *notes)
{
    if (notes->count)
        qsort(notes->list, notes->count, sizeof *notes->list, compare_order);
    for (size_t i = 0; i < notes->count; i++)
        buf_addf(text, "%*s# %s\n", indent, "", notes->list[i]->note);
}

/* ---- The parts of the file. ---- */

static const char *family_name(enum ip_families families)
{
    return families == IP_BOTH ? "both" : families == IP_V4 ? "ipv4" : "ipv6";
}

static void add_remarked(struct buf *text, int indent, const char *key, const char *value, const char *remark)
{
    add_key(text, indent, key);
    draft_print_value(text, value);
    buf_addf(text, "%s%s\n", remark ? "    # " : "", remark ? remark : "");
}

/* What is not as around it. */
static void add_place(struct buf *text, int indent, const struct draft_place *place, enum ip_families families,
                      const struct draft_place *outer, enum ip_families outer_families)
{
    if (!mem_same(place->interface, outer->interface))
        add_value(text, indent, "interface", place->interface ? place->interface : "auto");
    if (families != outer_families)
        add_value(text, indent, "family", family_name(families));
    if (!mem_same(place->source, outer->source))
        add_remarked(text, indent, "source", place->source ? place->source : "kernel", place->remark);
    if (!mem_same(place->interval, outer->interval))
        add_value(text, indent, "check-interval", place->interval);
    if (place->allow_private != outer->allow_private)
        add_value(text, indent, "allow-private", place->allow_private ? "yes" : "no");
}

/* DIR/NAME.password, with - for what parts the name from a label. */
static void add_password(struct printing *printing, const struct sheet *sheet, const char *password)
{
    struct draft_print *print = printing->print;
    struct buf path = {0}, content = {0};

    if (!printing->folder) {
        add_value(&printing->text, 4, "password", password);
        return;
    }
    buf_addf(&path, "%s/%s.password", printing->folder, sheet->id);
    for (char *c = path.text + strlen(printing->folder); *c; c++)
        if (*c == ':')
            *c = '-';
    buf_addf(&content, "%s\n", password);
    for (size_t i = 0; i < print->file_count; i++) /* provider a:b beside a label that makes a-b of it */
        if (strcmp(print->files[i].path, path.text) == 0)
            buf_add(&path, "-2");
    add_value(&printing->text, 4, "password-file", path.text);
    print->files = mem_resize(print->files, print->file_count + 1, sizeof *print->files);
    print->files[print->file_count++] = (struct draft_file){buf_take(&path), buf_take(&content)};
}

/* What the definition needs and the file of theirs does not have. */
static void add_missing(struct buf *text, const struct draft_section *section)
{
    static const struct {
        const char *key;
        enum draft_value value;
    } keys[] = {{"username", DRAFT_USERNAME}, {"password", DRAFT_PASSWORD}, {"zone", DRAFT_ZONE}};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (section->values[keys[i].value] || !definition_find(&section->definition->needs, keys[i].key))
            continue;
        buf_add(text, "    # ");
        add_key(text, 0, keys[i].key);
        buf_add(text, "...    must be written here\n");
    }
}

static void add_names(struct buf *text, const struct sheet *sheet)
{
    const char **names = mem_alloc((sheet->name_count + 1) * sizeof *names);
    size_t count = 0;

    for (size_t i = 0; i < sheet->name_count; i++)
        if (!has_one_place(sheet->names[i]) || families_at(sheet->names[i], &sheet->place) == sheet->families)
            names[count++] = sheet->names[i]->name;
    add_list(text, 4, "hostname", names, count);
    free(names);
    for (size_t i = 0; i < sheet->name_count; i++) {
        const struct draft_name *name = sheet->names[i];
        enum ip_families here = families_at(name, &sheet->place);
        enum ip_families others = has_one_place(name) ? name->families : name->families & ~here;

        if (has_one_place(name) && here == sheet->families)
            continue;
        buf_add(text, "    record ");
        draft_print_value(text, name->name);
        buf_add(text, " {\n");
        add_place(text, 8, others & IP_V4 ? &name->v4 : &name->v6, others, &sheet->place, sheet->families);
        buf_add(text, "    }\n");
    }
}

static void add_sheet(struct printing *printing, const struct sheet *sheet)
{
    const struct draft_section *section = sheet->section;
    const char *const *values = section->values;
    struct buf *text = &printing->text;

    buf_addf(text, "\nprovider %s {\n", sheet->id);
    if (sheet->first)
        add_notes(text, 4, &section->notes);
    add_value(text, 4, "server", values[DRAFT_SERVER]);
    add_value(text, 4, "url", values[DRAFT_URL]);
    add_list(text, 4, "answer", section->answers.list, section->answers.count);
    add_value(text, 4, "username", values[DRAFT_USERNAME]);
    if (values[DRAFT_PASSWORD])
        add_password(printing, sheet, values[DRAFT_PASSWORD]);
    add_missing(text, section);
    add_value(text, 4, "zone", values[DRAFT_ZONE]);
    add_value(text, 4, "ttl", values[DRAFT_TTL]);
    add_list(text, 4, "options", section->options.list, section->options.count);
    add_place(text, 4, &sheet->place, sheet->families, &printing->place, printing->families);
    add_names(text, sheet);
    buf_add(text, "}\n");
}

static bool holds_password(const struct draft *draft)
{
    for (size_t i = 0; i < draft->section_count; i++)
        if (draft->sections[i]->values[DRAFT_PASSWORD])
            return true;
    return false;
}

static bool asks_the_kernel(const struct printing *printing)
{
    for (size_t i = 0; i < printing->sheet_count; i++)
        if (!printing->sheets[i].place.interface && !printing->sheets[i].place.source)
            return true;
    return false;
}

static void add_head(struct printing *printing)
{
    const struct draft_place nothing = {0};
    const struct draft *draft = printing->draft;
    struct buf *text = &printing->text;
    size_t begin;

    buf_addf(text, "# Made by wanddns import of ");
    buf_add_escaped(text, draft->file, BUF_PRINT);
    buf_addf(text, ", a configuration of %s.\n", draft->client);
    if (!printing->folder && holds_password(draft))
        buf_add(text,
                "# There are secrets in it: nobody else may read it (chmod 600). With --output DIR each goes into a "
                "file of its own.\n");
    if (draft->hint && asks_the_kernel(printing))
        buf_addf(text, "# %s\n", draft->hint);
    if (draft->notes.count)
        buf_add(text, "#\n");
    add_notes(text, 0, &draft->notes);
    begin = text->length;
    buf_add(text, "\n");
    add_value(text, 0, "user", draft->user);
    add_value(text, 0, "ca-file", draft->ca_file);
    if (draft->on_change)
        add_remarked(text, 0, "on-change", draft->on_change,
                     "run without arguments, after a refusal, too: WANDDNS_EVENT, WANDDNS_NEW");
    add_place(text, 0, &printing->place, printing->families, &nothing, IP_BOTH);
    if (text->length == begin + 1)
        text->text[--text->length] = '\0';
}

/* Sections without a login stand where they stood in the file. */
static void add_sections(struct printing *printing)
{
    size_t next = 0;

    for (size_t i = 0; i < printing->draft->section_count; i++) {
        const struct draft_section *section = printing->draft->sections[i];
        bool is_printed = false;

        for (; next < printing->sheet_count && printing->sheets[next].section == section; next++) {
            add_sheet(printing, &printing->sheets[next]);
            is_printed = true;
        }
        if (!is_printed && section->notes.count) {
            buf_add(&printing->text, "\n");
            add_notes(&printing->text, 0, &section->notes);
        }
    }
}

void draft_print(const struct draft *draft, const char *folder, struct draft_print *print)
{
    struct printing printing = {.draft = draft, .folder = folder, .print = print};

    *print = (struct draft_print){0};
    make_sheets(&printing);
    find_common(&printing);
    add_head(&printing);
    add_sections(&printing);
    print->text = buf_take(&printing.text);
    for (size_t i = 0; i < printing.sheet_count; i++) {
        free(printing.sheets[i].names);
        free(printing.sheets[i].id);
    }
    free(printing.sheets);
}

void draft_print_clear(struct draft_print *print)
{
    for (size_t i = 0; i < print->file_count; i++) {
        free(print->files[i].path);
        mem_wipe(print->files[i].content);
    }
    free(print->files);
    mem_wipe(print->text);
}
