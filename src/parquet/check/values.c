/* values.c: every encoding, one small function each, none of which is fast: the second opinion on what the reader decodes. */
#include "parquet/check/values.h"

#include <inttypes.h>
#include <string.h>

#include "parquet/encoding/rle_encode.h"

size_t pq_check_stored_width(const struct pq_schema_element *e)
{
    switch (e->type) {
    case PQ_INT32:
    case PQ_FLOAT:
        return 4;
    case PQ_INT64:
    case PQ_DOUBLE:
        return 8;
    case PQ_INT96:
        return 12;
    case PQ_FIXED_LEN_BYTE_ARRAY:
        return e->type_length > 0 ? (size_t)e->type_length : 0;
    default:
        return 0;
    }
}

/* ── opening ── */

/* A page of nulls alone may have no header. */
static int open_delta(struct pq_delta *d, const uint8_t *in, const uint8_t *end, nl_error *err)
{
    *d = (struct pq_delta){.start = in, .in = in, .end = end};
    return in == end ? NL_OK : pq_delta_init(d, in, (size_t)(end - in), err);
}

/* Behind the deltas that begin at v->in. */
static int pass_delta(struct pq_check_values *v, const struct pq_delta *d, nl_error *err)
{
    struct pq_delta all = *d;
    return v->in == v->end ? NL_OK : pq_delta_end(&all, &v->in, err);
}

static int open_byte_arrays(struct pq_check_values *v, nl_error *err)
{
    int rc = NL_OK;
    nl_buf_clear(&v->before);
    if (v->encoding == PQ_DELTA_BYTE_ARRAY) {
        rc = open_delta(&v->prefixes, v->in, v->end, err);
        if (rc == NL_OK)
            rc = pass_delta(v, &v->prefixes, err);
    }
    if (rc == NL_OK)
        rc = open_delta(&v->delta, v->in, v->end, err);
    return rc ? rc : pass_delta(v, &v->delta, err);
}

static int open_indices(struct pq_check_values *v, nl_error *err)
{
    if (!v->has_dictionary)
        return nl_fail(err, NL_CORRUPT, "values are dictionary indices, and there is no dictionary page");
    if (v->in == v->end) /* a page of nulls alone may have no width */
        return pq_rle_init(&v->rle, v->in, 0, 1, err);
    return pq_rle_init(&v->rle, v->in + 1, (size_t)(v->end - v->in - 1), *v->in, err);
}

static int open_bools(struct pq_check_values *v, nl_error *err)
{
    uint32_t len = 0;
    if (v->in == v->end)
        return pq_rle_init(&v->rle, v->in, 0, 1, err);
    if (v->end - v->in >= 4)
        memcpy(&len, v->in, sizeof len);
    if (v->end - v->in < 4 || len > (size_t)(v->end - v->in - 4))
        return nl_fail(err, NL_CORRUPT, "booleans lie beyond the page's end");
    return pq_rle_init(&v->rle, v->in + 4, len, 1, err);
}

/* Does the specification allow this encoding for the type? */
static bool is_allowed(enum pq_type type, int32_t encoding)
{
    switch (encoding) {
    case PQ_PLAIN:
        return true;
    case PQ_PLAIN_DICTIONARY:
    case PQ_RLE_DICTIONARY:
        return type != PQ_BOOLEAN;
    case PQ_RLE:
        return type == PQ_BOOLEAN;
    case PQ_DELTA_BINARY_PACKED:
        return type == PQ_INT32 || type == PQ_INT64;
    case PQ_DELTA_LENGTH_BYTE_ARRAY:
        return type == PQ_BYTE_ARRAY;
    case PQ_DELTA_BYTE_ARRAY:
        return type == PQ_BYTE_ARRAY || type == PQ_FIXED_LEN_BYTE_ARRAY;
    case PQ_BYTE_STREAM_SPLIT:
        return type != PQ_BOOLEAN && type != PQ_INT96 && type != PQ_BYTE_ARRAY;
    default:
        return false;
    }
}

int pq_check_values_open(struct pq_check_values *v, int32_t encoding, const uint8_t *in, const uint8_t *end,
                         nl_error *err)
{
    v->encoding = encoding;
    v->in = in;
    v->end = end;
    v->at = 0;
    if (!is_allowed(v->type, encoding))
        return nl_fail(err, NL_UNSUPPORTED, "values of %s in encoding %" PRId32 " (%s)", pq_type_name(v->type),
                       encoding, pq_encoding_name(encoding));
    switch (encoding) {
    case PQ_PLAIN_DICTIONARY:
    case PQ_RLE_DICTIONARY:
        return open_indices(v, err);
    case PQ_RLE:
        return open_bools(v, err);
    case PQ_DELTA_BINARY_PACKED:
        return open_delta(&v->delta, in, end, err);
    case PQ_DELTA_LENGTH_BYTE_ARRAY:
    case PQ_DELTA_BYTE_ARRAY:
        return open_byte_arrays(v, err);
    case PQ_BYTE_STREAM_SPLIT:
        v->count = v->width ? (size_t)(end - in) / v->width : 0;
        return NL_OK;
    default:
        return NL_OK;
    }
}

/* ── reading ── */

static struct pq_slice bool_slice(bool b)
{
    static const uint8_t bytes[] = {0, 1};
    return (struct pq_slice){&bytes[b], 1};
}

static int next_plain(struct pq_check_values *v, size_t max, struct pq_slice *out, size_t *n, nl_error *err)
{
    for (*n = 0; *n < max; (*n)++) {
        size_t left = (size_t)(v->end - v->in);
        uint32_t len = (uint32_t)v->width;
        if (v->type == PQ_BOOLEAN) {
            if (v->at / 8 >= left)
                return nl_fail(err, NL_CORRUPT, "booleans end early");
            out[*n] = bool_slice(v->in[v->at / 8] >> (v->at % 8) & 1);
            v->at++;
            continue;
        }
        if (v->type == PQ_BYTE_ARRAY) {
            if (left < 4)
                return nl_fail(err, NL_CORRUPT, "values end early");
            memcpy(&len, v->in, sizeof len);
            v->in += 4;
            left -= 4;
        }
        if (len > left)
            return nl_fail(err, NL_CORRUPT, "a value of %" PRIu32 " bytes, %zu are left in the page", len, left);
        out[*n] = (struct pq_slice){v->in, len};
        v->in += len;
    }
    return NL_OK;
}

static int next_runs(struct pq_check_values *v, size_t max, struct pq_slice *out, size_t *n, nl_error *err)
{
    struct pq_chunk c;
    int rc = pq_rle_next(&v->rle, max, &c, err);
    size_t limit = v->type == PQ_BOOLEAN ? 2 : v->n_dictionary;
    for (size_t i = 0; rc == NL_OK && i < c.n; i++) {
        uint32_t k = c.values ? c.values[i] : c.value;
        if (k >= limit)
            return nl_fail(err, NL_CORRUPT, "index %" PRIu32 " of a dictionary of %zu", k, limit);
        out[i] = v->type == PQ_BOOLEAN ? bool_slice(k) : v->dictionary[k];
    }
    *n = rc ? 0 : c.n;
    return rc;
}

/* Slices of values of one width that lie side by side in the scratch memory. */
static void slice_scratch(const struct pq_check_values *v, struct pq_slice *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (struct pq_slice){(const uint8_t *)v->scratch.data + i * v->width, v->width};
}

static int next_deltas(struct pq_check_values *v, size_t max, struct pq_slice *out, size_t *n, nl_error *err)
{
    nl_buf_clear(&v->scratch);
    int rc = nl_buf_reserve(&v->scratch, max * v->width, err);
    if (rc == NL_OK)
        rc = pq_delta_next(&v->delta, max, v->scratch.data, v->width, err);
    if (rc)
        return rc;
    slice_scratch(v, out, max);
    *n = max;
    return NL_OK;
}

/* Byte k of value i stands at in[k × count + i]. */
static int next_split(struct pq_check_values *v, size_t max, struct pq_slice *out, size_t *n, nl_error *err)
{
    size_t most = v->width < 64 ? PQ_CHECK_BATCH : 1 + 65536 / v->width;
    max = max < most ? max : most;
    if (max > v->count - v->at)
        return nl_fail(err, NL_CORRUPT, "values end early: the page's bytes hold %zu", v->count);
    nl_buf_clear(&v->scratch);
    int rc = nl_buf_reserve(&v->scratch, max * v->width, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < max; i++)
        for (size_t k = 0; k < v->width; k++)
            v->scratch.data[i * v->width + k] = (char)v->in[k * v->count + v->at + i];
    slice_scratch(v, out, max);
    v->at += max;
    *n = max;
    return NL_OK;
}

/* One length of the page's deltas. */
static int next_length(struct pq_delta *d, size_t *out, nl_error *err)
{
    int32_t len = 0;
    int rc = pq_delta_next(d, 1, &len, sizeof len, err);
    if (rc == NL_OK && len < 0)
        rc = nl_fail(err, NL_CORRUPT, "a length of %" PRId32, len);
    *out = rc ? 0 : (size_t)len;
    return rc;
}

static int next_suffix(struct pq_check_values *v, struct pq_slice *out, nl_error *err)
{
    size_t len;
    int rc = next_length(&v->delta, &len, err);
    if (rc == NL_OK && len > (size_t)(v->end - v->in))
        rc = nl_fail(err, NL_CORRUPT, "a value of %zu bytes, %td are left in the page", len, v->end - v->in);
    if (rc)
        return rc;
    *out = (struct pq_slice){v->in, len};
    v->in += len;
    return NL_OK;
}

static int next_lengths(struct pq_check_values *v, size_t max, struct pq_slice *out, size_t *n, nl_error *err)
{
    int rc = NL_OK;
    for (*n = 0; rc == NL_OK && *n < max; (*n)++)
        rc = next_suffix(v, &out[*n], err);
    return rc;
}

/* One value only (V2). */
static int next_prefixed(struct pq_check_values *v, struct pq_slice *out, size_t *n, nl_error *err)
{
    size_t prefix;
    struct pq_slice rest;
    int rc = next_length(&v->prefixes, &prefix, err);
    if (rc == NL_OK && prefix > v->before.len)
        rc = nl_fail(err, NL_CORRUPT, "a prefix of %zu bytes of a value of %zu", prefix, v->before.len);
    if (rc == NL_OK)
        rc = next_suffix(v, &rest, err);
    if (rc)
        return rc;
    v->before.len = prefix;
    rc = nl_buf_append(&v->before, rest.data, rest.len, err);
    if (rc == NL_OK && v->width && v->before.len != v->width)
        rc = nl_fail(err, NL_CORRUPT, "a value of %zu bytes, the type has %zu", v->before.len, v->width);
    *out = (struct pq_slice){(const uint8_t *)v->before.data, v->before.len};
    *n = 1;
    return rc;
}

int pq_check_values_next(struct pq_check_values *v, size_t max, struct pq_slice *out, size_t *n, nl_error *err)
{
    *n = 0;
    if (!max)
        return NL_OK;
    switch (v->encoding) {
    case PQ_PLAIN_DICTIONARY:
    case PQ_RLE_DICTIONARY:
    case PQ_RLE:
        return next_runs(v, max, out, n, err);
    case PQ_DELTA_BINARY_PACKED:
        return next_deltas(v, max, out, n, err);
    case PQ_BYTE_STREAM_SPLIT:
        return next_split(v, max, out, n, err);
    case PQ_DELTA_LENGTH_BYTE_ARRAY:
        return next_lengths(v, max, out, n, err);
    case PQ_DELTA_BYTE_ARRAY:
        return next_prefixed(v, out, n, err);
    default:
        return next_plain(v, max, out, n, err);
    }
}

void pq_check_values_free(struct pq_check_values *v)
{
    nl_buf_free(&v->scratch);
    nl_buf_free(&v->before);
}

/* ── levels ── */

int pq_check_levels_init(struct pq_check_levels *l, unsigned max, const uint8_t *data, size_t len, nl_error *err)
{
    l->width = pq_bit_width(max);
    l->bit_packed = false;
    return pq_rle_init(&l->rle, data, len, l->width, err);
}

int pq_check_levels_v1(struct pq_check_levels *l, int32_t encoding, unsigned max, int64_t values, const uint8_t **p,
                       const uint8_t *end, nl_error *err)
{
    uint32_t len = 0;
    size_t left = (size_t)(end - *p);
    if (!max)
        return pq_check_levels_init(l, 0, *p, 0, err);
    if (encoding == PQ_BIT_PACKED) {
        l->width = pq_bit_width(max);
        l->bit_packed = true;
        l->bits = *p;
        l->at = 0;
        l->n_bits = (size_t)values * l->width;
        if (l->n_bits / 8 + (l->n_bits % 8 != 0) > left)
            return nl_fail(err, NL_CORRUPT, "levels lie beyond the page's end");
        *p += (l->n_bits + 7) / 8;
        return NL_OK;
    }
    if (encoding != PQ_RLE)
        return nl_fail(err, NL_UNSUPPORTED, "levels in encoding %" PRId32 " (%s)", encoding,
                       pq_encoding_name(encoding));
    if (left >= 4)
        memcpy(&len, *p, sizeof len);
    if (left < 4 || len > left - 4)
        return nl_fail(err, NL_CORRUPT, "%" PRIu32 " bytes of levels, %zu are left in the page", len, left);
    *p += 4 + (size_t)len;
    return pq_check_levels_init(l, max, *p - len, len, err);
}

static int next_bit_packed(struct pq_check_levels *l, size_t n, uint32_t *out, nl_error *err)
{
    if (n * l->width > l->n_bits - l->at)
        return nl_fail(err, NL_CORRUPT, "levels end early");
    for (size_t i = 0; i < n; i++) {
        out[i] = 0;
        for (unsigned k = 0; k < l->width; k++, l->at++)
            out[i] = out[i] << 1 | (l->bits[l->at / 8] >> (7 - l->at % 8) & 1);
    }
    return NL_OK;
}

int pq_check_levels_next(struct pq_check_levels *l, size_t n, uint32_t *out, nl_error *err)
{
    if (!l->width) {
        memset(out, 0, n * sizeof *out);
        return NL_OK;
    }
    if (l->bit_packed)
        return next_bit_packed(l, n, out, err);
    for (size_t done = 0; done < n;) {
        struct pq_chunk c;
        int rc = pq_rle_next(&l->rle, n - done, &c, err);
        if (rc)
            return rc;
        for (size_t i = 0; i < c.n; i++)
            out[done + i] = c.values ? c.values[i] : c.value;
        done += c.n;
    }
    return NL_OK;
}
