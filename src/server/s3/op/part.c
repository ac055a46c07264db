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
    s3_meta meta;
    s3_writer writer;
    s3_copy_source source;
};

/* State with number and upload; NULL: answered. */
static struct part_state *open_part(s3_request *rq)
{
    int64_t number;
    const char *text = s3_query(rq, "partNumber");
    if (!text || !nl_parse_i64(text, &number) || number < 1 || number > S3_PARTS_MAX) {
        s3_refuse(rq, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
        return NULL;
    }
    struct part_state *s = s3_new_state(rq, sizeof(*s));
    if (!s || !s3_open_upload(rq, &s->upload))
        return NULL;
    s->number = (int)number;
    return s;
}

static void begin(s3_request *rq)
{
    nl_error err = {0};
    uint64_t length;
    struct part_state *s = open_part(rq);
    if (!s)
        return;
    bool has_length = http_request_content_length(rq->http, &length);
    if (!has_length && !s3_header(rq, "x-amz-decoded-content-length")) {
        s3_refuse(rq, "MissingContentLength", NULL);
        return;
    }
    if (has_length && length > PART_MAX + (PART_MAX >> 4)) {
        s3_refuse(rq, "EntityTooLarge", NULL);
        return;
    }
    rq->want_md5 = true;
    rq->checksum_default = s3_checksum_name(&s->upload);
    if (s3_writer_open(rq->bucket, &s->writer, &err))
        s3_refuse_error(rq, &err, "NoSuchUpload");
}

static int data(void *ctx, const void *bytes, size_t len, nl_error *err)
{
    s3_request *rq = ctx;
    struct part_state *s = rq->state;
    return s3_writer_write(&s->writer, bytes, len, err);
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

static void end(s3_request *rq)
{
    nl_error err = {0};
    struct part_state *s = rq->state;
    if (!checksum_fits(rq, s))
        return;
    memcpy(s->meta.etag, rq->body.md5_hex, sizeof(rq->body.md5_hex));
    if (rq->body.checksum_text) {
        s->meta.checksum_header = s3_digest_header(rq->body.kind);
        s->meta.checksum = rq->body.checksum_text;
        s->meta.checksum_type = "FULL_OBJECT";
    }
    if (s3_upload_put_part(&s->writer, s3_query(rq, "uploadId"), s->number, s3_key(rq), &s->meta, &err)) {
        s3_refuse_error(rq, &err, "NoSuchUpload");
        return;
    }
    s3_add_etag(rq, s->meta.etag);
    if (s->meta.checksum)
        http_add_header(rq->http, s->meta.checksum_header, s->meta.checksum);
    s3_answer_empty(rq, 200);
}

static void drop(s3_request *rq)
{
    struct part_state *s = rq->state;
    if (!s)
        return;
    s3_writer_abort(&s->writer);
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

/* Copy the range, and hash what was written: the part's ETag and, where the upload wants one, its checksum. */
static int copy_range(s3_request *rq, struct part_state *s, s3_range range, nl_error *err)
{
    enum s3_digest_kind kinds[2] = {S3_MD5};
    s3_digest_value values[2];
    const char *wanted = s3_checksum_name(&s->upload);
    size_t n = 1 + (wanted && s3_digest_find(wanted, &kinds[1]));
    int rc = s3_writer_open(rq->bucket, &s->writer, err);
    if (!rc)
        rc = s3_file_copy(s->source.object.fd, range.offset, s->writer.fd, 0, range.length, err);
    if (!rc)
        rc = s3_file_digest(s->writer.fd, range.length, kinds, n, values, err);
    if (rc)
        return rc;
    s->writer.size = range.length;
    nl_hex(values[0].bytes, 16, s->meta.etag);
    if (n == 2) {
        nl_buf text = {0};
        rc = s3_base64(&text, values[1].bytes, s3_digest_size(kinds[1]), err);
        s->meta.checksum_header = s3_digest_header(kinds[1]);
        s->meta.checksum = rc ? NULL : nl_arena_strdup(rq->arena, text.data);
        s->meta.checksum_type = "FULL_OBJECT";
        nl_buf_free(&text);
        if (!rc && !s->meta.checksum)
            rc = nl_fail_memory(err);
    }
    return rc;
}

static void copy_part(s3_request *rq)
{
    nl_error err = {0};
    s3_range range;
    struct part_state *s = open_part(rq);
    if (!s || !s3_copy_source_open(rq, &s->source) || !take_range(rq, s, &range))
        return;
    int rc = copy_range(rq, s, range, &err);
    if (!rc)
        rc = s3_upload_put_part(&s->writer, s3_query(rq, "uploadId"), s->number, s3_key(rq), &s->meta, &err);
    if (rc) {
        s3_refuse_error(rq, &err, "NoSuchUpload");
        return;
    }
    s3_answer_copied(rq, "CopyPartResult", &s->meta);
}

const s3_op s3_op_copy_part = {.name = "UploadPartCopy", .end = copy_part, .drop = drop, .disk = true, .writes = true};
