#include "sandbox.h"

#include "buf.h"
#include "catalog.h"
#include "file.h"
#include "landlock.h"
#include "log.h"
#include "mem.h"
#include "privilege.h"
#include "trust.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LINKS = 16, MAX_GROUPS = 64 };

/* All that may be found in a folder of ours. */
static const char *const our_files[] = {"lock",    "state.json", "state.json.new", "state.json.damaged",
                                        "control", "key",        "key.new",        NULL};

/* What the C library, libcurl and its TLS library open late. Folders, as a rule of Landlock is for the file that is
 * there now: whoever replaces /etc/resolv.conf or /etc/hosts does so by renaming, and after a change of the uplink that
 * is what happens. What is not there is passed over. */
static const char *const readable[] = {
    "/etc", /* resolv.conf, hosts, nsswitch.conf, passwd, localtime, ssl, pki, ... */
    "/usr", /* libraries, certificates, time zones */
    /* The same, where they are no links into /usr. */
    "/lib",
    "/lib64",
    /* Where /etc/resolv.conf may lead to one day; the last is OpenWrt's. */
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager",
    "/run/netconfig",
    "/run/connman",
    "/tmp/resolv.conf.d",
    "/dev/null",
    "/dev/urandom",
    "/proc/sys/crypto",        /* is FIPS mode on? */
    "/sys/devices/system/cpu", /* malloc of glibc counts the CPUs when a second thread comes */
#ifdef SANITIZED
    "/proc",          /* LeakSanitizer looks at the threads in the end */
    "/proc/self/exe", /* symbols for a report */
#endif
    NULL,
};

/* These are often links to elsewhere. */
static const char *const resolver_files[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"};

static bool walled;

/* ---- The user. ---- */

static bool become_user(const struct config *config, const char *const folders[])
{
    const char *name = config->user;
    struct privilege_user user;
    int error;

    if (!name)
        return true;
    if (!privilege_find(name, &user)) {
        log_error("user: there is no user '%s' on this machine", name);
        return false;
    }
    if (geteuid() != 0) {
        if (geteuid() == user.uid)
            return true;
        log_error("user: only root can become '%s', and this is user %u: leave the key out", name, (unsigned)geteuid());
        return false;
    }
    for (; *folders; folders++) {
        const char *fault = privilege_hand_over(*folders, our_files, &user);

        if (fault)
            log_warning("%s: it is not given to '%s': %s", *folders, name, fault);
    }
    error = privilege_drop(&user, config->control_group); /* a socket is given only to a group that one is in */
    if (error)
        log_error("user: cannot become '%s': %s", name, strerror(-error));
    return error == 0;
}

/* ---- Files. ---- */

/* The path's folder, so that another file can take its place; of what lies in / itself only that. Where a folder is
 * still to be made, the one that it will be in: early at boot /run may be empty. */
static void allow_folder_of(const struct landlock *wall, const char *path)
{
    char *copy = mem_string(path), *folder = dirname(copy);

    while (strcmp(folder, "/") != 0 && landlock_allow(wall, folder, false) == -ENOENT)
        folder = dirname(folder);
    if (strcmp(folder, "/") == 0)
        landlock_allow(wall, path, false);
    free(copy);
}

/* The same for where it leads, if it is a symbolic link, and on. */
static void allow_way(const struct landlock *wall, const char *path)
{
    char target[PATH_MAX], *here = mem_string(path);
    ssize_t length;

    for (int i = 0; i < MAX_LINKS; i++) {
        struct buf next = {0};

        allow_folder_of(wall, here);
        length = readlink(here, target, sizeof target - 1);
        if (length <= 0)
            break;
        target[length] = '\0';
        if (target[0] != '/')
            buf_addf(&next, "%s/", dirname(here));
        buf_add(&next, target);
        free(here);
        here = buf_take(&next);
    }
    free(here);
}

/* A folder of definitions, some of which may be links. */
static void allow_definitions(const struct landlock *wall, const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    landlock_allow(wall, folder, false);
    while (dir && (entry = readdir(dir))) {
        struct buf path = {0};

        if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
            continue;
        buf_addf(&path, "%s/%s", folder, entry->d_name);
        allow_way(wall, path.text);
        buf_free(&path);
    }
    if (dir)
        closedir(dir);
}

static void allow_all(const struct landlock *wall, const struct config *config, const char *const folders[])
{
    char *file, *folder;

    for (size_t i = 0; readable[i]; i++)
        landlock_allow(wall, readable[i], false);
    for (size_t i = 0; i < sizeof resolver_files / sizeof *resolver_files; i++)
        allow_way(wall, resolver_files[i]);
    trust_store(&file, &folder);
    if (file)
        allow_way(wall, file);
    if (folder)
        landlock_allow(wall, folder, false);
    free(file);
    free(folder);
    for (int i = 0; i < CATALOG_FOLDERS; i++)
        if (catalog_folder(i))
            allow_definitions(wall, catalog_folder(i));
    allow_way(wall, config->file);
    for (size_t i = 0; i < config->file_count; i++)
        allow_way(wall, config->files[i]);
    for (; *folders; folders++)
        landlock_allow(wall, *folders, true);
    if (config->metrics_file) {
        folder = mem_string(config->metrics_file);
        landlock_allow(wall, dirname(folder), true);
        free(folder);
    }
}

/* 0, or -errno. */
static int raise_wall(const struct config *config, const char *const folders[], int *abi)
{
    struct landlock wall;
    int error = landlock_begin(&wall);

    if (error)
        return error;
    *abi = wall.abi;
    allow_all(&wall, config, folders);
    return landlock_raise(&wall);
}

/* A reload would find out, but that may be in a year. */
static void warn_of_unreadable(const char *path)
{
    int error = file_try(path);

    if (error)
        log_warning("%s: the daemon cannot read it again: %s", path, file_error(path, error));
}

static void warn_of_all_unreadable(const struct config *config)
{
    warn_of_unreadable(config->file);
    for (size_t i = 0; i < config->file_count; i++)
        warn_of_unreadable(config->files[i]);
}

void sandbox_try(const struct config *config)
{
    struct privilege_user user;

    if (geteuid() == 0 && config->user && privilege_find(config->user, &user) && privilege_drop(&user, NULL) == 0)
        warn_of_all_unreadable(config);
}

/* ---- Both. ---- */

static void tell(const char *program, int error, int abi)
{
    gid_t groups[MAX_GROUPS];
    struct buf text = {0};
    int count = getgroups(MAX_GROUPS, groups);

    buf_addf(&text, "sandbox: user %u, groups %u", (unsigned)geteuid(), (unsigned)getegid());
    for (int i = 0; i < count; i++)
        if (groups[i] != getegid())
            buf_addf(&text, " %u", (unsigned)groups[i]);
    buf_add(&text, ", no new privileges, no core files, ");
    if (program)
        buf_add(&text, "no Landlock (programs)");
    else if (error)
        buf_addf(&text, "no Landlock (%s)", strerror(-error));
    else
        buf_addf(&text, "Landlock %d", abi);
    log_debug("%s", text.text);
    buf_free(&text);
}

bool sandbox_enter(const struct config *config, const char *const folders[])
{
    const char *program = config_program(config);
    int error = 0, abi = 0;

    if (!become_user(config, folders))
        return false;
    privilege_seal();
    if (program)
        log_info("Landlock is not used: %s would have to live behind the same walls", program);
    else
        error = raise_wall(config, folders, &abi);
    walled = !program && !error;
    warn_of_all_unreadable(config);
    tell(program, error, abi);
    return true;
}

void sandbox_compare(const struct config *before, const struct config *after)
{
    const char *program = config_program(after);

    if (!mem_same(before->user, after->user))
        log_warning("user: a change takes effect with the next start");
    if (walled && program)
        log_warning("%s: programs cannot be run before the next start, as Landlock is used since the last one",
                    program);
}
