/* An answer to a step of a definition that is shipped, and the requests that are made of what stands in it. Before it
 * stand three bytes: which definition, which step, and a status as an index; then come the fields of its header up to a
 * NUL, then its body. */
#include "fuzz.h"

#include "walk.h"

#include "fault.h"
#include "loader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"dyndns2", "cloudflare", "namecheap", "freedns", "hetzner-cloud"};
static const long statuses[] = {200, 201, 204, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    (void)arg, (void)file, (void)line, (void)text;
    assert(false && "WANDDNS_PROVIDERS names the folder of the definitions");
}

/* Read once, and kept until the end. */
static struct definition *definition_of(size_t number)
{
    static struct definition *definitions[COUNT(names)];
    struct faults faults = {"fuzz", on_fault, NULL, false};

    if (!definitions[number])
        definitions[number] = loader_find(names[number], &faults, 1);
    return definitions[number];
}

static char *text_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* As an answer to somebody who publishes two names where they go together, or who deletes. */
static void play(struct definition *definition, size_t step, const struct http_answer *answer,
                 enum ip_families families, bool publishes)
{
    struct update_item items[] = {{.name = "home.example.org", .families = families},
                                  {.name = "example.org", .families = families}};
    struct config_provider provider = walk_provider(definition);
    struct values values = {.provider = &provider, .definition = definition, .items = items};
    struct memory *memory = memory_new();
    struct ip ip, old;

    values.count = definition->names > 1 ? 2 : 1;
    ip_parse(families == IP_V4 ? "203.0.113.7" : "2001:db8::7", &ip);
    ip_parse(families == IP_V4 ? "203.0.113.1" : "2001:db8::1", &old);
    for (size_t i = 0; i < values.count; i++) {
        ip_set_add(&items[i].old, &old);
        if (publishes)
            ip_set_add(families == IP_V4 ? &items[i].ip4 : &items[i].ip6, &ip);
    }
    walk_answer(&values, &definition->steps[step], memory, answer);
    walk_requests(&values, publishes ? DEFINITION_UPDATE : DEFINITION_DELETE, true);
    memory_free(memory);
    values_clear(&values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 3 ? memchr(data + 3, '\0', size - 3) : NULL;
    struct http_answer answer = {.stage = HTTP_DONE};
    struct definition *definition;
    char *headers, *body;
    size_t step;

    if (!end)
        return 0;
    definition = definition_of(data[0] % COUNT(names));
    step = data[1] % definition->step_count;
    headers = text_of(data + 3, (size_t)(end - data) - 3);
    answer.status = statuses[data[2] % COUNT(statuses)];
    answer.headers = headers;
    answer.length = size - (size_t)(end - data) - 1;
    body = text_of(end + 1, answer.length);
    answer.body = body;
    for (int i = 0; i < 4; i++)
        play(definition, step, &answer, i & 1 ? IP_V4 : IP_V6, i & 2);
    free(headers);
    free(body);
    return 0;
}
