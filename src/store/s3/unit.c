/* unit.c: see unit.h. */
#include "store/s3/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "s3proto/time.h"
#include "store/s3/schedule.h"
#include "store/web/web.h"

void store_unit_unref(struct store_unit *u)
{
    if (!u || atomic_fetch_sub(&u->refs, 1) > 1)
        return;
    for (size_t i = 0; i < u->n_calls; i++)
        if (u->to_file)
            store_call_finish(u->calls[i]); /* the descriptor is borrowed */
        else
            store_call_drop(u->calls[i]);
    nl_block_unref(u->block);
    pthread_mutex_lock(&u->source->mutex);
    u->source->ahead -= u->counted;
    pthread_mutex_unlock(&u->source->mutex);
    free(u->why);
    free(u);
}

int store_unit_new(struct s3_source *s, size_t n_calls, struct store_unit **out, nl_error *err)
{
    struct store_unit *u = calloc(1, sizeof *u + n_calls * sizeof u->calls[0]);
    *out = u;
    if (!u)
        return nl_fail_memory(err);
    atomic_init(&u->refs, 1);
    u->source = s;
    u->n_calls = n_calls;
    return NL_OK;
}

int store_unit_send(struct s3_source *s, struct store_unit *u, size_t i, const char *range, struct store_request r,
                    nl_error *err)
{
    char etag[80];
    pthread_mutex_lock(&s->mutex);
    bool known = s->etag[0], expect = !known && u->tail && s->expected[0];
    snprintf(etag, sizeof etag, "\"%s\"", known ? s->etag : s->expected);
    pthread_mutex_unlock(&s->mutex);
    char date[S3_TIME_HTTP];
    int64_t modified = s->base.modified;
    /* A range that may be the whole object; of others no checksum is known. */
    bool whole =
        s->client->verify_checksums && u->n_calls == 1 && !u->to_file && (u->tail || u->offset == 0) && !s->url;
    s3_pair headers[4] = {{"Range", range}};
    r.n_headers = 1;
    if (known)
        headers[r.n_headers++] = (s3_pair){"If-Match", etag};
    else if (expect)
        headers[r.n_headers++] = (s3_pair){"If-None-Match", etag};
    else if (s->url && modified) {
        s3_time_http(modified, date);
        headers[r.n_headers++] = (s3_pair){"If-Unmodified-Since", date};
    }
    if (whole)
        headers[r.n_headers++] = (s3_pair){"x-amz-checksum-mode", "ENABLED"};
    r.method = "GET";
    if (s->url) {
        r.url = s->url;
        r.url_name = s->base.name;
    } else {
        r.bucket = s->bucket;
        r.key = s->key;
    }
    r.headers = headers;
    int rc = store_call_new(s->client, &r, &u->calls[i], err);
    return rc ? rc : store_call_submit(u->calls[i], err);
}

int store_unit_of_range(struct s3_source *s, nl_range want, uint64_t piece, struct store_unit **out, nl_error *err)
{
    *out = NULL;
    if (want.length > SIZE_MAX / 2)
        return nl_fail(err, NL_NO_MEMORY, "%s: %" PRIu64 " bytes do not fit into memory", s->base.name, want.length);
    int rc = store_unit_new(s, (size_t)((want.length - 1) / piece + 1), out, err);
    if (rc)
        return rc;
    (*out)->state = UNIT_WAITS;
    (*out)->offset = want.offset;
    (*out)->length = want.length;
    (*out)->piece = piece;
    return NL_OK;
}

/* Memory, and its requests. */
static int start(struct s3_source *s, struct store_unit *u, nl_error *err)
{
    int rc = nl_block_new((size_t)u->length, &u->block, err);
    for (size_t i = 0; !rc && i < u->n_calls; i++) {
        char range[64];
        uint64_t at = i * u->piece, left = u->length - at, len = left < u->piece ? left : u->piece;
        snprintf(range, sizeof range, "bytes=%" PRIu64 "-%" PRIu64, u->offset + at, u->offset + at + len - 1);
        struct store_request r = {.block = u->block, .at = (size_t)at, .room = (size_t)len};
        rc = store_unit_send(s, u, i, range, r, err);
    }
    return rc;
}

int store_unit_of_tail(struct s3_source *s, uint64_t want, struct store_unit **out, nl_error *err)
{
    char range[64];
    uint64_t ask = want ? want : 1; /* a range of no bytes cannot be asked for */
    *out = NULL;
    snprintf(range, sizeof range, "bytes=-%" PRIu64, ask);
    struct store_unit *u;
    int rc = store_unit_new(s, 1, &u, err);
    if (rc)
        return rc;
    u->tail = true;
    struct store_request r = {.block_max =
                                  s->url ? STORE_WEB_WHOLE : (size_t)(ask < SIZE_MAX / 2 ? ask : SIZE_MAX / 2)};
    rc = store_unit_send(s, u, 0, range, r, err);
    if (rc) {
        store_unit_unref(u);
        return rc;
    }
    *out = u;
    return NL_OK;
}

/* ── the queue ── */

/* Start a unit that was taken from the queue, whose reference goes; under mutex, which is let go of meanwhile. */
static void start_taken(struct s3_source *s, struct store_unit *u)
{
    nl_error why = {0};
    u->state = UNIT_STARTS;
    u->counted = u->length;
    s->ahead += u->length;
    pthread_mutex_unlock(&s->mutex);
    int rc = start(s, u, &why);
    if (rc && (u->why = malloc(sizeof why)))
        *u->why = why;
    pthread_mutex_lock(&s->mutex);
    u->failed = rc;
    u->state = UNIT_SENT;
    pthread_cond_broadcast(&s->started);
}

/* Take a unit out of the queue; under mutex. */
static void unqueue(struct s3_source *s, struct store_unit *u)
{
    struct store_unit *before = NULL;
    for (struct store_unit *x = s->first; x != u; x = x->next)
        before = x;
    *(before ? &before->next : &s->first) = u->next;
    if (s->last == u)
        s->last = before;
    u->next = NULL;
}

void store_unit_queue(struct s3_source *s, struct store_unit *u)
{
    atomic_fetch_add(&u->refs, 1);
    pthread_mutex_lock(&s->mutex);
    *(s->last ? &s->last->next : &s->first) = u;
    s->last = u;
    pthread_mutex_unlock(&s->mutex);
}

void store_unit_advance(struct s3_source *s)
{
    uint64_t budget = s->client->tuning.ahead;
    pthread_mutex_lock(&s->mutex);
    for (struct store_unit *u; (u = s->first);) {
        bool wanted = atomic_load(&u->refs) > 1; /* by more than the queue */
        if (wanted && !store_schedule_due(s->ahead, u->length, budget))
            break;
        unqueue(s, u);
        if (wanted)
            start_taken(s, u);
        pthread_mutex_unlock(&s->mutex);
        store_unit_unref(u);
        pthread_mutex_lock(&s->mutex);
    }
    pthread_mutex_unlock(&s->mutex);
}

int store_unit_need(struct store_unit *u, nl_error *err)
{
    struct s3_source *s = u->source;
    pthread_mutex_lock(&s->mutex);
    bool ours = u->state == UNIT_WAITS;
    if (ours) {
        unqueue(s, u);
        start_taken(s, u);
    }
    while (u->state != UNIT_SENT)
        pthread_cond_wait(&s->started, &s->mutex);
    int rc = u->failed;
    pthread_mutex_unlock(&s->mutex);
    if (rc && !u->why)
        nl_fail_memory(err);
    else if (rc && err)
        *err = *u->why;
    if (ours)
        store_unit_unref(u); /* the queue's; the fetch has its own */
    return rc;
}

void store_unit_clear(struct s3_source *s)
{
    for (struct store_unit *u; (u = s->first);) {
        s->first = u->next;
        store_unit_unref(u);
    }
    s->last = NULL;
}
