#include "finding.h"

#include "mem.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_LIFE_S = 366 * 24 * 3600 }; /* of a token; what is above is no number of seconds */

/* ---- Texts with placeholders, and names. ---- */

static const struct json_t *json_by(struct values *values, const struct json_t *json, const char *path)
{
    char *expanded = values_expand(values, path);

    json = json_at(json, expanded);
    mem_wipe(expanded);
    return json;
}

/* ---- Which element. ---- */

struct candidates {
    const struct json_t **list;
    size_t count;
};

static void add_candidate(struct candidates *candidates, const struct json_t *element)
{
    candidates->list = mem_resize(candidates->list, candidates->count + 1, sizeof *candidates->list);
    candidates->list[candidates->count++] = element;
}

/* "path=template": equal but for case and a dot at the end; nothing is equal to an empty text. */
static bool pair_fits(struct values *values, const struct json_t *element, const char *pair)
{
    size_t length = strcspn(pair, "=");
    char *path = mem_string_n(pair, length), *wanted = values_expand(values, pair + length + 1);
    char *text = json_text(json_by(values, element, path)), *a = names_normalize(text ? text : ""),
         *b = names_normalize(wanted);
    bool fits = strcmp(a, b) == 0;

    free(path);
    mem_wipe(wanted);
    mem_wipe(text);
    mem_wipe(a);
    mem_wipe(b);
    return fits;
}

static void collect(struct values *values, const struct definition_step *step, const struct json_t *list,
                    struct candidates *candidates)
{
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json_t *element = json_element(list, i), *inner;
        bool fits = true;

        for (size_t j = 0; j < step->match.count && fits; j++)
            fits = pair_fits(values, element, step->match.list[j]);
        if (!fits)
            continue;
        inner = step->members ? json_by(values, element, step->members) : NULL;
        for (size_t j = 0; j < json_count(inner); j++)
            add_candidate(candidates, json_element(inner, j));
        if (!step->members)
            add_candidate(candidates, element);
    }
}

/* The zone that the user gave, or that is the longest suffix of the name; one that stands there twice is several. */
static enum finding choose_zone(struct values *values, const struct definition_step *step,
                                const struct candidates *candidates, const struct json_t **chosen)
{
    const char *given = values->provider->zone;
    size_t best = 0, times = 0;

    for (size_t i = 0; i < candidates->count; i++) {
        char *text = json_text(json_by(values, candidates->list[i], step->suffix)),
             *zone = names_normalize(text ? text : "");

        if ((given ? strcmp(zone, given) == 0 : names_is_in_zone(values->items[0].name, zone)) &&
            strlen(zone) >= best) {
            times = strlen(zone) == best ? times + 1 : 1;
            best = strlen(zone);
            *chosen = candidates->list[i];
        }
        free(text);
        free(zone);
    }
    return times > 1 ? FINDING_SEVERAL : times ? FINDING_GOOD : FINDING_NOTHING;
}

static const char *current_spec(const struct definition_step *step)
{
    return definition_text(definition_find(&step->get, "current"));
}

static void add_other(struct values *values, const struct ip *ip)
{
    values->others = mem_resize(values->others, values->other_count + 1, sizeof *ip);
    values->others[values->other_count++] = *ip;
}

/* Of the records of a name the one that is ours: the only one, or the one with an address of ours. The addresses of the
 * others are noted, for who writes all of them at once. A deletion takes away only what was published. */
static enum finding choose_record(struct values *values, const char *spec, const struct candidates *candidates,
                                  const struct json_t **chosen)
{
    const struct update_item *item = &values->items[0];
    const struct ip_set *wanted = values_wanted(item);
    char *all = values_expand(values, "{ip}"); /* where one record has both families */
    bool both = item->ip4.count && item->ip6.count, is_unclear = false;
    size_t right = 0, old = 0, other = 0;

    for (size_t i = 0; i < candidates->count; i++) {
        char *text = json_text(json_at(candidates->list[i], spec));
        struct ip ip = {0};
        bool is_right, is_old;

        ip_parse(text ? text : "", &ip);
        is_right = text && (both ? strcmp(text, all) == 0 : ip_set_has(wanted, &ip));
        is_unclear |= !is_right && !ip_is_set(&ip);
        free(text);
        is_old = !is_right && ip_set_has(&item->old, &ip);
        if (is_old || (is_right && !old))
            *chosen = candidates->list[i];
        right += is_right;
        old += is_old;
        other += !is_right && !is_old;
        if (!is_right && !is_old && (candidates->count > 1 || !wanted->count))
            add_other(values, &ip);
    }
    free(all);
    if (is_unclear && candidates->count > 1) /* what is not understood cannot be written back */
        return FINDING_SEVERAL;
    if (right || old)
        return right == wanted->count && !old ? FINDING_UNCHANGED : FINDING_GOOD;
    if (other == 1 && !values->other_count && wanted->count) {
        *chosen = candidates->list[0];
        return FINDING_GOOD;
    }
    return other && wanted->count ? FINDING_SEVERAL : FINDING_NOTHING;
}

static enum finding choose(const struct verdict_answer *answer, struct values *values,
                           const struct definition_step *step, const struct json_t **chosen)
{
    struct candidates candidates = {0};
    char *spec = current_spec(step) ? values_expand(values, current_spec(step)) : NULL;
    struct json_t *list = json_values(json_by(values, answer->json, step->list)); /* whose elements the answer holds */
    enum finding finding;

    free(values->others);
    values->others = NULL;
    values->other_count = 0;
    collect(values, step, list, &candidates);
    if (step->suffix)
        finding = choose_zone(values, step, &candidates, chosen);
    else if (spec)
        finding = choose_record(values, spec, &candidates, chosen);
    else
        finding = candidates.count > 1 ? FINDING_SEVERAL : candidates.count ? FINDING_GOOD : FINDING_NOTHING;
    if (finding == FINDING_GOOD && !*chosen)
        *chosen = candidates.list[0];
    free(candidates.list);
    free(spec);
    json_free(list);
    return finding;
}

/* ---- What is remembered. ---- */

/* A new text; NULL when there is no zone yet. */
static char *key_of(const struct values *values, enum definition_scope scope)
{
    const char *zone = values_zone(values);
    struct buf key = {0};

    if (scope == DEFINITION_ACCOUNT)
        buf_add(&key, "account");
    else if (scope == DEFINITION_RECORD)
        buf_addf(&key, "record %s %s", values->items[0].name, values_type(&values->items[0]));
    else if (zone)
        buf_addf(&key, "zone %s", zone);
    else
        return NULL;
    return buf_take(&key);
}

/* Not what is only of this moment. */
static bool is_kept(const struct definition_step *step, const char *name)
{
    return strcmp(name, "current") != 0 && !(step->more && strcmp(name, step->more) == 0);
}

static char *name_of(const char *pair)
{
    return mem_string_n(pair, strcspn(pair, "="));
}

/* "30m", or a SPEC of seconds, of which a tenth is left out: a token must not run out on its way. */
static uint64_t lifetime_ms(const struct verdict_answer *answer, struct values *values,
                            const struct definition_step *step)
{
    unsigned long seconds;
    uint64_t ms = 0;
    char *text;

    if (!step->expires || parse_duration(step->expires, &ms))
        return ms;
    text = verdict_value(answer, values, answer->json, step->expires);
    seconds = text ? strtoul(text, NULL, 10) : 0;
    free(text);
    return seconds && seconds < LONGEST_LIFE_S ? (uint64_t)seconds * 900 : 1;
}

static void keep(const struct verdict_answer *answer, struct values *values, const struct definition_step *step,
                 struct memory *memory, const struct json_t *element, const char *key)
{
    uint64_t for_ms = lifetime_ms(answer, values, step);

    for (size_t i = 0; i < step->get.count; i++) {
        char *name = name_of(step->get.list[i]);
        struct secret *text = secret_take(verdict_value(answer, values, element, definition_text(step->get.list[i])));

        if (text && is_kept(step, name))
            memory_keep(memory, key, name, text, for_ms);
        secret_free(text);
        free(name);
    }
}

/* The whole listing, on one page: a longer zone may stand behind a shorter one. It takes the place of the one before, or a
 * server that lists others each time would fill the memory. */
static void keep_zones(const struct verdict_answer *answer, struct values *values, const struct definition_step *step,
                       struct memory *memory)
{
    struct json_t *list = json_values(json_by(values, answer->json, step->list));

    memory_forget_like(memory, "zone ");
    for (size_t i = 0; i < json_count(list); i++) {
        char *text = json_text(json_by(values, json_element(list, i), step->suffix)),
             *zone = names_normalize(text ? text : "");
        struct buf key = {0};

        buf_addf(&key, "zone %s", zone);
        keep(answer, values, step, memory, json_element(list, i), key.text);
        buf_free(&key);
        free(zone);
        free(text);
    }
    json_free(list);
}

/* The key of the longest zone of the name that is remembered, or NULL. */
static char *remembered_zone(const struct values *values, const struct definition_step *step,
                             const struct memory *memory)
{
    char *name = name_of(step->get.list[0]);
    struct buf key = {0};
    bool found = false;

    for (const char *zone = values->items[0].name; zone && !found; zone = strchr(zone, '.')) {
        zone += *zone == '.';
        buf_free(&key);
        buf_addf(&key, "zone %s", zone);
        found = memory_find(memory, key.text, name) != NULL;
    }
    free(name);
    if (found)
        return buf_take(&key);
    buf_free(&key);
    return NULL;
}

static void set(struct values *values, const char *name, struct secret *text)
{
    bool is_zone = strcmp(name, "zone") == 0 && text;
    struct secret *zone = is_zone ? secret_take(names_normalize(secret_reveal(text))) : NULL;

    values_set(values, name, zone ? zone : text);
    secret_free(zone);
}

bool finding_recall(struct values *values, const struct definition_step *step, const struct memory *memory)
{
    char *key = step->keep ? key_of(values, step->keep) : NULL;
    bool complete = step->keep != DEFINITION_NOWHERE, any = false;

    if (step->keep == DEFINITION_ZONE && !key)
        key = remembered_zone(values, step, memory);
    for (size_t i = 0; i < step->get.count && complete && key; i++) {
        char *name = name_of(step->get.list[i]);

        if (is_kept(step, name)) {
            complete = memory_find(memory, key, name) != NULL;
            any = true;
        }
        free(name);
    }
    complete &= key && any;
    for (size_t i = 0; i < step->get.count && complete; i++) {
        char *name = name_of(step->get.list[i]);

        set(values, name, memory_find(memory, key, name));
        free(name);
    }
    free(key);
    return complete;
}

void finding_forget_record(const struct values *values, struct memory *memory)
{
    char *key = key_of(values, DEFINITION_RECORD);

    memory_forget(memory, key);
    free(key);
}

void finding_forget(const struct values *values, struct memory *memory)
{
    for (enum definition_scope scope = DEFINITION_ACCOUNT; scope <= DEFINITION_RECORD; scope++) {
        char *key = key_of(values, scope);

        if (key)
            memory_forget(memory, key);
        free(key);
    }
}

/* ---- A step's answer. ---- */

/* What is only looked up. What was written is written, whatever the answer does not say. */
static bool is_look(const struct definition_step *step)
{
    return step->list || step->flows == (DEFINITION_UPDATE | DEFINITION_DELETE);
}

static bool is_path(const char *spec)
{
    return *spec != '/' && strncmp(spec, "header:", 7) != 0;
}

/* Are the things where the step looks for them of the kind that it needs? None at all is nothing to complain of. */
static bool is_understood(const struct verdict_answer *answer, struct values *values,
                          const struct definition_step *step, const struct json_t *element)
{
    bool understood = true;

    for (size_t i = 0; i < step->get.count; i++) {
        const char *spec = definition_text(step->get.list[i]);

        if (is_path(spec))
            understood &= answer->json && !json_is_compound(json_by(values, element, spec));
    }
    return understood || !is_look(step);
}

/* Where the definition tells success, an answer that has no list at all says that there is nothing; where it does not,
 * that may be an error that nobody knows. */
static bool has_list(const struct verdict_answer *answer, struct values *values, const struct definition_step *step)
{
    const struct json_t *list = json_by(values, answer->json, step->list);

    if (answer->json && !list)
        return answer_tells_success(&step->rules) || answer_tells_success(&values->definition->rules);
    return json_is_list(list);
}

/* Outside of lists there is one record at most. */
static bool is_unchanged(struct values *values)
{
    char *wanted = values_expand(values, "{ip}"), *current = values_expand(values, "{current}");
    struct ip ip, other;
    bool same = ip_parse(wanted, &ip) && ip_parse(current, &other) ? ip_equal(&ip, &other)
                                                                   : *wanted && strcmp(wanted, current) == 0;

    free(wanted);
    free(current);
    return same;
}

enum finding finding_take(const struct verdict_answer *answer, struct values *values,
                          const struct definition_step *step, struct memory *memory)
{
    const struct json_t *element = answer->json;
    enum finding finding = FINDING_GOOD;
    bool any = step->get.count == 0;
    char *confirmed;
    struct ip ip;

    if (step->list && !has_list(answer, values, step))
        return FINDING_NO_JSON;
    if (step->list) {
        element = NULL;
        finding = choose(answer, values, step, &element);
    }
    if (!is_understood(answer, values, step, element))
        return FINDING_NO_JSON;
    for (size_t i = 0; i < step->get.count; i++) {
        char *name = name_of(step->get.list[i]);
        bool of_all = step->more && strcmp(step->more, name) == 0;
        struct secret *text = secret_take(
            verdict_value(answer, values, of_all ? answer->json : element, definition_text(step->get.list[i])));

        set(values, name, text);
        any |= text != NULL;
        secret_free(text);
        free(name);
    }
    if (!step->list && current_spec(step) && is_unchanged(values))
        finding = FINDING_UNCHANGED;
    confirmed = step->confirm ? verdict_value(answer, values, answer->json, step->confirm) : NULL;
    if (step->confirm && (!confirmed || !ip_parse(confirmed, &ip) || verdict_is_other(&values->items[0], confirmed)))
        finding = FINDING_OTHER;
    free(confirmed);
    if (step->keep == DEFINITION_ZONE && step->suffix) {
        keep_zones(answer, values, step, memory);
    } else if (step->keep && (finding == FINDING_GOOD || finding == FINDING_UNCHANGED)) {
        char *key = key_of(values, step->keep);

        if (key)
            keep(answer, values, step, memory, element, key);
        free(key);
    }
    return finding == FINDING_GOOD && !any && is_look(step) ? FINDING_NOTHING : finding;
}
