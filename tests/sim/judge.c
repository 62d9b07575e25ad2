#include "judge.h"

#include "clock.h"
#include "mem.h"
#include "unit.h"

#include <strings.h>
#include <time.h>

enum { DAY_MS = 24 * 3600 * 1000 };

static const struct {
    const char *word;
    enum judgement judgement;
    const char *definition; /* that alone means it so; NULL: all others */
} words[] = {
    {"abuse", JUDGED_LOGIN_REFUSED, "no-ip"},
    {"good", JUDGED_DONE, NULL},
    {"nochg", JUDGED_UNCHANGED, NULL},
    {"badauth", JUDGED_LOGIN_REFUSED, NULL},
    {"badagent", JUDGED_LOGIN_REFUSED, NULL},
    {"!donator", JUDGED_LOGIN_REFUSED, NULL},
    {"abuse", JUDGED_REFUSED, NULL},
    {"nohost", JUDGED_REFUSED, NULL},
    {"!yours", JUDGED_REFUSED, NULL},
    {"!active", JUDGED_REFUSED, NULL},
    {"notfqdn", JUDGED_REFUSED, NULL},
    {"numhost", JUDGED_REFUSED, NULL},
    {"badsys", JUDGED_REFUSED, NULL},
    {"dnserr", JUDGED_WAIT, NULL},
    {"911", JUDGED_WAIT, NULL},
};

/* The line of the answer for this record: one for each name, or one for all. A new text. */
static char *line_of(const struct http_answer *answer, const struct about *about, const struct key *key)
{
    const char *body = answer->body ? answer->body : "", *next = strchr(body, '\n');
    size_t index = 0;

    for (size_t i = 0; next && next[1] && i < about->count && strcmp(about->keys[i]->name, key->name) != 0; i++)
        if (i + 1 == about->count || strcmp(about->keys[i]->name, about->keys[i + 1]->name) != 0)
            index++;
    while (index-- && *body)
        body += strcspn(body, "\n") + (strchr(body, '\n') != NULL);
    return mem_string_n(body, strcspn(body, "\n"));
}

/* Are there addresses of the family that was sent in the text, and none of them is one that was? */
static bool names_others(const char *text, const struct ip_set *sent)
{
    bool others = false, ours = false;

    while (*text && sent->count) {
        size_t length = strcspn(text, " ,");
        char *word = mem_string_n(text, length);
        struct ip ip;

        if (ip_parse(word, &ip) && ip.family == sent->list[0].family) {
            ours |= ip_set_has(sent, &ip);
            others |= !ip_set_has(sent, &ip);
        }
        free(word);
        text += length + strspn(text + length, " ,");
    }
    return others && !ours;
}

static enum judgement judge_success(const char *text, enum judgement judgement, const struct about *about)
{
    /* With this address a server tells a program that it is not welcome. */
    if (strcmp(text, " 127.0.0.1") == 0 && (about->ip4.count || about->ip6.count))
        return JUDGED_LOGIN_REFUSED;
    return names_others(text, &about->ip4) || names_others(text, &about->ip6) ? JUDGED_REFUSED : judgement;
}

static enum judgement judge_line(const char *line, const char *definition, const struct about *about)
{
    size_t length = strcspn(line, " ");

    for (size_t i = 0; i < COUNT(words); i++) {
        if (strlen(words[i].word) != length || strncmp(words[i].word, line, length) != 0)
            continue;
        if (words[i].definition && strcmp(words[i].definition, definition) != 0)
            continue;
        if (words[i].judgement > JUDGED_UNCHANGED)
            return words[i].judgement;
        return judge_success(line + length, words[i].judgement, about);
    }
    return JUDGED_UNKNOWN;
}

enum judgement judge(const struct http_answer *answer, const struct about *about, const struct key *key)
{
    bool writes = about->ip4.count || about->ip6.count;
    enum judgement judgement;
    char *line;

    if (answer->stage == HTTP_GARBLED)
        return JUDGED_WAIT;
    if (answer->stage != HTTP_DONE)
        return answer->stage >= HTTP_WAIT ? JUDGED_DOUBT : JUDGED_LOST;
    line = line_of(answer, about, key);
    judgement = judge_line(line, key->login->definition, about);
    free(line);
    if (judgement != JUDGED_UNKNOWN)
        return judgement;
    if (answer->status == 401 || answer->status == 403)
        return JUDGED_LOGIN_REFUSED;
    if (answer->status == 429 || answer->status >= 500)
        return JUDGED_WAIT;
    return answer->status / 100 == 2 && writes && !key->login->single_step ? JUDGED_DONE : JUDGED_UNKNOWN;
}

bool judge_may_refuse(const struct http_answer *answer, const struct about *about, const struct key *key)
{
    enum judgement judgement = judge(answer, about, key);
    const struct login *login = key->login;

    for (size_t i = 0; judgement == JUDGED_UNKNOWN && i < login->refusing_count; i++)
        if (login->refusing[i].low <= answer->status && answer->status <= login->refusing[i].high)
            return true;
    return judgement == JUDGED_REFUSED;
}

/* ---- Pauses. ---- */

/* RFC 9110 section 10.2.3: seconds, or a date. At most a day of it is obeyed. */
uint64_t judge_login_pause_ms(const struct http_answer *answer)
{
    const char *at = answer->headers ? strcasestr(answer->headers, "retry-after:") : NULL;
    struct tm date = {0};
    uint64_t ms;
    long long seconds;
    char *end;

    if (!at)
        return 0;
    at += strlen("retry-after:");
    seconds = strtoll(at, &end, 10);
    if (end == at + strspn(at, " ") || (end && strchr("0123456789", end[-1]) == NULL))
        seconds =
            strptime(at + strspn(at, " "), "%a, %d %b %Y %H:%M:%S GMT", &date) ? timegm(&date) - clock_true_s() : 0;
    ms = seconds > 0 ? (uint64_t)seconds * 1000 : 0;
    return ms < DAY_MS ? ms : DAY_MS;
}

uint64_t judge_pause_ms(const struct http_answer *answer, const struct about *about, const struct key *key)
{
    static const uint64_t ladder_ms[] = {60000, 120000, 300000, 600000, 1800000};
    size_t step = key->failures ? key->failures - 1 : 0;
    uint64_t pause_ms = ladder_ms[step < COUNT(ladder_ms) ? step : COUNT(ladder_ms) - 1] / 10 * 9;
    uint64_t asked_ms = judge_login_pause_ms(answer);
    char *line = line_of(answer, about, key);

    if (!asked_ms && strncmp(line, "911", 3) == 0)
        asked_ms = key->login->pause_911_ms;
    else if (!asked_ms && answer->status == 429)
        asked_ms = key->login->pause_429_ms;
    free(line);
    return pause_ms > asked_ms ? pause_ms : asked_ms;
}
