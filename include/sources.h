/* sources: all the rules that are watched, each with its last answer, shared by the records that use them.
 *
 * It adds to source what needs time: an interface ahead in the list that has to prove itself first, what is learnt
 * outside, and how long there has been no address. */
#ifndef WANDDNS_SOURCES_H
#define WANDDNS_SOURCES_H

#include "ask.h"

struct sources;

struct sources_calls {
    /* An uplink has other addresses, or is another link. Those that are gone, which may be none, are used no more, and
     * connections that were made from them may hang. Told before all that follows. */
    void (*moved)(void *arg, const struct ip_set *gone);
    /* This answer differs from the one before. */
    void (*changed)(void *arg, const struct rule *rule, const struct source_answer *answer);
    /* A time has come, or an answer from outside: sources_read() wants to be called. */
    void (*due)(void *arg);
};

/* All stay the caller's. base and http may be NULL when no rule has somebody to ask. */
struct sources *sources_new(struct kernel *kernel, struct event_base *base, struct http *http,
                            const struct sources_calls *calls, void *arg);
void sources_free(struct sources *sources);

/* Watches these rules, each once, and no others; answers that were known are kept. What the rules point to must stay
 * until the next call. */
void sources_watch(struct sources *sources, const struct rule *rules, size_t count);

/* What was published of this rule before the program began: it goes on, while it is as good as others. bits as in
 * struct source_before. */
void sources_recall(struct sources *sources, const struct rule *rule, const struct ip_set *published,
                    unsigned char bits);

/* Reads the kernel anew for all rules. 0, or -EAGAIN with nothing taken: ask again later. */
int sources_read(struct sources *sources);

/* Asks outside now, at the operator's word. */
void sources_force(struct sources *sources);

/* The last answer to a rule that is watched. */
const struct source_answer *sources_answer(const struct sources *sources, const struct rule *rule);

/* The rules that are watched, in no order; NULL past the end. */
const struct rule *sources_rule(const struct sources *sources, size_t index);

/* Is there one whose answer from outside has yet to come? */
bool sources_are_asking(const struct sources *sources);

/* Reads the rule once more, and tells each candidate. 0 or -EAGAIN. Where the kernel is not believed its last answer is the
 * only one: it has no link, and why is the whole text where there is no address. */
int sources_explain(const struct sources *sources, const struct rule *rule, source_candidate_fn *fn, void *arg);

#endif
