/* The table of candidates.txt, which says at its head how it is written. */
#ifndef WANDDNS_TESTS_CANDIDATES_H
#define WANDDNS_TESTS_CANDIDATES_H

#include "source.h"

enum { CANDIDATES_MAX = 8 };

/* One set of addresses on one link, and what is to be chosen. */
struct candidate_case {
    int line;
    char name[120];
    struct rule rule;
    struct source_before before;
    struct ip own;
    struct kernel_address list[CANDIDATES_MAX];
    enum reason each[CANDIDATES_MAX];
    size_t count;
    size_t chosen;      /* count when there is none */
    enum reason reason; /* of the whole set */
    bool ends;          /* it has a line `none` */
};

/* How the IPv4 address is written into one of IPv6 that depends on it. */
enum candidate_disguise {
    PLAIN,
    SIXTOFOUR,
    TEREDO,
};

/* All addresses from first to last, both among them. */
struct candidate_range {
    int line;
    struct ip first, last;
    enum candidate_disguise disguise;
    enum reason reason; /* of one with nothing else against it; where it is PLAIN */
};

struct candidates {
    struct candidate_case *cases;
    size_t case_count;
    struct candidate_range *ranges;
    size_t range_count;
    char fault[200]; /* "line 7: ...", or empty */
};

/* Reads the text of such a file, which it writes into. False with a fault. candidates_free() is owed either way. */
bool candidates_read(char *text, struct candidates *candidates);
void candidates_free(struct candidates *candidates);

/* The flag that a word stands for, as ip(8) writes it; 0 for none. */
uint32_t candidates_flag(const char *word, int family);

#endif
