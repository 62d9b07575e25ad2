/* A provider section for tests, as config.c would make it, with a definition that is shipped. */
#ifndef WANDDNS_TESTS_PROVIDER_H
#define WANDDNS_TESTS_PROVIDER_H

#include "config.h"

/* names are separated by blanks, or NULL: then count names name0.example.org, name1... */
struct config_provider *provider_new(const char *definition, const char *names, size_t count,
                                     enum ip_families families);
void provider_free(struct config_provider *provider);

#endif
