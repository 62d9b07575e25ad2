#include "program.h"

#include "buf.h"
#include "child.h"
#include "mem.h"
#include "timer.h"

#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 60 * 1000 };

struct program {
    struct child *child;
    http_answer_fn *fn;
    void *arg;
};

static const struct {
    const char *name, *placeholder;
} variables[] = {{"WANDDNS_NAME", "hostname"},   {"WANDDNS_TYPE", "type"}, {"WANDDNS_ADDRESS", "ip"},
                 {"WANDDNS_OLD_ADDRESS", "old"}, {"WANDDNS_ZONE", "zone"}, {"WANDDNS_TTL", "ttl"}};

enum { VARIABLES = sizeof variables / sizeof *variables };

/* Standard error is not read: what is told of trouble is its exit status, or its own first line. */
static void on_done(void *arg, const struct child_result *result)
{
    struct program *program = arg;
    size_t length = strcspn(result->output, "\r\n");
    char *line = length ? mem_string_n(result->output, length) : mem_string(result->good ? "done" : result->error);
    struct http_answer answer = {
        .stage = HTTP_DONE,
        .status = result->good ? 200 : 500,
        .body = line,
        .length = strlen(line),
        .headers = "",
    };

    program->fn(program->arg, &answer);
    mem_wipe(line);
    free(program);
}

static char *make_input(const struct config_provider *provider)
{
    struct buf input = {0};

    buf_addf(&input, "%s\n%s\n", provider->username ? secret_reveal(provider->username) : "",
             provider->password ? secret_reveal(provider->password) : "");
    return buf_take(&input);
}

struct program *program_start(struct values *values, http_answer_fn *fn, void *arg)
{
    struct program *program = mem_alloc(sizeof *program);
    const char *argv[] = {values->provider->program, NULL};
    char *environment[VARIABLES + 1] = {0}, *input = make_input(values->provider);

    for (size_t i = 0; i < VARIABLES; i++) {
        const char *text = values_find(values, variables[i].placeholder).text;
        struct buf variable = {0};

        buf_addf(&variable, "%s=%s", variables[i].name, text ? text : "");
        environment[i] = buf_take(&variable);
    }
    program->fn = fn;
    program->arg = arg;
    program->child =
        child_start(timer_base(), argv, (const char *const *)environment, input, TIMEOUT_MS, on_done, program);
    for (size_t i = 0; i < VARIABLES; i++)
        free(environment[i]);
    mem_wipe(input);
    return program;
}

void program_cancel(struct program *program)
{
    if (!program)
        return;
    child_cancel(program->child);
    free(program);
}

char *program_describe(struct values *values)
{
    struct buf text = {0};

    for (size_t i = 0; i < VARIABLES; i++) {
        const char *value = values_find(values, variables[i].placeholder).text;

        if (value)
            buf_addf(&text, "%s=%s ", variables[i].name, value);
    }
    buf_add(&text, values->provider->program);
    return buf_take(&text);
}
