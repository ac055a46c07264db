/* tests/filter/filter.c: the order of values, and trees that own what they hold. */
#include "filter/filter.h"

#include <errno.h>
#include <math.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

#define BYTES(s)                                                                                                       \
    {                                                                                                                  \
        .kind = NL_VALUE_BYTES, .bytes = {(const uint8_t *)(s), sizeof(s) - 1 }                                        \
    }

static const struct compare_case {
    const char *why;
    nl_value a, b;
    bool comparable;
    int order;
} compare_cases[] = {
    {"signed", {NL_VALUE_INT, .i = -1}, {NL_VALUE_INT, .i = 1}, true, -1},
    {"unsigned above the signed range", {NL_VALUE_UINT, .u = UINT64_MAX}, {NL_VALUE_UINT, .u = 1}, true, 1},
    {"signed and unsigned do not meet", {NL_VALUE_INT, .i = 1}, {NL_VALUE_UINT, .u = 1}, false, 0},
    {"nulls do not meet", {NL_VALUE_NULL, .i = 0}, {NL_VALUE_NULL, .i = 0}, false, 0},
    {"false before true", {NL_VALUE_BOOL, .b = false}, {NL_VALUE_BOOL, .b = true}, true, -1},
    {"NaN is greatest", {NL_VALUE_DOUBLE, .d = NAN}, {NL_VALUE_DOUBLE, .d = INFINITY}, true, 1},
    {"NaN equals NaN", {NL_VALUE_DOUBLE, .d = NAN}, {NL_VALUE_DOUBLE, .d = -NAN}, true, 0},
    {"zeros are equal", {NL_VALUE_DOUBLE, .d = -0.0}, {NL_VALUE_DOUBLE, .d = 0.0}, true, 0},
    {"decimals of 128 bits",
     {NL_VALUE_DECIMAL, .decimal = (__int128)1 << 100},
     {NL_VALUE_DECIMAL, .decimal = 5},
     true,
     1},
    {"a prefix comes first", BYTES("ab"), BYTES("abc"), true, -1},
    {"bytes are unsigned", BYTES("\xff"), BYTES("a"), true, 1},
    {"empty strings are equal", BYTES(""), BYTES(""), true, 0},
};

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void values_have_the_order_of_their_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(compare_cases); i++) {
        const struct compare_case *c = &compare_cases[i];
        bool comparable;
        check_why("%s", c->why);
        CHECK_INT(sign(nl_value_compare(&c->a, &c->b, &comparable)), c->order);
        CHECK_INT(comparable, c->comparable);
        CHECK_INT(sign(nl_value_compare(&c->b, &c->a, &comparable)), -c->order);
    }
}

static void trees_copy_bytes(void **state)
{
    (void)state;
    nl_arena a = {0}, b = {0};
    char text[] = "Brand#1";
    nl_value v = {.kind = NL_VALUE_BYTES, .bytes = {(const uint8_t *)text, 7}};
    struct filter *leaf = filter_compare(&a, FILTER_EQ, 3, v);
    struct filter *both = filter_join(&a, FILTER_OR, (struct filter *[]){leaf, leaf}, 2);
    memset(text, 'x', 7);
    struct filter *copy = filter_copy(&b, both);
    nl_arena_free(&a);
    CHECK_INT(copy->n_children, 2);
    CHECK_INT(copy->children[1]->column, 3);
    CHECK_MEM(copy->children[1]->values[0].bytes.data, "Brand#1", 7);
    nl_arena_free(&b);
}

static void depth_is_limited(void **state) /* F3 */
{
    (void)state;
    nl_arena a = {0};
    struct filter *f = filter_null(&a, FILTER_IS_NULL, 0);
    for (int depth = 2; depth <= FILTER_MAX_DEPTH; depth++)
        f = filter_join(&a, FILTER_AND, &f, 1);
    CHECK(f != NULL);
    CHECK(filter_join(&a, FILTER_AND, &f, 1) == NULL);
    CHECK(filter_copy(&a, f) != NULL);
    nl_arena_free(&a);
}

static void no_memory_is_null(void **state)
{
    (void)state;
    FAULT_LOOP(fault, FAULT_ALLOC, ENOMEM)
    {
        nl_arena a = {0};
        struct filter *leaf = filter_compare(&a, FILTER_EQ, 0, (nl_value)BYTES("x"));
        struct filter *f = filter_join(&a, FILTER_AND, &leaf, 1);
        struct filter *copy = filter_copy(&a, f);
        bool failed = fault_off(&fault);
        CHECK(failed || copy);
        nl_arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_the_order_of_their_type),
        cmocka_unit_test(trees_copy_bytes),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(no_memory_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
