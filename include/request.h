/* request: an HTTP request, made of a step and of values. */
#ifndef WANDDNS_REQUEST_H
#define WANDDNS_REQUEST_H

#include "values.h"

struct request {
    struct http_request http;
    char *url, *username, *password, *body, **headers; /* what http points to */
};

/* Before request_make(): a placeholder of the path without which the step cannot be asked, as a text that the caller
 * frees; NULL when there is none. */
char *request_lacks(struct values *values, const struct definition_step *step);

/* The values' parts and signs are used. The caller gives it to request_clear(). */
void request_make(struct values *values, const struct definition_step *step, struct request *request);
void request_clear(struct request *request);

/* For people, with secrets left as {placeholders}: method, URL, login and body. The caller frees it. */
char *request_describe(struct values *values, const struct definition_step *step);

#endif
