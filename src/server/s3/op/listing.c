/* listing.c: ListObjects (v1) and ListObjectsV2. One walk (disk/list.h), two ways to say it.
 *
 * v1 goes on behind `marker`, a key or a common prefix. v2 goes on behind `continuation-token`, which is base64 of the last
 * name that was given, or starts behind `start-after`; the token wins.
 */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "server/s3/disk/list.h"
#include "server/s3/op/op.h"

#define MOST_KEYS 1000

struct page {
    s3_request *rq;
    bool v2, encode, owner;
    s3_list_query query;
    uint64_t max;
    nl_buf keys;     /* <Contents>… */
    nl_buf prefixes; /* <CommonPrefixes>… */
    s3_xml_writer keys_xml, prefixes_xml;
    nl_buf last; /* the last name that was given */
    nl_buf encoded;
    size_t count;
};

/* A name as the client wants it: with encoding-type=url percent-encoded, but for "/". */
static void name_element(struct page *p, s3_xml_writer *w, const char *element, s3_slice name)
{
    if (!p->encode) {
        s3_xml_textn(w, element, name.data ? name.data : "", name.len);
        return;
    }
    nl_buf_clear(&p->encoded);
    int rc = s3_uri_encode(&p->encoded, name.data ? name.data : "", name.len, true, NULL);
    s3_xml_textn(w, element, p->encoded.data ? p->encoded.data : "", p->encoded.len);
    if (rc)
        w->status = rc;
}

static void key_element(struct page *p, s3_slice name, const s3_meta *meta)
{
    char time[25], etag[80];
    s3_xml_writer *w = &p->keys_xml;
    s3_xml_open(w, "Contents");
    name_element(p, w, "Key", name);
    s3_xml_text(w, "LastModified", s3_iso_time(meta->mtime_ns, time));
    s3_xml_text(w, "ETag", s3_quoted(meta->etag, etag));
    if (meta->checksum) {
        enum s3_digest_kind kind;
        if (s3_digest_find(meta->checksum_header, &kind))
            s3_xml_text(w, "ChecksumAlgorithm", s3_digest_name(kind));
        s3_xml_text(w, "ChecksumType", meta->checksum_type);
    }
    s3_xml_u64(w, "Size", meta->size);
    if (p->owner)
        s3_xml_owner(w, "Owner");
    s3_xml_text(w, "StorageClass", "STANDARD");
    s3_xml_close(w, "Contents");
}

static int take(void *ctx, s3_slice name, const s3_meta *meta, nl_error *err)
{
    struct page *p = ctx;
    p->count++;
    nl_buf_clear(&p->last);
    int rc = nl_buf_append(&p->last, name.data, name.len, err);
    if (meta) {
        key_element(p, name, meta);
    } else {
        s3_xml_open(&p->prefixes_xml, "CommonPrefixes");
        name_element(p, &p->prefixes_xml, "Prefix", name);
        s3_xml_close(&p->prefixes_xml, "CommonPrefixes");
    }
    return rc;
}

static s3_slice slice(const char *text)
{
    return (s3_slice){text ? text : "", text ? strlen(text) : 0};
}

/* max-keys: a number from 0, at most 1000 are given. */
static bool take_max(struct page *p)
{
    const char *text = s3_query(p->rq, "max-keys");
    int64_t n = MOST_KEYS;
    if (text && *text && (!nl_parse_i64(text, &n) || n < 0 || n > INT32_MAX)) {
        s3_refuse(p->rq, "InvalidArgument", "max-keys must be a number from 0 to 2147483647.");
        return false;
    }
    p->max = n < MOST_KEYS ? (uint64_t)n : MOST_KEYS;
    return true;
}

/* Where the page starts. */
static bool take_start(struct page *p)
{
    const char *token = p->v2 ? s3_query(p->rq, "continuation-token") : NULL;
    if (!token) {
        p->query.from = slice(s3_query(p->rq, p->v2 ? "start-after" : "marker"));
        return true;
    }
    size_t n, room = strlen(token);
    char *name = nl_arena_alloc(p->rq->arena, room + 1);
    if (!name || !*token || !s3_unbase64(token, room, (uint8_t *)name, room, &n) || memchr(name, '\0', n)) {
        s3_refuse(p->rq, "InvalidArgument", "The continuation token provided is incorrect");
        return false;
    }
    p->query.from = (s3_slice){name, n};
    return true;
}

static bool is_text(s3_slice s)
{
    return nl_utf8_valid((const uint8_t *)s.data, s.len);
}

static bool take_query(struct page *p)
{
    s3_request *rq = p->rq;
    const char *encoding = s3_query(rq, "encoding-type"), *fetch = s3_query(rq, "fetch-owner");
    if (encoding && strcmp(encoding, "url")) {
        s3_refuse(rq, "InvalidArgument", "Invalid Encoding Method specified in Request");
        return false;
    }
    p->encode = encoding != NULL;
    p->owner = !p->v2 || (fetch && !strcmp(fetch, "true"));
    p->query.prefix = slice(s3_query(rq, "prefix"));
    p->query.delimiter = slice(s3_query(rq, "delimiter"));
    if (!take_max(p) || !take_start(p))
        return false;
    p->query.max = p->max;
    if (is_text(p->query.prefix) && is_text(p->query.delimiter) && is_text(p->query.from))
        return true;
    s3_refuse(rq, "InvalidArgument", "prefix, delimiter and markers must be UTF-8.");
    return false;
}

static void write_v1(struct page *p, s3_xml_writer *w, bool more)
{
    name_element(p, w, "Marker", slice(s3_query(p->rq, "marker")));
    if (more && p->query.delimiter.len)
        name_element(p, w, "NextMarker", (s3_slice){p->last.data, p->last.len});
}

static void write_v2(struct page *p, s3_xml_writer *w, bool more)
{
    nl_buf token = {0};
    s3_xml_text(w, "ContinuationToken", s3_query(p->rq, "continuation-token"));
    if (s3_query(p->rq, "start-after"))
        name_element(p, w, "StartAfter", slice(s3_query(p->rq, "start-after")));
    s3_xml_u64(w, "KeyCount", p->count);
    if (more) {
        int rc = s3_base64(&token, p->last.data, p->last.len, NULL);
        s3_xml_text(w, "NextContinuationToken", token.data);
        if (rc)
            w->status = rc;
    }
    nl_buf_free(&token);
}

static void answer(struct page *p, bool more)
{
    nl_buf body = {0};
    s3_xml_writer w;
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "ListBucketResult");
    s3_xml_text(&w, "Name", p->rq->bucket_name);
    name_element(p, &w, "Prefix", p->query.prefix);
    if (p->query.delimiter.len)
        name_element(p, &w, "Delimiter", p->query.delimiter);
    s3_xml_u64(&w, "MaxKeys", p->max);
    if (p->encode)
        s3_xml_text(&w, "EncodingType", "url");
    s3_xml_bool(&w, "IsTruncated", more);
    if (p->v2)
        write_v2(p, &w, more);
    else
        write_v1(p, &w, more);
    int rc = s3_xml_finish(&p->keys_xml, NULL);
    if (!rc)
        rc = s3_xml_finish(&p->prefixes_xml, NULL);
    if (!rc)
        rc = nl_buf_append(&body, p->keys.data ? p->keys.data : "", p->keys.len, NULL);
    if (!rc)
        rc = nl_buf_append(&body, p->prefixes.data ? p->prefixes.data : "", p->prefixes.len, NULL);
    if (rc)
        w.status = rc;
    s3_xml_close(&w, "ListBucketResult");
    s3_answer_xml(p->rq, 200, &w, &body);
}

static void list(s3_request *rq, bool v2)
{
    struct page p = {.rq = rq, .v2 = v2};
    p.keys_xml = (s3_xml_writer){.out = &p.keys};
    p.prefixes_xml = (s3_xml_writer){.out = &p.prefixes};
    nl_error err = {0};
    bool more;
    if (!take_query(&p) || !s3_need_bucket(rq))
        return;
    if (s3_list(rq->bucket, &p.query, take, &p, &more, &err))
        s3_refuse_error(rq, &err, "NoSuchBucket");
    else
        answer(&p, more);
    nl_buf_free(&p.keys);
    nl_buf_free(&p.prefixes);
    nl_buf_free(&p.last);
    nl_buf_free(&p.encoded);
}

static void list_v1(s3_request *rq)
{
    list(rq, false);
}

static void list_v2(s3_request *rq)
{
    list(rq, true);
}

/* A cold folder is read from the disk: not on a poll thread. */
const s3_op s3_op_list_v1 = {.name = "ListObjects", .end = list_v1, .disk = true, .lists = true};
const s3_op s3_op_list_v2 = {.name = "ListObjectsV2", .end = list_v2, .disk = true, .lists = true};
