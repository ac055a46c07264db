/* bloom_avx2.c: a block is one register: eight products, eight shifts, one test. */
#include <immintrin.h>

#include "parquet/index/bloom_kernel.h"

static inline __m256i mask_of(uint64_t hash)
{
    static const uint32_t salts[8] = {PQ_BLOOM_SALT};
    __m256i key =
        _mm256_mullo_epi32(_mm256_set1_epi32((int)(uint32_t)hash), _mm256_loadu_si256((const __m256i *)salts));
    return _mm256_sllv_epi32(_mm256_set1_epi32(1), _mm256_srli_epi32(key, 27));
}

void pq_bloom_put_avx2(uint8_t *bits, size_t n_blocks, const uint64_t *hashes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        __m256i *block = (__m256i *)(bits + pq_bloom_block(hashes[i], n_blocks) * PQ_BLOOM_BLOCK);
        _mm256_storeu_si256(block, _mm256_or_si256(_mm256_loadu_si256(block), mask_of(hashes[i])));
    }
}

bool pq_bloom_may_hold_avx2(const uint8_t *bits, size_t n_blocks, uint64_t hash)
{
    const __m256i *block = (const __m256i *)(bits + pq_bloom_block(hash, n_blocks) * PQ_BLOOM_BLOCK);
    return _mm256_testc_si256(_mm256_loadu_si256(block), mask_of(hash));
}
