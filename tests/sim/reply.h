/* What the server says, and what its names have. */
#ifndef WANDDNS_TESTS_REPLY_H
#define WANDDNS_TESTS_REPLY_H

#include "ledger.h"

struct reply {
    struct http_answer answer;
    char *headers, *body, *error, *text;
};

void reply_begin(void);
void reply_end(void);

/* "STATUS [Name: value]... TEXT", with the lines of block behind the text; {date+2h} is a date of RFC 9110, {login} stands
 * for login. NULL when it is no such thing. */
struct reply *reply_read(char *rest, const char *block, const char *login);

/* "STAGE TEXT" */
struct reply *reply_failure(char *rest);

/* As a server answers that has nothing against it: good or nochg for each name; to a path with /records as in JSON. */
struct reply *reply_good(const char *line, const struct about *about);
void reply_free(struct reply *reply);

/* For people. */
const char *reply_text(struct reply *reply);

/* Does it say that the request had an effect? It does not say it of reply_good(), which has seen to that. */
bool reply_is_success(const struct reply *reply, const char *line, const struct about *about);

/* The request has its effect. */
void reply_act(const char *line, const struct about *about);

#endif
