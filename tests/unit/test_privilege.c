/* Most of it only root can do; what is left for others is done by others. */
#include "privilege.h"

#include "forked.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const names[] = {"lock", "state.json", NULL};

static void test_find(void **state)
{
    struct privilege_user user;

    (void)state;
    assert_true(privilege_find("root", &user));
    assert_int_equal(user.uid, 0);
    assert_int_equal(user.gid, 0);
    assert_true(privilege_find("nobody", &user));
    assert_string_equal(user.name, "nobody");
    assert_true(user.uid > 0);
    assert_false(privilege_find("nobody-of-this-name", &user));
    assert_false(privilege_find("", &user));
}

/* ---- The folder. ---- */

static uid_t owner(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_uid;
}

static void test_hand_over(void **state)
{
    char *lock = unit_file(*state, "lock", "", 0600), *other;
    struct privilege_user user;

    assert_true(privilege_find("nobody", &user));
    if (geteuid() != 0) { /* to ourselves */
        user.uid = geteuid();
        user.gid = getegid();
    }
    assert_null(privilege_hand_over(*state, names, &user));
    assert_int_equal(owner(*state), user.uid);
    assert_int_equal(owner(lock), user.uid);
    /* What is his already is his, whatever else he has there; what came since is given, too. */
    other = unit_file(*state, "state.json", "", 0600);
    free(unit_file(*state, "notes", "", 0600));
    assert_null(privilege_hand_over(*state, names, &user));
    assert_int_equal(owner(other), user.uid);
    free(other);
    free(lock);
}

static void test_hand_over_only_what_is_ours(void **state)
{
    char *lock = unit_file(*state, "lock", "", 0600), *other = unit_file(*state, "notes", "", 0600);
    char *link = unit_path(*state, "link"), *missing = unit_path(*state, "missing");
    struct privilege_user user = {"other", geteuid() + 1, getegid() + 1};

    assert_string_equal(privilege_hand_over(*state, names, &user), "there is something else in it");
    assert_int_equal(owner(*state), geteuid());
    assert_int_equal(owner(lock), geteuid());
    assert_int_equal(unlink(other), 0);
    assert_int_equal(chmod(*state, 01777), 0);
    assert_string_equal(privilege_hand_over(*state, names, &user), "others may write it");
    assert_int_equal(owner(*state), geteuid());
    assert_int_equal(chmod(*state, 0700), 0);
    assert_int_equal(symlink(".", link), 0);
    assert_string_equal(privilege_hand_over(link, names, &user), "it is no folder, or a symbolic link to one");
    assert_string_equal(privilege_hand_over(lock, names, &user), "it is no folder, or a symbolic link to one");
    assert_string_equal(privilege_hand_over(missing, names, &user), strerror(ENOENT));
    assert_int_equal(owner(*state), geteuid());
    free(missing);
    free(link);
    free(other);
    free(lock);
}

/* The user had the folder before: what he put in the place of our files stays whose it is. */
static void test_hand_over_is_not_fooled(void **state)
{
    char *folder = unit_path(*state, "folder"), *target = unit_file(*state, "target", "", 0600);
    char *lock = unit_path(folder, "lock"), *file = unit_path(folder, "state.json");
    struct privilege_user user;

    assert_true(privilege_find("nobody", &user));
    assert_int_equal(mkdir(folder, 0700), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(folder, user.uid, user.gid), 0);
    else
        user.uid = geteuid();
    assert_int_equal(symlink(target, lock), 0);
    assert_null(privilege_hand_over(folder, names, &user));
    assert_int_equal(owner(target), geteuid());
    assert_int_equal(link(target, file), 0);
    assert_null(privilege_hand_over(folder, names, &user));
    assert_int_equal(owner(target), geteuid());
    /* Nor is the program held up by a FIFO, nor a folder given. */
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkfifo(lock, 0600), 0);
    assert_int_equal(mkdir(file, 0700), 0);
    assert_null(privilege_hand_over(folder, names, &user));
    assert_int_equal(owner(lock), geteuid());
    assert_int_equal(owner(file), geteuid());
    unit_remove_folder(folder);
    free(target);
    free(lock);
    free(file);
}

/* ---- The process. ---- */

static void get_capabilities(struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

    must(syscall(SYS_capget, &header, data) == 0);
}

/* As a container's runtime may start us: also the sets that a change of the user does not touch are full. */
static void fill_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    get_capabilities(data);
    for (int i = 0; i < 2; i++)
        data[i].inheritable = data[i].permitted;
    must(syscall(SYS_capset, &header, data) == 0);
    must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0);
}

static void has_none(void)
{
    struct __user_cap_data_struct data[2];

    get_capabilities(data);
    for (int i = 0; i < 2; i++)
        must(!data[i].effective && !data[i].permitted && !data[i].inheritable);
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
        must(prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 0);
        must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 0);
    }
}

static void drop(void *arg)
{
    const gid_t roots[] = {0, 1, 2, 3};
    struct privilege_user user;
    uid_t uids[3];
    gid_t gids[3], groups[8];

    (void)arg;
    must(setgroups(COUNT(roots), roots) == 0);
    fill_capabilities();
    must(privilege_find("nobody", &user) && privilege_drop(&user, NULL) == 0);
    must(getresuid(&uids[0], &uids[1], &uids[2]) == 0 && getresgid(&gids[0], &gids[1], &gids[2]) == 0);
    for (int i = 0; i < 3; i++)
        must(uids[i] == user.uid && gids[i] == user.gid);
    must(getgroups(COUNT(groups), groups) == 1 && groups[0] == user.gid);
    has_none();
    must(setuid(0) < 0 && seteuid(0) < 0 && setgid(0) < 0 && setgroups(COUNT(roots), roots) < 0);
    must(forked_open("/etc/shadow", O_RDONLY) == EACCES);
}

/* A group by name is one more; one that there is not is none. */
static void drop_with_group(void *arg)
{
    const struct group *group = getgrnam("adm");
    struct privilege_user user;
    gid_t groups[8];

    must(group && privilege_find("nobody", &user) && privilege_drop(&user, arg) == 0);
    must(getgroups(COUNT(groups), groups) == (strcmp(arg, "adm") == 0 ? 2 : 1));
    must(groups[0] == user.gid || groups[0] == group->gr_gid);
}

/* Securebits that keep the capabilities over a change of the user (SECBIT_NO_SETUID_FIXUP) do not help either. */
static void drop_with_securebits(void *arg)
{
    struct privilege_user user;

    (void)arg;
    must(prctl(PR_SET_SECUREBITS, 1 << 2, 0, 0, 0) == 0);
    must(privilege_find("nobody", &user) && privilege_drop(&user, NULL) == 0);
    has_none();
    must(setuid(0) < 0);
    must(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == 1 << 2);
}

static void drop_as_nobody(void *arg)
{
    struct privilege_user user = {"root", 0, 0};

    (void)arg;
    must(geteuid() != 0 || setuid(65534) == 0);
    must(privilege_drop(&user, NULL) == -EPERM);
}

static void seal(void *arg)
{
    (void)arg;
    must(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
    privilege_seal();
    must(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    must(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void test_drop(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        forked(drop, NULL);
        forked(drop_with_securebits, NULL);
        forked(drop_with_group, (char[]){"adm"});
        forked(drop_with_group, (char[]){"there is none"});
    }
    forked(drop_as_nobody, NULL);
}

static void test_seal(void **state)
{
    (void)state;
    forked(seal, NULL);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, unit_setup_folder, unit_teardown_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        WITH_FOLDER(test_hand_over),
        WITH_FOLDER(test_hand_over_only_what_is_ours),
        WITH_FOLDER(test_hand_over_is_not_fooled),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_seal),
    };

    return cmocka_run_group_tests_name("privilege", tests, NULL, NULL);
}
