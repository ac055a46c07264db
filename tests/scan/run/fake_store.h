/* tests/scan/run/fake_store.h: a store in memory that counts, holds back and fails: it stands in for nl_store_open().
 *
 *     a request       each tail, and each run of ranges that the tail does not hold (neighbours within 4 KiB are one)
 *     hold(n)         nothing arrives until n requests were sent: proves that they are sent ahead
 */
#ifndef TEST_SCAN_FAKE_STORE_H
#define TEST_SCAN_FAKE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "scan/scan.h"

/* Forget all files, counts and faults. Every source is closed. */
void fake_reset(void);
/* A file: len bytes are copied. */
void fake_put(const char *uri, const void *data, size_t len);
/* A Parquet file of the columns id BIGINT (first … first + rows - 1), name VARCHAR "row <id>", and pad (random bytes,
 * pad_bytes a row; 0: no such column). id is typed by format ("l" or "i"); without name where name is false. */
struct fake_parquet {
    int64_t first, rows, group_rows;
    size_t pad_bytes;
    const char *id_format; /* NULL: "l" */
    bool no_name;
    int64_t page_rows; /* 0: the writer's own */
    int64_t step;      /* between ids; 0: 1 */
    int64_t distinct;  /* ids begin again after so many; 0: never */
    bool bloom;        /* a bloom filter of id */
    bool dictionary;
    bool no_index; /* no page index */
};
void fake_put_parquet(const char *uri, struct fake_parquet p);

struct fake_counts {
    uint64_t requests, bytes, opened, closed;
    uint64_t max_bytes_ahead; /* of ranges that were asked for and not yet waited for */
};
struct fake_counts fake_counts(void);
/* Nothing arrives until so many requests were sent in all. */
void fake_hold(uint64_t requests);
/* The same, but for tails, which arrive at once. */
void fake_hold_ranges(uint64_t requests);
/* Requests for this uri fail when they are waited for. */
void fake_fail(const char *uri);
/* Flip a bit of a file. */
void fake_damage(const char *uri, size_t offset);
size_t fake_size(const char *uri);

#endif
