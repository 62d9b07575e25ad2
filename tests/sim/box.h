/* The machine that the program runs on: its configuration, its start and end, its clock and its operator. */
#ifndef WANDDNS_TESTS_BOX_H
#define WANDDNS_TESTS_BOX_H

#include "core.h"

/* A folder with the definitions that are shipped, for the whole run of the tests. */
void box_open(void);
void box_close(void);

void box_begin(void);

/* Stops what runs. A fault when something is left over, or when a dry run in the same world prints a secret. */
void box_end(void);

/* The text of the configuration from now on, and a definition besides those that are shipped. */
void box_set_config(const char *text);
void box_set_definition(const char *name, const char *text);

/* Gives one key, which stands there once, another value. False when it does not. */
bool box_change_config(const char *key, const char *value);

/* False when the configuration has a fault, which is told. */
bool box_start(void);
bool box_reload(void);

/* stop: as SIGTERM does it. kill: as SIGKILL, or a loss of power. boot: the machine boots anew, after a kill. */
bool box_stop(void);
void box_kill(void);
void box_boot(void);
bool box_is_running(void);

/* The operator: all of it now; or this name, and how many records that is. */
void box_force(void);
size_t box_update(const char *name);

/* What the daemon hears of besides: resolv.conf is another one. */
void box_change_resolver(void);

/* The record, or NULL. */
struct record *box_record(const char *name, int family);

/* How many are in each state. */
size_t box_count(size_t counts[CORE_STATES]);

/* Each record is current, idle or refused; those that are current have at the provider what the world has. */
void box_check_settled(void);

/* No secret is in what the program tells of itself. */
void box_check_report(void);

#endif
