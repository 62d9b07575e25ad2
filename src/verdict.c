#include "verdict.h"

#include "buf.h"
#include "mem.h"
#include "timer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Of RFC 3986 section 2.3. */
#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

enum {
    MOST_WORDS = 4096,   /* that are looked through for secrets */
    LONGEST_WORDS = 120, /* of the provider's own words */
    SHORTEST_SECRET = 8, /* of options and tokens: a shorter one may be any word */
    MOST_WAIT_S = 24 * 3600,
    TOO_MANY_MS = 5 * 60000, /* after 429, where nobody says */
    A_TIME_S = 1000000000,   /* a number above this is a time since the epoch, not a wait */
};

/* ---- The answer. ---- */

static void split_lines(const char *body, struct verdict_answer *answer)
{
    while (*body) {
        size_t length = strcspn(body, "\r\n"), from = strspn(body, " \t"), to = length;

        while (to > from && strchr(" \t", body[to - 1]))
            to--;
        if (to > from) {
            answer->lines = mem_resize(answer->lines, answer->line_count + 1, sizeof *answer->lines);
            answer->lines[answer->line_count++] = mem_string_n(body + from, to - from);
        }
        body += length + strspn(body + length, "\r\n");
    }
}

void verdict_read(const struct http_answer *http, struct verdict_answer *answer)
{
    size_t blanks = strspn(http->body, " \t\r\n");

    *answer = (struct verdict_answer){.http = http};
    if (http->body[blanks] && strchr("{[\"", http->body[blanks]))
        answer->json = json_parse(http->body, http->length);
    if (!answer->json)
        split_lines(http->body, answer);
}

void verdict_clear(struct verdict_answer *answer)
{
    for (size_t i = 0; i < answer->line_count; i++)
        mem_wipe(answer->lines[i]);
    free(answer->lines);
    json_free(answer->json);
}

/* One line for each name in order, or a single line for all of them (src/providers/dyndns2.conf). "" when the answer
 * has none for this name. */
static const char *line_for(const struct verdict_answer *answer, size_t count, size_t index)
{
    if (answer->line_count == 1 || (count == 1 && answer->line_count))
        return answer->lines[0];
    return index < answer->line_count ? answer->lines[index] : "";
}

char *verdict_value(const struct verdict_answer *answer, struct values *values, const struct json_t *json,
                    const char *spec)
{
    const struct template_source source = {values_find, values};
    char *path = *spec == '/' ? mem_string(spec) : values_expand(values, spec);
    char *found = answer_value(answer->http, json, path, &source);

    mem_wipe(path);
    return found;
}

/* ---- The provider's words. ---- */

/* Puts show in the place of each secret. */
static void hide(struct buf *words, const char *secret, const char *show)
{
    struct buf clean = {0};
    const char *at = buf_text(words), *found;

    if (!*secret || !strstr(at, secret))
        return;
    while ((found = strstr(at, secret))) {
        buf_add_n(&clean, at, (size_t)(found - at));
        buf_add(&clean, show);
        at = found + strlen(secret);
    }
    buf_add(&clean, at);
    buf_free(words);
    *words = clean;
}

/* In each form in which it is sent. */
static void hide_all(struct buf *words, const char *secret, const char *show)
{
    static const enum buf_place places[] = {BUF_PATH, BUF_QUERY, BUF_STRICT, BUF_JSON, BUF_XML};
    bool is_plain = !secret[strspn(secret, UNRESERVED)]; /* the same in each place */

    hide(words, secret, show);
    for (size_t i = 0; i < sizeof places / sizeof *places && !is_plain; i++) {
        struct buf escaped = {0};

        buf_add_escaped(&escaped, secret, places[i]);
        hide(words, buf_text(&escaped), show);
        buf_free(&escaped);
    }
}

static void hide_value(struct buf *words, const char *name, const struct secret *secret)
{
    const char *value = secret_reveal(secret);
    struct buf show = {0};

    buf_addf(&show, "{%s}", name);
    if (value && strlen(value) >= SHORTEST_SECRET)
        hide_all(words, value, show.text);
    buf_free(&show);
}

/* Of what is found: people may know a zone, and the address that a record has. */
static bool is_secret(const char *name)
{
    return strcmp(name, "zone") != 0 && strcmp(name, "current") != 0;
}

/* What the step is about to take out of this answer: a token is as new as that. */
static void hide_news(struct buf *words, const struct verdict_answer *answer, struct values *values,
                      const struct definition_step *step)
{
    for (size_t i = 0; i < step->get.count; i++) {
        const char *pair = step->get.list[i];
        struct secret *found = secret_take(verdict_value(answer, values, answer->json, definition_text(pair)));
        char *name = mem_string_n(pair, strcspn(pair, "="));

        if (is_secret(name))
            hide_value(words, name, found);
        free(name);
        secret_free(found);
    }
}

/* A server may repeat what it was sent: secrets are taken out of its words before they are cut to length. */
static void add_words(struct buf *text, const char *words, const struct verdict_answer *answer, struct values *values,
                      const struct definition_step *step)
{
    const struct config_provider *provider = values->provider;
    const char *shown = values->definition->login ? values->definition->login : "{username}:{password}";
    struct buf clean = {0}, basic = {0};

    buf_add_n(&clean, words, strnlen(words, MOST_WORDS));
    if (provider->password) {
        char *login = values_expand(values, shown);

        buf_add_base64(&basic, login, strlen(login));
        hide(&clean, basic.text, shown);
        mem_wipe(login);
    }
    if (provider->password)
        hide_all(&clean, secret_reveal(provider->password), "{password}");
    for (size_t i = 0; i < provider->option_count; i++)
        hide_value(&clean, provider->options[i].name, provider->options[i].value);
    for (size_t i = 0; i < values->found_count; i++)
        if (is_secret(values->found[i].name))
            hide_value(&clean, values->found[i].name, values->found[i].text);
    hide_news(&clean, answer, values, step);
    buf_add_n(text, buf_text(&clean), strnlen(buf_text(&clean), LONGEST_WORDS));
    buf_free(&clean);
    buf_free(&basic);
}

/* Where the definition says that they stand, or the line; of JSON only where there is no other way. A new text. */
static char *find_words(const struct verdict_answer *answer, struct values *values, const char *line)
{
    const char *spec = values->definition->words;
    char *found = spec ? verdict_value(answer, values, answer->json, spec) : NULL;

    if (found) {
        found[strcspn(found, "\r\n")] = '\0';
        return found;
    }
    if (!answer->json)
        return mem_string(line);
    return mem_string_n(answer->http->body, strcspn(answer->http->body, "\r\n"));
}

/* ---- The verdict. ---- */

/* An address of the other family may be what the server has besides; with loopback a server tells a program that it is
 * not welcome. */
bool verdict_is_other(const struct update_item *item, const char *text)
{
    const struct ip_set *ours;
    struct ip ip;

    if (!ip_parse(text, &ip))
        return false;
    ours = ip.family == AF_INET ? &item->ip4 : &item->ip6;
    return (ip.family == AF_INET && ip.bytes[0] == 127) || (ours->count && !ip_set_has(ours, &ip));
}

/* An address behind the first word of a family that was sent, when none of that family there is ours, or loopback; a new
 * text, or NULL. An answer may name the old address before the new one. */
static char *other_address(const struct update_item *item, const char *line)
{
    const char *at = line + strcspn(line, " \t");
    char *other[2] = {NULL, NULL};
    bool has_ours[2] = {false, false}, has_local = false;

    while (*at) {
        size_t length = strcspn(at, " \t,");
        char *word = mem_string_n(at, length);
        struct ip ip;
        int family = ip_parse(word, &ip) && ip.family == AF_INET6;

        has_ours[family] |= ip_set_has(family ? &item->ip6 : &item->ip4, &ip);
        if (verdict_is_other(item, word) && (!other[family] || ip.bytes[0] == 127)) {
            free(other[family]);
            other[family] = word;
            has_local |= ip.bytes[0] == 127 && !family;
        } else {
            mem_wipe(word);
        }
        at += length + strspn(at + length, " \t,");
    }
    for (int i = 0; i < 2; i++) {
        if (has_ours[i] && !(has_local && i == 0)) {
            free(other[i]);
            other[i] = NULL;
        }
    }
    if (other[0])
        free(other[1]);
    return other[0] ? other[0] : other[1];
}

static uint64_t longer(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Of what the server asks and what the definition knows the first that there is. A status of 429 proves that our count
 * is wrong: then the end of the server's limit counts beside the definition's wait. */
static uint64_t asked_ms(const struct verdict_answer *answer, const struct values *values,
                         const struct answer_rule *rule)
{
    const struct pace *pace = &answer->http->pace;
    uint64_t known_ms = rule && rule->after_ms ? rule->after_ms : values->definition->again_ms;

    if (pace->retry_after_ms)
        return pace->retry_after_ms;
    if (answer->http->status == 429)
        return longer(known_ms ? known_ms : TOO_MANY_MS, pace->limit_ms);
    return known_ms ? known_ms : pace->limit_ms;
}

/* What the server asks for itself counts; the definition's wait is for a server that does not say. */
static uint64_t wait_of(const struct verdict_answer *answer, struct values *values, const struct answer_rule *rule)
{
    const struct template_source source = {values_find, values};
    char *path = rule->after_from ? values_expand(values, rule->after_from) : NULL;
    char *text = path ? answer_value(answer->http, answer->json, path, &source) : NULL;
    long long seconds = text ? strtoll(text, NULL, 10) : 0;

    if (seconds > A_TIME_S)
        seconds -= timer_wall_s();
    if (seconds > MOST_WAIT_S)
        seconds = MOST_WAIT_S;
    free(path);
    free(text);
    if (seconds > 0)
        return (uint64_t)seconds * 1000;
    return asked_ms(answer, values, rule);
}

static bool tells_success(const struct values *values, const struct definition_step *step)
{
    return answer_tells_success(&step->rules) || answer_tells_success(&values->definition->rules);
}

static bool is_good(enum answer_verdict verdict)
{
    return verdict == ANSWER_DONE || verdict == ANSWER_UNCHANGED;
}

static void describe_trouble(const struct verdict_answer *answer, struct values *values,
                             const struct definition_step *step, const struct answer_rule *rule, const char *line,
                             struct buf *text)
{
    char *words = find_words(answer, values, line);

    if (values->definition->runs_program)
        buf_add(text, "program: ");
    else if (rule && rule->match != ANSWER_STATUS)
        buf_add(text, "provider: ");
    else
        buf_addf(text, "http: status %ld: ", answer->http->status);
    add_words(text, *words ? words : values->count > 1 ? "no answer for this name" : "no words", answer, values, step);
    if (rule && rule->means)
        buf_addf(text, ": %s", rule->means);
    else if (!rule && *words && answer_is_success(answer->http))
        buf_add(text, ": this answer is not known");
    mem_wipe(words);
}

/* What these statuses mean where no rule says something else (RFC 9110 sections 15.5.2 and 15.5.4): asking again will
 * not help. */
static const struct answer_rule *usual_rule(long status)
{
    static char login[] = "the server does not accept this login",
                forbids[] = "the server forbids this login to update";
    static const struct answer_rule unauthorized = {
        .match = ANSWER_STATUS, .verdict = ANSWER_REFUSED_ACCOUNT, .means = login};
    static const struct answer_rule forbidden = {
        .match = ANSWER_STATUS, .verdict = ANSWER_REFUSED_ACCOUNT, .means = forbids};

    return status == 401 ? &unauthorized : status == 403 ? &forbidden : NULL;
}

void verdict_judge(const struct verdict_answer *answer, struct values *values, const struct definition_step *step,
                   size_t index, struct verdict *result)
{
    const char *line = line_for(answer, values->count, index);
    const struct template_source source = {values_find, values};
    const struct answer_rule *rule = answer_find_rule(&step->rules, answer->http, answer->json, line, &source);
    bool is_unknown = tells_success(values, step) || !answer_is_success(answer->http);
    struct buf text = {0};
    char *other;

    if (!rule)
        rule = answer_find_rule(&values->definition->rules, answer->http, answer->json, line, &source);
    if (!rule)
        rule = usual_rule(answer->http->status);
    *result = (struct verdict){
        .verdict = rule         ? rule->verdict
                   : is_unknown ? ANSWER_AGAIN
                                : ANSWER_DONE,
        .is_unknown = !rule && answer->http->status < 500 && answer->http->status != 429,
    };
    if (result->verdict == ANSWER_AGAIN)
        result->after_ms = rule ? wait_of(answer, values, rule) : asked_ms(answer, values, NULL);
    else if (!is_good(result->verdict))
        result->after_ms = answer->http->pace.retry_after_ms;
    other = is_good(result->verdict) ? other_address(&values->items[index], line) : NULL;
    if (other && strncmp(other, "127.", 4) == 0) {
        result->verdict = ANSWER_REFUSED_ACCOUNT;
        buf_addf(&text,
                 "provider: the server took %s instead of the address that was sent, with which it says that it "
                 "does not accept this program (badagent)",
                 other);
    } else if (other) {
        result->verdict = ANSWER_REFUSED;
        buf_addf(&text, "provider: the server took %s instead of the address that was sent", other);
    } else if (!is_good(result->verdict)) {
        describe_trouble(answer, values, step, rule, line, &text);
    } else if (*line) {
        add_words(&text, line, answer, values, step);
    } else {
        buf_addf(&text, "status %ld", answer->http->status);
    }
    free(other);
    result->text = buf_take(&text);
}
