#include "walker.h"

struct walker walker;

static void on_done(void *arg, const struct update_result *results)
{
    (void)arg;
    walker.told++;
    free(walker.result.text);
    walker.result = results[0];
    walker.result.text = strdup(results[0].text);
    walker.update = NULL;
}

void walker_start(void)
{
    static struct update_batch batch;

    batch = (struct update_batch){.provider = &walker.scene->provider,
                                  .memory = walker.scene->memory,
                                  .items = walker.scene->items,
                                  .count = walker.scene->values.count};
    walker.update = update_start(NULL, &batch, on_done, NULL);
    fake_timer_advance(0);
}

/* "VERDICT" or "VERDICT TEXT" */
static bool ends_so(const char *expected)
{
    static const char *const words[] = {"done", "unchanged", "unreachable", "again", "refused", "refused-account"};
    size_t length = strcspn(expected, " ");

    return strlen(words[walker.result.verdict]) == length &&
           strncmp(words[walker.result.verdict], expected, length) == 0 &&
           strstr(walker.result.text, expected + length + (expected[length] == ' '));
}

void walker_play(const char *script)
{
    static const size_t base = sizeof "https://api.example.net/v1" - 1;
    size_t before = walker.told;

    walker_start();
    while (*script && *script != '=') {
        size_t length = strcspn(script, "\n");
        const struct fake_request *request = fake_http_request(0);
        char *line = strndup(script, length), *arrow = strstr(line, " -> "), made[1024];

        assert_non_null(arrow);
        *arrow = '\0';
        snprintf(made, sizeof made, "%s %s%s%s", request ? request->method : "no request",
                 request ? request->url + base : walker.result.text, request && request->body ? " " : "",
                 request && request->body ? request->body : "");
        if (strcmp(made, line) != 0)
            unit_wrong("%s instead of %s", made, line);
        if (request)
            fake_http_answer(0, strtol(arrow + 4, NULL, 10), strlen(arrow + 4) > 4 ? arrow + 8 : "");
        fake_timer_advance(0);
        free(line);
        script += length + (script[length] == '\n');
    }
    if (walker.told != before + 1 || fake_http_open())
        unit_wrong("told %zu times, %zu open", walker.told - before, fake_http_open());
    else if (!ends_so(script + 2))
        unit_wrong("%s: %d %s", script, walker.result.verdict, walker.result.text);
    if (walker.update) {
        update_cancel(walker.update);
        walker.update = NULL;
    }
}

void walker_begin(const char *definition)
{
    walker.scene = scene_new(definition);
    scene_set(&walker.scene->provider.zone, "example.org");
}

void walker_end(void)
{
    scene_free(walker.scene);
    free(walker.result.text);
    walker.result = (struct update_result){0};
    unit_all_right();
    assert_int_equal(fake_timer_existing(), 0);
}
