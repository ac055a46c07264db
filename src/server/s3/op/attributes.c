/* attributes.c: GetObjectAttributes: what HEAD says, chosen by name, and the parts. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "s3proto/time.h"
#include "server/s3/op/op.h"

enum { ETAG = 1, CHECKSUM = 2, PARTS = 4, CLASS = 8, SIZE = 16 };

static const char *const names[] = {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"};

/* The bits of x-amz-object-attributes; 0: answered. The header may come several times. */
static unsigned wanted(s3_request *rq)
{
    unsigned bits = 0;
    for (size_t h = 0; h < rq->n_headers; h++) {
        if (strcasecmp(rq->headers[h].name, "x-amz-object-attributes"))
            continue;
        for (const char *p = rq->headers[h].value; *p;) {
            size_t len = strcspn(p, ", "), i = 0;
            while (i < NL_LEN(names) && !(strlen(names[i]) == len && !strncasecmp(names[i], p, len)))
                i++;
            if (len && i == NL_LEN(names)) {
                s3_refuse(rq, "InvalidArgument", "Invalid attribute name specified.");
                return 0;
            }
            bits |= len ? 1u << i : 0;
            p += len + strspn(p + len, ", ");
        }
    }
    if (!bits)
        s3_refuse(rq, "InvalidRequest", "Missing required header for this request: x-amz-object-attributes");
    return bits;
}

/* A number from a header; absent: missing. -1: answered. */
static int64_t number(s3_request *rq, const char *header, int64_t missing)
{
    int64_t n = missing;
    const char *text = s3_header(rq, header);
    if (!text || (nl_parse_i64(text, &n) && n >= 0 && n <= INT32_MAX))
        return n;
    s3_refusef(rq, "InvalidArgument", "%s must be a number from 0 to 2147483647.", header);
    return -1;
}

/* The parts whose numbers are behind marker, at most max. */
static void parts_element(s3_xml_writer *w, const s3_meta *m, uint64_t marker, uint64_t max)
{
    enum s3_digest_kind kind = S3_MD5;
    uint64_t n = s3_meta_parts(m), first = 1;
    s3_meta_piece piece;
    char element[32], text[4 * ((S3_DIGEST_MAX + 2) / 3) + 1];
    if (n == 0)
        return;
    while (first <= n && s3_meta_piece_at(m, first, &piece) && piece.number <= marker)
        first++;
    uint64_t end = n - first + 1 > max ? first + max : n + 1;
    bool some = end > first && s3_meta_piece_at(m, end - 1, &piece);
    s3_xml_open(w, "ObjectParts");
    s3_xml_u64(w, "PartsCount", n);
    s3_xml_u64(w, "PartNumberMarker", marker);
    s3_xml_u64(w, "NextPartNumberMarker", some ? piece.number : marker);
    s3_xml_u64(w, "MaxParts", max);
    s3_xml_bool(w, "IsTruncated", max > 0 && end <= n);
    if (m->checksum_header && s3_digest_find(m->checksum_header, &kind))
        snprintf(element, sizeof(element), "Checksum%s", s3_digest_name(kind));
    for (uint64_t i = first; i < end && s3_meta_piece_at(m, i, &piece); i++) {
        s3_xml_open(w, "Part");
        s3_xml_u64(w, "PartNumber", piece.number);
        s3_xml_u64(w, "Size", piece.size);
        if (piece.sum) {
            s3_base64_text(piece.sum, s3_digest_size(kind), text);
            s3_xml_text(w, element, text);
        }
        s3_xml_close(w, "Part");
    }
    s3_xml_close(w, "ObjectParts");
}

static void answer(s3_request *rq, const s3_meta *m, unsigned bits, uint64_t marker, uint64_t max)
{
    nl_buf body = {0};
    s3_xml_writer w;
    char time[S3_TIME_HTTP];
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "GetObjectAttributesResponse");
    if (bits & ETAG)
        s3_xml_text(&w, "ETag", m->etag);
    if (bits & CHECKSUM && m->checksum) {
        s3_xml_open(&w, "Checksum");
        s3_xml_checksum(&w, m);
        s3_xml_close(&w, "Checksum");
    }
    if (bits & PARTS)
        parts_element(&w, m, marker, max);
    if (bits & CLASS)
        s3_xml_text(&w, "StorageClass", "STANDARD");
    if (bits & SIZE)
        s3_xml_u64(&w, "ObjectSize", m->size);
    s3_xml_close(&w, "GetObjectAttributesResponse");
    s3_time_http(m->mtime_ns / 1000000000, time);
    http_add_header(rq->http, "Last-Modified", time);
    s3_answer_xml(rq, 200, &w, &body);
}

static void attributes(s3_request *rq)
{
    s3_object o;
    nl_error err = {0};
    unsigned bits = wanted(rq);
    int64_t max = bits ? number(rq, "x-amz-max-parts", 1000) : -1;
    int64_t marker = max < 0 ? -1 : number(rq, "x-amz-part-number-marker", 0);
    if (marker < 0 || !s3_need_bucket(rq))
        return;
    if (s3_object_open(rq->bucket, s3_key(rq), &o, &err)) {
        s3_refuse_error(rq, &err, "NoSuchKey");
        return;
    }
    answer(rq, &o.meta, bits, (uint64_t)marker, max < 1000 ? (uint64_t)max : 1000);
    s3_object_close(&o);
}

const s3_op s3_op_object_attributes = {.name = "GetObjectAttributes", .end = attributes};
