/* Texts that are kept in tests/golden, as a person is to read them. */
#ifndef WANDDNS_TESTS_GOLDEN_H
#define WANDDNS_TESTS_GOLDEN_H

struct reply;

/* The file, which the caller frees. */
char *golden_read(const char *name);

/* The text is that of the file. With GOLDEN=write in the environment the file is written instead, to be looked at before
 * it is committed. */
void golden_assert(const char *name, const char *text);

/* The lines of a daemon that are in the file; the caller frees the reply. */
struct reply *golden_reply(const char *name);

#endif
