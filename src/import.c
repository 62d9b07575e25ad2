#include "import.h"

#include "buf.h"
#include "config.h"
#include "draft_print.h"
#include "file.h"
#include "import_ddclient.h"
#include "import_inadyn.h"
#include "log.h"
#include "mem.h"
#include "privilege.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GOOD = 0, LEFT_OUT = 1, FAULT = 2, MAX_FILE = 256 * 1024 };

/* ---- Which client's it is. ---- */

/* "provider NAME {" or "custom NAME {" at the beginning of a line is inadyn's; ddclient has custom=yes. */
static bool begins_section(const char *line)
{
    size_t length = strncmp(line, "provider", 8) == 0 ? 8 : strncmp(line, "custom", 6) == 0 ? 6 : 0;

    return length && isspace((unsigned char)line[length]) && line[length + strspn(line + length, " \t")] != '=';
}

static bool is_inadyn(const char *text)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, " \t\r\n");
        if (begins_section(line))
            return true;
    }
    return false;
}

const char *import_client(const char *text)
{
    return is_inadyn(text) ? "inadyn" : "ddclient";
}

struct draft *import_text(struct dialect *dialect, const char *file, const char *text, size_t length,
                          tree_fault_fn *fault, void *arg)
{
    struct faults faults = {file, fault, arg, false};
    struct draft *draft = draft_new(import_client(text), file);

    if (is_inadyn(text))
        import_inadyn(draft, dialect, text, length, &faults);
    else
        import_ddclient(draft, dialect, text, length, &faults);
    if (!faults.any && !draft->section_count)
        fault_at(&faults, 0, "there is no section of inadyn and no host of ddclient in it");
    if (!faults.any)
        return draft;
    draft_free(draft);
    return NULL;
}

/* ---- Where it goes. ---- */

static int complain(const char *path, const char *what)
{
    fprintf(stderr, "wanddns: %s: %s\n", path, what);
    return FAULT;
}

/* The user that the packages make, when root asks: his the passwords, and root's the configuration, which he reads. */
static bool find_service(struct privilege_user *user)
{
    return geteuid() == 0 && privilege_find("wanddns", user);
}

static int create(const char *path, const char *content, bool is_secret, const struct privilege_user *service)
{
    int error = file_create(path, content, strlen(content), service && !is_secret ? 0640 : 0600);

    if (error || !service || chown(path, is_secret ? service->uid : 0, service->gid) == 0)
        return error;
    error = -errno;
    unlink(path);
    return error;
}

/* Nothing is overwritten: what is there is the work of somebody. When one cannot be written none stays. */
static int write_files(const char *path, const struct draft_print *print, const struct privilege_user *service)
{
    for (size_t i = 0; i <= print->file_count; i++) {
        bool is_secret = i < print->file_count;
        const char *file = is_secret ? print->files[i].path : path;
        int error = create(file, is_secret ? print->files[i].content : print->text, is_secret, service);

        if (!error)
            continue;
        while (i-- > 0)
            unlink(print->files[i].path);
        return complain(file, error == -EEXIST ? "is there already: nothing is written" : strerror(-error));
    }
    return GOOD;
}

struct checking {
    const char *shown;
    bool any;
};

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    struct checking *checking = arg;

    (void)file;
    checking->any = true;
    fault_print(NULL, checking->shown, line, text);
}

/* Is it what wanddns check calls good? What is not is told. */
static bool is_good(const char *path, const char *shown)
{
    struct checking checking = {shown, false};
    struct config *config;

    log_set_level(LOG_LEVEL_ERROR);
    config = config_read(path, on_fault, &checking);
    config_free(config);
    return !checking.any;
}

/* On its way to standard output, which cannot be read. */
static bool is_good_text(const char *text)
{
    int fd = memfd_create("wanddns.conf", MFD_CLOEXEC);
    size_t length = strlen(text);
    struct buf path = {0};
    bool good = false;

    buf_addf(&path, "/proc/self/fd/%d", fd);
    if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, text, length) != (ssize_t)length)
        complain("the result cannot be checked", strerror(errno));
    else
        good = is_good(path.text, "the result");
    if (fd >= 0)
        close(fd);
    buf_free(&path);
    return good;
}

static int finish(const struct draft *draft, bool good)
{
    if (draft->lost)
        fprintf(stderr, "wanddns: %zu %s left out: look for \"left out\" in the comments\n", draft->lost,
                draft->lost == 1 ? "setting is" : "settings are");
    if (!good)
        fputs("wanddns: the result is not complete: put right what stands above\n", stderr);
    return draft->lost || !good ? LEFT_OUT : GOOD;
}

static int print_all(const struct draft *draft)
{
    struct draft_print print;
    int status;

    draft_print(draft, NULL, &print);
    fputs(print.text, stdout);
    fflush(stdout); /* before what is said of it */
    status = finish(draft, is_good_text(print.text));
    draft_print_clear(&print);
    return status;
}

/* What a package has laid there, without a section, makes room. */
static int write_beside_untouched(const char *path, const struct draft_print *print,
                                  const struct privilege_user *service)
{
    struct buf old = {0};
    bool moved;
    int status;

    buf_addf(&old, "%s.old", path);
    moved = access(path, F_OK) == 0 && config_is_untouched(path) && access(old.text, F_OK) < 0 &&
            rename(path, old.text) == 0;
    status = write_files(path, print, service);
    if (moved && status == GOOD)
        printf("%s: what was there had no provider, and is kept as %s\n", path, old.text);
    else if (moved)
        rename(old.text, path);
    buf_free(&old);
    return status;
}

/* 0, or -errno. */
static int make_folder(const char *folder, const struct privilege_user *service)
{
    bool was_there = access(folder, F_OK) == 0;
    int error = file_make_folder(folder, 0700);

    if (!error && !was_there && service && (chown(folder, 0, service->gid) < 0 || chmod(folder, 0750) < 0))
        error = -errno;
    return error;
}

static int write_all(const struct draft *draft, const char *folder, const struct privilege_user *service)
{
    int error = make_folder(folder, service), status;
    char *whole = error ? NULL : realpath(folder, NULL);
    struct draft_print print;
    struct buf path = {0};

    if (!whole)
        return complain(folder, strerror(error ? -error : errno));
    draft_print(draft, whole, &print);
    buf_addf(&path, "%s/wanddns.conf", whole);
    status = write_beside_untouched(path.text, &print, service);
    if (status == GOOD) {
        printf("%s: written, and %zu file%s with a password\n", path.text, print.file_count,
               print.file_count == 1 ? "" : "s");
        fflush(stdout);
        status = finish(draft, is_good(path.text, path.text));
    }
    buf_free(&path);
    draft_print_clear(&print);
    free(whole);
    return status;
}

static int import_all(const char *file, const char *text, size_t length, const char *folder)
{
    struct faults faults = {file, fault_print, NULL, false};
    struct dialect *dialect = dialect_read(import_client(text), &faults);
    struct draft *draft = dialect ? import_text(dialect, file, text, length, fault_print, NULL) : NULL;
    struct privilege_user user, *service = folder && find_service(&user) ? &user : NULL;
    int status;

    if (draft && service)
        draft->user = service->name;
    status = !draft ? FAULT : folder ? write_all(draft, folder, service) : print_all(draft);
    draft_free(draft);
    dialect_free(dialect);
    return status;
}

int import_run(const char *file, const char *folder)
{
    char *text = NULL;
    size_t length;
    int error = file_read(file, MAX_FILE, &text, &length), status = FAULT;

    log_set_plain();
    if (error)
        fault_print(NULL, file, 0, file_error(file, error));
    else
        status = import_all(file, text, length, folder);
    mem_wipe(text);
    return status;
}
