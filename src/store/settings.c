/* settings.c: see settings.h for the order. */
#include "store/settings.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "store/cache/cache.h"

/* The first that is there, copied. */
static int choose(nl_arena *arena, const char **field, const char *const *candidates, size_t n, nl_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (candidates[i] && *candidates[i]) {
            *field = nl_arena_strdup(arena, candidates[i]);
            return *field ? NL_OK : nl_fail_memory(err);
        }
    return NL_OK;
}

/* The service's own variable. */
static const char *endpoint_variable(const struct store_environment *env, const char *service)
{
    return !strcmp(service, "S3")    ? env->AWS_ENDPOINT_URL_S3
           : !strcmp(service, "STS") ? env->AWS_ENDPOINT_URL_STS
           : !strcmp(service, "SSO") ? env->AWS_ENDPOINT_URL_SSO
                                     : env->AWS_ENDPOINT_URL_SSO_OIDC;
}

const char *store_service_endpoint(const struct store_environment *env, const struct store_profiles *p,
                                   const char *profile, const char *service)
{
    const char *ignore = env->AWS_IGNORE_CONFIGURED_ENDPOINT_URLS;
    if (ignore && !strcasecmp(ignore, "true"))
        return NULL;
    char key[16];
    size_t n = 0;
    for (; service[n] && n + 1 < sizeof key; n++)
        key[n] = (char)tolower((unsigned char)service[n]);
    key[n] = 0;
    const char *services = store_profile_get(p, profile, "services");
    const char *candidates[] = {endpoint_variable(env, service), env->AWS_ENDPOINT_URL,
                                services ? store_section_get(p, "services", services, key, "endpoint_url") : NULL,
                                store_profile_sub(p, profile, key, "endpoint_url"),
                                store_profile_get(p, profile, "endpoint_url")};
    for (size_t i = 0; i < NL_LEN(candidates); i++)
        if (candidates[i])
            return candidates[i];
    return NULL;
}

static int choose_addressing(const struct store_profiles *p, struct store_settings *s, nl_error *err)
{
    const char *style = store_profile_sub(p, s->profile, "s3", "addressing_style");
    if (!style || !strcmp(style, "auto"))
        s->addressing = STORE_ADDRESS_AUTO;
    else if (!strcmp(style, "path"))
        s->addressing = STORE_ADDRESS_PATH;
    else if (!strcmp(style, "virtual"))
        s->addressing = STORE_ADDRESS_VIRTUAL;
    else
        return nl_fail(err, NL_INVALID, "profile \"%s\": addressing_style is auto, path or virtual, not \"%s\"",
                       s->profile, style);
    return NL_OK;
}

/* How many requests at the same time? */
static int choose_in_flight(const nl_store_options *o, const struct store_profiles *p, struct store_settings *s,
                            nl_error *err)
{
    const char *variable = s->env.NEURALAKE_MAX_IN_FLIGHT;
    const char *said = variable ? variable : store_profile_sub(p, s->profile, "s3", "max_concurrent_requests");
    uint64_t n = o->max_in_flight ? o->max_in_flight : STORE_IN_FLIGHT;
    if (!o->max_in_flight && said && (!nl_parse_u64(said, &n) || !n || n > STORE_MAX_IN_FLIGHT))
        return nl_fail(err, NL_INVALID, "%s is a number from 1 to %d, not \"%s\"",
                       variable ? "NEURALAKE_MAX_IN_FLIGHT" : "the profile's max_concurrent_requests",
                       STORE_MAX_IN_FLIGHT, said);
    s->max_in_flight = n;
    return NL_OK;
}

static int choose_switches(const nl_store_options *o, struct store_settings *s, nl_error *err)
{
    const char *unsign = s->env.AWS_NO_SIGN_REQUEST, *payer = s->env.AWS_REQUEST_PAYER;
    bool yes = unsign && (!strcasecmp(unsign, "true") || !strcasecmp(unsign, "yes") || !strcmp(unsign, "1"));
    bool no = !unsign || !strcasecmp(unsign, "false") || !strcasecmp(unsign, "no") || !strcmp(unsign, "0");
    if (!yes && !no)
        return nl_fail(err, NL_INVALID, "AWS_NO_SIGN_REQUEST is true or false, not \"%s\"", unsign);
    if (payer && strcasecmp(payer, "requester") != 0)
        return nl_fail(err, NL_INVALID, "AWS_REQUEST_PAYER is \"requester\" or not set, not \"%s\"", payer);
    /* Keys or a profile that the caller names are meant to be used. */
    s->anonymous = o->anonymous || (yes && !o->access_key && !o->profile);
    s->requester_pays = o->requester_pays || payer;
    if (o->anonymous && o->access_key)
        return nl_fail(err, NL_INVALID, "anonymous requests take no access key");
    return NL_OK;
}

static int choose_all(const nl_store_options *o, const struct store_profiles *p, struct store_settings *s,
                      nl_error *err)
{
    const struct store_environment *e = &s->env;
    const char *endpoints[] = {o->endpoint_url, store_service_endpoint(e, p, s->profile, "S3")};
    const char *regions[] = {o->region, e->AWS_REGION, e->AWS_DEFAULT_REGION,
                             store_profile_get(p, s->profile, "region"), "us-east-1"};
    const char *bundles[] = {e->AWS_CA_BUNDLE, store_profile_get(p, s->profile, "ca_bundle")};
    int rc = choose(&s->arena, &s->endpoint_url, endpoints, NL_LEN(endpoints), err);
    if (!rc)
        rc = choose(&s->arena, &s->region, regions, NL_LEN(regions), err);
    if (!rc)
        rc = choose(&s->arena, &s->ca_bundle, bundles, NL_LEN(bundles), err);
    if (!rc)
        rc = choose(&s->arena, &s->access_key, &o->access_key, 1, err);
    if (!rc)
        rc = choose(&s->arena, &s->secret_key, &o->secret_key, 1, err);
    if (!rc)
        rc = choose(&s->arena, &s->session_token, &o->session_token, 1, err);
    if (!rc)
        rc = choose_addressing(p, s, err);
    if (!rc)
        rc = choose_in_flight(o, p, s, err);
    return rc ? rc : choose_switches(o, s, err);
}

/* Which profile, and does it exist? */
static int choose_profile(const nl_store_options *o, const struct store_profiles *p, struct store_settings *s,
                          nl_error *err)
{
    const char *names[] = {o->profile, s->env.AWS_PROFILE, s->env.AWS_DEFAULT_PROFILE, "default"};
    s->profile_given = o->profile && *o->profile;
    int rc = choose(&s->arena, &s->profile, names, NL_LEN(names), err);
    if (!rc && strcmp(s->profile, "default") != 0 && !store_profile_exists(p, s->profile))
        rc = nl_fail(err, NL_INVALID, "profile \"%s\" is in neither the config file nor the credentials file",
                     s->profile);
    return rc;
}

int store_settings_read(const nl_store_options *options, struct store_settings *out, nl_error *err)
{
    static const nl_store_options none;
    const nl_store_options *o = options ? options : &none;
    *out = (struct store_settings){0};
    struct store_profiles profiles = {0};
    int rc = store_environment_read(&out->arena, &out->env, err);
    if (!rc)
        rc = store_profiles_read(&out->env, &profiles, err);
    if (!rc)
        rc = choose_profile(o, &profiles, out, err);
    if (!rc)
        rc = choose_all(o, &profiles, out, err);
    store_profiles_free(&profiles);
    if (rc)
        store_settings_free(out);
    return rc;
}

int store_cache_settings_read(nl_arena *arena, const nl_store_options *options, struct store_cache_settings *out,
                              nl_error *err)
{
    struct store_environment env;
    *out = (struct store_cache_settings){.bytes = options->cache_bytes};
    int rc = store_environment_read(arena, &env, err);
    if (rc)
        return rc;
    const char *dir = options->cache_dir ? options->cache_dir : env.NEURALAKE_CACHE_DIR;
    if (!dir || !*dir)
        return NL_OK;
    out->dir = store_expand_home(arena, &env, dir);
    if (!out->dir)
        return nl_fail_memory(err);
    if (!out->bytes && !env.NEURALAKE_CACHE_SIZE)
        out->bytes = STORE_CACHE_DEFAULT;
    else if (!out->bytes && !nl_parse_size(env.NEURALAKE_CACHE_SIZE, &out->bytes))
        return nl_fail(err, NL_INVALID, "NEURALAKE_CACHE_SIZE is a size such as 10GiB, not \"%s\"",
                       env.NEURALAKE_CACHE_SIZE);
    return NL_OK;
}

void store_settings_free(struct store_settings *s)
{
    nl_arena_free(&s->arena);
    *s = (struct store_settings){0};
}
