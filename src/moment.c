#include "moment.h"

#include "timer.h"

#include <string.h>

/* Of a wall clock that runs a little fast or slow: no reason to tell another time. */
enum { DRIFT_S = 60 };

struct moment moment_now(void)
{
    return (struct moment){timer_wall_s(), (int64_t)timer_now_ms()};
}

struct moment moment_recall(int64_t wall_s, int64_t now_ms, const char *boot)
{
    int64_t here_ms = (int64_t)timer_now_ms();
    bool here = boot[0] && strcmp(boot, timer_boot()) == 0 && now_ms <= here_ms && now_ms >= -1 - here_ms;

    return (struct moment){wall_s, here ? now_ms : -1 - here_ms};
}

uint64_t moment_age_ms(const struct moment *moment)
{
    int64_t wall_s = timer_wall_s();
    uint64_t by_wall_ms, here_ms;

    if (moment->now_ms >= 0)
        return timer_now_ms() - (uint64_t)moment->now_ms;
    by_wall_ms = wall_s > moment->wall_s ? (uint64_t)wall_s * 1000 - (uint64_t)moment->wall_s * 1000 : 0;
    here_ms = timer_now_ms() - (uint64_t)(-1 - moment->now_ms);
    return by_wall_ms > here_ms ? by_wall_ms : here_ms;
}

uint64_t moment_left_ms(const struct moment *moment, uint64_t lasts_ms)
{
    uint64_t age_ms = moment_age_ms(moment);

    return lasts_ms > age_ms ? lasts_ms - age_ms : 0;
}

int64_t moment_wall_s(const struct moment *moment)
{
    int64_t expected_s = timer_wall_s() - (int64_t)(moment_age_ms(moment) / 1000), off_s = expected_s - moment->wall_s;

    return moment->now_ms >= 0 && (off_s > DRIFT_S || off_s < -DRIFT_S) ? expected_s : moment->wall_s;
}
