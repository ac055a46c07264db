/* page.c: from a column chunk's bytes to an open page: header, decompression, where levels and values begin.
 *
 *     v1   ┌ compressed ───────────────────────────────────┐        v2   levels (never compressed) ┌ compressed ┐
 *          │ length, repetition │ length, definition │ values │       repetition │ definition     │ values     │
 *
 * P1  A page's bytes lie inside the chunk; its size when decompressed is within the codec's reach (column.h, Y3).
 * P2  The pages' values are as many as the chunk's.
 * P3  A page of version 2 begins at a row, and has the rows that it says.
 *
 * Spec: parquet-format, README, "Data Pages" and "Checksumming".
 */
#include <inttypes.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/values.h"
#include "parquet/format/metadata.h"
#include "parquet/read/column.h"

/* Memory for decompressed bytes: the reader's scratch, grown where it must be, or a block of its own where views will
 * point into it. *out holds a reference. */
static int page_memory(struct pq_column_reader *c, size_t size, bool referenced, nl_block **out, nl_error *err)
{
    if (referenced)
        return nl_block_new(size, out, err);
    if (!c->scratch || nl_block_size(c->scratch) < size) {
        nl_block *grown;
        int rc = nl_block_new(size, &grown, err);
        if (rc)
            return rc;
        nl_block_unref(c->scratch);
        c->scratch = grown;
    }
    *out = nl_block_ref(c->scratch);
    return NL_OK;
}

/* What a page's bytes are to become. */
struct want {
    size_t size;
    bool compressed, referenced;
    size_t aligned; /* the byte that 64 divides the address of */
};

/* The bytes in..in + len as plain memory in *out. */
static int expand(struct pq_column_reader *c, const uint8_t *in, size_t len, const struct want *want, nl_bytes *out,
                  nl_error *err)
{
    size_t size = want->size, shift = (64 - want->aligned % 64) % 64;
    if (!want->compressed || c->codec == PQ_CODEC_UNCOMPRESSED) {
        if (len != size)
            return nl_fail(err, NL_CORRUPT, "%zu bytes stored, %zu expected, without compression", len, size);
        *out = nl_bytes_slice(c->window.bytes, (size_t)(in - c->window.bytes.data), len);
        return NL_OK;
    }
    nl_block *memory;
    int rc = pq_codec_allows(c->codecs, c->codec, in, len, size, err);
    if (rc == NL_OK)
        rc = page_memory(c, size + shift, want->referenced, &memory, err);
    if (rc)
        return rc;
    /* No bytes at all need no decompressor, and some give none to it. */
    if (size || len)
        rc = pq_decompress(c->codecs, c->codec, in, len, nl_block_data(memory) + shift, size, err);
    if (rc == NL_OK)
        *out = nl_bytes_of(memory, shift, size);
    nl_block_unref(memory);
    return rc;
}

/* ── the dictionary ── */

/* Values in their final form; strings as views whose buffer is this batch's first (column.c). */
static int build_dictionary(struct pq_column_reader *c, nl_bytes page, size_t n, nl_error *err)
{
    const struct pq_leaf_type *t = &c->leaf->type;
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
    } else if (t->conversion == PQ_TO_DECIMAL256_BYTES) {
        const uint8_t *in = page.data;
        rc = pq_decimals256_from_plain(values, n, &in, page.data + page.len, err);
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
    if (c->leaf->type.conversion == PQ_TO_NULL)
        return NL_OK; /* whatever its values are, none is looked at */
    if (h->encoding != PQ_PLAIN && h->encoding != PQ_PLAIN_DICTIONARY)
        return nl_fail(err, NL_UNSUPPORTED, "a dictionary in %s", pq_encoding_name(h->encoding));
    if (h->num_values < 0)
        return nl_fail(err, NL_CORRUPT, "a dictionary of %" PRId32 " values", h->num_values);
    bool referenced = c->leaf->type.conversion == PQ_TO_VIEW;
    struct want want = {.size = (size_t)h->uncompressed_size, .compressed = true, .referenced = referenced};
    nl_bytes page;
    int rc = expand(c, body, (size_t)h->compressed_size, &want, &page, err);
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

/* Do the levels of a flat page say in one run that all n values are there? Most pages do. */
static bool one_run_of_ones(const uint8_t *p, size_t len, size_t n)
{
    uint64_t header = 0;
    size_t at = 0;
    for (unsigned shift = 0; at < len && shift < 35; shift += 7) {
        header |= (uint64_t)(p[at] & 0x7F) << shift;
        if (!(p[at++] & 0x80))
            return at < len && !(header & 1) && header >> 1 >= n && p[at] == 1;
    }
    return false;
}

/* Definition levels in runs. */
static void open_definition(struct pq_column_reader *c, const uint8_t *p, size_t len, size_t n)
{
    if (c->is_nested)
        pq_levels_init(&c->nested->definition, p, len, c->leaf->max_definition);
    else
        pq_runs_init(&c->levels, p, len, 1);
    c->has_levels = !c->is_nested && !one_run_of_ones(p, len, n);
}

/* Levels of one kind in a v1 page: *p moves behind them. */
static int levels_v1(struct pq_column_reader *c, bool repetition, int32_t encoding, size_t n, const uint8_t **p,
                     const uint8_t *end, nl_error *err)
{
    const char *what = repetition ? "repetition" : "definition";
    uint8_t max = repetition ? c->leaf->max_repetition : c->leaf->max_definition;
    if (encoding == PQ_BIT_PACKED) {
        size_t used = 0;
        struct pq_levels *l = repetition ? &c->nested->repetition : &c->nested->definition;
        int rc = pq_levels_init_bits(l, *p, (size_t)(end - *p), n, max, &used, err);
        *p += used;
        if (rc == NL_OK && !c->is_nested) {
            c->has_levels = true;
            c->levels = l->runs;
        }
        return rc;
    }
    if (encoding != PQ_RLE)
        return nl_fail(err, NL_UNSUPPORTED, "%s levels in %s", what, pq_encoding_name(encoding));
    uint32_t len;
    if (end - *p < 4)
        return nl_fail(err, NL_CORRUPT, "%s levels lie beyond the page's end", what);
    memcpy(&len, *p, sizeof len);
    *p += 4;
    if (len > (size_t)(end - *p))
        return nl_fail(err, NL_CORRUPT, "%" PRIu32 " bytes of %s levels, %td are left", len, what, end - *p);
    if (repetition)
        pq_levels_init(&c->nested->repetition, *p, len, max);
    else
        open_definition(c, *p, len, n);
    *p += len;
    return NL_OK;
}

/* Flat columns need the bit-packed form's memory only. */
static int need_nested(struct pq_column_reader *c, nl_error *err)
{
    if (!c->nested)
        c->nested = pq_nested_new(c->leaf);
    return c->nested ? NL_OK : nl_fail_memory(err);
}

/* May a batch have the page's values where they are (column.c)? Not worth it for little ones. */
static bool may_stay(const struct pq_column_reader *c, const struct pq_page_header *h)
{
    return c->leaf->type.conversion == PQ_TO_SAME && !c->is_nested && h->encoding == PQ_PLAIN &&
           h->uncompressed_size >= 32 << 10;
}

static bool needs_memory(const struct pq_column_reader *c, const struct pq_page_header *h)
{
    bool has_views = c->leaf->type.conversion == PQ_TO_VIEW && h->encoding != PQ_PLAIN_DICTIONARY &&
                     h->encoding != PQ_RLE_DICTIONARY;
    return has_views || may_stay(c, h);
}

/* Where a page's values begin, if none is null: levels are one run then. */
static size_t values_at(const struct pq_column_reader *c, const struct pq_page_header *h)
{
    if (h->type == PQ_DATA_PAGE_V2)
        return (size_t)(h->repetition_bytes > 0 ? h->repetition_bytes : 0) +
               (size_t)(h->definition_bytes > 0 ? h->definition_bytes : 0);
    size_t run = 2;
    for (uint32_t header = (uint32_t)h->num_values << 1; header > 0x7F; header >>= 7)
        run++;
    return c->leaf->max_definition && !c->is_nested ? 4 + run : 0;
}

static int open_v1(struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t *body, nl_error *err)
{
    struct want want = {.size = (size_t)h->uncompressed_size,
                        .compressed = true,
                        .referenced = needs_memory(c, h),
                        .aligned = may_stay(c, h) ? values_at(c, h) : 0};
    int rc = expand(c, body, (size_t)h->compressed_size, &want, &c->page, err);
    if (rc)
        return rc;
    const uint8_t *p = c->page.data, *end = p + c->page.len;
    size_t n = (size_t)h->num_values;
    if (h->definition_encoding == PQ_BIT_PACKED || h->repetition_encoding == PQ_BIT_PACKED)
        rc = need_nested(c, err);
    if (rc == NL_OK && c->leaf->max_repetition)
        rc = levels_v1(c, true, h->repetition_encoding, n, &p, end, err);
    if (rc == NL_OK && c->leaf->max_definition)
        rc = levels_v1(c, false, h->definition_encoding, n, &p, end, err);
    return rc ? rc : pq_page_values(c, h->encoding, p, end, err);
}

/* The levels of a v2 page, which stand in front of its values as they are. */
static void levels_v2(struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t *body)
{
    size_t repetition = (size_t)h->repetition_bytes, definition = (size_t)h->definition_bytes;
    if (c->leaf->max_repetition)
        pq_levels_init(&c->nested->repetition, body, repetition, c->leaf->max_repetition);
    if (c->leaf->max_definition)
        open_definition(c, body + repetition, definition, (size_t)h->num_values);
}

static int open_v2(struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t *body, nl_error *err)
{
    int64_t levels = (int64_t)h->repetition_bytes + h->definition_bytes;
    if (h->repetition_bytes < 0 || h->definition_bytes < 0 || levels > h->compressed_size ||
        levels > h->uncompressed_size)
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " and %" PRId32 " bytes of levels in a page of %" PRId32,
                       h->repetition_bytes, h->definition_bytes, h->compressed_size);
    if (!c->leaf->max_repetition && h->num_rows != h->num_values)
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " values in %" PRId32 " rows of a column without lists",
                       h->num_values, h->num_rows);
    levels_v2(c, h, body);
    struct want want = {.size = (size_t)(h->uncompressed_size - levels),
                        .compressed = h->is_compressed,
                        .referenced = needs_memory(c, h)};
    int rc = expand(c, body + levels, (size_t)(h->compressed_size - levels), &want, &c->page, err);
    return rc ? rc : pq_page_values(c, h->encoding, c->page.data, c->page.data + c->page.len, err);
}

/* How many rows a page has, where its header says so; -1: only its levels do. */
static int64_t rows_of(const struct pq_column_reader *c, const struct pq_page_header *h)
{
    if (!c->leaf->max_repetition)
        return h->num_values;
    return h->type == PQ_DATA_PAGE_V2 ? h->num_rows : -1;
}

static int open_data(struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t *body, nl_error *err)
{
    int64_t rows = rows_of(c, h);
    if (h->num_values < 0 || h->num_values > c->values_left)
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " values, the row group has %" PRId64 " left", h->num_values,
                       c->values_left);
    if (rows > h->num_values || (rows <= 0 && h->num_values && h->type == PQ_DATA_PAGE_V2))
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " values in %" PRId64 " rows", h->num_values, rows);
    c->values_left -= h->num_values;
    c->has_data = true;
    if (rows >= 0 && rows <= c->pass) {
        c->pass -= rows;
        c->row += rows;
        return NL_OK;
    }
    nl_bytes_release(&c->page);
    c->buffer = -1;
    c->has_levels = false;
    int rc = h->type == PQ_DATA_PAGE ? open_v1(c, h, body, err) : open_v2(c, h, body, err);
    if (rc)
        return rc;
    if (c->is_nested) {
        c->nested->begins_at_row = h->type == PQ_DATA_PAGE_V2;
        c->nested->page_rows = h->type == PQ_DATA_PAGE_V2 ? h->num_rows : -1;
    }
    c->page_left = (size_t)h->num_values;
    return NL_OK;
}

static int check_sum(const struct pq_column_reader *c, const struct pq_page_header *h, const uint8_t *body,
                     nl_error *err)
{
    if (!c->verify_checksums || !h->has_crc)
        return NL_OK;
    uint32_t crc = libdeflate_crc32(0, body, (size_t)h->compressed_size);
    return crc == h->crc
               ? NL_OK
               : nl_fail(err, NL_CORRUPT, "its checksum is %08" PRIx32 ", %08" PRIx32 " is written", crc, h->crc);
}

/* Decode the header at the window's next; *used: its bytes. More is read where what is there does not hold it. */
static int decode_header(struct pq_column_reader *c, struct pq_page_header *h, size_t *used, nl_error *err)
{
    struct pq_window *w = &c->window;
    bool more = w->next == w->end;
    int rc = more ? pq_window_need_more(w, &more, err) : NL_OK;
    while (rc == NL_OK) {
        nl_error why = {0};
        if (pq_page_header_decode(w->next, (size_t)(w->end - w->next), h, used, &why) == NL_OK)
            break;
        rc = pq_window_need_more(w, &more, err);
        if (rc == NL_OK && !more) {
            if (err)
                *err = why;
            return why.code;
        }
    }
    return rc;
}

/* The header of the next page, its bytes in *used. */
static int read_header(struct pq_column_reader *c, struct pq_page_header *h, size_t *used, nl_error *err)
{
    c->page_at = pq_window_at(&c->window);
    int rc = decode_header(c, h, used, err);
    if (rc)
        return rc;
    uint64_t left = pq_window_left(&c->window) - *used;
    if (h->compressed_size < 0 || h->uncompressed_size < 0 || (uint64_t)h->compressed_size > left)
        return nl_fail(err, NL_CORRUPT, "%" PRId32 " bytes (%" PRId32 " decompressed), %" PRIu64 " are left",
                       h->compressed_size, h->uncompressed_size, left);
    bool is_known = h->type == PQ_DATA_PAGE || h->type == PQ_DATA_PAGE_V2 || h->type == PQ_DICTIONARY_PAGE;
    if (is_known && !h->has_body)
        return nl_fail(err, NL_CORRUPT, "a page header without the part that its type %" PRId32 " names", h->type);
    return NL_OK;
}

/* The body of a page whose header has `used` bytes, and the window behind it. */
static int take_body(struct pq_column_reader *c, const struct pq_page_header *h, size_t used, const uint8_t **body,
                     nl_error *err)
{
    struct pq_window *w = &c->window;
    uint64_t size = used + (uint64_t)h->compressed_size;
    bool is_data = h->type != PQ_DICTIONARY_PAGE;
    int rc = pq_window_need(w, size, used + (is_data && may_stay(c, h) ? values_at(c, h) : 0), err);
    if (rc)
        return rc;
    *body = w->next + used;
    pq_window_pass(w, size);
    return NL_OK;
}

/* One page, of whatever kind. */
static int one_page(struct pq_column_reader *c, nl_error *err)
{
    struct pq_page_header h;
    const uint8_t *body = NULL;
    size_t used = 0;
    int rc = read_header(c, &h, &used, err);
    if (rc)
        return rc;
    bool is_data = h.type == PQ_DATA_PAGE || h.type == PQ_DATA_PAGE_V2;
    bool passed = is_data && c->pass && rows_of(c, &h) >= 0 && rows_of(c, &h) <= c->pass;
    if (passed || (!is_data && h.type != PQ_DICTIONARY_PAGE))
        pq_window_pass(&c->window, used + (uint64_t)h.compressed_size);
    else if ((rc = take_body(c, &h, used, &body, err)) == NL_OK)
        rc = check_sum(c, &h, body, err);
    if (rc == NL_OK && h.type == PQ_DICTIONARY_PAGE)
        rc = open_dictionary(c, &h, body, err);
    else if (rc == NL_OK && is_data)
        rc = open_data(c, &h, body, err);
    /* The levels of version 2 stay in the window; of all else a copy was made, or a reference taken. */
    if (rc == NL_OK && h.type != PQ_DATA_PAGE_V2)
        pq_window_trim(&c->window);
    return rc;
}

/* Go on with segment i. */
static void begin_segment(struct pq_column_reader *c, size_t i)
{
    c->segment = i;
    c->page_at = c->segments[i].offset;
    pq_window_begin(&c->window, &c->segments[i]);
}

/* Read the dictionary, if the first segment begins with one. */
static int first_dictionary(struct pq_column_reader *c, nl_error *err)
{
    while (!c->has_data && !c->dictionary && pq_window_left(&c->window)) {
        struct pq_page_header h;
        size_t used;
        int rc = read_header(c, &h, &used, err);
        if (rc)
            return rc;
        if (h.type == PQ_DATA_PAGE || h.type == PQ_DATA_PAGE_V2)
            break;
        rc = one_page(c, err);
        if (rc)
            return rc;
    }
    return NL_OK;
}

int pq_page_seek(struct pq_column_reader *c, int64_t row, nl_error *err)
{
    size_t to = c->segment;
    while (to + 1 < c->n_segments && c->segments[to + 1].first_row <= row)
        to++;
    if (to == c->segment)
        return NL_OK;
    int rc = c->segment == 0 ? first_dictionary(c, err) : NL_OK;
    if (rc)
        return rc;
    begin_segment(c, to);
    nl_bytes_release(&c->page);
    c->page_left = 0;
    c->row = c->segments[to].first_row;
    if (c->is_nested)
        c->nested->n = c->nested->taken; /* what is pending lies before */
    return NL_OK;
}

/* No page is left in the segment: is the next one its continuation? */
static bool next_segment(struct pq_column_reader *c)
{
    if (c->segment + 1 == c->n_segments || c->segments[c->segment + 1].first_row != c->row)
        return false;
    begin_segment(c, c->segment + 1);
    return true;
}

int pq_page_next(struct pq_column_reader *c, bool *more, nl_error *err)
{
    int64_t pass = c->pass;
    while (!c->page_left && !(pass && !c->pass)) {
        bool ended = c->whole && more && !c->values_left;
        if (!ended && !pq_window_left(&c->window) && !next_segment(c)) {
            ended = more && !c->whole;
            if (!ended) {
                c->page_at = pq_window_at(&c->window);
                return nl_fail(err, NL_CORRUPT, "the chunk ends, %" PRId64 " values are missing", c->values_left);
            }
        }
        if (more)
            *more = !ended;
        if (ended)
            return NL_OK;
        int rc = one_page(c, err);
        if (rc)
            return rc;
    }
    return NL_OK;
}
