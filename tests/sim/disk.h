/* A false disk for what the program keeps: the files of its state in DISK_FOLDER, which is nowhere.
 *
 * file.h is wrapped (ld(1), --wrap); other files are the real ones. */
#ifndef WANDDNS_TESTS_DISK_H
#define WANDDNS_TESTS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_FOLDER "/nowhere/wanddns"

void disk_begin(void);
void disk_end(void);

/* From now on each write fails with this error (ENOSPC, EROFS); 0: no more. */
void disk_fail(int error);

/* Whoever writes now is dead already, and nothing comes of it. */
void disk_freeze(bool frozen);

/* The content of the state file, or NULL; and what a stranger makes of it. Text NULL removes it. */
const char *disk_state(void);
void disk_tamper(const char *text);
void disk_spoil(size_t at); /* one byte becomes another */

size_t disk_writes(void);

/* When the last write was good, by clock_ms(); and has a stranger had his hands on it since? */
uint64_t disk_written_ms(void);
bool disk_is_tampered(void);

#endif
