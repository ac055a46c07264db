/* kernel.c: the table of kernels and the choice among them, made once. */
#include "parquet/encoding/kernel.h"

#include <stdatomic.h>

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}
#endif

const struct pq_kernel pq_kernels[] = {
#if defined(__x86_64__)
    {"avx2", has_avx2, pq_unpack_avx2, pq_max_avx2},
#elif defined(__aarch64__)
    {"neon", always, pq_unpack_neon, pq_max_neon}, /* every arm64 has it */
#endif
    {"scalar", always, pq_unpack_scalar, pq_max_scalar},
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
