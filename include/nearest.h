/* nearest: the word that was probably meant. */
#ifndef WANDDNS_NEAREST_H
#define WANDDNS_NEAREST_H

#include <stddef.h>

/* The nearest of count words by edits (Levenshtein); when none is near enough to be a slip, the one that a usual other word
 * stands for, such as "password" for "token"; or NULL. Belongs to the list. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
