#include "hook.h"

#include "buf.h"
#include "child.h"
#include "log.h"
#include "mem.h"
#include "timer.h"

#include <stdlib.h>
#include <string.h>

enum { VARIABLES = 8 };

/* One program that runs or waits. */
struct job {
    struct job *next;
    struct hooks *hooks;
    struct child *child;
    char *program;
    char *key;         /* of the record */
    const char *event; /* a constant */
    char *environment[VARIABLES + 1];
};

/* A record that had to wait, or was refused, since it was well last. */
struct trouble {
    struct trouble *next;
    char *key;
    bool refused;
};

struct hooks {
    struct job *running[HOOK_AT_ONCE];
    struct job *waiting;
    size_t waiting_count;
    bool overflowed; /* the log knows, until none waits */
    struct trouble *troubles;
    struct timer *timer;
    hook_idle_fn *idle;
    void *arg;
};

/* ---- What is worth telling. ---- */

/* The place of the record's trouble, or of the NULL at the end of the list. */
static struct trouble **find_trouble(struct hooks *hooks, const char *key)
{
    struct trouble **link = &hooks->troubles;

    while (*link && strcmp((*link)->key, key) != 0)
        link = &(*link)->next;
    return link;
}

static void free_trouble(struct trouble **link)
{
    struct trouble *trouble = *link;

    *link = trouble->next;
    free(trouble->key);
    free(trouble);
}

/* False when it was known. */
static bool note_trouble(struct trouble **link, const char *key, bool refused)
{
    bool known = *link && (*link)->refused >= refused;

    if (!*link) {
        *link = mem_alloc(sizeof **link);
        (*link)->key = mem_string(key);
    }
    (*link)->refused |= refused;
    return !known;
}

/* The event, or NULL when nothing is to be told. */
static const char *judge(struct hooks *hooks, const struct hook_fact *fact, const char *key)
{
    struct trouble **trouble = find_trouble(hooks, key);

    switch (fact->to) {
    case RECORD_WAITING:
        note_trouble(trouble, key, false);
        return NULL;
    case RECORD_REFUSED:
        return note_trouble(trouble, key, true) && fact->from != RECORD_IDLE ? "refused" : NULL;
    case RECORD_CURRENT:
        if (*trouble) {
            free_trouble(trouble);
            return "recovered";
        }
        if (ip_set_equal(fact->old, fact->next))
            return NULL;
        return fact->old->count ? "changed" : "current";
    case RECORD_IDLE:
        if (!fact->old->count || fact->next->count)
            return NULL;
        if (*trouble)
            free_trouble(trouble);
        return "withdrawn";
    case RECORD_UPDATING:
        return NULL;
    }
    return NULL;
}

/* ---- Programs. ---- */

static void free_job(struct job *job)
{
    for (size_t i = 0; i < VARIABLES; i++)
        free(job->environment[i]);
    free(job->program);
    free(job->key);
    free(job);
}

static char *variable(const char *name, const char *value)
{
    struct buf text = {0};

    buf_addf(&text, "WANDDNS_%s=%s", name, value);
    return buf_take(&text);
}

/* The provider's words, which may be anything, go on to terminals and mails. */
static char *error_variable(const struct hook_fact *fact)
{
    struct buf text = {0};

    buf_add(&text, "WANDDNS_ERROR=");
    if (fact->to == RECORD_REFUSED && fact->text)
        buf_add_escaped(&text, fact->text, BUF_PRINT);
    return buf_take(&text);
}

static const char *addresses(const struct ip_set *set, char *buffer)
{
    return set->count ? ip_set_text(set, buffer) : "";
}

static struct job *make_job(struct hooks *hooks, const struct hook_fact *fact, const char *event, const char *key)
{
    struct job *job = mem_alloc(sizeof *job);
    char **next = job->environment, buffer[IP_SET_TEXT_SIZE];

    job->hooks = hooks;
    job->program = mem_string(fact->program);
    job->key = mem_string(key);
    job->event = event;
    *next++ = variable("EVENT", event);
    *next++ = variable("NAME", fact->name);
    *next++ = variable("TYPE", ip_record_type(fact->family));
    *next++ = variable("OLD", addresses(fact->old, buffer));
    *next++ = variable("NEW", addresses(fact->next, buffer));
    *next++ = variable("STATE", record_state_word(fact->to));
    *next++ = variable("ACCOUNT", fact->account);
    *next++ = error_variable(fact);
    return job;
}

/* The last line that is not empty; the caller frees it. */
static char *last_line(const char *output, size_t length)
{
    size_t begin;

    while (length && strchr("\r\n \t", output[length - 1]))
        length--;
    for (begin = length; begin && output[begin - 1] != '\n' && output[begin - 1];)
        begin--;
    return mem_string_n(output + begin, length - begin);
}

static void log_end(const struct job *job, const struct child_result *result)
{
    char *line;

    if (result->good) {
        log_debug("on-change: %s: %s: %s heard it", job->key, job->event, job->program);
        return;
    }
    line = last_line(result->output, result->length);
    log_warning("on-change: %s: %s: %s %s%s%s", job->key, job->event, job->program, result->error, *line ? ": " : "",
                line);
    free(line);
}

static size_t count_running(const struct hooks *hooks)
{
    size_t count = 0;

    for (size_t i = 0; i < HOOK_AT_ONCE; i++)
        count += hooks->running[i] != NULL;
    return count;
}

bool hooks_are_busy(const struct hooks *hooks)
{
    return hooks && (hooks->waiting || count_running(hooks));
}

static void on_done(void *arg, const struct child_result *result)
{
    struct job *job = arg;
    struct hooks *hooks = job->hooks;

    log_end(job, result);
    for (size_t i = 0; i < HOOK_AT_ONCE; i++)
        if (hooks->running[i] == job)
            hooks->running[i] = NULL;
    free_job(job);
    if (hooks->waiting)
        timer_start(hooks->timer, 0);
    else if (!count_running(hooks))
        hooks->idle(hooks->arg);
}

/* ---- Who is next. ---- */

static bool is_running(const struct hooks *hooks, const char *key)
{
    for (size_t i = 0; i < HOOK_AT_ONCE; i++)
        if (hooks->running[i] && strcmp(hooks->running[i]->key, key) == 0)
            return true;
    return false;
}

/* The first that waits and whose record is not told of already; NULL when there is none. */
static struct job *take_next(struct hooks *hooks)
{
    struct job **link = &hooks->waiting, *job;

    while (*link && is_running(hooks, (*link)->key))
        link = &(*link)->next;
    job = *link;
    if (!job)
        return NULL;
    *link = job->next;
    hooks->waiting_count--;
    hooks->overflowed &= hooks->waiting_count != 0;
    return job;
}

static void on_timer(void *arg)
{
    struct hooks *hooks = arg;

    for (size_t i = 0; i < HOOK_AT_ONCE; i++) {
        struct job *job = hooks->running[i] ? NULL : take_next(hooks);
        const char *const argv[] = {job ? job->program : NULL, NULL};

        if (!job)
            continue;
        hooks->running[i] = job;
        job->child = child_start_talking(timer_base(), argv, (const char *const *)job->environment, NULL,
                                         HOOK_TIMEOUT_MS, on_done, job);
    }
}

/* Takes the job. The newest fact of a record counts, in the place of the one before. */
static void queue(struct hooks *hooks, struct job *job)
{
    struct job **link = &hooks->waiting;

    while (*link && strcmp((*link)->key, job->key) != 0)
        link = &(*link)->next;
    if (*link) {
        struct job *older = *link;

        job->next = older->next;
        *link = job;
        free_job(older);
        return;
    }
    if (hooks->waiting_count == HOOK_WAITING) {
        if (!hooks->overflowed)
            log_warning("on-change: more than %d wait: nobody hears of %s, %s, and of what else is too much",
                        HOOK_WAITING, job->key, job->event);
        hooks->overflowed = true;
        free_job(job);
        return;
    }
    *link = job;
    hooks->waiting_count++;
}

void hook_tell(struct hooks *hooks, const struct hook_fact *fact)
{
    struct buf key = {0};
    const char *event;

    if (!hooks || !fact->program)
        return;
    buf_addf(&key, "%s: %s %s", fact->account, fact->name, ip_record_type(fact->family));
    event = judge(hooks, fact, key.text);
    if (event) {
        queue(hooks, make_job(hooks, fact, event, key.text));
        if (!timer_is_running(hooks->timer))
            timer_start(hooks->timer, 0);
    }
    buf_free(&key);
}

struct hooks *hooks_new(hook_idle_fn *idle, void *arg)
{
    struct hooks *hooks = mem_alloc(sizeof *hooks);

    hooks->idle = idle;
    hooks->arg = arg;
    hooks->timer = timer_new(on_timer, hooks);
    return hooks;
}

void hooks_free(struct hooks *hooks)
{
    if (!hooks)
        return;
    if (hooks_are_busy(hooks))
        log_warning("on-change: ended before all were told: %zu ran, %zu waited", count_running(hooks),
                    hooks->waiting_count);
    for (size_t i = 0; i < HOOK_AT_ONCE; i++) {
        if (!hooks->running[i])
            continue;
        child_cancel(hooks->running[i]->child);
        free_job(hooks->running[i]);
    }
    for (struct job *job; (job = hooks->waiting);) {
        hooks->waiting = job->next;
        free_job(job);
    }
    while (hooks->troubles)
        free_trouble(&hooks->troubles);
    timer_free(hooks->timer);
    free(hooks);
}
