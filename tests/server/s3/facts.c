/* tests/server/s3/facts.c: what is easily missed in S3's protocol: each fact once, on the wire. boto3 (tests/interop) sees
 * most of them again; what no client would send is only here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"
#include "s3proto/hash.h"
#include "support/check.h"

#define PART_MIN (5 * 1024 * 1024)

/* One request, one status, one thing that head or body must hold (NULL: nothing). */
struct ask {
    const char *why, *method, *target, *extra, *body;
    int status;
    const char *part;
};

static void ask_all(struct fixture *f, const struct ask *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ask *c = &cases[i];
        check_why("%s", c->why);
        CHECK_INT(request(f, c->method, c->target, c->extra, c->body), c->status);
        bool in_head = c->part && strstr(f->reply.head.data, c->part);
        if (c->part && !in_head)
            CHECK_HAS(f->reply.body.data ? f->reply.body.data : "", c->part);
    }
    check_why("%s", "");
}

static void listings(void **state)
{
    struct fixture *f = *state;
    CHECK_INT(request(f, "PUT", "/bucket/a%20b/c%26%25", NULL, "x"), 200);
    CHECK_INT(request(f, "PUT", "/bucket/a%20b/d", NULL, "x"), 200);
    CHECK_INT(request(f, "PUT", "/bucket/e", NULL, "x"), 200);
    static const struct ask cases[] = {
        {"max-keys is no number", "GET", "/bucket?list-type=2&max-keys=x", NULL, NULL, 400, "InvalidArgument"},
        {"max-keys is negative", "GET", "/bucket?max-keys=-1", NULL, NULL, 400, "InvalidArgument"},
        {"0 is not truncated", "GET", "/bucket?max-keys=0", NULL, NULL, 200, "<IsTruncated>false"},
        {"empty prefix is sent", "GET", "/bucket?list-type=2", NULL, NULL, 200, "<Prefix></Prefix>"},
        {"empty marker is sent", "GET", "/bucket", NULL, NULL, 200, "<Marker></Marker>"},
        {"keys encoded, but for /", "GET", "/bucket?encoding-type=url", NULL, NULL, 200, "<Key>a%20b/c%26%25</Key>"},
        {"prefixes too", "GET", "/bucket?encoding-type=url&delimiter=/", NULL, NULL, 200, "<Prefix>a%20b/</Prefix>"},
        {"the delimiter too", "GET", "/bucket?encoding-type=url&delimiter=%20", NULL, NULL, 200,
         "<Delimiter>%20</Delimiter>"},
        {"the marker too", "GET", "/bucket?encoding-type=url&marker=a%20b/", NULL, NULL, 200,
         "<Marker>a%20b/</Marker>"},
        {"start-after too", "GET", "/bucket?list-type=2&encoding-type=url&start-after=a%20b/", NULL, NULL, 200,
         "<StartAfter>a%20b/</StartAfter>"},
        {"another encoding", "GET", "/bucket?encoding-type=x", NULL, NULL, 400, "InvalidArgument"},
        {"NextMarker is a prefix", "GET", "/bucket?delimiter=/&max-keys=1", NULL, NULL, 200,
         "<NextMarker>a b/</NextMarker>"},
        {"which the next page skips", "GET", "/bucket?delimiter=/&marker=a%20b/", NULL, NULL, 200,
         "<Marker>a b/</Marker><Contents><Key>e<"},
        {"KeyCount has the prefixes", "GET", "/bucket?list-type=2&delimiter=/", NULL, NULL, 200,
         "<KeyCount>2</KeyCount>"},
        {"the token wins", "GET", "/bucket?list-type=2&start-after=zzz&continuation-token=ZA==", NULL, NULL, 200,
         "<ContinuationToken>ZA==</ContinuationToken><StartAfter>zzz</StartAfter><KeyCount>1<"},
    };
    ask_all(f, cases, NL_LEN(cases));
    CHECK_INT(request(f, "GET", "/bucket?list-type=2&delimiter=", NULL, NULL), 200);
    CHECK(!strstr(f->reply.body.data, "Delimiter"));
    CHECK(!strstr(f->reply.body.data, "Owner"));
    CHECK_INT(request(f, "GET", "/bucket?max-keys=1", NULL, NULL), 200);
    CHECK(!strstr(f->reply.body.data, "NextMarker"));
}

static void objects(void **state)
{
    struct fixture *f = *state;
    char value[512];
    CHECK_INT(request(f, "PUT", "/bucket/x", "Content-Type: a/b\r\n", "hello"), 200);
    CHECK_INT(request(f, "PUT", "/bucket/empty", NULL, NULL), 200);
    static const struct ask cases[] = {
        {"304 carries the ETag", "GET", "/bucket/x", "If-None-Match: 5d41402abc4b2a76b9719d911017c592\r\n", NULL, 304,
         "ETag: \"5d41402abc4b2a76b9719d911017c592\""},
        {"range of an empty object", "GET", "/bucket/empty", "Range: bytes=0-0\r\n", NULL, 416, "InvalidRange"},
        {"last bytes", "GET", "/bucket/x", "Range: bytes=-2\r\n", NULL, 206, "lo"},
        {"none of the last bytes", "GET", "/bucket/x", "Range: bytes=-0\r\n", NULL, 416, "bytes */5"},
        {"If-Match of a missing key", "PUT", "/bucket/n", "If-Match: \"x\"\r\n", "y", 404, "NoSuchKey"},
        {"If-Match of another ETag", "PUT", "/bucket/x", "If-Match: \"x\"\r\n", "y", 412, "PreconditionFailed"},
        {"copy onto itself", "PUT", "/bucket/x", "x-amz-copy-source: bucket/x\r\n", NULL, 400, "InvalidRequest"},
        {"copy, the ETag matches", "PUT", "/bucket/y",
         "x-amz-copy-source: bucket/x\r\nx-amz-copy-source-if-none-match: 5d41402abc4b2a76b9719d911017c592\r\n", NULL,
         412, "PreconditionFailed"},
        {"Content-MD5 too short", "PUT", "/bucket/y", "Content-MD5: AAAA\r\n", "y", 400, "InvalidDigest"},
        {"Content-MD5 of others", "PUT", "/bucket/y", "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "y", 400,
         "BadDigest"},
        {"overrides", "GET", "/bucket/x?response-content-type=c%2Fd&response-content-disposition=q", NULL, NULL, 200,
         "content-type: c/d"},
        {"part 1 of a plain object", "GET", "/bucket/x?partNumber=1", NULL, NULL, 206, "bytes 0-4/5"},
        {"part 2 of it", "GET", "/bucket/x?partNumber=2", NULL, NULL, 416, "InvalidPartNumber"},
        {"part 0", "GET", "/bucket/x?partNumber=0", NULL, NULL, 400, "InvalidArgument"},
        {"part and range", "GET", "/bucket/x?partNumber=1", "Range: bytes=0-1\r\n", NULL, 400, "InvalidRequest"},
        {"part 1 of an empty object", "GET", "/bucket/empty?partNumber=1", NULL, NULL, 200, NULL},
        {"a key that XML cannot hold is not repeated", "GET", "/bucket/%FF", NULL, NULL, 400,
         "<BucketName>bucket</BucketName><Req"},
        {"OPTIONS without Origin", "OPTIONS", "/bucket/x", NULL, NULL, 400, "Origin"},
        {"unknown sub-resource", "PUT", "/bucket/x?retention", NULL, NULL, 501, "NotImplemented"},
        {"CRC32 in a header", "PUT", "/bucket/c", "x-amz-checksum-crc32: NhCmhg==\r\n", "hello", 200,
         "x-amz-checksum-crc32: NhCmhg=="},
        {"CRC32C", "PUT", "/bucket/c", "x-amz-checksum-crc32c: mnG7TA==\r\n", "hello", 200, NULL},
        {"a wrong CRC32", "PUT", "/bucket/c", "x-amz-checksum-crc32: AAAAAA==\r\n", "hello", 400, "BadDigest"},
        {"CRC64NVME of another", "PUT", "/bucket/c", "x-amz-checksum-crc64nvme: AAAAAAAAAAA=\r\n", "hello", 400,
         "BadDigest"},
        {"two checksums", "PUT", "/bucket/c", "x-amz-checksum-crc32: NhCmhg==\r\nx-amz-checksum-crc32c: mnG7TA==\r\n",
         "hello", 400, "InvalidRequest"},
        {"attributes", "GET", "/bucket/c?attributes",
         "x-amz-object-attributes: ETag,Checksum,ObjectSize,StorageClass,ObjectParts\r\n", NULL, 200,
         "<ETag>5d41402abc4b2a76b9719d911017c592</ETag><Checksum><ChecksumCRC32C>mnG7TA==</ChecksumCRC32C>"},
        {"no attributes", "GET", "/bucket/c?attributes", NULL, NULL, 400, "InvalidRequest"},
        {"an unknown attribute", "GET", "/bucket/c?attributes", "x-amz-object-attributes: Colour\r\n", NULL, 400,
         "InvalidArgument"},
    };
    ask_all(f, cases, NL_LEN(cases));
    CHECK_INT(request(f, "PUT", "/bucket/z", "Content-Encoding: gzip, aws-chunked,br\r\n", "z"), 200);
    CHECK_INT(request(f, "HEAD", "/bucket/z", NULL, NULL), 200);
    CHECK_STR(reply_header(f, "content-encoding", value), "gzip,br");
    CHECK_INT(request(f, "GET", "/bucket/nothing", NULL, NULL), 404);
    char id[512], *in_body = strstr(f->reply.body.data, "<RequestId>");
    CHECK(in_body && !strncmp(in_body + 11, reply_header(f, "x-amz-request-id", id), 16) && strlen(id) == 16);
}

/* The header with the CRC32 of a text; yours. */
static char *crc32_header(const char *text)
{
    s3_digest crc;
    uint8_t raw[S3_DIGEST_MAX];
    nl_buf header = {0};
    s3_digest_open(&crc, S3_CRC32);
    s3_digest_update(&crc, text, strlen(text));
    nl_buf_puts(&header, "x-amz-checksum-crc32: ", NULL);
    s3_base64(&header, raw, s3_digest_final(&crc, raw), NULL);
    nl_buf_puts(&header, "\r\n", NULL);
    return header.data;
}

static void delete_objects(void **state)
{
    struct fixture *f = *state;
    nl_buf body = {0};
    CHECK_INT(request(f, "PUT", "/bucket/x", NULL, "hello"), 200);
    static const char list[] = "<Delete><Object><Key>x</Key></Object><Object><Key>missing</Key></Object></Delete>";
    char *header = crc32_header(list);
    CHECK_INT(request(f, "POST", "/bucket?delete", NULL, list), 400);
    CHECK_HAS(f->reply.body.data, "Content-MD5");
    CHECK_INT(request(f, "POST", "/bucket?delete", "x-amz-checksum-crc32: AAAAAA==\r\n", list), 400);
    CHECK_INT(request(f, "HEAD", "/bucket/x", NULL, NULL), 200);
    CHECK_INT(request(f, "POST", "/bucket?delete", header, list), 200);
    CHECK_HAS(f->reply.body.data, "<Deleted><Key>missing</Key></Deleted>");
    CHECK_INT(request(f, "HEAD", "/bucket/x", NULL, NULL), 404);
    nl_buf_puts(&body, "<Delete>", NULL);
    for (int i = 0; i < 1001; i++)
        nl_buf_printf(&body, NULL, "<Object><Key>%d</Key></Object>", i);
    nl_buf_puts(&body, "</Delete>", NULL);
    free(header);
    header = crc32_header(body.data);
    CHECK_INT(request(f, "POST", "/bucket?delete", header, body.data), 400);
    CHECK_HAS(f->reply.body.data, "MalformedXML");
    nl_buf_free(&body);
    free(header);
}

static void upload_part(struct fixture *f, const char *id, int number, size_t size, char etag[static 512])
{
    char target[128], *bytes = malloc(size);
    memset(bytes, 'a' + number, size);
    snprintf(target, sizeof(target), "/bucket/m?partNumber=%d&uploadId=%s", number, id);
    client_request(&f->client, "PUT", target, NULL, bytes, size, &f->reply);
    CHECK_INT(f->reply.status, 200);
    reply_header(f, "ETag", etag);
    free(bytes);
}

/* Parts by number after the whole; Complete under a condition, and again. */
static void parts(void **state)
{
    struct fixture *f = *state;
    char id[64], target[128], etag[3][512], list[1024], value[512];
    static const size_t sizes[3] = {PART_MIN, PART_MIN, 100};
    CHECK_INT(request(f, "PUT", "/bucket/m", NULL, "old"), 200);
    CHECK_INT(request(f, "POST", "/bucket/m?uploads", NULL, NULL), 200);
    snprintf(id, sizeof(id), "%.32s", strstr(f->reply.body.data, "<UploadId>") + 10);
    for (int i = 0; i < 3; i++)
        upload_part(f, id, i + 1, sizes[i], etag[i]);
    snprintf(target, sizeof(target), "/bucket/m?uploadId=%s", id);
    snprintf(list, sizeof(list),
             "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>%.34s</ETag></Part><Part><PartNumber>2"
             "</PartNumber><ETag>%.34s</ETag></Part><Part><PartNumber>3</PartNumber><ETag>%.34s</ETag></Part>"
             "</CompleteMultipartUpload>",
             etag[0], etag[1], etag[2]);
    nl_buf many = {0}; /* more than an object has, each of them well-formed */
    nl_buf_puts(&many, "<CompleteMultipartUpload>", NULL);
    for (int i = 0; i < 10001; i++)
        nl_buf_printf(&many, NULL, "<Part><PartNumber>%d</PartNumber><ETag>%.34s</ETag></Part>", i + 1, etag[0]);
    nl_buf_puts(&many, "</CompleteMultipartUpload>", NULL);
    CHECK_INT(request(f, "POST", target, NULL, many.data), 400);
    CHECK_HAS(f->reply.body.data, "MalformedXML");
    nl_buf_free(&many);
    CHECK_INT(request(f, "POST", target, "If-None-Match: *\r\n", list), 412);
    CHECK_INT(request(f, "POST", target, "If-Match: \"0\"\r\n", list), 412);
    CHECK_INT(request(f, "POST", target, "x-amz-mp-object-size: 5\r\n", list), 400);
    CHECK_INT(request(f, "POST", target, "If-Match: 149603e6c03516362a8da23f624db945\r\n", list), 200);
    char *first = strdup(f->reply.body.data);
    CHECK_INT(request(f, "POST", target, NULL, list), 200); /* as if the answer had been lost */
    CHECK_STR(f->reply.body.data, first);
    free(first);
    static const struct ask cases[] = {
        {"part 1", "HEAD", "/bucket/m?partNumber=1", NULL, NULL, 206, "bytes 0-5242879/10485860"},
        {"part 3", "GET", "/bucket/m?partNumber=3", NULL, NULL, 206, "bytes 10485760-10485859/10485860"},
        {"part 4", "GET", "/bucket/m?partNumber=4", NULL, NULL, 416, "InvalidPartNumber"},
        {"attributes", "GET", "/bucket/m?attributes",
         "x-amz-object-attributes: ObjectParts\r\nx-amz-max-parts: 1\r\n"
         "x-amz-part-number-marker: 1\r\n",
         NULL, 200,
         "<PartsCount>3</PartsCount><PartNumberMarker>1</PartNumberMarker><NextPartNumberMarker>2</"
         "NextPartNumberMarker>"
         "<MaxParts>1</MaxParts><IsTruncated>true</IsTruncated><Part><PartNumber>2</PartNumber><Size>5242880</Size>"},
    };
    ask_all(f, cases, NL_LEN(cases));
    CHECK_INT(request(f, "HEAD", "/bucket/m?partNumber=3", NULL, NULL), 206);
    CHECK_STR(reply_header(f, "x-amz-mp-parts-count", value), "3");
    CHECK_STR(reply_header(f, "Content-Length", value), "100");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(listings, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(objects, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(delete_objects, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(parts, fixture_bucket, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
