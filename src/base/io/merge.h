/* merge.h: which requests to send for the ranges that are wanted. Pure: ranges in, requests out. */
#ifndef NL_BASE_IO_MERGE_H
#define NL_BASE_IO_MERGE_H

#include "base/io/source.h"

/* Merge neighbours whose gap is at most max_gap bytes, as long as the request stays within max_request bytes (a single
 * range larger than that stays whole). ranges may come in any order and may overlap.
 *
 * requests  room for n; how many were used is returned. In the order of offsets.
 * which     which[i]: the request that holds ranges[i] whole.
 */
size_t nl_merge_ranges(const nl_range *ranges, size_t n, uint64_t max_gap, uint64_t max_request, nl_range *requests,
                       size_t *which);

#endif
