/* tests/arrow/format.c: values as text: tables for each type, and floats that read back whatever the locale. */
#include "arrow/format.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

static const struct double_case {
    double v;
    const char *want;
} doubles[] = {
    {0, "0.0"},
    {-0.0, "-0.0"},
    {10, "10.0"},
    {-1.5, "-1.5"},
    {0.1, "0.1"},
    {0.3, "0.3"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {100, "100.0"},
    {123456789.125, "123456789.125"},
    {1e15, "1000000000000000.0"},
    {1234567890123456, "1234567890123456.0"},
    {9007199254740993, "9007199254740992.0"},
    {1e16, "1e+16"},
    {1.25e16, "1.25e+16"},
    {1e300, "1e+300"},
    {-1e300, "-1e+300"},
    {DBL_MAX, "1.7976931348623157e+308"},
    {DBL_MIN, "2.2250738585072014e-308"},
    {5e-324, "5e-324"},
    {1e-5, "0.00001"},
    {1.5e-5, "0.000015"},
    {1e-6, "1e-06"},
    {0.00123, "0.00123"},
    {NAN, "NaN"},
    {INFINITY, "Infinity"},
    {-INFINITY, "-Infinity"},
};

static const char *double_text(double v, bool narrow)
{
    static nl_buf b;
    nl_buf_clear(&b);
    CHECK_INT(arrow_format_double(v, narrow, &b, NULL), NL_OK);
    static char text[64];
    strncpy(text, b.data, sizeof(text) - 1);
    nl_buf_free(&b);
    return text;
}

static void doubles_in_the_shortest_digits(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(doubles); i++) {
        check_why("%a", doubles[i].v);
        CHECK_STR(double_text(doubles[i].v, false), doubles[i].want);
    }
    static const struct {
        float v;
        const char *want;
    } floats[] = {
        {0.1f, "0.1"},     {1.0f / 3, "0.33333334"},   {16777216, "16777216.0"},   {FLT_MAX, "3.4028235e+38"},
        {1e-45f, "1e-45"}, {FLT_MIN, "1.1754944e-38"}, {3.14159274f, "3.1415927"},
    };
    for (size_t i = 0; i < NL_LEN(floats); i++)
        CHECK_STR(double_text((double)floats[i].v, true), floats[i].want);
}

/* Zeros of both signs differ. */
static uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

static void every_float_reads_back(void **state)
{
    (void)state;
    struct rng r = rng_seed("floats");
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = rng_next(&r);
        uint32_t narrow_bits = (uint32_t)bits;
        double v, back;
        float f, f_back;
        memcpy(&v, &bits, 8);
        memcpy(&f, &narrow_bits, 4);
        if (i % 2) /* prices, not only noise */
            v = (double)(int64_t)(rng_below(&r, 100000000) - 50000000) / 100;
        if (isfinite(v)) {
            const char *text = double_text(v, false);
            back = strtod(text, NULL);
            check_why("%a", v);
            CHECK(bits_of(v) == bits_of(back));
            CHECK(strpbrk(text, ".e") != NULL);
            CHECK_MAX(strlen(text), 24);
        }
        if (isfinite(f)) {
            f_back = strtof(double_text((double)f, true), NULL);
            check_why("%a", (double)f);
            CHECK(bits_of((double)f) == bits_of((double)f_back));
        }
    }
}

/* A locale whose decimal point is a comma, where the machine has one; the C library's own has none. */
static void a_locale_changes_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    bool found = false;
    for (size_t i = 0; i < NL_LEN(names) && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]) != NULL;
    if (!found)
        skip();
    CHECK_STR(double_text(0.3, false), "0.3");
    CHECK_STR(double_text(1.25e16, false), "1.25e+16");
    setlocale(LC_NUMERIC, "C");
}

static void decimals_with_their_scale(void **state)
{
    (void)state;
    __int128 most = 1;
    for (int i = 0; i < 38; i++)
        most *= 10;
    most--;
    const struct {
        __int128 v;
        int32_t scale;
        const char *want;
    } cases[] = {
        {0, 0, "0"},
        {0, 2, "0.00"},
        {0, -2, "0"},
        {150, 2, "1.50"},
        {-5, 2, "-0.05"},
        {5, 1, "0.5"},
        {-12345, 5, "-0.12345"},
        {12, 5, "0.00012"},
        {7, -3, "7000"},
        {-7, -1, "-70"},
        {most, 0, "99999999999999999999999999999999999999"},
        {-most, 38, "-0.99999999999999999999999999999999999999"},
        {most, 37, "9.9999999999999999999999999999999999999"},
        {(__int128)1 << 126, 0, "85070591730234615865843651857942052864"},
        {-((__int128)1 << 126) * 2, 0, "-170141183460469231731687303715884105728"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf b = {0};
        check_why("%s", cases[i].want);
        CHECK_INT(arrow_format_decimal(cases[i].v, cases[i].scale, &b, NULL), NL_OK);
        CHECK_STR(b.data, cases[i].want);
        CHECK_INT(b.len, strlen(b.data));
        nl_buf_free(&b);
    }
}

static const struct time_case {
    const char *format;
    int64_t v;
    const char *want;
} times[] = {
    {"tdD", 0, "1970-01-01"},
    {"tdD", -1, "1969-12-31"},
    {"tdD", 19782, "2024-02-29"},
    {"tdD", 19783, "2024-03-01"},
    {"tdD", 11016, "2000-02-29"},
    {"tdD", -25509, "1900-02-28"},
    {"tdD", -25508, "1900-03-01"},
    {"tdD", -719162, "0001-01-01"},
    {"tdD", -719163, "0000-12-31"},
    {"tdD", -719528, "0000-01-01"},
    {"tdD", -719529, "-0001-12-31"},
    {"tdD", 2932896, "9999-12-31"},
    {"tdD", 2932897, "+10000-01-01"},
    {"tdD", INT32_MAX, "+5881580-07-11"},
    {"tdD", INT32_MIN, "-5877641-06-23"},
    {"tdm", 86400000, "1970-01-02"},
    {"tdm", -1, "1969-12-31"},
    {"tts", 0, "00:00:00"},
    {"tts", 86399, "23:59:59"},
    {"tts", 86400, "24:00:00"},
    {"tts", -1, "-00:00:01"},
    {"ttm", 47100001, "13:05:00.001"},
    {"ttm", 47100000, "13:05:00"},
    {"ttu", 47100250000, "13:05:00.250000"},
    {"ttn", 1, "00:00:00.000000001"},
    {"ttn", INT64_MIN, "-2562047:47:16.854775808"},
    {"tss:", 1709210700, "2024-02-29T12:45:00"},
    {"tss:", -1, "1969-12-31T23:59:59"},
    {"tsm:", -1, "1969-12-31T23:59:59.999"},
    {"tsm:", 1709210700250, "2024-02-29T12:45:00.250"},
    {"tsu:", 1709210700250000, "2024-02-29T12:45:00.250000"},
    {"tsu:UTC", 1709210700000000, "2024-02-29T12:45:00Z"},
    {"tsu:Europe/Berlin", 1709210700000001, "2024-02-29T12:45:00.000001Z"},
    {"tsn:", 1709210700000000007, "2024-02-29T12:45:00.000000007"},
    {"tsn:", INT64_MIN, "1677-09-21T00:12:43.145224192"},
    {"tsn:", INT64_MAX, "2262-04-11T23:47:16.854775807"},
    {"tDs", 0, "PT0S"},
    {"tDs", INT64_MAX, "PT2562047788015215H30M7S"},
    {"tDs", INT64_MIN, "PT-2562047788015215H-30M-8S"},
    {"tDm", -1500, "PT-1.5S"},
    {"tDu", 3600000000, "PT1H"},
    {"tDn", 1, "PT0.000000001S"},
    {"tss:", INT64_MAX, "+292277026596-12-04T15:30:07"},
    {"tss:", INT64_MIN, "-292277022657-01-27T08:29:52"},
};

static void dates_and_times_as_iso_8601(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(times); i++) {
        struct arrow_type t;
        nl_buf b = {0};
        check_why("%s %lld", times[i].format, (long long)times[i].v);
        CHECK_INT(arrow_type_parse(times[i].format, &t, NULL), NL_OK);
        CHECK_INT(arrow_format_time(times[i].v, &t, &b, NULL), NL_OK);
        CHECK_STR(b.data, times[i].want);
        nl_buf_free(&b);
    }
}

static void intervals_as_durations(void **state)
{
    (void)state;
    static const int64_t hour = 3600 * INT64_C(1000000000);
    static const struct {
        int64_t months, days, nanos;
        const char *want;
    } cases[] = {
        {0, 0, 0, "PT0S"},
        {1, 0, 0, "P1M"},
        {12, 0, 0, "P1Y"},
        {14, 3, 4 * hour + 306500000000, "P1Y2M3DT4H5M6.5S"},
        {-1, 0, 0, "P-1M"},
        {-14, 3, 0, "P-1Y-2M3D"},
        {0, -1, hour, "P-1DT1H"},
        {0, 0, -hour - 1800000000000, "PT-1H-30M"},
        {0, 0, -1, "PT-0.000000001S"},
        {0, 0, 10000000000, "PT10S"},
        {0, 0, 60000000000, "PT1M"},
        {INT32_MIN, INT32_MIN, INT64_MIN, "P-178956970Y-8M-2147483648DT-2562047H-47M-16.854775808S"},
        {INT32_MAX, INT32_MAX, INT64_MAX, "P178956970Y7M2147483647DT2562047H47M16.854775807S"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf b = {0};
        check_why("%s", cases[i].want);
        CHECK_INT(arrow_format_interval(cases[i].months, cases[i].days, cases[i].nanos, &b, NULL), NL_OK);
        CHECK_STR(b.data, cases[i].want);
        nl_buf_free(&b);
    }
}

static void ignore(struct ArrowArray *a)
{
    a->release = NULL;
}

/* The three layouts, each with a row before the one that is read. */
static void intervals_of_each_layout(void **state)
{
    (void)state;
    static const int32_t months[] = {7, 14};
    static const int32_t day_time[] = {7, 7, -3, 1500};
    static const struct {
        int32_t months, days;
        int64_t nanos;
    } all[] = {{7, 7, 7}, {-1, 2, 3000000000}};
    static const struct {
        const char *format;
        const void *values;
        const char *want;
    } cases[] = {{"tiM", months, "P1Y2M"}, {"tiD", day_time, "P-3DT1.5S"}, {"tin", all, "P-1M2DT3S"}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct arrow_type t;
        nl_buf b = {0};
        const void *buffers[] = {NULL, cases[i].values};
        struct ArrowArray a = {.length = 1, .offset = 1, .n_buffers = 2, .buffers = buffers, .release = ignore};
        check_why("%s", cases[i].format);
        CHECK_INT(arrow_type_parse(cases[i].format, &t, NULL), NL_OK);
        CHECK_INT(arrow_array_check(&a, &t, NULL), NL_OK);
        CHECK_INT(arrow_format_value(&a, &t, 0, &b, NULL), NL_OK);
        CHECK_STR(b.data, cases[i].want);
        nl_buf_free(&b);
    }
}

static void days_follow_each_other(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct arrow_type t;
    CHECK_INT(arrow_type_parse("tdD", &t, NULL), NL_OK);
    int64_t day = -719528; /* 0000-01-01 */
    nl_buf b = {0};
    for (int year = 0; year < 2500; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int m = 1; m <= 12; m++)
            for (int d = 1; d <= lengths[m - 1] + (leap && m == 2); d++) {
                char want[32];
                snprintf(want, sizeof(want), "%04d-%02d-%02d", year, m, d);
                nl_buf_clear(&b);
                if (arrow_format_time(day++, &t, &b, NULL) || strcmp(b.data, want) != 0)
                    CHECK_STR(b.data, want);
            }
    }
    CHECK_INT(day, 193579);
    nl_buf_free(&b);
}

/* The text of one value of a builder. */
static void check_value(const char *format, struct arrow_builder *b, const char *want)
{
    struct arrow_type t;
    struct ArrowArray a;
    nl_buf out = {0};
    nl_error err = {0};
    CHECK_OK(arrow_type_parse(format, &t, &err), err);
    CHECK_OK(arrow_builder_null(b, &err), err);
    CHECK_OK(arrow_builder_finish(b, &a, &err), err);
    CHECK_OK(nl_buf_puts(&out, "=", &err), err);
    CHECK_OK(arrow_format_value(&a, &t, 1, &out, &err), err);
    CHECK_STR(out.data, "="); /* the null */
    CHECK_OK(arrow_format_value(&a, &t, 0, &out, &err), err);
    CHECK_STR(out.data + 1, want);
    nl_buf_free(&out);
    arrow_array_release(&a);
    arrow_builder_free(b);
}

static struct arrow_builder *of_int(const char *format, int64_t v)
{
    struct arrow_builder *b;
    CHECK_INT(arrow_builder_new(format, &b, NULL), NL_OK);
    CHECK_INT(arrow_builder_int(b, v, NULL), NL_OK);
    return b;
}

static struct arrow_builder *of_bytes(const char *format, const char *s, size_t len)
{
    struct arrow_builder *b;
    CHECK_INT(arrow_builder_new(format, &b, NULL), NL_OK);
    CHECK_INT(arrow_builder_bytes(b, s, len, NULL), NL_OK);
    return b;
}

static void values_of_arrays(void **state)
{
    (void)state;
    check_value("b", of_int("b", 1), "true");
    check_value("b", of_int("b", 0), "false");
    check_value("c", of_int("c", -128), "-128");
    check_value("C", of_int("C", 255), "255");
    check_value("s", of_int("s", -32768), "-32768");
    check_value("S", of_int("S", 65535), "65535");
    check_value("i", of_int("i", INT32_MIN), "-2147483648");
    check_value("I", of_int("I", UINT32_MAX), "4294967295");
    check_value("l", of_int("l", INT64_MIN), "-9223372036854775808");
    struct arrow_builder *b;
    CHECK_INT(arrow_builder_new("L", &b, NULL), NL_OK);
    CHECK_INT(arrow_builder_uint(b, UINT64_MAX, NULL), NL_OK);
    check_value("L", b, "18446744073709551615");
    CHECK_INT(arrow_builder_new("f", &b, NULL), NL_OK);
    CHECK_INT(arrow_builder_double(b, 0.1, NULL), NL_OK);
    check_value("f", b, "0.1");
    CHECK_INT(arrow_builder_new("g", &b, NULL), NL_OK);
    CHECK_INT(arrow_builder_double(b, 50, NULL), NL_OK);
    check_value("g", b, "50.0");
    CHECK_INT(arrow_builder_new("d:15,2", &b, NULL), NL_OK);
    CHECK_INT(arrow_builder_decimal(b, -1999, NULL), NL_OK);
    check_value("d:15,2", b, "-19.99");
    check_value("tdD", of_int("tdD", 19782), "2024-02-29");
    check_value("tsu:UTC", of_int("tsu:UTC", 0), "1970-01-01T00:00:00Z");
    static const char *const strings[] = {"u", "U", "vu"}, *const binaries[] = {"z", "Z", "vz"};
    for (size_t i = 0; i < 3; i++) {
        check_value(strings[i], of_bytes(strings[i], "Brand#1", 7), "Brand#1");
        check_value(strings[i], of_bytes(strings[i], "", 0), "");
        check_value(strings[i], of_bytes(strings[i], "longer than a view holds", 24), "longer than a view holds");
        check_value(binaries[i], of_bytes(binaries[i], "", 0), "");
        check_value(binaries[i], of_bytes(binaries[i], "f", 1), "Zg==");
        check_value(binaries[i], of_bytes(binaries[i], "fo", 2), "Zm8=");
        check_value(binaries[i], of_bytes(binaries[i], "foo", 3), "Zm9v");
        check_value(binaries[i], of_bytes(binaries[i], "\xff\xfe\xfd\0", 4), "//79AA==");
    }
    check_value("w:3", of_bytes("w:3", "bar", 3), "YmFy");
}

static void half_floats(void **state)
{
    (void)state;
    static const struct {
        uint16_t bits;
        const char *want;
    } cases[] = {
        {0x3C00, "1.0"},  {0xC000, "-2.0"},     {0x7BFF, "65504.0"}, {0x0001, "6e-08"},
        {0x8000, "-0.0"}, {0x7C00, "Infinity"}, {0x7E00, "NaN"},     {0x3555, "0.3333"},
    };
    struct arrow_type t;
    CHECK_INT(arrow_type_parse("e", &t, NULL), NL_OK);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const void *buffers[2] = {NULL, &cases[i].bits};
        struct ArrowArray a = {.length = 1, .n_buffers = 2, .buffers = buffers};
        nl_buf b = {0};
        check_why("%04x", cases[i].bits);
        CHECK_INT(arrow_format_value(&a, &t, 0, &b, NULL), NL_OK);
        CHECK_STR(b.data, cases[i].want);
        nl_buf_free(&b);
    }
}

/* The nearest half, by trying all of them: none of the others may be as near. */
static bool reads_back_as_half(const char *text, const double *halfs, int i)
{
    double v = strtod(text, NULL), off = fabs(v - halfs[i]);
    return (i == 0 || off <= fabs(v - halfs[i - 1])) && (i == 0x7BFF || off <= fabs(v - halfs[i + 1]));
}

static void every_half_reads_back_and_is_shortest(void **state)
{
    (void)state;
    static double halfs[0x7C00];
    for (int i = 0; i < 0x7C00; i++)
        halfs[i] = ldexp(i >> 10 ? 1024 + (i & 1023) : i, (i >> 10 ? (i >> 10) - 1 : 0) - 24);
    for (int i = 0; i < 0x7C00; i++) {
        nl_buf b = {0};
        char shorter[32];
        CHECK_INT(arrow_format_half((uint16_t)i, &b, NULL), NL_OK);
        check_why("%04x: %s", (unsigned)i, b.data);
        CHECK(reads_back_as_half(b.data, halfs, i));
        int digits = 0;
        for (const char *c = b.data; *c && *c != 'e'; c++)
            digits += *c >= '0' && *c <= '9' && (digits || *c != '0');
        snprintf(shorter, sizeof shorter, "%.*e", digits > 1 ? digits - 2 : 0, halfs[i]);
        CHECK(digits < 2 || halfs[i] == floor(halfs[i]) || !reads_back_as_half(shorter, halfs, i) ||
              strtod(shorter, NULL) == strtod(b.data, NULL));
        nl_buf_free(&b);
    }
}

static void decimals_of_other_widths(void **state)
{
    (void)state;
    static const int32_t narrow[] = {-999999999};
    static const int64_t middle[] = {-1};
    static const uint64_t one[] = {1, 0, 0, 0}, minus[] = {0, 0, 0, 0x8000000000000000u};
    static const uint64_t most[] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, INT64_MAX};
    static const struct {
        const char *format;
        const void *values;
        const char *want;
    } cases[] = {
        {"d:9,2,32", narrow, "-9999999.99"},
        {"d:18,3,64", middle, "-0.001"},
        {"d:76,2,256", one, "0.01"},
        {"d:76,-2,256", one, "100"},
        {"d:76,0,256", most, "57896044618658097711785492504343953926634992332820282019728792003956564819967"},
        {"d:76,76,256", minus, "-5.7896044618658097711785492504343953926634992332820282019728792003956564819968"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const void *buffers[] = {NULL, cases[i].values};
        struct ArrowArray a = {.length = 1, .n_buffers = 2, .buffers = buffers, .release = ignore};
        struct arrow_type t;
        nl_buf b = {0};
        check_why("%s", cases[i].want);
        CHECK_INT(arrow_type_parse(cases[i].format, &t, NULL), NL_OK);
        CHECK_INT(arrow_array_check(&a, &t, NULL), NL_OK);
        CHECK_INT(arrow_format_value(&a, &t, 0, &b, NULL), NL_OK);
        CHECK_STR(b.data, cases[i].want);
        nl_buf_free(&b);
    }
}

static void nested_values_have_no_text(void **state)
{
    (void)state;
    static const char *const formats[] = {"+s", "+l", "+m", "+r"};
    for (size_t i = 0; i < NL_LEN(formats); i++) {
        struct arrow_type t;
        nl_error err = {0};
        nl_buf b = {0};
        const void *buffers[2] = {NULL, NULL};
        struct ArrowArray a = {.length = 1, .n_buffers = 2, .buffers = buffers};
        CHECK_OK(arrow_type_parse(formats[i], &t, &err), err);
        CHECK_FAILS(arrow_format_value(&a, &t, 0, &b, &err), NL_UNSUPPORTED, err, "cannot be shown");
    }
    struct ArrowArray nulls = {.length = 1, .null_count = 1};
    struct arrow_type t;
    nl_buf b = {0};
    CHECK_INT(arrow_type_parse("n", &t, NULL), NL_OK);
    CHECK_INT(arrow_format_value(&nulls, &t, 0, &b, NULL), NL_OK);
    CHECK_INT(b.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_in_the_shortest_digits),
        cmocka_unit_test(every_float_reads_back),
        cmocka_unit_test(a_locale_changes_nothing),
        cmocka_unit_test(decimals_with_their_scale),
        cmocka_unit_test(dates_and_times_as_iso_8601),
        cmocka_unit_test(every_half_reads_back_and_is_shortest),
        cmocka_unit_test(decimals_of_other_widths),
        cmocka_unit_test(intervals_as_durations),
        cmocka_unit_test(intervals_of_each_layout),
        cmocka_unit_test(days_follow_each_other),
        cmocka_unit_test(values_of_arrays),
        cmocka_unit_test(half_floats),
        cmocka_unit_test(nested_values_have_no_text),
    };
    return cmocka_run_group_tests_name("arrow_format", tests, NULL, NULL);
}
