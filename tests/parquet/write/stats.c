/* tests/parquet/write/stats.c: bounds by the order of each type, by cases; blocks and dictionaries give the same. */
#include "parquet/write/stats.h"

#include <math.h>
#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"

/* A column's type from its Arrow format. */
static struct pq_write_type type_of(const char *format)
{
    struct pq_write_type t;
    nl_error err = {0};
    CHECK_OK(pq_write_type_of(&(struct ArrowSchema){.format = format, .name = "x"}, &t, &err), err);
    return t;
}

/* The statistics of n values, given block by block (dict false) or through a dictionary. */
static struct pq_statistics stats_of(const struct pq_write_type *t, const void *values, size_t n, bool dict,
                                     nl_arena *arena)
{
    struct pq_stats s = {0};
    struct pq_statistics out;
    nl_error err = {0};
    size_t width = t->form == PQ_FORM_SLICES ? sizeof(struct pq_slice) : t->width;
    if (dict) {
        struct pq_dict d;
        uint32_t indices[16];
        size_t taken;
        pq_dict_init(&d,
                     t->form == PQ_FORM_4   ? PQ_DICT_4
                     : t->form == PQ_FORM_8 ? PQ_DICT_8
                                            : PQ_DICT_BYTES,
                     0, 1 << 20);
        CHECK_OK(pq_dict_put(&d, values, n, indices, &taken, &err), err);
        CHECK_OK(pq_stats_add_dict(&s, t, &d, &err), err);
        pq_dict_free(&d);
    } else {
        for (size_t i = 0; i < n; i++) { /* one a block: merging is what can go wrong */
            struct pq_block b = {.rows = 1, .n = 1, .values = (const uint8_t *)values + i * width};
            CHECK_OK(pq_stats_add(&s, t, &b, &err), err);
        }
    }
    CHECK_OK(pq_stats_finish(&s, t, arena, &out, &err), err);
    pq_stats_free(&s);
    return out;
}

#define LONG_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 62 */
#define FF_8   "\xff\xff\xff\xff\xff\xff\xff\xff"
#define FF_64  FF_8 FF_8 FF_8 FF_8 FF_8 FF_8 FF_8 FF_8
#define TOP_16 "\xF4\x8F\xBF\xBF\xF4\x8F\xBF\xBF\xF4\x8F\xBF\xBF\xF4\x8F\xBF\xBF" /* U+10FFFF four times */

/* Strings: what min and max become. A NULL is no bound. */
static const struct text_case {
    const char *why, *format;
    const char *values[4];
    const char *min, *max;
    bool min_exact, max_exact;
} text_cases[] = {
    {"one", "u", {"x"}, "x", "x", true, true},
    {"the empty string is a bound", "u", {"", "a"}, "", "a", true, true},
    {"a prefix comes first", "u", {"abcdefghi", "abcdefgh"}, "abcdefgh", "abcdefghi", true, true},
    {"bytes are unsigned", "z", {"\x7f", "\x80"}, "\x7f", "\x80", true, true},
    {"differences beyond eight bytes",
     "u",
     {"12345678b", "12345678a", "12345678c"},
     "12345678a",
     "12345678c",
     true,
     true},
    {"64 bytes stay whole", "u", {LONG_A "bc"}, LONG_A "bc", LONG_A "bc", true, true},
    {"65 are cut, above raised", "u", {LONG_A "bcd"}, LONG_A "bc", LONG_A "bd", false, false},
    {"a character is not cut in two", "u", {LONG_A "b\xC3\xA9z"}, LONG_A "b", LONG_A "c", false, false},
    {"raised by one character", "u", {LONG_A "\xC3\xA9zz"}, LONG_A "\xC3\xA9", LONG_A "\xC3\xAA", false, false},
    {"from one byte to two", "u", {LONG_A "b\x7fzz"}, LONG_A "b\x7f", LONG_A "b\xC2\x80", false, false},
    {"binary that ends in FF", "z", {LONG_A "b\xffzz"}, LONG_A "b\xff", LONG_A "c", false, false},
    {"binary of FF alone has no upper bound", "z", {FF_64 "\xff"}, FF_64, NULL, false, false},
    {"text of the last character alone neither",
     "u",
     {TOP_16 TOP_16 TOP_16 TOP_16 "z"},
     TOP_16 TOP_16 TOP_16 TOP_16,
     NULL,
     false,
     false},
};

static void check_bound(struct pq_slice got, const char *want, bool has_exact, bool exact, bool want_exact)
{
    CHECK_INT(got.data != NULL, want != NULL);
    if (!want)
        return;
    CHECK_INT(got.len, strlen(want));
    CHECK_MEM(got.data, want, got.len);
    CHECK(has_exact);
    CHECK_INT(exact, want_exact);
}

static void texts_are_cut_and_stay_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(text_cases); i++)
        for (int dict = 0; dict < 2; dict++) {
            const struct text_case *c = &text_cases[i];
            struct pq_slice values[4];
            size_t n = 0;
            for (; n < 4 && c->values[n]; n++)
                values[n] = (struct pq_slice){(const uint8_t *)c->values[n], strlen(c->values[n])};
            check_why("%s, %s", c->why, dict ? "dictionary" : "blocks");
            struct pq_write_type t = type_of(c->format);
            nl_arena arena = {0};
            struct pq_statistics s = stats_of(&t, values, n, dict, &arena);
            check_bound(s.min_value, c->min, s.has_min_exact, s.min_exact, c->min_exact);
            check_bound(s.max_value, c->max, s.has_max_exact, s.max_exact, c->max_exact);
            nl_arena_free(&arena);
        }
}

/* U+D7FF is followed by U+E000: what lies between is no text. */
static void raising_steps_over_the_surrogates(void **state)
{
    (void)state;
    static const char value[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xED\x9F\xBFzz";
    struct pq_slice v = {(const uint8_t *)value, sizeof value - 1};
    struct pq_write_type t = type_of("u");
    nl_arena arena = {0};
    struct pq_statistics s = stats_of(&t, &v, 1, false, &arena);
    CHECK_INT(s.max_value.len, 64);
    CHECK_MEM(s.max_value.data + 61, "\xEE\x80\x80", 3);
    nl_arena_free(&arena);
}

/* Every length around the words that a comparison loads: against memcmp, with a difference at each place. */
static void comparing_agrees_with_memcmp(void **state)
{
    (void)state;
    struct pq_write_type t = type_of("z");
    for (size_t len = 1; len <= 20; len++)
        for (size_t other = 0; other <= 20; other++)
            for (size_t at = 0; at < len; at++) {
                uint8_t *a = malloc(len),
                        *b = malloc(other ? other : 1); /* their own blocks: ASan sees a step beyond */
                CHECK(a && b);
                memset(a, 'm', len);
                memset(b, 'm', other);
                a[at] = at % 2 ? 0xF0 : 'a';
                size_t n = len < other ? len : other;
                int order = n ? memcmp(a, b, n) : 0;
                bool a_first = order ? order < 0 : len < other;
                struct pq_slice values[] = {{a, len}, {b, other}};
                nl_arena arena = {0};
                check_why("%zu and %zu bytes, difference at %zu", len, other, at);
                struct pq_statistics s = stats_of(&t, values, 2, false, &arena);
                CHECK_INT(s.min_value.len, a_first ? len : other);
                CHECK_INT(s.max_value.len, a_first ? other : len);
                CHECK_MEM(s.min_value.data, a_first ? a : b, s.min_value.len);
                CHECK_MEM(s.max_value.data, a_first ? b : a, s.max_value.len);
                nl_arena_free(&arena);
                free(a);
                free(b);
            }
}

static void check_doubles(const char *why, const double *values, size_t n, bool any, double min, double max)
{
    struct pq_write_type t = type_of("g"), f = type_of("f");
    for (int dict = 0; dict < 2; dict++) {
        nl_arena arena = {0};
        float floats[8];
        for (size_t i = 0; i < n; i++)
            floats[i] = (float)values[i];
        check_why("%s, %s", why, dict ? "dictionary" : "blocks");
        struct pq_statistics s = stats_of(&t, values, n, dict, &arena), sf = stats_of(&f, floats, n, dict, &arena);
        CHECK_INT(s.min_value.data != NULL, any);
        CHECK_INT(sf.max_value.data != NULL, any);
        if (any) {
            float fmin = (float)min, fmax = (float)max;
            CHECK_MEM(s.min_value.data, &min, 8); /* bits: the sign of zero counts */
            CHECK_MEM(s.max_value.data, &max, 8);
            CHECK_MEM(sf.min_value.data, &fmin, 4);
            CHECK_MEM(sf.max_value.data, &fmax, 4);
        }
        nl_arena_free(&arena);
    }
}

static void floats_leave_out_nan_and_widen_zeros(void **state)
{
    (void)state;
    check_doubles("plain", (double[]){1.5, -2.5, 0.25}, 3, true, -2.5, 1.5);
    check_doubles("NaN first", (double[]){NAN, 1, 2}, 3, true, 1, 2);
    check_doubles("NaN last", (double[]){1, 2, -NAN}, 3, true, 1, 2);
    check_doubles("nothing but NaN", (double[]){NAN, NAN}, 2, false, 0, 0);
    check_doubles("infinities", (double[]){INFINITY, NAN, -INFINITY}, 3, true, -INFINITY, INFINITY);
    check_doubles("one infinity", (double[]){INFINITY}, 1, true, INFINITY, INFINITY);
    check_doubles("the other", (double[]){-INFINITY, NAN}, 2, true, -INFINITY, -INFINITY);
    check_doubles("a positive zero below is negative", (double[]){0.0, 1}, 2, true, -0.0, 1);
    check_doubles("a negative zero above is positive", (double[]){-0.0, -1}, 2, true, -1, 0.0);
}

static void integers_have_the_order_of_their_type(void **state)
{
    (void)state;
    static const uint32_t four[] = {1, 0x80000000u, 0x7FFFFFFFu};
    static const uint64_t eight[] = {1, UINT64_C(1) << 63, INT64_MAX};
    static const struct {
        const char *why, *format;
        uint64_t min, max;
    } cases[] = {
        {"int32", "i", 0x80000000u, 0x7FFFFFFFu},
        {"uint32", "I", 1, 0x80000000u},
        {"int64", "l", UINT64_C(1) << 63, INT64_MAX},
        {"uint64", "L", 1, UINT64_C(1) << 63},
        {"timestamps", "tsu:", UINT64_C(1) << 63, INT64_MAX},
        {"decimals in 64 bits", "d:18,2", UINT64_C(1) << 63, INT64_MAX},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++)
        for (int dict = 0; dict < 2; dict++) {
            struct pq_write_type t = type_of(cases[i].format);
            nl_arena arena = {0};
            check_why("%s, %s", cases[i].why, dict ? "dictionary" : "blocks");
            struct pq_statistics s =
                stats_of(&t, t.width == 4 ? (const void *)four : (const void *)eight, 3, dict, &arena);
            CHECK_INT(s.min_value.len, t.width);
            CHECK_MEM(s.min_value.data, &cases[i].min, t.width);
            CHECK_MEM(s.max_value.data, &cases[i].max, t.width);
            nl_arena_free(&arena);
        }
}

static void large_decimals_are_signed_bytes(void **state)
{
    (void)state;
    uint8_t minus[16], plus[16] = {0};
    memset(minus, 0xFF, 16); /* -1 */
    plus[15] = 1;
    struct pq_slice values[] = {{plus, 16}, {minus, 16}};
    struct pq_write_type t = type_of("d:38,0"), raw = type_of("w:16");
    nl_arena arena = {0};
    struct pq_statistics s = stats_of(&t, values, 2, false, &arena), u = stats_of(&raw, values, 2, false, &arena);
    CHECK_MEM(s.min_value.data, minus, 16);
    CHECK_MEM(s.max_value.data, plus, 16);
    CHECK_MEM(u.min_value.data, plus, 16);
    CHECK_MEM(u.max_value.data, minus, 16);
    nl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_cut_and_stay_bounds),         cmocka_unit_test(raising_steps_over_the_surrogates),
        cmocka_unit_test(comparing_agrees_with_memcmp),          cmocka_unit_test(floats_leave_out_nan_and_widen_zeros),
        cmocka_unit_test(integers_have_the_order_of_their_type), cmocka_unit_test(large_decimals_are_signed_bytes),
    };
    return cmocka_run_group_tests_name("parquet_write_stats", tests, NULL, NULL);
}
