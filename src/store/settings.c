/* settings.c: see settings.h for the order. The two files are read into one profile, which the environment then covers. */
#include "store/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/io/sink.h"
#include "base/str.h"
#include "store/ini.h"

enum { max_file = 1 << 20 };

/* What a profile says; NULL: nothing. */
struct profile {
    const char *name;
    bool found;
    /* Of the credentials file and of the config file: E2. */
    struct keys {
        const char *access, *secret, *token;
    } credentials, config;
    const char *region, *endpoint, *services, *s3_endpoint, *ca_bundle, *addressing;
    const char *needs; /* a key that names another way to get credentials */
    const char *services_s3_endpoint;
    nl_arena *arena;
    bool in_services; /* second pass: read [services NAME] only */
};

static int keep(struct profile *p, const char **field, const char *value, nl_error *err)
{
    *field = *value ? nl_arena_strdup(p->arena, value) : NULL;
    return *value && !*field ? nl_fail_memory(err) : NL_OK;
}

static int keep_key(struct profile *p, struct keys *k, const char *key, const char *value, nl_error *err)
{
    if (!strcmp(key, "aws_access_key_id"))
        return keep(p, &k->access, value, err);
    if (!strcmp(key, "aws_secret_access_key"))
        return keep(p, &k->secret, value, err);
    if (!strcmp(key, "aws_session_token"))
        return keep(p, &k->token, value, err);
    return NL_OK;
}

/* A setting of the config file, in our profile. */
static int keep_config(struct profile *p, const char *key, const char *sub, const char *value, nl_error *err)
{
    static const char *const other_ways[] = {"role_arn",           "sso_start_url",           "sso_session",
                                             "credential_process", "web_identity_token_file", "credential_source"};
    if (*sub)
        return strcmp(key, "s3") != 0             ? NL_OK
               : !strcmp(sub, "addressing_style") ? keep(p, &p->addressing, value, err)
               : !strcmp(sub, "endpoint_url")     ? keep(p, &p->s3_endpoint, value, err)
                                                  : NL_OK;
    for (size_t i = 0; i < NL_LEN(other_ways); i++)
        if (!strcmp(key, other_ways[i]))
            p->needs = other_ways[i];
    if (!strcmp(key, "region"))
        return keep(p, &p->region, value, err);
    if (!strcmp(key, "endpoint_url"))
        return keep(p, &p->endpoint, value, err);
    if (!strcmp(key, "services"))
        return keep(p, &p->services, value, err);
    if (!strcmp(key, "ca_bundle"))
        return keep(p, &p->ca_bundle, value, err);
    return keep_key(p, &p->config, key, value, err);
}

/* Is section "[profile NAME]", or "[default]" for the default one? */
static bool is_profile(const char *section, const char *name)
{
    if (nl_starts_with(section, "profile ") && !strcmp(section + 8, name))
        return true;
    return !strcmp(name, "default") && !strcmp(section, "default");
}

static int on_config(void *ctx, const char *section, const char *key, const char *sub, const char *value, nl_error *err)
{
    struct profile *p = ctx;
    if (p->in_services) {
        bool ours = nl_starts_with(section, "services ") && !strcmp(section + 9, p->services);
        return ours && !strcmp(key, "s3") && !strcmp(sub, "endpoint_url")
                   ? keep(p, &p->services_s3_endpoint, value, err)
                   : NL_OK;
    }
    if (!is_profile(section, p->name))
        return NL_OK;
    p->found = true;
    return keep_config(p, key, sub, value, err);
}

static int on_credentials(void *ctx, const char *section, const char *key, const char *sub, const char *value,
                          nl_error *err)
{
    struct profile *p = ctx;
    if (*sub || strcmp(section, p->name) != 0)
        return NL_OK;
    p->found = true;
    return keep_key(p, &p->credentials, key, value, err);
}

/* The environment's value, NULL where it is empty. */
static const char *from_env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The file's text: its variable's name, or below the home folder. A missing one is empty. */
static int read_settings_file(nl_arena *arena, const char *variable, const char *in_home, const char **path,
                              nl_buf *text, nl_error *err)
{
    const char *home = from_env("HOME");
    *path = from_env(variable);
    if (!*path && !home)
        return NL_OK;
    if (!*path)
        *path = nl_arena_printf(arena, "%s/%s", home, in_home);
    else if (home && nl_starts_with(*path, "~/"))
        *path = nl_arena_printf(arena, "%s/%s", home, *path + 2);
    if (!*path)
        return nl_fail_memory(err);
    int rc = nl_read_file(*path, max_file, text, err);
    if (rc == NL_NOT_FOUND) {
        nl_error_clear(err);
        return NL_OK;
    }
    return rc;
}

static int read_files(struct profile *p, nl_error *err)
{
    nl_buf text = {0};
    const char *path = "";
    int rc = read_settings_file(p->arena, "AWS_CONFIG_FILE", ".aws/config", &path, &text, err);
    if (!rc)
        rc = store_ini_parse(path, text.data, text.len, on_config, p, err);
    if (!rc && p->services) {
        p->in_services = true;
        rc = store_ini_parse(path, text.data, text.len, on_config, p, err);
    }
    nl_buf_clear(&text);
    if (!rc)
        rc = read_settings_file(p->arena, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", &path, &text, err);
    if (!rc)
        rc = store_ini_parse(path, text.data, text.len, on_credentials, p, err);
    nl_buf_free(&text);
    return rc;
}

static int no_credentials(const struct profile *p, nl_error *err)
{
    if (p->needs)
        return nl_fail(err, NL_UNSUPPORTED, "profile \"%s\" gets its credentials by %s, which is not supported yet",
                       p->name, p->needs);
    int rc = nl_fail(err, NL_DENIED, "no S3 credentials are set");
    nl_hint(err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; for the local server: "
                 "eval \"$(neuralake s3 env [--root DIR])\"");
    return rc;
}

/* Take a pair from one place; found says whether there is anything. Half a pair is an error. */
static int take_keys(struct store_settings *s, const char *where, const char *access, const char *secret,
                     const char *token, bool *found, nl_error *err)
{
    *found = access || secret;
    if (!*found)
        return NL_OK;
    if (!access || !secret) {
        int rc = nl_fail(err, NL_DENIED, "%s: the %s is set, and the %s is not", where,
                         access ? "access key" : "secret key", access ? "secret key" : "access key");
        nl_hint(err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY together");
        return rc;
    }
    s->access_key = nl_arena_strdup(&s->arena, access);
    s->secret_key = nl_arena_strdup(&s->arena, secret);
    s->session_token = nl_arena_strdup(&s->arena, token);
    return s->access_key && s->secret_key && (s->session_token || !token) ? NL_OK : nl_fail_memory(err);
}

static int choose_credentials(const nl_store_options *o, const struct profile *p, struct store_settings *s,
                              nl_error *err)
{
    bool found;
    int rc = take_keys(s, "options", o->access_key, o->secret_key, o->session_token, &found, err);
    if (rc || found)
        return rc;
    if (!o->profile) { /* E1 */
        rc = take_keys(s, "environment", from_env("AWS_ACCESS_KEY_ID"), from_env("AWS_SECRET_ACCESS_KEY"),
                       from_env("AWS_SESSION_TOKEN"), &found, err);
        if (rc || found)
            return rc;
    }
    const struct keys *places[] = {&p->credentials, &p->config};
    for (size_t i = 0; i < NL_LEN(places); i++) {
        rc = take_keys(s, i ? "config file" : "credentials file", places[i]->access, places[i]->secret,
                       places[i]->token, &found, err);
        if (rc || found)
            return rc;
    }
    return no_credentials(p, err);
}

/* The first that is there, copied. */
static int choose(struct store_settings *s, const char **field, const char *const *candidates, size_t n, nl_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (candidates[i] && *candidates[i]) {
            *field = nl_arena_strdup(&s->arena, candidates[i]);
            return *field ? NL_OK : nl_fail_memory(err);
        }
    return NL_OK;
}

static int choose_addressing(const struct profile *p, struct store_settings *s, nl_error *err)
{
    if (!p->addressing || !strcmp(p->addressing, "auto"))
        s->addressing = STORE_ADDRESS_AUTO;
    else if (!strcmp(p->addressing, "path"))
        s->addressing = STORE_ADDRESS_PATH;
    else if (!strcmp(p->addressing, "virtual"))
        s->addressing = STORE_ADDRESS_VIRTUAL;
    else
        return nl_fail(err, NL_INVALID, "profile \"%s\": addressing_style is auto, path or virtual, not \"%s\"",
                       p->name, p->addressing);
    return NL_OK;
}

static int choose_all(const nl_store_options *o, const struct profile *p, struct store_settings *s, nl_error *err)
{
    const char *ignore = from_env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    bool configured = !ignore || strcasecmp(ignore, "true") != 0;
    const char *endpoints[] = {o->endpoint_url,
                               configured ? from_env("AWS_ENDPOINT_URL_S3") : NULL,
                               configured ? from_env("AWS_ENDPOINT_URL") : NULL,
                               configured ? p->services_s3_endpoint : NULL,
                               configured ? p->s3_endpoint : NULL,
                               configured ? p->endpoint : NULL};
    const char *regions[] = {o->region, from_env("AWS_REGION"), from_env("AWS_DEFAULT_REGION"), p->region, "us-east-1"};
    const char *bundles[] = {from_env("AWS_CA_BUNDLE"), p->ca_bundle};
    int rc = choose(s, &s->endpoint_url, endpoints, NL_LEN(endpoints), err);
    if (!rc)
        rc = choose(s, &s->region, regions, NL_LEN(regions), err);
    if (!rc)
        rc = choose(s, &s->ca_bundle, bundles, NL_LEN(bundles), err);
    if (!rc)
        rc = choose_addressing(p, s, err);
    return rc ? rc : choose_credentials(o, p, s, err);
}

int store_settings_read(const nl_store_options *options, struct store_settings *out, nl_error *err)
{
    static const nl_store_options none;
    const nl_store_options *o = options ? options : &none;
    *out = (struct store_settings){0};
    nl_arena scratch = {0};
    const char *named = o->profile ? o->profile : from_env("AWS_PROFILE");
    if (!named)
        named = from_env("AWS_DEFAULT_PROFILE");
    struct profile p = {.name = named ? named : "default", .arena = &scratch};
    int rc = read_files(&p, err);
    if (!rc && named && !p.found && strcmp(named, "default") != 0)
        rc = nl_fail(err, NL_INVALID, "profile \"%s\" is in neither the config file nor the credentials file", named);
    if (!rc)
        rc = choose_all(o, &p, out, err);
    nl_arena_free(&scratch);
    if (rc)
        store_settings_free(out);
    return rc;
}

void store_settings_free(struct store_settings *s)
{
    nl_arena_free(&s->arena);
    *s = (struct store_settings){0};
}
