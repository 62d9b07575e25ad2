#include "update.h"

#include "buf.h"
#include "finding.h"
#include "log.h"
#include "mem.h"
#include "program.h"
#include "request.h"
#include "timer.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PAGES = 50 };

struct update {
    struct update_batch batch;
    struct definition *definition;
    struct values values;
    struct http *http;
    struct http_transfer *transfer;
    struct program *program;
    struct timer *timer;           /* to ask once more, or to tell the results from the loop */
    size_t step;                   /* the one under way */
    unsigned long times;           /* that it was asked */
    bool recalled;                 /* a value came from the memory */
    bool again;                    /* the second walk, with nothing remembered */
    unsigned long requests;        /* that may have arrived */
    long status;                   /* of the last answer */
    uint64_t rest_ms;              /* that an answer asked for */
    bool wrote;                    /* a request that is to change something was sent */
    char *text;                    /* what the last good answer said */
    struct update_result *results; /* NULL: not yet known */
    update_done_fn *fn;
    void *arg;
};

static void walk(struct update *update);

/* ---- The end. ---- */

static void free_update(struct update *update)
{
    for (size_t i = 0; update->results && i < update->batch.count; i++)
        free(update->results[i].text);
    free(update->results);
    free(update->text);
    values_clear(&update->values);
    timer_free(update->timer);
    definition_free(update->definition);
    free(update);
}

static void tell(void *arg)
{
    struct update *update = arg;

    if (!update->results) { /* a pause is over */
        walk(update);
        return;
    }
    update->fn(update->arg, update->results);
    free_update(update);
}

static const struct definition_step *step_of(const struct update *update)
{
    return &update->definition->steps[update->step];
}

/* Where there are several steps the text says in which one it was. */
static char *with_step(const struct update *update, const char *text, bool good)
{
    struct buf whole = {0};

    buf_add(&whole, text);
    if (!good && update->definition->step_count > 1)
        buf_addf(&whole, " (step %s)", step_of(update)->title);
    return buf_take(&whole);
}

/* Is it the login, or all the world, that is to ask less (RFC 6585 section 4, RFC 9110 section 15.6.4)? */
static bool is_too_much(long status)
{
    return status == 429 || status == 503;
}

/* What is the same for all results. They are told from the loop, where none was asked for. */
static void tell_soon(struct update *update)
{
    uint32_t luck = timer_random(UINT32_MAX);

    for (size_t i = 0; i < update->batch.count; i++) {
        struct update_result *result = &update->results[i];

        result->requests = update->requests;
        result->wrote = update->wrote;
        result->luck = luck;
        result->rest_ms = update->rest_ms;
        if (is_too_much(update->status) && result->rest_ms < result->after_ms)
            result->rest_ms = result->after_ms;
    }
    timer_start(update->timer, 0);
}

/* One result for all. */
static void finish(struct update *update, enum update_verdict verdict, uint64_t after_ms, const char *text)
{
    bool good = verdict == UPDATE_DONE || verdict == UPDATE_UNCHANGED;

    update->results = mem_alloc(update->batch.count * sizeof *update->results);
    for (size_t i = 0; i < update->batch.count; i++)
        update->results[i] = (struct update_result){.verdict = verdict,
                                                    .after_ms = after_ms,
                                                    .text = with_step(update, text, good),
                                                    .is_of_all = update->status == 404};
    tell_soon(update);
}

static enum update_verdict verdict_of(enum answer_verdict verdict)
{
    static const enum update_verdict verdicts[] = {
        [ANSWER_DONE] = UPDATE_DONE,      [ANSWER_UNCHANGED] = UPDATE_UNCHANGED,
        [ANSWER_AGAIN] = UPDATE_AGAIN,    [ANSWER_REFUSED] = UPDATE_REFUSED,
        [ANSWER_ABSENT] = UPDATE_REFUSED, [ANSWER_REFUSED_ACCOUNT] = UPDATE_REFUSED_ACCOUNT,
        [ANSWER_REPEAT] = UPDATE_AGAIN,
    };

    return verdicts[verdict];
}

/* ---- The way from step to step. ---- */

static int flow_of(const struct update_batch *batch)
{
    return batch->items[0].ip4.count || batch->items[0].ip6.count ? DEFINITION_UPDATE : DEFINITION_DELETE;
}

static bool is_for_us(struct update *update, const struct definition_step *step)
{
    return step->flows & flow_of(&update->batch) && !(step->when && !values_has(&update->values, step->when)) &&
           !(step->unless && values_has(&update->values, step->unless));
}

/* What is only looked up need not be asked for again. */
static bool is_remembered(struct update *update, const struct definition_step *step)
{
    if (update->again || step->flows != (DEFINITION_UPDATE | DEFINITION_DELETE) ||
        !finding_recall(&update->values, step, update->batch.memory))
        return false;
    update->recalled = true;
    return true;
}

static void next_step(struct update *update)
{
    update->step++;
    update->times = 0;
}

/* What was remembered may be wrong by now: everything is asked for once more. */
static bool walk_again(struct update *update)
{
    if (!update->recalled || update->again)
        return false;
    log_debug("%s: what was remembered is forgotten", update->batch.provider->id);
    finding_forget(&update->values, update->batch.memory);
    values_clear(&update->values);
    update->again = true;
    update->step = 0;
    update->times = 0;
    walk(update);
    return true;
}

/* ---- Answers. ---- */

static void take_failure(struct update *update, const struct http_answer *http)
{
    struct buf text = {0};

    buf_addf(&text, "%s: %s", http_stage_word(http->stage), http->error);
    if (http->stage == HTTP_GARBLED)
        finish(update, UPDATE_AGAIN, update->definition->again_ms, text.text);
    else
        finish(update, UPDATE_UNREACHABLE, 0, text.text);
    buf_free(&text);
}

/* Names in a list have a line of the answer each. */
static void take_lines(struct update *update, const struct verdict_answer *answer)
{
    update->results = mem_alloc(update->batch.count * sizeof *update->results);
    for (size_t i = 0; i < update->batch.count; i++) {
        struct verdict verdict;

        verdict_judge(answer, &update->values, step_of(update), i, &verdict);
        update->results[i] = (struct update_result){
            .verdict = verdict_of(verdict.verdict), .after_ms = verdict.after_ms, .text = verdict.text};
    }
    tell_soon(update);
}

static void take_nothing(struct update *update, const char *text)
{
    const struct definition_step *step = step_of(update);
    bool writes = step->flows == DEFINITION_UPDATE && !step->list; /* to what is not there */

    if (step->more && values_has(&update->values, step->more) && ++update->times < MOST_PAGES)
        walk(update); /* the next page */
    else if ((step->must || writes) && walk_again(update))
        return;
    else if (step->must || writes)
        finish(update, UPDATE_REFUSED, 0, step->must ? step->must : text);
    else {
        next_step(update);
        walk(update);
    }
}

static void take_finding(struct update *update, const struct verdict_answer *answer, const char *text)
{
    const struct definition_step *step = step_of(update);

    switch (finding_take(answer, &update->values, step, update->batch.memory)) {
    case FINDING_GOOD:
        free(update->text);
        update->text = mem_string(text);
        next_step(update);
        walk(update);
        break;
    case FINDING_NOTHING:
        take_nothing(update, text);
        break;
    case FINDING_UNCHANGED:
        finish(update, UPDATE_UNCHANGED, 0, "the record has this address already");
        break;
    case FINDING_SEVERAL:
        finish(update, UPDATE_REFUSED, 0,
               "there are several that fit, and none is known to be ours: leave only the one that is to follow us");
        break;
    case FINDING_OTHER:
        finish(update, UPDATE_REFUSED, 0, "provider: the server took another address than the one that was sent");
        break;
    case FINDING_NO_JSON:
        finish(update, UPDATE_AGAIN, 0, "provider: the answer is not what it should be");
        break;
    }
}

static void take_answer(struct update *update, const struct verdict_answer *answer)
{
    struct verdict verdict;

    verdict_judge(answer, &update->values, step_of(update), 0, &verdict);
    switch (verdict.verdict) {
    case ANSWER_DONE:
        take_finding(update, answer, verdict.text);
        break;
    case ANSWER_ABSENT:
        take_nothing(update, verdict.text);
        break;
    case ANSWER_REFUSED:
    case ANSWER_REFUSED_ACCOUNT:
        if (!walk_again(update))
            finish(update, verdict_of(verdict.verdict), 0, verdict.text);
        break;
    case ANSWER_REPEAT:
        if (++update->times < step_of(update)->times) {
            timer_start(update->timer, step_of(update)->every_ms);
            break;
        } /* fall through */
    case ANSWER_AGAIN:
        /* Not every service says so in words that we know when an id or a token is no more. */
        if (verdict.is_unknown && walk_again(update))
            break; /* fall through */
    case ANSWER_UNCHANGED:
        finish(update, verdict_of(verdict.verdict), verdict.after_ms, verdict.text);
        break;
    }
    free(verdict.text);
}

static void on_answer(void *arg, const struct http_answer *http)
{
    struct update *update = arg;
    struct verdict_answer answer;

    log_debug("%s: step %s: answer: %s, status %ld, %zu bytes", update->batch.provider->id, step_of(update)->title,
              http_stage_word(http->stage), http->status, http->length);
    update->transfer = NULL;
    update->program = NULL;
    update->status = http->status;
    update->requests += http->stage >= HTTP_WAIT;
    if (!update->definition->budget && update->rest_ms < http->pace.limit_ms)
        update->rest_ms = http->pace.limit_ms; /* who has a budget of his own knows it better */
    if (http->stage != HTTP_DONE) {
        take_failure(update, http);
    } else {
        verdict_read(http, &answer);
        if (update->batch.count > 1 && !definition_has_each(update->definition))
            take_lines(update, &answer);
        else
            take_answer(update, &answer);
        verdict_clear(&answer);
    }
    /* At once: whoever takes the request back in this turn of the loop would lose what was said. */
    if (update->results)
        tell(update);
}

/* ---- Requests. ---- */

static char *describe(const struct definition *definition, struct values *values, const struct definition_step *step)
{
    return definition->runs_program ? program_describe(values) : request_describe(values, step);
}

static void send_request(struct update *update, const struct definition_step *step)
{
    struct request request;

    update->wrote |= step->flows == DEFINITION_UPDATE || update->definition->runs_program;
    if (update->definition->runs_program) {
        update->program = program_start(&update->values, on_answer, update);
        return;
    }
    request_make(&update->values, step, &request);
    request.http.link = update->batch.link;
    update->transfer = http_start(update->http, &request.http, on_answer, update);
    request_clear(&request);
}

static void ask(struct update *update)
{
    const struct definition_step *step = step_of(update);
    char *lacks;

    update->values.now_s = timer_wall_s();
    update->values.nonce = timer_nonce();
    lacks = request_lacks(&update->values, step);
    if (log_shows(LOG_LEVEL_DEBUG)) {
        char *shown = describe(update->definition, &update->values, step);

        log_debug("%s: step %s: request: %s", update->batch.provider->id, step->title, shown);
        free(shown);
    }
    if (lacks) {
        struct buf text = {0};

        buf_addf(&text, "there is no {%s} for the URL", lacks);
        finish(update, UPDATE_AGAIN, 0, text.text);
        buf_free(&text);
    } else {
        send_request(update, step);
    }
    free(lacks);
}

/* Goes to the next step that is to be asked, or ends. */
static void walk(struct update *update)
{
    const struct definition *definition = update->definition;

    for (; update->step < definition->step_count; next_step(update)) {
        const struct definition_step *step = step_of(update);

        if (is_for_us(update, step) && !is_remembered(update, step)) {
            ask(update);
            return;
        }
    }
    if (flow_of(&update->batch) == DEFINITION_DELETE)
        finding_forget_record(&update->values, update->batch.memory);
    else if (!update->wrote) {
        update->step--;
        finish(update, UPDATE_REFUSED, 0, "the provider has no record of this name and type, and makes none");
        return;
    }
    finish(update, UPDATE_DONE, 0, update->text ? update->text : "nothing is there to be deleted");
}

static struct values values_of(const struct update_batch *batch)
{
    return (struct values){
        .provider = batch->provider,
        .definition = batch->provider->definition,
        .items = batch->items,
        .count = batch->count,
    };
}

struct update *update_start(struct http *http, const struct update_batch *batch, update_done_fn *fn, void *arg)
{
    struct update *update = mem_alloc(sizeof *update);

    update->batch = *batch;
    update->definition = definition_hold(batch->provider->definition);
    update->values = values_of(batch);
    update->http = http;
    update->timer = timer_new(tell, update);
    update->fn = fn;
    update->arg = arg;
    walk(update);
    return update;
}

void update_cancel(struct update *update)
{
    if (update->transfer)
        http_cancel(update->transfer);
    program_cancel(update->program);
    free_update(update);
}

bool update_is_asking(const struct update *update)
{
    return update->transfer != NULL;
}

unsigned long update_requests(const struct update *update)
{
    struct ip local = update_local_address(update);

    return update->requests + (update->program || ip_is_set(&local));
}

struct ip update_local_address(const struct update *update)
{
    return update->transfer ? http_local_address(update->transfer) : (struct ip){0};
}

char *update_describe(const struct update_batch *batch)
{
    const struct definition *definition = batch->provider->definition;
    struct values values = values_of(batch);
    struct buf text = {0};

    values.now_s = timer_wall_s();
    for (size_t i = 0; i < definition->step_count; i++) {
        const struct definition_step *step = &definition->steps[i];
        bool is_ours = step->flows & flow_of(batch) && !(step->unless && values_has(&values, step->unless));
        char *one = is_ours ? describe(definition, &values, step) : NULL;

        if (one)
            buf_addf(&text, "%s%s", text.length ? "\n" : "", one);
        if (one && (step->when || step->unless))
            buf_addf(&text, " (only with%s {%s})", step->when ? "" : "out", step->when ? step->when : step->unless);
        free(one);
    }
    values_clear(&values);
    return buf_take(&text);
}
