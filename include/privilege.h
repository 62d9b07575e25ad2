/* privilege: from root to a user, for good. */
#ifndef WANDDNS_PRIVILEGE_H
#define WANDDNS_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

struct privilege_user {
    const char *name; /* as it was given */
    uid_t uid;
    gid_t gid;
};

/* Looks the user up (getpwnam(3)); false when there is none of this name. */
bool privilege_find(const char *name, struct privilege_user *user);

/* Gives the user a folder, and the files of these names (up to a NULL) in it, none of them by way of a link. A folder
 * that has anything else in it, or that others may write, is left as it is. NULL, or why it was not done. */
const char *privilege_hand_over(const char *folder, const char *const names[], const struct privilege_user *user);

/* Turns root into the user, with all of his groups and the one of this name (none for NULL, or where there is no such
 * group), and without a capability, also none that a program could get back (credentials(7), capabilities(7)). 0, or
 * -errno: then the process is neither the one nor the other, and must end. */
int privilege_drop(const struct privilege_user *user, const char *group);

/* Whoever the process is: no program that it runs gets more than it has (PR_SET_NO_NEW_PRIVS), and there is no core
 * file (PR_SET_DUMPABLE, which a change of user sets anew). */
void privilege_seal(void);

#endif
