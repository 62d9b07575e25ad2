/* How inputs that are texts are made of others: a line, or a few words, of this input or of another one come in as a
 * whole, or go. libFuzzer itself, which knows bytes, would seldom meet both ends of them. */
#include "fuzz.h"

#ifdef WITH_LIBFUZZER

#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 4 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
                                 uint8_t *out, size_t max, unsigned seed);

struct piece {
    size_t begin, end;
};

/* With the blanks behind it. */
static struct piece any_piece(const uint8_t *data, size_t size)
{
    const char *ends = rand() % 3 ? " \n" : "\n";
    size_t begin = size ? (size_t)rand() % size : 0, end = begin;

    while (begin && !memchr(ends, data[begin - 1], strlen(ends)))
        begin--;
    for (int words = 1 + rand() % MOST_WORDS; words && end < size; words = *ends == '\n' ? 0 : words - 1) {
        while (end < size && !memchr(ends, data[end], strlen(ends)))
            end++;
        while (end < size && memchr(ends, data[end], strlen(ends)))
            end++;
    }
    return (struct piece){begin, end};
}

/* Puts text in the place of a piece. */
static size_t put(uint8_t *data, size_t size, size_t max, struct piece place, const uint8_t *text, size_t length)
{
    size_t fresh = size - (place.end - place.begin) + length;

    if (fresh > max)
        return size;
    memmove(data + place.begin + length, data + place.end, size - place.end);
    memcpy(data + place.begin, text, length);
    return fresh;
}

/* A piece of the other input comes in, or takes the place of one. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
                                 uint8_t *out, size_t max, unsigned seed)
{
    struct piece from, to;

    srand(seed);
    if (size > max)
        size = max;
    memcpy(out, data, size);
    from = any_piece(other, other_size);
    to = any_piece(out, size);
    if (rand() % 2)
        to.end = to.begin;
    return put(out, size, max, to, other + from.begin, from.end - from.begin);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    uint8_t *copy;
    size_t fresh;

    srand(seed);
    if (!size || rand() % 2)
        return LLVMFuzzerMutate(data, size, max);
    if (rand() % 3 == 0)
        return put(data, size, max, any_piece(data, size), data, 0);
    copy = malloc(size);
    memcpy(copy, data, size);
    fresh = LLVMFuzzerCustomCrossOver(copy, size, copy, size, data, max, seed + 1);
    free(copy);
    return fresh;
}

#endif
