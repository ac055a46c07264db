/* segment.h: one file of the cache: pieces of one version of one object.
 *
 *     head     magic 8 | object's SHA-256 32 | its size 8 | ETag 72 | check 8                          128 bytes
 *     record   offset 8 | length 8 | check 8 | sums: 8 for each 64 KiB of data | data                  appended, again and again
 *
 * Numbers are in the machine's own order: a cache does not travel.
 *
 * F1  A segment is written by one writer, only at its end, and nothing in it is ever changed. Any number may read meanwhile.
 * F2  Nothing is believed that its check does not confirm. A head's check is of the head; a record's is seeded with the head's,
 *     and its place in the file; a sum is seeded with the record's: what fits was written there, and for this version.
 * F3  A record that is cut ends the segment; what is before it holds. Nothing is synced: after a power cut a sum tells.
 */
#ifndef STORE_CACHE_SEGMENT_H
#define STORE_CACHE_SEGMENT_H

#include <stdbool.h>

#include "base/io/source.h"
#include "store/version.h"

enum { STORE_SEGMENT_BLOCK = 64 << 10, STORE_SEGMENT_HEAD = 128 };

struct store_segment_head {
    char magic[8];
    uint8_t object[32];
    uint64_t size;
    char etag[STORE_ETAG];
    uint64_t check;
};

/* A record: which bytes of the object, and where in the file. */
struct store_segment_record {
    nl_range range;
    uint64_t at;    /* of the record's first byte */
    uint64_t check; /* the record's */
};

/* The head of this version; magic and check are filled in. etag is shorter than STORE_ETAG. */
struct store_segment_head store_segment_head_of(const uint8_t object[static 32], const char *etag, uint64_t size);
/* Read a file's head. False: it is none. */
bool store_segment_read_head(int fd, struct store_segment_head *out);
/* What a record of so many bytes takes in the file. */
uint64_t store_segment_record_size(uint64_t length);

/* The record at `at` of a file of file_size bytes. False: there is none, or it is cut or damaged. */
bool store_segment_next(int fd, const struct store_segment_head *head, uint64_t at, uint64_t file_size,
                        struct store_segment_record *out);
/* Append a record at `at`, the file's end. False: errno says why, and the file may hold a part of it. */
bool store_segment_append(int fd, const struct store_segment_head *head, uint64_t at, nl_range range,
                          const uint8_t *data, struct store_segment_record *out);
/* Read part, which lies inside the record, into `to`. NL_CORRUPT: it is not what was written (F2); NL_NO_MEMORY. */
int store_segment_read(int fd, const struct store_segment_record *r, nl_range part, uint8_t *to);

#endif
