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

static int read_all(int fd, size_t max, char **content, size_t *length)
{
    size_t size = 4096, used = 0;
    char *text = mem_resize(NULL, size, 1);
    ssize_t got;

    while ((got = read(fd, text + used, size - used - 1)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || (used += (size_t)got) > max) {
            int error = got < 0 ? errno : EFBIG;

            free(text);
            return -error;
        }
        if (size - used < 2048)
            text = mem_resize(text, size *= 2, 1);
    }
    text[used] = '\0';
    *content = text;
    *length = used;
    return 0;
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
    return strerror(-error);
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

int file_create(const char *path, const char *content, size_t length, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode), result;

    if (fd < 0)
        return -errno;
    result = write_all(fd, content, length);
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
    return fd;
}
