/* json: looking into JSON, and writing it. The texts of others are read with libjansson, which bounds their depth. */
#ifndef WANDDNS_JSON_H
#define WANDDNS_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;

/* Before any other use of libjansson: what it frees is wiped, and without memory the program ends. */
void json_prepare(void);

/* A whole text. NULL when it is none; the caller gives it to json_free(). */
struct json_t *json_parse(const char *text, size_t length);
void json_free(struct json_t *json);

/* What stands at a path such as "result.0.id", "." being the thing itself; NULL when there is none. */
const struct json_t *json_at(const struct json_t *json, const char *path);

/* A string, number, true or false as a text that the caller frees; NULL for anything else, and for NULL. */
char *json_text(const struct json_t *json);

/* Is it there, and not null, false, or empty? */
bool json_is_something(const struct json_t *json);

/* An array or an object; the same, or null. */
bool json_is_compound(const struct json_t *json);
bool json_is_list(const struct json_t *json);

/* The elements of an array, or the values of an object, as an array of its own that goes to json_free(). */
struct json_t *json_values(const struct json_t *json);

/* Of an array: how many, and one of them. */
size_t json_count(const struct json_t *json);
const struct json_t *json_element(const struct json_t *json, size_t index);

/* The text without blanks, and without members that are null or have no name; the caller frees it. NULL when it is no JSON. */
char *json_tidy(const char *text);

#endif
