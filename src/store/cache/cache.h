/* cache.h: byte ranges of objects, kept in a folder for the next time, also for other processes.
 *
 *     DIR/ lock                                bytes in use, for who holds the lock
 *          CACHEDIR.TAG                        backups leave the folder out
 *          SHA-256 of the object's address/    64 hexadecimal digits
 *              VERSION-RANDOM                  a segment (segment.h): 16 digits of the version's hash, 16 of chance
 *
 *     reads ──▶ source.c ──▶ object.c: which ranges of this version are here? ──▶ segment.c: bytes, verified
 *                  └───────▶ the store, for the others                room.c: room for more; the least used segments go
 *
 * D1  A cache never makes a read fail, and never gives bytes of another version or damaged ones: what cannot be read or
 *     verified is asked of the store, and the damaged segment is removed. What cannot be written is not kept.
 * D2  Nobody waits for another process for more than a moment: the lock is held while room is taken or made, never while bytes
 *     are read, written or fetched. Segments may vanish at any time.
 * D3  Room is taken before bytes are written, so that all segments together stay below the bound, whoever writes them and
 *     wherever they are killed (room.c). A file counts in blocks of 4 KiB; a range of more than an eighth of the bound is not kept.
 * D4  Only names of the forms above are ever removed.
 * D5  The folder belongs to who uses it, and nobody else can write there: else it is refused.
 */
#ifndef STORE_CACHE_CACHE_H
#define STORE_CACHE_CACHE_H

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

#include <neuralake/store.h>

#include "base/io/source.h"

#define STORE_CACHE_DEFAULT (UINT64_C(10) << 30)
#define STORE_CACHE_LEAST   (UINT64_C(1) << 20)

enum { STORE_CACHE_OBJECT = 65, STORE_CACHE_SEGMENT = 34 }; /* names, with their ends */

struct store_cache {
    int dir, lock;
    uint64_t bound;
    pthread_mutex_t mutex; /* of the room: flock() does not keep threads apart */
    atomic_bool full;      /* the disk is: nothing is kept any more */
    _Atomic uint64_t hits, bytes, failures;
};

/* What a cache holds. */
struct store_cache_use {
    uint64_t objects, segments, bytes;
};

/* Open the folder, which is made (0700) where it is missing; *out is yours. NL_DENIED: D5; NL_INVALID: bound is below
 * STORE_CACHE_LEAST; else why it cannot be made or opened. */
int store_cache_open(const char *path, uint64_t bound, struct store_cache **out, nl_error *err);
/* All its sources were closed. NULL is fine. */
void store_cache_free(struct store_cache *c);
/* Adds. */
void store_cache_stats(const struct store_cache *c, nl_store_stats *out);

/* A source that looks here first. inner is one that version.h knows, and nothing was asked of it yet; it belongs to the new
 * one, and on failure stays yours. NL_NO_MEMORY is the only failure. */
int store_cache_source(struct store_cache *c, nl_source *inner, nl_source **out, nl_error *err);

/* ── room.c ── */

/* Take room for `bytes` more (D3), of which the least used segments make way. False: there is none just now, or for so much. */
bool store_cache_take(struct store_cache *c, uint64_t bytes);
/* What a file of so many bytes counts. */
uint64_t store_cache_room_of(uint64_t file_size);
/* Count what is there; remove everything. NL_IO and others where the folder cannot be read, or something stays. */
int store_cache_count(struct store_cache *c, struct store_cache_use *out, nl_error *err);
int store_cache_clear(struct store_cache *c, nl_error *err);

/* A folder of the cache ("." is its own), for readdir(). NULL: it cannot be opened. */
DIR *store_cache_list(const struct store_cache *c, const char *name);
/* Is this the name of an object's folder, of a segment? */
bool store_cache_is_object(const char *name);
bool store_cache_is_segment(const char *name);

#endif
