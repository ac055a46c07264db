/* handler.c: the way of a request: parse, verify, route, feed, answer (request.h draws it). */
#include <string.h>

#include "server/s3/cors.h"
#include "server/s3/inside.h"
#include "server/s3/internal.h"
#include "server/s3/wire/target.h"

/* ── parse ── */

/* Names that cannot be. */
static bool names_are_valid(s3_request *rq)
{
    nl_error err = {0};
    if (rq->key && strlen(rq->key) > S3_KEY_MAX) {
        s3_refuse(rq, "KeyTooLongError", NULL);
        return false;
    }
    if (rq->key && s3_key_check(rq->key, strlen(rq->key), &err)) {
        const char *key = rq->key;
        rq->key = NULL; /* not to be repeated in XML */
        s3_refuse(rq, "InvalidURI", err.message);
        rq->key = key;
        return false;
    }
    if (rq->bucket_name && s3_bucket_check(rq->bucket_name, strlen(rq->bucket_name), &err)) {
        bool make = !strcmp(rq->method, "PUT") && !rq->key;
        rq->bucket_name = NULL;
        s3_refuse(rq, make ? "InvalidBucketName" : "NoSuchBucket", make ? err.message : NULL);
        return false;
    }
    return true;
}

static bool take_headers(s3_request *rq)
{
    const http_header *h = http_request_headers(rq->http, &rq->n_headers);
    rq->headers = nl_arena_array(rq->arena, rq->n_headers, sizeof(*rq->headers));
    for (size_t i = 0; i < rq->n_headers && rq->headers; i++)
        rq->headers[i] = (s3_pair){h[i].name, h[i].value};
    return rq->headers != NULL;
}

static bool parse(s3_request *rq)
{
    nl_error err = {0};
    s3_target t;
    if (s3_target_parse(rq->arena, http_request_target(rq->http), http_request_host_label(rq->http), &t, &err)) {
        s3_refuse(rq, err.code == NL_INVALID ? "InvalidURI" : "InternalError", err.message);
        return false;
    }
    rq->path = t.path;
    rq->bucket_name = t.bucket_name;
    rq->key = t.key;
    rq->query = t.query;
    rq->n_query = t.n_query;
    return true;
}

/* ── head, body, end ── */

static int take_bytes(void *ctx, const void *data, size_t len, nl_error *err)
{
    s3_request *rq = ctx;
    if (rq->op->data)
        return rq->op->data(rq, data, len, err);
    if (rq->op->text_max == 0)
        return NL_OK;
    if (rq->text.len + len > rq->op->text_max) {
        rq->body.code = "MaxMessageLengthExceeded";
        return nl_fail(err, NL_INVALID, "Your request was too large.");
    }
    return nl_buf_append(&rq->text, data, len, err);
}

static void open_body(s3_request *rq)
{
    nl_error err = {0};
    s3_body_options o = {.arena = rq->arena,
                         .headers = rq->headers,
                         .n_headers = rq->n_headers,
                         .chain = &rq->chain,
                         .want_md5 = rq->want_md5,
                         .checksum_default = rq->checksum_default,
                         .checksum_of_object = rq->op->object_checksum,
                         .fn = take_bytes,
                         .ctx = rq};
    o.content_sha256 = s3_header(rq, "x-amz-content-sha256");
    if (!o.content_sha256)
        o.content_sha256 = S3_UNSIGNED_PAYLOAD;
    o.has_length = http_request_content_length(rq->http, &o.content_length);
    if (s3_body_open(&rq->body, &o, &err))
        s3_refuse(rq, rq->body.code, err.message);
}

static const s3_op preflight = {.name = "Preflight"};

/* Who asks, for what, and may he? NULL: answered. */
static const s3_op *find_operation(s3_request *rq)
{
    if (!parse(rq))
        return NULL;
    if (!strcmp(rq->method, "OPTIONS")) {
        s3_cors_preflight(rq);
        return &preflight;
    }
    s3_cors_add_headers(rq);
    if (!s3_authenticate(rq) || !names_are_valid(rq))
        return NULL;
    const s3_op *op = s3_route(rq);
    rq->op = op;
    return op && s3_access_check(rq) ? op : NULL;
}

static void on_head(void *app, http_request *http)
{
    s3_request *rq = nl_arena_alloc(http_request_arena(http), sizeof(*rq));
    if (!rq) {
        s3_refuse_http(http, "InternalError", "no memory");
        return;
    }
    rq->server = app;
    rq->http = http;
    rq->arena = http_request_arena(http);
    rq->method = http_request_method(http);
    rq->keys = s3_server_keys(rq->server);
    http_request_set_data(http, rq);
    if (!take_headers(rq)) {
        s3_refuse(rq, "InternalError", "no memory");
        return;
    }
    rq->op = s3_inside_route(rq);
    if (!rq->op)
        rq->op = find_operation(rq);
    if (!rq->op)
        return;
    if (rq->op->begin)
        rq->op->begin(rq);
    if (!http_answered(http))
        open_body(rq);
    if ((rq->op->disk || (rq->op->syncs && rq->server->disk->durable)) && !http_answered(http))
        http_request_use_disk_thread(http);
}

static void on_body(void *app, http_request *http, const void *data, size_t len)
{
    s3_request *rq = http_request_data(http);
    nl_error err = {0};
    (void)app;
    int rc = s3_body_feed(&rq->body, data, len, &err);
    if (!rc || http_answered(http))
        return;
    if (rc == NL_INVALID || rc == NL_DENIED)
        s3_refuse(rq, rq->body.code, err.message);
    else
        s3_refuse_error(rq, &err, NULL);
}

static void on_end(void *app, http_request *http)
{
    s3_request *rq = http_request_data(http);
    nl_error err = {0};
    (void)app;
    int rc = s3_body_end(&rq->body, rq->arena, &err);
    if (rc == NL_NO_MEMORY)
        s3_refuse_error(rq, &err, NULL);
    else if (rc)
        s3_refuse(rq, rq->body.code, err.message);
    else
        rq->op->end(rq);
    if (!http_answered(http))
        s3_refuse(rq, "InternalError", "the operation gave no answer");
}

static void on_refuse(void *app, http_request *http, enum http_refusal why)
{
    (void)app;
    switch (why) {
    case HTTP_REFUSED_HOST:
        s3_refuse_http(http, "AccessDenied",
                       "The Host header names a host that this server does not serve; --host-name adds one.");
        break;
    case HTTP_REFUSED_FRAMING:
        s3_refuse_http(http, "InvalidRequest", "Content-Length and Transfer-Encoding do not go together.");
        break;
    case HTTP_REFUSED_HEADERS:
        s3_refuse_http(http, "RequestHeaderSectionTooLarge", NULL);
        break;
    case HTTP_REFUSED_BUSY:
        http_add_header(http, "Retry-After", "1");
        s3_refuse_http(http, "SlowDown", "The server has as many connections as it takes, or is about to stop.");
        break;
    }
}

static void on_done(void *app, http_request *http)
{
    s3_request *rq = http_request_data(http);
    struct s3_server *s = app;
    const s3_op *op = rq ? rq->op : NULL;
    s3_metrics_take(&s->metrics, http, op ? op->name : "Unknown", rq && rq->who ? rq->who->access_key : "-");
    if (!rq)
        return;
    if (op && op->drop)
        op->drop(rq);
    s3_bucket_release(rq->bucket);
    s3_body_close(&rq->body);
    nl_buf_free(&rq->text);
    s3_server_keys_release(s, rq->keys);
}

const struct http_handler s3_http_handler = {on_head, on_body, on_end, on_refuse, on_done};
