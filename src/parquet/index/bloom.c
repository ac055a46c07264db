/* bloom.c: see bloom.h. Sizes are powers of two, so that folding, by which a block takes in its neighbour, leaves every hash
 * where it is looked for: half as many blocks halve a block's number. */
#include "parquet/index/bloom.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "base/str.h"
#include "parquet/format/thrift.h"
#include "parquet/index/bloom_kernel.h"

/* ── kernels ── */

static const uint32_t salts[8] = {PQ_BLOOM_SALT};

static void put_scalar(uint8_t *bits, size_t n_blocks, const uint64_t *hashes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t *block = bits + pq_bloom_block(hashes[i], n_blocks) * PQ_BLOOM_BLOCK;
        for (size_t k = 0; k < NL_LEN(salts); k++) {
            uint32_t bit = (uint32_t)hashes[i] * salts[k] >> 27; /* of word k, little-endian */
            block[4 * k + bit / 8] |= (uint8_t)(1u << bit % 8);
        }
    }
}

static bool may_hold_scalar(const uint8_t *bits, size_t n_blocks, uint64_t hash)
{
    const uint8_t *block = bits + pq_bloom_block(hash, n_blocks) * PQ_BLOOM_BLOCK;
    for (size_t k = 0; k < NL_LEN(salts); k++) {
        uint32_t bit = (uint32_t)hash * salts[k] >> 27;
        if (!(block[4 * k + bit / 8] >> bit % 8 & 1))
            return false;
    }
    return true;
}

const struct pq_bloom_kernel pq_bloom_kernels[] = {
#if defined(__x86_64__)
    {"avx2", nl_cpu_avx2, pq_bloom_put_avx2, pq_bloom_may_hold_avx2},
#endif
    {"scalar", nl_cpu_any, put_scalar, may_hold_scalar},
    {0},
};

/* The best that this processor can run. */
static const struct pq_bloom_kernel *kernel(void)
{
    static _Atomic(const struct pq_bloom_kernel *) chosen;
    const struct pq_bloom_kernel *k = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (k)
        return k;
    for (k = pq_bloom_kernels; !k->usable(); k++)
        ;
    atomic_store_explicit(&chosen, k, memory_order_relaxed);
    return k;
}

/* ── the filter ── */

/* Each value sets 8 bits, one in each word of a block: fpp = (1 - e^(-8 × distinct / bits))^8. */
size_t pq_bloom_size(uint64_t distinct, double fpp)
{
    if (!(fpp > 0))
        fpp = 0.01;
    double bits = fpp < 1 ? -8.0 * (double)distinct / log1p(-pow(fpp, 1.0 / 8)) : 0;
    size_t size = PQ_BLOOM_BLOCK;
    while (size < PQ_BLOOM_MOST && (double)size * 8 < bits)
        size *= 2;
    return size;
}

int pq_bloom_new(struct pq_bloom *b, size_t size, nl_error *err)
{
    *b = (struct pq_bloom){0};
    if (!size || size % PQ_BLOOM_BLOCK || size > PQ_BLOOM_MOST)
        return nl_fail(err, NL_INVALID, "a bloom filter of %zu bytes", size);
    uint8_t *bits = calloc(size, 1);
    if (!bits)
        return nl_fail_memory(err);
    *b = (struct pq_bloom){bits, bits, size / PQ_BLOOM_BLOCK};
    return NL_OK;
}

void pq_bloom_free(struct pq_bloom *b)
{
    free(b->own);
    *b = (struct pq_bloom){0};
}

uint64_t pq_bloom_hash(const void *value, size_t len)
{
    return nl_xxh64(value, len);
}

void pq_bloom_put(struct pq_bloom *b, const uint64_t *hashes, size_t n)
{
    if (b->own)
        kernel()->put(b->own, b->n_blocks, hashes, n);
}

bool pq_bloom_may_hold(const struct pq_bloom *b, uint64_t hash)
{
    return !b->n_blocks || kernel()->may_hold(b->bits, b->n_blocks, hash);
}

void pq_bloom_fold(struct pq_bloom *b, uint64_t distinct, double fpp)
{
    size_t want = pq_bloom_size(distinct, fpp) / PQ_BLOOM_BLOCK;
    for (; b->own && b->n_blocks >= 2 * want && b->n_blocks % 2 == 0; b->n_blocks /= 2)
        for (size_t i = 0; i < b->n_blocks / 2; i++)
            for (size_t k = 0; k < PQ_BLOOM_BLOCK; k++) {
                const uint8_t *pair = b->own + 2 * i * PQ_BLOOM_BLOCK + k;
                b->own[i * PQ_BLOOM_BLOCK + k] = pair[0] | pair[PQ_BLOOM_BLOCK];
            }
}

/* ── bytes ── */

/* A union whose only member is an empty structure: what we write, and all that there is today. */
static void write_choice(struct pq_thrift_writer *w, int16_t id)
{
    pq_write_begin(w, id);
    pq_write_begin(w, 1);
    pq_write_end(w);
    pq_write_end(w);
}

int pq_bloom_encode(const struct pq_bloom *b, nl_buf *out, nl_error *err)
{
    struct pq_thrift_writer w;
    int rc = nl_buf_reserve(out, PQ_BLOOM_HEADER_MOST + b->n_blocks * PQ_BLOOM_BLOCK, err);
    if (rc)
        return rc;
    pq_thrift_writer_init(&w, out);
    pq_write_element(&w);
    pq_write_i32(&w, 1, (int32_t)(b->n_blocks * PQ_BLOOM_BLOCK));
    for (int16_t id = 2; id <= 4; id++)
        write_choice(&w, id);
    pq_write_end(&w);
    rc = pq_thrift_finish(&w, err);
    return rc ? rc : nl_buf_append(out, b->bits, b->n_blocks * PQ_BLOOM_BLOCK, err);
}

struct header {
    int32_t size;
    int16_t algorithm, hash, compression; /* the member of each union; 0: absent */
};

static void read_choice(struct pq_thrift *r, const struct pq_field *field, int16_t *out)
{
    struct pq_field f = {0};
    if (!pq_thrift_struct(r, field))
        return;
    for (; pq_thrift_next(r, &f); pq_thrift_skip(r, &f))
        *out = f.id;
}

static void read_header(struct pq_thrift *r, struct header *h)
{
    struct pq_field f = {0};
    while (pq_thrift_next(r, &f))
        if (f.id == 1)
            pq_thrift_i32(r, &f, &h->size);
        else if (f.id == 2)
            read_choice(r, &f, &h->algorithm);
        else if (f.id == 3)
            read_choice(r, &f, &h->hash);
        else if (f.id == 4)
            read_choice(r, &f, &h->compression);
        else
            pq_thrift_skip(r, &f);
}

static int check_header(const struct header *h, nl_error *err)
{
    if (h->algorithm != 1 || h->hash != 1 || h->compression != 1)
        return nl_fail(err, NL_UNSUPPORTED, "a bloom filter of %s %d",
                       h->algorithm != 1 ? "algorithm"
                       : h->hash != 1    ? "hash"
                                         : "compression",
                       h->algorithm != 1 ? h->algorithm
                       : h->hash != 1    ? h->hash
                                         : h->compression);
    if (h->size <= 0 || h->size % PQ_BLOOM_BLOCK || (size_t)h->size > PQ_BLOOM_MOST)
        return nl_fail(err, NL_CORRUPT, "a bloom filter of %d bytes", h->size);
    return NL_OK;
}

int pq_bloom_decode(const void *data, size_t len, struct pq_bloom *out, size_t *need, nl_error *err)
{
    struct pq_thrift r;
    struct header h = {0};
    *out = (struct pq_bloom){0};
    *need = PQ_BLOOM_HEADER_MOST;
    pq_thrift_init(&r, data, len);
    read_header(&r, &h);
    size_t used = (size_t)(r.in - r.start);
    if (r.code && len < PQ_BLOOM_HEADER_MOST)
        return NL_OK;
    int rc = pq_thrift_result(&r, err);
    if (rc) {
        nl_note(err, "bloom filter");
        return rc;
    }
    rc = check_header(&h, err);
    if (rc)
        return rc;
    *need = used + (size_t)h.size;
    if (len >= *need) /* F2 */
        *out = (struct pq_bloom){NULL, r.start + used, (size_t)h.size / PQ_BLOOM_BLOCK};
    return NL_OK;
}
