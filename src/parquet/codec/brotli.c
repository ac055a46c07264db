/* brotli.c: Brotli: one stream, nothing behind it. Windows above 16 MiB ("large") are not the format's and refused. */
#include <brotli/decode.h>
#include <brotli/encode.h>

#include "parquet/codec/library.h"

enum { DEFAULT_LEVEL = 4, LEAST_LEVEL = 1, MOST_LEVEL = 11 };

/* What does not compress is stored by the library within its own bound, at every level. */
static size_t bound(size_t in_len)
{
    size_t size = BrotliEncoderMaxCompressedSize(in_len);
    return size ? size + 16 : 0;
}

/* The densest meta-block: 16 MiB, of one literal and one copy whose codes take no bits. Its header, with the length in six
 * nibbles and three trees of one symbol, takes 78 bits. */
static uint64_t max_output(uint64_t in_len)
{
    return pq_times(in_len / 8 + 1, 16 << 20);
}

static int out(struct pq_codec_ctx *ctx, const uint8_t *in, size_t in_len, uint8_t *to, size_t room, size_t *got,
               nl_error *err)
{
    (void)ctx; /* a decoder cannot be used again */
    BrotliDecoderState *d = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (!d)
        return nl_fail_memory(err);
    size_t left = room;
    BrotliDecoderResult result = BrotliDecoderDecompressStream(d, &in_len, &in, &left, &to, NULL);
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(d);
    BrotliDecoderDestroyInstance(d);
    *got = room - left;
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        *got = PQ_MORE;
        return NL_OK;
    }
    if (result == BROTLI_DECODER_RESULT_SUCCESS && !in_len)
        return NL_OK;
    if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES)
        return nl_fail_memory(err);
    return nl_fail(err, NL_CORRUPT, "BROTLI: %s",
                   result == BROTLI_DECODER_RESULT_ERROR              ? BrotliDecoderErrorString(code)
                   : result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT ? "the stream is cut"
                                                                      : "bytes behind the stream's end");
}

static int in(struct pq_codec_ctx *ctx, int level, const uint8_t *from, size_t in_len, uint8_t *to, size_t room,
              size_t *got, nl_error *err)
{
    (void)ctx;
    level = !level ? DEFAULT_LEVEL : level < LEAST_LEVEL ? LEAST_LEVEL : level > MOST_LEVEL ? MOST_LEVEL : level;
    *got = room;
    if (!BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, in_len, from, got, to))
        return nl_fail_memory(err); /* nothing else can fail: the room is the library's own bound */
    return NL_OK;
}

const struct pq_codec_row pq_codec_brotli = {"BROTLI", bound, max_output, out, in};
