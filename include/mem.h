/* mem: memory that is there or ends the program.
 *
 * None of these returns NULL: without memory for a few hundred bytes there is nothing sensible left to do, and no
 * caller has an out-of-memory branch that is never tried. What they return is given back with free(3), if nothing else
 * is said. */
#ifndef WANDDNS_MEM_H
#define WANDDNS_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* size bytes, all zero. */
void *mem_alloc(size_t size) __attribute__((returns_nonnull));

/* Room for count elements of size bytes; the old content stays, what is new is not cleared. */
void *mem_resize(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

/* Whole pages apart from the heap, all zero, which are given back with munmap(2). */
void *mem_pages(size_t size);

/* A copy of the text; NULL stays NULL. */
char *mem_string(const char *text);

/* A copy of the first length bytes, with a NUL behind them. */
char *mem_string_n(const char *text, size_t length);

/* Are they the same text, or both NULL? */
bool mem_same(const char *a, const char *b);

/* As free(3), for what may hold a secret: the whole block is overwritten before it is given back. NULL is allowed. */
void mem_wipe(void *secret);

/* As realloc(3), in the same way. For libraries: NULL when there is no memory. */
void *mem_move(void *old, size_t size);

/* Ends the program: a library had no memory for something of ours. */
_Noreturn void mem_exhausted(void);

/* Gives free pages back to the kernel, where the C library can, and what functions that have returned left on the stack,
 * in frames deeper than the caller's. */
void mem_trim(void);

#endif
