/* batch.c: DeleteObjects: up to a thousand keys a request, all requests side by side.
 *
 *     <Delete><Quiet>true</Quiet><Object><Key/></Object>…</Delete>  ─▶  <DeleteResult><Error><Key/><Code/>…</Error>…</DeleteResult>
 *
 * Keys that XML cannot carry are deleted one by one.
 */
#include <stdlib.h>
#include <string.h>

#include "s3proto/errors.h"
#include "s3proto/names.h"
#include "store/s3/client.h"

enum { batch_most = 1000 };

/* The keys first..first + n of one bucket, and their request. */
struct batch {
    size_t first, n;
    char bucket[S3_BUCKET_MAX + 1];
    nl_buf body;
    struct store_call *call;
};

static bool fits_xml(const char *key)
{
    for (const unsigned char *p = (const unsigned char *)key; *p; p++)
        if (*p < 0x20)
            return false;
    return true;
}

static int batch_xml(struct batch *b, const char *const *uris, nl_error *err)
{
    s3_xml_writer w;
    s3_xml_start(&w, &b->body);
    s3_xml_open_root(&w, "Delete");
    s3_xml_text(&w, "Quiet", "true");
    for (size_t i = 0; i < b->n; i++) {
        s3_xml_open(&w, "Object");
        s3_xml_text(&w, "Key", uris[b->first + i] + strlen("s3://") + strlen(b->bucket) + 1);
        s3_xml_close(&w, "Object");
    }
    s3_xml_close(&w, "Delete");
    return s3_xml_finish(&w, err);
}

/* Content-MD5, which every S3 takes here; a checksum would do as well, but not everywhere. */
static int batch_send(struct store_client *c, struct batch *b, const char *const *uris, nl_error *err)
{
    int rc = batch_xml(b, uris, err);
    if (rc)
        return rc;
    s3_digest d;
    uint8_t md5[S3_DIGEST_MAX];
    char text[32];
    s3_digest_open(&d, S3_MD5);
    s3_digest_update(&d, b->body.data, b->body.len);
    s3_base64_text(md5, s3_digest_final(&d, md5), text);
    s3_pair query = {"delete", ""}, header = {"Content-MD5", text};
    struct store_request r = {.method = "POST",
                              .bucket = b->bucket,
                              .query = &query,
                              .n_query = 1,
                              .headers = &header,
                              .n_headers = 1,
                              .body = b->body.data,
                              .body_len = b->body.len};
    rc = store_call_new(c, &r, &b->call, err);
    return rc ? rc : store_call_submit(b->call, err);
}

/* Cut the keys into batches: as many as follow each other in one bucket. */
static int cut(const char *const *uris, size_t n, struct batch *out, size_t *count, nl_error *err)
{
    for (size_t i = 0; i < n; i++) {
        char bucket[S3_BUCKET_MAX + 1];
        const char *key;
        int rc = store_s3_object_uri(uris[i], bucket, &key, err);
        if (rc)
            return rc;
        struct batch *last = *count ? &out[*count - 1] : NULL;
        bool plain = fits_xml(key);
        if (last && plain && last->n < batch_most && !strcmp(last->bucket, bucket) && fits_xml(uris[i - 1])) {
            last->n++;
            continue;
        }
        out[*count] = (struct batch){.first = i, .n = 1};
        memcpy(out[(*count)++].bucket, bucket, sizeof bucket);
    }
    return NL_OK;
}

/* The answer's error for this key; NULL: it was deleted. */
static const s3_xml_node *error_of(const s3_xml_node *root, const char *key)
{
    for (const s3_xml_node *n = s3_xml_child(root, "Error"); n; n = s3_xml_again(n)) {
        const char *its = s3_xml_child_text(n, "Key");
        if (its && !strcmp(its, key))
            return n;
    }
    return NULL;
}

static void key_error(const s3_xml_node *n, const char *uri, nl_error *out)
{
    const char *code = s3_xml_child_text(n, "Code"), *message = s3_xml_child_text(n, "Message");
    const s3_error_info *info = s3_error_find(code ? code : "");
    nl_fail(out, info ? info->status : NL_IO, "%s: %s (%s)", uri, message ? message : "not deleted", code ? code : "");
}

/* Tell fn what became of each key. */
static int batch_tell(const struct batch *b, const char *const *uris, nl_delete_fn fn, void *ctx, nl_error *err)
{
    nl_arena arena = {0};
    s3_xml_node *root = NULL;
    nl_error whole = {0};
    int rc = store_call_result(b->call, &whole);
    if (!rc)
        rc = store_reply_xml(&arena, &b->call->text, "DeleteResult", &root, &whole);
    bool failed = rc != NL_OK;
    rc = NL_OK;
    for (size_t i = 0; !rc && i < b->n; i++) {
        const char *uri = uris[b->first + i];
        const s3_xml_node *n = failed ? NULL : error_of(root, uri + strlen("s3://") + strlen(b->bucket) + 1);
        nl_error own = {0};
        if (n)
            key_error(n, uri, &own);
        rc = fn(ctx, uri, failed ? &whole : n ? &own : NULL, err);
    }
    nl_arena_free(&arena);
    return rc;
}

/* A key alone. */
static int tell_single(store_backend *b, const char *uri, nl_delete_fn fn, void *ctx, nl_error *err)
{
    nl_error own = {0};
    int rc = store_s3_remove(b, uri, &own);
    return fn(ctx, uri, rc ? &own : NULL, err);
}

int store_s3_remove_many(store_backend *base, const char *const *uris, size_t n, nl_delete_fn fn, void *ctx,
                         nl_error *err)
{
    struct store_client *c = (struct store_client *)base;
    struct batch *batches = calloc(n ? n : 1, sizeof *batches);
    size_t count = 0;
    int rc = batches ? cut(uris, n, batches, &count, err) : nl_fail_memory(err);
    for (size_t i = 0; !rc && i < count; i++)
        if (batches[i].n > 1)
            rc = batch_send(c, &batches[i], uris, err);
    for (size_t i = 0; i < count; i++) {
        struct batch *b = &batches[i];
        if (!rc && b->n == 1)
            rc = tell_single(base, uris[b->first], fn, ctx, err);
        else if (!rc) {
            store_call_wait(b->call, NULL, NULL);
            rc = batch_tell(b, uris, fn, ctx, err);
        }
        store_call_finish(b->call);
        nl_buf_free(&b->body);
    }
    free(batches);
    return rc;
}
