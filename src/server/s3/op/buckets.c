/* buckets.c: ListBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation. */
#include <string.h>

#include "s3proto/time.h"
#include "server/s3/op/op.h"

static void list_buckets(s3_request *rq)
{
    s3_bucket_info *list;
    size_t n;
    nl_error err = {0};
    if (s3_bucket_list(rq->server->disk, rq->arena, &list, &n, &err)) {
        s3_refuse_error(rq, &err, NULL);
        return;
    }
    nl_buf body = {0};
    s3_xml_writer w;
    const char *prefix = s3_query(rq, "prefix");
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "ListAllMyBucketsResult");
    s3_xml_owner(&w, "Owner");
    s3_xml_open(&w, "Buckets");
    for (size_t i = 0; i < n; i++) {
        char time[S3_TIME_ISO];
        if ((prefix && strncmp(list[i].name, prefix, strlen(prefix))) || !s3_may(rq, list[i].name, NULL, false))
            continue;
        s3_time_iso(list[i].created, 0, time);
        s3_xml_open(&w, "Bucket");
        s3_xml_text(&w, "Name", list[i].name);
        s3_xml_text(&w, "CreationDate", time);
        s3_xml_close(&w, "Bucket");
    }
    s3_xml_close(&w, "Buckets");
    s3_xml_text(&w, "Prefix", prefix);
    s3_xml_close(&w, "ListAllMyBucketsResult");
    s3_answer_xml(rq, 200, &w, &body);
}

const s3_op s3_op_list_buckets = {.name = "ListBuckets", .end = list_buckets};

/* The body may name a region: any is taken, since they are all here. */
static bool location_is_sound(s3_request *rq)
{
    s3_xml_node *root;
    if (rq->text.len == 0)
        return true;
    if (!s3_xml_parse(rq->arena, rq->text.data, rq->text.len, rq->text.len, &root, NULL) &&
        !strcmp(root->name, "CreateBucketConfiguration"))
        return true;
    s3_refuse(rq, "MalformedXML", NULL);
    return false;
}

static void create_bucket(s3_request *rq)
{
    nl_error err = {0};
    s3_meta ignored = {0};
    const char *lock = s3_header(rq, "x-amz-bucket-object-lock-enabled");
    if (lock && strcmp(lock, "false")) {
        s3_refuse(rq, "NotImplemented", "Object lock is not supported.");
        return;
    }
    if (!s3_take_object_headers(rq, &ignored) || !location_is_sound(rq))
        return;
    int rc = s3_bucket_create(rq->server->disk, rq->bucket_name, &err);
    if (rc == NL_CONFLICT) {
        s3_refuse(rq, "BucketAlreadyOwnedByYou", NULL);
    } else if (rc) {
        s3_refuse_error(rq, &err, NULL);
    } else {
        char location[S3_BUCKET_MAX + 2] = "/";
        memcpy(location + 1, rq->bucket_name, strlen(rq->bucket_name) + 1);
        http_add_header(rq->http, "Location", location);
        s3_answer_empty(rq, 200);
    }
}

const s3_op s3_op_create_bucket = {
    .name = "CreateBucket", .end = create_bucket, .text_max = 64 * 1024, .disk = true, .writes = true};

static void head_bucket(s3_request *rq)
{
    if (!s3_need_bucket(rq))
        return;
    http_add_header(rq->http, "x-amz-bucket-region", S3_REGION);
    s3_answer_empty(rq, 200);
}

const s3_op s3_op_head_bucket = {.name = "HeadBucket", .end = head_bucket};

static void delete_bucket(s3_request *rq)
{
    nl_error err = {0};
    int rc = s3_bucket_delete(rq->server->disk, rq->bucket_name, &err);
    if (rc == NL_CONFLICT)
        s3_refuse(rq, "BucketNotEmpty", NULL);
    else if (rc)
        s3_refuse_error(rq, &err, "NoSuchBucket");
    else
        s3_answer_empty(rq, 204);
}

const s3_op s3_op_delete_bucket = {.name = "DeleteBucket", .end = delete_bucket, .disk = true, .writes = true};

/* us-east-1 is the empty constraint, as S3 has it. */
static void bucket_location(s3_request *rq)
{
    nl_buf body = {0};
    s3_xml_writer w;
    if (!s3_need_bucket(rq))
        return;
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "LocationConstraint");
    s3_xml_close(&w, "LocationConstraint");
    s3_answer_xml(rq, 200, &w, &body);
}

const s3_op s3_op_bucket_location = {.name = "GetBucketLocation", .end = bucket_location};
