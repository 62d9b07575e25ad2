#include "sandbox.h"

#include "catalog.h"
#include "file.h"
#include "forked.h"
#include "landlock.h"
#include "log.h"
#include "privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTION                                                               \
    "provider dyndns2 {\nserver = \"https://192.0.2.53\"\nusername = alice\n" \
    "hostname = home.example.org\npassword-file = \"%s/secrets/password\"\n}\n"
#define PROGRAM "provider exec {\nhostname = vpn.example.org\nprogram = \"/bin/true\"\n}\n"

int __real_setresuid(uid_t real, uid_t effective, uid_t saved);
int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved);

/* As with fs.suid_dumpable = 1 (proc_sys_fs(5)). */
int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved)
{
    int result = __real_setresuid(real, effective, saved);

    if (result == 0)
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return result;
}

/* A folder with conf/wanddns.conf, secrets/password, outside/file, a link conf/link to it, far, and state to be made. */
struct scene {
    char *folder, *conf, *secrets, *outside, *far, *state;
    const char *before, *behind; /* SECTION, in the configuration */
};

static char *made(const char *folder, const char *name)
{
    char *path = unit_path(folder, name);

    assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

/* That nobody may read, and not everybody. */
static void make_secret(const char *folder, unsigned mode)
{
    char *path = unit_file(folder, "password", "secret", mode);
    struct privilege_user user;

    assert_true(privilege_find("nobody", &user));
    assert_true(geteuid() != 0 || chown(path, 0, user.gid) == 0);
    free(path);
}

static int setup(void **state)
{
    static struct scene scene;
    char *file, *link;

    scene = (struct scene){.folder = unit_folder(), .before = "", .behind = ""};
    scene.conf = made(scene.folder, "conf");
    scene.secrets = made(scene.folder, "secrets");
    scene.outside = made(scene.folder, "outside");
    scene.far = made(scene.folder, "far");
    scene.state = unit_path(scene.folder, "state");
    assert_int_equal(file_make_folder(scene.state, 0700), 0);
    assert_int_equal(chmod(scene.folder, 0755), 0);
    make_secret(scene.secrets, 0640);
    make_secret(scene.far, 0640);
    file = unit_file(scene.outside, "file", "x", 0644);
    link = unit_path(scene.conf, "link");
    assert_int_equal(symlink(file, link), 0);
    free(link);
    free(file);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    unit_remove_folder(scene->conf);
    unit_remove_folder(scene->secrets);
    unit_remove_folder(scene->outside);
    unit_remove_folder(scene->far);
    unit_remove_folder(scene->state);
    unit_remove_folder(scene->folder);
    return 0;
}

static struct config *configure(const struct scene *scene, const char *before, const char *behind)
{
    char text[2048], *path;
    struct unit_faults faults = {0};
    struct config *config;

    snprintf(text, sizeof text, "%s" SECTION "%s", before, scene->folder, behind);
    path = unit_file(scene->conf, "wanddns.conf", text, 0644);
    config = config_read(path, unit_fault, &faults);
    must(config && !faults.count);
    free(path);
    return config;
}

/* Into the sandbox; the log goes to standard error, which the test may have captured. */
static struct config *enter(const struct scene *scene)
{
    struct config *config = configure(scene, scene->before, scene->behind);
    const char *const folders[] = {scene->state, NULL};

    log_set_level(LOG_LEVEL_DEBUG);
    must(sandbox_enter(config, folders));
    return config;
}

static int try(const char *folder, const char *name, int flags)
{
    char *path = unit_path(folder, name);
    int error = forked_open(path, flags);

    free(path);
    return error;
}

/* Not kept out; a fresh chroot may have no such file. */
static bool is_open(const char *path)
{
    int error = forked_open(path, O_RDONLY);

    return error == 0 || error == ENOENT;
}

/* Runs body, and hands back the log. */
static char *log_of(void (*body)(void *arg), struct scene *scene)
{
    unit_capture_begin();
    forked(body, scene);
    return unit_capture_end();
}

/* What is named, and what the libraries need, can be read; the state folder is made and can be written. */
static void inside(void *arg)
{
    const struct scene *scene = arg;
    struct config *config = enter(scene);

    must(try(scene->conf, "wanddns.conf", O_RDONLY) == 0);
    must(try(scene->secrets, "password", O_RDONLY) == 0);
    must(try(scene->state, "state.json", O_WRONLY | O_CREAT) == 0);
    must(is_open("/etc/resolv.conf") && is_open("/etc/hosts"));
    must(forked_open("/usr", O_RDONLY) == 0 && forked_open("/dev/urandom", O_RDONLY) == 0);
    for (int i = 0; i < CATALOG_FOLDERS; i++)
        must(!catalog_folder(i) || access(catalog_folder(i), F_OK) < 0 ||
             forked_open(catalog_folder(i), O_RDONLY) == 0);
    must(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    must(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    config_free(config);
}

static void outside(void *arg)
{
    const struct scene *scene = arg;
    struct config *config = enter(scene);

    must(try(scene->outside, "file", O_RDONLY) == EACCES);
    must(try(scene->conf, "link", O_RDONLY) == EACCES);
    must(try(scene->folder, ".", O_RDONLY) == EACCES);
    must(try(scene->conf, "fresh", O_WRONLY | O_CREAT) == EACCES);
    must(try(scene->secrets, "password", O_WRONLY) == EACCES);
    config_free(config);
}

/* No wall: everything is as open as it was. */
static void open_house(void *arg)
{
    const struct scene *scene = arg;
    struct config *config = enter(scene);

    must(try(scene->outside, "file", O_RDONLY) == 0);
    must(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    must(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    config_free(config);
}

static bool has_landlock(void)
{
    struct landlock wall;
    int error = landlock_begin(&wall);

    if (error == 0)
        close(wall.fd);
    return error == 0;
}

static void test_walls(void **state)
{
    char *log = log_of(inside, *state);

    assert_contains(log, ", no new privileges, no core files, ");
    assert_contains(log, has_landlock() ? "files, Landlock " : "files, no Landlock (");
    assert_lacks(log, "cannot read");
    free(log);
    if (has_landlock())
        forked(outside, *state);
}

/* A program would live behind the walls too, so there are none; all else is as it would be. */
static void test_programs(void **state)
{
    static const char *const sections[] = {
        PROGRAM,
        "provider no-ip {\nusername = a\npassword = b\nhostname = x.example.org\nsource = \"exec:/bin/true\"\n}\n",
        "provider no-ip {\nusername = a\npassword = b\nrecord x.example.org {\nsource = \"exec:/bin/true\"\n}\n}\n",
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(sections); i++) {
        char *log;

        scene->behind = sections[i];
        log = log_of(open_house, scene);
        assert_contains(log, "Landlock is not used: /bin/true would have to live behind the same walls");
        assert_contains(log, "no Landlock (programs)");
        free(log);
    }
}

/* ---- The user. ---- */

static void as_nobody(void *arg)
{
    struct scene *scene = arg;
    struct config *config;
    struct stat st;

    scene->before = "user = nobody\n";
    config = enter(scene);
    must(geteuid() == 65534 && setuid(0) < 0);
    must(stat(scene->state, &st) == 0 && st.st_uid == 65534 && (st.st_mode & 07777) == 0700);
    must(try(scene->state, "state.json", O_WRONLY | O_CREAT) == 0);
    must(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    config_free(config);
}

static void as_whom_we_are(void *arg)
{
    const struct scene *scene = arg;
    const char *const folders[] = {scene->state, NULL};
    struct config *config = configure(scene, "user = nobody\n", "");

    must(setuid(65534) == 0);
    must(sandbox_enter(config, folders) && geteuid() == 65534);
    config_free(config);
}

static void as_another(void *arg)
{
    const struct scene *scene = arg;
    const char *const folders[] = {scene->state, NULL};
    struct config *config = configure(scene, "user = daemon\n", "");

    must(geteuid() != 0 || setuid(65534) == 0);
    must(!sandbox_enter(config, folders));
    config_free(config);
}

/* What the user cannot read would be missed at a reload only. */
static void unreadable(void *arg)
{
    struct scene *scene = arg;

    make_secret(scene->secrets, 0600);
    as_nobody(scene);
}

static void test_user(void **state)
{
    char *log;

    log = log_of(as_another, *state);
    assert_contains(log, "<3>user: only root can become 'daemon', and this is user ");
    free(log);
    if (geteuid() != 0)
        return;
    log = log_of(as_nobody, *state);
    assert_contains(log, "sandbox: user 65534, groups 65534, no new privileges");
    assert_lacks(log, "<4>");
    assert_lacks(log, "Landlock is not used");
    free(log);
    log = log_of(unreadable, *state);
    assert_contains(log, "/secrets/password: the daemon cannot read it again: Permission denied");
    free(log);
    log = log_of(as_whom_we_are, *state);
    assert_lacks(log, "<3>");
    free(log);
}

/* ---- Links, and a reload. ---- */

/* A configuration and a password file that are links: the folders of both ends count. */
static void linked(void *arg)
{
    const struct scene *scene = arg;
    const char *const folders[] = {scene->state, NULL};
    char *conf = unit_path(scene->conf, "wanddns.conf"), *secret = unit_path(scene->secrets, "password");
    char *far_conf = unit_path(scene->far, "wanddns.conf");
    struct unit_faults faults = {0};
    struct config *config;

    config_free(configure(scene, "", ""));
    must(rename(conf, far_conf) == 0 && symlink("../far/wanddns.conf", conf) == 0);
    must(unlink(secret) == 0 && symlink("../far/password", secret) == 0);
    config = config_read(conf, unit_fault, &faults);
    must(config && sandbox_enter(config, folders));
    must(forked_open(conf, O_RDONLY) == 0 && forked_open(secret, O_RDONLY) == 0);
    must(try(scene->conf, ".", O_RDONLY) == 0 && try(scene->far, ".", O_RDONLY) == 0);
    must(!has_landlock() || try(scene->outside, "file", O_RDONLY) == EACCES);
    config_free(config);
    free(conf);
    free(secret);
    free(far_conf);
}

static void test_links(void **state)
{
    char *log = log_of(linked, *state);

    assert_lacks(log, "<4>");
    free(log);
}

static void reload(void *arg)
{
    const struct scene *scene = arg;
    struct config *after = configure(scene, "user = nobody\n", PROGRAM), *before = enter(scene);

    sandbox_compare(before, before);
    log_info("now");
    sandbox_compare(before, after);
    sandbox_compare(after, after);
    config_free(before);
    config_free(after);
}

static void test_reload(void **state)
{
    char *log = log_of(reload, *state), *now = strstr(log, "<6>now");

    assert_non_null(now);
    assert_contains(now, "user: a change takes effect with the next start\n");
    if (has_landlock())
        assert_contains(now, "/bin/true: programs cannot be run before the next start");
    *now = '\0';
    assert_lacks(log, "next start");
    free(log);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_walls), TEST(test_programs), TEST(test_user), TEST(test_links),
                                       TEST(test_reload)};

    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
