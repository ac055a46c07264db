/* tests/server/s3/multipart.c: multipart uploads on the wire: checksums of parts and of the whole, numbers with gaps, what
 * can be asked of them afterwards, and lists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"
#include "s3proto/hash.h"
#include "support/check.h"

#define PART_MIN (5 * 1024 * 1024)
#define N_PARTS  3

static const size_t sizes[N_PARTS] = {PART_MIN, PART_MIN, 100};
static const int numbers[N_PARTS] = {1, 2, 3}, gapped[N_PARTS] = {2, 5, 9};

/* One upload under test. */
struct upload {
    struct fixture *f;
    enum s3_digest_kind kind; /* S3_MD5: no checksum */
    bool composite;
    const int *numbers;
    char id[64], target[128];
    char etag[N_PARTS][64], sum[N_PARTS][64];
    char whole[80];
};

static char *bytes_of(int i)
{
    char *bytes = malloc(sizes[i]);
    memset(bytes, 'a' + i, sizes[i]);
    return bytes;
}

static void base64_of(s3_digest *d, char out[static 64])
{
    uint8_t raw[S3_DIGEST_MAX];
    size_t n = s3_digest_final(d, raw);
    s3_base64_text(raw, n, out);
}

/* The checksum that the whole must have, computed from all bytes or from the parts'. */
static void compute_whole(struct upload *u)
{
    s3_digest all, each, of_sums;
    uint8_t raw[S3_DIGEST_MAX];
    char text[64];
    s3_digest_open(&all, u->kind);
    s3_digest_open(&each, u->kind);
    s3_digest_open(&of_sums, u->kind);
    for (int i = 0; i < N_PARTS; i++) {
        char *bytes = bytes_of(i);
        s3_digest_update(&all, bytes, sizes[i]);
        s3_digest_update(&each, bytes, sizes[i]);
        size_t n = s3_digest_final(&each, raw);
        s3_base64_text(raw, n, u->sum[i]);
        s3_digest_update(&of_sums, raw, n);
        free(bytes);
    }
    base64_of(u->composite ? &of_sums : &all, text);
    snprintf(u->whole, sizeof(u->whole), u->composite ? "%s-%d" : "%s", text, N_PARTS);
}

/* A request whose body is not text. */
static int request_bytes(struct upload *u, const char *target, const char *extra, const char *bytes, size_t len)
{
    client_request(&u->f->client, "PUT", target, extra, bytes, len, &u->f->reply);
    return u->f->reply.status;
}

static void begin(struct upload *u, const char *key)
{
    char extra[128] = "", target[64];
    if (u->kind != S3_MD5)
        snprintf(extra, sizeof(extra), "x-amz-checksum-algorithm: %s\r\nx-amz-checksum-type: %s\r\n",
                 s3_digest_name(u->kind), u->composite ? "COMPOSITE" : "FULL_OBJECT");
    snprintf(target, sizeof(target), "/bucket/%s?uploads", key);
    CHECK_INT(request(u->f, "POST", target, extra, NULL), 200);
    snprintf(u->id, sizeof(u->id), "%.32s", strstr(u->f->reply.body.data, "<UploadId>") + 10);
    snprintf(u->target, sizeof(u->target), "/bucket/%s?uploadId=%s", key, u->id);
    compute_whole(u);
}

static void send_parts(struct upload *u)
{
    char value[512];
    for (int i = 0; i < N_PARTS; i++) {
        char target[200], extra[128] = "", *bytes = bytes_of(i);
        snprintf(target, sizeof(target), "%s&partNumber=%d", u->target, u->numbers[i]);
        if (u->kind != S3_MD5)
            snprintf(extra, sizeof(extra), "%s: %s\r\n", s3_digest_header(u->kind), u->sum[i]);
        CHECK_INT(request_bytes(u, target, extra, bytes, sizes[i]), 200);
        snprintf(u->etag[i], sizeof(u->etag[i]), "%.60s", reply_header(u->f, "ETag", value));
        if (u->kind != S3_MD5)
            CHECK_STR(reply_header(u->f, s3_digest_header(u->kind), value), u->sum[i]);
        free(bytes);
    }
}

/* The list of a completion; with_sums: with the checksums of the parts. */
static void make_list(const struct upload *u, bool with_sums, char out[static 2048])
{
    size_t n = (size_t)snprintf(out, 2048, "<CompleteMultipartUpload>");
    for (int i = 0; i < N_PARTS; i++) {
        n += (size_t)snprintf(out + n, 2048 - n, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag>", u->numbers[i],
                              u->etag[i]);
        if (with_sums && u->kind != S3_MD5)
            n += (size_t)snprintf(out + n, 2048 - n, "<Checksum%s>%s</Checksum%s>", s3_digest_name(u->kind), u->sum[i],
                                  s3_digest_name(u->kind));
        n += (size_t)snprintf(out + n, 2048 - n, "</Part>");
    }
    snprintf(out + n, 2048 - n, "</CompleteMultipartUpload>");
}

/* ── checksums ── */

static const struct sum_case {
    const char *why;
    enum s3_digest_kind kind;
    bool composite;
} sum_cases[] = {
    {"CRC32 of the object", S3_CRC32, false},  {"CRC32C of the object", S3_CRC32C, false},
    {"CRC64NVME", S3_CRC64NVME, false},        {"CRC32 of the parts", S3_CRC32, true},
    {"CRC32C of the parts", S3_CRC32C, true},  {"SHA-1 of the parts", S3_SHA1, true},
    {"SHA-256 of the parts", S3_SHA256, true},
};

/* What a completion is refused with, for each way in which it can be wrong. */
static void refusals(struct upload *u, const char *list)
{
    const char *header = s3_digest_header(u->kind);
    const char *other = u->kind == S3_CRC32 ? "x-amz-checksum-crc32c" : "x-amz-checksum-crc32";
    char wrong[160], mismatch[160], type[160];
    char first = u->whole[0] == 'A' ? 'B' : 'A';
    snprintf(wrong, sizeof(wrong), "%s: %c%s\r\n", header, first, u->whole + 1);
    snprintf(mismatch, sizeof(mismatch), "%s: AAAAAA==\r\n", other);
    snprintf(type, sizeof(type), "x-amz-checksum-type: %s\r\n", u->composite ? "FULL_OBJECT" : "COMPOSITE");
    const struct {
        const char *extra, *code;
    } cases[] = {{wrong, "BadDigest"},
                 {mismatch, "InvalidRequest"},
                 {type, "InvalidRequest"},
                 {"x-amz-mp-object-size: 1\r\n", "InvalidRequest"}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        CHECK_INT(request(u->f, "POST", u->target, cases[i].extra, list), 400);
        CHECK_HAS(u->f->reply.body.data, cases[i].code);
    }
}

static void checksums(void **state)
{
    for (size_t i = 0; i < NL_LEN(sum_cases); i++) {
        char list[2048], extra[200], element[160], value[512];
        struct upload u = {.f = *state, .kind = sum_cases[i].kind, .composite = sum_cases[i].composite};
        u.numbers = i % 2 ? gapped : numbers;
        check_why("%s", sum_cases[i].why);
        begin(&u, "m");
        send_parts(&u);
        make_list(&u, false, list);
        if (u.composite) {
            CHECK_INT(request(u.f, "POST", u.target, NULL, list), 400);
            CHECK_HAS(u.f->reply.body.data, "must include the checksum for each part");
        }
        make_list(&u, true, list);
        refusals(&u, list);
        snprintf(extra, sizeof(extra), "%s: %s\r\nx-amz-checksum-type: %s\r\nx-amz-mp-object-size: %d\r\n",
                 s3_digest_header(u.kind), u.whole, u.composite ? "COMPOSITE" : "FULL_OBJECT", 2 * PART_MIN + 100);
        CHECK_INT(request(u.f, "POST", u.target, extra, list), 200);
        snprintf(element, sizeof(element), "<Checksum%s>%s</Checksum%s><ChecksumType>%s<", s3_digest_name(u.kind),
                 u.whole, s3_digest_name(u.kind), u.composite ? "COMPOSITE" : "FULL_OBJECT");
        CHECK_HAS(u.f->reply.body.data, element);
        CHECK_INT(request(u.f, "POST", u.target, extra, list), 200); /* as if the answer had been lost */
        CHECK_HAS(u.f->reply.body.data, element);
        CHECK_INT(request(u.f, "HEAD", "/bucket/m", "x-amz-checksum-mode: ENABLED\r\n", NULL), 200);
        CHECK_STR(reply_header(u.f, s3_digest_header(u.kind), value), u.whole);
        /* Each part by its own number, with its checksum. */
        snprintf(extra, sizeof(extra), "/bucket/m?partNumber=%d", u.numbers[1]);
        CHECK_INT(request(u.f, "HEAD", extra, "x-amz-checksum-mode: ENABLED\r\n", NULL), 206);
        CHECK_STR(reply_header(u.f, s3_digest_header(u.kind), value), u.sum[1]);
        CHECK_STR(reply_header(u.f, "Content-Range", value), "bytes 5242880-10485759/10485860");
        CHECK_INT(request(u.f, "HEAD", "/bucket/m?partNumber=4", NULL, NULL), 416);
        CHECK_INT(request(u.f, "GET", "/bucket/m?attributes", "x-amz-object-attributes: ObjectParts, Checksum\r\n",
                          NULL),
                  200);
        CHECK_HAS(u.f->reply.body.data, element);
        for (int p = 0; p < N_PARTS; p++) {
            snprintf(element, sizeof(element), "<PartNumber>%d</PartNumber><Size>%zu</Size><Checksum%s>%s<",
                     u.numbers[p], sizes[p], s3_digest_name(u.kind), u.sum[p]);
            CHECK_HAS(u.f->reply.body.data, element);
        }
    }
    check_why("%s", "");
}

/* An upload that was begun without a checksum: one of all bytes can be asked for at its end. */
static void late_checksum(void **state)
{
    static const struct {
        const char *why, *header, *code;
        bool right;
    } cases[] = {
        {"a wrong one", "x-amz-checksum-crc32c: AAAAAA==\r\n", "BadDigest", false},
        {"one that does not combine", "x-amz-checksum-sha1: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n", "InvalidRequest", false},
        {"one of checksums", "x-amz-checksum-crc32c: AAAAAA==\r\nx-amz-checksum-type: COMPOSITE\r\n", "InvalidRequest",
         false},
        {"the right one", NULL, "<ChecksumCRC32C>", true},
    };
    char list[2048], extra[128];
    struct upload of = {.f = *state, .kind = S3_CRC32C}, u = {.f = *state, .kind = S3_MD5, .numbers = numbers};
    compute_whole(&of);
    begin(&u, "late");
    send_parts(&u);
    make_list(&u, false, list);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        snprintf(extra, sizeof(extra), "x-amz-checksum-crc32c: %s\r\n", of.whole);
        CHECK_INT(request(u.f, "POST", u.target, cases[i].right ? extra : cases[i].header, list),
                  cases[i].right ? 200 : 400);
        CHECK_HAS(u.f->reply.body.data, cases[i].code);
    }
    CHECK_HAS(u.f->reply.body.data, of.whole);
    check_why("%s", "");
}

/* What a part must bring, by what its upload was begun with. */
static void part_checksums(void **state)
{
    static const struct {
        const char *why;
        enum s3_digest_kind kind;
        bool composite;
        const char *extra;
        int status;
    } cases[] = {
        {"none, for none", S3_MD5, false, NULL, 200},
        {"one, for none", S3_MD5, false, "x-amz-checksum-crc32: sZlDzg==\r\n", 200},
        {"a wrong one, for none", S3_MD5, false, "x-amz-checksum-crc32: AAAAAA==\r\n", 400},
        {"none, for the object's", S3_CRC32, false, NULL, 200},
        {"another, for the object's", S3_CRC32, false, "x-amz-checksum-sha1: 9//2ZkMMVwgLFNHEyM/fgh8ZI2o=\r\n", 400},
        {"none, for one of checksums", S3_CRC32, true, NULL, 400},
        {"the right one", S3_CRC32, true, "x-amz-checksum-crc32: sZlDzg==\r\n", 200},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char target[200];
        struct upload u = {.f = *state, .kind = cases[i].kind, .composite = cases[i].composite, .numbers = numbers};
        check_why("%s", cases[i].why);
        begin(&u, "p");
        snprintf(target, sizeof(target), "%s&partNumber=1", u.target);
        CHECK_INT(request(u.f, "PUT", target, cases[i].extra, "bytes"), cases[i].status);
        CHECK_INT(request(u.f, "DELETE", u.target, NULL, NULL), 204);
    }
    check_why("%s", "");
}

/* ── copies ── */

/* A part's and an object's checksum are computed where the source does not have it. */
static void copies(void **state)
{
    struct upload u = {.f = *state, .kind = S3_CRC32, .numbers = numbers};
    char target[200];
    CHECK_INT(request(u.f, "PUT", "/bucket/from", NULL, "0123456789"), 200);
    begin(&u, "c");
    snprintf(target, sizeof(target), "%s&partNumber=1", u.target);
    const struct {
        const char *why, *target, *extra;
        int status;
        const char *part;
    } cases[] = {
        {"a range", target, "x-amz-copy-source: /bucket/from\r\nx-amz-copy-source-range: bytes=2-5\r\n", 200,
         "81b073de9370ea873f548e31b8adc081&quot;</ETag><ChecksumCRC32>sNKDKw==<"},
        {"an object", "/bucket/to", "x-amz-copy-source: /bucket/from\r\nx-amz-checksum-algorithm: CRC32\r\n", 200,
         "781e5e245d69b566979b86e28d23f2c7&quot;</ETag><ChecksumCRC32>poTHxg==</"
         "ChecksumCRC32><ChecksumType>FULL_OBJECT<"},
        {"again, as it is", "/bucket/again", "x-amz-copy-source: /bucket/to\r\n", 200, "<ChecksumCRC32>poTHxg==<"},
        {"another algorithm", "/bucket/again", "x-amz-copy-source: /bucket/to\r\nx-amz-checksum-algorithm: SHA1\r\n",
         200, "<ChecksumSHA1>"},
        {"an unknown one", "/bucket/again", "x-amz-copy-source: /bucket/to\r\nx-amz-checksum-algorithm: X\r\n", 400,
         "InvalidRequest"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        CHECK_INT(request(u.f, "PUT", cases[i].target, cases[i].extra, NULL), cases[i].status);
        CHECK_HAS(u.f->reply.body.data, cases[i].part);
    }
    check_why("%s", "");
}

/* ── lists ── */

static void upload_lists(void **state)
{
    struct fixture *f = *state;
    static const char *const keys[] = {"a/1", "a/2", "b", "b", "c%20d/e", "zz"};
    static const struct {
        const char *why, *query, *part;
    } cases[] = {
        {"by prefix", "prefix=a/&delimiter=x", "<Key>a/1</Key>"},
        {"by delimiter", "delimiter=/", "<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"},
        {"behind a prefix", "prefix=a/&delimiter=/", "<Key>a/2</Key>"},
        {"encoded", "encoding-type=url&delimiter=/", "<Prefix>c%20d/</Prefix>"},
        {"which it says", "encoding-type=url", "<EncodingType>url</EncodingType>"},
        {"a page ends with a common prefix", "delimiter=/&max-uploads=1",
         "<NextKeyMarker>a/</NextKeyMarker><NextUploadIdMarker></NextUploadIdMarker>"},
        {"the next one skips it", "delimiter=/&max-uploads=1&key-marker=a/", "<NextKeyMarker>b</NextKeyMarker>"},
        {"behind a key", "key-marker=b&max-uploads=1", "<Key>c d/e</Key>"},
        {"0 is not truncated", "max-uploads=0", "<IsTruncated>false"},
        {"the rest fits", "key-marker=c%20d/e", "<IsTruncated>false</IsTruncated><Upload><Key>zz<"},
    };
    for (size_t i = 0; i < NL_LEN(keys); i++) {
        char target[64];
        snprintf(target, sizeof(target), "/bucket/%s?uploads", keys[i]);
        CHECK_INT(request(f, "POST", target, NULL, NULL), 200);
    }
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char target[128];
        check_why("%s", cases[i].why);
        snprintf(target, sizeof(target), "/bucket?uploads&%s", cases[i].query);
        CHECK_INT(request(f, "GET", target, NULL, NULL), 200);
        CHECK_HAS(f->reply.body.data, cases[i].part);
    }
    check_why("%s", "");
    CHECK_INT(request(f, "GET", "/bucket?uploads&encoding-type=x", NULL, NULL), 400);
    CHECK_INT(request(f, "GET", "/bucket?uploads&max-uploads=x", NULL, NULL), 400);
}

/* Page by page, by the markers of each answer: every upload once, also two of one key. */
static void upload_pages(void **state)
{
    struct fixture *f = *state;
    static const char *const keys[] = {"k", "k", "k", "l"};
    char target[256] = "/bucket?uploads&max-uploads=1";
    for (size_t i = 0; i < NL_LEN(keys); i++) {
        snprintf(target, sizeof(target), "/bucket/%s?uploads", keys[i]);
        CHECK_INT(request(f, "POST", target, NULL, NULL), 200);
    }
    char last[64] = "";
    size_t n = 0;
    snprintf(target, sizeof(target), "/bucket?uploads&max-uploads=1");
    for (;; n++) {
        CHECK_INT(request(f, "GET", target, NULL, NULL), 200);
        const char *body = f->reply.body.data;
        CHECK(n < NL_LEN(keys));
        char id[64];
        snprintf(id, sizeof(id), "%.32s", strstr(body, "<UploadId>") + 10);
        CHECK(n == 3 || strcmp(id, last) > 0);
        CHECK_INT(strstr(body, "<Key>")[5], keys[n][0]);
        snprintf(last, sizeof(last), "%s", id);
        if (!strstr(body, "<IsTruncated>true"))
            break;
        snprintf(target, sizeof(target), "/bucket?uploads&max-uploads=1&key-marker=%c&upload-id-marker=%.32s",
                 strstr(body, "<NextKeyMarker>")[15], strstr(body, "<NextUploadIdMarker>") + 20);
    }
    CHECK_INT(n + 1, NL_LEN(keys));
}

static void part_lists(void **state)
{
    struct upload u = {.f = *state, .kind = S3_CRC32, .numbers = gapped};
    static const struct {
        const char *why, *query, *part;
    } cases[] = {
        {"all", "",
         "<MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated><ChecksumAlgorithm>CRC32</ChecksumAlgorithm>"
         "<ChecksumType>FULL_OBJECT</ChecksumType><Part><PartNumber>2<"},
        {"a page", "&max-parts=1",
         "<NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true"},
        {"the next", "&max-parts=1&part-number-marker=2", "<NextPartNumberMarker>5</NextPartNumberMarker>"},
        {"the last", "&part-number-marker=5", "<IsTruncated>false"},
        {"between", "&part-number-marker=6&max-parts=1", "<PartNumber>9</PartNumber>"},
        {"none", "&max-parts=0", "<IsTruncated>false"},
        {"no number", "&max-parts=x", "InvalidArgument"},
    };
    begin(&u, "listed");
    send_parts(&u);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char target[256];
        check_why("%s", cases[i].why);
        snprintf(target, sizeof(target), "%s%s", u.target, cases[i].query);
        CHECK_INT(request(u.f, "GET", target, NULL, NULL), i + 1 < NL_LEN(cases) ? 200 : 400);
        CHECK_HAS(u.f->reply.body.data, cases[i].part);
    }
    check_why("%s", "");
    CHECK_INT(request(u.f, "GET", u.target, NULL, NULL), 200);
    for (int i = 0; i < N_PARTS; i++) {
        char etag[64];
        snprintf(etag, sizeof(etag), "&quot;%.32s&quot;", u.etag[i] + 1);
        CHECK_HAS(u.f->reply.body.data, etag);
        CHECK_HAS(u.f->reply.body.data, u.sum[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(checksums, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(late_checksum, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(part_checksums, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(copies, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(upload_lists, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(upload_pages, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(part_lists, fixture_bucket, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
