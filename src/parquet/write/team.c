/* team.c: see team.h. */
#include "parquet/write/team.h"

#include <pthread.h>
#include <stdlib.h>

#define MOST_THREADS 256

int pq_team_start(struct pq_team *t, size_t n, nl_error *err)
{
    n = n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : n;
    t->spaces = calloc(n, sizeof(*t->spaces));
    if (!t->spaces)
        return nl_fail_memory(err);
    for (; t->n < n; t->n++) {
        t->spaces[t->n] = calloc(1, sizeof(**t->spaces));
        if (!t->spaces[t->n])
            return nl_fail_memory(err);
    }
    return n > 1 ? nl_pool_new(n - 1, &t->pool, err) : NL_OK;
}

void pq_team_free(struct pq_team *t)
{
    nl_pool_free(t->pool);
    for (size_t i = 0; i < t->n; i++) {
        pq_bits_free(&t->spaces[i]->scratch.bits);
        pq_levels_free(&t->spaces[i]->levels);
        free(t->spaces[i]);
    }
    free(t->spaces);
    *t = (struct pq_team){0};
}

/* What the threads share while they work. */
struct work {
    struct pq_team *team;
    int (*do_item)(void *ctx, size_t i, struct pq_workspace *space, nl_error *err);
    void *ctx;
    size_t n;
    pthread_mutex_t lock; /* of what follows */
    size_t next, next_space;
    size_t failed; /* the first item that did */
    int rc;
    nl_error why;
};

/* Item i failed. */
static void report(struct work *w, size_t i, int rc, const nl_error *why)
{
    pthread_mutex_lock(&w->lock);
    if (!w->rc || i < w->failed) {
        w->rc = rc;
        w->failed = i;
        w->why = *why;
    }
    w->next = w->n; /* nobody takes another one; those in front of it are taken (M2) */
    pthread_mutex_unlock(&w->lock);
}

/* One thread's part: items, until there are none. */
static void help(void *arg)
{
    struct work *w = arg;
    pthread_mutex_lock(&w->lock);
    struct pq_workspace *space = w->team->spaces[w->next_space++];
    for (;;) {
        size_t i = w->next < w->n ? w->next++ : w->n;
        pthread_mutex_unlock(&w->lock);
        if (i == w->n)
            return;
        nl_error why = {0};
        int rc = w->do_item(w->ctx, i, space, &why);
        if (rc)
            report(w, i, rc, &why);
        pthread_mutex_lock(&w->lock);
    }
}

int pq_team_run(struct pq_team *t, size_t n,
                int (*do_item)(void *ctx, size_t i, struct pq_workspace *space, nl_error *err), void *ctx,
                nl_error *err)
{
    if (!t->pool) {
        int rc = NL_OK;
        for (size_t i = 0; !rc && i < n; i++)
            rc = do_item(ctx, i, t->spaces[0], err);
        return rc;
    }
    struct work w = {.team = t, .do_item = do_item, .ctx = ctx, .n = n, .lock = PTHREAD_MUTEX_INITIALIZER};
    for (size_t i = 1; i < t->n && i < n; i++)
        if (nl_pool_submit(t->pool, help, &w, NULL))
            break; /* no memory for another one: the others do its part */
    help(&w);
    nl_pool_drain(t->pool);
    pthread_mutex_destroy(&w.lock);
    if (w.rc && err)
        *err = w.why;
    return w.rc;
}
