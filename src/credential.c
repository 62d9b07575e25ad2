#include "credential.h"

#include "buf.h"
#include "file.h"
#include "mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SECRET = 4096 };

struct secret *credential_read_file(struct faults *faults, const char *key, int line, const char *path)
{
    char *text = NULL;
    size_t length = 0;
    int error;

    if (path[0] != '/') {
        fault_at(faults, line, "%s: '%s' does not begin with /", key, path);
        return NULL;
    }
    error = file_read(path, MAX_SECRET, &text, &length);
    if (error) {
        fault_at(faults, line, "%s: %s: %s", key, path, file_error(path, error));
        return NULL;
    }
    fault_check_access(faults, line, key, path, true);
    if (strlen(text) != length)
        fault_at(faults, line, "%s: %s: there is a NUL in it", key, path);
    text[strcspn(text, "\r\n")] = '\0';
    return secret_take(text);
}

/* A password may begin with one of the prefixes by chance: what could be one is not repeated in a fault. */

static struct secret *read_variable(struct faults *faults, int line, const char *name)
{
    const char *text = getenv(name);

    if (!text)
        fault_at(faults, line, "password: env: there is no such variable in the environment");
    return secret_new(text);
}

/* In $CREDENTIALS_DIRECTORY. */
static char *credential_file(const char *name)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    struct buf path = {0};

    buf_addf(&path, "%s/%s", folder ? folder : "", name);
    return buf_take(&path);
}

static struct secret *read_credential(struct faults *faults, int line, const char *name)
{
    struct secret *secret = NULL;
    char *path = credential_file(name);

    if (!*name || *name == '.' || strchr(name, '/'))
        fault_at(faults, line, "password: credential: this is no name of a file");
    else if (!getenv("CREDENTIALS_DIRECTORY"))
        fault_at(faults, line, "password: credential: there is no $CREDENTIALS_DIRECTORY in the environment");
    else if (access(path, F_OK) < 0)
        fault_at(faults, line, "password: credential: in $CREDENTIALS_DIRECTORY: %s", strerror(errno));
    else
        secret = credential_read_file(faults, "password", line, path);
    free(path);
    return secret;
}

static struct secret *read_file(struct faults *faults, int line, const char *path)
{
    if (path[0] == '/')
        return credential_read_file(faults, "password", line, path);
    fault_at(faults, line, "password: file: the path does not begin with /");
    return NULL;
}

static const struct {
    const char *prefix;
    struct secret *(*read)(struct faults *faults, int line, const char *rest);
} places[] = {{"credential:", read_credential}, {"env:", read_variable}, {"file:", read_file}};

enum { PLACES = sizeof places / sizeof *places };

/* PLACES when it is the password itself. */
static size_t place_of(const char *text)
{
    size_t i = 0;

    while (i < PLACES && strncmp(text, places[i].prefix, strlen(places[i].prefix)) != 0)
        i++;
    return i;
}

struct secret *credential_read(struct faults *faults, const struct tree_value *value)
{
    size_t place = place_of(value->text);

    if (place == PLACES)
        return secret_new(value->text);
    return places[place].read(faults, value->line, value->text + strlen(places[place].prefix));
}

bool credential_is_elsewhere(const char *text)
{
    return place_of(text) < PLACES;
}

char *credential_path(const char *text)
{
    size_t place = place_of(text);

    if (place == PLACES || places[place].read == read_variable)
        return NULL;
    text += strlen(places[place].prefix);
    return places[place].read == read_file ? mem_string(text) : credential_file(text);
}
