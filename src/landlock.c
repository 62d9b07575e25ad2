#include "landlock.h"

#include <errno.h>

#if HAVE_DECL___NR_LANDLOCK_RESTRICT_SELF

#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By number, as the header may be older than the kernel that this runs on: bits 0 to 12 came with version 1. */
enum {
    FIRST_RIGHTS = (1 << 13) - 1,
    REFER = 1 << 13,     /* version 2 */
    TRUNCATE = 1 << 14,  /* version 3 */
    IOCTL_DEV = 1 << 15, /* version 5 */
    READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
            LANDLOCK_ACCESS_FS_REMOVE_FILE | TRUNCATE,
    OF_FILES = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE,
};

static uint64_t rights_of(int abi)
{
    return FIRST_RIGHTS | (abi >= 2 ? REFER : 0) | (abi >= 3 ? TRUNCATE : 0) | (abi >= 5 ? IOCTL_DEV : 0);
}

int landlock_begin(struct landlock *wall)
{
    struct landlock_ruleset_attr attributes;

    wall->abi = (int)syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (wall->abi < 0)
        return -errno;
    attributes = (struct landlock_ruleset_attr){.handled_access_fs = rights_of(wall->abi)};
    wall->fd = (int)syscall(__NR_landlock_create_ruleset, &attributes, sizeof attributes, 0); /* closes on exec */
    return wall->fd < 0 ? -errno : 0;
}

int landlock_allow(const struct landlock *wall, const char *path, bool writes)
{
    struct landlock_path_beneath_attr rule = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
    struct stat st;
    int error = 0;

    if (rule.parent_fd < 0)
        return -errno;
    rule.allowed_access = (READ | (writes ? WRITE : 0)) & rights_of(wall->abi);
    if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed_access &= OF_FILES;
    if (syscall(__NR_landlock_add_rule, wall->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
        error = -errno;
    close(rule.parent_fd);
    return error;
}

int landlock_raise(const struct landlock *wall)
{
    int error = syscall(__NR_landlock_restrict_self, wall->fd, 0) < 0 ? -errno : 0;

    close(wall->fd);
    return error;
}

#else

int landlock_begin(struct landlock *wall)
{
    (void)wall;
    return -ENOSYS;
}

int landlock_allow(const struct landlock *wall, const char *path, bool writes)
{
    (void)wall, (void)path, (void)writes;
    return -ENOSYS;
}

int landlock_raise(const struct landlock *wall)
{
    (void)wall;
    return -ENOSYS;
}

#endif
