/* gzip.c: DEFLATE in gzip's frame, by libdeflate; and the CRC-32, which is gzip's too.
 *
 *     member   1F 8B … │ deflated │ CRC-32, size        one or more of them, then zeros (padding) or nothing
 *     or       78 …    │ deflated │ Adler-32            zlib's frame, and
 *     or                 deflated                       none at all: what some writers put there
 *
 * 1. What is there is told by the first bytes; a frame that is another one's by its bytes fails as that one.
 */
#include <libdeflate.h>

#include "parquet/codec/library.h"

enum { DEFAULT_LEVEL = 6, LEAST_LEVEL = 1, MOST_LEVEL = 12 };

static size_t bound(size_t in_len)
{
    return libdeflate_gzip_compress_bound(NULL, in_len);
}

/* The densest element: 258 bytes repeated by two codes of one bit. */
static uint64_t max_output(uint64_t in_len)
{
    return pq_times(in_len, 1032);
}

typedef enum libdeflate_result decompressor(struct libdeflate_decompressor *, const void *, size_t, void *, size_t,
                                            size_t *, size_t *);

static bool is_gzip(const uint8_t *in, size_t len)
{
    return len >= 2 && in[0] == 0x1F && in[1] == 0x8B;
}

static decompressor *frame_of(const uint8_t *in, size_t len)
{
    if (is_gzip(in, len))
        return libdeflate_gzip_decompress_ex;
    bool zlib = len >= 2 && (in[0] & 0x0F) == 8 && in[0] >> 4 <= 7 && (in[0] << 8 | in[1]) % 31 == 0;
    return zlib ? libdeflate_zlib_decompress_ex : libdeflate_deflate_decompress_ex;
}

static bool all_zero(const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (in[i])
            return false;
    return true;
}

/* Member after member. */
static enum libdeflate_result members(struct libdeflate_decompressor *d, const uint8_t *in, size_t in_len, uint8_t *to,
                                      size_t room, size_t *got)
{
    decompressor *next = frame_of(in, in_len);
    *got = 0;
    do {
        size_t used = 0, made = 0;
        enum libdeflate_result result = next(d, in, in_len, to + *got, room - *got, &used, &made);
        if (result)
            return result;
        in += used;
        in_len -= used;
        *got += made;
    } while (is_gzip(in, in_len));
    return all_zero(in, in_len) ? LIBDEFLATE_SUCCESS : LIBDEFLATE_BAD_DATA;
}

static int out(struct pq_codec_ctx *ctx, const uint8_t *in, size_t in_len, uint8_t *to, size_t room, size_t *got,
               nl_error *err)
{
    struct libdeflate_decompressor *d = ctx ? ctx->deflate_d : NULL;
    if (!d)
        d = libdeflate_alloc_decompressor();
    if (!d)
        return nl_fail_memory(err);
    if (ctx)
        ctx->deflate_d = d;
    enum libdeflate_result result = members(d, in, in_len, to, room, got);
    if (!ctx)
        libdeflate_free_decompressor(d);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        *got = PQ_MORE;
    else if (result)
        return nl_fail(err, NL_CORRUPT, "GZIP: %zu damaged bytes", in_len);
    return NL_OK;
}

/* The compressor of a level: the context's, or a new one. */
static struct libdeflate_compressor *compressor(struct pq_codec_ctx *ctx, int level)
{
    level = !level ? DEFAULT_LEVEL : level < LEAST_LEVEL ? LEAST_LEVEL : level > MOST_LEVEL ? MOST_LEVEL : level;
    if (ctx && ctx->deflate_c && ctx->deflate_level == level)
        return ctx->deflate_c;
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
    if (ctx && c) {
        libdeflate_free_compressor(ctx->deflate_c);
        ctx->deflate_c = c;
        ctx->deflate_level = level;
    }
    return c;
}

static int in(struct pq_codec_ctx *ctx, int level, const uint8_t *from, size_t in_len, uint8_t *to, size_t room,
              size_t *got, nl_error *err)
{
    struct libdeflate_compressor *c = compressor(ctx, level);
    if (!c)
        return nl_fail_memory(err);
    *got = libdeflate_gzip_compress(c, from, in_len, to, room);
    if (!ctx)
        libdeflate_free_compressor(c);
    return *got ? NL_OK : nl_fail(err, NL_INTERNAL, "GZIP: %zu bytes have no room in %zu", in_len, room);
}

const struct pq_codec_row pq_codec_gzip = {"GZIP", bound, max_output, out, in};

uint32_t pq_crc32(uint32_t crc, const void *in, size_t len)
{
    return len ? libdeflate_crc32(crc, in, len) : crc;
}
