/* One login at a provider with a definition of the test's own, and the values of a request to it. */
#ifndef WANDDNS_TESTS_SCENE_H
#define WANDDNS_TESTS_SCENE_H

#include "finding.h"
#include "loader.h"
#include "unit.h"

enum { SCENE_ITEMS = 8 };

struct scene {
    struct config_provider provider; /* alice, secret; its server is https://api.example.net/v1 */
    struct update_item items[SCENE_ITEMS];
    struct values values;
    struct memory *memory;
};

/* Of a definition without title and server, which must be free of faults. Its one item is home.example.org with
 * 192.0.2.7. */
struct scene *scene_new(const char *definition);
void scene_free(struct scene *scene);

/* Puts another definition in the place of the one that the login has; the values keep theirs. */
void scene_redefine(struct scene *scene, const char *definition);

/* The item at an index; addresses and old with commas between them, or "". The name stays the caller's. */
void scene_item(struct scene *scene, size_t index, const char *name, enum ip_families families, const char *addresses,
                const char *old);

/* A text of the provider, and an option "name=value" more. */
void scene_set(char **text, const char *value);
void scene_option(struct scene *scene, const char *option); /* "name=value" */
void scene_password(struct scene *scene, const char *password);
void scene_found(struct scene *scene, const char *name, const char *text);

const struct definition_step *scene_step(const struct scene *scene, const char *title);

#endif
