/* config: the configuration as a struct that does not change. A reload makes a new one. */
#ifndef WANDDNS_CONFIG_H
#define WANDDNS_CONFIG_H

#include "login.h"

struct config {
    char *file;
    uint64_t settle_ms;
    uint64_t settle_max_ms;
    char *state_dir;     /* NULL when the file does not say */
    char *ca_file;       /* NULL: the system's */
    char *control;       /* the socket; NULL: the built-in path */
    char *control_group; /* that it belongs to, or NULL */
    char *metrics_file;  /* or NULL */
    char *user;          /* that the daemon turns into; NULL: it stays who it is */
    char **files;        /* that are named in it, but for programs */
    size_t file_count;
    struct config_provider **providers;
    size_t provider_count;
    struct place *place; /* of what has none of its own */
};

/* Reads and checks the file. Each fault is told; NULL when there was one. A secret that others could read is warned
 * about in the log, one that others could write is a fault. The caller frees the result. */
struct config *config_read(const char *path, tree_fault_fn *fault, void *arg);
void config_free(struct config *config);

/* Is there no such file, or no provider in it yet? */
bool config_is_untouched(const char *path);

/* A program that it has run, or NULL. */
const char *config_program(const struct config *config);
/* Only the value of the key control, for who looks for the daemon: NULL when it is not there; the caller frees it. False
 * when the file cannot be read, or is none. */
bool config_control(const char *path, char **control, tree_fault_fn *fault);

/* True when a login is the same to the provider: definition, server, user name, password, zone and options. */
bool config_provider_equal(const struct config_provider *a, const struct config_provider *b);

/* Moves the content of the fresh configuration's provider at index into the old configuration's object kept, which from
 * now on belongs to fresh, so that requests that refer to it can go on. The two must be equal. */
void config_keep_provider(struct config *fresh, size_t index, struct config *old, const struct config_provider *kept);

/* Checksums of a login: place, without its secrets, is in the state file; within, of where in that place names are (zone,
 * program, options, the URL of provider custom), may have secrets in it, and is 0 when there is nothing of these; that of
 * all of it was in the first version. */
uint32_t config_provider_place(const struct config_provider *provider);
uint32_t config_provider_within(const struct config_provider *provider);
uint32_t config_provider_login(const struct config_provider *provider);

#endif
