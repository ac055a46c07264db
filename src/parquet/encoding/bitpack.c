/* bitpack.c: the scalar twins and the choice. One function a width, so that shifts and stores are constants. */
#include "parquet/encoding/bitpack.h"

#include <stdatomic.h>
#include <string.h>

#include "base/cpu.h"

static inline __attribute__((always_inline)) void groups_32(const uint32_t *v, size_t groups, uint8_t *out,
                                                            const unsigned W)
{
    for (; groups; groups--, v += 8, out += W) {
        uint64_t acc = 0;
        unsigned fill = 0;
        uint8_t *p = out;
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            acc |= (uint64_t)v[i] << fill;
            fill += W;
            if (fill >= 32) {
                memcpy(p, &acc, 4);
                p += 4;
                acc >>= 32;
                fill -= 32;
            }
        }
        if (fill)
            memcpy(p, &acc, 4);
    }
}

static inline __attribute__((always_inline)) void groups_64(const uint64_t *v, size_t groups, uint8_t *out,
                                                            const unsigned W)
{
    for (; groups; groups--, v += 8, out += W) {
        uint64_t acc = 0;
        unsigned fill = 0;
        uint8_t *p = out;
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) {
            acc |= v[i] << fill;
            fill += W;
            if (fill >= 64) {
                memcpy(p, &acc, 8);
                p += 8;
                fill -= 64;
                acc = fill ? v[i] >> (W - fill) : 0; /* what did not go out */
            }
        }
        if (fill)
            memcpy(p, &acc, 8);
    }
}

#define CASE_32(w)                                                                                                     \
    case w:                                                                                                            \
        groups_32(values, groups, out, w);                                                                             \
        break;
#define CASES_32(w)                                                                                                    \
    CASE_32(w) CASE_32(w + 1) CASE_32(w + 2) CASE_32(w + 3) CASE_32(w + 4) CASE_32(w + 5) CASE_32(w + 6) CASE_32(w + 7)

void pq_pack32_scalar(const uint32_t *values, size_t groups, unsigned width, uint8_t *out)
{
    switch (width) {
        CASES_32(1)
        CASES_32(9)
        CASES_32(17)
        CASES_32(25)
    default:
        break;
    }
}

#define CASE_64(w)                                                                                                     \
    case w:                                                                                                            \
        groups_64(values, groups, out, w);                                                                             \
        break;
#define CASES_64(w)                                                                                                    \
    CASE_64(w) CASE_64(w + 1) CASE_64(w + 2) CASE_64(w + 3) CASE_64(w + 4) CASE_64(w + 5) CASE_64(w + 6) CASE_64(w + 7)

void pq_pack64(const uint64_t *values, size_t groups, unsigned width, uint8_t *out)
{
    switch (width) {
        CASES_64(33)
        CASES_64(41)
        CASES_64(49)
        CASES_64(57)
    default:
        break;
    }
}

const struct pq_pack_kernel pq_pack_kernels[] = {
#if defined(__x86_64__)
    {"avx2", nl_cpu_avx2, pq_pack32_avx2},
#endif
    {"scalar", nl_cpu_any, pq_pack32_scalar},
    {0},
};

pq_pack32 pq_packer_32(void)
{
    static _Atomic(pq_pack32) chosen;
    pq_pack32 pack = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (pack)
        return pack;
    const struct pq_pack_kernel *k = pq_pack_kernels;
    while (!k->usable())
        k++;
    atomic_store_explicit(&chosen, k->pack, memory_order_relaxed);
    return k->pack;
}
