#include "fault.h"

#include "parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void fault_at(struct faults *faults, int line, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    faults->any = true;
    faults->fn(faults->arg, faults->path, line, text);
}

bool fault_read_duration(struct faults *faults, const struct tree_node *section, const char *key, uint64_t *ms)
{
    const struct tree_value *value = tree_value(section, key);
    uint64_t given;

    if (!value)
        return false;
    if (parse_duration(value->text, &given)) {
        *ms = given;
        return true;
    }
    fault_at(faults, value->line, "%s: '%s' is no duration, such as 250ms, 30s, 5m", key, value->text);
    return false;
}

void fault_read_flag(struct faults *faults, const struct tree_node *section, const char *key, bool *flag)
{
    const struct tree_value *value = tree_value(section, key);

    if (!value)
        return;
    *flag = strcmp(value->text, "yes") == 0;
    if (!*flag && strcmp(value->text, "no") != 0)
        fault_at(faults, value->line, "%s: '%s' is neither yes nor no", key, value->text);
}

void fault_print(void *arg, const char *file, int line, const char *text)
{
    (void)arg;
    if (line)
        fprintf(stderr, "%s:%d: %s\n", file, line, text);
    else
        fprintf(stderr, "%s: %s\n", file, text);
}
