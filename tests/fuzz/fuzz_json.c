/* A path, up to the first NUL, into a text of JSON behind it. */
#include "fuzz.h"

#include "json.h"

#include <assert.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* Every element is found by its number too, and only what is a scalar has a text. */
static void check_thing(const struct json_t *json)
{
    size_t count = json_count(json);
    char *text = json_text(json);

    assert(!text || (!count && json));
    assert(!count || json_is_something(json));
    for (size_t i = 0; i < count && i < 50; i++)
        assert(json_element(json, i));
    assert(!json_element(json, count));
    free(text);
}

/* The same way, part by part, without the room. */
static const json_t *by_parts(const json_t *json, const char *path)
{
    char *parts = copy((const uint8_t *)path, strlen(path)), *rest = NULL;

    for (char *part = strtok_r(parts, ".", &rest); part && json; part = strtok_r(NULL, ".", &rest)) {
        char *end;
        unsigned long index = strtoul(part, &end, 10);

        if (!json_is_array(json))
            json = json_object_get(json, part);
        else
            json = *part >= '0' && *part <= '9' && !*end ? json_array_get(json, index) : NULL;
    }
    free(parts);
    return json;
}

static bool has_null_member(json_t *json)
{
    bool found = false;
    const char *key;
    json_t *value;
    size_t i;

    json_array_foreach (json, i, value)
        found |= has_null_member(value);
    json_object_foreach (json, key, value)
        found |= json_is_null(value) || has_null_member(value);
    return found;
}

static void check_tidy(const char *text)
{
    char *tidy = json_tidy(text), *again;
    json_t *json;

    if (!tidy)
        return;
    json = json_loads(tidy, JSON_DECODE_ANY, NULL);
    assert(json && !has_null_member(json));
    json_decref(json);
    again = json_tidy(tidy);
    assert(again && strcmp(again, tidy) == 0);
    free(again);
    free(tidy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\0', size);
    struct json_t *json;
    char *path, *text;

    if (!end)
        return 0;
    path = copy(data, (size_t)(end - data));
    size -= (size_t)(end - data) + 1;
    text = copy(end + 1, size);
    json = json_parse(text, size);
    if (json) {
        const struct json_t *at = json_at(json, path);

        assert(json_at(json, ".") == json && json_at(json, "") == json);
        assert(!strstr(path, "..") && *path != '.' ? at == by_parts(json, path) : true);
        check_thing(at);
        check_thing(json);
    }
    check_tidy(text);
    json_free(json);
    free(text);
    free(path);
    return 0;
}
