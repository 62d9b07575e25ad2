/* rule: what the configuration wants of an address, and where it is to be looked for. */
#ifndef WANDDNS_RULE_H
#define WANDDNS_RULE_H

#include "buf.h"
#include "ip.h"

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

enum { RULE_INTERFACES = 8, RULE_PREFIXES = 4, RULE_SERVICES = 2, RULE_NAME_SIZE = RULE_INTERFACES * IFNAMSIZ };

/* An address echo service: it answers with the address that the request came from. */
struct rule_service {
    char *url;    /* https */
    char *member; /* of the JSON object that it answers with, as "ip" or "client.ip"; NULL: its text is it */
};

/* Who is asked in place of the kernel: a program, or services that must agree. */
struct rule_outside {
    char *program; /* an absolute path, or NULL */
    struct rule_service services[RULE_SERVICES];
    size_t service_count;
};

struct rule {
    /* The first of these that is up and has a fit address counts. Names, or patterns of the shell (fnmatch(3)), whose
     * links come in the order of their index; an empty one ends the list. None means "auto": the interface by which the
     * kernel reaches the Internet. */
    char interfaces[RULE_INTERFACES][IFNAMSIZ];
    struct ip_prefix prefer[RULE_PREFIXES]; /* what is in one of these comes first; an unset one ends the list */
    struct ip_prefix match[RULE_PREFIXES];  /* nothing else counts, in a family that has one here */
    const struct rule_outside *outside;     /* NULL: the kernel is believed. Belongs to the configuration */
    struct ip fixed;                        /* when set, this address and no other */
    uint64_t interval_ms;                   /* of asking outside */
    uint64_t failback_ms;                   /* how long an interface must be fit before it takes over again */
    uint64_t withdraw_ms;                   /* how long without an address before the record is deleted; 0: never */
    unsigned char prefix_length;            /* of the network, 0: as the kernel says */
    int family;
    bool all;           /* an address of each interface, not of the first */
    bool temporary;     /* addresses of privacy extensions are fit too (RFC 8981) */
    bool allow_private; /* so are those that the Internet at large does not reach */
    bool bind;          /* requests leave by the interface of the address (SO_BINDTODEVICE, socket(7)) */
};

bool rule_equal(const struct rule *a, const struct rule *b);

/* "auto", or the interfaces with commas between them, in buffer, which has RULE_NAME_SIZE bytes. */
const char *rule_interfaces(const struct rule *rule, char *buffer);

/* The same, or the kind of source where that is not the kernel. */
const char *rule_name(const struct rule *rule, char *buffer);

/* Adds who is asked in place of the kernel: the program, or scheme, host and port of a service's URL, for the rest of it may
 * hold a key. False past the last one. */
bool rule_asked(const struct rule *rule, size_t index, struct buf *asked);

/* Is it no address of an interface: somebody is asked, or it is fixed? */
bool rule_is_elsewhere(const struct rule *rule);

bool rule_is_auto(const struct rule *rule);

/* What the kernel takes as the name of an interface (dev_valid_name()), or a pattern of it. */
bool rule_is_interface(const char *name);
bool rule_is_pattern(const char *interface);

#endif
