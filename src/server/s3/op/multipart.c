/* multipart.c: CreateMultipartUpload, ListParts, AbortMultipartUpload. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "server/s3/disk/upload.h"
#include "server/s3/op/multipart.h"

#define MOST 1000

bool s3_open_upload(s3_request *rq, s3_meta *meta)
{
    nl_error err = {0};
    if (!s3_need_bucket(rq))
        return false;
    int rc = s3_upload_open(rq->bucket, s3_query(rq, "uploadId"), s3_key(rq), rq->arena, meta, &err);
    if (rc)
        s3_refuse_error(rq, &err, "NoSuchUpload");
    return rc == NL_OK;
}

bool s3_part_number(s3_request *rq, int *out)
{
    int64_t n;
    const char *text = s3_query(rq, "partNumber");
    if (!text || !nl_parse_i64(text, &n) || n < 1 || n > S3_PARTS_MAX) {
        s3_refuse(rq, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
        return false;
    }
    *out = (int)n;
    return true;
}

const char *s3_checksum_name(const s3_meta *upload)
{
    enum s3_digest_kind kind;
    return upload->checksum_header && s3_digest_find(upload->checksum_header, &kind) ? s3_digest_name(kind) : NULL;
}

/* ── create ── */

/* The algorithm that the parts will carry, and whether the object's is made of theirs or over all bytes. */
static bool take_checksum(s3_request *rq, s3_meta *meta)
{
    enum s3_digest_kind kind;
    const char *name = s3_header(rq, "x-amz-checksum-algorithm"), *type = s3_header(rq, "x-amz-checksum-type");
    if (!name)
        return true;
    if (!s3_digest_find(name, &kind) || kind == S3_MD5) {
        s3_refuse(rq, "InvalidRequest", "Checksum algorithm provided is unsupported.");
        return false;
    }
    bool full = type ? !strcmp(type, "FULL_OBJECT") : kind == S3_CRC64NVME;
    bool sound = !type || full || !strcmp(type, "COMPOSITE");
    bool can = full ? kind == S3_CRC32 || kind == S3_CRC32C || kind == S3_CRC64NVME : kind != S3_CRC64NVME;
    if (!sound || !can) {
        s3_refusef(rq, "InvalidRequest", "The %s checksum type cannot be used with the %s checksum algorithm.",
                   type ? type : "COMPOSITE", s3_digest_name(kind));
        return false;
    }
    meta->checksum_header = s3_digest_header(kind);
    meta->checksum = "";
    meta->checksum_type = full ? "FULL_OBJECT" : "COMPOSITE";
    return true;
}

static void create(s3_request *rq)
{
    nl_error err = {0};
    s3_meta meta = {0};
    char id[S3_UPLOAD_ID];
    if (!s3_take_object_headers(rq, &meta) || !take_checksum(rq, &meta) || !s3_need_bucket(rq))
        return;
    if (s3_upload_create(rq->bucket, s3_key(rq), &meta, id, &err)) {
        s3_refuse_error(rq, &err, "NoSuchBucket");
        return;
    }
    nl_buf body = {0};
    s3_xml_writer w;
    if (meta.checksum_header) {
        http_add_header(rq->http, "x-amz-checksum-algorithm", s3_checksum_name(&meta));
        http_add_header(rq->http, "x-amz-checksum-type", meta.checksum_type);
    }
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "InitiateMultipartUploadResult");
    s3_xml_text(&w, "Bucket", rq->bucket_name);
    s3_xml_text(&w, "Key", rq->key);
    s3_xml_text(&w, "UploadId", id);
    s3_xml_close(&w, "InitiateMultipartUploadResult");
    s3_answer_xml(rq, 200, &w, &body);
}

const s3_op s3_op_create_upload = {
    .name = "CreateMultipartUpload", .end = create, .text_max = 1024, .disk = true, .writes = true};

/* ── abort ── */

static void abort_upload(s3_request *rq)
{
    nl_error err = {0};
    s3_meta meta;
    if (!s3_open_upload(rq, &meta))
        return;
    if (s3_upload_abort(rq->bucket, s3_query(rq, "uploadId"), &err))
        s3_refuse_error(rq, &err, "NoSuchUpload");
    else
        s3_answer_empty(rq, 204);
}

const s3_op s3_op_abort_upload = {.name = "AbortMultipartUpload", .end = abort_upload, .disk = true, .writes = true};

/* ── list of parts ── */

int64_t s3_take_count(s3_request *rq, const char *name, int64_t missing, int64_t most)
{
    const char *text = s3_query(rq, name);
    int64_t n = missing;
    if (text && *text && (!nl_parse_i64(text, &n) || n < 0 || n > INT32_MAX)) {
        s3_refusef(rq, "InvalidArgument", "%s must be a number from 0 to 2147483647.", name);
        return -1;
    }
    return n < most ? n : most;
}

static void part_element(s3_xml_writer *w, const s3_part *p, const char *algorithm)
{
    char time[25], etag[80], element[32];
    s3_xml_open(w, "Part");
    s3_xml_u64(w, "PartNumber", (uint64_t)p->number);
    s3_xml_text(w, "LastModified", s3_iso_time(p->mtime_ns, time));
    s3_xml_text(w, "ETag", s3_quoted(p->etag, etag));
    s3_xml_u64(w, "Size", p->size);
    if (algorithm && p->checksum) {
        snprintf(element, sizeof(element), "Checksum%s", algorithm);
        s3_xml_text(w, element, p->checksum);
    }
    s3_xml_close(w, "Part");
}

static void list_parts(s3_request *rq)
{
    nl_error err = {0};
    s3_meta upload;
    s3_part *parts;
    size_t n, i = 0;
    int64_t max = s3_take_count(rq, "max-parts", MOST, MOST);
    int64_t marker = max < 0 ? -1 : s3_take_count(rq, "part-number-marker", 0, INT32_MAX);
    if (marker < 0 || !s3_open_upload(rq, &upload))
        return;
    if (s3_upload_parts(rq->bucket, s3_query(rq, "uploadId"), rq->arena, &parts, &n, &err)) {
        s3_refuse_error(rq, &err, "NoSuchUpload");
        return;
    }
    while (i < n && parts[i].number <= marker)
        i++;
    size_t end = n - i > (size_t)max ? i + (size_t)max : n;
    nl_buf body = {0};
    s3_xml_writer w;
    const char *algorithm = s3_checksum_name(&upload);
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "ListPartsResult");
    s3_xml_text(&w, "Bucket", rq->bucket_name);
    s3_xml_text(&w, "Key", rq->key);
    s3_xml_text(&w, "UploadId", s3_query(rq, "uploadId"));
    s3_xml_owner(&w, "Initiator");
    s3_xml_owner(&w, "Owner");
    s3_xml_text(&w, "StorageClass", "STANDARD");
    s3_xml_u64(&w, "PartNumberMarker", (uint64_t)marker);
    s3_xml_u64(&w, "NextPartNumberMarker", end > i ? (uint64_t)parts[end - 1].number : (uint64_t)marker);
    s3_xml_u64(&w, "MaxParts", (uint64_t)max);
    s3_xml_bool(&w, "IsTruncated", max > 0 && end < n);
    s3_xml_text(&w, "ChecksumAlgorithm", algorithm);
    s3_xml_text(&w, "ChecksumType", algorithm ? upload.checksum_type : NULL);
    for (; i < end; i++)
        part_element(&w, &parts[i], algorithm);
    s3_xml_close(&w, "ListPartsResult");
    s3_answer_xml(rq, 200, &w, &body);
}

const s3_op s3_op_list_parts = {.name = "ListParts", .end = list_parts, .disk = true};
