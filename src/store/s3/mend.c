/* mend.c: answers that say: not with these keys, or not here. Both heal by asking once more, signed anew.
 *
 *     ExpiredToken                                    the keys have ended before their time: others, from the resolver
 *     301, 307, 400 with x-amz-bucket-region, or      the bucket is in another region: its endpoint, and a signature for
 *     <Region> in the error, or HEAD of the bucket    it. Remembered: the bucket's next calls go there at once
 *
 * An endpoint that the user gave stays what it is; only the region in the signature changes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "store/s3/client.h"

/* ── places ── */

static const struct store_place *find_place(const struct store_client *c, const char *bucket)
{
    for (const struct store_place *p = c->places; p; p = p->next)
        if (!strcmp(p->bucket, bucket))
            return p;
    return NULL;
}

void store_client_place(struct store_client *c, const char *bucket, const struct store_endpoint **endpoint,
                        const char **region)
{
    pthread_mutex_lock(&c->setup);
    const struct store_place *p = bucket ? find_place(c, bucket) : NULL;
    pthread_mutex_unlock(&c->setup);
    *endpoint = p ? &p->endpoint : &c->endpoint;
    *region = p ? p->region : c->settings.region;
}

/* Remember a bucket's region. A later answer wins: it goes to the front. */
static int learn_place(struct store_client *c, const char *bucket, const char *region, nl_error *err)
{
    struct store_settings s = c->settings;
    struct store_endpoint endpoint;
    s.region = region;
    int rc = store_endpoint_parse(&s, &endpoint, err); /* refuses what is no region's name */
    if (rc)
        return rc;
    pthread_mutex_lock(&c->setup);
    const struct store_place *known = find_place(c, bucket);
    if (!known || strcmp(known->region, region) != 0) {
        struct store_place *p = nl_arena_alloc(&c->arena, sizeof *p);
        const char *name = p ? nl_arena_strdup(&c->arena, bucket) : NULL;
        if (name) {
            *p = (struct store_place){.next = c->places, .bucket = name, .endpoint = endpoint};
            memcpy(p->region, region, strlen(region) + 1);
            c->places = p;
        } else {
            rc = nl_fail_memory(err);
        }
    }
    pthread_mutex_unlock(&c->setup);
    nl_log("store", NL_LOG_DEBUG, "bucket %s is in region %s", bucket, region);
    return rc;
}

/* ── what an answer asks for ── */

/* The region that the answer names; "": none. No parsing of XML: a search, as for the code. */
static void said_region(const struct store_call *call, char out[static 64])
{
    static const char open[] = "<Region>";
    size_t n = strlen(call->reply.bucket_region);
    memcpy(out, call->reply.bucket_region, n + 1);
    const char *text = call->text.data;
    const char *at = !n && text ? memmem(text, call->text.len, open, sizeof open - 1) : NULL;
    if (!at)
        return;
    at += sizeof open - 1;
    while (n < 63 && at + n < text + call->text.len && at[n] != '<')
        n++;
    memcpy(out, at, n);
    out[n] = 0;
}

static bool makes_bucket(const struct store_request *r)
{
    return !strcmp(r->method, "PUT") && !r->key && !r->n_query;
}

static bool wants_region(const struct store_call *call)
{
    const struct store_request *r = &call->request;
    int http = call->reply.http;
    if (call->mended_region || !r->bucket || makes_bucket(r) || (http != 301 && http != 307 && http != 400))
        return false;
    char region[64];
    said_region(call, region);
    return *region ? strcmp(region, call->region) != 0 : http == 301;
}

static bool wants_keys(const struct store_call *call)
{
    if (call->mended_keys || !call->keys || call->reply.http < 400 || call->reply.http > 403)
        return false;
    if (!strcmp(call->request.method, "HEAD")) /* has no body that could say why */
        return call->reply.http == 400 && call->keys->token;
    char code[64];
    store_call_code(call, code);
    return !strcmp(code, "ExpiredToken") || !strcmp(code, "ExpiredTokenException") ||
           !strcmp(code, "TokenRefreshRequired");
}

bool store_mend_wanted(const struct store_call *call)
{
    return !call->failed && call->curl == CURLE_OK && (wants_region(call) || wants_keys(call));
}

/* ── mending ── */

/* Ask the bucket itself, in a request that is never mended. */
static int ask_bucket(const struct store_call *call, char region[static 64], nl_error *err)
{
    struct store_call *head;
    int rc = store_call_new(call->client, &(struct store_request){.method = "HEAD", .bucket = call->request.bucket},
                            &head, err);
    if (rc)
        return rc;
    head->mended_keys = head->mended_region = true;
    rc = store_call_submit(head, err);
    if (!rc) {
        store_call_wait(head, NULL, NULL);
        memcpy(region, head->reply.bucket_region, sizeof head->reply.bucket_region);
    }
    store_call_free(head);
    return rc;
}

static int mend_region(struct store_call *call)
{
    char region[64];
    call->mended_region = true;
    said_region(call, region);
    int rc = *region ? NL_OK : ask_bucket(call, region, NULL);
    if (!rc && (!*region || !strcmp(region, call->region)))
        rc = NL_NOT_FOUND;
    if (!rc)
        rc = learn_place(call->client, call->request.bucket, region, NULL);
    if (!rc)
        store_client_place(call->client, call->request.bucket, &call->endpoint, &call->region);
    return rc ? rc : store_call_address(call, NULL);
}

static int mend_keys(struct store_call *call)
{
    struct store_keys *fresh;
    nl_error err = {0};
    call->mended_keys = true;
    int rc = store_resolver_renew(call->client->resolver, call->keys, &fresh, &err);
    if (rc)
        call->mend_failed = nl_arena_strdup(&call->arena, err.message);
    if (rc || !fresh)
        return rc ? rc : NL_NOT_FOUND;
    store_keys_unref(call->keys);
    call->keys = fresh;
    return NL_OK;
}

int store_mend(struct store_call *call)
{
    int rc = wants_region(call) ? mend_region(call) : mend_keys(call);
    return rc ? rc : store_call_sign(call, NULL);
}
