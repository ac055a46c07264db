/* disk.h: the root folder, its buckets, and what is shared by all requests on them.
 *
 * Durability (with durable; without, every sync is left out and D1 to D5 hold against kill -9 alone):
 *
 *     a new key:       nameless ──write…──▶ ──xattr──▶ ──fsync──▶ [key lock: condition ▶ link   ▶ fsync folder] ──▶ answered
 *     one that is there:  tmp/N ──write…──▶ ──xattr──▶ ──fsync──▶ [key lock: condition ▶ rename ▶ fsync folder] ──▶ answered
 *
 * The folder's fsync is shared by all who changed names in it before it began (group.h).
 *
 * D1  A key shows the whole old or the whole new object, bytes and metadata, at every instant: both change by one rename,
 *     or come into being by one link of a file that had no name.
 * D2  A write is answered after its data, its metadata and its name are on the disk; a delete after the name is gone.
 * D3  So are the names of all folders above it. A folder is known to be on the disk when this process has synced its
 *     parent after seeing it there; the set `known` remembers which are, so that only the first write pays.
 * D4  A condition (If-None-Match, If-Match) is decided and acted upon under the key's lock: of two writers one wins.
 * D5  What a crash leaves behind lies in tmp/, is no object, and is removed at the next start, under the root's lock.
 * D6  An empty folder is removed by rmdir alone, which the kernel refuses when something is in it; a writer that loses its
 *     folder to that (ENOENT at the rename) makes it again.
 *
 * Locks, in the order in which they are taken: key stripe, disk mutex, a bucket's overflow lock, known. A descriptor of the
 * lock file keeps every other server away (an OFD lock: kept until closed, and gone with the process).
 */
#ifndef NL_SERVER_S3_DISK_DISK_H
#define NL_SERVER_S3_DISK_DISK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "s3proto/names.h"
#include "server/s3/disk/group.h"
#include "server/s3/disk/indexes.h"
#include "server/s3/disk/keypath.h"
#include "server/s3/disk/known.h"
#include "server/s3/disk/live.h"
#include "server/s3/disk/overflow.h"
#include "server/s3/disk/snapshot.h"

#define S3_KEY_STRIPES 1024

typedef struct s3_disk s3_disk;

/* A bucket that is in use. Counted: s3_bucket_release(). */
typedef struct s3_bucket {
    s3_disk *disk;
    char name[S3_BUCKET_MAX + 1];
    int fd; /* its folder */
    dev_t dev;
    ino_t ino;
    size_t refs; /* guarded by the disk's mutex, as next */
    struct s3_bucket *next;
    s3_overflow overflow;
} s3_bucket;

struct s3_disk {
    int root;
    int state; /* ROOT/.neuralake */
    int lock;
    bool durable;
    bool nameless;     /* files can be made without a name, and be given one later */
    atomic_bool walks; /* openat2() is not known: paths are walked folder by folder */
    atomic_uint_fast64_t next_tmp;
    pthread_mutex_t mutex; /* guards buckets */
    s3_bucket *buckets;
    s3_known known;
    s3_group group;
    s3_snapshot_cache snapshots;
    s3_indexes indexes;
    s3_live_table live; /* uploads in use */
    pthread_mutex_t stripes[S3_KEY_STRIPES];
};

/* Open (make) a root, lock it, remove what a crash left. NL_CONFLICT: another process has it; err names its pid where it
 * is known. */
int s3_disk_open(const char *root, bool durable, s3_disk **out, nl_error *err);
/* No request may be under way. NULL is fine. */
void s3_disk_close(s3_disk *d);
/* Does a process hold the lock of this root? Takes none itself. False too where there is no root. */
bool s3_disk_is_locked(const char *root, pid_t *holder);

/* NL_NOT_FOUND: no such bucket. */
int s3_bucket_get(s3_disk *d, const char *name, s3_bucket **out, nl_error *err);
void s3_bucket_release(s3_bucket *b);
/* NL_CONFLICT: it exists. */
int s3_bucket_create(s3_disk *d, const char *name, nl_error *err);
/* NL_CONFLICT: it holds an object. Uploads under way go with it. */
int s3_bucket_delete(s3_disk *d, const char *name, nl_error *err);
/* All buckets in the order of their names; created in seconds since 1970. */
typedef struct s3_bucket_info {
    const char *name;
    int64_t created;
} s3_bucket_info;
int s3_bucket_list(s3_disk *d, nl_arena *arena, s3_bucket_info **out, size_t *n, nl_error *err);

/* The lock of a key (D4). */
pthread_mutex_t *s3_key_lock(s3_bucket *b, s3_slice key);
/* Sync the names in a folder where the disk is durable, together with others who want the same (group.h). */
int s3_disk_sync_folder(s3_disk *d, int fd, const char *what, nl_error *err);
/* Sync a file where the disk is durable. */
int s3_disk_sync(s3_disk *d, int fd, const char *what, nl_error *err);
/* Open ".neuralake/<name>" of a bucket, made (not durably) where it is missing. Returns the descriptor or -1 with errno. */
int s3_bucket_folder(s3_bucket *b, const char *name);
/* The same, with its name on the disk (D3). Returns -1 with err. */
int s3_bucket_folder_durable(s3_bucket *b, const char *name, nl_error *err);

#endif
