/* policy.c: PutBucketPolicy, GetBucketPolicy, GetBucketPolicyStatus, DeleteBucketPolicy. The document is kept as it came. */
#include "server/s3/policy.h"

#include "server/s3/disk/config.h"
#include "server/s3/op/op.h"

static void put_policy(s3_request *rq)
{
    s3_policy policy;
    nl_error err = {0};
    if (!s3_need_bucket(rq))
        return;
    int rc = s3_policy_parse(rq->arena, rq->text.data, rq->text.len, rq->bucket_name, &policy, &err);
    if (rc == NL_INVALID)
        s3_refuse(rq, "MalformedPolicy", err.message);
    else if (rc == NL_UNSUPPORTED)
        s3_refuse(rq, "NotImplemented", err.message);
    else if (rc || s3_config_write(rq->bucket, S3_POLICY_FILE, rq->text.data, rq->text.len, &err))
        s3_refuse_error(rq, &err, "NoSuchBucket");
    else
        s3_answer_empty(rq, 204);
}

/* One byte more than a policy may have, so that this is what is told. */
const s3_op s3_op_put_policy = {
    .name = "PutBucketPolicy", .end = put_policy, .text_max = S3_POLICY_MAX + 1, .disk = true, .writes = true};

/* The document of the bucket into text. False: answered. */
static bool read_policy(s3_request *rq, nl_buf *text)
{
    nl_error err = {0};
    if (!s3_need_bucket(rq))
        return false;
    if (!s3_config_read(rq->bucket, S3_POLICY_FILE, text, &err))
        return true;
    s3_refuse_error(rq, &err, "NoSuchBucketPolicy");
    nl_buf_free(text);
    return false;
}

static void get_policy(s3_request *rq)
{
    nl_buf text = {0};
    if (!read_policy(rq, &text))
        return;
    s3_add_common_headers(rq);
    http_add_header(rq->http, "Content-Type", "application/json");
    http_answer(rq->http, 200, &text);
}

const s3_op s3_op_get_policy = {.name = "GetBucketPolicy", .end = get_policy};

/* The only policies that there are make something public. */
static void get_policy_status(s3_request *rq)
{
    nl_buf text = {0}, body = {0};
    s3_xml_writer w;
    if (!read_policy(rq, &text))
        return;
    nl_buf_free(&text);
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "PolicyStatus");
    s3_xml_bool(&w, "IsPublic", true);
    s3_xml_close(&w, "PolicyStatus");
    s3_answer_xml(rq, 200, &w, &body);
}

const s3_op s3_op_policy_status = {.name = "GetBucketPolicyStatus", .end = get_policy_status};

static void delete_policy(s3_request *rq)
{
    nl_error err = {0};
    if (!s3_need_bucket(rq))
        return;
    if (s3_config_remove(rq->bucket, S3_POLICY_FILE, &err))
        s3_refuse_error(rq, &err, "NoSuchBucket");
    else
        s3_answer_empty(rq, 204);
}

const s3_op s3_op_delete_policy = {.name = "DeleteBucketPolicy", .end = delete_policy, .disk = true, .writes = true};
