/* request.c: from what is asked for to a signed call.
 *
 *     arena of the call: uri, url, host, path ─▶ headers (pairs) ─▶ signature ─▶ lines ("name: value", linked)
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "s3proto/sigv4.h"
#include "s3proto/time.h"
#include "store/s3/client.h"
#include "store/web/url.h"

/* Those that requests have: host, x-amz-date, x-amz-content-sha256, x-amz-security-token, x-amz-request-payer. */
enum { own_headers = 5 };

/* Deep copies of n pairs. */
static s3_pair *copy_pairs(nl_arena *arena, const s3_pair *pairs, size_t n, size_t extra)
{
    s3_pair *out = nl_arena_array(arena, n + extra, sizeof *out);
    for (size_t i = 0; out && i < n; i++) {
        out[i].name = nl_arena_strdup(arena, pairs[i].name);
        out[i].value = nl_arena_strdup(arena, pairs[i].value);
        if (!out[i].name || !out[i].value)
            return NULL;
    }
    return out;
}

/* Copy what the caller may release after this: strings and pairs. */
static int copy_request(struct store_call *call, const struct store_request *r, nl_error *err)
{
    nl_arena *a = &call->arena;
    struct store_request *to = &call->request;
    *to = *r;
    to->block = NULL;
    to->method = nl_arena_strdup(a, r->method);
    to->bucket = nl_arena_strdup(a, r->bucket);
    to->key = nl_arena_strdup(a, r->key);
    to->url = nl_arena_strdup(a, r->url);
    to->query = copy_pairs(a, r->query, r->n_query, 0);
    call->headers = copy_pairs(a, r->headers, r->n_headers, own_headers);
    call->uri = r->url       ? nl_arena_strdup(a, r->url_name)
                : !r->bucket ? "s3://"
                             : nl_arena_printf(a, "s3://%s%s%s", r->bucket, r->key ? "/" : "", r->key ? r->key : "");
    if (!to->method || (r->url && !to->url) || (r->bucket && !to->bucket) || (r->key && !to->key) || !to->query ||
        !call->headers || !call->uri)
        return nl_fail_memory(err);
    to->headers = call->headers;
    if (r->block) {
        to->block = nl_block_ref(r->block);
        call->bytes = nl_bytes_of(r->block, r->at, r->room);
    }
    return NL_OK;
}

/* An address of the web is its own URL; its host stands for the endpoint. */
static int web_address(struct store_call *call, nl_error *err)
{
    struct store_endpoint *e = nl_arena_alloc(&call->arena, sizeof *e);
    call->url = call->request.url;
    call->host = call->path = "";
    call->endpoint = e;
    return e ? store_web_parse(call->url, e, NULL, err) : nl_fail_memory(err);
}

int store_call_address(struct store_call *call, nl_error *err)
{
    const struct store_request *r = &call->request;
    if (r->url)
        return web_address(call, err);
    nl_buf host = {0}, path = {0}, url = {0};
    int rc = store_endpoint_address(call->endpoint, r->bucket, r->key, &host, &path, err);
    if (!rc)
        rc = nl_buf_printf(&url, err, "%s://%s%s%s", call->endpoint->https ? "https" : "http", host.data, path.data,
                           r->n_query ? "?" : "");
    if (!rc)
        rc = s3_query_canonical(&url, r->query, r->n_query, NULL, err);
    if (!rc) {
        call->host = nl_arena_strdup(&call->arena, host.data);
        call->path = nl_arena_strdup(&call->arena, path.data);
        call->url = nl_arena_strdup(&call->arena, url.data);
        if (!call->host || !call->path || !call->url)
            rc = nl_fail_memory(err);
    }
    nl_buf_free(&host);
    nl_buf_free(&path);
    nl_buf_free(&url);
    return rc;
}

static int add_line(struct store_call *call, const char *name, const char *separator, const char *value, nl_error *err)
{
    struct curl_slist *line = nl_arena_alloc(&call->arena, sizeof *line);
    if (!line)
        return nl_fail_memory(err);
    line->data = nl_arena_printf(&call->arena, "%s%s%s", name, separator, value);
    if (!line->data)
        return nl_fail_memory(err);
    line->next = call->lines;
    call->lines = line;
    return NL_OK;
}

/* The header lines for libcurl; authorization NULL: not signed. "Expect:" without a value: no waiting for 100-continue. */
static int make_lines(struct store_call *call, const char *authorization, nl_error *err)
{
    call->lines = NULL;
    int rc = authorization ? add_line(call, "Authorization", ": ", authorization, err) : NL_OK;
    for (size_t i = 0; !rc && i < call->n_headers; i++)
        rc = add_line(call, call->headers[i].name, *call->headers[i].value ? ": " : ";", call->headers[i].value, err);
    if (!rc)
        rc = add_line(call, "Expect", ":", "", err);
    return rc;
}

/* What x-amz-content-sha256 says; once a call, so that signing again costs nothing to speak of. */
static int hash_payload(struct store_call *call, nl_error *err)
{
    const struct store_request *r = &call->request;
    char sha[S3_SHA256_HEX] = S3_UNSIGNED_PAYLOAD;
    if (!r->body_len)
        memcpy(sha, S3_EMPTY_SHA256, sizeof sha);
    else if (!store_client_unsigned(call->client))
        s3_sha256_hex(r->body, r->body_len, sha);
    call->payload = nl_arena_strdup(&call->arena, sha);
    return call->payload ? NL_OK : nl_fail_memory(err);
}

/* The headers of our own behind the caller's: those that a signature needs only where there is one. */
static void add_own_headers(struct store_call *call, const char *date)
{
    const struct store_request *r = &call->request;
    size_t n = r->n_headers;
    s3_pair *h = call->headers;
    h[n++] = r->url ? (s3_pair){"Accept-Encoding", "identity"} : (s3_pair){"Host", call->host};
    if (call->client->settings.requester_pays && r->bucket)
        h[n++] = (s3_pair){"x-amz-request-payer", "requester"};
    if (call->keys) {
        h[n++] = (s3_pair){"x-amz-date", date};
        h[n++] = (s3_pair){"x-amz-content-sha256", call->payload};
    }
    if (call->keys && call->keys->token)
        h[n++] = (s3_pair){"x-amz-security-token", call->keys->token};
    call->n_headers = n;
}

int store_call_sign(struct store_call *call, nl_error *err)
{
    const struct store_request *r = &call->request;
    char time[S3_TIME_BASIC];
    call->signed_at = nl_wall_ns() / 1000000000;
    s3_time_basic(call->signed_at, time);
    int rc = call->payload || !call->keys ? NL_OK : hash_payload(call, err);
    const char *date = rc ? NULL : nl_arena_strdup(&call->arena, time);
    if (!date)
        return rc ? rc : nl_fail_memory(err);
    add_own_headers(call, date);
    if (!call->keys)
        return make_lines(call, NULL, err);

    s3_scope scope;
    uint8_t key[32];
    nl_buf authorization = {0};
    s3_sign_request sign = {r->method, call->path, r->query, r->n_query, call->headers, call->n_headers, call->payload};
    rc = store_client_signing_key(call->client, call->keys, call->region, time, &scope, key, err);
    if (!rc)
        rc = s3_sign(&authorization, &sign, call->keys->access, key, &scope, time, NULL, err);
    if (!rc)
        rc = make_lines(call, authorization.data, err);
    nl_buf_free(&authorization);
    return rc;
}

int store_call_new(struct store_client *c, const struct store_request *r, struct store_call **out, nl_error *err)
{
    *out = NULL;
    struct store_keys *keys;
    int rc = store_client_keys(c, &keys, err);
    if (rc)
        return rc;
    struct store_call *call = calloc(1, sizeof *call);
    if (!call) {
        store_keys_unref(keys);
        return nl_fail_memory(err);
    }
    call->client = c;
    call->keys = keys;
    store_client_place(c, r->bucket, &call->endpoint, &call->region);
    pthread_cond_init(&call->done, NULL);
    rc = copy_request(call, r, err);
    if (!rc)
        rc = store_call_address(call, err);
    if (!rc)
        rc = store_call_sign(call, err);
    if (rc) {
        store_call_free(call);
        return rc;
    }
    *out = call;
    return NL_OK;
}

void store_call_free(struct store_call *call)
{
    if (!call)
        return;
    pthread_cond_destroy(&call->done);
    nl_block_unref(call->request.block);
    nl_bytes_release(&call->bytes);
    nl_buf_free(&call->text);
    free(call->stage);
    store_keys_unref(call->keys);
    nl_arena_free(&call->arena);
    free(call);
}
