/* memory.c: a stack of idle buffers a size class.
 *
 *     buffer   │ next, room, padded to 64 │ room bytes │ 64 bytes of padding │
 *     classes  four a doubling, from 32 KiB to 8 MiB: 32 40 48 56 64 80 96 112 128 … KiB
 *
 * Under sanitizers nothing is kept, so that they see every use after the end.
 */
#include "parquet/read/memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KEEP_NOTHING 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEP_NOTHING 1
#endif

enum { HEAD = 64, PADDING = 64, LOW = 15, HIGH = 23, CLASSES = 4 * (HIGH - LOW) + 1 };

struct buffer {
    struct buffer *next;
    size_t room;
    unsigned class;
};

static struct {
    pthread_mutex_t mutex;
    size_t idle;
    struct buffer *stacks[CLASSES];
} kept = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* The class of a size of 32 KiB to 8 MiB, and the room of its buffers. */
static unsigned class_of(size_t size, size_t *room)
{
    unsigned doubling = 63 - (unsigned)__builtin_clzll(size - 1); /* 2^doubling < size ≤ 2^(doubling + 1) */
    size_t step = (size_t)1 << (doubling - 2), base = (size_t)1 << doubling;
    size_t quarter = (size - base + step - 1) / step;
    *room = base + quarter * step;
    return (doubling - LOW) * 4 + (unsigned)quarter;
}

/* The last reference is gone: keep the buffer, or give it back. */
static void come_back(void *arg)
{
    struct buffer *b = arg;
    pthread_mutex_lock(&kept.mutex);
    bool keep = kept.idle + b->room <= PQ_MEMORY_IDLE;
    if (keep) {
        kept.idle += b->room;
        b->next = kept.stacks[b->class];
        kept.stacks[b->class] = b;
    }
    pthread_mutex_unlock(&kept.mutex);
    if (!keep)
        free(b);
}

static struct buffer *take(unsigned class, size_t room)
{
    pthread_mutex_lock(&kept.mutex);
    struct buffer *b = kept.stacks[class];
    if (b) {
        kept.stacks[class] = b->next;
        kept.idle -= b->room;
    }
    pthread_mutex_unlock(&kept.mutex);
    if (b)
        return b;
    b = aligned_alloc(HEAD, HEAD + room + PADDING);
    if (b)
        *b = (struct buffer){.room = room, .class = class};
    return b;
}

int pq_memory_new(size_t size, nl_block **out, nl_error *err)
{
#ifdef KEEP_NOTHING
    bool fits = false;
#else
    bool fits = size > (size_t)1 << LOW && size <= (size_t)1 << HIGH;
#endif
    *out = NULL;
    if (!fits)
        return nl_block_new(size, out, err);
    size_t room;
    unsigned class = class_of(size, &room);
    struct buffer *b = take(class, room);
    if (!b)
        return nl_fail_memory(err);
    uint8_t *data = (uint8_t *)b + HEAD;
    memset(data + size, 0, PADDING);
    int rc = nl_block_wrap(data, size, come_back, b, out, err);
    if (rc)
        come_back(b);
    return rc;
}
