/* loader: from a file to a definition. */
#ifndef WANDDNS_LOADER_H
#define WANDDNS_LOADER_H

#include "definition.h"

/* Finds and reads the definition of this name, or of this alias. NULL after a fault: of its file, or, when there is no
 * such provider, one in the user's line with the nearest name that exists. The caller frees it. */
struct definition *loader_find(const char *name, struct faults *user, int line);

/* The same from one file. */
struct definition *loader_read(const char *path, tree_fault_fn *fault, void *arg);

#endif
