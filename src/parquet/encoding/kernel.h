/* kernel.h: the loops that have a version a processor: tests run every usable one against the scalar twin.
 *
 * Inputs may be read up to 64 bytes beyond what they hold (base/io/bytes.h, B1); outputs are written exactly.
 *
 *     bits of a page ──unpack, unpack_bytes──▶ numbers, levels ──at_least──▶ words of bits ──compress──▶ validity
 *                          └─sum32, sum64──▶ deltas added up            dense values ──expand──▶ with gaps for nulls
 */
#ifndef NL_PARQUET_ENCODING_KERNEL_H
#define NL_PARQUET_ENCODING_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pq_kernel {
    const char *name;
    bool (*usable)(void);
    /* Unpack groups of 8 values of width bits (1 to 32), least significant first, 8 × groups values out. */
    void (*unpack)(const uint8_t *in, size_t groups, unsigned width, uint32_t *out);
    /* The same for 1 to 8 bits into bytes: levels. */
    void (*unpack_bytes)(const uint8_t *in, size_t groups, unsigned width, uint8_t *out);
    /* The largest of n values; 0 for none. */
    uint32_t (*max)(const uint32_t *values, size_t n);
    /* bits[i] = levels[i] ≥ least, in words of 64; what the last word has beyond n is 0. Returns how many are 1. */
    size_t (*at_least)(const uint8_t *levels, size_t n, uint8_t least, uint64_t *bits);
    /* The bits of `bits` where slots has ones, side by side; both have n words. out has as many words as slots' ones
     * need; the last one ends with 0. Returns how many of the bits are 1. out may be one of the two. */
    size_t (*compress)(const uint64_t *bits, const uint64_t *slots, size_t n, uint64_t *out);
    /* out[i] = last + the sum of (deltas[0..i] + min), modulo 2^32, 2^64; out is aligned to nothing. Returns out[n - 1], or
     * last where n is 0. */
    uint32_t (*sum32)(uint8_t *out, const uint32_t *deltas, size_t n, uint32_t min, uint32_t last);
    uint64_t (*sum64)(uint8_t *out, const uint32_t *deltas, size_t n, uint64_t min, uint64_t last);
    /* Numbers of 4 bytes (8 bytes): the last of p dense ones at the start of values go to the ones of mask, whose k ≤ 64
     * bits are the places from `at` on; the other places become 0. p is the number of ones up to at + k. Returns how many
     * of p are left. */
    size_t (*expand4)(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k);
    size_t (*expand8)(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k);
};

/* Best first; the last one has no name. */
extern const struct pq_kernel pq_kernels[];
/* The best that this processor can run. Any thread. */
const struct pq_kernel *pq_kernel(void);

/* The kernels themselves, as in the table above; call them through it. */
#define PQ_KERNELS(name)                                                                                               \
    void pq_unpack_##name(const uint8_t *in, size_t groups, unsigned width, uint32_t *out);                            \
    void pq_unpack_bytes_##name(const uint8_t *in, size_t groups, unsigned width, uint8_t *out);                       \
    uint32_t pq_max_##name(const uint32_t *values, size_t n);                                                          \
    size_t pq_at_least_##name(const uint8_t *levels, size_t n, uint8_t least, uint64_t *bits);                         \
    size_t pq_compress_##name(const uint64_t *bits, const uint64_t *slots, size_t n, uint64_t *out);                   \
    uint32_t pq_sum32_##name(uint8_t *out, const uint32_t *deltas, size_t n, uint32_t min, uint32_t last);             \
    uint64_t pq_sum64_##name(uint8_t *out, const uint32_t *deltas, size_t n, uint64_t min, uint64_t last);             \
    size_t pq_expand4_##name(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k);                           \
    size_t pq_expand8_##name(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k);

PQ_KERNELS(scalar)
#if defined(__x86_64__)
PQ_KERNELS(avx2)
PQ_KERNELS(avx512)
#elif defined(__aarch64__)
PQ_KERNELS(neon)
#endif

#endif
