/* proof: what only a whole definition shows: placeholders that nothing gives, steps that use what only a later one
 * gives, limits that cannot be kept, bodies that are no JSON. */
#ifndef WANDDNS_PROOF_H
#define WANDDNS_PROOF_H

#include "definition.h"

/* tree is the definition's file; what it took over from another one was checked there. */
void proof_definition(struct faults *faults, const struct tree_node *tree, const struct definition *definition);

/* Only the placeholders of one text, such as a URL of the configuration. */
void proof_template(struct faults *faults, const struct definition *definition, const struct tree_value *value);

#endif
