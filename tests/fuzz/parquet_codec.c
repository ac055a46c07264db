/* tests/fuzz/parquet_codec.c: decompression of hostile bytes, every codec.
 *
 *     input   codec (1 byte)   out_len (3 bytes, LE)   compressed bytes
 *
 * Must hold: no write beyond out_len (ASan), no result but NL_OK, NL_CORRUPT, NL_UNSUPPORTED; what decompresses stays
 * within the codec's bound.
 */
#include <stdlib.h>

#include "parquet/codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    static struct pq_codec_ctx ctx; /* kept, as a reader keeps it: damage must not outlive a page */
    int codec = data[0] % 10 - 1;
    size_t out_len = (size_t)data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16;
    uint64_t most = pq_codec_max_output(codec, size - 4);
    uint8_t *out = malloc(out_len ? out_len : 1);
    nl_error err;
    int rc = out ? pq_decompress(&ctx, codec, data + 4, size - 4, out, out_len, &err) : NL_CORRUPT;
    free(out);
    if (rc != NL_OK && rc != NL_CORRUPT && rc != NL_UNSUPPORTED)
        abort();
    if (rc == NL_OK && out_len > most)
        abort();
    return 0;
}
