/* page_index.c: see page_index.h. Decoding reads the lists first, as long as they say, and then holds them against each
 * other (I1). */
#include "parquet/index/page_index.h"

/* ── from bytes ── */

static void location(struct pq_thrift *r, struct pq_page_location *p)
{
    struct pq_field f = {0};
    *p = (struct pq_page_location){.offset = -1, .compressed_size = -1, .first_row = -1};
    while (pq_thrift_next(r, &f))
        if (f.id == 1)
            pq_thrift_i64(r, &f, &p->offset);
        else if (f.id == 2)
            pq_thrift_i32(r, &f, &p->compressed_size);
        else if (f.id == 3)
            pq_thrift_i64(r, &f, &p->first_row);
        else
            pq_thrift_skip(r, &f);
}

static void locations(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_offset_index *out)
{
    enum { LEAST = 7 }; /* three fields of two bytes, the end */
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_STRUCT, &l))
        return;
    out->pages = pq_thrift_alloc(r, arena, &l, LEAST, sizeof *out->pages);
    out->n = out->pages ? l.n : 0;
    for (size_t i = 0; i < out->n && !r->code; i++)
        location(r, &out->pages[i]);
}

/* A list of numbers; *out stays NULL where it has none. */
static void numbers(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, int64_t **out, size_t *n)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_I64, &l) || !l.n)
        return;
    struct pq_field f = pq_list_field(&l);
    *out = pq_thrift_alloc(r, arena, &l, 1, sizeof **out);
    *n = *out ? l.n : 0;
    for (size_t i = 0; i < *n && !r->code; i++)
        pq_thrift_i64(r, &f, &(*out)[i]);
}

/* The first of n numbers below 0; n: none. */
static size_t negative(const int64_t *v, size_t n)
{
    size_t i = 0;
    while (v && i < n && v[i] >= 0)
        i++;
    return v ? i : n;
}

/* I1 for offset indexes. Pages without rows share their first row with the next one. */
static int check_locations(const struct pq_offset_index *x, nl_error *err)
{
    int64_t end = 0, row = 0;
    for (size_t i = 0; i < x->n; i++) {
        const struct pq_page_location *p = &x->pages[i];
        if (p->offset < end || p->compressed_size <= 0 || p->offset > INT64_MAX - p->compressed_size)
            return nl_fail(err, NL_CORRUPT, "page %zu of %zu lies where another one does, or nowhere", i, x->n);
        if (p->first_row < row || (i == 0 && p->first_row))
            return nl_fail(err, NL_CORRUPT, "page %zu of %zu begins at row %lld, after row %lld", i, x->n,
                           (long long)p->first_row, (long long)row);
        end = p->offset + p->compressed_size;
        row = p->first_row;
    }
    return NL_OK;
}

int pq_offset_index_decode(const void *data, size_t len, nl_arena *arena, struct pq_offset_index *out, nl_error *err)
{
    struct pq_thrift r;
    struct pq_field f = {0};
    size_t n_bytes = 0;
    *out = (struct pq_offset_index){0};
    pq_thrift_init(&r, data, len);
    while (pq_thrift_next(&r, &f))
        if (f.id == 1)
            locations(&r, &f, arena, out);
        else if (f.id == 2)
            numbers(&r, &f, arena, &out->unencoded_bytes, &n_bytes);
        else
            pq_thrift_skip(&r, &f);
    int rc = pq_thrift_result(&r, err);
    if (rc == NL_OK && n_bytes && n_bytes != out->n)
        rc = nl_fail(err, NL_CORRUPT, "%zu pages, and sizes of %zu", out->n, n_bytes);
    if (rc == NL_OK)
        rc = check_locations(out, err);
    if (rc == NL_CORRUPT)
        nl_note(err, "offset index");
    if (rc)
        *out = (struct pq_offset_index){0};
    return rc;
}

static void flags(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_column_index *out)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_TRUE, &l))
        return;
    struct pq_field f = pq_list_field(&l);
    out->null_pages = pq_thrift_alloc(r, arena, &l, 1, sizeof *out->null_pages);
    out->n = out->null_pages ? l.n : 0;
    for (size_t i = 0; i < out->n && !r->code; i++)
        pq_thrift_bool(r, &f, &out->null_pages[i]);
}

static void bounds(struct pq_thrift *r, const struct pq_field *field, nl_arena *arena, struct pq_slice **out, size_t *n)
{
    struct pq_list l;
    if (!pq_thrift_list(r, field, PQ_T_BINARY, &l))
        return;
    struct pq_field f = pq_list_field(&l);
    *out = pq_thrift_alloc(r, arena, &l, 1, sizeof **out);
    *n = *out ? l.n : 0;
    for (size_t i = 0; i < *n && !r->code; i++)
        pq_thrift_binary(r, &f, &(*out)[i]);
}

/* How long the lists of a column index are that are not in its structure. */
struct lengths {
    size_t min, max, nulls, nans;
};

/* I1 for column indexes. Histograms have as many entries a page as the column has levels, which is not known here. */
static int check_lengths(const struct pq_column_index *x, const struct lengths *l, nl_error *err)
{
    if (l->min != x->n || l->max != x->n || (l->nulls && l->nulls != x->n) || (l->nans && l->nans != x->n))
        return nl_fail(err, NL_CORRUPT, "%zu pages, %zu and %zu bounds, null counts of %zu, NaN counts of %zu", x->n,
                       l->min, l->max, l->nulls, l->nans);
    if (x->n ? x->n_repetition % x->n || x->n_definition % x->n : x->n_repetition || x->n_definition)
        return nl_fail(err, NL_CORRUPT, "histograms of %zu and %zu entries for %zu pages", x->n_repetition,
                       x->n_definition, x->n);
    size_t i = negative(x->null_counts, x->n), k = negative(x->nan_counts, x->n);
    if (i < x->n || k < x->n)
        return nl_fail(err, NL_CORRUPT, "page %zu has fewer than no nulls or NaNs", i < x->n ? i : k);
    return NL_OK;
}

/* One field of a column index. */
static void column_index_field(struct pq_thrift *r, const struct pq_field *f, nl_arena *arena,
                               struct pq_column_index *out, struct lengths *l)
{
    int32_t order;
    switch (f->id) {
    case 1:
        flags(r, f, arena, out);
        break;
    case 2:
        bounds(r, f, arena, &out->min, &l->min);
        break;
    case 3:
        bounds(r, f, arena, &out->max, &l->max);
        break;
    case 4: /* an order that we do not know promises nothing */
        if (pq_thrift_i32(r, f, &order))
            out->order = order == PQ_ASCENDING || order == PQ_DESCENDING ? (enum pq_boundary_order)order : PQ_UNORDERED;
        break;
    case 5:
        numbers(r, f, arena, &out->null_counts, &l->nulls);
        break;
    case 6:
        numbers(r, f, arena, &out->repetition_histograms, &out->n_repetition);
        break;
    case 7:
        numbers(r, f, arena, &out->definition_histograms, &out->n_definition);
        break;
    case 8:
        numbers(r, f, arena, &out->nan_counts, &l->nans);
        break;
    default:
        pq_thrift_skip(r, f);
    }
}

int pq_column_index_decode(const void *data, size_t len, nl_arena *arena, struct pq_column_index *out, nl_error *err)
{
    struct pq_thrift r;
    struct pq_field f = {0};
    struct lengths l = {0};
    *out = (struct pq_column_index){0};
    pq_thrift_init(&r, data, len);
    while (pq_thrift_next(&r, &f))
        column_index_field(&r, &f, arena, out, &l);
    int rc = pq_thrift_result(&r, err);
    if (rc == NL_OK)
        rc = check_lengths(out, &l, err);
    if (rc == NL_CORRUPT)
        nl_note(err, "column index");
    if (rc)
        *out = (struct pq_column_index){0};
    return rc;
}

/* ── to bytes ── */

static void put_numbers(struct pq_thrift_writer *w, int16_t id, const int64_t *v, size_t n)
{
    if (!v)
        return;
    pq_write_list(w, id, PQ_T_I64, n);
    for (size_t i = 0; i < n; i++)
        pq_write_varint(w, v[i]);
}

int pq_offset_index_encode(const struct pq_offset_index *index, nl_buf *out, nl_error *err)
{
    struct pq_thrift_writer w;
    pq_thrift_writer_init(&w, out);
    pq_write_element(&w);
    pq_write_list(&w, 1, PQ_T_STRUCT, index->n);
    for (size_t i = 0; i < index->n; i++) {
        pq_write_element(&w);
        pq_write_i64(&w, 1, index->pages[i].offset);
        pq_write_i32(&w, 2, index->pages[i].compressed_size);
        pq_write_i64(&w, 3, index->pages[i].first_row);
        pq_write_end(&w);
    }
    put_numbers(&w, 2, index->unencoded_bytes, index->n);
    pq_write_end(&w);
    return pq_thrift_finish(&w, err);
}

static void put_bounds(struct pq_thrift_writer *w, int16_t id, const struct pq_slice *v, size_t n)
{
    pq_write_list(w, id, PQ_T_BINARY, n);
    for (size_t i = 0; i < n; i++)
        pq_write_bytes(w, v[i].data, v[i].len);
}

int pq_column_index_encode(const struct pq_column_index *index, nl_buf *out, nl_error *err)
{
    struct pq_thrift_writer w;
    pq_thrift_writer_init(&w, out);
    pq_write_element(&w);
    pq_write_list(&w, 1, PQ_T_TRUE, index->n);
    for (size_t i = 0; i < index->n; i++)
        pq_write_flag(&w, index->null_pages[i]);
    put_bounds(&w, 2, index->min, index->n);
    put_bounds(&w, 3, index->max, index->n);
    pq_write_i32(&w, 4, index->order);
    put_numbers(&w, 5, index->null_counts, index->n);
    put_numbers(&w, 6, index->repetition_histograms, index->n_repetition);
    put_numbers(&w, 7, index->definition_histograms, index->n_definition);
    put_numbers(&w, 8, index->nan_counts, index->n);
    pq_write_end(&w);
    return pq_thrift_finish(&w, err);
}
