/* object.h: one object in the cache: which ranges of a version are here, read them, add others.
 *
 *     segments    ▓▓▓▓ ▓▓▓▓▓▓▓▓ ▓▓        of this process and of others, written before
 *     extents     ▓▓▓▓          ▓▓        of records: may overlap; a range that several hold together is here too
 *
 * X1  What is in segments is read once, when the version is known; what others add later is found the next time.
 * X2  A segment that fails a check is removed, and its extents are forgotten; one that vanished only the latter.
 * X3  `writing` before `mutex`; no file is read or written under mutex, but by store_cached_load().
 */
#ifndef STORE_CACHE_OBJECT_H
#define STORE_CACHE_OBJECT_H

#include "store/cache/cache.h"
#include "store/cache/segment.h"

struct store_cached_segment {
    char name[STORE_CACHE_SEGMENT];
    bool dead, used; /* X2; its time was set by us */
};

struct store_cached_extent {
    struct store_segment_record record;
    size_t segment;
};

struct store_cached {
    struct store_cache *cache;
    char folder[STORE_CACHE_OBJECT];
    uint8_t object[32];
    pthread_mutex_t mutex; /* of all below, but for writing's */
    bool loaded;
    struct store_segment_head head;
    struct store_cached_segment *segments;
    size_t n_segments;
    struct store_cached_extent *extents;
    size_t n_extents;
    uint64_t longest;        /* of the extents, which are in the order of their offsets */
    pthread_mutex_t writing; /* of these */
    bool has_open;           /* a segment of ours takes more */
    size_t open;
    uint64_t end; /* of that one */
};

/* address: of the object (store_source_identity()). */
void store_cached_init(struct store_cached *o, struct store_cache *c, const char *address);
void store_cached_free(struct store_cached *o);

/* The version of which something was kept or used last. False: nothing is kept. */
bool store_cached_newest(const struct store_cached *o, char etag[static STORE_ETAG], uint64_t *size);
/* From here on all calls are about this version. Once. */
void store_cached_load(struct store_cached *o, const char *etag, uint64_t size);
/* Is all of the range here? False before the load. Any thread, as the next two. */
bool store_cached_holds(struct store_cached *o, nl_range r);
/* Read it. False: it is not here, or no longer. */
bool store_cached_read(struct store_cached *o, nl_range r, uint8_t *to);
/* Keep it, if that is possible. After the load. */
void store_cached_add(struct store_cached *o, nl_range r, const uint8_t *data);

#endif
