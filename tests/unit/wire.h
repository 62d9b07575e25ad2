/* The other end of the wire: an HTTP server on the loopback that stands for every host.
 *
 * http_start() and http_cancel() are wrapped (ld(1), --wrap). A request is sent as it is, but to 127.0.0.1 and over no
 * family; it is noted here, and open until a test answers it. */
#ifndef WANDDNS_TESTS_WIRE_H
#define WANDDNS_TESTS_WIRE_H

#include "http.h"
#include "transcript.h"

struct wire_header {
    char *name, *value;
};

struct wire_connection;

/* A request that has arrived and has no answer yet. */
struct wire_request {
    unsigned long id; /* rises in the order in which they were started */
    char *method;
    char *url;  /* at the host that it was made for */
    int family; /* that its connection was to have, or 0 */
    struct wire_header *headers;
    size_t header_count;
    char *body;
    struct wire_connection *connection;
    struct wire_request *next;
};

/* The core's HTTP on this loop, with the server. */
struct http *wire_open(struct event_base *loop);
void wire_close(void);

/* Runs the loop until nothing moves: all requests under way have arrived. False when something hangs. */
bool wire_settle(void);

/* The requests that have arrived, in the order in which they were started. */
const struct wire_request *wire_requests(void);

/* Answers one of them, which is gone then. */
void wire_answer(const struct wire_request *request, const struct transcript_exchange *exchange);

#endif
