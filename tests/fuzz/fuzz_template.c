/* A template and what its placeholders stand for. Before them stand two bytes: the place, and whether the text is meant
 * for people. Then come texts with a NUL between them: the template, {a}, {b}, {c}, which is a secret, and {d}, which is
 * a macro; one that is missing has no value. For the last place the template is a list of pairs, one a line. */
#include "fuzz.h"

#include "mem.h"
#include "request.h"
#include "template.h"

#include <assert.h>
#include <ctype.h>
#include <jansson.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = BUF_PRINT + 1, PLACES, TEXTS = 5, MOST_PAIRS = 16, MOST_MACRO_BRACES = 4, LONGEST_NUMBER = 300 };

/* What a value may never add to its place. */
static const char *const structure[PLACES] = {
    [BUF_PATH] = "/?#&= \n", [BUF_QUERY] = "/?#&=+ \n", [BUF_STRICT] = "/?#&=+:,* \n",
    [BUF_XML] = "<>\"'\n",   [BUF_HEADER] = "\r\n",
};

struct input {
    char *texts[TEXTS]; /* the template, and {a} to {d}; NULL: not set */
    const char *sample; /* in place of {a} to {c}, when not NULL */
    bool all;           /* also of those that are not set */
};

static struct template_value find(void *arg, const char *name)
{
    const struct input *input = arg;
    int number = *name - 'a' + 1;
    const char *text = input->texts[number];

    if (number == 4)
        return (struct template_value){.text = text ? text : input->all ? input->sample : NULL, .macro = text};
    if (input->sample && (text || input->all))
        text = input->sample;
    return (struct template_value){.text = text, .secret = number == 3};
}

static bool is_known(void *arg, const char *name)
{
    (void)arg;
    return name[1] == '\0' && *name >= 'a' && *name <= 'd';
}

static char *expand(struct input *input, const char *text, enum buf_place place, bool show)
{
    const struct template_source source = {find, input};
    struct buf out = {0};

    if (place == BUF_JSON)
        template_expand_json(&out, text, &source, show);
    else
        template_expand(&out, text, &source, place, show);
    return buf_take(&out);
}

static char *expand_sample(struct input *input, const char *sample, bool all, enum buf_place place)
{
    struct input other = *input;

    other.sample = sample;
    other.all = all;
    return expand(&other, input->texts[0], place, false);
}

/* ---- One value comes back from its place as it was. ---- */

static char *decode_url(const char *text)
{
    struct buf out = {0};

    for (; *text; text++) {
        char hex[3] = {0}, c = *text;

        if (c == '%') {
            assert(isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2]));
            memcpy(hex, text + 1, 2);
            c = (char)strtol(hex, NULL, 16);
            text += 2;
        }
        buf_add_n(&out, &c, 1);
    }
    return buf_take(&out);
}

static char *decode_xml(const char *text)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    struct buf out = {0};

    while (*text) {
        size_t i = 0, count = sizeof entities / sizeof *entities;

        while (i < count && strncmp(text, entities[i], strlen(entities[i])) != 0)
            i++;
        assert(*text != '&' || i < count);
        buf_add_n(&out, i < count ? &"&<>\"'"[i] : text, 1);
        text += i < count ? strlen(entities[i]) : 1;
    }
    return buf_take(&out);
}

/* The one place that drops something: control characters. */
static char *without_controls(const char *text)
{
    struct buf out = {0};

    for (; *text; text++)
        if ((unsigned char)*text >= ' ' && *text != 0x7f)
            buf_add_n(&out, text, 1);
    return buf_take(&out);
}

static void check_json_value(const char *escaped, const char *value)
{
    struct buf text = {0};
    json_t *json, *plain = json_string(value); /* NULL: not UTF-8 */

    buf_addf(&text, "[\"%s\"]", escaped);
    json = json_loads(text.text, 0, NULL);
    assert(!plain == !json);
    assert(!json || strcmp(json_string_value(json_array_get(json, 0)), value) == 0);
    json_decref(json);
    json_decref(plain);
    buf_free(&text);
}

/* In the C locale each byte is a character. */
static void check_regex_value(const char *escaped, const char *value)
{
    struct buf pattern = {0};
    regmatch_t all;
    regex_t regex;

    buf_addf(&pattern, "^%s$", escaped);
    assert(regcomp(&regex, pattern.text, REG_EXTENDED) == 0);
    assert(regexec(&regex, value, 1, &all, 0) == 0 && all.rm_so == 0 && all.rm_eo == (regoff_t)strlen(value));
    regfree(&regex);
    buf_free(&pattern);
}

static void check_print_value(const char *escaped)
{
    json_t *json = json_string(escaped); /* NULL: not UTF-8 */

    assert(json);
    json_decref(json);
    for (; *escaped; escaped++)
        assert((unsigned char)*escaped >= ' ' && *escaped != 0x7f);
}

static void check_value(const char *value, enum buf_place place)
{
    struct buf out = {0};
    const char *escaped;
    char *plain = NULL, *wanted = place == BUF_XML || place == BUF_HEADER ? without_controls(value) : mem_string(value);

    buf_add_escaped(&out, value, place);
    escaped = buf_text(&out);
    if (place == BUF_JSON)
        check_json_value(escaped, value);
    else if (place == BUF_REGEX)
        check_regex_value(escaped, value);
    else if (place == BUF_PRINT)
        check_print_value(escaped);
    else
        plain = place == BUF_XML                          ? decode_xml(escaped)
                : structure[place] && place != BUF_HEADER ? decode_url(escaped)
                                                          : mem_string(escaped);
    assert(!plain || strcmp(plain, wanted) == 0);
    free(plain);
    free(wanted);
    buf_free(&out);
}

/* ---- A whole template. ---- */

/* The same structure as with the most harmless values. */
static void check_structure(struct input *input, enum buf_place place)
{
    char *ours = expand(input, input->texts[0], place, false), *sample = expand_sample(input, "x", false, place);

    for (const char *c = structure[place] ? structure[place] : ""; *c; c++) {
        size_t count = 0;

        for (const char *at = ours; (at = strchr(at, *c)); at++)
            count++;
        for (const char *at = sample; (at = strchr(at, *c)); at++)
            assert(count-- > 0);
        assert(count == 0);
    }
    free(ours);
    free(sample);
}

/* By the grammar of RFC 8259, without the library's bound for whole numbers. */
static bool is_json(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);

    json_decref(json);
    return json;
}

/* A template that is JSON with each of these stays it, whatever the values are and which are missing. */
static bool is_json_template(struct input *input)
{
    static const char *const samples[] = {"1", "", "z"};
    bool fits = true;

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char *text = expand_sample(input, samples[i], true, BUF_JSON);

        fits &= is_json(text);
        free(text);
    }
    return fits;
}

static void check_json(struct input *input)
{
    char *text;

    for (int i = 1; i < TEXTS - 1; i++) {
        json_t *plain = input->texts[i] ? json_string(input->texts[i]) : json_null();

        json_decref(plain);
        if (!plain || (input->texts[i] && strlen(input->texts[i]) > LONGEST_NUMBER))
            return;
    }
    if (!is_json_template(input))
        return;
    text = expand(input, input->texts[0], BUF_JSON, false);
    assert(is_json(text));
    free(text);
}

/* What people see is the same, whatever the secret is. */
static void check_shown(struct input *input, enum buf_place place)
{
    static char one[] = "kept-from-people", other[] = "4711"; /* which may stand bare in JSON */
    char *kept = input->texts[3], *text, *again;

    input->texts[3] = one;
    text = expand(input, input->texts[0], place, true);
    input->texts[3] = other;
    again = expand(input, input->texts[0], place, true);
    assert(strcmp(text, again) == 0);
    free(text);
    free(again);
    input->texts[3] = kept;
}

/* ---- Pairs, as they go out. ---- */

struct pairs {
    char *list[MOST_PAIRS];
    struct login_option options[3];
    struct definition_macro macro;
    struct definition_step step;
    struct definition definition;
    struct config_provider provider;
};

/* Names that need no escape; the values may be anything. */
static bool read_pairs(struct input *input, struct pairs *pairs)
{
    static char title[] = "update", url[] = "{server}/path";
    char *save = NULL, *line = strtok_r(input->texts[0], "\n", &save);
    size_t count = 0;

    for (; line; line = strtok_r(NULL, "\n", &save)) {
        size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

        if (!length || line[length] != '=' || count == MOST_PAIRS)
            return false;
        pairs->list[count++] = line;
    }
    pairs->step = (struct definition_step){
        .title = title, .url = url, .query = {pairs->list, count}, .form = {pairs->list, count}};
    return true;
}

static void fill(struct pairs *pairs, const struct input *input)
{
    static char names[][2] = {"a", "b", "c"}, macro[] = "d", name[] = "fuzz", server[] = "https://server.example";
    size_t count = 0;

    for (int i = 0; i < 3; i++)
        if (input->texts[i + 1])
            pairs->options[count++] = (struct login_option){names[i], secret_new(input->texts[i + 1])};
    pairs->macro = (struct definition_macro){macro, input->texts[4], input->texts[4]};
    pairs->definition = (struct definition){.name = name, .steps = &pairs->step, .step_count = 1};
    pairs->definition.macros = &pairs->macro;
    pairs->definition.macro_count = input->texts[4] ? 1 : 0;
    pairs->provider = (struct config_provider){.id = name, .definition = &pairs->definition, .server = server};
    pairs->provider.options = pairs->options;
    pairs->provider.option_count = count;
}

/* What is left of sent begins with this pair; moves behind it. */
static const char *check_pair(const char *sent, const char *pair, struct values *values)
{
    size_t name = strcspn(pair, "=") + 1, length = strcspn(sent, "&");
    char *wanted = values_expand(values, pair + name), *coded, *value;

    assert(length >= name && strncmp(sent, pair, name) == 0);
    coded = mem_string_n(sent + name, length - name);
    assert(!strpbrk(coded, "/?#&=+ \"<>\n"));
    value = decode_url(coded);
    assert(strcmp(value, wanted) == 0);
    free(wanted);
    free(coded);
    free(value);
    return sent[length] ? sent + length + 1 : "";
}

static void check_pairs(struct input *input, struct pairs *pairs)
{
    struct update_item item = {.name = "home.example.org", .families = IP_V4};
    struct values values = {.provider = &pairs->provider, .definition = &pairs->definition, .items = &item, .count = 1};
    const struct template_source source = {values_find, &values};
    const char *query, *form;
    struct request request;

    fill(pairs, input);
    request_make(&values, &pairs->step, &request);
    query = request.url + strcspn(request.url, "?");
    query += *query == '?';
    form = request.body ? request.body : "";
    for (size_t i = 0; i < pairs->step.query.count; i++) {
        if (!template_is_set(pairs->list[i], &source))
            continue;
        query = check_pair(query, pairs->list[i], &values);
        form = check_pair(form, pairs->list[i], &values);
    }
    assert(!*query && !*form);
    request_clear(&request);
    values_clear(&values);
    for (size_t i = 0; i < pairs->provider.option_count; i++)
        secret_free(pairs->options[i].value);
}

/* ---- The input. ---- */

static void read_texts(struct input *input, const uint8_t *data, size_t size)
{
    for (int i = 0; i < TEXTS && size; i++) {
        const uint8_t *end = memchr(data, '\0', size);
        size_t length = end ? (size_t)(end - data) : size;

        input->texts[i] = mem_string_n((const char *)data, length);
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    if (!input->texts[0])
        input->texts[0] = mem_string("");
}

/* A macro may stand in itself, and grows with each turn. */
static bool is_heavy(const char *text)
{
    size_t count = 0;

    for (; text && (text = strchr(text, '{')); text++)
        count++;
    return count > MOST_MACRO_BRACES;
}

static void check(struct input *input, int place, bool show)
{
    struct pairs pairs = {0};

    for (int i = 1; i < TEXTS - 1 && place < PAIRS; i++)
        if (input->texts[i])
            check_value(input->texts[i], (enum buf_place)place);
    if (show && place < PAIRS)
        check_shown(input, (enum buf_place)place);
    else if (place == BUF_JSON)
        check_json(input);
    else if (place < PAIRS)
        check_structure(input, (enum buf_place)place);
    else if (read_pairs(input, &pairs))
        check_pairs(input, &pairs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {0};
    char *why = NULL;

    if (size < 2)
        return 0;
    read_texts(&input, data + 2, size - 2);
    why = template_fault(input.texts[0], is_known, NULL);
    if (!why && input.texts[4])
        why = template_fault(input.texts[4], is_known, NULL);
    if (!why && !is_heavy(input.texts[4]))
        check(&input, data[0] % PLACES, data[1] & 1);
    free(why);
    for (int i = 0; i < TEXTS; i++)
        free(input.texts[i]);
    return 0;
}
