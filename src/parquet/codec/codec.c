/* codec.c: see codec.h. One row of `codecs` a codec; what has no functions is refused by name. */
#include "parquet/codec/codec.h"

#include <string.h>

#include <snappy-c.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/str.h"

/* ── Snappy: the raw format, without framing ── */

static size_t snappy_bound(size_t in_len)
{
    return snappy_max_compressed_length(in_len);
}

/* The densest element is a copy of 64 bytes in 3. */
static uint64_t snappy_max_output(uint64_t in_len)
{
    return in_len > UINT64_MAX / 22 ? UINT64_MAX : in_len * 22;
}

static int snappy_out(struct pq_codec_ctx *ctx, const void *in, size_t in_len, void *out, size_t out_len, nl_error *err)
{
    (void)ctx;
    /* The length that the bytes announce is only compared: D2. */
    size_t says = 0;
    if (snappy_uncompressed_length(in, in_len, &says) != SNAPPY_OK)
        return nl_fail(err, NL_CORRUPT, "SNAPPY: no valid length in %zu bytes", in_len);
    if (says != out_len)
        return nl_fail(err, NL_CORRUPT, "SNAPPY: holds %zu bytes, the page header says %zu", says, out_len);
    if (snappy_uncompress(in, in_len, out, &says) != SNAPPY_OK)
        return nl_fail(err, NL_CORRUPT, "SNAPPY: %zu damaged bytes", in_len);
    return NL_OK;
}

static int snappy_in(struct pq_codec_ctx *ctx, int level, const void *in, size_t in_len, void *out, size_t room,
                     size_t *out_len, nl_error *err)
{
    (void)ctx, (void)level;
    *out_len = room;
    if (snappy_compress(in, in_len, out, out_len) != SNAPPY_OK)
        return nl_fail(err, NL_INTERNAL, "SNAPPY: could not compress %zu bytes", in_len);
    return NL_OK;
}

/* ── Zstandard ── */

static size_t zstd_bound(size_t in_len)
{
    return ZSTD_compressBound(in_len);
}

/* The densest block: 3 bytes of header and 1 that is repeated for up to 128 KiB. */
static uint64_t zstd_max_output(uint64_t in_len)
{
    uint64_t blocks = in_len / 4 + 1;
    return blocks > UINT64_MAX / (128 << 10) ? UINT64_MAX : blocks * (128 << 10);
}

static int zstd_out(struct pq_codec_ctx *ctx, const void *in, size_t in_len, void *out, size_t out_len, nl_error *err)
{
    ZSTD_DCtx *d = ctx ? ctx->zstd_d : NULL;
    if (!d)
        d = ZSTD_createDCtx();
    if (!d)
        return nl_fail_memory(err);
    if (ctx)
        ctx->zstd_d = d;
    size_t got = ZSTD_decompressDCtx(d, out, out_len, in, in_len);
    if (!ctx)
        ZSTD_freeDCtx(d);
    if (ZSTD_isError(got))
        return nl_fail(err, ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation ? NL_NO_MEMORY : NL_CORRUPT,
                       "ZSTD: %zu bytes to %zu: %s", in_len, out_len, ZSTD_getErrorName(got));
    if (got != out_len)
        return nl_fail(err, NL_CORRUPT, "ZSTD: holds %zu bytes, the page header says %zu", got, out_len);
    return NL_OK;
}

static int zstd_in(struct pq_codec_ctx *ctx, int level, const void *in, size_t in_len, void *out, size_t room,
                   size_t *out_len, nl_error *err)
{
    ZSTD_CCtx *c = ctx ? ctx->zstd_c : NULL;
    if (!c)
        c = ZSTD_createCCtx();
    if (!c)
        return nl_fail_memory(err);
    if (ctx)
        ctx->zstd_c = c;
    size_t got = ZSTD_compressCCtx(c, out, room, in, in_len, level ? level : ZSTD_CLEVEL_DEFAULT);
    if (!ctx)
        ZSTD_freeCCtx(c);
    if (ZSTD_isError(got))
        return nl_fail(err, ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation ? NL_NO_MEMORY : NL_INTERNAL,
                       "ZSTD: %zu bytes: %s", in_len, ZSTD_getErrorName(got));
    *out_len = got;
    return NL_OK;
}

/* ── None ── */

static size_t plain_bound(size_t in_len)
{
    return in_len;
}

static uint64_t plain_max_output(uint64_t in_len)
{
    return in_len;
}

static int plain_out(struct pq_codec_ctx *ctx, const void *in, size_t in_len, void *out, size_t out_len, nl_error *err)
{
    (void)ctx;
    if (in_len != out_len)
        return nl_fail(err, NL_CORRUPT, "UNCOMPRESSED: %zu bytes, the page header says %zu", in_len, out_len);
    memcpy(out, in, out_len);
    return NL_OK;
}

static int plain_in(struct pq_codec_ctx *ctx, int level, const void *in, size_t in_len, void *out, size_t room,
                    size_t *out_len, nl_error *err)
{
    (void)ctx, (void)level, (void)room, (void)err;
    memcpy(out, in, in_len);
    *out_len = in_len;
    return NL_OK;
}

/* ── The table ── */

static const struct codec {
    const char *name;
    size_t (*bound)(size_t in_len);
    uint64_t (*max_output)(uint64_t in_len);
    int (*out)(struct pq_codec_ctx *ctx, const void *in, size_t in_len, void *out, size_t out_len, nl_error *err);
    int (*in)(struct pq_codec_ctx *ctx, int level, const void *in, size_t in_len, void *out, size_t room,
              size_t *out_len, nl_error *err);
} codecs[] = {
    [PQ_CODEC_UNCOMPRESSED] = {"UNCOMPRESSED", plain_bound, plain_max_output, plain_out, plain_in},
    [PQ_CODEC_SNAPPY] = {"SNAPPY", snappy_bound, snappy_max_output, snappy_out, snappy_in},
    [PQ_CODEC_GZIP] = {.name = "GZIP"},
    [PQ_CODEC_LZO] = {.name = "LZO"},
    [PQ_CODEC_BROTLI] = {.name = "BROTLI"},
    [PQ_CODEC_LZ4] = {.name = "LZ4"},
    [PQ_CODEC_ZSTD] = {"ZSTD", zstd_bound, zstd_max_output, zstd_out, zstd_in},
    [PQ_CODEC_LZ4_RAW] = {.name = "LZ4_RAW"},
};

/* The row of a codec that this version can do, or NULL. */
static const struct codec *codec_of(int codec)
{
    return codec >= 0 && codec < (int)NL_LEN(codecs) && codecs[codec].out ? &codecs[codec] : NULL;
}

const char *pq_codec_name(int codec)
{
    return codec >= 0 && codec < (int)NL_LEN(codecs) ? codecs[codec].name : "unknown";
}

int pq_codec_check(int codec, nl_error *err)
{
    if (codec < 0 || codec >= (int)NL_LEN(codecs))
        return nl_fail(err, NL_CORRUPT, "there is no compression codec %d", codec);
    if (!codec_of(codec))
        return nl_fail(err, NL_UNSUPPORTED, "compression codec %s is not supported", codecs[codec].name);
    return NL_OK;
}

uint64_t pq_codec_max_output(int codec, uint64_t in_len)
{
    const struct codec *c = codec_of(codec);
    return c && in_len ? c->max_output(in_len) : 0;
}

size_t pq_codec_bound(int codec, size_t in_len)
{
    const struct codec *c = codec_of(codec);
    return c ? c->bound(in_len) : 0;
}

int pq_decompress(struct pq_codec_ctx *ctx, int codec, const void *in, size_t in_len, void *out, size_t out_len,
                  nl_error *err)
{
    int rc = pq_codec_check(codec, err);
    if (rc || (!in_len && !out_len))
        return rc;
    if (!in_len)
        return nl_fail(err, NL_CORRUPT, "%s: no bytes, the page header says %zu", codecs[codec].name, out_len);
    /* A frame of nothing is legal; the libraries want a place to write to all the same. */
    uint8_t nowhere[1];
    return codecs[codec].out(ctx, in, in_len, out_len ? out : nowhere, out_len, err);
}

int pq_compress(struct pq_codec_ctx *ctx, int codec, int level, const void *in, size_t in_len, nl_buf *out,
                nl_error *err)
{
    int rc = pq_codec_check(codec, err);
    if (rc)
        return rc;
    size_t room = codecs[codec].bound(in_len), len = 0;
    rc = nl_buf_reserve(out, room, err);
    if (rc || !room)
        return rc;
    rc = codecs[codec].in(ctx, level, in_len ? in : "", in_len, out->data + out->len, room, &len, err);
    if (rc)
        return rc;
    out->len += len;
    out->data[out->len] = 0;
    return NL_OK;
}

void pq_codec_ctx_free(struct pq_codec_ctx *ctx)
{
    ZSTD_freeCCtx(ctx->zstd_c);
    ZSTD_freeDCtx(ctx->zstd_d);
    *ctx = (struct pq_codec_ctx){0};
}
