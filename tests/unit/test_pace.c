#include "pace.h"

#include "unit.h"

static const int64_t now_s = INT64_C(1784535045); /* Mon, 20 Jul 2026 08:10:45 GMT */
#define DATE "Date: Mon, 20 Jul 2026 08:10:45 GMT\r\n"

static void test_heads(void **state)
{
    static const struct {
        long status;
        const char *headers;
        uint64_t after_s, limit_s;
    } rows[] = {
        {200, "", 0, 0},
        {429, "", 0, 0},
        {429, "Retry-After: 120\r\n", 120, 0},
        {503, "Retry-After: 120\r\n", 120, 0},
        {500, "Retry-After: 120\r\n", 120, 0},
        {200, "retry-after:120", 120, 0},
        {429, "X-Retry-After: 120\r\n", 0, 0},
        {429, "Retry-After: 0\r\n", 0, 0},
        {429, "Retry-After: -5\r\n", 0, 0},
        {429, "Retry-After: 5 s\r\n", 0, 0},
        {429, "Retry-After: 99999999999999999999999\r\n", 86400, 0},
        {429, "Retry-After: 86401\r\n", 86400, 0},
        /* The three forms of a date (RFC 9110 section 5.6.7), by the server's clock, or else by ours. */
        {429, "Retry-After: Mon, 20 Jul 2026 08:15:45 GMT\r\n", 300, 0},
        {429, "Retry-After: Monday, 20-Jul-26 08:15:45 GMT\r\n", 300, 0},
        {429, "Retry-After: Mon Jul 20 08:15:45 2026\r\n", 300, 0},
        {429, DATE "Retry-After: Mon, 20 Jul 2026 08:11:45 GMT\r\n", 60, 0},
        {429, "Date: Thu, 01 Jan 1998 00:00:00 GMT\r\nRetry-After: Thu, 01 Jan 1998 00:00:07 GMT\r\n", 7, 0},
        {429, "Retry-After: Mon, 20 Jul 2026 08:10:45 GMT\r\n", 0, 0},
        {429, "Retry-After: Mon, 20 Jul 2015 08:10:45 GMT\r\n", 0, 0},
        {429, "Retry-After: Mon, 20 Jul 2036 08:10:45 GMT\r\n", 86400, 0},
        {429, "Retry-After: soon\r\n", 0, 0},
        /* Limits: seconds, or since the epoch, also with fractions and in milliseconds. */
        {429, "X-RateLimit-Reset: 30\r\n", 0, 30},
        {429, "X-RateLimit-Reset: 1784535075\r\n", 0, 30},
        {429, "X-RateLimit-Reset: 1784535074.5\r\n", 0, 30},
        {429, "X-RateLimit-Reset: 1784535074000\r\n", 0, 30},
        {429, "X-RateLimit-Reset: 1784535000\r\n", 0, 0},
        {429, "X-RateLimit-Reset: never\r\n", 0, 0},
        {429, "X-RateLimit-Reset: 1e300\r\n", 0, 0},
        {429, "X-RateLimit-Reset: nan\r\n", 0, 0},
        {429, "Retry-After: 5\r\nX-RateLimit-Reset: 30\r\n", 5, 30},
        {200, "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 30\r\n", 0, 30},
        {200, "X-RateLimit-Remaining: 1\r\nX-RateLimit-Reset: 30\r\n", 0, 0},
        {200, "ratelimit-reset: 30\r\nratelimit-remaining: 0\r\n", 0, 30},
        {200, "X-Rate-Limit-Remaining: 0\r\nX-Rate-Limit-Reset: 30\r\n", 0, 30},
        {200, "RateLimit: \"default\";r=0;t=30\r\n", 0, 30},
        {200, "RateLimit: \"default\";r=50;t=30\r\n", 0, 0},
        {429, "RateLimit: \"default\";r=50;t=30\r\n", 0, 30},
        {200, "RateLimit: limit=100, remaining=0, reset=7\r\n", 0, 7},
        {200, "RateLimit: limit=100, remaining=3, reset=7\r\n", 0, 0},
        {200, "RateLimit: \r\n", 0, 0},
        {200, "RateLimit: t=\r\n", 0, 0},
        {200, "RateLimit-Policy: \"default\";q=100;w=10\r\n", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pace pace = pace_read(rows[i].headers, rows[i].status, now_s);

        if (pace.retry_after_ms != rows[i].after_s * 1000 || pace.limit_ms != rows[i].limit_s * 1000)
            unit_wrong("%ld %s: after %llu, limit %llu ms", rows[i].status, rows[i].headers,
                       (unsigned long long)pace.retry_after_ms, (unsigned long long)pace.limit_ms);
    }
    unit_all_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads)};

    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
