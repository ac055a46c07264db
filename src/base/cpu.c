/* cpu.c: see cpu.h. */
#include "base/cpu.h"

bool nl_cpu_any(void)
{
    return true;
}

#if defined(__x86_64__)
bool nl_cpu_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

bool nl_cpu_avx512(void)
{
    return nl_cpu_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
}
#endif
