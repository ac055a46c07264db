/* web.c: see web.h. */
#include "store/web/web.h"

#include <stdlib.h>
#include <string.h>

#include "store/s3/client.h"
#include "store/web/url.h"

struct web {
    store_backend base;
    store_backend *client; /* a store_client, which is never asked for anything of S3 */
};

static struct store_client *client_of(store_backend *b)
{
    return (struct store_client *)((struct web *)b)->client;
}

/* The client's settings, which are the certificates alone: the profiles of AWS say nothing about the web. */
static int resolve(struct store_client *c, nl_error *err)
{
    int rc = NL_OK;
    pthread_mutex_lock(&c->setup);
    if (!c->resolved) {
        struct store_settings *s = &c->settings;
        rc = store_environment_read(&s->arena, &s->env, err);
        s->ca_bundle = s->env.AWS_CA_BUNDLE;
        s->region = s->profile = "";
        s->anonymous = true;
        c->resolved = !rc;
    }
    pthread_mutex_unlock(&c->setup);
    return rc;
}

static int web_open(store_backend *b, const char *uri, const nl_object_info *info, nl_source **out, nl_error *err)
{
    char *name;
    *out = NULL;
    int rc = store_web_parse(uri, NULL, &name, err);
    if (!rc)
        rc = resolve(client_of(b), err);
    if (!rc)
        rc = store_source_of_url(client_of(b), uri, name, info, out, err);
    if (rc)
        free(name);
    return rc;
}

/* One request about the address; ranged: GET of its first byte. */
static int ask(struct store_client *c, const char *url, const char *name, bool ranged, struct store_call **call,
               nl_error *err)
{
    static const s3_pair range = {"Range", "bytes=0-0"};
    struct store_request r = {.method = ranged ? "GET" : "HEAD",
                              .url = url,
                              .url_name = name,
                              .headers = &range,
                              .n_headers = ranged,
                              .block_max = ranged};
    int rc = store_call_run(c, &r, call, err);
    bool all_of_it = ranged && *call && (*call)->failed == NL_INVALID && (*call)->reply.http == 200;
    if (rc && all_of_it) { /* a server without ranges: its head was enough */
        nl_error_clear(err);
        rc = NL_OK;
    }
    return rc;
}

/* Does this answer to HEAD leave hope for a GET? Presigned addresses are for one method, and some servers know no HEAD. */
static bool head_was_refused(const struct store_call *call, int rc)
{
    int http = call ? call->reply.http : 0;
    return rc ? http == 400 || http == 403 || http == 405 || http == 501 : call->reply.length == UINT64_MAX;
}

static int web_head(store_backend *b, const char *uri, nl_object_info *out, nl_error *err)
{
    struct store_call *call = NULL;
    char *name;
    *out = (nl_object_info){0};
    int rc = store_web_parse(uri, NULL, &name, err);
    if (!rc)
        rc = resolve(client_of(b), err);
    if (!rc)
        rc = ask(client_of(b), uri, name, false, &call, err);
    if (call && head_was_refused(call, rc)) {
        store_call_free(call);
        nl_error_clear(err);
        rc = ask(client_of(b), uri, name, true, &call, err);
    }
    if (!rc && call) {
        const struct store_reply *r = &call->reply;
        out->size = r->http == 206 ? r->total : r->length != UINT64_MAX ? r->length : call->received;
        out->modified = r->modified;
        memcpy(out->etag, r->etag, sizeof out->etag);
        if (r->http == 206 && r->total == UINT64_MAX)
            rc = nl_fail(err, NL_UNSUPPORTED, "%s: the server does not tell its size", name);
    }
    store_call_free(call);
    free(name);
    return rc;
}

/* ── what the web is not asked for ── */

static int refuse(const char *uri, const char *what, nl_error *err)
{
    char *name;
    int rc = store_web_parse(uri, NULL, &name, err);
    if (!rc)
        rc = nl_fail(err, NL_UNSUPPORTED, "%s: %s", name, what);
    free(name);
    return rc;
}

static int web_create(store_backend *b, const char *uri, const nl_put_options *options, nl_sink **out, nl_error *err)
{
    (void)b, (void)options;
    *out = NULL;
    return refuse(uri, "addresses of the web are read only", err);
}

static int web_remove(store_backend *b, const char *uri, nl_error *err)
{
    (void)b;
    return refuse(uri, "addresses of the web are read only", err);
}

static int web_list(store_backend *b, const char *uri, bool recursive, nl_list_fn fn, void *ctx, nl_error *err)
{
    (void)b, (void)recursive, (void)fn, (void)ctx;
    return refuse(uri, "the web has no listings: name each file", err);
}

static void web_stats(const store_backend *b, nl_store_stats *out)
{
    const struct web *w = (const struct web *)b;
    w->client->ops->stats(w->client, out);
}

static void web_interrupt(store_backend *b)
{
    struct web *w = (struct web *)b;
    w->client->ops->interrupt(w->client);
}

static void web_free(store_backend *b)
{
    struct web *w = (struct web *)b;
    w->client->ops->free(w->client);
    free(w);
}

int store_web_backend(const nl_store_options *options, const struct store_tuning *tuning, store_backend **out,
                      nl_error *err)
{
    static const struct store_backend_ops ops = {
        .open = web_open,
        .create = web_create,
        .head = web_head,
        .remove = web_remove,
        .list = web_list,
        .stats = web_stats,
        .interrupt = web_interrupt,
        .free = web_free,
    };
    *out = NULL;
    struct web *w = calloc(1, sizeof *w);
    if (!w)
        return nl_fail_memory(err);
    w->base.ops = &ops;
    int rc = store_s3_backend(options, tuning, &w->client, err);
    if (rc) {
        free(w);
        return rc;
    }
    *out = &w->base;
    return NL_OK;
}
