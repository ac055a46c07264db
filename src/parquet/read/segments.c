/* segments.c: from row ranges and an offset index to byte ranges. */
#include "parquet/read/segments.h"

#include <inttypes.h>
#include <stdlib.h>

/* Pages of an index, and the chunk that they must lie in (K2). */
struct pages {
    const struct pq_offset_index *index;
    uint64_t start, end;
    int64_t rows;
};

/* Does page i hold a row of the ranges from *range on? Both ascend. */
static bool is_wanted(const struct pages *p, size_t i, const nl_parquet_range *rows, size_t n, size_t *range)
{
    int64_t first = p->index->pages[i].first_row;
    int64_t end = i + 1 < p->index->n ? p->index->pages[i + 1].first_row : p->rows;
    while (*range < n && rows[*range].first + rows[*range].count <= first)
        ++*range;
    return *range < n && rows[*range].first < end;
}

static int page_range(const struct pages *p, size_t i, nl_range *out, nl_error *err)
{
    const struct pq_page_location *l = &p->index->pages[i];
    if (l->offset < 0 || l->compressed_size < 0 || (uint64_t)l->offset < p->start || (uint64_t)l->offset > p->end ||
        (uint64_t)l->compressed_size > p->end - (uint64_t)l->offset)
        return nl_fail(err, NL_CORRUPT,
                       "offset index: page %zu of %" PRId32 " bytes at byte %" PRId64 " lies outside of its chunk", i,
                       l->compressed_size, l->offset);
    *out = (nl_range){(uint64_t)l->offset, (uint64_t)l->compressed_size};
    return NL_OK;
}

/* The wanted pages as segments into out, which has room for all pages and one more. */
static int choose(const struct pages *p, const nl_parquet_range *rows, size_t n, struct pq_segment_range *out,
                  size_t *n_out, nl_error *err)
{
    size_t range = 0;
    nl_range page = {0};
    int rc = page_range(p, 0, &page, err);
    if (rc)
        return rc;
    *n_out = 0;
    if (page.offset > p->start) /* the dictionary, and whatever else is in front */
        out[(*n_out)++] = (struct pq_segment_range){{p->start, page.offset - p->start}, 0};
    for (size_t i = 0; rc == NL_OK && i < p->index->n; i++) {
        if (!is_wanted(p, i, rows, n, &range))
            continue;
        rc = page_range(p, i, &page, err);
        struct pq_segment_range *last = *n_out ? &out[*n_out - 1] : NULL;
        if (last && last->range.offset + last->range.length == page.offset)
            last->range.length += page.length;
        else
            out[(*n_out)++] = (struct pq_segment_range){page, p->index->pages[i].first_row};
    }
    return rc;
}

/* Does the index describe the row group at all? Else all of the chunk is read. */
static bool is_usable(const struct pq_offset_index *index, int64_t rows)
{
    return index && index->n && index->pages[0].first_row == 0 && index->pages[index->n - 1].first_row < rows;
}

int pq_chunk_segments(const nl_parquet_file *f, size_t row_group, size_t leaf, const struct pq_offset_index *index,
                      const nl_parquet_range *rows, size_t n, struct pq_segment_range **out, size_t *n_out,
                      nl_error *err)
{
    nl_range all;
    *out = NULL;
    *n_out = 0;
    int rc = pq_chunk_range(f, row_group, leaf, &all, err);
    int64_t group_rows = rc ? 0 : f->meta.row_groups[row_group].num_rows;
    if (rc || !group_rows || !n)
        return rc;
    bool usable = is_usable(index, group_rows);
    *out = calloc(usable ? index->n + 1 : 1, sizeof **out);
    if (!*out)
        return nl_fail_memory(err);
    if (!usable) {
        (*out)[(*n_out)++] = (struct pq_segment_range){all, 0};
        return NL_OK;
    }
    struct pages pages = {index, all.offset, all.offset + all.length, group_rows};
    rc = choose(&pages, rows, n, *out, n_out, err);
    if (rc) {
        pq_note_leaf(&f->schema, row_group, leaf, err);
        free(*out);
        *out = NULL;
        *n_out = 0;
    }
    return rc;
}

int pq_offset_index_range(const nl_parquet_file *f, size_t row_group, size_t leaf, nl_range *out, nl_error *err)
{
    struct pq_column_chunk c;
    *out = (nl_range){0};
    int rc = pq_file_chunk(f, row_group, leaf, NULL, &c, err);
    if (rc || c.offset_index_offset < 0 || c.offset_index_length <= 0)
        return rc;
    if ((uint64_t)c.offset_index_offset > f->size ||
        (uint64_t)c.offset_index_length > f->size - (uint64_t)c.offset_index_offset) {
        rc = nl_fail(err, NL_CORRUPT, "an offset index of %" PRId32 " bytes at byte %" PRId64 " in a file of %" PRIu64,
                     c.offset_index_length, c.offset_index_offset, f->size);
        pq_note_leaf(&f->schema, row_group, leaf, err);
        return rc;
    }
    *out = (nl_range){(uint64_t)c.offset_index_offset, (uint64_t)c.offset_index_length};
    return NL_OK;
}
