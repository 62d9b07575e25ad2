/* Scenarios made up by a number: the same one by the same number. */
#ifndef WANDDNS_TESTS_RANDOM_H
#define WANDDNS_TESTS_RANDOM_H

#include "buf.h"

#include <stdint.h>

/* Its text, in the language of README: logins, links and a provider that all do what they like for a while, then a calm in
 * which everything has to come to rest. The caller frees it. */
char *random_scenario(uint64_t number);

#endif
