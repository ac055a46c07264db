/* page.c: from a column chunk's bytes to an open page: header, decompression, where levels and values begin.
 *
 *     v1   ┌ compressed ───────────────────────────────────┐        v2   levels (never compressed) ┌ compressed ┐
 *          │ 4 bytes: length │ definition levels │ values  │             definition levels         │ values     │
 *
 * P1  A page's bytes lie inside the chunk; its size when decompressed is within the codec's reach (column.h, Y3).
 * P2  The pages' values are as many as the row group has rows.
 *
 * Repetition levels do not occur: nested columns are not read yet. Spec: parquet-format, README, "Data Pages".
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/values.h"
#include "parquet/format/metadata.h"
#include "parquet/read/column.h"
#include "parquet/read/memory.h"

/* Memory for decompressed bytes: the reader's scratch, grown where it must be, or a block of its own where views will
 * point into it. *out holds a reference. */
static int page_memory(struct pq_column_reader *c, size_t size, bool referenced, nl_block **out, nl_error *err)
{
    if (referenced)
        return pq_memory_new(size, out, err);
    if (!c->scratch || nl_block_size(c->scratch) < size) {
        nl_block *grown;
        int rc = pq_memory_new(size, &grown, err);
        if (rc)
            return rc;
        nl_block_unref(c->scratch);
        c->scratch = grown;
    }
    *out = nl_block_ref(c->scratch);
    return NL_OK;
}

/* The bytes in..in + len as size bytes of plain memory in *out. */
static int expand(struct pq_column_reader *c, const uint8_t *in, size_t len, size_t size, bool compressed,
                  bool referenced, nl_bytes *out, nl_error *err)
{
    if (!compressed || c->codec == PQ_CODEC_UNCOMPRESSED) {
        if (len != size)
            return nl_fail(err, NL_CORRUPT, "%zu bytes stored, %zu expected, without compression", len, size);
        *out = nl_bytes_slice(c->chunk, (size_t)(in - c->chunk.data), len);
        return NL_OK;
    }
    if (size > pq_codec_max_output(c->codec, len))
        return nl_fail(err, NL_CORRUPT, "%zu bytes cannot be what %zu bytes of %s decompress to", size, len,
                       pq_codec_name(c->codec));
    nl_block *memory;
    int rc = page_memory(c, size, referenced, &memory, err);
    if (rc)
        return rc;
    /* No bytes at all need no decompressor, and some give none to it. */
    if (size || len)
        rc = pq_decompress(c->codecs, c->codec, in, len, nl_block_data(memory), size, err);
    if (rc == NL_OK)
        *out = nl_bytes_of(memory, 0, size);
    nl_block_unref(memory);
    return rc;
}

/* ── the dictionary ── */

/* Values in their final form; strings as views whose buffer is this batch's first (column.c). */
static int build_dictionary(struct pq_column_reader *c, nl_bytes page, size_t n, nl_error *err)
{
    const struct pq_leaf_type *t = &c->column->type;
    size_t least = t->stored_width ? t->stored_width : 4;
    if (t->conversion == PQ_TO_BOOL)
        return nl_fail(err, NL_UNSUPPORTED, "a dictionary of booleans");
    if (n > page.len / least)
        return nl_fail(err, NL_CORRUPT, "a dictionary of %zu values in %zu bytes", n, page.len);
    uint8_t *values = malloc(n * t->value_width + 64);
    if (!values)
        return nl_fail_memory(err);
    int rc;
    if (t->conversion == PQ_TO_VIEW) {
        const uint8_t *in = page.data;
        rc = pq_views_from_plain(values, n, &in, page.data + page.len, page.data, 0, err);
    } else if (t->conversion == PQ_TO_DECIMAL_BYTES) {
        const uint8_t *in = page.data;
        rc = pq_decimals_from_plain(values, n, &in, page.data + page.len, err);
    } else {
        rc = pq_convert(t, page.data, n, values, err);
    }
    if (rc) {
        free(values);
        return rc;
    }
    c->dictionary = values;
    c->dictionary_size = n;
    return NL_OK;
}

static int open_dictionary(struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t *body,
                           nl_error *err)
{
    /* Views say "buffer 0" of it: no page's memory may have taken that place. */
    if (c->dictionary || c->has_data)
        return nl_fail(err, NL_CORRUPT, c->dictionary ? "a second dictionary" : "a dictionary behind data pages");
    if (h->encoding != PQ_PLAIN && h->encoding != PQ_PLAIN_DICTIONARY)
        return nl_fail(err, NL_UNSUPPORTED, "a dictionary in %s", pq_encoding_name(h->encoding));
    if (h->num_values < 0)
        return nl_fail(err, NL_CORRUPT, "a dictionary of %" PRId32 " values", h->num_values);
    bool referenced = c->column->type.conversion == PQ_TO_VIEW;
    nl_bytes page;
    int rc = expand(c, body, (size_t)h->compressed_size, (size_t)h->uncompressed_size, true, referenced, &page, err);
    if (rc)
        return rc;
    rc = build_dictionary(c, page, (size_t)h->num_values, err);
    if (rc == NL_OK && referenced)
        c->dictionary_page = page;
    else
        nl_bytes_release(&page);
    return rc;
}

/* ── data pages ── */

/* The definition levels of a v1 page: *p moves behind them. */
static int levels_v1(struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t **p, const uint8_t *end,
                     nl_error *err)
{
    if (h->definition_encoding != PQ_RLE)
        return nl_fail(err, NL_UNSUPPORTED, "definition levels in %s", pq_encoding_name(h->definition_encoding));
    uint32_t len;
    if (end - *p < 4)
        return nl_fail(err, NL_CORRUPT, "definition levels lie beyond the page's end");
    memcpy(&len, *p, sizeof len);
    *p += 4;
    if (len > (size_t)(end - *p))
        return nl_fail(err, NL_CORRUPT, "%" PRIu32 " bytes of definition levels, %td are left", len, end - *p);
    pq_runs_init(&c->levels, *p, len, 1);
    *p += len;
    return NL_OK;
}

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

/* Set up the reading of values at p..end. */
static int open_values(struct pq_column_reader *c, int32_t encoding, const uint8_t *p, const uint8_t *end,
                       nl_error *err)
{
    bool is_bool = c->column->type.conversion == PQ_TO_BOOL;
    c->values = p;
    c->values_end = end;
    switch (encoding) {
    case PQ_PLAIN:
        c->kind = is_bool ? PQ_VALUES_BITS : PQ_VALUES_PLAIN;
        c->bits_in_runs = false;
        c->bit = 0;
        return NL_OK;
    case PQ_PLAIN_DICTIONARY:
    case PQ_RLE_DICTIONARY:
        c->kind = PQ_VALUES_INDICES;
        if (p == end) /* a page of nulls alone may have no width */
            return pq_rle_init(&c->indices, p, 0, 1, err);
        return pq_rle_init(&c->indices, p + 1, (size_t)(end - p - 1), *p, err);
    case PQ_RLE: {
        uint32_t len = 0;
        if (!is_bool)
            break;
        if (end - p >= 4)
            memcpy(&len, p, sizeof len);
        if (end - p < 4 || len > (size_t)(end - p - 4))
            return nl_fail(err, NL_CORRUPT, "booleans lie beyond the page's end");
        c->kind = PQ_VALUES_BITS;
        c->bits_in_runs = true;
        pq_runs_init(&c->bits, p + 4, len, 1);
        return NL_OK;
    }
    case PQ_DELTA_BINARY_PACKED:
        if (c->column->physical != PQ_INT32 && c->column->physical != PQ_INT64)
            break;
        c->kind = PQ_VALUES_DELTA;
        return open_delta(&c->delta, p, end, err);
    case PQ_BYTE_STREAM_SPLIT:
        if (!c->column->type.stored_width || c->column->physical == PQ_INT96)
            break;
        c->kind = PQ_VALUES_SPLIT;
        c->split_at = 0;
        c->split_count = (size_t)(end - p) / c->column->type.stored_width;
        return NL_OK;
    case PQ_DELTA_LENGTH_BYTE_ARRAY:
        if (c->column->physical != PQ_BYTE_ARRAY)
            break;
        c->kind = PQ_VALUES_LENGTHS;
        return open_lengths(c, p, end, err);
    case PQ_DELTA_BYTE_ARRAY:
        if (c->column->physical != PQ_BYTE_ARRAY && c->column->physical != PQ_FIXED_LEN_BYTE_ARRAY)
            break;
        c->kind = PQ_VALUES_PREFIX;
        nl_bytes_release(&c->before);
        return open_prefixes(c, p, end, err);
    default:
        break;
    }
    return nl_fail(err, NL_UNSUPPORTED, "values of %s in %s", pq_type_name(c->column->physical),
                   pq_encoding_name(encoding));
}

static bool needs_memory(const struct pq_column_reader *c, int32_t encoding)
{
    return c->column->type.conversion == PQ_TO_VIEW && encoding != PQ_PLAIN_DICTIONARY && encoding != PQ_RLE_DICTIONARY;
}

static int open_v1(struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t *body, nl_error *err)
{
    int rc = expand(c, body, (size_t)h->compressed_size, (size_t)h->uncompressed_size, true,
                    needs_memory(c, h->encoding), &c->page, err);
    if (rc)
        return rc;
    const uint8_t *p = c->page.data, *end = p + c->page.len;
    if (c->has_levels)
        rc = levels_v1(c, h, &p, end, err);
    return rc ? rc : open_values(c, h->encoding, p, end, err);
}

static int open_v2(struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t *body, nl_error *err)
{
    int64_t levels = (int64_t)h->repetition_bytes + h->definition_bytes;
    if (h->repetition_bytes < 0 || h->definition_bytes < 0 || levels > h->compressed_size ||
        levels > h->uncompressed_size)
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " and %" PRId32 " bytes of levels in a page of %" PRId32,
                       h->repetition_bytes, h->definition_bytes, h->compressed_size);
    if (h->num_rows != h->num_values)
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " values in %" PRId32 " rows of a flat column", h->num_values,
                       h->num_rows);
    if (c->has_levels)
        pq_runs_init(&c->levels, body + h->repetition_bytes, (size_t)h->definition_bytes, 1);
    int rc = expand(c, body + levels, (size_t)(h->compressed_size - levels), (size_t)(h->uncompressed_size - levels),
                    h->is_compressed, needs_memory(c, h->encoding), &c->page, err);
    return rc ? rc : open_values(c, h->encoding, c->page.data, c->page.data + c->page.len, err);
}

static int open_data(struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t *body, nl_error *err)
{
    if (h->num_values < 0 || h->num_values > c->values_left)
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " values, the row group has %" PRId64 " left", h->num_values,
                       c->values_left);
    nl_bytes_release(&c->page);
    c->buffer = -1;
    c->has_data = true;
    int rc = h->type == PQ_DATA_PAGE ? open_v1(c, h, body, err) : open_v2(c, h, body, err);
    if (rc)
        return rc;
    c->page_left = (size_t)h->num_values;
    c->values_left -= h->num_values;
    return NL_OK;
}

/* One page, of whatever kind, at c->next. */
static int one_page(struct pq_column_reader *c, nl_error *err)
{
    struct pq_page_header h;
    size_t used;
    int rc = pq_page_header_decode(c->next, (size_t)(c->end - c->next), &h, &used, err);
    if (rc)
        return rc;
    const uint8_t *body = c->next + used;
    if (h.compressed_size < 0 || h.uncompressed_size < 0 || h.compressed_size > c->end - body)
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " bytes (%" PRId32 " decompressed), %td are left", h.compressed_size,
                       h.uncompressed_size, c->end - body);
    c->next = body + h.compressed_size;
    if (h.type != PQ_DATA_PAGE && h.type != PQ_DATA_PAGE_V2 && h.type != PQ_DICTIONARY_PAGE)
        return NL_OK;
    if (!h.has_body)
        return nl_fail(err, NL_CORRUPT, "a page header without the part that its type %" PRId32 " names", h.type);
    return h.type == PQ_DICTIONARY_PAGE ? open_dictionary(c, &h, body, err) : open_data(c, &h, body, err);
}

int pq_page_next(struct pq_column_reader *c, nl_error *err)
{
    while (!c->page_left) {
        c->page_at = c->next;
        int rc = c->next < c->end
                     ? one_page(c, err)
                     : nl_fail(err, NL_CORRUPT, "the chunk ends, %" PRId64 " values are missing", c->values_left);
        if (rc)
            return rc;
    }
    return NL_OK;
}
