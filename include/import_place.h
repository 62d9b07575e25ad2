/* import_place: where addresses are looked for, in words of another client. */
#ifndef WANDDNS_IMPORT_PLACE_H
#define WANDDNS_IMPORT_PLACE_H

#include "dialect.h"
#include "draft.h"

/* Each reads one word into a place, and marks it as carried over, or notes at the top why it is not; place stays then. */

/* The name of an interface; auto is the word that means the one to the Internet, or NULL. */
void import_interface(struct draft *draft, struct draft_word *word, const char *automatic, struct draft_place *place);

/* A service that tells addresses: its name there, or url, in which a missing scheme is http. */
void import_service(struct draft *draft, const struct dialect *dialect, struct draft_word *word, const char *url,
                    struct draft_place *place);

/* Why wanddns cannot run this command line, or NULL. */
const char *import_command_fault(const char *command);

/* A command line that prints the address. */
void import_command(struct draft *draft, struct draft_word *word, struct draft_place *place);

/* A fixed address of one of these families. */
void import_address(struct draft *draft, struct draft_word *word, enum ip_families families, struct draft_place *place);

/* How often it is asked, in seconds ("300", "5m"); word may be NULL. */
void import_interval(struct draft *draft, struct draft_word *word, struct draft_place *place);

/* Such a time in seconds; false when it is none. */
bool import_seconds(const char *text, unsigned long *seconds);

#endif
