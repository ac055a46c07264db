/* decode.c: the values of the page at hand, densely: nulls are not among them, column.c spreads.
 *
 *     PLAIN       convert from the page straight to the batch
 *     indices     runs stay runs: a repeated index fills, packed ones gather from the dictionary
 */
#include <inttypes.h>
#include <string.h>

#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/kernel.h"
#include "parquet/encoding/values.h"
#include "parquet/read/column.h"

int pq_convert(const struct pq_leaf_type *t, const uint8_t *in, size_t n, void *out, nl_error *err)
{
    switch (t->conversion) {
    case PQ_TO_SAME:
        memcpy(out, in, n * t->value_width);
        return NL_OK;
    case PQ_TO_INT8:
    case PQ_TO_INT16:
        pq_values_narrow(out, in, n, t->value_width);
        return NL_OK;
    case PQ_TO_NANOS:
        return pq_nanos_from_int96(out, in, n, err);
    case PQ_TO_DECIMAL_INT32:
        pq_decimal_from_int32(out, in, n);
        return NL_OK;
    case PQ_TO_DECIMAL_INT64:
        pq_decimal_from_int64(out, in, n);
        return NL_OK;
    case PQ_TO_DECIMAL_FIXED:
        return pq_decimal_from_fixed(out, in, n, t->stored_width)
                   ? NL_OK
                   : nl_fail(err, NL_CORRUPT, "a decimal of more than 128 bits");
    case PQ_TO_DECIMAL256_FIXED:
        return pq_decimals256_from_fixed(out, in, n, t->stored_width, err);
    case PQ_TO_INTERVAL:
        return pq_intervals_widen(out, in, n, err);
    default:
        return nl_fail(err, NL_INTERNAL, "no conversion of fixed-width values");
    }
}

static int plain(struct pq_column_reader *c, size_t n, uint8_t *out, nl_error *err)
{
    const struct pq_leaf_type *t = &c->leaf->type;
    if (t->conversion == PQ_TO_VIEW) {
        uint32_t buffer;
        int rc = pq_column_buffer(c, c->page, &buffer, err);
        if (rc)
            return rc;
        return pq_views_from_plain(out, n, &c->values, c->values_end, c->page.data, buffer, err);
    }
    if (t->conversion == PQ_TO_DECIMAL_BYTES)
        return pq_decimals_from_plain(out, n, &c->values, c->values_end, err);
    if (t->conversion == PQ_TO_DECIMAL256_BYTES)
        return pq_decimals256_from_plain(out, n, &c->values, c->values_end, err);
    size_t left = (size_t)(c->values_end - c->values);
    if (n > left / t->stored_width)
        return nl_fail(err, NL_CORRUPT, "%zu values of %" PRIu32 " bytes, %zu bytes are left", n, t->stored_width,
                       left);
    int rc = pq_convert(t, c->values, n, out, err);
    c->values += n * t->stored_width;
    return rc;
}

int pq_next_codes(struct pq_column_reader *c, size_t max, struct pq_chunk *out, nl_error *err)
{
    int rc = pq_rle_next(c->indices, max, out, err);
    if (rc)
        return rc;
    uint32_t largest = out->values ? pq_kernel()->max(out->values, out->n) : out->value;
    if (largest >= c->dictionary_size)
        return nl_fail(err, NL_CORRUPT, "index %" PRIu32 ", the dictionary has %zu values", largest,
                       c->dictionary_size);
    return NL_OK;
}

static int indices(struct pq_column_reader *c, size_t n, uint8_t *out, nl_error *err)
{
    size_t width = c->leaf->type.value_width;
    while (n) {
        struct pq_chunk chunk;
        int rc = pq_next_codes(c, n, &chunk, err);
        if (rc)
            return rc;
        if (chunk.values)
            pq_values_gather(out, c->dictionary, chunk.values, chunk.n, width);
        else
            pq_values_fill(out, c->dictionary + chunk.value * width, chunk.n, width);
        out += chunk.n * width;
        n -= chunk.n;
    }
    return NL_OK;
}

static int bits(struct pq_column_reader *c, size_t n, uint8_t *out, size_t bit, nl_error *err)
{
    size_t ones;
    if (c->bits_in_runs)
        return pq_runs_bits(&c->bits, out, bit, n, &ones, err);
    size_t left = (size_t)(c->values_end - c->values) * 8 - c->bit;
    if (n > left)
        return nl_fail(err, NL_CORRUPT, "%zu booleans, %zu are left", n, left);
    pq_bitmap_copy(out, bit, c->values, c->bit, n);
    c->bit += n;
    return NL_OK;
}

/* n stored values of the encodings that have them in another order than PLAIN. */
static int stored(struct pq_column_reader *c, size_t n, uint8_t *out, nl_error *err)
{
    size_t width = c->leaf->type.stored_width;
    if (c->kind == PQ_VALUES_DELTA)
        return pq_delta_next(&c->delta, n, out, width, err);
    if (n > c->split_count - c->split_at)
        return nl_fail(err, NL_CORRUPT, "%zu values of %zu bytes, %zu are left", n, width,
                       c->split_count - c->split_at);
    pq_values_join(out, c->values + c->split_at, n, c->split_count, width);
    c->split_at += n;
    return NL_OK;
}

/* Through a little memory where the stored form is not the final one. */
static int stored_then_convert(struct pq_column_reader *c, size_t n, uint8_t *out, nl_error *err)
{
    const struct pq_leaf_type *t = &c->leaf->type;
    uint8_t some[4096 + 64];
    if (t->conversion == PQ_TO_SAME)
        return stored(c, n, out, err);
    if (t->stored_width > sizeof some - 64)
        return nl_fail(err, NL_UNSUPPORTED, "decimals of %" PRIu32 " bytes", t->stored_width);
    size_t step = (sizeof some - 64) / t->stored_width;
    int rc = NL_OK;
    for (size_t k; rc == NL_OK && n; n -= k, out += k * t->value_width) {
        k = n < step ? n : step;
        rc = stored(c, k, some, err);
        if (rc == NL_OK)
            rc = pq_convert(t, some, k, out, err);
    }
    return rc;
}

int pq_decode(struct pq_column_reader *c, size_t n, uint8_t *out, size_t bit, nl_error *err)
{
    if (!n)
        return NL_OK;
    switch (c->kind) {
    case PQ_VALUES_INDICES:
        return indices(c, n, out, err);
    case PQ_VALUES_BITS:
        return bits(c, n, out, bit, err);
    case PQ_VALUES_DELTA:
    case PQ_VALUES_SPLIT:
        return stored_then_convert(c, n, out, err);
    case PQ_VALUES_LENGTHS:
    case PQ_VALUES_PREFIX:
        return pq_decode_strings(c, n, out, err);
    default:
        return plain(c, n, out, err);
    }
}
