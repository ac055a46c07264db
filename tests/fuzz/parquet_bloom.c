/* parquet_bloom.c: any bytes as a bloom filter: what is there is asked for values, copied, filled and folded; what was put in
 * is found (bloom.h, F1). */
#include <stdlib.h>
#include <string.h>

#include "parquet/index/bloom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* A filter of our own with the same bits and some values more. */
static void fill(const struct pq_bloom *b, const uint64_t *hashes, size_t n)
{
    struct pq_bloom own, again;
    nl_buf bytes = {0};
    size_t need;
    if (pq_bloom_new(&own, b->n_blocks * 32, NULL))
        return;
    memcpy(own.own, b->bits, b->n_blocks * 32);
    pq_bloom_put(&own, hashes, n);
    for (size_t i = 0; i < n; i++)
        check(pq_bloom_may_hold(&own, hashes[i]));
    pq_bloom_fold(&own, n, 0.01);
    for (size_t i = 0; i < n; i++)
        check(pq_bloom_may_hold(&own, hashes[i]));
    check(pq_bloom_encode(&own, &bytes, NULL) == NL_OK);
    check(pq_bloom_decode(bytes.data, bytes.len, &again, &need, NULL) == NL_OK && need == bytes.len &&
          again.n_blocks == own.n_blocks);
    nl_buf_free(&bytes);
    pq_bloom_free(&own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pq_bloom b;
    size_t need;
    if (pq_bloom_decode(data, size, &b, &need, NULL))
        return 0;
    if (!b.bits) {
        check(need > size);
        return 0;
    }
    check(need <= size && b.n_blocks > 0);
    uint64_t hashes[16];
    for (size_t i = 0; i < 16; i++)
        hashes[i] = pq_bloom_hash(data, i < size ? i : size);
    for (size_t i = 0; i < 16; i++)
        pq_bloom_may_hold(&b, hashes[i]);
    if ((b.n_blocks & (b.n_blocks - 1)) == 0)
        fill(&b, hashes, 16);
    return 0;
}
