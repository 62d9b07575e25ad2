/* What the unit tests share: files and folders for one test, what was written to standard error, faults as text. */
#ifndef WANDDNS_TESTS_UNIT_H
#define WANDDNS_TESTS_UNIT_H

/* cmocka.h asks for these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A new folder of mode 0700; unit_remove_folder() removes it with the files in it. */
char *unit_folder(void);
void unit_remove_folder(char *folder);

/* Writes folder/name with this mode, and returns the path, which the caller frees. */
char *unit_file(const char *folder, const char *name, const char *text, unsigned mode);

/* The whole file, which the caller frees; NULL when there is none. */
char *unit_read(const char *path);

/* "folder/name", which the caller frees. */
char *unit_path(const char *folder, const char *name);

/* As setup and teardown of a test: *state is a new folder. */
int unit_setup_folder(void **state);
int unit_teardown_folder(void **state);

/* From begin to end what the program writes to standard error is kept; the caller frees it. */
void unit_capture_begin(void);
char *unit_capture_end(void);

/* Collects faults, one "file:line: text" a line; fits tree_fault_fn with a struct unit_faults as its argument. */
struct unit_faults {
    char text[16384];
    size_t count;
};
void unit_fault(void *arg, const char *file, int line, const char *text);

void unit_assert_contains(const char *text, const char *part, const char *file, int line);
void unit_assert_lacks(const char *text, const char *part, const char *file, int line);
#define assert_contains(text, part) unit_assert_contains(text, part, __FILE__, __LINE__)
#define assert_lacks(text, part)    unit_assert_lacks(text, part, __FILE__, __LINE__)

/* For tables: every row is tried, the wrong ones are printed with unit_wrong(), and unit_all_right() fails when there
 * was one. */
void unit_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
void unit_all_right(void);

/* Numbers that are random but the same for the same seed (xorshift64*). */
struct unit_random {
    uint64_t state;
};
void unit_random_seed(struct unit_random *random, uint64_t seed);
uint32_t unit_random(struct unit_random *random, uint32_t bound);

#endif
