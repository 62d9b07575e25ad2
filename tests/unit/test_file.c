#include "file.h"

#include "forked.h"
#include "landlock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the disk was asked for, in order: f an fsync of a file, d one of a folder, r a rename. These stand in front of
 * those of the C library. */
static char asked[16];

static void note(char letter)
{
    size_t length = strlen(asked);

    if (length < sizeof asked - 1)
        asked[length] = letter;
}

int fsync(int fd)
{
    struct stat st;

    note(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'd' : 'f');
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    note('r');
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static size_t files_in(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)))
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(dir);
    return count;
}

static void assert_content(const char *path, const char *expected)
{
    char *text = unit_read(path);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void test_read(void **state)
{
    char *path = unit_file(*state, "f", "content", 0600);
    char *content = NULL;
    size_t length = 0;

    assert_int_equal(file_read(path, 100, &content, &length), 0);
    assert_int_equal(length, 7);
    assert_string_equal(content, "content");
    free(content);
    /* The limit itself is allowed, one less is not. */
    assert_int_equal(file_read(path, 7, &content, &length), 0);
    free(content);
    assert_int_equal(file_read(path, 6, &content, &length), -EFBIG);
    free(path);
}

static void test_read_keeps_nul_and_size(void **state)
{
    char *path = unit_path(*state, "f"), *content = NULL;
    static char big[100000];
    size_t length = 0;

    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i % 251);
    assert_int_equal(file_replace(path, big, sizeof big, 0600), 0);
    assert_int_equal(file_read(path, sizeof big, &content, &length), 0);
    assert_int_equal(length, sizeof big);
    assert_memory_equal(content, big, sizeof big);
    assert_int_equal(content[length], 0);
    free(content);
    assert_int_equal(file_read(path, sizeof big - 1, &content, &length), -EFBIG);
    assert_int_equal(file_replace(path, "", 0, 0600), 0);
    assert_int_equal(file_read(path, 10, &content, &length), 0);
    assert_int_equal(length, 0);
    assert_string_equal(content, "");
    free(content);
    free(path);
}

static void test_read_refuses_what_is_no_file(void **state)
{
    char *fifo = unit_path(*state, "fifo"), *missing = unit_path(*state, "missing");
    char *content = NULL;
    size_t length = 0;

    assert_int_equal(mkfifo(fifo, 0600), 0);
    /* This would hang for ever if the FIFO were opened the plain way. */
    assert_int_equal(file_read(fifo, 100, &content, &length), -EINVAL);
    assert_int_equal(file_read(*state, 100, &content, &length), -EISDIR);
    assert_int_equal(file_read("/dev/zero", 100, &content, &length), -EINVAL);
    assert_int_equal(file_read(missing, 100, &content, &length), -ENOENT);
    free(fifo);
    free(missing);
}

static void test_replace(void **state)
{
    char *path = unit_path(*state, "f");
    struct stat before, after;

    umask(0);
    assert_int_equal(file_replace(path, "first", 5, 0600), 0);
    assert_content(path, "first");
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(before.st_mode & 07777, 0600);
    assert_int_equal(file_replace(path, "second and longer", 17, 0600), 0);
    assert_content(path, "second and longer");
    assert_int_equal(stat(path, &after), 0);
    /* Another file took the name: nobody ever saw half of it. */
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_int_equal(files_in(*state), 1);
    free(path);
}

/* A crash at any instruction leaves the old file or the new one: the content is on the disk before it gets its name, and
 * the name before the caller goes on. */
static void test_replace_reaches_the_disk(void **state)
{
    char *path = unit_path(*state, "f");

    memset(asked, 0, sizeof asked);
    assert_int_equal(file_replace(path, "new", 3, 0600), 0);
    assert_string_equal(asked, "frd");
    free(path);
}

/* What a crash left behind, also as a link to somewhere else, is neither followed nor in the way. */
static void test_replace_with_leftovers(void **state)
{
    char *path = unit_path(*state, "f"), *temporary = unit_path(*state, "f.new");
    char *victim = unit_file(*state, "victim", "precious", 0600);

    assert_int_equal(symlink(victim, temporary), 0);
    assert_int_equal(file_replace(path, "new", 3, 0600), 0);
    assert_content(path, "new");
    assert_content(victim, "precious");
    assert_int_equal(files_in(*state), 2);
    free(path);
    free(temporary);
    free(victim);
}

/* Root may write everywhere: the test goes on as somebody else. */
static void test_replace_in_readonly_folder(void **state)
{
    char *path = unit_file(*state, "f", "old", 0644);
    bool root = geteuid() == 0;
    int result;

    assert_int_equal(chmod(*state, 0555), 0);
    assert_true(!root || seteuid(65534) == 0);
    result = file_replace(path, "new", 3, 0600);
    assert_true(!root || seteuid(0) == 0);
    assert_int_equal(chmod(*state, 0700), 0);
    assert_int_equal(result, -EACCES);
    assert_content(path, "old");
    assert_int_equal(files_in(*state), 1);
    free(path);
}

/* As on a full disk: some bytes can be written, then no more. */
static void test_replace_when_writing_fails(void **state)
{
    char *path = unit_file(*state, "f", "old", 0600);
    struct rlimit limit, small;
    static char big[8192];
    int result;

    memset(big, 'x', sizeof big);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    result = file_replace(path, big, sizeof big, 0600);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(result, -EFBIG);
    assert_content(path, "old");
    assert_int_equal(files_in(*state), 1);
    free(path);
}

static void test_replace_where_it_cannot(void **state)
{
    char *in_missing = unit_path(*state, "missing/f"), *folder = unit_path(*state, "folder");
    char *inside;

    assert_int_equal(file_replace(in_missing, "x", 1, 0600), -ENOENT);
    /* A folder in its place is left alone, and no temporary file stays. */
    assert_int_equal(mkdir(folder, 0700), 0);
    inside = unit_file(folder, "keep", "", 0600);
    assert_true(file_replace(folder, "x", 1, 0600) < 0);
    assert_int_equal(files_in(*state), 1);
    assert_int_equal(unlink(inside), 0);
    free(inside);
    free(in_missing);
    free(folder);
}

static void test_relative_path(void **state)
{
    char *content = NULL;
    size_t length = 0;
    int here = open(".", O_RDONLY | O_DIRECTORY);

    assert_true(here >= 0 && chdir(*state) == 0);
    assert_int_equal(file_replace("f", "x", 1, 0600), 0);
    assert_int_equal(file_read("f", 1, &content, &length), 0);
    assert_int_equal(fchdir(here), 0);
    close(here);
    assert_string_equal(content, "x");
    free(content);
}

static void test_access(void **state)
{
    static const struct {
        mode_t mode;
        enum file_access access;
    } modes[] = {
        {0600, FILE_PRIVATE},  {0400, FILE_PRIVATE},  {0640, FILE_PRIVATE},  {0644, FILE_READABLE},
        {0604, FILE_READABLE}, {0620, FILE_WRITABLE}, {0602, FILE_WRITABLE}, {0666, FILE_WRITABLE},
        {0660, FILE_WRITABLE}, {0000, FILE_PRIVATE},
    };
    char *path = unit_file(*state, "f", "", 0600), *missing = unit_path(*state, "missing");

    for (size_t i = 0; i < COUNT(modes); i++) {
        assert_int_equal(chmod(path, modes[i].mode), 0);
        if (file_access(path) != modes[i].access)
            unit_wrong("mode %o: %d", (unsigned)modes[i].mode, (int)file_access(path));
    }
    unit_all_right();
    /* Whoever owns a file can write it. */
    assert_int_equal(chmod(path, 0600), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(file_access(path), FILE_WRITABLE);
        file_trust(65534);
        assert_int_equal(file_access(path), FILE_PRIVATE);
        assert_int_equal(chmod(path, 0620), 0);
        assert_int_equal(file_access(path), FILE_WRITABLE);
        file_trust(0);
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(file_access(path), FILE_WRITABLE);
    }
    assert_int_equal(file_access(missing), FILE_PRIVATE);
    free(path);
    free(missing);
}

static void assert_folder(const char *path, unsigned mode)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 07777, mode);
}

static void test_make_folder(void **state)
{
    char *path = unit_path(*state, "new"), *parent = unit_path(*state, "a"), *deep = unit_path(*state, "a/b/");
    char *file = unit_file(*state, "file", "", 0600), *below = unit_path(*state, "file/b");

    umask(0);
    assert_int_equal(file_make_folder(path, 0700), 0);
    assert_folder(path, 0700);
    assert_int_equal(file_make_folder(path, 0700), 0);
    /* Only the folder itself is private, and one that is there stays as it is. */
    assert_int_equal(file_make_folder(deep, 0700), 0);
    assert_folder(parent, 0755);
    assert_folder(deep, 0700);
    assert_int_equal(chmod(deep, 0750), 0);
    assert_int_equal(file_make_folder(deep, 0700), 0);
    assert_folder(deep, 0750);
    assert_int_equal(file_make_folder(below, 0700), -ENOTDIR);
    assert_int_equal(rmdir(deep), 0);
    free(path);
    free(parent);
    free(deep);
    free(file);
    free(below);
}

/* Takes the lock in a child and ends; the exit status is the negated error. */
static int lock_in_child(const char *path)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        int fd = file_lock(path);

        _exit(fd < 0 ? -fd : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_lock(void **state)
{
    char *path = unit_path(*state, "lock"), *elsewhere = unit_path(*state, "elsewhere/lock");
    int fd = file_lock(path);

    assert_true(fd >= 0);
    assert_int_equal(lock_in_child(path), EWOULDBLOCK);
    /* The second one in this process is kept out too, and the first stays held. */
    assert_int_equal(file_lock(path), -EWOULDBLOCK);
    assert_int_equal(lock_in_child(path), EWOULDBLOCK);
    close(fd);
    assert_int_equal(lock_in_child(path), 0);
    /* The end of the child released it, though the file is still there. */
    fd = file_lock(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_lock(elsewhere), -ENOENT);
    free(path);
    free(elsewhere);
}

static unsigned owner(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_uid;
}

/* Of a user whom root serves once, all in his folder stays his; not what has another name elsewhere. */
static void test_made_by_root(void **state)
{
    enum { NOBODY = 65534 };
    char *path = unit_path(*state, "new"), *lock = unit_path(*state, "lock"), *linked = unit_path(*state, "linked");
    unsigned whose = geteuid() == 0 ? NOBODY : geteuid();

    assert_int_equal(chown(*state, whose, (gid_t)-1), 0);
    assert_int_equal(file_create(path, "abc", 3, 0600), 0);
    assert_int_equal(owner(path), whose);
    assert_int_equal(file_replace(path, "def", 3, 0600), 0);
    assert_int_equal(owner(path), whose);
    close(file_lock(lock));
    assert_int_equal(owner(lock), whose);
    assert_int_equal(chown(lock, geteuid(), (gid_t)-1), 0);
    assert_int_equal(link(lock, linked), 0);
    close(file_lock(lock));
    assert_int_equal(owner(lock), geteuid());
    free(path);
    free(lock);
    free(linked);
}

/* What the mode forbids and what a wall forbids are two things to people. */
static void read_behind_walls(void *arg)
{
    char *path = unit_path(arg, "f"), *closed = unit_path(arg, "closed");
    struct landlock wall;

    must(geteuid() != 0 || setuid(65534) == 0);
    must(file_try(path) == 0);
    must(file_try(closed) == -EACCES && strcmp(file_error(closed, -EACCES), strerror(EACCES)) == 0);
    if (landlock_begin(&wall) == 0) { /* the kernel may have none */
        must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && landlock_raise(&wall) == 0);
        must(file_try(path) == -EACCES && strstr(file_error(path, -EACCES), "though not by its mode") != NULL);
        must(strcmp(file_error(closed, -EACCES), strerror(EACCES)) == 0);
    }
    free(path);
    free(closed);
}

static void test_try(void **state)
{
    char *path = unit_file(*state, "f", "", 0644), *missing = unit_path(*state, "missing");
    char *closed = unit_file(*state, "closed", "", 0000);

    assert_int_equal(chmod(*state, 0755), 0);
    assert_int_equal(file_try(path), 0);
    assert_int_equal(file_try(missing), -ENOENT);
    assert_string_equal(file_error(missing, -ENOENT), strerror(ENOENT));
    assert_string_equal(file_error("/dev/zero", -EINVAL), "it is no regular file");
    forked(read_behind_walls, *state);
    free(path);
    free(missing);
    free(closed);
}

/* A new file that nobody else reads; never in the place of anything, nor where a link leads. */
static void test_create(void **state)
{
    char *path = unit_path(*state, "new"), *link = unit_path(*state, "link"), *target = unit_path(*state, "target");
    struct stat st;
    mode_t mask;
    char *text;

    mask = umask(0077);
    assert_int_equal(file_create(path, "abc", 3, 0644), 0);
    umask(mask);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(file_create(path, "abc", 3, 0600), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(file_create(path, "def", 3, 0600), -EEXIST);
    text = unit_read(path);
    assert_string_equal(text, "abc");
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(file_create(link, "abc", 3, 0600), -EEXIST);
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(file_create("/nonexistent/x", "", 0, 0600), -ENOENT);
    free(text);
    free(path);
    free(link);
    free(target);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, unit_setup_folder, unit_teardown_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_read),
        WITH_FOLDER(test_read_keeps_nul_and_size),
        WITH_FOLDER(test_read_refuses_what_is_no_file),
        WITH_FOLDER(test_replace),
        WITH_FOLDER(test_replace_reaches_the_disk),
        WITH_FOLDER(test_replace_with_leftovers),
        WITH_FOLDER(test_replace_in_readonly_folder),
        WITH_FOLDER(test_replace_when_writing_fails),
        WITH_FOLDER(test_replace_where_it_cannot),
        WITH_FOLDER(test_relative_path),
        WITH_FOLDER(test_access),
        WITH_FOLDER(test_try),
        WITH_FOLDER(test_make_folder),
        WITH_FOLDER(test_lock),
        WITH_FOLDER(test_made_by_root),
        WITH_FOLDER(test_create),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
