/* What the cases of a transcript begin with. */
#ifndef WANDDNS_TESTS_PREPARE_H
#define WANDDNS_TESTS_PREPARE_H

#include "transcript.h"

/* The configuration of a case, which the caller frees. That of an address echo service has a provider of no matter. */
char *prepare_config(const struct transcript *transcript, const struct transcript_case *one);

/* Is there a step that begins so in this definition? Looks only at its own file in $WANDDNS_PROVIDERS. */
bool prepare_has_step(const char *definition, const char *step);

#endif
