/* daemon: who tells whom. The commands `run` and `once`. */
#ifndef WANDDNS_DAEMON_H
#define WANDDNS_DAEMON_H

#include <stdbool.h>

struct daemon_options {
    const char *config_file;
    const char *state_dir; /* NULL: as the configuration says, or the built-in folder */
    const char *control;   /* the socket; NULL: the same */
    bool once;             /* one pass, then exit: 0 when every record is current */
    bool dry_run;          /* print the requests, send nothing, write no state */
};

/* The exit status: 0, 1 (once: not all current; start failed), 2 (configuration). */
int daemon_run(const struct daemon_options *options);

#endif
