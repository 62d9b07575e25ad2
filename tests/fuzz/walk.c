#include "walk.h"

#include "finding.h"
#include "json.h"
#include "mem.h"
#include "request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct config_provider walk_provider(struct definition *definition)
{
    static char id[] = "fuzz", server[] = "https://server.example", zone[] = "example.org";
    static struct secret *username, *password;

    username = username ? username : secret_new("alice");
    password = password ? password : secret_new(WALK_PASSWORD);
    return (struct config_provider){
        .id = id,
        .definition = definition,
        .server = server,
        .username = username,
        .password = password,
        .zone = zone,
    };
}

/* Nothing in it that ends a line, or what is behind a space. */
static bool is_clean(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f || *text == '#')
            return false;
    return true;
}

static size_t count_of(const char *text, char c)
{
    size_t count = 0;

    while ((text = strchr(text, c))) {
        count++;
        text++;
    }
    return count;
}

/* Plain http only to a server that the user gave. Each pair, and what stands in the server and in the step's URL. */
static void check_url(const char *url, const struct values *values, const struct definition_step *step)
{
    const char *server = values->provider->server;
    bool plain = strncmp(server, "http://", 7) == 0;
    size_t ands = count_of(server, '&') + count_of(step->url, '&') + step->query.count;

    assert(strncmp(url, "https://", 8) == 0 || (plain && strncmp(url, "http://", 7) == 0));
    assert(is_clean(url));
    assert(count_of(url, '?') <= 1 || count_of(url, '?') == count_of(step->url, '?'));
    assert(count_of(url, '&') <= ands);
}

static void check_request(struct values *values, const struct definition_step *step, bool strict)
{
    char *lacks = request_lacks(values, step), *tidy;
    struct request request;

    free(lacks);
    if (lacks)
        return;
    request_make(values, step, &request);
    assert(request.http.url && request.http.method && !request.http.body == !request.body);
    if (strict) {
        check_url(request.url, values, step);
        for (size_t i = 0; request.headers[i]; i++)
            assert(!strpbrk(request.headers[i], "\r\n"));
        tidy = step->json ? json_tidy(request.body) : NULL;
        assert(!step->json || (tidy && strcmp(tidy, request.body) == 0));
        free(tidy);
    }
    request_clear(&request);
}

void walk_requests(struct values *values, enum definition_flow flow, bool strict)
{
    for (size_t i = 0; i < values->definition->step_count; i++) {
        const struct definition_step *step = &values->definition->steps[i];
        char *shown;

        if (!(step->flows & flow) || !step->url)
            continue;
        check_request(values, step, strict);
        shown = request_describe(values, step);
        assert(!strstr(shown, WALK_PASSWORD));
        free(shown);
    }
}

void walk_answer(struct values *values, const struct definition_step *step, struct memory *memory,
                 const struct http_answer *answer)
{
    struct verdict_answer read;
    struct verdict verdict;

    verdict_read(answer, &read);
    for (size_t i = 0; i < values->count; i++) {
        verdict_judge(&read, values, step, i, &verdict);
        assert(verdict.text && *verdict.text && !strstr(verdict.text, WALK_PASSWORD));
        assert(verdict.after_ms <= answer->pace.retry_after_ms || verdict.verdict == ANSWER_AGAIN);
        free(verdict.text);
    }
    finding_take(&read, values, step, memory);
    finding_recall(values, step, memory);
    verdict_clear(&read);
}
