/* stage: how far a request of libcurl's came, and why no further, in words. Only http asks. */
#ifndef WANDDNS_STAGE_H
#define WANDDNS_STAGE_H

/* After the first three nothing of the request has arrived. */
enum http_stage {
    HTTP_RESOLVE,
    HTTP_CONNECT,
    HTTP_TLS,
    HTTP_WAIT,    /* sent, but the answer did not come in time, or the connection broke */
    HTTP_GARBLED, /* what came is no answer of HTTP, or too large */
    HTTP_DONE,    /* a whole answer, whatever its status */
};

const char *http_stage_word(enum http_stage stage);

/* Of a CURL handle that has ended with this CURLcode; error is its CURLOPT_ERRORBUFFER. */
enum http_stage stage_of(void *easy, int result, const char *error);

/* The fault for people; belongs to nobody, or is error itself. */
const char *stage_fault(void *easy, int code, const char *error);

#endif
