/* What the program says: its log at level debug, and what a dry run prints, kept in memory and searched for secrets.
 *
 * log.h and puts(3) are wrapped (ld(1), --wrap). A secret of a scenario has MARK in it: a text that is the same however it
 * is escaped; what base64 makes of it is searched for too. */
#ifndef WANDDNS_TESTS_LOGBOOK_H
#define WANDDNS_TESTS_LOGBOOK_H

#include <stdbool.h>
#include <stddef.h>

#define LOGBOOK_MARK "marked"

void logbook_begin(void);
void logbook_end(void);

/* How many lines there ever were. */
size_t logbook_lines(void);

/* How many lines have this text in them since the scenario began; or since the last call of this kind. */
size_t logbook_count(const char *part);
bool logbook_has_news(const char *part);

/* What is printed on standard output from now on is kept, and is no line of the log. The caller frees it. */
void logbook_catch_output(void);
char *logbook_output(void);

/* A fault if there is a secret in it; where says what the text is. */
void logbook_search(const char *where, const char *text);

/* How many texts were searched through. */
size_t logbook_searched(void);

#endif
