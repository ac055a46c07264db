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
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(hostile),
                                       cmocka_unit_test(settled),
                                       cmocka_unit_test_setup_teardown(trailers, tmp_setup, tmp_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
