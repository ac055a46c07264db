/* indexes.h: the ordered indexes of large folders (index.h), and what keeps them true.
 *
 *     any change ──▶ kernel ──inotify──▶ drain ──▶ layers of the folder's index ──rewrite──▶ its file
 *                                          ▲
 *                     a listing, before it looks; and the thread, so that the kernel's queue never fills
 *
 * A folder is watched before it is read, so that nothing falls between; from then on the kernel tells of every name that
 * comes or goes, in order, before the call that did it returns: of our writes and of those by hand alike. A writer does
 * nothing for it. One that the kernel does not tell about (X3) is read anew whenever its change time has moved.
 *
 * X1  What a listing shows is what was in the folder when it asked, or newer.
 * X2  A failure of an index is never one of a listing: it is dropped, with a line in the log, and the folder is read.
 * X3  Where changes may come from other machines (NFS, SMB, FUSE, …) there is no watch; nor where the kernel grants none.
 *     A watched folder whose change time moved a second ago without an event is read anew all the same.
 * X4  Bounded: 128 indexes in use, each with an open file and folder. A change costs a record of its name until the next
 *     rewrite, which comes after as many changes as a sixteenth of the names (8,192 to 65,536).
 *
 * Any thread. One mutex guards all; what takes long (reading a folder, rewriting) is done without it.
 */
#ifndef NL_SERVER_S3_DISK_INDEXES_H
#define NL_SERVER_S3_DISK_INDEXES_H

#include <pthread.h>

#include "server/s3/disk/index.h"

/* A folder with more entries than this is worth an index: reading so many takes 3 ms. */
#define S3_INDEX_FROM 8192

typedef struct s3_indexes {
    pthread_mutex_t mutex;
    pthread_cond_t idle; /* an index is not busy any more */
    s3_index *list;
    size_t from;      /* S3_INDEX_FROM */
    int root, state;  /* borrowed: ROOT, ROOT/.neuralake */
    int files;        /* ROOT/.neuralake/index, -1: there is none yet */
    int events, wake; /* inotify, -1: no watches; eventfd */
    bool no_watch;    /* as where the kernel grants none: for tests */
    bool stop, has_thread;
    pthread_t thread;
    uint64_t clock;
    int64_t off_until; /* monotonic: after a failure no index is built for a while */
    bool is_open;
} s3_indexes;

/* Begin: indexes of an earlier run are taken up by the thread. Folder and thread are made with the first index. Never fails:
 * without a folder there are no indexes, without a thread none is watched. */
void s3_indexes_open(s3_indexes *s, int root, int state);
/* Write what is not written, and end. No view may be open. Zeroed (never opened) is fine. */
void s3_indexes_close(s3_indexes *s);

/* A view of the index of this open folder. False: it has none that fits. */
bool s3_indexes_find(s3_indexes *s, int folder, s3_view *out);
/* The same, and where it has none it is made: taken from its file, or by reading the folder. path: below the root. */
int s3_indexes_make(s3_indexes *s, int folder, const char *path, s3_view *out, nl_error *err);
/* The index of this folder is of no use: drop it and its file. why: for the log. */
void s3_indexes_drop(s3_indexes *s, int folder, const char *why);

#endif
