#include "play.h"

#include "account.h"
#include "ask.h"
#include "expect.h"
#include "fast_timer.h"
#include "log.h"
#include "marked.h"
#include "mem.h"
#include "prepare.h"
#include "unit.h"

#include <event2/event.h>
#include <strings.h>
#include <sys/socket.h>

enum { MOST_SKIPS = 100 };

/* What came of a record in this phase. */
struct outcome {
    const char *host;
    int family;
    bool wanted, told;
    enum update_verdict verdict;
    uint64_t after_ms;
    char *text;
};

/* The case that is played. */
static struct {
    const struct transcript *transcript;
    const struct transcript_case *one;
    struct config *config;
    struct account *account; /* NULL: it is an address echo service */
    struct ask *ask;
    struct rule rule;
    struct outcome *outcomes;
    size_t count;
    struct buf *faults;
    bool wrong;
} play;

static struct event_base *base;
static struct http *http;
static char *folder;
static bool shown;

/* ---- Faults. ---- */

/* Of a case only the first one is told: what follows may come of it. */
static bool __attribute__((format(printf, 2, 3))) wrong(int line, const char *format, ...)
{
    va_list args;
    char text[16384];

    if (play.wrong)
        return false;
    play.wrong = true;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_addf(play.faults, "%s:%d: %s: %s\n", play.transcript->path, line, play.one->title, text);
    return false;
}

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    (void)file;
    buf_addf(arg, "%s%s (line %d of the configuration)", ((struct buf *)arg)->length ? "; " : "", text, line);
}

/* ---- Secrets: the password, options, what was found in answers. ---- */

/* Of an option, or found: what has less than 8 characters may be any word, and people may know addresses and names. */
static void mark(const struct secret *secret)
{
    const char *text = secret ? secret_reveal(secret) : "";
    const struct names *names = &play.config->providers[0]->names;
    struct ip ip;

    for (size_t i = 0; i < names->count; i++)
        if (names_is_in_zone(names->list[i].name, text))
            return;
    if (strlen(text) >= 8 && !ip_parse(text, &ip))
        marked_add(text);
}

static void mark_config(void)
{
    const struct config_provider *provider = play.config->providers[0];

    marked_add(secret_reveal(provider->password));
    for (size_t i = 0; i < provider->option_count; i++)
        mark(provider->options[i].value);
}

void __real_values_set(struct values *values, const char *name, struct secret *text);
void __wrap_values_set(struct values *values, const char *name, struct secret *text);

void __wrap_values_set(struct values *values, const char *name, struct secret *text)
{
    mark(text);
    __real_values_set(values, name, text);
}

static void check_secret(const char *what, const char *text)
{
    const char *secret = marked_in(text, strlen(text));

    if (secret)
        wrong(play.one->line, "%s is a secret, and in %s: %s", secret, what, text);
}

static void check_log(const char *format, va_list args)
{
    char text[4096];

    vsnprintf(text, sizeof text, format, args);
    check_secret("the log", text);
    if (shown)
        printf("# %s\n", text);
}

#define WRAP_LOG(function)                                                            \
    void __wrap_##function(const char *f, ...) __attribute__((format(printf, 1, 2))); \
    void __wrap_##function(const char *f, ...)                                        \
    {                                                                                 \
        va_list args;                                                                 \
                                                                                      \
        va_start(args, f);                                                            \
        check_log(f, args);                                                           \
        va_end(args);                                                                 \
    }

WRAP_LOG(log_error)
WRAP_LOG(log_warning)
WRAP_LOG(log_info)
WRAP_LOG(log_debug)

/* ---- What comes of a record. ---- */

static struct outcome *find_outcome(const char *host, int family)
{
    for (size_t i = 0; i < play.count; i++)
        if (play.outcomes[i].family == family && (!host || strcasecmp(play.outcomes[i].host, host) == 0))
            return &play.outcomes[i];
    return NULL;
}

static void add_outcome(struct buf *out, enum update_verdict verdict, uint64_t after_ms, const char *text)
{
    unsigned long long after_s = after_ms / 1000;

    buf_add(out, transcript_verdict_word(verdict));
    if (after_ms % 1000)
        buf_addf(out, " after %llums", (unsigned long long)after_ms);
    else if (after_ms)
        buf_addf(out, " after %llu%s", after_s % 60 ? after_s : after_s / 60, after_s % 60 ? "s" : "m");
    if (text)
        buf_addf(out, ": %s", text);
}

static void note(const char *host, int family, const struct update_result *result)
{
    struct outcome *outcome = find_outcome(host, family);

    free(outcome->text);
    *outcome = (struct outcome){.host = outcome->host, .family = family, .wanted = outcome->wanted, .told = true};
    outcome->verdict = result->verdict;
    outcome->after_ms = result->after_ms;
    outcome->text = mem_string(result->text);
    check_secret("the words for people", result->text);
    if (shown) {
        struct buf text = {0};

        add_outcome(&text, result->verdict, result->after_ms, result->text);
        printf("= %s %s %s\n", outcome->host, ip_record_type(family), text.text);
        buf_free(&text);
    }
}

void __real_record_result(struct record *record, const struct update_result *result);
void __wrap_record_result(struct record *record, const struct update_result *result);
void __real_record_refuse(struct record *record, const char *text);
void __wrap_record_refuse(struct record *record, const char *text);

void __wrap_record_result(struct record *record, const struct update_result *result)
{
    note(record_name(record), record_family(record), result);
    fast_timer_made_by(FAST_TIMER_RECORD);
    __real_record_result(record, result);
    fast_timer_made_by(FAST_TIMER_OTHER);
}

/* Another record has lost the login for all. */
void __wrap_record_refuse(struct record *record, const char *text)
{
    struct update_result result = {.verdict = UPDATE_REFUSED_ACCOUNT, .text = mem_string(text)};

    if (!find_outcome(record_name(record), record_family(record))->told)
        note(record_name(record), record_family(record), &result);
    free(result.text);
    __real_record_refuse(record, text);
}

/* What the outside says. Until somebody has been asked there is nothing to be told. */
static void look(void)
{
    struct outcome *outcome = &play.outcomes[0];
    struct source_answer answer = {.reason = REASON_CHOSEN, .link = {.index = 1, .name = "lo"}};
    struct update_result result = {.verdict = UPDATE_AGAIN, .text = answer.text};
    char text[IP_SET_TEXT_SIZE];
    struct ip local;

    ip_parse(play.rule.family == AF_INET ? "10.0.0.2" : "fd00::2", &local);
    ip_set_add(&answer.local, &local);
    answer.ips = answer.local;
    ask_look(play.ask, &answer);
    if (answer.reason == REASON_ASKING)
        return;
    if (answer.reason == REASON_CHOSEN) {
        result.verdict = UPDATE_DONE;
        snprintf(answer.text, sizeof answer.text, "%s", ip_set_text(&answer.ips, text));
    } else if (answer.reason == REASON_SILENT) {
        result.verdict = UPDATE_UNREACHABLE;
    }
    note(NULL, outcome->family, &result);
}

static void on_news(void *arg)
{
    (void)arg;
    look();
}

/* ---- The exchanges of a phase. ---- */

/* Nobody expected this one. Of several that wait it is the one that comes nearest. */
static bool tell_wrong_request(const struct transcript_exchange *expected)
{
    const struct wire_request *request = wire_requests(), *nearest = request;
    struct buf why = {0};
    char *whole;
    int line = 0;

    for (; expected && request; request = request->next)
        if (strcmp(request->method, expected->method) == 0 &&
            (strcmp(nearest->method, expected->method) != 0 || strcmp(expected->url, request->url) == 0))
            nearest = request;
    if (expected)
        line = expect_compare(expected, nearest, &why);
    whole = expect_request(nearest);
    if (shown)
        fputs(whole, stdout);
    if (expected)
        wrong(line, "%s", why.text);
    else
        wrong(play.one->line, "a request too many:\n%s", whole);
    free(whole);
    buf_free(&why);
    return false;
}

/* Answers the request that is next in the transcript. False when none of those that wait is. */
static bool answer_one(const struct transcript_exchange *exchange)
{
    for (const struct wire_request *request = wire_requests(); request; request = request->next) {
        struct buf why = {0};
        bool is_it = expect_compare(exchange, request, &why) == 0;

        buf_free(&why);
        if (!is_it)
            continue;
        if (shown) {
            char *text = expect_request(request), *answer = expect_answer(exchange);

            printf("%s%s", text, answer);
            free(text);
            free(answer);
        }
        wire_answer(request, exchange);
        return true;
    }
    return false;
}

static bool is_over(void)
{
    for (size_t i = 0; i < play.count; i++)
        if (play.outcomes[i].wanted && !play.outcomes[i].told)
            return false;
    return true;
}

/* Requests of several walks that run beside each other wait here for their turn, which is the order of the file. */
static bool run_exchanges(const struct transcript_phase *phase)
{
    for (size_t next = 0, skips = 0;;) {
        const struct transcript_exchange *exchange = next < phase->exchange_count ? &phase->exchanges[next] : NULL;

        if (!wire_settle())
            return wrong(exchange ? exchange->line : phase->line, "it hangs: no request and no answer moves");
        if (exchange && answer_one(exchange))
            next++;
        else if (!is_over() && skips < MOST_SKIPS && fast_timer_skip())
            skips++;
        else if (wire_requests())
            return tell_wrong_request(exchange);
        else if (exchange)
            return wrong(exchange->line, "this request does not come: %s %s", exchange->method, exchange->url);
        else
            return true;
    }
}

/* ---- A phase. ---- */

static struct record *find_record(const char *host, int family)
{
    struct record *record = NULL;

    for (size_t i = 0; play.account && (record = account_record(play.account, i)); i++)
        if (record_family(record) == family && (!host || strcasecmp(record_name(record), host) == 0))
            return record;
    return NULL;
}

static bool begin_echo(const struct transcript_want *want)
{
    const struct config_provider *provider = play.config->providers[0];

    if (want->kind != TRANSCRIPT_WANT || want->host || play.ask)
        return wrong(want->line, "an address echo service is asked once, by: want TYPE ADDRESS");
    play.rule = provider->names.list[0].place->rule;
    play.rule.family = want->family;
    play.outcomes[0].family = want->family;
    play.outcomes[0].wanted = true;
    play.ask = ask_new(base, http, &play.rule, on_news, NULL);
    look();
    return true;
}

static bool apply_want(const struct transcript_want *want)
{
    struct record_target target = {.ips = want->ips, .prefix_length = want->prefix_length};
    struct record_memory memory = {.published = want->ips,
                                   .published_at = moment_recall(FAST_TIMER_WALL_S - 3600, -1, "")};
    struct record *record = find_record(want->host, want->family);

    if (!play.account)
        return begin_echo(want);
    if (!record)
        return wrong(want->line, "the configuration has no such record");
    if (!want->host && play.config->providers[0]->names.count > 1)
        return wrong(want->line, "which host? The configuration has several");
    if (want->kind == TRANSCRIPT_OLD) {
        record_recall(record, &memory);
        return true;
    }
    target.withdraw = want->kind == TRANSCRIPT_LOST;
    find_outcome(record_name(record), want->family)->wanted = true;
    fast_timer_made_by(FAST_TIMER_RECORD);
    record_want(record, &target, "no address");
    fast_timer_made_by(FAST_TIMER_OTHER);
    return true;
}

static bool check_verdict(const struct transcript_verdict *verdict)
{
    const struct outcome *outcome = find_outcome(verdict->host, verdict->family);
    bool waits = verdict->verdict == UPDATE_AGAIN || verdict->verdict == UPDATE_UNREACHABLE;
    struct record *record = find_record(verdict->host, verdict->family);
    struct buf expected = {0}, came = {0}, why = {0};
    bool good;

    if (!outcome)
        return wrong(verdict->line, "the configuration has no such record");
    if (!outcome->told)
        return wrong(verdict->line, "nothing came of it: the record is %s",
                     record ? record_state_word(record_state(record)) : "not asked for");
    good = outcome->verdict == verdict->verdict && (!waits || outcome->after_ms == verdict->after_ms) &&
           (!verdict->text || strstr(outcome->text, verdict->text));
    if (!good) {
        add_outcome(&expected, verdict->verdict, verdict->after_ms, verdict->text);
        add_outcome(&came, outcome->verdict, outcome->after_ms, outcome->text);
        expect_differ(&why, "another verdict", expected.text, came.text);
        wrong(verdict->line, "%s", why.text);
    }
    buf_free(&expected);
    buf_free(&came);
    buf_free(&why);
    return good;
}

/* What an echo service has told is to be the address. */
static bool check_echo(const struct transcript_phase *phase)
{
    char text[IP_SET_TEXT_SIZE];

    if (play.account || play.outcomes[0].verdict != UPDATE_DONE)
        return true;
    ip_set_text(&phase->wants[0].ips, text);
    return strcmp(text, play.outcomes[0].text) == 0 ||
           wrong(phase->wants[0].line, "another address: expected %s, came %s", text, play.outcomes[0].text);
}

static bool play_phase(const struct transcript_phase *phase)
{
    for (size_t i = 0; i < play.count; i++)
        play.outcomes[i].wanted = play.outcomes[i].told = false;
    for (uint64_t ms = phase->later_ms; ms && fast_timer_pass(&ms);)
        ;
    for (size_t i = 0; i < phase->want_count; i++)
        if (!apply_want(&phase->wants[i]))
            return false;
    for (size_t i = 0; i < phase->verdict_count; i++) {
        struct outcome *outcome = find_outcome(phase->verdicts[i].host, phase->verdicts[i].family);

        if (outcome)
            outcome->wanted = true;
    }
    if (!run_exchanges(phase))
        return false;
    for (size_t i = 0; i < phase->verdict_count; i++)
        if (!check_verdict(&phase->verdicts[i]))
            return false;
    return check_echo(phase) && !play.wrong;
}

/* ---- A case. ---- */

static bool read_config(void)
{
    const struct transcript_phase *phase = &play.one->phases[0];
    const struct transcript_verdict *verdict = &phase->verdicts[0];
    char *text = prepare_config(play.transcript, play.one), *path = unit_file(folder, "wanddns.conf", text, 0600);
    struct buf fault = {0};
    bool good;

    play.config = config_read(path, on_fault, &fault);
    good = play.config && !verdict->is_fault;
    if (!good && !verdict->is_fault)
        wrong(play.one->line, "the configuration: %s", buf_text(&fault));
    else if (!good && (play.config || (verdict->text && !strstr(fault.text, verdict->text))))
        wrong(verdict->line, "another fault of the configuration: expected %s, came %s",
              verdict->text ? verdict->text : "one", fault.length ? fault.text : "(none)");
    if (play.config)
        mark_config();
    buf_free(&fault);
    free(text);
    free(path);
    return good;
}

static void on_changed(void *arg)
{
    (void)arg;
}

static void make_account(void)
{
    struct record *record;

    play.account = account_new(http, false, on_changed, NULL);
    account_configure(play.account, play.config->providers[0]);
    for (size_t i = 0; (record = account_record(play.account, i)); i++) {
        play.outcomes = mem_resize(play.outcomes, ++play.count, sizeof *play.outcomes);
        play.outcomes[i] = (struct outcome){.host = record_name(record), .family = record_family(record)};
    }
}

static void end_case(void)
{
    account_free(play.account);
    if (play.ask)
        ask_free(play.ask);
    config_free(play.config);
    for (size_t i = 0; i < play.count; i++)
        free(play.outcomes[i].text);
    free(play.outcomes);
    wire_settle();
    fast_timer_reset();
    if (marked_left())
        wrong(play.one->line, "%s is a secret, and left in memory that is free", marked_left());
    marked_clear();
}

static void play_case(const struct transcript *transcript, const struct transcript_case *one, struct buf *faults)
{
    bool is_echo = prepare_has_step(transcript->provider, "address");

    memset(&play, 0, sizeof play);
    play.transcript = transcript;
    play.one = one;
    play.faults = faults;
    if (shown)
        printf("\ncase %s\n", one->title);
    if (read_config()) {
        if (is_echo) {
            play.count = 1;
            play.outcomes = mem_alloc(sizeof *play.outcomes);
            play.outcomes[0].host = "h.example.org";
        } else {
            make_account();
        }
        for (size_t i = 0; i < one->phase_count && play_phase(&one->phases[i]); i++)
            ;
    }
    end_case();
}

void play_transcript(const struct transcript *transcript, struct buf *faults)
{
    for (size_t i = 0; i < transcript->case_count; i++)
        play_case(transcript, &transcript->cases[i], faults);
}

void play_open(bool show)
{
    log_set_level(LOG_LEVEL_DEBUG); /* so that all texts are made, and looked through */
    shown = show;
    folder = unit_folder();
    base = timer_loop();
    assert_non_null(base);
    http = wire_open(base);
}

void play_close(void)
{
    wire_close();
    event_base_free(base);
    unit_remove_folder(folder);
    assert_false(marked_is_leaked());
}
