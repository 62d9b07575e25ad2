#include "update.h"

#include "buf.h"
#include "log.h"
#include "mem.h"
#include "template.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { LONGEST_WORDS = 120 }; /* of the provider's own words */

struct update {
    struct update_batch batch;
    struct http_transfer *transfer;
    update_done_fn *fn;
    void *arg;
};

/* ---- The request. ---- */

static void add_to_list(struct buf *list, const char *text)
{
    if (list->length)
        buf_add(list, ",");
    buf_add(list, text);
}

static bool is_deletion(const struct update_batch *batch)
{
    return !batch->ip4.count && !batch->ip6.count;
}

static const struct definition_step *step_of(const struct update_batch *batch)
{
    const struct definition *definition = batch->provider->definition;

    return is_deletion(batch) ? &definition->delete : &definition->update;
}

static void list_addresses(struct buf *list, const struct ip_set *set)
{
    char text[IP_SET_TEXT_SIZE];

    if (set->count)
        add_to_list(list, ip_set_text(set, text));
}

/* The texts that placeholders stand for; what is empty has no value. */
struct texts {
    struct buf names, addresses, prefix, prefix_length;
};

static void make_texts(const struct update_batch *batch, struct texts *texts)
{
    char text[IP_TEXT_SIZE];
    struct ip prefix;

    *texts = (struct texts){0};
    for (size_t i = 0; i < batch->count; i++)
        add_to_list(&texts->names, batch->names[i]);
    list_addresses(&texts->addresses, &batch->ip4);
    list_addresses(&texts->addresses, &batch->ip6);
    if (!batch->ip6.count || !batch->prefix_length)
        return;
    prefix = ip_join(&batch->ip6.list[0], batch->prefix_length, &(struct ip){.family = AF_INET6});
    buf_add(&texts->prefix, ip_text(&prefix, text));
    buf_addf(&texts->prefix_length, "%u", batch->prefix_length);
}

static void free_texts(struct texts *texts)
{
    buf_free(&texts->names);
    buf_free(&texts->addresses);
    buf_free(&texts->prefix);
    buf_free(&texts->prefix_length);
}

/* The server is the start of the URL and stands there as it is; what follows is escaped by its place. A pair of the
 * query whose placeholder has no value is left out. */
static char *make_url(const struct update_batch *batch, bool show)
{
    const struct config_provider *provider = batch->provider;
    const struct definition_step *step = step_of(batch);
    struct buf url = {0};
    struct texts texts;
    const char *before = "?";

    make_texts(batch, &texts);
    const struct template_value values[] = {
        {"server", provider->server, false},
        {"username", provider->username, true},
        {"password", provider->password, true},
        {"hostname", texts.names.text, false},
        {"ip", texts.addresses.text, false},
        {"prefix", texts.prefix.text, false},
        {"prefix-length", texts.prefix_length.text, false},
        {"type", batch->families & IP_V4 ? "A" : "AAAA", false},
        {NULL, NULL, false},
    };
    buf_add(&url, provider->server);
    template_expand(&url, step->url + strlen("{server}"), values, BUF_PATH, show);
    for (size_t i = 0; i < step->query_count; i++) {
        if (!template_is_set(step->query[i], values))
            continue;
        buf_add(&url, before);
        template_expand(&url, step->query[i], values, BUF_QUERY, show);
        before = "&";
    }
    free_texts(&texts);
    return buf_take(&url);
}

char *update_describe(const struct update_batch *batch)
{
    char *url = make_url(batch, true);
    struct buf text = {0};

    buf_addf(&text, "GET %s%s", url, step_of(batch)->basic ? " (basic {username}:{password})" : "");
    free(url);
    return buf_take(&text);
}

/* ---- The answer. ---- */

/* The lines of an answer that are not empty, without blanks around them. */
struct lines {
    char **list;
    size_t count;
};

static void split_lines(const char *body, struct lines *lines)
{
    while (*body) {
        size_t length = strcspn(body, "\r\n"), from = strspn(body, " \t"), to = length;

        while (to > from && strchr(" \t", body[to - 1]))
            to--;
        if (to > from) {
            lines->list = mem_resize(lines->list, lines->count + 1, sizeof *lines->list);
            lines->list[lines->count++] = mem_string_n(body + from, to - from);
        }
        body += length + strspn(body + length, "\r\n");
    }
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->list[i]);
    free(lines->list);
}

/* One line for each name in order, or a single line for all of them (help.dyn.com/return-codes/). "" when the answer
 * has none for this name. */
static const char *line_for(const struct lines *lines, size_t count, size_t index)
{
    if (lines->count == 1 || (count == 1 && lines->count))
        return lines->list[0];
    return index < lines->count ? lines->list[index] : "";
}

/* Puts show in the place of each secret. */
static void hide(struct buf *words, const char *secret, const char *show)
{
    struct buf clean = {0};
    const char *at = buf_text(words), *found;

    while (*secret && (found = strstr(at, secret))) {
        buf_add_n(&clean, at, (size_t)(found - at));
        buf_add(&clean, show);
        at = found + strlen(secret);
    }
    buf_add(&clean, at);
    buf_free(words);
    *words = clean;
}

/* A server may repeat what it was sent: the login is taken out of its words, in each form in which it is sent, before
 * they are cut to length. */
static void add_words(struct buf *text, const char *words, const struct config_provider *provider)
{
    struct buf clean = {0}, login = {0}, basic = {0}, escaped = {0};

    buf_add(&clean, words);
    if (provider->username && provider->password) {
        buf_addf(&login, "%s:%s", provider->username, provider->password);
        buf_add_base64(&basic, login.text);
        buf_add_escaped(&escaped, provider->password, BUF_QUERY);
        hide(&clean, basic.text, "{username}:{password}");
        hide(&clean, provider->password, "{password}");
        hide(&clean, buf_text(&escaped), "{password}");
    }
    buf_add_n(text, clean.text, strnlen(clean.text, LONGEST_WORDS));
    buf_free(&clean);
    buf_free(&login);
    buf_free(&basic);
    buf_free(&escaped);
}

static bool is_success(const struct http_answer *answer)
{
    return answer->status >= 200 && answer->status <= 299;
}

/* Words of trouble count whatever the status: 911 comes with 500, badauth with 401 (help.dyn.com/guidelines/). */
static bool word_fits(const struct definition_rule *rule, const char *line, const struct http_answer *answer)
{
    size_t length = strcspn(line, " \t");
    bool is_good = rule->verdict == DEFINITION_DONE || rule->verdict == DEFINITION_UNCHANGED;

    return strlen(rule->text) == length && strncasecmp(rule->text, line, length) == 0 &&
           (!is_good || is_success(answer));
}

static bool rule_fits(const struct definition_rule *rule, const char *line, const struct http_answer *answer)
{
    switch (rule->match) {
    case DEFINITION_WORD:
        return word_fits(rule, line, answer);
    case DEFINITION_TEXT:
        return is_success(answer) && strstr(answer->body, rule->text);
    case DEFINITION_STATUS:
        break;
    }
    return answer->status >= rule->status_low && answer->status <= rule->status_high;
}

static const struct definition_rule *find_rule(const struct definition *definition, const char *line,
                                               const struct http_answer *answer)
{
    for (size_t i = 0; i < definition->rule_count; i++)
        if (rule_fits(&definition->rules[i], line, answer))
            return &definition->rules[i];
    return NULL;
}

/* An address that was not sent: another one of a family that was, or loopback, with which Dyn tells a program that it
 * is not welcome. An address of the other family may be what the server has besides. */
static bool is_other(const struct update_batch *batch, const struct ip *ip)
{
    const struct ip_set *ours = ip->family == AF_INET ? &batch->ip4 : &batch->ip6;

    if (ip->family == AF_INET && ip->bytes[0] == 127)
        return true;
    return ours->count && !ip_set_has(ours, ip);
}

/* The first address behind the word that is not ours, or no address. */
static struct ip other_address(const struct update_batch *batch, const char *line)
{
    const char *at = line + strcspn(line, " \t");

    while (*at) {
        size_t length = strcspn(at, " \t,");
        char *word = mem_string_n(at, length);
        struct ip ip;
        bool found = ip_parse(word, &ip) && is_other(batch, &ip);

        free(word);
        if (found)
            return ip;
        at += length + strspn(at + length, " \t,");
    }
    return (struct ip){0};
}

static enum update_verdict verdict_of(enum definition_verdict verdict)
{
    switch (verdict) {
    case DEFINITION_DONE:
        return UPDATE_DONE;
    case DEFINITION_UNCHANGED:
        return UPDATE_UNCHANGED;
    case DEFINITION_REFUSED:
        return UPDATE_REFUSED;
    case DEFINITION_REFUSED_ACCOUNT:
        return UPDATE_REFUSED_ACCOUNT;
    case DEFINITION_AGAIN:
        break;
    }
    return UPDATE_AGAIN;
}

static void judge_success(const struct update_batch *batch, const char *line, struct update_result *result,
                          struct buf *text)
{
    struct ip other = other_address(batch, line);
    char address[IP_TEXT_SIZE];

    if (!ip_is_set(&other)) {
        add_words(text, *line ? line : "no words", batch->provider);
        return;
    }
    result->verdict = UPDATE_REFUSED;
    buf_addf(text, "provider: the server took %s instead of the address that was sent", ip_text(&other, address));
}

static void judge_line(const struct update_batch *batch, const struct http_answer *answer, const char *line,
                       struct update_result *result)
{
    const struct definition_rule *rule = find_rule(batch->provider->definition, line, answer);
    struct buf text = {0};

    *result = (struct update_result){UPDATE_AGAIN, true, answer->retry_after_ms, NULL};
    if (rule) {
        result->verdict = verdict_of(rule->verdict);
        if (result->after_ms < rule->after_ms)
            result->after_ms = rule->after_ms;
    }
    if (result->verdict == UPDATE_DONE || result->verdict == UPDATE_UNCHANGED) {
        judge_success(batch, line, result, &text);
    } else {
        if (rule && rule->match != DEFINITION_STATUS)
            buf_add(&text, "provider: ");
        else
            buf_addf(&text, "http: status %ld: ", answer->status);
        add_words(&text, *line ? line : "no answer for this name", batch->provider);
        if (rule && rule->means)
            buf_addf(&text, ": %s", rule->means);
        else if (!rule && *line && is_success(answer))
            buf_add(&text, ": this answer is not known");
    }
    result->text = buf_take(&text);
}

static void judge_failure(const struct http_answer *answer, struct update_result *result)
{
    struct buf text = {0};

    result->verdict = answer->stage == HTTP_GARBLED ? UPDATE_AGAIN : UPDATE_UNREACHABLE;
    result->arrived = answer->stage >= HTTP_WAIT;
    buf_addf(&text, "%s: %s", http_stage_word(answer->stage), answer->error);
    result->text = buf_take(&text);
}

struct update_result *update_judge(const struct update_batch *batch, const struct http_answer *answer)
{
    struct update_result *results = mem_alloc(batch->count * sizeof *results);
    struct lines lines = {0};

    split_lines(answer->stage == HTTP_DONE ? answer->body : "", &lines);
    for (size_t i = 0; i < batch->count; i++) {
        if (answer->stage == HTTP_DONE)
            judge_line(batch, answer, line_for(&lines, batch->count, i), &results[i]);
        else
            judge_failure(answer, &results[i]);
    }
    free_lines(&lines);
    return results;
}

void update_free_results(struct update_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(results[i].text);
    free(results);
}

/* ---- The way there and back. ---- */

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct update *update = arg;
    struct update_result *results = update_judge(&update->batch, answer);

    log_debug("%s: answer: %s, status %ld, %zu bytes", update->batch.provider->id, http_stage_word(answer->stage),
              answer->status, answer->length);
    update->fn(update->arg, results);
    update_free_results(results, update->batch.count);
    free(update);
}

struct update *update_start(struct http *http, const struct update_batch *batch, update_done_fn *fn, void *arg)
{
    struct update *update = mem_alloc(sizeof *update);
    const struct config_provider *provider = batch->provider;
    char *url = make_url(batch, false), *shown = update_describe(batch);
    struct http_request request = {.method = "GET", .url = url, .link = batch->link};

    log_debug("%s: request: %s", provider->id, shown);
    free(shown);
    if (step_of(batch)->basic) {
        request.username = provider->username;
        request.password = provider->password;
    }
    *update = (struct update){.batch = *batch, .fn = fn, .arg = arg};
    update->transfer = http_start(http, &request, on_answer, update);
    mem_wipe(url);
    return update;
}

void update_cancel(struct update *update)
{
    http_cancel(update->transfer);
    free(update);
}

struct ip update_local_address(const struct update *update)
{
    return http_local_address(update->transfer);
}
