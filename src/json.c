#include "json.h"

#include "mem.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The texts of others hold tokens, and our own ones passwords: libjansson frees them as they are. And without memory it
 * leaves out what it was given. */
void json_prepare(void)
{
    json_set_alloc_funcs(mem_alloc, mem_wipe);
}

struct json_t *json_parse(const char *text, size_t length)
{
    json_prepare();
    return json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

void json_free(struct json_t *json)
{
    json_decref(json);
}

const struct json_t *json_at(const struct json_t *json, const char *path)
{
    if (strcmp(path, ".") == 0)
        return json;
    while (json && *path) {
        size_t length = strcspn(path, ".");
        char *key = mem_string_n(path, length);

        json = json_is_array(json) && length && key[strspn(key, "0123456789")] == '\0'
                   ? json_array_get(json, strtoul(key, NULL, 10))
                   : json_object_get(json, key);
        mem_wipe(key);
        path += length + (path[length] == '.');
    }
    return json;
}

char *json_text(const struct json_t *json)
{
    char *dumped, *text;

    if (json_is_string(json))
        return mem_string(json_string_value(json));
    if (!json_is_number(json) && !json_is_boolean(json))
        return NULL;
    dumped = json_dumps(json, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    text = mem_string(dumped);
    mem_wipe(dumped);
    return text;
}

bool json_is_something(const struct json_t *json)
{
    if (json_is_array(json) || json_is_object(json))
        return json_array_size(json) || json_object_size(json);
    return json && !json_is_null(json) && !json_is_false(json) && !(json_is_string(json) && !json_string_length(json));
}

bool json_is_compound(const struct json_t *json)
{
    return json_is_array(json) || json_is_object(json);
}

bool json_is_list(const struct json_t *json)
{
    return json_is_compound(json) || json_is_null(json);
}

struct json_t *json_values(const struct json_t *json)
{
    json_t *values = json_array(), *value;
    const char *key;
    size_t i;

    json_array_foreach (json, i, value)
        json_array_append(values, value);
    json_object_foreach ((json_t *)json, key, value)
        json_array_append(values, value);
    return values;
}

size_t json_count(const struct json_t *json)
{
    return json_array_size(json);
}

const struct json_t *json_element(const struct json_t *json, size_t index)
{
    return json_array_get(json, index);
}

static void remove_missing(json_t *json)
{
    const char *key;
    json_t *value;
    void *next;
    size_t i;

    json_array_foreach (json, i, value)
        remove_missing(value);
    json_object_foreach_safe(json, next, key, value)
    {
        if (json_is_null(value) || !*key)
            json_object_del(json, key);
        else
            remove_missing(value);
    }
}

char *json_tidy(const char *text)
{
    char *dumped, *tidy;
    json_t *json;

    json_prepare();
    json = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!json)
        return NULL;
    remove_missing(json);
    dumped = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    tidy = mem_string(dumped);
    mem_wipe(dumped);
    json_decref(json);
    return tidy;
}
