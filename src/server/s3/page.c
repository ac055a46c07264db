/* page.c: the built-in page. */
#include "server/s3/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "s3proto/time.h"
#include "server/s3/disk/list.h"
#include "server/s3/disk/object.h"
#include "server/s3/internal.h"
#include "server/s3/session.h"
#include "server/s3/wire/target.h"

#define PAGE_ROWS 200

static const char css[] =
    ":root{color-scheme:light dark;--line:#cdd5df;--link:#0b5cad;--bad:#a4161a}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 "
    "1rem;color:#1c2530;background:#fff}"
    "header{display:flex;justify-content:space-between;align-items:center;border-bottom:1px solid var(--line)}"
    "h1{font-size:1.3rem}h1 a{text-decoration:none}h2{overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line)}"
    "th:first-child,td:first-child{width:100%;overflow-wrap:anywhere;padding-left:0}td a{white-space:pre-wrap}"
    ".n{text-align:right;white-space:nowrap}.none{color:GrayText}.bad{color:var(--bad)}a{color:var(--link)}"
    "label{display:block;margin:.6rem "
    "0}input{font:inherit;padding:.3rem;width:22rem;max-width:100%;box-sizing:border-box}"
    "button{font:inherit;padding:.3rem .9rem}"
    "@media(max-width:34rem){.t{display:none}}"
    "@media(prefers-color-scheme:dark){:root{--line:#2b3642;--link:#7ab8ff;--bad:#ff8a8a}"
    "body{color:#dfe6ee;background:#12181f}}";

/* ── writing ── */

/* Text between tags or inside of quotes. Names are UTF-8 without control characters that matter. */
static int put_text(nl_buf *b, const char *text, size_t len)
{
    int rc = NL_OK;
    for (size_t i = 0; i < len && !rc; i++) {
        unsigned char c = (unsigned char)text[i];
        rc = strchr("<>&\"'", c) && c ? nl_buf_printf(b, NULL, "&#%d;", c)
             : c < 0x20               ? nl_buf_puts(b, "&#xFFFD;", NULL)
                                      : nl_buf_putc(b, (char)c, NULL);
    }
    return rc;
}

static int put_string(nl_buf *b, const char *text)
{
    return put_text(b, text, strlen(text));
}

static int put_head(nl_buf *b, const s3_request *rq, const char *title)
{
    int rc = nl_buf_puts(b,
                         "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                         "content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/-/style.css\"><title>",
                         NULL);
    if (!rc)
        rc = put_string(b, title);
    if (!rc)
        rc = nl_buf_puts(b, "</title></head><body><header><h1><a href=\"/\">Neuralake</a></h1>", NULL);
    if (!rc && rq->who) {
        rc = nl_buf_puts(b, "<form method=\"post\" action=\"/-/logout\">", NULL);
        if (!rc)
            rc = put_string(b, rq->who->name ? rq->who->name : rq->who->access_key);
        if (!rc)
            rc = nl_buf_puts(b, " <button>Sign out</button></form>", NULL);
    }
    return rc ? rc : nl_buf_puts(b, "</header><main>", NULL);
}

static void add_guards(s3_request *rq)
{
    s3_add_common_headers(rq);
    http_add_header(
        rq->http, "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
    http_add_header(rq->http, "X-Content-Type-Options", "nosniff");
    http_add_header(rq->http, "Referrer-Policy", "no-referrer");
    http_add_header(rq->http, "Cache-Control", "no-store");
    http_add_header(rq->http, "Vary", "Accept, Cookie");
}

/* rc: how the writing went. */
static void send_page(s3_request *rq, unsigned status, nl_buf *b, int rc)
{
    if (!rc)
        rc = nl_buf_puts(b, "</main></body></html>\n", NULL);
    if (rc) {
        s3_refuse(rq, "InternalError", "no memory");
    } else {
        add_guards(rq);
        http_add_header(rq->http, "Content-Type", "text/html; charset=utf-8");
        http_answer(rq->http, status, b);
    }
    nl_buf_free(b);
}

static void send_message(s3_request *rq, unsigned status, const char *text)
{
    nl_buf b = {0};
    int rc = put_head(&b, rq, text);
    if (!rc)
        rc = nl_buf_puts(&b, "<p class=\"bad\">", NULL);
    if (!rc)
        rc = put_string(&b, text);
    send_page(rq, status, &b, rc ? rc : nl_buf_puts(&b, "</p><p><a href=\"/\">Buckets</a></p>", NULL));
}

static void redirect(s3_request *rq, const char *cookie)
{
    http_add_header(rq->http, "Set-Cookie", cookie);
    http_add_header(rq->http, "Location", "/");
    add_guards(rq);
    http_answer(rq->http, 303, NULL);
}

/* ── who ── */

static bool is_private(const s3_request *rq)
{
    return rq->server->tls_cert || http_server_is_loopback(rq->server->http);
}

/* rq->who from the cookie. */
static bool know(s3_request *rq)
{
    rq->who = s3_session_find(rq->server->session_key, rq->keys, s3_header(rq, "Cookie"), nl_wall_ns() / 1000000000);
    return rq->who != NULL;
}

static void show_form(s3_request *rq, unsigned status, const char *fault)
{
    nl_buf b = {0};
    int rc = put_head(&b, rq, "Sign in");
    if (!rc)
        rc = nl_buf_puts(&b, "<h2>Sign in</h2>", NULL);
    if (!rc && fault)
        rc = nl_buf_printf(&b, NULL, "<p class=\"bad\" role=\"alert\">%s</p>", fault);
    if (!rc)
        rc = nl_buf_puts(
            &b,
            is_private(rq) ? "<form method=\"post\" action=\"/-/login\"><label>Access key<br><input name=\"access\" "
                             "autocomplete=\"username\" required></label><label>Secret key<br><input name=\"secret\" "
                             "type=\"password\" autocomplete=\"current-password\" required></label><button>Sign "
                             "in</button></form><p><code>neuralake s3 env</code> prints the keys of a local server.</p>"
                           : "<p>To sign in from another machine, this server needs TLS: --tls-cert and --tls-key.</p>",
            NULL);
    send_page(rq, status, &b, rc);
}

static void login(s3_request *rq)
{
    s3_pair *form;
    size_t n;
    nl_buf cookie = {0};
    const char *site = s3_header(rq, "Sec-Fetch-Site");
    if (!is_private(rq) || (site && strcmp(site, "same-origin"))) {
        show_form(rq, 403, NULL);
        return;
    }
    bool sound = !s3_query_parse(rq->arena, rq->text.data ? rq->text.data : "", rq->text.len, &form, &n, NULL);
    const char *access = sound ? s3_query_get(form, n, "access") : NULL;
    const char *secret = sound ? s3_query_get(form, n, "secret") : NULL;
    const s3_credential *c = access && secret ? s3_credentials_find(rq->keys, access) : NULL;
    if (c && !s3_may_try(rq, c))
        return;
    if (!c || !s3_equal_text(c->secret_key, secret)) {
        if (c)
            s3_tried_in_vain(rq, c);
        show_form(rq, 403, "This access key and secret key are not known.");
        return;
    }
    int rc = nl_buf_puts(&cookie, S3_SESSION_COOKIE "=", NULL);
    if (!rc)
        rc = s3_session_make(rq->server->session_key, c, nl_wall_ns() / 1000000000, &cookie, NULL);
    if (!rc)
        rc = nl_buf_printf(&cookie, NULL, "; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s", S3_SESSION_SECONDS,
                           rq->server->tls_cert ? "; Secure" : "");
    if (rc)
        s3_refuse(rq, "InternalError", "no memory");
    else
        redirect(rq, cookie.data);
    nl_buf_free(&cookie);
}

static const s3_op op_login = {.name = "PageLogin", .end = login, .text_max = 4096};

static void logout(s3_request *rq)
{
    redirect(rq, S3_SESSION_COOKIE "=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
}

static const s3_op op_logout = {.name = "PageLogout", .end = logout, .text_max = 4096};

/* ── what ── */

/* An href of ours: path, then a name, percent-encoded. */
static int put_link(nl_buf *b, const char *path, const char *bucket, const char *between, s3_slice name)
{
    int rc = nl_buf_printf(b, NULL, "<a href=\"%s%s%s", path, bucket, between);
    if (!rc)
        rc = s3_uri_encode(b, name.data ? name.data : "", name.len, true, NULL);
    return rc ? rc : nl_buf_puts(b, "\">", NULL);
}

static void buckets(s3_request *rq)
{
    s3_bucket_info *list;
    size_t n;
    nl_buf b = {0};
    nl_error err = {0};
    if (!know(rq)) {
        show_form(rq, 200, NULL);
        return;
    }
    if (s3_bucket_list(rq->server->disk, rq->arena, &list, &n, &err)) {
        send_message(rq, 500, err.message);
        return;
    }
    int rc = put_head(&b, rq, "Buckets");
    if (!rc)
        rc = nl_buf_puts(&b, "<h2>Buckets</h2><table><tr><th>Name</th><th class=\"n\">Created</th></tr>", NULL);
    for (size_t i = 0; i < n && !rc; i++) {
        char time[S3_TIME_ISO];
        if (!s3_may(rq, list[i].name, NULL, false))
            continue;
        s3_time_iso(list[i].created, 0, time);
        rc = nl_buf_printf(&b, NULL, "<tr><td><a href=\"/-/browse/%s\">%s</a></td><td class=\"n\">%.10s</td></tr>",
                           list[i].name, list[i].name, time);
    }
    send_page(rq, 200, &b, rc ? rc : nl_buf_puts(&b, "</table>", NULL));
}

static const s3_op op_buckets = {.name = "PageBuckets", .end = buckets};

struct rows {
    nl_buf *b;
    const char *bucket;
    size_t prefix_len;
    nl_buf last;
};

/* "1.5 MiB" */
static int put_size(nl_buf *b, uint64_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)size;
    size_t u = 0;
    for (; value >= 1024 && u + 1 < NL_LEN(units); u++)
        value /= 1024;
    return u ? nl_buf_printf(b, NULL, "%.1f %s", value, units[u]) : nl_buf_printf(b, NULL, "%" PRIu64 " B", size);
}

static int put_row(void *ctx, s3_slice name, const s3_meta *meta, nl_error *err)
{
    struct rows *r = ctx;
    char time[S3_TIME_ISO] = "";
    nl_buf_clear(&r->last);
    int rc = nl_buf_append(&r->last, name.data, name.len, err);
    if (!rc)
        rc = nl_buf_puts(r->b, "<tr><td>", err);
    if (!rc)
        rc = meta ? put_link(r->b, "/-/object/", r->bucket, "/", name)
                  : put_link(r->b, "/-/browse/", r->bucket, "?prefix=", name);
    if (!rc)
        rc = put_text(r->b, name.data + r->prefix_len, name.len - r->prefix_len);
    if (!rc)
        rc = nl_buf_puts(r->b, "</a></td><td class=\"n\">", err);
    if (!rc && meta)
        rc = put_size(r->b, meta->size);
    if (meta)
        s3_time_iso(meta->mtime_ns / 1000000000, 0, time);
    return rc ? rc
              : nl_buf_printf(r->b, err, "</td><td class=\"n t\">%.10s %.5s</td></tr>", time, meta ? time + 11 : "");
}

/* What the target behind "/-/browse" or "/-/object" says. False: answered. */
static bool take_target(s3_request *rq, s3_target *t)
{
    nl_error err = {0};
    if (!know(rq)) {
        show_form(rq, 403, NULL);
        return false;
    }
    const char *rest = http_request_target(rq->http) + strlen("/-/browse");
    if (s3_target_parse(rq->arena, rest, "", t, &err) || !t->bucket_name) {
        send_message(rq, 400, "This address is not valid.");
        return false;
    }
    if (s3_bucket_get(rq->server->disk, t->bucket_name, &rq->bucket, &err)) {
        send_message(rq, 404, "There is no such bucket.");
        return false;
    }
    return true;
}

static int put_rows(s3_request *rq, nl_buf *b, const char *bucket, const s3_list_query *q, nl_error *err)
{
    struct rows r = {.b = b, .bucket = bucket, .prefix_len = q->prefix.len};
    bool more = false;
    int rc =
        nl_buf_puts(b, "<table><tr><th>Name</th><th class=\"n\">Size</th><th class=\"n t\">Changed (UTC)</th></tr>",
                    err);
    if (!rc)
        rc = s3_list(rq->bucket, q, put_row, &r, &more, err);
    if (!rc)
        rc = nl_buf_puts(b, r.last.len ? "</table>" : "</table><p class=\"none\">Nothing is here.</p>", err);
    if (!rc && more) {
        rc = nl_buf_printf(b, err, "<p><a href=\"/-/browse/%s?prefix=", bucket);
        if (!rc)
            rc = s3_uri_encode(b, q->prefix.data, q->prefix.len, true, err);
        if (!rc)
            rc = nl_buf_puts(b, "&amp;after=", err);
        if (!rc)
            rc = s3_uri_encode(b, r.last.data, r.last.len, true, err);
        if (!rc)
            rc = nl_buf_puts(b, "\">More</a></p>", err);
    }
    nl_buf_free(&r.last);
    return rc;
}

/* "bucket / a / b /": each folder on the way leads to itself; what is behind the last slash is only text. */
static int put_way(nl_buf *b, const char *bucket, const char *prefix)
{
    int rc = nl_buf_printf(b, NULL, "<h2><a href=\"/-/browse/%s\">%s</a> / ", bucket, bucket);
    const char *p = prefix;
    for (const char *slash; !rc && (slash = strchr(p, '/')); p = slash + 1) {
        rc = put_link(b, "/-/browse/", bucket, "?prefix=", (s3_slice){prefix, (size_t)(slash + 1 - prefix)});
        if (!rc)
            rc = put_text(b, p, (size_t)(slash - p));
        if (!rc)
            rc = nl_buf_puts(b, "</a> / ", NULL);
    }
    if (!rc)
        rc = put_string(b, p);
    return rc ? rc : nl_buf_puts(b, "</h2>", NULL);
}

static void browse(s3_request *rq)
{
    s3_target t;
    nl_buf b = {0};
    nl_error err = {0};
    if (!take_target(rq, &t))
        return;
    const char *prefix = s3_query_get(t.query, t.n_query, "prefix"), *after = s3_query_get(t.query, t.n_query, "after");
    prefix = prefix ? prefix : "";
    after = after ? after : "";
    if (!s3_may(rq, t.bucket_name, prefix, false)) {
        send_message(rq, 403, "This key may not list that.");
        return;
    }
    const s3_list_query q = {{prefix, strlen(prefix)}, {"/", 1}, {after, strlen(after)}, PAGE_ROWS};
    int rc = put_head(&b, rq, t.bucket_name);
    if (!rc)
        rc = put_way(&b, t.bucket_name, prefix);
    if (!rc)
        rc = put_rows(rq, &b, t.bucket_name, &q, &err);
    send_page(rq, 200, &b, rc);
}

static const s3_op op_browse = {.name = "PageBrowse", .end = browse, .disk = true};

static void object(s3_request *rq)
{
    s3_target t;
    s3_object o;
    nl_error err = {0};
    if (!take_target(rq, &t))
        return;
    if (!t.key || !s3_may(rq, t.bucket_name, t.key, false)) {
        send_message(rq, 403, "This key may not read that.");
        return;
    }
    if (s3_object_open(rq->bucket, (s3_slice){t.key, strlen(t.key)}, &o, &err)) {
        send_message(rq, err.code == NL_NOT_FOUND ? 404 : 500, "There is no such object.");
        return;
    }
    add_guards(rq);
    http_add_header(rq->http, "Content-Type", "application/octet-stream");
    http_add_header(rq->http, "Content-Disposition", "attachment");
    http_answer_file(rq->http, 200, o.fd, 0, o.meta.size);
    o.fd = -1;
    s3_object_close(&o);
}

static const s3_op op_object = {.name = "PageObject", .end = object};

static void style(s3_request *rq)
{
    nl_buf b = {0};
    if (nl_buf_puts(&b, css, NULL)) {
        s3_refuse(rq, "InternalError", "no memory");
        return;
    }
    add_guards(rq);
    http_add_header(rq->http, "Content-Type", "text/css; charset=utf-8");
    http_answer(rq->http, 200, &b);
}

static const s3_op op_style = {.name = "PageStyle", .end = style};

const s3_op *s3_page_route(const s3_request *rq)
{
    static const struct {
        const char *method, *path;
        bool below; /* the path goes on */
        const s3_op *op;
    } pages[] = {
        {"POST", "/-/login", false, &op_login},    {"POST", "/-/logout", false, &op_logout},
        {"GET", "/-/browse/", true, &op_browse},   {"GET", "/-/object/", true, &op_object},
        {"GET", "/-/style.css", false, &op_style},
    };
    const char *target = http_request_target(rq->http), *accept = s3_header(rq, "Accept");
    if (!strcmp(target, "/") && !strcmp(rq->method, "GET") && accept && strstr(accept, "text/html") &&
        !s3_header(rq, "Authorization"))
        return &op_buckets;
    for (size_t i = 0; i < NL_LEN(pages); i++)
        if (!strcmp(pages[i].method, rq->method) &&
            (pages[i].below ? !strncmp(target, pages[i].path, strlen(pages[i].path)) : !strcmp(target, pages[i].path)))
            return pages[i].op;
    return NULL;
}
