/* tests/parquet/codec/codec.c: there and back, exact lengths, hostile bytes, and what is refused by name. */
#include "parquet/codec/codec.h"

#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

static const int supported[] = {PQ_CODEC_UNCOMPRESSED, PQ_CODEC_SNAPPY, PQ_CODEC_ZSTD};

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
        {PQ_CODEC_GZIP, NL_UNSUPPORTED, "GZIP"},
        {PQ_CODEC_LZO, NL_UNSUPPORTED, "LZO"},
        {PQ_CODEC_BROTLI, NL_UNSUPPORTED, "BROTLI"},
        {PQ_CODEC_LZ4, NL_UNSUPPORTED, "LZ4"},
        {PQ_CODEC_LZ4_RAW, NL_UNSUPPORTED, "LZ4_RAW"},
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
    free(zeros);
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
        int rc = pq_compress(NULL, PQ_CODEC_SNAPPY, 0, "some bytes", 10, &out, &err);
        bool failed = fault_off(&f);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        CHECK(!failed || out.len == 0);
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
        cmocka_unit_test(a_failed_allocation_leaves_the_buffer),
    };
    return cmocka_run_group_tests_name("parquet_codec", tests, NULL, NULL);
}
