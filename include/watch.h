/* watch: the command `wanddns watch`, which needs no configuration: the addresses, then each change as it happens. */
#ifndef WANDDNS_WATCH_H
#define WANDDNS_WATCH_H

#include "rule.h"

struct watch_options {
    struct rule rule; /* without a family */
    bool json;        /* one object for each line */
    bool verbose;     /* with every candidate, and why it is or is not the one */
};

/* Runs until SIGINT or SIGTERM. The exit status. */
int watch_run(const struct watch_options *options);

#endif
