/* metadata.c: services beside the program that hand out keys over plain HTTP on a private address.
 *
 *     container   GET  the URL of the environment, with its token                                    ─▶ keys
 *     instance    PUT  /latest/api/token, for six hours                                              ─▶ a token
 *                 GET  /latest/meta-data/iam/security-credentials/          with the token           ─▶ the role's name
 *                 GET  /latest/meta-data/iam/security-credentials/ROLE      with the token           ─▶ keys
 *
 * M1  The container's token goes to https, to this machine, or to the addresses of ECS and EKS.
 * M2  The instance is asked by version 2 only: version 1, without a token, can be reached through other programs' holes.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/io/sink.h"
#include "base/str.h"
#include "s3proto/uri.h"
#include "store/credentials/sources.h"

enum { most_token_file = 64 << 10, most_role = 256 };

/* Times of a service next door: at most most_ms, and less where a test says so. */
static struct store_http_request near_request(const struct store_resolution *x, const char *method, const char *url,
                                              unsigned most_ms)
{
    struct store_http_request q = store_service_request(x, method, url);
    q.connect_ms = q.connect_ms < most_ms ? q.connect_ms : most_ms;
    q.total_ms = q.total_ms < most_ms ? q.total_ms : most_ms;
    return q;
}

static int refused(const struct store_http_answer *a, const char *url, nl_error *err)
{
    char said[400], place[320];
    store_answer_refusal(a->body.data, a->body.len, said);
    store_http_place(url, place);
    bool denied = a->status >= 400 && a->status < 500 && a->status != 429;
    return nl_fail(err, denied ? NL_DENIED : NL_IO, "%s (HTTP %d, %s)", *said ? said : "the request failed", a->status,
                   place);
}

/* ── the container ── */

bool store_container_host_ok(const char *url)
{
    static const char *const known[] = {"http://169.254.170.2", "http://169.254.170.23", "http://[fd00:ec2::23]"};
    char place[320];
    store_http_place(url, place);
    if (nl_starts_with(url, "https://") || store_http_loopback(url))
        return true;
    for (size_t i = 0; i < NL_LEN(known); i++) {
        size_t n = strlen(known[i]);
        if (!strncasecmp(place, known[i], n) && (!place[n] || place[n] == ':'))
            return true;
    }
    return false;
}

/* "Authorization: TOKEN" out of the file or the variable; *out is NULL where there is neither. */
static int container_header(struct store_resolution *x, const char **out, nl_error *err)
{
    const char *file = x->env->AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
    const char *token = x->env->AWS_CONTAINER_AUTHORIZATION_TOKEN;
    nl_buf text = {0};
    int rc = NL_OK;
    *out = NULL;
    if (file) {
        rc = nl_read_file(file, most_token_file, &text, err);
        token = text.data ? text.data : "";
    }
    if (!rc && token) {
        size_t len = file ? text.len : strlen(token);
        if (!len || strlen(token) != len || strcspn(token, "\r\n") != len)
            rc = nl_fail(err, NL_INVALID, "%s holds no token: it is empty, or has a line end in it",
                         file ? file : "AWS_CONTAINER_AUTHORIZATION_TOKEN");
        else if (!(*out = nl_arena_printf(&x->arena, "Authorization: %s", token)))
            rc = nl_fail_memory(err);
    }
    if (text.data)
        explicit_bzero(text.data, text.len);
    nl_buf_free(&text);
    return rc;
}

static int ask_container(struct store_resolution *x, const char *url, struct store_found *out, nl_error *err)
{
    const char *headers[2] = {"Accept: application/json", NULL};
    struct store_http_answer a = {0};
    if (!store_container_host_ok(url)) { /* M1 */
        int rc = nl_fail(err, NL_INVALID, "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that gets no token");
        nl_hint(err, "it is https, this machine, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]");
        return rc;
    }
    int rc = container_header(x, &headers[1], err);
    if (!rc) {
        struct store_http_request q = near_request(x, "GET", url, 2000);
        q.headers = headers;
        q.n_headers = headers[1] ? 2 : 1;
        q.direct = nl_starts_with(url, "http://");
        rc = store_http(&q, &a, err);
    }
    if (!rc && a.status != 200)
        rc = refused(&a, url, err);
    else if (!rc)
        rc = store_answer_json(&x->arena, STORE_ANSWER_CONTAINER, a.body.data, a.body.len, &out->keys, err);
    store_http_answer_free(&a);
    return rc;
}

int store_from_container(struct store_resolution *x, struct store_found *out, nl_error *err)
{
    const char *relative = x->env->AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
    const char *url = x->env->AWS_CONTAINER_CREDENTIALS_FULL_URI;
    out->source = "container";
    if (!relative && !url)
        return NL_OK;
    if (relative && *relative != '/')
        return nl_fail(err, NL_INVALID, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with \"/\"");
    if (relative)
        url = nl_arena_printf(&x->arena, "%s%s", x->tuning->container_base, relative);
    int rc = url ? ask_container(x, url, out, err) : nl_fail_memory(err);
    if (rc)
        nl_note(err, "container credentials");
    return rc;
}

/* ── the instance ── */

/* Its address. NULL: no memory. */
static const char *instance_base(struct store_resolution *x)
{
    const char *base = x->env->AWS_EC2_METADATA_SERVICE_ENDPOINT,
               *mode = x->env->AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE;
    const char *profile = x->settings->profile;
    if (!base)
        base = store_profile_get(&x->profiles, profile, "ec2_metadata_service_endpoint");
    if (!mode)
        mode = store_profile_get(&x->profiles, profile, "ec2_metadata_service_endpoint_mode");
    if (!base)
        return mode && !strcasecmp(mode, "ipv6") ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    size_t len = strlen(base);
    while (len && base[len - 1] == '/')
        len--;
    return nl_arena_strndup(&x->arena, base, len);
}

/* A number of 1 to 60 from the environment or the profile. */
static unsigned setting(const struct store_resolution *x, const char *variable, const char *key)
{
    uint64_t n = 1;
    const char *text = variable ? variable : store_profile_get(&x->profiles, x->settings->profile, key);
    return text && nl_parse_u64(text, &n) && n >= 1 && n <= 60 ? (unsigned)n : 1;
}

static struct store_http_request instance_request(const struct store_resolution *x, const char *method, const char *url,
                                                  const char *const *header)
{
    unsigned seconds = setting(x, x->env->AWS_METADATA_SERVICE_TIMEOUT, "metadata_service_timeout");
    struct store_http_request q = near_request(x, method, url, seconds * 1000);
    q.attempts = setting(x, x->env->AWS_METADATA_SERVICE_NUM_ATTEMPTS, "metadata_service_num_attempts");
    q.headers = header;
    q.n_headers = 1;
    q.direct = true;
    return q;
}

/* The session's token as a header line. */
static int instance_token(struct store_resolution *x, const char *base, const char **out, nl_error *err)
{
    static const char *const ttl[] = {"x-aws-ec2-metadata-token-ttl-seconds: 21600"};
    struct store_http_answer a = {0};
    const char *url = nl_arena_printf(&x->arena, "%s/latest/api/token", base);
    if (!url)
        return nl_fail_memory(err);
    struct store_http_request q = instance_request(x, "PUT", url, ttl);
    int rc = store_http(&q, &a, err);
    if (!rc && a.status != 200)
        rc = refused(&a, url, err);
    if (!rc && !store_key_ok(a.body.data, 4096))
        rc = nl_fail(err, NL_IO, "%s: what it answers is no token", base);
    if (!rc) {
        *out = nl_arena_printf(&x->arena, "x-aws-ec2-metadata-token: %s", a.body.data);
        rc = *out ? NL_OK : nl_fail_memory(err);
    }
    store_http_answer_free(&a);
    return rc;
}

/* The name of the role; NULL with NL_OK: the instance has none. */
static int instance_role(struct store_resolution *x, const char *folder, const char *token, const char **role,
                         nl_error *err)
{
    struct store_http_answer a = {0};
    struct store_http_request q = instance_request(x, "GET", folder, &token);
    *role = NULL;
    int rc = store_http(&q, &a, err);
    if (!rc && a.status == 404) {
        x->absent = "the instance has no role";
    } else if (!rc && a.status != 200) {
        rc = refused(&a, folder, err);
    } else if (!rc) {
        size_t len = strcspn(a.body.data, "\r\n");
        nl_buf name = {0};
        if (!len || len > most_role)
            rc = nl_fail(err, NL_IO, "the name of the instance's role is empty or too long");
        if (!rc)
            rc = s3_uri_encode(&name, a.body.data, len, false, err);
        if (!rc && !(*role = nl_arena_strdup(&x->arena, name.data)))
            rc = nl_fail_memory(err);
        nl_buf_free(&name);
    }
    store_http_answer_free(&a);
    return rc;
}

static int instance_keys(struct store_resolution *x, const char *folder, const char *token, const char *role,
                         struct store_found *out, nl_error *err)
{
    struct store_http_answer a = {0};
    const char *url = nl_arena_printf(&x->arena, "%s%s", folder, role);
    out->source = nl_arena_printf(&x->arena, "instance role %s", role);
    if (!url || !out->source)
        return nl_fail_memory(err);
    struct store_http_request q = instance_request(x, "GET", url, &token);
    int rc = store_http(&q, &a, err);
    if (!rc && a.status != 200)
        rc = refused(&a, url, err);
    if (!rc)
        rc = store_answer_json(&x->arena, STORE_ANSWER_INSTANCE, a.body.data, a.body.len, &out->keys, err);
    store_http_answer_free(&a);
    if (rc)
        nl_note(err, "instance role %s", role);
    return rc;
}

int store_from_instance(struct store_resolution *x, struct store_found *out, nl_error *err)
{
    const char *off = x->env->AWS_EC2_METADATA_DISABLED, *token, *role;
    out->source = "instance";
    if (off && !strcasecmp(off, "true")) {
        x->absent = "instance metadata is switched off";
        return NL_OK;
    }
    const char *base = instance_base(x);
    const char *folder =
        base ? nl_arena_printf(&x->arena, "%s/latest/meta-data/iam/security-credentials/", base) : NULL;
    if (!folder)
        return nl_fail_memory(err);
    if (!nl_starts_with(base, "http://") && !nl_starts_with(base, "https://"))
        return nl_fail(err, NL_INVALID, "AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL");
    nl_error why = {0};
    int rc = instance_token(x, base, &token, &why);
    if (rc == NL_NO_MEMORY)
        return nl_fail_memory(err);
    if (rc == NL_CANCELLED)
        return nl_cancel_check(x->cancel, err);
    if (rc) { /* nobody there, or somebody else: this is no instance */
        x->absent = nl_arena_printf(&x->arena, "no instance metadata (%s)", why.message);
        return x->absent ? NL_OK : nl_fail_memory(err);
    }
    rc = instance_role(x, folder, token, &role, err);
    if (!rc && role)
        rc = instance_keys(x, folder, token, role, out, err);
    if (rc)
        nl_note(err, "instance metadata");
    return rc;
}
