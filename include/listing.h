/* listing: what there is, for people: the providers, what one needs, the names of a configuration. */
#ifndef WANDDNS_LISTING_H
#define WANDDNS_LISTING_H

#include "config.h"

/* The command `providers`: all of them, the one of this name or alias, or, when there is none, those that have the word
 * in their name, title or site. The exit status: 0, or 2 after a fault. */
int listing_run(const char *word);

/* The names of a configuration, a line each: the name, its types, its provider's section. */
void listing_names(const struct config *config);

/* What to write into a configuration that has nothing yet. */
void listing_first_steps(const char *path);

#endif
