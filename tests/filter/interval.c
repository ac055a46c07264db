/* tests/filter/interval.c: the interval test, by tables, and random filters against a look at every row. */
#include <math.h>

#include "base/str.h"
#include "filter/filter.h"
#include "support/check.h"
#include "support/rng.h"

#define INT(v)                                                                                                         \
    {                                                                                                                  \
        .kind = NL_VALUE_INT, .i = (v)                                                                                 \
    }
#define DOUBLE(v)                                                                                                      \
    {                                                                                                                  \
        .kind = NL_VALUE_DOUBLE, .d = (v)                                                                              \
    }

static void bounds_of(const void *unit, size_t column, struct filter_bounds *out)
{
    *out = ((const struct filter_bounds *)unit)[column];
}

/* One column: min 10, max 20, the nulls, and what each comparison must answer. */
static const struct leaf_case {
    const char *why;
    bool no_bounds;
    int64_t min, max, null_count, rows; /* null_count -1: not known */
    enum filter_op op;
    int64_t value;
    enum filter_truth want;
} leaf_cases[] = {
    {"= inside", 0, 10, 20, 0, 5, FILTER_EQ, 15, FILTER_SOME},
    {"= at min", 0, 10, 20, 0, 5, FILTER_EQ, 10, FILTER_SOME},
    {"= below", 0, 10, 20, 0, 5, FILTER_EQ, 9, FILTER_NONE},
    {"= above", 0, 10, 20, 0, 5, FILTER_EQ, 21, FILTER_NONE},
    {"= only value", 0, 7, 7, 0, 5, FILTER_EQ, 7, FILTER_ALL},
    {"= only value beside nulls", 0, 7, 7, 1, 5, FILTER_EQ, 7, FILTER_SOME},
    {"= only value, nulls not known", 0, 7, 7, -1, 5, FILTER_EQ, 7, FILTER_SOME},
    {"= of nulls only", 1, 0, 0, 5, 5, FILTER_EQ, 7, FILTER_NONE},
    {"= of nothing known", 1, 0, 0, -1, 5, FILTER_EQ, 7, FILTER_SOME},
    {"<> only value", 0, 7, 7, 0, 5, FILTER_NE, 7, FILTER_NONE},
    {"<> only value beside nulls", 0, 7, 7, 2, 5, FILTER_NE, 7, FILTER_NONE},
    {"<> inside", 0, 10, 20, 0, 5, FILTER_NE, 15, FILTER_SOME},
    {"<> outside", 0, 10, 20, 0, 5, FILTER_NE, 9, FILTER_ALL},
    {"<> outside beside nulls", 0, 10, 20, 1, 5, FILTER_NE, 9, FILTER_SOME},
    {"< min", 0, 10, 20, 0, 5, FILTER_LT, 10, FILTER_NONE},
    {"< above min", 0, 10, 20, 0, 5, FILTER_LT, 11, FILTER_SOME},
    {"< max", 0, 10, 20, 0, 5, FILTER_LT, 20, FILTER_SOME},
    {"< above max", 0, 10, 20, 0, 5, FILTER_LT, 21, FILTER_ALL},
    {"<= below min", 0, 10, 20, 0, 5, FILTER_LE, 9, FILTER_NONE},
    {"<= min", 0, 10, 20, 0, 5, FILTER_LE, 10, FILTER_SOME},
    {"<= max", 0, 10, 20, 0, 5, FILTER_LE, 20, FILTER_ALL},
    {"> max", 0, 10, 20, 0, 5, FILTER_GT, 20, FILTER_NONE},
    {"> below max", 0, 10, 20, 0, 5, FILTER_GT, 19, FILTER_SOME},
    {"> below min", 0, 10, 20, 0, 5, FILTER_GT, 9, FILTER_ALL},
    {">= above max", 0, 10, 20, 0, 5, FILTER_GE, 21, FILTER_NONE},
    {">= max", 0, 10, 20, 0, 5, FILTER_GE, 20, FILTER_SOME},
    {">= min", 0, 10, 20, 0, 5, FILTER_GE, 10, FILTER_ALL},
    {"is null without nulls", 0, 10, 20, 0, 5, FILTER_IS_NULL, 0, FILTER_NONE},
    {"is null with some", 0, 10, 20, 2, 5, FILTER_IS_NULL, 0, FILTER_SOME},
    {"is null of nulls only", 1, 0, 0, 5, 5, FILTER_IS_NULL, 0, FILTER_ALL},
    {"is null, nulls not known", 0, 10, 20, -1, 5, FILTER_IS_NULL, 0, FILTER_SOME},
    {"is not null of nulls only", 1, 0, 0, 5, 5, FILTER_IS_NOT_NULL, 0, FILTER_NONE},
    {"is not null without nulls", 0, 10, 20, 0, 5, FILTER_IS_NOT_NULL, 0, FILTER_ALL},
    {"the widest integers", 0, INT64_MIN, INT64_MAX, 0, 5, FILTER_LT, INT64_MIN, FILTER_NONE},
};

static struct filter_bounds int_bounds(const struct leaf_case *c)
{
    struct filter_bounds b = {.has_min = !c->no_bounds,
                              .has_max = !c->no_bounds,
                              .has_null_count = c->null_count >= 0,
                              .min = INT(c->min),
                              .max = INT(c->max),
                              .null_count = c->null_count,
                              .rows = c->rows};
    return b;
}

static void leaves_answer_as_the_table_says(void **state)
{
    (void)state;
    nl_arena a = {0};
    for (size_t i = 0; i < NL_LEN(leaf_cases); i++) {
        const struct leaf_case *c = &leaf_cases[i];
        check_why("%s", c->why);
        struct filter_bounds b = int_bounds(c);
        bool is_null_test = c->op == FILTER_IS_NULL || c->op == FILTER_IS_NOT_NULL;
        struct filter *f =
            is_null_test ? filter_null(&a, c->op, 0) : filter_compare(&a, c->op, 0, (nl_value)INT(c->value));
        CHECK_INT(filter_test(f, bounds_of, &b), c->want);
    }
    nl_arena_free(&a);
}

/* Doubles from 1 to 2, with a NaN perhaps. */
static const struct nan_case {
    const char *why;
    bool may_have_nan;
    enum filter_op op;
    double value;
    enum filter_truth want;
} nan_cases[] = {
    {"> above max, no NaN", false, FILTER_GT, 3, FILTER_NONE},
    {"> above max: NaN is greater", true, FILTER_GT, 3, FILTER_SOME},
    {">= above max: NaN is greater", true, FILTER_GE, 3, FILTER_SOME},
    {"< above max: a NaN is not", true, FILTER_LT, 3, FILTER_SOME},
    {"< below min: NaN neither", true, FILTER_LT, 0, FILTER_NONE},
    {"= above max: NaN neither", true, FILTER_EQ, 3, FILTER_NONE},
    {"= NaN, there may be one", true, FILTER_EQ, NAN, FILTER_SOME},
    {"= NaN, there is none", false, FILTER_EQ, NAN, FILTER_NONE},
    {"< NaN, all are", false, FILTER_LT, NAN, FILTER_ALL},
    {"< NaN, but one may be", true, FILTER_LT, NAN, FILTER_SOME},
};

static void nan_stands_outside_the_bounds(void **state)
{
    (void)state;
    nl_arena a = {0};
    for (size_t i = 0; i < NL_LEN(nan_cases); i++) {
        const struct nan_case *c = &nan_cases[i];
        check_why("%s", c->why);
        struct filter_bounds b = {.has_min = true,
                                  .has_max = true,
                                  .has_null_count = true,
                                  .min = DOUBLE(1),
                                  .max = DOUBLE(2),
                                  .rows = 5,
                                  .may_have_nan = c->may_have_nan};
        struct filter *f = filter_compare(&a, c->op, 0, (nl_value)DOUBLE(c->value));
        CHECK_INT(filter_test(f, bounds_of, &b), c->want);
    }
    nl_arena_free(&a);
}

static void a_neighbour_keeps_nan_out(void **state)
{
    (void)state;
    nl_arena a = {0};
    struct filter_bounds b[2] = {
        {.has_min = true, .has_max = true, .min = DOUBLE(1), .max = DOUBLE(2), .rows = 5, .may_have_nan = true}};
    b[1] = b[0];
    struct filter *low = filter_compare(&a, FILTER_GE, 0, (nl_value)DOUBLE(3));
    struct filter *high = filter_compare(&a, FILTER_LE, 0, (nl_value)DOUBLE(4));
    struct filter *nan = filter_compare(&a, FILTER_LE, 0, (nl_value)DOUBLE(NAN));
    struct filter *other = filter_compare(&a, FILTER_LE, 1, (nl_value)DOUBLE(4));
    CHECK_INT(filter_test(filter_join(&a, FILTER_AND, (struct filter *[]){low, high}, 2), bounds_of, b), FILTER_NONE);
    CHECK_INT(filter_test(filter_join(&a, FILTER_AND, (struct filter *[]){low, nan}, 2), bounds_of, b), FILTER_SOME);
    CHECK_INT(filter_test(filter_join(&a, FILTER_AND, (struct filter *[]){low, other}, 2), bounds_of, b), FILTER_SOME);
    CHECK_INT(filter_test(filter_join(&a, FILTER_OR, (struct filter *[]){low, high}, 2), bounds_of, b), FILTER_SOME);
    nl_arena_free(&a);
}

static void what_does_not_fit_is_kept(void **state)
{
    (void)state;
    nl_arena a = {0};
    struct filter_bounds b = {
        .has_min = true, .has_max = true, .has_null_count = true, .min = INT(1), .max = INT(2), .rows = 5};
    CHECK_INT(filter_test(filter_compare(&a, FILTER_EQ, 0, (nl_value)DOUBLE(9)), bounds_of, &b), FILTER_SOME);
    CHECK_INT(filter_test(filter_compare(&a, FILTER_EQ, 0, (nl_value){0}), bounds_of, &b), FILTER_NONE);
    CHECK_INT(filter_test(NULL, bounds_of, &b), FILTER_ALL);
    CHECK_INT(filter_test(filter_in(&a, 0, NULL, 0), bounds_of, &b), FILTER_NONE);
    CHECK_INT(filter_test(filter_join(&a, FILTER_AND, NULL, 0), bounds_of, &b), FILTER_ALL);
    CHECK_INT(filter_test(filter_join(&a, FILTER_OR, NULL, 0), bounds_of, &b), FILTER_NONE);
    nl_arena_free(&a);
}

/* ── random units and filters against a look at every row ── */

enum { ROWS = 6, COLUMNS = 2 };

struct unit {
    struct {
        bool null;
        double v;
    } cell[ROWS][COLUMNS];
    struct filter_bounds bounds[COLUMNS];
};

/* Few values, so that they meet; sometimes nulls, NaN, loose bounds, or nothing known. */
static void random_unit(struct rng *r, struct unit *u)
{
    for (int c = 0; c < COLUMNS; c++) {
        struct filter_bounds *b = &u->bounds[c];
        *b = (struct filter_bounds){.rows = ROWS, .has_null_count = rng_below(r, 4) > 0};
        double lo = INFINITY, hi = -INFINITY;
        uint64_t nulls = rng_below(r, 3), spread = 1 + rng_below(r, 4), nan = rng_below(r, 3);
        for (int i = 0; i < ROWS; i++) {
            u->cell[i][c].null = nulls == 1 ? rng_below(r, 2) : nulls == 2 && rng_below(r, 12) > 0;
            double v = u->cell[i][c].v = nan == 0 && rng_below(r, 4) == 0 ? NAN : (double)rng_below(r, spread);
            b->null_count += u->cell[i][c].null;
            b->may_have_nan |= !u->cell[i][c].null && isnan(v);
            if (!u->cell[i][c].null && !isnan(v)) {
                lo = fmin(lo, v);
                hi = fmax(hi, v);
            }
        }
        b->has_min = isfinite(lo) && rng_below(r, 6) > 0;
        b->has_max = isfinite(hi) && rng_below(r, 6) > 0;
        b->min = (nl_value)DOUBLE(lo - (double)rng_below(r, 2));
        b->max = (nl_value)DOUBLE(hi + (double)rng_below(r, 2));
    }
}

static nl_value random_value(struct rng *r)
{
    if (rng_below(r, 12) == 0)
        return (nl_value){0};
    return (nl_value)DOUBLE(rng_below(r, 8) == 0 ? NAN : (double)rng_below(r, 6) - 1);
}

static struct filter *random_filter(struct rng *r, nl_arena *a, int depth)
{
    size_t column = rng_below(r, COLUMNS);
    if (depth > 0 && rng_below(r, 2)) {
        struct filter *children[3];
        size_t n = rng_below(r, 4);
        for (size_t i = 0; i < n; i++)
            children[i] = random_filter(r, a, depth - 1);
        return filter_join(a, rng_below(r, 2) ? FILTER_AND : FILTER_OR, children, n);
    }
    enum filter_op op = FILTER_EQ + rng_below(r, FILTER_IS_NOT_NULL - FILTER_EQ + 1);
    if (op == FILTER_IS_NULL || op == FILTER_IS_NOT_NULL)
        return filter_null(a, op, column);
    nl_value values[3] = {random_value(r), random_value(r), random_value(r)};
    return op == FILTER_IN ? filter_in(a, column, values, rng_below(r, 4)) : filter_compare(a, op, column, values[0]);
}

static bool row_compares(enum filter_op op, double v, const nl_value *with)
{
    bool comparable;
    nl_value mine = DOUBLE(v);
    int order = nl_value_compare(&mine, with, &comparable);
    if (!comparable)
        return false;
    return op == FILTER_EQ   ? order == 0
           : op == FILTER_NE ? order != 0
           : op == FILTER_LT ? order < 0
           : op == FILTER_LE ? order <= 0
           : op == FILTER_GT ? order > 0
                             : order >= 0;
}

/* Is the filter TRUE for this row? (No NOT in the tree: unknown is as good as false.) */
static bool row_passes(const struct filter *f, const struct unit *u, int row)
{
    if (f->op == FILTER_AND || f->op == FILTER_OR) {
        for (size_t i = 0; i < f->n_children; i++)
            if (row_passes(f->children[i], u, row) != (f->op == FILTER_AND))
                return f->op == FILTER_OR;
        return f->op == FILTER_AND;
    }
    bool null = u->cell[row][f->column].null;
    if (f->op == FILTER_IS_NULL || f->op == FILTER_IS_NOT_NULL)
        return null == (f->op == FILTER_IS_NULL);
    for (size_t i = 0; i < f->n_values && !null; i++)
        if (row_compares(f->op == FILTER_IN ? FILTER_EQ : f->op, u->cell[row][f->column].v, &f->values[i]))
            return true;
    return false;
}

static void random_filters_agree_with_the_rows(void **state)
{
    (void)state;
    struct rng r = rng_seed("filter_interval");
    int answers[3] = {0};
    for (int i = 0; i < 200000; i++) {
        nl_arena a = {0};
        struct unit u;
        random_unit(&r, &u);
        struct filter *f = random_filter(&r, &a, 3);
        int passed = 0;
        for (int row = 0; row < ROWS; row++)
            passed += row_passes(f, &u, row);
        enum filter_truth truth = filter_test(f, bounds_of, u.bounds);
        check_why("round %d: %d of %d rows pass", i, passed, ROWS);
        CHECK(truth != FILTER_NONE || passed == 0); /* F1 */
        CHECK(truth != FILTER_ALL || passed == ROWS);
        answers[truth]++;
        nl_arena_free(&a);
    }
    check_why("%d none, %d some, %d all", answers[0], answers[1], answers[2]);
    CHECK(answers[FILTER_NONE] > 10000 && answers[FILTER_ALL] > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_answer_as_the_table_says),    cmocka_unit_test(nan_stands_outside_the_bounds),
        cmocka_unit_test(a_neighbour_keeps_nan_out),          cmocka_unit_test(what_does_not_fit_is_kept),
        cmocka_unit_test(random_filters_agree_with_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
