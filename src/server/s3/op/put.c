/* put.c: PutObject: the body streams into a temporary file, hashed on the way; the commit happens on a disk thread. */
#include <string.h>

#include "server/s3/op/op.h"

#define OBJECT_MAX ((uint64_t)5 << 30) /* of one PUT: S3's limit */

struct put_state {
    s3_writer writer;
    s3_meta meta;
    s3_write_condition condition;
};

static void begin(s3_request *rq)
{
    nl_error err = {0};
    uint64_t length;
    struct put_state *s = s3_new_state(rq, sizeof(*s));
    if (!s || !s3_take_object_headers(rq, &s->meta) || !s3_take_write_condition(rq, &s->condition) ||
        !s3_need_bucket(rq))
        return;
    if (!http_request_content_length(rq->http, &length) && !s3_header(rq, "x-amz-decoded-content-length")) {
        s3_refuse(rq, "MissingContentLength", NULL);
        return;
    }
    if (http_request_content_length(rq->http, &length) && length > OBJECT_MAX + (OBJECT_MAX >> 4)) {
        s3_refuse(rq, "EntityTooLarge", NULL);
        return;
    }
    rq->want_md5 = true;
    rq->checksum_default = s3_header(rq, "x-amz-sdk-checksum-algorithm");
    if (s3_writer_open_key(rq->bucket, s3_key(rq), &s->writer, &err))
        s3_refuse_error(rq, &err, "NoSuchBucket");
}

static int data(void *ctx, const void *bytes, size_t len, nl_error *err)
{
    s3_request *rq = ctx;
    struct put_state *s = rq->state;
    return s3_writer_write(&s->writer, bytes, len, err);
}

static void end(s3_request *rq)
{
    nl_error err = {0};
    struct put_state *s = rq->state;
    memcpy(s->meta.etag, rq->body.md5_hex, sizeof(rq->body.md5_hex));
    if (rq->body.checksum_text) {
        s->meta.checksum_header = s3_digest_header(rq->body.kind);
        s->meta.checksum = rq->body.checksum_text;
        s->meta.checksum_type = "FULL_OBJECT";
    }
    if (s3_writer_commit(&s->writer, s3_key(rq), &s->meta, &s->condition.guard, &err)) {
        s3_refuse_write(rq, &s->condition, &err);
        return;
    }
    s3_add_etag(rq, s->meta.etag);
    if (s->meta.checksum) {
        http_add_header(rq->http, s->meta.checksum_header, s->meta.checksum);
        http_add_header(rq->http, "x-amz-checksum-type", s->meta.checksum_type);
    }
    s3_answer_empty(rq, 200);
}

static void drop(s3_request *rq)
{
    struct put_state *s = rq->state;
    if (s)
        s3_writer_abort(&s->writer);
}

const s3_op s3_op_put_object = {
    .name = "PutObject", .begin = begin, .data = data, .end = end, .drop = drop, .syncs = true, .writes = true};
