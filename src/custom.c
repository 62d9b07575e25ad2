#include "custom.h"

#include "mem.h"
#include "parse.h"
#include "proof.h"

#include <stdlib.h>
#include <string.h>

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

enum { METHODS = sizeof methods / sizeof *methods };

static struct template_value any_value(void *arg, const char *name)
{
    (void)arg, (void)name;
    return (struct template_value){.text = "x"};
}

/* http:// or https://, a host, and then what a URL may have. */
static bool is_url(const char *text, size_t *server_length)
{
    const struct template_source source = {any_value, NULL};
    size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
    size_t length = strcspn(text + scheme, "/?{");
    struct buf expanded = {0};
    bool fits;

    template_expand(&expanded, text, &source, BUF_RAW, false);
    fits = scheme && length && text[scheme + length] != '{' && parse_is_url(expanded.text);
    *server_length = scheme + length;
    buf_free(&expanded);
    return fits;
}

void custom_apply(struct definition *definition, const struct custom *custom, struct faults *faults)
{
    struct definition_step *step = (struct definition_step *)definition_step(definition, "update");
    const char *text = custom->url->text;
    struct buf url = {0};
    size_t length, method = 0;

    free(definition->server);
    definition->server = mem_string("https://localhost"); /* no fault of its own */
    if (!is_url(text, &length)) {
        fault_at(faults, custom->url->line, "url: '%.*s' is not such as https://HOST/...", (int)strcspn(text, "?"),
                 text);
        return;
    }
    free(definition->server);
    definition->server = mem_string_n(text, length);
    buf_addf(&url, "{server}%s", text + length);
    free(step->url);
    step->url = buf_take(&url);
    while (custom->method && method < METHODS && strcmp(custom->method->text, methods[method]) != 0)
        method++;
    if (method == METHODS)
        fault_at(faults, custom->method->line, "method: '%s' is not GET, POST, PUT, PATCH or DELETE",
                 custom->method->text);
    if (custom->method) {
        free(step->method);
        step->method = mem_string(custom->method->text);
    }
    if (strstr(text, "{username}") && !custom->has_username)
        fault_at(faults, custom->url->line, "url: there is no username in this section");
    if (strstr(text, "{password}") && !custom->has_password)
        fault_at(faults, custom->url->line, "url: there is no password in this section");
    if (custom->has_username && custom->has_password && !strstr(text, "{password}")) {
        free(definition->auth);
        definition->auth = mem_string("basic");
    }
    for (size_t i = 0; custom->answers && i < custom->answers->value_count; i++) {
        const struct tree_value *answer = &custom->answers->values[i];

        if (!*answer->text)
            fault_at(faults, answer->line, "answer: an empty text fits everything");
        answer_add_text(&definition->rules, answer->text);
    }
    proof_template(faults, definition, custom->url);
}
