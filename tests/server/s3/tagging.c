/* tests/server/s3/tagging.c: tags of objects: limits, order, and where they come from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fixture.h"
#include "support/check.h"

#define TAG(k, v)  "<Tag><Key>" k "</Key><Value>" v "</Value></Tag>"
#define TAGS(tags) "<Tagging><TagSet>" tags "</TagSet></Tagging>"

static void what_is_taken(void **state)
{
    static const struct {
        const char *why, *body;
        int status;
        const char *code;
    } cases[] = {
        {"none", TAGS(""), 200, ""},
        {"one", TAGS(TAG("a", "1")), 200, ""},
        {"signs", TAGS(TAG("a b+-=._:/@", "a b+-=._:/@")), 200, ""},
        {"empty value", TAGS(TAG("a", "")), 200, ""},
        {"any script", TAGS(TAG("größe", "日本")), 200, ""},
        {"the same key twice", TAGS(TAG("a", "1") TAG("a", "2")), 400, "InvalidTag"},
        {"empty key", TAGS(TAG("", "1")), 400, "InvalidTag"},
        {"a sign that is not allowed", TAGS(TAG("a&lt;", "1")), 400, "InvalidTag"},
        {"reserved", TAGS(TAG("aws:x", "1")), 400, "InvalidTag"},
        {"no value", TAGS("<Tag><Key>a</Key></Tag>"), 400, "MalformedXML"},
        {"no set", "<Tagging/>", 400, "MalformedXML"},
        {"no XML", "tags", 400, "MalformedXML"},
        {"nothing", "", 400, "MalformedXML"},
        {"eleven",
         TAGS(TAG("a", "") TAG("b", "") TAG("c", "") TAG("d", "") TAG("e", "") TAG("f", "") TAG("g", "") TAG("h", "")
                  TAG("i", "") TAG("j", "") TAG("k", "")),
         400, "BadRequest"},
    };
    struct fixture *f = *state;
    CHECK_INT(request(f, "PUT", "/bucket/x", NULL, "bytes"), 200);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        CHECK_INT(request(f, "PUT", "/bucket/x?tagging", NULL, cases[i].body), cases[i].status);
        if (cases[i].status != 200)
            CHECK_HAS(f->reply.body.data, cases[i].code);
    }
    check_why("%s", "");
    CHECK_INT(request(f, "PUT", "/bucket/missing?tagging", NULL, TAGS("")), 404);
    CHECK_INT(request(f, "GET", "/bucket/missing?tagging", NULL, NULL), 404);
}

static void order_count_and_bytes(void **state)
{
    struct fixture *f = *state;
    char etag[512], value[512], time[512];
    CHECK_INT(request(f, "PUT", "/bucket/x", "x-amz-meta-a: b\r\nx-amz-tagging: z=1&a=%202&m=\r\n", "bytes"), 200);
    CHECK_INT(request(f, "HEAD", "/bucket/x", NULL, NULL), 200);
    CHECK_STR(reply_header(f, "x-amz-tagging-count", value), "3");
    reply_header(f, "ETag", etag);
    reply_header(f, "Last-Modified", time);
    CHECK_INT(request(f, "GET", "/bucket/x?tagging", NULL, NULL), 200);
    CHECK_HAS(f->reply.body.data, "<TagSet>" TAG("a", " 2") TAG("m", "") TAG("z", "1") "</TagSet>");
    CHECK_INT(request(f, "PUT", "/bucket/x?tagging", NULL, TAGS(TAG("n", "1"))), 200);
    CHECK_INT(request(f, "GET", "/bucket/x", NULL, NULL), 200);
    CHECK_STR(f->reply.body.data, "bytes");
    CHECK_STR(reply_header(f, "x-amz-tagging-count", value), "1");
    CHECK_STR(reply_header(f, "ETag", value), etag);
    CHECK_STR(reply_header(f, "Last-Modified", value), time);
    CHECK_STR(reply_header(f, "x-amz-meta-a", value), "b");
    CHECK_INT(request(f, "DELETE", "/bucket/x?tagging", NULL, NULL), 204);
    CHECK_INT(request(f, "HEAD", "/bucket/x", NULL, NULL), 200);
    CHECK_STR(reply_header(f, "x-amz-tagging-count", value), "");
    CHECK_INT(request(f, "PUT", "/bucket/y", "x-amz-tagging: a=1&a=2\r\n", "bytes"), 400);
    CHECK_HAS(f->reply.body.data, "InvalidTag");
    CHECK_INT(request(f, "HEAD", "/bucket/y", NULL, NULL), 404);
}

/* Ten tags of the longest: more than an attribute holds. The object moves, its ETag and time do not. */
static void a_full_set(void **state)
{
    struct fixture *f = *state;
    nl_buf body = {0};
    char etag[512], value[512];
    nl_buf_puts(&body, "<Tagging><TagSet>", NULL);
    for (int i = 0; i < 10; i++)
        nl_buf_printf(&body, NULL, "<Tag><Key>%0128d</Key><Value>%0256d</Value></Tag>", i, i);
    nl_buf_puts(&body, "</TagSet></Tagging>", NULL);
    CHECK_INT(request(f, "PUT", "/bucket/full", NULL, "bytes"), 200);
    reply_header(f, "ETag", etag);
    for (int round = 0; round < 2; round++) {
        CHECK_INT(request(f, "PUT", "/bucket/full?tagging", NULL, body.data), 200);
        CHECK_INT(request(f, "GET", "/bucket/full", NULL, NULL), 200);
        CHECK_STR(f->reply.body.data, "bytes");
        CHECK_STR(reply_header(f, "ETag", value), etag);
        CHECK_STR(reply_header(f, "x-amz-tagging-count", value), "10");
    }
    CHECK_INT(request(f, "DELETE", "/bucket/full?tagging", NULL, NULL), 204);
    CHECK_INT(request(f, "GET", "/bucket/full", NULL, NULL), 200);
    CHECK_STR(f->reply.body.data, "bytes");
    nl_buf_clear(&body);
    nl_buf_printf(&body, NULL, "<Tagging><TagSet><Tag><Key>%0129d</Key><Value/></Tag></TagSet></Tagging>", 0);
    CHECK_INT(request(f, "PUT", "/bucket/full?tagging", NULL, body.data), 400);
    nl_buf_clear(&body);
    nl_buf_printf(&body, NULL, "<Tagging><TagSet><Tag><Key>a</Key><Value>%0257d</Value></Tag></TagSet></Tagging>", 0);
    CHECK_INT(request(f, "PUT", "/bucket/full?tagging", NULL, body.data), 400);
    nl_buf_free(&body);
}

static void copies_and_uploads(void **state)
{
    struct fixture *f = *state;
    char value[512], target[256], id[33];
    CHECK_INT(request(f, "PUT", "/bucket/from", "x-amz-tagging: a=1&b=2\r\n", "bytes"), 200);
    CHECK_INT(request(f, "PUT", "/bucket/to", "x-amz-copy-source: bucket/from\r\n", NULL), 200);
    CHECK_INT(request(f, "HEAD", "/bucket/to", NULL, NULL), 200);
    CHECK_STR(reply_header(f, "x-amz-tagging-count", value), "2");
    CHECK_INT(request(f, "PUT", "/bucket/to",
                      "x-amz-copy-source: bucket/from\r\nx-amz-tagging-directive: REPLACE\r\nx-amz-tagging: c=3\r\n",
                      NULL),
              200);
    CHECK_INT(request(f, "GET", "/bucket/to?tagging", NULL, NULL), 200);
    CHECK_HAS(f->reply.body.data, "<TagSet>" TAG("c", "3") "</TagSet>");
    CHECK_INT(request(f, "PUT", "/bucket/to", "x-amz-copy-source: bucket/from\r\nx-amz-tagging-directive: NONSENSE\r\n",
                      NULL),
              400);
    CHECK_INT(request(f, "POST", "/bucket/up?uploads", "x-amz-tagging: u=1\r\n", NULL), 200);
    snprintf(id, sizeof(id), "%.32s", strstr(f->reply.body.data, "<UploadId>") + 10);
    snprintf(target, sizeof(target), "/bucket/up?partNumber=1&uploadId=%s", id);
    CHECK_INT(request(f, "PUT", target, NULL, "part"), 200);
    snprintf(target, sizeof(target), "/bucket/up?uploadId=%s", id);
    CHECK_INT(request(f, "POST", target, NULL,
                      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"
                      "f4c9385f1902f7334b00b9b4ecd164de</ETag></Part></CompleteMultipartUpload>"),
              200);
    CHECK_INT(request(f, "GET", "/bucket/up?tagging", NULL, NULL), 200);
    CHECK_HAS(f->reply.body.data, "<TagSet>" TAG("u", "1") "</TagSet>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_taken, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(order_count_and_bytes, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_full_set, fixture_bucket, fixture_teardown),
        cmocka_unit_test_setup_teardown(copies_and_uploads, fixture_bucket, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
