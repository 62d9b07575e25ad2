/* source: which address a record should carry, or the named reason why there is none.
 *
 * A rule goes in, an address or a reason comes out. Choosing is a pure function of what the kernel said. */
#ifndef WANDDNS_SOURCE_H
#define WANDDNS_SOURCE_H

#include "ip.h"
#include "kernel.h"

enum { SOURCE_INTERFACES = 8, SOURCE_LINKS = 16, SOURCE_NAME_SIZE = SOURCE_INTERFACES * IFNAMSIZ };

/* Where an address is looked for: on the first of these interfaces that is up and has one that is fit. Names, or patterns
 * of the shell (fnmatch(3)), whose links come in the order of their index; an empty one ends the list. None means "auto":
 * the interface by which the kernel reaches the Internet. */
struct source_rule {
    char interfaces[SOURCE_INTERFACES][IFNAMSIZ];
    int family;
};

/* Why a candidate, or the whole source, is as it is. In rising order of how near it came to being chosen. */
enum source_reason {
    SOURCE_NO_ROUTE,     /* auto: the kernel has no route to the Internet in this family */
    SOURCE_NO_INTERFACE, /* none of the named interfaces exists (yet) */
    SOURCE_LINK_DOWN,
    SOURCE_NO_ADDRESS,
    SOURCE_LINK_LOCAL,
    SOURCE_SPECIAL,
    SOURCE_ULA,
    SOURCE_PRIVATE,
    SOURCE_CARRIER_NAT,
    SOURCE_NOT_GLOBAL, /* its scope is not global */
    SOURCE_DAD_FAILED, /* another host has the address (RFC 4862) */
    SOURCE_TENTATIVE,  /* duplicate address detection is still running */
    SOURCE_DEPRECATED, /* the preferred lifetime has run out */
    SOURCE_TEMPORARY,  /* privacy extensions (RFC 8981) */
    SOURCE_OTHER,      /* usable, but another one stands before it */
    SOURCE_CHOSEN,
};

/* The word for a reason, as in logs and configuration: "no-route", "carrier-nat", ... */
const char *source_reason_word(enum source_reason reason);

enum { SOURCE_TEXT_SIZE = 192 };

struct source_answer {
    struct ip ip;                /* no address when reason is not SOURCE_CHOSEN */
    enum source_reason reason;   /* of the whole source */
    struct kernel_link link;     /* that the address is on, or that came nearest; index 0 when there is none */
    int links[SOURCE_LINKS];     /* all that were looked at, by index */
    size_t link_count;           /* above SOURCE_LINKS: there were more */
    char text[SOURCE_TEXT_SIZE]; /* the reason for people: "private: wan0 has only 192.168.1.2" */
};

/* The reason for one address by itself; SOURCE_CHOSEN when nothing speaks against it. */
enum source_reason source_judge(const struct kernel_address *address);

/* Which of several usable addresses stands before which: IPv4 primary before secondary; then the one that was chosen
 * before, so that nothing flips between equals; then IPv6 addresses that have nothing to do with privacy extensions, then
 * the longest preferred lifetime, then the one that the kernel would send from, then the lowest. */
struct source_ties {
    struct ip before; /* the address chosen before, or unset */
    struct ip own;    /* the kernel's source address, or unset */
};

/* The index of the address to publish, and in *reasons (count elements, may be NULL) why each is what it is. count when
 * there is none, with the best reason among them in *reason. */
size_t source_choose(const struct kernel_address *list, size_t count, const struct source_ties *ties,
                     enum source_reason *reasons, enum source_reason *reason);

/* Reads the kernel and chooses; before is the address chosen before, or unset. 0 with a full answer, or -EAGAIN when
 * the kernel changed meanwhile. */
int source_read(struct kernel *kernel, const struct source_rule *rule, const struct ip *before,
                struct source_answer *answer);

bool source_rule_equal(const struct source_rule *a, const struct source_rule *b);

/* "auto", or the interfaces with commas between them, in buffer, which has SOURCE_NAME_SIZE bytes. */
const char *source_rule_name(const struct source_rule *rule, char *buffer);

#endif
