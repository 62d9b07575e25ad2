/* A provider section for tests, as config.c would make it, with a definition that is shipped. */
#ifndef WANDDNS_TESTS_PROVIDER_H
#define WANDDNS_TESTS_PROVIDER_H

#include "config.h"

/* names are separated by blanks, or NULL: then count names name0.example.org, name1... */
struct config_provider *provider_new(const char *definition, const char *names, size_t count,
                                     enum ip_families families);
void provider_free(struct config_provider *provider);

/* One more name at the end, with families of its own: what a section `record` makes. */
void provider_add(struct config_provider *provider, const char *name, enum ip_families families);

/* Another login; NULL: without. At first it is alice with the password secret. */
void provider_login(struct config_provider *provider, const char *username, const char *password);

/* A definition with this text in place of its own. */
void provider_define(struct config_provider *provider, const char *text);

#endif
