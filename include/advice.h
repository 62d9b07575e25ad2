/* advice: how far a record that is not well came, and what the operator can do about it. Words only. */
#ifndef WANDDNS_ADVICE_H
#define WANDDNS_ADVICE_H

#include "life.h"
#include "reason.h"

/* The stage that a text of a record names: "resolve", "connect", "tls", "http", "provider", "program"; "source" while it
 * is idle; "provider" when it was refused; NULL when it names none. */
const char *advice_stage(enum record_state state, const char *text);

/* Whole sentences for people, that say what can be done; in a command HOST stands for the name. NULL where nothing is
 * wrong. */
const char *advice_for_record(enum record_state state, const char *text);

/* The same of a source that has no address. */
const char *advice_for_source(enum reason reason);

#endif
