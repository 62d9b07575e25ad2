/* digest: the one table of signatures. The work is done by the TLS library that libcurl is built with, which configure
 * finds: src/digest_openssl.c or src/digest_gnutls.c. */
#ifndef WANDDNS_DIGEST_H
#define WANDDNS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum digest { DIGEST_NONE, DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 };
enum { DIGEST_SIZE = 64 }; /* of the longest */

/* "md5", "sha1", "sha256", "sha512"; DIGEST_NONE for any other word. */
enum digest digest_find(const char *word);

/* The digest of a text, or with a key its HMAC (RFC 2104), in lower-case hex or in base64; the caller frees it. A key
 * that begins with "hex:" stands there in hex. NULL when the key is no hex, or the library does not have the digest (MD5
 * where policy forbids it). */
char *digest_make(enum digest digest, const char *key, const char *data, bool base64);

/* The library is to overwrite what it frees, where it can be told so: answers stand in its buffers as they are. Before
 * anything else is done with it. */
void digest_wipe_freed(void);

/* The library's part: the length of what it wrote to out, which has DIGEST_SIZE bytes, or 0. key may be NULL. */
size_t digest_compute(enum digest digest, const void *key, size_t key_length, const char *data, unsigned char *out);

#endif
