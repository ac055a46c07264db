/* answer.c: answers, and S3's errors as XML. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "s3proto/errors.h"
#include "s3proto/xml.h"
#include "server/s3/internal.h"

static void add_common(http_request *http)
{
    http_add_header(http, "x-amz-request-id", http_request_id(http));
    http_add_header(http, "Server", "Neuralake");
}

void s3_add_common_headers(s3_request *rq)
{
    add_common(rq->http);
}

/* What a request says is repeated only where XML can hold it; some is refused before anybody has looked. */
static const char *text_or(const char *text, const char *other)
{
    return text && nl_utf8_valid((const uint8_t *)text, strlen(text)) ? text : other;
}

/* The body of an error. resource and the like may be NULL. */
static void send_error(http_request *http, const char *code, const char *message, const char *bucket, const char *key)
{
    const s3_error_info *info = s3_error_find(code);
    unsigned status = info ? (unsigned)info->http : 400;
    nl_buf body = {0};
    s3_xml_writer w;
    s3_xml_start(&w, &body);
    s3_xml_open(&w, "Error");
    s3_xml_text(&w, "Code", code);
    s3_xml_text(&w, "Message", text_or(message, info ? info->message : code));
    s3_xml_text(&w, "BucketName", text_or(bucket, NULL));
    s3_xml_text(&w, "Key", text_or(key, NULL));
    s3_xml_text(&w, "RequestId", http_request_id(http));
    s3_xml_close(&w, "Error");
    add_common(http);
    http_add_header(http, "Content-Type", "application/xml");
    bool has_body = s3_xml_finish(&w, NULL) == NL_OK && status != 304 && status != 204;
    if (http_request_method(http) && !strcmp(http_request_method(http), "HEAD"))
        http_answer_length(http, status, 0);
    else
        http_answer(http, status, has_body ? &body : NULL);
    nl_buf_free(&body);
    nl_log("server/s3", NL_LOG_DEBUG, "%s %s: %s", http_request_id(http), code, message ? message : "");
}

void s3_refuse_http(http_request *http, const char *code, const char *message)
{
    send_error(http, code, message, NULL, NULL);
}

void s3_refuse(s3_request *rq, const char *code, const char *message)
{
    send_error(rq->http, code, message, rq->bucket_name, rq->key);
}

void s3_refusef(s3_request *rq, const char *code, const char *fmt, ...)
{
    char text[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    s3_refuse(rq, code, text);
}

void s3_refuse_error(s3_request *rq, const nl_error *err, const char *not_found)
{
    if (err->code == NL_NOT_FOUND && not_found) {
        s3_refuse(rq, not_found, NULL);
        return;
    }
    if (err->code == NL_INVALID) {
        s3_refuse(rq, "InvalidArgument", err->message);
        return;
    }
    nl_log("server/s3", NL_LOG_ERROR, "%s %s %s: %s", http_request_id(rq->http), rq->method,
           http_request_target(rq->http), err->message);
    s3_refuse(rq, "InternalError", err->message);
}

void s3_answer_xml(s3_request *rq, unsigned status, s3_xml_writer *w, nl_buf *body)
{
    nl_error err = {0};
    if (s3_xml_finish(w, &err)) {
        s3_refuse_error(rq, &err, NULL);
    } else {
        add_common(rq->http);
        http_add_header(rq->http, "Content-Type", "application/xml");
        http_answer(rq->http, status, body);
    }
    nl_buf_free(body);
}

void s3_answer_empty(s3_request *rq, unsigned status)
{
    add_common(rq->http);
    http_answer(rq->http, status, NULL);
}

void s3_add_etag(s3_request *rq, const char *etag)
{
    char quoted[80];
    snprintf(quoted, sizeof(quoted), "\"%s\"", etag);
    http_add_header(rq->http, "ETag", quoted);
}
