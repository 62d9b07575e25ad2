/* catalog: which file a provider's name means.
 *
 * Definitions are in $WANDDNS_PROVIDERS, $(sysconfdir)/wanddns/providers and $(pkgdatadir)/providers, in this order of
 * the say. Each folder may have a file aliases.conf with other names: alias = { "OTHER=NAME", ... }, and files
 * CLIENT.import with what another client means by its words. */
#ifndef WANDDNS_CATALOG_H
#define WANDDNS_CATALOG_H

#include "fault.h"

enum { CATALOG_FOLDERS = 3 };

/* One of the folders, by the order of the say; NULL when the environment names none. */
const char *catalog_folder(int index);

/* The file of the definition with this name or alias, which the caller frees; NULL when there is none. With behind, a
 * file of that name, only in the folders behind its own: a file may build on the one that it stands in for. */
char *catalog_find(const char *name, const char *behind);

/* The name of the one definition that aliases of the form USER@SERVICE with this part in them mean, which the caller
 * frees; NULL when there is none, or several. */
char *catalog_guess(const char *part);

/* The file CLIENT.import, which the caller frees; NULL when there is none. */
char *catalog_import(const char *client);

/* The name of a definition by its file; the caller frees it. */
char *catalog_name(const char *path);

/* All names, sorted, without aliases; the caller frees each and the list. */
char **catalog_list(size_t *count);

/* Tells that there is no such provider, and which may be meant. */
void catalog_fault(struct faults *faults, int line, const char *name);

#endif
