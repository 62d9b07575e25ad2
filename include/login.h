/* login: a section `provider` of the configuration. */
#ifndef WANDDNS_LOGIN_H
#define WANDDNS_LOGIN_H

#include "loader.h"
#include "names.h"
#include "secret.h"

/* What only this provider has, and perhaps is told to nobody else. */
struct login_option {
    char *name;
    struct secret *value;
};

/* One login at one provider. */
struct config_provider {
    char *id; /* NAME or NAME:LABEL, as in the file */
    struct definition *definition;
    char *server;        /* base of the URL, without a slash at its end */
    bool has_own_server; /* the user gave it */
    struct secret *username;
    struct secret *password;
    char *zone;        /* NULL: the provider is to find it */
    char *program;     /* of provider exec, or NULL */
    unsigned long ttl; /* seconds, 0: the definition's */
    struct login_option *options;
    size_t option_count;
    struct names names;
    struct place *place; /* of the names that have none of their own */
    uint32_t section;    /* a checksum of all that the section says, its secrets too; on a disk only under a seal */
};

extern const struct tree_key login_keys[];

/* Reads the section over what is inherited, which stays where it is. *holds_secret is set when a secret stands in the
 * section itself. After a fault parts may be missing. The caller gives it to login_free(). */
struct config_provider *login_read(struct faults *faults, const struct tree_node *section,
                                   const struct place *inherited, bool *holds_secret);
void login_free(struct config_provider *provider);

/* The value of the option that the user gave, or NULL. */
const struct secret *login_option(const struct config_provider *provider, const char *name);

/* A path of its own, whatever folder the program was started in; *path is the caller's, and stays without the key. */
void login_read_path(struct faults *faults, const struct tree_node *section, const char *key, char **path);

#endif
