/* bits.c: see bits.h. */
#include "parquet/write/bits.h"

#include <string.h>

uint64_t pq_bits_word(const uint8_t *bits, size_t from, size_t n)
{
    if (!n)
        return 0;
    const uint8_t *p = bits + from / 8;
    size_t shift = from % 8, bytes = (shift + n + 7) / 8; /* 1 to 9 */
    uint64_t word = 0;
    if (bytes >= 8) {
        memcpy(&word, p, 8);
    } else {
        for (size_t i = 0; i < bytes; i++)
            word |= (uint64_t)p[i] << 8 * i;
    }
    word >>= shift;
    if (bytes == 9)
        word |= (uint64_t)p[8] << (64 - shift);
    return n == 64 ? word : word & ((UINT64_C(1) << n) - 1);
}

size_t pq_bits_ones(const uint8_t *bits, size_t from, size_t n)
{
    size_t count = 0;
    for (; n >= 64; n -= 64, from += 64)
        count += (size_t)__builtin_popcountll(pq_bits_word(bits, from, 64));
    return count + (size_t)__builtin_popcountll(pq_bits_word(bits, from, n));
}

/* Room for n more bits, and for the whole words that put() writes. */
static int make_room(struct pq_bits *b, size_t n, nl_error *err)
{
    int rc = nl_buf_reserve(&b->bytes, n / 8 + 24, err);
    if (!rc && !b->n)
        b->bytes.data[0] = 0;
    return rc;
}

/* Add n ≤ 64 bits; the caller made room. */
static void put(struct pq_bits *b, uint64_t word, size_t n)
{
    uint8_t *p = (uint8_t *)b->bytes.data + b->n / 8;
    size_t shift = b->n % 8;
    uint64_t low = (shift ? *p : 0) | word << shift, high = shift ? word >> (64 - shift) : 0;
    memcpy(p, &low, 8);
    memcpy(p + 8, &high, 8);
    b->n += n;
    b->bytes.len = (b->n + 7) / 8;
}

int pq_bits_append(struct pq_bits *b, const uint8_t *bits, size_t from, size_t n, nl_error *err)
{
    int rc = make_room(b, n, err);
    if (rc)
        return rc;
    for (; n >= 64; n -= 64, from += 64)
        put(b, pq_bits_word(bits, from, 64), 64);
    put(b, pq_bits_word(bits, from, n), n);
    return NL_OK;
}

int pq_bits_append_ones(struct pq_bits *b, size_t n, nl_error *err)
{
    int rc = make_room(b, n, err);
    if (rc)
        return rc;
    for (; n >= 64; n -= 64)
        put(b, UINT64_MAX, 64);
    put(b, (UINT64_C(1) << n) - 1, n);
    return NL_OK;
}

void pq_bits_clear(struct pq_bits *b)
{
    nl_buf_clear(&b->bytes);
    b->n = 0;
}

void pq_bits_free(struct pq_bits *b)
{
    nl_buf_free(&b->bytes);
    b->n = 0;
}
