/* cors.c: PutBucketCors, GetBucketCors, DeleteBucketCors. The document is kept as it came. */
#include "server/s3/cors.h"

#include "server/s3/disk/config.h"
#include "server/s3/op/op.h"

static void put_cors(s3_request *rq)
{
    nl_error err = {0};
    if (!s3_cors_check(rq, rq->text.data, rq->text.len) || !s3_need_bucket(rq))
        return;
    if (s3_config_write(rq->bucket, S3_CORS_FILE, rq->text.data, rq->text.len, &err))
        s3_refuse_error(rq, &err, "NoSuchBucket");
    else
        s3_answer_empty(rq, 200);
}

const s3_op s3_op_put_cors = {
    .name = "PutBucketCors", .end = put_cors, .text_max = S3_CONFIG_MAX, .disk = true, .writes = true};

static void get_cors(s3_request *rq)
{
    nl_buf text = {0};
    nl_error err = {0};
    if (!s3_need_bucket(rq))
        return;
    if (s3_config_read(rq->bucket, S3_CORS_FILE, &text, &err)) {
        s3_refuse_error(rq, &err, "NoSuchCORSConfiguration");
    } else {
        s3_add_common_headers(rq);
        http_add_header(rq->http, "Content-Type", "application/xml");
        http_answer(rq->http, 200, &text);
    }
    nl_buf_free(&text);
}

const s3_op s3_op_get_cors = {.name = "GetBucketCors", .end = get_cors};

static void delete_cors(s3_request *rq)
{
    nl_error err = {0};
    if (!s3_need_bucket(rq))
        return;
    if (s3_config_remove(rq->bucket, S3_CORS_FILE, &err))
        s3_refuse_error(rq, &err, "NoSuchBucket");
    else
        s3_answer_empty(rq, 204);
}

const s3_op s3_op_delete_cors = {.name = "DeleteBucketCors", .end = delete_cors, .disk = true, .writes = true};
