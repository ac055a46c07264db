/* snappy.c: Snappy's raw format, without framing. */
#include <snappy-c.h>

#include "parquet/codec/library.h"

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
    /* The length that the bytes announce is only compared: D2. */
    if (snappy_uncompressed_length((const char *)in, in_len, got) != SNAPPY_OK)
        return nl_fail(err, NL_CORRUPT, "SNAPPY: no valid length in %zu bytes", in_len);
    if (*got > room) {
        *got = PQ_MORE;
        return NL_OK;
    }
    if (snappy_uncompress((const char *)in, in_len, (char *)to, got) != SNAPPY_OK)
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
