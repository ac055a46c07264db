/* parquet_leaf.c: the chunks of a leaf, added up. */
#include "cli/parquet_leaf.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "parquet/check/order.h"
#include "parquet/index/page_index.h"
#include "parquet/read/bound_text.h"

void cli_leaf_bounds(const nl_parquet_file *f, size_t leaf, const struct pq_column_chunk *chunk, struct pq_slice *min,
                     struct pq_slice *max)
{
    const struct pq_statistics *s = &chunk->meta.statistics;
    const struct pq_file_meta *meta = pq_inspect_meta(f);
    enum pq_check_order order = pq_check_order_of(pq_inspect_schema(f)->leaves[leaf].element);
    *min = *max = (struct pq_slice){0};
    if (!chunk->meta.has_statistics || order == PQ_CHECK_UNORDERED)
        return;
    bool stated = leaf < meta->n_column_orders && meta->column_orders[leaf] != PQ_ORDER_UNDEFINED;
    if (stated && (s->min_value.data || s->max_value.data)) {
        *min = s->min_value;
        *max = s->max_value;
    } else if (pq_check_order_is_signed(order)) {
        *min = s->min;
        *max = s->max;
    }
}

int cli_leaf_pages(const nl_parquet_file *f, const struct pq_column_chunk *chunk, int64_t *out, nl_error *err)
{
    const struct pq_column_meta *m = &chunk->meta;
    nl_bytes bytes = {0};
    nl_arena arena = {0};
    struct pq_offset_index index;
    *out = 0;
    for (size_t i = 0; i < m->n_encoding_stats; i++)
        if (m->encoding_stats[i].page_type == PQ_DATA_PAGE || m->encoding_stats[i].page_type == PQ_DATA_PAGE_V2)
            *out += m->encoding_stats[i].count;
    if (*out)
        return NL_OK;
    *out = -1;
    if (chunk->offset_index_offset < 4 || chunk->offset_index_length <= 0 ||
        (uint64_t)chunk->offset_index_offset + (uint64_t)chunk->offset_index_length > f->data_end)
        return NL_OK;
    int rc =
        nl_source_read(f->src, (uint64_t)chunk->offset_index_offset, (uint64_t)chunk->offset_index_length, &bytes, err);
    if (rc)
        return rc;
    /* A damaged index is for `parquet check` to tell. */
    if (pq_offset_index_decode(bytes.data, bytes.len, &arena, &index, NULL) == NL_OK)
        *out = (int64_t)index.n;
    nl_arena_free(&arena);
    nl_bytes_release(&bytes);
    return NL_OK;
}

/* Keep the lesser (sign -1) or greater bound; a chunk without one, or with one that is none, makes the whole unknown. */
static void widen(enum pq_check_order order, struct pq_slice *sum, bool *has, bool is_first, struct pq_slice bound,
                  int sign)
{
    bool is_value = bound.data && pq_check_order_fits(order, bound) && !pq_check_is_nan(order, bound);
    *has = is_value && (is_first || *has);
    if (*has && (is_first || sign * pq_check_compare(order, bound, *sum) > 0))
        *sum = bound;
}

static int add_chunk(const nl_parquet_file *f, size_t leaf, const struct pq_column_chunk *c, struct leaf_sum *s,
                     nl_error *err)
{
    const struct pq_column_meta *m = &c->meta;
    enum pq_check_order order = pq_check_order_of(pq_inspect_schema(f)->leaves[leaf].element);
    bool is_first = !s->chunks++;
    struct pq_slice min, max;
    int64_t pages;
    s->encodings |= m->encodings;
    s->mixed_codec |= s->codec >= 0 && s->codec != m->codec;
    s->codec = m->codec;
    s->values += m->num_values;
    s->compressed += m->total_compressed_size;
    s->uncompressed += m->total_uncompressed_size;
    s->has_nulls &= m->has_statistics && m->statistics.has_null_count;
    s->nulls += m->statistics.null_count;
    s->dictionaries += m->dictionary_page_offset > 0;
    s->column_indexes += c->column_index_offset >= 0;
    s->offset_indexes += c->offset_index_offset >= 0;
    s->bloom_filters += m->bloom_filter_offset >= 0;
    cli_leaf_bounds(f, leaf, c, &min, &max);
    widen(order, &s->min, &s->has_min, is_first, min, -1);
    widen(order, &s->max, &s->has_max, is_first, max, 1);
    int rc = cli_leaf_pages(f, c, &pages, err);
    s->has_pages &= rc == NL_OK && pages >= 0;
    s->pages += pages;
    return rc;
}

int cli_leaf_sum(const nl_parquet_file *f, size_t leaf, struct leaf_sum *out, nl_error *err)
{
    *out = (struct leaf_sum){.codec = -1, .has_nulls = true, .has_pages = true};
    int rc = NL_OK;
    for (size_t g = 0; rc == NL_OK && g < pq_inspect_meta(f)->n_row_groups; g++) {
        struct pq_column_chunk chunk;
        nl_arena arena = {0};
        rc = pq_inspect_chunk(f, g, leaf, &arena, &chunk, err);
        if (rc == NL_OK)
            rc = add_chunk(f, leaf, &chunk, out, err);
        nl_arena_free(&arena);
    }
    return rc;
}

char *cli_bound_text(const nl_parquet_file *f, size_t leaf, struct pq_slice s, size_t most)
{
    nl_buf text = {0};
    if (!s.data || pq_bound_text(pq_inspect_schema(f)->leaves[leaf].element, s, &text, NULL)) {
        nl_buf_free(&text);
        return NULL;
    }
    if (!most || text.len <= most)
        return text.data ? nl_buf_steal(&text) : strdup("");
    char *cut = malloc(most + 1);
    if (cut)
        nl_printable(text.data, text.len, cut, most + 1);
    nl_buf_free(&text);
    return cut;
}
