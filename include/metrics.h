/* metrics: what can be counted, as text that OpenMetrics and Prometheus' own parser both take. */
#ifndef WANDDNS_METRICS_H
#define WANDDNS_METRICS_H

#include "buf.h"
#include "core.h"

void metrics_write(const struct core *core, struct buf *out);

#endif
