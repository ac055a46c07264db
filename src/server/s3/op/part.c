/* part.c: UploadPart and UploadPartCopy. */
#include <string.h>

#include "base/str.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/upload.h"
#include "server/s3/op/copy.h"
#include "server/s3/op/multipart.h"
#include "server/s3/op/range.h"

#define PART_MAX ((uint64_t)5 << 30)

struct part_state {
    int number;
    s3_meta upload;
    s3_part_writer writer;
    s3_part_sums sums;
    s3_copy_source source;
};

/* State with number and upload; NULL: answered. */
static struct part_state *open_part(s3_request *rq)
{
    int number;
    if (!s3_part_number(rq, &number))
        return NULL;
    struct part_state *s = s3_new_state(rq, sizeof(*s));
    if (!s || !s3_open_upload(rq, &s->upload))
        return NULL;
    s->number = number;
    return s;
}

/* How many bytes of the part will come: what the chunks hold, or what the body is. False: answered. */
static bool take_length(s3_request *rq, uint64_t *length)
{
    const char *decoded = s3_header(rq, "x-amz-decoded-content-length");
    if (decoded ? !nl_parse_u64(decoded, length) : !http_request_content_length(rq->http, length))
        s3_refuse(rq, "MissingContentLength", NULL);
    else if (*length > PART_MAX)
        s3_refuse(rq, "EntityTooLarge", NULL);
    else
        return true;
    return false;
}

/* What a lower room failed with; who meets a completion that then fails for a reason of its own may send again. */
static void refuse_part(s3_request *rq, const nl_error *err)
{
    if (err->code == NL_CONFLICT)
        s3_refuse(rq, "ServiceUnavailable", err->message);
    else if (err->code == NL_INVALID) /* too many were sent */
        s3_refuse(rq, "InvalidRequest", err->message);
    else
        s3_refuse_error(rq, err, "NoSuchUpload");
}

/* The parts of an upload that is to have a checksum of checksums must bring theirs. */
static bool checksum_is_there(s3_request *rq, const struct part_state *s)
{
    const char *wanted = s3_checksum_name(&s->upload);
    if (!wanted || strcmp(s->upload.checksum_type, "COMPOSITE") || s3_body_brings_checksum(rq->headers, rq->n_headers))
        return true;
    s3_refusef(rq, "InvalidRequest",
               "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: null", wanted);
    return false;
}

static void begin(s3_request *rq)
{
    nl_error err = {0};
    uint64_t length;
    struct part_state *s = open_part(rq);
    if (!s || !take_length(rq, &length) || !checksum_is_there(rq, s))
        return;
    rq->want_md5 = true;
    rq->checksum_default = s3_checksum_name(&s->upload);
    if (s3_part_open(rq->bucket, s3_query(rq, "uploadId"), s->number, length, &s->writer, &err))
        refuse_part(rq, &err);
}

static int data(void *ctx, const void *bytes, size_t len, nl_error *err)
{
    s3_request *rq = ctx;
    struct part_state *s = rq->state;
    int rc = s3_part_write(&s->writer, bytes, len, err);
    if (rc == NL_CONFLICT || rc == NL_NOT_FOUND) /* it was completed or aborted meanwhile */
        refuse_part(rq, err);
    return rc;
}

/* The checksum that was sent must be of the upload's algorithm. */
static bool checksum_fits(s3_request *rq, const struct part_state *s)
{
    const char *wanted = s3_checksum_name(&s->upload);
    if (!wanted || !rq->body.checksum_text || !strcmp(wanted, s3_digest_name(rq->body.kind)))
        return true;
    s3_refusef(rq, "InvalidRequest",
               "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s", wanted,
               s3_digest_name(rq->body.kind));
    return false;
}

/* What the body was found to be. A checksum that the upload did not ask for was compared, and is not kept. */
static void take_sums(struct part_state *s, const s3_body *b)
{
    size_t n;
    s->sums = (s3_part_sums){.kind = S3_MD5};
    nl_unhex(b->md5_hex, 32, s->sums.md5);
    if (s3_checksum_name(&s->upload) && b->checksum_text &&
        s3_unbase64(b->checksum_text, strlen(b->checksum_text), s->sums.sum, sizeof(s->sums.sum), &n))
        s->sums.kind = b->kind;
}

static void end(s3_request *rq)
{
    nl_error err = {0};
    int64_t mtime_ns;
    struct part_state *s = rq->state;
    if (!checksum_fits(rq, s))
        return;
    take_sums(s, &rq->body);
    if (s3_part_commit(&s->writer, &s->sums, &mtime_ns, &err)) {
        refuse_part(rq, &err);
        return;
    }
    s3_add_etag(rq, rq->body.md5_hex);
    if (rq->body.checksum_text)
        http_add_header(rq->http, s3_digest_header(rq->body.kind), rq->body.checksum_text);
    s3_answer_empty(rq, 200);
}

static void drop(s3_request *rq)
{
    struct part_state *s = rq->state;
    if (!s)
        return;
    s3_part_abort(&s->writer);
    s3_copy_source_close(&s->source);
}

const s3_op s3_op_upload_part = {
    .name = "UploadPart", .begin = begin, .data = data, .end = end, .drop = drop, .disk = true, .writes = true};

/* ── a part from an object ── */

/* The bytes that are wanted: all, or x-amz-copy-source-range. */
static bool take_range(s3_request *rq, const struct part_state *s, s3_range *range)
{
    const char *header = s3_header(rq, "x-amz-copy-source-range");
    uint64_t size = s->source.object.meta.size;
    *range = (s3_range){0, size};
    if (header && !s3_copy_range_parse(header, size, range)) {
        s3_refusef(rq, "InvalidArgument",
                   "The x-amz-copy-source-range value must be of the form bytes=first-last where "
                   "first and last are the zero-based offsets of the first and last bytes to copy, inside the source's "
                   "%llu bytes",
                   (unsigned long long)size);
        return false;
    }
    if (range->length <= PART_MAX)
        return true;
    s3_refuse(rq, "EntityTooLarge", NULL);
    return false;
}

/* Copy the range, and hash what was copied: the part's ETag and, where the upload wants one, its checksum. */
static int copy_range(s3_request *rq, struct part_state *s, s3_range range, nl_error *err)
{
    enum s3_digest_kind kinds[2] = {S3_MD5, S3_MD5};
    s3_digest_value values[2];
    const char *wanted = s3_checksum_name(&s->upload);
    size_t n = 1 + (wanted && s3_digest_find(wanted, &kinds[1]));
    int from = s->source.object.fd;
    int rc = s3_part_open(rq->bucket, s3_query(rq, "uploadId"), s->number, range.length, &s->writer, err);
    if (!rc)
        rc = s3_part_copy(&s->writer, from, range.offset, err);
    if (!rc)
        rc = s3_file_digest(from, range.offset, range.length, kinds, n, values, err);
    if (rc)
        return rc;
    memcpy(s->sums.md5, values[0].bytes, sizeof(s->sums.md5));
    s->sums.kind = kinds[1];
    if (n == 2)
        memcpy(s->sums.sum, values[1].bytes, sizeof(s->sums.sum));
    return NL_OK;
}

static void answer_copied(s3_request *rq, const struct part_state *s, int64_t mtime_ns)
{
    s3_meta meta = {.mtime_ns = mtime_ns};
    char text[4 * ((S3_DIGEST_MAX + 2) / 3) + 1];
    nl_hex(s->sums.md5, sizeof(s->sums.md5), meta.etag);
    if (s->sums.kind != S3_MD5) {
        s3_base64_text(s->sums.sum, s3_digest_size(s->sums.kind), text);
        meta.checksum_header = s3_digest_header(s->sums.kind);
        meta.checksum = text;
    }
    s3_answer_copied(rq, "CopyPartResult", &meta);
}

static void copy_part(s3_request *rq)
{
    nl_error err = {0};
    s3_range range;
    int64_t mtime_ns;
    struct part_state *s = open_part(rq);
    if (!s || !s3_copy_source_open(rq, &s->source) || !take_range(rq, s, &range))
        return;
    int rc = copy_range(rq, s, range, &err);
    if (!rc)
        rc = s3_part_commit(&s->writer, &s->sums, &mtime_ns, &err);
    if (rc)
        refuse_part(rq, &err);
    else
        answer_copied(rq, s, mtime_ns);
}

const s3_op s3_op_copy_part = {.name = "UploadPartCopy", .end = copy_part, .drop = drop, .disk = true, .writes = true};
