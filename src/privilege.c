#include "privilege.h"

#include "mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bool privilege_find(const char *name, struct privilege_user *user)
{
    const struct passwd *entry = getpwnam(name);

    if (!entry)
        return false;
    *user = (struct privilege_user){name, entry->pw_uid, entry->pw_gid};
    return true;
}

/* ---- The folder. ---- */

static bool is_named(const char *name, const char *const names[])
{
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

static bool holds_others(const char *folder, const char *const names[])
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    bool others = false;

    while (dir && (entry = readdir(dir)))
        others |=
            strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !is_named(entry->d_name, names);
    if (dir)
        closedir(dir);
    return others;
}

/* The user may have been in this folder before us: what he put there in place of a file must not make another file of
 * root's his own. So not by a symbolic link, and nothing that has a second name elsewhere. */
static int hand_over_file(int folder, const char *name, const struct privilege_user *user)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), error = 0;
    struct stat st;

    if (fd < 0)
        return 0;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && fchown(fd, user->uid, user->gid) < 0)
        error = errno;
    close(fd);
    return error;
}

static const char *hand_over(int fd, const char *folder, const char *const names[], const struct privilege_user *user)
{
    struct stat st;
    int error = 0;

    if (fstat(fd, &st) < 0)
        return strerror(errno);
    if (st.st_uid != user->uid) {
        if (st.st_mode & (S_IWGRP | S_IWOTH))
            return "others may write it";
        if (holds_others(folder, names))
            return "there is something else in it";
        if (fchown(fd, user->uid, user->gid) < 0)
            return strerror(errno);
    }
    for (; *names && !error; names++)
        error = hand_over_file(fd, *names, user);
    return error ? strerror(error) : NULL;
}

const char *privilege_hand_over(const char *folder, const char *const names[], const struct privilege_user *user)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const char *fault;

    if (fd < 0)
        return errno == ELOOP || errno == ENOTDIR ? "it is no folder, or a symbolic link to one" : strerror(errno);
    fault = hand_over(fd, folder, names, user);
    close(fd);
    return fault;
}

/* ---- The process. ---- */

/* While we still may: the bounding set is what limits a program with capabilities of its own. */
static void drop_bounding_set(void)
{
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

/* setresuid() has done most of it, unless the securebits of who started us say otherwise; the inheritable set it never
 * touches. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static bool is_for_good(const struct privilege_user *user)
{
    uid_t real, effective, saved;

    return setresuid((uid_t)-1, 0, (uid_t)-1) < 0 && getresuid(&real, &effective, &saved) == 0 && real == user->uid &&
           effective == user->uid && saved == user->uid;
}

static int join_group(const char *name)
{
    const struct group *group = name ? getgrnam(name) : NULL;
    int count = getgroups(0, NULL), result = 0;
    gid_t *groups;

    if (!group || count < 0)
        return 0;
    groups = mem_alloc((size_t)(count + 1) * sizeof *groups);
    count = getgroups(count, groups);
    groups[count] = group->gr_gid;
    result = setgroups((size_t)count + 1, groups);
    free(groups);
    return result;
}

int privilege_drop(const struct privilege_user *user, const char *group)
{
    int error;

    drop_bounding_set();
    if (initgroups(user->name, user->gid) < 0 || join_group(group) < 0 ||
        setresgid(user->gid, user->gid, user->gid) < 0 || setresuid(user->uid, user->uid, user->uid) < 0)
        return -errno;
    error = drop_capabilities();
    return error ? error : is_for_good(user) ? 0 : -ENOTRECOVERABLE;
}

void privilege_seal(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
