/* lanes.c: who waits, and who hashes. */
#include "server/s3/wire/lanes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "s3proto/md5_lanes.h"

#define BUFFER   ((size_t)32 << 10)
#define WORTH_IT ((uint64_t)1 << 20) /* a body below it is hashed as it comes */
#define MOST     32                  /* bodies with buffers */
#define FEW      3                   /* lanes that are not faster than one stream after the other */

static struct {
    pthread_mutex_t mutex; /* guards what follows, and state and next of all lanes */
    pthread_cond_t done;
    s3_lane *first; /* of those that wait, the oldest first */
    size_t waiting;
    atomic_size_t open; /* bodies with buffers */
} all = {.mutex = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

void s3_lane_open(s3_lane *l, uint64_t length)
{
    *l = (s3_lane){0};
    s3_digest_open(&l->md5, S3_MD5);
    if (length < WORTH_IT || s3_md5_best()->lanes == 1)
        return;
    if (atomic_fetch_add(&all.open, 1) < MOST && (l->fill = malloc(2 * BUFFER)) != NULL)
        l->other = l->fill + BUFFER;
    else
        atomic_fetch_sub(&all.open, 1);
}

/* Hash up to a kernel's lanes of those that wait; with the mutex held, which is given back meanwhile. */
static void hash_waiting(void)
{
    s3_lane *taken[S3_MD5_MOST_LANES];
    uint32_t *states[S3_MD5_MOST_LANES];
    const uint8_t *data[S3_MD5_MOST_LANES];
    size_t n = 0;
    const s3_md5_kernel *kernel = s3_md5_best();
    for (; all.first && n < kernel->lanes; n++) {
        s3_lane *l = all.first;
        all.first = l->next;
        l->state = S3_LANE_RUNS;
        taken[n] = l;
        states[n] = s3_md5_words(&l->md5);
        data[n] = l->other;
    }
    all.waiting -= n;
    pthread_mutex_unlock(&all.mutex);
    (n < FEW ? s3_md5_kernels : kernel)->run(states, data, n, BUFFER / S3_MD5_BLOCK);
    for (size_t i = 0; i < n; i++)
        s3_md5_count(&taken[i]->md5, BUFFER);
    pthread_mutex_lock(&all.mutex);
    for (size_t i = 0; i < n; i++)
        taken[i]->state = S3_LANE_IDLE;
    pthread_cond_broadcast(&all.done);
}

/* L2: until the other buffer is free; with the mutex held. */
static void settle(const s3_lane *l)
{
    while (l->state != S3_LANE_IDLE)
        if (l->state == S3_LANE_WAITS)
            hash_waiting();
        else
            pthread_cond_wait(&all.done, &all.mutex);
}

/* The buffer is full: it waits, and the other one is filled. */
static void pass_on(s3_lane *l)
{
    pthread_mutex_lock(&all.mutex);
    settle(l);
    uint8_t *full = l->fill;
    l->fill = l->other;
    l->other = full;
    l->filled = 0;
    l->state = S3_LANE_WAITS;
    l->next = NULL;
    s3_lane **end = &all.first;
    while (*end)
        end = &(*end)->next;
    *end = l;
    if (++all.waiting == s3_md5_best()->lanes)
        hash_waiting();
    pthread_mutex_unlock(&all.mutex);
}

/* What was filled goes through, and so does this, now. */
static void hash_now(s3_lane *l, const void *data, size_t len)
{
    if (l->fill) {
        pthread_mutex_lock(&all.mutex);
        settle(l);
        pthread_mutex_unlock(&all.mutex);
        s3_digest_update(&l->md5, l->fill, l->filled);
        l->odd = (l->odd + l->filled + len) % S3_MD5_BLOCK;
        l->filled = 0;
    }
    s3_digest_update(&l->md5, data, len);
}

void s3_lane_update(s3_lane *l, const void *data, size_t len)
{
    const uint8_t *p = data;
    if (!l->fill || atomic_load_explicit(&all.open, memory_order_relaxed) < FEW) {
        hash_now(l, data, len);
        return;
    }
    if (l->odd) { /* up to a whole block: lanes know no others */
        size_t n = S3_MD5_BLOCK - l->odd < len ? S3_MD5_BLOCK - l->odd : len;
        hash_now(l, p, n);
        p += n;
        len -= n;
    }
    while (len) {
        size_t n = BUFFER - l->filled < len ? BUFFER - l->filled : len;
        memcpy(l->fill + l->filled, p, n);
        l->filled += n;
        p += n;
        len -= n;
        if (l->filled == BUFFER)
            pass_on(l);
    }
}

void s3_lane_final(s3_lane *l, uint8_t out[static S3_DIGEST_MAX])
{
    hash_now(l, "", 0);
    s3_digest_final(&l->md5, out);
}

void s3_lane_close(s3_lane *l)
{
    if (!l->fill)
        return;
    pthread_mutex_lock(&all.mutex);
    for (s3_lane **p = &all.first; *p; p = &(*p)->next)
        if (*p == l) {
            *p = l->next;
            all.waiting--;
            l->state = S3_LANE_IDLE;
            break;
        }
    settle(l);
    pthread_mutex_unlock(&all.mutex);
    free(l->fill < l->other ? l->fill : l->other);
    l->fill = l->other = NULL;
    atomic_fetch_sub(&all.open, 1);
}
