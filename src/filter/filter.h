/* filter.h: the filter tree, and the interval test that prunes files, row groups and pages.
 *
 * A filter is about the columns of one scan, named by their index in the scan's schema. It is always implied by the query:
 * whoever evaluates it may keep too many rows, never drop one that belongs (SQL's three truth values: only TRUE survives).
 *
 * F1  filter_test() answers FILTER_NONE only where no row of the unit can make the filter true.
 * F2  Comparison follows the column's type: signed or unsigned integers, IEEE doubles (NaN is greater than all, as DuckDB sorts it), bytes by
 *     memcmp. A value whose kind does not fit the column makes the test answer FILTER_SOME.
 * F3  A tree is at most FILTER_MAX_DEPTH deep: the builders see to it, so that walking one may recurse.
 */
#ifndef NL_FILTER_FILTER_H
#define NL_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* A value of a column, in the unit in which the column's Arrow type stores it (days, microseconds, unscaled decimal…). */
enum nl_value_kind {
    NL_VALUE_NULL,
    NL_VALUE_BOOL,
    NL_VALUE_INT,
    NL_VALUE_UINT,
    NL_VALUE_DOUBLE,
    NL_VALUE_DECIMAL,
    NL_VALUE_BYTES
};

typedef struct nl_value {
    enum nl_value_kind kind;
    union {
        bool b;
        int64_t i;
        uint64_t u;
        double d;
        __int128 decimal; /* unscaled, in the column's scale */
        struct {
            const uint8_t *data;
            size_t len;
        } bytes; /* borrowed: from the filter's arena, a footer, a path */
    };
} nl_value;

enum filter_op {
    FILTER_AND, /* children; none means true */
    FILTER_OR,  /* children; none means false */
    FILTER_EQ,  /* column op value */
    FILTER_NE,
    FILTER_LT,
    FILTER_LE,
    FILTER_GT,
    FILTER_GE,
    FILTER_IN, /* column, values */
    FILTER_IS_NULL,
    FILTER_IS_NOT_NULL,
};

#define FILTER_MAX_DEPTH 64

struct filter {
    enum filter_op op;
    unsigned depth;   /* 1: a leaf */
    size_t column;    /* all but AND and OR */
    nl_value *values; /* one for a comparison, n for IN */
    size_t n_values;
    struct filter **children; /* AND, OR */
    size_t n_children;
};

/* What is known of one column in a unit of rows (a file, a row group, a page). */
struct filter_bounds {
    bool has_min, has_max; /* min ≤ every non-null value ≤ max; both may be loose (truncated) */
    bool has_null_count;
    nl_value min, max;
    int64_t null_count, rows;
    bool may_have_nan; /* floats: min and max say nothing of NaN */
};

enum filter_truth {
    FILTER_NONE, /* no row can satisfy it */
    FILTER_SOME, /* some may */
    FILTER_ALL,  /* every row does */
};

/* Bounds of a column of the unit under test, into *out (zeroed before: nothing known). */
typedef void (*filter_bounds_of)(const void *unit, size_t column, struct filter_bounds *out);

/* NULL filter: FILTER_ALL. */
enum filter_truth filter_test(const struct filter *f, filter_bounds_of bounds, const void *unit);

/* Compare two values of one kind: negative, 0, positive. *comparable is false for different kinds or nulls. */
int nl_value_compare(const nl_value *a, const nl_value *b, bool *comparable);

/* Builders, in an arena; NULL on no memory, for a NULL child, and for a tree that would break F3. Bytes are copied. */
struct filter *filter_compare(nl_arena *a, enum filter_op op, size_t column, nl_value value);
struct filter *filter_in(nl_arena *a, size_t column, const nl_value *values, size_t n);
struct filter *filter_null(nl_arena *a, enum filter_op op, size_t column);
struct filter *filter_join(nl_arena *a, enum filter_op op, struct filter *const *children, size_t n);
/* The whole tree with its bytes; NULL on no memory (and for NULL). */
struct filter *filter_copy(nl_arena *a, const struct filter *f);

#endif
