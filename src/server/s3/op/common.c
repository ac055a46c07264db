/* common.c: headers of objects, conditions of writes. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "s3proto/time.h"
#include "server/s3/op/op.h"
#include "server/s3/op/tags.h"

#define USER_METADATA_MAX 2048
#define META_PREFIX       "x-amz-meta-"

/* Kept as they are, and sent back. */
static const char *const kept[] = {"cache-control",    "content-disposition", "content-encoding",
                                   "content-language", "content-type",        "expires"};

/* What would change the meaning of a write: refused, unless it has the value that says nothing. */
static const struct {
    const char *name, *harmless;
} unsupported[] = {
    {"x-amz-acl", "private"},
    {"x-amz-grant-full-control", NULL},
    {"x-amz-grant-read", NULL},
    {"x-amz-grant-read-acp", NULL},
    {"x-amz-grant-write", NULL},
    {"x-amz-grant-write-acp", NULL},
    {"x-amz-object-lock-mode", NULL},
    {"x-amz-object-lock-retain-until-date", NULL},
    {"x-amz-object-lock-legal-hold", "OFF"},
    {"x-amz-server-side-encryption", NULL},
    {"x-amz-server-side-encryption-aws-kms-key-id", NULL},
    {"x-amz-server-side-encryption-customer-algorithm", NULL},
    {"x-amz-copy-source-server-side-encryption-customer-algorithm", NULL},
    {"x-amz-storage-class", "STANDARD"},
    {"x-amz-website-redirect-location", NULL},
    {"x-amz-write-offset-bytes", NULL},
};

static bool is_supported(s3_request *rq)
{
    for (size_t i = 0; i < NL_LEN(unsupported); i++) {
        const char *value = s3_header(rq, unsupported[i].name);
        if (!value || (unsupported[i].harmless && !strcmp(value, unsupported[i].harmless)))
            continue;
        s3_refusef(rq, "NotImplemented", "The header %s: %s is not supported.", unsupported[i].name, value);
        return false;
    }
    return true;
}

/* Content-Encoding without "aws-chunked", which is how it travelled, not what it is. NULL: nothing is left. */
static const char *without_chunked(nl_arena *arena, const char *value)
{
    char *out = nl_arena_alloc(arena, strlen(value) + 1);
    size_t n = 0;
    if (!out)
        return NULL;
    for (const char *p = value; *p;) {
        size_t len = strcspn(p, ",");
        const char *start = p + strspn(p, " \t");
        size_t word = start < p + len ? (size_t)(p + len - start) : 0;
        while (word > 0 && (start[word - 1] == ' ' || start[word - 1] == '\t'))
            word--;
        if (word > 0 && !(word == 11 && !strncasecmp(start, "aws-chunked", 11))) {
            if (n > 0)
                out[n++] = ',';
            memcpy(out + n, start, word);
            n += word;
        }
        p += len + (p[len] == ',');
    }
    out[n] = '\0';
    return n ? out : NULL;
}

static const char *lower(nl_arena *arena, const char *text)
{
    char *out = nl_arena_strdup(arena, text);
    for (char *p = out; p && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return out;
}

/* Is this header kept with the object? */
static bool is_kept(const char *name)
{
    if (!strncasecmp(name, META_PREFIX, sizeof(META_PREFIX) - 1))
        return true;
    for (size_t i = 0; i < NL_LEN(kept); i++)
        if (!strcasecmp(name, kept[i]))
            return true;
    return false;
}

bool s3_take_object_headers(s3_request *rq, s3_meta *meta)
{
    size_t user = 0;
    if (!is_supported(rq))
        return false;
    meta->n_headers = 0;
    meta->headers = nl_arena_array(rq->arena, rq->n_headers, sizeof(*meta->headers));
    for (size_t i = 0; i < rq->n_headers && meta->headers; i++) {
        s3_pair h = rq->headers[i];
        if (!is_kept(h.name))
            continue;
        h.name = lower(rq->arena, h.name);
        if (h.name && !strcmp(h.name, "content-encoding") && !(h.value = without_chunked(rq->arena, h.value)))
            continue;
        if (!h.name || !(h.value = nl_arena_strdup(rq->arena, h.value)))
            break;
        if (h.name[0] == 'x')
            user += strlen(h.name) - (sizeof(META_PREFIX) - 1) + strlen(h.value);
        meta->headers[meta->n_headers++] = h;
    }
    if (user > USER_METADATA_MAX) {
        s3_refuse(rq, "MetadataTooLarge", NULL);
        return false;
    }
    if (!s3_tags_of_header(rq, meta))
        return false;
    if (!meta->headers)
        s3_refuse(rq, "InternalError", "no memory");
    return meta->headers != NULL;
}

void s3_add_object_headers(s3_request *rq, const s3_meta *meta, bool with_checksum)
{
    char time[S3_TIME_HTTP];
    s3_add_etag(rq, meta->etag);
    s3_time_http(meta->mtime_ns / 1000000000, time);
    http_add_header(rq->http, "Last-Modified", time);
    http_add_header(rq->http, "Accept-Ranges", "bytes");
    if (!s3_meta_header(meta, "content-type") && !s3_query(rq, "response-content-type"))
        http_add_header(rq->http, "Content-Type", "binary/octet-stream");
    for (size_t i = 0; i < meta->n_headers; i++) {
        char override[64];
        snprintf(override, sizeof(override), "response-%s", meta->headers[i].name);
        if (!s3_query(rq, override))
            http_add_header(rq->http, meta->headers[i].name, meta->headers[i].value);
    }
    for (size_t i = 0; i < NL_LEN(kept); i++) {
        char override[64];
        snprintf(override, sizeof(override), "response-%s", kept[i]);
        if (s3_query(rq, override))
            http_add_header(rq->http, kept[i], s3_query(rq, override));
    }
    if (meta->n_tags) {
        char count[24];
        snprintf(count, sizeof(count), "%zu", meta->n_tags);
        http_add_header(rq->http, "x-amz-tagging-count", count);
    }
    if (with_checksum && meta->checksum) {
        http_add_header(rq->http, meta->checksum_header, meta->checksum);
        http_add_header(rq->http, "x-amz-checksum-type", meta->checksum_type);
    }
}

void s3_xml_owner(s3_xml_writer *w, const char *element)
{
    s3_xml_open(w, element);
    s3_xml_text(w, "ID", S3_OWNER);
    s3_xml_text(w, "DisplayName", S3_OWNER);
    s3_xml_close(w, element);
}

const char *s3_iso_time(int64_t ns, char out[static 25])
{
    s3_time_iso(ns / 1000000000, (int)(ns % 1000000000 / 1000000), out);
    return out;
}

const char *s3_quoted(const char *etag, char out[static 80])
{
    snprintf(out, 80, "\"%s\"", etag);
    return out;
}

void s3_xml_checksum(s3_xml_writer *w, const s3_meta *meta)
{
    enum s3_digest_kind kind;
    char element[32];
    if (!meta->checksum || !s3_digest_find(meta->checksum_header, &kind))
        return;
    snprintf(element, sizeof(element), "Checksum%s", s3_digest_name(kind));
    s3_xml_text(w, element, meta->checksum);
    s3_xml_text(w, "ChecksumType", meta->checksum_type);
}

void s3_answer_copied(s3_request *rq, const char *root, const s3_meta *meta)
{
    nl_buf body = {0};
    s3_xml_writer w;
    char time[25], etag[80];
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, root);
    s3_xml_text(&w, "LastModified", s3_iso_time(meta->mtime_ns, time));
    s3_xml_text(&w, "ETag", s3_quoted(meta->etag, etag));
    s3_xml_checksum(&w, meta);
    s3_xml_close(&w, root);
    s3_answer_xml(rq, 200, &w, &body);
}

bool s3_etag_listed(const char *list, const char *etag)
{
    size_t etag_len = strlen(etag);
    for (const char *p = list; *p;) {
        p += strspn(p, " \t,");
        if (!strncmp(p, "W/", 2))
            p += 2;
        bool quoted = *p == '"';
        p += quoted;
        size_t n = strcspn(p, quoted ? "\"" : ", \t");
        if ((n == 1 && *p == '*' && !quoted) || (n == etag_len && !memcmp(p, etag, n)))
            return true;
        p += n;
        p += quoted && *p == '"';
    }
    return false;
}

/* ── conditions of writes ── */

static int check_write(void *ctx, const s3_meta *current, nl_error *err)
{
    s3_write_condition *c = ctx;
    if (c->if_match && !current) {
        c->code = "NoSuchKey";
        return nl_fail(err, NL_CONFLICT, "The specified key does not exist.");
    }
    bool fails = (c->if_match && !s3_etag_listed(c->if_match, current->etag)) || (c->if_none_match && current);
    if (!fails)
        return NL_OK;
    c->code = "PreconditionFailed";
    return nl_fail(err, NL_CONFLICT, "At least one of the pre-conditions you specified did not hold");
}

bool s3_take_write_condition(s3_request *rq, s3_write_condition *c)
{
    *c = (s3_write_condition){.if_match = s3_header(rq, "If-Match"), .if_none_match = s3_header(rq, "If-None-Match")};
    if (c->if_none_match && strcmp(c->if_none_match, "*")) {
        s3_refuse(rq, "NotImplemented", "If-None-Match of a write can only be *.");
        return false;
    }
    if (c->if_match || c->if_none_match)
        c->guard = (s3_guard){check_write, c};
    return true;
}

void s3_refuse_write(s3_request *rq, const s3_write_condition *c, const nl_error *err)
{
    if (c && c->code)
        s3_refuse(rq, c->code, err->message);
    else
        s3_refuse_error(rq, err, "NoSuchBucket");
}
