/* index.c: what the index structures say of each page, against the page.
 *
 * A damaged index is a finding of its own: the pages are checked all the same, without it.
 *
 * Spec: parquet-format, PageIndex.md, BloomFilter.md.
 */
#include "parquet/check/index.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parquet/check/chunk.h"

/* ── reading ── */

/* len bytes at offset; len -1: not known. False: a finding, or the end of the check. */
static bool read_part(struct pq_check_chunk *c, const char *what, int64_t offset, int64_t len, nl_bytes *out)
{
    const nl_parquet_file *f = c->k->file;
    nl_error err = {0};
    if (offset < 4 || len <= 0 || (uint64_t)offset > f->data_end || (uint64_t)len > f->data_end - (uint64_t)offset) {
        PQ_CHECK_ERROR(c, offset, "%s: %" PRId64 " bytes, the file's data lies in 4 to %" PRIu64, what, len,
                       f->data_end);
        return false;
    }
    int rc = nl_source_read(f->src, (uint64_t)offset, (uint64_t)len, out, &err);
    if (rc == NL_OK)
        return true;
    bool damaged = c->damaged;
    pq_check_failed(c, offset, rc, &err);
    c->damaged = damaged;
    return false;
}

/* Damage of an index leaves the chunk's totals known. */
static bool is_decoded(struct pq_check_chunk *c, int64_t offset, int rc, const nl_error *err)
{
    bool damaged = c->damaged;
    pq_check_failed(c, offset, rc, err);
    c->damaged = damaged;
    return rc == NL_OK;
}

static void open_offsets(struct pq_check_chunk *c)
{
    struct pq_check_index *i = &c->index;
    int64_t at = c->chunk.offset_index_offset;
    nl_error err = {0};
    if (at < 0 || !read_part(c, "offset index", at, c->chunk.offset_index_length, &i->bytes[0]))
        return;
    int rc = pq_offset_index_decode(i->bytes[0].data, i->bytes[0].len, &i->arena, &i->offsets, &err);
    i->has_offsets = is_decoded(c, at, rc, &err);
    c->k->result->page_indexes += i->has_offsets;
}

static void open_columns(struct pq_check_chunk *c)
{
    struct pq_check_index *i = &c->index;
    int64_t at = c->chunk.column_index_offset;
    nl_error err = {0};
    if (at < 0 || !read_part(c, "column index", at, c->chunk.column_index_length, &i->bytes[1]))
        return;
    int rc = pq_column_index_decode(i->bytes[1].data, i->bytes[1].len, &i->arena, &i->columns, &err);
    i->has_columns = is_decoded(c, at, rc, &err);
    c->k->result->page_indexes += i->has_columns;
}

/* Where the metadata does not say how long it is, its header does. */
static void open_bloom(struct pq_check_chunk *c)
{
    struct pq_check_index *i = &c->index;
    int64_t at = c->chunk.meta.bloom_filter_offset, end = (int64_t)c->k->file->data_end;
    int64_t len = c->chunk.meta.bloom_filter_length;
    nl_error err = {0};
    size_t need = 0;
    if (at < 0)
        return;
    if (len < 0)
        len = end - at < PQ_BLOOM_HEADER_MOST ? end - at : PQ_BLOOM_HEADER_MOST;
    for (int round = 0; round < 2; round++) {
        nl_bytes_release(&i->bytes[2]);
        if (!read_part(c, "bloom filter", at, len, &i->bytes[2]))
            return;
        int rc = pq_bloom_decode(i->bytes[2].data, i->bytes[2].len, &i->bloom, &need, &err);
        if (!is_decoded(c, at, rc, &err))
            return;
        i->has_bloom = i->bloom.bits != NULL;
        if (i->has_bloom || (int64_t)need <= len)
            break;
        len = (int64_t)need;
    }
    if (!i->has_bloom)
        PQ_CHECK_ERROR(c, at, "bloom filter: its header says %zu bytes, %" PRId64 " are there", need, len);
    c->k->result->bloom_filters += i->has_bloom;
}

void pq_check_index_open(struct pq_check_chunk *c)
{
    open_offsets(c);
    open_columns(c);
    open_bloom(c);
}

/* ── a page ── */

static void check_location(struct pq_check_chunk *c, size_t number)
{
    const struct pq_offset_index *o = &c->index.offsets;
    const struct pq_page_location *l = &o->pages[number];
    const struct pq_check_page *p = &c->page;
    if (l->offset != p->offset)
        PQ_CHECK_ERROR(c, p->offset, "offset index: page %zu is at byte %" PRId64 " by the index", number, l->offset);
    if (l->compressed_size != p->bytes)
        PQ_CHECK_ERROR(c, p->offset, "offset index: page %zu has %" PRId64 " bytes, the index says %" PRId32, number,
                       p->bytes, l->compressed_size);
    if (c->damaged || !p->whole)
        return;
    if (l->first_row != p->first_row)
        PQ_CHECK_ERROR(c, p->offset, "offset index: page %zu begins with row %" PRId64 ", the index says %" PRId64,
                       number, p->first_row, l->first_row);
    if (p->values && !p->begins_row)
        PQ_CHECK_ERROR(c, p->offset, "offset index: page %zu begins inside a row", number);
    if (o->unencoded_bytes && c->values.type == PQ_BYTE_ARRAY && o->unencoded_bytes[number] != p->text_bytes)
        PQ_CHECK_WARNING(c, p->offset,
                         "offset index: page %zu holds %" PRId64 " bytes of values, the index says %" PRId64, number,
                         p->text_bytes, o->unencoded_bytes[number]);
}

static void check_histogram(struct pq_check_chunk *c, size_t number, const char *name, const int64_t *all, size_t n,
                            const int64_t *found, unsigned max)
{
    size_t levels = max + 1U;
    if (!all || n < (number + 1) * levels)
        return;
    if (memcmp(all + number * levels, found, levels * sizeof *found) != 0)
        PQ_CHECK_ERROR(c, c->page.offset, "column index: page %zu has another histogram of %s levels", number, name);
}

static void check_entry(struct pq_check_chunk *c, size_t number)
{
    const struct pq_column_index *x = &c->index.columns;
    const struct pq_check_page *p = &c->page;
    bool is_null = p->nulls == p->values;
    if (!p->whole)
        return;
    if (x->null_pages[number] && !is_null)
        PQ_CHECK_ERROR(c, p->offset,
                       "column index: page %zu is said to hold nothing but nulls, it has %" PRId64 " values", number,
                       p->values - p->nulls);
    if (x->null_counts && x->null_counts[number] != p->nulls)
        /* As in the statistics: writers differ in whether an empty list is a null. */
        pq_check_say(c->k, c->l->max_repetition > 0, (int64_t)c->g, (int64_t)c->leaf, p->offset,
                     "column index: page %zu has %" PRId64 " nulls, the index says %" PRId64, number, p->nulls,
                     x->null_counts[number]);
    if (x->nan_counts && x->nan_counts[number] != p->range.nans)
        PQ_CHECK_ERROR(c, p->offset, "column index: page %zu has %" PRId64 " NaN, the index says %" PRId64, number,
                       p->range.nans, x->nan_counts[number]);
    if (!x->null_pages[number] && !is_null) {
        char of[64];
        snprintf(of, sizeof of, "column index, page %zu", number);
        /* Bounds of the index may be cut without saying so. */
        pq_check_bounds(c, p->offset, of, &x->min[number], &x->max[number], 0, 0, &p->range);
    }
    check_histogram(c, number, "repetition", x->repetition_histograms, x->n_repetition, p->repetition,
                    c->l->max_repetition);
    check_histogram(c, number, "definition", x->definition_histograms, x->n_definition, p->definition,
                    c->l->max_definition);
}

void pq_check_index_page(struct pq_check_chunk *c)
{
    size_t number = c->n_data - 1;
    if (c->index.has_offsets && number < c->index.offsets.n)
        check_location(c, number);
    if (c->index.has_columns && number < c->index.columns.n)
        check_entry(c, number);
}

void pq_check_index_values(struct pq_check_chunk *c, const struct pq_slice *values, size_t n)
{
    const struct pq_bloom *b = &c->index.bloom;
    for (size_t i = 0; c->index.has_bloom && i < n; i++)
        c->index.not_in_bloom += !pq_bloom_may_hold(b, pq_bloom_hash(values[i].data, values[i].len));
}

/* ── the end ── */

/* Are the bounds of neighbouring pages, null pages left out, in the order that is promised? */
static void check_boundary_order(struct pq_check_chunk *c)
{
    const struct pq_column_index *x = &c->index.columns;
    size_t before = SIZE_MAX;
    int sign = x->order == PQ_DESCENDING ? -1 : 1;
    if (x->order == PQ_UNORDERED || c->order == PQ_CHECK_UNORDERED)
        return;
    for (size_t i = 0; i < x->n; i++) {
        if (x->null_pages[i] || !pq_check_order_fits(c->order, x->min[i]) ||
            !pq_check_order_fits(c->order, x->max[i]) || pq_check_is_nan(c->order, x->min[i]) ||
            pq_check_is_nan(c->order, x->max[i]))
            continue;
        if (before != SIZE_MAX && (sign * pq_check_compare(c->order, x->min[before], x->min[i]) > 0 ||
                                   sign * pq_check_compare(c->order, x->max[before], x->max[i]) > 0)) {
            PQ_CHECK_ERROR(c, c->chunk.column_index_offset,
                           "column index: the pages are said to be in %s order, page %zu is not",
                           sign > 0 ? "ascending" : "descending", i);
            return;
        }
        before = i;
    }
}

void pq_check_index_end(struct pq_check_chunk *c)
{
    const struct pq_check_index *i = &c->index;
    if (i->not_in_bloom)
        PQ_CHECK_ERROR(c, c->chunk.meta.bloom_filter_offset,
                       "bloom filter: it denies %" PRId64 " of %" PRId64 " values", i->not_in_bloom,
                       c->n_values - c->nulls);
    if (i->has_columns)
        check_boundary_order(c);
    if (c->n_values != c->chunk.meta.num_values)
        return; /* pages are missing or too many: that was told */
    if (i->has_offsets && i->offsets.n != c->n_data)
        PQ_CHECK_ERROR(c, c->chunk.offset_index_offset, "offset index: %zu pages, the chunk has %zu", i->offsets.n,
                       c->n_data);
    if (i->has_columns && i->columns.n != c->n_data)
        PQ_CHECK_ERROR(c, c->chunk.column_index_offset, "column index: %zu pages, the chunk has %zu", i->columns.n,
                       c->n_data);
}

void pq_check_index_free(struct pq_check_index *i)
{
    for (size_t k = 0; k < sizeof i->bytes / sizeof *i->bytes; k++)
        nl_bytes_release(&i->bytes[k]);
    nl_arena_free(&i->arena);
}
