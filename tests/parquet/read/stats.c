/* tests/parquet/read/stats.c: which statistics become bounds, rule by rule. */
#include "parquet/read/stats.h"

#include <math.h>

#include "base/str.h"
#include "support/check.h"

#define BYTES(s)                                                                                                       \
    {                                                                                                                  \
        (const uint8_t *)(s), sizeof(s) - 1                                                                            \
    }
#define NONE_SET                                                                                                       \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }

static const struct stats_case {
    const char *why;
    enum pq_type type;
    int32_t length;
    struct pq_logical logical;
    enum pq_column_order order;
    struct pq_slice min_value, max_value, min, max;
    enum nl_value_kind kind; /* of the bounds; NL_VALUE_NULL: none is given */
    double low, high;        /* their values, where they are numbers */
} cases[] = {
    {"signed integers",
     PQ_INT32,
     0,
     {0},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\xFF\xFF\xFF\xFF"),
     BYTES("\x02\0\0\0"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_INT,
     -1,
     2},
    {"unsigned integers",
     PQ_INT32,
     0,
     {.kind = PQ_LOGICAL_INTEGER, .bit_width = 32},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\x02\0\0\0"),
     BYTES("\xFF\xFF\xFF\xFF"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_UINT,
     2,
     4294967295.0},
    {"unsigned integers have no deprecated bounds",
     PQ_INT32,
     0,
     {.kind = PQ_LOGICAL_INTEGER, .bit_width = 32},
     PQ_ORDER_TYPE_DEFINED,
     NONE_SET,
     NONE_SET,
     BYTES("\x01\0\0\0"),
     BYTES("\x02\0\0\0"),
     NL_VALUE_NULL,
     0,
     0},
    {"signed integers have",
     PQ_INT64,
     0,
     {0},
     PQ_ORDER_UNDEFINED,
     NONE_SET,
     NONE_SET,
     BYTES("\x01\0\0\0\0\0\0\0"),
     BYTES("\x02\0\0\0\0\0\0\0"),
     NL_VALUE_INT,
     1,
     2},
    {"without a stated order the new ones mean nothing",
     PQ_INT64,
     0,
     {0},
     PQ_ORDER_UNDEFINED,
     BYTES("\x01\0\0\0\0\0\0\0"),
     BYTES("\x02\0\0\0\0\0\0\0"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"a length that does not fit",
     PQ_INT64,
     0,
     {0},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\x01\0\0\0"),
     BYTES("\x02\0\0\0"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"min above max",
     PQ_INT32,
     0,
     {0},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\x02\0\0\0"),
     BYTES("\x01\0\0\0"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"a bound beyond the narrow type",
     PQ_INT32,
     0,
     {.kind = PQ_LOGICAL_INTEGER, .bit_width = 8, .is_signed = true},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\x01\0\0\0"),
     BYTES("\x80\0\0\0"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_INT,
     1,
     0},
    {"strings",
     PQ_BYTE_ARRAY,
     0,
     {.kind = PQ_LOGICAL_STRING},
     PQ_ORDER_TYPE_DEFINED,
     BYTES(""),
     BYTES("zz"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_BYTES,
     0,
     0},
    {"strings have no deprecated bounds",
     PQ_BYTE_ARRAY,
     0,
     {.kind = PQ_LOGICAL_STRING},
     PQ_ORDER_TYPE_DEFINED,
     NONE_SET,
     NONE_SET,
     BYTES("a"),
     BYTES("b"),
     NL_VALUE_NULL,
     0,
     0},
    {"an unknown logical type has no order",
     PQ_BYTE_ARRAY,
     0,
     {.kind = 99},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("a"),
     BYTES("b"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"geometry has none",
     PQ_BYTE_ARRAY,
     0,
     {.kind = PQ_LOGICAL_GEOMETRY},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("a"),
     BYTES("b"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"half floats are not compared as bytes",
     PQ_FIXED_LEN_BYTE_ARRAY,
     2,
     {.kind = PQ_LOGICAL_FLOAT16},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\0\0"),
     BYTES("\0\x3C"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"floats",
     PQ_FLOAT,
     0,
     {0},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\0\0\x80\xBF"),
     BYTES("\0\0\x80\x3F"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_DOUBLE,
     -1,
     1},
    {"floats in total order",
     PQ_FLOAT,
     0,
     {0},
     PQ_ORDER_IEEE754_TOTAL,
     BYTES("\0\0\x80\xBF"),
     BYTES("\0\0\x80\x3F"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_DOUBLE,
     -1,
     1},
    {"total order is for floats",
     PQ_INT32,
     0,
     {0},
     PQ_ORDER_IEEE754_TOTAL,
     BYTES("\0\0\0\0"),
     BYTES("\0\0\0\0"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"a NaN spoils both",
     PQ_FLOAT,
     0,
     {0},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\0\0\xC0\x7F"),
     BYTES("\0\0\x80\x3F"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"zeros are widened",
     PQ_FLOAT,
     0,
     {0},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\0\0\0\0"),
     BYTES("\0\0\0\x80"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_DOUBLE,
     -0.0,
     0.0},
    {"INT96",
     PQ_INT96,
     0,
     {0},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"),
     BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"booleans",
     PQ_BOOLEAN,
     0,
     {0},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\0"),
     BYTES("\1"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_BOOL,
     0,
     1},
    {"a boolean of 2",
     PQ_BOOLEAN,
     0,
     {0},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\2"),
     BYTES("\2"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_NULL,
     0,
     0},
    {"decimals of bytes are signed",
     PQ_FIXED_LEN_BYTE_ARRAY,
     2,
     {.kind = PQ_LOGICAL_DECIMAL, .precision = 4},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\xFF\xFE"),
     BYTES("\x01\0"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_DECIMAL,
     -2,
     256},
    {"decimals of integers",
     PQ_INT32,
     0,
     {.kind = PQ_LOGICAL_DECIMAL, .precision = 4},
     PQ_ORDER_TYPE_DEFINED,
     BYTES("\xFE\xFF\xFF\xFF"),
     BYTES("\x01\0\0\0"),
     NONE_SET,
     NONE_SET,
     NL_VALUE_DECIMAL,
     -2,
     1},
};

static double number(const nl_value *v)
{
    switch (v->kind) {
    case NL_VALUE_INT:
        return (double)v->i;
    case NL_VALUE_UINT:
        return (double)v->u;
    case NL_VALUE_DOUBLE:
        return v->d;
    case NL_VALUE_DECIMAL:
        return (double)v->decimal;
    case NL_VALUE_BOOL:
        return v->b;
    default:
        return 0;
    }
}

/* A file of one column and one row group: of its only chunk by the statistics, or of its only page by an index. */
static void run_either(const struct stats_case *c, bool nullable, const struct pq_statistics *statistics,
                       const struct pq_column_index *index, struct filter_bounds *out)
{
    struct pq_schema_element elements[] = {
        {.name = {(const uint8_t *)"", 0}, .n_children = 1, .converted = PQ_CONVERTED_NONE},
        {.name = {(const uint8_t *)"c", 1},
         .has_type = true,
         .type = c->type,
         .type_length = c->length,
         .repetition = nullable ? PQ_OPTIONAL : PQ_REQUIRED,
         .converted = PQ_CONVERTED_NONE,
         .logical = c->logical},
    };
    enum pq_column_order order = c->order;
    struct pq_row_group group = {.n_columns = 1, .num_rows = 10};
    struct nl_parquet_file f = {.meta = {.schema = elements,
                                         .n_schema = 2,
                                         .row_groups = &group,
                                         .n_row_groups = 1,
                                         .column_orders = &order,
                                         .n_column_orders = 1}};
    struct pq_column_chunk chunk;
    nl_error err = {0};
    pq_column_chunk_init(&chunk);
    chunk.has_meta = chunk.meta.has_statistics = true;
    CHECK_OK(pq_schema_build(&f.meta, &f.arena, &f.schema, &err), err);
    if (index) {
        pq_page_stats(&f, 0, index, 0, 10, out);
    } else {
        chunk.meta.statistics = *statistics;
        pq_chunk_stats(&f, 0, 0, &chunk, out);
    }
    nl_arena_free(&f.arena);
}

static void run_case(const struct stats_case *c, bool nullable, const struct pq_statistics *statistics,
                     struct filter_bounds *out)
{
    run_either(c, nullable, statistics, NULL, out);
}

/* The case's bounds as those of a page. */
static void run_page(const struct stats_case *c, bool nullable, bool null_page, int64_t *nulls, int64_t *nans,
                     struct filter_bounds *out)
{
    struct pq_slice min = c->min_value, max = c->max_value;
    struct pq_column_index index = {
        .n = 1, .null_pages = &null_page, .min = &min, .max = &max, .null_counts = nulls, .nan_counts = nans};
    run_either(c, nullable, NULL, &index, out);
}

static void the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct stats_case *c = &cases[i];
        struct pq_statistics s = {.min_value = c->min_value, .max_value = c->max_value, .min = c->min, .max = c->max};
        struct filter_bounds b;
        run_case(c, true, &s, &b);
        check_why("%s", c->why);
        CHECK_INT(b.rows, 10);
        CHECK(!b.has_null_count);
        CHECK_INT(b.has_min, c->kind != NL_VALUE_NULL);
        CHECK_INT(b.may_have_nan, c->type == PQ_FLOAT);
        if (b.has_min) {
            CHECK_INT(b.min.kind, c->kind);
            CHECK(number(&b.min) == c->low && signbit(number(&b.min)) == signbit(c->low));
        }
        if (b.has_max) {
            CHECK_INT(b.max.kind, c->kind);
            CHECK(number(&b.max) == c->high && signbit(number(&b.max)) == signbit(c->high));
        }
        if (c->kind == NL_VALUE_BYTES)
            CHECK(b.min.bytes.len == 0 && b.max.bytes.len == 2);
    }
}

static void counts_of_nulls(void **state)
{
    (void)state;
    struct filter_bounds b;
    struct pq_statistics s = {.has_null_count = true, .null_count = 10};
    run_case(&cases[0], true, &s, &b);
    check_why("all rows are null");
    CHECK(b.has_null_count && b.null_count == 10);
    s.null_count = 11;
    run_case(&cases[0], true, &s, &b);
    check_why("more nulls than rows");
    CHECK(!b.has_null_count);
    s.null_count = -1;
    run_case(&cases[0], true, &s, &b);
    check_why("less than none");
    CHECK(!b.has_null_count);
    run_case(&cases[0], false, &s, &b);
    check_why("a required column has none, whatever is written");
    CHECK(b.has_null_count && b.null_count == 0);
}

/* Where the new pair of bounds is what counts, a page's are the same. */
static void bounds_of_pages(void **state)
{
    (void)state;
    size_t compared = 0;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct stats_case *c = &cases[i];
        struct pq_statistics s = {.min_value = c->min_value, .max_value = c->max_value};
        struct filter_bounds chunk, page;
        if (!c->min_value.data || !c->max_value.data)
            continue;
        run_case(c, true, &s, &chunk);
        run_page(c, true, false, NULL, NULL, &page);
        check_why("%s", c->why);
        CHECK(page.rows == 10 && !page.has_null_count);
        CHECK(page.has_min == chunk.has_min && page.has_max == chunk.has_max);
        CHECK(page.may_have_nan == chunk.may_have_nan);
        CHECK(!page.has_min || (page.min.kind == chunk.min.kind && number(&page.min) == number(&chunk.min)));
        CHECK(!page.has_max || (page.max.kind == chunk.max.kind && number(&page.max) == number(&chunk.max)));
        compared++;
    }
    CHECK(compared > 10);
}

static void nulls_and_nans_of_pages(void **state)
{
    (void)state;
    struct filter_bounds b;
    int64_t none = 0, some = 3, all = 10;
    const struct stats_case *c = &cases[0];
    run_page(c, true, true, &all, NULL, &b);
    check_why("a page of nulls has no bounds");
    CHECK(b.has_null_count && b.null_count == 10 && !b.has_min && !b.has_max);
    run_page(c, true, false, &some, NULL, &b);
    check_why("some nulls");
    CHECK(b.has_null_count && b.null_count == 3 && b.has_min);
    run_page(c, true, false, &all, NULL, &b);
    check_why("as many nulls as rows, and not a page of nulls");
    CHECK(!b.has_null_count);
    run_page(c, false, false, NULL, NULL, &b);
    check_why("a required column");
    CHECK(b.has_null_count && b.null_count == 0);
    while (c->type != PQ_FLOAT)
        c++;
    run_page(c, false, false, NULL, &none, &b);
    check_why("no NaN");
    CHECK(!b.may_have_nan);
    run_page(c, false, false, NULL, &some, &b);
    check_why("some NaN");
    CHECK(b.may_have_nan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(counts_of_nulls),
        cmocka_unit_test(bounds_of_pages),
        cmocka_unit_test(nulls_and_nans_of_pages),
    };
    return cmocka_run_group_tests_name("parquet/read/stats", tests, NULL, NULL);
}
