/* sigv4.c: the worked examples of the S3 API reference (access key AKIAIOSFODNN7EXAMPLE, 24 May 2013, bucket examplebucket);
 * what is signed verifies; what is changed does not; hostile headers. */
#include "s3proto/sigv4.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

#define ACCESS "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define WHEN   "20130524T000000Z"
#define HOST   "examplebucket.s3.amazonaws.com"

static const s3_scope scope = {"20130524", "us-east-1", "s3"};

static void key_of(uint8_t key[32])
{
    nl_error err = {0};
    CHECK_OK(s3_signing_key(SECRET, &scope, key, &err), err);
}

static const struct example {
    const char *why, *method, *path;
    s3_pair query[2], headers[6];
    const char *payload, *signed_headers, *signature;
} examples[] = {
    {"GET object",
     "GET",
     "/test.txt",
     {{0}},
     {{"Host", HOST}, {"Range", "bytes=0-9"}, {"x-amz-content-sha256", S3_EMPTY_SHA256}, {"x-amz-date", WHEN}},
     S3_EMPTY_SHA256,
     "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT object",
     "PUT",
     "/test%24file.text",
     {{0}},
     {{"Host", HOST},
      {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
      {"x-amz-date", WHEN},
      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
      {"x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}},
     "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET bucket lifecycle",
     "GET",
     "/",
     {{"lifecycle", ""}},
     {{"Host", HOST}, {"x-amz-content-sha256", S3_EMPTY_SHA256}, {"x-amz-date", WHEN}},
     S3_EMPTY_SHA256,
     "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"list objects",
     "GET",
     "/",
     {{"max-keys", "2"}, {"prefix", "J"}},
     {{"Host", HOST}, {"x-amz-content-sha256", S3_EMPTY_SHA256}, {"x-amz-date", WHEN}},
     S3_EMPTY_SHA256,
     "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static s3_sign_request request_of(const struct example *e)
{
    s3_sign_request r = {
        .method = e->method, .path = e->path, .query = e->query, .headers = e->headers, .payload = e->payload};
    while (r.n_query < NL_LEN(e->query) && e->query[r.n_query].name)
        r.n_query++;
    while (r.n_headers < NL_LEN(e->headers) && e->headers[r.n_headers].name)
        r.n_headers++;
    return r;
}

static void the_reference_examples(void **state)
{
    (void)state;
    uint8_t key[32];
    key_of(key);
    for (size_t i = 0; i < NL_LEN(examples); i++) {
        const struct example *e = &examples[i];
        s3_sign_request r = request_of(e);
        nl_buf value = {0};
        nl_error err = {0};
        nl_arena arena = {0};
        s3_auth auth;
        char seed[S3_SHA256_HEX];
        check_why("%s", e->why);
        CHECK_OK(s3_sign(&value, &r, ACCESS, key, &scope, WHEN, seed, &err), err);
        CHECK_STR(seed, e->signature);
        CHECK_OK(s3_auth_parse_header(&arena, value.data, WHEN, NULL, &auth, &err), err);
        CHECK_STR(auth.access_key, ACCESS);
        CHECK_STR(auth.scope.region, "us-east-1");
        CHECK_STR(auth.signed_headers, e->signed_headers);
        CHECK_STR(auth.signature, e->signature);
        CHECK_OK(s3_verify(&r, &auth, key, &err), err);
        key[7] ^= 1;
        CHECK_FAILS(s3_verify(&r, &auth, key, &err), NL_DENIED, err, "does not match");
        key[7] ^= 1;
        nl_arena_free(&arena);
        nl_buf_free(&value);
    }
}

static void the_canonical_request_of_the_reference(void **state)
{
    (void)state;
    s3_sign_request r = request_of(&examples[1]);
    nl_buf out = {0};
    nl_error err = {0};
    char sha[S3_SHA256_HEX];
    CHECK_OK(s3_canonical_request(&out, &r, examples[1].signed_headers, NULL, &err), err);
    s3_sha256_hex(out.data, out.len, sha);
    CHECK_STR(sha, "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d");
    nl_buf_free(&out);
}

static void the_presigned_example(void **state)
{
    (void)state;
    uint8_t key[32];
    key_of(key);
    s3_pair host = {"host", HOST};
    s3_sign_request r = {
        .method = "GET", .path = "/test.txt", .headers = &host, .n_headers = 1, .payload = S3_UNSIGNED_PAYLOAD};
    nl_buf query = {0};
    nl_error err = {0};
    nl_arena arena = {0};
    s3_pair *pairs;
    s3_auth auth;
    CHECK_OK(s3_presign(&query, &r, ACCESS, NULL, key, &scope, WHEN, 86400, &err), err);
    CHECK_STR(query.data,
              "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
              "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    CHECK_OK(s3_query_parse(&arena, query.data, query.len, &pairs, &r.n_query, &err), err);
    r.query = pairs;
    CHECK(s3_auth_in_query(r.query, r.n_query));
    CHECK_OK(s3_auth_parse_query(&arena, r.query, r.n_query, &auth, &err), err);
    CHECK_INT(auth.expires, 86400);
    CHECK(auth.presigned);
    CHECK_OK(s3_verify(&r, &auth, key, &err), err);
    pairs[3].value = "86401";
    CHECK_FAILS(s3_verify(&r, &auth, key, &err), NL_DENIED, err, "does not match");
    CHECK_FAILS(s3_presign(&query, &r, ACCESS, NULL, key, &scope, WHEN, 604801, &err), NL_INVALID, err, "604800");
    nl_arena_free(&arena);
    nl_buf_free(&query);
}

/* 64 KiB of "a", 1,024 of them, and the end. */
static void the_chunked_example(void **state)
{
    (void)state;
    uint8_t key[32];
    key_of(key);
    static const s3_pair headers[] = {{"Host", "s3.amazonaws.com"},
                                      {"x-amz-date", WHEN},
                                      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                      {"x-amz-content-sha256", S3_STREAMING},
                                      {"Content-Encoding", "aws-chunked"},
                                      {"x-amz-decoded-content-length", "66560"},
                                      {"Content-Length", "66824"}};
    s3_sign_request r = {.method = "PUT",
                         .path = "/examplebucket/chunkObject.txt",
                         .headers = headers,
                         .n_headers = NL_LEN(headers),
                         .payload = S3_STREAMING};
    nl_buf value = {0};
    nl_error err = {0};
    char seed[S3_SHA256_HEX], sha[S3_SHA256_HEX], got[S3_SHA256_HEX];
    CHECK_OK(s3_sign(&value, &r, ACCESS, key, &scope, WHEN, seed, &err), err);
    CHECK_STR(seed, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
    static const struct {
        size_t len;
        const char *signature;
    } chunks[] = {{65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"},
                  {1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"},
                  {0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"}};
    static char data[65536];
    memset(data, 'a', sizeof data);
    s3_chunk_chain sign, verify;
    s3_chunk_chain_init(&sign, key, &scope, WHEN, seed);
    s3_chunk_chain_init(&verify, key, &scope, WHEN, seed);
    for (size_t i = 0; i < NL_LEN(chunks); i++) {
        check_why("chunk %zu", i);
        s3_sha256_hex(data, chunks[i].len, sha);
        s3_chunk_sign(&sign, sha, got);
        CHECK_STR(got, chunks[i].signature);
        CHECK_OK(s3_chunk_verify(&verify, sha, chunks[i].signature, &err), err);
    }
    s3_trailer_sign(&sign, "x-amz-checksum-crc32c:sOO8/Q==\n", 31, got);
    CHECK_OK(s3_trailer_verify(&verify, "x-amz-checksum-crc32c:sOO8/Q==\n", 31, got, &err), err);
    CHECK_FAILS(s3_chunk_verify(&verify, sha, chunks[0].signature, &err), NL_DENIED, err, "chunk");
    nl_buf_free(&value);
}

static void spellings_of_one_request(void **state)
{
    (void)state;
    static const s3_pair plain[] = {{"host", "h"},
                                    {"x-amz-meta-a", "b c"},
                                    {"x-amz-date", WHEN},
                                    {"x-amz-meta-a", "d"}};
    static const s3_pair spelt[] = {{"X-Amz-Date", WHEN},
                                    {"X-AMZ-Meta-A", "  b   c  "},
                                    {"HOST", " h"},
                                    {"x-amz-meta-a", "d "}};
    static const s3_pair a[] = {{"b", "2"}, {"a", "1 +"}, {"a", "0"}}, b[] = {{"a", "0"}, {"a", "1 +"}, {"b", "2"}};
    s3_sign_request r = {"GET", "/a%2Fb/%7e%20(x)", a, 3, plain, 4, S3_UNSIGNED_PAYLOAD};
    s3_sign_request s = {"GET", "/a/b/~%20%28x%29", b, 3, spelt, 4, S3_UNSIGNED_PAYLOAD};
    nl_buf one = {0}, two = {0};
    nl_error err = {0};
    CHECK_OK(s3_canonical_request(&one, &r, "host;x-amz-date;x-amz-meta-a", NULL, &err), err);
    CHECK_OK(s3_canonical_request(&two, &s, "host;x-amz-date;x-amz-meta-a", NULL, &err), err);
    CHECK_STR(one.data, two.data);
    CHECK_STR(one.data, "GET\n/a/b/~%20%28x%29\na=0&a=1%20%2B&b=2\nhost:h\nx-amz-date:" WHEN
                        "\nx-amz-meta-a:b c,d\n\nhost;x-amz-date;x-amz-meta-a\nUNSIGNED-PAYLOAD");
    nl_buf_free(&one);
    nl_buf_free(&two);
}

static void what_must_be_signed(void **state)
{
    (void)state;
    uint8_t key[32];
    key_of(key);
    static const s3_pair headers[] = {{"host", HOST},
                                      {"x-amz-date", WHEN},
                                      {"x-amz-content-sha256", S3_EMPTY_SHA256},
                                      {"x-amz-acl", "public-read"}};
    s3_sign_request all = {"GET", "/", NULL, 0, headers, 4, S3_EMPTY_SHA256}, three = all, two = all;
    three.n_headers = 3;
    two.headers++;
    two.n_headers = 2;
    nl_arena arena = {0};
    nl_buf value = {0};
    nl_error err = {0};
    s3_auth auth;
    CHECK_OK(s3_sign(&value, &three, ACCESS, key, &scope, WHEN, NULL, &err), err);
    CHECK_OK(s3_auth_parse_header(&arena, value.data, WHEN, NULL, &auth, &err), err);
    CHECK_FAILS(s3_verify(&all, &auth, key, &err), NL_INVALID, err, "\"x-amz-acl\" must be signed");
    CHECK_FAILS(s3_verify(&two, &auth, key, &err), NL_INVALID, err, "\"host\" is signed, and is not there");
    nl_buf_clear(&value);
    CHECK_OK(s3_sign(&value, &two, ACCESS, key, &scope, WHEN, NULL, &err), err);
    CHECK_OK(s3_auth_parse_header(&arena, value.data, WHEN, NULL, &auth, &err), err);
    CHECK_FAILS(s3_verify(&two, &auth, key, &err), NL_INVALID, err, "\"host\" must be signed");
    nl_buf_free(&value);
    nl_arena_free(&arena);
}

#define SIG  "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
#define CRED "Credential=A/20130524/us-east-1/s3/aws4_request"
#define ALG  "AWS4-HMAC-SHA256 "

static void hostile_authorization_headers(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text, *date;
        int want;
        const char *message;
    } cases[] = {
        {"as boto3 writes it", ALG CRED ", SignedHeaders=host;x-amz-date, Signature=" SIG, WHEN, NL_OK, NULL},
        {"no spaces, another order", ALG "Signature=" SIG ",SignedHeaders=host," CRED, WHEN, NL_OK, NULL},
        {"a key with slashes", ALG "Credential=a/b/c/20130524/r/s3/aws4_request,SignedHeaders=host,Signature=" SIG,
         WHEN, NL_OK, NULL},
        {"empty", "", WHEN, NL_UNSUPPORTED, "algorithm"},
        {"version 2", "AWS AKIA:abc", WHEN, NL_UNSUPPORTED, "algorithm \"AWS\""},
        {"version 4a", "AWS4-ECDSA-P256-SHA256 " CRED, WHEN, NL_UNSUPPORTED, "only AWS4-HMAC-SHA256"},
        {"nothing behind", "AWS4-HMAC-SHA256", WHEN, NL_INVALID, "Credential is missing"},
        {"no signature", ALG CRED ", SignedHeaders=host", WHEN, NL_INVALID, "Signature is missing"},
        {"twice", ALG CRED "," CRED ", SignedHeaders=host, Signature=" SIG, WHEN, NL_INVALID, "comes twice"},
        {"unknown part", ALG CRED ", SignedHeaders=host, Signature=" SIG ", Foo=bar", WHEN, NL_INVALID, "\"Foo=bar\""},
        {"short signature", ALG CRED ", SignedHeaders=host, Signature=abc", WHEN, NL_INVALID, "Signature is not"},
        {"signature in capitals", ALG CRED ", SignedHeaders=host, Signature=F" SIG, WHEN, NL_INVALID,
         "Signature is not"},
        {"names not sorted", ALG CRED ", SignedHeaders=x-amz-date;host, Signature=" SIG, WHEN, NL_INVALID, "order"},
        {"a name twice", ALG CRED ", SignedHeaders=host;host, Signature=" SIG, WHEN, NL_INVALID, "order"},
        {"names in capitals", ALG CRED ", SignedHeaders=Host, Signature=" SIG, WHEN, NL_INVALID, "lower-case"},
        {"no names", ALG CRED ", SignedHeaders=, Signature=" SIG, WHEN, NL_INVALID, "lower-case"},
        {"an empty name", ALG CRED ", SignedHeaders=host;, Signature=" SIG, WHEN, NL_INVALID, "lower-case"},
        {"too few parts", ALG "Credential=A/20130524/s3/aws4_request, SignedHeaders=host, Signature=" SIG, WHEN,
         NL_INVALID, "Credential"},
        {"no key", ALG "Credential=/20130524/r/s3/aws4_request, SignedHeaders=host, Signature=" SIG, WHEN, NL_INVALID,
         "access key"},
        {"bad end", ALG "Credential=A/20130524/r/s3/aws5_request, SignedHeaders=host, Signature=" SIG, WHEN, NL_INVALID,
         "aws4_request"},
        {"bad day", ALG "Credential=A/2013052x/r/s3/aws4_request, SignedHeaders=host, Signature=" SIG, WHEN, NL_INVALID,
         "date"},
        {"another day", ALG CRED ", SignedHeaders=host, Signature=" SIG, "20130525T000000Z", NL_INVALID, "not that of"},
        {"bad time", ALG CRED ", SignedHeaders=host, Signature=" SIG, "20130524T250000Z", NL_INVALID, "X-Amz-Date"},
        {"no time", ALG CRED ", SignedHeaders=host, Signature=" SIG, NULL, NL_INVALID, "neither"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_arena arena = {0};
        nl_error err = {0};
        s3_auth auth;
        check_why("%s", cases[i].why);
        int rc = s3_auth_parse_header(&arena, cases[i].text, cases[i].date, NULL, &auth, &err);
        if (cases[i].want)
            CHECK_FAILS(rc, cases[i].want, err, cases[i].message);
        else
            CHECK_OK(rc, err);
        nl_arena_free(&arena);
    }
    nl_arena arena = {0};
    nl_error err = {0};
    s3_auth auth;
    int64_t age;
    check_why("Date instead of X-Amz-Date");
    CHECK_OK(s3_auth_parse_header(&arena, ALG CRED ", SignedHeaders=host, Signature=" SIG, NULL,
                                  "Fri, 24 May 2013 00:00:01 GMT", &auth, &err),
             err);
    CHECK_STR(auth.time, "20130524T000001Z");
    CHECK_OK(s3_auth_age(&auth, 1369353601 + 900, &age, &err), err);
    CHECK_INT(age, 900);
    nl_arena_free(&arena);
}

static void payload_kinds(void **state)
{
    (void)state;
    CHECK_INT(s3_payload_kind(NULL), S3_PAYLOAD_INVALID);
    CHECK_INT(s3_payload_kind(""), S3_PAYLOAD_INVALID);
    CHECK_INT(s3_payload_kind("UNSIGNED-PAYLOAD"), S3_PAYLOAD_UNSIGNED);
    CHECK_INT(s3_payload_kind("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), S3_PAYLOAD_STREAM);
    CHECK_INT(s3_payload_kind("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"), S3_PAYLOAD_STREAM_TRAILER);
    CHECK_INT(s3_payload_kind("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), S3_PAYLOAD_UNSIGNED_TRAILER);
    CHECK_INT(s3_payload_kind(S3_EMPTY_SHA256), S3_PAYLOAD_HASH);
    CHECK_INT(s3_payload_kind(S3_EMPTY_SHA256 "0"), S3_PAYLOAD_INVALID);
    CHECK_INT(s3_payload_kind("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"), S3_PAYLOAD_INVALID);
}

static void the_key_cache_follows_the_scope(void **state)
{
    (void)state;
    s3_key_cache cache = {0};
    s3_scope next = scope;
    uint8_t a[32], b[32], c[32];
    nl_error err = {0};
    CHECK_OK(s3_signing_key_cached(&cache, SECRET, &scope, a, &err), err);
    CHECK_OK(s3_signing_key(SECRET, &scope, b, &err), err);
    CHECK_MEM(a, b, 32);
    CHECK_OK(s3_signing_key_cached(&cache, "not looked at", &scope, b, &err), err);
    CHECK_MEM(a, b, 32);
    memcpy(next.date, "20130525", 9);
    CHECK_OK(s3_signing_key_cached(&cache, SECRET, &next, b, &err), err);
    CHECK_OK(s3_signing_key(SECRET, &next, c, &err), err);
    CHECK_MEM(b, c, 32);
    CHECK(memcmp(a, b, 32) != 0);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    uint8_t key[32];
    key_of(key);
    s3_sign_request r = request_of(&examples[3]);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_buf value = {0}, query = {0};
        nl_arena arena = {0};
        s3_auth auth;
        nl_error err = {0};
        int rc = s3_sign(&value, &r, ACCESS, key, &scope, WHEN, NULL, &err);
        if (!rc)
            rc = s3_auth_parse_header(&arena, value.data, WHEN, NULL, &auth, &err);
        if (!rc)
            rc = s3_verify(&r, &auth, key, &err);
        if (!rc)
            rc = s3_presign(&query, &r, ACCESS, "token", key, &scope, WHEN, 60, &err);
        bool failed = fault_off(&f);
        CHECK(rc == (failed ? NL_NO_MEMORY : NL_OK));
        nl_arena_free(&arena);
        nl_buf_free(&value);
        nl_buf_free(&query);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_examples),          cmocka_unit_test(the_canonical_request_of_the_reference),
        cmocka_unit_test(the_presigned_example),           cmocka_unit_test(the_chunked_example),
        cmocka_unit_test(spellings_of_one_request),        cmocka_unit_test(what_must_be_signed),
        cmocka_unit_test(hostile_authorization_headers),   cmocka_unit_test(payload_kinds),
        cmocka_unit_test(the_key_cache_follows_the_scope), cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
