/* column_bloom.c: the bloom filter of a chunk, made at its end, when its distinct values are known: hashes are kept until
 * then, 8 bytes a value outside of the dictionary. See column.h.
 */
#include "parquet/index/bloom.h"
#include "parquet/write/column.h"

int pq_column_hash_block(struct pq_column_writer *c, const struct pq_block *b, nl_error *err)
{
    int rc = nl_buf_reserve(&c->hashes, b->n * 8, err);
    if (rc)
        return rc;
    uint64_t *out = (uint64_t *)(void *)(c->hashes.data + c->hashes.len);
    size_t width = c->leaf->type.width;
    const struct pq_slice *slices = b->values;
    bool bytes = c->leaf->type.form == PQ_FORM_SLICES;
    for (size_t i = 0; i < b->n; i++)
        out[i] = bytes ? pq_bloom_hash(slices[i].data, slices[i].len)
                       : pq_bloom_hash((const uint8_t *)b->values + i * width, width);
    c->hashes.len += b->n * 8;
    return NL_OK;
}

int pq_column_hash_dict(struct pq_column_writer *c, nl_error *err)
{
    int rc = nl_buf_reserve(&c->hashes, (size_t)c->dict.n * 8, err);
    if (rc)
        return rc;
    uint64_t *out = (uint64_t *)(void *)(c->hashes.data + c->hashes.len);
    for (uint32_t i = 0; i < c->dict.n; i++) {
        struct pq_slice v = pq_dict_entry(&c->dict, i);
        out[i] = pq_bloom_hash(v.data, v.len);
    }
    c->hashes.len += (size_t)c->dict.n * 8;
    return NL_OK;
}

int pq_column_bloom(struct pq_column_writer *c, nl_buf *out, nl_error *err)
{
    if (!c->options.bloom)
        return NL_OK;
    int rc = c->dict.n ? pq_column_hash_dict(c, err) : NL_OK;
    size_t n = c->hashes.len / 8;
    const uint64_t *hashes = (const uint64_t *)(const void *)c->hashes.data;
    struct pq_bloom bloom = {0};
    if (!rc)
        rc = pq_bloom_new(&bloom, pq_bloom_size(n, c->options.fpp), err);
    if (rc)
        return rc;
    uint64_t distinct = 0; /* a hash that is there already was a value of before, but for false positives */
    for (size_t i = 0; i < n; i++) {
        distinct += !pq_bloom_may_hold(&bloom, hashes[i]);
        pq_bloom_put(&bloom, &hashes[i], 1);
    }
    pq_bloom_fold(&bloom, distinct, c->options.fpp);
    rc = pq_bloom_encode(&bloom, out, err);
    pq_bloom_free(&bloom);
    return rc;
}
