/* index.h: the ordered index of one large folder: what is in it, and its file.
 *
 *     ROOT/.neuralake/index/<hash of the folder's path>
 *
 *         block 0    head: whose index this is, its stamp, how many blocks
 *         base       all names, sorted                                       (sorted.h)
 *         tail       what changed since, as of the stamp: read into a layer when the index is loaded
 *
 *     in memory      layers, the oldest first, each at least twice as large as the next; then what just came (layer.h)
 *
 * The folder is the truth. Whatever is wrong with an index, it is thrown away and the folder read anew.
 *
 * I1  An index that is in use has all names: what changes the folder, whoever does, reaches it as an event (indexes.h).
 * I2  A stamp is the folder's change time, taken when all earlier changes are in the file, and when the clock of file
 *     times has gone on: so no later change can have the same one. A folder whose time is another is read anew.
 * I3  Base and layers never change; a reader holds what it began with.
 *
 * No locks here: indexes.c has the mutex under which these are called; a view is read without it.
 */
#ifndef NL_SERVER_S3_DISK_INDEX_H
#define NL_SERVER_S3_DISK_INDEX_H

#include <sys/stat.h>

#include "server/s3/disk/blend.h"

#define S3_INDEX_LAYERS 64 /* they double, so this never fills */
#define S3_INDEX_PATH   3600
#define S3_INDEX_NAME   17 /* 16 digits */

typedef struct s3_index {
    char path[S3_INDEX_PATH]; /* below the root, as the file system names it */
    char name[S3_INDEX_NAME]; /* of its file */
    int folder;               /* open (O_PATH), so that its inode cannot become another's */
    dev_t dev;
    ino_t ino;
    struct timespec born;
    struct timespec stamp; /* the folder's change time that is known to be in it */
    s3_sorted *base;
    s3_layer *layers[S3_INDEX_LAYERS];
    size_t n_layers;
    size_t frozen; /* so many of the oldest are being written into a new base: they stay as they are */
    s3_tail tail;
    int64_t changed_ns; /* wall clock: the last event, or when reading began */
    int64_t save_at;    /* monotonic: not before */
    int wd;             /* of the watch; -1: none, then the stamp decides at each use */
    bool dirty;         /* the file does not have all */
    bool lost;          /* events are missing: of no more use */
    bool busy;          /* somebody works on it without the mutex: it must not be freed */
    uint64_t used;
    struct s3_index *next;
} s3_index;

/* An index of the open folder, without names yet. path: below the root. NL_UNSUPPORTED: the path is too long. */
int s3_index_new(int folder, const char *path, s3_index **out, nl_error *err);
void s3_index_free(s3_index *x);

/* What an index begins with. */
typedef struct s3_index_start {
    s3_sorted *base; /* counted */
    s3_layer *tail;  /* counted, or NULL */
    struct timespec stamp;
    bool dirty;
} s3_index_start;

/* Read the folder into a file of its own in the folder `files`. Without the mutex; x is busy. */
int s3_index_build(const s3_index *x, int files, s3_index_start *out, nl_error *err);
/* Take the file that is there. NL_NOT_FOUND: none, or it does not fit. Without the mutex; x is busy. */
int s3_index_load(const s3_index *x, int files, s3_index_start *out, nl_error *err);
/* From now on x has names: what came since it was made is behind the start. */
void s3_index_begin(s3_index *x, const s3_index_start *start);
/* Write base and the first `frozen` layers as a new file; *out is counted. Without the mutex; x is busy. */
int s3_index_rewrite(const s3_index *x, int files, s3_tick tick, s3_sorted **out, nl_error *err);
/* Write layers and stamp behind the base (I2); the tail must be folded. */
int s3_index_save(const s3_index *x, struct timespec stamp, nl_error *err);
/* The path that a file is the index of, NUL-terminated. NL_CORRUPT: it is none. */
int s3_index_path(int files, const char *name, char out[static S3_INDEX_PATH], nl_error *err);

/* The wall clock in nanoseconds, to compare with file times (so not one that a test has set). */
int64_t s3_index_clock(void);
/* One name came or went. No memory: the index is lost. */
void s3_index_change(s3_index *x, s3_slice entry, bool present);
/* Make a layer of what just came. */
void s3_index_fold(s3_index *x);
/* How many changes are in layers and tail. */
size_t s3_index_changes(const s3_index *x);
/* The changes of the first `frozen` layers are in this base now, which is taken. */
void s3_index_rebase(s3_index *x, s3_sorted *base);

/* What an index held when it was asked. Any thread; s3_view_free(). */
typedef struct s3_view {
    s3_sorted *base;
    s3_layer *layers[S3_INDEX_LAYERS];
    size_t n_layers;
    s3_blend blend;
} s3_view;

/* A view of a folded index, before its first name: seek. */
int s3_view_open(s3_view *v, const s3_index *x, nl_error *err);
void s3_view_free(s3_view *v);

/* The change time of an open folder, and whether the clock of file times has gone on since: if not, a change to come could
 * have the same time. */
int s3_folder_stamp(int folder, struct timespec *stamp, bool *settled, nl_error *err);

#endif
