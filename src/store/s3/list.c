/* list.c: ListObjectsV2 and ListBuckets.
 *
 *     <ListBucketResult> <Contents><Key/>…</Contents>…  <CommonPrefixes><Prefix/></CommonPrefixes>…  </ListBucketResult>
 *
 * A page holds the objects in order and the prefixes in order, and no later page goes back: merging the two page by page
 * gives the order of all keys. Here is one folder ("/" delimits); all below it is listed by walk.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "s3proto/names.h"
#include "s3proto/time.h"
#include "store/s3/walk.h"

/* One listing on its way. */
struct listing {
    struct store_client *client;
    char bucket[S3_BUCKET_MAX + 1];
    const char *prefix;
    nl_list_fn fn;
    void *ctx;
    nl_buf uri; /* of the entry */
};

/* Append a key or prefix of the page, decoded where the page is encoded. */
static int put_key(nl_buf *out, const char *text, bool encoded, nl_error *err)
{
    return encoded ? s3_uri_decode(out, text, strlen(text), true, err) : nl_buf_puts(out, text, err);
}

int store_page_key(const s3_xml_node *n, bool is_prefix, bool encoded, nl_buf *out, nl_error *err)
{
    const char *key = s3_xml_child_text(n, is_prefix ? "Prefix" : "Key");
    if (!key || !*key)
        return nl_fail(err, NL_IO, "an entry of the listing has no key");
    return put_key(out, key, encoded, err);
}

int store_page_entry(const s3_xml_node *n, bool is_prefix, nl_object_info *out, nl_error *err)
{
    *out = (nl_object_info){0};
    if (is_prefix)
        return NL_OK;
    const char *size = s3_xml_child_text(n, "Size"), *modified = s3_xml_child_text(n, "LastModified");
    const char *etag = s3_xml_child_text(n, "ETag");
    if (!size || !nl_parse_u64(size, &out->size))
        return nl_fail(err, NL_IO, "an entry of the listing has no size");
    if (modified && !s3_time_parse_iso(modified, &out->modified))
        out->modified = 0;
    size_t len = etag ? strlen(etag) : 0;
    if (len >= 2 && etag[0] == '"' && etag[len - 1] == '"') {
        etag++;
        len -= 2;
    }
    if (len && len < sizeof out->etag)
        memcpy(out->etag, etag, len);
    return NL_OK;
}

static int give(struct listing *l, const s3_xml_node *n, bool is_prefix, bool encoded, nl_error *err)
{
    nl_object_info info;
    nl_buf_clear(&l->uri);
    int rc = store_page_entry(n, is_prefix, &info, err);
    if (!rc)
        rc = nl_buf_printf(&l->uri, err, "s3://%s/", l->bucket);
    if (!rc)
        rc = store_page_key(n, is_prefix, encoded, &l->uri, err);
    return rc ? rc : l->fn(l->ctx, l->uri.data, is_prefix, &info, err);
}

/* The entries of a page, objects and prefixes merged by their keys. (Encoded keys have the order of the plain ones only
 * nearly: "%" sorts before letters. So the plain ones are compared.) */
static int give_page(struct listing *l, const s3_xml_node *root, bool encoded, nl_error *err)
{
    const s3_xml_node *object = s3_xml_child(root, "Contents"), *prefix = s3_xml_child(root, "CommonPrefixes");
    nl_buf a = {0}, b = {0};
    int rc = NL_OK;
    while (!rc && (object || prefix)) {
        bool take_prefix = !object;
        if (object && prefix) {
            const char *key = s3_xml_child_text(object, "Key"), *p = s3_xml_child_text(prefix, "Prefix");
            nl_buf_clear(&a);
            nl_buf_clear(&b);
            rc = put_key(&a, key ? key : "", encoded, err);
            if (!rc)
                rc = put_key(&b, p ? p : "", encoded, err);
            if (rc)
                break;
            take_prefix = strcmp(b.len ? b.data : "", a.len ? a.data : "") < 0;
        }
        rc = give(l, take_prefix ? prefix : object, take_prefix, encoded, err);
        if (take_prefix)
            prefix = s3_xml_again(prefix);
        else
            object = s3_xml_again(object);
    }
    nl_buf_free(&a);
    nl_buf_free(&b);
    return rc;
}

int store_page_parse(nl_arena *arena, const nl_buf *text, struct store_page *out, nl_error *err)
{
    *out = (struct store_page){0};
    s3_xml_node *root;
    int rc = store_reply_xml(arena, text, "ListBucketResult", &root, err);
    if (rc)
        return rc;
    const char *truncated = s3_xml_child_text(root, "IsTruncated"), *encoding = s3_xml_child_text(root, "EncodingType");
    out->root = root;
    out->encoded = encoding && !strcmp(encoding, "url");
    if (truncated && !strcmp(truncated, "true")) {
        out->next = s3_xml_child_text(root, "NextContinuationToken");
        if (!out->next || !*out->next)
            return nl_fail(err, NL_IO, "a truncated listing without a continuation token");
    }
    return NL_OK;
}

/* Ask for a page. token: NULL for the first. */
static int fetch_page(const struct listing *l, const char *token, struct store_call **call, nl_error *err)
{
    char page[16];
    snprintf(page, sizeof page, "%u", l->client->tuning.list_page);
    s3_pair query[6] = {
        {"list-type", "2"}, {"encoding-type", "url"}, {"prefix", l->prefix}, {"max-keys", page}, {"delimiter", "/"}};
    size_t n = 5;
    if (token)
        query[n++] = (s3_pair){"continuation-token", token};
    return store_call_run(l->client,
                          &(struct store_request){.method = "GET", .bucket = l->bucket, .query = query, .n_query = n},
                          call, err);
}

/* One page: fetch, give, and *token becomes the next one's (NULL: there is none). */
static int one_page(struct listing *l, char **token, nl_error *err)
{
    struct store_call *call;
    nl_arena arena = {0};
    struct store_page page;
    char *next = NULL;
    int rc = fetch_page(l, *token, &call, err);
    if (!rc) {
        rc = store_page_parse(&arena, &call->text, &page, err);
        if (rc)
            nl_note(err, "%s", call->uri);
    }
    if (!rc && page.next) {
        if (*token && !strcmp(*token, page.next))
            rc = nl_fail(err, NL_IO, "%s: the listing does not move on", call->uri);
        else if (!(next = strdup(page.next)))
            rc = nl_fail_memory(err);
    }
    store_call_free(call);
    if (!rc)
        rc = give_page(l, page.root, page.encoded, err);
    nl_arena_free(&arena);
    free(*token);
    *token = next;
    return rc;
}

int store_s3_list(store_backend *b, const char *uri, bool recursive, nl_list_fn fn, void *ctx, nl_error *err)
{
    struct listing l = {.client = (struct store_client *)b, .fn = fn, .ctx = ctx};
    char *token = NULL;
    int rc = s3_uri_split(uri, l.bucket, &l.prefix, err);
    if (rc || recursive)
        return rc ? rc : store_walk(l.client, l.bucket, l.prefix, fn, ctx, err);
    do
        rc = one_page(&l, &token, err);
    while (!rc && token);
    free(token);
    nl_buf_free(&l.uri);
    return rc;
}

int store_s3_list_buckets(store_backend *b, int (*fn)(void *ctx, const char *name, int64_t created, nl_error *err),
                          void *ctx, nl_error *err)
{
    struct store_call *call;
    nl_arena arena = {0};
    s3_xml_node *root;
    int rc = store_call_run((struct store_client *)b, &(struct store_request){.method = "GET"}, &call, err);
    if (!rc)
        rc = store_reply_xml(&arena, &call->text, "ListAllMyBucketsResult", &root, err);
    const s3_xml_node *n = rc ? NULL : s3_xml_child(s3_xml_child(root, "Buckets"), "Bucket");
    for (; !rc && n; n = s3_xml_again(n)) {
        const char *name = s3_xml_child_text(n, "Name"), *date = s3_xml_child_text(n, "CreationDate");
        int64_t created = 0;
        if (date && !s3_time_parse_iso(date, &created))
            created = 0;
        if (name)
            rc = fn(ctx, name, created, err);
    }
    store_call_free(call);
    nl_arena_free(&arena);
    return rc;
}
