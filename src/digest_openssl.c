#include "digest.h"

#include "mem.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return malloc(size);
}

static void *move(void *old, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    if (size)
        return mem_move(old, size);
    mem_wipe(old);
    return NULL;
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    mem_wipe(memory);
}

void digest_wipe_freed(void)
{
    CRYPTO_set_mem_functions(take, move, give_back);
}

size_t digest_compute(enum digest digest, const void *key, size_t key_length, const char *data, unsigned char *out)
{
    const EVP_MD *kinds[] = {NULL, EVP_md5(), EVP_sha1(), EVP_sha256(), EVP_sha512()};
    unsigned length = 0;

    if (key) {
        if (!HMAC(kinds[digest], key, (int)key_length, (const unsigned char *)data, strlen(data), out, &length))
            return 0;
    } else if (!EVP_Digest(data, strlen(data), out, &length, kinds[digest], NULL)) {
        return 0;
    }
    return length;
}
