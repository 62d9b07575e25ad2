/* custom: a provider that the user writes into the configuration itself, by its URL. */
#ifndef WANDDNS_CUSTOM_H
#define WANDDNS_CUSTOM_H

#include "definition.h"

/* What a user writes in place of a definition. */
struct custom {
    const struct tree_value *url, *method; /* method may be NULL */
    const struct tree_node *answers;       /* texts that mean success, or NULL */
    bool has_username, has_password;
};

/* Puts it into the definition that leaves it to the user. */
void custom_apply(struct definition *definition, const struct custom *custom, struct faults *faults);

#endif
