/* column_sample.c: which encoding takes the fewest bytes? The first values of a page are encoded and compressed in every
 * way that their type has, or in PLAIN alone, and held against its dictionary. See column.h.
 */
#include <string.h>

#include "parquet/write/column.h"

#define SAMPLE_VALUES 16384

/* Ways without a dictionary, by physical type; PLAIN, which ends the list, is always one. Nobody asked for an encoding
 * that not every reader knows: fixed lengths have PLAIN alone, for DuckDB and Polars read nothing else of them. */
static const enum pq_encoding ways[8][3] = {
    [PQ_BOOLEAN] = {PQ_RLE},
    [PQ_INT32] = {PQ_DELTA_BINARY_PACKED, PQ_BYTE_STREAM_SPLIT},
    [PQ_INT64] = {PQ_DELTA_BINARY_PACKED, PQ_BYTE_STREAM_SPLIT},
    [PQ_FLOAT] = {PQ_BYTE_STREAM_SPLIT},
    [PQ_DOUBLE] = {PQ_BYTE_STREAM_SPLIT},
    [PQ_BYTE_ARRAY] = {PQ_DELTA_LENGTH_BYTE_ARRAY, PQ_DELTA_BYTE_ARRAY},
};

/* What body takes with the column's codec. */
static int packed_size(struct pq_column_writer *c, const nl_buf *body, size_t *size, nl_error *err)
{
    struct pq_packer *k = &c->packer;
    *size = body->len;
    if (k->codec == PQ_CODEC_UNCOMPRESSED || !body->len)
        return NL_OK;
    nl_buf_clear(&k->packed);
    int rc = pq_compress(&k->ctx, k->codec, k->level, body->data, body->len, &k->packed, err);
    *size = k->packed.len;
    return rc;
}

/* The smallest of the ways for n values that lie in PLAIN at plain. */
static int smallest(struct pq_column_writer *c, const nl_buf *plain, size_t n, size_t *size, nl_error *err)
{
    static const enum pq_encoding no_way = PQ_PLAIN;
    const struct pq_write_type *t = &c->leaf->type;
    const enum pq_encoding *way = c->options.sample ? ways[t->element.type] : &no_way;
    c->packer.encoding = PQ_PLAIN;
    int rc = packed_size(c, plain, size, err);
    for (; !rc && *way != PQ_PLAIN; way++) {
        size_t bytes = 0;
        nl_buf_clear(&c->packer.body);
        rc = pq_values_encode(t, *way, plain, n, &c->packer.body, err);
        if (!rc)
            rc = packed_size(c, &c->packer.body, &bytes, err);
        if (!rc && bytes < *size) {
            *size = bytes;
            c->packer.encoding = *way;
        }
    }
    return rc;
}

/* The page's dictionary and indices. */
static int with_dictionary(struct pq_column_writer *c, size_t *entries, size_t *indices, nl_error *err)
{
    nl_buf_clear(&c->packer.body);
    int rc = packed_size(c, &c->dict.body, entries, err);
    if (!rc)
        rc = pq_indices_encode(c->page.indices, c->page.n, c->dict.n, &c->packer.body, err);
    if (!rc)
        rc = packed_size(c, &c->packer.body, indices, err);
    return rc;
}

/* The first n values in PLAIN: of an open page that has them so already. */
static int plain_prefix(const struct pq_column_writer *c, size_t n, nl_buf *out, nl_error *err)
{
    const struct pq_write_type *t = &c->leaf->type;
    const nl_buf *all = t->form == PQ_FORM_BITS ? &c->page.bits.bytes : &c->page.values;
    size_t len = 0;
    if (t->form == PQ_FORM_BITS)
        len = (n + 7) / 8;
    else if (t->width)
        len = n * t->width;
    else
        for (uint32_t v; n; n--, len += 4 + v)
            memcpy(&v, all->data + len, 4);
    return nl_buf_append(out, all->data, len, err);
}

/* Will the dictionary pay later, though it may not yet? Its entries are numbered as they came: how many of the page's second
 * half were new tells what a value of the next page costs at most. `entries`, `indices` and `plain` are bytes a value. */
static bool will_pay(const struct pq_column_writer *c, double entries, double indices, double plain)
{
    const uint32_t *v = c->page.indices;
    size_t half = c->page.n / 2;
    uint32_t known = 0;
    for (size_t i = 0; i < half; i++)
        known = v[i] > known ? v[i] : known;
    double fresh = (double)(c->dict.n - 1 - known) / (double)(c->page.n - half);
    return half && fresh * entries + indices < plain * 0.95;
}

int pq_column_sample(struct pq_column_writer *c, bool more, bool *dictionary, nl_error *err)
{
    nl_buf plain = {0};
    size_t n = c->page.n < SAMPLE_VALUES ? c->page.n : SAMPLE_VALUES, without = 0, entries = 0, packed = 0;
    bool indices = c->page.is_dict;
    int rc = indices ? pq_dict_to_plain(&c->dict, c->page.indices, n, &plain, err) : plain_prefix(c, n, &plain, err);
    if (!rc)
        rc = smallest(c, &plain, n, &without, err);
    if (!rc && indices)
        rc = with_dictionary(c, &entries, &packed, err);
    /* The dictionary is the whole page's: as many times the sample. */
    double plain_each = (double)without / (double)n, values = (double)c->page.n;
    *dictionary = indices && !rc && (double)(entries + packed) < plain_each * values;
    if (indices && !rc && !*dictionary && more)
        *dictionary = will_pay(c, (double)entries / (double)c->dict.n, (double)packed / values, plain_each);
    nl_buf_free(&plain);
    return rc;
}
