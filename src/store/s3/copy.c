/* copy.c: objects copied by the store itself: one CopyObject, or above its limit parts of the source side by side.
 *
 *     up to copy_max   PUT with x-amz-copy-source                    headers go along by themselves, or REPLACE
 *     more             HEAD, Create, UploadPartCopy …, Complete      headers are read and given again, or others
 *
 * Each copied part is bound to the ETag that the HEAD saw: never a mix of two versions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "s3proto/names.h"
#include "store/s3/client.h"

enum { most_parts = 10000, side_by_side = 64, most_headers = 64 };

struct copying {
    struct store_client *client;
    char from_bucket[S3_BUCKET_MAX + 1], to_bucket[S3_BUCKET_MAX + 1];
    const char *from_key, *to_key;
    nl_buf source; /* the header's value */
    uint64_t size, part_size;
    char etag[80]; /* quoted */
    nl_arena arena;
    s3_pair headers[most_headers]; /* what the source's HEAD said of it */
    size_t n_headers;
    s3_pair *instead; /* the caller's, n_instead of them, and room for two; none: the source's */
    size_t n_instead;
    char *upload_id;
    size_t n_parts;
    struct store_call *calls[side_by_side];
    char (*etags)[80];
};

static int copy_whole(struct copying *k, nl_error *err)
{
    struct store_call *call;
    size_t n = k->n_instead;
    k->instead[n++] = (s3_pair){"x-amz-copy-source", k->source.data};
    if (k->n_instead)
        k->instead[n++] = (s3_pair){"x-amz-metadata-directive", "REPLACE"};
    struct store_request r = {.method = "PUT",
                              .bucket = k->to_bucket,
                              .key = k->to_key,
                              .headers = k->instead,
                              .n_headers = n,
                              .error_in_200 = true};
    int rc = store_call_run(k->client, &r, &call, err);
    store_call_free(call);
    return rc;
}

/* Of the source's headers those that say what the object is. */
static bool is_kept(const char *line, size_t name)
{
    static const char *const kept[] = {"content-type",        "content-encoding", "content-language",
                                       "content-disposition", "cache-control",    "expires"};
    for (size_t i = 0; i < NL_LEN(kept); i++)
        if (name == strlen(kept[i]) && !strncasecmp(line, kept[i], name))
            return true;
    return name > 11 && !strncasecmp(line, "x-amz-meta-", 11);
}

/* HEAD of the source: size, version, and the headers that go along. */
static int look(struct copying *k, nl_error *err)
{
    struct store_call *call;
    struct store_request r = {.method = "HEAD", .bucket = k->from_bucket, .key = k->from_key, .keep_head = true};
    int rc = store_call_run(k->client, &r, &call, err);
    if (!rc) {
        k->size = call->reply.length;
        snprintf(k->etag, sizeof k->etag, "\"%s\"", call->reply.etag);
    }
    const char *line = rc || !call->text.len ? "" : call->text.data;
    for (const char *end; !rc && (end = strstr(line, "\r\n")); line = end + 2) {
        const char *colon = memchr(line, ':', (size_t)(end - line));
        if (!colon || !is_kept(line, (size_t)(colon - line)) || k->n_headers + 2 >= most_headers)
            continue;
        const char *value = colon + 1 + strspn(colon + 1, " ");
        s3_pair *h = &k->headers[k->n_headers++];
        h->name = nl_arena_strndup(&k->arena, line, (size_t)(colon - line));
        h->value = nl_arena_strndup(&k->arena, value, (size_t)(end - value));
        if (!h->name || !h->value)
            rc = nl_fail_memory(err);
    }
    store_call_free(call);
    return rc;
}

static int begin(struct copying *k, nl_error *err)
{
    struct store_call *call;
    s3_pair query = {"uploads", ""};
    struct store_request r = {.method = "POST",
                              .bucket = k->to_bucket,
                              .key = k->to_key,
                              .query = &query,
                              .n_query = 1,
                              .headers = k->n_instead ? k->instead : k->headers,
                              .n_headers = k->n_instead ? k->n_instead : k->n_headers,
                              .steady = true};
    s3_xml_node *root;
    int rc = store_call_run(k->client, &r, &call, err);
    if (!rc)
        rc = store_reply_xml(&k->arena, &call->text, "InitiateMultipartUploadResult", &root, err);
    const char *id = rc ? NULL : s3_xml_child_text(root, "UploadId");
    if (!rc && (!id || !*id))
        rc = nl_fail(err, NL_IO, "the answer to CreateMultipartUpload names no upload");
    if (!rc && !(k->upload_id = strdup(id)))
        rc = nl_fail_memory(err);
    store_call_free(call);
    return rc;
}

static int send_part(struct copying *k, size_t i, nl_error *err)
{
    char number[24], range[64];
    uint64_t at = i * k->part_size, len = k->size - at < k->part_size ? k->size - at : k->part_size;
    snprintf(number, sizeof number, "%zu", i + 1);
    snprintf(range, sizeof range, "bytes=%" PRIu64 "-%" PRIu64, at, at + len - 1);
    s3_pair query[] = {{"partNumber", number}, {"uploadId", k->upload_id}};
    s3_pair headers[] = {{"x-amz-copy-source", k->source.data},
                         {"x-amz-copy-source-range", range},
                         {"x-amz-copy-source-if-match", k->etag}};
    struct store_request r = {.method = "PUT",
                              .bucket = k->to_bucket,
                              .key = k->to_key,
                              .query = query,
                              .n_query = 2,
                              .headers = headers,
                              .n_headers = 3,
                              .error_in_200 = true};
    struct store_call **call = &k->calls[i % side_by_side];
    int rc = store_call_new(k->client, &r, call, err);
    return rc ? rc : store_call_submit(*call, err);
}

/* Wait for part i, and keep its ETag. */
static int end_part(struct copying *k, size_t i, nl_error *err)
{
    struct store_call **call = &k->calls[i % side_by_side];
    nl_arena arena = {0};
    s3_xml_node *root;
    store_call_wait(*call, NULL, NULL);
    int rc = store_call_result(*call, err);
    if (!rc)
        rc = store_reply_xml(&arena, &(*call)->text, "CopyPartResult", &root, err);
    const char *etag = rc ? NULL : s3_xml_child_text(root, "ETag");
    if (!rc)
        snprintf(k->etags[i], sizeof k->etags[i], "%s", etag ? etag : "");
    else
        nl_note(err, "part %zu", i + 1);
    nl_arena_free(&arena);
    store_call_free(*call);
    *call = NULL;
    return rc;
}

static int complete(struct copying *k, nl_error *err)
{
    s3_xml_writer w;
    nl_buf body = {0};
    struct store_call *call = NULL;
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "CompleteMultipartUpload");
    for (size_t i = 0; i < k->n_parts; i++) {
        s3_xml_open(&w, "Part");
        s3_xml_u64(&w, "PartNumber", i + 1);
        s3_xml_text(&w, "ETag", k->etags[i]);
        s3_xml_close(&w, "Part");
    }
    s3_xml_close(&w, "CompleteMultipartUpload");
    int rc = s3_xml_finish(&w, err);
    s3_pair query = {"uploadId", k->upload_id};
    struct store_request r = {.method = "POST",
                              .bucket = k->to_bucket,
                              .key = k->to_key,
                              .query = &query,
                              .n_query = 1,
                              .body = body.data,
                              .body_len = body.len,
                              .error_in_200 = true};
    if (!rc)
        rc = store_call_run(k->client, &r, &call, err);
    store_call_free(call);
    nl_buf_free(&body);
    return rc;
}

/* Take the parts away again. What the store answers changes nothing. */
static void give_up(struct copying *k)
{
    struct store_call *call;
    s3_pair query = {"uploadId", k->upload_id};
    for (size_t i = 0; i < side_by_side; i++)
        store_call_finish(k->calls[i]);
    if (!k->upload_id)
        return;
    struct store_request r = {
        .method = "DELETE", .bucket = k->to_bucket, .key = k->to_key, .query = &query, .n_query = 1};
    store_call_run(k->client, &r, &call, NULL);
    store_call_free(call);
}

static int copy_parts(struct copying *k, nl_error *err)
{
    const struct store_tuning *t = &k->client->tuning;
    k->part_size = t->copy_part;
    while (k->size / k->part_size >= most_parts)
        k->part_size *= 2;
    k->n_parts = (size_t)((k->size + k->part_size - 1) / k->part_size);
    k->etags = calloc(k->n_parts, sizeof *k->etags);
    int rc = k->etags ? begin(k, err) : nl_fail_memory(err);
    for (size_t i = 0; !rc && i < k->n_parts + side_by_side; i++) {
        if (i >= side_by_side && i - side_by_side < k->n_parts)
            rc = end_part(k, i - side_by_side, err);
        if (!rc && i < k->n_parts)
            rc = send_part(k, i, err);
    }
    if (!rc)
        rc = complete(k, err);
    if (rc)
        give_up(k);
    return rc;
}

int store_s3_copy(store_backend *b, const char *from, const nl_object_info *info, const char *to,
                  const nl_put_options *options, nl_error *err)
{
    struct copying k = {
        .client = (struct store_client *)b,
    };
    uint64_t most = k.client->tuning.copy_max;
    int rc = store_s3_object_uri(from, k.from_bucket, &k.from_key, err);
    if (!rc)
        rc = store_s3_object_uri(to, k.to_bucket, &k.to_key, err);
    if (!rc)
        rc = nl_buf_printf(&k.source, err, "/%s/", k.from_bucket);
    if (!rc)
        rc = s3_uri_encode(&k.source, k.from_key, strlen(k.from_key), true, err);
    if (!rc)
        rc = store_s3_object_headers(&k.arena, options, false, 2, &k.instead, &k.n_instead, err);
    if (rc) {
        nl_note(err, "copy of %s to %s", from, to);
        nl_buf_free(&k.source);
        nl_arena_free(&k.arena);
        return rc;
    }
    /* Most objects are small: the size is asked for only where the store refuses. */
    bool large = info && info->size > most;
    rc = large ? look(&k, err) : copy_whole(&k, err);
    if (rc == NL_INVALID && !large && !look(&k, NULL) && k.size != UINT64_MAX && k.size > most) {
        nl_error_clear(err);
        large = true;
        rc = NL_OK;
    }
    if (!rc && large)
        rc = k.size ? copy_parts(&k, err) : copy_whole(&k, err);
    if (rc)
        nl_note(err, "copy of %s", from);
    nl_buf_free(&k.source);
    nl_arena_free(&k.arena);
    free(k.upload_id);
    free(k.etags);
    return rc;
}
