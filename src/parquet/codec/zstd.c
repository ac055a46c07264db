/* zstd.c: Zstandard: one frame, or several one after the other; a frame may decompress to nothing. */
#include <zstd.h>
#include <zstd_errors.h>

#include "parquet/codec/library.h"

static size_t bound(size_t in_len)
{
    return ZSTD_compressBound(in_len);
}

/* The densest block: 3 bytes of header and 1 that is repeated for up to 128 KiB. */
static uint64_t max_output(uint64_t in_len)
{
    return pq_times(in_len / 4 + 1, 128 << 10);
}

static int out(struct pq_codec_ctx *ctx, const uint8_t *in, size_t in_len, uint8_t *to, size_t room, size_t *got,
               nl_error *err)
{
    ZSTD_DCtx *d = ctx ? ctx->zstd_d : NULL;
    if (!d)
        d = ZSTD_createDCtx();
    if (!d)
        return nl_fail_memory(err);
    if (ctx)
        ctx->zstd_d = d;
    *got = ZSTD_decompressDCtx(d, to, room, in, in_len);
    if (!ctx)
        ZSTD_freeDCtx(d);
    if (!ZSTD_isError(*got))
        return NL_OK;
    ZSTD_ErrorCode code = ZSTD_getErrorCode(*got);
    if (code == ZSTD_error_dstSize_tooSmall) {
        *got = PQ_MORE;
        return NL_OK;
    }
    return nl_fail(err, code == ZSTD_error_memory_allocation ? NL_NO_MEMORY : NL_CORRUPT, "ZSTD: %zu bytes to %zu: %s",
                   in_len, room, ZSTD_getErrorName(*got));
}

static int in(struct pq_codec_ctx *ctx, int level, const uint8_t *from, size_t in_len, uint8_t *to, size_t room,
              size_t *got, nl_error *err)
{
    ZSTD_CCtx *c = ctx ? ctx->zstd_c : NULL;
    if (!c)
        c = ZSTD_createCCtx();
    if (!c)
        return nl_fail_memory(err);
    if (ctx)
        ctx->zstd_c = c;
    *got = ZSTD_compressCCtx(c, to, room, from, in_len, level ? level : ZSTD_CLEVEL_DEFAULT);
    if (!ctx)
        ZSTD_freeCCtx(c);
    if (ZSTD_isError(*got))
        return nl_fail(err, ZSTD_getErrorCode(*got) == ZSTD_error_memory_allocation ? NL_NO_MEMORY : NL_INTERNAL,
                       "ZSTD: %zu bytes: %s", in_len, ZSTD_getErrorName(*got));
    return NL_OK;
}

const struct pq_codec_row pq_codec_zstd = {"ZSTD", bound, max_output, out, in};
