/* metadata_decode.c: parquet.thrift's structures from bytes. One function a structure, in the order of the Thrift file;
 * a decoder is a loop over fields, and what it does not know is skipped (thrift.h, T2).
 *
 * M4  A list is allocated only after its count was held against the bytes that are left, each element at its smallest
 *     encoding: what a hostile count can cost is a small multiple of the footer's own size.
 */
#include "parquet/format/metadata.h"

/* Turn the reader's verdict into the caller's. */
static int result(const struct pq_thrift *r, const char *what, nl_error *err)
{
    int rc = pq_thrift_result(r, err);
    if (rc == NL_CORRUPT)
        nl_note(err, "%s", what);
    return rc;
}

/* Decimal, time, timestamp, integer, variant, geometry: the members of LogicalType that carry something. Their fields
 * are few and of distinct types, so that one reader serves all. */
static void logical_member(struct pq_thrift *r, struct pq_logical *l)
{
    struct pq_field f = {0}, unit = {0};
    while (pq_thrift_next(r, &f)) {
        bool timed = l->kind == PQ_LOGICAL_TIME || l->kind == PQ_LOGICAL_TIMESTAMP;
        bool located = l->kind == PQ_LOGICAL_GEOMETRY || l->kind == PQ_LOGICAL_GEOGRAPHY;
        if (l->kind == PQ_LOGICAL_DECIMAL && f.id == 1)
            pq_thrift_i32(r, &f, &l->scale);
        else if (l->kind == PQ_LOGICAL_DECIMAL && f.id == 2)
            pq_thrift_i32(r, &f, &l->precision);
        else if (timed && f.id == 1)
            pq_thrift_bool(r, &f, &l->utc);
        else if (timed && f.id == 2 && f.type == PQ_T_STRUCT)
            for (unit = (struct pq_field){0}; pq_thrift_next(r, &unit); pq_thrift_skip(r, &unit))
                l->unit = unit.id >= PQ_MILLIS && unit.id <= PQ_NANOS ? (enum pq_time_unit)unit.id : PQ_UNIT_NONE;
        else if (l->kind == PQ_LOGICAL_INTEGER && f.id == 1)
            pq_thrift_i8(r, &f, &l->bit_width);
        else if (l->kind == PQ_LOGICAL_INTEGER && f.id == 2)
            pq_thrift_bool(r, &f, &l->is_signed);
        else if (l->kind == PQ_LOGICAL_VARIANT && f.id == 1)
            pq_thrift_i8(r, &f, &l->variant_version);
        else if (located && f.id == 1)
            pq_thrift_binary(r, &f, &l->crs);
        else if (located && f.id == 2)
            pq_thrift_i32(r, &f, &l->algorithm);
        else
            pq_thrift_skip(r, &f);
    }
}

static void logical(struct pq_thrift *r, const struct pq_field *field, struct pq_logical *out)
{
    if (!pq_thrift_struct(r, field))
        return;
    struct pq_field f = {0};
    while (pq_thrift_next(r, &f))
        if (pq_thrift_struct(r, &f)) {
            *out = (struct pq_logical){.kind = f.id};
            logical_member(r, out);
        }
}

static void schema_element(struct pq_thrift *r, struct pq_schema_element *e)
{
    struct pq_field f = {0};
    int32_t v;
    e->converted = PQ_CONVERTED_NONE;
    while (pq_thrift_next(r, &f))
        switch (f.id) {
        case 1:
            if (pq_thrift_i32(r, &f, &v)) {
                e->has_type = true;
                e->type = (enum pq_type)v;
            }
            break;
        case 2:
            pq_thrift_i32(r, &f, &e->type_length);
            break;
        case 3:
            if (pq_thrift_i32(r, &f, &v))
                e->repetition = (enum pq_repetition)v;
            break;
        case 4:
            pq_thrift_binary(r, &f, &e->name);
            break;
        case 5:
            pq_thrift_i32(r, &f, &e->n_children);
            break;
        case 6:
            if (pq_thrift_i32(r, &f, &v))
                e->converted = (enum pq_converted)v;
            break;
        case 7:
            pq_thrift_i32(r, &f, &e->scale);
            break;
        case 8:
            pq_thrift_i32(r, &f, &e->precision);
            break;
        case 9:
            e->has_field_id |= pq_thrift_i32(r, &f, &e->field_id);
            break;
        case 10:
            logical(r, &f, &e->logical);
            break;
        default:
            pq_thrift_skip(r, &f);
        }
}

static void statistics(struct pq_thrift *r, const struct pq_field *field, struct pq_statistics *s, bool *has)
{
    if (!pq_thrift_struct(r, field))
        return;
    struct pq_field f = {0};
    *has = true;
    while (pq_thrift_next(r, &f))
        switch (f.id) {
        case 1:
            pq_thrift_binary(r, &f, &s->max);
            break;
        case 2:
            pq_thrift_binary(r, &f, &s->min);
            break;
        case 3:
            s->has_null_count |= pq_thrift_i64(r, &f, &s->null_count);
            break;
        case 4:
            s->has_distinct_count |= pq_thrift_i64(r, &f, &s->distinct_count);
            break;
        case 5:
            pq_thrift_binary(r, &f, &s->max_value);
            break;
        case 6:
            pq_thrift_binary(r, &f, &s->min_value);
            break;
        case 7:
            s->has_max_exact |= pq_thrift_bool(r, &f, &s->max_exact);
            break;
        case 8:
            s->has_min_exact |= pq_thrift_bool(r, &f, &s->min_exact);
            break;
        case 9:
            s->has_nan_count |= pq_thrift_i64(r, &f, &s->nan_count);
            break;
        default:
            pq_thrift_skip(r, &f);
        }
}

static void key_values(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_key_value **out,
                       size_t *n)
{
    struct pq_list l;
    if (!arena) {
        pq_thrift_skip(r, field);
        return;
    }
    if (!pq_thrift_list(r, field, PQ_T_STRUCT, &l))
        return;
    struct pq_key_value *kv = pq_thrift_alloc(r, arena, &l, 3, sizeof *kv);
    for (size_t i = 0; kv && i < l.n && !r->code; i++) {
        struct pq_field f = {0};
        while (pq_thrift_next(r, &f))
            if (f.id == 1 || f.id == 2)
                pq_thrift_binary(r, &f, f.id == 1 ? &kv[i].key : &kv[i].value);
            else
                pq_thrift_skip(r, &f);
    }
    *out = kv;
    *n = kv ? l.n : 0;
}

/* list<Encoding> into bits. Numbers that no encoding has are left out. */
static void encodings(struct pq_thrift *r, const struct pq_field *field, uint32_t *out)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_I32, &l))
        return;
    struct pq_field f = pq_list_field(&l);
    int32_t v;
    for (size_t i = 0; i < l.n && !r->code; i++)
        if (pq_thrift_i32(r, &f, &v) && v >= 0 && v < 32)
            *out |= 1U << v;
}

static void path(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_column_meta *m)
{
    struct pq_list l;
    if (!arena) {
        pq_thrift_skip(r, field);
        return;
    }
    if (!pq_thrift_list(r, field, PQ_T_BINARY, &l))
        return;
    struct pq_field f = pq_list_field(&l);
    m->path = pq_thrift_alloc(r, arena, &l, 1, sizeof *m->path);
    m->n_path = m->path ? l.n : 0;
    for (size_t i = 0; i < m->n_path && !r->code; i++)
        pq_thrift_binary(r, &f, &m->path[i]);
}

static void encoding_stats(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_column_meta *m)
{
    struct pq_list l;
    if (!arena) {
        pq_thrift_skip(r, field);
        return;
    }
    if (!pq_thrift_list(r, field, PQ_T_STRUCT, &l))
        return;
    m->encoding_stats = pq_thrift_alloc(r, arena, &l, 7, sizeof *m->encoding_stats);
    m->n_encoding_stats = m->encoding_stats ? l.n : 0;
    for (size_t i = 0; i < m->n_encoding_stats && !r->code; i++) {
        struct pq_encoding_stats *s = &m->encoding_stats[i];
        struct pq_field f = {0};
        while (pq_thrift_next(r, &f))
            if (f.id >= 1 && f.id <= 3)
                pq_thrift_i32(r, &f, f.id == 1 ? &s->page_type : f.id == 2 ? &s->encoding : &s->count);
            else
                pq_thrift_skip(r, &f);
    }
}

static void histogram(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, int64_t **out, size_t *n)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_I64, &l))
        return;
    struct pq_field f = pq_list_field(&l);
    int64_t *counts = pq_thrift_alloc(r, arena, &l, 1, sizeof *counts);
    for (size_t i = 0; counts && i < l.n && !r->code; i++)
        pq_thrift_i64(r, &f, &counts[i]);
    *out = counts;
    *n = counts ? l.n : 0;
}

static void size_statistics(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena,
                            struct pq_column_meta *m)
{
    if (!arena) {
        pq_thrift_skip(r, field);
        return;
    }
    if (!pq_thrift_struct(r, field))
        return;
    struct pq_size_statistics *s = &m->size_statistics;
    struct pq_field f = {0};
    m->has_size_statistics = true;
    while (pq_thrift_next(r, &f))
        switch (f.id) {
        case 1:
            pq_thrift_i64(r, &f, &s->unencoded_bytes);
            break;
        case 2:
            histogram(r, &f, arena, &s->repetition_histogram, &s->n_repetition);
            break;
        case 3:
            histogram(r, &f, arena, &s->definition_histogram, &s->n_definition);
            break;
        default:
            pq_thrift_skip(r, &f);
        }
}

/* The lists and structures of ColumnMetaData; its numbers are in column_meta(). */
static void column_meta_part(struct pq_thrift *r, const struct pq_field *f, nl_arena *arena, struct pq_column_meta *m)
{
    switch (f->id) {
    case 2:
        encodings(r, f, &m->encodings);
        break;
    case 3:
        path(r, f, arena, m);
        break;
    case 8:
        key_values(r, f, arena, &m->key_values, &m->n_key_values);
        break;
    case 12:
        statistics(r, f, &m->statistics, &m->has_statistics);
        break;
    case 13:
        encoding_stats(r, f, arena, m);
        break;
    case 16:
        size_statistics(r, f, arena, m);
        break;
    default:
        pq_thrift_skip(r, f);
    }
}

static void column_meta(struct pq_thrift *r, nl_arena *arena, struct pq_column_meta *m)
{
    struct pq_field f = {0};
    int32_t type = -1;
    while (pq_thrift_next(r, &f))
        switch (f.id) {
        case 1:
            pq_thrift_i32(r, &f, &type);
            break;
        case 4:
            pq_thrift_i32(r, &f, &m->codec);
            break;
        case 5:
            pq_thrift_i64(r, &f, &m->num_values);
            break;
        case 6:
            pq_thrift_i64(r, &f, &m->total_uncompressed_size);
            break;
        case 7:
            pq_thrift_i64(r, &f, &m->total_compressed_size);
            break;
        case 9:
            pq_thrift_i64(r, &f, &m->data_page_offset);
            break;
        case 10:
            pq_thrift_i64(r, &f, &m->index_page_offset);
            break;
        case 11:
            pq_thrift_i64(r, &f, &m->dictionary_page_offset);
            break;
        case 14:
            pq_thrift_i64(r, &f, &m->bloom_filter_offset);
            break;
        case 15:
            pq_thrift_i32(r, &f, &m->bloom_filter_length);
            break;
        default:
            column_meta_part(r, &f, arena, m);
        }
    m->type = (enum pq_type)type;
}

static void column_chunk(struct pq_thrift *r, nl_arena *arena, struct pq_column_chunk *c)
{
    struct pq_field f = {0};
    while (pq_thrift_next(r, &f))
        switch (f.id) {
        case 1:
            pq_thrift_binary(r, &f, &c->file_path);
            break;
        case 2:
            pq_thrift_i64(r, &f, &c->file_offset);
            break;
        case 3:
            if (pq_thrift_struct(r, &f)) {
                c->has_meta = true;
                column_meta(r, arena, &c->meta);
            }
            break;
        case 4:
            pq_thrift_i64(r, &f, &c->offset_index_offset);
            break;
        case 5:
            pq_thrift_i32(r, &f, &c->offset_index_length);
            break;
        case 6:
            pq_thrift_i64(r, &f, &c->column_index_offset);
            break;
        case 7:
            pq_thrift_i32(r, &f, &c->column_index_length);
            break;
        case 8:
            c->is_encrypted = true;
            pq_thrift_skip(r, &f);
            break;
        default:
            pq_thrift_skip(r, &f);
        }
}

int pq_row_group_chunk(const struct pq_row_group *g, size_t column, nl_arena *arena, struct pq_column_chunk *out,
                       nl_error *err)
{
    pq_column_chunk_init(out);
    if (column >= g->n_columns || !g->chunks)
        return nl_fail(err, NL_INVALID, "column %zu of %zu", column, g->n_columns);
    struct pq_thrift r;
    pq_thrift_init(&r, g->chunks[column], (size_t)(g->chunks_end - g->chunks[column]));
    column_chunk(&r, arena, out);
    return result(&r, "footer, column chunk", err);
}

static void sorting(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_row_group *g)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_STRUCT, &l))
        return;
    g->sorting = pq_thrift_alloc(r, arena, &l, 5, sizeof *g->sorting);
    g->n_sorting = g->sorting ? l.n : 0;
    for (size_t i = 0; i < g->n_sorting && !r->code; i++) {
        struct pq_sorting_column *s = &g->sorting[i];
        struct pq_field f = {0};
        while (pq_thrift_next(r, &f))
            if (f.id == 1)
                pq_thrift_i32(r, &f, &s->column);
            else if (f.id == 2 || f.id == 3)
                pq_thrift_bool(r, &f, f.id == 2 ? &s->descending : &s->nulls_first);
            else
                pq_thrift_skip(r, &f);
    }
}

/* Note where each chunk begins, and pass over it (M3). */
static void chunk_starts(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_row_group *g)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_STRUCT, &l))
        return;
    g->chunks = pq_thrift_alloc(r, arena, &l, 2, sizeof *g->chunks);
    g->n_columns = g->chunks ? l.n : 0;
    g->chunks_end = r->end;
    struct pq_field f = pq_list_field(&l);
    for (size_t i = 0; i < g->n_columns && !r->code; i++) {
        g->chunks[i] = r->in;
        pq_thrift_skip(r, &f);
    }
}

static void row_group(struct pq_thrift *r, nl_arena *arena, struct pq_row_group *g)
{
    struct pq_field f = {0};
    pq_row_group_init(g);
    while (pq_thrift_next(r, &f))
        switch (f.id) {
        case 1:
            chunk_starts(r, &f, arena, g);
            break;
        case 2:
            pq_thrift_i64(r, &f, &g->total_byte_size);
            break;
        case 3:
            pq_thrift_i64(r, &f, &g->num_rows);
            break;
        case 4:
            sorting(r, &f, arena, g);
            break;
        case 5:
            pq_thrift_i64(r, &f, &g->file_offset);
            break;
        case 6:
            pq_thrift_i64(r, &f, &g->total_compressed_size);
            break;
        case 7:
            g->has_ordinal |= pq_thrift_i16(r, &f, &g->ordinal);
            break;
        default:
            pq_thrift_skip(r, &f);
        }
}

static void column_orders(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_file_meta *m)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_STRUCT, &l))
        return;
    m->column_orders = pq_thrift_alloc(r, arena, &l, 1, sizeof *m->column_orders);
    m->n_column_orders = m->column_orders ? l.n : 0;
    for (size_t i = 0; i < m->n_column_orders && !r->code; i++) {
        struct pq_field f = {0};
        for (; pq_thrift_next(r, &f); pq_thrift_skip(r, &f))
            m->column_orders[i] = f.id == 1 || f.id == 2 ? (enum pq_column_order)f.id : PQ_ORDER_UNDEFINED;
    }
}

static void schema(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_file_meta *m)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_STRUCT, &l))
        return;
    m->schema = pq_thrift_alloc(r, arena, &l, 3, sizeof *m->schema);
    m->n_schema = m->schema ? l.n : 0;
    for (size_t i = 0; i < m->n_schema && !r->code; i++)
        schema_element(r, &m->schema[i]);
}

static void row_groups(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_file_meta *m)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_STRUCT, &l))
        return;
    m->row_groups = pq_thrift_alloc(r, arena, &l, 5, sizeof *m->row_groups);
    m->n_row_groups = m->row_groups ? l.n : 0;
    for (size_t i = 0; i < m->n_row_groups && !r->code; i++)
        row_group(r, arena, &m->row_groups[i]);
}

int pq_file_meta_decode(const void *data, size_t len, nl_arena *arena, struct pq_file_meta *out, nl_error *err)
{
    struct pq_thrift r;
    struct pq_field f = {0};
    *out = (struct pq_file_meta){0};
    pq_thrift_init(&r, data, len);
    while (pq_thrift_next(&r, &f))
        switch (f.id) {
        case 1:
            pq_thrift_i32(&r, &f, &out->version);
            break;
        case 2:
            schema(&r, &f, arena, out);
            break;
        case 3:
            pq_thrift_i64(&r, &f, &out->num_rows);
            break;
        case 4:
            row_groups(&r, &f, arena, out);
            break;
        case 5:
            key_values(&r, &f, arena, &out->key_values, &out->n_key_values);
            break;
        case 6:
            pq_thrift_binary(&r, &f, &out->created_by);
            break;
        case 7:
            column_orders(&r, &f, arena, out);
            break;
        case 8:
            out->is_encrypted = true;
            pq_thrift_skip(&r, &f);
            break;
        default:
            pq_thrift_skip(&r, &f);
        }
    return result(&r, "footer", err);
}
