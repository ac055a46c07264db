/* pool.c: worker threads that take jobs from one queue.
 *
 *     submit ──▶ first ─▶ job ─▶ job ◀─ last ──▶ workers: running[i] = the number of the job, or IDLE
 *
 * Jobs are numbered as they come, so that drain can wait for "all that were submitted before" although later ones go on.
 *
 * P1  Everything in nl_pool but the threads' ids changes under mutex.
 */
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IDLE UINT64_MAX

struct job {
    void (*run)(void *arg);
    void *arg;
    uint64_t number;
    struct job *next;
};

struct worker {
    struct nl_pool *pool;
    pthread_t thread;
    uint64_t running;
};

struct nl_pool {
    pthread_mutex_t mutex;
    pthread_cond_t work; /* a job was queued, or the pool ends */
    pthread_cond_t done; /* a job has run */
    struct job *first, *last;
    uint64_t submitted;
    bool ending;
    size_t n_workers;
    struct worker workers[];
};

/* Take the next job, waiting for one; NULL: the pool ends and the queue is empty. */
static struct job *take(nl_pool *p, struct worker *w)
{
    while (!p->first && !p->ending)
        pthread_cond_wait(&p->work, &p->mutex);
    struct job *j = p->first;
    if (j) {
        p->first = j->next;
        if (!p->first)
            p->last = NULL;
        w->running = j->number;
    }
    return j;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    nl_pool *p = w->pool;
    pthread_mutex_lock(&p->mutex);
    for (struct job *j; (j = take(p, w));) {
        pthread_mutex_unlock(&p->mutex);
        j->run(j->arg);
        free(j);
        pthread_mutex_lock(&p->mutex);
        w->running = IDLE;
        pthread_cond_broadcast(&p->done);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* Start a worker. Signals stay with the threads of the program. */
static int start(nl_pool *p, struct worker *w, nl_error *err)
{
    sigset_t all, old;
    sigfillset(&all);
    w->pool = p;
    w->running = IDLE;
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failed ? nl_fail_errno(err, failed, "cannot start a thread") : NL_OK;
}

int nl_pool_new(size_t threads, nl_pool **out, nl_error *err)
{
    *out = NULL;
    if (threads == 0)
        threads = nl_cores();
    if (threads > 4096)
        return nl_fail(err, NL_INVALID, "%zu threads are more than 4096", threads);
    nl_pool *p = calloc(1, sizeof(*p) + threads * sizeof(p->workers[0]));
    if (!p)
        return nl_fail_memory(err);
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    for (; p->n_workers < threads; p->n_workers++) {
        pthread_mutex_lock(&p->mutex);
        int rc = start(p, &p->workers[p->n_workers], err);
        pthread_mutex_unlock(&p->mutex);
        if (rc) {
            nl_pool_free(p);
            return rc;
        }
    }
    *out = p;
    return NL_OK;
}

size_t nl_pool_threads(const nl_pool *p)
{
    return p->n_workers;
}

int nl_pool_submit(nl_pool *p, void (*run)(void *arg), void *arg, nl_error *err)
{
    struct job *j = malloc(sizeof(*j));
    if (!j)
        return nl_fail_memory(err);
    pthread_mutex_lock(&p->mutex);
    *j = (struct job){run, arg, p->submitted++, NULL};
    if (p->last)
        p->last->next = j;
    else
        p->first = j;
    p->last = j;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->mutex);
    return NL_OK;
}

/* The number of the oldest job that has not ended, or IDLE. */
static uint64_t oldest(const nl_pool *p)
{
    uint64_t n = p->first ? p->first->number : IDLE;
    for (size_t i = 0; i < p->n_workers; i++)
        if (p->workers[i].running < n)
            n = p->workers[i].running;
    return n;
}

void nl_pool_drain(nl_pool *p)
{
    pthread_mutex_lock(&p->mutex);
    uint64_t end = p->submitted;
    while (oldest(p) < end)
        pthread_cond_wait(&p->done, &p->mutex);
    pthread_mutex_unlock(&p->mutex);
}

void nl_pool_free(nl_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    p->ending = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->mutex);
    for (size_t i = 0; i < p->n_workers; i++)
        pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}
