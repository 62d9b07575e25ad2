/* log: one line per fact, to standard error.
 *
 * Where standard error is a terminal the line stands alone; elsewhere it begins with "<N>", the syslog severity that
 * journald and most supervisors understand (sd-daemon(3)). Control characters in what is logged are shown as \xNN, so
 * that no answer of a server and no interface name can forge a line. Callers never hand over a secret. */
#ifndef WANDDNS_LOG_H
#define WANDDNS_LOG_H

#include <stdbool.h>

/* The values are the severities of RFC 5424. */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

/* Lines above the level are dropped. The level is INFO until this is called. */
void log_set_level(enum log_level level);

/* Lines without "<N>", also where standard error is no terminal. */
void log_set_plain(void);

/* "error", "warning", "info" or "debug"; false when the word is none of them. */
bool log_level_parse(const char *word, enum log_level *level);

/* Is it worth making a text of this level? */
bool log_shows(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
