/* uploads.c: ListMultipartUploads.
 *
 * Uploads come by key, and of one key by age, which their ids tell. Those whose keys share what is before a delimiter are one
 * common prefix. A page goes on behind key-marker, a key or a common prefix that was given, and upload-id-marker: with it
 * the younger uploads of that key come too.
 */
#include <string.h>

#include "server/s3/disk/upload.h"
#include "server/s3/op/multipart.h"

#define MOST 1000

struct uploads_page {
    s3_request *rq;
    const char *prefix, *delimiter, *key_marker, *id_marker; /* "": none */
    bool encode;
    int64_t max;
    nl_buf uploads, prefixes; /* <Upload>…, <CommonPrefixes>… */
    s3_xml_writer uploads_xml, prefixes_xml;
    s3_slice last; /* the last name that was given */
    const char *last_id;
    int64_t count;
};

/* A name as the client wants it: with encoding-type=url percent-encoded, but for "/". */
static void name_element(struct uploads_page *p, s3_xml_writer *w, const char *element, s3_slice name)
{
    nl_buf encoded = {0};
    int rc = p->encode ? s3_uri_encode(&encoded, name.data, name.len, true, NULL) : NL_OK;
    if (p->encode)
        name = (s3_slice){encoded.data ? encoded.data : "", encoded.len};
    s3_xml_textn(w, element, name.data, name.len);
    nl_buf_free(&encoded);
    if (rc)
        w->status = rc;
}

static void upload_element(struct uploads_page *p, const s3_upload_info *u)
{
    char time[25];
    enum s3_digest_kind kind;
    s3_xml_writer *w = &p->uploads_xml;
    s3_xml_open(w, "Upload");
    name_element(p, w, "Key", (s3_slice){u->key, strlen(u->key)});
    s3_xml_text(w, "UploadId", u->id);
    s3_xml_owner(w, "Initiator");
    s3_xml_owner(w, "Owner");
    s3_xml_text(w, "StorageClass", "STANDARD");
    s3_xml_text(w, "Initiated", s3_iso_time(u->initiated_ns, time));
    if (u->checksum_header && s3_digest_find(u->checksum_header, &kind)) {
        s3_xml_text(w, "ChecksumAlgorithm", s3_digest_name(kind));
        s3_xml_text(w, "ChecksumType", u->checksum_type);
    }
    s3_xml_close(w, "Upload");
}

/* The common prefix that a key falls into; empty: none. */
static s3_slice group_of(const struct uploads_page *p, const char *key)
{
    size_t skip = strlen(p->prefix);
    const char *at = *p->delimiter ? strstr(key + skip, p->delimiter) : NULL;
    return at ? (s3_slice){key, (size_t)(at - key) + strlen(p->delimiter)} : (s3_slice){"", 0};
}

/* Does the upload, or the common prefix that it falls into, come after the markers? */
static bool is_behind(const struct uploads_page *p, const s3_upload_info *u, s3_slice group)
{
    if (!*p->key_marker)
        return true;
    if (group.len)
        return s3_slice_compare(group, (s3_slice){p->key_marker, strlen(p->key_marker)}) > 0;
    int c = strcmp(u->key, p->key_marker);
    return c > 0 || (c == 0 && *p->id_marker && strcmp(u->id, p->id_marker) > 0);
}

/* One upload into the page. False: the page is full. */
static bool take(struct uploads_page *p, const s3_upload_info *u)
{
    if (strncmp(u->key, p->prefix, strlen(p->prefix)) != 0)
        return true;
    s3_slice group = group_of(p, u->key);
    if (!is_behind(p, u, group) || (group.len && p->last.len && !s3_slice_compare(group, p->last)))
        return true;
    if (p->count == p->max)
        return false;
    p->count++;
    p->last = group.len ? group : (s3_slice){u->key, strlen(u->key)};
    p->last_id = group.len ? "" : u->id;
    if (!group.len) {
        upload_element(p, u);
        return true;
    }
    s3_xml_open(&p->prefixes_xml, "CommonPrefixes");
    name_element(p, &p->prefixes_xml, "Prefix", group);
    s3_xml_close(&p->prefixes_xml, "CommonPrefixes");
    return true;
}

static void text_element(struct uploads_page *p, s3_xml_writer *w, const char *element, const char *text)
{
    name_element(p, w, element, (s3_slice){text, strlen(text)});
}

static void answer(struct uploads_page *p, bool more)
{
    nl_buf body = {0};
    s3_xml_writer w;
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "ListMultipartUploadsResult");
    s3_xml_text(&w, "Bucket", p->rq->bucket_name);
    text_element(p, &w, "KeyMarker", p->key_marker);
    s3_xml_text(&w, "UploadIdMarker", p->id_marker);
    if (more) {
        name_element(p, &w, "NextKeyMarker", p->last);
        s3_xml_text(&w, "NextUploadIdMarker", p->last_id);
    }
    text_element(p, &w, "Prefix", p->prefix);
    if (*p->delimiter)
        text_element(p, &w, "Delimiter", p->delimiter);
    if (p->encode)
        s3_xml_text(&w, "EncodingType", "url");
    s3_xml_u64(&w, "MaxUploads", (uint64_t)p->max);
    s3_xml_bool(&w, "IsTruncated", more);
    int rc = s3_xml_finish(&p->uploads_xml, NULL);
    if (!rc)
        rc = s3_xml_finish(&p->prefixes_xml, NULL);
    if (!rc && p->uploads.len)
        rc = nl_buf_append(&body, p->uploads.data, p->uploads.len, NULL);
    if (!rc && p->prefixes.len)
        rc = nl_buf_append(&body, p->prefixes.data, p->prefixes.len, NULL);
    if (rc)
        w.status = rc;
    s3_xml_close(&w, "ListMultipartUploadsResult");
    s3_answer_xml(p->rq, 200, &w, &body);
}

static const char *query_text(s3_request *rq, const char *name)
{
    const char *text = s3_query(rq, name);
    return text ? text : "";
}

static void list_uploads(s3_request *rq)
{
    nl_error err = {0};
    s3_upload_info *list;
    size_t n;
    const char *encoding = s3_query(rq, "encoding-type");
    struct uploads_page p = {.rq = rq,
                             .prefix = query_text(rq, "prefix"),
                             .delimiter = query_text(rq, "delimiter"),
                             .key_marker = query_text(rq, "key-marker"),
                             .encode = encoding != NULL,
                             .last = {"", 0},
                             .last_id = ""};
    p.id_marker = *p.key_marker ? query_text(rq, "upload-id-marker") : "";
    p.uploads_xml.out = &p.uploads;
    p.prefixes_xml.out = &p.prefixes;
    if (encoding && strcmp(encoding, "url") != 0) {
        s3_refuse(rq, "InvalidArgument", "Invalid Encoding Method specified in Request");
        return;
    }
    p.max = s3_take_count(rq, "max-uploads", MOST, MOST);
    if (p.max < 0 || !s3_need_bucket(rq))
        return;
    if (s3_upload_list(rq->bucket, rq->arena, &list, &n, &err)) {
        s3_refuse_error(rq, &err, "NoSuchBucket");
        return;
    }
    size_t i = 0;
    while (i < n && take(&p, &list[i]))
        i++;
    answer(&p, i < n && p.max > 0);
    nl_buf_free(&p.uploads);
    nl_buf_free(&p.prefixes);
}

const s3_op s3_op_list_uploads = {.name = "ListMultipartUploads", .end = list_uploads, .disk = true, .lists = true};
