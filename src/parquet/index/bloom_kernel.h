/* bloom_kernel.h: the loops of bloom.h that have a version a processor; tests compare them. */
#ifndef NL_PARQUET_INDEX_BLOOM_KERNEL_H
#define NL_PARQUET_INDEX_BLOOM_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PQ_BLOOM_BLOCK 32 /* bytes */

struct pq_bloom_kernel {
    const char *name;
    bool (*usable)(void);
    void (*put)(uint8_t *bits, size_t n_blocks, const uint64_t *hashes, size_t n);
    bool (*may_hold)(const uint8_t *bits, size_t n_blocks, uint64_t hash);
};

/* Best first; the last one has no name. */
extern const struct pq_bloom_kernel pq_bloom_kernels[];
#if defined(__x86_64__)
void pq_bloom_put_avx2(uint8_t *bits, size_t n_blocks, const uint64_t *hashes, size_t n);
bool pq_bloom_may_hold_avx2(const uint8_t *bits, size_t n_blocks, uint64_t hash);
#endif

/* The eight odd numbers that spread a hash over a block's words. */
#define PQ_BLOOM_SALT                                                                                                  \
    0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU, 0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U

/* The block of a hash. */
static inline size_t pq_bloom_block(uint64_t hash, size_t n_blocks)
{
    return (size_t)((hash >> 32) * n_blocks >> 32);
}

#endif
