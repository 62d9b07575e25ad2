/* operate: the commands that ask or steer the running daemon. */
#ifndef WANDDNS_OPERATE_H
#define WANDDNS_OPERATE_H

#include <stdbool.h>
#include <stddef.h>

struct operate_options {
    const char *control; /* the socket */
    char *const *hosts;
    size_t host_count; /* 0: all */
    const char *level; /* of operate_log_level() */
    bool json;
    bool quiet; /* nothing is printed */
};

/* What they return is the exit status. */
enum {
    OPERATE_GOOD = 0,
    OPERATE_BAD = 1,    /* something is not well, or was not done */
    OPERATE_WRONG = 2,  /* what was asked for, or the configuration of a reload */
    OPERATE_NOBODY = 3, /* no daemon answers */
};

int operate_status(const struct operate_options *options);
int operate_update(const struct operate_options *options);
int operate_explain(const struct operate_options *options);
int operate_follow(const struct operate_options *options);
int operate_reload(const struct operate_options *options);
int operate_log_level(const struct operate_options *options);
int operate_metrics(const struct operate_options *options);

#endif
