#include "claims.h"

#include "box.h"
#include "disk.h"
#include "logbook.h"
#include "mem.h"
#include "server.h"
#include "tale.h"
#include "unit.h"
#include "words.h"

#include <limits.h>
#include <sys/socket.h>

/* A claim makes no sense, is true, or is not, for which there are words. */
enum truth { NONSENSE, TRUE, FALSE };

/* The words of a line. */
struct claim {
    char *words[5]; /* the first four, and the rest */
    struct buf *why;
};

typedef enum truth claim_fn(const struct claim *claim);

static enum truth say(const struct claim *claim, bool is_true, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum truth say(const struct claim *claim, bool is_true, const char *format, ...)
{
    va_list args;
    char *text;

    if (is_true)
        return TRUE;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    buf_add(claim->why, text);
    free(text);
    return FALSE;
}

/* ---- Records. ---- */

static int state_of(const char *word)
{
    int state = RECORD_IDLE;

    while (state < CORE_STATES && strcmp(record_state_word((enum record_state)state), word) != 0)
        state++;
    return state;
}

static const char *words_of(const struct record *record)
{
    struct record_memory memory;

    record_memory(record, &memory);
    return memory.word ? memory.word : "";
}

/* NAME TYPE is STATE [ADDRESS or WORDS] */
static enum truth claim_is(const struct claim *claim)
{
    int family = strcmp(claim->words[1], "A") == 0 ? AF_INET : AF_INET6;
    const struct record *record = box_record(claim->words[0], family);
    int state = state_of(claim->words[3]);
    struct record_memory memory;
    char now[IP_SET_TEXT_SIZE];
    const char *rest = claim->words[4];

    if (state == CORE_STATES)
        return NONSENSE;
    box_check_report();
    if (!record)
        return say(claim, false, "there is no record %s %s", claim->words[0], claim->words[1]);
    record_memory(record, &memory);
    if ((int)record_state(record) != state)
        return say(claim, false, "%s %s is %s", claim->words[0], claim->words[1],
                   record_state_word(record_state(record)));
    if (*rest && state == RECORD_CURRENT)
        return say(claim, strcmp(rest, ip_set_text(&memory.published, now)) == 0, "it is current with %s", now);
    return say(claim, strstr(words_of(record), rest) != NULL, "it is %s with the words: %s", claim->words[3],
               words_of(record));
}

/* NAME TYPE resolves to ADDRESS */
static enum truth claim_resolves(const struct claim *claim)
{
    int family = strcmp(claim->words[1], "A") == 0 ? AF_INET : AF_INET6;
    char there[IP_SET_TEXT_SIZE];
    const char *ips = server_resolve(claim->words[0], family, there);

    if (strcmp(claim->words[3], "to") != 0)
        return NONSENSE;
    return say(claim, strcmp(ips, claim->words[4]) == 0, "%s %s resolves to %s", claim->words[0], claim->words[1], ips);
}

/* all are STATE, N are STATE */
static enum truth claim_are(const struct claim *claim)
{
    int state = state_of(claim->words[2]);
    size_t counts[CORE_STATES], all = box_count(counts);
    unsigned long low = all, high = all;

    if (strcmp(claim->words[2], "settled") == 0 && strcmp(claim->words[0], "all") == 0) {
        box_check_settled();
        return TRUE;
    }
    if (state == CORE_STATES || (strcmp(claim->words[0], "all") != 0 && !words_range(claim->words[0], &low, &high)))
        return NONSENSE;
    return say(claim, low <= counts[state] && counts[state] <= high,
               "%zu are %s, of %zu (%zu idle, %zu updating, %zu current, %zu waiting, %zu refused)", counts[state],
               claim->words[2], all, counts[0], counts[1], counts[2], counts[3], counts[4]);
}

/* ---- Counts. ---- */

/* N requests [at least TIME apart] [at most TIME apart]: those that rules answered since the last such line. */
static enum truth claim_requests(const struct claim *claim)
{
    uint64_t shortest_ms, longest_ms, low_ms = 0, high_ms = UINT64_MAX;
    size_t count = server_absorbed(&shortest_ms, &longest_ms);
    unsigned long low = 0, high = ULONG_MAX;
    const char *dots = strstr(claim->words[2], "..");
    char *from = mem_string_n(claim->words[2], dots ? (size_t)(dots - claim->words[2]) : strlen(claim->words[2]));
    bool good = strcmp(claim->words[0], "any") == 0 || words_range(claim->words[0], &low, &high);

    if (*from)
        good &= words_time(from, &low_ms) && strcmp(claim->words[3], "apart") == 0;
    if (dots)
        good &= words_time(dots + 2, &high_ms);
    free(from);
    if (!good)
        return NONSENSE;
    if (count < low || count > high)
        return say(claim, false, "%zu requests came", count);
    return say(claim, shortest_ms >= low_ms && longest_ms <= high_ms, "they are %llu to %llu ms apart",
               (unsigned long long)shortest_ms, (unsigned long long)longest_ms);
}

/* N writes: since the last such line. */
static enum truth claim_writes(const struct claim *claim)
{
    static size_t before;
    size_t now = disk_writes(), count = now >= before ? now - before : now;
    unsigned long low, high;

    before = now;
    if (!words_range(claim->words[0], &low, &high))
        return NONSENSE;
    return say(claim, low <= count && count <= high, "%zu writes", count);
}

/* in all N requests */
static enum truth claim_in_all(const struct claim *claim)
{
    unsigned long low = 0, high = ULONG_MAX;

    if (strcmp(claim->words[1], "all") != 0 || strcmp(claim->words[3], "requests") != 0)
        return NONSENSE;
    if (strcmp(claim->words[2], "any") != 0 && !words_range(claim->words[2], &low, &high))
        return NONSENSE;
    return say(claim, low <= server_count() && server_count() <= high, "there were %zu requests in all",
               server_count());
}

/* ---- The log. ---- */

/* log says TEXT, log lacks TEXT: since the last such line. log has N lines TEXT: in all. */
static enum truth claim_log(const struct claim *claim)
{
    const char *verb = claim->words[1];
    struct buf text = {0};
    unsigned long low, high;
    enum truth truth;

    buf_addf(&text, "%s%s%s%s%s", claim->words[2], *claim->words[3] ? " " : "", claim->words[3],
             *claim->words[4] ? " " : "", claim->words[4]);
    if (strcmp(verb, "has") == 0)
        truth = strcmp(claim->words[3], "lines") != 0 || !words_range(claim->words[2], &low, &high)
                    ? NONSENSE
                    : say(claim, low <= logbook_count(claim->words[4]) && logbook_count(claim->words[4]) <= high,
                          "%zu lines of the log have '%s'", logbook_count(claim->words[4]), claim->words[4]);
    else if (strcmp(verb, "says") == 0)
        truth = say(claim, logbook_has_news(text.text), "the log does not say '%s'", text.text);
    else if (strcmp(verb, "lacks") == 0)
        truth = say(claim, !logbook_has_news(text.text), "the log says '%s'", text.text);
    else
        truth = NONSENSE;
    buf_free(&text);
    return truth;
}

/* ---- All of them. ---- */

static const struct {
    size_t at; /* of the word */
    const char *word;
    claim_fn *fn;
} claims[] = {
    {2, "is", claim_is},         {2, "resolves", claim_resolves},
    {1, "are", claim_are},       {1, "requests", claim_requests},
    {1, "writes", claim_writes}, {0, "in", claim_in_all},
    {0, "log", claim_log},
};

/* Takes a line apart; the caller frees the copy. */
static char *split(const char *text, struct claim *claim)
{
    char *copy = mem_string(text), *rest = copy;

    for (size_t i = 0; i < 4; i++)
        claim->words[i] = words_next(&rest);
    claim->words[4] = rest;
    return copy;
}

static claim_fn *find(const struct claim *claim)
{
    for (size_t i = 0; i < COUNT(claims); i++)
        if (strcmp(claim->words[claims[i].at], claims[i].word) == 0)
            return claims[i].fn;
    return NULL;
}

static enum truth judge_claim(const char *text, struct buf *why)
{
    struct claim claim = {.why = why};
    char *copy = split(text, &claim);
    claim_fn *fn = find(&claim);
    enum truth truth = fn ? fn(&claim) : NONSENSE;

    free(copy);
    return truth;
}

bool claims_knows(const char *text)
{
    struct claim claim;
    char *copy = split(text, &claim);
    bool knows = find(&claim) != NULL;

    free(copy);
    return knows;
}

bool claims_hold(const char *text)
{
    struct buf why = {0};
    bool holds = judge_claim(text, &why) == TRUE;

    buf_free(&why);
    return holds;
}

bool claims_check(const char *text)
{
    struct buf why = {0};
    enum truth truth = judge_claim(text, &why);

    if (truth == FALSE)
        tale_wrong("not so: %s: %s", text, why.text);
    buf_free(&why);
    return truth != NONSENSE;
}
