/* fail.c: from an answer, or from none, to an error in one line:
 *
 *     s3://lake/x.parquet: The specified key does not exist. (NoSuchKey, HTTP 404, http://127.0.0.1:9000, request 4F2A)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "s3proto/errors.h"
#include "s3proto/xml.h"
#include "store/s3/client.h"

#define LOCAL_SERVER "for the local server: eval \"$(neuralake s3 env [--root DIR])\""

enum { max_error_body = 1 << 20 };

void store_call_code(const struct store_call *call, char out[static 64])
{
    static const char open[] = "<Code>";
    out[0] = 0;
    size_t len = call->text.len;
    const char *text = call->text.data;
    const char *at = len ? memmem(text, len, open, sizeof open - 1) : NULL;
    if (!at || !memmem(text, len, "<Error", 6))
        return;
    at += sizeof open - 1;
    size_t n = 0;
    while (n < 63 && at + n < text + len && at[n] != '<')
        n++;
    memcpy(out, at, n);
    out[n] = 0;
}

/* ── no answer ── */

static void hint_unreachable(const struct store_call *call, nl_error *err)
{
    const struct store_endpoint *e = call->endpoint;
    if (call->request.url)
        nl_hint(err, "check the address, and the proxy (https_proxy, no_proxy)");
    else if (!e->given)
        nl_hint(err, "no endpoint is set, so AWS itself was asked; " LOCAL_SERVER);
    else if (e->loopback)
        nl_hint(err, "is the server running? Start it with: neuralake s3 serve");
    else
        nl_hint(err, "check the endpoint (AWS_ENDPOINT_URL)");
}

/* " (3 attempts: no answer within 900 s)": how often it was tried, and why no more. Empty for a single attempt. */
static void tell_tries(const struct store_call *call, const char *open, const char *close, char *out, size_t cap)
{
    char why[80] = "";
    if (call->given_up == STORE_NO_BUDGET)
        snprintf(why, sizeof why, "too much fails: the budget for retries is spent");
    else if (call->given_up == STORE_NO_TIME)
        snprintf(why, sizeof why, "the request's %u s are over", (call->client->tuning.deadline_ms + 999) / 1000);
    else if (call->given_up == STORE_TOLD_TO_WAIT)
        snprintf(why, sizeof why, "it asks to wait %lld s", (long long)call->reply.retry_after);
    out[0] = 0;
    if (call->attempts > 1)
        snprintf(out, cap, "%s%u attempts%s%s%s", open, call->attempts, *why ? ": " : "", why, close);
    else if (*why)
        snprintf(out, cap, "%s%s%s", open, why, close);
}

static int curl_failure(const struct store_call *call, nl_error *err)
{
    const char *base = call->endpoint->base;
    const char *what = call->curl_message[0] ? call->curl_message : curl_easy_strerror(call->curl);
    char tries[128];
    tell_tries(call, " (", ")", tries, sizeof tries);
    switch (call->curl) {
    case CURLE_OUT_OF_MEMORY:
        return nl_fail_memory(err);
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        nl_fail(err, NL_IO, "cannot connect to %s: %s%s", base,
                call->os_errno == ECONNREFUSED ? "connection refused" : what, tries);
        hint_unreachable(call, err);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        nl_fail(err, NL_IO, "%s cannot be trusted: %s", base, what);
        nl_hint(err, "name the file with the right certificates in AWS_CA_BUNDLE");
        break;
    default:
        nl_fail(err, NL_IO, "%s: %s%s", base, what, tries);
        if (!call->endpoint->given)
            hint_unreachable(call, err);
    }
    return NL_IO;
}

/* ── an answer that says no ── */

/* The parts of an <Error>, "" where they are not there; they live in the arena. */
struct said {
    const char *code, *message, *region;
};

static struct said read_error(nl_arena *arena, const struct store_call *call)
{
    struct said s = {"", "", call->reply.bucket_region};
    s3_xml_node *root;
    if (!call->text.len || s3_xml_parse(arena, call->text.data, call->text.len, max_error_body, &root, NULL))
        return s;
    if (strcmp(root->name, "Error") != 0)
        return s;
    const char *code = s3_xml_child_text(root, "Code"), *message = s3_xml_child_text(root, "Message");
    const char *region = s3_xml_child_text(root, "Region");
    s.code = code ? code : "";
    s.message = message ? message : "";
    if (region && *region)
        s.region = region;
    return s;
}

/* What to do about it. */
static void hint(const struct store_call *call, const struct said *s, nl_error *err)
{
    const struct store_keys *keys = call->keys;
    const char *code = s->code, *access = keys ? keys->access : "";
    if (call->request.url) {
        if (call->reply.http == 401 || call->reply.http == 403)
            nl_hint(err, "addresses of the web are asked without credentials");
        return;
    }
    bool elsewhere = *s->region && strcmp(s->region, call->region) != 0;
    if (elsewhere && (call->reply.http == 301 || call->reply.http == 400 || call->reply.http == 307))
        nl_hint(err, "the bucket is in region %s: set AWS_REGION=%s", s->region, s->region);
    else if (!strcmp(code, "NoSuchBucket"))
        nl_hint(err, "make it with: neuralake s3 mb s3://%s", call->request.bucket ? call->request.bucket : "NAME");
    else if (!keys && call->reply.http == 403)
        nl_hint(err, "it is not open to everybody: ask with keys (without --no-sign-request)");
    else if (!strcmp(code, "SignatureDoesNotMatch"))
        nl_hint(err, "AWS_SECRET_ACCESS_KEY does not belong to the access key \"%s\"; " LOCAL_SERVER, access);
    else if (!strcmp(code, "InvalidAccessKeyId"))
        nl_hint(err, "the endpoint does not know the access key \"%s\": check AWS_ACCESS_KEY_ID; " LOCAL_SERVER,
                access);
    else if (keys && call->mend_failed)
        nl_hint(err, "the keys of %s were not renewed: %s", keys->source, call->mend_failed);
    else if (!strcmp(code, "ExpiredToken") || !strcmp(code, "InvalidToken"))
        nl_hint(err, "get a new session and set AWS_SESSION_TOKEN with its keys; these are from: %s",
                keys ? keys->source : "nowhere");
    else if (!strcmp(code, "RequestTimeTooSkewed"))
        nl_hint(err, "set the clock of this machine");
    else if (call->reply.http == 403)
        nl_hint(err, "the access key \"%s\" may not do this: check AWS_ACCESS_KEY_ID and the rights of that key",
                access);
}

static int s3_failure(const struct store_call *call, nl_error *err)
{
    nl_arena arena = {0};
    struct said s = read_error(&arena, call);
    int http = call->reply.http;
    const s3_error_info *info = s3_error_find(s.code);
    int status = info ? info->status : s3_status_of_http(http);
    if (status == NL_OK) /* an <Error> that the table does not know inside a 200 */
        status = NL_IO;
    const char *text = *s.message ? s.message : info ? info->message : http == 404 ? "not found" : "the request failed";
    char tries[128], id[100] = "";
    tell_tries(call, ", ", "", tries, sizeof tries);
    if (*call->reply.request_id)
        snprintf(id, sizeof id, ", request %s", call->reply.request_id);
    nl_fail(err, status, "%s (%s%sHTTP %d, %s%s%s)", text, s.code, *s.code ? ", " : "", http, call->endpoint->base, id,
            tries);
    if (http == 412 && !strcmp(call->request.method, "GET"))
        nl_note(err, "the object was changed while it was read");
    hint(call, &s, err);
    nl_arena_free(&arena);
    return status;
}

/* A failure of our own side. */
static int own_failure(const struct store_call *call, nl_error *err)
{
    switch (call->failed) {
    case NL_NO_MEMORY:
        return nl_fail_memory(err);
    case NL_CANCELLED:
        return nl_fail(err, NL_CANCELLED, "cancelled");
    default:
        if (call->file_errno)
            return nl_fail_errno(err, call->file_errno, "cannot write what %s sends", call->endpoint->base);
        if (call->reply.http == 200 && call->request.room)
            return nl_fail(err, NL_UNSUPPORTED, "%s answers a request for a range with the whole object",
                           call->endpoint->base);
        return nl_fail(err, NL_IO, "%s: the answer is longer than what was asked for (HTTP %d)", call->endpoint->base,
                       call->reply.http);
    }
}

int store_call_result(const struct store_call *call, nl_error *err)
{
    int rc = NL_OK, http = call->reply.http;
    char code[64] = "";
    if (call->request.error_in_200)
        store_call_code(call, code);
    if (call->failed)
        rc = own_failure(call, err);
    else if (call->curl != CURLE_OK)
        rc = curl_failure(call, err);
    else if (http < 200 || http > 299 || *code)
        rc = s3_failure(call, err);
    if (rc)
        nl_note(err, "%s", call->uri);
    return rc;
}

int store_call_run(struct store_client *c, const struct store_request *r, struct store_call **out, nl_error *err)
{
    struct store_call *call;
    *out = NULL;
    int rc = store_call_new(c, r, &call, err);
    if (rc)
        return rc;
    rc = store_call_submit(call, err);
    if (rc) {
        store_call_free(call);
        return rc;
    }
    store_call_wait(call, NULL, NULL);
    *out = call;
    return store_call_result(call, err);
}
