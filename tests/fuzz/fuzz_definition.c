/* A file of a definition. What is accepted needs no further checks: each step is then asked, and its answer read. */
#include "fuzz.h"

#include "walk.h"

#include "loader.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of placeholders and of parentheses: a definition may have texts that grow beyond all bounds, or an expression that the
 * C library needs hours for. Its author would be the one who waits. */
enum { MOST_BRACES = 40, MOST_MACRO_BRACES = 4, MOST_PLUSES = 8 };

static const char answer_text[] = "{\"result\": [{\"id\": 7, \"name\": \"example.org\", \"content\": \"203.0.113.1\"}],"
                                  " \"a\": {\"b\": [\"c\", null, true]}}";

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    size_t *faults = arg;

    assert(file && line >= 0 && *text);
    ++*faults;
}

/* Bounds, back-references, and a + around others, are glibc's to be slow with. */
static bool is_heavy(const char *text)
{
    size_t braces = 0, pluses = 0;
    bool has_macro = strstr(text, "set") != NULL;

    for (; *text; text++) {
        bool digit = text[1] >= '0' && text[1] <= '9';

        if ((*text == '\\' || *text == '{') && (digit || text[1] == ','))
            return true;
        pluses += *text == '+';
        braces += *text == '{' && text[1] >= 'a' && text[1] <= 'z';
    }
    return pluses > MOST_PLUSES || braces > (has_macro ? MOST_MACRO_BRACES + 8 : MOST_BRACES);
}

static void use(struct definition *definition, enum ip_families families)
{
    struct http_answer answer = {.stage = HTTP_DONE,
                                 .status = 200,
                                 .body = answer_text,
                                 .length = sizeof answer_text - 1,
                                 .headers = "Etag: x\r\n"};
    struct config_provider provider = walk_provider(definition);
    struct update_item item = {.name = "home.example.org", .families = families, .prefix_length = 56};
    struct values values = {.provider = &provider, .definition = definition, .items = &item, .count = 1};
    struct memory *memory = memory_new();
    struct ip ip;

    ip_parse(families == IP_V4 ? "203.0.113.7" : "2001:db8::7", &ip);
    walk_requests(&values, DEFINITION_DELETE, false);
    ip_set_add(families == IP_V4 ? &item.ip4 : &item.ip6, &ip);
    walk_requests(&values, DEFINITION_UPDATE, false);
    for (size_t i = 0; i < definition->step_count; i++)
        walk_answer(&values, &definition->steps[i], memory, &answer);
    walk_requests(&values, DEFINITION_UPDATE, false);
    memory_free(memory);
    values_clear(&values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct definition *definition;
    size_t faults = 0;
    char text[65536], path[64];
    int fd;

    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (is_heavy(text) || strstr(text, "c0rrect")) /* the password, by its author */
        return 0;
    fd = memfd_create("definition", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    definition = loader_read(path, on_fault, &faults);
    close(fd);
    assert(!definition == (faults > 0));
    if (!definition)
        return 0;
    assert(definition->title && definition->names && definition->ttl_unit);
    use(definition, IP_V4);
    use(definition, IP_V6);
    definition_free(definition);
    return 0;
}
