/* credential: a password that stands in the configuration, or says where it stands. */
#ifndef WANDDNS_CREDENTIAL_H
#define WANDDNS_CREDENTIAL_H

#include "fault.h"
#include "secret.h"

/* The password of this value: "credential:NAME" is a file of that name in $CREDENTIALS_DIRECTORY (systemd.exec(5)),
 * "file:PATH" any other, "env:NAME" a variable of the environment; all else is the password itself. The caller gives
 * it to secret_free(); NULL after a fault. */
struct secret *credential_read(struct faults *faults, const struct tree_value *value);

/* The first line of the file, which the caller gives to secret_free(); NULL after a fault. key and line are for faults. */
struct secret *credential_read_file(struct faults *faults, const char *key, int line, const char *path);

/* The path of the file that it stands in, which the caller frees; NULL when that is none. */
char *credential_path(const char *text);

/* Does it say where the password stands? */
bool credential_is_elsewhere(const char *text);

#endif
