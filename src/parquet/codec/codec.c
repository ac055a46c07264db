/* codec.c: see codec.h. One row a codec; what has none is refused by name. */
#include "parquet/codec/codec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <zstd.h>

#include "base/str.h"
#include "parquet/codec/library.h"

/* ── None ── */

static size_t plain_bound(size_t in_len)
{
    return in_len;
}

static uint64_t plain_max_output(uint64_t in_len)
{
    return in_len;
}

static int plain_out(struct pq_codec_ctx *ctx, const uint8_t *in, size_t in_len, uint8_t *out, size_t room, size_t *got,
                     nl_error *err)
{
    (void)ctx, (void)err;
    *got = in_len <= room ? in_len : PQ_MORE;
    if (in_len <= room)
        memcpy(out, in, in_len);
    return NL_OK;
}

static int plain_in(struct pq_codec_ctx *ctx, int level, const uint8_t *in, size_t in_len, uint8_t *out, size_t room,
                    size_t *got, nl_error *err)
{
    (void)ctx, (void)level, (void)room, (void)err;
    memcpy(out, in, in_len);
    *got = in_len;
    return NL_OK;
}

/* ── The table ── */

static const struct pq_codec_row uncompressed = {"UNCOMPRESSED", plain_bound, plain_max_output, plain_out, plain_in};
static const struct pq_codec_row lzo = {.name = "LZO"};

static const struct pq_codec_row *const codecs[] = {
    [PQ_CODEC_UNCOMPRESSED] = &uncompressed, [PQ_CODEC_SNAPPY] = &pq_codec_snappy,
    [PQ_CODEC_GZIP] = &pq_codec_gzip,        [PQ_CODEC_LZO] = &lzo,
    [PQ_CODEC_BROTLI] = &pq_codec_brotli,    [PQ_CODEC_LZ4] = &pq_codec_lz4,
    [PQ_CODEC_ZSTD] = &pq_codec_zstd,        [PQ_CODEC_LZ4_RAW] = &pq_codec_lz4_raw,
};

/* The row of a codec that this version can do, or NULL. */
static const struct pq_codec_row *codec_of(int codec)
{
    return codec >= 0 && codec < (int)NL_LEN(codecs) && codecs[codec]->out ? codecs[codec] : NULL;
}

const char *pq_codec_name(int codec)
{
    return codec >= 0 && codec < (int)NL_LEN(codecs) ? codecs[codec]->name : "unknown";
}

int pq_codec_check(int codec, nl_error *err)
{
    if (codec < 0 || codec >= (int)NL_LEN(codecs))
        return nl_fail(err, NL_CORRUPT, "there is no compression codec %d", codec);
    if (!codec_of(codec))
        return nl_fail(err, NL_UNSUPPORTED, "compression codec %s is not supported", codecs[codec]->name);
    return NL_OK;
}

uint64_t pq_codec_max_output(int codec, uint64_t in_len)
{
    const struct pq_codec_row *c = codec_of(codec);
    return c && in_len ? c->max_output(in_len) : 0;
}

size_t pq_codec_bound(int codec, size_t in_len)
{
    const struct pq_codec_row *c = codec_of(codec);
    return c ? c->bound(in_len) : 0;
}

/* ── Out ── */

/* A frame of nothing is legal; the libraries want a place to write to all the same. */
static int decompress(struct pq_codec_ctx *ctx, int codec, const void *in, size_t in_len, void *out, size_t room,
                      size_t *got, nl_error *err)
{
    uint8_t nowhere[1];
    return codecs[codec]->out(ctx, in, in_len, room ? out : nowhere, room, got, err);
}

static int another_size(int codec, size_t got, uint64_t wanted, nl_error *err)
{
    if (got == PQ_MORE)
        return nl_fail(err, NL_CORRUPT, "%s: holds more than the %" PRIu64 " bytes that the page header says",
                       codecs[codec]->name, wanted);
    return nl_fail(err, NL_CORRUPT, "%s: holds %zu bytes, the page header says %" PRIu64, codecs[codec]->name, got,
                   wanted);
}

int pq_decompress(struct pq_codec_ctx *ctx, int codec, const void *in, size_t in_len, void *out, size_t out_len,
                  nl_error *err)
{
    int rc = pq_codec_check(codec, err);
    if (rc || (!in_len && !out_len))
        return rc;
    if (!in_len)
        return nl_fail(err, NL_CORRUPT, "%s: no bytes, the page header says %zu", codecs[codec]->name, out_len);
    size_t got = 0;
    rc = decompress(ctx, codec, in, in_len, out, out_len, &got, err);
    if (rc == NL_OK && got != out_len)
        rc = another_size(codec, got, out_len, err);
    return rc;
}

/* Decompress into memory that grows by 8 each time that it was filled. */
static int prove(struct pq_codec_ctx *ctx, int codec, const void *in, size_t in_len, uint64_t size, nl_error *err)
{
    size_t got = PQ_MORE;
    int rc = NL_OK;
    for (uint64_t room = PQ_CODEC_SMALL; rc == NL_OK && got == PQ_MORE; room *= 8) {
        if (room > size)
            room = size;
        uint8_t *memory = malloc((size_t)room);
        if (!memory)
            return nl_fail_memory(err);
        rc = decompress(ctx, codec, in, in_len, memory, (size_t)room, &got, err);
        free(memory);
        if (room == size)
            break;
    }
    return rc || got == size ? rc : another_size(codec, got, size, err);
}

int pq_codec_allows(struct pq_codec_ctx *ctx, int codec, const void *in, size_t in_len, uint64_t size, nl_error *err)
{
    int rc = pq_codec_check(codec, err);
    if (rc)
        return rc;
    if (size > pq_codec_max_output(codec, in_len) || size > SIZE_MAX / 2)
        return nl_fail(err, NL_CORRUPT, "%" PRIu64 " bytes cannot be what %zu bytes of %s decompress to", size, in_len,
                       codecs[codec]->name);
    if (size <= PQ_CODEC_SMALL || size / PQ_CODEC_DENSE <= in_len)
        return NL_OK;
    return prove(ctx, codec, in, in_len, size, err);
}

/* ── In ── */

int pq_compress(struct pq_codec_ctx *ctx, int codec, int level, const void *in, size_t in_len, nl_buf *out,
                nl_error *err)
{
    int rc = pq_codec_check(codec, err);
    if (rc)
        return rc;
    size_t room = codecs[codec]->bound(in_len), len = 0;
    rc = nl_buf_reserve(out, room, err);
    if (rc || !room)
        return rc;
    rc = codecs[codec]->in(ctx, level, in_len ? in : "", in_len, (uint8_t *)out->data + out->len, room, &len, err);
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
    libdeflate_free_compressor(ctx->deflate_c);
    libdeflate_free_decompressor(ctx->deflate_d);
    free(ctx->snappy_table);
    *ctx = (struct pq_codec_ctx){0};
}
