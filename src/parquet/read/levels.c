/* levels.c: levels as bytes, counted eight at a time in a word of 64 bits; the loops over all of them are kernels.
 *
 *     b + (0x80 - t) has its highest bit set exactly where b ≥ t        b, t ≤ 64: nothing carries into the next byte
 */
#include "parquet/read/levels.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/kernel.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGH UINT64_C(0x8080808080808080)

/* ── of a page ── */

static unsigned width_of(uint8_t max)
{
    return max ? 32 - (unsigned)__builtin_clz(max) : 0;
}

void pq_levels_init(struct pq_levels *l, const uint8_t *data, size_t len, uint8_t max)
{
    free(l->turned);
    l->turned = NULL;
    l->max = max;
    pq_runs_init(&l->runs, data, len, width_of(max));
}

uint8_t *pq_levels_turn(const uint8_t *data, size_t n, unsigned width, size_t *len)
{
    size_t groups = (n + 7) / 8;
    uint8_t *out = calloc(1, 5 + groups * width + 64);
    if (!out)
        return NULL;
    size_t at = 0;
    for (uint64_t header = (uint64_t)groups << 1 | 1; at == 0 || header; header >>= 7)
        out[at++] = (uint8_t)((header & 0x7F) | (header > 0x7F ? 0x80 : 0));
    uint8_t *body = out + at;
    for (size_t i = 0, from = 0, to = 0; i < n; i++, to += width)
        for (unsigned b = 0; b < width; b++, from++)
            if (data[from / 8] >> (7 - from % 8) & 1)
                body[(to + width - 1 - b) / 8] |= (uint8_t)(1U << (to + width - 1 - b) % 8);
    *len = at + groups * width;
    return out;
}

int pq_levels_init_bits(struct pq_levels *l, const uint8_t *data, size_t len, size_t n, uint8_t max, size_t *used,
                        nl_error *err)
{
    unsigned width = width_of(max);
    uint64_t bytes = ((uint64_t)n * width + 7) / 8;
    if (bytes > len)
        return nl_fail(err, NL_CORRUPT, "%" PRIu64 " bytes of bit-packed levels, %zu are left", bytes, len);
    size_t turned_len;
    uint8_t *turned = pq_levels_turn(data, n, width, &turned_len);
    if (!turned)
        return nl_fail_memory(err);
    pq_levels_init(l, turned, turned_len, max);
    l->turned = turned;
    *used = (size_t)bytes;
    return NL_OK;
}

int pq_levels_unpack(struct pq_levels *l, uint8_t *out, size_t n, nl_error *err)
{
    if (l->max)
        return pq_runs_levels(&l->runs, out, n, l->max, err);
    memset(out, 0, n); /* nothing of the kind is stored */
    return NL_OK;
}

/* ── bytes to bits ── */

static inline uint64_t load(const uint8_t *levels)
{
    uint64_t v;
    memcpy(&v, levels, sizeof v);
    return v;
}

void pq_levels_at_least(const uint8_t *levels, size_t n, uint8_t least, uint64_t *bits)
{
    if (n)
        pq_kernel()->at_least(levels, n, least, bits);
}

size_t pq_levels_count_at_least(const uint8_t *levels, size_t n, uint8_t least)
{
    uint64_t add = (0x80 - (uint64_t)least) * ONES;
    size_t count = 0, i = 0;
    for (; i + 8 <= n; i += 8)
        count += pq_ones((load(levels + i) + add) & HIGH);
    for (; i < n; i++)
        count += levels[i] >= least;
    return count;
}

size_t pq_levels_count_zero(const uint8_t *levels, size_t n)
{
    return n - pq_levels_count_at_least(levels, n, 1);
}

size_t pq_levels_find_zero(const uint8_t *levels, size_t n, size_t rows)
{
    uint64_t add = 0x7F * ONES;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        size_t zeros = 8 - pq_ones((load(levels + i) + add) & HIGH);
        if (zeros > rows)
            break;
        rows -= zeros;
    }
    for (; i < n; i++)
        if (levels[i] == 0 && rows-- == 0)
            return i;
    return n;
}

/* ── bits ── */

size_t pq_bits_compress(const uint64_t *bits, const uint64_t *slots, size_t n, uint64_t *out)
{
    return n ? pq_kernel()->compress(bits, slots, pq_words(n), out) : 0;
}

size_t pq_bits_count(const uint64_t *bits, size_t n)
{
    size_t ones = 0;
    for (size_t i = 0; i < pq_words(n); i++)
        ones += pq_ones(bits[i]);
    return ones;
}

void pq_offsets(const uint64_t *slots, const uint64_t *elements, size_t n, int32_t *out)
{
    uint32_t before = 0;
    for (size_t i = 0; i < pq_words(n); i++) {
        uint64_t e = elements[i];
        for (uint64_t s = slots[i]; s; s &= s - 1)
            *out++ = (int32_t)(before + (uint32_t)pq_ones(e & ((s & -s) - 1)));
        before += (uint32_t)pq_ones(e);
    }
    *out = (int32_t)before;
}

/* ── a batch ── */

struct pq_nested *pq_nested_new(const struct pq_leaf *leaf)
{
    struct pq_nested *n = calloc(1, sizeof *n);
    if (n) {
        n->definition.max = leaf->max_definition;
        n->repetition.max = leaf->max_repetition;
    }
    return n;
}

void pq_nested_free(struct pq_nested *n)
{
    if (!n)
        return;
    free(n->definition.turned);
    free(n->repetition.turned);
    free(n->def);
    free(n->rep);
    nl_block_unref(n->values);
    free(n);
}

/* Take away the entries that go on at a deeper level than `most`; a little at a time, through memory of our own. */
static void at_most(const struct pq_nested *n, uint8_t most, uint64_t *bits)
{
    uint64_t deeper[64];
    if (most >= n->repetition.max)
        return;
    for (size_t i = 0; i < n->taken; i += 64 * NL_LEN(deeper)) {
        size_t k = n->taken - i < 64 * NL_LEN(deeper) ? n->taken - i : 64 * NL_LEN(deeper);
        pq_levels_at_least(n->rep + i, k, (uint8_t)(most + 1), deeper);
        for (size_t w = 0; w < pq_words(k); w++)
            bits[i / 64 + w] &= ~deeper[w];
    }
}

size_t pq_nested_slots(const struct pq_nested *n, const struct pq_node *node, uint64_t *slots)
{
    pq_levels_at_least(n->def, n->taken, node->slot_definition, slots);
    at_most(n, node->repetition, slots);
    return pq_bits_count(slots, n->taken);
}

void pq_nested_elements(const struct pq_nested *n, const struct pq_node *node, uint64_t *elements)
{
    pq_levels_at_least(n->def, n->taken, node->element_definition, elements);
    at_most(n, (uint8_t)(node->repetition + 1), elements);
}
