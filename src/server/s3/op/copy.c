/* copy.c: CopyObject: inside the kernel from file to file; ETag and checksum are the source's where they are of all its
 * bytes, else computed. */
#include "server/s3/op/copy.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "s3proto/time.h"
#include "server/s3/disk/file.h"

/* ── the source ── */

/* "/bucket/key" or "bucket/key", percent-encoded, perhaps "?versionId=null". */
static bool parse_source(s3_request *rq, s3_copy_source *out)
{
    const char *text = s3_header(rq, "x-amz-copy-source");
    const char *version = strstr(text, "?versionId=");
    size_t len = version ? (size_t)(version - text) : strlen(text);
    nl_buf b = {0};
    nl_error err = {0};
    if (version && strcmp(version, "?versionId=null")) {
        s3_refuse(rq, "NoSuchVersion", NULL);
        return false;
    }
    bool sound = s3_uri_decode(&b, text, len, false, &err) == NL_OK && b.len > 0;
    const char *start = sound ? b.data + (b.data[0] == '/') : NULL;
    const char *slash = sound ? strchr(start, '/') : NULL;
    sound = slash && slash[1] && (size_t)(slash - start) <= S3_BUCKET_MAX &&
            !s3_bucket_check(start, (size_t)(slash - start), &err) && !s3_key_check(slash + 1, strlen(slash + 1), &err);
    if (sound) {
        memcpy(out->bucket, start, (size_t)(slash - start));
        out->key = nl_arena_strdup(rq->arena, slash + 1);
    }
    nl_buf_free(&b);
    if (!sound || !out->key)
        s3_refuse(rq, "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
    return sound && out->key;
}

/* Every condition must hold; a copy never answers 304. */
static bool conditions_hold(s3_request *rq, const s3_meta *m)
{
    const char *match = s3_header(rq, "x-amz-copy-source-if-match");
    const char *none = s3_header(rq, "x-amz-copy-source-if-none-match");
    int64_t t, mtime = m->mtime_ns / 1000000000;
    const char *text = s3_header(rq, "x-amz-copy-source-if-unmodified-since");
    bool fails = match ? !s3_etag_listed(match, m->etag) : text && s3_time_parse_http(text, &t) && mtime > t;
    text = s3_header(rq, "x-amz-copy-source-if-modified-since");
    fails |= none ? s3_etag_listed(none, m->etag) : text && s3_time_parse_http(text, &t) && mtime <= t;
    if (fails)
        s3_refuse(rq, "PreconditionFailed", NULL);
    return !fails;
}

bool s3_copy_source_open(s3_request *rq, s3_copy_source *out)
{
    nl_error err = {0};
    if (!parse_source(rq, out))
        return false;
    if (!s3_may(rq, out->bucket, out->key, false)) {
        s3_refuse(rq, "AccessDenied", NULL);
        return false;
    }
    if (s3_bucket_get(rq->server->disk, out->bucket, &out->from, &err)) {
        s3_refuse_error(rq, &err, "NoSuchBucket");
        return false;
    }
    if (s3_object_open(out->from, (s3_slice){out->key, strlen(out->key)}, &out->object, &err)) {
        s3_refuse_error(rq, &err, "NoSuchKey");
        return false;
    }
    out->open = true;
    return conditions_hold(rq, &out->object.meta);
}

void s3_copy_source_close(s3_copy_source *s)
{
    if (s->open)
        s3_object_close(&s->object);
    s3_bucket_release(s->from);
    *s = (s3_copy_source){0};
}

/* ── the copy ── */

struct copy_state {
    s3_copy_source source;
    s3_writer writer;
    s3_meta meta;
    bool sum_wanted; /* a checksum of this kind must be computed */
    enum s3_digest_kind sum;
    s3_write_condition condition;
};

/* Is the directive REPLACE? 1, 0; -1: answered. */
static int replaces(s3_request *rq, const char *header)
{
    const char *d = s3_header(rq, header);
    if (!d || !strcmp(d, "COPY"))
        return 0;
    if (!strcmp(d, "REPLACE"))
        return 1;
    s3_refuse(rq, "InvalidArgument", "Unknown metadata or tagging directive.");
    return -1;
}

/* The source's checksum, where it is of all bytes; else one of its kind, or of the kind that x-amz-checksum-algorithm asks
 * for, is computed. */
static bool take_checksum(s3_request *rq, struct copy_state *s)
{
    const s3_meta *from = &s->source.object.meta;
    enum s3_digest_kind had;
    const char *wanted = s3_header(rq, "x-amz-checksum-algorithm");
    bool has = from->checksum && s3_digest_find(from->checksum_header, &had);
    if (wanted && (!s3_digest_find(wanted, &s->sum) || s->sum == S3_MD5)) {
        s3_refuse(rq, "InvalidRequest", "Checksum algorithm provided is unsupported.");
        return false;
    }
    if (!wanted && has)
        s->sum = had;
    if (has && had == s->sum && !strcmp(from->checksum_type, "FULL_OBJECT")) {
        s->meta.checksum_header = from->checksum_header;
        s->meta.checksum = from->checksum;
        s->meta.checksum_type = from->checksum_type;
    } else {
        s->sum_wanted = wanted || has;
    }
    return true;
}

/* Metadata of the new object: the source's, or (REPLACE) the request's. */
static bool take_meta(s3_request *rq, struct copy_state *s)
{
    int replace = replaces(rq, "x-amz-metadata-directive");
    int retag = replace < 0 ? -1 : replaces(rq, "x-amz-tagging-directive");
    if (replace < 0 || retag < 0 || !s3_take_object_headers(rq, &s->meta) || !s3_copy_source_open(rq, &s->source))
        return false;
    const s3_meta *from = &s->source.object.meta;
    if (!replace && !retag && !strcmp(s->source.bucket, rq->bucket_name) && !strcmp(s->source.key, rq->key)) {
        s3_refuse(rq, "InvalidRequest",
                  "This copy request is illegal because it is trying to copy an object to itself without changing the "
                  "object's metadata, storage class, website redirect location or encryption attributes.");
        return false;
    }
    if (!replace) {
        s->meta.headers = from->headers;
        s->meta.n_headers = from->n_headers;
    }
    if (!retag) {
        s->meta.tags = from->tags;
        s->meta.n_tags = from->n_tags;
    }
    return take_checksum(rq, s);
}

/* What the source does not say of its bytes: the MD5 where it was made of parts, the checksum where another is wanted. */
static int hash_copy(s3_request *rq, struct copy_state *s, nl_error *err)
{
    const s3_object *from = &s->source.object;
    enum s3_digest_kind kinds[2];
    s3_digest_value values[2];
    char text[4 * ((S3_DIGEST_MAX + 2) / 3) + 1];
    size_t n = 0;
    bool md5 = strchr(from->meta.etag, '-') != NULL;
    if (md5)
        kinds[n++] = S3_MD5;
    if (s->sum_wanted)
        kinds[n++] = s->sum;
    int rc = n ? s3_file_digest(s->writer.fd, 0, from->meta.size, kinds, n, values, err) : NL_OK;
    if (rc)
        return rc;
    if (md5)
        nl_hex(values[0].bytes, 16, s->meta.etag);
    else
        memcpy(s->meta.etag, from->meta.etag, sizeof(s->meta.etag));
    if (!s->sum_wanted)
        return NL_OK;
    s3_base64_text(values[n - 1].bytes, s3_digest_size(s->sum), text);
    s->meta.checksum_header = s3_digest_header(s->sum);
    s->meta.checksum = nl_arena_strdup(rq->arena, text);
    s->meta.checksum_type = "FULL_OBJECT";
    return s->meta.checksum ? NL_OK : nl_fail_memory(err);
}

static int copy(s3_request *rq, struct copy_state *s, nl_error *err)
{
    const s3_object *from = &s->source.object;
    int rc = s3_writer_open(rq->bucket, &s->writer, err);
    if (!rc)
        rc = s3_file_copy(from->fd, 0, s->writer.fd, 0, from->meta.size, err);
    if (rc)
        return rc;
    s->writer.size = from->meta.size;
    rc = hash_copy(rq, s, err);
    return rc ? rc : s3_writer_commit(&s->writer, s3_key(rq), &s->meta, &s->condition.guard, err);
}

static void end(s3_request *rq)
{
    nl_error err = {0};
    struct copy_state *s = s3_new_state(rq, sizeof(*s));
    if (!s || !s3_take_write_condition(rq, &s->condition) || !s3_need_bucket(rq) || !take_meta(rq, s))
        return;
    if (copy(rq, s, &err)) {
        s3_refuse_write(rq, &s->condition, &err);
        return;
    }
    s3_answer_copied(rq, "CopyObjectResult", &s->meta);
}

static void drop(s3_request *rq)
{
    struct copy_state *s = rq->state;
    if (!s)
        return;
    s3_writer_abort(&s->writer);
    s3_copy_source_close(&s->source);
}

const s3_op s3_op_copy_object = {.name = "CopyObject", .end = end, .drop = drop, .disk = true, .writes = true};
