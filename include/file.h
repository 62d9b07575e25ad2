/* file: whole files, read and replaced. */
#ifndef WANDDNS_FILE_H
#define WANDDNS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads a regular file of at most max bytes. *content gets a NUL behind its *length bytes and belongs to the caller.
 * 0, or -errno (-EFBIG when larger than max, -EISDIR or -EINVAL when not a regular file). */
int file_read(const char *path, size_t max, char **content, size_t *length);

/* 0 when the file can be read, or -errno. Unlike access(2) it meets every wall: of those that Landlock and the like
 * raise, that one knows nothing. */
int file_try(const char *path);

/* What this -errno of file_read() or file_try() says to people. */
const char *file_error(const char *path, int error);

/* Replaces a file whole: temporary file beside it, write, fsync, rename, fsync of the folder, so that after a crash at
 * any instruction the old content or the new one is there (rename(2), fsync(2)). 0, or -errno: the old file is as it
 * was, or, where only the last fsync failed, the new one is there but may not outlive a loss of power. */
int file_replace(const char *path, const char *content, size_t length, unsigned mode);

/* Writes a new file of this mode; root makes it one of the user whose folder it is in. 0, or -errno (-EEXIST when there is anything of that name): then there is none. */
int file_create(const char *path, const char *content, size_t length, unsigned mode);

/* Who else may touch a file that holds a secret. */
enum file_access {
    FILE_PRIVATE,
    FILE_READABLE, /* by others than the owner and the group */
    FILE_WRITABLE, /* by others than the owner, or the owner is neither root nor we nor trusted */
};

/* From now on this user's files are as good as ours; 0: nobody's else are. */
void file_trust(uid_t user);

/* The widest access that the mode bits of path give; FILE_PRIVATE when the file cannot be looked at, for then reading
 * it fails too and says why. */
enum file_access file_access(const char *path);

/* Creates the folder with this mode when it is missing, and missing parents with 0755. 0 or -errno. */
int file_make_folder(const char *path, unsigned mode);

/* Takes the lock file at path for as long as the process lives (flock(2)); made by root it is one of the user whose
 * folder it is in. A descriptor, or -errno (-EWOULDBLOCK when
 * another process has it). */
int file_lock(const char *path);

#endif
