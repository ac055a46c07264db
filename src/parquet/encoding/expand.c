/* expand.c: dense numbers to where nulls leave gaps; the scalar twin. From the back, so that no value is overwritten before
 * it has moved. Without a branch a place: an invalid one reads some value and stores zero. */
#include <string.h>

#include "parquet/encoding/kernel.h"

#define EXPAND(name, type)                                                                                             \
    size_t name(uint8_t *values, size_t p, uint64_t mask, size_t at, size_t k)                                         \
    {                                                                                                                  \
        while (k-- > 0) {                                                                                              \
            type bit = (type)(mask >> k & 1), v;                                                                       \
            memcpy(&v, values + (p ? p - 1 : 0) * sizeof v, sizeof v); /* p is 0 only where mask has no bits left */   \
            v &= (type)-bit;                                                                                           \
            memcpy(values + (at + k) * sizeof v, &v, sizeof v);                                                        \
            p -= (size_t)bit;                                                                                          \
        }                                                                                                              \
        return p;                                                                                                      \
    }

EXPAND(pq_expand4_scalar, uint32_t)
EXPAND(pq_expand8_scalar, uint64_t)
