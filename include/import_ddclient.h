/* import_ddclient: the configuration of ddclient, ddclient.conf. */
#ifndef WANDDNS_IMPORT_DDCLIENT_H
#define WANDDNS_IMPORT_DDCLIENT_H

#include "dialect.h"
#include "draft.h"

/* Reads the text of draft->file into the draft. After a fault the draft is not complete. */
void import_ddclient(struct draft *draft, struct dialect *dialect, const char *text, size_t length,
                     struct faults *faults);

#endif
