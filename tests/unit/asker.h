/* Somebody who asks outside (ask.h), over a false HTTP and a false clock. */
#ifndef WANDDNS_TESTS_ASKER_H
#define WANDDNS_TESTS_ASKER_H

#include "ask.h"
#include "fake_http.h"
#include "fake_timer.h"
#include "unit.h"

#define ASKER_URL         "https://a.example.org/ip"
#define ASKER_INTERVAL_MS (UINT64_C(15) * 60 * 1000)

/* A rule of IPv4 with one service, ASKER_URL, beginning anew with each test. */
struct asker {
    struct rule rule;
    struct rule_outside outside;
    struct ask *ask; /* made when an uplink is first looked at */
    size_t news;
};
extern struct asker asker;

/* For a group of tests: the loop of programs, and a folder for them. */
int asker_setup_group(void **state);
int asker_teardown_group(void **state);
struct event_base *asker_loop(void);
const char *asker_folder(void);

/* For each test. Nothing that was begun may outlive who asked. */
int asker_setup(void **state);
int asker_teardown(void **state);

/* What the kernel says of an uplink. */
struct source_answer asker_uplink(int index, const char *address);
struct source_answer asker_no_uplink(enum reason reason);

/* Looks, and returns what comes of it; asker_look_at() at wan1 with this address. */
struct source_answer asker_look(struct source_answer answer);
struct source_answer asker_look_at(const char *address);

void asker_assert(const struct source_answer *answer, enum reason reason, const char *ips);

/* The same of wan1 with 10.0.0.2, which nothing is asked about the second time. */
void asker_assert_known(enum reason reason, const char *ips);

/* Looks at wan1 with 10.0.0.2 for the first time: all services are asked. */
void asker_begin(void);

/* The same with a second service, which answers with client.ip of a JSON object. */
void asker_begin_with_two(void);

/* How many requests were started in this test. */
size_t asker_asked(void);

#endif
