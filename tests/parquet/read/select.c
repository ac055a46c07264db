/* tests/parquet/read/select.c: row groups read with a filter. Random columns, encodings, pages and filters: what comes is held
 * against the values that were written, by their numbers: every row that satisfies the filter, no row twice, none changed.
 */
#include "parquet/read/select.h"

#include <math.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "parquet/read/group.h"
#include "parquet/read/request.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/memory_sink.h"
#include "support/rng.h"

enum { COLUMNS = 5, MOST_ROWS = 60000 };

/* ── what is written ── */

static const struct column_type {
    const char *format;
    enum nl_value_kind kind;
    unsigned width; /* of a value in an Arrow array; 0: bits, or bytes */
    nl_parquet_encoding encodings[5];
    size_t n_encodings;
} types[] = {
    {"c", NL_VALUE_INT, 1, {0, 1, 2, 3}, 4},        {"S", NL_VALUE_UINT, 2, {0, 1, 2, 3}, 4},
    {"i", NL_VALUE_INT, 4, {0, 1, 2, 3, 6}, 5},     {"L", NL_VALUE_UINT, 8, {0, 1, 2, 3, 6}, 5},
    {"l", NL_VALUE_INT, 8, {0, 1, 2, 3, 6}, 5},     {"tdD", NL_VALUE_INT, 4, {0, 1, 2, 3}, 4},
    {"tsu:", NL_VALUE_INT, 8, {0, 1, 2, 3}, 4},     {"f", NL_VALUE_DOUBLE, 4, {0, 1, 2, 6}, 4},
    {"g", NL_VALUE_DOUBLE, 8, {0, 1, 2, 6}, 4},     {"d:15,2", NL_VALUE_DECIMAL, 16, {0, 1, 2}, 3},
    {"d:30,4", NL_VALUE_DECIMAL, 16, {0, 1, 2}, 3}, {"u", NL_VALUE_BYTES, 0, {0, 1, 2, 4, 5}, 5},
    {"z", NL_VALUE_BYTES, 0, {0, 1, 2, 4, 5}, 5},   {"b", NL_VALUE_BOOL, 0, {0, 1, 7}, 3},
};

struct column {
    const struct column_type *type;
    bool nullable;
    char name[2];
    uint64_t distinct, run, salt, nulls; /* nulls: of 100 */
    nl_value values[MOST_ROWS];
};

/* A file in memory, and all that it holds; the last columns are the rows' numbers and, perhaps, a list. */
struct table {
    struct rng *rng;
    size_t rows;
    struct column columns[COLUMNS];
    bool has_list;
    struct test_sink sink;
};

static uint64_t mixed(uint64_t v)
{
    v = (v ^ v >> 31) * 0x9E3779B97F4A7C15;
    return v ^ v >> 29;
}

static const char letters[] = "the quick brown fox jumps over the lazy dog, and again, and again";

/* The value of number v, of those that a column has. */
static nl_value value_of(const struct column_type *t, uint64_t v)
{
    nl_value out = {.kind = t->kind};
    int64_t small = (int64_t)(v % 251) - 125;
    switch (t->kind) {
    case NL_VALUE_BOOL:
        out.b = v & 1;
        break;
    case NL_VALUE_INT:
        out.i = t->width == 1 ? small : (int64_t)v - 100;
        break;
    case NL_VALUE_UINT:
        out.u = v % 60000;
        break;
    case NL_VALUE_DOUBLE:
        out.d = v % 17 == 3 ? (double)NAN : v % 17 == 4 ? -0.0 : (double)(float)((double)v / 4);
        break;
    case NL_VALUE_DECIMAL:
        out.decimal = (__int128)v * 7 - 300;
        break;
    default:
        out.bytes.data = (const uint8_t *)letters + v % 29;
        out.bytes.len = mixed(v) % 30;
    }
    return out;
}

static void make_column(struct table *t, size_t i)
{
    static const uint64_t some[] = {1, 2, 3, 40, 300, 6000}, runs[] = {1, 1, 7, 900, 20000};
    struct rng *rng = t->rng;
    struct column *c = &t->columns[i];
    c->type = &types[rng_below(rng, NL_LEN(types))];
    c->nullable = rng_below(rng, 2);
    c->name[0] = (char)('a' + i);
    c->distinct = some[rng_below(rng, NL_LEN(some))];
    c->run = runs[rng_below(rng, NL_LEN(runs))];
    c->salt = rng_next(rng);
    c->nulls = rng_below(rng, 2) ? rng_below(rng, 101) : 10;
    bool sorted = rng_below(rng, 4) == 0;
    for (size_t row = 0; row < t->rows; row++) {
        uint64_t v = sorted ? row * c->distinct / t->rows : mixed(row / c->run ^ c->salt) % c->distinct;
        bool null = c->nullable && mixed(row / (c->run > 7 ? 50 : 1) + c->salt) % 100 < c->nulls;
        c->values[row] = null ? (nl_value){.kind = NL_VALUE_NULL} : value_of(c->type, v);
    }
}

static int put_value(struct arrow_builder *b, const nl_value *v, nl_error *err)
{
    switch (v->kind) {
    case NL_VALUE_NULL:
        return arrow_builder_null(b, err);
    case NL_VALUE_BOOL:
        return arrow_builder_int(b, v->b, err);
    case NL_VALUE_INT:
        return arrow_builder_int(b, v->i, err);
    case NL_VALUE_UINT:
        return arrow_builder_uint(b, v->u, err);
    case NL_VALUE_DOUBLE:
        return arrow_builder_double(b, v->d, err);
    case NL_VALUE_DECIMAL:
        return arrow_builder_decimal(b, v->decimal, err);
    default:
        return arrow_builder_bytes(b, v->bytes.data, v->bytes.len, err);
    }
}

/* Row i's list has i % 4 elements i. */
static void make_list(size_t rows, struct ArrowArray *out)
{
    nl_error err = {0};
    nl_block *offsets;
    struct ArrowArray child;
    struct arrow_builder *b;
    int32_t at = 0;
    CHECK_OK(arrow_builder_new("i", &b, &err), err);
    CHECK_OK(nl_block_new((rows + 1) * 4, &offsets, &err), err);
    for (size_t i = 0; i <= rows; i++) {
        memcpy(nl_block_data(offsets) + 4 * i, &at, 4);
        for (size_t k = 0; i < rows && k < i % 4; k++, at++)
            CHECK_OK(arrow_builder_int(b, (int64_t)i, &err), err);
    }
    CHECK_OK(arrow_builder_finish(b, &child, &err), err);
    arrow_builder_free(b);
    nl_bytes buffers[2] = {{0}, nl_bytes_of(offsets, 0, (rows + 1) * 4)};
    nl_block_unref(offsets);
    struct arrow_parts parts = {
        .length = (int64_t)rows, .buffers = buffers, .n_buffers = 2, .children = &child, .n_children = 1};
    CHECK_OK(arrow_array_make(&parts, out, &err), err);
}

static void make_batch(const struct table *t, struct ArrowSchema *schema, struct ArrowArray *batch)
{
    struct ArrowArray columns[COLUMNS + 2];
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(schema, COLUMNS + 1 + t->has_list, &err), err);
    for (size_t i = 0; i <= COLUMNS; i++) {
        const struct column *c = i < COLUMNS ? &t->columns[i] : NULL;
        struct arrow_builder *b;
        CHECK_OK(arrow_schema_field(schema->children[i], c ? c->type->format : "l", c ? c->name : "row",
                                    c && c->nullable, &err),
                 err);
        CHECK_OK(arrow_builder_new(c ? c->type->format : "l", &b, &err), err);
        for (size_t row = 0; row < t->rows; row++)
            CHECK_OK(put_value(b, c ? &c->values[row] : &(nl_value){NL_VALUE_INT, .i = (int64_t)row}, &err), err);
        CHECK_OK(arrow_builder_finish(b, &columns[i], &err), err);
        arrow_builder_free(b);
    }
    if (t->has_list) {
        struct ArrowSchema *list = schema->children[COLUMNS + 1];
        CHECK_OK(arrow_schema_nested(list, "+l", "list", false, 1, &err), err);
        CHECK_OK(arrow_schema_field(list->children[0], "i", "element", false, &err), err);
        make_list(t->rows, &columns[COLUMNS + 1]);
    }
    CHECK_OK(arrow_batch_make(columns, COLUMNS + 1 + t->has_list, (int64_t)t->rows, batch, &err), err);
}

static void make_file(struct table *t)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    nl_parquet_writer *w;
    nl_error err = {0};
    static const nl_parquet_codec codecs[] = {NL_PARQUET_UNCOMPRESSED, NL_PARQUET_SNAPPY, NL_PARQUET_ZSTD};
    nl_parquet_column_options columns[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        make_column(t, i);
        const struct column_type *type = t->columns[i].type;
        columns[i] = (nl_parquet_column_options){.path = t->columns[i].name,
                                                 .encoding = type->encodings[rng_below(t->rng, type->n_encodings)]};
    }
    nl_parquet_write_options o = {.codec = codecs[rng_below(t->rng, NL_LEN(codecs))],
                                  .page_rows = 1 + (int64_t)rng_below(t->rng, rng_below(t->rng, 2) ? 500 : 30000),
                                  .dictionary_bytes = rng_below(t->rng, 2) ? 0 : 1 + rng_below(t->rng, 3000),
                                  .data_page_v2 = rng_below(t->rng, 2),
                                  .columns = columns,
                                  .n_columns = COLUMNS};
    make_batch(t, &schema, &batch);
    t->sink = (struct test_sink){.base = {.ops = &test_sink_ops}};
    CHECK_OK(nl_parquet_writer_new(&t->sink.base, &schema, &o, &w, &err), err);
    CHECK_OK(nl_parquet_write(w, &batch, &err), err);
    CHECK_OK(nl_parquet_finish(w, &err), err);
    nl_parquet_writer_free(w);
    arrow_array_release(&batch);
    arrow_schema_release(&schema);
}

/* ── filters, and the plain way to evaluate them ── */

static struct filter *random_leaf(const struct table *t, nl_arena *a)
{
    struct rng *rng = t->rng;
    size_t column = rng_below(rng, COLUMNS + 2); /* the last one: cannot be tested */
    if (column == COLUMNS) {
        nl_value v = {NL_VALUE_INT, .i = (int64_t)rng_below(rng, t->rows)};
        return filter_compare(a, FILTER_EQ + rng_below(rng, 6), column, v);
    }
    if (column > COLUMNS)
        return filter_null(a, FILTER_IS_NOT_NULL, 77);
    const struct column *c = &t->columns[column];
    enum filter_op op = FILTER_EQ + rng_below(rng, 9);
    nl_value v[3];
    for (size_t i = 0; i < NL_LEN(v); i++)
        v[i] = value_of(c->type, rng_below(rng, c->distinct));
    if (rng_below(rng, 30) == 0)
        v[0] = (nl_value){.kind = NL_VALUE_NULL};
    if (op == FILTER_IS_NULL || op == FILTER_IS_NOT_NULL)
        return filter_null(a, op, column);
    return op == FILTER_IN ? filter_in(a, column, v, rng_below(rng, 4)) : filter_compare(a, op, column, v[0]);
}

/* NOLINTNEXTLINE(misc-no-recursion): at most three deep */
static struct filter *random_filter(const struct table *t, nl_arena *a, int depth)
{
    struct filter *children[3];
    size_t n = 1 + rng_below(t->rng, 3);
    if (depth == 0 || rng_below(t->rng, 3) == 0)
        return random_leaf(t, a);
    for (size_t i = 0; i < n; i++)
        children[i] = random_filter(t, a, depth - 1);
    return filter_join(a, rng_below(t->rng, 2) ? FILTER_AND : FILTER_OR, children, n);
}

static bool leaf_holds(const struct filter *f, const nl_value *v)
{
    bool comparable, in = false;
    if (f->op == FILTER_IS_NULL || f->op == FILTER_IS_NOT_NULL)
        return (v->kind == NL_VALUE_NULL) == (f->op == FILTER_IS_NULL);
    for (size_t i = 0; i < f->n_values; i++) {
        int order = nl_value_compare(v, &f->values[i], &comparable);
        enum filter_op op = f->op == FILTER_IN ? FILTER_EQ : f->op;
        if (comparable)
            in |= op == FILTER_EQ   ? order == 0
                  : op == FILTER_NE ? order != 0
                  : op == FILTER_LT ? order < 0
                  : op == FILTER_LE ? order <= 0
                  : op == FILTER_GT ? order > 0
                                    : order >= 0;
    }
    return in;
}

/* NOLINTNEXTLINE(misc-no-recursion): at most three deep */
static bool holds(const struct filter *f, const struct table *t, size_t row)
{
    if (f->op != FILTER_AND && f->op != FILTER_OR)
        return f->column < COLUMNS    ? leaf_holds(f, &t->columns[f->column].values[row])
               : f->column == COLUMNS ? leaf_holds(f, &(nl_value){NL_VALUE_INT, .i = (int64_t)row})
                                      : true;
    for (size_t i = 0; i < f->n_children; i++)
        if (holds(f->children[i], t, row) != (f->op == FILTER_AND))
            return f->op == FILTER_OR;
    return f->op == FILTER_AND;
}

/* ── what is read ── */

/* Open row group 0 with a filter over all columns; NL_OK and *out, or an error. */
static int open_group(const nl_parquet_file *f, const struct pq_projection *p, struct pq_group_options *o,
                      struct pq_group_reader **out, nl_error *err)
{
    nl_parquet_range all = {0, f->meta.row_groups[0].num_rows};
    struct pq_request *request;
    int rc = pq_request_new(f, 0, p, o->rows ? o->rows : &all, o->rows ? o->n_rows : 1, &request, err);
    if (rc)
        return rc;
    rc = pq_request_wait(request, NULL, err);
    if (rc == NL_OK)
        rc = pq_group_reader_new(f, 0, p, request->leaves, o, out, err);
    pq_request_free(request);
    return rc;
}

static void check_cell(const struct column *c, const struct ArrowArray *a, int64_t i, const nl_value *want)
{
    bool comparable, valid = arrow_is_valid(a, i);
    CHECK_INT(valid, want->kind != NL_VALUE_NULL);
    if (!valid)
        return;
    const uint8_t *values = a->buffers[1];
    nl_value got = {.kind = c->type->kind};
    uint64_t bits = 0;
    float narrow;
    struct arrow_type view = {.kind = ARROW_BINARY, .layout = ARROW_VIEW};
    unsigned width = c->type->width, shift = 64 - 8 * (width ? width : 8);
    if (width && width <= 8)
        memcpy(&bits, values + (size_t)i * width, width);
    switch (c->type->kind) {
    case NL_VALUE_BOOL:
        got.b = arrow_bit(values, i);
        break;
    case NL_VALUE_INT:
        got.i = (int64_t)(bits << shift) >> shift;
        break;
    case NL_VALUE_UINT:
        got.u = bits;
        break;
    case NL_VALUE_DOUBLE:
        memcpy(&narrow, &bits, sizeof narrow);
        memcpy(&got.d, &bits, sizeof got.d);
        got.d = width == 4 ? (double)narrow : got.d;
        break;
    case NL_VALUE_DECIMAL:
        memcpy(&got.decimal, values + (size_t)i * 16, 16);
        break;
    default:
        got.bytes.data = arrow_bytes_at(a, &view, i, &got.bytes.len);
    }
    CHECK_INT(nl_value_compare(&got, want, &comparable), 0);
    CHECK(comparable);
}

static void check_list(const struct ArrowArray *list, int64_t i, int64_t row)
{
    const int32_t *offsets = list->buffers[1], *elements = list->children[0]->buffers[1];
    CHECK_INT(offsets[i + 1] - offsets[i], row % 4);
    for (int32_t k = offsets[i]; k < offsets[i + 1]; k++)
        CHECK_INT(elements[k], row);
}

/* One batch: rows ascend, and are what was written. seen[row]: it came. */
static void check_batch(const struct table *t, const struct ArrowArray *batch, int64_t *last, bool *seen)
{
    const int64_t *numbers = batch->children[COLUMNS]->buffers[1];
    CHECK(batch->length > 0);
    for (int64_t i = 0; i < batch->length; i++) {
        CHECK(numbers[i] > *last && numbers[i] < (int64_t)t->rows);
        *last = numbers[i];
        seen[*last] = true;
        for (size_t c = 0; c < COLUMNS; c++)
            check_cell(&t->columns[c], batch->children[c], i, &t->columns[c].values[*last]);
        if (t->has_list)
            check_list(batch->children[COLUMNS + 1], i, *last);
    }
}

/* A few ranges of the rows, or none: all. */
static size_t random_ranges(const struct table *t, nl_parquet_range *out)
{
    size_t n = rng_below(t->rng, 2) ? rng_below(t->rng, 5) : 0;
    int64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        out[i].first = at + (int64_t)rng_below(t->rng, t->rows / 8 + 1);
        out[i].count = (int64_t)rng_below(t->rng, t->rows / 8 + 1);
        at = out[i].first + out[i].count;
    }
    return n;
}

/* Read with one filter, and hold it against the plain way. */
static void one_filter(const struct table *t, const nl_parquet_file *f, const struct pq_projection *p, nl_pool *pool)
{
    nl_arena a = {0};
    nl_error err = {0};
    nl_parquet_range ranges[8];
    struct filter *filter = random_filter(t, &a, 3);
    struct pq_group_options o = {.string_views = true, .filter = filter, .pool = pool};
    o.n_rows = random_ranges(t, ranges);
    o.rows = o.n_rows ? ranges : NULL;
    int64_t last = -1, most = 1 + (int64_t)rng_below(t->rng, rng_below(t->rng, 2) ? 3000 : 200000);
    bool *seen = calloc(t->rows, 1), *wanted = calloc(t->rows, 1);
    int64_t delivered = 0, asked = 0;
    for (size_t i = 0; i < t->rows; i++)
        wanted[i] = !o.rows;
    for (size_t i = 0; i < o.n_rows; i++)
        memset(wanted + ranges[i].first, 1, (size_t)ranges[i].count);
    struct pq_group_reader *r = NULL;
    struct ArrowArray batch;
    CHECK_OK(open_group(f, p, &o, &r, &err), err);
    for (;;) {
        CHECK_OK(pq_group_next(r, most, &batch, &err), err);
        if (!batch.release)
            break;
        delivered += batch.length;
        check_batch(t, &batch, &last, seen);
        arrow_array_release(&batch);
    }
    for (size_t i = 0; i < t->rows; i++) {
        asked += wanted[i];
        CHECK(!seen[i] || wanted[i]);
        CHECK(seen[i] || !wanted[i] || !holds(filter, t, i));
    }
    CHECK_INT(pq_group_left(r), 0);
    CHECK_INT(delivered + pq_group_filtered(r), asked);
    pq_group_reader_free(r);
    free(seen);
    free(wanted);
    nl_arena_free(&a);
}

static void test_random(void **state)
{
    (void)state;
    struct rng rng = rng_seed("filters on row groups");
    struct table *t = calloc(1, sizeof *t);
    nl_pool *pool;
    nl_error err = {0};
    CHECK_OK(nl_pool_new(2, &pool, &err), err);
    for (int round = 0; round < 60; round++) {
        check_why("file %d", round);
        memset(t, 0, sizeof *t);
        t->rng = &rng;
        t->rows = 1 + rng_below(&rng, rng_below(&rng, 4) ? 9000 : MOST_ROWS);
        t->has_list = rng_below(&rng, 3) == 0;
        make_file(t);
        nl_source *src;
        nl_parquet_file *f;
        struct pq_projection p;
        CHECK_OK(nl_source_open_memory("memory", t->sink.bytes.data, t->sink.bytes.len, &src, &err), err);
        CHECK_OK(nl_parquet_open(src, &f, &err), err);
        CHECK_OK(pq_projection_columns(f, NULL, 0, &p, &err), err);
        for (int i = 0; i < 12; i++) {
            check_why("file %d, filter %d", round, i);
            one_filter(t, f, &p, rng_below(&rng, 2) ? pool : NULL);
        }
        pq_projection_free(&p);
        nl_parquet_close(f);
        nl_source_close(src);
        nl_buf_free(&t->sink.bytes);
    }
    nl_pool_free(pool);
    free(t);
}

/* ── every allocation ── */

static void test_faults(void **state)
{
    (void)state;
    struct rng rng = rng_fixed(7);
    struct table *t = calloc(1, sizeof *t);
    for (int round = 0; round < 6; round++) {
        memset(t, 0, sizeof *t);
        t->rng = &rng;
        t->rows = 3000;
        t->has_list = round % 2;
        make_file(t);
        nl_arena a = {0};
        struct filter *filter = random_filter(t, &a, 3);
        FAULT_LOOP(fault, FAULT_ALLOC, ENOMEM)
        {
            nl_error err = {0};
            nl_source *src = NULL;
            nl_parquet_file *f = NULL;
            struct pq_projection p = {0};
            struct pq_group_reader *r = NULL;
            struct ArrowArray batch = {0};
            struct pq_group_options o = {.string_views = true, .filter = filter};
            int rc = nl_source_open_memory("memory", t->sink.bytes.data, t->sink.bytes.len, &src, &err);
            if (rc == NL_OK)
                rc = nl_parquet_open(src, &f, &err);
            if (rc == NL_OK)
                rc = pq_projection_columns(f, NULL, 0, &p, &err);
            if (rc == NL_OK)
                rc = open_group(f, &p, &o, &r, &err);
            for (bool more = true; rc == NL_OK && more;) {
                rc = pq_group_next(r, 1000, &batch, &err);
                more = batch.release;
                arrow_array_release(&batch);
            }
            bool failed = fault_off(&fault);
            check_why("round %d: %s", round, err.message);
            CHECK(rc == NL_OK || (failed && rc == NL_NO_MEMORY));
            pq_group_reader_free(r);
            pq_projection_free(&p);
            nl_parquet_close(f);
            nl_source_close(src);
        }
        nl_arena_free(&a);
        nl_buf_free(&t->sink.bytes);
    }
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
