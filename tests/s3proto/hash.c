/* hash.c: published check values of every digest, in one piece and in many; base64; comparing. */
#include "s3proto/hash.h"

#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

static void hex_of(enum s3_digest_kind kind, const void *data, size_t len, char out[65])
{
    s3_digest d;
    uint8_t raw[S3_DIGEST_MAX];
    s3_digest_open(&d, kind);
    s3_digest_update(&d, data, len);
    size_t n = s3_digest_final(&d, raw);
    CHECK_INT(n, s3_digest_size(kind));
    nl_hex(raw, n, out);
}

static void published_check_values(void **state)
{
    (void)state;
    static const struct {
        enum s3_digest_kind kind;
        const char *text, *hex;
    } cases[] = {
        {S3_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
        {S3_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
        {S3_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {S3_SHA256, "", S3_EMPTY_SHA256},
        {S3_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {S3_CRC32, "", "00000000"},
        {S3_CRC32, "123456789", "cbf43926"},
        {S3_CRC32C, "123456789", "e3069283"},
        {S3_CRC64NVME, "123456789", "ae8b14860a799888"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char hex[65];
        check_why("%s of \"%s\"", s3_digest_name(cases[i].kind), cases[i].text);
        hex_of(cases[i].kind, cases[i].text, strlen(cases[i].text), hex);
        CHECK_STR(hex, cases[i].hex);
    }
}

static void pieces_give_what_the_whole_gives(void **state)
{
    (void)state;
    struct rng r = rng_seed("hash");
    uint8_t data[5000];
    rng_bytes(&r, data, sizeof data);
    for (int kind = 0; kind < S3_DIGEST_KINDS; kind++) {
        char whole[65], hex[65];
        hex_of((enum s3_digest_kind)kind, data, sizeof data, whole);
        s3_digest d;
        uint8_t raw[S3_DIGEST_MAX];
        s3_digest_open(&d, (enum s3_digest_kind)kind);
        for (int round = 0; round < 2; round++) { /* the second after final: it starts afresh */
            for (size_t at = 0; at < sizeof data;) {
                size_t n = rng_below(&r, 200);
                n = n < sizeof data - at ? n : sizeof data - at;
                s3_digest_update(&d, data + at, n);
                at += n;
            }
            nl_hex(raw, s3_digest_final(&d, raw), hex);
            check_why("%s, round %d", s3_digest_name((enum s3_digest_kind)kind), round);
            CHECK_STR(hex, whole);
        }
    }
}

/* RFC 4231, cases 1, 2 and 6 (a key longer than a block). */
static void hmac(void **state)
{
    (void)state;
    uint8_t key[131], mac[32];
    char hex[65];
    memset(key, 0x0b, 20);
    s3_hmac_sha256(key, 20, "Hi There", 8, mac);
    nl_hex(mac, 32, hex);
    CHECK_STR(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    s3_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac);
    nl_hex(mac, 32, hex);
    CHECK_STR(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    s3_hmac_sha256(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First", 54, mac);
    nl_hex(mac, 32, hex);
    CHECK_STR(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void base64_both_ways(void **state)
{
    (void)state;
    static const char *const texts[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < NL_LEN(texts); i++) {
        nl_buf b = {0};
        nl_error err = {0};
        uint8_t back[16];
        size_t n;
        check_why("%s", texts[i][0]);
        CHECK_OK(s3_base64(&b, texts[i][0], strlen(texts[i][0]), &err), err);
        CHECK_STR(b.data, texts[i][1]);
        CHECK(s3_unbase64(b.data, b.len, back, sizeof back, &n));
        CHECK_INT(n, strlen(texts[i][0]));
        CHECK_MEM(back, texts[i][0], n);
        nl_buf_free(&b);
    }
    static const char *const bad[] = {"Z",    "Zg",   "Zg=",      "Zg= ",  "Z===", "====",
                                      "Zh==", "Zm9=", "Zg==Zg==", "Zm9\n", "Zm-v"};
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        uint8_t back[16];
        size_t n;
        check_why("\"%s\"", bad[i]);
        CHECK(!s3_unbase64(bad[i], strlen(bad[i]), back, sizeof back, &n));
    }
    uint8_t two[2];
    size_t n;
    CHECK(!s3_unbase64("Zm9v", 4, two, sizeof two, &n));
}

static void names_of_algorithms(void **state)
{
    (void)state;
    enum s3_digest_kind kind;
    for (int k = 0; k < S3_DIGEST_KINDS; k++) {
        CHECK(s3_digest_find(s3_digest_name((enum s3_digest_kind)k), &kind));
        CHECK_INT(kind, k);
        CHECK(s3_digest_find(s3_digest_header((enum s3_digest_kind)k), &kind));
        CHECK_INT(kind, k);
    }
    CHECK(s3_digest_find("X-Amz-Checksum-CRC64NVME", &kind));
    CHECK(!s3_digest_find("CRC", &kind));
}

static void comparing(void **state)
{
    (void)state;
    CHECK(s3_equal("abc", "abc", 3));
    CHECK(!s3_equal("abc", "abd", 3));
    CHECK(s3_equal("abc", "abd", 2));
    CHECK(s3_equal_text("abc", "abc"));
    CHECK(!s3_equal_text("abc", "ab"));
    CHECK(!s3_equal_text("ab", "abc"));
    CHECK(s3_equal_text("", ""));
}

/* Pieces too short for folding against folded ones: any length, any alignment, any start. */
static void folded_crcs_are_those_of_the_tables(void **state)
{
    (void)state;
    struct rng r = rng_seed("crc");
    static uint8_t data[5000];
    rng_bytes(&r, data, sizeof data);
    for (int kind = S3_CRC32; kind <= S3_CRC64NVME; kind++)
        for (int i = 0; i < 400; i++) {
            size_t from = rng_below(&r, 40), len = rng_below(&r, i < 300 ? 400 : sizeof data - 40), cut = len;
            s3_digest whole, pieces;
            uint8_t a[S3_DIGEST_MAX], b[S3_DIGEST_MAX];
            check_why("%s of %zu bytes", s3_digest_name((enum s3_digest_kind)kind), len);
            s3_digest_open(&whole, (enum s3_digest_kind)kind);
            s3_digest_open(&pieces, (enum s3_digest_kind)kind);
            if (len)
                cut = rng_below(&r, len);
            s3_digest_update(&whole, data + from, cut);
            s3_digest_update(&whole, data + from + cut, len - cut);
            for (size_t at = 0; at < len; at++)
                s3_digest_update(&pieces, data + from + at, 1);
            size_t n = s3_digest_final(&whole, a);
            CHECK_INT(s3_digest_final(&pieces, b), n);
            CHECK_MEM(a, b, n);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folded_crcs_are_those_of_the_tables),
        cmocka_unit_test(published_check_values),
        cmocka_unit_test(pieces_give_what_the_whole_gives),
        cmocka_unit_test(hmac),
        cmocka_unit_test(base64_both_ways),
        cmocka_unit_test(names_of_algorithms),
        cmocka_unit_test(comparing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
