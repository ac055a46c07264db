/* idle.c: idle pieces in two orders at once, both the last that came back first: the caches know it best.
 *
 *     classes   four a doubling, from 32 KiB on: 40 48 56 64 80 96 112 128 … KiB; each a stack of pieces of one size
 *     ages      all of them; the last one goes when there are too many bytes (I3)
 *
 * The links stand at the beginning of the idle memory itself. Pieces of a mebibyte and more are mappings of their own: the
 * heap would keep the holes that they leave.
 */
#include "base/io/idle.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KEEP_NOTHING 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEP_NOTHING 1
#endif

#ifdef KEEP_NOTHING
enum { KEEP = 0 };
#else
enum { KEEP = 1 };
#endif

enum { ALIGN = 64, LOW = 15, CLASSES = 4 * (64 - LOW), MAP_FROM = 1 << 20 };

struct link {
    struct link *newer, *older; /* newer NULL: the first of its list */
};

struct piece {
    struct link of_class, of_age;
    size_t size;
};

static struct {
    pthread_mutex_t mutex;
    size_t bytes;                  /* that lie idle */
    size_t used;                   /* that were taken and not given back */
    size_t most;                   /* of used, ever */
    struct link *classes[CLASSES]; /* the newest of each */
    struct link *newest, *oldest;
} kept = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static struct piece *aged(struct link *l)
{
    return (struct piece *)(void *)((char *)l - offsetof(struct piece, of_age));
}

/* The class of a size, and the size of its pieces. */
static size_t class_of(size_t size, size_t *whole)
{
    size_t doubling = 63 - (size_t)__builtin_clzll(size - 1); /* 2^doubling < size ≤ 2^(doubling + 1) */
    size_t step = (size_t)1 << (doubling - 2), base = (size_t)1 << doubling;
    size_t quarter = (size - base + step - 1) / step;
    *whole = base + quarter * step;
    return (doubling - LOW) * 4 + quarter;
}

static void push(struct link **first, struct link *l)
{
    *l = (struct link){NULL, *first};
    if (*first)
        (*first)->newer = l;
    *first = l;
}

static void unlink_from(struct link **first, struct link *l)
{
    if (l->newer)
        l->newer->older = l->older;
    else
        *first = l->older;
    if (l->older)
        l->older->newer = l->newer;
}

/* Out of both orders. */
static void remove_piece(struct piece *p, size_t class)
{
    kept.bytes -= p->size;
    unlink_from(&kept.classes[class], &p->of_class);
    if (kept.oldest == &p->of_age)
        kept.oldest = p->of_age.newer;
    unlink_from(&kept.newest, &p->of_age);
}

static void give_back(void *at, size_t size)
{
    if (size >= MAP_FROM)
        munmap(at, size);
    else
        free(at);
}

static void *fresh(size_t size)
{
    if (size < MAP_FROM)
        return aligned_alloc(ALIGN, size);
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void *nl_idle_take(size_t *size)
{
    if (*size > SIZE_MAX / 2)
        return NULL;
    size_t class = class_of(*size > NL_IDLE_LEAST ? *size : NL_IDLE_LEAST + 1, size);
    pthread_mutex_lock(&kept.mutex);
    struct piece *p = (struct piece *)(void *)kept.classes[class];
    if (p)
        remove_piece(p, class);
    kept.used += *size;
    if (kept.most < kept.used)
        kept.most = kept.used;
    pthread_mutex_unlock(&kept.mutex);
    void *at = p ? p : fresh(*size);
    if (!at) {
        pthread_mutex_lock(&kept.mutex);
        kept.used -= *size;
        pthread_mutex_unlock(&kept.mutex);
    }
    return at;
}

/* The oldest pieces beyond the limit (I1), chained by of_age.older. */
static struct link *too_many(void)
{
    struct link *gone = NULL;
    size_t most = kept.most < NL_IDLE_MOST ? kept.most : NL_IDLE_MOST;
    while (kept.bytes > (most > NL_IDLE_BYTES ? most : NL_IDLE_BYTES)) {
        struct piece *p = aged(kept.oldest);
        size_t whole;
        remove_piece(p, class_of(p->size, &whole));
        p->of_age.older = gone;
        gone = &p->of_age;
    }
    return gone;
}

/* The newest of its class, and of all. */
static void put_by(struct piece *p)
{
    size_t whole;
    push(&kept.classes[class_of(p->size, &whole)], &p->of_class);
    push(&kept.newest, &p->of_age);
    if (!kept.oldest)
        kept.oldest = &p->of_age;
    kept.bytes += p->size;
}

void nl_idle_give(void *at, size_t size)
{
    bool keep = KEEP && size <= NL_IDLE_BYTES;
    if (keep)
        ((struct piece *)at)->size = size;
    pthread_mutex_lock(&kept.mutex);
    kept.used -= size;
    if (keep)
        put_by(at);
    struct link *gone = too_many();
    pthread_mutex_unlock(&kept.mutex);
    if (!keep)
        give_back(at, size);
    while (gone) {
        struct link *next = gone->older;
        give_back(aged(gone), aged(gone)->size);
        gone = next;
    }
}
