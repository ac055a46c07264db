/* object.c: what takes one request: head, delete, and making a bucket; and the headers that are kept with an object. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
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

/* ── what is kept with an object ── */

/* May a request say this of an object? */
static bool is_kept_header(const char *name)
{
    static const char *const kept[] = {"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language",
                                       "Expires"};
    for (size_t i = 0; i < NL_LEN(kept); i++)
        if (!strcasecmp(name, kept[i]))
            return true;
    static const char meta[] = "x-amz-meta-";
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    return !strncasecmp(name, meta, sizeof meta - 1) && name[sizeof meta - 1] && !name[strspn(name, token)];
}

/* A value goes into a header's line as it is: printable ASCII. */
static int check_value(const char *name, const char *value, nl_error *err)
{
    for (const unsigned char *p = (const unsigned char *)value; *p; p++)
        if ((*p < 0x20 && *p != '\t') || *p >= 0x7F)
            return nl_fail(err, NL_INVALID, "%s: the value holds a byte (0x%02X) that is no printable ASCII", name, *p);
    return NL_OK;
}

int store_s3_object_headers(nl_arena *arena, const nl_put_options *o, bool type_needed, size_t spare, s3_pair **out,
                            size_t *n, nl_error *err)
{
    size_t count = 0;
    int rc = NL_OK;
    const char *type = o->content_type ? o->content_type : type_needed ? "application/octet-stream" : NULL;
    for (const char *const *h = o->headers; !rc && h && *h; h += 2, count++)
        rc = is_kept_header(h[0]) ? check_value(h[0], h[1], err)
                                  : nl_fail(err, NL_INVALID, "an object keeps no header \"%s\"", h[0]);
    if (!rc && type)
        rc = check_value("Content-Type", type, err);
    if (rc)
        return rc;
    s3_pair *to = *out = nl_arena_array(arena, count + 1 + spare, sizeof *to);
    *n = 0;
    if (to && type)
        to[(*n)++] = (s3_pair){"Content-Type", nl_arena_strdup(arena, type)};
    for (size_t i = 0; to && i < count; i++)
        to[(*n)++] =
            (s3_pair){nl_arena_strdup(arena, o->headers[2 * i]), nl_arena_strdup(arena, o->headers[2 * i + 1])};
    for (size_t i = 0; to && i < *n; i++)
        if (!to[i].name || !to[i].value)
            to = NULL;
    return to ? NL_OK : nl_fail_memory(err);
}

/* ── buckets ── */

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
    if (rc == NL_NOT_FOUND && call && call->attempts > 1) { /* an attempt whose answer was lost has removed it */
        nl_error_clear(err);
        rc = NL_OK;
    }
    store_call_free(call);
    return rc;
}
