/* values: what the placeholders of a definition stand for. */
#ifndef WANDDNS_VALUES_H
#define WANDDNS_VALUES_H

#include "config.h"
#include "ipset.h"

/* One name, or, where records share a request, one record. Without addresses its records are to be deleted. */
struct update_item {
    const char *name;
    struct ip_set ip4, ip6;
    struct ip_set old; /* what was published last, of the one family, or empty */
    enum ip_families families;
    unsigned char prefix_length; /* of the network of ip6, 0 when it is not known */
};

/* What a step found in an answer. */
struct values_found {
    char *name;
    struct secret *text;
};

/* Parts of the request that is being made, for signatures and bodies; NULL: not yet. */
struct values_parts {
    const char *method, *url, *body, *each, *members;
};

struct values {
    const struct config_provider *provider;
    const struct definition *definition; /* the provider may have another one by now, after a reload */
    const struct update_item *items;     /* those that are meant; with several names they share the addresses */
    size_t count;
    struct values_found *found;
    size_t found_count;
    struct ip *others; /* addresses of the same name and type that are not ours */
    size_t other_count;
    struct values_parts parts;
    char **signs; /* made of the definition's, or NULL each */
    int64_t now_s;
    uint64_t nonce;
    struct buf scratch;
};

void values_clear(struct values *values);

/* Gives a name a value, which is held; NULL takes it away. */
void values_set(struct values *values, const char *name, struct secret *text);

/* For templates, whose arg is the values. What it returns is gone with the next call. */
struct template_value values_find(void *arg, const char *name);

/* Has the placeholder a value that is not empty? */
bool values_has(struct values *values, const char *name);

/* A text with placeholders, expanded as it is; the caller frees it. */
char *values_expand(struct values *values, const char *text);

/* The zone, or NULL; "A" or "AAAA"; the addresses of an item that are to be published. */
const char *values_zone(const struct values *values);
const char *values_type(const struct update_item *item);
const struct ip_set *values_wanted(const struct update_item *item);

#endif
