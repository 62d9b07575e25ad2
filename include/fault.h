/* fault: what is wrong in a file that a person wrote. */
#ifndef WANDDNS_FAULT_H
#define WANDDNS_FAULT_H

#include "tree.h"

#include <stdbool.h>
#include <stdint.h>

/* The faults of one file while it is read. */
struct faults {
    const char *path;
    tree_fault_fn *fn;
    void *arg;
    bool any;
};

/* Tells a fault in this line (0: of the whole file), in the manner of printf(3). */
void fault_at(struct faults *faults, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The key's value as a duration; false when there is none, or after a fault. */
bool fault_read_duration(struct faults *faults, const struct tree_node *section, const char *key, uint64_t *ms);

/* The key's value as yes or no; *flag stays when there is none. */
void fault_read_flag(struct faults *faults, const struct tree_node *section, const char *key, bool *flag);

/* A fault when others could write the file, a warning when it holds a secret and everybody can read it. */
void fault_check_access(struct faults *faults, int line, const char *what, const char *path, bool is_secret);

/* Of a key whose value is a program of the user's: it has an absolute path, can be run, and others cannot write it. */
void fault_check_program(struct faults *faults, int line, const char *key, const char *path);

/* A tree_fault_fn that writes the fault to standard error. */
void fault_print(void *arg, const char *file, int line, const char *text);

#endif
