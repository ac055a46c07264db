/* sso.c: keys of a role by single sign-on. `aws sso login` leaves a token in a file; the portal gives keys for it.
 *
 *     ~/.aws/sso/cache/SHA1.json   {"accessToken", "expiresAt", "refreshToken", "clientId", "clientSecret", …}
 *     SHA1                         of the sso_session's name, or, in the older form, of sso_start_url
 *
 *     token ends within 15 minutes ─▶ POST oidc/token with the refreshToken ─▶ the file is written anew (0600, whole)
 *     GET portal/federation/credentials?role_name=…&account_id=…  with the token ─▶ keys
 *
 * S1  A token that cannot be renewed is used to its end; then the error says: aws sso login.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "s3proto/hash.h"
#include "s3proto/time.h"
#include "s3proto/uri.h"
#include "store/credentials/sources.h"

enum { most_cache = 256 << 10, renew_within = 900 };

/* What a profile says of SSO. */
struct sso {
    const char *profile, *session; /* session NULL: the older form */
    const char *start_url, *region, *account, *role;
    const char *path; /* of the token's file */
};

/* ── settings ── */

/* A setting of the session, which the profile may repeat but not contradict; without a session, of the profile. */
static int setting(struct store_resolution *x, const struct sso *s, const char *key, const char **out, nl_error *err)
{
    const char *own = store_profile_get(&x->profiles, s->profile, key);
    *out = own;
    if (s->session) {
        *out = store_section_get(&x->profiles, "sso-session", s->session, key, "");
        if (own && *out && strcmp(own, *out) != 0)
            return nl_fail(err, NL_INVALID, "profile \"%s\" and sso-session \"%s\" disagree on %s", s->profile,
                           s->session, key);
        *out = *out ? *out : own;
    }
    return *out ? NL_OK : nl_fail(err, NL_INVALID, "profile \"%s\" uses SSO, and %s is missing", s->profile, key);
}

/* The name of the token's file. */
static int cache_path(struct store_resolution *x, struct sso *s, nl_error *err)
{
    const char *name = s->session ? s->session : s->start_url;
    uint8_t sha[S3_DIGEST_MAX];
    char hex[2 * S3_DIGEST_MAX + 1];
    s3_digest d;
    if (!x->env->HOME)
        return nl_fail(err, NL_INVALID, "HOME is not set, so there is no ~/.aws/sso/cache");
    s3_digest_open(&d, S3_SHA1);
    s3_digest_update(&d, name, strlen(name));
    nl_hex(sha, s3_digest_final(&d, sha), hex);
    s->path = nl_arena_printf(&x->arena, "%s/.aws/sso/cache/%s.json", x->env->HOME, hex);
    return s->path ? NL_OK : nl_fail_memory(err);
}

static int read_settings(struct store_resolution *x, const char *profile, struct sso *s, nl_error *err)
{
    *s = (struct sso){.profile = profile, .session = store_profile_get(&x->profiles, profile, "sso_session")};
    if (s->session && !store_section_exists(&x->profiles, "sso-session", s->session))
        return nl_fail(err, NL_INVALID, "profile \"%s\": there is no [sso-session %s]", profile, s->session);
    int rc = setting(x, s, "sso_start_url", &s->start_url, err);
    if (!rc)
        rc = setting(x, s, "sso_region", &s->region, err);
    if (!rc)
        rc = setting(x, s, "sso_account_id", &s->account, err);
    if (!rc)
        rc = setting(x, s, "sso_role_name", &s->role, err);
    return rc ? rc : cache_path(x, s, err);
}

/* The error that a person can mend. */
static int log_in(const struct sso *s, nl_error *err, const char *why)
{
    int rc = nl_fail(err, NL_DENIED, "the SSO session of profile \"%s\" %s", s->profile, why);
    if (s->session)
        nl_hint(err, "log in with: aws sso login --sso-session %s", s->session);
    else
        nl_hint(err, "log in with: aws sso login --profile %s", s->profile);
    return rc;
}

/* ── the token ── */

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* The cache's object, to be released by json_decref(). */
static int read_cache(const struct sso *s, json_t **out, int64_t *expires, nl_error *err)
{
    nl_buf text = {0};
    int rc = nl_read_file(s->path, most_cache, &text, err);
    *out = NULL;
    if (!rc) {
        *out = json_loadb(text.data, text.len, 0, NULL);
        explicit_bzero(text.data, text.len);
    }
    nl_buf_free(&text);
    if (rc == NL_NOT_FOUND)
        return log_in(s, err, "was never opened");
    if (rc)
        return rc;
    const char *token = text_of(*out, "accessToken"), *end = text_of(*out, "expiresAt");
    if (token && store_key_ok(token, 32 << 10) && end && store_answer_date(end, expires))
        return NL_OK;
    json_decref(*out);
    *out = NULL;
    return log_in(s, err, "has a token file that does not parse");
}

/* Where a service of SSO is: "portal.sso" or "oidc". NULL: no memory. */
static const char *service_url(struct store_resolution *x, const struct sso *s, const char *service, const char *host,
                               const char *path)
{
    const char *base = store_service_endpoint(x->env, &x->profiles, s->profile, service);
    if (!base)
        return nl_arena_printf(&x->arena, "https://%s.%s.amazonaws.com%s%s", host, s->region,
                               nl_starts_with(s->region, "cn-") ? ".cn" : "", path);
    int len = (int)strlen(base);
    while (len && base[len - 1] == '/')
        len--;
    return nl_arena_printf(&x->arena, "%.*s%s", len, base, path);
}

/* Put what the answer to a renewal says into the cache's object. False: it says too little. */
static bool merge(json_t *cache, const struct store_http_answer *a, int64_t *expires)
{
    json_t *o = json_loadb(a->body.data, a->body.len, 0, NULL);
    const char *token = text_of(o, "accessToken"), *renew = text_of(o, "refreshToken");
    json_int_t life = json_integer_value(json_object_get(o, "expiresIn"));
    char end[S3_TIME_ISO];
    bool ok = token && store_key_ok(token, 32 << 10) && life > 0 && life < 1 << 30;
    if (ok) {
        *expires = nl_wall_ns() / 1000000000 + life;
        s3_time_iso(*expires, 0, end);
        memcpy(strchr(end, '.'), "Z", 2); /* others read it: whole seconds, as aws-cli writes it */
        ok = !json_object_set_new(cache, "accessToken", json_string(token)) &&
             !json_object_set_new(cache, "expiresAt", json_string(end)) &&
             (!renew || !json_object_set_new(cache, "refreshToken", json_string(renew)));
    }
    json_decref(o);
    return ok;
}

/* Ask for a new token with the old one's refreshToken; what goes wrong is not told (S1). */
static void renew_token(struct store_resolution *x, const struct sso *s, json_t *cache, int64_t *expires)
{
    static const char *const headers[] = {"Content-Type: application/json"};
    const char *client = text_of(cache, "clientId"), *secret = text_of(cache, "clientSecret");
    const char *refresh = text_of(cache, "refreshToken"), *until = text_of(cache, "registrationExpiresAt");
    int64_t registered;
    if (!client || !secret || !refresh || !until || !store_answer_date(until, &registered) ||
        registered <= nl_wall_ns() / 1000000000)
        return;
    json_t *form = json_pack("{ssssssss}", "clientId", client, "clientSecret", secret, "grantType", "refresh_token",
                             "refreshToken", refresh);
    char *body = form ? json_dumps(form, JSON_COMPACT) : NULL;
    const char *url = service_url(x, s, "SSO_OIDC", "oidc", "/token");
    if (body && url) {
        struct store_http_answer a = {0};
        struct store_http_request q = store_service_request(x, "POST", url);
        q.headers = headers;
        q.n_headers = 1;
        q.body = body;
        q.body_len = strlen(body);
        if (!store_http(&q, &a, NULL) && a.status == 200 && merge(cache, &a, expires)) {
            char *text = json_dumps(cache, JSON_COMPACT);
            if (text)
                nl_write_file(s->path, text, strlen(text), 0600, NULL); /* where it fails, the next one renews again */
            free(text);
        }
        store_http_answer_free(&a);
    }
    free(body);
    json_decref(form);
}

/* A token that holds, as a header line. */
static int token_header(struct store_resolution *x, const struct sso *s, const char **out, nl_error *err)
{
    json_t *cache;
    int64_t expires = 0, now = nl_wall_ns() / 1000000000;
    int rc = read_cache(s, &cache, &expires, err);
    if (rc)
        return rc;
    if (s->session && expires - now < renew_within)
        renew_token(x, s, cache, &expires);
    if (expires <= now)
        rc = log_in(s, err, "has expired");
    else if (!(*out = nl_arena_printf(&x->arena, "x-amz-sso_bearer_token: %s", text_of(cache, "accessToken"))))
        rc = nl_fail_memory(err);
    json_decref(cache);
    return rc;
}

/* ── the portal ── */

static int ask_portal(struct store_resolution *x, const struct sso *s, struct store_found *out, nl_error *err)
{
    const char *header, *base = service_url(x, s, "SSO", "portal.sso", "/federation/credentials?");
    s3_pair query[] = {{"role_name", s->role}, {"account_id", s->account}};
    struct store_http_answer a = {0};
    nl_buf url = {0};
    int rc = base ? token_header(x, s, &header, err) : nl_fail_memory(err);
    if (!rc)
        rc = nl_buf_puts(&url, base, err);
    if (!rc)
        rc = s3_query_canonical(&url, query, NL_LEN(query), NULL, err);
    if (!rc) {
        struct store_http_request q = store_service_request(x, "GET", url.data);
        q.headers = &header;
        q.n_headers = 1;
        rc = store_http(&q, &a, err);
    }
    if (!rc && a.status == 401) {
        rc = log_in(s, err, "is not accepted any more");
    } else if (!rc && a.status != 200) {
        char said[400], place[320];
        store_answer_refusal(a.body.data, a.body.len, said);
        store_http_place(url.data, place);
        rc = nl_fail(err, a.status < 500 && a.status != 429 ? NL_DENIED : NL_IO, "%s (HTTP %d, %s)",
                     *said ? said : "the request failed", a.status, place);
    } else if (!rc) {
        rc = store_answer_json(&x->arena, STORE_ANSWER_SSO, a.body.data, a.body.len, &out->keys, err);
    }
    store_http_answer_free(&a);
    nl_buf_free(&url);
    return rc;
}

int store_from_sso(struct store_resolution *x, const char *profile, struct store_found *out, nl_error *err)
{
    struct sso s;
    out->source = "SSO";
    if (!store_profile_get(&x->profiles, profile, "sso_account_id") &&
        !store_profile_get(&x->profiles, profile, "sso_role_name"))
        return NL_OK;
    int rc = read_settings(x, profile, &s, err);
    if (rc)
        return rc;
    out->source = nl_arena_printf(&x->arena, "SSO role %s", s.role);
    rc = out->source ? ask_portal(x, &s, out, err) : nl_fail_memory(err);
    if (rc)
        nl_note(err, "profile \"%s\": SSO", profile);
    return rc;
}
