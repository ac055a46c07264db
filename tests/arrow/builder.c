/* tests/arrow/builder.c: what was appended is there, in every format; what does not fit changes nothing. */
#include <float.h>
#include <math.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

static struct arrow_builder *start(const char *format)
{
    struct arrow_builder *b;
    nl_error err = {0};
    CHECK_OK(arrow_builder_new(format, &b, &err), err);
    return b;
}

static struct ArrowArray finish(struct arrow_builder *b)
{
    struct ArrowArray a;
    nl_error err = {0};
    CHECK_OK(arrow_builder_finish(b, &a, &err), err);
    CHECK_INT(arrow_builder_length(b), 0);
    return a;
}

static const struct range_case {
    const char *format;
    size_t width;
    int64_t min, max;
} ranges[] = {
    {"c", 1, INT8_MIN, INT8_MAX},         {"C", 1, 0, UINT8_MAX},
    {"s", 2, INT16_MIN, INT16_MAX},       {"S", 2, 0, UINT16_MAX},
    {"i", 4, INT32_MIN, INT32_MAX},       {"I", 4, 0, UINT32_MAX},
    {"l", 8, INT64_MIN, INT64_MAX},       {"L", 8, 0, INT64_MAX},
    {"tdD", 4, INT32_MIN, INT32_MAX},     {"tdm", 8, INT64_MIN, INT64_MAX},
    {"tts", 4, INT32_MIN, INT32_MAX},     {"ttn", 8, INT64_MIN, INT64_MAX},
    {"tsu:UTC", 8, INT64_MIN, INT64_MAX},
};

static void integers_have_their_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(ranges); i++) {
        const struct range_case *c = &ranges[i];
        struct arrow_builder *b = start(c->format);
        nl_error err = {0};
        check_why("%s", c->format);
        CHECK_OK(arrow_builder_int(b, c->min, &err), err);
        CHECK_OK(arrow_builder_int(b, c->max, &err), err);
        CHECK_OK(arrow_builder_uint(b, (uint64_t)c->max, &err), err);
        if (c->min > INT64_MIN)
            CHECK_FAILS(arrow_builder_int(b, c->min - 1, &err), NL_INVALID, err, NULL);
        if (c->max < INT64_MAX)
            CHECK_FAILS(arrow_builder_int(b, c->max + 1, &err), NL_INVALID, err, "does not fit");
        if (c->format[0] != 'L')
            CHECK_FAILS(arrow_builder_uint(b, (uint64_t)c->max + 1, &err), NL_INVALID, err, "does not fit");
        CHECK_INT(arrow_builder_length(b), 3);
        struct ArrowArray a = finish(b);
        CHECK_INT(a.length, 3);
        CHECK_MEM(a.buffers[1], &c->min, c->width);
        CHECK_MEM((const char *)a.buffers[1] + c->width, &c->max, c->width);
        arrow_array_release(&a);
        arrow_builder_free(b);
    }
    struct arrow_builder *b = start("L");
    CHECK_INT(arrow_builder_uint(b, UINT64_MAX, NULL), NL_OK);
    struct ArrowArray a = finish(b);
    CHECK(((const uint64_t *)a.buffers[1])[0] == UINT64_MAX);
    arrow_array_release(&a);
    arrow_builder_free(b);
}

static void floats_round_and_keep(void **state)
{
    (void)state;
    static const double values[] = {0.1, -0.0, INFINITY, NAN, 5e-324, DBL_MAX};
    for (int narrow = 0; narrow < 2; narrow++) {
        struct arrow_builder *b = start(narrow ? "f" : "g");
        for (size_t i = 0; i < NL_LEN(values); i++)
            CHECK_INT(arrow_builder_double(b, values[i], NULL), NL_OK);
        struct ArrowArray a = finish(b);
        for (size_t i = 0; i < NL_LEN(values); i++) {
            float f = (float)values[i];
            if (narrow)
                CHECK_MEM((const float *)a.buffers[1] + i, &f, 4);
            else
                CHECK_MEM((const double *)a.buffers[1] + i, &values[i], 8);
        }
        arrow_array_release(&a);
        arrow_builder_free(b);
    }
}

static void decimals_have_their_precision(void **state)
{
    (void)state;
    struct arrow_builder *b = start("d:3,1");
    nl_error err = {0};
    CHECK_OK(arrow_builder_decimal(b, 999, &err), err);
    CHECK_OK(arrow_builder_decimal(b, -999, &err), err);
    CHECK_FAILS(arrow_builder_decimal(b, 1000, &err), NL_INVALID, err, "more than 3 digits");
    CHECK_FAILS(arrow_builder_decimal(b, -1000, &err), NL_INVALID, err, "more than 3 digits");
    struct ArrowArray a = finish(b);
    __int128 want[2] = {999, -999};
    CHECK_MEM(a.buffers[1], want, sizeof(want));
    arrow_array_release(&a);
    arrow_builder_free(b);
    b = start("d:38,0");
    __int128 most = 1;
    for (int i = 0; i < 38; i++)
        most *= 10;
    CHECK_OK(arrow_builder_decimal(b, most - 1, &err), err);
    CHECK_FAILS(arrow_builder_decimal(b, most, &err), NL_INVALID, err, "38 digits");
    arrow_builder_free(b);
}

static void nulls_in_any_place(void **state)
{
    (void)state;
    static const char *const formats[] = {"b", "c", "l", "g", "d:10,2", "u", "U", "vu", "z", "w:5", "tdD"};
    struct rng r = rng_seed("builder nulls");
    for (size_t k = 0; k < NL_LEN(formats); k++) {
        enum { N = 300 };
        bool valid[N];
        int64_t nulls = 0;
        struct arrow_type t;
        struct arrow_builder *b = start(formats[k]);
        CHECK_INT(arrow_type_parse(formats[k], &t, NULL), NL_OK);
        size_t first_null = (size_t)rng_below(&r, N);
        check_why("%s, first null at %zu", formats[k], first_null);
        for (size_t i = 0; i < N; i++) {
            valid[i] = i < first_null || rng_below(&r, 3);
            nulls += !valid[i];
            int rc = !valid[i]                 ? arrow_builder_null(b, NULL)
                     : t.kind == ARROW_FLOAT   ? arrow_builder_double(b, (double)i, NULL)
                     : t.kind == ARROW_DECIMAL ? arrow_builder_decimal(b, (__int128)i, NULL)
                     : t.kind == ARROW_BOOL    ? arrow_builder_int(b, i % 3 == 0, NULL)
                     : t.kind >= ARROW_STRING && t.kind <= ARROW_FIXED_BINARY
                         ? arrow_builder_bytes(b, "12345", 5, NULL)
                         : arrow_builder_int(b, (int64_t)i % 100, NULL);
            CHECK_INT(rc, NL_OK);
        }
        struct ArrowArray a = finish(b);
        CHECK_INT(a.null_count, nulls);
        CHECK_INT(a.buffers[0] != NULL, nulls > 0);
        CHECK_INT(arrow_array_check(&a, &t, NULL), NL_OK);
        for (size_t i = 0; i < N; i++) {
            CHECK_INT(arrow_is_valid(&a, (int64_t)i), valid[i]);
            if (valid[i] && t.kind == ARROW_BOOL)
                CHECK_INT(arrow_bit(a.buffers[1], (int64_t)i), i % 3 == 0);
            if (valid[i] && t.kind == ARROW_INT && t.width == 64)
                CHECK_MEM((const char *)a.buffers[1] + 8 * i, &(int64_t){(int64_t)i % 100}, 8);
            size_t len = 5;
            if (valid[i] && t.kind >= ARROW_STRING && t.kind <= ARROW_FIXED_BINARY)
                CHECK_MEM(arrow_bytes_at(&a, &t, (int64_t)i, &len), "12345", len);
        }
        arrow_array_release(&a);
        arrow_builder_free(b);
    }
}

static void an_empty_column_has_its_buffers(void **state)
{
    (void)state;
    static const char *const formats[] = {"b", "l", "u", "U", "vu", "w:0"};
    for (size_t k = 0; k < NL_LEN(formats); k++) {
        struct arrow_builder *b = start(formats[k]);
        struct ArrowArray a = finish(b);
        check_why("%s", formats[k]);
        CHECK_INT(a.length, 0);
        for (int64_t i = 1; i < a.n_buffers; i++)
            CHECK(a.buffers[i] != NULL);
        if (formats[k][0] == 'u')
            CHECK_MEM(a.buffers[1], "\0\0\0", 4);
        arrow_array_release(&a);
        arrow_builder_free(b);
    }
}

static void a_builder_is_used_again(void **state)
{
    (void)state;
    struct arrow_builder *b = start("u");
    struct arrow_type t = {.kind = ARROW_STRING};
    CHECK_INT(arrow_builder_null(b, NULL), NL_OK);
    CHECK_INT(arrow_builder_bytes(b, "first", 5, NULL), NL_OK);
    struct ArrowArray first = finish(b);
    CHECK_INT(arrow_builder_bytes(b, "second", 6, NULL), NL_OK);
    struct ArrowArray second = finish(b);
    size_t len;
    CHECK_INT(first.null_count, 1);
    CHECK_MEM(arrow_bytes_at(&first, &t, 1, &len), "first", 5);
    CHECK_INT(second.length, 1);
    CHECK_INT(second.null_count, 0);
    CHECK_MEM(arrow_bytes_at(&second, &t, 0, &len), "second", 6);
    CHECK_INT(len, 6);
    arrow_array_release(&first);
    arrow_array_release(&second);
    arrow_builder_free(b);
    arrow_builder_free(NULL);
}

static void wrong_values_change_nothing(void **state)
{
    (void)state;
    nl_error err = {0};
    struct arrow_builder *l = start("l"), *u = start("u"), *w = start("w:3");
    CHECK_FAILS(arrow_builder_double(l, 1, &err), NL_INVALID, err, "a float is not a value");
    CHECK_FAILS(arrow_builder_bytes(l, "x", 1, &err), NL_INVALID, err, "a string is not a value");
    CHECK_FAILS(arrow_builder_decimal(l, 1, &err), NL_INVALID, err, "a decimal is not a value");
    CHECK_FAILS(arrow_builder_int(u, 1, &err), NL_INVALID, err, "an integer is not a value");
    CHECK_FAILS(arrow_builder_uint(u, 1, &err), NL_INVALID, err, "an integer is not a value");
    CHECK_FAILS(arrow_builder_bytes(w, "four", 4, &err), NL_INVALID, err, "4 bytes in a column of 3");
    CHECK_INT(arrow_builder_length(l) + arrow_builder_length(u) + arrow_builder_length(w), 0);
    /* A length that cannot be: seen before a byte is read. */
    CHECK_FAILS(arrow_builder_bytes(u, "", (size_t)INT32_MAX + 1, &err), NL_INVALID, err, "2 GiB");
    arrow_builder_free(l);
    arrow_builder_free(u);
    arrow_builder_free(w);
    static const char *const bad[] = {"+s", "+l", "n", "e", "tin", "d:76,2,256", "d:9,2,32"};
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        CHECK_FAILS(arrow_builder_new(bad[i], &l, &err), NL_UNSUPPORTED, err, bad[i]);
        CHECK(l == NULL);
    }
    CHECK_FAILS(arrow_builder_new("?", &l, &err), NL_INVALID, err, "'?'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_have_their_range),       cmocka_unit_test(floats_round_and_keep),
        cmocka_unit_test(decimals_have_their_precision),   cmocka_unit_test(nulls_in_any_place),
        cmocka_unit_test(an_empty_column_has_its_buffers), cmocka_unit_test(a_builder_is_used_again),
        cmocka_unit_test(wrong_values_change_nothing),
    };
    return cmocka_run_group_tests_name("arrow_builder", tests, NULL, NULL);
}
