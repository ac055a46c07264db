/* sts.c: a role's keys from the Security Token Service: a form by POST, XML back.
 *
 *     AssumeRole                  signed with other keys               role_arn with source_profile or credential_source
 *     AssumeRoleWithWebIdentity   not signed: the token is the proof   EKS, CI systems
 *
 * Spec: "AWS Security Token Service API Reference", version 2011-06-15.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "s3proto/sigv4.h"
#include "s3proto/time.h"
#include "store/credentials/sources.h"
#include "store/s3/endpoint.h"

enum { most_token_file = 64 << 10 };

/* ── where ── */

/* Regions that "legacy" sends to the one global service. */
static bool legacy_region(const char *region)
{
    static const char *const names[] = {"ap-northeast-1", "ap-south-1",   "ap-southeast-1", "ap-southeast-2",
                                        "ca-central-1",   "eu-central-1", "eu-north-1",     "eu-west-1",
                                        "eu-west-2",      "eu-west-3",    "sa-east-1",      "us-east-1",
                                        "us-east-2",      "us-west-1",    "us-west-2"};
    for (size_t i = 0; i < NL_LEN(names); i++)
        if (!strcmp(names[i], region))
            return true;
    return false;
}

/* The service's endpoint and the region that a signature for it names. */
static int find_service(struct store_resolution *x, const char *profile, struct store_endpoint *endpoint,
                        const char **region, nl_error *err)
{
    const char *url = store_service_endpoint(x->env, &x->profiles, profile, "STS");
    const char *mode = x->env->AWS_STS_REGIONAL_ENDPOINTS;
    if (!mode)
        mode = store_profile_get(&x->profiles, profile, "sts_regional_endpoints");
    *region = x->settings->region;
    if (mode && strcasecmp(mode, "regional") != 0 && strcasecmp(mode, "legacy") != 0)
        return nl_fail(err, NL_INVALID, "sts_regional_endpoints is regional or legacy, not \"%s\"", mode);
    if (!url && mode && !strcasecmp(mode, "legacy") && legacy_region(*region)) {
        *region = "us-east-1";
        url = "https://sts.amazonaws.com";
    }
    if (!url)
        url = nl_arena_printf(&x->arena, "https://sts.%s.amazonaws.com%s", *region,
                              nl_starts_with(*region, "cn-") ? ".cn" : "");
    if (!url)
        return nl_fail_memory(err);
    struct store_settings s = {.endpoint_url = url, .region = *region};
    return store_endpoint_parse(&s, endpoint, err);
}

/* ── asking ── */

struct question {
    struct store_endpoint endpoint;
    const char *region, *url, *path;
    const char *headers[8];
    size_t n_headers;
    nl_buf form;
};

static int add_header(struct store_resolution *x, struct question *q, const char *name, const char *value,
                      nl_error *err)
{
    q->headers[q->n_headers] = nl_arena_printf(&x->arena, "%s: %s", name, value);
    return q->headers[q->n_headers++] ? NL_OK : nl_fail_memory(err);
}

/* Sign the form with these keys. */
static int sign(struct store_resolution *x, struct question *q, const struct store_answer *by, nl_error *err)
{
    char time[S3_TIME_BASIC], sha[S3_SHA256_HEX];
    s3_time_basic(nl_wall_ns() / 1000000000, time);
    s3_sha256_hex(q->form.data, q->form.len, sha);
    s3_pair h[] = {{"Host", q->endpoint.host},
                   {"x-amz-date", time},
                   {"x-amz-content-sha256", sha},
                   {"x-amz-security-token", by->token}};
    size_t n = by->token ? 4 : 3;
    s3_scope scope = {.service = "sts"};
    memcpy(scope.date, time, 8);
    snprintf(scope.region, sizeof scope.region, "%s", q->region);
    s3_sign_request r = {"POST", q->path, NULL, 0, h, n, sha};
    uint8_t key[32];
    nl_buf authorization = {0};
    int rc = s3_signing_key(by->secret, &scope, key, err);
    if (!rc)
        rc = s3_sign(&authorization, &r, by->access, key, &scope, time, NULL, err);
    for (size_t i = 1; !rc && i < n; i++)
        rc = add_header(x, q, h[i].name, h[i].value, err);
    if (!rc)
        rc = add_header(x, q, "Authorization", authorization.data, err);
    explicit_bzero(key, sizeof key);
    nl_buf_free(&authorization);
    return rc;
}

/* What STS said, as an error. */
static int refused(const struct store_http_answer *a, const char *place, nl_error *err)
{
    char said[400];
    store_answer_refusal(a->body.data, a->body.len, said);
    bool denied = a->status >= 400 && a->status < 500 && a->status != 429;
    return nl_fail(err, denied ? NL_DENIED : NL_IO, "%s (HTTP %d, %s)", *said ? said : "the request failed", a->status,
                   place);
}

/* Send the action with its parameters; by is NULL for what is not signed. */
static int ask(struct store_resolution *x, const char *profile, const char *root, const s3_pair *form, size_t n,
               const struct store_answer *by, struct store_found *out, nl_error *err)
{
    struct question q = {0};
    struct store_http_answer a = {0};
    int rc = find_service(x, profile, &q.endpoint, &q.region, err);
    if (!rc) {
        q.path = *q.endpoint.path ? q.endpoint.path : "/";
        q.url = nl_arena_printf(&x->arena, "%s%s", q.endpoint.base, q.path);
        rc = q.url ? s3_query_canonical(&q.form, form, n, NULL, err) : nl_fail_memory(err);
    }
    if (!rc)
        rc = add_header(x, &q, "Content-Type", "application/x-www-form-urlencoded", err);
    if (!rc && by)
        rc = sign(x, &q, by, err);
    if (!rc) {
        struct store_http_request r = store_service_request(x, "POST", q.url);
        r.headers = q.headers;
        r.n_headers = q.n_headers;
        r.body = q.form.data;
        r.body_len = q.form.len;
        rc = store_http(&r, &a, err);
    }
    if (!rc && a.status != 200)
        rc = refused(&a, q.endpoint.base, err);
    else if (!rc)
        rc = store_answer_sts(&x->arena, root, a.body.data, a.body.len, &out->keys, err);
    if (q.form.data)
        explicit_bzero(q.form.data, q.form.len);
    nl_buf_free(&q.form);
    store_http_answer_free(&a);
    return rc;
}

/* ── the two actions ── */

/* Roles have sessions, which logs show. NULL: no memory. */
static const char *session_name(struct store_resolution *x, const char *given)
{
    return given ? given : nl_arena_printf(&x->arena, "neuralake-%lld", (long long)(nl_wall_ns() / 1000000000));
}

int store_assume_role(struct store_resolution *x, const char *profile, const struct store_answer *by,
                      struct store_found *out, nl_error *err)
{
    const struct store_profiles *p = &x->profiles;
    const char *role = store_profile_get(p, profile, "role_arn"), *mfa = store_profile_get(p, profile, "mfa_serial");
    const char *external = store_profile_get(p, profile, "external_id");
    const char *duration = store_profile_get(p, profile, "duration_seconds");
    uint64_t seconds;
    if (mfa) {
        int rc = nl_fail(err, NL_UNSUPPORTED, "profile \"%s\" asks for a code of the MFA device (mfa_serial)", profile);
        nl_hint(err, "get a session with: eval \"$(aws configure export-credentials --profile %s --format env)\"",
                profile);
        return rc;
    }
    if (duration && (!nl_parse_u64(duration, &seconds) || seconds < 900 || seconds > 43200))
        return nl_fail(err, NL_INVALID, "profile \"%s\": duration_seconds is 900 to 43200, not \"%s\"", profile,
                       duration);
    const char *session = session_name(x, store_profile_get(p, profile, "role_session_name"));
    out->source = nl_arena_printf(&x->arena, "role %s", role);
    if (!session || !out->source)
        return nl_fail_memory(err);
    s3_pair form[6] = {{"Action", "AssumeRole"},
                       {"Version", "2011-06-15"},
                       {"RoleArn", role},
                       {"RoleSessionName", session}};
    size_t n = 4;
    if (duration)
        form[n++] = (s3_pair){"DurationSeconds", duration};
    if (external)
        form[n++] = (s3_pair){"ExternalId", external};
    int rc = ask(x, profile, "AssumeRoleResponse", form, n, by, out, err);
    if (rc) {
        nl_note(err, "profile \"%s\": role %s", profile, role);
        nl_hint(err, "may these keys take that role? See its trust policy, and: aws sts get-caller-identity");
    }
    return rc;
}

/* The token's text, without the line end that editors leave. */
static int read_token(struct store_resolution *x, const char *path, nl_buf *text, nl_error *err)
{
    const char *at = store_expand_home(&x->arena, x->env, path);
    int rc = at ? nl_read_file(at, most_token_file, text, err) : nl_fail_memory(err);
    while (!rc && text->len && strchr(" \t\r\n", text->data[text->len - 1]))
        text->data[--text->len] = 0;
    if (!rc && !store_key_ok(text->data ? text->data : "", most_token_file))
        rc = nl_fail(err, NL_INVALID, "%s: this is no token", path);
    return rc;
}

int store_assume_with_token(struct store_resolution *x, const char *profile, const char *role_arn,
                            const char *token_file, const char *session, struct store_found *out, nl_error *err)
{
    nl_buf token = {0};
    int rc = read_token(x, token_file, &token, err);
    session = session_name(x, session);
    out->source = nl_arena_printf(&x->arena, "role %s, web identity", role_arn);
    if (!rc && (!session || !out->source))
        rc = nl_fail_memory(err);
    if (!rc) {
        s3_pair form[] = {{"Action", "AssumeRoleWithWebIdentity"},
                          {"Version", "2011-06-15"},
                          {"RoleArn", role_arn},
                          {"RoleSessionName", session},
                          {"WebIdentityToken", token.data}};
        rc = ask(x, profile, "AssumeRoleWithWebIdentityResponse", form, NL_LEN(form), NULL, out, err);
    }
    if (token.data)
        explicit_bzero(token.data, token.len);
    nl_buf_free(&token);
    if (rc)
        nl_note(err, "web identity: role %s", role_arn);
    return rc;
}
