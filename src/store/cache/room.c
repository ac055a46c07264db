/* room.c: how much the segments may take together, and which of them make way.
 *
 *     lock     magic 8 | bytes taken 8 | check 8      written under the lock; what does not verify is counted anew
 *
 * Bytes are taken before they are written. Making room counts afresh, and what others have taken but not yet written is not
 * seen then: an eighth of the bound is left for that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "store/cache/cache.h"

enum { block = 4096, lock_tries = 100, lock_pause_ns = 1000000 };

struct taken {
    char magic[8];
    uint64_t bytes, check;
};

/* One segment of the folder. */
struct found {
    char object[STORE_CACHE_OBJECT], segment[STORE_CACHE_SEGMENT];
    struct timespec used;
    uint64_t bytes;
};

struct census {
    struct found *found;
    size_t n, cap;
    uint64_t bytes;
};

uint64_t store_cache_room_of(uint64_t file_size)
{
    return (file_size + block - 1) / block * block;
}

/* ── the lock ── */

/* D2: a process that was stopped with the lock in its hands must not stop the others. */
static bool lock_room(struct store_cache *c)
{
    pthread_mutex_lock(&c->mutex);
    for (int i = 0; i < lock_tries; i++) {
        if (flock(c->lock, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            break;
        nanosleep(&(struct timespec){.tv_nsec = lock_pause_ns}, NULL);
    }
    pthread_mutex_unlock(&c->mutex);
    return false;
}

static void unlock_room(struct store_cache *c)
{
    flock(c->lock, LOCK_UN);
    pthread_mutex_unlock(&c->mutex);
}

/* Under the lock. False: nobody knows. */
static bool read_taken(const struct store_cache *c, uint64_t *bytes)
{
    struct taken t;
    if (pread(c->lock, &t, sizeof t, 0) != sizeof t || memcmp(t.magic, "NLROOM01", 8) != 0 ||
        t.check != nl_hash64(&t, 16))
        return false;
    *bytes = t.bytes;
    return true;
}

static bool write_taken(const struct store_cache *c, uint64_t bytes)
{
    struct taken t = {.bytes = bytes};
    memcpy(t.magic, "NLROOM01", 8);
    t.check = nl_hash64(&t, 16);
    return pwrite(c->lock, &t, sizeof t, 0) == sizeof t;
}

/* ── what is there ── */

DIR *store_cache_list(const struct store_cache *c, const char *name)
{
    int fd = openat(c->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d && fd >= 0)
        close(fd);
    return d;
}

static bool add_found(struct census *s, const char *object, const char *segment, const struct stat *st)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 256;
        struct found *more = reallocarray(s->found, cap, sizeof *more);
        if (!more)
            return false;
        s->found = more;
        s->cap = cap;
    }
    struct found *f = &s->found[s->n++];
    memcpy(f->object, object, sizeof f->object);
    memcpy(f->segment, segment, sizeof f->segment);
    f->used = st->st_mtim;
    f->bytes = store_cache_room_of((uint64_t)st->st_size);
    s->bytes += f->bytes;
    return true;
}

/* The segments of one object. What vanishes meanwhile is not there. */
static bool count_object(const struct store_cache *c, const char *object, struct census *s)
{
    DIR *d = store_cache_list(c, object);
    bool good = d || errno == ENOENT || errno == ENOTDIR;
    for (struct dirent *e; good && d && (e = readdir(d));) {
        struct stat st;
        if (!store_cache_is_segment(e->d_name) || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        good = add_found(s, object, e->d_name, &st);
    }
    if (d)
        closedir(d);
    return good;
}

/* Everything. False: it could not be looked at. */
static bool count_all(const struct store_cache *c, struct census *s, uint64_t *objects)
{
    DIR *d = store_cache_list(c, ".");
    bool good = d;
    *objects = 0;
    for (struct dirent *e; good && (e = readdir(d));)
        if (store_cache_is_object(e->d_name)) {
            good = count_object(c, e->d_name, s);
            ++*objects;
        }
    if (d)
        closedir(d);
    return good;
}

/* ── making room ── */

static int by_use(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    if (a->used.tv_sec != b->used.tv_sec)
        return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
    return (a->used.tv_nsec > b->used.tv_nsec) - (a->used.tv_nsec < b->used.tv_nsec);
}

/* The segment, and its folder where it was the last in it. */
static bool remove_found(const struct store_cache *c, const struct found *f)
{
    char path[STORE_CACHE_OBJECT + STORE_CACHE_SEGMENT];
    memcpy(path, f->object, STORE_CACHE_OBJECT - 1);
    path[STORE_CACHE_OBJECT - 1] = '/';
    memcpy(path + STORE_CACHE_OBJECT, f->segment, STORE_CACHE_SEGMENT);
    bool gone = unlinkat(c->dir, path, 0) == 0 || errno == ENOENT;
    unlinkat(c->dir, f->object, AT_REMOVEDIR);
    return gone;
}

/* Remove the least used until at most `most` bytes are there; *left: how many are. Under the lock. */
static bool shrink(const struct store_cache *c, uint64_t most, uint64_t *left)
{
    struct census s = {0};
    uint64_t objects;
    bool good = count_all(c, &s, &objects);
    if (good && s.bytes > most)
        qsort(s.found, s.n, sizeof *s.found, by_use);
    for (size_t i = 0; good && i < s.n && s.bytes > most; i++)
        if (remove_found(c, &s.found[i]))
            s.bytes -= s.found[i].bytes;
    *left = s.bytes;
    free(s.found);
    return good;
}

bool store_cache_take(struct store_cache *c, uint64_t bytes)
{
    uint64_t taken, most = c->bound - c->bound / 8;
    if (bytes > c->bound / 8 || !lock_room(c))
        return false;
    bool good = read_taken(c, &taken);
    /* Much at once: making room looks at every segment. */
    if (!good || taken > most || bytes > most - taken)
        good = shrink(c, most - most / 8 - bytes, &taken) && taken <= most - bytes;
    if (good)
        good = write_taken(c, taken + bytes);
    unlock_room(c);
    return good;
}

/* ── for people ── */

int store_cache_count(struct store_cache *c, struct store_cache_use *out, nl_error *err)
{
    struct census s = {0};
    uint64_t objects;
    bool good = count_all(c, &s, &objects);
    *out = (struct store_cache_use){objects, s.n, s.bytes};
    free(s.found);
    return good ? NL_OK : nl_fail_errno(err, errno ? errno : EIO, "the cache cannot be counted");
}

int store_cache_clear(struct store_cache *c, nl_error *err)
{
    uint64_t left = 0;
    if (!lock_room(c))
        return nl_fail(err, NL_IO, "the cache is locked by another process");
    bool good = shrink(c, 0, &left) && !left;
    int why = errno;
    write_taken(c, left);
    unlock_room(c);
    return good ? NL_OK : nl_fail_errno(err, why ? why : EIO, "the cache cannot be cleared");
}
