/* tests/fuzz/parquet_snappy.c: our decoder of Snappy against the library: the same bytes, or the same refusal.
 *
 * Must hold: no access beyond the input and what its length announces (ASan); agreement with libsnappy.
 */
#include <stdlib.h>
#include <string.h>

#include <snappy-c.h>

#include "parquet/codec/snappy_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 1 << 20 };
    uint32_t length = 0;
    const uint8_t *elements = data;
    if (!pq_snappy_length(data, size, &length, &elements) || length > MOST)
        return 0;
    size_t want_len = length;
    uint8_t *got = malloc(length ? length : 1), *want = malloc(length ? length : 1);
    if (!got || !want)
        abort();
    bool ours = pq_snappy_decode(elements, data + size, got, length);
    bool theirs = snappy_uncompress((const char *)data, size, (char *)want, &want_len) == SNAPPY_OK;
    if (ours != theirs || (ours && length && memcmp(got, want, length) != 0))
        abort();
    free(got);
    free(want);
    return 0;
}
