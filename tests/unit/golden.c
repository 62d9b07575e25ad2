#include "golden.h"

#include "json.h"
#include "reply.h"
#include "unit.h"

static char *path_of(const char *name)
{
    const char *srcdir = getenv("srcdir");
    char *folder = unit_path(srcdir ? srcdir : ".", "tests/golden"), *path = unit_path(folder, name);

    free(folder);
    return path;
}

char *golden_read(const char *name)
{
    char *path = path_of(name), *text = unit_read(path);

    if (!text)
        fail_msg("%s cannot be read", path);
    free(path);
    return text;
}

void golden_assert(const char *name, const char *text)
{
    const char *wish = getenv("GOLDEN");
    char *path = path_of(name), *kept;

    if (wish && strcmp(wish, "write") == 0) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
    }
    kept = golden_read(name);
    assert_string_equal(text, kept);
    free(kept);
    free(path);
}

struct reply *golden_reply(const char *name)
{
    struct reply *reply = reply_new();
    char *text = golden_read(name), *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct json_t *json = json_parse(line, strlen(line));

        assert_non_null(json);
        reply_add(reply, json);
        json_free(json);
    }
    free(text);
    return reply;
}
