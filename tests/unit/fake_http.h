/* A false HTTP: requests are only noted, and answered when a test says so. */
#ifndef WANDDNS_TESTS_FAKE_HTTP_H
#define WANDDNS_TESTS_FAKE_HTTP_H

#include "http.h"

struct fake_request {
    const char *method, *url, *username, *password, *sigv4, *body; /* copies */
    const char *headers;                                           /* "Name: value" and a line end, each */
    int redirects, family, link;
    size_t number;   /* of all that were ever started, from 1 on */
    struct ip local; /* of its connection, see fake_http_connect() */
};

/* The requests that have no answer yet, the oldest first; NULL past the end. */
const struct fake_request *fake_http_request(size_t index);
size_t fake_http_open(void);

/* All that were ever started, and those that were cancelled. */
size_t fake_http_started(void);
size_t fake_http_cancelled(void);

/* The place of a request among those that have no answer yet, by its number; SIZE_MAX when it has one. */
size_t fake_http_find(size_t number);

/* Is told of each request that is started. */
void fake_http_on_start(void (*fn)(const struct fake_request *request));

/* Is told of each request that is cancelled, before it is gone. */
void fake_http_on_cancel(void (*fn)(const struct fake_request *request));

/* What http_local_address() says of every request; not set at first. */
void fake_http_set_local(const struct ip *local);

/* What it says of this one, while nothing was said of all. */
void fake_http_connect(size_t index, const struct ip *local);

/* Answers an open request; of the answer, too, texts may be left out. length is that of the body, pace that of the
 * headers. */
void fake_http_answer_with(size_t index, const struct http_answer *answer);
void fake_http_answer(size_t index, long status, const char *body);
void fake_http_answer_after(size_t index, long status, const char *body, uint64_t retry_after_ms);
void fake_http_fail(size_t index, enum http_stage stage, const char *error);

#endif
