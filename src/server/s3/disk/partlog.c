/* partlog.c: records to bytes and back. */
#include "server/s3/disk/partlog.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/le.h"

#define HASHED     (S3_PARTLOG_RECORD - 8)
#define AT_ONCE    256 /* records in one reading */
#define DATA_WHERE 0
#define OWN_WHERE  1

static void pack(const s3_part_record *r, uint8_t out[static S3_PARTLOG_RECORD])
{
    memset(out, 0, S3_PARTLOG_RECORD);
    s3_put_le(out, (uint64_t)r->number, 4);
    out[4] = (uint8_t)r->kind;
    out[5] = r->in_own ? OWN_WHERE : DATA_WHERE;
    s3_put_le(out + 8, r->size, 8);
    s3_put_le(out + 16, r->at, 8);
    s3_put_le(out + 24, (uint64_t)r->mtime_ns, 8);
    memcpy(out + 32, r->md5, sizeof(r->md5));
    memcpy(out + 48, r->sum, sizeof(r->sum));
    s3_put_le(out + HASHED, nl_hash64(out, HASHED), 8);
}

/* False: no record of ours. */
static bool unpack(const uint8_t in[static S3_PARTLOG_RECORD], s3_part_record *r)
{
    uint64_t number = s3_get_le(in, 4);
    if (s3_get_le(in + HASHED, 8) != nl_hash64(in, HASHED) || number < 1 || number > S3_PARTS_MAX ||
        in[4] >= S3_DIGEST_KINDS || in[5] > OWN_WHERE)
        return false;
    *r = (s3_part_record){.number = (int)number,
                          .in_own = in[5] == OWN_WHERE,
                          .size = s3_get_le(in + 8, 8),
                          .at = s3_get_le(in + 16, 8),
                          .mtime_ns = (int64_t)s3_get_le(in + 24, 8),
                          .kind = (enum s3_digest_kind)in[4]};
    memcpy(r->md5, in + 32, sizeof(r->md5));
    memcpy(r->sum, in + 48, sizeof(r->sum));
    return true;
}

int s3_partlog_read(int fd, nl_buf *out, size_t *n, nl_error *err)
{
    uint8_t piece[AT_ONCE * S3_PARTLOG_RECORD];
    s3_part_record r;
    *n = 0;
    for (;;) {
        ssize_t got = pread(fd, piece, sizeof(piece), (off_t)(*n * S3_PARTLOG_RECORD));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return nl_fail_errno(err, errno, "cannot read the list of parts");
        size_t whole = (size_t)got / S3_PARTLOG_RECORD;
        for (size_t i = 0; i < whole; i++, ++*n) {
            if (*n == S3_PARTLOG_MAX || !unpack(piece + i * S3_PARTLOG_RECORD, &r))
                return NL_OK;
            int rc = nl_buf_append(out, &r, sizeof(r), err);
            if (rc)
                return rc;
        }
        if (whole == 0)
            return NL_OK;
    }
}

int s3_partlog_mend(int fd, size_t n, bool *wiped, nl_error *err)
{
    static const uint8_t zeros[S3_PARTLOG_RECORD];
    struct stat st;
    uint64_t at = n * S3_PARTLOG_RECORD, end = S3_PARTLOG_MAX * S3_PARTLOG_RECORD;
    int rc = fstat(fd, &st) ? nl_fail_errno(err, errno, "fstat") : NL_OK;
    if (!rc && (uint64_t)st.st_size < end)
        end = (uint64_t)st.st_size;
    *wiped = !rc && end > at;
    for (; !rc && at < end; at += S3_PARTLOG_RECORD)
        rc = s3_file_pwrite(fd, zeros, sizeof(zeros), at, err);
    return rc;
}

int s3_partlog_write(int fd, size_t i, const s3_part_record *r, nl_error *err)
{
    uint8_t bytes[S3_PARTLOG_RECORD];
    if (i >= S3_PARTLOG_MAX)
        return nl_fail(err, NL_INVALID, "parts were sent %zu times to this upload: begin a new one", i);
    pack(r, bytes);
    return s3_file_pwrite(fd, bytes, sizeof(bytes), i * S3_PARTLOG_RECORD, err);
}
