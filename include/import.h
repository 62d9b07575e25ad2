/* import: the command `import`: the configuration of another client as one of ours. */
#ifndef WANDDNS_IMPORT_H
#define WANDDNS_IMPORT_H

#include "dialect.h"
#include "draft.h"

/* The name of the client whose file this text is: inadyn's has sections, ddclient's has none. */
const char *import_client(const char *text);

/* Reads the text of such a file, in the dialect of its client; the caller frees the draft. NULL after a fault. */
struct draft *import_text(struct dialect *dialect, const char *file, const char *text, size_t length,
                          tree_fault_fn *fault, void *arg);

/* Prints ours to standard output, or writes it to folder/wanddns.conf, with each password in a file beside it. The exit
 * status: 0 when all is carried over and the result is a good configuration, 1 when not, 2 after a fault. */
int import_run(const char *file, const char *folder);

#endif
