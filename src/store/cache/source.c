/* source.c: a source that looks into the cache first.
 *
 *     ranges wanted ─┬─ here ────────▶ read and verified by who waits        none of this asks the store
 *                    └─ not here ────▶ the inner source, together ──wait──▶ kept, given
 *
 *     tail, version known (a listing)   a range like others
 *     tail, version not known           asked for with If-None-Match of what was kept last: 304 brings no bytes, and all that is
 *                                       kept is good; other bytes are those of a new version
 *
 * Y1  Bytes of the cache are given only while the inner source's version is known, and they are of that version. The inner
 *     source holds all that it asks for to the same version (O1), so a mix never happens.
 * Y2  What cannot be read from the cache at the wait is asked for then.
 */
#include <stdlib.h>
#include <string.h>

#include "store/cache/object.h"

enum { tail_kept_max = 16 << 20 };

enum stage {
    FRESH,   /* nothing was asked yet */
    ADDRESS, /* the object is known */
    VERSION, /* and its version */
    PLAIN    /* neither can be had: all is the inner source's */
};

struct cached_source {
    nl_source base;
    nl_source *inner;
    struct store_cache *cache;
    pthread_mutex_t mutex; /* of all below, but for what object.h guards itself */
    _Atomic enum stage stage;
    struct store_cached object;
    nl_bytes tail; /* that was read last, in memory */
    uint64_t tail_from;
};

struct cached_fetch {
    nl_fetch base;
    nl_range range;  /* of a tail whose place is not known: the length is what is wanted */
    bool is_tail;    /* asked for as one */
    bool place;      /* range.offset holds */
    nl_fetch *inner; /* NULL: from ready, or the cache */
    nl_bytes ready;
};

static struct cached_source *source_of(nl_source *s)
{
    return (struct cached_source *)s;
}

/* ── what is known ── */

/* The address: what is needed to find anything. Under mutex. */
static void learn_address(struct cached_source *s)
{
    nl_buf address = {0};
    char etag[STORE_ETAG];
    uint64_t size;
    if (store_source_identity(s->inner, &address, NULL)) {
        s->stage = PLAIN; /* and the inner source says why */
    } else {
        store_cached_init(&s->object, s->cache, address.data);
        s->stage = ADDRESS;
        store_source_etag(s->inner, etag);
        if (!*etag && store_cached_newest(&s->object, etag, &size))
            store_source_expect(s->inner, etag, size);
    }
    nl_buf_free(&address);
}

/* Learn what can be learned: before anything is asked, and with each answer. */
static void learn(struct cached_source *s)
{
    s->base.size = s->inner->size;
    s->base.modified = s->inner->modified;
    if (s->stage >= VERSION)
        return;
    pthread_mutex_lock(&s->mutex);
    if (s->stage == FRESH)
        learn_address(s);
    char etag[STORE_ETAG];
    store_source_etag(s->inner, etag);
    if (s->stage == ADDRESS && *etag && s->base.size != NL_SIZE_UNKNOWN) {
        store_cached_load(&s->object, etag, s->base.size);
        s->stage = VERSION;
    }
    pthread_mutex_unlock(&s->mutex);
}

static bool holds(struct cached_source *s, nl_range r)
{
    return s->stage == VERSION && store_cached_holds(&s->object, r);
}

/* Is the range in the tail that was read? Then its bytes are in *out. */
static bool from_tail(struct cached_source *s, nl_range r, nl_bytes *out)
{
    *out = (nl_bytes){0};
    pthread_mutex_lock(&s->mutex);
    bool inside = s->tail.data && r.offset >= s->tail_from && r.length <= s->tail.len &&
                  r.offset - s->tail_from <= s->tail.len - r.length;
    if (inside)
        *out = nl_bytes_slice(s->tail, (size_t)(r.offset - s->tail_from), (size_t)r.length);
    pthread_mutex_unlock(&s->mutex);
    return inside;
}

static void keep_tail(struct cached_source *s, nl_range r, nl_bytes bytes)
{
    pthread_mutex_lock(&s->mutex);
    if (!s->tail.data && bytes.len && bytes.len <= tail_kept_max) {
        s->tail = nl_bytes_slice(bytes, 0, bytes.len);
        s->tail_from = r.offset;
    }
    pthread_mutex_unlock(&s->mutex);
}

/* ── waiting ── */

static int from_cache(struct cached_source *s, nl_range r, nl_bytes *out)
{
    nl_block *block;
    if (!holds(s, r) || nl_block_new((size_t)r.length, &block, NULL))
        return NL_NOT_FOUND;
    bool good = store_cached_read(&s->object, r, nl_block_data(block));
    if (good) {
        *out = nl_bytes_of(block, 0, (size_t)r.length);
        atomic_fetch_add(&s->cache->hits, 1);
        atomic_fetch_add(&s->cache->bytes, r.length);
    }
    nl_block_unref(block);
    return good ? NL_OK : NL_NOT_FOUND;
}

/* The answer to f->inner, which ends. */
static int from_inner(struct cached_source *s, struct cached_fetch *f, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    nl_fetch *inner = f->inner;
    f->inner = NULL;
    int rc = nl_fetch_wait(inner, cancel, out, err);
    if (rc)
        return rc;
    learn(s);
    if (!f->place) {
        uint64_t size = s->base.size, take = f->range.length < size ? f->range.length : size;
        f->range = (nl_range){size - take, take};
        f->place = true;
    }
    if (out->len == f->range.length && s->stage == VERSION)
        store_cached_add(&s->object, f->range, out->data);
    return NL_OK;
}

/* The bytes, from wherever they are. A tail that comes without bytes is kept already: it is looked for once more. */
static int get(struct cached_source *s, struct cached_fetch *f, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    int rc = nl_cancel_check(cancel, err);
    if (!rc && f->inner) {
        rc = from_inner(s, f, cancel, out, err);
        if (rc || out->len == f->range.length)
            return rc;
    }
    if (rc || !f->range.length || !from_cache(s, f->range, out))
        return rc;
    rc = nl_source_submit(s->inner, &f->range, 1, &f->inner, err);
    return rc ? rc : from_inner(s, f, cancel, out, err);
}

static void cached_drop(nl_fetch *base)
{
    struct cached_fetch *f = (struct cached_fetch *)base;
    nl_fetch_drop(f->inner);
    nl_bytes_release(&f->ready);
    free(f);
}

static int cached_wait(nl_fetch *base, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    struct cached_fetch *f = (struct cached_fetch *)base;
    struct cached_source *s = source_of(base->source);
    int rc = NL_OK;
    if (f->ready.data) {
        rc = nl_cancel_check(cancel, err);
        if (!rc) {
            *out = f->ready;
            f->ready = (nl_bytes){0};
        }
    } else {
        rc = get(s, f, cancel, out, err);
    }
    if (!rc && f->is_tail)
        keep_tail(s, f->range, *out);
    cached_drop(base);
    return rc;
}

/* ── submitting ── */

static int fetch_new(struct cached_source *s, nl_range r, nl_fetch **out, nl_error *err)
{
    struct cached_fetch *f = malloc(sizeof *f);
    if (!f)
        return nl_fail_memory(err);
    *f = (struct cached_fetch){.base = {&s->base}, .range = r, .place = true};
    *out = &f->base;
    return NL_OK;
}

/* Handles for all, and which of the ranges are asked of the store: at[i] is the place of wants[i]. */
static int look_up(struct cached_source *s, const nl_range *ranges, size_t n, nl_fetch **out, nl_range *wants,
                   size_t *at, size_t *missing, nl_error *err)
{
    for (size_t i = 0; i < n; i++) {
        int rc = nl_source_check_range(&s->base, ranges[i], err);
        if (!rc)
            rc = fetch_new(s, ranges[i], &out[i], err);
        if (rc)
            return rc;
        struct cached_fetch *f = (struct cached_fetch *)out[i];
        if (!ranges[i].length || from_tail(s, ranges[i], &f->ready) || holds(s, ranges[i]))
            continue;
        wants[*missing] = ranges[i];
        at[(*missing)++] = i;
    }
    return NL_OK;
}

static int cached_submit(nl_source *base, const nl_range *ranges, size_t n, nl_fetch **out, nl_error *err)
{
    struct cached_source *s = source_of(base);
    learn(s);
    nl_range *wants = calloc(n, sizeof *wants);
    size_t *at = calloc(n, sizeof *at), missing = 0;
    nl_fetch **fetches = calloc(n, sizeof *fetches);
    int rc = wants && at && fetches ? look_up(s, ranges, n, out, wants, at, &missing, err) : nl_fail_memory(err);
    if (!rc && missing)
        rc = nl_source_submit(s->inner, wants, missing, fetches, err);
    for (size_t i = 0; !rc && i < missing; i++)
        ((struct cached_fetch *)out[at[i]])->inner = fetches[i];
    for (size_t i = 0; rc && i < n; i++) {
        nl_fetch_drop(out[i]);
        out[i] = NULL;
    }
    free(wants);
    free(at);
    free(fetches);
    return rc;
}

static int cached_submit_tail(nl_source *base, uint64_t want, nl_fetch **out, nl_error *err)
{
    struct cached_source *s = source_of(base);
    learn(s);
    uint64_t size = base->size, take = want < size ? want : size;
    bool known = size != NL_SIZE_UNKNOWN;
    nl_range r = {known ? size - take : 0, take};
    int rc = fetch_new(s, r, out, err);
    if (rc)
        return rc;
    struct cached_fetch *f = (struct cached_fetch *)*out;
    f->is_tail = true;
    f->place = known;
    if (!known || (r.length && !from_tail(s, r, &f->ready) && !holds(s, r)))
        rc = nl_source_submit_tail(s->inner, want, &f->inner, err);
    if (rc) {
        cached_drop(*out);
        *out = NULL;
    }
    return rc;
}

/* What goes to a file is a large download: past the cache, which it would empty. */
static int cached_submit_to_file(nl_source *base, nl_range r, int fd, uint64_t at, nl_fetch **out, nl_error *err)
{
    return nl_source_submit_to_file(source_of(base)->inner, r, fd, at, out, err);
}

static void cached_close(nl_source *base)
{
    struct cached_source *s = source_of(base);
    if (s->stage == ADDRESS || s->stage == VERSION)
        store_cached_free(&s->object);
    nl_bytes_release(&s->tail);
    pthread_mutex_destroy(&s->mutex);
    nl_source_close(s->inner);
    free(s);
}

int store_cache_source(struct store_cache *c, nl_source *inner, nl_source **out, nl_error *err)
{
    static const struct nl_source_ops to_files = {.submit_tail = cached_submit_tail,
                                                  .submit = cached_submit,
                                                  .submit_to_file = cached_submit_to_file,
                                                  .wait = cached_wait,
                                                  .drop = cached_drop,
                                                  .close = cached_close};
    static const struct nl_source_ops to_memory = {.submit_tail = cached_submit_tail,
                                                   .submit = cached_submit,
                                                   .wait = cached_wait,
                                                   .drop = cached_drop,
                                                   .close = cached_close};
    struct cached_source *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return nl_fail_memory(err);
    s->base.ops = nl_source_writes_files(inner) ? &to_files : &to_memory;
    s->base.name = inner->name; /* lives as long */
    s->base.size = inner->size;
    s->base.modified = inner->modified;
    s->inner = inner;
    s->cache = c;
    pthread_mutex_init(&s->mutex, NULL);
    *out = &s->base;
    return NL_OK;
}
