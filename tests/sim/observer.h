/* The observer: sees each request, its answer and the state of each record, and knows what may never be.
 *
 *   - at most one request of a record is under way, and four of a login
 *   - nothing goes to a login or for a record that is refused, before the operator or its section says so
 *   - nothing but a refusal ends the retries: an answer that says so, the third in a row after which nothing is new, or
 *     what is remembered of one
 *   - nothing goes before the time that the provider asked for or is owed, nor within the gap or above the budget
 *   - what is published is not said again, unless that is in doubt, due or wanted
 *   - a record is no more often written than there was a reason to
 *
 * It does not ask the program why: it has the text of the configuration, requests, answers, times and states. */
#ifndef WANDDNS_TESTS_OBSERVER_H
#define WANDDNS_TESTS_OBSERVER_H

#include "core.h"
#include "judge.h"
#include "record.h"

void observer_begin(void);

/* Looks at the whole once more. */
void observer_end(void);

/* The program that runs. */
void observer_watch(const struct core *core);

/* It runs with this configuration: it was started, or reloaded. Its state lasts from before. */
void observer_started(const struct config *config, const char *text);
void observer_reloaded(const struct config *config, const char *text);

/* It ended; killed: without a word. */
void observer_stopped(bool killed);

/* The wall clock is set to this. */
void observer_clock_set(int64_t wall_s);

/* The operator wants everything sent, or this name. */
void observer_forced(void);
void observer_updated(const char *name);

/* Something happened after which the world may be reached: links, addresses, routes, the resolver, the clock. */
void observer_freed(void);

void observer_request(size_t number, const struct about *about);
void observer_answer(size_t number, const struct about *about, const struct http_answer *answer);

/* It was taken back; connected: it may have arrived. */
void observer_cancel(size_t number, const struct about *about, bool connected);

/* Looks at the states. */
void observer_look(void);

/* The record of a key while the program runs, or NULL. */
struct record *observer_record(const struct key *key);

#endif
