/* lz4.c: LZ4_RAW, one block without a frame; and LZ4, under whose name three things were written:
 *
 *     Hadoop's framing    size (4 bytes, BE) │ compressed size (4 bytes, BE) │ block │ [compressed size │ block …]
 *                         again and again; blocks follow until they hold the frame's size
 *     an LZ4 frame        04 22 4D 18 │ …
 *     a bare block
 *
 * 1. Each is tried in this order, whole: what ends exactly at the last byte is taken. A bare block that is Hadoop's
 *    framing by chance would need two sizes and a block that agree.
 * 2. Written is Hadoop's framing with one block, which every reader of the codec knows.
 *
 * Spec: parquet-format, Compression.md, "LZ4", "LZ4_RAW".
 */
#include <limits.h>
#include <string.h>

#include <lz4.h>
#include <lz4frame.h>

#include "parquet/codec/library.h"

enum { HEAD = 8 };

static size_t raw_bound(size_t in_len)
{
    return in_len + in_len / 255 + 16;
}

static size_t hadoop_bound(size_t in_len)
{
    return raw_bound(in_len) + HEAD;
}

/* The densest element is a long match: 255 more for each byte of its length. */
static uint64_t max_output(uint64_t in_len)
{
    return pq_times(in_len, 255);
}

/* One block of len bytes to at most room; how many came out, or -1. */
static int64_t block(const uint8_t *in, size_t len, uint8_t *to, size_t room)
{
    if (len > INT_MAX)
        return -1;
    return LZ4_decompress_safe((const char *)in, (char *)to, (int)len, room > INT_MAX ? INT_MAX : (int)room);
}

static int raw_out(struct pq_codec_ctx *ctx, const uint8_t *in, size_t in_len, uint8_t *to, size_t room, size_t *got,
                   nl_error *err)
{
    (void)ctx;
    int64_t n = block(in, in_len, to, room);
    if (n < 0)
        return nl_fail(err, NL_CORRUPT, "LZ4_RAW: %zu damaged bytes, or more than %zu of output", in_len, room);
    *got = (size_t)n;
    return NL_OK;
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Hadoop's framing; how many bytes came out, or -1 where this is not it. */
static int64_t hadoop(const uint8_t *in, size_t len, uint8_t *to, size_t room)
{
    size_t done = 0;
    while (len) {
        if (len < 4)
            return -1;
        size_t frame = big_endian(in);
        in += 4, len -= 4;
        if (frame > room - done)
            return -1;
        while (frame) {
            if (len < 4)
                return -1;
            size_t packed = big_endian(in);
            in += 4, len -= 4;
            int64_t n = packed && packed <= len ? block(in, packed, to + done, frame) : -1;
            if (n <= 0)
                return -1;
            in += packed, len -= packed;
            done += (size_t)n, frame -= (size_t)n;
        }
    }
    return (int64_t)done;
}

/* An LZ4 frame, or several; how many bytes came out, or -1. */
static int64_t frames(const uint8_t *in, size_t len, uint8_t *to, size_t room)
{
    LZ4F_dctx *d = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
        return -1;
    size_t done = 0, rest = 1, used, made;
    do {
        used = len, made = room - done;
        rest = LZ4F_decompress(d, to + done, &made, in, &used, NULL);
        if (LZ4F_isError(rest))
            break;
        in += used, len -= used;
        done += made;
    } while (len && (used || made));
    LZ4F_freeDecompressionContext(d);
    return rest || len ? -1 : (int64_t)done;
}

static int lz4_out(struct pq_codec_ctx *ctx, const uint8_t *in, size_t in_len, uint8_t *to, size_t room, size_t *got,
                   nl_error *err)
{
    (void)ctx;
    static const uint8_t magic[] = {0x04, 0x22, 0x4D, 0x18};
    int64_t n = hadoop(in, in_len, to, room);
    if (n < 0 && in_len >= sizeof magic && !memcmp(in, magic, sizeof magic))
        n = frames(in, in_len, to, room);
    if (n < 0)
        n = block(in, in_len, to, room);
    if (n < 0)
        return nl_fail(err, NL_CORRUPT,
                       "LZ4: %zu bytes are neither Hadoop's framing nor an LZ4 frame nor a block of at "
                       "most %zu bytes",
                       in_len, room);
    *got = (size_t)n;
    return NL_OK;
}

static int raw_in(struct pq_codec_ctx *ctx, int level, const uint8_t *from, size_t in_len, uint8_t *to, size_t room,
                  size_t *got, nl_error *err)
{
    (void)ctx, (void)level;
    int n = in_len <= LZ4_MAX_INPUT_SIZE && room <= INT_MAX
                ? LZ4_compress_default((const char *)from, (char *)to, (int)in_len, (int)room)
                : 0;
    if (n <= 0)
        return nl_fail(err, NL_INTERNAL, "LZ4: could not compress %zu bytes", in_len);
    *got = (size_t)n;
    return NL_OK;
}

static void put_big_endian(uint8_t *p, size_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static int hadoop_in(struct pq_codec_ctx *ctx, int level, const uint8_t *from, size_t in_len, uint8_t *to, size_t room,
                     size_t *got, nl_error *err)
{
    size_t n = 0;
    int rc = in_len ? raw_in(ctx, level, from, in_len, to + HEAD, room - HEAD, &n, err) : NL_OK;
    put_big_endian(to, in_len);
    put_big_endian(to + 4, n);
    *got = in_len ? HEAD + n : 4; /* a frame of nothing has no blocks */
    return rc;
}

const struct pq_codec_row pq_codec_lz4_raw = {"LZ4_RAW", raw_bound, max_output, raw_out, raw_in};
const struct pq_codec_row pq_codec_lz4 = {"LZ4", hadoop_bound, max_output, lz4_out, hadoop_in};
