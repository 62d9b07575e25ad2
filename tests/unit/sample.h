/* A file of another client, read and printed as ours. */
#ifndef WANDDNS_TESTS_SAMPLE_H
#define WANDDNS_TESTS_SAMPLE_H

#include "unit.h"

/* What is printed of the text, which the caller frees: without the lines at the head that every file has, "" after a
 * fault. The file is called "f". *lost, if it is not NULL, is how many words are left out. */
char *sample_import(const char *text, struct unit_faults *faults, size_t *lost);

/* Each of the parts, with a newline between them, must be in what is printed; one that begins with ! must not. A part
 * "2: words" is a fault instead, the only one. */
void sample_expect(const char *text, const char *parts);

#endif
