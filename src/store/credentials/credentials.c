/* credentials.c: the resolver of credentials.h: keys that are shared, and one thread at a time that makes new ones.
 *
 *     get ──▶ do they hold? ──yes──▶ a reference
 *                │ no, or soon
 *                ▼
 *             is somebody at it? ──yes──▶ soon: the old ones; no: wait, and take what came, or that error
 *                │ no
 *                ▼
 *             resolve (no lock held) ──▶ publish, wake all
 */
#include "store/credentials/credentials.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/credentials/sources.h"

enum {
    soon_at_most = 900, /* seconds before the end: R2 */
    must_at_most = 300, /* R3 */
    pause_seconds = 30, /* after a renewal that failed, or changed nothing */
};

struct store_resolver {
    const struct store_settings *settings;
    struct store_credentials_tuning tuning;

    pthread_mutex_t mutex;
    pthread_cond_t turned;
    struct store_keys *keys; /* the resolver's own reference; NULL: none yet */
    bool busy;               /* a thread resolves */
    nl_cancel *cancel;       /* of what it does, on its stack */
    uint64_t interrupts;     /* so far: R7 */
    uint64_t rounds;         /* resolutions that ended */
    int failed;              /* how the last one ended */
    nl_error why;
    uint64_t serial;
    int64_t not_before; /* no renewal that is only wanted before this time */
    uint64_t useless;   /* keys of this serial were renewed in vain… */
    int64_t useless_until;
};

/* ── keys ── */

struct store_keys *store_keys_ref(struct store_keys *k)
{
    if (k)
        atomic_fetch_add_explicit(&k->references, 1, memory_order_relaxed);
    return k;
}

static void wipe(const char *text)
{
    if (text)
        explicit_bzero((char *)(uintptr_t)text, strlen(text));
}

void store_keys_unref(struct store_keys *k)
{
    if (!k || atomic_fetch_sub_explicit(&k->references, 1, memory_order_acq_rel) != 1)
        return;
    wipe(k->secret);
    wipe(k->token);
    nl_arena_free(&k->arena);
    free(k);
}

static int make_keys(const struct store_found *f, int64_t now, struct store_keys **out, nl_error *err)
{
    struct store_keys *k = calloc(1, sizeof *k);
    *out = NULL;
    if (!k)
        return nl_fail_memory(err);
    k->references = 1;
    k->access = nl_arena_strdup(&k->arena, f->keys.access);
    k->secret = nl_arena_strdup(&k->arena, f->keys.secret);
    k->token = nl_arena_strdup(&k->arena, f->keys.token);
    k->source = nl_arena_strdup(&k->arena, f->source);
    k->expires = f->keys.expires;
    k->made = now;
    if (k->access && k->secret && k->source && (k->token || !f->keys.token)) {
        *out = k;
        return NL_OK;
    }
    store_keys_unref(k);
    return nl_fail_memory(err);
}

static bool same_keys(const struct store_keys *a, const struct store_keys *b)
{
    const char *x = a->token ? a->token : "", *y = b->token ? b->token : "";
    return !strcmp(a->access, b->access) && !strcmp(a->secret, b->secret) && !strcmp(x, y);
}

enum need { NEED_NOTHING, NEED_SOON, NEED_NOW, NEED_OTHERS };

/* How urgent are others? R2, R3. */
static enum need need_of(const struct store_keys *k, int64_t now)
{
    if (!k->expires)
        return NEED_NOTHING;
    int64_t life = k->expires - k->made, left = k->expires - now;
    int64_t soon = life / 4 < soon_at_most ? life / 4 : soon_at_most;
    int64_t must = life / 12 < must_at_most ? life / 12 : must_at_most;
    return left <= 0 ? NEED_OTHERS : left <= must ? NEED_NOW : left <= soon ? NEED_SOON : NEED_NOTHING;
}

/* ── resolving ── */

static int64_t now_seconds(void)
{
    return nl_wall_ns() / 1000000000;
}

/* Ask all places; no lock is held. */
static int resolve(const struct store_resolver *r, nl_cancel *cancel, struct store_keys **out, nl_error *err)
{
    struct store_resolution x = {.settings = r->settings,
                                 .env = &r->settings->env,
                                 .tuning = &r->tuning,
                                 .cancel = cancel};
    struct store_found found = {0};
    *out = NULL;
    int rc = store_profiles_read(x.env, &x.profiles, err);
    if (!rc)
        rc = store_resolve_chain(&x, &found, err);
    int64_t now = now_seconds();
    if (!rc && found.keys.expires && found.keys.expires <= now) {
        rc = nl_fail(err, NL_DENIED, "the keys of %s have expired already", found.source);
        nl_hint(err, "is the clock of this machine right?");
    }
    if (!rc)
        rc = make_keys(&found, now, out, err);
    if (!rc)
        nl_log("store", NL_LOG_INFO, "credentials from %s, %lld seconds", found.source,
               (long long)(found.keys.expires ? found.keys.expires - now : 0));
    store_profiles_free(&x.profiles);
    nl_arena_free(&x.arena);
    return rc;
}

/* Resolve as the one thread that does (R1); under mutex, which is let go of meanwhile. *fresh is what came, not yet
 * published. */
static int take_turn(struct store_resolver *r, struct store_keys **fresh, nl_error *err)
{
    nl_error why = {0};
    nl_cancel cancel;
    nl_cancel_init(&cancel);
    r->busy = true;
    r->cancel = &cancel;
    pthread_mutex_unlock(&r->mutex);
    int rc = resolve(r, &cancel, fresh, &why);
    pthread_mutex_lock(&r->mutex);
    r->busy = false;
    r->cancel = NULL;
    nl_cancel_destroy(&cancel);
    r->rounds++;
    r->failed = rc;
    r->why = why;
    if (rc) {
        if (rc != NL_CANCELLED)
            r->not_before = now_seconds() + pause_seconds;
        if (err)
            *err = why;
    } else if (*fresh) {
        (*fresh)->serial = ++r->serial;
    }
    pthread_cond_broadcast(&r->turned);
    return rc;
}

/* Under mutex. */
static void publish(struct store_resolver *r, struct store_keys *fresh)
{
    store_keys_unref(r->keys);
    r->keys = fresh;
}

/* Wait for the thread that is at it; under mutex. Its failure. Who came after the interrupt that ended it is not meant by that
 * (R7), and shall look again: *again. */
static int wait_turn(struct store_resolver *r, bool *again, nl_error *err)
{
    uint64_t round = r->rounds, interrupts = r->interrupts;
    while (r->busy && r->rounds == round)
        pthread_cond_wait(&r->turned, &r->mutex);
    *again = r->failed == NL_CANCELLED && r->interrupts == interrupts;
    if (*again)
        return NL_OK;
    if (r->failed && err)
        *err = r->why;
    return r->failed;
}

/* *again: look once more. */
static int get_locked(struct store_resolver *r, bool *again, nl_error *err)
{
    int64_t now = now_seconds();
    enum need need = r->keys ? need_of(r->keys, now) : NEED_OTHERS;
    if (need == NEED_NOTHING || (need == NEED_SOON && r->busy) || (need < NEED_OTHERS && now < r->not_before))
        return NL_OK;
    int rc;
    if (r->busy) {
        rc = wait_turn(r, again, err);
    } else {
        struct store_keys *fresh;
        rc = take_turn(r, &fresh, err);
        if (!rc)
            publish(r, fresh);
    }
    if (rc && rc != NL_CANCELLED && need != NEED_OTHERS && need_of(r->keys, now_seconds()) != NEED_OTHERS) { /* R3 */
        nl_log("store", NL_LOG_WARN, "credentials are not renewed, the old ones still hold: %s", r->why.message);
        nl_error_clear(err);
        return NL_OK;
    }
    return rc;
}

int store_resolver_get(struct store_resolver *r, struct store_keys **out, nl_error *err)
{
    int rc;
    bool again;
    pthread_mutex_lock(&r->mutex);
    do {
        again = false;
        rc = get_locked(r, &again, err);
    } while (again);
    *out = rc ? NULL : store_keys_ref(r->keys);
    pthread_mutex_unlock(&r->mutex);
    return rc;
}

int store_resolver_renew(struct store_resolver *r, const struct store_keys *old, struct store_keys **out, nl_error *err)
{
    int rc = NL_OK;
    *out = NULL;
    pthread_mutex_lock(&r->mutex);
    for (bool again = true; !rc && again && r->busy && r->keys && r->keys->serial == old->serial;)
        rc = wait_turn(r, &again, err);
    bool others = r->keys && r->keys->serial != old->serial;
    bool in_vain = r->useless == old->serial && now_seconds() < r->useless_until;
    if (!rc && !others && !in_vain && !r->busy) {
        struct store_keys *fresh;
        rc = take_turn(r, &fresh, err);
        if (!rc && same_keys(fresh, old)) {
            store_keys_unref(fresh);
            fresh = NULL;
        }
        others = !rc && fresh;
        if (others)
            publish(r, fresh);
        if (!others && rc != NL_CANCELLED) {
            r->useless = old->serial;
            r->useless_until = now_seconds() + pause_seconds;
        }
    }
    if (others)
        *out = store_keys_ref(r->keys);
    pthread_mutex_unlock(&r->mutex);
    return rc;
}

void store_resolver_interrupt(struct store_resolver *r)
{
    pthread_mutex_lock(&r->mutex);
    r->interrupts++;
    if (r->cancel)
        nl_cancel_set(r->cancel);
    pthread_mutex_unlock(&r->mutex);
}

struct store_keys *store_resolver_peek(struct store_resolver *r)
{
    pthread_mutex_lock(&r->mutex);
    struct store_keys *k = store_keys_ref(r->keys);
    pthread_mutex_unlock(&r->mutex);
    return k;
}

int store_resolver_new(const struct store_settings *settings, const struct store_credentials_tuning *tuning,
                       struct store_resolver **out, nl_error *err)
{
    static const struct store_credentials_tuning none;
    const struct store_credentials_tuning *t = tuning ? tuning : &none;
    struct store_resolver *r = calloc(1, sizeof *r);
    *out = r;
    if (!r)
        return nl_fail_memory(err);
    r->settings = settings;
    r->tuning = (struct store_credentials_tuning){
        .container_base = t->container_base ? t->container_base : "http://169.254.170.2",
        .connect_ms = t->connect_ms ? t->connect_ms : 3000,
        .total_ms = t->total_ms ? t->total_ms : 10000,
        .process_ms = t->process_ms ? t->process_ms : 60000,
        .retry_ms = t->retry_ms ? t->retry_ms : 100,
    };
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->turned, NULL);
    return NL_OK;
}

void store_resolver_free(struct store_resolver *r)
{
    if (!r)
        return;
    store_keys_unref(r->keys);
    pthread_cond_destroy(&r->turned);
    pthread_mutex_destroy(&r->mutex);
    free(r);
}
