/* http: the only door to libcurl.
 *
 * Requests run beside each other on the loop. Connections are kept for one burst of requests only, and
 * http_forget_connections() drops them: a cached connection from an address that is gone hangs until its timeout. */
#ifndef WANDDNS_HTTP_H
#define WANDDNS_HTTP_H

#include "ip.h"
#include "pace.h"
#include "stage.h"

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct http;
struct http_transfer;

enum { HTTP_AT_ONCE = 32 }; /* of all logins together; others wait for their turn, and their time limits with them */

struct http_request {
    const char *method; /* "GET" */
    const char *url;
    const char *username; /* HTTP Basic authentication, or the key of sigv4; NULL without */
    const char *password;
    const char *sigv4;          /* CURLOPT_AWS_SIGV4(3), or NULL */
    const char *const *headers; /* "Name: value", up to a NULL; or NULL */
    const char *body;           /* NULL without */
    int redirects;              /* how many are followed, within the scheme; a header goes along, a login does not */
    int family;                 /* of the connection: AF_INET, AF_INET6, or 0 for any */
    int link;                   /* index of the interface that it must leave by (SO_BINDTODEVICE, socket(7)), or 0 */
};

struct http_answer {
    enum http_stage stage;
    long status;
    const char *body; /* ends in NUL */
    size_t length;
    const char *headers; /* lines "Name: value" */
    struct pace pace;
    const char *error; /* one line for people, when stage is not HTTP_DONE */
};

/* Called once from the loop, never from within http_start(). What answer points to is gone afterwards. */
typedef void http_answer_fn(void *arg, const struct http_answer *answer);

/* ca_file in place of the system's trust store, or NULL. Exits the program when libcurl cannot start. */
struct http *http_open(struct event_base *base, const char *ca_file);

/* Every transfer has ended or was cancelled before. */
void http_close(struct http *http);

/* Starts a request; everything in it is copied. */
struct http_transfer *http_start(struct http *http, const struct http_request *request, http_answer_fn *fn, void *arg);

/* Ends a request without an answer. */
void http_cancel(struct http_transfer *transfer);

/* Our address on its connection; not set before it is connected. */
struct ip http_local_address(const struct http_transfer *transfer);

/* No later request uses a connection made before. */
void http_forget_connections(struct http *http);

/* A new trust store from now on, or NULL for the system's. */
void http_set_ca_file(struct http *http, const char *ca_file);

#endif
