/* stats.c: see stats.h for the rules. Two questions: which of the two pairs of bounds may be believed, and what the bytes
 * of a bound are as a value.
 */
#include "parquet/read/stats.h"

#include <math.h>
#include <string.h>

#include "parquet/encoding/values.h"

/* How the column's own order compares, as far as bounds are concerned. */
enum order {
    ORDER_NONE,     /* not defined, or not known: no bounds */
    ORDER_SIGNED,   /* also what the deprecated pair was written with */
    ORDER_UNSIGNED, /* integers */
    ORDER_BYTES,
    ORDER_DECIMAL_BYTES, /* signed, big-endian */
};

static enum order logical_order(const struct pq_schema_element *e, const struct pq_leaf_type *t)
{
    switch (t->conversion) {
    case PQ_TO_BOOL:
    case PQ_TO_DECIMAL_INT32:
    case PQ_TO_DECIMAL_INT64:
        return ORDER_SIGNED;
    case PQ_TO_DECIMAL_FIXED:
    case PQ_TO_DECIMAL_BYTES:
        return ORDER_DECIMAL_BYTES;
    case PQ_TO_INT8:
    case PQ_TO_INT16:
    case PQ_TO_SAME:
    case PQ_TO_VIEW:
        break;
    default:
        return ORDER_NONE;
    }
    bool is_bytes = e->type == PQ_BYTE_ARRAY || e->type == PQ_FIXED_LEN_BYTE_ARRAY;
    if (!is_bytes)
        return strchr("CSIL", t->format[0]) ? ORDER_UNSIGNED : ORDER_SIGNED;
    if (e->logical.kind == PQ_LOGICAL_NONE)
        return e->converted == PQ_CONVERTED_INTERVAL ? ORDER_NONE : ORDER_BYTES;
    switch (e->logical.kind) {
    case PQ_LOGICAL_STRING:
    case PQ_LOGICAL_ENUM:
    case PQ_LOGICAL_JSON:
    case PQ_LOGICAL_BSON:
    case PQ_LOGICAL_UUID:
        return ORDER_BYTES;
    default:
        return ORDER_NONE;
    }
}

static bool is_floating(const struct pq_column *c)
{
    return c->leaf->element->type == PQ_FLOAT || c->leaf->element->type == PQ_DOUBLE;
}

/* Integers of 4 or 8 bytes, extended by their sign or by zeros. */
static bool integer_value(const struct pq_slice *s, size_t width, bool is_signed, int64_t *out)
{
    uint32_t narrow;
    if (s->len != width)
        return false;
    if (width == 8) {
        memcpy(out, s->data, 8);
        return true;
    }
    memcpy(&narrow, s->data, 4);
    *out = is_signed ? (int64_t)(int32_t)narrow : (int64_t)narrow;
    return true;
}

static bool double_value(const struct pq_slice *s, bool is_float, double *out)
{
    float narrow;
    if (s->len != (is_float ? sizeof narrow : sizeof *out))
        return false;
    if (is_float) {
        memcpy(&narrow, s->data, sizeof narrow);
        *out = narrow;
    } else {
        memcpy(out, s->data, sizeof *out);
    }
    return !isnan(*out);
}

/* Is v within the narrower type that the column's values are cut to? */
static bool fits(const struct pq_leaf_type *t, int64_t v)
{
    switch (t->format[0]) {
    case 'c':
        return v == (int8_t)v;
    case 'C':
        return v == (uint8_t)v;
    case 's':
        return v == (int16_t)v;
    case 'S':
        return v == (uint16_t)v;
    default:
        return true;
    }
}

/* The bytes of a bound as a value of the column. False: they are none. */
static bool bound_value(const struct pq_column *c, enum order order, const struct pq_slice *s, nl_value *out)
{
    int64_t v;
    *out = (nl_value){0};
    if (!s->data)
        return false;
    if (order == ORDER_BYTES) {
        *out = (nl_value){.kind = NL_VALUE_BYTES, .bytes = {s->data, s->len}};
        return c->leaf->element->type == PQ_BYTE_ARRAY || s->len == c->leaf->type.stored_width;
    }
    if (order == ORDER_DECIMAL_BYTES) {
        __int128 wide;
        if (!s->len || !pq_decimal_from_bytes(&wide, s->data, s->len))
            return false;
        *out = (nl_value){.kind = NL_VALUE_DECIMAL, .decimal = wide};
        return true;
    }
    if (c->leaf->element->type == PQ_BOOLEAN) {
        *out = (nl_value){.kind = NL_VALUE_BOOL, .b = s->len == 1 && s->data[0]};
        return s->len == 1 && s->data[0] <= 1;
    }
    if (c->leaf->element->type == PQ_FLOAT || c->leaf->element->type == PQ_DOUBLE) {
        out->kind = NL_VALUE_DOUBLE;
        return double_value(s, c->leaf->element->type == PQ_FLOAT, &out->d);
    }
    if (!integer_value(s, c->leaf->element->type == PQ_INT32 ? 4 : 8, order == ORDER_SIGNED, &v) ||
        !fits(&c->leaf->type, v))
        return false;
    if (order == ORDER_UNSIGNED)
        *out = (nl_value){.kind = NL_VALUE_UINT, .u = (uint64_t)v};
    else if (c->leaf->type.conversion == PQ_TO_DECIMAL_INT32 || c->leaf->type.conversion == PQ_TO_DECIMAL_INT64)
        *out = (nl_value){.kind = NL_VALUE_DECIMAL, .decimal = v};
    else
        *out = (nl_value){.kind = NL_VALUE_INT, .i = v};
    return true;
}

/* Is the order of min_value and max_value stated, and one that we know? */
static bool order_is_stated(const nl_parquet_file *f, const struct pq_column *c)
{
    if (c->first_leaf >= f->meta.n_column_orders)
        return false;
    enum pq_column_order o = f->meta.column_orders[c->first_leaf];
    return o == PQ_ORDER_TYPE_DEFINED || (o == PQ_ORDER_IEEE754_TOTAL && is_floating(c));
}

/* Fill min and max from one pair; both or none. */
static bool take_pair(const struct pq_column *c, enum order order, const struct pq_slice *min,
                      const struct pq_slice *max, struct filter_bounds *out)
{
    bool comparable, has_min = bound_value(c, order, min, &out->min), has_max = bound_value(c, order, max, &out->max);
    bool is_double = is_floating(c);
    /* A NaN says that the writer's comparisons went wrong: neither bound is to be believed. */
    if (is_double && has_min != has_max)
        return false;
    if (has_min && has_max && (nl_value_compare(&out->min, &out->max, &comparable) > 0 || !comparable))
        return false;
    if (is_double && has_min && out->min.d == 0)
        out->min.d = -0.0;
    if (is_double && has_max && out->max.d == 0)
        out->max.d = 0.0;
    out->has_min = has_min;
    out->has_max = has_max;
    return has_min || has_max;
}

void pq_chunk_stats(const nl_parquet_file *f, size_t row_group, size_t column, const struct pq_column_chunk *chunk,
                    struct filter_bounds *out)
{
    const struct pq_column *c = &f->schema.columns[column];
    const struct pq_statistics *s = &chunk->meta.statistics;
    *out = (struct filter_bounds){.rows = f->meta.row_groups[row_group].num_rows};
    if (c->is_nested)
        return;
    bool is_double = is_floating(c);
    out->may_have_nan = is_double && !(chunk->meta.has_statistics && s->has_nan_count && s->nan_count == 0);
    if (!c->is_nullable) {
        out->has_null_count = true;
    } else if (chunk->meta.has_statistics && s->has_null_count && s->null_count >= 0 && s->null_count <= out->rows) {
        out->has_null_count = true;
        out->null_count = s->null_count;
    }
    enum order order = logical_order(&f->schema.elements[c->element], &c->leaf->type);
    if (!chunk->meta.has_statistics || order == ORDER_NONE)
        return;
    if (order_is_stated(f, c) && take_pair(c, order, &s->min_value, &s->max_value, out))
        return;
    if (order == ORDER_SIGNED)
        take_pair(c, order, &s->min, &s->max, out);
}

void pq_stats(const nl_parquet_file *f, size_t row_group, size_t column, struct filter_bounds *out)
{
    struct pq_column_chunk chunk;
    *out = (struct filter_bounds){0};
    if (row_group >= f->meta.n_row_groups)
        return;
    out->rows = f->meta.row_groups[row_group].num_rows;
    if (column >= f->schema.n_columns || f->schema.columns[column].is_nested)
        return;
    if (pq_file_chunk(f, row_group, f->schema.columns[column].first_leaf, NULL, &chunk, NULL) == NL_OK)
        pq_chunk_stats(f, row_group, column, &chunk, out);
}

void pq_page_stats(const nl_parquet_file *f, size_t column, const struct pq_column_index *index, size_t page,
                   int64_t rows, struct filter_bounds *out)
{
    const struct pq_column *c = &f->schema.columns[column];
    *out = (struct filter_bounds){.rows = rows};
    if (c->is_nested || page >= index->n)
        return;
    bool is_null = index->null_pages[page];
    const int64_t *nulls = index->null_counts;
    out->may_have_nan = is_floating(c) && !is_null && !(index->nan_counts && index->nan_counts[page] == 0);
    if (!c->is_nullable || is_null) {
        out->has_null_count = true;
        out->null_count = is_null ? rows : 0;
    } else if (nulls && nulls[page] < rows) { /* all null, and not a null page: doubtful */
        out->has_null_count = true;
        out->null_count = nulls[page];
    }
    enum order order = logical_order(&f->schema.elements[c->element], &c->leaf->type);
    if (!is_null && order != ORDER_NONE && order_is_stated(f, c))
        take_pair(c, order, &index->min[page], &index->max[page], out);
}

/* ── a value as bytes ── */

static bool plain_integer(const struct pq_column *c, enum order order, const nl_value *v, struct pq_plain_value *out)
{
    bool narrow = c->leaf->element->type == PQ_INT32, is_decimal = c->leaf->type.conversion != PQ_TO_SAME;
    __int128 wide;
    if (is_decimal && v->kind == NL_VALUE_DECIMAL)
        wide = v->decimal;
    else if (!is_decimal && order == ORDER_UNSIGNED && v->kind == NL_VALUE_UINT)
        wide = v->u;
    else if (!is_decimal && order == ORDER_SIGNED && v->kind == NL_VALUE_INT)
        wide = v->i;
    else
        return false;
    bool fits_it = order == ORDER_UNSIGNED ? wide == (narrow ? (__int128)(uint32_t)wide : (__int128)(uint64_t)wide)
                                           : wide == (narrow ? (__int128)(int32_t)wide : (__int128)(int64_t)wide);
    out->n = 1;
    out->len = narrow ? 4 : 8;
    memcpy(out->bytes[0], &wide, out->len);
    return fits_it;
}

static bool plain_double(const struct pq_column *c, const nl_value *v, struct pq_plain_value *out)
{
    bool narrow = c->leaf->element->type == PQ_FLOAT;
    if (v->kind != NL_VALUE_DOUBLE || isnan(v->d))
        return false;
    out->n = v->d == 0 ? 2 : 1;
    out->len = narrow ? sizeof(float) : sizeof(double);
    for (size_t i = 0; i < out->n; i++) {
        double d = i ? -v->d : v->d;
        float f = (float)d;
        if (narrow && (double)f != d)
            return false;
        memcpy(out->bytes[i], narrow ? (void *)&f : (void *)&d, out->len);
    }
    return true;
}

/* Big-endian, all bytes of the type's length. */
static bool plain_fixed_decimal(const struct pq_column *c, const nl_value *v, struct pq_plain_value *out)
{
    size_t len = c->leaf->type.stored_width;
    if (v->kind != NL_VALUE_DECIMAL || !len || len > sizeof out->bytes[0])
        return false;
    __int128 rest = v->decimal;
    for (size_t i = len; i-- > 0; rest >>= 8)
        out->bytes[0][i] = (uint8_t)rest;
    out->n = 1;
    out->len = len;
    return len == 16 || (rest == (out->bytes[0][0] & 0x80 ? -1 : 0));
}

bool pq_plain_of(const struct pq_column *c, const nl_value *v, struct pq_plain_value *out)
{
    *out = (struct pq_plain_value){0};
    if (c->is_nested)
        return false;
    enum order order = logical_order(c->leaf->element, &c->leaf->type);
    switch (c->leaf->type.conversion) {
    case PQ_TO_DECIMAL_INT32:
    case PQ_TO_DECIMAL_INT64:
        return plain_integer(c, order, v, out);
    case PQ_TO_DECIMAL_FIXED:
        return plain_fixed_decimal(c, v, out);
    case PQ_TO_SAME:
    case PQ_TO_VIEW:
        break;
    default: /* integers of 8 and 16 bits are cut on reading: bytes that are written may be others */
        return false;
    }
    if (order == ORDER_BYTES && v->kind == NL_VALUE_BYTES) {
        out->n = 1;
        out->len = v->bytes.len;
        out->slice = (struct pq_slice){v->bytes.data, v->bytes.len};
        return c->leaf->element->type == PQ_BYTE_ARRAY || v->bytes.len == c->leaf->type.stored_width;
    }
    if (order != ORDER_SIGNED && order != ORDER_UNSIGNED)
        return false;
    return is_floating(c) ? plain_double(c, v, out) : plain_integer(c, order, v, out);
}
