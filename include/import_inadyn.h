/* import_inadyn: the configuration of inadyn 2, inadyn.conf(5). */
#ifndef WANDDNS_IMPORT_INADYN_H
#define WANDDNS_IMPORT_INADYN_H

#include "dialect.h"
#include "draft.h"

/* Reads the text of draft->file into the draft; files that it includes are read, too. After a fault the draft is not
 * complete. */
void import_inadyn(struct draft *draft, struct dialect *dialect, const char *text, size_t length,
                   struct faults *faults);

#endif
