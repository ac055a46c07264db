/* bitmap.c: fill, copy and spread bits; words of 32 at a time, the rest by bytes. */
#include "parquet/encoding/bitmap.h"

#include <string.h>

uint64_t pq_bitmap_word(const uint8_t *src, size_t from, size_t n)
{
    uint64_t v;
    memcpy(&v, src + from / 8, sizeof v);
    return v >> (from % 8) & ((UINT64_C(1) << n) - 1);
}

/* Write the lowest n ≤ 8 - to % 8 bits of v into one byte. */
static void put(uint8_t *bits, size_t to, size_t n, uint64_t v)
{
    uint8_t mask = (uint8_t)(((1U << n) - 1) << to % 8);
    bits[to / 8] = (uint8_t)((bits[to / 8] & ~mask) | ((v << to % 8) & mask));
}

void pq_bitmap_fill(uint8_t *bits, size_t to, size_t n, bool value)
{
    uint64_t ones = value ? ~UINT64_C(0) : 0;
    size_t head = (8 - to % 8) % 8;
    if (head > n)
        head = n;
    if (head)
        put(bits, to, head, ones);
    to += head;
    n -= head;
    memset(bits + to / 8, (int)(ones & 0xFF), n / 8);
    if (n % 8)
        put(bits, to + n - n % 8, n % 8, ones);
}

size_t pq_bitmap_copy(uint8_t *bits, size_t to, const uint8_t *src, size_t from, size_t n)
{
    size_t ones = 0, head = (8 - to % 8) % 8;
    if (head > n)
        head = n;
    if (head) {
        uint64_t v = pq_bitmap_word(src, from, head);
        put(bits, to, head, v);
        ones += pq_ones(v);
    }
    size_t i = head;
    for (; i + 32 <= n; i += 32) {
        uint32_t v = (uint32_t)pq_bitmap_word(src, from + i, 32);
        memcpy(bits + (to + i) / 8, &v, sizeof v);
        ones += pq_ones(v);
    }
    while (i < n) {
        size_t k = n - i < 8 ? n - i : 8;
        uint64_t v = pq_bitmap_word(src, from + i, k);
        put(bits, to + i, k, v);
        ones += pq_ones(v);
        i += k;
    }
    return ones;
}

void pq_bitmap_spread(uint8_t *bits, const uint8_t *dense_bits, const uint8_t *valid, size_t to, size_t n)
{
    size_t from = 0;
    for (size_t i = 0; i < n;) {
        size_t k = 8 - (to + i) % 8;
        if (k > n - i)
            k = n - i;
        uint64_t mask = pq_bitmap_word(valid, to + i, k), v = 0;
        size_t ones = pq_ones(mask);
        uint64_t dense = pq_bitmap_word(dense_bits, from, ones);
        for (size_t b = 0; b < k; b++) {
            uint64_t bit = mask >> b & 1;
            v |= (dense & bit) << b;
            dense >>= bit;
        }
        put(bits, to + i, k, v);
        from += ones;
        i += k;
    }
}
