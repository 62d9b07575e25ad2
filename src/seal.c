#include "seal.h"

#include "buf.h"
#include "digest.h"
#include "file.h"
#include "mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { KEY_BYTES = 16, MAX_FILE = 64 };

struct seal {
    char *path;
    char key[sizeof "hex:" + 2 * (size_t)KEY_BYTES]; /* as digest_make() takes it; "": not yet known */
    bool written;
    uint32_t number; /* the last one that was sealed: those of one login come together */
    char text[SEAL_SIZE];
};

struct seal *seal_new(const char *folder)
{
    struct seal *seal = mem_alloc(sizeof *seal);
    struct buf path = {0};

    buf_addf(&path, "%s/key", folder);
    seal->path = buf_take(&path);
    return seal;
}

void seal_free(struct seal *seal)
{
    free(seal->path);
    mem_wipe(seal);
}

static void read_key(struct seal *seal)
{
    static const char digits[] = "0123456789abcdef";
    size_t length;
    char *text;

    if (file_read(seal->path, MAX_FILE, &text, &length) < 0)
        return;
    text[strcspn(text, "\n")] = '\0';
    if (strlen(text) == 2 * (size_t)KEY_BYTES && strspn(text, digits) == strlen(text)) {
        snprintf(seal->key, sizeof seal->key, "hex:%s", text);
        seal->written = true;
    }
    mem_wipe(text);
}

static int make_key(struct seal *seal)
{
    unsigned char bytes[KEY_BYTES];
    struct buf text = {0};

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return -errno;
    for (size_t i = 0; i < sizeof bytes; i++)
        buf_addf(&text, "%02x", bytes[i]);
    snprintf(seal->key, sizeof seal->key, "hex:%s", text.text);
    buf_free(&text);
    explicit_bzero(bytes, sizeof bytes);
    return 0;
}

static int write_key(struct seal *seal)
{
    struct buf text = {0};
    int error;

    buf_addf(&text, "%s\n", seal->key + strlen("hex:"));
    error = file_replace(seal->path, text.text, text.length, 0600);
    seal->written = error == 0;
    buf_free(&text);
    return error;
}

int seal_prepare(struct seal *seal)
{
    int error = 0;

    if (!*seal->key)
        read_key(seal);
    if (!*seal->key)
        error = make_key(seal);
    if (*seal->key && !seal->written)
        error = write_key(seal);
    return error;
}

const char *seal_of(struct seal *seal, uint32_t number)
{
    char data[16], *whole;

    if (!*seal->key)
        read_key(seal);
    if (!*seal->key || (*seal->text && seal->number == number))
        return *seal->key ? seal->text : NULL;
    snprintf(data, sizeof data, "%" PRIu32, number);
    whole = digest_make(DIGEST_SHA256, seal->key, data, false);
    if (!whole)
        return NULL;
    snprintf(seal->text, sizeof seal->text, "%.*s", SEAL_SIZE - 1, whole);
    seal->number = number;
    mem_wipe(whole);
    return seal->text;
}
