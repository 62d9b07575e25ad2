/* talk: to the daemon, by its socket: one request, and the lines of the answer (wanddns-control(7)).
 *
 * Nothing waits for ever: a daemon that says nothing for TALK_TIMEOUT_S is given up. */
#ifndef WANDDNS_TALK_H
#define WANDDNS_TALK_H

#include "buf.h"

#include <stdbool.h>

struct json_t;
struct talk;

enum { TALK_TIMEOUT_S = 10 };

enum talk_result {
    TALK_LINE,
    TALK_CLOSED,      /* by the daemon, and there was no last line */
    TALK_SILENT,      /* it says nothing */
    TALK_RUBBISH,     /* what it says is no line of the protocol */
    TALK_INTERRUPTED, /* by a signal that is caught; one that is blocked is heard in talk_next() */
};

/* Connects, and sends the request, a line without its end. NULL when nobody is there to hear it; why stands in fault then.
 * The caller closes it. */
struct talk *talk_open(const char *path, const char *request, struct buf *fault);
void talk_close(struct talk *talk);

/* The next line, which the caller gives to json_free(). With patience silence is no fault, for nothing may have happened;
 * but then and now it is asked whether anybody is there, which a line of the kind REPLY_ALIVE answers. */
enum talk_result talk_next(struct talk *talk, bool patience, struct json_t **line);

#endif
