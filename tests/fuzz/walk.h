/* What the program does with the steps of a definition, without the network: their requests, and answers to them. */
#ifndef WANDDNS_TESTS_FUZZ_WALK_H
#define WANDDNS_TESTS_FUZZ_WALK_H

#include "memory.h"
#include "verdict.h"

/* What no text for people may have in it. */
#define WALK_PASSWORD "c0rrect&horse\"battery"

/* The login of such a definition. It points to texts that stay; the definition is the caller's. */
struct config_provider walk_provider(struct definition *definition);

/* Makes the request of each step of the flow, as far as its values are there. With strict no value may have got out of
 * its place: the definition is known to be sound itself. */
void walk_requests(struct values *values, enum definition_flow flow, bool strict);

/* Judges an answer to this step, and takes from it what the step wants; then the values are there. */
void walk_answer(struct values *values, const struct definition_step *step, struct memory *memory,
                 const struct http_answer *answer);

#endif
