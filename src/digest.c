#include "digest.h"

#include "buf.h"
#include "mem.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

enum digest digest_find(const char *word)
{
    static const char *const words[] = {"", "md5", "sha1", "sha256", "sha512"};

    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return (enum digest)i;
    return DIGEST_NONE;
}

/* Into bytes, which has room for half of the text; false when it is no hex. */
static bool read_hex(const char *text, unsigned char *bytes)
{
    for (; *text; text += 2)
        if (!parse_hex_byte(text, bytes++))
            return false;
    return true;
}

static size_t compute(enum digest digest, const char *key, const char *data, unsigned char *out)
{
    size_t length;
    char *bytes;

    if (!key || strncmp(key, "hex:", 4) != 0)
        return digest_compute(digest, key, key ? strlen(key) : 0, data, out);
    bytes = mem_string(key);
    length =
        read_hex(key + 4, (unsigned char *)bytes) ? digest_compute(digest, bytes, (strlen(key) - 4) / 2, data, out) : 0;
    mem_wipe(bytes);
    return length;
}

char *digest_make(enum digest digest, const char *key, const char *data, bool base64)
{
    unsigned char out[DIGEST_SIZE];
    size_t length = compute(digest, key, data, out);
    struct buf text = {0};

    if (!length)
        return NULL;
    if (base64)
        buf_add_base64(&text, out, length);
    for (size_t i = 0; !base64 && i < length; i++)
        buf_addf(&text, "%02x", out[i]);
    explicit_bzero(out, sizeof out); /* perhaps a key of the next one */
    return buf_take(&text);
}
