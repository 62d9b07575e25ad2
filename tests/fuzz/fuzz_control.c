/* A line that a client sends to the control socket. */
#include "fuzz.h"

#include "demand.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct demand demand;
    const char *text;
    enum demand_fault fault;

    if (size >= DEMAND_SIZE)
        return 0;
    fault = demand_read((const char *)data, size, &demand, &text);
    assert(fault == DEMAND_GOOD || (text && *text));
    if (fault == DEMAND_GOOD) {
        assert(demand.command <= DEMAND_METRICS && *demand_word(demand.command));
        assert(demand.host_count <= DEMAND_HOSTS);
        assert(demand.command != DEMAND_LOG_LEVEL || demand.level);
    }
    for (size_t i = 0; i < demand.host_count; i++) {
        assert(demand_means(&demand, demand.hosts[i]));
        for (const char *c = demand.hosts[i]; *c; c++)
            assert(!isupper((unsigned char)*c));
    }
    demand_clear(&demand);
    return 0;
}
