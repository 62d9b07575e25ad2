#include "digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

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
