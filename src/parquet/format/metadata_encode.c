/* metadata_encode.c: parquet.thrift's structures to bytes. One function a structure; absent fields are left out (M1). */
#include "parquet/format/metadata.h"

static void slice(struct pq_thrift_writer *w, int16_t id, const struct pq_slice *s)
{
    if (s->data)
        pq_write_binary(w, id, s->data, s->len);
}

/* An optional number: absent where negative. */
static void offset(struct pq_thrift_writer *w, int16_t id, int64_t v)
{
    if (v >= 0)
        pq_write_i64(w, id, v);
}

/* A structure without fields. */
static void empty(struct pq_thrift_writer *w, int16_t id)
{
    pq_write_begin(w, id);
    pq_write_end(w);
}

static void logical(struct pq_thrift_writer *w, int16_t id, const struct pq_logical *l)
{
    if (l->kind == PQ_LOGICAL_NONE)
        return;
    pq_write_begin(w, id);
    pq_write_begin(w, l->kind);
    switch (l->kind) {
    case PQ_LOGICAL_DECIMAL:
        pq_write_i32(w, 1, l->scale);
        pq_write_i32(w, 2, l->precision);
        break;
    case PQ_LOGICAL_TIME:
    case PQ_LOGICAL_TIMESTAMP:
        pq_write_bool(w, 1, l->utc);
        pq_write_begin(w, 2);
        empty(w, (int16_t)l->unit);
        pq_write_end(w);
        break;
    case PQ_LOGICAL_INTEGER:
        pq_write_i8(w, 1, l->bit_width);
        pq_write_bool(w, 2, l->is_signed);
        break;
    case PQ_LOGICAL_VARIANT:
        if (l->variant_version)
            pq_write_i8(w, 1, l->variant_version);
        break;
    case PQ_LOGICAL_GEOMETRY:
    case PQ_LOGICAL_GEOGRAPHY:
        slice(w, 1, &l->crs);
        if (l->kind == PQ_LOGICAL_GEOGRAPHY && l->algorithm)
            pq_write_i32(w, 2, l->algorithm);
        break;
    default:
        break;
    }
    pq_write_end(w);
    pq_write_end(w);
}

static void schema_element(struct pq_thrift_writer *w, const struct pq_schema_element *e, bool is_root)
{
    pq_write_element(w);
    if (e->has_type)
        pq_write_i32(w, 1, e->type);
    if (e->has_type && e->type == PQ_FIXED_LEN_BYTE_ARRAY)
        pq_write_i32(w, 2, e->type_length);
    if (!is_root)
        pq_write_i32(w, 3, e->repetition);
    pq_write_binary(w, 4, e->name.data, e->name.len);
    if (!e->has_type)
        pq_write_i32(w, 5, e->n_children);
    if (e->converted != PQ_CONVERTED_NONE)
        pq_write_i32(w, 6, e->converted);
    if (e->converted == PQ_CONVERTED_DECIMAL) {
        pq_write_i32(w, 7, e->scale);
        pq_write_i32(w, 8, e->precision);
    }
    if (e->has_field_id)
        pq_write_i32(w, 9, e->field_id);
    logical(w, 10, &e->logical);
    pq_write_end(w);
}

static void statistics(struct pq_thrift_writer *w, int16_t id, const struct pq_statistics *s)
{
    pq_write_begin(w, id);
    slice(w, 1, &s->max);
    slice(w, 2, &s->min);
    if (s->has_null_count)
        pq_write_i64(w, 3, s->null_count);
    if (s->has_distinct_count)
        pq_write_i64(w, 4, s->distinct_count);
    slice(w, 5, &s->max_value);
    slice(w, 6, &s->min_value);
    if (s->has_max_exact)
        pq_write_bool(w, 7, s->max_exact);
    if (s->has_min_exact)
        pq_write_bool(w, 8, s->min_exact);
    if (s->has_nan_count)
        pq_write_i64(w, 9, s->nan_count);
    pq_write_end(w);
}

static void key_values(struct pq_thrift_writer *w, int16_t id, const struct pq_key_value *kv, size_t n)
{
    if (!n)
        return;
    pq_write_list(w, id, PQ_T_STRUCT, n);
    for (size_t i = 0; i < n; i++) {
        pq_write_element(w);
        pq_write_binary(w, 1, kv[i].key.data, kv[i].key.len);
        slice(w, 2, &kv[i].value);
        pq_write_end(w);
    }
}

static void encodings(struct pq_thrift_writer *w, int16_t id, uint32_t bits)
{
    pq_write_list(w, id, PQ_T_I32, (size_t)__builtin_popcount(bits));
    for (int e = 0; e < 32; e++)
        if (bits >> e & 1)
            pq_write_varint(w, e);
}

static void histogram(struct pq_thrift_writer *w, int16_t id, const int64_t *counts, size_t n)
{
    if (!counts)
        return;
    pq_write_list(w, id, PQ_T_I64, n);
    for (size_t i = 0; i < n; i++)
        pq_write_varint(w, counts[i]);
}

/* Fields 12 and above of ColumnMetaData. */
static void column_meta_statistics(struct pq_thrift_writer *w, const struct pq_column_meta *m)
{
    if (m->has_statistics)
        statistics(w, 12, &m->statistics);
    if (m->n_encoding_stats) {
        pq_write_list(w, 13, PQ_T_STRUCT, m->n_encoding_stats);
        for (size_t i = 0; i < m->n_encoding_stats; i++) {
            pq_write_element(w);
            pq_write_i32(w, 1, m->encoding_stats[i].page_type);
            pq_write_i32(w, 2, m->encoding_stats[i].encoding);
            pq_write_i32(w, 3, m->encoding_stats[i].count);
            pq_write_end(w);
        }
    }
    offset(w, 14, m->bloom_filter_offset);
    if (m->bloom_filter_length >= 0)
        pq_write_i32(w, 15, m->bloom_filter_length);
    if (m->has_size_statistics) {
        const struct pq_size_statistics *s = &m->size_statistics;
        pq_write_begin(w, 16);
        offset(w, 1, s->unencoded_bytes);
        histogram(w, 2, s->repetition_histogram, s->n_repetition);
        histogram(w, 3, s->definition_histogram, s->n_definition);
        pq_write_end(w);
    }
}

static void column_meta(struct pq_thrift_writer *w, int16_t id, const struct pq_column_meta *m)
{
    pq_write_begin(w, id);
    pq_write_i32(w, 1, m->type);
    encodings(w, 2, m->encodings);
    pq_write_list(w, 3, PQ_T_BINARY, m->n_path);
    for (size_t i = 0; i < m->n_path; i++)
        pq_write_bytes(w, m->path[i].data, m->path[i].len);
    pq_write_i32(w, 4, m->codec);
    pq_write_i64(w, 5, m->num_values);
    pq_write_i64(w, 6, m->total_uncompressed_size);
    pq_write_i64(w, 7, m->total_compressed_size);
    key_values(w, 8, m->key_values, m->n_key_values);
    pq_write_i64(w, 9, m->data_page_offset);
    offset(w, 10, m->index_page_offset);
    offset(w, 11, m->dictionary_page_offset);
    column_meta_statistics(w, m);
    pq_write_end(w);
}

static void column_chunk(struct pq_thrift_writer *w, const struct pq_column_chunk *c)
{
    pq_write_element(w);
    slice(w, 1, &c->file_path);
    pq_write_i64(w, 2, c->file_offset);
    if (c->has_meta)
        column_meta(w, 3, &c->meta);
    if (c->offset_index_offset >= 0) {
        pq_write_i64(w, 4, c->offset_index_offset);
        pq_write_i32(w, 5, c->offset_index_length);
    }
    if (c->column_index_offset >= 0) {
        pq_write_i64(w, 6, c->column_index_offset);
        pq_write_i32(w, 7, c->column_index_length);
    }
    pq_write_end(w);
}

static void row_group(struct pq_thrift_writer *w, const struct pq_row_group *g)
{
    pq_write_element(w);
    pq_write_list(w, 1, PQ_T_STRUCT, g->n_columns);
    for (size_t i = 0; i < g->n_columns; i++)
        column_chunk(w, &g->columns[i]);
    pq_write_i64(w, 2, g->total_byte_size);
    pq_write_i64(w, 3, g->num_rows);
    if (g->n_sorting)
        pq_write_list(w, 4, PQ_T_STRUCT, g->n_sorting);
    for (size_t i = 0; i < g->n_sorting; i++) {
        pq_write_element(w);
        pq_write_i32(w, 1, g->sorting[i].column);
        pq_write_bool(w, 2, g->sorting[i].descending);
        pq_write_bool(w, 3, g->sorting[i].nulls_first);
        pq_write_end(w);
    }
    offset(w, 5, g->file_offset);
    offset(w, 6, g->total_compressed_size);
    if (g->has_ordinal)
        pq_write_i16(w, 7, g->ordinal);
    pq_write_end(w);
}

int pq_file_meta_encode(const struct pq_file_meta *m, nl_buf *out, nl_error *err)
{
    struct pq_thrift_writer w;
    pq_thrift_writer_init(&w, out);
    pq_write_element(&w);
    pq_write_i32(&w, 1, m->version);
    pq_write_list(&w, 2, PQ_T_STRUCT, m->n_schema);
    for (size_t i = 0; i < m->n_schema; i++)
        schema_element(&w, &m->schema[i], i == 0);
    pq_write_i64(&w, 3, m->num_rows);
    pq_write_list(&w, 4, PQ_T_STRUCT, m->n_row_groups);
    for (size_t i = 0; i < m->n_row_groups; i++)
        row_group(&w, &m->row_groups[i]);
    key_values(&w, 5, m->key_values, m->n_key_values);
    slice(&w, 6, &m->created_by);
    if (m->column_orders) {
        pq_write_list(&w, 7, PQ_T_STRUCT, m->n_column_orders);
        for (size_t i = 0; i < m->n_column_orders; i++) {
            pq_write_element(&w);
            if (m->column_orders[i] != PQ_ORDER_UNDEFINED)
                empty(&w, (int16_t)m->column_orders[i]);
            pq_write_end(&w);
        }
    }
    pq_write_end(&w);
    return pq_thrift_finish(&w, err);
}

static void data_page(struct pq_thrift_writer *w, const struct pq_page_header *h)
{
    pq_write_begin(w, 5);
    pq_write_i32(w, 1, h->num_values);
    pq_write_i32(w, 2, h->encoding);
    pq_write_i32(w, 3, h->definition_encoding);
    pq_write_i32(w, 4, h->repetition_encoding);
    if (h->has_statistics)
        statistics(w, 5, &h->statistics);
    pq_write_end(w);
}

static void dictionary_page(struct pq_thrift_writer *w, const struct pq_page_header *h)
{
    pq_write_begin(w, 7);
    pq_write_i32(w, 1, h->num_values);
    pq_write_i32(w, 2, h->encoding);
    if (h->is_sorted)
        pq_write_bool(w, 3, true);
    pq_write_end(w);
}

static void data_page_v2(struct pq_thrift_writer *w, const struct pq_page_header *h)
{
    pq_write_begin(w, 8);
    pq_write_i32(w, 1, h->num_values);
    pq_write_i32(w, 2, h->num_nulls);
    pq_write_i32(w, 3, h->num_rows);
    pq_write_i32(w, 4, h->encoding);
    pq_write_i32(w, 5, h->definition_bytes);
    pq_write_i32(w, 6, h->repetition_bytes);
    pq_write_bool(w, 7, h->is_compressed);
    if (h->has_statistics)
        statistics(w, 8, &h->statistics);
    pq_write_end(w);
}

int pq_page_header_encode(const struct pq_page_header *h, nl_buf *out, nl_error *err)
{
    struct pq_thrift_writer w;
    pq_thrift_writer_init(&w, out);
    pq_write_element(&w);
    pq_write_i32(&w, 1, h->type);
    pq_write_i32(&w, 2, h->uncompressed_size);
    pq_write_i32(&w, 3, h->compressed_size);
    if (h->has_crc)
        pq_write_i32(&w, 4, (int32_t)h->crc);
    if (h->type == PQ_DATA_PAGE)
        data_page(&w, h);
    else if (h->type == PQ_DICTIONARY_PAGE)
        dictionary_page(&w, h);
    else if (h->type == PQ_DATA_PAGE_V2)
        data_page_v2(&w, h);
    else
        w.code = NL_INTERNAL;
    pq_write_end(&w);
    return pq_thrift_finish(&w, err);
}
