/* sources: all the rules that are watched, each with its last answer, shared by the records that use them. */
#ifndef WANDDNS_SOURCES_H
#define WANDDNS_SOURCES_H

#include "source.h"

struct sources;

/* Told of each answer that differs from the one before. gone is the address of the answer before, when it is
 * another one: connections that were made from it may hang. */
typedef void sources_changed_fn(void *arg, const struct source_rule *rule, const struct source_answer *answer,
                                const struct ip *gone);

/* kernel stays the caller's. */
struct sources *sources_new(struct kernel *kernel, sources_changed_fn *changed, void *arg);
void sources_free(struct sources *sources);

/* Watches these rules, each once, and no others; answers that were known are kept. */
void sources_watch(struct sources *sources, const struct source_rule *rules, size_t count);

/* What was published of this rule before the program began: it goes on, while it is as good as others. */
void sources_recall(struct sources *sources, const struct source_rule *rule, const struct ip *published);

/* Reads the kernel anew for all rules. 0, or -EAGAIN with nothing taken: ask again later. */
int sources_read(struct sources *sources);

/* The last answer to a rule that is watched. */
const struct source_answer *sources_answer(const struct sources *sources, const struct source_rule *rule);

#endif
