#include "statements.h"

#include "box.h"
#include "claims.h"
#include "clock.h"
#include "disk.h"
#include "fake_timer.h"
#include "http.h"
#include "observer.h"
#include "server.h"
#include "tale.h"
#include "unit.h"
#include "words.h"
#include "world.h"

#include <errno.h>
#include <time.h>

typedef bool statement_fn(char *rest, const char *block);

static struct timer *left_timer;
static struct http_transfer *left_request;

/* ---- The program and its configuration. ---- */

static bool do_configuration(char *rest, const char *block)
{
    if (*rest || !block)
        return false;
    box_set_config(block);
    return true;
}

static bool do_definition(char *rest, const char *block)
{
    if (!*rest || !block)
        return false;
    box_set_definition(rest, block);
    return true;
}

static bool do_change(char *rest, const char *block)
{
    const char *key = words_next(&rest), *sign = words_next(&rest);

    return !block && strcmp(sign, "=") == 0 && box_change_config(key, rest);
}

static bool do_start(char *rest, const char *block)
{
    return !*rest && !block && !box_is_running() && box_start();
}

static bool do_stop(char *rest, const char *block)
{
    if (*rest || block || !box_is_running())
        return false;
    box_stop();
    return true;
}

static bool do_kill(char *rest, const char *block)
{
    if (*rest || block || !box_is_running())
        return false;
    box_kill();
    return true;
}

static bool do_reboot(char *rest, const char *block)
{
    if (*rest || block)
        return false;
    box_boot();
    return true;
}

static bool do_reload(char *rest, const char *block)
{
    if (*rest || !box_is_running())
        return false;
    if (block)
        box_set_config(block);
    return box_reload();
}

static bool do_force(char *rest, const char *block)
{
    if (*rest || block || !box_is_running())
        return false;
    box_force();
    return true;
}

/* update NAME, as the operator says it */
static bool do_update(char *rest, const char *block)
{
    if (!*rest || block || !box_is_running())
        return false;
    return box_update(rest) || tale_wrong("there is no record of this name");
}

/* ---- The world. ---- */

/* "+30y", "-1h", "is right", "is 1970-01-01" */
static bool do_clock(char *rest, const char *block)
{
    int64_t wall_s = timer_wall_s();
    struct tm date = {0};
    uint64_t ms;

    if (*rest == '+' && words_time(rest + 1, &ms))
        wall_s += (int64_t)(ms / 1000);
    else if (*rest == '-' && words_time(rest + 1, &ms))
        wall_s -= (int64_t)(ms / 1000);
    else if (strcmp(rest, "is right") == 0)
        wall_s = clock_true_s();
    else if (strncmp(rest, "is ", 3) == 0 && strptime(rest + 3, "%Y-%m-%d", &date))
        wall_s = timegm(&date);
    else
        return false;
    observer_clock_set(wall_s);
    fake_timer_step(wall_s);
    return !block;
}

static bool do_resolver(char *rest, const char *block)
{
    if (strcmp(rest, "changes") != 0 || block)
        return false;
    box_change_resolver();
    return true;
}

static bool do_route(char *rest, const char *block)
{
    return !block && world_route(rest);
}

static bool do_kernel(char *rest, const char *block)
{
    return !block && world_kernel(rest);
}

static bool do_disk(char *rest, const char *block)
{
    static const struct {
        const char *word;
        int error;
    } kinds[] = {{"good", 0}, {"full", ENOSPC}, {"read-only", EROFS}, {"broken", EIO}};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strcmp(kinds[i].word, rest) != 0)
            continue;
        disk_fail(kinds[i].error);
        return !block;
    }
    return false;
}

/* "removed", "damaged [at N]", "is" with a text, "holds TEXT", "lacks TEXT" */
static bool do_state(char *rest, const char *block)
{
    const char *word = words_next(&rest), *state = disk_state() ? disk_state() : "";

    if (strcmp(word, "removed") == 0)
        disk_tamper(NULL);
    else if (strcmp(word, "damaged") == 0)
        disk_spoil(strncmp(rest, "at ", 3) == 0 ? strtoul(rest + 3, NULL, 10) : strlen(state) / 2);
    else if (strcmp(word, "is") == 0 && block)
        disk_tamper(block);
    else if (strcmp(word, "holds") == 0 && *rest)
        return strstr(state, rest) || tale_wrong("the state file has no '%s' in it:\n%s", rest, state);
    else if (strcmp(word, "lacks") == 0 && *rest)
        return !strstr(state, rest) || tale_wrong("the state file has '%s' in it:\n%s", rest, state);
    else
        return false;
    return true;
}

/* ---- The server. ---- */

static bool do_server(char *rest, const char *block)
{
    return server_rule(rest, block);
}

/* "NAME: ..." or "NAME/AAAA: ..." chooses the request; *rest is what stands behind it. */
static struct server_request *choose(char **rest)
{
    size_t length = strcspn(*rest, " \t");
    struct buf pattern = {0};
    struct server_request *request;
    char *word, *slash;

    if (length < 2 || (*rest)[length - 1] != ':')
        return server_open(NULL);
    word = words_next(rest);
    word[length - 1] = '\0';
    slash = strchr(word, '/');
    if (slash)
        *slash++ = '\0';
    buf_addf(&pattern, "%s %s", word, !slash ? "*" : strcmp(slash, "A") == 0 ? "*.*" : "*:*");
    request = server_open(pattern.text);
    buf_free(&pattern);
    return request;
}

static bool do_answer(char *rest, const char *block)
{
    struct server_request *request = choose(&rest);

    return request ? server_answer(request, rest, block) : tale_wrong("no such request is open");
}

static bool do_fail(char *rest, const char *block)
{
    struct server_request *request = choose(&rest);

    return !block && (request ? server_fail(request, rest) : tale_wrong("no such request is open"));
}

static bool do_act(char *rest, const char *block)
{
    const struct server_request *request = choose(&rest);

    if (!request || *rest || block)
        return false;
    server_act(request);
    return true;
}

static bool do_taken(char *rest, const char *block)
{
    struct server_request *request = server_cancelled();

    if (strcmp(rest, "back") != 0 || block)
        return false;
    if (!request)
        return tale_wrong("no request was taken back");
    server_forgive(request);
    return true;
}

/* ---- What a program leaves behind that forgets it. ---- */

static void on_timer(void *arg)
{
    (void)arg;
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    (void)arg;
    (void)answer;
    left_request = NULL;
}

/* leave timer, leave request: for the stories in wrong/ */
static bool do_leave(char *rest, const char *block)
{
    static const struct http_request request = {.method = "GET", .url = "https://left.example.net/"};

    if (strcmp(rest, "timer") == 0 && !left_timer)
        left_timer = timer_new(on_timer, NULL);
    else if (strcmp(rest, "request") == 0 && !left_request)
        left_request = http_start(NULL, &request, on_answer, NULL);
    else
        return false;
    return !block;
}

void statements_end(void)
{
    timer_free(left_timer);
    left_timer = NULL;
    if (left_request)
        http_cancel(left_request);
    left_request = NULL;
}

/* ---- All of them. ---- */

static bool do_nothing(char *rest, const char *block)
{
    return strcmp(rest, "happens") == 0 && !block;
}

static const struct {
    const char *word;
    statement_fn *fn;
} statements[] = {
    {"configuration", do_configuration},
    {"definition", do_definition},
    {"change", do_change},
    {"start", do_start},
    {"stop", do_stop},
    {"kill", do_kill},
    {"reboot", do_reboot},
    {"reload", do_reload},
    {"force", do_force},
    {"update", do_update},
    {"clock", do_clock},
    {"resolver", do_resolver},
    {"route", do_route},
    {"kernel", do_kernel},
    {"disk", do_disk},
    {"state", do_state},
    {"server", do_server},
    {"answer", do_answer},
    {"fail", do_fail},
    {"act", do_act},
    {"taken", do_taken},
    {"leave", do_leave},
    {"nothing", do_nothing},
};

bool statements_is_true(const char *text)
{
    return claims_hold(text);
}

bool statements_do(char *text, const char *block)
{
    char *rest = text, *word;

    if (claims_knows(text))
        return !block && claims_check(text);
    word = words_next(&rest);
    for (size_t i = 0; i < COUNT(statements); i++)
        if (strcmp(statements[i].word, word) == 0)
            return statements[i].fn(rest, block);
    return !block && world_link(word, rest);
}
