/* interval.c: the interval test: what is known of a unit's columns against a filter.
 *
 *     values of the unit     min ├───────────────┤ max     nulls: none, some, all     NaN: never inside min … max
 *     column < v             v ≤ min: NONE        max < v, no nulls, no NaN: ALL       else SOME
 *
 * NaN is greater than every other value but stands outside the bounds: where a unit may hold one, "above max" is open,
 * unless a neighbour in the same AND keeps NaN out: x >= 5 AND x <= 7 is as good as if there were none.
 */
#include <math.h>

#include "filter/filter.h"

/* What a leaf needs to know, worked out once. */
struct facts {
    const struct filter_bounds *b;
    bool no_nulls, all_null;
};

/* The value against one bound. False where the bound says nothing. */
static bool against(bool has, const nl_value *v, const nl_value *bound, int *order)
{
    bool comparable = false;
    if (has)
        *order = nl_value_compare(v, bound, &comparable);
    return comparable;
}

static enum filter_truth all_if(bool all)
{
    return all ? FILTER_ALL : FILTER_SOME;
}

/* One comparison. to_min and to_max are the order of the value against the bounds. */
static enum filter_truth test_compare(const struct facts *f, enum filter_op op, const nl_value *v)
{
    const struct filter_bounds *b = f->b;
    if (v->kind == NL_VALUE_NULL || f->all_null)
        return FILTER_NONE; /* never TRUE */
    if (b->may_have_nan && v->kind == NL_VALUE_DOUBLE && isnan(v->d))
        return FILTER_SOME;

    int to_min = 0, to_max = 0;
    bool has_min = against(b->has_min, v, &b->min, &to_min), has_max = against(b->has_max, v, &b->max, &to_max);
    bool below = has_min && to_min < 0, above = has_max && to_max > 0; /* v outside the interval */
    bool at_min = has_min && to_min == 0, at_max = has_max && to_max == 0;
    bool only_v = at_min && at_max && !b->may_have_nan;
    bool capped = f->no_nulls && !b->may_have_nan; /* every row lies within the bounds */

    switch (op) {
    case FILTER_EQ:
        return below || above ? FILTER_NONE : all_if(only_v && f->no_nulls);
    case FILTER_NE:
        return only_v ? FILTER_NONE : all_if((below || above) && f->no_nulls);
    case FILTER_LT:
        return below || at_min ? FILTER_NONE : all_if(above && capped);
    case FILTER_LE:
        return below ? FILTER_NONE : all_if((above || at_max) && capped);
    case FILTER_GT:
        return (above || at_max) && !b->may_have_nan ? FILTER_NONE : all_if(below && f->no_nulls);
    case FILTER_GE:
        return above && !b->may_have_nan ? FILTER_NONE : all_if((below || at_min) && f->no_nulls);
    default:
        return FILTER_SOME;
    }
}

/* FILTER_IN: an OR of equalities. */
static enum filter_truth test_in(const struct facts *f, const struct filter *leaf)
{
    enum filter_truth result = FILTER_NONE;
    for (size_t i = 0; i < leaf->n_values && result != FILTER_ALL; i++) {
        enum filter_truth one = test_compare(f, FILTER_EQ, &leaf->values[i]);
        if (one > result)
            result = one;
    }
    return result;
}

/* Does this filter let no NaN of the column through? */
static bool excludes_nan(const struct filter *f, size_t column)
{
    bool below = f->op == FILTER_LT || f->op == FILTER_LE;
    return below && f->column == column && f->n_values == 1 && f->values[0].kind == NL_VALUE_DOUBLE &&
           !isnan(f->values[0].d);
}

/* parent: the AND that the leaf stands in, or NULL. */
static enum filter_truth test_leaf(const struct filter *leaf, const struct filter *parent, filter_bounds_of bounds,
                                   const void *unit)
{
    struct filter_bounds b = {0};
    bounds(unit, leaf->column, &b);
    bool above = leaf->op == FILTER_GT || leaf->op == FILTER_GE;
    for (size_t i = 0; parent && above && b.may_have_nan && i < parent->n_children; i++)
        b.may_have_nan = !excludes_nan(parent->children[i], leaf->column);
    struct facts f = {&b, b.has_null_count && b.null_count == 0,
                      b.has_null_count && b.rows > 0 && b.null_count >= b.rows};
    switch (leaf->op) {
    case FILTER_IS_NULL:
        return f.no_nulls ? FILTER_NONE : all_if(f.all_null);
    case FILTER_IS_NOT_NULL:
        return f.all_null ? FILTER_NONE : all_if(f.no_nulls);
    case FILTER_IN:
        return test_in(&f, leaf);
    default:
        return leaf->n_values == 1 ? test_compare(&f, leaf->op, &leaf->values[0]) : FILTER_SOME;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): F3 bounds it */
static enum filter_truth test_tree(const struct filter *f, const struct filter *parent, filter_bounds_of bounds,
                                   const void *unit)
{
    bool is_and = f->op == FILTER_AND;
    if (!is_and && f->op != FILTER_OR)
        return test_leaf(f, parent, bounds, unit);

    /* AND starts at ALL and sinks to the least; OR starts at NONE and rises to the greatest. */
    enum filter_truth result = is_and ? FILTER_ALL : FILTER_NONE, end = is_and ? FILTER_NONE : FILTER_ALL;
    for (size_t i = 0; i < f->n_children && result != end; i++) {
        enum filter_truth child = test_tree(f->children[i], is_and ? f : NULL, bounds, unit); /* F3 */
        if (is_and ? child < result : child > result)
            result = child;
    }
    return result;
}

enum filter_truth filter_test(const struct filter *f, filter_bounds_of bounds, const void *unit)
{
    return f ? test_tree(f, NULL, bounds, unit) : FILTER_ALL;
}
