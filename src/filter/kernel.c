/* kernel.c: the scalar twins, and the choice among kernels, made once. */
#include "filter/kernel.h"

#include <stdatomic.h>

#include "base/cpu.h"
#include "base/str.h"

#define SAME(v) (v)

/* One word of bits after the other; the compiler sees a loop without branches. */
#define RANGE_LOOP(name, type, key)                                                                                    \
    void filter_##name##_scalar(const void *values, size_t n, uint64_t lo, uint64_t span, uint64_t *bits)              \
    {                                                                                                                  \
        const type *v = values;                                                                                        \
        for (size_t at = 0; at < n; at += 64) {                                                                        \
            size_t k = n - at < 64 ? n - at : 64;                                                                      \
            uint64_t word = 0;                                                                                         \
            for (size_t i = 0; i < k; i++)                                                                             \
                word |= (uint64_t)((type)(key(v[at + i]) - (type)lo) <= (type)span) << i;                              \
            *bits++ = word;                                                                                            \
        }                                                                                                              \
    }

RANGE_LOOP(range8, uint8_t, SAME)
RANGE_LOOP(range16, uint16_t, SAME)
RANGE_LOOP(range32, uint32_t, SAME)
RANGE_LOOP(range64, uint64_t, SAME)
RANGE_LOOP(keys32, uint32_t, filter_key32)
RANGE_LOOP(keys64, uint64_t, filter_key64)

void filter_lookup_scalar(const uint32_t *codes, size_t n, const uint32_t *table, size_t size, uint64_t *bits)
{
    (void)size;
    for (size_t at = 0; at < n; at += 64) {
        size_t k = n - at < 64 ? n - at : 64;
        uint64_t word = 0;
        for (size_t i = 0; i < k; i++)
            word |= (uint64_t)(table[codes[at + i] >> 5] >> (codes[at + i] & 31) & 1) << i;
        *bits++ = word;
    }
}

#define ROW(name, usable)                                                                                              \
    {                                                                                                                  \
#name, usable, filter_range8_##name, filter_range16_##name, filter_range32_##name, filter_range64_##name,      \
            filter_keys32_##name, filter_keys64_##name, filter_lookup_##name                                           \
    }

const struct filter_kernel filter_kernels[] = {
#if defined(__x86_64__)
    ROW(avx512, nl_cpu_avx512),
    ROW(avx2, nl_cpu_avx2),
#endif
    ROW(scalar, nl_cpu_any),
};
const size_t filter_n_kernels = NL_LEN(filter_kernels);

const struct filter_kernel *filter_kernel(void)
{
    static _Atomic(const struct filter_kernel *) chosen;
    const struct filter_kernel *k = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (k)
        return k;
    for (k = filter_kernels; !k->usable(); k++)
        ;
    atomic_store_explicit(&chosen, k, memory_order_relaxed);
    return k;
}
