/* page_values.c: how the values of a page are stored, and where each part of them begins. decode.c reads them from there.
 *
 *     indices    width, runs                         lengths     lengths (deltas) │ bytes side by side
 *     booleans   length, runs; or bits               prefixes    prefixes (deltas) │ lengths (deltas) │ bytes
 *
 * Spec: parquet-format, Encodings.md.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/read/column.h"

/* A page of nulls alone may have no header of deltas. */
static int open_delta(struct pq_delta *d, const uint8_t *p, const uint8_t *end, nl_error *err)
{
    *d = (struct pq_delta){.start = p, .in = p, .end = end};
    return p == end ? NL_OK : pq_delta_init(d, p, (size_t)(end - p), err);
}

/* Lengths at p; c->values: the bytes behind them. */
static int open_lengths(struct pq_column_reader *c, const uint8_t *p, const uint8_t *end, nl_error *err)
{
    int rc = open_delta(&c->delta, p, end, err);
    struct pq_delta all = c->delta;
    return rc ? rc : pq_delta_end(&all, &c->values, err);
}

/* Prefixes at p, lengths behind them, bytes behind those. */
static int open_prefixes(struct pq_column_reader *c, const uint8_t *p, const uint8_t *end, nl_error *err)
{
    const uint8_t *lengths;
    int rc = open_delta(&c->prefixes, p, end, err);
    struct pq_delta all = c->prefixes;
    if (rc == NL_OK)
        rc = pq_delta_end(&all, &lengths, err);
    return rc ? rc : open_lengths(c, lengths, end, err);
}

/* Indices of the dictionary: their width, then runs. */
static int open_indices(struct pq_column_reader *c, const uint8_t *p, const uint8_t *end, nl_error *err)
{
    c->kind = PQ_VALUES_INDICES;
    if (!c->indices && !(c->indices = malloc(sizeof *c->indices)))
        return nl_fail_memory(err);
    if (p == end) /* a page of nulls alone may have no width */
        return pq_rle_init(c->indices, p, 0, 1, err);
    return pq_rle_init(c->indices, p + 1, (size_t)(end - p - 1), *p, err);
}

/* Booleans in runs, behind their length. */
static int open_bits(struct pq_column_reader *c, const uint8_t *p, const uint8_t *end, nl_error *err)
{
    uint32_t len = 0;
    if (end - p >= 4)
        memcpy(&len, p, sizeof len);
    if (end - p < 4 || len > (size_t)(end - p - 4))
        return nl_fail(err, NL_CORRUPT, "booleans lie beyond the page's end");
    c->kind = PQ_VALUES_BITS;
    c->bits_in_runs = true;
    pq_runs_init(&c->bits, p + 4, len, 1);
    return NL_OK;
}

int pq_page_values(struct pq_column_reader *c, int32_t encoding, const uint8_t *p, const uint8_t *end, nl_error *err)
{
    bool is_bool = c->leaf->type.conversion == PQ_TO_BOOL;
    c->values = p;
    c->values_end = end;
    if (c->leaf->type.conversion == PQ_TO_NULL)
        return NL_OK;
    switch (encoding) {
    case PQ_PLAIN:
        c->kind = is_bool ? PQ_VALUES_BITS : PQ_VALUES_PLAIN;
        c->bits_in_runs = false;
        c->bit = 0;
        return NL_OK;
    case PQ_PLAIN_DICTIONARY:
    case PQ_RLE_DICTIONARY:
        return open_indices(c, p, end, err);
    case PQ_RLE:
        if (!is_bool)
            break;
        return open_bits(c, p, end, err);
    case PQ_DELTA_BINARY_PACKED:
        if (c->leaf->element->type != PQ_INT32 && c->leaf->element->type != PQ_INT64)
            break;
        c->kind = PQ_VALUES_DELTA;
        return open_delta(&c->delta, p, end, err);
    case PQ_BYTE_STREAM_SPLIT:
        if (!c->leaf->type.stored_width || c->leaf->element->type == PQ_INT96)
            break;
        c->kind = PQ_VALUES_SPLIT;
        c->split_at = 0;
        c->split_count = (size_t)(end - p) / c->leaf->type.stored_width;
        return NL_OK;
    case PQ_DELTA_LENGTH_BYTE_ARRAY:
        if (c->leaf->element->type != PQ_BYTE_ARRAY)
            break;
        c->kind = PQ_VALUES_LENGTHS;
        return open_lengths(c, p, end, err);
    case PQ_DELTA_BYTE_ARRAY:
        if (c->leaf->element->type != PQ_BYTE_ARRAY && c->leaf->element->type != PQ_FIXED_LEN_BYTE_ARRAY)
            break;
        c->kind = PQ_VALUES_PREFIX;
        nl_bytes_release(&c->before);
        return open_prefixes(c, p, end, err);
    default:
        break;
    }
    return nl_fail(err, NL_UNSUPPORTED, "values of %s in %s", pq_type_name(c->leaf->element->type),
                   pq_encoding_name(encoding));
}
