#include "player.h"

#include "box.h"
#include "clock.h"
#include "disk.h"
#include "fake_timer.h"
#include "logbook.h"
#include "mem.h"
#include "observer.h"
#include "server.h"
#include "statements.h"
#include "tale.h"
#include "unit.h"
#include "words.h"
#include "world.h"

enum { MOST_LOOPS = 4 };

/* Where the playing stands. */
static struct {
    const struct script *script;
    size_t at;
    bool ended; /* the line "in all ..." was there */
    struct loop {
        size_t begin; /* the line behind `repeat` */
        long n, last;
    } loops[MOST_LOOPS];
    size_t depth;
} play;

/* ---- Time. ---- */

static void run_due(void)
{
    fake_timer_advance(0);
    observer_look();
}

/* What came and was not said. */
static bool is_as_said(void)
{
    const struct server_request *request = server_unclaimed(NULL);

    if (request) {
        tale_wrong("a request that was not expected: %s (%s)", request->line, request->about->text);
        return false;
    }
    request = server_cancelled();
    if (request)
        tale_wrong("a request is taken back, which was not expected: %s (%s)", request->line, request->about->text);
    return !request;
}

/* One step on the way to this time. */
static void step(uint64_t until_ms)
{
    uint64_t left_ms = until_ms - clock_ms(), next_ms = fake_timer_next();

    fake_timer_advance(next_ms < left_ms ? next_ms : left_ms);
    observer_look();
}

static bool pass_to(uint64_t until_ms)
{
    run_due();
    while (clock_ms() < until_ms && !tale_faults()) {
        if (!is_as_said())
            return false;
        step(until_ms);
    }
    return !tale_faults();
}

/* ---- Requests. ---- */

static void tell_missing(const char *pattern)
{
    const struct server_request *other = server_unclaimed(NULL);

    if (other)
        tale_wrong("another request: expected %s, came %s (%s)", pattern, other->line, other->about->text);
    else
        tale_wrong("this request does not come: %s", pattern);
}

static void tell_early(const struct server_request *request, uint64_t from_ms)
{
    tale_wrong("the request comes %llu ms too early: %s", (unsigned long long)(from_ms - request->start_ms),
               request->about->text);
}

/* The pattern is what stands behind `request`, with an interface behind "over". */
static bool await_request(char *pattern, uint64_t from_ms, uint64_t to_ms)
{
    char *over = strstr(pattern, " over ");
    const struct server_request *request;

    if (over)
        *over = '\0';
    run_due();
    while (!(request = server_unclaimed(pattern)) && !server_unclaimed(NULL) && clock_ms() < to_ms && !tale_faults())
        step(to_ms);
    if (!request)
        tell_missing(pattern);
    else if (request->start_ms < from_ms)
        tell_early(request, from_ms);
    else if (over && !world_is_link(request->link, over + strlen(" over ")))
        tale_wrong("it does not leave over %s", over + strlen(" over "));
    return true;
}

/* ---- Lines. ---- */

static bool begin_loop(char *rest)
{
    unsigned long times, same;

    if (play.depth == MOST_LOOPS || !words_range(rest, &times, &same) || !times)
        return false;
    play.loops[play.depth++] = (struct loop){play.at + 1, 1, (long)times};
    return true;
}

static bool end_loop(void)
{
    struct loop *loop = &play.loops[play.depth - 1];

    if (!play.depth)
        return false;
    if (loop->n++ < loop->last)
        play.at = loop->begin - 1;
    else
        play.depth--;
    return true;
}

static long number(void)
{
    return play.depth ? play.loops[play.depth - 1].n : 0;
}

/* What is to be true within the window. */
static bool await_truth(const char *text, uint64_t to_ms)
{
    while (!statements_is_true(text) && clock_ms() < to_ms && is_as_said())
        step(to_ms);
    return true;
}

static bool do_line(const struct script_line *line, char *text, const char *block)
{
    uint64_t base_ms = line->when == SCRIPT_AT ? 0 : clock_ms();
    uint64_t from_ms = base_ms + line->from_ms, to_ms = base_ms + line->to_ms;

    if (strncmp(text, "repeat ", 7) == 0)
        return begin_loop(text + 7);
    if (strcmp(text, "end") == 0)
        return end_loop();
    if (strncmp(text, "request ", 8) == 0)
        return await_request(text + 8, from_ms, to_ms);
    if (from_ms < clock_ms())
        return tale_wrong("this time is over");
    if (!pass_to(from_ms))
        return true;
    if (to_ms > from_ms)
        await_truth(text, to_ms);
    tale_show("%s", text);
    play.ended |= strncmp(text, "in all ", 7) == 0;
    return statements_do(text, block);
}

static void play_lines(const struct script *script)
{
    play.script = script;
    play.depth = 0;
    play.ended = false;
    for (play.at = 0; play.at < script->count && !tale_faults(); play.at++) {
        const struct script_line *line = &script->lines[play.at];
        char *text = words_fill(line->text, number());
        char *block = line->block ? words_fill(line->block, number()) : NULL;

        tale_line(line->number);
        if (!do_line(line, text, block) && !tale_faults())
            tale_wrong("this makes no sense: %s", line->text);
        free(text);
        free(block);
    }
    if (tale_faults())
        return;
    run_due();
    is_as_said();
    if (play.depth)
        tale_wrong("a loop has no end");
    if (!play.ended)
        tale_wrong("the last line is missing: in all N requests");
    if (server_has_absorbed())
        tale_wrong("requests that a rule answered were not counted");
}

bool player_play(const struct script *script, uint64_t jitter, bool show, struct buf *faults)
{
    tale_begin(script->path, faults, show);
    clock_begin(jitter);
    logbook_begin();
    disk_begin();
    world_begin();
    box_begin();
    observer_begin();
    server_begin();
    if (script->fault) {
        tale_line(script->fault_line);
        tale_wrong("%s", script->fault);
    } else {
        play_lines(script);
    }
    box_check_report();
    box_end();
    server_end();
    statements_end();
    observer_end();
    disk_end();
    logbook_end();
    return !tale_faults();
}
