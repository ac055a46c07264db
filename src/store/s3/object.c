/* object.c: what takes one request: head, delete, copy, and making a bucket. */
#include <string.h>

#include "s3proto/names.h"
#include "store/s3/client.h"

int store_s3_head_call(struct store_client *c, const char *bucket, const char *key, nl_object_info *out,
                       char write_id[40], nl_error *err)
{
    struct store_call *call;
    *out = (nl_object_info){0};
    int rc = store_call_run(c, &(struct store_request){.method = "HEAD", .bucket = bucket, .key = key}, &call, err);
    if (!rc) {
        const struct store_reply *r = &call->reply;
        out->size = r->length == UINT64_MAX ? 0 : r->length;
        out->modified = r->modified;
        memcpy(out->etag, r->etag, sizeof out->etag);
        if (write_id)
            memcpy(write_id, r->write_id, sizeof r->write_id);
    }
    store_call_free(call);
    return rc;
}

int store_s3_head(store_backend *b, const char *uri, nl_object_info *out, nl_error *err)
{
    char bucket[S3_BUCKET_MAX + 1];
    const char *key;
    *out = (nl_object_info){0};
    int rc = store_s3_object_uri(uri, bucket, &key, err);
    return rc ? rc : store_s3_head_call((struct store_client *)b, bucket, key, out, NULL, err);
}

int store_s3_remove(store_backend *b, const char *uri, nl_error *err)
{
    char bucket[S3_BUCKET_MAX + 1];
    const char *key;
    struct store_call *call;
    int rc = store_s3_object_uri(uri, bucket, &key, err);
    if (rc)
        return rc;
    rc = store_call_run((struct store_client *)b,
                        &(struct store_request){.method = "DELETE", .bucket = bucket, .key = key}, &call, err);
    store_call_free(call);
    return rc;
}

/* Where a bucket shall lie has to be said in every region but the first. */
static int location_xml(const char *region, nl_buf *body, nl_error *err)
{
    if (!strcmp(region, "us-east-1"))
        return NL_OK;
    s3_xml_writer w;
    s3_xml_start(&w, body);
    s3_xml_open_root(&w, "CreateBucketConfiguration");
    s3_xml_text(&w, "LocationConstraint", region);
    s3_xml_close(&w, "CreateBucketConfiguration");
    return s3_xml_finish(&w, err);
}

int store_s3_make_bucket(store_backend *b, const char *bucket, nl_error *err)
{
    struct store_client *c = (struct store_client *)b;
    struct store_call *call = NULL;
    nl_buf body = {0};
    int rc = s3_bucket_check(bucket, strlen(bucket), err);
    if (!rc)
        rc = store_client_resolve(c, err);
    if (!rc)
        rc = location_xml(c->settings.region, &body, err);
    if (!rc)
        rc = store_call_run(
            c, &(struct store_request){.method = "PUT", .bucket = bucket, .body = body.data, .body_len = body.len},
            &call, err);
    store_call_free(call);
    nl_buf_free(&body);
    return rc;
}

int store_s3_remove_bucket(store_backend *b, const char *bucket, nl_error *err)
{
    struct store_call *call;
    int rc = s3_bucket_check(bucket, strlen(bucket), err);
    if (rc)
        return rc;
    rc = store_call_run((struct store_client *)b, &(struct store_request){.method = "DELETE", .bucket = bucket}, &call,
                        err);
    store_call_free(call);
    return rc;
}
