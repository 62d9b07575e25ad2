#include "digest.h"

#include <gnutls/crypto.h>
#include <string.h>

/* It takes no functions of others any more (gnutls_global_set_mem_functions(3)). */
void digest_wipe_freed(void)
{
}

size_t digest_compute(enum digest digest, const void *key, size_t key_length, const char *data, unsigned char *out)
{
    static const gnutls_mac_algorithm_t macs[] = {GNUTLS_MAC_NULL, GNUTLS_MAC_MD5, GNUTLS_MAC_SHA1, GNUTLS_MAC_SHA256,
                                                  GNUTLS_MAC_SHA512};
    static const gnutls_digest_algorithm_t digests[] = {GNUTLS_DIG_NULL, GNUTLS_DIG_MD5, GNUTLS_DIG_SHA1,
                                                        GNUTLS_DIG_SHA256, GNUTLS_DIG_SHA512};

    if (key)
        return gnutls_hmac_fast(macs[digest], key, key_length, data, strlen(data), out) == 0
                   ? gnutls_hmac_get_len(macs[digest])
                   : 0;
    return gnutls_hash_fast(digests[digest], data, strlen(data), out) == 0 ? gnutls_hash_get_len(digests[digest]) : 0;
}
