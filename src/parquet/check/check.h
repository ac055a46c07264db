/* check.h: does a file keep what it promises? Every page is decoded once more, by the plainest way there is, and what the
 * metadata says of it is held against what was found.
 *
 *     file ── row groups ── column chunks ── pages ──▶ levels, values ──▶ counts, bounds, order, UTF-8, bloom filter
 *       │          │              │            └─ sizes, checksum           │
 *       └──────────┴──────────────┴── metadata, column and offset index ◀───┘ held against each other
 *
 * K1  Damage is a finding, never a failure: the check goes on with the next page where the page's end is known, else with
 *     the next column.
 * K2  What cannot be known because of damage is not held against anything: one cause, one finding.
 * K3  Nothing is kept of a page but counts and bounds; a dictionary is kept as long as its chunk.
 * K4  Runs can promise billions of values in a few bytes: so many are looked at as 4,096 for each byte of the file and
 *     2^26 more come to, which is beyond what writers make; pages behind that are told, and passed over.
 *
 * An error is what can give a reader wrong rows, or none; a warning is what a reader does not trip over: sizes that are only
 * informative, bounds looser than they must be, strings that are not UTF-8.
 */
#ifndef NL_PARQUET_CHECK_CHECK_H
#define NL_PARQUET_CHECK_CHECK_H

#include "base/cancel.h"
#include "parquet/read/file.h"

struct pq_finding {
    bool warning;
    int64_t row_group, leaf; /* -1: of the file, of the row group */
    int64_t offset;          /* in the file, of the page or the structure; -1: of none */
    const char *what;        /* one line; control characters are shown as \xNN */
};

struct pq_check_options {
    nl_cancel *cancel; /* looked at between pages; NULL: none */
    /* Every finding, in the order of the file. Not NL_OK ends the check, which returns it. */
    int (*found)(void *ctx, const struct pq_finding *f, nl_error *err);
    /* Bytes of column chunks that were checked, of all; after each chunk. NULL: nobody looks. */
    int (*progress)(void *ctx, uint64_t done, uint64_t total, nl_error *err);
    void *ctx; /* of both */
};

/* What was looked at. */
struct pq_check_result {
    uint64_t errors, warnings;
    uint64_t chunks, pages, values, bytes;
    uint64_t checksums, page_indexes, bloom_filters;
};

/* Check an open file. NL_OK however much was found; else what kept the check from its end: the source, memory, the token,
 * or a callback. *out is filled as far as it went. */
int pq_check(const nl_parquet_file *file, const struct pq_check_options *o, struct pq_check_result *out, nl_error *err);

#endif
