/* trace: which change the program is busy with, so that the lines of the log that belong to it can be found.
 *
 * A change begins with what sets the program to work (an event of the kernel, the start, a reload, the operator) and
 * ends when all is at rest again. There is one at a time: when the next one begins before that, what is still under way
 * of the older one counts to it from there on. */
#ifndef WANDDNS_TRACE_H
#define WANDDNS_TRACE_H

#include <stdint.h>

void trace_begin(void);
void trace_end(void);

/* The number of the change, from 1 on, and the milliseconds since it began; 0 when there is none. */
unsigned trace_change(uint64_t *since_ms);

#endif
