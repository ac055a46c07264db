/* kernel.h: the loops of rows.c that have a version a processor. Tests run every usable one against the scalar twin.
 *
 *     values ──range, keys──▶ words of bits          codes ──lookup in a table of bits──▶ words of bits
 *
 * K1  bits gets a word for each 64 values that are begun; bits of the last one beyond n are 0. Inputs are read exactly, and
 *     are aligned as their type.
 * K2  A range may wrap: v is inside where v - lo ≤ span, unsigned, modulo the width.
 */
#ifndef NL_FILTER_KERNEL_H
#define NL_FILTER_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void filter_range_loop(const void *values, size_t n, uint64_t lo, uint64_t span, uint64_t *bits);

struct filter_kernel {
    const char *name;
    bool (*usable)(void);
    /* Integers of 8, 16, 32 and 64 bits. */
    filter_range_loop *range8, *range16, *range32, *range64;
    /* Floats and doubles, by filter_key32() and filter_key64(). */
    filter_range_loop *keys32, *keys64;
    /* bits[i] = bit codes[i] of table, which has `size` bits in words of 32; all codes are below size. */
    void (*lookup)(const uint32_t *codes, size_t n, const uint32_t *table, size_t size, uint64_t *bits);
};

/* A float's bits as an integer in the order of the floats: -inf < … < -0 < +0 < … < +inf < NaN; and NaN with a sign below
 * -inf, so that all NaN are neighbours for a range that wraps. */
static inline uint32_t filter_key32(uint32_t bits)
{
    return bits ^ (bits >> 31 ? 0x7FFFFFFFU : 0);
}
static inline uint64_t filter_key64(uint64_t bits)
{
    return bits ^ (bits >> 63 ? UINT64_C(0x7FFFFFFFFFFFFFFF) : 0);
}

/* Best first; the last one is the scalar twin. */
extern const struct filter_kernel filter_kernels[];
extern const size_t filter_n_kernels;
/* The best that this processor can run. Any thread. */
const struct filter_kernel *filter_kernel(void);

/* The kernels themselves; call them through the table. */
#define FILTER_KERNELS(name)                                                                                           \
    filter_range_loop filter_range8_##name, filter_range16_##name, filter_range32_##name, filter_range64_##name,       \
        filter_keys32_##name, filter_keys64_##name;                                                                    \
    void filter_lookup_##name(const uint32_t *codes, size_t n, const uint32_t *table, size_t size, uint64_t *bits);

FILTER_KERNELS(scalar)
#if defined(__x86_64__)
FILTER_KERNELS(avx2)
FILTER_KERNELS(avx512)
#endif

#endif
