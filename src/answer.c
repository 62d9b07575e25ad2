#include "answer.h"

#include "mem.h"
#include "parse.h"

#include <fnmatch.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct tree_key answer_rule_keys[] = {
    {"verdict", TREE_TEXT, NULL}, {"after", TREE_TEXT, NULL}, {"after-from", TREE_TEXT, NULL},
    {"means", TREE_TEXT, NULL},   {NULL, TREE_TEXT, NULL},
};

static const char *const match_words[] = {"word", "text", "status", "value"};
static const char *const verdict_words[] = {"done",   "unchanged", "again", "refused", "refused-account",
                                            "absent", "repeat"};

enum { MATCHES = sizeof match_words / sizeof *match_words, VERDICTS = sizeof verdict_words / sizeof *verdict_words };

/* ---- From the file. ---- */

static int find_word(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

/* "401" or "500-599". */
static bool parse_statuses(const char *text, struct answer_rule *rule)
{
    size_t length = strcspn(text, "-");
    char *low = mem_string_n(text, length);
    unsigned long first = 0, last = 0;
    bool fits =
        parse_number(low, 100, 599, &first) && parse_number(text[length] ? text + length + 1 : text, first, 599, &last);

    free(low);
    rule->status_low = (int)first;
    rule->status_high = (int)last;
    return fits;
}

/* Does one of the alternatives, with | between them, fit? */
static bool any_fits(const char *alternatives, bool (*fits)(const void *arg, const char *one), const void *arg)
{
    bool found = false;

    while (alternatives && !found) {
        size_t length = strcspn(alternatives, "|");
        char *one = mem_string_n(alternatives, length);

        found = fits(arg, one);
        free(one);
        alternatives = alternatives[length] ? alternatives + length + 1 : NULL;
    }
    return found;
}

static bool is_same_word(const void *word, const char *one)
{
    return strcasecmp(word, one) == 0;
}

static void read_title(struct faults *faults, const struct tree_node *node, struct answer_rule *rule)
{
    const char *kind = node->key->name;
    size_t length = strcspn(node->title, "=");

    rule->match = (enum answer_match)find_word(kind, match_words, MATCHES);
    if (rule->match == ANSWER_JSON) {
        rule->text = mem_string_n(node->title, length);
        rule->pattern = node->title[length] ? mem_string(node->title + length + 1) : NULL;
    } else {
        rule->text = mem_string(node->title);
    }
    if (!*rule->text)
        fault_at(faults, node->line, "%s: its title is empty", kind);
    else if (rule->match != ANSWER_JSON && any_fits(rule->text, is_same_word, ""))
        fault_at(faults, node->line, "%s '%s': an alternative is empty", kind, node->title);
    if (rule->match == ANSWER_STATUS && !parse_statuses(node->title, rule))
        fault_at(faults, node->line, "status: '%s' is no HTTP status and no range of them", node->title);
}

static void read_rule(struct faults *faults, const struct tree_node *node, struct answer_rule *rule)
{
    const struct tree_value *verdict = tree_value(node, "verdict"), *after = tree_value(node, "after");
    const struct tree_value *after_from = tree_value(node, "after-from"), *means = tree_value(node, "means");
    int found = verdict ? find_word(verdict->text, verdict_words, VERDICTS) : -1;
    char *why = after_from ? answer_spec_fault(after_from->text) : NULL;

    *rule = (struct answer_rule){0};
    read_title(faults, node, rule);
    rule->means = mem_string(means ? means->text : NULL);
    rule->after_from = mem_string(after_from ? after_from->text : NULL);
    rule->verdict = found < 0 ? ANSWER_AGAIN : (enum answer_verdict)found;
    if (!verdict)
        fault_at(faults, node->line, "%s '%s' has no verdict", node->key->name, node->title);
    else if (found < 0)
        fault_at(faults, verdict->line,
                 "verdict: '%s' is not done, unchanged, again, refused, refused-account, absent or repeat",
                 verdict->text);
    if (after && !parse_duration(after->text, &rule->after_ms))
        fault_at(faults, after->line, "after: '%s' is no duration, such as 30m", after->text);
    if (why)
        fault_at(faults, after_from->line, "after-from: %s", why);
    if ((after || after_from) && rule->verdict != ANSWER_AGAIN)
        fault_at(faults, (after ? after : after_from)->line, "%s: only goes with the verdict again",
                 after ? "after" : "after-from");
    free(why);
}

/* Is this no alternative of the list? */
static bool is_new(const void *list, const char *one)
{
    return !any_fits(list, is_same_word, one);
}

/* Does the first leave nothing for the second? */
static bool covers(const struct answer_rule *a, const struct answer_rule *b)
{
    if (a->match != b->match)
        return false;
    if (a->match == ANSWER_STATUS) /* zero: it was no range */
        return b->status_high && a->status_low <= b->status_low && a->status_high >= b->status_high;
    if (a->match == ANSWER_JSON)
        return strcmp(a->text, b->text) == 0 && a->pattern && b->pattern &&
               (strcmp(a->pattern, "*") == 0 || !any_fits(b->pattern, is_new, a->pattern));
    if (a->match == ANSWER_TEXT && !strchr(a->text, '|') && !strchr(b->text, '|'))
        return strstr(b->text, a->text) && (a->verdict > ANSWER_UNCHANGED || b->verdict <= ANSWER_UNCHANGED);
    return !any_fits(b->text, is_new, a->text);
}

void answer_read_rules(struct faults *faults, const struct tree_node *section, struct answer_rules *rules)
{
    size_t count = 0, old = rules->count;

    for (size_t i = 0; i < section->node_count; i++)
        count += section->nodes[i].key->keys == answer_rule_keys;
    if (!count)
        return;
    rules->list = mem_resize(rules->list, old + count, sizeof *rules->list);
    memmove(rules->list + count, rules->list, old * sizeof *rules->list);
    rules->count = old + count;
    count = 0;
    for (size_t i = 0; i < section->node_count; i++) {
        const struct tree_node *node = &section->nodes[i];

        if (node->key->keys != answer_rule_keys)
            continue;
        read_rule(faults, node, &rules->list[count]);
        for (size_t j = 0; j < count; j++)
            if (covers(&rules->list[j], &rules->list[count]))
                fault_at(faults, node->line, "%s '%s' is never reached: an earlier one takes its answers",
                         node->key->name, node->title);
        count++;
    }
}

void answer_add_text(struct answer_rules *rules, const char *text)
{
    rules->list = mem_resize(rules->list, rules->count + 1, sizeof *rules->list);
    rules->list[rules->count++] = (struct answer_rule){.match = ANSWER_TEXT, .text = mem_string(text)};
}

void answer_clear_rules(struct answer_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        free(rules->list[i].text);
        free(rules->list[i].pattern);
        free(rules->list[i].after_from);
        free(rules->list[i].means);
    }
    free(rules->list);
}

/* ---- Values. ---- */

static bool is_regex(const char *spec)
{
    size_t length = strlen(spec);

    return length > 2 && spec[0] == '/' && spec[length - 1] == '/';
}

/* A new text, or NULL. */
static char *match_regex(const char *spec, const char *text, const struct template_source *source, char **why)
{
    char *inner = mem_string_n(spec + 1, strlen(spec) - 2), *found = NULL;
    struct buf pattern = {0};
    regmatch_t places[2];
    regex_t regex;

    if (source)
        template_expand(&pattern, inner, source, BUF_REGEX, false);
    else
        buf_add(&pattern, inner);
    if (regcomp(&regex, buf_text(&pattern), REG_EXTENDED | REG_NEWLINE) != 0) {
        *why = mem_string("this is no extended regular expression");
    } else {
        if (regex.re_nsub == 0)
            *why = mem_string("the regular expression has no ( ) to say which part is meant");
        else if (regexec(&regex, text, 2, places, 0) == 0 && places[1].rm_so >= 0)
            found = mem_string_n(text + places[1].rm_so, (size_t)(places[1].rm_eo - places[1].rm_so));
        regfree(&regex);
    }
    free(inner);
    buf_free(&pattern);
    return found;
}

/* As in a pattern without values: no placeholder has one. */
static struct template_value no_value(void *arg, const char *name)
{
    (void)arg, (void)name;
    return (struct template_value){.text = "x"};
}

char *answer_spec_fault(const char *spec)
{
    const struct template_source source = {no_value, NULL};
    char *why = NULL;

    if (is_regex(spec))
        free(match_regex(spec, "", &source, &why));
    else if (!*spec || (strcmp(spec, ".") != 0 && (*spec == '.' || strstr(spec, ".."))))
        why = mem_string("this is no path into JSON, such as result.0.id");
    else if (strcmp(spec, "header:") == 0)
        why = mem_string("header: has no name behind it");
    return why;
}

/* Of the last field of that name. */
static char *find_header(const char *headers, const char *name)
{
    size_t length = strlen(name);
    char *found = NULL;

    while (*headers) {
        size_t line = strcspn(headers, "\r\n");

        if (line > length && headers[length] == ':' && strncasecmp(headers, name, length) == 0) {
            size_t blanks = 1 + strspn(headers + length + 1, " \t");

            mem_wipe(found);
            found = mem_string_n(headers + length + blanks, line > length + blanks ? line - length - blanks : 0);
        }
        headers += line + strspn(headers + line, "\r\n");
    }
    return found;
}

char *answer_value(const struct http_answer *answer, const struct json_t *json, const char *spec,
                   const struct template_source *source)
{
    char *why = NULL, *found;

    if (strncmp(spec, "header:", 7) == 0)
        return find_header(answer->headers, spec + 7);
    if (!is_regex(spec))
        return json_text(json_at(json, spec));
    found = match_regex(spec, answer->body, source, &why);
    free(why); /* the definition was checked; a name of 253 characters may still be too much for it */
    return found;
}

/* ---- Rules. ---- */

bool answer_is_success(const struct http_answer *answer)
{
    return answer->status >= 200 && answer->status <= 299;
}

static bool is_good(const struct answer_rule *rule)
{
    return rule->verdict == ANSWER_DONE || rule->verdict == ANSWER_UNCHANGED;
}

static bool is_pattern_of(const void *text, const char *one)
{
    return fnmatch(one, text, 0) == 0;
}

/* What a text is looked for in. */
struct place {
    const char *body;
    const struct template_source *source;
};

static bool is_within(const void *arg, const char *one)
{
    const struct place *place = arg;
    struct buf text = {0};
    bool found;

    template_expand(&text, one, place->source, BUF_RAW, false);
    found = text.length && template_is_set(one, place->source) && strstr(place->body, text.text);
    buf_free(&text);
    return found;
}

static bool is_first_word(const void *line, const char *one)
{
    size_t length = strcspn(line, " \t");

    return length && strlen(one) == length && strncasecmp(one, line, length) == 0;
}

static bool json_fits(const struct answer_rule *rule, const struct json_t *json)
{
    const struct json_t *at = json ? json_at(json, rule->text) : NULL;
    char *text = json_text(at);
    bool fits = rule->pattern ? text && any_fits(rule->pattern, is_pattern_of, text) : json_is_something(at);

    mem_wipe(text);
    return fits;
}

/* With these statuses the server, or a proxy before it, has trouble of its own, or had enough of us: a rule that refuses
 * all that is left does not mean that. */
static bool is_passing_trouble(const struct answer_rule *rule, const struct http_answer *answer)
{
    bool is_exact =
        rule->match == ANSWER_WORD || (rule->pattern && rule->pattern[strspn(rule->pattern, "0123456789|")] == '\0');
    bool refuses = rule->verdict == ANSWER_REFUSED || rule->verdict == ANSWER_REFUSED_ACCOUNT;

    return (answer->status >= 500 || answer->status == 429) && refuses && !is_exact;
}

/* Words of trouble count whatever the status: 911 comes with 500, badauth with 401 (src/providers/dyndns2.conf). */
static bool rule_fits(const struct answer_rule *rule, const struct http_answer *answer, const struct json_t *json,
                      const char *line, const struct template_source *source)
{
    const struct place place = {answer->body, source};

    if (rule->match == ANSWER_STATUS)
        return answer->status >= rule->status_low && answer->status <= rule->status_high;
    if ((is_good(rule) && !answer_is_success(answer)) || is_passing_trouble(rule, answer))
        return false;
    if (rule->match == ANSWER_JSON)
        return json_fits(rule, json);
    if (rule->match == ANSWER_TEXT)
        return any_fits(rule->text, is_within, &place);
    return any_fits(rule->text, is_first_word, line);
}

const struct answer_rule *answer_find_rule(const struct answer_rules *rules, const struct http_answer *answer,
                                           const struct json_t *json, const char *line,
                                           const struct template_source *source)
{
    for (size_t i = 0; i < rules->count; i++)
        if (rule_fits(&rules->list[i], answer, json, line, source))
            return &rules->list[i];
    return NULL;
}

bool answer_tells_success(const struct answer_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        if (rules->list[i].match != ANSWER_STATUS && is_good(&rules->list[i]))
            return true;
    return false;
}
