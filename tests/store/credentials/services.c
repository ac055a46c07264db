/* services.c: see services.h. */
#include "services.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"
#include "s3proto/time.h"
#include "support/check.h"
#include "support/tmp.h"

extern char **environ;

static enum service service_of(const struct standin_request *q)
{
    if (nl_starts_with(q->target, "/latest/api/token"))
        return SERVICE_TOKEN;
    if (!strcmp(q->target, "/latest/meta-data/iam/security-credentials/"))
        return SERVICE_ROLE;
    if (nl_starts_with(q->target, "/latest/meta-data/"))
        return SERVICE_KEYS;
    if (nl_starts_with(q->target, "/federation/credentials"))
        return SERVICE_PORTAL;
    if (!strcmp(q->target, "/token"))
        return SERVICE_OIDC;
    if (nl_starts_with(q->target, "/container"))
        return SERVICE_CONTAINER;
    return !strcmp(q->method, "POST") && strstr(q->body, "Action=") ? SERVICE_STS : SERVICE_OTHER;
}

/* The good answer; %d is the count of this service, so that each answer's keys are told apart. */
static void good(struct services *s, enum service which, const struct standin_request *q, struct standin_answer *a)
{
    char end[S3_TIME_ISO];
    int64_t expires = nl_wall_ns() / 1000000000 + (s->life ? s->life : 3600);
    int n = (int)s->counts[which];
    char *body = s->bodies[s->n_bodies % 64];
    size_t cap = sizeof s->bodies[0];
    s->n_bodies++;
    s3_time_iso(expires, 0, end);
    const char *action = strstr(q->body, "WithWebIdentity") ? "AssumeRoleWithWebIdentity" : "AssumeRole";
    switch (which) {
    case SERVICE_STS:
        snprintf(
            body, cap,
            "<%sResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><%sResult><Credentials>"
            "<AccessKeyId>STS%d</AccessKeyId><SecretAccessKey>secret-%d</SecretAccessKey>"
            "<SessionToken>token-%d</SessionToken><Expiration>%s</Expiration></Credentials></%sResult></%sResponse>",
            action, action, n, n, n, end, action, action);
        break;
    case SERVICE_PORTAL:
        snprintf(
            body, cap,
            "{\"roleCredentials\":{\"accessKeyId\":\"SSO%d\",\"secretAccessKey\":\"secret\",\"sessionToken\":\"T\","
            "\"expiration\":%lld}}",
            n, (long long)expires * 1000);
        break;
    case SERVICE_OIDC:
        snprintf(body, cap, "{\"accessToken\":\"new-token\",\"expiresIn\":28800,\"refreshToken\":\"refresh-2\"}");
        break;
    case SERVICE_TOKEN:
        snprintf(body, cap, "imds-token");
        break;
    case SERVICE_ROLE:
        snprintf(body, cap, "lake role\n");
        break;
    case SERVICE_CONTAINER:
    case SERVICE_KEYS:
        snprintf(body, cap,
                 "{\"Code\":\"Success\",\"AccessKeyId\":\"%s%d\",\"SecretAccessKey\":\"secret\",\"Token\":\"T\","
                 "\"Expiration\":\"%s\"}",
                 which == SERVICE_KEYS ? "EC2-" : "ECS", n, end);
        break;
    default:
        a->status = 404;
        body[0] = 0;
    }
    a->body = body;
    a->body_len = strlen(body);
}

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    struct services *s = ctx;
    enum service which = service_of(q);
    s->counts[which]++;
    pthread_mutex_lock(&s->mutex);
    bool given = s->given[which];
    if (given)
        *a = s->answers[which];
    pthread_mutex_unlock(&s->mutex);
    if (!given)
        good(s, which, q, a);
}

void services_give(struct services *s, enum service which, const struct standin_answer *a)
{
    pthread_mutex_lock(&s->mutex);
    s->given[which] = a != NULL;
    if (a)
        s->answers[which] = *a;
    pthread_mutex_unlock(&s->mutex);
}

void services_say(struct services *s, enum service which, int status, const char *body)
{
    struct standin_answer a = {.status = status, .body = body, .body_len = body ? strlen(body) : 0};
    services_give(s, which, status ? &a : NULL);
}

void services_start(struct services *s)
{
    char names[64][64];
    size_t n = 0;
    for (char **e = environ; *e && n < 64; e++)
        if (nl_starts_with(*e, "AWS_"))
            snprintf(names[n++], sizeof names[0], "%.*s", (int)strcspn(*e, "="), *e);
    for (size_t i = 0; i < n; i++)
        unsetenv(names[i]);
    *s = (struct services){.folder = tmp_make()};
    pthread_mutex_init(&s->mutex, NULL);
    s->standin = standin_start(answer, s);
    setenv("HOME", s->folder, 1);
    setenv("AWS_ENDPOINT_URL", standin_url(s->standin), 1);
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", standin_url(s->standin), 1);
    setenv("no_proxy", "*", 1);
    char *dot = tmp_path(s->folder, ".aws");
    mkdir(dot, 0700);
    free(dot);
}

void services_stop(struct services *s)
{
    nl_clock_set_wall(0);
    standin_stop(s->standin);
    pthread_mutex_destroy(&s->mutex);
    tmp_remove(s->folder);
}

void services_file(const struct services *s, const char *name, const char *text)
{
    char *path = tmp_path(s->folder, name);
    for (char *slash = path + strlen(s->folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    tmp_write_text(path, text);
    free(path);
}

struct store_credentials_tuning services_tuning(const struct services *s)
{
    return (struct store_credentials_tuning){.container_base = standin_url(s->standin),
                                             .total_ms = 5000,
                                             .process_ms = 10000,
                                             .retry_ms = 1};
}

int services_keys(const struct services *s, const nl_store_options *o, struct store_keys **out, nl_error *err)
{
    struct store_settings settings;
    struct store_resolver *r;
    struct store_credentials_tuning tuning = services_tuning(s);
    *out = NULL;
    int rc = store_settings_read(o, &settings, err);
    if (rc)
        return rc;
    rc = store_resolver_new(&settings, &tuning, &r, err);
    if (!rc)
        rc = store_resolver_get(r, out, err);
    store_resolver_free(r);
    store_settings_free(&settings);
    return rc;
}
