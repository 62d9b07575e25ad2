#include "backoff.h"

#include <stddef.h>

static const uint64_t network_s[] = {1, 2, 5, 10, 30, 60, 120, 300, 600};
static const uint64_t server_s[] = {60, 120, 300, 600, 1800};
const uint64_t backoff_longest_ms = UINT64_C(24) * 3600 * 1000;

static uint64_t step_ms(const uint64_t *ladder, size_t count, unsigned failures)
{
    size_t step = failures ? failures - 1 : 0;

    return ladder[step < count ? step : count - 1] * 1000;
}

uint64_t backoff_delay_ms(enum backoff_trouble trouble, unsigned failures, uint64_t asked_ms, uint32_t random)
{
    uint64_t delay = trouble == BACKOFF_NETWORK ? step_ms(network_s, sizeof network_s / sizeof *network_s, failures)
                                                : step_ms(server_s, sizeof server_s / sizeof *server_s, failures);

    if (asked_ms > backoff_longest_ms)
        asked_ms = backoff_longest_ms;
    if (asked_ms < delay)
        delay -= random % (delay / 10 + 1);
    else
        delay = asked_ms + random % (asked_ms / 10 + 1);
    if (delay < asked_ms)
        delay = asked_ms;
    return delay < backoff_longest_ms ? delay : backoff_longest_ms;
}
