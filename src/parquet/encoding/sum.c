/* sum.c: deltas added up; the scalar twin. A value waits for the one before it by one addition alone. */
#include <string.h>

#include "parquet/encoding/kernel.h"

uint32_t pq_sum32_scalar(uint8_t *out, const uint32_t *deltas, size_t n, uint32_t min, uint32_t last)
{
    for (size_t i = 0; i < n; i++) {
        last += min + deltas[i];
        memcpy(out + i * sizeof last, &last, sizeof last);
    }
    return last;
}

uint64_t pq_sum64_scalar(uint8_t *out, const uint32_t *deltas, size_t n, uint64_t min, uint64_t last)
{
    for (size_t i = 0; i < n; i++) {
        last += min + deltas[i];
        memcpy(out + i * sizeof last, &last, sizeof last);
    }
    return last;
}
