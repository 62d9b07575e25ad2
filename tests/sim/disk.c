#include "disk.h"

#include "clock.h"
#include "file.h"
#include "logbook.h"
#include "mem.h"
#include "tale.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_FILE DISK_FOLDER "/state.json"
#define KEY_FILE   DISK_FOLDER "/key"

enum { PRIVATE = 0600 }; /* both have what is nobody else's business */

static struct {
    char *state, *key;
    int error;
    bool frozen, tampered;
    size_t writes;
    uint64_t written_ms;
} disk;

void disk_begin(void)
{
    free(disk.state);
    free(disk.key);
    memset(&disk, 0, sizeof disk);
}

void disk_end(void)
{
    disk_begin();
}

void disk_fail(int error)
{
    disk.error = error;
}

void disk_freeze(bool frozen)
{
    disk.frozen = frozen;
}

const char *disk_state(void)
{
    return disk.state;
}

void disk_tamper(const char *text)
{
    char *copy = mem_string(text);

    free(disk.state);
    disk.state = copy;
    disk.tampered = true;
}

void disk_spoil(size_t at)
{
    size_t length = disk.state ? strlen(disk.state) : 0;

    disk.tampered = true;
    if (at < length)
        disk.state[at] = disk.state[at] == '#' ? '+' : '#';
}

size_t disk_writes(void)
{
    return disk.writes;
}

uint64_t disk_written_ms(void)
{
    return disk.written_ms;
}

bool disk_is_tampered(void)
{
    return disk.tampered;
}

/* ---- What the program calls. ---- */

static bool is_ours(const char *path)
{
    return strncmp(path, DISK_FOLDER, strlen(DISK_FOLDER)) == 0;
}

int __real_file_read(const char *path, size_t max, char **content, size_t *length);
int __wrap_file_read(const char *path, size_t max, char **content, size_t *length);
int __real_file_replace(const char *path, const char *content, size_t length, unsigned mode);
int __wrap_file_replace(const char *path, const char *content, size_t length, unsigned mode);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_file_read(const char *path, size_t max, char **content, size_t *length)
{
    const char *text;

    if (!is_ours(path))
        return __real_file_read(path, max, content, length);
    text = strcmp(path, STATE_FILE) == 0 ? disk.state : strcmp(path, KEY_FILE) == 0 ? disk.key : NULL;
    if (!text)
        return -ENOENT;
    *content = mem_string(text);
    *length = strlen(text);
    return 0;
}

int __wrap_file_replace(const char *path, const char *content, size_t length, unsigned mode)
{
    if (!is_ours(path))
        return __real_file_replace(path, content, length, mode);
    logbook_search("the state file", content);
    if (mode != PRIVATE)
        tale_wrong("%s is written with mode %04o", path, mode);
    if (disk.frozen)
        return 0;
    if (disk.error)
        return -disk.error;
    if (strcmp(path, KEY_FILE) == 0 && !disk.key) {
        disk.key = mem_string_n(content, length);
        return 0;
    }
    if (strcmp(path, STATE_FILE) != 0) {
        tale_wrong("%s is written", path);
        return 0;
    }
    free(disk.state);
    disk.state = mem_string_n(content, length);
    disk.tampered = false;
    disk.writes++;
    disk.written_ms = clock_ms();
    tale_show("    # %zu bytes are written", length);
    return 0;
}

/* A file that is set aside. */
int __wrap_rename(const char *from, const char *to)
{
    if (!is_ours(from))
        return __real_rename(from, to);
    if (disk.frozen)
        return 0;
    if (disk.error == EROFS) {
        errno = EROFS;
        return -1;
    }
    free(disk.state);
    disk.state = NULL;
    disk.tampered = true;
    return 0;
}
