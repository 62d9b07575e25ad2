/* sandbox: what the daemon could do and does not need is taken from it, for good.
 *
 * It becomes the configuration's `user`, never gets rights back, leaves no core file, and behind Landlock it reads what
 * the configuration names and the libraries need, and writes its own folders only. src/sandbox.c lists them. */
#ifndef WANDDNS_SANDBOX_H
#define WANDDNS_SANDBOX_H

#include "config.h"

/* Goes into the sandbox. Credentials and walls are those of a thread, so this is done before there is a second one
 * (libcurl resolves names in threads). folders, up to a NULL, are those to write in, and are given to the user. False, after a line in the log, when this process cannot become the user: then it
 * must end. */
bool sandbox_enter(const struct config *config, const char *const folders[]);

/* Root becomes the configuration's `user`, if that names one, and warns of the files that he cannot read: who runs as him,
 * or reloads, would find out. For a program that has nothing else to do. */
void sandbox_try(const struct config *config);

/* Warns of what a reload changed and only a restart can bring about. */
void sandbox_compare(const struct config *before, const struct config *after);

#endif
