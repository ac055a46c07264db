/* chain.c: the order of credentials.h, and the chain of a role's profiles:
 *
 *     [profile lake]   role_arn, source_profile = hub ─┐  2: AssumeRole lake, signed with hub's keys
 *     [profile hub]    role_arn, source_profile = me  ◀┘─┐  1: AssumeRole hub, signed with my keys
 *     [profile me]     keys, SSO, a process, a token  ◀──┘  the base
 *
 * P1  At most 16 profiles, none twice; only one with keys of its own may name itself as its source.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "store/credentials/sources.h"

enum { most_profiles = 16 };

struct store_http_request store_service_request(const struct store_resolution *x, const char *method, const char *url)
{
    const struct store_credentials_tuning *t = x->tuning;
    return (struct store_http_request){.method = method,
                                       .url = url,
                                       .ca_bundle = x->settings->ca_bundle,
                                       .direct = store_http_loopback(url),
                                       .connect_ms = t->connect_ms,
                                       .total_ms = t->total_ms,
                                       .attempts = 3,
                                       .retry_ms = t->retry_ms,
                                       .cancel = x->cancel};
}

static const char *of(const struct store_resolution *x, const char *profile, const char *key)
{
    return store_profile_get(&x->profiles, profile, key);
}

static bool has_role(const struct store_resolution *x, const char *profile)
{
    return of(x, profile, "role_arn") && !of(x, profile, "web_identity_token_file");
}

static bool has_keys(const struct store_resolution *x, const char *profile)
{
    return of(x, profile, "aws_access_key_id") || of(x, profile, "aws_secret_access_key");
}

/* web_identity_token_file of a profile. */
static int from_profile_token(struct store_resolution *x, const char *profile, struct store_found *out, nl_error *err)
{
    const char *file = of(x, profile, "web_identity_token_file"), *role = of(x, profile, "role_arn");
    if (!file)
        return NL_OK;
    if (!role)
        return nl_fail(err, NL_INVALID, "profile \"%s\": web_identity_token_file without a role_arn", profile);
    return store_assume_with_token(x, profile, role, file, of(x, profile, "role_session_name"), out, err);
}

/* What a profile has by itself: places 4 to 8 but for the environment. */
static int from_profile(struct store_resolution *x, const char *profile, struct store_found *out, nl_error *err)
{
    int rc = from_profile_token(x, profile, out, err);
    if (!rc && !out->keys.access)
        rc = store_from_sso(x, profile, out, err);
    if (!rc && !out->keys.access)
        rc = store_from_file(x, STORE_CREDENTIALS, profile, out, err);
    if (!rc && !out->keys.access)
        rc = store_from_process(x, profile, out, err);
    if (!rc && !out->keys.access)
        rc = store_from_file(x, STORE_CONFIG, profile, out, err);
    return rc;
}

/* ── roles ── */

static int from_credential_source(struct store_resolution *x, const char *profile, const char *source,
                                  struct store_found *out, nl_error *err)
{
    int rc;
    if (!strcmp(source, "Environment"))
        rc = store_from_environment(x, out, err);
    else if (!strcmp(source, "EcsContainer"))
        rc = store_from_container(x, out, err);
    else if (!strcmp(source, "Ec2InstanceMetadata"))
        rc = store_from_instance(x, out, err);
    else
        return nl_fail(err, NL_INVALID,
                       "profile \"%s\": credential_source is Environment, EcsContainer or Ec2InstanceMetadata, not "
                       "\"%s\"",
                       profile, source);
    if (!rc && !out->keys.access)
        rc = nl_fail(err, NL_DENIED, "profile \"%s\": credential_source %s has no keys%s%s", profile, source,
                     x->absent ? ": " : "", x->absent ? x->absent : "");
    return rc;
}

/* What role_arn needs beside it. */
static int check_role(const struct store_resolution *x, const char *profile, nl_error *err)
{
    const char *source = of(x, profile, "source_profile"), *other = of(x, profile, "credential_source");
    if (source && other)
        return nl_fail(err, NL_INVALID, "profile \"%s\" has both source_profile and credential_source", profile);
    if (!source && !other)
        return nl_fail(err, NL_INVALID,
                       "profile \"%s\" has a role_arn, and neither source_profile nor credential_source", profile);
    if (source && !store_profile_exists(&x->profiles, source))
        return nl_fail(err, NL_INVALID, "profile \"%s\": its source_profile \"%s\" does not exist", profile, source);
    return NL_OK;
}

/* P1: may the chain go on to source? */
static int check_loop(const struct store_resolution *x, const char *const *chain, size_t n, const char *source,
                      nl_error *err)
{
    if (n == most_profiles)
        return nl_fail(err, NL_INVALID, "profile \"%s\": a chain of more than %d source_profiles", chain[0],
                       most_profiles);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(chain[i], source) && (i + 1 < n || !has_keys(x, source)))
            return nl_fail(err, NL_INVALID, "profile \"%s\": its source_profiles go round in a circle, by \"%s\"",
                           chain[0], source);
    return NL_OK;
}

/* The keys that the first role of the chain is taken with; chain gets the profiles with roles, the last one first needed. */
static int find_base(struct store_resolution *x, const char *profile, const char **chain, size_t *n,
                     struct store_found *out, nl_error *err)
{
    for (;;) {
        int rc = check_role(x, profile, err);
        if (rc)
            return rc;
        chain[(*n)++] = profile;
        const char *source = of(x, profile, "source_profile");
        if (!source)
            return from_credential_source(x, profile, of(x, profile, "credential_source"), out, err);
        rc = check_loop(x, chain, *n, source, err);
        if (rc)
            return rc;
        profile = source;
        if (has_keys(x, profile) || !has_role(x, profile))
            break;
    }
    int rc = from_profile(x, profile, out, err);
    if (!rc && !out->keys.access)
        rc = nl_fail(err, NL_DENIED, "source_profile \"%s\" has no credentials", profile);
    return rc;
}

static int from_role(struct store_resolution *x, const char *profile, struct store_found *out, nl_error *err)
{
    const char *chain[most_profiles];
    size_t n = 0;
    struct store_found by = {0};
    int rc = find_base(x, profile, chain, &n, &by, err);
    while (!rc && n > 0) {
        *out = (struct store_found){0};
        rc = store_assume_role(x, chain[--n], &by.keys, out, err);
        by = *out;
    }
    if (rc)
        out->keys.access = NULL;
    return rc;
}

/* ── all ── */

static int from_environment_token(struct store_resolution *x, struct store_found *out, nl_error *err)
{
    const struct store_environment *e = x->env;
    if (!e->AWS_WEB_IDENTITY_TOKEN_FILE)
        return NL_OK;
    if (!e->AWS_ROLE_ARN)
        return nl_fail(err, NL_INVALID, "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not");
    return store_assume_with_token(x, x->settings->profile, e->AWS_ROLE_ARN, e->AWS_WEB_IDENTITY_TOKEN_FILE,
                                   e->AWS_ROLE_SESSION_NAME, out, err);
}

/* " (no such file)" for a file that was not there. */
static const char *file_state(const struct store_profiles *p, enum store_file file)
{
    return p->missing[file] ? " (no such file)" : "";
}

static int nothing_found(struct store_resolution *x, nl_error *err)
{
    const struct store_settings *s = x->settings;
    const struct store_profiles *p = &x->profiles;
    if (of(x, s->profile, "login_session"))
        return nl_fail(err, NL_UNSUPPORTED, "profile \"%s\" gets its credentials by login_session, which is not read",
                       s->profile);
    const char *config = p->paths[STORE_CONFIG], *credentials = p->paths[STORE_CREDENTIALS];
    int rc = nl_fail(err, NL_DENIED,
                     "no S3 credentials: looked at %sprofile \"%s\" in %s%s and %s%s, no container endpoint, %s",
                     s->profile_given ? "" : "the environment, ", s->profile, config ? config : "~/.aws/config",
                     file_state(p, STORE_CONFIG), credentials ? credentials : "~/.aws/credentials",
                     file_state(p, STORE_CREDENTIALS), x->absent ? x->absent : "no instance metadata");
    nl_hint(err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; for the local server: "
                 "eval \"$(neuralake s3 env [--root DIR])\"; for public data: --no-sign-request");
    return rc;
}

int store_resolve_chain(struct store_resolution *x, struct store_found *out, nl_error *err)
{
    const struct store_settings *s = x->settings;
    *out = (struct store_found){.source = "options"};
    int rc = store_take_pair("options", s->access_key, s->secret_key, s->session_token, &out->keys, err);
    if (!rc && !out->keys.access && !s->profile_given)
        rc = store_from_environment(x, out, err);
    if (!rc && !out->keys.access && has_role(x, s->profile))
        rc = from_role(x, s->profile, out, err);
    if (!rc && !out->keys.access && !s->profile_given)
        rc = from_environment_token(x, out, err);
    if (!rc && !out->keys.access)
        rc = from_profile(x, s->profile, out, err);
    if (!rc && !out->keys.access)
        rc = store_from_container(x, out, err);
    if (!rc && !out->keys.access)
        rc = store_from_instance(x, out, err);
    return rc || out->keys.access ? rc : nothing_found(x, err);
}
