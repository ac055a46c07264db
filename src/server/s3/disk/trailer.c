/* trailer.c: reads and writes the trailer. */
#include "server/s3/disk/trailer.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/le.h"

#define END_LEN 32

static const char magic[8] = {'N', 'L', 'T', 'R', 'A', 'I', 'L', '1'};

/* Over key, metadata, and the three lengths behind them. */
static uint64_t checksum(const uint8_t *body, size_t len)
{
    return nl_hash64(body, len);
}

int s3_trailer_write(int fd, s3_slice key, const s3_meta *meta, nl_error *err)
{
    nl_buf b = {0};
    uint8_t end[END_LEN];
    int rc = nl_buf_append(&b, key.data, key.len, err);
    if (!rc)
        rc = s3_meta_pack(meta, &b, err);
    if (!rc) {
        s3_put_le(end, meta->size, 8);
        s3_put_le(end + 8, key.len, 4);
        s3_put_le(end + 12, b.len - key.len, 4);
        rc = nl_buf_append(&b, end, 16, err);
    }
    if (!rc) {
        s3_put_le(end, checksum((const uint8_t *)b.data, b.len), 8);
        memcpy(end + 8, magic, 8);
        rc = nl_buf_append(&b, end, 16, err);
    }
    if (!rc)
        rc = s3_file_pwrite(fd, b.data, b.len, meta->size, err);
    nl_buf_free(&b);
    return rc;
}

int s3_trailer_read(int fd, nl_arena *arena, s3_slice *key, s3_meta *meta, nl_error *err)
{
    struct stat st;
    uint8_t end[END_LEN];
    if (fstat(fd, &st))
        return nl_fail_errno(err, errno, "fstat");
    if (st.st_size < END_LEN || pread(fd, end, END_LEN, st.st_size - END_LEN) != END_LEN || memcmp(end + 24, magic, 8))
        return nl_fail(err, NL_CORRUPT, "the file has no trailer");
    uint64_t size = s3_get_le(end, 8), key_len = s3_get_le(end + 8, 4), meta_len = s3_get_le(end + 12, 4);
    size_t len = (size_t)(key_len + meta_len + 16);
    if (key_len > S3_META_MAX || meta_len > 2 * S3_META_MAX || size > (uint64_t)st.st_size ||
        size + len + 16 != (uint64_t)st.st_size)
        return nl_fail(err, NL_CORRUPT, "the trailer's lengths do not fit the file");
    uint8_t *body = nl_arena_alloc(arena, len);
    if (!body)
        return nl_fail_memory(err);
    if (pread(fd, body, len, (off_t)size) != (ssize_t)len)
        return nl_fail(err, NL_IO, "the trailer cannot be read");
    if (checksum(body, len) != s3_get_le(end + 16, 8))
        return nl_fail(err, NL_CORRUPT, "the trailer's checksum is wrong");
    *key = (s3_slice){(const char *)body, (size_t)key_len};
    int rc = s3_meta_unpack(arena, body + key_len, (size_t)meta_len, meta, err);
    if (!rc && meta->size != size)
        return nl_fail(err, NL_CORRUPT, "the trailer says two sizes");
    return rc;
}
