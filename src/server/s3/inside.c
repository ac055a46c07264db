/* inside.c: health and metrics. */
#include "server/s3/inside.h"

#include <string.h>

#include "base/str.h"
#include "server/s3/internal.h"
#include "server/s3/page.h"

static void send_text(s3_request *rq, unsigned status, const char *type, nl_buf *body)
{
    s3_add_common_headers(rq);
    http_add_header(rq->http, "Content-Type", type);
    http_add_header(rq->http, "Cache-Control", "no-store");
    if (!strcmp(rq->method, "HEAD"))
        http_answer_length(rq->http, status, body->len);
    else
        http_answer(rq->http, status, body);
    nl_buf_free(body);
}

static void health(s3_request *rq)
{
    nl_buf body = {0};
    nl_error err = {0};
    if (nl_buf_puts(&body, "ok\n", &err))
        s3_refuse_error(rq, &err, NULL);
    else
        send_text(rq, 200, "text/plain; charset=utf-8", &body);
}

static const s3_op op_health = {.name = "Health", .end = health};

static void nothing(s3_request *rq)
{
    s3_refuse(rq, "NotFound", "There is nothing here.");
}

/* Behind a proxy on this machine everybody comes from here: then it is the proxy that has to keep /-/metrics to itself. */
static bool may_see_metrics(const s3_request *rq)
{
    char peer[64];
    if (rq->server->metrics_for != S3_METRICS_FOR_THIS_MACHINE)
        return rq->server->metrics_for == S3_METRICS_FOR_ALL;
    http_request_peer(rq->http, peer);
    return !strncmp(peer, "127.", 4) || !strcmp(peer, "::1") || !strncmp(peer, "::ffff:127.", 11);
}

static void metrics(s3_request *rq)
{
    nl_buf body = {0};
    nl_error err = {0};
    if (!may_see_metrics(rq)) {
        nothing(rq);
        return;
    }
    if (!s3_metrics_write(&rq->server->metrics, rq->server->http, &body, &err)) {
        send_text(rq, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
        return;
    }
    nl_buf_free(&body);
    s3_refuse_error(rq, &err, NULL);
}

static const s3_op op_metrics = {.name = "Metrics", .end = metrics};

static const s3_op op_nothing = {.name = "Unknown", .end = nothing};

static const struct {
    const char *path;
    const s3_op *op;
} inside[] = {{"/-/health", &op_health}, {"/-/metrics", &op_metrics}};

const s3_op *s3_inside_route(const s3_request *rq)
{
    const char *target = http_request_target(rq->http);
    size_t len = strcspn(target, "?");
    bool reads = !strcmp(rq->method, "GET") || !strcmp(rq->method, "HEAD");
    if (*http_request_host_label(rq->http))
        return NULL;
    const s3_op *page = s3_page_route(rq);
    if (page || strncmp(target, "/-/", 3))
        return page;
    for (size_t i = 0; i < NL_LEN(inside) && reads; i++)
        if (strlen(inside[i].path) == len && !strncmp(inside[i].path, target, len))
            return inside[i].op;
    return &op_nothing;
}
