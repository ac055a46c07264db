/* chunk.c: one column chunk: its metadata, its pages one after the other, its totals. */
#include "parquet/check/chunk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Some writers leave a dictionary page's header out of the chunk's size: look so many bytes further. */
enum { SHORT_COUNT = 128 };

bool pq_check_failed(struct pq_check_chunk *c, int64_t offset, int rc, const nl_error *why)
{
    if (rc == NL_OK)
        return false;
    if (rc == NL_CORRUPT || rc == NL_UNSUPPORTED || rc == NL_INVALID) {
        c->damaged = true;
        PQ_CHECK_ERROR(c, offset, "%s", why->message);
    } else if (c->k->rc == NL_OK) {
        c->k->rc = rc;
        if (c->k->err)
            *c->k->err = *why;
    }
    return true;
}

static bool slice_is(struct pq_slice a, struct pq_slice b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

/* The names from the column down to the leaf, against path_in_schema. */
static void check_path(struct pq_check_chunk *c)
{
    const struct pq_schema *s = &c->k->file->schema;
    const struct pq_column_meta *m = &c->chunk.meta;
    struct pq_slice last = m->n_path ? m->path[m->n_path - 1] : (struct pq_slice){0};
    struct pq_slice first = m->n_path ? m->path[0] : (struct pq_slice){0};
    if (!slice_is(last, c->l->element->name) || !slice_is(first, s->elements[s->columns[c->l->column].element].name))
        PQ_CHECK_ERROR(c, -1, "path_in_schema is not the column's path");
}

/* What the metadata says without a look at the pages. False: there are no pages to look at. */
static bool check_metadata(struct pq_check_chunk *c)
{
    const struct pq_column_chunk *h = &c->chunk;
    const struct pq_column_meta *m = &h->meta;
    const nl_parquet_file *f = c->k->file;
    char name[200];
    if (h->file_path.data && h->file_path.len) {
        nl_printable((const char *)h->file_path.data, h->file_path.len, name, sizeof name);
        PQ_CHECK_WARNING(c, -1, "its data lies in another file, %s, and is not checked", name);
        return false;
    }
    if (h->is_encrypted || (!h->has_meta && f->meta.is_encrypted)) {
        PQ_CHECK_WARNING(c, -1, "the column is encrypted, and is not checked");
        return false;
    }
    if (!h->has_meta) {
        PQ_CHECK_ERROR(c, -1, "the footer has no metadata of the chunk");
        return false;
    }
    if (m->type != c->l->element->type) {
        PQ_CHECK_ERROR(c, -1, "the chunk is of type %s, the schema says %s", pq_type_name(m->type),
                       pq_type_name(c->l->element->type));
        return false;
    }
    if (m->num_values < 0 || m->total_compressed_size < 0 || m->total_uncompressed_size < 0) {
        PQ_CHECK_ERROR(c, -1, "%" PRId64 " values in %" PRId64 " bytes (%" PRId64 " decompressed)", m->num_values,
                       m->total_compressed_size, m->total_uncompressed_size);
        return false;
    }
    check_path(c);
    return true;
}

/* The chunk's bytes into c->bytes. False: they are not in the file. */
static bool read_bytes(struct pq_check_chunk *c, size_t *declared)
{
    const struct pq_column_meta *m = &c->chunk.meta;
    const nl_parquet_file *f = c->k->file;
    nl_error err = {0};
    int64_t start = m->data_page_offset;
    if (m->dictionary_page_offset > 0 && m->dictionary_page_offset < start)
        start = m->dictionary_page_offset;
    if (start < 4 || (uint64_t)start > f->data_end ||
        (uint64_t)m->total_compressed_size > f->data_end - (uint64_t)start) {
        PQ_CHECK_ERROR(c, -1, "%" PRId64 " bytes at byte %" PRId64 ", the file's data lies in 4 to %" PRIu64,
                       m->total_compressed_size, start, f->data_end);
        return false;
    }
    uint64_t most = f->data_end - (uint64_t)start, want = (uint64_t)m->total_compressed_size + SHORT_COUNT;
    *declared = (size_t)m->total_compressed_size;
    c->at = start;
    int rc = nl_source_read(f->src, (uint64_t)start, want < most ? want : most, &c->bytes, &err);
    if (rc == NL_OK && c->bytes.len < *declared)
        rc = nl_fail(&err, NL_CORRUPT, "%zu bytes were asked for, %zu came", *declared, c->bytes.len);
    return !pq_check_failed(c, start, rc, &err);
}

/* Every page that begins within the chunk's size; the last one may end a little behind it (SHORT_COUNT). */
static void check_pages(struct pq_check_chunk *c, size_t declared)
{
    size_t at = 0, used;
    int64_t wanted = c->chunk.meta.num_values;
    while (c->k->rc == NL_OK && at < declared) {
        if (!pq_check_page(c, c->bytes.data + at, c->bytes.data + c->bytes.len, &used))
            return;
        at += used;
    }
    if (c->n_values < wanted)
        PQ_CHECK_ERROR(c, c->at + (int64_t)at, "the chunk ends, %" PRId64 " of %" PRId64 " values are missing",
                       wanted - c->n_values, wanted);
    c->damaged |= c->n_values != wanted;
}

/* ── totals ── */

static void check_offsets(struct pq_check_chunk *c)
{
    const struct pq_column_meta *m = &c->chunk.meta;
    if (m->dictionary_page_offset > 0 && m->dictionary_page_offset != c->first_dictionary)
        PQ_CHECK_ERROR(c, m->dictionary_page_offset, "dictionary_page_offset points to no dictionary page");
    if (c->first_data >= 0 && m->data_page_offset != c->first_data && m->data_page_offset != c->first_dictionary)
        PQ_CHECK_ERROR(c, m->data_page_offset, "data_page_offset is not the first data page, which is at byte %" PRId64,
                       c->first_data);
}

static uint32_t one_dictionary(uint32_t encodings)
{
    const uint32_t old = UINT32_C(1) << PQ_PLAIN_DICTIONARY, new = UINT32_C(1) << PQ_RLE_DICTIONARY;
    return encodings & (old | new) ? encodings | old | new : encodings;
}

static void check_encodings(struct pq_check_chunk *c)
{
    const struct pq_column_meta *m = &c->chunk.meta;
    uint32_t missing = c->encodings & ~one_dictionary(m->encodings);
    for (int32_t e = 0; e < 32; e++)
        if (missing >> e & 1)
            PQ_CHECK_ERROR(c, -1, "a page's values are in %s, which the metadata does not list", pq_encoding_name(e));
    /* Readers infer from these figures that all pages have a dictionary. */
    int64_t stated[16] = {0};
    for (size_t i = 0; i < m->n_encoding_stats; i++) {
        const struct pq_encoding_stats *s = &m->encoding_stats[i];
        if ((s->page_type == PQ_DATA_PAGE || s->page_type == PQ_DATA_PAGE_V2) && s->encoding >= 0 &&
            (size_t)s->encoding < NL_LEN(stated))
            stated[s->encoding] += s->count;
    }
    for (int32_t e = 0; m->n_encoding_stats && (size_t)e < NL_LEN(stated); e++)
        if (stated[e] != c->data_pages[e])
            PQ_CHECK_ERROR(c, -1, "encoding_stats: %" PRId64 " data pages in %s are stated, there are %" PRId32,
                           stated[e], pq_encoding_name(e), c->data_pages[e]);
}

static void check_sizes(struct pq_check_chunk *c)
{
    const struct pq_column_meta *m = &c->chunk.meta;
    if (c->compressed != m->total_compressed_size)
        PQ_CHECK_WARNING(c, -1, "total_compressed_size is %" PRId64 ", the pages take %" PRId64,
                         m->total_compressed_size, c->compressed);
    if (c->uncompressed != m->total_uncompressed_size)
        PQ_CHECK_WARNING(c, -1, "total_uncompressed_size is %" PRId64 ", the pages take %" PRId64,
                         m->total_uncompressed_size, c->uncompressed);
}

static void check_histogram(struct pq_check_chunk *c, const char *name, const int64_t *stated, size_t n,
                            const int64_t *found, unsigned max)
{
    /* A column whose level can be only 0 needs none. */
    if (!n || (!max && n == 1 && stated[0] == found[0]))
        return;
    if (n != max + 1U || memcmp(stated, found, n * sizeof *found) != 0)
        PQ_CHECK_ERROR(c, -1, "size_statistics: the histogram of %s levels is not that of the pages", name);
}

static void check_totals(struct pq_check_chunk *c)
{
    const struct pq_row_group *g = &c->k->file->meta.row_groups[c->g];
    const struct pq_column_meta *m = &c->chunk.meta;
    if (c->rows != g->num_rows)
        PQ_CHECK_ERROR(c, -1, "%" PRId64 " rows, the row group has %" PRId64, c->rows, g->num_rows);
    pq_check_statistics(c);
    if (m->has_size_statistics) {
        const struct pq_size_statistics *s = &m->size_statistics;
        check_histogram(c, "repetition", s->repetition_histogram, s->n_repetition, c->repetition, c->l->max_repetition);
        check_histogram(c, "definition", s->definition_histogram, s->n_definition, c->definition, c->l->max_definition);
        if (s->unencoded_bytes >= 0 && c->values.type == PQ_BYTE_ARRAY && s->unencoded_bytes != c->text_bytes)
            PQ_CHECK_WARNING(c, -1, "size_statistics: %" PRId64 " bytes of values are stated, %" PRId64 " were found",
                             s->unencoded_bytes, c->text_bytes);
    }
}

/* What is told once for the whole chunk, however often it occurs. */
static void tell_values(struct pq_check_chunk *c)
{
    const struct pq_check_sort *s = &c->sort;
    if (c->bad_text)
        PQ_CHECK_WARNING(c, c->bad_text_page, "%" PRId64 " value%s of a STRING column %s not UTF-8", c->bad_text,
                         c->bad_text == 1 ? "" : "s", c->bad_text == 1 ? "is" : "are");
    if (s->wrong)
        PQ_CHECK_ERROR(c, s->wrong_page,
                       "sorting_columns promise %s values with nulls %s; row %" PRId64
                       " of the row group is the first of %" PRId64 " that break%s it",
                       s->by->descending ? "descending" : "ascending", s->by->nulls_first ? "first" : "last",
                       s->wrong_row, s->wrong, s->wrong == 1 ? "s" : "");
}

/* ── the way through ── */

/* False: no memory. */
static bool prepare(struct pq_check_chunk *c)
{
    const struct pq_schema_element *e = c->l->element;
    size_t r = c->l->max_repetition + 1U, d = c->l->max_definition + 1U;
    int64_t *levels = nl_arena_array(&c->arena, 2 * (r + d), sizeof *levels);
    if (!levels)
        return false;
    c->repetition = levels;
    c->definition = levels + r;
    c->page.repetition = levels + r + d;
    c->page.definition = levels + 2 * r + d;
    c->order = pq_check_order_of(e);
    c->is_text =
        e->type == PQ_BYTE_ARRAY && (e->logical.kind == PQ_LOGICAL_STRING ||
                                     (e->logical.kind == PQ_LOGICAL_NONE && e->converted == PQ_CONVERTED_UTF8));
    c->values.type = e->type;
    c->values.width = pq_check_stored_width(e);
    c->first_dictionary = c->first_data = -1;
    return true;
}

static void release(struct pq_check_chunk *c)
{
    pq_check_values_free(&c->values);
    pq_check_index_free(&c->index);
    pq_check_range_free(&c->range);
    pq_check_range_free(&c->page.range);
    nl_buf_free(&c->sort.before);
    free(c->dictionary);
    nl_bytes_release(&c->dictionary_page);
    nl_bytes_release(&c->bytes);
    nl_arena_free(&c->arena);
    free(c);
}

void pq_check_chunk(struct pq_checking *k, size_t row_group, size_t leaf, const struct pq_sorting_column *sorting,
                    bool is_first)
{
    nl_error err = {0};
    size_t declared = 0;
    struct pq_check_chunk *c = calloc(1, sizeof *c);
    if (!c) {
        k->rc = nl_fail_memory(k->err);
        return;
    }
    c->k = k;
    c->g = row_group;
    c->leaf = leaf;
    c->l = &k->file->schema.leaves[leaf];
    if (!c->l->max_repetition)
        c->sort = (struct pq_check_sort){.by = sorting, .is_first = is_first};
    int rc = prepare(c) ? pq_row_group_chunk(&k->file->meta.row_groups[row_group], leaf, &c->arena, &c->chunk, &err)
                        : nl_fail_memory(&err);
    if (!pq_check_failed(c, -1, rc, &err) && check_metadata(c)) {
        if (c->chunk.meta.num_values || c->chunk.meta.total_compressed_size)
            if (read_bytes(c, &declared)) {
                pq_check_index_open(c);
                check_pages(c, declared);
                pq_check_index_end(c);
            }
        k->result->chunks++;
        k->result->values += (uint64_t)c->n_values;
        k->result->bytes += c->bytes.len;
        if (!c->damaged && k->rc == NL_OK) {
            check_offsets(c);
            check_encodings(c);
            check_sizes(c);
            check_totals(c);
        }
        tell_values(c);
    }
    release(c);
}
