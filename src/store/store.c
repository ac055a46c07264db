/* store.c: the calls of store.h, each to the backend of its URI. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/pump.h"
#include "base/str.h"
#include "store/backend.h"
#include "store/cache/cache.h"
#include "store/settings.h"
#include "store/web/url.h"
#include "store/web/web.h"

struct nl_store {
    store_backend *s3, *web;  /* made at once, started at their first use */
    nl_arena arena;           /* the options' strings, and the settings of the cache */
    nl_store_options options; /* of the cache alone */
    pthread_mutex_t mutex;    /* of the opening of the cache */
    bool has_cache;           /* it was looked for */
    _Atomic(struct store_cache *) cache;
};

/* The cache, opened at its first use; NULL where there is none. A failure is not kept. */
static int cache_of(nl_store *s, struct store_cache **out, nl_error *err)
{
    struct store_cache_settings settings;
    int rc = NL_OK;
    pthread_mutex_lock(&s->mutex);
    if (!s->has_cache) {
        struct store_cache *cache = NULL;
        rc = store_cache_settings_read(&s->arena, &s->options, &settings, err);
        if (!rc && settings.dir)
            rc = store_cache_open(settings.dir, settings.bytes, &cache, err);
        s->cache = cache;
        s->has_cache = !rc;
    }
    *out = s->cache;
    pthread_mutex_unlock(&s->mutex);
    return rc;
}

/* Let a source that was just opened look into the cache first. On failure it is closed. */
static int through_cache(nl_store *s, nl_source **source, nl_error *err)
{
    struct store_cache *cache;
    nl_source *inner = *source;
    int rc = cache_of(s, &cache, err);
    if (!rc && cache)
        rc = store_cache_source(cache, inner, source, err);
    if (rc) {
        nl_source_close(inner);
        *source = NULL;
    }
    return rc;
}

int store_new_tuned(const nl_store_options *options, const struct store_tuning *tuning, nl_store **out, nl_error *err)
{
    *out = NULL;
    nl_store *s = calloc(1, sizeof *s);
    if (!s)
        return nl_fail_memory(err);
    const char *dir = options ? options->cache_dir : NULL;
    pthread_mutex_init(&s->mutex, NULL);
    s->options.cache_bytes = options ? options->cache_bytes : 0;
    s->options.cache_dir = nl_arena_strdup(&s->arena, dir);
    int rc = dir && !s->options.cache_dir ? nl_fail_memory(err) : store_s3_backend(options, tuning, &s->s3, err);
    if (!rc)
        rc = store_web_backend(options, tuning, &s->web, err);
    if (rc) {
        nl_store_free(s);
        return rc;
    }
    *out = s;
    return NL_OK;
}

int nl_store_new(const nl_store_options *options, nl_store **out, nl_error *err)
{
    return store_new_tuned(options, NULL, out, err);
}

void nl_store_free(nl_store *s)
{
    if (!s)
        return;
    if (s->web)
        s->web->ops->free(s->web);
    if (s->s3)
        s->s3->ops->free(s->s3);
    store_cache_free(s->cache);
    pthread_mutex_destroy(&s->mutex);
    nl_arena_free(&s->arena);
    free(s);
}

void nl_store_get_stats(const nl_store *s, nl_store_stats *out)
{
    *out = (nl_store_stats){0};
    s->s3->ops->stats(s->s3, out);
    s->web->ops->stats(s->web, out);
    const struct store_cache *cache = s->cache;
    if (cache)
        store_cache_stats(cache, out);
}

void nl_store_interrupt(nl_store *s)
{
    s->s3->ops->interrupt(s->s3);
    s->web->ops->interrupt(s->web);
}

/* Whose URI is this? A name with another scheme is an error; a lone path never has "://". */
static int backend_of(nl_store *s, const char *uri, store_backend **out, nl_error *err)
{
    const char *mark = strstr(uri, "://");
    *out = NULL;
    if (nl_starts_with(uri, "s3://"))
        *out = s->s3;
    else if (store_web_is(uri))
        *out = s->web;
    else if (!mark || nl_starts_with(uri, "file://") || mark == uri || *uri == '/' || *uri == '.')
        *out = store_local_backend();
    else
        return nl_fail(err, NL_UNSUPPORTED,
                       "%s: only s3://bucket/key, https://host/path, file:///path and plain paths are known", uri);
    return *uri ? NL_OK : nl_fail(err, NL_INVALID, "the path is empty");
}

int nl_store_open(nl_store *s, const char *uri, const nl_object_info *info, nl_source **out, nl_error *err)
{
    store_backend *b;
    *out = NULL;
    int rc = backend_of(s, uri, &b, err);
    if (!rc)
        rc = b->ops->open(b, uri, info, out, err);
    return rc || b == store_local_backend() ? rc : through_cache(s, out, err);
}

int nl_store_create(nl_store *s, const char *uri, const nl_put_options *options, nl_sink **out, nl_error *err)
{
    store_backend *b;
    *out = NULL;
    int rc = backend_of(s, uri, &b, err);
    return rc ? rc : b->ops->create(b, uri, options, out, err);
}

int nl_store_head(nl_store *s, const char *uri, nl_object_info *out, nl_error *err)
{
    store_backend *b;
    *out = (nl_object_info){0};
    int rc = backend_of(s, uri, &b, err);
    return rc ? rc : b->ops->head(b, uri, out, err);
}

int nl_store_delete(nl_store *s, const char *uri, nl_error *err)
{
    store_backend *b;
    int rc = backend_of(s, uri, &b, err);
    return rc ? rc : b->ops->remove(b, uri, err);
}

int nl_store_delete_many(nl_store *s, const char *const *uris, size_t n, nl_delete_fn fn, void *ctx, nl_error *err)
{
    for (size_t i = 0, end; i < n; i = end) {
        store_backend *b, *next;
        int rc = backend_of(s, uris[i], &b, err);
        for (end = i + 1, next = b; !rc && end < n; end++) {
            rc = backend_of(s, uris[end], &next, err);
            if (next != b)
                break;
        }
        if (!rc && b->ops->remove_many)
            rc = b->ops->remove_many(b, uris + i, end - i, fn, ctx, err);
        for (size_t j = i; !rc && !b->ops->remove_many && j < end; j++) {
            nl_error own = {0};
            int failed = b->ops->remove(b, uris[j], &own);
            rc = fn(ctx, uris[j], failed ? &own : NULL, err);
        }
        if (rc)
            return rc;
    }
    return NL_OK;
}

int nl_store_presign(nl_store *s, const char *method, const char *uri, int64_t seconds, char **out, nl_error *err)
{
    return store_s3_presign(s->s3, method, uri, seconds, out, err);
}

int nl_store_remove_bucket(nl_store *s, const char *bucket, nl_error *err)
{
    return store_s3_remove_bucket(s->s3, bucket, err);
}

int nl_store_list(nl_store *s, const char *uri, bool recursive, nl_list_fn fn, void *ctx, nl_error *err)
{
    store_backend *b;
    int rc = backend_of(s, uri, &b, err);
    return rc ? rc : b->ops->list(b, uri, recursive, fn, ctx, err);
}

int nl_store_make_bucket(nl_store *s, const char *bucket, nl_error *err)
{
    return store_s3_make_bucket(s->s3, bucket, err);
}

int nl_store_list_buckets(nl_store *s, int (*fn)(void *ctx, const char *name, int64_t created, nl_error *err),
                          void *ctx, nl_error *err)
{
    return store_s3_list_buckets(s->s3, fn, ctx, err);
}

/* Read here, write there. */
static int copy_through(nl_store *s, const char *from, const nl_object_info *info, const char *to, nl_put_options o,
                        nl_error *err)
{
    nl_source *source;
    nl_sink *sink;
    int rc = nl_store_open(s, from, info, &source, err);
    if (rc)
        return rc;
    uint64_t size = nl_source_size(source);
    o.size_hint = size == NL_SIZE_UNKNOWN ? 0 : size;
    rc = nl_store_create(s, to, &o, &sink, err);
    if (!rc) {
        rc = nl_pump(source, sink, NULL, NULL, NULL, err);
        if (rc)
            nl_sink_abort(sink);
        else
            rc = nl_sink_commit(sink, err);
    }
    nl_source_close(source);
    return rc;
}

int nl_store_copy(nl_store *s, const char *from, const char *to, nl_error *err)
{
    return nl_store_copy_known(s, from, NULL, to, NULL, err);
}

int nl_store_copy_known(nl_store *s, const char *from, const nl_object_info *info, const char *to,
                        const nl_put_options *options, nl_error *err)
{
    static const nl_put_options none;
    store_backend *a, *b;
    const nl_put_options *o = options ? options : &none;
    int rc = backend_of(s, from, &a, err);
    if (!rc)
        rc = backend_of(s, to, &b, err);
    if (!rc && (o->if_absent || o->if_match))
        rc = nl_fail(err, NL_UNSUPPORTED, "copy of %s: a copy takes no condition", from);
    if (rc)
        return rc;
    return a == b && a->ops->copy ? a->ops->copy(a, from, info, to, o, err) : copy_through(s, from, info, to, *o, err);
}
