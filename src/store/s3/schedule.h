/* schedule.h: from what a link is like to how ranges become requests. Pure. base/io/merge.h does the merging.
 *
 *     wants     ▓▓ ▓▓▓       ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓       ▓▓        the numbers of the spans: the order in which they are needed
 *     spans    ├──0───┤     ├────────2────────┤      ├1─┤
 *     requests ├──────┤     ├──────┤├──────┤├─┤      ├──┤
 *
 *     max_gap       a request keeps one of in_flight slots busy for latency: bytes that the link could carry meanwhile are what
 *                   a request costs, and a gap that costs less is read over
 *     max_request   waiting is at most a third of a request: latency against two latencies of bytes
 *     split_above   from two whole requests on a range is read in pieces, side by side
 */
#ifndef STORE_S3_SCHEDULE_H
#define STORE_S3_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/io/source.h"

struct store_link {
    uint64_t latency_us;       /* until an answer's first byte */
    uint64_t bytes_per_second; /* of all requests together */
    uint64_t in_flight;        /* requests at the same time; not 0 */
};

struct store_limits {
    uint64_t max_gap, max_request, split_above;
};

/* Within bounds, whatever the link: gaps of 4 KiB to 1 MiB, requests of 4 to 64 MiB. */
struct store_limits store_schedule(struct store_link link);
/* A link to a store in the same region, where nothing else is known: 31.25 ms, 128 MiB/s. For 64 requests in flight it gives
 * gaps of 64 KiB and requests of 8 MiB. */
struct store_link store_link_usual(uint64_t in_flight);

/* What is asked for together. */
struct store_span {
    nl_range range;
    uint64_t piece; /* bytes a request, but for the last */
};
/* The spans of n ranges, in the order in which they are needed; *count of them. Ranges may overlap, repeat, be empty (they
 * have no span) and come in any order. which[i]: the span that holds wants[i]; SIZE_MAX: it is empty. Both have room for n.
 * False: no memory. */
bool store_schedule_spans(const nl_range *wants, size_t n, const struct store_limits *limits, struct store_span *spans,
                          size_t *which, size_t *count);
/* May so many bytes more be on their way ahead of their use? The first ones always. */
bool store_schedule_due(uint64_t ahead, uint64_t length, uint64_t budget);

/* What was measured of a link: moving means over about eight answers. A zeroed one knows nothing. The I/O thread's. */
struct store_meter {
    uint64_t latency_us, bytes_per_second;
    unsigned latencies, rates; /* samples so far */
    int64_t since;             /* a window of time in which requests were under way: its begin, and what came */
    uint64_t bytes, answers;
};
/* Requests go out after a pause, at this time (nanoseconds): a new window. */
void store_meter_begin(struct store_meter *m, int64_t now);
/* An answer came whole, after so many microseconds until its first byte. Rates are taken of answers of a mebibyte and more, over
 * a tenth of a second: small ones say nothing about the bandwidth. */
void store_meter_answer(struct store_meter *m, int64_t now, uint64_t first_byte_us, uint64_t bytes);
/* The link as it was measured; the usual one before eight latencies and one rate are known. */
struct store_link store_meter_link(const struct store_meter *m, uint64_t in_flight);

#endif
