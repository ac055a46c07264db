/* cpu.h: what this processor has, for the tables of kernels: one answer a group of compiler flags (cmake/flags.cmake). */
#ifndef NL_BASE_CPU_H
#define NL_BASE_CPU_H

#include <stdbool.h>

/* Scalar code, and what every processor of the architecture has. */
bool nl_cpu_any(void);
#if defined(__x86_64__)
/* What files in _avx2.c are compiled for: from Haswell on. */
bool nl_cpu_avx2(void);
/* What files in _avx512.c are compiled for: from Ice Lake and Zen 4 on. */
bool nl_cpu_avx512(void);
#endif

#endif
