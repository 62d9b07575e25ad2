#include "nearest.h"

#include <string.h>

enum { LONGEST = 63 };

/* What people write from what they know of other programs, and of the pages of their provider. */
static const struct {
    const char *said, *meant;
} synonyms[] = {
    {"token", "password"},  {"api-token", "password"}, {"api-key", "password"}, {"apikey", "password"},
    {"secret", "password"}, {"user", "username"},      {"login", "username"},   {"email", "username"},
    {"host", "hostname"},   {"domain", "hostname"},    {"iface", "interface"},  {"device", "interface"},
};

/* The word of the list that this other one stands for, or NULL. */
static const char *find_synonym(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
        for (size_t j = 0; j < count; j++)
            if (strcmp(word, synonyms[i].said) == 0 && strcmp(words[j], synonyms[i].meant) == 0)
                return words[j];
    return NULL;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* How many letters must be added, dropped or changed to make one word of the other. */
static size_t distance(const char *a, const char *b)
{
    size_t row[LONGEST + 1];
    size_t length = strlen(b);

    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t above = row[j];

            row[j] = least(row[j - 1] + 1, above + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[length];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t limit = 1 + strlen(word) / 4;

    if (strlen(word) > LONGEST)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t edits = strlen(words[i]) <= LONGEST ? distance(word, words[i]) : limit + 1;

        if (edits < limit || (edits == limit && !best)) {
            best = words[i];
            limit = edits;
        }
    }
    return best ? best : find_synonym(word, words, count);
}
