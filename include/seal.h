/* seal: what a number became under a key that is in the state folder, in the file `key`.
 *
 * A checksum of a text with a password in it lets anybody who has it try passwords; its seal (an HMAC) does not, without
 * the key. Who loses the key, or finds another one, knows none of the numbers that were sealed before. */
#ifndef WANDDNS_SEAL_H
#define WANDDNS_SEAL_H

#include <stdint.h>

enum { SEAL_SIZE = 17 }; /* 16 hex digits, and a NUL */

struct seal;

/* Looks for nothing yet. The caller frees it. */
struct seal *seal_new(const char *folder);
void seal_free(struct seal *seal);

/* Sees to it that there is a key: reads it, or makes one, in place of a file that holds none. Where the folder cannot be
 * written to, the key lives as long as the seal, and is tried to be written at the next call. 0, or -errno when there is
 * none, or none on the disk. */
int seal_prepare(struct seal *seal);

/* The number's seal, which is the seal's until the next call; NULL when there is no key. */
const char *seal_of(struct seal *seal, uint32_t number);

#endif
