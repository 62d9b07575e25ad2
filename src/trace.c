#include "trace.h"

#include "timer.h"

#include <stdbool.h>

static unsigned changes;
static bool running;
static uint64_t began_ms;

void trace_begin(void)
{
    changes++;
    running = true;
    began_ms = timer_now_ms();
}

void trace_end(void)
{
    running = false;
}

unsigned trace_change(uint64_t *since_ms)
{
    *since_ms = running ? timer_now_ms() - began_ms : 0;
    return running ? changes : 0;
}
