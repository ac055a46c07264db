/* idle.c: a short list of idle mappings, the last that came back first: the caches know it best. */
#include "base/io/idle.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
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
enum { KEEP = 0, MOST = 32 };
#else
enum { KEEP = 1, MOST = 32 };
#endif

static struct {
    pthread_mutex_t mutex;
    size_t n, bytes;
    struct {
        void *at;
        size_t size;
    } idle[MOST];
} kept = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void *nl_idle_take(size_t *size)
{
    void *at = NULL;
    pthread_mutex_lock(&kept.mutex);
    for (size_t i = kept.n; !at && i-- > 0;) {
        size_t has = kept.idle[i].size;
        if (has < *size || has - has / 4 > *size) /* I2 */
            continue;
        at = kept.idle[i].at;
        *size = has;
        kept.bytes -= has;
        kept.n--;
        memmove(&kept.idle[i], &kept.idle[i + 1], (kept.n - i) * sizeof kept.idle[0]);
    }
    pthread_mutex_unlock(&kept.mutex);
    if (at)
        return at;
    at = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void nl_idle_give(void *at, size_t size)
{
    pthread_mutex_lock(&kept.mutex);
    bool keep = KEEP && kept.n < MOST && size <= NL_IDLE_BYTES - kept.bytes;
    if (keep) {
        kept.idle[kept.n].at = at;
        kept.idle[kept.n++].size = size;
        kept.bytes += size;
    }
    pthread_mutex_unlock(&kept.mutex);
    if (!keep)
        munmap(at, size);
}
