/* tests/parquet/codec/foreign.c: what others write under a codec's name, byte by byte: framings of LZ4, gzip's relatives,
 * Brotli's reach; made by the libraries' other interfaces or by hand, not by ours. */
#include <libdeflate.h>
#include <lz4.h>
#include <lz4frame.h>

#include "base/str.h"
#include "parquet/codec/codec.h"
#include "support/check.h"

enum { LEN = 3000 };

static char text[LEN + 1];

/* Bytes that compress a little. */
static void make_text(void)
{
    for (size_t i = 0; i < LEN; i++)
        text[i] = (char)('a' + (i * i / 7 + i / 100) % 13);
}

static void decompresses(int codec, const void *in, size_t len)
{
    char back[LEN];
    nl_error err = {0};
    CHECK_OK(pq_decompress(NULL, codec, in, len, back, LEN, &err), err);
    CHECK_MEM(back, text, LEN);
    CHECK_FAILS(pq_decompress(NULL, codec, in, len, back, LEN - 1, &err), NL_CORRUPT, err, NULL);
    if (len)
        CHECK_FAILS(pq_decompress(NULL, codec, in, len - 1, back, LEN, &err), NL_CORRUPT, err, NULL);
}

static size_t put_be(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
    return 4;
}

/* from..from + n as a size and a block. */
static size_t put_block(uint8_t *p, size_t room, size_t from, size_t n)
{
    int made = LZ4_compress_default(text + from, (char *)p + 4, (int)n, (int)room - 4);
    CHECK(made > 0);
    return put_be(p, (uint32_t)made) + (size_t)made;
}

static void hadoop_frames_of_lz4(void **state)
{
    (void)state;
    uint8_t in[2 * LEN];
    make_text();
    check_why("one frame, one block");
    size_t n = put_be(in, LEN);
    n += put_block(in + n, sizeof in - n, 0, LEN);
    decompresses(PQ_CODEC_LZ4, in, n);

    check_why("one frame, three blocks");
    n = put_be(in, LEN);
    n += put_block(in + n, sizeof in - n, 0, 1000);
    n += put_block(in + n, sizeof in - n, 1000, 1);
    n += put_block(in + n, sizeof in - n, 1001, LEN - 1001);
    decompresses(PQ_CODEC_LZ4, in, n);

    check_why("two frames, an empty one between them");
    n = put_be(in, 100);
    n += put_block(in + n, sizeof in - n, 0, 100);
    n += put_be(in + n, 0);
    n += put_be(in + n, LEN - 100);
    n += put_block(in + n, sizeof in - n, 100, LEN - 100);
    decompresses(PQ_CODEC_LZ4, in, n);
}

static void an_lz4_frame_and_a_bare_block(void **state)
{
    (void)state;
    uint8_t in[2 * LEN];
    make_text();
    check_why("a bare block");
    int made = LZ4_compress_default(text, (char *)in, LEN, sizeof in);
    CHECK(made > 0);
    decompresses(PQ_CODEC_LZ4, in, (size_t)made);
    decompresses(PQ_CODEC_LZ4_RAW, in, (size_t)made);

    check_why("a frame with checksums");
    LZ4F_preferences_t how = {.frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled,
                                            .blockChecksumFlag = LZ4F_blockChecksumEnabled}};
    size_t n = LZ4F_compressFrame(in, sizeof in, text, LEN, &how);
    CHECK(!LZ4F_isError(n));
    decompresses(PQ_CODEC_LZ4, in, n);
    in[n / 2] ^= 1;
    char back[LEN];
    nl_error err = {0};
    CHECK_FAILS(pq_decompress(NULL, PQ_CODEC_LZ4, in, n, back, LEN, &err), NL_CORRUPT, err, "neither Hadoop's framing");
}

static void hostile_frames_of_lz4(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t len;
        uint8_t in[12];
    } cases[] = {
        {"a size without blocks", 4, {0, 0, 0x0B, 0xB8}},
        {"sizes of 4 GiB", 8, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}},
        {"a block of nothing", 8, {0, 0, 0x0B, 0xB8, 0, 0, 0, 0}},
        {"a block beyond the end", 9, {0, 0, 0x0B, 0xB8, 0, 0, 0, 2, 0}},
        {"an offset before the start", 11, {0, 0, 0x0B, 0xB8, 0, 0, 0, 3, 0x0F, 0xFF, 0xFF}},
        {"the magic of a frame alone", 4, {0x04, 0x22, 0x4D, 0x18}},
        {"a frame of another version", 8, {0x04, 0x22, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF}},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char back[LEN];
        nl_error err = {0};
        check_why("%s", cases[i].why);
        CHECK_FAILS(pq_decompress(NULL, PQ_CODEC_LZ4, cases[i].in, cases[i].len, back, LEN, &err), NL_CORRUPT, err,
                    "LZ4");
    }
}

static void relatives_of_gzip(void **state)
{
    (void)state;
    uint8_t in[2 * LEN];
    make_text();
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    CHECK(c != NULL);
    check_why("zlib");
    size_t n = libdeflate_zlib_compress(c, text, LEN, in, sizeof in);
    decompresses(PQ_CODEC_GZIP, in, n);
    check_why("without a frame");
    n = libdeflate_deflate_compress(c, text, LEN, in, sizeof in);
    decompresses(PQ_CODEC_GZIP, in, n);
    check_why("gzip, and zeros behind it");
    n = libdeflate_gzip_compress(c, text, LEN, in, sizeof in);
    memset(in + n, 0, 7);
    char back[LEN];
    nl_error err = {0};
    CHECK_OK(pq_decompress(NULL, PQ_CODEC_GZIP, in, n + 7, back, LEN, &err), err);
    check_why("gzip, and something else behind it");
    in[n] = 'x';
    CHECK_FAILS(pq_decompress(NULL, PQ_CODEC_GZIP, in, n + 1, back, LEN, &err), NL_CORRUPT, err, "GZIP");
    check_why("gzip with a wrong checksum");
    in[n - 8] ^= 1;
    CHECK_FAILS(pq_decompress(NULL, PQ_CODEC_GZIP, in, n, back, LEN, &err), NL_CORRUPT, err, "GZIP");
    libdeflate_free_compressor(c);
}

/* Streams that are whole and hold nothing. */
static void streams_of_nothing(void **state)
{
    (void)state;
    static const struct {
        int codec;
        size_t len;
        uint8_t in[24];
    } cases[] = {
        {PQ_CODEC_SNAPPY, 1, {0}},
        {PQ_CODEC_BROTLI, 1, {0x06}},
        {PQ_CODEC_LZ4_RAW, 1, {0}},
        {PQ_CODEC_LZ4, 4, {0}},
        {PQ_CODEC_ZSTD, 9, {0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x00, 0x01, 0x00, 0x00}},
        {PQ_CODEC_GZIP, 20, {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 3}},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_error err = {0};
        char back[1];
        check_why("%s", pq_codec_name(cases[i].codec));
        CHECK_OK(pq_decompress(NULL, cases[i].codec, cases[i].in, cases[i].len, NULL, 0, &err), err);
        CHECK_FAILS(pq_decompress(NULL, cases[i].codec, cases[i].in, cases[i].len, back, 1, &err), NL_CORRUPT, err,
                    "holds 0 bytes");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hadoop_frames_of_lz4),  cmocka_unit_test(an_lz4_frame_and_a_bare_block),
        cmocka_unit_test(hostile_frames_of_lz4), cmocka_unit_test(relatives_of_gzip),
        cmocka_unit_test(streams_of_nothing),
    };
    return cmocka_run_group_tests_name("parquet_codec_foreign", tests, NULL, NULL);
}
