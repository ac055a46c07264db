/* snappy.c: Snappy's raw format, without framing. */
#include <snappy-c.h>

#include "parquet/codec/library.h"
#include "parquet/codec/snappy_decode.h"

static size_t bound(size_t in_len)
{
    return snappy_max_compressed_length(in_len);
}

/* The densest element is a copy of 64 bytes in 3. */
static uint64_t max_output(uint64_t in_len)
{
    return pq_times(in_len, 22);
}

static int out(struct pq_codec_ctx *ctx, const uint8_t *in, size_t in_len, uint8_t *to, size_t room, size_t *got,
               nl_error *err)
{
    (void)ctx;
    uint32_t length = 0;
    const uint8_t *elements = in;
    if (!pq_snappy_length(in, in_len, &length, &elements))
        return nl_fail(err, NL_CORRUPT, "SNAPPY: no valid length in %zu bytes", in_len);
    *got = length <= room ? length : PQ_MORE;
    if (length <= room && !pq_snappy_decode(elements, in + in_len, to, length))
        return nl_fail(err, NL_CORRUPT, "SNAPPY: %zu damaged bytes", in_len);
    return NL_OK;
}

static int in(struct pq_codec_ctx *ctx, int level, const uint8_t *from, size_t in_len, uint8_t *to, size_t room,
              size_t *got, nl_error *err)
{
    (void)ctx, (void)level;
    *got = room;
    if (snappy_compress((const char *)from, in_len, (char *)to, got) != SNAPPY_OK)
        return nl_fail(err, NL_INTERNAL, "SNAPPY: could not compress %zu bytes", in_len);
    return NL_OK;
}

const struct pq_codec_row pq_codec_snappy = {"SNAPPY", bound, max_output, out, in};
