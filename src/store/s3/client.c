/* client.c: making and ending an S3 client. */
#include "store/s3/client.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/s3/schedule.h"

static const struct store_tuning usual = {
    .part_size = 8 << 20,
    .part_buffers = 4,
    .max_attempts = 6,
    .retry_base_ms = 100,
    .retry_most_ms = 20000,
    .stall_seconds = 60,
    .deadline_ms = 900 * 1000,
    .retry_tokens = STORE_BUDGET,
    .copy_max = UINT64_C(5) << 30,
    .copy_part = 256 << 20,
    .ahead = 128 << 20,
    .list_page = 1000,
    .list_split = 4,
};

static void stats(const store_backend *b, nl_store_stats *out)
{
    const struct store_client *c = (const struct store_client *)b;
    out->requests += c->requests;
    out->retries += c->retries;
    out->bytes_received += c->bytes_received;
    out->bytes_sent += c->bytes_sent;
    out->connections += c->connections;
}

static void interrupt(store_backend *b)
{
    struct store_client *c = (struct store_client *)b;
    pthread_mutex_lock(&c->setup);
    struct store_resolver *resolver = c->resolver; /* it lives as long as the client */
    pthread_mutex_unlock(&c->setup);
    if (resolver)
        store_resolver_interrupt(resolver);
    pthread_mutex_lock(&c->mutex);
    c->interrupted = c->submitted;
    c->sweep = true;
    if (c->running)
        curl_multi_wakeup(c->multi);
    pthread_mutex_unlock(&c->mutex);
}

void store_client_stop(struct store_client *c)
{
    pthread_mutex_lock(&c->mutex);
    bool running = c->running;
    c->stopping = true;
    if (running)
        curl_multi_wakeup(c->multi);
    pthread_mutex_unlock(&c->mutex);
    if (running)
        pthread_join(c->thread, NULL);
    c->running = false;
}

static void client_free(store_backend *b)
{
    struct store_client *c = (struct store_client *)b;
    nl_pool_free(c->pool); /* its jobs submit calls */
    store_client_stop(c);
    curl_multi_cleanup(c->multi);
    free(c->active);
    free(c->idle);
    store_resolver_free(c->resolver);
    store_settings_free(&c->settings);
    pthread_mutex_destroy(&c->setup);
    pthread_mutex_destroy(&c->mutex);
    nl_arena_free(&c->arena);
    free(c);
}

static const struct store_backend_ops s3_ops = {
    .open = store_s3_open,
    .create = store_s3_create,
    .head = store_s3_head,
    .remove = store_s3_remove,
    .copy = store_s3_copy,
    .remove_many = store_s3_remove_many,
    .list = store_s3_list,
    .stats = stats,
    .interrupt = interrupt,
    .free = client_free,
};

/* The strings of the options, into the arena. */
static int copy_options(struct store_client *c, const nl_store_options *o, nl_error *err)
{
    const char *const from[] = {o->endpoint_url, o->region, o->profile, o->access_key, o->secret_key, o->session_token};
    const char **to[] = {&c->options.endpoint_url, &c->options.region,     &c->options.profile,
                         &c->options.access_key,   &c->options.secret_key, &c->options.session_token};
    for (size_t i = 0; i < NL_LEN(from); i++) {
        *to[i] = nl_arena_strdup(&c->arena, from[i]);
        if (from[i] && !*to[i])
            return nl_fail_memory(err);
    }
    if (o->request_seconds)
        c->tuning.deadline_ms = o->request_seconds > UINT_MAX / 1000 ? UINT_MAX : o->request_seconds * 1000;
    c->options.max_in_flight = o->max_in_flight;
    c->max_in_flight = o->max_in_flight ? o->max_in_flight : STORE_IN_FLIGHT;
    c->options.anonymous = o->anonymous;
    c->options.requester_pays = o->requester_pays;
    return NL_OK;
}

static void choose_tuning(struct store_tuning *to, const struct store_tuning *t)
{
    static const struct store_tuning none;
    t = t ? t : &none;
    *to = usual;
    to->part_size = t->part_size ? t->part_size : usual.part_size;
    to->part_buffers = t->part_buffers ? t->part_buffers : usual.part_buffers;
    to->max_gap = t->max_gap;
    to->max_request = t->max_request;
    to->split_above = t->split_above;
    to->ahead = t->ahead ? t->ahead : usual.ahead;
    to->max_attempts = t->max_attempts ? t->max_attempts : usual.max_attempts;
    to->retry_base_ms = t->retry_base_ms ? t->retry_base_ms : usual.retry_base_ms;
    to->retry_most_ms = t->retry_most_ms ? t->retry_most_ms : usual.retry_most_ms;
    to->stall_seconds = t->stall_seconds ? t->stall_seconds : usual.stall_seconds;
    to->deadline_ms = t->deadline_ms ? t->deadline_ms : usual.deadline_ms;
    to->retry_tokens = t->retry_tokens ? t->retry_tokens : usual.retry_tokens;
    to->copy_max = t->copy_max ? t->copy_max : usual.copy_max;
    to->copy_part = t->copy_part ? t->copy_part : usual.copy_part;
    to->list_page = t->list_page ? t->list_page : usual.list_page;
    to->list_split = t->list_split ? t->list_split : usual.list_split;
}

int store_s3_backend(const nl_store_options *options, const struct store_tuning *tuning, store_backend **out,
                     nl_error *err)
{
    static const nl_store_options none;
    *out = NULL;
    struct store_client *c = calloc(1, sizeof *c);
    if (!c)
        return nl_fail_memory(err);
    c->base.ops = &s3_ops;
    choose_tuning(&c->tuning, tuning);
    pthread_mutex_init(&c->setup, NULL);
    pthread_mutex_init(&c->mutex, NULL);
    int rc = copy_options(c, options ? options : &none, err);
    if (!rc)
        rc = store_checksum_choose(c, options ? options->checksum : NULL, err);
    if (!rc && c->max_in_flight > STORE_MAX_IN_FLIGHT)
        rc = nl_fail(err, NL_INVALID, "%zu requests in flight: at most %d are taken", c->max_in_flight,
                     STORE_MAX_IN_FLIGHT);
    if (rc) {
        client_free(&c->base);
        return rc;
    }
    *out = &c->base;
    return NL_OK;
}

struct store_limits store_client_limits(struct store_client *c)
{
    pthread_mutex_lock(&c->mutex);
    struct store_link link = c->link.in_flight ? c->link : store_link_usual(c->max_in_flight);
    pthread_mutex_unlock(&c->mutex);
    struct store_limits l = store_schedule(link);
    const struct store_tuning *t = &c->tuning;
    l.max_gap = t->max_gap ? t->max_gap : l.max_gap;
    l.max_request = t->max_request ? t->max_request : l.max_request;
    l.split_above = t->split_above ? t->split_above : l.split_above;
    return l;
}

/* What the settings say of the client itself; nothing was sent yet. */
static void take_settings(struct store_client *c)
{
    pthread_mutex_lock(&c->mutex);
    c->max_in_flight = c->settings.max_in_flight;
    pthread_mutex_unlock(&c->mutex);
}

int store_client_resolve(struct store_client *c, nl_error *err)
{
    int rc = NL_OK;
    pthread_mutex_lock(&c->setup);
    if (!c->resolved) {
        rc = store_settings_read(&c->options, &c->settings, err);
        if (!rc)
            rc = store_endpoint_parse(&c->settings, &c->endpoint, err);
        if (!rc && !c->settings.anonymous)
            rc = store_resolver_new(&c->settings, NULL, &c->resolver, err);
        if (rc)
            store_settings_free(&c->settings);
        else
            take_settings(c);
        c->resolved = !rc;
    }
    pthread_mutex_unlock(&c->setup);
    return rc;
}

int store_client_keys(struct store_client *c, struct store_keys **out, nl_error *err)
{
    *out = NULL;
    int rc = store_client_resolve(c, err);
    return rc || !c->resolver ? rc : store_resolver_get(c->resolver, out, err);
}

int store_client_signing_key(struct store_client *c, const struct store_keys *keys, const char *region,
                             const char *time, s3_scope *scope, uint8_t key[static 32], nl_error *err)
{
    *scope = (s3_scope){.service = "s3"};
    memcpy(scope->date, time, 8);
    memcpy(scope->region, region, strlen(region) + 1); /* at most 60: checked with the endpoint */
    pthread_mutex_lock(&c->setup);
    if (c->keys_serial != keys->serial)
        c->keys = (s3_key_cache){0};
    c->keys_serial = keys->serial;
    int rc = s3_signing_key_cached(&c->keys, keys->secret, scope, key, err);
    pthread_mutex_unlock(&c->setup);
    return rc;
}

int store_client_pool(struct store_client *c, nl_pool **out, nl_error *err)
{
    int rc = NL_OK;
    pthread_mutex_lock(&c->setup);
    if (!c->pool)
        rc = nl_pool_new(0, &c->pool, err);
    *out = c->pool;
    pthread_mutex_unlock(&c->setup);
    return rc;
}

bool store_client_unsigned(const struct store_client *c)
{
    return c->endpoint.https || c->endpoint.loopback;
}
