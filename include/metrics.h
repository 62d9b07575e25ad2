/* metrics: what can be counted, as text for Prometheus and its kin. */
#ifndef WANDDNS_METRICS_H
#define WANDDNS_METRICS_H

#include "buf.h"
#include "core.h"

enum metrics_format {
    METRICS_OPEN,  /* OpenMetrics 1.0 */
    METRICS_PLAIN, /* the text format of Prometheus, 0.0.4: all that node_exporter's textfile collector reads */
};

/* The samples are the same in both. */
void metrics_write(const struct core *core, enum metrics_format format, struct buf *out);

/* The same into a file, whole, unless *sum says that this is what it holds already. 0, or -errno. */
int metrics_write_file(const struct core *core, const char *path, uint64_t *sum);

#endif
