/* multi: a multi handle of libcurl's, whose descriptors and timer are on our loop. Only http asks. */
#ifndef WANDDNS_MULTI_H
#define WANDDNS_MULTI_H

struct event_base;
struct multi;

/* libcurl did something: transfers may have ended. Not from within a call of the caller's to libcurl. */
typedef void multi_worked_fn(void *arg);

/* Freed after the last transfer was taken out of it. */
struct multi *multi_new(struct event_base *base, multi_worked_fn *worked, void *arg);
void multi_free(struct multi *multi);

/* The CURLM, or NULL where there was none to be had: libcurl takes that, too, and fails (CURLM_BAD_HANDLE). */
void *multi_handle(const struct multi *multi);

#endif
