#include "file.h"

#include "buf.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Through a buffer that leaves nothing behind where it grows: it may be a secret. */
static int read_all(int fd, size_t max, char **content, size_t *length)
{
    struct buf text = {0};
    char part[4096];
    int error = 0;
    ssize_t got;

    do {
        got = read(fd, part, sizeof part);
        if (got > 0)
            buf_add_n(&text, part, (size_t)got);
        if (got < 0 && errno != EINTR)
            error = errno;
        else if (text.length > max)
            error = EFBIG;
    } while (got != 0 && !error);
    explicit_bzero(part, sizeof part);
    *length = text.length;
    if (error)
        buf_free(&text);
    else
        *content = buf_take(&text);
    return -error;
}

/* Without O_NONBLOCK a FIFO in the place of the file would hold the program for ever. */
static int open_to_read(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int file_read(const char *path, size_t max, char **content, size_t *length)
{
    struct stat st;
    int fd = open_to_read(path);
    int result;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        result = -errno;
    else if (!S_ISREG(st.st_mode))
        result = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    else
        result = read_all(fd, max, content, length);
    close(fd);
    return result;
}

int file_try(const char *path)
{
    int fd = open_to_read(path);

    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

const char *file_error(const char *path, int error)
{
    if (error == -EACCES && access(path, R_OK) == 0)
        return "Permission denied, though not by its mode: the sandbox, or another security module, keeps it out "
               "(a file in a new folder needs a restart)";
    return error == -EINVAL ? "it is no regular file" : strerror(-error);
}

static int write_all(int fd, const char *content, size_t length)
{
    while (length) {
        ssize_t done = write(fd, content, length);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        content += done;
        length -= (size_t)done;
    }
    return 0;
}

static int sync_folder_of(const char *path)
{
    char *copy = mem_string(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = 0;

    free(copy);
    if (fd < 0)
        return -errno;
    if (fsync(fd) < 0)
        result = -errno;
    close(fd);
    return result;
}

/* What root makes in the folder of a user, he must be able to open later. A second name could be one of root's files. */
static void give_to_owner_of_folder(int fd, const char *path)
{
    char *copy = mem_string(path);
    struct stat folder, file;

    if (geteuid() == 0 && stat(dirname(copy), &folder) == 0 && fstat(fd, &file) == 0 && folder.st_uid != file.st_uid &&
        S_ISREG(file.st_mode) && file.st_nlink == 1)
        (void)!fchown(fd, folder.st_uid, folder.st_gid); /* in vain for a root without CAP_CHOWN */
    free(copy);
}

int file_create(const char *path, const char *content, size_t length, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode), result;

    if (fd < 0)
        return -errno;
    /* As it is wanted, whatever umask(2) says. */
    result = fchmod(fd, mode) < 0 ? -errno : write_all(fd, content, length);
    give_to_owner_of_folder(fd, path);
    if (result == 0 && fsync(fd) < 0)
        result = -errno;
    if (close(fd) < 0 && result == 0)
        result = -errno;
    if (result)
        unlink(path);
    return result;
}

int file_replace(const char *path, const char *content, size_t length, unsigned mode)
{
    struct buf temporary = {0};
    int result;

    buf_addf(&temporary, "%s.new", path);
    unlink(temporary.text); /* left over from a crash */
    result = file_create(temporary.text, content, length, mode);
    if (result == 0 && rename(temporary.text, path) < 0)
        result = -errno;
    if (result == 0)
        result = sync_folder_of(path);
    else
        unlink(temporary.text);
    buf_free(&temporary);
    return result;
}

static uid_t trusted;

void file_trust(uid_t user)
{
    trusted = user;
}

enum file_access file_access(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return FILE_PRIVATE;
    if (st.st_mode & (S_IWGRP | S_IWOTH) || (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != trusted))
        return FILE_WRITABLE;
    return st.st_mode & S_IROTH ? FILE_READABLE : FILE_PRIVATE;
}

int file_make_folder(const char *path, unsigned mode)
{
    char *parent = mem_string(path);

    for (char *slash = strchr(parent + 1, '/'); slash && slash[1]; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(parent, 0755); /* what is missing in the end is told by the last one */
        *slash = '/';
    }
    free(parent);
    return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int file_lock(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int error = errno;

        close(fd);
        return -error;
    }
    give_to_owner_of_folder(fd, path);
    return fd;
}
