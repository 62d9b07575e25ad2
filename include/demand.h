/* demand: what a client of the control socket asks for: one line of JSON, read and checked (wanddns-control(7)). */
#ifndef WANDDNS_DEMAND_H
#define WANDDNS_DEMAND_H

#include "log.h"

#include <stddef.h>

enum {
    DEMAND_VERSION = 1,      /* of the protocol */
    DEMAND_SIZE = 64 * 1024, /* bytes of a line */
    DEMAND_HOSTS = 1000,     /* names in it */
};

enum demand_command {
    DEMAND_STATUS,
    DEMAND_EXPLAIN,
    DEMAND_UPDATE,
    DEMAND_FOLLOW,
    DEMAND_RELOAD,
    DEMAND_LOG_LEVEL,
    DEMAND_METRICS,
};

struct demand {
    enum demand_command command;
    enum log_level level; /* of DEMAND_LOG_LEVEL */
    char **hosts;         /* as the configuration has names: lower case, A-labels */
    size_t host_count;
};

/* Why a request cannot be answered. */
enum demand_fault { DEMAND_GOOD, DEMAND_WRONG, DEMAND_OTHER_VERSION };

/* Reads a line without its end. When it is not good *text says what is wrong with it. The caller gives the demand to
 * demand_clear() in any case. Members that are not known are left alone. */
enum demand_fault demand_read(const char *line, size_t length, struct demand *demand, const char **text);
void demand_clear(struct demand *demand);

/* Is a record of this name meant? Without hosts all are. */
bool demand_means(const struct demand *demand, const char *name);

/* "status", ... */
const char *demand_word(enum demand_command command);

#endif
