/* tests/parquet/index/select.c: rows by pages, case by case; random filters over random rows; bloom filters and dictionaries;
 * how values are written. */
#include "parquet/index/select.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "parquet/read/stats.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

enum { ROWS = 30, COLUMNS = 4 };

/* A file of 30 rows: a: the row's number, ten a page. b: 'x' up to row 14, else 'y', pages of 5, 10 and 15. d: a double,
 * half of a, NaN not ruled out, ten a page. n: null from row 10 to 19, ten a page. */
struct table {
    nl_parquet_file file;
    struct pq_schema_element elements[COLUMNS + 1];
    struct pq_row_group group;
    enum pq_column_order orders[COLUMNS];
    int64_t numbers[6];
    double halves[6];
    struct pq_slice min[COLUMNS][3], max[COLUMNS][3];
    bool null_pages[COLUMNS][3];
    int64_t null_counts[3];
    struct pq_page_location pages[COLUMNS][3];
    struct pq_column_index bounds[COLUMNS];
    struct pq_offset_index offsets[COLUMNS];
    struct pq_select_column columns[COLUMNS];
    struct pq_select select;
    nl_arena arena; /* of filters */
};

static struct pq_slice slice(const void *data, size_t len)
{
    return (struct pq_slice){data, len};
}

static void column(struct table *t, size_t i, const char *name, enum pq_type type, enum pq_repetition repetition)
{
    t->elements[i + 1] = (struct pq_schema_element){.name = slice(name, strlen(name)),
                                                    .has_type = true,
                                                    .type = type,
                                                    .repetition = repetition,
                                                    .converted = PQ_CONVERTED_NONE};
    t->orders[i] = PQ_ORDER_TYPE_DEFINED;
    t->bounds[i] = (struct pq_column_index){.n = 3, .null_pages = t->null_pages[i], .min = t->min[i], .max = t->max[i]};
    t->offsets[i] = (struct pq_offset_index){.n = 3, .pages = t->pages[i]};
    t->columns[i] = (struct pq_select_column){(int32_t)i, &t->bounds[i], &t->offsets[i], NULL, NULL, 0};
    for (size_t p = 0; p < 3; p++)
        t->pages[i][p] = (struct pq_page_location){4 + 10 * (int64_t)p, 10, 10 * (int64_t)p};
}

static struct table *table_new(void)
{
    struct table *t = calloc(1, sizeof *t);
    nl_error err = {0};
    CHECK(t != NULL);
    t->elements[0] =
        (struct pq_schema_element){.name = slice("root", 4), .n_children = COLUMNS, .converted = PQ_CONVERTED_NONE};
    column(t, 0, "a", PQ_INT64, PQ_REQUIRED);
    column(t, 1, "b", PQ_BYTE_ARRAY, PQ_REQUIRED);
    column(t, 2, "d", PQ_DOUBLE, PQ_REQUIRED);
    column(t, 3, "n", PQ_INT64, PQ_OPTIONAL);
    t->elements[2].logical.kind = PQ_LOGICAL_STRING;
    for (size_t p = 0; p < 3; p++) {
        t->numbers[2 * p] = 10 * (int64_t)p;
        t->numbers[2 * p + 1] = 10 * (int64_t)p + 9;
        t->halves[2 * p] = (double)t->numbers[2 * p] / 2;
        t->halves[2 * p + 1] = (double)t->numbers[2 * p + 1] / 2;
        t->min[0][p] = t->min[3][p] = slice(&t->numbers[2 * p], 8);
        t->max[0][p] = t->max[3][p] = slice(&t->numbers[2 * p + 1], 8);
        t->min[2][p] = slice(&t->halves[2 * p], 8);
        t->max[2][p] = slice(&t->halves[2 * p + 1], 8);
        t->min[1][p] = t->max[1][p] = slice(p < 2 ? "x" : "y", 1);
    }
    t->pages[1][1].first_row = 5;
    t->pages[1][2].first_row = 15;
    t->null_pages[3][1] = true;
    t->min[3][1] = t->max[3][1] = slice("", 0);
    t->null_counts[1] = 10;
    t->bounds[3].null_counts = t->null_counts;
    t->group.num_rows = ROWS;
    t->file.meta = (struct pq_file_meta){.schema = t->elements,
                                         .n_schema = COLUMNS + 1,
                                         .row_groups = &t->group,
                                         .n_row_groups = 1,
                                         .column_orders = t->orders,
                                         .n_column_orders = COLUMNS};
    CHECK_OK(pq_schema_build(&t->file.meta, &t->file.arena, &t->file.schema, &err), err);
    t->select = (struct pq_select){&t->file, 0, t->columns, COLUMNS, NULL, NULL};
    return t;
}

static void table_free(struct table *t)
{
    nl_arena_free(&t->file.arena);
    nl_arena_free(&t->arena);
    free(t);
}

static nl_value number(int64_t v)
{
    return (nl_value){.kind = NL_VALUE_INT, .i = v};
}

static nl_value real(double v)
{
    return (nl_value){.kind = NL_VALUE_DOUBLE, .d = v};
}

static nl_value text(const char *s)
{
    return (nl_value){.kind = NL_VALUE_BYTES, .bytes = {(const uint8_t *)s, strlen(s)}};
}

static struct filter *join(struct table *t, enum filter_op op, struct filter *a, struct filter *b)
{
    struct filter *both[] = {a, b};
    struct filter *f = filter_join(&t->arena, op, both, 2);
    CHECK(f != NULL);
    return f;
}

#define CMP(op, column, value) filter_compare(&t->arena, FILTER_##op, column, value)

/* The rows that are left, as text. */
static void check_rows(const struct table *t, const struct filter *f, const char *want)
{
    nl_parquet_range *v;
    size_t n;
    nl_error err = {0};
    char got[200] = "";
    CHECK_OK(pq_select_rows(&t->select, f, &v, &n, &err), err);
    for (size_t i = 0, at = 0; i < n; i++)
        at += (size_t)snprintf(got + at, sizeof got - at, "%s%lld-%lld", i ? " " : "", (long long)v[i].first,
                               (long long)(v[i].first + v[i].count - 1));
    CHECK_STR(got, want);
    free(v);
}

static void rows_by_pages(void **state)
{
    (void)state;
    struct table *t = table_new();
    nl_value in[] = {number(3), number(25)};
    const struct {
        const char *why, *want;
        struct filter *f;
    } cases[] = {
        {"no filter", "0-29", NULL},
        {"one value", "10-19", CMP(EQ, 0, number(12))},
        {"a value that is nowhere", "", CMP(EQ, 0, number(30))},
        {"neighbours are one range", "0-19", CMP(LT, 0, number(11))},
        {"a list", "0-9 20-29", filter_in(&t->arena, 0, in, 2)},
        {"AND of two columns with other pages", "10-14",
         join(t, FILTER_AND, CMP(EQ, 0, number(12)), CMP(EQ, 1, text("x")))},
        {"OR of them", "0-19", join(t, FILTER_OR, CMP(EQ, 0, number(12)), CMP(EQ, 1, text("x")))},
        {"OR of the ends", "0-9 15-29", join(t, FILTER_OR, CMP(EQ, 0, number(1)), CMP(EQ, 1, text("y")))},
        {"AND of nothing shared", "", join(t, FILTER_AND, CMP(LT, 0, number(5)), CMP(EQ, 1, text("y")))},
        {"NaN is above all", "0-29", CMP(GT, 2, real(12))},
        {"a bound above keeps NaN out", "20-29", join(t, FILTER_AND, CMP(GT, 2, real(12)), CMP(LE, 2, real(13)))},
        {"IS NULL", "10-19", filter_null(&t->arena, FILTER_IS_NULL, 3)},
        {"IS NOT NULL", "0-9 20-29", filter_null(&t->arena, FILTER_IS_NOT_NULL, 3)},
        {"a page of nulls equals nothing", "", CMP(EQ, 3, number(15))},
        {"a value of another kind says nothing", "0-29", CMP(EQ, 0, text("12"))},
        {"a column that is not known", "0-29", CMP(EQ, 7, number(12))},
        {"OR with a column that is not known", "0-29",
         join(t, FILTER_OR, CMP(EQ, 0, number(12)), CMP(EQ, 7, number(12)))},
        {"AND with one", "10-19", join(t, FILTER_AND, CMP(EQ, 0, number(12)), CMP(EQ, 7, number(12)))},
        {"AND of an OR", "0-14",
         join(t, FILTER_AND, CMP(EQ, 1, text("x")), join(t, FILTER_OR, CMP(EQ, 0, number(12)), CMP(EQ, 0, number(5))))},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        check_rows(t, cases[i].f, cases[i].want);
    }
    table_free(t);
}

/* S3 */
static void indexes_that_contradict(void **state)
{
    (void)state;
    struct table *t = table_new();
    struct filter *f = CMP(EQ, 0, number(12));
    check_why("fewer pages in one index");
    t->offsets[0].n = 2;
    check_rows(t, f, "0-29");
    t->offsets[0].n = 3;
    check_why("a page behind the last row");
    t->pages[0][2].first_row = 31;
    check_rows(t, f, "0-29");
    t->pages[0][2].first_row = 20;
    check_why("min above max");
    t->numbers[0] = 50;
    check_rows(t, f, "0-19");
    check_why("no order");
    t->orders[0] = PQ_ORDER_UNDEFINED;
    check_rows(t, f, "0-29");
    check_why("an empty page in between");
    t->orders[0] = PQ_ORDER_TYPE_DEFINED;
    t->numbers[0] = 0;
    t->pages[0][1].first_row = 20;
    check_rows(t, f, "");
    table_free(t);
}

static void all_rows(const void *unit, size_t column, struct filter_bounds *out)
{
    (void)unit;
    (void)column;
    *out = (struct filter_bounds){.rows = ROWS};
}

/* Random rows in random pages, a random tree: every row for which the tree is true is in the ranges (S1), which ascend (S2). */
static struct filter *random_filter(struct table *t, struct rng *rng, int depth)
{
    if (depth && rng_below(rng, 3)) {
        struct filter *children[4];
        size_t n = 1 + rng_below(rng, 4);
        for (size_t i = 0; i < n; i++)
            children[i] = random_filter(t, rng, depth - 1); /* NOLINT(misc-no-recursion) */
        return filter_join(&t->arena, rng_below(rng, 2) ? FILTER_AND : FILTER_OR, children, n);
    }
    static const enum filter_op ops[] = {FILTER_EQ, FILTER_NE, FILTER_LT, FILTER_LE, FILTER_GT, FILTER_GE};
    size_t column = rng_below(rng, 2) ? 0 : 3;
    if (column == 3 && rng_below(rng, 4) == 0)
        return filter_null(&t->arena, rng_below(rng, 2) ? FILTER_IS_NULL : FILTER_IS_NOT_NULL, 3);
    return filter_compare(&t->arena, ops[rng_below(rng, 6)], column, number((int64_t)rng_below(rng, 12)));
}

struct row {
    int64_t value[COLUMNS];
    bool null[COLUMNS];
};

static bool is_true(const struct filter *f, const struct row *r)
{
    if (f->op == FILTER_AND || f->op == FILTER_OR) {
        size_t n = 0;
        for (size_t i = 0; i < f->n_children; i++)
            n += is_true(f->children[i], r); /* NOLINT(misc-no-recursion) */
        return f->op == FILTER_AND ? n == f->n_children : n > 0;
    }
    int64_t v = r->value[f->column], to = f->n_values ? f->values[0].i : 0;
    switch (f->op) {
    case FILTER_IS_NULL:
        return r->null[f->column];
    case FILTER_IS_NOT_NULL:
        return !r->null[f->column];
    case FILTER_EQ:
        return !r->null[f->column] && v == to;
    case FILTER_NE:
        return !r->null[f->column] && v != to;
    case FILTER_LT:
        return !r->null[f->column] && v < to;
    case FILTER_LE:
        return !r->null[f->column] && v <= to;
    case FILTER_GT:
        return !r->null[f->column] && v > to;
    default:
        return !r->null[f->column] && v >= to;
    }
}

/* Cut column c into three pages at random, and say what is in them. */
static void random_pages(struct table *t, struct rng *rng, size_t c, const struct row *rows)
{
    static int64_t bounds[COLUMNS][6];
    int64_t first = (int64_t)rng_below(rng, ROWS), second = (int64_t)rng_below(rng, ROWS);
    t->pages[c][1].first_row = first < second ? first : second;
    t->pages[c][2].first_row = first < second ? second : first;
    for (size_t p = 0; p < 3; p++) {
        int64_t end = p < 2 ? t->pages[c][p + 1].first_row : ROWS, nulls = 0, *min = &bounds[c][2 * p], *max = min + 1;
        *min = INT64_MAX;
        *max = INT64_MIN;
        for (int64_t i = t->pages[c][p].first_row; i < end; i++) {
            nulls += rows[i].null[c];
            if (!rows[i].null[c] && rows[i].value[c] < *min)
                *min = rows[i].value[c];
            if (!rows[i].null[c] && rows[i].value[c] > *max)
                *max = rows[i].value[c];
        }
        t->null_pages[c][p] = nulls == end - t->pages[c][p].first_row;
        t->min[c][p] = slice(min, t->null_pages[c][p] ? 0 : 8);
        t->max[c][p] = slice(max, t->null_pages[c][p] ? 0 : 8);
        if (c == 3)
            t->null_counts[p] = nulls;
    }
}

static void random_filters_lose_no_row(void **state)
{
    (void)state;
    struct rng rng = rng_seed("select");
    struct table *t = table_new();
    t->select.bounds = all_rows;
    size_t left_out = 0;
    for (size_t round = 0; round < 20000; round++) {
        struct row rows[ROWS] = {0};
        for (size_t i = 0; i < ROWS; i++) {
            rows[i].value[0] = (int64_t)(i / 3 + rng_below(&rng, 3));
            rows[i].value[3] = (int64_t)rng_below(&rng, 12);
            rows[i].null[3] = i / 8 == 1 || rng_below(&rng, 5) == 0;
        }
        random_pages(t, &rng, 0, rows);
        random_pages(t, &rng, 3, rows);
        nl_arena_free(&t->arena);
        struct filter *f = random_filter(t, &rng, 3);
        nl_parquet_range *v;
        size_t n, at = 0;
        nl_error err = {0};
        check_why("round %zu", round);
        CHECK(f != NULL);
        CHECK_OK(pq_select_rows(&t->select, f, &v, &n, &err), err);
        for (size_t i = 0; i < n; i++) {
            CHECK(v[i].count > 0 && v[i].first >= 0 && v[i].first + v[i].count <= ROWS);
            CHECK(i == 0 || v[i].first > v[i - 1].first + v[i - 1].count);
        }
        for (int64_t i = 0; i < ROWS; i++) {
            while (at < n && v[at].first + v[at].count <= i)
                at++;
            bool in = at < n && v[at].first <= i;
            left_out += !in;
            CHECK(in || !is_true(f, &rows[i]));
        }
        free(v);
    }
    CHECK(left_out > 100000); /* it does prune */
    table_free(t);
}

/* ── what is surely not there ── */

static void excluded_by_what_is_there(void **state)
{
    (void)state;
    for (int dictionary = 0; dictionary < 2; dictionary++) {
        struct table *t = table_new();
        nl_error err = {0};
        struct pq_bloom bloom;
        int64_t seven = 7;
        double zero = -0.0;
        struct pq_slice values[] = {slice(&seven, 8)}, zeros[] = {slice(&zero, 8)};
        nl_value in[] = {number(7), number(100)}, out[] = {number(1000), number(100)};
        CHECK_OK(pq_bloom_new(&bloom, 1024, &err), err);
        uint64_t hashes[] = {pq_bloom_hash(&seven, 8), pq_bloom_hash(&zero, 8)};
        pq_bloom_put(&bloom, hashes, 2);
        t->columns[0].dictionary = dictionary ? values : NULL;
        t->columns[2].dictionary = dictionary ? zeros : NULL;
        t->columns[0].n_dictionary = t->columns[2].n_dictionary = 1;
        t->columns[0].bloom = t->columns[2].bloom = dictionary ? NULL : &bloom;
        const struct {
            const char *why;
            bool want;
            struct filter *f;
        } cases[] = {
            {"no filter", false, NULL},
            {"it is there", false, CMP(EQ, 0, number(7))},
            {"it is not", true, CMP(EQ, 0, number(8))},
            {"one of a list is", false, filter_in(&t->arena, 0, in, 2)},
            {"none of a list is", true, filter_in(&t->arena, 0, out, 2)},
            {"a range is nothing for it", false, CMP(GE, 0, number(8))},
            {"another kind", false, CMP(EQ, 0, text("8"))},
            {"a column without", false, CMP(EQ, 1, text("8"))},
            {"one of an AND", true, join(t, FILTER_AND, CMP(EQ, 0, number(8)), CMP(EQ, 1, text("x")))},
            {"one of an OR", false, join(t, FILTER_OR, CMP(EQ, 0, number(8)), CMP(EQ, 0, number(7)))},
            {"all of an OR", true, join(t, FILTER_OR, CMP(EQ, 0, number(8)), CMP(EQ, 0, number(9)))},
            {"a zero of the other sign", false, CMP(EQ, 2, real(0.0))},
            {"NaN has many forms", false, CMP(EQ, 2, real(NAN))},
            {"another double", true, CMP(EQ, 2, real(1.5))},
        };
        for (size_t i = 0; i < NL_LEN(cases); i++) {
            check_why("%s: %s", dictionary ? "dictionary" : "bloom filter", cases[i].why);
            CHECK_INT(pq_select_excluded(&t->select, cases[i].f), cases[i].want);
        }
        pq_bloom_free(&bloom);
        table_free(t);
    }
}

static const struct plain_case {
    const char *why;
    enum pq_type type;
    int32_t length;
    struct pq_logical logical;
    nl_value value;
    size_t n, len; /* n 0: not to be said */
    uint8_t bytes[16];
} plain_cases[] = {
    {"INT32", PQ_INT32, 0, {0}, {NL_VALUE_INT, {.i = -2}}, 1, 4, {0xFE, 0xFF, 0xFF, 0xFF}},
    {"INT32, too large", PQ_INT32, 0, {0}, {NL_VALUE_INT, {.i = 1LL << 31}}, 0, 0, {0}},
    {"UINT32",
     PQ_INT32,
     0,
     {.kind = PQ_LOGICAL_INTEGER, .bit_width = 32},
     {NL_VALUE_UINT, {.u = 0xFFFFFFFF}},
     1,
     4,
     {0xFF, 0xFF, 0xFF, 0xFF}},
    {"UINT64",
     PQ_INT64,
     0,
     {.kind = PQ_LOGICAL_INTEGER, .bit_width = 64},
     {NL_VALUE_UINT, {.u = UINT64_MAX}},
     1,
     8,
     {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}},
    {"an integer of 8 bits",
     PQ_INT32,
     0,
     {.kind = PQ_LOGICAL_INTEGER, .bit_width = 8, .is_signed = true},
     {NL_VALUE_INT, {.i = 1}},
     0,
     0,
     {0}},
    {"a date", PQ_INT32, 0, {.kind = PQ_LOGICAL_DATE}, {NL_VALUE_INT, {.i = 1}}, 1, 4, {1}},
    {"a float", PQ_FLOAT, 0, {0}, {NL_VALUE_DOUBLE, {.d = 0.5}}, 1, 4, {0, 0, 0, 0x3F}},
    {"a double that is no float", PQ_FLOAT, 0, {0}, {NL_VALUE_DOUBLE, {.d = 0.1}}, 0, 0, {0}},
    {"zeros", PQ_FLOAT, 0, {0}, {NL_VALUE_DOUBLE, {.d = 0.0}}, 2, 4, {0}},
    {"an integer for a float", PQ_FLOAT, 0, {0}, {NL_VALUE_INT, {.i = 1}}, 0, 0, {0}},
    {"DECIMAL in INT32",
     PQ_INT32,
     0,
     {.kind = PQ_LOGICAL_DECIMAL, .precision = 9, .scale = 2},
     {NL_VALUE_DECIMAL, {.decimal = 258}},
     1,
     4,
     {2, 1}},
    {"DECIMAL in fixed length",
     PQ_FIXED_LEN_BYTE_ARRAY,
     3,
     {.kind = PQ_LOGICAL_DECIMAL, .precision = 6, .scale = 2},
     {NL_VALUE_DECIMAL, {.decimal = -2}},
     1,
     3,
     {0xFF, 0xFF, 0xFE}},
    {"DECIMAL that does not fit",
     PQ_FIXED_LEN_BYTE_ARRAY,
     1,
     {.kind = PQ_LOGICAL_DECIMAL, .precision = 2, .scale = 0},
     {NL_VALUE_DECIMAL, {.decimal = 128}},
     0,
     0,
     {0}},
    {"DECIMAL of any length",
     PQ_BYTE_ARRAY,
     0,
     {.kind = PQ_LOGICAL_DECIMAL, .precision = 6, .scale = 2},
     {NL_VALUE_DECIMAL, {.decimal = 2}},
     0,
     0,
     {0}},
    {"INT96", PQ_INT96, 0, {0}, {NL_VALUE_INT, {.i = 2}}, 0, 0, {0}},
    {"a bool", PQ_BOOLEAN, 0, {0}, {NL_VALUE_BOOL, {.b = true}}, 0, 0, {0}},
    {"a UUID of another length",
     PQ_FIXED_LEN_BYTE_ARRAY,
     16,
     {.kind = PQ_LOGICAL_UUID},
     {NL_VALUE_BYTES, {.bytes = {(const uint8_t *)"abc", 3}}},
     0,
     0,
     {0}},
    {"NULL", PQ_INT32, 0, {0}, {NL_VALUE_NULL, {.i = 0}}, 0, 0, {0}},
};

static void values_as_they_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(plain_cases); i++) {
        const struct plain_case *c = &plain_cases[i];
        struct pq_schema_element e = {.type = c->type,
                                      .has_type = true,
                                      .type_length = c->length,
                                      .logical = c->logical,
                                      .converted = PQ_CONVERTED_NONE};
        struct pq_leaf leaf = {.element = &e};
        struct pq_plain_value plain;
        pq_leaf_type_of(&e, &leaf.type);
        check_why("%s", c->why);
        CHECK_INT(pq_plain_of(&(struct pq_column){.leaf = &leaf}, &c->value, &plain), c->n > 0);
        if (!c->n)
            continue;
        CHECK_INT(plain.n, c->n);
        CHECK_INT(plain.len, c->len);
        CHECK_MEM(plain.bytes[0], c->bytes, c->len);
    }
}

static void no_memory(void **state)
{
    (void)state;
    struct table *t = table_new();
    struct filter *f = join(t, FILTER_OR, CMP(EQ, 0, number(1)), CMP(EQ, 1, text("y")));
    FAULT_LOOP(fault, FAULT_ALLOC, ENOMEM)
    {
        nl_parquet_range *v;
        size_t n;
        nl_error err = {0};
        int rc = pq_select_rows(&t->select, f, &v, &n, &err);
        CHECK_INT(rc, fault_off(&fault) ? NL_NO_MEMORY : NL_OK);
        CHECK(rc == NL_OK || (!v && !n));
        free(v);
    }
    table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_by_pages),
        cmocka_unit_test(indexes_that_contradict),
        cmocka_unit_test(random_filters_lose_no_row),
        cmocka_unit_test(excluded_by_what_is_there),
        cmocka_unit_test(values_as_they_are_written),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("parquet/index/select", tests, NULL, NULL);
}
