/* tests/parquet/encoding/values.c: each loop over values against one that is written plainly, for every width. */
#include "parquet/encoding/values.h"

#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

static const size_t widths[] = {1, 2, 3, 4, 5, 8, 12, 16, 17};

static void gather_and_fill(void **state)
{
    (void)state;
    struct rng rng = rng_seed("gather");
    uint8_t dictionary[10 * 17], out[60 * 17 + 1];
    uint32_t indices[60];
    rng_bytes(&rng, dictionary, sizeof dictionary);
    for (size_t i = 0; i < NL_LEN(indices); i++)
        indices[i] = (uint32_t)rng_below(&rng, 10);
    for (size_t w = 0; w < NL_LEN(widths); w++)
        for (size_t n = 0; n <= 60; n += 7) {
            size_t width = widths[w];
            check_why("width %zu, %zu values", width, n);
            memset(out, 0xEE, sizeof out);
            pq_values_gather(out, dictionary, indices, n, width);
            for (size_t i = 0; i < n; i++)
                CHECK_MEM(out + i * width, dictionary + indices[i] * width, width);
            CHECK_INT(out[n * width], 0xEE);
            pq_values_fill(out, dictionary, n, width);
            for (size_t i = 0; i < n; i++)
                CHECK_MEM(out + i * width, dictionary, width);
            CHECK_INT(out[n * width], 0xEE);
        }
}

/* Spread as it is meant, from a copy. */
static void spread_plainly(uint8_t *out, const uint8_t *dense, const uint8_t *valid, size_t from, size_t n,
                           size_t width)
{
    size_t p = 0;
    for (size_t i = 0; i < n; i++)
        if (valid[(from + i) / 8] >> (from + i) % 8 & 1)
            memcpy(out + i * width, dense + p++ * width, width);
        else
            memset(out + i * width, 0, width);
}

static void spread(void **state)
{
    (void)state;
    struct rng rng = rng_seed("spread");
    for (int round = 0; round < 4000; round++) {
        size_t width = widths[rng_below(&rng, NL_LEN(widths))], n = rng_below(&rng, 150), from = rng_below(&rng, 40);
        uint8_t valid[32 + 8], dense[150 * 17], got[150 * 17 + 1], want[150 * 17];
        unsigned shape = (unsigned)rng_below(&rng, 4); /* half, mostly ones, mostly zeros, long runs */
        size_t ones = 0;
        for (size_t i = 0; i < sizeof valid; i++)
            valid[i] = shape == 0   ? (uint8_t)rng_next(&rng)
                       : shape == 1 ? (uint8_t) ~(1 << rng_below(&rng, 20))
                       : shape == 2 ? (uint8_t)(1 << rng_below(&rng, 20))
                                    : (i / 6 % 2 ? 0xFF : 0);
        for (size_t i = from; i < from + n; i++)
            ones += valid[i / 8] >> i % 8 & 1;
        rng_bytes(&rng, dense, sizeof dense);
        memset(got, 0xEE, sizeof got);
        memcpy(got, dense, ones * width);
        spread_plainly(want, dense, valid, from, n, width);
        pq_values_spread(got, ones, valid, from, n, width);
        check_why("round %d: width %zu, %zu of %zu from bit %zu", round, width, ones, n, from);
        if (n)
            CHECK_MEM(got, want, n * width);
        CHECK_INT(got[n * width], 0xEE);
    }
}

static void decimals(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t len;
        uint8_t in[20];
        bool ok;
        int64_t high, low;
    } cases[] = {
        {"no bytes are zero", 0, {0}, true, 0, 0},
        {"one byte", 1, {0x7F}, true, 0, 127},
        {"minus one", 1, {0xFF}, true, -1, -1},
        {"three bytes, negative", 3, {0xFF, 0x00, 0x00}, true, -1, -65536},
        {"sixteen bytes", 16, {0x80}, true, INT64_MIN, 0},
        {"a longer one that is sign alone",
         18,
         {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE},
         true,
         -1,
         -2},
        {"a longer one that is not", 17, {0x01}, false, 0, 0},
        {"129 bits", 17, {0x00, 0x80}, false, 0, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        int64_t out[2] = {0};
        check_why("%s", cases[i].why);
        CHECK_INT(pq_decimal_from_bytes(out, cases[i].in, cases[i].len), cases[i].ok);
        if (cases[i].ok) {
            CHECK_INT(out[0], cases[i].low);
            CHECK_INT(out[1], cases[i].high);
        }
    }
}

/* Two's complement of 256 bits: four words, the least significant first. */
static void decimals_of_256_bits(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t len;
        uint8_t in[34];
        bool ok;
        int64_t words[4];
    } cases[] = {
        {"no bytes are zero", 0, {0}, true, {0}},
        {"minus one", 1, {0xFF}, true, {-1, -1, -1, -1}},
        {"nine bytes", 9, {0x7F}, true, {0, 0x7F, 0, 0}},
        {"nine bytes, negative", 9, {0x80, 1}, true, {INT64_C(1) << 56, -128, -1, -1}},
        {"all 32", 32, {0x80, [31] = 7}, true, {7, 0, 0, INT64_MIN}},
        {"a longer one that is sign alone", 33, {0, 0x40}, true, {0, 0, 0, INT64_C(1) << 62}},
        {"a longer one that is not", 33, {1}, false, {0}},
        {"257 bits", 33, {0, 0x80}, false, {0}},
    };
    nl_error err;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        uint8_t plain[4 + 34] = {(uint8_t)cases[i].len};
        const uint8_t *p = plain;
        int64_t out[4] = {0};
        check_why("%s", cases[i].why);
        CHECK_INT(pq_decimal256_from_bytes(out, cases[i].in, cases[i].len), cases[i].ok);
        CHECK(!cases[i].ok || !memcmp(out, cases[i].words, sizeof out));
        memcpy(plain + 4, cases[i].in, cases[i].len);
        CHECK_INT(pq_decimals256_from_plain(out, 1, &p, plain + 4 + cases[i].len, &err), cases[i].ok ? 0 : NL_CORRUPT);
        CHECK(p == (cases[i].ok ? plain + 4 + cases[i].len : plain));
        CHECK_INT(pq_decimals256_from_fixed(out, cases[i].in, 1, cases[i].len, &err), cases[i].ok ? 0 : NL_CORRUPT);
    }
    const uint8_t cut[] = {9, 0, 0, 0, 1}, *p = cut;
    int64_t out[4];
    check_why("cut");
    CHECK_FAILS(pq_decimals256_from_plain(out, 1, &p, cut + 3, &err), NL_CORRUPT, err, "its length lies beyond");
    CHECK_FAILS(pq_decimals256_from_plain(out, 1, &p, cut + 5, &err), NL_CORRUPT, err, "9 bytes, 1 are left");
}

static void intervals(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        uint32_t in[3];
        int32_t months, days;
        int64_t nanos;
        const char *message;
    } cases[] = {
        {"nothing", {0, 0, 0}, 0, 0, 0, NULL},
        {"each part", {14, 3, 1500}, 14, 3, 1500000000, NULL},
        {"the most", {INT32_MAX, INT32_MAX, UINT32_MAX}, INT32_MAX, INT32_MAX, INT64_C(4294967295000000), NULL},
        {"too many months", {1u << 31, 0, 0}, 0, 0, 0, "2147483648 months"},
        {"too many days", {0, UINT32_MAX, 0}, 0, 0, 0, "4294967295 days"},
    };
    nl_error err;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        uint8_t out[16];
        int32_t part[2];
        int64_t nanos;
        check_why("%s", cases[i].why);
        if (cases[i].message) {
            CHECK_FAILS(pq_intervals_widen(out, cases[i].in, 1, &err), NL_UNSUPPORTED, err, cases[i].message);
            continue;
        }
        CHECK_OK(pq_intervals_widen(out, cases[i].in, 1, &err), err);
        memcpy(part, out, 8);
        memcpy(&nanos, out + 8, 8);
        CHECK_INT(part[0], cases[i].months);
        CHECK_INT(part[1], cases[i].days);
        CHECK_INT(nanos, cases[i].nanos);
    }
}

static void int96(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int64_t nanos;
        uint32_t julian;
        int want;
        int64_t out;
    } cases[] = {
        {"the epoch", 0, 2440588, NL_OK, 0},
        {"a nanosecond before", INT64_C(86399999999999), 2440587, NL_OK, -1},
        {"the last that fits", INT64_C(85636854775807), 2440588 + 106751, NL_OK, INT64_MAX},
        {"one more", INT64_C(85636854775808), 2440588 + 106751, NL_UNSUPPORTED, 0},
        {"the first that fits, its day does not", INT64_C(763145224192), 2440588 - 106752, NL_OK, INT64_MIN},
        {"the year 290000", 0, 108000000, NL_UNSUPPORTED, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        uint8_t in[12];
        int64_t out = 0;
        nl_error err = {0};
        memcpy(in, &cases[i].nanos, 8);
        memcpy(in + 8, &cases[i].julian, 4);
        check_why("%s", cases[i].why);
        CHECK_INT(pq_nanos_from_int96(&out, in, 1, &err), cases[i].want);
        CHECK_INT(out, cases[i].out);
    }
}

static void views(void **state)
{
    (void)state;
    uint8_t page[4096 + 64] = {0}, *p = page;
    for (uint32_t len = 0; len < 40; len++) { /* "", "a", "ab", … */
        memcpy(p, &len, 4);
        for (uint32_t k = 0; k < len; k++)
            p[4 + k] = (uint8_t)('a' + k);
        p += 4 + len;
    }
    const uint8_t *in = page, *end = p;
    uint8_t out[40 * 16];
    nl_error err = {0};
    CHECK_OK(pq_views_from_plain(out, 40, &in, end, page, 7, &err), err);
    CHECK(in == end);
    for (uint32_t len = 0, at = 0; len < 40; at += 4 + len++) {
        uint32_t view[4];
        uint8_t inside[16] = {0};
        memcpy(view, out + 16 * len, 16);
        check_why("a string of %u bytes", len);
        CHECK_INT(view[0], len);
        memcpy(inside, page + at + 4, len < 12 ? len : 12);
        if (len <= 12) {
            CHECK_MEM(out + 16 * len + 4, inside, 12);
            continue;
        }
        CHECK_MEM(&view[1], page + at + 4, 4);
        CHECK_INT(view[2], 7);
        CHECK_INT(view[3], at + 4);
    }
    in = page;
    check_why("one more than there are");
    CHECK_FAILS(pq_views_from_plain(out, 41, &in, end, page, 0, &err), NL_CORRUPT, err, "value 40 of 41");
    in = page;
    check_why("the last one is cut");
    CHECK_FAILS(pq_views_from_plain(out, 40, &in, end - 1, page, 0, &err), NL_CORRUPT, err, "39 bytes, 38 are left");
    memset(page, 0xFF, 4);
    in = page;
    check_why("a length of 2^32 - 1");
    CHECK_FAILS(pq_views_from_plain(out, 1, &in, end, page, 0, &err), NL_CORRUPT, err, "4294967295 bytes");
}

static void byte_streams_join(void **state)
{
    (void)state;
    /* The specification's example: three values of four bytes. */
    static const uint8_t streams[] = {0xAA, 0x00, 0xA3, 0xBB, 0x11, 0xB4, 0xCC, 0x22, 0xC5, 0xDD, 0x33, 0xD6};
    static const uint8_t want[] = {0xAA, 0xBB, 0xCC, 0xDD, 0x00, 0x11, 0x22, 0x33, 0xA3, 0xB4, 0xC5, 0xD6};
    uint8_t out[12];
    pq_values_join(out, streams, 3, 3, 4);
    CHECK_MEM(out, want, 12);
    pq_values_join(out, streams + 1, 2, 3, 4);
    CHECK_MEM(out, want + 4, 8);
    pq_values_join(out, streams, 4, 4, 3);
    CHECK_INT(out[3], 0x00);
    CHECK_INT(out[4], 0xB4);
}

static void byte_streams_of_every_width(void **state)
{
    (void)state;
    struct rng r = rng_seed("join");
    for (size_t width = 1; width <= 20; width++)
        for (size_t n = 0; n <= 600; n += n < 70 ? 1 : 97) {
            size_t count = n + rng_below(&r, 3);
            uint8_t *streams = malloc(count * width + 1), *out = malloc(n * width + 1);
            CHECK(streams && out);
            for (size_t i = 0; i < count * width; i++)
                streams[i] = (uint8_t)rng_next(&r);
            out[n * width] = 0xEE;
            pq_values_join(out, streams, n, count, width);
            check_why("%zu of %zu values of %zu bytes", n, count, width);
            CHECK_INT(out[n * width], 0xEE);
            for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < width; k++)
                    CHECK_INT(out[i * width + k], streams[k * count + i]);
            free(streams);
            free(out);
        }
}

/* Every length, signs of both kinds, against the sum of the bytes; side by side and each behind its length. */
static void decimals_of_every_length(void **state)
{
    (void)state;
    struct rng r = rng_seed("decimals");
    for (size_t len = 0; len <= 18; len++) {
        uint8_t fixed[20 * 18 + 64], plain[20 * 22 + 64], *p = plain;
        __int128 want[20], got[20], one;
        for (size_t i = 0; i < 20; i++) {
            uint8_t *v = fixed + i * len;
            for (size_t k = 0; k < len; k++)
                v[k] = (uint8_t)rng_next(&r);
            for (size_t k = 0; k + 16 < len; k++)
                v[k] = i % 2 ? 0xFF : 0;
            if (len > 16)
                v[len - 16] = (uint8_t)(i % 2 ? v[len - 16] | 0x80 : v[len - 16] & 0x7F);
            want[i] = len && v[0] & 0x80 ? -1 : 0;
            for (size_t k = 0; k < len; k++)
                want[i] = (__int128)((unsigned __int128)want[i] << 8 | v[k]);
            memcpy(p, &(uint32_t){(uint32_t)len}, 4);
            memcpy(p + 4, v, len);
            p += 4 + len;
            check_why("%zu bytes, value %zu", len, i);
            uint8_t *exact = malloc(len ? len : 1);
            CHECK(exact != NULL);
            memcpy(exact, v, len);
            CHECK(pq_decimal_from_bytes(&one, exact, len));
            CHECK_MEM(&one, &want[i], 16);
            free(exact);
        }
        CHECK(pq_decimal_from_fixed(got, fixed, 20, len));
        CHECK_MEM(got, want, sizeof want);
        const uint8_t *in = plain;
        nl_error err = {0};
        CHECK_OK(pq_decimals_from_plain(got, 20, &in, p, &err), err);
        CHECK_MEM(got, want, sizeof want);
        CHECK(in == p);
        in = plain;
        CHECK_FAILS(pq_decimals_from_plain(got, 20, &in, p - 1, &err), NL_CORRUPT, err, "value 19 of 20");
        if (len > 16) {
            fixed[0] ^= 0x80;
            CHECK(!pq_decimal_from_fixed(got, fixed, 20, len));
        }
    }
}

/* Values of random lengths, whose prefixes are random too, side by side; put together by bytes, and by views. */
static void prefixes_and_lengths(void **state)
{
    (void)state;
    struct rng r = rng_seed("prefixes");
    for (int round = 0; round < 300; round++) {
        enum { MOST = 60 };
        int32_t prefixes[MOST], lengths[MOST];
        size_t n = rng_below(&r, MOST), longest = 1 + rng_below(&r, round % 2 ? 12 : 100), total = 0, suffixes = 0,
               at = 0;
        uint8_t before[100 + 64], want[MOST * 200], in[MOST * 200 + 64];
        rng_bytes(&r, before, sizeof before);
        rng_bytes(&r, in, sizeof in);
        const uint8_t *last = before;
        for (size_t i = 0, had = 100; i < n; i++) {
            prefixes[i] = (int32_t)rng_below(&r, (had < longest ? had : longest) + 1);
            size_t suffix = rng_below(&r, longest);
            lengths[i] = prefixes[i] + (int32_t)suffix;
            memcpy(want + total, last, (size_t)prefixes[i]);
            memcpy(want + total + prefixes[i], in + suffixes, suffix);
            last = want + total;
            had = (size_t)lengths[i];
            total += had;
            suffixes += suffix;
        }
        uint8_t *out = malloc(total + 64), views[MOST * 16], one[16];
        CHECK(out != NULL);
        memset(out, 0xEE, total + 64);
        check_why("round %d, %zu values", round, n);
        CHECK(pq_prefixes_join(out, total, before, in, prefixes, lengths, n) == in + suffixes);
        CHECK_MEM(out, want, total);
        CHECK_INT(out[total], 0xEE);
        if (n && !prefixes[0]) {
            memset(out, 0xEE, total);
            pq_prefixes_join(out, total, NULL, in, prefixes, lengths, n);
            CHECK_MEM(out, want, total);
        }
        CHECK_INT(pq_views_from_lengths(views, n, lengths, out, out - 7, 3), total);
        for (size_t i = 0; i < n; i++) {
            pq_view_make(one, out + at, (uint32_t)lengths[i], out - 7, 3);
            CHECK_MEM(views + 16 * i, one, 16);
            at += (size_t)lengths[i];
        }
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_and_lengths),
        cmocka_unit_test(byte_streams_of_every_width),
        cmocka_unit_test(decimals_of_every_length),
        cmocka_unit_test(gather_and_fill),
        cmocka_unit_test(spread),
        cmocka_unit_test(decimals),
        cmocka_unit_test(decimals_of_256_bits),
        cmocka_unit_test(intervals),
        cmocka_unit_test(int96),
        cmocka_unit_test(views),
        cmocka_unit_test(byte_streams_join),
    };
    return cmocka_run_group_tests_name("parquet/encoding/values", tests, NULL, NULL);
}
