/* program: a program of the user's in place of a provider. src/providers/exec.conf tells what it is told. */
#ifndef WANDDNS_PROGRAM_H
#define WANDDNS_PROGRAM_H

#include "values.h"

struct program;

/* Runs the provider's program for the first item. fn is called once, from the loop, with what counts as its answer:
 * status 200 when it ended well, else 500, and the first line that it wrote. */
struct program *program_start(struct values *values, http_answer_fn *fn, void *arg);

/* Kills it; NULL is allowed. */
void program_cancel(struct program *program);

/* What is run, for people; the caller frees it. */
char *program_describe(struct values *values);

#endif
