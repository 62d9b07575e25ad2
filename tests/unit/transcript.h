/* A file of tests/transcripts, which tests/transcripts/README says how to write. */
#ifndef WANDDNS_TESTS_TRANSCRIPT_H
#define WANDDNS_TESTS_TRANSCRIPT_H

#include "ipset.h"
#include "update.h"

/* A line `> Name: value` of a request, or of the head of an answer. */
struct transcript_header {
    int line;
    char *name, *value; /* no value: it must not be there */
};

struct transcript_exchange {
    int line; /* of the request */
    char *method, *url;
    int family; /* that the connection is forced to, or 0 */
    struct transcript_header *headers;
    size_t header_count;
    char *body; /* NULL: none */
    int body_line;
    int answer_line; /* 0: there is none yet */
    int status;      /* 0: the connection is dropped */
    struct transcript_header *answer_headers;
    size_t answer_header_count;
    char *answer;
};

enum transcript_kind {
    TRANSCRIPT_WANT,
    TRANSCRIPT_LOST, /* the record is to be deleted */
    TRANSCRIPT_OLD,  /* what was published before the program began */
};

struct transcript_want {
    int line;
    enum transcript_kind kind;
    char *host; /* NULL: the only one */
    int family;
    struct ip_set ips;
    unsigned char prefix_length; /* of the network, where it is said: 2001:db8::7/64 */
};

struct transcript_verdict {
    int line;
    bool is_fault; /* of the configuration; then there is only the text */
    char *host;
    int family;
    enum update_verdict verdict;
    uint64_t after_ms;
    char *text; /* a part of it; NULL: any */
};

/* What is wanted, what is sent then, and what comes of it. */
struct transcript_phase {
    int line;
    uint64_t later_ms; /* time that passes before */
    struct transcript_want *wants;
    size_t want_count;
    struct transcript_exchange *exchanges;
    size_t exchange_count;
    struct transcript_verdict *verdicts;
    size_t verdict_count;
};

struct transcript_case {
    int line;
    char *title;
    char **with, **without; /* keys of the section, with their values, and without */
    size_t with_count, without_count;
    struct transcript_phase *phases;
    size_t phase_count;
};

struct transcript_never {
    int line;
    char *tag;
};

struct transcript {
    char *path;
    char *provider; /* the name of the definition */
    char **section; /* the lines of the provider's section, the first and the last ones too */
    size_t section_count;
    struct transcript_never *nevers;
    size_t never_count;
    struct transcript_case *cases;
    size_t case_count;
    int fault_line;
    char *fault; /* NULL: it could be read */
};

/* Reads a file. It lives as long as the program. */
struct transcript *transcript_read(const char *path);

/* "done" and so on, as in the file. */
const char *transcript_verdict_word(enum update_verdict verdict);

#endif
