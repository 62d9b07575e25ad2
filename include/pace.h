/* pace: what the head of an answer says of when to ask again. */
#ifndef WANDDNS_PACE_H
#define WANDDNS_PACE_H

#include <stdint.h>

/* Both in milliseconds, at most a day, 0 without. */
struct pace {
    uint64_t retry_after_ms; /* Retry-After in seconds or as a date (RFC 9110 section 10.2.3) */
    uint64_t limit_ms;       /* until the reset of a limit that is used up, as status 429 or the header itself says */
};

/* headers are lines "Name: value". A date counts from the answer's own Date, for our clock may be wrong; now_s (seconds
 * since the epoch) stands in where there is none. Of limits are known RateLimit (draft-ietf-httpapi-ratelimit-headers),
 * and the common RateLimit-, X-RateLimit- and X-Rate-Limit- with Remaining and Reset in seconds or since the
 * epoch. */
struct pace pace_read(const char *headers, long status, int64_t now_s);

#endif
