/* rows.c: see rows.h. A leaf becomes a range (numbers), or a comparison of each value (decimals, bytes). */
#include "filter/rows.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "filter/kernel.h"

enum {
    MOST_VALUES = 256, /* of an IN: each is a loop over the values */
    WORDS = FILTER_ROWS_MOST / 64,
};

bool filter_rows_can(const struct filter *leaf, const struct filter_layout *layout)
{
    if (leaf->op == FILTER_IS_NULL || leaf->op == FILTER_IS_NOT_NULL)
        return true;
    if (leaf->op != FILTER_IN && (leaf->n_values != 1 || leaf->op < FILTER_EQ || leaf->op > FILTER_GE))
        return false;
    for (size_t i = 0; i < leaf->n_values; i++)
        if (leaf->values[i].kind != layout->kind && leaf->values[i].kind != NL_VALUE_NULL)
            return false;
    return leaf->n_values <= MOST_VALUES;
}

/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
bool filter_rows_null(const struct filter *f)
{
    bool is_and = f->op == FILTER_AND;
    if (!is_and && f->op != FILTER_OR)
        return f->op == FILTER_IS_NULL;
    for (size_t i = 0; i < f->n_children; i++)
        if (filter_rows_null(f->children[i]) != is_and)
            return !is_and;
    return is_and;
}

static void fill(uint64_t *bits, size_t n, bool value)
{
    memset(bits, value ? 0xFF : 0, (n + 63) / 64 * sizeof *bits);
    if (value && n % 64)
        bits[n / 64] = ~UINT64_C(0) >> (64 - n % 64);
}

static void flip(uint64_t *bits, size_t n)
{
    for (size_t i = 0; i < n / 64; i++)
        bits[i] = ~bits[i];
    if (n % 64)
        bits[n / 64] ^= ~UINT64_C(0) >> (64 - n % 64);
}

/* ── numbers: what a comparison accepts, as a range ── */

struct range {
    bool none, all; /* else lo and span count (kernel.h, K2) */
    uint64_t lo, span;
};

static struct range between(uint64_t lo, uint64_t hi)
{
    return (struct range){.lo = lo, .span = hi - lo};
}

/* least and most: of the column's type, wide enough for both signs. */
static struct range integer_range(enum filter_op op, __int128 v, __int128 least, __int128 most)
{
    __int128 lo = least, hi = most;
    if (op == FILTER_EQ || op == FILTER_GE)
        lo = v > lo ? v : lo;
    if (op == FILTER_GT)
        lo = v + 1 > lo ? v + 1 : lo;
    if (op == FILTER_EQ || op == FILTER_LE)
        hi = v < hi ? v : hi;
    if (op == FILTER_LT)
        hi = v - 1 < hi ? v - 1 : hi;
    struct range r = between((uint64_t)lo, (uint64_t)hi);
    r.none = lo > hi;
    r.all = lo == least && hi == most;
    return r;
}

static uint64_t key_of(double d, unsigned width)
{
    if (width == 4) {
        float f = (float)d;
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        return filter_key32(bits);
    }
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return filter_key64(bits);
}

/* The column's value that is nearest to d from below (at most d), or from above. d is no NaN. */
static double rounded(double d, unsigned width, bool below)
{
    if (width == 8)
        return d;
    float f = (float)d;
    if (below && (double)f > d)
        f = nextafterf(f, -INFINITY);
    if (!below && (double)f < d)
        f = nextafterf(f, INFINITY);
    return f;
}

/* NaN is greater than all and equals itself; zeros are equal (filter.h, F2). In keys, all NaN are from above +inf, round the
 * end, to below -inf. */
static struct range float_range(enum filter_op op, double d, unsigned width)
{
    uint64_t first_nan = key_of(INFINITY, width) + 1, last_nan = key_of(-INFINITY, width) - 1, least = last_nan + 1;
    bool is_nan = isnan(d);
    if (op == FILTER_EQ && !is_nan && rounded(d, width, true) != rounded(d, width, false))
        return (struct range){.none = true};
    /* The ends of what is accepted: zeros of both signs lie inside of a closed end, outside of an open one. */
    double up = is_nan ? 0 : rounded(d, width, false), down = is_nan ? 0 : rounded(d, width, true);
    uint64_t at_up = key_of(up == 0 ? -0.0 : up, width), at_down = key_of(down == 0 ? 0.0 : down, width);
    uint64_t under = up == d ? at_up - 1 : at_down;
    uint64_t over = down == d ? at_down + 1 : at_up;
    switch (op) {
    case FILTER_EQ:
        return is_nan ? between(first_nan, last_nan) : between(at_up, at_down);
    case FILTER_LT:
        return is_nan ? between(least, first_nan - 1)
                      : (struct range){.none = under + 1 == least, .lo = least, .span = under - least};
    case FILTER_LE:
        return is_nan ? (struct range){.all = true} : between(least, at_down);
    case FILTER_GT:
        return is_nan ? (struct range){.none = true} : between(over, last_nan);
    default:
        return is_nan ? between(first_nan, last_nan) : between(at_up, last_nan);
    }
}

/* The loop over values of this layout. */
static filter_range_loop *loop_of(const struct filter_layout *layout)
{
    const struct filter_kernel *k = filter_kernel();
    if (layout->kind == NL_VALUE_DOUBLE)
        return layout->width == 4 ? k->keys32 : k->keys64;
    switch (layout->width) {
    case 1:
        return k->range8;
    case 2:
        return k->range16;
    case 4:
        return k->range32;
    default:
        return k->range64;
    }
}

static struct range range_of(enum filter_op op, const struct filter_layout *layout, const nl_value *v)
{
    unsigned bits = 8 * layout->width;
    if (layout->kind == NL_VALUE_DOUBLE)
        return float_range(op, v->d, layout->width);
    if (layout->kind == NL_VALUE_UINT)
        return integer_range(op, v->u, 0, ((__int128)1 << bits) - 1);
    return integer_range(op, v->i, -((__int128)1 << (bits - 1)), ((__int128)1 << (bits - 1)) - 1);
}

static void test_number(enum filter_op op, const struct filter_layout *layout, const nl_value *v, const void *values,
                        size_t n, uint64_t *bits)
{
    struct range r = range_of(op == FILTER_NE ? FILTER_EQ : op, layout, v);
    if (r.none || r.all)
        fill(bits, n, r.all);
    else
        loop_of(layout)(values, n, r.lo, r.span, bits);
    if (op == FILTER_NE)
        flip(bits, n);
}

/* ── values of other kinds, one by one ── */

static bool accepts(enum filter_op op, int order)
{
    switch (op) {
    case FILTER_EQ:
        return order == 0;
    case FILTER_NE:
        return order != 0;
    case FILTER_LT:
        return order < 0;
    case FILTER_LE:
        return order <= 0;
    case FILTER_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static void test_decimals(enum filter_op op, const nl_value *v, const void *values, size_t n, uint64_t *bits)
{
    bool less = accepts(op, -1), equal = accepts(op, 0), greater = accepts(op, 1);
    const uint8_t *at = values;
    fill(bits, n, false);
    for (size_t i = 0; i < n; i++, at += sizeof v->decimal) {
        __int128 x;
        memcpy(&x, at, sizeof x);
        bool in = x < v->decimal ? less : x == v->decimal ? equal : greater;
        bits[i / 64] |= (uint64_t)in << (i % 64);
    }
}

/* An Arrow view. */
struct view {
    uint32_t len;
    union {
        uint8_t inside[12];
        struct {
            uint8_t prefix[4];
            uint32_t buffer, offset;
        };
    };
};

static const uint8_t *bytes_of(const struct view *view, const nl_bytes *buffers)
{
    return view->len <= sizeof view->inside ? view->inside : buffers[view->buffer].data + view->offset;
}

/* Length and first bytes of nearly all values differ already: eight bytes tell. */
static void test_equal_bytes(bool want, const nl_value *v, const struct filter_layout *layout, const void *values,
                             size_t n, uint64_t *bits)
{
    struct view like = {0};
    uint64_t head, mine;
    fill(bits, n, false);
    bool possible = v->bytes.len <= UINT32_MAX;
    like.len = (uint32_t)v->bytes.len;
    if (v->bytes.len)
        memcpy(like.inside, v->bytes.data, v->bytes.len < sizeof like.inside ? v->bytes.len : sizeof like.inside);
    memcpy(&head, &like, sizeof head);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *at = (const uint8_t *)values + i * sizeof like;
        memcpy(&mine, at, sizeof mine);
        bool equal = possible && mine == head;
        if (equal) {
            struct view x;
            memcpy(&x, at, sizeof x);
            equal = !x.len || memcmp(bytes_of(&x, layout->buffers), v->bytes.data, x.len) == 0;
        }
        bits[i / 64] |= (uint64_t)(equal == want) << (i % 64);
    }
}

static void test_ordered_bytes(enum filter_op op, const nl_value *v, const struct filter_layout *layout,
                               const void *values, size_t n, uint64_t *bits)
{
    bool less = accepts(op, -1), equal = accepts(op, 0), greater = accepts(op, 1);
    fill(bits, n, false);
    for (size_t i = 0; i < n; i++) {
        struct view x;
        memcpy(&x, (const uint8_t *)values + i * sizeof x, sizeof x);
        size_t both = x.len < v->bytes.len ? x.len : v->bytes.len;
        int order = both ? memcmp(bytes_of(&x, layout->buffers), v->bytes.data, both) : 0;
        if (!order)
            order = (x.len > v->bytes.len) - (x.len < v->bytes.len);
        bool in = order < 0 ? less : order == 0 ? equal : greater;
        bits[i / 64] |= (uint64_t)in << (i % 64);
    }
}

static void test_bools(enum filter_op op, bool v, const void *values, size_t n, uint64_t *bits)
{
    const uint8_t *b = values;
    bool if_false = accepts(op, 0 - v), if_true = accepts(op, 1 - v);
    fill(bits, n, false);
    for (size_t i = 0; i < n; i++)
        bits[i / 64] |= (uint64_t)(b[i] ? if_true : if_false) << (i % 64);
}

/* ── trees ── */

static void test_value(enum filter_op op, const struct filter_layout *layout, const nl_value *v, const void *values,
                       size_t n, uint64_t *bits)
{
    if (v->kind == NL_VALUE_NULL) {
        fill(bits, n, false); /* never TRUE */
        return;
    }
    switch (layout->kind) {
    case NL_VALUE_BOOL:
        test_bools(op, v->b, values, n, bits);
        break;
    case NL_VALUE_DECIMAL:
        test_decimals(op, v, values, n, bits);
        break;
    case NL_VALUE_BYTES:
        if (op == FILTER_EQ || op == FILTER_NE)
            test_equal_bytes(op == FILTER_EQ, v, layout, values, n, bits);
        else
            test_ordered_bytes(op, v, layout, values, n, bits);
        break;
    default:
        test_number(op, layout, v, values, n, bits);
    }
}

static void join(bool is_and, uint64_t *bits, const uint64_t *more, size_t n)
{
    for (size_t i = 0; i < (n + 63) / 64; i++)
        bits[i] = is_and ? bits[i] & more[i] : bits[i] | more[i];
}

static void test_leaf(const struct filter *f, const struct filter_layout *layout, const void *values, size_t n,
                      uint64_t *bits)
{
    uint64_t more[WORDS];
    switch (f->op) {
    case FILTER_IS_NULL:
    case FILTER_IS_NOT_NULL:
        fill(bits, n, f->op == FILTER_IS_NOT_NULL);
        break;
    case FILTER_IN:
        fill(bits, n, false);
        for (size_t i = 0; i < f->n_values; i++) {
            test_value(FILTER_EQ, layout, &f->values[i], values, n, more);
            join(false, bits, more, n);
        }
        break;
    default:
        test_value(f->op, layout, &f->values[0], values, n, bits);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
void filter_rows(const struct filter *f, const struct filter_layout *layout, const void *values, size_t n,
                 uint64_t *bits)
{
    bool is_and = f->op == FILTER_AND;
    if (!is_and && f->op != FILTER_OR) {
        test_leaf(f, layout, values, n, bits);
        return;
    }
    uint64_t more[WORDS];
    fill(bits, n, is_and);
    for (size_t i = 0; i < f->n_children; i++) {
        filter_rows(f->children[i], layout, values, n, more);
        join(is_and, bits, more, n);
    }
}
