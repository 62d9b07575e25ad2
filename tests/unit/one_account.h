/* One account with a definition of the test's own, over a false HTTP and a false clock. */
#ifndef WANDDNS_TESTS_ONE_ACCOUNT_H
#define WANDDNS_TESTS_ONE_ACCOUNT_H

#include "account.h"

#define SET "step update { url = \"{server}/set\" query = { \"host={hostname}\", \"ip={ip}\" } }\n"

extern struct config_provider *provider;
extern struct account *account;

/* The teardown fails when a request or a timer is left. */
int one_account_setup(void **state);
int one_account_teardown(void **state);

/* names are separated by blanks. end() is for tests that begin more than once. */
void begin(const char *definition, const char *names, enum ip_families families);
void end(void);

/* The zone of the section. */
void set_zone(const char *zone);

/* All requests from now on are connected, from this address. */
void set_local(const char *ip);

/* Addresses for the record at index, and for all; withdraw() has it deleted. What is due is sent by want_all(). */
void want(size_t index, const char *ip);
void want_all(const char *ip);
void withdraw(size_t index);

/* Answers an open request, and lets what is due then be sent. */
void answer(size_t index, long status, const char *body);

/* Requests since begin(), and how often it was told that the state changed. */
size_t started(void);
size_t changes(void);
const char *state_of(size_t index);

#define assert_url(index, text)                                                             \
    do {                                                                                    \
        assert_true(fake_http_open() > (index));                                            \
        assert_string_equal(fake_http_request(index)->url, "https://192.0.2.53:8443" text); \
    } while (0)

#endif
