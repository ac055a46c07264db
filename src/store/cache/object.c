/* object.c: see object.h. */
#include "store/cache/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"
#include "s3proto/hash.h"

/* A segment takes more until it is so large: what is removed to make room should not be much at once. */
enum { segment_most = 64 << 20 };

enum { path_max = STORE_CACHE_OBJECT + STORE_CACHE_SEGMENT };

void store_cached_init(struct store_cached *o, struct store_cache *c, const char *address)
{
    *o = (struct store_cached){.cache = c};
    s3_sha256(address, strlen(address), o->object);
    nl_hex(o->object, sizeof o->object, o->folder);
    pthread_mutex_init(&o->mutex, NULL);
    pthread_mutex_init(&o->writing, NULL);
}

void store_cached_free(struct store_cached *o)
{
    pthread_mutex_destroy(&o->mutex);
    pthread_mutex_destroy(&o->writing);
    free(o->segments);
    free(o->extents);
}

static void path_of(const struct store_cached *o, const char *segment, char out[static path_max])
{
    snprintf(out, path_max, "%s/%s", o->folder, segment);
}

/* -1: errno. */
static int open_segment(const struct store_cached *o, const char *segment, int flags)
{
    char path[path_max];
    path_of(o, segment, path);
    return openat(o->cache->dir, path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}

static void unlink_segment(const struct store_cached *o, const char *segment)
{
    char path[path_max];
    path_of(o, segment, path);
    unlinkat(o->cache->dir, path, 0);
}

/* X2: it failed a check. */
static void remove_segment(const struct store_cached *o, const char *segment)
{
    unlink_segment(o, segment);
    atomic_fetch_add(&o->cache->failures, 1);
}

/* ── which version ── */

static bool is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/* The segment that was used last. */
static bool newest_segment(const struct store_cached *o, char out[static STORE_CACHE_SEGMENT])
{
    struct timespec latest = {0};
    DIR *d = store_cache_list(o->cache, o->folder);
    *out = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        if (!store_cache_is_segment(e->d_name) || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            (*out && !is_later(st.st_mtim, latest)))
            continue;
        latest = st.st_mtim;
        memcpy(out, e->d_name, STORE_CACHE_SEGMENT);
    }
    if (d)
        closedir(d);
    return *out;
}

bool store_cached_newest(const struct store_cached *o, char etag[static STORE_ETAG], uint64_t *size)
{
    char name[STORE_CACHE_SEGMENT];
    if (!newest_segment(o, name))
        return false;
    struct store_segment_head head;
    int fd = open_segment(o, name, O_RDONLY);
    if (fd < 0)
        return false;
    bool good = store_segment_read_head(fd, &head) && !memcmp(head.object, o->object, sizeof head.object);
    close(fd);
    if (!good) {
        remove_segment(o, name);
        return false;
    }
    memcpy(etag, head.etag, sizeof head.etag);
    *size = head.size;
    return true;
}

/* ── what is there of it ── */

static int by_offset(const void *x, const void *y)
{
    const struct store_cached_extent *a = x, *b = y;
    uint64_t i = a->record.range.offset, k = b->record.range.offset;
    return (i > k) - (i < k);
}

/* At the end, in whatever order. Under mutex. False: no memory, and nothing was added. */
static bool append_extent(struct store_cached *o, size_t segment, const struct store_segment_record *r)
{
    if (!(o->n_extents & (o->n_extents - 1))) { /* full at each power of two */
        size_t cap = o->n_extents ? 2 * o->n_extents : 1;
        struct store_cached_extent *more = reallocarray(o->extents, cap, sizeof *more);
        if (!more)
            return false;
        o->extents = more;
    }
    o->extents[o->n_extents++] = (struct store_cached_extent){*r, segment};
    if (r->range.length > o->longest)
        o->longest = r->range.length;
    return true;
}

/* In its place. Mostly that is the end: objects are read forwards. */
static void add_extent(struct store_cached *o, size_t segment, const struct store_segment_record *r)
{
    if (!append_extent(o, segment, r))
        return;
    struct store_cached_extent *all = o->extents, last = all[o->n_extents - 1];
    size_t i = o->n_extents - 1;
    for (; i && all[i - 1].record.range.offset > r->range.offset; i--)
        all[i] = all[i - 1];
    all[i] = last;
}

static bool add_segment(struct store_cached *o, const char *name)
{
    struct store_cached_segment *more = reallocarray(o->segments, o->n_segments + 1, sizeof *more);
    if (!more)
        return false;
    o->segments = more;
    o->segments[o->n_segments] = (struct store_cached_segment){0};
    memcpy(o->segments[o->n_segments++].name, name, STORE_CACHE_SEGMENT);
    return true;
}

/* The records of a segment of the version. */
static void load_segment(struct store_cached *o, const char *name)
{
    struct stat st;
    struct store_segment_head head;
    struct store_segment_record r;
    int fd = open_segment(o, name, O_RDONLY);
    if (fd < 0)
        return;
    bool good = fstat(fd, &st) == 0 && store_segment_read_head(fd, &head) && !memcmp(&head, &o->head, sizeof head);
    if (!good)
        remove_segment(o, name);
    if (good && add_segment(o, name))
        for (uint64_t at = STORE_SEGMENT_HEAD, size = (uint64_t)st.st_size;
             store_segment_next(fd, &head, at, size, &r) && append_extent(o, o->n_segments - 1, &r);)
            at += store_segment_record_size(r.range.length);
    close(fd);
}

/* "VERSION-": the front of its segments' names. */
static void front_of(const struct store_cached *o, char out[static 18])
{
    snprintf(out, 18, "%016llx-", (unsigned long long)o->head.check);
}

void store_cached_load(struct store_cached *o, const char *etag, uint64_t size)
{
    char front[18];
    pthread_mutex_lock(&o->mutex);
    o->head = store_segment_head_of(o->object, etag, size);
    front_of(o, front);
    DIR *d = store_cache_list(o->cache, o->folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (store_cache_is_segment(e->d_name) && nl_starts_with(e->d_name, front))
            load_segment(o, e->d_name);
    if (d)
        closedir(d);
    if (o->n_extents)
        qsort(o->extents, o->n_extents, sizeof *o->extents, by_offset);
    o->loaded = true;
    pthread_mutex_unlock(&o->mutex);
}

/* The extent that holds the byte at `at` and most of what follows; NULL: none. Under mutex. */
static const struct store_cached_extent *find(const struct store_cached *o, uint64_t at)
{
    const struct store_cached_extent *best = NULL;
    uint64_t reach = at;
    size_t low = 0, high = o->n_extents; /* the first that begins behind it */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->extents[middle].record.range.offset > at)
            high = middle;
        else
            low = middle + 1;
    }
    while (low-- > 0) {
        const struct store_cached_extent *e = &o->extents[low];
        if (at - e->record.range.offset >= o->longest)
            break;
        uint64_t end = e->record.range.offset + e->record.range.length;
        if (end <= reach || o->segments[e->segment].dead)
            continue;
        best = e;
        reach = end;
    }
    return best;
}

bool store_cached_holds(struct store_cached *o, nl_range r)
{
    const struct store_cached_extent *e = NULL;
    uint64_t at = r.offset, end = r.offset + r.length;
    pthread_mutex_lock(&o->mutex);
    while (o->loaded && at < end && (e = find(o, at)))
        at = e->record.range.offset + e->record.range.length;
    pthread_mutex_unlock(&o->mutex);
    return at >= end;
}

/* ── reading ── */

/* Now, for a segment's time. The kernel's own stamps stand still for milliseconds: of two versions that are used one right
 * after the other it could not be told which is the newest. */
static const struct timespec *now(struct timespec times[static 2])
{
    int64_t ns = nl_wall_ns();
    times[0] = times[1] = (struct timespec){ns / 1000000000, ns % 1000000000};
    return times;
}

/* Set the time of its use, once. */
static void mark_used(struct store_cached *o, size_t segment)
{
    char path[path_max];
    struct timespec times[2];
    pthread_mutex_lock(&o->mutex);
    bool first = !o->segments[segment].used;
    o->segments[segment].used = true;
    path_of(o, o->segments[segment].name, path);
    pthread_mutex_unlock(&o->mutex);
    if (first)
        (void)utimensat(o->cache->dir, path, now(times), AT_SYMLINK_NOFOLLOW);
}

/* X2 */
static void forget(struct store_cached *o, size_t segment)
{
    pthread_mutex_lock(&o->mutex);
    o->segments[segment].dead = true;
    pthread_mutex_unlock(&o->mutex);
}

/* Read what an extent has of the range. */
static bool read_extent(struct store_cached *o, const struct store_cached_extent *e, const char *name, nl_range part,
                        uint8_t *to)
{
    int fd = open_segment(o, name, O_RDONLY);
    if (fd < 0) {
        if (errno == ENOENT)
            forget(o, e->segment);
        return false;
    }
    int rc = store_segment_read(fd, &e->record, part, to);
    close(fd);
    if (rc == NL_CORRUPT) {
        remove_segment(o, name);
        forget(o, e->segment);
    } else if (!rc) {
        mark_used(o, e->segment);
    }
    return !rc;
}

bool store_cached_read(struct store_cached *o, nl_range r, uint8_t *to)
{
    while (r.length) {
        char name[STORE_CACHE_SEGMENT];
        struct store_cached_extent e;
        pthread_mutex_lock(&o->mutex);
        const struct store_cached_extent *found = o->loaded ? find(o, r.offset) : NULL;
        if (found) {
            e = *found;
            memcpy(name, o->segments[e.segment].name, sizeof name);
        }
        pthread_mutex_unlock(&o->mutex);
        if (!found)
            return false;
        uint64_t left = e.record.range.offset + e.record.range.length - r.offset;
        nl_range part = {r.offset, left < r.length ? left : r.length};
        if (!read_extent(o, &e, name, part, to))
            return false;
        to += part.length;
        r.offset += part.length;
        r.length -= part.length;
    }
    return true;
}

/* ── adding ── */

/* A segment of ours, with its head. -1: none. Under writing. */
static int begin_segment(struct store_cached *o)
{
    char name[STORE_CACHE_SEGMENT];
    uint64_t chance;
    if (getrandom(&chance, sizeof chance, 0) != sizeof chance)
        return -1;
    front_of(o, name);
    snprintf(name + 17, sizeof name - 17, "%016llx", (unsigned long long)chance);
    int fd = -1;
    /* Who makes room may take an empty folder away before the file is in it. */
    for (int i = 0; fd < 0 && i < 3 && (mkdirat(o->cache->dir, o->folder, 0700) == 0 || errno == EEXIST); i++) {
        fd = open_segment(o, name, O_WRONLY | O_CREAT | O_EXCL);
        if (fd < 0 && errno != ENOENT)
            return -1;
    }
    if (fd < 0)
        return -1;
    if (pwrite(fd, &o->head, sizeof o->head, 0) == sizeof o->head) {
        pthread_mutex_lock(&o->mutex);
        o->has_open = add_segment(o, name);
        o->open = o->n_segments - 1;
        pthread_mutex_unlock(&o->mutex);
        o->end = STORE_SEGMENT_HEAD;
    }
    if (!o->has_open) {
        int why = errno;
        unlink_segment(o, name);
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* The segment that takes more: ours, or a new one. -1: none. Under writing. */
static int writable_segment(struct store_cached *o)
{
    if (!o->has_open)
        return begin_segment(o);
    char name[STORE_CACHE_SEGMENT];
    pthread_mutex_lock(&o->mutex);
    memcpy(name, o->segments[o->open].name, sizeof name);
    bool dead = o->segments[o->open].dead;
    pthread_mutex_unlock(&o->mutex);
    int fd = dead ? -1 : open_segment(o, name, O_WRONLY);
    if (fd >= 0 || (!dead && errno != ENOENT))
        return fd;
    forget(o, o->open);
    o->has_open = false;
    return begin_segment(o);
}

/* Something could not be written. A full disk does not get better by trying. */
static void stop_writing(struct store_cached *o)
{
    atomic_fetch_add(&o->cache->failures, 1);
    if (errno == ENOSPC || errno == EDQUOT || errno == EROFS || errno == EIO || errno == EFBIG)
        atomic_store(&o->cache->full, true);
}

/* Under writing. */
static void append(struct store_cached *o, nl_range r, const uint8_t *data)
{
    uint64_t more = store_segment_record_size(r.length);
    uint64_t most = o->cache->bound / 8 < segment_most ? o->cache->bound / 8 : segment_most;
    if (o->has_open && o->end + more > most)
        o->has_open = false;
    uint64_t before = o->has_open ? store_cache_room_of(o->end) : 0;
    uint64_t after = store_cache_room_of((o->has_open ? o->end : STORE_SEGMENT_HEAD) + more);
    if (after > before && !store_cache_take(o->cache, after - before))
        return;
    struct store_segment_record record;
    struct timespec times[2];
    int fd = writable_segment(o);
    if (fd < 0) {
        stop_writing(o);
        return;
    }
    if (store_segment_append(fd, &o->head, o->end, r, data, &record)) {
        pthread_mutex_lock(&o->mutex);
        add_extent(o, o->open, &record);
        pthread_mutex_unlock(&o->mutex);
        o->end += more;
        (void)futimens(fd, now(times));
    } else {
        stop_writing(o);
        if (ftruncate(fd, (off_t)o->end) != 0) /* what is cut ends a segment: F3 */
            o->has_open = false;
    }
    close(fd);
}

void store_cached_add(struct store_cached *o, nl_range r, const uint8_t *data)
{
    if (!r.length || r.length > o->cache->bound || atomic_load(&o->cache->full))
        return;
    pthread_mutex_lock(&o->writing);
    if (!store_cached_holds(o, r))
        append(o, r, data);
    pthread_mutex_unlock(&o->writing);
}
