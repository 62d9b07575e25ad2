#include "settle.h"

uint64_t settle_hint(struct settle *settle, uint64_t now_ms)
{
    uint64_t waited;

    if (!settle->pending)
        settle->first_ms = now_ms;
    settle->pending = true;
    waited = now_ms - settle->first_ms;
    if (waited >= settle->max_ms)
        return 0;
    return settle->quiet_ms < settle->max_ms - waited ? settle->quiet_ms : settle->max_ms - waited;
}

uint64_t settle_done(struct settle *settle, uint64_t now_ms)
{
    uint64_t waited = settle->pending ? now_ms - settle->first_ms : 0;

    settle->pending = false;
    return waited;
}
