/* get.c: GetObject and HeadObject: conditions, ranges, headers.
 *
 * The order of the conditions (RFC 9110, 13.2.2): If-Match, else If-Unmodified-Since: 412. Then If-None-Match, else
 * If-Modified-Since: 304. Then Range, unless If-Range names another version.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "s3proto/time.h"
#include "server/s3/op/multipart.h"
#include "server/s3/op/range.h"

/* Is the header a time, and the object newer? Times that do not parse are no conditions (RFC 9110, 13.1.3). */
static bool modified_since(s3_request *rq, const char *header, const s3_meta *m, bool *is_time)
{
    int64_t since;
    const char *text = s3_header(rq, header);
    *is_time = text && s3_time_parse_http(text, &since);
    return *is_time && m->mtime_ns / 1000000000 > since;
}

/* "PreconditionFailed", "NotModified", or NULL: go on. */
static const char *condition(s3_request *rq, const s3_meta *m)
{
    bool is_time;
    const char *match = s3_header(rq, "If-Match"), *none = s3_header(rq, "If-None-Match");
    if (match && !s3_etag_listed(match, m->etag))
        return "PreconditionFailed";
    if (!match && modified_since(rq, "If-Unmodified-Since", m, &is_time))
        return "PreconditionFailed";
    if (none)
        return s3_etag_listed(none, m->etag) ? "NotModified" : NULL;
    return !modified_since(rq, "If-Modified-Since", m, &is_time) && is_time ? "NotModified" : NULL;
}

/* Does Range count, or does If-Range name another version? */
static const char *range_header(s3_request *rq, const s3_meta *m)
{
    const char *if_range = s3_header(rq, "If-Range");
    int64_t when;
    if (!if_range || s3_etag_listed(if_range, m->etag) ||
        (s3_time_parse_http(if_range, &when) && m->mtime_ns / 1000000000 <= when))
        return s3_header(rq, "Range");
    return NULL;
}

static bool checksum_is_wanted(s3_request *rq)
{
    const char *mode = s3_header(rq, "x-amz-checksum-mode");
    return mode && !strcmp(mode, "ENABLED");
}

static void add_part_checksum(s3_request *rq, const s3_meta *m, const uint8_t *sum)
{
    enum s3_digest_kind kind;
    char text[4 * ((S3_DIGEST_MAX + 2) / 3) + 1];
    if (!s3_digest_find(m->checksum_header, &kind))
        return;
    s3_base64_text(sum, s3_digest_size(kind), text);
    http_add_header(rq->http, m->checksum_header, text);
    http_add_header(rq->http, "x-amz-checksum-type", m->checksum_type);
}

/* The bytes of ?partNumber=N. False: answered. An object that was put in one piece is its own first part. */
static bool part_range(s3_request *rq, const s3_meta *m, s3_range *range, enum s3_range_status *rs)
{
    int n;
    if (!s3_part_number(rq, &n))
        return false;
    if (s3_header(rq, "Range")) {
        s3_refuse(rq, "InvalidRequest", "Cannot specify both Range header and partNumber query parameter");
        return false;
    }
    s3_meta_piece piece = {.size = m->size};
    if (m->n_runs ? !s3_meta_piece_of(m, (uint64_t)n, &piece) : n != 1) {
        s3_refuse(rq, "InvalidPartNumber", NULL);
        return false;
    }
    *range = (s3_range){piece.offset, piece.size};
    if (piece.sum && checksum_is_wanted(rq))
        add_part_checksum(rq, m, piece.sum);
    if (m->n_runs) {
        char count[24];
        snprintf(count, sizeof(count), "%" PRIu64, s3_meta_parts(m));
        http_add_header(rq->http, "x-amz-mp-parts-count", count);
    }
    *rs = range->length ? S3_RANGE_PARTIAL : S3_RANGE_WHOLE;
    return true;
}

static void send(s3_request *rq, s3_object *o)
{
    s3_range range;
    enum s3_range_status rs;
    if (!s3_query(rq, "partNumber"))
        rs = s3_range_parse(range_header(rq, &o->meta), o->meta.size, &range);
    else if (!part_range(rq, &o->meta, &range, &rs))
        return;
    if (rs == S3_RANGE_UNSATISFIABLE) {
        char text[48];
        snprintf(text, sizeof(text), "bytes */%" PRIu64, o->meta.size);
        http_add_header(rq->http, "Content-Range", text);
        s3_refuse(rq, "InvalidRange", NULL);
        return;
    }
    bool partial = rs == S3_RANGE_PARTIAL;
    /* As its own first part; or a range that leaves nothing out, such as the tail of a small object. */
    bool is_whole = (s3_query(rq, "partNumber") && !o->meta.n_runs) || (!range.offset && range.length == o->meta.size);
    s3_add_object_headers(rq, &o->meta, checksum_is_wanted(rq) && (!partial || is_whole));
    if (partial) {
        char text[96];
        snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.offset,
                 range.offset + range.length - 1, o->meta.size);
        http_add_header(rq->http, "Content-Range", text);
    }
    s3_add_common_headers(rq);
    if (!strcmp(rq->method, "HEAD")) {
        http_answer_length(rq->http, partial ? 206 : 200, range.length);
    } else {
        http_answer_file(rq->http, partial ? 206 : 200, o->fd, range.offset, range.length);
        o->fd = -1;
    }
}

/* What an unsigned link says must not become what the answer says of itself. */
static bool overrides_are_signed(s3_request *rq)
{
    for (size_t i = 0; i < rq->n_query && !rq->who; i++)
        if (!strncmp(rq->query[i].name, "response-", 9)) {
            s3_refuse(rq, "InvalidRequest",
                      "Request specific response headers cannot be used for anonymous GET requests.");
            return false;
        }
    return true;
}

static void get_object(s3_request *rq)
{
    s3_object o;
    nl_error err = {0};
    if (!overrides_are_signed(rq) || !s3_need_bucket(rq))
        return;
    if (s3_object_open(rq->bucket, s3_key(rq), &o, &err)) {
        s3_refuse_error(rq, &err, "NoSuchKey");
        return;
    }
    const char *refusal = condition(rq, &o.meta);
    if (!refusal) {
        send(rq, &o);
    } else if (!strcmp(refusal, "NotModified")) {
        s3_add_object_headers(rq, &o.meta, false);
        s3_answer_empty(rq, 304);
    } else {
        s3_refuse(rq, refusal, NULL);
    }
    s3_object_close(&o);
}

const s3_op s3_op_get_object = {.name = "GetObject", .end = get_object};
const s3_op s3_op_head_object = {.name = "HeadObject", .end = get_object};
