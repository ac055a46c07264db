/* kernel.h: the loops that have a version a processor: tests run every usable one against the same tables.
 *
 * Inputs may be read up to 64 bytes beyond what they hold (base/io/bytes.h, B1).
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
    /* The largest of n values; 0 for none. */
    uint32_t (*max)(const uint32_t *values, size_t n);
};

/* Best first; the last one has no name. */
extern const struct pq_kernel pq_kernels[];
/* The best that this processor can run. Any thread. */
const struct pq_kernel *pq_kernel(void);

/* The kernels themselves, as in the table above; call them through it. */
void pq_unpack_scalar(const uint8_t *in, size_t groups, unsigned width, uint32_t *out);
uint32_t pq_max_scalar(const uint32_t *values, size_t n);
#if defined(__x86_64__)
void pq_unpack_avx2(const uint8_t *in, size_t groups, unsigned width, uint32_t *out);
uint32_t pq_max_avx2(const uint32_t *values, size_t n);
#elif defined(__aarch64__)
void pq_unpack_neon(const uint8_t *in, size_t groups, unsigned width, uint32_t *out);
uint32_t pq_max_neon(const uint32_t *values, size_t n);
#endif

#endif
