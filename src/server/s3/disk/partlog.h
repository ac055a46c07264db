/* partlog.h: which parts an upload has, as records one behind the other: the newest of a number counts.
 *
 *     number (4)  sum's kind (1)  where (1)  zero (2)  size (8)  at (8)  mtime in ns (8)  MD5 (16)  sum (32)  XXH3 of these (8)
 *
 * 88 bytes, numbers little-endian. What follows the first record that is not whole is a torn append: it is not there, and
 * wiped out before anything is appended, so that it cannot come back. A log has at most S3_PARTLOG_MAX records, as it is
 * never made shorter and is read whole; what damage put behind them is not looked at.
 */
#ifndef NL_SERVER_S3_DISK_PARTLOG_H
#define NL_SERVER_S3_DISK_PARTLOG_H

#include <stdbool.h>

#include "base/buf.h"
#include "s3proto/hash.h"

#define S3_PARTLOG_RECORD 88
#define S3_PARTS_MAX      10000
#define S3_PARTLOG_MAX    ((size_t)16 * S3_PARTS_MAX) /* every part sent 16 times */

typedef struct s3_part_record {
    int number;
    bool
        in_own; /* the bytes lie in a file of their own whose number is `at`; else in the upload's data, from `at` on */
    uint64_t size, at;
    int64_t mtime_ns;
    uint8_t md5[16];
    enum s3_digest_kind kind; /* of sum; S3_MD5: there is none */
    uint8_t sum[S3_DIGEST_MAX];
    bool
        spent; /* not in the log: an older record of the number gave its place in data to bytes that it may need again */
} s3_part_record;

/* Append to out (s3_part_record's, in the order of the file) what the log holds; *n: how many. */
int s3_partlog_read(int fd, nl_buf *out, size_t *n, nl_error *err);
/* Wipe out what is behind n records, up to S3_PARTLOG_MAX. *wiped: there was something. */
int s3_partlog_mend(int fd, size_t n, bool *wiped, nl_error *err);
/* Write record i. NL_INVALID: the log is full. */
int s3_partlog_write(int fd, size_t i, const s3_part_record *r, nl_error *err);

#endif
