/* tests/parquet/codec/codec.c: there and back, exact lengths, hostile bytes, and what is refused by name. */
#include "parquet/codec/codec.h"

#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

static const int supported[] = {PQ_CODEC_UNCOMPRESSED, PQ_CODEC_SNAPPY, PQ_CODEC_GZIP,   PQ_CODEC_BROTLI,
                                PQ_CODEC_LZ4,          PQ_CODEC_ZSTD,   PQ_CODEC_LZ4_RAW};

/* Memory of exactly len bytes, so that ASan sees a step beyond it. */
static void *block(size_t len)
{
    void *p = malloc(len ? len : 1);
    if (!p)
        abort();
    return p;
}

/* A block of len bytes of some kind. */
static uint8_t *fill(size_t len, struct rng *r, int kind)
{
    uint8_t *data = block(len);
    for (size_t i = 0; i < len; i++)
        data[i] = kind == 0 ? 0 : kind == 1 ? (uint8_t) "abcabcabd"[i % 9] : (uint8_t)rng_next(r);
    return data;
}

static void every_codec_gives_back_what_it_got(void **state)
{
    (void)state;
    struct rng r = rng_seed("codec");
    static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 1000, 65535, 65536, 65537, 1 << 20};
    struct pq_codec_ctx ctx = {0};
    nl_buf packed = {0};
    nl_error err = {0};
    for (size_t c = 0; c < NL_LEN(supported); c++)
        for (size_t s = 0; s < NL_LEN(sizes); s++)
            for (int kind = 0; kind < 3; kind++) {
                check_why("%s, %zu bytes of kind %d", pq_codec_name(supported[c]), sizes[s], kind);
                uint8_t *data = fill(sizes[s], &r, kind), *back = block(sizes[s]);
                nl_buf_clear(&packed);
                CHECK_OK(nl_buf_puts(&packed, "before", &err), err);
                CHECK_OK(pq_compress(&ctx, supported[c], 0, data, sizes[s], &packed, &err), err);
                CHECK_MEM(packed.data, "before", 6);
                size_t len = packed.len - 6;
                CHECK_MAX(len, pq_codec_bound(supported[c], sizes[s]));
                CHECK_MAX(sizes[s], pq_codec_max_output(supported[c], len));
                CHECK_OK(pq_decompress(&ctx, supported[c], packed.data + 6, len, back, sizes[s], &err), err);
                CHECK_MEM(back, data, sizes[s]);
                CHECK_OK(pq_decompress(NULL, supported[c], packed.data + 6, len, back, sizes[s], &err), err);
                CHECK_MEM(back, data, sizes[s]);
                free(data);
                free(back);
            }
    nl_buf_free(&packed);
    pq_codec_ctx_free(&ctx);
}

static void the_length_is_exact(void **state)
{
    (void)state;
    uint8_t data[100] = {0}, back[101];
    struct pq_codec_ctx ctx = {0};
    for (size_t c = 0; c < NL_LEN(supported); c++) {
        nl_buf packed = {0};
        nl_error err = {0};
        check_why("%s", pq_codec_name(supported[c]));
        CHECK_OK(pq_compress(&ctx, supported[c], 0, data, sizeof data, &packed, &err), err);
        CHECK_FAILS(pq_decompress(&ctx, supported[c], packed.data, packed.len, back, 99, &err), NL_CORRUPT, err, NULL);
        CHECK_FAILS(pq_decompress(&ctx, supported[c], packed.data, packed.len, back, 101, &err), NL_CORRUPT, err, NULL);
        CHECK_FAILS(pq_decompress(&ctx, supported[c], packed.data, packed.len, back, 0, &err), NL_CORRUPT, err, NULL);
        CHECK_FAILS(pq_decompress(&ctx, supported[c], packed.data, packed.len - 1, back, 100, &err), NL_CORRUPT, err,
                    NULL);
        CHECK_FAILS(pq_decompress(&ctx, supported[c], packed.data, 0, back, 100, &err), NL_CORRUPT, err, "no bytes");
        nl_buf_free(&packed);
    }
    pq_codec_ctx_free(&ctx);
}

static void what_is_not_supported_is_named(void **state)
{
    (void)state;
    static const struct {
        int codec, code;
        const char *words;
    } cases[] = {
        {PQ_CODEC_LZO, NL_UNSUPPORTED, "LZO"},
        {-1, NL_CORRUPT, "codec -1"},
        {8, NL_CORRUPT, "codec 8"},
        {INT32_MIN, NL_CORRUPT, "codec"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_error err = {0};
        nl_buf out = {0};
        uint8_t byte = 0;
        check_why("codec %d", cases[i].codec);
        CHECK_FAILS(pq_codec_check(cases[i].codec, &err), cases[i].code, err, cases[i].words);
        CHECK_FAILS(pq_decompress(NULL, cases[i].codec, "a", 1, &byte, 1, &err), cases[i].code, err, cases[i].words);
        CHECK_FAILS(pq_compress(NULL, cases[i].codec, 0, "a", 1, &out, &err), cases[i].code, err, cases[i].words);
        CHECK_INT(out.len, 0);
        CHECK_INT(pq_codec_max_output(cases[i].codec, 100), 0);
    }
}

/* A header that asks for more than the bytes can give is refused before anything is allocated: the bound must hold for
 * the densest input, and must not be so high that it says nothing. */
static void the_bound_on_output_holds(void **state)
{
    (void)state;
    size_t size = 64 << 20;
    uint8_t *zeros = calloc(size, 1);
    CHECK(zeros != NULL);
    for (size_t c = 0; c < NL_LEN(supported); c++) {
        nl_buf packed = {0};
        nl_error err = {0};
        check_why("%s", pq_codec_name(supported[c]));
        CHECK_OK(pq_compress(NULL, supported[c], 0, zeros, size, &packed, &err), err);
        CHECK_MAX(size, pq_codec_max_output(supported[c], packed.len));
        CHECK_INT(pq_codec_max_output(supported[c], 0), 0);
        CHECK(pq_codec_max_output(supported[c], UINT64_MAX) >= UINT64_MAX / 2);
        nl_buf_free(&packed);
    }
    CHECK_MAX(pq_codec_max_output(PQ_CODEC_SNAPPY, 1000), 22000);
    CHECK_MAX(pq_codec_max_output(PQ_CODEC_ZSTD, 1000), 33 << 20);
    CHECK_MAX(pq_codec_max_output(PQ_CODEC_GZIP, 1000), 1032000);
    CHECK_MAX(pq_codec_max_output(PQ_CODEC_LZ4, 1000), 255000);
    free(zeros);
}

/* What few bytes may ask for: as much as they really hold, and nothing more. */
static void a_large_page_of_few_bytes_is_proved(void **state)
{
    (void)state;
    size_t size = 100 << 20;
    uint8_t *zeros = calloc(size, 1);
    struct pq_codec_ctx ctx = {0};
    CHECK(zeros != NULL);
    for (size_t c = 0; c < NL_LEN(supported); c++) {
        nl_buf packed = {0};
        nl_error err = {0};
        check_why("%s", pq_codec_name(supported[c]));
        CHECK_OK(pq_compress(&ctx, supported[c], 0, zeros, size, &packed, &err), err);
        CHECK_OK(pq_codec_allows(&ctx, supported[c], packed.data, packed.len, size, &err), err);
        CHECK_FAILS(pq_codec_allows(&ctx, supported[c], packed.data, packed.len, UINT64_MAX, &err), NL_CORRUPT, err,
                    pq_codec_name(supported[c]));
        if (supported[c] == PQ_CODEC_ZSTD || supported[c] == PQ_CODEC_BROTLI) {
            CHECK_FAILS(pq_codec_allows(&ctx, supported[c], packed.data, packed.len, size + 1, &err), NL_CORRUPT, err,
                        "holds 104857600 bytes");
            CHECK_FAILS(pq_codec_allows(&ctx, supported[c], packed.data, packed.len, size - 1, &err), NL_CORRUPT, err,
                        "holds more");
            CHECK_FAILS(pq_codec_allows(&ctx, supported[c], packed.data, packed.len - 1, size, &err), NL_CORRUPT, err,
                        NULL);
            FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
            {
                int rc = pq_codec_allows(&ctx, supported[c], packed.data, packed.len, size, &err);
                CHECK_INT(rc, fault_off(&f) ? NL_NO_MEMORY : NL_OK);
            }
        }
        nl_buf_free(&packed);
    }
    CHECK_OK(pq_codec_allows(NULL, PQ_CODEC_ZSTD, "four", 4, PQ_CODEC_SMALL / 64, &(nl_error){0}), (nl_error){0});
    nl_error err = {0};
    CHECK_FAILS(pq_codec_allows(NULL, PQ_CODEC_LZO, "four", 4, 4, &err), NL_UNSUPPORTED, err, "LZO");
    pq_codec_ctx_free(&ctx);
    free(zeros);
}

/* The least and the most level, others beyond them, one after the other in one context. */
static void levels_are_taken(void **state)
{
    (void)state;
    static const int levels[] = {1, 11, 12, 22, 1, 6, 0, -5, 1000};
    struct rng r = rng_seed("codec levels");
    struct pq_codec_ctx ctx = {0};
    uint8_t *data = fill(20000, &r, 1), *back = block(20000);
    for (size_t c = 0; c < NL_LEN(supported); c++)
        for (size_t l = 0; l < NL_LEN(levels); l++)
            for (int with = 0; with < 2; with++) {
                nl_buf packed = {0};
                nl_error err = {0};
                check_why("%s, level %d", pq_codec_name(supported[c]), levels[l]);
                CHECK_OK(pq_compress(with ? &ctx : NULL, supported[c], levels[l], data, 20000, &packed, &err), err);
                CHECK_OK(pq_decompress(&ctx, supported[c], packed.data, packed.len, back, 20000, &err), err);
                CHECK_MEM(back, data, 20000);
                nl_buf_free(&packed);
            }
    pq_codec_ctx_free(&ctx);
    free(data);
    free(back);
}

/* Frame after frame, one of them empty, where a codec knows frames. */
static void several_frames_are_one_page(void **state)
{
    (void)state;
    static const int framed[] = {PQ_CODEC_ZSTD, PQ_CODEC_GZIP, PQ_CODEC_LZ4};
    struct pq_codec_ctx ctx = {0};
    for (size_t c = 0; c < NL_LEN(framed); c++) {
        nl_buf packed = {0};
        nl_error err = {0};
        char back[11];
        check_why("%s", pq_codec_name(framed[c]));
        CHECK_OK(pq_compress(&ctx, framed[c], 0, "hello ", 6, &packed, &err), err);
        CHECK_OK(pq_compress(&ctx, framed[c], 0, NULL, 0, &packed, &err), err);
        CHECK_OK(pq_compress(&ctx, framed[c], 0, "world", 5, &packed, &err), err);
        CHECK_OK(pq_decompress(&ctx, framed[c], packed.data, packed.len, back, 11, &err), err);
        CHECK_MEM(back, "hello world", 11);
        CHECK_FAILS(pq_decompress(&ctx, framed[c], packed.data, packed.len, back, 10, &err), NL_CORRUPT, err, NULL);
        nl_buf_free(&packed);
    }
    pq_codec_ctx_free(&ctx);
}

static void the_checksum_is_gzips(void **state)
{
    (void)state;
    CHECK_INT(pq_crc32(0, "123456789", 9), 0xCBF43926);
    CHECK_INT(pq_crc32(pq_crc32(0, "1234", 4), "56789", 5), 0xCBF43926);
    CHECK_INT(pq_crc32(0, NULL, 0), 0);
    CHECK_INT(pq_crc32(7, NULL, 0), 7);
}

static void damaged_bytes_are_an_error_or_other_bytes(void **state)
{
    (void)state;
    struct rng r = rng_seed("codec damage");
    struct pq_codec_ctx ctx = {0};
    for (size_t c = 1; c < NL_LEN(supported); c++) {
        nl_buf packed = {0};
        nl_error err = {0};
        uint8_t *data = fill(5000, &r, 1), *back = block(5000), *damaged;
        CHECK_OK(pq_compress(&ctx, supported[c], 0, data, 5000, &packed, &err), err);
        for (int i = 0; i < 2000; i++) {
            size_t len = rng_below(&r, 3) ? packed.len : rng_below(&r, packed.len);
            damaged = block(len);
            memcpy(damaged, packed.data, len);
            for (uint64_t k = rng_below(&r, 4); len && k; k--)
                damaged[rng_below(&r, len)] = (uint8_t)rng_next(&r);
            check_why("%s, round %d", pq_codec_name(supported[c]), i);
            int rc = pq_decompress(&ctx, supported[c], damaged, len, back, 5000, &err);
            CHECK(rc == NL_OK || rc == NL_CORRUPT);
            free(damaged);
        }
        free(data);
        free(back);
        nl_buf_free(&packed);
    }
    pq_codec_ctx_free(&ctx);
}

static void a_failed_allocation_leaves_the_buffer(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_error err = {0};
        nl_buf out = {0};
        int rc = NL_OK;
        size_t before = 0;
        for (size_t c = 0; rc == NL_OK && c < NL_LEN(supported); c++) {
            before = out.len;
            rc = pq_compress(NULL, supported[c], 0, "some bytes", 10, &out, &err);
        }
        bool failed = fault_off(&f);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        CHECK(!failed || out.len == before);
        nl_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_gives_back_what_it_got),
        cmocka_unit_test(the_length_is_exact),
        cmocka_unit_test(what_is_not_supported_is_named),
        cmocka_unit_test(the_bound_on_output_holds),
        cmocka_unit_test(damaged_bytes_are_an_error_or_other_bytes),
        cmocka_unit_test(a_large_page_of_few_bytes_is_proved),
        cmocka_unit_test(levels_are_taken),
        cmocka_unit_test(several_frames_are_one_page),
        cmocka_unit_test(the_checksum_is_gzips),
        cmocka_unit_test(a_failed_allocation_leaves_the_buffer),
    };
    return cmocka_run_group_tests_name("parquet_codec", tests, NULL, NULL);
}
