/* landlock: a wall around the files of this process and its children (landlock(7), Linux 5.13).
 *
 * It stands for as long as they live. What was opened before stays open; what is only looked at (stat(2), access(2)) is
 * not kept back. A rule is for the file or folder that has the name now: not for one that takes its name later. */
#ifndef WANDDNS_LANDLOCK_H
#define WANDDNS_LANDLOCK_H

#include <stdbool.h>

/* A wall that is being built. */
struct landlock {
    int fd;
    int abi; /* the version of the kernel's Landlock; what a version does not know, it does not keep back */
};

/* Begins a wall, which keeps back everything. 0, or -errno: -ENOSYS when the kernel, or the one that this was built
 * for, is older, -EOPNOTSUPP when it has it switched off. */
int landlock_begin(struct landlock *wall);

/* Lets a file or a folder, with all that is below it, be read; with writes files be made, written, renamed within it
 * and removed, too, and sockets. 0 or -errno. */
int landlock_allow(const struct landlock *wall, const char *path, bool writes);

/* Raises the wall around this thread and those that it makes. It needs PR_SET_NO_NEW_PRIVS. The wall is closed either
 * way. 0 or -errno. */
int landlock_raise(const struct landlock *wall);

#endif
