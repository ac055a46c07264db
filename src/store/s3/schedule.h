/* schedule.h: from what a link is like to how ranges become requests. Pure. base/io/merge.h does the merging.
 *
 *     max_gap       a request keeps one of in_flight slots busy for latency: bytes that the link could carry meanwhile are what
 *                   a request costs, and a gap that costs less is read over
 *     max_request   waiting is at most a third of a request: latency against two latencies of bytes
 *     split_above   from two whole requests on a range is read in pieces, side by side
 */
#ifndef STORE_S3_SCHEDULE_H
#define STORE_S3_SCHEDULE_H

#include <stdint.h>

struct store_link {
    uint64_t latency_us;       /* until an answer's first byte */
    uint64_t bytes_per_second; /* of all requests together */
    uint64_t in_flight;        /* requests at the same time; not 0 */
};

struct store_limits {
    uint64_t max_gap, max_request, split_above;
};

/* Within bounds, whatever the link: gaps of 4 KiB to 1 MiB, requests of 1 to 64 MiB. */
struct store_limits store_schedule(struct store_link link);
/* A link to a store in the same region, where nothing else is known: 31.25 ms, 128 MiB/s. For 64 requests in flight it gives
 * gaps of 64 KiB and requests of 8 MiB. */
struct store_link store_link_usual(uint64_t in_flight);

#endif
