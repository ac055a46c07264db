/* tests/base/str.c: tables of cases, one a function. */
#include "base/str.h"

#include "support/check.h"
#include "support/rng.h"

static void beginnings_and_ends(void **state)
{
    (void)state;
    CHECK(nl_starts_with("s3://lake", "s3://"));
    CHECK(nl_starts_with("x", ""));
    CHECK(!nl_starts_with("s3", "s3://"));
    CHECK(!nl_starts_with("S3://", "s3://"));
    CHECK(nl_ends_with("a.yaml", ".yaml"));
    CHECK(nl_ends_with("a", ""));
    CHECK(!nl_ends_with("yaml", ".yaml"));
    CHECK(!nl_ends_with("a.yaml2", ".yaml"));
}

static void the_nearest_name(void **state)
{
    (void)state;
    static const char *const names[] = {"part", "supplier", "lineitem", "p_name", "p_partkey"};
    static const struct {
        const char *word, *want;
    } cases[] = {
        {"part", "part"},
        {"prat", "part"},
        {"parts", "part"},
        {"PART", "part"},
        {"suplier", "supplier"},
        {"lineitme", "lineitem"},
        {"p_nmae", "p_name"},
        {"nothing", NULL},
        {"", NULL},
        {"p", NULL},
        {"p_partkeys", "p_partkey"},
        {"supp", NULL},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const char *got = nl_nearest(cases[i].word, names, NL_LEN(names));
        check_why("%s", cases[i].word);
        CHECK_STR(got ? got : "(none)", cases[i].want ? cases[i].want : "(none)");
    }
    char lengthy[300];
    memset(lengthy, 'a', sizeof(lengthy));
    lengthy[299] = '\0';
    CHECK(!nl_nearest(lengthy, names, NL_LEN(names)));
    CHECK(!nl_nearest("abc", (const char *const[]){lengthy}, 1));
    CHECK(!nl_nearest("abc", names, 0));
}

static void whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool signed_ok, unsigned_ok;
        int64_t want;
    } cases[] = {
        {"0", true, true, 0},
        {"007", true, true, 7},
        {"9223372036854775807", true, true, INT64_MAX},
        {"-9223372036854775808", true, false, INT64_MIN},
        {"9223372036854775808", false, true, INT64_MIN},
        {"-9223372036854775809", false, false, 0},
        {"18446744073709551615", false, true, -1},
        {"18446744073709551616", false, false, 0},
        {"99999999999999999999999", false, false, 0},
        {"-0", true, false, 0},
        {"", false, false, 0},
        {"-", false, false, 0},
        {"--1", false, false, 0},
        {"+1", false, false, 0},
        {" 1", false, false, 0},
        {"1 ", false, false, 0},
        {"1x", false, false, 0},
        {"0x10", false, false, 0},
        {"1.0", false, false, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        int64_t v = 42;
        uint64_t u = 42;
        check_why("'%s'", cases[i].text);
        CHECK_INT(nl_parse_i64(cases[i].text, &v), cases[i].signed_ok);
        CHECK_INT(v, cases[i].signed_ok ? cases[i].want : 42);
        CHECK_INT(nl_parse_u64(cases[i].text, &u), cases[i].unsigned_ok);
        CHECK_INT(u, cases[i].unsigned_ok ? cases[i].want : 42);
    }
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        uint64_t want;
    } cases[] = {
        {"10", true, 10},
        {"10B", true, 10},
        {"64KiB", true, 65536},
        {"64kib", true, 65536},
        {"64 MiB", true, 64 << 20},
        {"1k", true, 1000},
        {"1Ki", true, 1024},
        {"1.5GB", true, 1500000000},
        {"1.5GiB", true, 1610612736},
        {".5K", true, 500},
        {"16EiB", false, 0},
        {"15EiB", true, 15ull << 60},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"", false, 0},
        {".", false, 0},
        {"K", false, 0},
        {"1.5", false, 0},
        {"1..5K", false, 0},
        {"-1", false, 0},
        {"1KiBx", false, 0},
        {"1X", false, 0},
        {"1i", false, 0},
        {"1Bi", false, 0},
        {"0", true, 0},
        {"1.0000000000001K", false, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        uint64_t v = 42;
        check_why("'%s'", cases[i].text);
        CHECK_INT(nl_parse_size(cases[i].text, &v), cases[i].ok);
        CHECK_INT(v, cases[i].ok ? cases[i].want : 42);
    }
}

static void sizes_are_shown(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *want;
    } cases[] = {
        {0, "0 B"},           {1023, "1023 B"},        {1024, "1.0 KiB"},        {1048575, "1.0 MiB"},
        {1288490, "1.2 MiB"}, {1ull << 30, "1.0 GiB"}, {UINT64_MAX, "16.0 EiB"},
    };
    char out[32];
    for (size_t i = 0; i < NL_LEN(cases); i++)
        CHECK_STR(nl_format_size(cases[i].bytes, out), cases[i].want);
}

static void durations_are_shown(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *want;
    } cases[] = {
        {0, "0 ns"},
        {999, "999 ns"},
        {1000, "1 µs"},
        {410000, "410 µs"},
        {999499, "999 µs"},
        {999500, "1 ms"},
        {83000000, "83 ms"},
        {999499999, "999 ms"},
        {999500000, "1.00 s"},
        {1240000000, "1.24 s"},
        {59994000000, "59.99 s"},
        {60000000000, "1 min 00 s"},
        {125000000000, "2 min 05 s"},
    };
    char out[32];
    for (size_t i = 0; i < NL_LEN(cases); i++)
        CHECK_STR(nl_format_duration(cases[i].ns, out), cases[i].want);
}

static void hexadecimal_there_and_back(void **state)
{
    (void)state;
    uint8_t bytes[256], back[256];
    char hex[513];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    nl_hex(bytes, sizeof(bytes), hex);
    CHECK_INT(strlen(hex), 512);
    CHECK_MEM(hex, "000102", 6);
    CHECK_STR(hex + 508, "feff");
    CHECK(nl_unhex(hex, 512, back));
    CHECK_MEM(back, bytes, sizeof(bytes));
    CHECK(nl_unhex("aAfF", 4, back) && back[0] == 0xAA && back[1] == 0xFF);
    CHECK(nl_unhex("", 0, back));
    CHECK(!nl_unhex("abc", 3, back));
    for (const char *bad = "g/:@G`\x80 "; *bad; bad++)
        CHECK(!nl_unhex((const char[]){'0', *bad}, 2, back) && !nl_unhex((const char[]){*bad, '0'}, 2, back));
    nl_hex(bytes, 0, hex);
    CHECK_STR(hex, "");
}

static void utf8_as_rfc_3629_has_it(void **state)
{
    (void)state;
    static const struct {
        const char *why, *bytes;
        bool valid;
    } cases[] = {
        {"nothing", "", true},
        {"ASCII", "plain text, longer than eight", true},
        {"two bytes, first and last", "\xC2\x80\xDF\xBF", true},
        {"three bytes", "\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF", true},
        {"four bytes", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", true},
        {"behind eight of ASCII", "12345678\xC3\xBC", true},
        {"a continuation alone", "\x80", false},
        {"an overlong slash", "\xC0\xAF", false},
        {"overlong, two bytes", "\xC1\xBF", false},
        {"overlong, three bytes", "\xE0\x9F\xBF", false},
        {"overlong, four bytes", "\xF0\x8F\xBF\xBF", false},
        {"the first surrogate", "\xED\xA0\x80", false},
        {"above U+10FFFF", "\xF4\x90\x80\x80", false},
        {"F5", "\xF5\x80\x80\x80", false},
        {"FF", "\xFF", false},
        {"cut after one of two", "1234567\xC3", false},
        {"cut after two of three", "\xE2\x82", false},
        {"cut after three of four", "\xF0\x9F\x98", false},
        {"a bad third byte", "\xE2\x82\x41", false},
        {"a bad fourth byte", "\xF0\x9F\x98\xC0", false},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        CHECK_INT(nl_utf8_valid((const uint8_t *)cases[i].bytes, strlen(cases[i].bytes)), cases[i].valid);
    }
    CHECK(nl_utf8_valid((const uint8_t *)"a\0b", 3));
}

static void printable_cuts_and_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
        size_t cap;
    } cases[] = {
        {"", "", 8},
        {"1234567", "1234567", 8},
        {"12345678", "1234…", 8},
        {"123456789", "1234…", 8},
        {"1234\n", "1234…", 8},
        {"1\n", "1\\x0A", 8},
        {"üüü", "üüü", 8},
        {"üüüü", "üü…", 8},
        {"\n\n", "\\x0A…", 8},
        {"\n\n", "\\x0A\\x0A", 9},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char out[16];
        memset(out, 'Z', sizeof(out));
        check_why("case %zu", i);
        CHECK_INT(nl_printable(cases[i].text, strlen(cases[i].text), out, cases[i].cap), strlen(cases[i].want));
        CHECK_STR(out, cases[i].want);
        CHECK_INT(out[cases[i].cap], 'Z');
    }
}

static void printable_is_always_valid_text_without_controls(void **state)
{
    (void)state;
    struct rng r = rng_seed("printable");
    for (int i = 0; i < 20000; i++) {
        char in[40], out[64];
        size_t len = (size_t)rng_below(&r, sizeof(in)), cap = 8 + (size_t)rng_below(&r, sizeof(out) - 8);
        rng_bytes(&r, in, len);
        size_t n = nl_printable(in, len, out, cap);
        CHECK(n < cap && out[n] == '\0' && strlen(out) == n);
        CHECK(nl_utf8_valid((const uint8_t *)out, n));
        for (size_t k = 0; k < n; k++)
            CHECK((unsigned char)out[k] >= 0x20 && out[k] != 0x7F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beginnings_and_ends),
        cmocka_unit_test(the_nearest_name),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(sizes_are_shown),
        cmocka_unit_test(durations_are_shown),
        cmocka_unit_test(hexadecimal_there_and_back),
        cmocka_unit_test(utf8_as_rfc_3629_has_it),
        cmocka_unit_test(printable_cuts_and_escapes),
        cmocka_unit_test(printable_is_always_valid_text_without_controls),
    };
    return cmocka_run_group_tests_name("base_str", tests, NULL, NULL);
}
