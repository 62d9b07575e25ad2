/* reply: what the daemon answered: its lines (wanddns-control(7)), by their kind. */
#ifndef WANDDNS_REPLY_H
#define WANDDNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

enum reply_kind {
    REPLY_STATUS,
    REPLY_UPLINK,
    REPLY_ACCOUNT,
    REPLY_RECORD,
    REPLY_CANDIDATE,
    REPLY_HISTORY,
    REPLY_REMEMBERED,
    REPLY_TRANSITION,
    REPLY_TEXT,
    REPLY_ALIVE,
    REPLY_END,
    REPLY_OTHER, /* of a later version */
};

/* Of one line. */
enum reply_kind reply_kind(const struct json_t *line);

/* A member. NULL where there is none, or it is no text. */
const char *reply_text(const struct json_t *line, const char *member);

/* The same, "" for NULL. */
const char *reply_word(const struct json_t *line, const char *member);

/* A time, in seconds since the epoch; a number from 0 to 1e15, of a path such as "budget.used"; 0 where there is none. Is it
 * true? */
int64_t reply_time(const struct json_t *line, const char *member);
double reply_number(const struct json_t *line, const char *member);
bool reply_flag(const struct json_t *line, const char *member);

/* An element of a list; NULL past its end. */
const char *reply_element(const struct json_t *line, const char *member, size_t index);

/* Lines that are kept. */
struct reply;

struct reply *reply_new(void);
void reply_free(struct reply *reply);

/* The line stays the caller's. */
void reply_add(struct reply *reply, struct json_t *line);

/* One of a kind, in the order of the daemon; NULL past the last one. */
const struct json_t *reply_line(const struct reply *reply, enum reply_kind kind, size_t index);

/* What goes with a record: the line of a kind at *index, when it has the name, type and account of the record; *index is
 * behind it then. Else NULL. Such lines come in the order of the records. */
const struct json_t *reply_of(const struct reply *reply, enum reply_kind kind, const struct json_t *record,
                              size_t *index);

/* The account of a record, or NULL. */
const struct json_t *reply_account(const struct reply *reply, const struct json_t *record);

#endif
