/* log: one line per fact, to standard error or to syslog.
 *
 * Where standard error is a terminal the line has the time before it, and a colour when it is no mere information
 * (unless NO_COLOR is set, https://no-color.org, or TERM is dumb). Elsewhere it begins with "<N>", the syslog severity
 * that journald and most supervisors understand (sd-daemon(3)). Control characters in what is logged are shown as \xNN,
 * so that no answer of a server and no interface name can forge a line. Callers never hand over a secret.
 *
 * While lines of level DEBUG are shown, each line that is logged during a change (trace.h) ends in its number and the
 * time since it began: " [17 +103 ms]". */
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

/* While on, lines of level INFO are dropped too, unless the level was set: something else shows what goes on. */
void log_hush(bool on);

/* Lines without "<N>" and without the time, wherever they go. */
void log_set_plain(void);

/* To syslog(3), facility daemon, and no longer to standard error. */
void log_set_syslog(void);

/* From now on a line that says what the one before said is held back for a minute, and counted: "... (repeated 40
 * times)" comes with the next other line, or when the minute is over. What is held back was told in full, so numbers
 * count: they are addresses. Needs timer_loop(), and no timer runs while nothing is held back. With off it is told at
 * once; owed before the loop goes. */
void log_hold_repeats(bool on);

/* "error", "warning", "info" or "debug"; false when the word is none of them. */
bool log_level_parse(const char *word, enum log_level *level);

/* Is it worth making a text of this level? */
bool log_shows(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
