#include "reply.h"

#include "clock.h"
#include "judge.h"
#include "mem.h"
#include "server.h"
#include "timer.h"
#include "unit.h"
#include "words.h"

#include <strings.h>
#include <time.h>

/* What a name has. */
struct entry {
    char *name;
    int family;
    struct ip_set ips;
};

static struct entry *zone;
static size_t zone_count;

void reply_begin(void)
{
    for (size_t i = 0; i < zone_count; i++)
        free(zone[i].name);
    free(zone);
    zone = NULL;
    zone_count = 0;
}

void reply_end(void)
{
    reply_begin();
}

/* ---- Names. ---- */

static struct entry *find_entry(const char *name, int family)
{
    for (size_t i = 0; i < zone_count; i++)
        if (zone[i].family == family && strcmp(zone[i].name, name) == 0)
            return &zone[i];
    return NULL;
}

static void set_entry(const struct key *key, const struct ip_set *ips)
{
    struct entry *entry = find_entry(key->name, key->family);

    if (!entry) {
        zone = mem_resize(zone, zone_count + 1, sizeof *zone);
        entry = &zone[zone_count++];
        *entry = (struct entry){.name = mem_string(key->name), .family = key->family};
    }
    entry->ips = *ips;
}

void reply_act(const char *line, const struct about *about)
{
    static const struct ip_set none;
    bool deletes = strncmp(line, "DELETE ", 7) == 0;

    for (size_t i = 0; i < about->count; i++)
        if (deletes || ledger_addresses(about, about->keys[i])->count)
            set_entry(about->keys[i], deletes ? &none : ledger_addresses(about, about->keys[i]));
}

const char *server_resolve(const char *name, int family, char *buffer)
{
    const struct entry *entry = find_entry(name, family);

    return entry ? ip_set_text(&entry->ips, buffer) : "none";
}

/* ---- Answers that are written in a scenario. ---- */

static const char *const stages[] = {"resolve", "connect", "tls", "wait", "garbled"};

/* {date+2h} or {date}; the time of the server is right. */
static void add_filled(struct buf *out, const char *text)
{
    const char *at;

    while ((at = strstr(text, "{date"))) {
        const char *close = strchr(at, '}');
        uint64_t ms = 0;
        char date[64], *more = mem_string_n(at + 5, close ? (size_t)(close - at) - 5 : 0);
        time_t when;

        if (!close || (*more && !words_time(more + 1, &ms))) {
            free(more);
            break;
        }
        when = clock_true_s() + (*more == '-' ? -(time_t)(ms / 1000) : (time_t)(ms / 1000));
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&when));
        buf_add_n(out, text, (size_t)(at - text));
        buf_add(out, date);
        free(more);
        text = close + 1;
    }
    buf_add(out, text);
}

static void finish(struct reply *reply, struct buf *headers, struct buf *body)
{
    reply->headers = buf_take(headers);
    reply->body = buf_take(body);
    reply->answer.headers = reply->headers;
    reply->answer.body = reply->body;
    reply->answer.length = strlen(reply->body);
}

/* {login}: a server may repeat what it was sent. */
static void add_body(struct buf *out, const char *text, const char *login)
{
    const char *at = strstr(text, "{login}");
    char *front = mem_string_n(text, at ? (size_t)(at - text) : strlen(text));

    add_filled(out, front);
    if (at)
        buf_addf(out, "%s%s", login, at + strlen("{login}"));
    free(front);
}

struct reply *reply_read(char *rest, const char *block, const char *login)
{
    struct reply *reply = mem_alloc(sizeof *reply);
    struct buf headers = {0}, body = {0};
    const char *status = words_next(&rest);
    char *close;

    reply->answer.stage = HTTP_DONE;
    reply->answer.status = strtol(status, NULL, 10);
    while (*rest == '[' && (close = strchr(rest, ']'))) {
        *close = '\0';
        add_filled(&headers, rest + 1);
        buf_add(&headers, "\n");
        rest = close + 1 + strspn(close + 1, " ");
    }
    add_body(&body, rest, login);
    if (block) {
        buf_add(&body, *rest ? "\n" : "");
        add_body(&body, block, login);
    }
    finish(reply, &headers, &body);
    if (reply->answer.status >= 100)
        return reply;
    reply_free(reply);
    return NULL;
}

struct reply *reply_failure(char *rest)
{
    struct reply *reply = mem_alloc(sizeof *reply);
    struct buf headers = {0}, body = {0};
    const char *word = words_next(&rest);
    size_t stage = 0;

    while (stage < COUNT(stages) && strcmp(stages[stage], word) != 0)
        stage++;
    reply->answer.stage = (enum http_stage)stage;
    reply->error = mem_string(*rest ? rest : "it failed");
    reply->answer.error = reply->error;
    finish(reply, &headers, &body);
    if (stage < COUNT(stages))
        return reply;
    reply_free(reply);
    return NULL;
}

void reply_free(struct reply *reply)
{
    free(reply->headers);
    free(reply->body);
    free(reply->error);
    free(reply->text);
    free(reply);
}

const char *reply_text(struct reply *reply)
{
    struct buf text = {0};

    if (reply->answer.stage == HTTP_DONE)
        buf_addf(&text, "%ld ", reply->answer.status);
    else
        buf_addf(&text, "fails: %s: ", stages[reply->answer.stage]);
    buf_addf(&text, "%s%s", reply->headers, reply->error ? reply->error : reply->body);
    free(reply->text);
    reply->text = buf_take(&text);
    return reply->text;
}

bool reply_is_success(const struct reply *reply, const char *line, const struct about *about)
{
    if (strncmp(line, "DELETE ", 7) == 0)
        return reply->answer.status / 100 == 2;
    for (size_t i = 0; i < about->count; i++) {
        enum judgement judgement = judge(&reply->answer, about, about->keys[i]);

        if (judgement != JUDGED_DONE && judgement != JUDGED_UNCHANGED)
            return false;
    }
    return true;
}

/* ---- Answers of a good server. ---- */

static bool has_already(const struct about *about, const char *name)
{
    bool same = true;

    for (size_t i = 0; i < about->count; i++) {
        const struct key *key = about->keys[i];
        const struct entry *entry = find_entry(key->name, key->family);

        if (strcmp(key->name, name) == 0)
            same &= entry && ip_set_equal(&entry->ips, ledger_addresses(about, key));
    }
    return same;
}

/* A line for each name. */
static void add_lines(struct buf *body, const struct about *about)
{
    const char *addresses = strchr(about->text, ' ') + 1;

    for (size_t i = 0; i < about->count; i++)
        if (i == 0 || strcmp(about->keys[i]->name, about->keys[i - 1]->name) != 0)
            buf_addf(body, "%s %s\n", has_already(about, about->keys[i]->name) ? "nochg" : "good", addresses);
}

static void add_records(struct buf *body, const struct about *about)
{
    size_t count = 0;

    buf_add(body, "{\"records\": [");
    for (size_t i = 0; i < about->count; i++) {
        const struct entry *entry = find_entry(about->keys[i]->name, about->keys[i]->family);
        char text[IP_SET_TEXT_SIZE];

        if (entry && entry->ips.count)
            buf_addf(body, "%s{\"id\": \"%s_%s\", \"content\": \"%s\"}", count++ ? ", " : "", entry->name,
                     ip_record_type(entry->family), ip_set_text(&entry->ips, text));
    }
    buf_add(body, "]}");
}

struct reply *reply_good(const char *line, const struct about *about)
{
    struct reply *reply = mem_alloc(sizeof *reply);
    struct buf headers = {0}, body = {0};

    reply->answer.stage = HTTP_DONE;
    reply->answer.status = 200;
    if (!strstr(line, "/records"))
        add_lines(&body, about);
    else if (strncmp(line, "GET ", 4) == 0)
        add_records(&body, about);
    else
        buf_add(&body, "{\"done\": true}");
    reply_act(line, about);
    finish(reply, &headers, &body);
    return reply;
}
