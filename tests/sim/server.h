/* The scripted provider, over the false HTTP: answers as the scenario says, one by one or by a rule, and has names with
 * addresses of its own. */
#ifndef WANDDNS_TESTS_SERVER_H
#define WANDDNS_TESTS_SERVER_H

#include "ledger.h"

/* A request that was started. It stays until the end of the scenario. */
struct server_request {
    size_t number;
    uint64_t start_ms;
    char *line;  /* "GET https://..." */
    char *login; /* what it has to show: a name and a password, header fields */
    struct about *about;
    int link;
    bool open;      /* it has no answer yet */
    bool absorbed;  /* a rule answers it */
    bool claimed;   /* the scenario has said that it comes, or it is absorbed */
    bool cancelled; /* the program took it back, which the scenario has not said yet */
    struct timer *timer, *connecting;
    struct server_rule *rule;
    struct server_request *next;
};

void server_begin(void);
void server_end(void);

/* "[HOST] waits", "good", "hangs", "answers STATUS [HEADER]... TEXT", "fails STAGE TEXT", "takes TIME": how requests are
 * answered from now on, to a host whose name has this part or, without, to all others. False when it makes no sense. */
bool server_rule(char *rest, const char *block);

/* The first that the scenario has not said yet; with a pattern, "GET https://..." or "NAMES ADDRESSES", the first that
 * fits it. */
struct server_request *server_unclaimed(const char *pattern);

/* The first that was taken back, which the scenario has not said yet. */
struct server_request *server_cancelled(void);

/* The scenario has said it. */
void server_forgive(struct server_request *request);

/* The one that was claimed last and has no answer yet; with a pattern, the first of those that are open and fit it. */
struct server_request *server_open(const char *pattern);

/* Answers by "STATUS [HEADER]... TEXT" with more lines, or by "STAGE TEXT". False when it makes no sense. */
bool server_answer(struct server_request *request, char *rest, const char *block);
bool server_fail(struct server_request *request, char *rest);

/* The request has its effect, whatever is answered. */
void server_act(const struct server_request *request);

/* The program is gone, and with it what it had asked for. */
void server_forget_open(void);

/* What a name has there, in buffer, which has IP_SET_TEXT_SIZE bytes; "none" without. */
const char *server_resolve(const char *name, int family, char *buffer);

/* How many were started in all; and how many were absorbed since the last call, with the shortest and the longest time
 * between the starts of two of them. */
size_t server_count(void);
size_t server_absorbed(uint64_t *least_ms, uint64_t *most_ms);
bool server_has_absorbed(void);

#endif
