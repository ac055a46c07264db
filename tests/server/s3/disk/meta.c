/* tests/server/s3/disk/meta.c: metadata there and back, settled against a file, and every cut of it; trailers too. */
#include "server/s3/disk/meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "server/s3/disk/trailer.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"
#include "support/tmp.h"

static s3_pair headers[] = {{"content-type", "text/plain"}, {"x-amz-meta-a", ""}, {"x-amz-meta-b", "some value"}};

static s3_meta sample(void)
{
    return (s3_meta){.etag = "5d41402abc4b2a76b9719d911017c592-3",
                     .size = 5,
                     .mtime_ns = 1234567890123456789,
                     .headers = headers,
                     .n_headers = NL_LEN(headers),
                     .checksum_header = "x-amz-checksum-crc32",
                     .checksum = "AAAAAA==",
                     .checksum_type = "FULL_OBJECT",
                     .upload_id = "00112233445566778899aabbccddeeff"};
}

static void check_same(const s3_meta *got, const s3_meta *want)
{
    CHECK_STR(got->etag, want->etag);
    CHECK_INT(got->size, want->size);
    CHECK_INT(got->mtime_ns, want->mtime_ns);
    CHECK_INT(got->n_headers, want->n_headers);
    for (size_t i = 0; i < want->n_headers; i++) {
        CHECK_STR(got->headers[i].name, want->headers[i].name);
        CHECK_STR(got->headers[i].value, want->headers[i].value);
    }
    CHECK_STR(got->checksum, want->checksum);
    CHECK_STR(got->checksum_type, want->checksum_type);
    CHECK_STR(got->upload_id, want->upload_id);
    CHECK_STR(s3_meta_header(got, "x-amz-meta-b"), "some value");
    CHECK(s3_meta_header(got, "x-amz-meta-c") == NULL);
}

static void there_and_back(void **state)
{
    (void)state;
    nl_error err = {0};
    nl_buf packed = {0};
    nl_arena arena = {0};
    s3_meta want = sample(), got;
    CHECK_OK(s3_meta_pack(&want, &packed, &err), err);
    /* A1: a record of a later version is skipped. */
    CHECK_OK(nl_buf_append(&packed, "z\x02\0xy", 5, &err), err);
    CHECK_OK(s3_meta_unpack(&arena, packed.data, packed.len, &got, &err), err);
    check_same(&got, &want);
    nl_arena_free(&arena);
    nl_buf_free(&packed);
}

/* C1: the usual form takes few bytes, and every other form comes back as it was. */
static void short_forms(void **state)
{
    static const struct {
        const char *why, *etag, *header, *checksum, *type, *content_type;
        size_t most; /* bytes; 0: any */
    } cases[] = {
        {"what nearly every object has", "5d41402abc4b2a76b9719d911017c592", NULL, NULL, NULL, NULL, 44},
        {"with a CRC32 and a known type", "5d41402abc4b2a76b9719d911017c592", "x-amz-checksum-crc32",
         "AAAAAA==", "FULL_OBJECT", "application/octet-stream", 60},
        {"CRC64NVME", "5d41402abc4b2a76b9719d911017c592", "x-amz-checksum-crc64nvme", "AAAAAAAAAAA=", "FULL_OBJECT",
         "text/plain", 60},
        {"SHA1", "5d41402abc4b2a76b9719d911017c592", "x-amz-checksum-sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "COMPOSITE",
         NULL, 80},
        {"of parts", "5d41402abc4b2a76b9719d911017c592-10000", "x-amz-checksum-crc32c", "AAAAAA==-7", "COMPOSITE", NULL,
         0},
        {"ETag in capitals", "5D41402ABC4B2A76B9719D911017C592", NULL, NULL, NULL, "x/y", 0},
        {"too many parts", "5d41402abc4b2a76b9719d911017c592-10001", NULL, NULL, NULL, "TEXT/PLAIN", 0},
        {"zeros in front", "5d41402abc4b2a76b9719d911017c592-007", NULL, NULL, NULL, "", 0},
        {"no MD5", "something else", "x-amz-checksum-of-tomorrow", "?", "A_NEW_TYPE", NULL, 0},
        {"no ETag", "", NULL, NULL, NULL, NULL, 0},
        {"not base64", "5d41402abc4b2a76b9719d911017c592", "x-amz-checksum-crc32", "AAAAA===", "FULL_OBJECT", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_error err = {0};
        nl_arena arena = {0};
        nl_buf packed = {0};
        s3_pair type = {"content-type", cases[i].content_type};
        s3_meta got, want = {.size = UINT64_C(5) << 40,
                             .mtime_ns = -1,
                             .headers = &type,
                             .n_headers = cases[i].content_type != NULL,
                             .checksum_header = cases[i].header,
                             .checksum = cases[i].checksum,
                             .checksum_type = cases[i].type};
        snprintf(want.etag, sizeof(want.etag), "%s", cases[i].etag);
        check_why("%s", cases[i].why);
        CHECK_OK(s3_meta_pack(&want, &packed, &err), err);
        CHECK_OK(s3_meta_unpack(&arena, packed.data, packed.len, &got, &err), err);
        CHECK_STR(got.etag, want.etag);
        CHECK(got.size == want.size && got.mtime_ns == want.mtime_ns);
        CHECK(!want.checksum == !got.checksum);
        if (want.checksum) {
            CHECK_STR(got.checksum_header, want.checksum_header);
            CHECK_STR(got.checksum, want.checksum);
            CHECK_STR(got.checksum_type, want.checksum_type);
        }
        CHECK_INT(got.n_headers, want.n_headers);
        if (want.n_headers)
            CHECK_STR(s3_meta_header(&got, "content-type"), cases[i].content_type);
        if (cases[i].most)
            CHECK_MAX(packed.len, cases[i].most);
        nl_arena_free(&arena);
        nl_buf_free(&packed);
    }
    check_why("%s", "");
}

/* Records as earlier versions wrote them, and short ones that are damaged or of a later version. */
static void other_writers(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int rc;
        const char *etag, *checksum, *type;
    } cases[] = {
#define RECORDS(text) text, sizeof(text) - 1
        {RECORDS("NLM1e\x04\0etag"
                 "h\x0e\0content-type\0x"
                 "c\x0d\0a-header\0b\0WH"),
         NL_OK, "etag", "b", "x"},
        {RECORDS("NLM1E\x0f\0aaaaaaaaaaaaaaa"), NL_CORRUPT, NULL, NULL, NULL},
        {RECORDS("NLM1E\x11\0aaaaaaaaaaaaaaaa\x80"), NL_CORRUPT, NULL, NULL, NULL},
        {RECORDS("NLM1E\x13\0aaaaaaaaaaaaaaaa\xff\xff\x01"), NL_CORRUPT, NULL, NULL, NULL},
        {RECORDS("NLM1F\x08\0aaaaaaaa"), NL_CORRUPT, NULL, NULL, NULL},
        {RECORDS("NLM1C\x01\0a"), NL_CORRUPT, NULL, NULL, NULL},
        {RECORDS("NLM1C\x05\0\0\1aaa"), NL_CORRUPT, NULL, NULL, NULL},
        {RECORDS("NLM1C\x05\0\x63\1aaa"), NL_OK, "", NULL, NULL}, /* a kind of tomorrow */
        {RECORDS("NLM1C\x05\0\0\x63"
                 "aaa"),
         NL_OK, "", NULL, NULL},
        {RECORDS("NLM1T\x01\0\xff"), NL_OK, "", NULL, NULL},
        {RECORDS("NLM1T\0\0"), NL_CORRUPT, NULL, NULL, NULL},
        {RECORDS("NLM1T\x01\0\2"), NL_OK, "", NULL, "text/plain"},
#undef RECORDS
    };
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_error err = {0};
        nl_arena arena = {0};
        s3_meta got;
        check_why("case %zu", i);
        int rc = s3_meta_unpack(&arena, cases[i].bytes, cases[i].len, &got, &err);
        CHECK_INT(rc, cases[i].rc);
        if (!rc) {
            const char *type = s3_meta_header(&got, "content-type");
            CHECK_STR(got.etag, cases[i].etag);
            CHECK(cases[i].checksum ? got.checksum && !strcmp(got.checksum, cases[i].checksum) : !got.checksum);
            CHECK(cases[i].type ? type && !strcmp(type, cases[i].type) : !type);
        }
        nl_arena_free(&arena);
    }
    check_why("%s", "");
}

/* Every cut, and bytes changed at random, give an error or something valid: never a crash. */
static void hostile(void **state)
{
    (void)state;
    nl_error err = {0};
    nl_buf packed = {0};
    s3_meta want = sample(), got;
    struct rng r = rng_seed("meta");
    CHECK_OK(s3_meta_pack(&want, &packed, &err), err);
    for (size_t i = 0; i < packed.len; i++) {
        nl_arena arena = {0};
        char *exact = malloc(i ? i : 1); /* so that ASan sees one byte too many */
        memcpy(exact, packed.data, i);
        check_why("cut at %zu", i);
        int rc = s3_meta_unpack(&arena, exact, i, &got, &err);
        CHECK(rc == NL_CORRUPT || rc == NL_OK);
        free(exact);
        nl_arena_free(&arena);
    }
    for (int i = 0; i < 20000; i++) {
        nl_arena arena = {0};
        size_t at = rng_below(&r, packed.len);
        char old = packed.data[at];
        packed.data[at] = (char)rng_next(&r);
        s3_meta_unpack(&arena, packed.data, packed.len, &got, &err);
        packed.data[at] = old;
        nl_arena_free(&arena);
    }
    nl_buf_free(&packed);
}

/* A2, A3. */
static void settled(void **state)
{
    (void)state;
    s3_meta m = sample();
    struct stat st = {.st_size = 5, .st_ino = 7};
    st.st_mtim = (struct timespec){1234567890, 123456789};
    s3_meta_settle(&m, &st);
    CHECK_STR(m.etag, "5d41402abc4b2a76b9719d911017c592-3");
    CHECK(m.checksum != NULL);
    st.st_size = 6;
    s3_meta_settle(&m, &st);
    CHECK(strcmp(m.etag, "5d41402abc4b2a76b9719d911017c592-3") != 0);
    CHECK_HAS(m.etag + 32, "-1");
    CHECK(m.checksum == NULL && m.upload_id == NULL);
    CHECK_INT(m.size, 6);
    CHECK_INT(m.n_headers, 3);
    s3_meta none = {0}, again = {0};
    s3_meta_settle(&none, &st);
    s3_meta_settle(&again, &st);
    CHECK_STR(none.etag, again.etag);
    st.st_mtim.tv_nsec++;
    s3_meta_settle(&again, &st);
    CHECK(strcmp(none.etag, again.etag) != 0);
}

static void trailers(void **state)
{
    nl_error err = {0};
    char *path = tmp_path(*state, "file");
    tmp_write(path, "hello", 5);
    FILE *f = fopen(path, "r+");
    s3_meta want = sample(), got;
    s3_slice key = {"a/b", 3}, back;
    CHECK_OK(s3_trailer_write(fileno(f), key, &want, &err), err);
    nl_arena arena = {0};
    CHECK_OK(s3_trailer_read(fileno(f), &arena, &back, &got, &err), err);
    check_same(&got, &want);
    CHECK_INT(back.len, 3);
    CHECK_MEM(back.data, "a/b", 3);
    nl_arena_free(&arena);
    size_t len;
    char *bytes = tmp_read(path, &len);
    for (size_t i = 0; i < len; i++) { /* every cut, and every byte of the trailer changed */
        check_why("byte %zu of %zu", i, len);
        tmp_write(path, bytes, i);
        CHECK_FAILS(s3_trailer_read(fileno(f), &arena, &back, &got, &err), NL_CORRUPT, err, NULL);
        if (i >= 5) {
            bytes[i] ^= 0x20;
            tmp_write(path, bytes, len);
            CHECK_FAILS(s3_trailer_read(fileno(f), &arena, &back, &got, &err), NL_CORRUPT, err, NULL);
            bytes[i] ^= 0x20;
        }
        nl_arena_free(&arena);
    }
    free(bytes);
    fclose(f);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back),
                                       cmocka_unit_test(short_forms),
                                       cmocka_unit_test(other_writers),
                                       cmocka_unit_test(hostile),
                                       cmocka_unit_test(settled),
                                       cmocka_unit_test_setup_teardown(trailers, tmp_setup, tmp_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
