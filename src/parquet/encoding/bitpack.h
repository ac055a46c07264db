/* bitpack.h: integers as so many bits each, least significant first: what the hybrid and the delta encodings are made of.
 *
 *     8 values of width bits     width bytes, whatever the width
 *
 * Every value lies below 2^width. Packing stores whole words: up to PQ_PACK_SLACK bytes behind the last group are
 * overwritten, and must be the caller's. Unpacking is in kernel.h.
 */
#ifndef NL_PARQUET_ENCODING_BITPACK_H
#define NL_PARQUET_ENCODING_BITPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PQ_PACK_SLACK 16

/* Pack groups of 8 values of 32 bits, width 1 to 32. */
typedef void (*pq_pack32)(const uint32_t *values, size_t groups, unsigned width, uint8_t *out);

struct pq_pack_kernel {
    const char *name;
    bool (*usable)(void);
    pq_pack32 pack;
};

/* Best first; the last one has no name. */
extern const struct pq_pack_kernel pq_pack_kernels[];
/* The best that this processor can run. Any thread. */
pq_pack32 pq_packer_32(void);

/* The kernels themselves, as in the table above; call them through it. */
void pq_pack32_scalar(const uint32_t *values, size_t groups, unsigned width, uint8_t *out);
#if defined(__x86_64__)
void pq_pack32_avx2(const uint32_t *values, size_t groups, unsigned width, uint8_t *out);
#endif

/* The same for values of 64 bits, width 33 to 64 (narrower ones are 32-bit values). */
void pq_pack64(const uint64_t *values, size_t groups, unsigned width, uint8_t *out);

#endif
