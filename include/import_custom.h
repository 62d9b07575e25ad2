/* import_custom: a section custom of inadyn, which describes a request, as a URL of ours. */
#ifndef WANDDNS_IMPORT_CUSTOM_H
#define WANDDNS_IMPORT_CUSTOM_H

#include "import_login.h"

/* Makes provider, url, answers and, where it stands in their place, zone of the login's words, and whole names of names
 * that lack a domain. The caller frees the list of answers. False when there is no server. */
bool import_custom(struct import_login *login, const struct draft_words *names);

#endif
