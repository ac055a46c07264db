/* kernel.c: the table of kernels and the choice among them, made once. Where a processor has nothing better, its row
 * names the scalar twin. */
#include "parquet/encoding/kernel.h"

#include <stdatomic.h>

#include "base/cpu.h"

const struct pq_kernel pq_kernels[] = {
#if defined(__x86_64__)
    {"avx512", nl_cpu_avx512, pq_unpack_avx512, pq_unpack_bytes_avx512, pq_max_avx2, pq_at_least_avx512,
     pq_compress_avx2, pq_sum32_avx512, pq_sum64_avx512, pq_expand4_avx512, pq_expand8_avx512},
    {"avx2", nl_cpu_avx2, pq_unpack_avx2, pq_unpack_bytes_avx2, pq_max_avx2, pq_at_least_avx2, pq_compress_avx2,
     pq_sum32_avx2, pq_sum64_scalar, pq_expand4_avx2, pq_expand8_avx2},
#elif defined(__aarch64__)
    {"neon", nl_cpu_any, pq_unpack_neon, pq_unpack_bytes_scalar, pq_max_neon, pq_at_least_scalar, pq_compress_scalar,
     pq_sum32_scalar, pq_sum64_scalar, pq_expand4_scalar, pq_expand8_scalar}, /* every arm64 has it */
#endif
    {"scalar", nl_cpu_any, pq_unpack_scalar, pq_unpack_bytes_scalar, pq_max_scalar, pq_at_least_scalar,
     pq_compress_scalar, pq_sum32_scalar, pq_sum64_scalar, pq_expand4_scalar, pq_expand8_scalar},
    {0},
};

const struct pq_kernel *pq_kernel(void)
{
    static _Atomic(const struct pq_kernel *) chosen;
    const struct pq_kernel *k = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (k)
        return k;
    for (k = pq_kernels; !k->usable(); k++)
        ;
    atomic_store_explicit(&chosen, k, memory_order_relaxed);
    return k;
}
