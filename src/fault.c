#include "fault.h"

#include "file.h"
#include "log.h"
#include "parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

void fault_check_access(struct faults *faults, int line, const char *what, const char *path, bool is_secret)
{
    enum file_access access_of = file_access(path);

    if (access_of == FILE_WRITABLE)
        fault_at(faults, line, "%s: others can write %s: it must belong to root or to you, and chmod go-w", what, path);
    else if (access_of == FILE_READABLE && is_secret)
        log_warning("%s holds a secret and everybody can read it: chmod o-r", path);
}

void fault_check_program(struct faults *faults, int line, const char *key, const char *path)
{
    struct stat status;

    if (path[0] != '/')
        fault_at(faults, line, "%s: '%s' does not begin with /", key, path);
    else if (stat(path, &status) < 0 || !S_ISREG(status.st_mode) || access(path, X_OK) < 0)
        fault_at(faults, line, "%s: %s cannot be run", key, path);
    else
        fault_check_access(faults, line, key, path, false);
}

void fault_print(void *arg, const char *file, int line, const char *text)
{
    (void)arg;
    if (line)
        fprintf(stderr, "%s:%d: %s\n", file, line, text);
    else
        fprintf(stderr, "%s: %s\n", file, text);
}
