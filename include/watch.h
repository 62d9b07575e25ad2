/* watch: the command `wanddns watch`, which needs no configuration: the addresses, then each change as it happens. */
#ifndef WANDDNS_WATCH_H
#define WANDDNS_WATCH_H

#include <stdbool.h>

/* Runs until SIGINT or SIGTERM. interface is NULL for auto. The exit status. */
int watch_run(const char *interface, bool json);

#endif
