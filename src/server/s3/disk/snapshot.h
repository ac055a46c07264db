/* snapshot.h: the entries of one folder, decoded and sorted by key, and a cache of them.
 *
 * An entry is a component, with "/" behind it where it is a folder, so that the order of the entries is the order of the
 * keys below them: "a" < "a." < "a/" < "a0". Entries that are no objects' names (M2), no regular files and no folders are
 * left out.
 *
 * A listing takes many pages, and each page needs the sorted folder: so the last ones are kept (large folders have an index
 * instead, indexes.h). One is valid as long as the folder's change time has not moved (nobody can set that back, as they can
 * the mtime); a folder that changed a moment ago is read but not kept, because a change within the clock's grain would not
 * show. Any thread; a snapshot itself never changes.
 */
#ifndef NL_SERVER_S3_DISK_SNAPSHOT_H
#define NL_SERVER_S3_DISK_SNAPSHOT_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"
#include "server/s3/disk/keypath.h"

typedef struct s3_snapshot {
    size_t refs; /* guarded by the cache's mutex, as what follows up to n */
    uint64_t used;
    size_t bytes;
    dev_t dev;
    ino_t ino;
    struct timespec changed;
    struct s3_snapshot *next;
    size_t n;
    s3_slice *entries;
    char *text;
} s3_snapshot;

typedef struct s3_snapshot_cache {
    pthread_mutex_t mutex;
    s3_snapshot *list;
    size_t bytes;
    uint64_t clock;
} s3_snapshot_cache;

/* An empty cache. */
void s3_snapshots_init(s3_snapshot_cache *c);
/* Every snapshot must have been released. */
void s3_snapshots_free(s3_snapshot_cache *c);
/* The entries of the open folder fd (which stays the caller's); NULL where there are more than `most`. Counted:
 * s3_snapshot_release(). */
int s3_snapshot_get(s3_snapshot_cache *c, int fd, size_t most, s3_snapshot **out, nl_error *err);
void s3_snapshot_release(s3_snapshot_cache *c, s3_snapshot *s);

/* Give each entry of the open folder fd (which stays the caller's) to fn, in any order, until it fails. */
typedef int (*s3_entry_fn)(void *ctx, s3_slice entry, nl_error *err);
int s3_folder_read(int fd, s3_entry_fn fn, void *ctx, nl_error *err);

#endif
