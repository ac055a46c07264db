/* tests/filter/rows.c: filters on values side by side: every kernel against the scalar twin, every comparison against the
 * order of values that the interval test has.
 */
#include "filter/rows.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/str.h"
#include "filter/kernel.h"
#include "support/check.h"
#include "support/rng.h"

enum { MOST = 300 };

static bool bit(const uint64_t *bits, size_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

/* ── kernels ── */

static void one_range(const char *what, filter_range_loop *best, filter_range_loop *twin, const void *values, size_t n,
                      uint64_t lo, uint64_t span)
{
    uint64_t got[MOST / 64 + 2], want[MOST / 64 + 2];
    memset(got, 0xAB, sizeof got);
    memset(want, 0xAB, sizeof want);
    best(values, n, lo, span, got);
    twin(values, n, lo, span, want);
    check_why("%s, %zu values, from %llx, span %llx", what, n, (unsigned long long)lo, (unsigned long long)span);
    CHECK_MEM(got, want, sizeof got);
}

static void test_kernels(void **state)
{
    (void)state;
    struct rng rng = rng_seed("kernels of filters");
    const struct filter_kernel *twin = &filter_kernels[filter_n_kernels - 1];
    for (int round = 0; round < 2000; round++) {
        const struct filter_kernel *k = &filter_kernels[rng_below(&rng, filter_n_kernels)];
        if (!k->usable())
            continue;
        size_t n = rng_below(&rng, MOST + 1);
        uint64_t *values = malloc(n * 8 + 1); /* exact: a sanitizer sees what is read beyond */
        uint64_t mask = rng_below(&rng, 2) ? ~UINT64_C(0) : UINT64_C(0x0303030303030303);
        for (size_t i = 0; i < n; i++)
            values[i] = rng_next(&rng) & mask;
        uint64_t lo = rng_next(&rng) & mask, span = rng_next(&rng) & mask;
        one_range(k->name, k->range8, twin->range8, values, n, lo, span);
        one_range(k->name, k->range16, twin->range16, values, n, lo, span);
        one_range(k->name, k->range32, twin->range32, values, n, lo, span);
        one_range(k->name, k->range64, twin->range64, values, n, lo, span);
        one_range(k->name, k->keys32, twin->keys32, values, n, lo, span);
        one_range(k->name, k->keys64, twin->keys64, values, n, lo, span);
        free(values);
    }
}

static void test_lookup(void **state)
{
    (void)state;
    struct rng rng = rng_seed("lookups of codes");
    static const size_t sizes[] = {1, 31, 32, 200, 256, 257, 512, 513, 5000};
    for (int round = 0; round < 2000; round++) {
        const struct filter_kernel *k = &filter_kernels[rng_below(&rng, filter_n_kernels)];
        size_t n = rng_below(&rng, MOST + 1), size = sizes[rng_below(&rng, NL_LEN(sizes))];
        if (!k->usable())
            continue;
        uint32_t *codes = malloc(n * sizeof *codes + 1), *table = malloc((size + 31) / 32 * sizeof *table);
        uint64_t got[MOST / 64 + 2] = {0};
        for (size_t i = 0; i < (size + 31) / 32; i++)
            table[i] = (uint32_t)rng_next(&rng);
        for (size_t i = 0; i < n; i++)
            codes[i] = (uint32_t)rng_below(&rng, size);
        k->lookup(codes, n, table, size, got);
        check_why("%s, %zu codes of %zu", k->name, n, size);
        for (size_t i = 0; i < sizeof got * 8; i++)
            CHECK_INT(bit(got, i), i < n ? table[codes[i] / 32] >> (codes[i] % 32) & 1 : 0);
        free(codes);
        free(table);
    }
}

/* ── every comparison, by the order of values ── */

struct column {
    struct filter_layout layout;
    size_t width;
    nl_value values[MOST];
    _Alignas(64) uint8_t memory[MOST * 16];
};

static void put_number(struct column *c, size_t i, uint64_t v)
{
    bool is_signed = c->layout.kind == NL_VALUE_INT;
    unsigned shift = 64 - 8 * c->layout.width;
    memcpy(c->memory + i * c->width, &v, c->width);
    c->values[i].kind = c->layout.kind;
    if (is_signed)
        c->values[i].i = (int64_t)(v << shift) >> shift;
    else
        c->values[i].u = v << shift >> shift;
}

static void put_double(struct column *c, size_t i, struct rng *rng)
{
    static const double some[] = {0.0,     -0.0,     1,       -1,  INFINITY, -INFINITY, NAN,
                                  FLT_MAX, -FLT_MAX, FLT_MIN, 0.5, 1e-45,    DBL_MAX,   -DBL_MAX};
    double d = some[rng_below(rng, NL_LEN(some))];
    float f = (float)(isinf((float)d) && !isinf(d) ? 2 : d);
    if (isnan(d) && rng_below(rng, 2)) {
        d = -d;
        f = -f;
    }
    memcpy(c->memory + i * c->width, c->width == 4 ? (void *)&f : (void *)&d, c->width);
    c->values[i] = (nl_value){.kind = NL_VALUE_DOUBLE, .d = c->width == 4 ? (double)f : d};
}

static const char text[] = "abababababaaaaaaaaaaaaaaaaaaaaabbbbaaaaa";

static void put_bytes(struct column *c, size_t i, struct rng *rng)
{
    uint32_t len = (uint32_t)rng_below(rng, 20), at = (uint32_t)rng_below(rng, 20), view[4] = {len};
    memcpy(view + 1, text + at, len < 12 ? len : 12);
    if (len > 12) {
        view[2] = 0;
        view[3] = at;
    }
    memcpy(c->memory + i * 16, view, 16);
    c->values[i] = (nl_value){.kind = NL_VALUE_BYTES, .bytes = {(const uint8_t *)text + at, len}};
}

static void fill(struct column *c, size_t n, struct rng *rng)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t v = rng_below(rng, 2) ? rng_next(rng) : rng_below(rng, 3) - 1;
        __int128 wide = (__int128)((unsigned __int128)(__int128)(int64_t)v << (rng_below(rng, 2) ? 0 : 64));
        switch (c->layout.kind) {
        case NL_VALUE_DOUBLE:
            put_double(c, i, rng);
            break;
        case NL_VALUE_BYTES:
            put_bytes(c, i, rng);
            break;
        case NL_VALUE_DECIMAL:
            memcpy(c->memory + i * 16, &wide, 16);
            c->values[i] = (nl_value){.kind = NL_VALUE_DECIMAL, .decimal = wide};
            break;
        case NL_VALUE_BOOL:
            c->memory[i] = v & 1;
            c->values[i] = (nl_value){.kind = NL_VALUE_BOOL, .b = v & 1};
            break;
        default:
            put_number(c, i, v);
        }
    }
}

static bool naive(const struct filter *f, const nl_value *v)
{
    bool comparable, in = false;
    if (f->op == FILTER_IS_NULL || f->op == FILTER_IS_NOT_NULL)
        return f->op == FILTER_IS_NOT_NULL;
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

/* What stands in the filter: one of the values, sometimes one beside it or beyond the type. */
static nl_value needle(const struct column *c, size_t n, struct rng *rng)
{
    nl_value v = c->values[rng_below(rng, n)];
    if (rng_below(rng, 3))
        return v;
    if (v.kind == NL_VALUE_INT)
        v.i = rng_below(rng, 2) ? (int64_t)rng_next(rng) : v.i / 2;
    else if (v.kind == NL_VALUE_UINT)
        v.u = rng_below(rng, 2) ? rng_next(rng) : v.u / 2;
    else if (v.kind == NL_VALUE_DOUBLE)
        v.d = rng_below(rng, 2) ? 0.1 : nextafter(v.d, rng_below(rng, 2) ? INFINITY : -INFINITY);
    else if (v.kind == NL_VALUE_DECIMAL)
        v.decimal += 1;
    return v;
}

static void test_comparisons(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum nl_value_kind kind;
        unsigned width;
    } layouts[] = {
        {"int8", NL_VALUE_INT, 1},      {"int16", NL_VALUE_INT, 2},        {"int32", NL_VALUE_INT, 4},
        {"int64", NL_VALUE_INT, 8},     {"uint8", NL_VALUE_UINT, 1},       {"uint16", NL_VALUE_UINT, 2},
        {"uint32", NL_VALUE_UINT, 4},   {"uint64", NL_VALUE_UINT, 8},      {"float", NL_VALUE_DOUBLE, 4},
        {"double", NL_VALUE_DOUBLE, 8}, {"decimal", NL_VALUE_DECIMAL, 16}, {"bytes", NL_VALUE_BYTES, 16},
        {"bool", NL_VALUE_BOOL, 1},
    };
    struct rng rng = rng_seed("comparisons");
    nl_bytes buffer = {(const uint8_t *)text, sizeof text - 1, NULL};
    for (int round = 0; round < 20000; round++) {
        size_t l = rng_below(&rng, NL_LEN(layouts)), n = 1 + rng_below(&rng, MOST);
        struct column c = {.layout = {layouts[l].kind, layouts[l].width, &buffer}, .width = layouts[l].width};
        fill(&c, n, &rng);
        nl_value values[3];
        struct filter leaf = {.op = FILTER_EQ + rng_below(&rng, 9), .depth = 1, .values = values, .n_values = 1};
        if (leaf.op == FILTER_IN)
            leaf.n_values = rng_below(&rng, 4);
        for (size_t i = 0; i < leaf.n_values; i++)
            values[i] = needle(&c, n, &rng);
        uint64_t bits[MOST / 64 + 1];
        CHECK(filter_rows_can(&leaf, &c.layout));
        filter_rows(&leaf, &c.layout, c.memory, n, bits);
        for (size_t i = 0; i < (n + 63) / 64 * 64; i++) {
            check_why("%s, op %d, round %d, value %zu of %zu", layouts[l].why, leaf.op, round, i, n);
            CHECK_INT(bit(bits, i), i < n && naive(&leaf, &c.values[i]));
        }
    }
}

/* ── trees, nulls, and what cannot be tested ── */

static void test_trees(void **state)
{
    (void)state;
    nl_arena a = {0};
    struct filter_layout layout = {NL_VALUE_INT, 4, NULL};
    int32_t values[] = {1, 2, 3, 4, 5, 6};
    struct filter *low = filter_compare(&a, FILTER_LE, 0, (nl_value){NL_VALUE_INT, .i = 2}),
                  *high = filter_compare(&a, FILTER_GE, 0, (nl_value){NL_VALUE_INT, .i = 5}),
                  *null = filter_null(&a, FILTER_IS_NULL, 0), *there = filter_null(&a, FILTER_IS_NOT_NULL, 0);
    const struct {
        const char *why;
        struct filter *f;
        uint64_t bits;
        bool null;
    } cases[] = {
        {"or", filter_join(&a, FILTER_OR, (struct filter *[]){low, high}, 2), 0x33, false},
        {"and", filter_join(&a, FILTER_AND, (struct filter *[]){low, high}, 2), 0, false},
        {"or null", filter_join(&a, FILTER_OR, (struct filter *[]){low, null}, 2), 0x03, true},
        {"and not null", filter_join(&a, FILTER_AND, (struct filter *[]){there, high}, 2), 0x30, false},
        {"and of nothing", filter_join(&a, FILTER_AND, NULL, 0), 0x3F, true},
        {"or of nothing", filter_join(&a, FILTER_OR, NULL, 0), 0, false},
        {"with a null", filter_compare(&a, FILTER_NE, 0, (nl_value){.kind = NL_VALUE_NULL}), 0, false},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        uint64_t bits = 99;
        check_why("%s", cases[i].why);
        filter_rows(cases[i].f, &layout, values, NL_LEN(values), &bits);
        CHECK_INT(bits, cases[i].bits);
        CHECK_INT(filter_rows_null(cases[i].f), cases[i].null);
    }
    check_why("what cannot be tested");
    struct filter *other = filter_compare(&a, FILTER_EQ, 0, (nl_value){NL_VALUE_DOUBLE, .d = 1});
    CHECK(!filter_rows_can(other, &layout));
    nl_value many[300] = {{0}};
    CHECK(!filter_rows_can(filter_in(&a, 0, many, NL_LEN(many)), &layout));
    CHECK(!filter_rows_can(cases[0].f, &layout));
    nl_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels),
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
