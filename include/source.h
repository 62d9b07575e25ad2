/* source: which address a record should carry by what the kernel says, or the named reason why there is none.
 *
 * A rule goes in, an address or a reason comes out. Choosing is a pure function of what the kernel said. */
#ifndef WANDDNS_SOURCE_H
#define WANDDNS_SOURCE_H

#include "ipset.h"
#include "kernel.h"
#include "reason.h"
#include "rule.h"

enum { SOURCE_LINKS = 16, SOURCE_TEXT_SIZE = 192 };

struct source_answer {
    struct ip_set ips;           /* empty when reason is not REASON_CHOSEN */
    struct ip_set local;         /* of the uplink: the same, unless ips were learnt outside */
    enum reason reason;          /* of the whole source */
    struct kernel_link link;     /* that the address is on, or that came nearest; index 0 when there is none */
    unsigned char prefix_length; /* of the network that the address is in */
    int ahead;                   /* the link further ahead that is fit again, and has to prove itself; 0: none */
    bool moved;                  /* the uplink has other addresses than before, or is another link */
    bool withdraw;               /* there has been none for so long that the record is to be deleted */
    int links[SOURCE_LINKS];     /* all that were looked at, by index */
    size_t link_count;           /* above SOURCE_LINKS: there were more */
    char text[SOURCE_TEXT_SIZE]; /* the reason for people: "private: wan0 has only a private address: ..." */
};

/* What was chosen before, and stays while it is as good as others. */
struct source_before {
    struct ip_set ips;
    unsigned char bits; /* how many bits of an address must be as in ips; 0: all */
    int hold;           /* the link that stays chosen while it is fit, though another one stands before it; 0: none */
};

/* What decides between several usable addresses. */
struct source_ties {
    const struct rule *rule;
    const struct source_before *before;
    struct ip own; /* the one that the kernel would send from, or unset */
};

/* The index of the address to publish, and in each (count elements, or NULL) why each is what it is. count when there
 * is none, with the best reason among them in *reason. The order is total: what `prefer` names; public before what
 * allow-private lets through; IPv4 primary before secondary; what was chosen before; IPv6 addresses that have nothing
 * to do with privacy extensions; the longest preferred lifetime; the kernel's own choice; the lowest. */
size_t source_choose(const struct kernel_address *list, size_t count, const struct source_ties *ties, enum reason *each,
                     enum reason *reason);

/* What speaks against an address that was learnt outside: its range, or `match`; REASON_CHOSEN when nothing does. */
enum reason source_judge_ip(const struct rule *rule, const struct ip *ip);

/* Told of each candidate: an address, or, when that is NULL, the whole link. why says of REASON_OTHER what it lacks. */
typedef void source_candidate_fn(void *arg, const struct kernel_link *link, const struct kernel_address *address,
                                 enum reason reason, const char *why);

/* Reads the kernel and chooses. Of a rule whose address is learnt outside, the uplink is what is read, with any address
 * on it, if there is a route. 0 with a full answer, or -EAGAIN when the kernel changed meanwhile. */
int source_read(struct kernel *kernel, const struct rule *rule, const struct source_before *before,
                struct source_answer *answer);

/* The same, and tells each candidate. */
int source_explain(struct kernel *kernel, const struct rule *rule, const struct source_before *before,
                   source_candidate_fn *fn, void *arg);

/* Sets the reason of an answer, and its text; detail is added to that, or NULL. */
void source_give_reason(struct source_answer *answer, const struct rule *rule, enum reason reason, const char *detail);

#endif
