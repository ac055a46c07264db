/* meta.h: what is kept with an object beside its bytes, packed into one extended attribute (or a trailer).
 *
 *     "NLM1"  then records   tag (1 byte)  length (2 bytes, LE)  bytes
 *         'e' ETag without quotes          's' size (8, LE)         't' mtime in ns (8, LE)
 *         'h' header: name \0 value        'c' checksum: header name \0 base64 \0 type       'u' upload id
 *         'g' tag: key \0 value            'p' parts: runs of (count, size), as LEB128 numbers
 *         'n' their numbers, where they are not 1, 2, 3 …: runs of (left out, count)     'k' their checksums, raw
 *         'E' 'F' 'C' 'T' the same as e, s and t, c, h in fewer bytes, where they have the usual form (compact.h)
 *
 * A1  Records with an unknown tag are skipped: a newer version may add some.
 * A2  Size and mtime are those that the file had when it was committed. Where the file differs, somebody changed it by
 *     hand: then ETag, checksum and upload id are not its own any more and are dropped.
 * A3  A file without the attribute was put there by hand. Like one of A2 it gets an ETag made from inode, size and mtime:
 *     free to compute, changes with the file; its "-1" says to clients that it is no MD5 of the bytes.
 */
#ifndef NL_SERVER_S3_DISK_META_H
#define NL_SERVER_S3_DISK_META_H

#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "s3proto/uri.h"

#define S3_META_XATTR     "user.neuralake"
#define S3_META_XATTR_MAX 3072
#define S3_META_MAX       (64 * 1024 - 1)

/* So many parts of that size, one after the other. */
typedef struct s3_part_run {
    uint64_t count, size;
} s3_part_run;

/* So many numbers of parts in a row, behind so many that there are not. */
typedef struct s3_number_run {
    uint64_t gap, count;
} s3_number_run;

/* Strings belong to the arena of who decoded (or built) it. */
typedef struct s3_meta {
    char etag[48]; /* 32 hexadecimal digits, or those and "-N" */
    uint64_t size;
    int64_t mtime_ns;
    s3_pair *headers; /* content-type and its like, x-amz-meta-…: lower-case names */
    size_t n_headers;
    const char *checksum_header; /* "x-amz-checksum-crc32", or NULL */
    const char *checksum;        /* base64, with "-N" where composite */
    const char *checksum_type;   /* "FULL_OBJECT" or "COMPOSITE" */
    const char *upload_id;       /* of the multipart upload that made it, or NULL */
    s3_pair *tags;               /* sorted by key */
    size_t n_tags;
    s3_part_run *runs; /* of the parts of which it was made; none: not by a multipart upload */
    size_t n_runs;
    s3_number_run *numbers; /* of the parts; none: 1, 2, 3 … */
    size_t n_numbers;
    const uint8_t *part_sums; /* their checksums of checksum_header's kind, one behind the other; NULL: not kept */
    size_t part_sums_len;
} s3_meta;

/* Append the packed form. NL_INVALID: a header above 64 KiB; NL_NO_MEMORY. */
int s3_meta_pack(const s3_meta *m, nl_buf *out, nl_error *err);
/* NL_CORRUPT, NL_NO_MEMORY. */
int s3_meta_unpack(nl_arena *arena, const void *data, size_t len, s3_meta *out, nl_error *err);
/* Apply A2 and A3: m is what the file carried (zeroed: nothing). Afterwards size, mtime and etag are the file's. */
void s3_meta_settle(s3_meta *m, const struct stat *st);
/* How many parts it was made of; 0: not by a multipart upload. */
uint64_t s3_meta_parts(const s3_meta *m);
/* What is known of a part. */
typedef struct s3_meta_piece {
    uint64_t number, offset, size;
    const uint8_t *sum; /* NULL: not kept */
} s3_meta_piece;
/* The i-th part (from 1), whatever its number. False: there is none. */
bool s3_meta_piece_at(const s3_meta *m, uint64_t i, s3_meta_piece *out);
/* The part of a number. False: there is none. */
bool s3_meta_piece_of(const s3_meta *m, uint64_t number, s3_meta_piece *out);
/* Where the n-th part (from 1) lies. False: there is none. */
bool s3_meta_part(const s3_meta *m, uint64_t n, uint64_t *offset, uint64_t *size);
/* The value of a header, or NULL. */
const char *s3_meta_header(const s3_meta *m, const char *name);

#endif
