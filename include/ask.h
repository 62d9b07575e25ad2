/* ask: the address of an uplink that only the outside knows: behind somebody else's NAT.
 *
 * Address echo services are asked over HTTPS, in the family that is wanted, or a program of the user is run. That
 * happens when the uplink changed, and every interval. Services belong to others, so they are spared: a burst of
 * changes costs five questions and then one a minute, and who answered badly is asked again by the clock only. */
#ifndef WANDDNS_ASK_H
#define WANDDNS_ASK_H

#include "http.h"
#include "source.h"

struct ask;

/* There is news: time to read again. */
typedef void ask_news_fn(void *arg);

/* The rule has somebody to ask; it stays the caller's, and where it is. It may change to one that is equal. */
struct ask *ask_new(struct event_base *base, struct http *http, const struct rule *rule, ask_news_fn *news, void *arg);
void ask_free(struct ask *ask);

/* Takes what the kernel says of the uplink, asks when that is news, and puts in its place what is known of the outside
 * by now. Without an uplink no service is asked; a program is. */
void ask_look(struct ask *ask, struct source_answer *answer);

/* Asks now, at the operator's word. What is known stays until there is an answer. */
void ask_force(struct ask *ask);

/* Is an answer awaited? */
bool ask_is_asking(const struct ask *ask);

/* The address in an answer: a text that is one and nothing else, blanks around it allowed, or that member of a JSON
 * object. REASON_CHOSEN with *ip, or why it is not to be used. */
enum reason ask_judge(const struct rule *rule, const char *member, const char *text, size_t length, struct ip *ip);

#endif
