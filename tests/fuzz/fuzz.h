/* What each fuzz_NAME.c defines: one input, read as the program would. It never fails: what is wrong ends the program
 * by an assertion or a sanitizer. Always 0, as libFuzzer asks for. */
#ifndef WANDDNS_TESTS_FUZZ_H
#define WANDDNS_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
